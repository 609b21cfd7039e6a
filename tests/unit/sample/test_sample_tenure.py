"""The renewal: published churn by tenure becomes a base and flows that give just these figures."""

from dataclasses import replace

import numpy as np
import pytest

from sample.settings import Published, Settings
from sample.tenure import OLDEST, band_of, churn_level, solve

SETTINGS = Settings()
PUBLISHED = SETTINGS.published


@pytest.fixture(scope="module")
def renewal():
    return solve(SETTINGS, 15)


def _lost_in_quarter(renewal) -> np.ndarray:
    """Lost lines of the last three months by band, worked out from the base alone: who stood there a month before and is gone."""
    lost = np.zeros(len(PUBLISHED.tenure_bands))
    bands = band_of(np.arange(1, OLDEST + 1), PUBLISHED)
    for age in range(3):
        gone = renewal.base[age + 1][1:-1] - renewal.base[age][2:]
        lost += np.bincount(bands[1:], gone, len(lost))
    return lost


def test_rates_by_tenure_are_the_published_ones(renewal):
    rates = _lost_in_quarter(renewal) / renewal.base_shares
    assert rates == pytest.approx(PUBLISHED.quarterly_rates, abs=1e-4)
    assert _lost_in_quarter(renewal).sum() == pytest.approx(PUBLISHED.quarterly_rate, abs=1e-4)


def test_lost_lines_fall_on_tenure_as_published(renewal):
    lost = _lost_in_quarter(renewal)
    for band, share in PUBLISHED.lost_share_by_tenure:
        assert lost[PUBLISHED.tenure_bands.index(band)] / lost.sum() == pytest.approx(share, abs=1e-3)


def test_churned_to_new_is_the_published_one(renewal):
    assert renewal.churned_to_new == pytest.approx(PUBLISHED.churned_to_new, abs=0.01)


def test_the_base_is_one_and_every_month_balances(renewal):
    assert renewal.base[0].sum() == pytest.approx(1)
    opening, end = renewal.base[1:-1].sum(axis=1), renewal.base[:-2].sum(axis=1)
    flows = renewal.activations[:-1] - renewal.lost[:-1]
    assert opening + flows == pytest.approx(end, abs=0.01)  # but for the few who pass the oldest tenure


def test_figures_that_no_base_gives_are_refused():
    with pytest.raises(ValueError, match="churned / new"):
        solve(replace(SETTINGS, published=replace(PUBLISHED, churned_to_new=1.5)), 15)
    with pytest.raises(ValueError, match="no room"):
        solve(replace(SETTINGS, published=replace(PUBLISHED, quarterly_rate=0.25)), 15)


def test_bands_begin_at_their_first_month():
    assert band_of(np.array([1, 3, 4, 6, 7, 12, 13, 24, 25, 36, 37, 60, 61, 180]), Published()).tolist() == [
        *(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6)
    ]


def test_churn_grew_over_the_year_to_the_last_quarter():
    levels = [churn_level(age, SETTINGS) for age in range(-3, 20)]
    assert levels[:6] == [1] * 6  # the months to come and the last quarter
    assert levels == sorted(levels, reverse=True)
    assert levels[-1] == pytest.approx(SETTINGS.earlier_churn)
