"""Two runs of a synthetic operator from the command line: every model holds rows, the tag library tells what it should."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from made_ledger import record_run, record_uplifts

from orchestration.base.settings import PROJECT_DIR, Home
from orchestration.catalog.published import read_tags
from orchestration.catalog.tags import Catalog
from orchestration.targeting.definition import check
from orchestration.targeting.folder import load_definitions
from orchestration.warehouse.build import reading
from orchestration.warehouse.dbt import target_dir
from orchestration.warehouse.manifest import load_models, read_manifest
from orchestration.warehouse.publishing import versions
from orchestration.warehouse.reading import DuckDBReader
from sample import make_operator

DAYS = date(2026, 6, 29), date(2026, 6, 30)


def run_nightly(home: Home, as_of: date):
    """One run in a process of its own; the version that it published."""
    command = [sys.executable, "-c", "from orchestration.cli.main import app; app()", "nightly", "--home", str(home.root)]
    done = subprocess.run([*command, "--as-of", str(as_of)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return versions(home)[0]


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    """The operator, with a run of the day before its last and one of its last."""
    home = Home(tmp_path_factory.mktemp("library"))
    make_operator(home, 2_000, 14, DAYS[-1], seed=3)
    # A run exports its lists on the day that it runs, long after these: what a list of their time did is put into the ledger.
    arms = {"L000000001": "treated", "L000000002": "control"}
    record_run(home, "made", date(2026, 5, 5), [{"subscriber_id": s, "arm": a, "manager_id": "M00001"} for s, a in arms.items()])
    # Too few members for a model of uplift, which would tell it of all lines.
    record_uplifts(home, date(2026, 5, 1), {("L000000001", "OFFER"): 0.05})
    for day in DAYS:
        run_nightly(home, day)
    return home


def table(path: Path, sql: str) -> pd.DataFrame:
    with duckdb.connect(str(path), read_only=True) as db:
        return db.execute(sql).df()


@pytest.fixture(scope="module")
def before_and_now(home) -> tuple[Path, Path]:
    """The files of both versions."""
    now, before = versions(home)
    return before.path, now.path


def test_every_model_holds_rows(home):
    empty = []
    with reading(home) as db:
        for model in load_models(read_manifest(target_dir() / "manifest.json")):
            if not db.execute(f"select count(*) from {model.relation}").fetchone()[0]:
                empty.append(model.relation)
    assert empty == []


def test_no_row_of_it_was_set_aside(home):
    rows = table(home.current, f"select sum(rows_set_aside) as n from read_parquet('{home.lake}/ledger/intake/*.parquet')")
    assert rows.n[0] == 0


def test_changes_are_those_between_the_two_versions(before_and_now):
    before, now = (table(path, "select * from tags.subscriber_360").set_index("subscriber_id") for path in before_and_now)
    catalog = table(before_and_now[1], "select * from tags.tag_catalog where entity = 'subscriber' and is_tracked")
    told = table(before_and_now[1], f"select * from tags.tag_changes where as_of_date = '{DAYS[-1]}'")
    lines = before.index.intersection(now.index)
    expected = set()
    for tag in catalog.tag_name:
        old, new = (frame.loc[lines, tag].astype(object).where(frame.loc[lines, tag].notna(), None) for frame in (before, now))
        differs = [(line, tag) for line, a, b in zip(lines, old, new, strict=True) if (a is None) != (b is None) or a != b]
        expected |= set(differs)
    assert expected
    assert set(zip(told.subscriber_id, told.tag_name, strict=True)) == expected
    assert not {"tenure_months", "days_since_use"} & set(told.tag_name)
    assert table(before_and_now[0], "select count(*) as n from tags.tag_changes").n[0] == 0  # nothing came before it


def test_coverage_counts_everybody_once_for_each_tag_and_remembers_the_day_before(before_and_now):
    coverage = table(before_and_now[1], "select * from tags.tag_coverage")
    entities = {"subscriber": "subscriber_360", "customer": "customer_360", "outlet": "outlet_tags", "manager": "manager_tags"}
    assert [day.date() for day in sorted(coverage.as_of_date.unique())] == list(DAYS)
    today = coverage[coverage.as_of_date == pd.Timestamp(DAYS[-1])]
    for entity, name in entities.items():
        rows = table(before_and_now[1], f"select count(*) as n from tags.{name}").n[0]
        sums = today[today.entity == entity].groupby("tag_name").members.sum()
        assert len(sums) and set(sums) == {rows}, entity
    tiers = table(before_and_now[1], "select value_tier, count(*) as n from tags.subscriber_360 group by 1")
    counted = today[(today.entity == "subscriber") & (today.tag_name == "value_tier")].set_index("value").members
    assert {tier if isinstance(tier, str) else "unknown": n for tier, n in zip(tiers.value_tier, tiers.n, strict=True)} == dict(
        counted
    )


def test_the_drift_of_each_tag_is_the_index_of_its_shares(before_and_now):
    coverage = table(before_and_now[1], "select * from tags.tag_coverage")
    spread = coverage.pivot_table(index=["entity", "tag_name", "value"], columns="as_of_date", values="share", aggfunc="sum")
    before, now = (spread[pd.Timestamp(day)].fillna(0.0).clip(lower=1e-4) for day in DAYS)
    index = ((now - before) * np.log(now / before)).groupby(level=["entity", "tag_name"]).sum()
    there = spread.notna().groupby(level=["entity", "tag_name"]).any().all(axis=1)
    found = table(before_and_now[1], "select * from tags.tag_drift").set_index(["entity", "tag_name"])
    assert set(found.index) == set(there[there].index) and set(found.dates_before) == {1}
    assert (found.stability_index - index[found.index]).abs().max() < 1e-6 and found.stability_index.max() > 0
    assert table(before_and_now[0], "select count(*) as n from tags.tag_drift").n[0] == 0  # nothing came before it


def test_no_tag_is_constant_unless_it_says_so(before_and_now):
    # But for flags: those of rare events can all be false among so few lines.
    manifest = read_manifest(target_dir() / "manifest.json")
    tags = [
        (node["name"], name, column["config"]["meta"]["tag"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        for name, column in node["columns"].items()
        if column["config"]["meta"].get("tag", {"kind": "flag"})["kind"] != "flag"
    ]
    known = (
        table(before_and_now[1], "select distinct table_name, model_name from tags.tag_catalog")
        .set_index("model_name")
        .table_name
    )
    constant = []
    with duckdb.connect(str(before_and_now[1]), read_only=True) as db:
        for model, name, tag in tags:
            counts = db.execute(f'select count(distinct "{name}"), count(*) - count("{name}") from {known[model]}').fetchone()
            if counts[0] + (counts[1] > 0) < 2 and not tag.get("is_constant_ok"):
                constant.append(name)
    assert constant == []


def test_history_is_what_the_months_say(before_and_now):
    history = table(before_and_now[1], "select * from tags.tag_history where month = '2026-05-01'").set_index("subscriber_id")
    present = table(before_and_now[1], "select * from value.subscriber_value_months where month = '2026-05-01'")
    assert len(history) > len(present) > 0
    for tag in ("value_tier", "arpu_3m"):
        assert dict(zip(present.subscriber_id, present[tag], strict=True)) == history.loc[present.subscriber_id, tag].to_dict()


def test_the_catalogue_tells_where_a_tag_comes_from_and_how_fresh_that_is(before_and_now):
    catalog = table(before_and_now[1], "select * from tags.tag_catalog where entity = 'subscriber'").set_index("tag_name")
    sources = {source["table"]: source["delivered"] for source in json.loads(catalog.sources["value_tier"])}
    assert {"billing_charges", "billing_call_pairs", "crm_subscribers"} <= set(sources)
    assert sources["crm_subscribers"] == str(DAYS[-1])
    assert catalog.fresh_as_of["value_tier"].date() == date.fromisoformat(min(sources.values()))
    assert set(catalog.status) == {"active"}
    assert len(catalog) >= 90


def test_a_date_built_again_remembers_the_same(home, before_and_now):
    again = run_nightly(home, DAYS[-1])
    one, other = (version.contents.tables for version in (versions(home)[1], again))
    assert {name for name in one if one[name] != other[name]} == set()


def test_each_list_of_the_project_matches_somebody(home, before_and_now):
    with duckdb.connect(str(before_and_now[1]), read_only=True) as db:
        catalog = Catalog.of(read_tags(DuckDBReader(db), load_models(read_manifest(target_dir() / "manifest.json"))))
        definitions = load_definitions(PROJECT_DIR / "target_lists")
        assert len(definitions) >= 12
        for definition in definitions:
            asked = check(definition, catalog)
            condition = " and ".join([f"({asked.where.sql()})", *(f"({one.sql()}) is not true" for one in asked.exclude)])
            (matched,) = db.execute(f"select count(*) from tags.subscriber_360 where {condition}").fetchone()
            assert matched or "next_festival" in asked.tags, definition.name  # no festival is near the day


def test_offers_are_put_to_those_whom_their_conditions_name(before_and_now):
    found = table(before_and_now[1], "select offer_code, count(*) as lines from marketing.next_best_offers group by 1")
    matched = dict(zip(found["offer_code"], found["lines"], strict=True))
    conditions = table(before_and_now[1], "select * from marketing.offer_conditions")
    assert set(conditions["outcome"]) == {"accepted"}
    for offer in conditions.itertuples():
        ordered = f"select subscriber_id from core.fct_orders where is_completed and offer_code = '{offer.offer_code}'"
        lines = (
            f"select * from tags.subscriber_360 where is_on_net and ({offer.eligibility}) and subscriber_id not in ({ordered})"
        )
        assert len(table(before_and_now[1], lines)) == matched.pop(offer.offer_code)
    assert matched == {}
    best = table(before_and_now[1], "select subscriber_id, rank from marketing.next_best_offers where is_best")
    assert best["subscriber_id"].is_unique and set(best["rank"]) == {1}


def test_managers_end_with_even_loads(before_and_now):
    """Nobody who was given a line holds two more than another manager of the region could have been given."""
    loads = table(
        before_and_now[1],
        """
        select
            managers.region_code, count(allotted.subscriber_id) as held, coalesce(bool_or(is_new_assignment), false) as is_given
        from core.dim_managers as managers left join marketing.manager_assignment as allotted using (manager_id)
        group by manager_id, managers.region_code
        """,
    )
    assert loads["is_given"].sum() > 5
    for _, region in loads.groupby("region_code"):
        if region["is_given"].any():
            assert region.loc[region["is_given"], "held"].max() <= region["held"].min() + 1
    reasons = table(before_and_now[1], "select distinct reason from marketing.manager_assignment")
    assert {"held", "high_class", "new_mid_high_end"} <= set(reasons["reason"])
