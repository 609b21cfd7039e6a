"""A run for an earlier day than the published one has a home of its own, which shares the lake."""

from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from orchestration.base.settings import Home
from orchestration.engines.duckdb import DuckDBEngine
from orchestration.pipeline.arrivals import Due
from orchestration.pipeline.automation import nightly_request, run_request
from orchestration.pipeline.lists import decided_lists, in_process, list_asset
from orchestration.pipeline.run import Run, business_days
from orchestration.targeting.definition import TargetList, Title
from orchestration.warehouse import aside
from orchestration.warehouse.candidate import Contents
from orchestration.warehouse.publishing import Version

CARE = TargetList("care", Title("Care", "关怀"), "customer-value", "A call.", "outbound_call", "is_on_net", (), "approved")
PUBLISHED = Version("v", "1", "1", Path("v"), Contents("2026-03-02", "c", {}, []), True)


@pytest.mark.parametrize(
    ("asked", "current", "is_earlier"),
    [
        (date(2026, 3, 1), PUBLISHED, True),
        (date(2026, 3, 2), PUBLISHED, False),
        (date(2026, 3, 3), PUBLISHED, False),
        (None, PUBLISHED, False),
        (date(2026, 3, 1), None, False),
    ],
)
def test_a_day_before_the_published_one_is_earlier(asked, current, is_earlier):
    assert aside.is_earlier(asked, current) == is_earlier


@pytest.mark.parametrize("publishes", [False, True])
def test_the_lake_is_shared_and_versions_where_it_publishes(tmp_path, publishes):
    home = Home(tmp_path)
    home.published.mkdir()
    (home.published / "kept").touch()
    made = aside.aside_home(home, publishes)
    assert made.build_database != home.build_database and made.build_database.name == home.build_database.name
    assert made.lake.resolve() == home.lake and made.exports.resolve() == home.exports
    assert (made.published.resolve() == home.published) == publishes
    (made.published / "version").touch()
    again = aside.aside_home(home, not publishes)
    assert (again.published / "version").exists() == False  # noqa: E712
    assert (home.published / "kept").exists()


@pytest.mark.parametrize(
    ("asked", "publish", "export", "outcome"),
    [
        (date(2026, 3, 1), False, False, (False, False)),
        (date(2026, 3, 1), True, False, (True, False)),
        (date(2026, 3, 1), False, True, (False, True)),
        (date(2026, 3, 2), False, False, (True, True)),
        (None, False, False, (True, True)),
    ],
)
def test_an_earlier_day_publishes_and_exports_only_if_asked(tmp_path, monkeypatch, asked, publish, export, outcome):
    monkeypatch.setattr(DuckDBEngine, "current", lambda self: PUBLISHED)
    monkeypatch.setattr(Run, "today", date(2026, 3, 5))
    day = asked or date(2026, 3, 1)
    run = Run(Home(tmp_path), day, is_asked=asked is not None, publishes_earlier=publish, exports_earlier=export)
    assert (run.publishes, run.exports_lists) == outcome
    assert (run.engine.home.root == tmp_path) == (not run.is_earlier)
    assert run.current_engine.home.root == tmp_path
    if not run.exports_lists:
        days = business_days(day)
        made = [decided_lists([CARE], days), list_asset(CARE, days)]
        resources = {"run": run, "in_process": in_process}
        result = dg.materialize(made, resources=resources, partition_key=str(day), instance=dg.DagsterInstance.ephemeral())
        assert result.success and result.asset_materializations_for_node("target_lists__care") == []


@pytest.mark.parametrize(
    ("day", "current", "as_of"),
    [
        (date(2026, 3, 3), PUBLISHED, "2026-03-03"),
        (date(2026, 3, 1), PUBLISHED, "2026-03-02"),  # delivered again: goes into the published day
        (date(2026, 3, 1), None, "2026-03-01"),
    ],
)
def test_the_sensor_builds_the_day_that_is_complete(day, current, as_of):
    request = run_request(Due(day, "key"), current)
    assert (request.partition_key, request.run_config) == (as_of, {})
    assert (request.run_key, request.tags["business_date"]) == ("key", as_of)


def test_the_schedule_asks_for_the_latest_day_as_nobody_in_particular_did():
    request = nightly_request(date(2026, 3, 2))
    assert (request.partition_key, request.tags["business_date"]) == ("2026-03-02", "2026-03-02")
    assert request.run_config == {"resources": {"run": {"config": {"asked": False}}}}


@pytest.mark.parametrize(("today", "exports"), [(date(2026, 3, 5), True), (date(2026, 3, 6), False)])
def test_a_day_long_past_exports_only_if_asked(tmp_path, monkeypatch, today, exports):
    """Three days are what lists take, by the seed contact_rules."""
    monkeypatch.setattr(Run, "today", today)
    assert Run(Home(tmp_path), date(2026, 3, 2)).exports_lists == exports
    assert Run(Home(tmp_path), date(2026, 3, 2), exports_earlier=True).exports_lists
    assert Run(Home(tmp_path), date(2026, 3, 2), is_asked=False).exports_lists
