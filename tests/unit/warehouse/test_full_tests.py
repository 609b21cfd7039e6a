"""When dbt's tests look at all of history."""

from datetime import date, timedelta

import pytest

from orchestration.base.settings import Home
from orchestration.warehouse import full_tests

DAY = date(2026, 3, 10)


@pytest.fixture
def home(tmp_path) -> Home:
    home = Home(tmp_path)
    home.warehouse.mkdir()
    return home


def are_due(home: Home, day: date = DAY) -> bool:
    return full_tests.are_due(home, day, every=7)


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
def test_they_are_due_a_week_after_they_passed(home, last, is_due):
    if last:
        full_tests.passed(home, last, were_full=True)
    assert are_due(home) is is_due


def test_an_unreadable_mark_has_them_run(home):
    full_tests.passed(home, DAY, were_full=True)
    next(home.warehouse.iterdir()).write_text("soon")
    assert are_due(home)


def test_tests_that_were_not_full_leave_the_day_of_full_ones_as_it_was(home):
    full_tests.passed(home, DAY - timedelta(days=6), were_full=True)
    full_tests.begun(home, is_changed=False)
    assert not are_due(home)
    full_tests.passed(home, DAY, were_full=False)
    assert are_due(home, DAY + timedelta(days=1))


def test_a_build_by_other_code_is_tested_whole_until_full_tests_have_passed(home):
    full_tests.passed(home, DAY, were_full=True)
    full_tests.begun(home, is_changed=True)
    assert are_due(home)
    full_tests.begun(home, is_changed=False)  # that build was killed, and is begun again
    assert are_due(home)
    full_tests.passed(home, DAY, were_full=True)
    assert not are_due(home)


def test_after_a_build_that_did_not_pass_the_next_is_tested_whole(home):
    full_tests.passed(home, DAY, were_full=True)
    full_tests.begun(home, is_changed=False)
    assert not are_due(home)  # the build that is at work
    full_tests.begun(home, is_changed=False)
    assert are_due(home)
