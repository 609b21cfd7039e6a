"""Which versions stay: the last of each date, the last runs, the current one, and the memory of tags."""

from datetime import UTC, datetime
from pathlib import Path

from orchestration.warehouse.candidate import Contents
from orchestration.warehouse.publishing import VERSIONS_KEPT, Version, made, superseded


def versions(*as_of: str, current: int = 0) -> list[Version]:
    """Versions of these dates, newest first; `current`: the place of the one that readers have."""
    return [
        Version(f"v{n}", str(n), f"{len(as_of) - n:03d}", Path(f"v{n}"), Contents(date, "c", {}, []), n == current)
        for n, date in enumerate(as_of)
    ]


def gone(standing: list[Version]) -> list[str]:
    return [version.name for version in superseded(standing)]


DAYS = [f"2026-03-{day:02d}" for day in range(20, 9, -1)]


def test_the_last_seven_dates_stay():
    assert VERSIONS_KEPT == 7
    assert gone(versions(*DAYS[:7])) == []
    assert gone(versions(*DAYS[:8])) == ["v7"]


def test_runs_of_one_date_cost_no_other_date_its_version():
    again = [DAYS[0]] * 10
    assert gone(versions(*again, *DAYS[1:7])) == ["v7", "v8", "v9"]
    assert gone(versions(*again, *DAYS[1:8])) == ["v7", "v8", "v9", "v16"]


def test_of_an_older_date_its_latest_run_stays():
    assert gone(versions(*DAYS[:6], DAYS[6], DAYS[6])) == ["v7"]


def test_the_memory_of_tags_stays_however_many_later_runs_there_are():
    # An earlier day, published when asked for: the version before it is older than the seven dates and the seven runs.
    standing = versions("2026-01-31", *DAYS[:8], "2025-12-31", "2025-11-30")
    assert "v9" not in gone(standing)
    assert "v10" in gone(standing)
    assert "v8" in gone(standing)


def test_the_current_version_stays_also_after_going_back_to_it():
    assert gone(versions(*DAYS, current=10)) == ["v7", "v8", "v9"]


def test_a_version_says_how_old_its_data_was_when_it_was_made(monkeypatch):
    monkeypatch.setenv("TELCO360_TIMEZONE", "Asia/Shanghai")
    told = made("2026-03-01", datetime(2026, 3, 2, 17, 0, tzinfo=UTC))
    assert (told["run_date"], told["age_days"]) == ("2026-03-03", 2)
