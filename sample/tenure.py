"""From published churn by tenure to a base and its flows: hazards by tenure, base by tenure, activations by month.

Only this arithmetic belongs here; single lines are drawn in lifelines.py.

The published figures fix more than they seem to. With rate r and share of lost lines l of a tenure band, its share of the base
is l x rate of all / r. Told the base at the end of the last month, each month before follows by going back: a cohort that
is at n after a month with hazard h stood at n / (1 - h) before it. Hazards are found so that lost lines over the base give
the published rates; the share of lines in their first three months, which nearly none leave, so that churned / new in a year
is as published.
"""

from dataclasses import dataclass

import numpy as np

from sample.settings import Published, Settings

OLDEST = 180
"""Tenure months of the oldest cohort."""

YEAR, QUARTER = 12, 3


@dataclass(frozen=True)
class Renewal:
    """The base and its flows in units of the base at the end of the last complete month, age 0; age m is m months earlier.

    `hazards[b]`: chance to leave in a month of tenure band b, in the last quarter; `base_shares[b]`; `base[m][k]`: lines on-net
    at the end of the month of age m in tenure month k (k = 1 .. OLDEST, index 0 unused); `activations[m]`, `lost[m]`.
    """

    hazards: np.ndarray
    base_shares: np.ndarray
    base: np.ndarray
    activations: np.ndarray
    lost: np.ndarray

    @property
    def churned_to_new(self) -> float:
        return float(self.lost[:YEAR].sum() / self.activations[:YEAR].sum())


def band_of(tenure_months: np.ndarray, published: Published) -> np.ndarray:
    """The index of the tenure band of each tenure month (from 1)."""
    return np.searchsorted(np.array(published.band_starts), tenure_months, side="right") - 1


def churn_level(age: int, settings: Settings) -> float:
    """Churn of the month of that age against the last quarter: rises from `earlier_churn` a year and more before to 1."""
    back = np.clip((age - QUARTER + 1) / (YEAR - QUARTER), 0, 1)
    return float(1 - (1 - settings.earlier_churn) * back)


def solve(settings: Settings, months: int) -> Renewal:
    """The renewal that gives the published figures, followed back over `months` (at least a year) before the end.

    Raises ValueError where no base gives them.
    """
    months = max(months, YEAR)
    low, high = 0.03, 0.30  # the more lines in their first months, the more new ones to those churned
    for _ in range(40):
        young = (low + high) / 2
        renewal = _with_young(young, settings, months)
        low, high = (young, high) if renewal.churned_to_new > settings.published.churned_to_new else (low, young)
    if abs(renewal.churned_to_new - settings.published.churned_to_new) > 0.01:
        raise ValueError(
            f"no base gives churned / new = {settings.published.churned_to_new} with these rates and shares; "
            f"the nearest is {renewal.churned_to_new:.3f}. Change them, or earlier_churn, in the settings"
        )
    return renewal


def _base_shares(young: float, published: Published) -> np.ndarray:
    """Shares of the base by band. Bands whose share of lost lines is published follow from it; of the others, the two oldest
    are taken as equal, so that all sum to 1 and the rate of all comes out."""
    rates, total = np.array(published.quarterly_rates), published.quarterly_rate
    shares = np.zeros(len(rates))
    for band, lost_share in published.lost_share_by_tenure:
        index = published.tenure_bands.index(band)
        shares[index] = lost_share * total / rates[index]
    shares[0] = young
    left, left_lost = 1 - shares.sum(), total - shares @ rates
    shares[-1] = shares[-2] = (rates[-3] * left - left_lost) / (2 * rates[-3] - rates[-2] - rates[-1])
    shares[-3] = left - 2 * shares[-1]
    if shares.min() <= 0:
        raise ValueError(f"the published shares leave no room: base by tenure band {shares.round(3).tolist()}")
    return shares


def _with_young(young: float, settings: Settings, months: int) -> Renewal:
    published = settings.published
    shares, rates = _base_shares(young, published), np.array(published.quarterly_rates)
    bands = band_of(np.arange(1, OLDEST + 1), published)
    hazards = rates / (3 + rates)
    for _ in range(30):
        by_month = np.concatenate(([0.0, 0.0], hazards[bands[1:]]))  # nobody leaves in the month of activation
        survival = np.cumprod(1 - by_month)[1:]
        weights = survival / np.bincount(bands, survival)[bands] * shares[bands]
        base, activations, lost = _go_back(weights, by_month, settings, months)
        lost_in_quarter = np.bincount(bands, lost[:QUARTER, 1:].sum(axis=0))
        hazards = hazards * rates / (lost_in_quarter / shares)
    return Renewal(hazards, shares, base, activations, lost.sum(axis=1))


def _go_back(
    at_end: np.ndarray, hazard: np.ndarray, settings: Settings, months: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(base by age and tenure, activations by age, lost by age and tenure), from the base by tenure at the end."""
    base = np.zeros((months + 1, OLDEST + 1))
    lost = np.zeros((months, OLDEST + 1))
    activations = np.zeros(months)
    base[0, 1:] = at_end
    for age in range(months):
        now = hazard * churn_level(age, settings)
        before = base[age] / (1 - now)
        lost[age] = before - base[age]
        activations[age] = before[1]
        base[age + 1, 1:-1] = before[2:]
    return base, activations, lost
