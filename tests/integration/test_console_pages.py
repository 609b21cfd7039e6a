"""The console's pages on a published version: they open, say what is so, and count as the tables do."""

import csv
import io
from datetime import date
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from orchestration.base import roles, settings
from orchestration.base.settings import Home
from orchestration.console import texts
from orchestration.console.app import Console, application
from orchestration.console.pages import PAGES
from orchestration.console.pages.definitions import sections
from orchestration.console.pages.today import TILES
from orchestration.targeting.definition_file import load_definition
from orchestration.warehouse.manifest import load_models

READ = ("/", "/tags", "/value", "/churn", "/service", "/tasks", "/campaigns", "/quality", "/definitions")
ONE_TAG = "/tags/subscriber/value_tier"
HERE = "http://127.0.0.1:3360"


@pytest.fixture(scope="module")
def console(night_shown, manifest) -> Console:
    return Console(night_shown, load_models(manifest), "the-key")


@pytest.fixture
def client(console, monkeypatch) -> TestClient:
    monkeypatch.setenv("TELCO360_HOME", str(console.home.root))
    found = TestClient(application(console), base_url=HERE)
    found.get("/?key=the-key")
    return found


def rows(client: TestClient, address: str, figure: str) -> list[dict[str, str]]:
    """The file of a figure."""
    answer = client.get(f"{address}{'&' if '?' in address else '?'}csv={figure}")
    assert answer.status_code == 200, address
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def ask(console: Console, query: str) -> list[tuple]:
    return console.versions.current().ask(query)[1]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "address", [*READ, ONE_TAG, f"{ONE_TAG}/near", "/tags?q=ARPU", "/tags?entity=manager", "/campaigns?by=offer"]
)
def test_each_page_opens_in_both_languages(client, address, language):
    answer = client.get(address, headers={"accept-language": language})
    assert answer.status_code == 200, answer.text
    assert ('lang="zh-CN"' if language == "zh" else 'lang="en"') in answer.text or address.endswith("near")


def of_today(client: TestClient, **filters: str) -> dict[str, dict]:
    """The rows of the base on the page Today, by month."""
    return {row["month"]: row for row in rows(client, f"/?{urlencode(filters)}", "base")}


def test_figures_of_today_are_those_of_the_monthly_report(client, console):
    report = ask(console, "select month, on_net_end, activations, churned from churn.churn_monthly")
    shown = of_today(client)
    assert report
    for month, *figures in report:
        row = shown[str(month)]
        assert [int(row[name]) for name in ("on_net_end", "activations", "churned")] == figures, month


def test_each_unit_of_a_tag_is_told_in_both_languages(console):
    units = {unit for (unit,) in ask(console, "select distinct unit from tags.tag_catalog where unit <> ''")}
    assert units and not {unit for unit in units if f"units.{unit}" not in texts.catalogue()}


def test_a_month_that_is_not_billed_has_no_arpu(client, console):
    query = "select min(subscriber_id) from core.fct_subscriber_months where month = (select max(month) from core.dim_months)"
    ((id,),) = ask(console, query)
    billed = dict(ask(console, "select month, is_billed from core.dim_months"))
    found = rows(client, f"/customer?id={id}", "money")
    assert {bool(row["arpu_amount"]) for row in found} == {True, False}
    assert all(bool(row["arpu_amount"]) == billed[date.fromisoformat(row["month"])] for row in found)


def test_a_region_shows_its_lines_alone(client, console):
    last = max(of_today(client))
    query = f"""select region_code, count(*) filter (is_on_net_end)
        from core.fct_subscriber_months inner join core.dim_subscribers using (subscriber_id)
        where month = date '{last}' and not is_after_churn group by region_code"""
    regions = {code: lines for code, lines in ask(console, query) if code}
    assert len(regions) > 1
    for code, lines in regions.items():
        assert int(of_today(client, region=code)[last]["on_net_end"]) == lines, code


@pytest.mark.parametrize("address", [page.path for page in PAGES if page.filters])
def test_filters_that_nobody_meets_leave_a_page_that_says_so(client, address):
    answer = client.get(f"{address}?region=none&manager=none&month=1999-01")
    assert answer.status_code == 200
    assert "has no rows for this" in answer.text


def test_a_region_counts_its_own_lines(client, console):
    region = ask(console, "select region_code from core.dim_regions order by region_code limit 1")[0][0]
    counted = ask(
        console, f"select value_tier, count(*) from tags.subscriber_360 where is_on_net and region_code = '{region}' group by all"
    )
    told = {row["value_tier"]: int(row["subscribers"]) for row in rows(client, f"/?region={region}", "tiers")}
    assert told == {tier or "": lines for tier, lines in counted}


def test_the_base_of_today_is_that_of_the_monthly_report(client, console):
    report = ask(console, "select month, on_net_end, activations, churned from churn.churn_monthly order by month desc limit 9")
    told = [
        (row["month"], int(row["on_net_end"]), int(row["activations"]), int(row["churned"])) for row in rows(client, "/", "base")
    ]
    assert told[: len(report)] == [(str(month), *counts) for month, *counts in report]


def test_the_months_of_a_page_are_those_of_its_table(client, console):
    months = [month for (month,) in ask(console, "select distinct month from value.value_pyramid order by month")]
    assert len(months) > 1
    for month in (months[0], months[-1]):
        lines = ask(console, f"select sum(subscribers) from value.value_pyramid where month = date '{month}'")[0][0]
        assert sum(int(row["subscribers"]) for row in rows(client, f"/value?month={month:%Y-%m}", "pyramid")) == lines


def test_regions_together_are_the_pyramid(client):
    pyramid = {row["value_tier"]: int(row["subscribers"]) for row in rows(client, "/value", "pyramid")}
    regions: dict[str, int] = {}
    for row in rows(client, "/value", "regions"):
        regions[row["value_tier"]] = regions.get(row["value_tier"], 0) + int(row["subscribers"])
    assert regions == pyramid


def test_moves_between_tiers_and_the_pyramid_of_all_regions_are_those_of_the_operator(client, console):
    regions = [code for (code,) in ask(console, "select distinct region_code from core.dim_subscribers where region_code <> ''")]
    for figure, keys in (
        ("pyramid", ("value_tier",)),
        ("migration", ("from_tier", "to_tier")),
        ("history", ("month", "value_tier")),
    ):
        whole = {tuple(row[key] for key in keys): int(row["subscribers"]) for row in rows(client, "/value", figure)}
        added: dict[tuple, int] = {}
        for code in regions:
            for row in rows(client, f"/value?region={code}", figure):
                key = tuple(row[key] for key in keys)
                added[key] = added.get(key, 0) + int(row["subscribers"])
        assert added == whole, figure
    shares = [float(row["subscriber_share"]) for row in rows(client, f"/value?region={regions[0]}", "pyramid")]
    assert sum(shares) == pytest.approx(1)


def test_the_revenue_of_a_region_adds_up_to_the_pyramid(client, console):
    regions = [code for (code,) in ask(console, "select distinct region_code from core.dim_subscribers")]
    added = sum(float(row["revenue_amount"]) for code in regions for row in rows(client, f"/value?region={code}", "pyramid"))
    assert added == pytest.approx(sum(float(row["revenue_amount"]) for row in rows(client, "/value", "pyramid")))


def added(client: TestClient, regions: list[str], address: str, figure: str, key: str, value: str) -> dict[str, float]:
    """A column of a figure by the values of another, the regions' added up; without regions, of the whole operator."""
    found: dict[str, float] = {}
    for asked in [f"{address}?region={code}" for code in regions] or [address]:
        for row in rows(client, asked, figure):
            found[row[key]] = found.get(row[key], 0) + float(row[value])
    return found


@pytest.mark.parametrize(
    ("address", "figure", "key", "value"),
    [
        ("/value", "composition", "value_tier", "revenue_amount"),
        ("/value", "layers", "service_layer", "revenue_amount"),
        ("/churn", "movement", "month", "churned"),
        ("/churn", "movement", "month", "on_net_end"),
        ("/service", "complaints", "month", "opened"),
        ("/service", "overall", "month", "responses"),
    ],
)
def test_the_figures_of_all_regions_add_up_to_the_operators(client, console, address, figure, key, value):
    regions = [code for (code,) in ask(console, "select distinct region_code from core.dim_subscribers where region_code <> ''")]
    whole = added(client, [], address, figure, key, value)
    assert len(regions) > 1 and whole and added(client, regions, address, figure, key, value) == pytest.approx(whole)


def test_tariff_levels_of_all_regions_hold_each_mid_high_end_line_once(client, console):
    regions = [code for (code,) in ask(console, "select distinct region_code from core.dim_subscribers where region_code <> ''")]
    ((lines,),) = ask(console, "select sum(subscribers) from value.tariff_levels")
    assert lines and sum(added(client, regions, "/value", "levels", "level", "subscribers").values()) == lines


def test_the_effect_of_a_region_is_that_of_its_row(client, console):
    query = "select code, targeted_treated from marketing.campaign_effect where dimension = 'region' order by code"
    counted = ask(console, query)
    assert counted and [row["region_code"] for row in rows(client, "/campaigns?by=region", "effect")] != []
    for code, treated in counted:
        (row,) = rows(client, f"/campaigns?region={code}", "of_region")
        assert (row["region_code"], int(row["targeted_treated"])) == (code, treated)


def test_links_to_other_pages_keep_the_filters(client):
    text = client.get("/?region=R1").text
    assert 'href="/value?region=R1"' in text and 'href="/churn?region=R1"' in text and 'href="/tags"' in text


def test_members_of_lists_follow_the_region(client, console):
    of_all = "select region_code, count(*) from marketing.target_list_members where arm is not null group by region_code"
    counted = dict(ask(console, of_all))
    assert counted
    for code, members in counted.items():
        found = rows(client, f"/campaigns?region={code}&by=offer", "members")
        arms = ("treated", "control", "universal_control")
        assert sum(int(row[arm]) for row in found for arm in arms) == members


def test_lists_go_by_their_titles_on_pages_and_by_their_names_in_files(client, console):
    ((name,),) = ask(console, "select min(list_name) from marketing.target_list_members where arm is not null")
    page = client.get("/campaigns", headers={"accept-language": "zh"}).text
    title = load_definition(settings.TARGET_LISTS / f"{name}.yml").title.zh
    assert f'<a href="/lists/{name}">{title}</a>' in page and f">{name}</a>" not in page
    assert name in {row["list_name"] for row in rows(client, "/campaigns", "members")}


def test_a_month_that_is_not_billed_has_no_revenue_on_today(client, console):
    billed = dict(ask(console, "select month, is_billed from core.dim_months"))
    found = of_today(client)
    assert {billed[date.fromisoformat(month)] for month in found} == {True, False}
    for month, row in found.items():
        assert bool(row["revenue_amount"]) == bool(row["arpu_amount"]) == billed[date.fromisoformat(month)], month


def test_each_tile_of_today_leads_to_its_definition(client):
    anchors = {section.anchor for section in sections()}
    assert set(TILES.values()) <= anchors
    text = client.get("/").text
    for anchor in TILES.values():
        assert f'<dt><a href="/definitions#{anchor}"' in text


def test_weak_sales_are_told_in_the_readers_language(client, console):
    flagged = ask(console, "select flagged_by from churn.sales_quality where is_flagged")
    page = client.get("/churn", headers={"accept-language": "zh"}).text
    assert flagged and "surely over" not in page and "可信下限" in page


def test_a_tag_tells_its_values_and_the_lists_that_use_it(client, console):
    counted = ask(console, "select count(*) from tags.subscriber_360 where value_tier = 'gold'")[0][0]
    told = {row["value_tier"]: int(row["members"]) for row in rows(client, ONE_TAG, "coverage")}
    assert told["gold"] == counted
    text = client.get(ONE_TAG).text
    assert "High-value care" in text and "seeds/value_tiers.csv" in text and "crm_subscribers" in text


def test_tags_are_found_by_words_of_either_language(client):
    for words in ("value tier", "价值等级"):
        assert "/tags/subscriber/value_tier" in client.get("/tags", params={"q": words}).text
    assert "No tag fits" in client.get("/tags?q=xyzzyx").text


def test_an_unknown_tag_is_told_as_that(client):
    answer = client.get("/tags/subscriber/no_such_tag")
    assert answer.status_code == 400 and "There is no tag no_such_tag" in answer.text
    assert client.get("/tags/<b>/x").status_code == 400 and "<b>" not in client.get("/tags/<b>/x").text


def test_the_calendar_has_the_outcome_of_each_delivery(client, console):
    told = rows(client, "/quality", "deliveries")
    assert {row["table_name"] for row in told} >= {"crm_subscribers", "billing_charges"}
    assert {row["delivery_state"] for row in told} == {"0"}  # the made operator delivers no fault


def test_lines_are_named_to_those_alone_who_may_ask_about_lines(console, tmp_path, monkeypatch, manifest):
    home = Home(tmp_path / "home")
    home.root.mkdir()
    (home.root / "published").symlink_to(console.home.published)
    roles.roles_file(home).write_text("viewer: {users: [wang]}\nanalyst: {users: [li]}\n")
    roles.roles_file(home).chmod(0o600)
    seen = {}
    for user in ("wang", "li"):
        monkeypatch.setenv("SUDO_USER", user)
        client = TestClient(application(Console(home, load_models(manifest), "the-key")), base_url=HERE)
        client.get("/?key=the-key")
        seen[user] = client.get("/tasks").text + client.get("/service").text
    assert "/customer?id=" in seen["li"] and "/customer?id=" not in seen["wang"]
