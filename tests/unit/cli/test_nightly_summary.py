"""What a run says at its end of the age of its data, and where it was stopped."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from orchestration.cli.summary import age_lines
from orchestration.pipeline.nightly import stopped
from orchestration.warehouse.candidate import Contents
from orchestration.warehouse.publishing import Version

DAY = date(2026, 3, 1)


def test_data_of_yesterday_is_fresh_and_older_data_is_told():
    assert list(age_lines(DAY, date(2026, 3, 2), {})) == []
    ((label, text, _),) = age_lines(DAY, date(2026, 3, 3), {})
    assert (label, text.startswith("as of 2026-03-01, 2 days before today (2026-03-03)")) == ("old data", True)


def test_stale_tables_are_one_line_by_date():
    stale = {"bills": "2026-02-01", "lines": "2026-02-28", "usage": "2026-02-28"}
    ((label, text, _),) = age_lines(DAY, DAY, stale)
    assert label == "stale"
    assert text == "required tables delivered last before 2026-03-01: 2026-02-01 bills; 2026-02-28 lines, usage"


def test_a_run_that_was_stopped_says_what_stands():
    version = Version("v1", "1", "1", Path("v"), Contents("2026-03-01", "c", {}, []), True)
    for now in (None, version):
        assert stopped(now, now).startswith("Stopped. Nothing was published")
    for before in (None, replace(version, name="v0")):
        assert stopped(before, version).startswith("Stopped. v1 is published")
