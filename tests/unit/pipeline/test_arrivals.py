"""Which day the sensor starts a run for, and that it does so once."""

from datetime import date, datetime

import pytest

from orchestration.base.contract import Column, Table
from orchestration.base.settings import Home
from orchestration.pipeline.arrivals import complete_folders, due_day, latest_delivered, validated

MARCH_1, MARCH_2 = date(2026, 3, 1), date(2026, 3, 2)
EIGHT, NINE, TEN = (datetime(2026, 3, 2, hour) for hour in (8, 9, 10))


def table(name, required):
    return Table(name, "crm", "snapshot", required, ("id",), None, (Column("id", "string"),))


CONTRACT = {"people": table("people", True), "bills": table("bills", True), "visits": table("visits", False)}


def at(moment, *deliveries):
    return dict.fromkeys(deliveries, moment)


def test_a_day_is_due_once_all_required_tables_are_there():
    people = at(EIGHT, ("people", MARCH_1))
    assert due_day(people, {}, CONTRACT) is None
    assert due_day(people | at(EIGHT, ("visits", MARCH_1)), {}, CONTRACT) is None
    assert due_day(people | at(EIGHT, ("bills", MARCH_2)), {}, CONTRACT) is None
    assert due_day(people | at(EIGHT, ("bills", MARCH_1)), {}, CONTRACT).day == MARCH_1


def test_a_day_that_was_judged_as_it_lies_is_not_due():
    complete = at(EIGHT, ("people", MARCH_1), ("bills", MARCH_1))
    assert due_day(complete, at(NINE, ("people", MARCH_1), ("bills", MARCH_1)), CONTRACT) is None
    assert due_day(complete, at(NINE, ("people", MARCH_1)), CONTRACT).day == MARCH_1


def test_a_new_delivery_makes_its_day_due_again_under_another_key():
    complete = at(EIGHT, ("people", MARCH_1), ("bills", MARCH_1))
    first = due_day(complete, {}, CONTRACT)
    known = at(NINE, ("people", MARCH_1), ("bills", MARCH_1))
    again = due_day(complete | at(TEN, ("bills", MARCH_1)), known, CONTRACT)
    assert again.day == MARCH_1
    assert again.key != first.key
    assert due_day(complete, {}, CONTRACT) == first


def test_of_several_days_the_latest_starts_the_one_run_that_takes_in_all():
    complete = at(EIGHT, *((name, day) for name in ("people", "bills") for day in (MARCH_1, MARCH_2)))
    assert due_day(complete, {}, CONTRACT).day == MARCH_2
    assert due_day(complete, at(NINE, ("people", MARCH_2), ("bills", MARCH_2)), CONTRACT).day == MARCH_1


def test_before_anything_was_delivered_no_folder_counts(tmp_path):
    assert complete_folders(Home(tmp_path)) == {}


def test_only_complete_folders_of_the_contract_count(tmp_path):
    home = Home(tmp_path)
    for folder in ("crm_customers/dt=2026-03-01", "crm_subscribers/dt=2026-03-01", "others/dt=2026-03-01"):
        (home.landing / folder).mkdir(parents=True)
    (home.landing / "crm_customers/dt=2026-03-01/_SUCCESS").touch()
    (home.landing / "others/dt=2026-03-01/_SUCCESS").touch()
    assert list(complete_folders(home)) == [("crm_customers", MARCH_1)]
    assert validated(home) == {}


ACCEPTED = {"people": [MARCH_1], "bills": [MARCH_1], "visits": [MARCH_2]}


@pytest.mark.parametrize(
    ("complete", "known", "today", "day"),
    [
        ({}, {}, MARCH_2, MARCH_1),  # a day of optional tables alone is none
        (at(EIGHT, ("people", MARCH_2)), {}, MARCH_2, MARCH_2),  # not taken in yet
        (at(EIGHT, ("people", MARCH_2)), at(NINE, ("people", MARCH_2)), MARCH_2, MARCH_1),  # was validated, and rejected
        (at(TEN, ("people", MARCH_2)), at(NINE, ("people", MARCH_2)), MARCH_2, MARCH_2),  # rejected, delivered again
        (at(EIGHT, ("people", MARCH_2)), {}, MARCH_1, MARCH_1),  # of a day to come
    ],
)
def test_the_latest_day_is_that_of_required_tables_accepted_or_waiting(complete, known, today, day):
    assert latest_delivered(ACCEPTED, complete, known, ["people", "bills"], today) == day


def test_where_nothing_was_delivered_the_latest_day_is_today():
    assert latest_delivered({}, {}, {}, ["people"], MARCH_2) == MARCH_2
