"""Days on which no list goes out, and why a list is not due."""

from dataclasses import replace
from datetime import date

import pytest

from orchestration.targeting.calendar import Blackout, Calendar, read_calendar
from orchestration.targeting.definition import TargetList, Title
from orchestration.targeting.plan import Days, due, not_due
from orchestration.targeting.schedule import read_schedule

# 2026-10-01 is a Thursday; calls rest from the 1st to the 3rd, all channels on the 4th.
CALENDAR = Calendar(
    (
        Blackout(date(2026, 10, 1), date(2026, 10, 3), "outbound_call", "National Day", "国庆节"),
        Blackout(date(2026, 10, 4), date(2026, 10, 4), "", "Move", "搬迁"),
    )
)


def october(day: int) -> date:
    return date(2026, 10, day)


@pytest.mark.parametrize(
    ("schedule", "channel", "days"),
    [
        ("nightly", "outbound_call", [5, 6, 7]),
        ("nightly", "sms", [1, 2, 3, 5, 6, 7]),
        ("monthly", "outbound_call", [5]),  # its day is the 1st: it goes out on the first open day after
        ("monthly", "sms", [1]),
        ("* * * * thu,sun", "sms", [1, 5]),  # Sunday the 4th is closed for all
        ("* * 6 * *", "outbound_call", [6]),
        ("* * 30 * *", "outbound_call", []),
    ],
)
def test_a_list_whose_day_is_closed_goes_out_on_the_first_open_day_after(schedule, channel, days):
    read = read_schedule(schedule)
    assert [day for day in range(1, 8) if CALENDAR.is_due(read, channel, october(day))] == days


def test_the_next_day_of_a_schedule_is_an_open_one():
    def next_day(schedule: str, day: date) -> date | None:
        return CALENDAR.next_day(read_schedule(schedule), "outbound_call", day)

    assert next_day("nightly", date(2026, 9, 30)) == date(2026, 9, 30)
    assert next_day("nightly", october(1)) == october(5)
    assert next_day("monthly", october(6)) == date(2026, 11, 1)
    assert next_day("* * 29 2 *", october(6)) == date(2028, 2, 29)


def test_why_a_list_is_not_due_is_said_in_words():
    days = Days(october(2), october(1), calendar=CALENDAR)
    monthly = TargetList(
        "m", Title("M", "月"), "team", "A call.", "outbound_call", "is_on_net", (), "approved", schedule="monthly"
    )
    assert "National Day (seed blackout_days)" in not_due(monthly, days)
    assert not_due(replace(monthly, channel="sms"), days) == "its schedule is monthly; it goes out on 2026-11-01"
    assert not_due(monthly, replace(days, run_date=october(5))) is None
    assert not_due(replace(monthly, status="draft"), days).startswith("its status is draft")
    gone = replace(days, run_date=october(6), last_runs={"m": (october(5), october(1))})
    assert "it went out on 2026-10-05 for the same data" in not_due(replace(monthly, schedule="nightly"), gone)
    assert "no month is billed" in not_due(replace(monthly, schedule="after_billing"), replace(days, run_date=october(5)))
    assert due([monthly, replace(monthly, name="s", channel="sms", schedule="nightly")], days) == ("s",)


def test_the_days_of_the_project_can_be_read():
    assert all(one.first_day <= one.last_day and one.name_en and one.name_zh for one in read_calendar().blackouts)
