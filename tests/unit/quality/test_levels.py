"""When a column counts as standing on another level than before, and when it does not."""

from dataclasses import replace
from datetime import date

import pytest

from orchestration.quality.levels import move
from orchestration.quality.limits import DriftLimit, load_release_limits
from orchestration.quality.profiles import Profile

LIMIT, LIMITS = DriftLimit(3, 8), load_release_limits()


def profile(month: int, middle=60.0, high=100.0, mean=65.0, count=100, dt=None) -> Profile:
    day = dt or date(2026, month, 28)
    return Profile("bills", day, date(2026, month, 1), "amount", count, None, count, mean * count, middle, high, mean)


PAST = [profile(7), profile(8), profile(9)]


def moved(now: Profile, past=PAST, limit=LIMIT, periods=6):
    return move(now, [*past, now], limit, replace(LIMITS, least_rows=20, usual_periods=periods, small_share=0.1))


def test_another_unit_moves_all_of_it_up_or_down():
    assert moved(profile(10, 6000.0, 10000.0, 6500.0)).times == pytest.approx(100)
    assert moved(profile(10, 60 / 1024, 100 / 1024, 65 / 1024)).times == pytest.approx(1024)
    assert moved(profile(10)).times == pytest.approx(1)


def test_one_heavy_user_moves_the_mean_alone_which_is_no_move():
    assert moved(profile(10, mean=6500.0)).times == pytest.approx(1)


def test_a_part_of_the_rows_in_another_unit_is_one():
    assert moved(profile(10, middle=70.0, high=9000.0, mean=2000.0)).times == pytest.approx(2000 / 65)


@pytest.mark.parametrize(("count", "times"), [(100, 2000 / 65), (99, 70 / 60)])
def test_of_a_small_correction_all_three_must_have_moved(count, times):
    past = [replace(one, count=1000) for one in PAST]
    assert moved(profile(10, 70.0, 9000.0, 2000.0, count), past).times == pytest.approx(times)
    assert moved(profile(10, 6000.0, 10000.0, 6500.0, count), past).times == pytest.approx(100)
    assert moved(profile(10, 0.6, 1.0, 0.65, count), past).times == pytest.approx(100)


def test_figures_that_move_apart_are_no_move():
    assert moved(profile(10, middle=6.0, high=1000.0, mean=65.0)).times == pytest.approx(1)


@pytest.mark.parametrize(("count", "is_told"), [(20, True), (19, False)])
def test_too_few_rows_tell_nothing_on_either_side(count, is_told):
    assert (moved(profile(10, count=count)) is not None) == is_told
    assert (moved(profile(10), past=[profile(9, count=count)]) is not None) == is_told


def test_the_first_month_has_no_past():
    assert moved(profile(10), past=[]) is None


def test_only_earlier_periods_count_and_of_these_the_last():
    later = [profile(month, 6000.0, 10000.0, 6500.0) for month in (11, 12)]
    assert moved(profile(10), past=[PAST[2], *later]).times == pytest.approx(1)
    old = [profile(m, 6000.0, 10000.0, 6500.0) for m in (1, 2, 3, 4, 5)]
    assert moved(profile(10), past=[*old, *PAST], periods=3).times == pytest.approx(1)
    assert moved(profile(10), past=[*old, *PAST], periods=8).times == pytest.approx(100)


def test_an_odd_month_in_the_past_does_not_hide_the_usual_level():
    odd = replace(PAST[2], middle=6000.0, high=10000.0, mean=6500.0)
    assert moved(profile(10), past=[*PAST[:2], odd]).times == pytest.approx(1)


def test_a_confirmed_level_is_compared_with_itself_alone():
    confirmed = DriftLimit(3, 8, date(2026, 10, 28))
    new = profile(10, 6000.0, 10000.0, 6500.0)
    assert moved(new, limit=confirmed) is None
    assert moved(profile(11, 6000.0, 10000.0, 6500.0), past=[*PAST, new], limit=confirmed).times == pytest.approx(1)
    assert moved(profile(11), past=[*PAST, new], limit=confirmed).times == pytest.approx(100)


def test_the_detail_names_month_figures_and_sum():
    told = moved(profile(10, 6000.0, 10000.0, 6500.0)).detail
    assert told.startswith("2026-10: median 6,000 after 60, 90th percentile 10,000 after 100, mean 6,500 after 65 in 3 earlier")
    assert "sum 650,000 in 100 rows" in told
