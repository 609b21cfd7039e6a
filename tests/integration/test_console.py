"""The console over a whole run: pages in both languages, a list from its condition to its file, who may what, no phone."""

import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import uvicorn
from console_kit import KEY, PLAN, SEED, WHERE, copied, entered, filled, paths, post, rows_of
from starlette.datastructures import ImmutableMultiDict
from starlette.testclient import TestClient

from orchestration.base import audit, roles
from orchestration.base.roles import Role
from orchestration.base.settings import Home
from orchestration.console.app import Console, application, figures_of
from orchestration.console.context import Context
from orchestration.console.pages import PAGES
from orchestration.console.pages.definitions import sections
from orchestration.targeting import ledger
from orchestration.targeting.definition_file import load_definition
from orchestration.warehouse.build import run_lock
from orchestration.warehouse.manifest import load_models
from orchestration.warehouse.reading import published

CHROMIUM = Path(os.environ.get("TELCO360_CHROMIUM") or "/usr/bin/chromium")
ROLES = """
viewer: {users: [vera]}
analyst: {users: [ana]}
marketer: {users: [mo]}
approver: {users: [ada]}
steward: {users: [sam]}
"""
USERS = {Role.VIEWER: "vera", Role.ANALYST: "ana", Role.MARKETER: "mo", Role.APPROVER: "ada", Role.STEWARD: "sam"}


@pytest.fixture(scope="module")
def home(oracle_run, tmp_path_factory) -> Iterator[Home]:
    with copied(oracle_run(SEED), tmp_path_factory.mktemp("console") / "home") as made:
        yield made


@pytest.fixture(scope="module")
def console(home, manifest) -> Console:
    return Console(home, load_models(manifest), KEY)


@pytest.fixture
def browser(console) -> TestClient:
    """A browser of the account that owns the home, or of whoever `SUDO_USER` names."""
    return entered(console)


@pytest.fixture
def people(home, monkeypatch):
    """Sets who asks: a name in roles.yml, which is there for the length of the test."""
    path = roles.roles_file(home)
    path.write_text(ROLES)
    path.chmod(0o600)
    yield lambda name: monkeypatch.setenv("SUDO_USER", name)
    path.unlink()


def test_every_page_opens_in_both_languages_and_shows_no_phone(browser, home):
    with duckdb.connect(str(home.build_database), read_only=True) as db:
        phones = {
            phone for (phone,) in db.execute("select msisdn from private.subscriber_phones where msisdn is not null").fetchall()
        }
    assert phones
    for language, word in (("en", "Business date"), ("zh", "业务日期")):
        for path in paths(home):
            answer = browser.get(path, params={"lang": language} if "?" not in path else None)
            assert answer.status_code == 200, path
            if "<main" in answer.text:
                assert word in answer.text or "?" in path, path
            assert not phones & set(re.findall(r"\+?[0-9]{7,}", answer.text)), path


def test_each_figure_is_a_file_of_the_same_rows(console, browser, home):
    for page in PAGES:
        if page.method == "GET" and "{" not in page.path and page.is_in_menu:
            opened = console.versions.current()
            asked = Context(home, console.models, opened, roles.person(home), "en", page.name, ImmutableMultiDict())
            for figure in figures_of(page.view(asked)):
                sent = browser.get(page.path, params={"csv": figure.name})
                assert sent.headers["content-disposition"].endswith(f'"{figure.name}.csv"')
                assert len(rows_of(sent.content.decode("utf-8-sig"))) == len(figure.rows), f"{page.name}: {figure.name}"
    assert browser.get("/", params={"csv": "nothing"}).status_code == 404


def test_each_chart_has_a_definition_and_each_definition_is_there(console, home):
    anchors, opened = {section.anchor for section in sections()}, console.versions.current()
    given = {"lists": {"name": "vip_care"}, "tag": {"entity": "subscriber", "name": "value_tier"}}
    for page in PAGES:
        if page.method == "GET" and (page.is_in_menu or page.name in given) and "docs" not in page.path:
            asked = ImmutableMultiDict(given.get(page.name, {}))
            for figure in figures_of(
                page.view(Context(home, console.models, opened, roles.person(home), "en", page.name, asked))
            ):
                assert figure.definition in anchors if figure.definition else not figure.is_chart, f"{page.path}: {figure.name}"


def test_a_count_is_that_of_a_query_of_the_preview_and_of_the_rows_exported(browser, console, home):
    with published(home) as db:
        (counted,) = db.execute(f"select count(*) from tags.subscriber_360 where {WHERE}").fetchone()
    text = post(browser, console, "/audience/text", where=WHERE).text
    assert f'<strong id="matched">{counted:,}</strong>' in text
    assert post(browser, console, "/audience/save", **PLAN).url.path == "/lists/loyal"
    assert post(browser, console, "/lists/loyal/ask").status_code == 200
    assert post(browser, console, "/lists/loyal/approve", by="boss").status_code == 200
    seen = post(browser, console, "/lists/loyal/reach").text
    assert post(browser, console, "/lists/loyal/export").status_code == 200
    run = next(run for run in ledger.current_runs(home) if run["list_name"] == "loyal")
    assert run["matched"] == counted
    assert f"Rows that an export today would have: {run['exported']:,}" in seen
    sent = post(browser, console, "/lists/loyal/file")
    assert len(rows_of(sent.content.decode("utf-8-sig"))) == run["exported"] > 0
    taken = rows_of(post(browser, console, "/lists/loyal/members").text)
    assert len(taken) == run["exported"] and "phone" not in taken[0]
    page = browser.get("/lists/loyal").text
    for words in ("Loyal lines", "boss", "File downloaded", "Approval asked for"):
        assert words in page
    acts = [row["action"] for row in audit.trail(home).entries() if row["of"].startswith("list loyal")]
    assert acts == ["list_draft", "list_request", "list_approval", "list_export", "list_download", "list_members"]
    assert {row["user"] for row in audit.trail(home).entries() if row["of"].startswith("list loyal")} == {roles.person(home).user}


def test_whoever_drafted_a_list_cannot_approve_it_and_nobody_signs_for_another(browser, console, home, people):
    people("ada")
    assert post(browser, console, "/audience/save", **PLAN | {"name": "own"}).status_code == 200
    refused = post(browser, console, "/lists/own/approve")
    assert refused.status_code == 400 and "ada drafted it; another approves it" in refused.text
    assert "write your own name" in post(browser, console, "/lists/own/approve", by="boss").text
    people("mo")
    assert post(browser, console, "/audience/save", **PLAN | {"name": "hers"}).status_code == 200
    people("ada")
    assert post(browser, console, "/lists/hers/approve").status_code == 200
    assert "approved: {by: ada" in (home.target_lists / "hers.yml").read_text()


@pytest.mark.parametrize("role", USERS)
def test_pages_open_to_those_roles_alone_that_may(role, browser, console, home, people):
    people(USERS[role])
    for page in PAGES:
        path = filled(page.path, name="none_such", entity="subscriber", file="none.html")
        answer = browser.get(path) if page.method == "GET" else post(browser, console, path)
        assert (answer.status_code == 403) == (role not in page.needs), f"{role}: {page.method} {path}"


def test_only_stewards_are_offered_files_with_phones(browser, people):
    for user, is_offered in (("sam", True), ("ada", False), ("mo", False), ("vera", False)):
        people(user)
        page = browser.get("/lists/vip_care").text
        assert ("/lists/vip_care/export" in page) == is_offered


def test_what_changes_something_needs_the_token(browser, home):
    for page in PAGES:
        if page.method == "POST":
            path = filled(page.path, name="vip_care")
            assert browser.post(path, data=PLAN | {"name": "forged"}).status_code == 403, path
            assert browser.post(path, data=PLAN | {"name": "forged", "token": "guess"}).status_code == 403, path
    assert not (home.target_lists / "forged.yml").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "Bad Name"}, "name: 'Bad Name' does not fit"),
        ({"name": "vip_care"}, "there is a list vip_care already"),
        ({"name": "../../x"}, "does not fit"),
        ({"name": "x" * 300}, "name: has more than 100 letters"),
        ({"en": " "}, "title in English: must not be empty"),
        ({"channel": "pigeon"}, "'pigeon' is not one of"),
        ({"where": "value_tear = 'gold'"}, "did you mean value_tier?"),
        ({"schedule": "sometimes"}, "'sometimes' does not fit"),
        ({"control_share": "0.9"}, "control share: must be at most 0.5, not 0.9"),
        ({"limit": "many"}, "at most so many rows: must be a whole number, not 'many'"),
        ({"columns": "no_such_tag"}, "columns: unknown tag no_such_tag"),
        ({"exclude_lists": "vip_cure"}, "nobody of the lists: unknown list vip_cure; did you mean vip_care?"),
        ({"split_by": "tenure_months"}, "tenure_months is of the kind number"),
        ({"days_7": "0"}, "must be at least 1, not 0"),
    ],
)
def test_a_draft_with_a_fault_is_told_and_not_written(change, said, browser, console, home):
    answer = post(browser, console, "/audience/save", **PLAN | {"name": "faulty"} | change)
    assert answer.status_code == 400 and said in answer.text.replace("&#39;", "'")
    assert not (home.target_lists / "faulty.yml").exists()


def test_while_a_run_works_counts_go_on_and_previews_wait(browser, console, home):
    with run_lock(home):
        assert 'id="matched"' in post(browser, console, "/audience/text", where=WHERE).text
        answer = post(browser, console, "/audience/reach", where=WHERE)
        assert answer.status_code == 400 and "A run is working on this home" in answer.text
        assert post(browser, console, "/lists/vip_care/export").status_code == 400


def test_a_retired_list_is_not_exported(browser, console):
    assert post(browser, console, "/audience/save", **PLAN | {"name": "short_lived"}).status_code == 200
    assert "only approved lists" in post(browser, console, "/lists/short_lived/export").text
    assert post(browser, console, "/lists/short_lived/retire").status_code == 200
    assert "it is retired already" in post(browser, console, "/lists/short_lived/retire").text
    assert "/lists/short_lived/retire" not in browser.get("/lists/short_lived").text


def test_why_a_line_is_on_a_list_or_not_is_told_for_each(browser, console, home):
    member = next(one for one in ledger.members(home, "loyal").to_pylist() if not one["reason"])["subscriber_id"]
    answer = post(browser, console, "/customer/lists", id=member)
    told = re.findall(r'<a href="/lists/(\w+)">[^<]*</a>(?:</strong>)?: ([^<]*)', answer.text)
    assert len(told) >= 10
    said = {name: " ".join(words.split()) for name, words in told}["loyal"]
    assert said.startswith(("On the list, at place ", "Matches, but is left out: "))
    assert "tenure_months &gt;= 3" in answer.text
    zh = browser.post(
        "/customer/lists", data={"id": member, "token": console.token(None)}, headers={"accept-language": "zh-CN"}
    ).text
    assert "匹配" in zh and "left out" not in zh


def test_pages_of_checks_are_shown_and_nothing_beside_them(browser, home):
    index = browser.get("/quality/docs/index.html")
    assert index.status_code == 200 and "Quality checks" in index.text
    assert "sandbox" in index.headers["content-security-policy"] and "script-src" not in index.headers["content-security-policy"]
    detail = re.search(r'<li><a href="([^"]+)"', index.text)
    assert detail and browser.get(f"/quality/docs/{detail[1]}").status_code == 200
    (home.data_docs.parent / "beside.html").write_text("beside")
    for path in ("results.jsonl", "none.html", "%2e%2e/beside.html", "..%2fbeside.html", "validations"):
        answer = browser.get(f"/quality/docs/{path}")
        assert answer.status_code in (400, 404) and answer.text != "beside", path


def test_a_list_shows_its_runs_as_a_waterfall_and_its_last_size_beside_todays(browser, console, home):
    run = next(run for run in ledger.current_runs(home) if run["list_name"] == "loyal")
    rows = rows_of(browser.get("/lists/loyal", params={"csv": "waterfall"}).content.decode("utf-8-sig"))
    assert sum(int(row["lines"]) for row in rows) == run["matched"]
    assert {row["step"]: int(row["lines"]) for row in rows}["exported"] == run["exported"]
    seen = post(browser, console, "/lists/loyal/reach").text
    assert f"The last run of Loyal lines, of {run['run_date']}, had {run['exported']:,} rows." in seen
    begun = post(browser, console, "/audience/reach", where=WHERE, list="loyal", channel="outbound_call").text
    assert f"The last run of Loyal lines, of {run['run_date']}, had {run['exported']:,} rows." in begun


FORM = {
    "columns": ["tenure_months", "value_tier"], "exclude_lists": ["vip_care"], "split_by": "manager_id", "language": "zh",
    "days_7": "1",
}  # fmt: skip


def test_all_that_the_form_says_is_in_the_draft_and_in_a_form_that_begins_from_it(browser, console, home):
    given = PLAN | {"name": "formed", "priority": "7"} | FORM
    assert post(browser, console, "/audience/save", **given).url.path == "/lists/formed"
    made = load_definition(home.target_lists / "formed.yml")
    assert made.columns == ("tenure_months", "value_tier", "manager_id"), "the tag that splits the file is among its columns"
    assert (made.exclude_lists, made.split_by, made.language, dict(made.caps)) == (
        ("vip_care",),
        "manager_id",
        "zh",
        {"days_7": 1},
    )
    page = browser.get("/audience?list=formed").text
    for field in (
        'name="columns" value="tenure_months" checked', 'name="exclude_lists" value="vip_care" checked',
        '<option value="manager_id" selected', '<option value="zh" selected', 'name="days_7" type="number" min="1"', 'value="7"',
    ):  # fmt: skip
        assert field in page, field
    seen = post(browser, console, "/audience/reach", where=WHERE, channel="outbound_call", **FORM)
    assert seen.status_code == 200 and "tenure_months" not in seen.text.partition("First rows")[0]


NEW = "is_on_net and tenure_months < 3"  # of whom no list is exported before
ENGLISH = re.compile(r"\b(the|is|are|not|of|with|for|and lines|expected|nobody)\b", re.IGNORECASE)


def in_chinese(browser, console, path: str, **fields: str) -> str:
    """What a page answers in Chinese, without tags of HTML and names in them."""
    sent = browser.post(path, data=fields | {"token": console.token(None)}, headers={"accept-language": "zh-CN"})
    return re.sub(r"<(td|code)[ >].*?</\1>|<[^>]+>", " ", sent.text, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"where": "value_tier = 'gold' and value_tier = 'mass'"},
            "没有用户能同时满足 value_tier = 'gold' and value_tier = 'mass'",
        ),
        ({"where": "tenure_months > 9000"}, "没有用户满足 tenure_months &gt; 9000：取值范围为"),
        ({"where": WHERE, "offer": "NONE_SUCH"}, "已交付的优惠中没有 NONE_SUCH"),
        ({"where": NEW, "priority": "1", "control_share": "0.3"}, "个，可识别"),
        ({"where": NEW, "priority": "1"}, "预计成本："),
        ({"where": "value_tear = 'gold'"}, "没有标签 value_tear；您是想用 value_tier 吗？"),
    ],
)
def test_a_preview_tells_what_it_doubts_and_expects_in_chinese(fields, said, browser, console):
    text = in_chinese(browser, console, "/audience/reach", channel="outbound_call", **fields).replace("&#39;", "'")
    assert said in text
    assert not ENGLISH.search(text.replace("and value_tier", ""))


def test_why_a_list_is_not_decided_and_a_draft_not_saved_is_told_in_chinese(browser, console):
    assert "名称：“Bad Name”不符合要求" in in_chinese(browser, console, "/audience/save", **PLAN | {"name": "Bad Name"})
    assert "执行周期：“sometimes”的格式不正确" in in_chinese(
        browser, console, "/audience/save", **PLAN | {"name": "x", "schedule": "sometimes"}
    )
    in_chinese(browser, console, "/audience/save", **PLAN | {"name": "in_draft"})
    assert "清单 in_draft：失败：状态为草稿；只有已审批的清单才会导出" in in_chinese(browser, console, "/lists/in_draft/export")


def test_why_a_line_carries_a_tag_is_told_in_chinese(browser, home):
    with published(home) as db:
        (line,) = db.execute(
            "select subscriber_id from tags.subscriber_360 where is_on_net and value_tier = 'gold' order by 1"
        ).fetchone()
    text = browser.get(f"/customer?id={line}", headers={"accept-language": "zh-CN"}).text
    assert re.search(r"距离阈值: [^<]*较金的下限（[0-9.]+）高", text)
    assert "the lower bound of" not in text and "no change since" not in text and "last billed month" not in text


@pytest.fixture
def page(console):
    """A page of Debian's Chromium on the console, and where that listens."""
    sync = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: pip install playwright")
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not here: apt-get install chromium, or TELCO360_CHROMIUM names another")
    server = uvicorn.Server(uvicorn.Config(application(console), host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    with sync.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        opened = chromium.new_page(base_url=f"http://127.0.0.1:{port}", accept_downloads=True)
        said: list[str] = []
        opened.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        opened.on("pageerror", lambda error: said.append(str(error)))
        opened.goto(f"/?key={KEY}")
        yield opened
        chromium.close()
    server.should_exit = True
    thread.join()
    assert said == []


def go_to(page, selector: str) -> None:
    """Moves on by the tabulator key until what fits the selector has the focus."""
    for _ in range(400):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} cannot be reached by the keyboard")


def test_a_first_list_by_the_keyboard_alone_from_its_condition_to_its_file(page, home):
    page.goto("/audience")
    go_to(page, "#tag-search")
    page.keyboard.type("tenure_band")
    page.wait_for_selector("#tag-list details[open] button[value='add:tenure_band']")
    go_to(page, "button[value='add:tenure_band']")
    page.keyboard.press("Enter")
    page.wait_for_selector("fieldset.values input")
    go_to(page, "fieldset.values input[type=checkbox]")
    page.keyboard.press("Space")
    page.wait_for_selector("fieldset.values input[checked]")  # the form as it came back
    assert "tenure_band = " in page.input_value("#where")
    assert page.evaluate("document.activeElement.checked"), "the focus stays where it was"
    counted = int(page.inner_text("#matched").replace(",", ""))
    with published(home) as db:
        where = page.input_value("#where")
        assert db.execute(f"select count(*) from tags.subscriber_360 where {where}").fetchone() == (counted,)
    for name, text in (("name", "by_keyboard"), ("en", "By keyboard"), ("zh", "键盘"), ("purpose", "A call.")):
        go_to(page, f"#plan [name={name}]")
        page.keyboard.type(text)
    actions = 0
    for button, then in (
        ("#plan button:not([type])", "**/lists/by_keyboard"),  # saves the draft
        ("[action$='/ask'] button", "**done=ask"),
        ("[action$='/approve'] button", "**done=approve"),
        ("[action$='/export'] button", "**done=export"),
    ):
        if then.endswith("approve"):
            go_to(page, "[name=by]")
            page.keyboard.press("Control+a")
            page.keyboard.type("boss")
        go_to(page, button)
        page.keyboard.press("Enter")
        page.wait_for_url(then)
        actions += 1
    go_to(page, "[action$='/file'] button")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    run = next(run for run in ledger.current_runs(home) if run["list_name"] == "by_keyboard")
    assert len(rows_of(Path(download.value.path()).read_text("utf-8-sig"))) == run["exported"]
    assert run["matched"] == counted and actions + 1 <= 6
