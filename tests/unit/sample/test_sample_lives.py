"""Lines and their lives: exact counts, customers and communities, statuses by day, chances that meet the margins."""

from datetime import date

import numpy as np
import pytest

from sample import catalogues
from sample.calendar import Window, day_number, first_day, month_of
from sample.lifelines import MOST, Lifelines, _fitted, live
from sample.population import KEY_PERSON, draw
from sample.randomness import choose, mixed, runs, stream
from sample.settings import NEVER, Settings
from sample.tenure import band_of, solve

SETTINGS = Settings()
LINES = 20_000


def _window(last: date, months: int = 15) -> Window:
    return Window(months, day_number(last), day_number(last) - 7)


@pytest.fixture(scope="module", params=[date(2026, 6, 30), date(2026, 6, 10)], ids=["month end", "mid month"])
def operator(request):
    window = _window(request.param)
    renewal = solve(SETTINGS, window.months)
    outlets = catalogues.outlets(LINES, SETTINGS, 3, window.start)
    people = draw(LINES, window, renewal, outlets, SETTINGS, 3)
    lives, retention = live(people, window, renewal, SETTINGS, 3)
    return window, people, lives, retention


def test_there_are_as_many_lines_as_asked_for_none_activated_later(operator):
    window, people, _, _ = operator
    assert len(people) == LINES
    assert people.activated.max() <= window.last_day
    assert (people.old_churn_month < NEVER).sum() == round(LINES * SETTINGS.old_terminated_share)


def test_customers_hold_one_to_five_lines_of_one_community(operator):
    people = operator[1]
    assert set(np.bincount(people.customer)) <= {1, 2, 3, 4, 5}
    first = np.flatnonzero(np.diff(people.customer, prepend=-1))
    assert (np.maximum.reduceat(people.community, first) == np.minimum.reduceat(people.community, first)).all()


def test_communities_have_one_hub_who_is_the_key_person_of_a_group(operator):
    people = operator[1]
    is_hub = people.hub == people.line
    assert is_hub.sum() == people.community.max() + 1
    assert (people.role[is_hub & (people.group >= 0)] == KEY_PERSON).all()
    assert (people.role[~is_hub] != KEY_PERSON).all()
    assert (people.role[people.group < 0] == -1).all()
    least, most = SETTINGS.community_sizes
    assert least <= people.community_size.min() and people.community_size.max() < least + most


def test_nobody_leaves_before_or_in_the_month_of_activation(operator):
    _, people, lives, _ = operator
    gone = lives.churned < NEVER
    assert (month_of(lives.churned[gone]) > month_of(people.activated[gone])).all()


def test_what_announces_an_end_lies_between_activation_and_end(operator):
    _, people, lives, _ = operator
    for day in (lives.suspended, lives.pre_terminated):
        told = day < NEVER
        assert (day[told] > people.activated[told]).all()
        assert (day[told] < lives.churned[told]).all()


def test_holdouts_are_never_contacted_and_nobody_twice_in_a_month(operator):
    _, people, _, retention = operator
    for lines in retention.lines:
        assert not people.is_holdout[lines].any()
        assert len(np.unique(lines)) == len(lines)
    assert sum(map(len, retention.lines)) > 0


def test_responders_once_contacted_leave_less_than_others_contacted(operator):
    window, people, lives, retention = operator
    left = {True: [], False: []}
    for nth, (lines, listened) in enumerate(zip(retention.lines, retention.listened, strict=True)):
        begin, end = (int(first_day(window.first_month + nth + k)) for k in (1, 4))
        goes = (lives.churned[lines] >= begin) & (lives.churned[lines] < end)
        for is_responder in (True, False):
            left[is_responder].append(goes[listened == is_responder])
    rates = {k: np.concatenate(v).mean() for k, v in left.items()}
    assert rates[True] < 0.6 * rates[False]
    assert (people.is_responder[np.concatenate(retention.lines)] == np.concatenate(retention.listened)).all()


def test_what_bad_outlets_sold_is_new_and_mostly_gone_by_its_sixth_month(operator):
    window, people, lives, _ = operator
    bad = people.is_bad_outlet
    assert (people.activated[bad] >= window.start).all()
    old_enough = month_of(people.activated) + 6 <= window.last_complete
    gone = month_of(lives.churned) <= month_of(people.activated) + 6
    new = people.activated >= window.start
    assert gone[bad & old_enough].mean() > 0.7
    assert gone[~bad & new & old_enough].mean() < 0.35


def test_status_turns_on_the_very_day():
    day = np.array([100], np.int32)
    none = np.array([NEVER], np.int32)
    zero = np.zeros(1, np.int8)
    lives = Lifelines(
        churned=day,
        churn_status=np.array([6], np.int8),
        reason=zero,
        reinstated=day + 20,
        suspended=day - 30,
        resumed=day - 25,
        suspension=np.array([2], np.int8),
        pre_terminated=day - 10,
        signs=zero,
        signs_end=none,
        signs_days=zero,
        hazard=np.zeros(1, np.float32),
    )

    def at(when):
        status, since = lives.status(when, np.array([10]))
        return int(status[0]), int(since[0]), bool(lives.is_on_net(when)[0])

    assert at(69) == (0, 10, True)
    assert at(70) == (2, 70, True)
    assert at(75) == (0, 75, True)
    assert at(90) == (4, 90, True)
    assert at(99) == (4, 90, True)
    assert at(100) == (6, 100, False)
    assert at(119) == (6, 100, False)
    assert at(120) == (0, 120, True)


def test_fitted_chances_meet_the_margins_of_tenure_bill_and_group():
    rng = stream(1, "test")
    renewal = solve(SETTINGS, 15)
    published = SETTINGS.published
    lines = 50_000
    band = band_of(rng.integers(2, 100, lines), published)
    bill, in_group = rng.integers(0, 3, lines), rng.integers(0, 2, lines)
    pulled = np.exp(rng.standard_normal(lines))
    chance = _fitted(pulled, band, bill * 2 + in_group, renewal, 1.0, SETTINGS)
    expected = renewal.hazards * np.bincount(band, minlength=7) / (1 - SETTINGS.reinstated_share)
    assert np.bincount(band, chance) == pytest.approx(expected, rel=0.02)
    assert np.bincount(bill, chance) / chance.sum() == pytest.approx(SETTINGS.lost_share_by_bill, abs=0.01)
    assert chance[in_group == 1].sum() / chance.sum() == pytest.approx(published.lost_share_in_groups, abs=0.005)
    assert chance.min() >= 0 and chance.max() <= np.float32(MOST)


def test_a_window_ends_where_its_last_day_lies():
    whole, part = _window(date(2026, 6, 30)), _window(date(2026, 6, 29))
    assert (whole.last_complete, part.last_complete) == (whole.last_month, whole.last_month - 1)
    assert whole.start == part.start == day_number(date(2025, 4, 1))
    assert [whole.deliveries[0], whole.deliveries[-1], len(whole.deliveries)] == [date(2026, 6, 23), date(2026, 6, 30), 8]


def test_random_numbers_depend_on_their_names_alone():
    assert stream(1, "a", 2).random() == stream(1, "a", 2).random()
    assert len({stream(*names).random() for names in ((1, "a", 2), (2, "a", 2), (1, "b", 2), (1, "a", 3))}) == 4


def test_runs_fill_the_row_in_order():
    rng = stream(1, "runs")
    row = runs(rng, 1_000, np.arange(3, 6))
    assert len(row) == 1_000
    assert set(np.diff(row)) == {0, 1}
    assert set(np.bincount(row)[:-1]) <= {3, 4, 5}


def test_choices_follow_their_weights_and_mixing_keeps_numbers_apart():
    drawn = choose(stream(1, "choose"), (1, 0, 3), 40_000)
    assert np.bincount(drawn, minlength=3) / 40_000 == pytest.approx([0.25, 0, 0.75], abs=0.01)
    assert len(np.unique(mixed(np.arange(10_000)))) == 10_000
