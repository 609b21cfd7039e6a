"""What `telco360 status` says, in words."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from orchestration.base.settings import Home
from orchestration.operations.status import age, lines, next_night


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (date(2026, 10, 31), "as of today"),
        (date(2026, 11, 1), "as of yesterday"),
        (date(2026, 11, 2), "as of 2026-10-31, 2 days ago"),
    ],
)
def test_a_version_is_as_old_as_its_business_date(now, told):
    assert age("v", date(2026, 10, 31), now) == f"v, {told}"


@pytest.mark.parametrize(("hour", "day"), [(1, 1), (2, 2), (3, 2)])
def test_the_next_run_is_at_two(hour, day):
    now = datetime(2026, 11, 1, hour, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert next_night(now).isoformat() == f"2026-11-0{day}T02:00:00+08:00"


def test_an_empty_home_says_so_line_by_line(tmp_path):
    told = dict(lines(Home(tmp_path)))
    assert told["published"] == "nothing yet"
    assert told["last run"] == "no run is in the log"
    assert told["waiting"] == "no delivery"
    assert "next run" in told
