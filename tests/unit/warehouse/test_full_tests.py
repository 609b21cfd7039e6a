"""When dbt's tests look at all of history."""

from datetime import date

import pytest

from orchestration.base.settings import Home
from orchestration.warehouse import full_tests

DAY = date(2026, 3, 10)


@pytest.mark.parametrize(
    ("last", "is_due"),
    [
        (None, True),  # never
        (date(2026, 3, 10), False),  # the same day again
        (date(2026, 3, 4), False),  # six days ago
        (date(2026, 3, 3), True),  # seven
        (date(2026, 3, 11), True),  # a later day: what is built is not what was tested
    ],
)
def test_they_are_due_a_week_after_they_passed(tmp_path, last, is_due):
    home = Home(tmp_path)
    home.warehouse.mkdir()
    if last:
        full_tests.passed(home, last)
    assert full_tests.are_due(home, DAY, every=7) is is_due


def test_an_unreadable_mark_has_them_run(tmp_path):
    home = Home(tmp_path)
    full_tests.passed(home, DAY)
    next(home.warehouse.iterdir()).write_text("soon")
    assert full_tests.are_due(home, DAY, every=7)


def test_where_they_are_required_they_are_due_until_they_have_passed(tmp_path):
    home = Home(tmp_path)
    full_tests.require(home)
    full_tests.passed(home, DAY)
    full_tests.require(home)
    assert full_tests.are_due(home, DAY, every=7)
    full_tests.passed(home, DAY)
    assert not full_tests.are_due(home, DAY, every=7)
