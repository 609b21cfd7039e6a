"""A run for an earlier day than the published one has a home of its own, which shares the lake."""

from datetime import date
from pathlib import Path

import pytest

from orchestration.base.settings import Home
from orchestration.engines.duckdb import DuckDBEngine
from orchestration.pipeline.arrivals import Due
from orchestration.pipeline.run import Night
from orchestration.pipeline.sensor import run_request
from orchestration.warehouse import aside
from orchestration.warehouse.candidate import Contents
from orchestration.warehouse.publishing import Version

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
    monkeypatch.setattr(Night, "today", date(2026, 3, 5))
    night = Night(Home(tmp_path), asked, publishes_earlier=publish, exports_earlier=export)
    assert (night.publishes, night.exports_lists) == outcome
    assert (night.engine.home.root == tmp_path) == (not night.is_earlier)
    assert night.current_engine.home.root == tmp_path
    if not night.exports_lists:
        assert night.export_list("any") is None


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
    assert request.run_config == {"resources": {"night": {"config": {"as_of": as_of}}}}
    assert (request.run_key, request.tags["business_date"]) == ("key", as_of)


@pytest.mark.parametrize(("today", "exports"), [(date(2026, 3, 5), True), (date(2026, 3, 6), False)])
def test_a_day_long_past_exports_only_if_asked(tmp_path, monkeypatch, today, exports):
    """Three days are what lists take, by the seed contact_rules."""
    monkeypatch.setattr(Night, "today", today)
    assert Night(Home(tmp_path), date(2026, 3, 2)).exports_lists == exports
    assert Night(Home(tmp_path), date(2026, 3, 2), exports_earlier=True).exports_lists
    assert Night(Home(tmp_path)).exports_lists
