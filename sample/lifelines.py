"""What becomes of every line: month by month who leaves, who is on the retention list and who was won by it; then why and how.

Chances to leave are relative: loyalty, the pull of competitors, contracts, bad outlets and campaigns say who is more likely to
go than another. How many go is told by the renewal (tenure.py), by bill class and by group. Each month these three margins are
met exactly in expectation by iterative proportional fitting over the cells of tenure band x bill class x group.
"""

from dataclasses import dataclass, fields

import numpy as np

from sample.calendar import Window, first_day, month_of
from sample.population import STAGES, Population
from sample.randomness import choose, stream
from sample.settings import NEVER, Settings
from sample.tenure import Renewal, band_of, churn_level

ACTIVE, SUSPENDED, PRE_TERMINATED, FORCED, CANCELLED, PORTED = 0, 1, 4, 5, 6, 7
STATUSES = (
    "active",
    "suspended_arrears",
    "suspended_voluntary",
    "suspended_other",
    "pre_terminated",
    "terminated_forced",
    "terminated_cancelled",
    "ported_out",
)
REASONS = ("left_region", "left_employer", "competitor_offer", "price", "coverage", "service", "duplicate_line", "other")
_OTHER_REASONS = (17, 5, 26, 24, 7, 8, 8, 5)
_REST_OF_VALUED = (0, 0, 45, 20, 15, 15, 0, 5)
VALUED_LEVEL = 55.0
"""From this bill on a line may come to be mid- or high-end, and leaves for the reasons of those."""
GOLDEN = (5**0.5 - 1) / 2
NO_SIGNS, TO_COMPETITOR, TO_REGION, FADING = 0, 1, 2, 3
MOST = 0.85
"""The greatest chance of a line to leave in a month."""
REFITS = 4
RETENTION_SHARE = 0.03
"""Of lines on-net, put on the retention list in a month."""


@dataclass
class Lifelines:
    """One entry a line in every array but `retention`. Days count from 1970, NEVER where there is none.

    `churned` may lie after the last day told, as may what announces it; `retention[m]`: lines contacted in month m of the window.
    """

    churned: np.ndarray
    churn_status: np.ndarray
    reason: np.ndarray  # index into REASONS, -1: not asked
    reinstated: np.ndarray
    suspended: np.ndarray
    resumed: np.ndarray
    suspension: np.ndarray
    pre_terminated: np.ndarray
    signs: np.ndarray
    signs_end: np.ndarray
    signs_days: np.ndarray
    hazard: np.ndarray  # chance to leave in the month after the last one complete; nan for lines off-net then

    def part(self, rows: slice) -> "Lifelines":
        """The lines of a block."""
        return type(self)(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def is_on_net(self, day: int) -> np.ndarray:
        """Whether the line, once activated, is on-net at the end of the day."""
        return (self.churned > day) | (self.reinstated <= day)

    def status(self, day: int, activated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(index into STATUSES, day it took it) of each line at the end of the day."""
        cases: list[tuple[np.ndarray, np.ndarray | int, np.ndarray]] = [
            (self.reinstated <= day, ACTIVE, self.reinstated),
            (self.churned <= day, self.churn_status, self.churned),
            (self.pre_terminated <= day, PRE_TERMINATED, self.pre_terminated),
            (self.resumed <= day, ACTIVE, self.resumed),
            (self.suspended <= day, self.suspension, self.suspended),
        ]
        is_so = [c[0] for c in cases]
        return np.select(is_so, [np.asarray(c[1]) for c in cases], ACTIVE), np.select(is_so, [c[2] for c in cases], activated)


@dataclass(frozen=True)
class Retention:
    """The retention list of each month of the window: lines contacted, of these whether they listened, and lines that would have
    been contacted but for being held back."""

    lines: list[np.ndarray]
    listened: list[np.ndarray]
    held_back: list[np.ndarray]


def live(people: Population, window: Window, renewal: Renewal, settings: Settings, seed: int) -> tuple[Lifelines, Retention]:
    """Draws the lives of all lines, `settings.future_months` beyond the last day."""
    churned, hazard, retention = _leave(people, window, renewal, settings, seed)
    rng = stream(seed, "lives")
    lines = len(people)
    gone = churned < NEVER
    reason = _reasons(rng, people, churned, settings)
    status = _ways(rng, people, reason)
    status = np.where(churned - people.activated < 75, np.maximum(status, CANCELLED), status)
    reason = np.where(~gone | (rng.random(lines) < np.where(status == FORCED, 0.35, 0.05)), -1, reason)
    suspended, resumed, suspension, pre_terminated = _suspensions(rng, people, churned, status, window)
    reinstated = churned + rng.integers(5, 60, lines)
    back = gone & (churned >= window.start) & (reinstated <= window.last_day) & (rng.random(lines) < settings.reinstated_share)
    signs, signs_end, signs_days = _signs(rng, churned, reason, people, window, settings)
    return Lifelines(
        churned=churned,
        churn_status=np.where(gone, status, ACTIVE).astype(np.int8),
        reason=reason.astype(np.int8),
        reinstated=np.where(back, reinstated, NEVER).astype(np.int32),
        suspended=suspended,
        resumed=resumed,
        suspension=suspension,
        pre_terminated=pre_terminated,
        signs=signs,
        signs_end=signs_end,
        signs_days=signs_days,
        hazard=hazard,
    ), retention


def _leave(
    people: Population, window: Window, renewal: Renewal, settings: Settings, seed: int
) -> tuple[np.ndarray, np.ndarray, Retention]:
    """(day each line leaves or NEVER, hazard of the first month after the last complete one, retention list)."""
    old = people.old_churn_month < NEVER
    activation_month = month_of(people.activated)
    rng = stream(seed, "old")
    in_month = (rng.random(len(people)) * 28).astype(np.int32)
    churned = np.where(old, first_day(np.where(old, people.old_churn_month, 0)) + in_month, NEVER).astype(np.int32)
    drift = np.exp(settings.pull_weight * people.pull - settings.loyalty_weight * people.loyalty).astype(np.float32)
    drift /= drift.mean()
    bill = np.searchsorted(settings.bill_bounds, people.level, side="right").astype(np.int8)
    cell_of_line = bill * 2 + (people.group >= 0)
    won_until = np.full(len(people), -1, np.int32)
    hazard = np.full(len(people), np.nan, np.float32)
    retention = Retention([], [], [])
    for month in range(window.first_month, window.last_month + 1 + settings.future_months):
        rng = stream(seed, "leave", month)
        there = np.flatnonzero((activation_month < month) & (churned == NEVER))
        tenure = month - activation_month[there] + 1
        pulled = drift[there] * _contract_factor(people, there, month, settings)
        pulled *= np.where(people.is_bad_outlet[there] & (tenure >= 4), settings.bad_outlet_pull, 1)
        pulled *= np.where(won_until[there] >= month, settings.responder_factor, 1)
        band = band_of(tenure, settings.published)
        chance = _fitted(
            pulled, band, cell_of_line[there], renewal, churn_level(window.last_complete - month, settings), settings
        )
        begin, end = int(first_day(month)), int(first_day(month + 1))
        leaves = rng.random(len(there)) < chance
        churned[there[leaves]] = begin + (rng.random(int(leaves.sum())) * (end - begin)).astype(np.int32)
        if month == window.last_complete + 1:
            hazard[there] = chance
        if month <= window.last_month:
            contacted, held_back = _retention_list(rng, people, there, chance, tenure, leaves)
            listened = people.is_responder[contacted]
            won_until[contacted[listened]] = month + settings.responder_months
            retention.lines.append(contacted)
            retention.listened.append(listened)
            retention.held_back.append(held_back)
    return churned, hazard, retention


def _contract_factor(people: Population, there: np.ndarray, month: int, settings: Settings) -> np.ndarray:
    start, end = people.contract_start[there], people.contract_end[there]
    begin, after = int(first_day(month)), int(first_day(month + 1))
    released = (end < after) & (end >= int(first_day(month - settings.contract_release_months)))
    bound = (start < begin) & (end >= after)
    return np.select([end == NEVER, bound, released], [1, settings.contract_lock, settings.contract_release], 1)


def _fitted(
    pulled: np.ndarray, band: np.ndarray, cell_of_line: np.ndarray, renewal: Renewal, level: float, settings: Settings
) -> np.ndarray:
    """The chance of each line to leave: `pulled`, scaled so that the expected lost lines meet the three margins."""
    published = settings.published
    bands, bills = len(published.tenure_bands), len(published.arpu_classes)
    cell = band * (bills * 2) + cell_of_line
    by_band = renewal.hazards * level / (1 - settings.reinstated_share) * np.bincount(band, minlength=bands)
    by_bill = np.array(settings.lost_share_by_bill) * by_band.sum()
    in_group = published.lost_share_in_groups * by_band.sum()
    by_group = np.array([by_band.sum() - in_group, in_group])
    for _ in range(REFITS):
        weight = np.bincount(cell, pulled, bands * bills * 2).reshape(bands, bills, 2)
        scale = _ratio(_proportional(weight, by_band, by_bill, by_group), weight).ravel()[cell]
        pulled = np.minimum(pulled, MOST / np.maximum(scale, 1e-9))  # what the bound takes from some, the others get
    return np.minimum(pulled * scale, MOST).astype(np.float32)


def _proportional(weight: np.ndarray, by_band: np.ndarray, by_bill: np.ndarray, by_group: np.ndarray) -> np.ndarray:
    expected = weight.copy()
    for _ in range(30):
        expected *= _ratio(by_group, expected.sum(axis=(0, 1)))[None, None, :]
        expected *= _ratio(by_bill, expected.sum(axis=(0, 2)))[None, :, None]
        expected *= _ratio(by_band, expected.sum(axis=(1, 2)))[:, None, None]
    return expected


def _ratio(wanted: np.ndarray, have: np.ndarray) -> np.ndarray:
    return np.divide(wanted, have, out=np.zeros_like(wanted, dtype=np.float64), where=have > 0)


def _retention_list(
    rng: np.random.Generator, people: Population, there: np.ndarray, chance: np.ndarray, tenure: np.ndarray, leaves: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(those most likely to leave, as far as the operator can tell, holdouts that look as likely): these are never contacted."""
    score = np.where((tenure >= 3) & ~leaves, chance * np.exp(0.5 * rng.standard_normal(len(there))), 0)
    is_holdout = people.is_holdout[there]
    reached = np.where(is_holdout, 0, score)
    size = int(RETENTION_SHARE * len(there))
    if not size:
        return there[:0], there[:0]
    best = np.argpartition(reached, len(reached) - size)[-size:]
    best = best[reached[best] > 0]
    floor = reached[best].min(initial=np.inf)
    return np.sort(there[best]), there[is_holdout & (score >= floor)]


def _reasons(rng: np.random.Generator, people: Population, churned: np.ndarray, settings: Settings) -> np.ndarray:
    """Why each line would leave. Those with great bills who do leave are dealt the published shares month by month, from the
    greatest bill down, so that the valued ones among them, wherever that begins, come near the shares."""
    lines = len(people)
    reason = choose(rng, _OTHER_REASONS, lines)
    student = (people.stage == STAGES.index("student")) & (rng.random(lines) < 0.3)
    reason[student] = REASONS.index("left_region")
    rest = np.array(_REST_OF_VALUED, np.float64)
    shares = dict(settings.published.valued_reasons)
    weights = rest / rest.sum() * (1 - sum(shares.values()))
    for name, share in shares.items():
        weights[REASONS.index(name)] += share
    valued = np.flatnonzero(people.level >= VALUED_LEVEL)
    reason[valued] = choose(rng, weights, len(valued))
    valued = valued[churned[valued] < NEVER]
    in_turn = valued[np.lexsort((-people.level[valued], month_of(churned[valued])))]
    dealt = (np.arange(len(in_turn)) * GOLDEN + rng.random()) % 1  # spread evenly over any run of them
    reason[in_turn] = np.searchsorted(np.cumsum(weights), dealt, side="right").clip(0, len(REASONS) - 1)
    return reason


def _ways(rng: np.random.Generator, people: Population, reason: np.ndarray) -> np.ndarray:
    """How a line that leaves for a reason leaves."""
    drawn = rng.random(len(people))
    ported = (reason == REASONS.index("competitor_offer")) & (drawn < 0.5)
    forced = drawn > np.where(people.level < 40, 0.45, 0.7)
    return np.select([ported, forced], [PORTED, FORCED], CANCELLED)


def _suspensions(
    rng: np.random.Generator, people: Population, churned: np.ndarray, status: np.ndarray, window: Window
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(suspended, resumed, kind, pre-terminated) of those forced out, of those who give notice, and of some who stay."""
    lines = len(people)
    gone = churned < NEVER
    forced, notice = gone & (status == FORCED), gone & (status == CANCELLED) & (churned - people.activated > 45)
    notice &= rng.random(lines) < 0.5
    pre = np.select([forced, notice], [churned - rng.integers(8, 20, lines), churned - rng.integers(3, 25, lines)], NEVER)
    some = ~gone & (rng.random(lines) < 0.06)
    start = window.start + (rng.random(lines) * (window.last_day - window.start + 1)).astype(np.int32)
    some &= start > people.activated + 40
    suspended = np.select([forced, some], [churned - rng.integers(30, 60, lines), start], NEVER)
    resumed = np.where(some, start + rng.integers(4, 75, lines), NEVER)
    kind = np.where(forced, SUSPENDED, SUSPENDED + choose(rng, (55, 35, 10), lines))
    return suspended.astype(np.int32), resumed.astype(np.int32), kind.astype(np.int8), pre.astype(np.int32)


def _signs(
    rng: np.random.Generator, churned: np.ndarray, reason: np.ndarray, people: Population, window: Window, settings: Settings
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(kind, last day, span) of what shows that a line is about to leave; some who stay look so for a while."""
    lines = len(people)
    gone = (churned < NEVER) & (rng.random(lines) < settings.signs_share)
    least, most = settings.signs_days
    span = rng.integers(least, most, lines)
    kind = np.full(lines, FADING)
    kind[np.isin(reason, [REASONS.index(r) for r in ("competitor_offer", "price", "coverage", "service")])] = TO_COMPETITOR
    kind[reason == REASONS.index("left_region")] = TO_REGION
    start = window.start + (rng.random(lines) * (window.last_day - window.start)).astype(np.int32)
    false = (churned == NEVER) & (start > people.activated) & (rng.random(lines) < settings.false_signs_share)
    kind = np.where(false, choose(rng, (0, 3, 1, 6), lines), kind)
    end = np.select([gone, false], [churned, start + span], NEVER)
    return np.where(gone | false, kind, NO_SIGNS).astype(np.int8), end.astype(np.int32), span.astype(np.int16)
