"""Which month money stands for, in words; lists that wait for the bills; and months that a source says are closed."""

from datetime import date
from types import SimpleNamespace

import pytest

from orchestration.base.billed import BilledMonths, billed_months
from orchestration.intake.errors import Rejected
from orchestration.intake.landing import read_manifest
from orchestration.targeting.plan import Days, due

AUGUST, SEPTEMBER, OCTOBER, NOVEMBER = (date(2026, n, 1) for n in (8, 9, 10, 11))


def test_the_last_billed_month_and_those_that_wait_are_told():
    rows = [
        (AUGUST, True, True, date(2026, 9, 6), 0.99, 2),
        (SEPTEMBER, True, True, date(2026, 10, 6), 0.97, 0),
        (OCTOBER, True, False, None, 0.432, 0),
        (NOVEMBER, False, False, None, None, 0),
    ]
    found = billed_months(rows)
    assert (found.last, found.closed_on, found.corrected) == (SEPTEMBER, date(2026, 10, 6), (AUGUST,))
    assert str(found) == "value as of 2026-09 (2026-10 is not billed yet: 43% of its lines are)"
    assert str(billed_months(rows[:2])) == "value as of 2026-09"
    assert str(billed_months([(OCTOBER, True, False, None, None, 0)])) == (
        "no month is billed yet, so there is no value (2026-10 is not billed yet)"
    )
    assert billed_months([]) == BilledMonths()


def a_list(name, schedule, status="approved"):
    return SimpleNamespace(name=name, schedule=schedule, status=status, channel="sms")


@pytest.mark.parametrize(
    ("today", "closed_on", "last", "is_due"),
    [
        (date(2026, 11, 7), date(2026, 11, 6), None, True),  # the day after closing
        (date(2026, 11, 6), date(2026, 11, 6), None, False),  # the day of closing
        (date(2026, 11, 12), date(2026, 11, 6), date(2026, 10, 8), True),  # days on which nothing ran
        (date(2026, 11, 8), date(2026, 11, 6), date(2026, 11, 7), False),  # once for a month
        (date(2026, 11, 7), None, None, False),  # no month is billed yet
    ],
)
def test_a_list_after_billing_is_due_once_after_the_closing(today, closed_on, last, is_due):
    last_runs = {"l": (last, date(2026, 10, 7))} if last else {}
    assert due([a_list("l", "after_billing")], Days(today, today, closed_on, last_runs)) == (("l",) if is_due else ())


def test_a_list_waits_for_newer_data_than_it_went_out_on():
    lists = [a_list("l", "nightly"), a_list("other", "nightly"), a_list("draft", "nightly", "draft")]
    last_runs = {"l": (date(2026, 11, 7), date(2026, 11, 7))}
    again = lambda today, as_of: due(lists, Days(today, as_of, None, last_runs))  # noqa: E731
    assert again(date(2026, 11, 8), date(2026, 11, 7)) == ("other",)  # sensor in the evening, schedule at two
    assert again(date(2026, 11, 8), date(2026, 11, 8)) == ("l", "other")
    assert again(date(2026, 11, 7), date(2026, 11, 7)) == ("l", "other")  # the same day: its file is rebuilt


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ('{"closed_bill_months": ["2026-10", "2026-09", "2026-10"]}', (SEPTEMBER, OCTOBER)),
        ('{"files": {"a.csv": {"rows": 1}}, "closed_bill_months": []}', ()),
        ('{"closed_bill_months": ["2026-13"]}', None),
        ('{"closed_bill_months": "2026-10"}', None),
        ('{"closed_bill_months": [202610]}', None),
        ('{"closed_bill_months": null}', None),
    ],
)
def test_a_source_names_its_closed_months(tmp_path, text, months):
    marker = tmp_path / "_SUCCESS"
    marker.write_text(text, encoding="utf-8")
    if months is None:
        with pytest.raises(Rejected, match="names no months as closed_bill_months"):
            read_manifest(marker)
    else:
        assert read_manifest(marker).closed_bill_months == months
