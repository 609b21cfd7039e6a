"""On which days a list is due."""

from datetime import date, timedelta

import pytest

from orchestration.pipeline import automation
from orchestration.targeting.schedule import TIMES, ScheduleError, read_schedule, require_days_alone

MARCH = [date(2026, 3, 1) + timedelta(n) for n in range(31)]  # begins on a Sunday


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("nightly", list(range(1, 32))),
        ("weekly", [2, 9, 16, 23, 30]),
        ("monthly", [1]),
        ("0 2 * * 1,4", [2, 5, 9, 12, 16, 19, 23, 26, 30]),
        ("30 6 * * 0", [1, 8, 15, 22, 29]),
        ("30 6 * * 7", [1, 8, 15, 22, 29]),
        ("0 0 10-12 * *", [10, 11, 12]),
        ("0 0 */10 * *", [1, 11, 21, 31]),
        ("0 0 5/10 * *", [5, 15, 25]),
        ("0 0 15 * 1", [2, 9, 15, 16, 23, 30]),  # either day is enough, as cron has it
        ("0 0 1 4-12 *", []),
        ("0 0 31 3 *", [31]),
        ("* * L * *", [31]),
        ("* * * mar mon,thu", [2, 5, 9, 12, 16, 19, 23, 26, 30]),
        ("* * * * fri-mon", [1, 2, 6, 7, 8, 9, 13, 14, 15, 16, 20, 21, 22, 23, 27, 28, 29, 30]),
    ],
)
def test_the_days_of_a_schedule(text, days):
    schedule = read_schedule(text)
    assert [day.day for day in MARCH if schedule.is_due(day)] == days


@pytest.mark.parametrize(
    "text", ["daily", "* * *", "0 0 32 * *", "0 0 0 * *", "0 0 5-3 * *", "0 0 */0 * *", "0 0 - * *", "0 0 1 13 *"]
)
def test_anything_else_is_no_schedule(text):
    with pytest.raises(ScheduleError):
        read_schedule(text)


@pytest.mark.parametrize("text", ["nightly", "weekly", "monthly", "* * * * 1,4", "0 2 * * 1,4"])
def test_a_schedule_may_name_days_alone_or_the_time_of_the_nightly_run(text):
    require_days_alone(text)


@pytest.mark.parametrize("text", ["30 2 * * 1,4", "0 3 * * 1,4", "* 2 * * 1,4", "0 * * * 1,4", "*/5 * * * 1,4"])
def test_a_time_that_no_run_would_follow_is_refused(text):
    with pytest.raises(ScheduleError, match=r"names a time, .* Name the days alone: '\* \* \* \* 1,4'"):
        require_days_alone(text)


def test_the_time_that_a_schedule_may_name_is_that_of_the_nightly_job():
    assert f"{TIMES[1]} * * *" == automation.AT_TWO
