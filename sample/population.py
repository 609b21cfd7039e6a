"""Who the lines are: customers, communities, groups, places, what they tend to spend, what pulls them away.

Arrays by line, drawn once for all lines; what becomes of a line in time is in lifelines.py. Lines of a community, and of a
customer within it, lie side by side, so that any block of whole communities can be worked on alone.
"""

from dataclasses import dataclass, fields

import numpy as np

from sample import catalogues
from sample.calendar import Window, first_day
from sample.catalogues import COUNTIES, COUNTY_REGION, PLANS, REGION_WEIGHTS, Outlets
from sample.randomness import choose, runs, stream
from sample.settings import NEVER, Settings
from sample.tenure import OLDEST, Renewal, band_of

STAGES = ("student", "migrant", "single", "family", "settled", "retired")
_STAGE_WEIGHTS = (12, 18, 22, 26, 14, 8)
_STAGE_PULL = np.array([0.5, 0.7, 0.1, -0.2, -0.5, -0.6], np.float32)
KEY_PERSON, CONTACT_PERSON, MEMBER = 0, 1, 2
CONTRACTS = ("prepaid_gift", "handset_subsidy", "minimum_spend", "broadband_bundle", "fixed_term", "other")
OLD_MONTHS = 24


@dataclass
class Population:
    """One entry a line in every array. Days count from 1970, NEVER where there is none; -1 stands for none in an index."""

    line: np.ndarray  # its number in the whole operator
    customer: np.ndarray
    community: np.ndarray
    hub: np.ndarray  # the line at the hub of its community: the first of it
    community_size: np.ndarray
    group: np.ndarray
    role: np.ndarray
    county: np.ndarray
    outlet: np.ndarray
    is_bad_outlet: np.ndarray
    activated: np.ndarray
    old_churn_month: np.ndarray  # of lines gone before the window, else NEVER
    level: np.ndarray  # yuan a month it tends to be billed
    loyalty: np.ndarray
    pull: np.ndarray
    stage: np.ndarray
    plan: np.ndarray
    later_plan: np.ndarray
    plan_switch: np.ndarray
    is_postpaid: np.ndarray
    number_class: np.ndarray
    contract_start: np.ndarray
    contract_end: np.ndarray
    contract_kind: np.ndarray
    is_holdout: np.ndarray
    is_responder: np.ndarray

    def __len__(self) -> int:
        return len(self.line)

    def part(self, rows: slice) -> "Population":
        """The lines of a block."""
        return type(self)(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def cohort_counts(lines: int, renewal: Renewal, window: Window, settings: Settings) -> tuple[np.ndarray, np.ndarray, int]:
    """How many lines stood on-net before the window by tenure (index 1 .. OLDEST), came in each of its months, were gone.

    They sum to `lines` by largest remainder.
    """
    complete = window.last_complete - window.first_month + 1
    base = renewal.base[complete]
    arrivals = renewal.activations[:complete][::-1]
    if not window.is_last_complete:
        told = (window.last_day - int(first_day(window.last_month)) + 1) / 30.4
        arrivals = np.append(arrivals, renewal.activations[0] * told)
    old = round(lines * settings.old_terminated_share)
    exact = np.concatenate((base, arrivals))
    exact *= (lines - old) / exact.sum()
    counts = np.floor(exact).astype(np.int64)
    short = lines - old - counts.sum()
    counts[np.argsort(counts - exact, kind="stable")[:short]] += 1
    return counts[: len(base)], counts[len(base) :], old


def draw(lines: int, window: Window, renewal: Renewal, outlets: Outlets, settings: Settings, seed: int) -> Population:
    """All lines of the operator."""
    rng = stream(seed, "population")
    community, size, hub = _communities(rng, lines, settings)
    customer = _customers(rng, lines, hub)
    group, role = _groups(rng, community, hub, settings)
    activated, old_churn_month = _activations(rng, lines, window, renewal, settings)
    of_community = stream(seed, "communities")
    communities = int(community[-1]) + 1
    weights = np.array([REGION_WEIGHTS[r] for r in COUNTY_REGION]) / np.bincount(COUNTY_REGION)[COUNTY_REGION]
    county = choose(of_community, weights, communities)[community]
    outlet = _outlets(rng, county, activated >= window.start, outlets, settings)
    stage = choose(rng, _STAGE_WEIGHTS, lines).astype(np.int8)
    shared_pull = of_community.standard_normal(communities, np.float32)[community]
    pull = 0.45 * shared_pull + 0.8 * rng.standard_normal(lines, np.float32) + _STAGE_PULL[stage]
    loyalty = rng.standard_normal(lines, np.float32) + 0.3 * (group >= 0)
    low, high = settings.arpu_range
    level = settings.arpu_median * np.exp(settings.arpu_sigma * rng.standard_normal(lines, np.float32))
    level = np.clip(level * np.where(role == KEY_PERSON, 1.8, 1.0) * np.where(group >= 0, 1.1, 1.0), low, high).astype(np.float32)
    plan, later_plan, switch, level = _plans(rng, level, activated, window, settings)
    contract = _contracts(rng, activated, window)
    return Population(
        line=np.arange(lines, dtype=np.int32),
        customer=customer,
        community=community,
        hub=hub,
        community_size=size,
        group=group,
        role=role,
        county=county,
        outlet=outlet,
        is_bad_outlet=outlets.is_bad[outlet],
        activated=activated,
        old_churn_month=old_churn_month,
        level=level,
        loyalty=loyalty,
        pull=pull,
        stage=stage,
        plan=plan,
        later_plan=later_plan,
        plan_switch=switch,
        is_postpaid=rng.random(lines, np.float32) < np.where(level > 80, 0.55, 0.15) + 0.3 * (group >= 0),
        number_class=choose(rng, (90, 8, 2), lines).astype(np.int8),
        contract_start=contract[0],
        contract_end=contract[1],
        contract_kind=contract[2],
        is_holdout=rng.random(lines, np.float32) < settings.holdout_share,
        is_responder=rng.random(lines, np.float32) < settings.responder_share,
    )


def _communities(rng: np.random.Generator, lines: int, settings: Settings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    least, most = settings.community_sizes
    community = runs(rng, lines, np.arange(least, most + 1))
    sizes = np.bincount(community)
    if sizes[-1] < least and len(sizes) > 1:  # the rest at the end joins the community before it
        community[community == len(sizes) - 1] -= 1
        sizes = np.bincount(community)
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int32)
    return community, sizes[community].astype(np.int16), starts[community]


def _customers(rng: np.random.Generator, lines: int, hub: np.ndarray) -> np.ndarray:
    """Customers with one to five lines; none reaches over the edge of a community."""
    runs_of_lines = runs(rng, lines, np.arange(1, 6), np.array([0.70, 0.17, 0.08, 0.03, 0.02]))
    is_new = np.diff(runs_of_lines, prepend=-1).astype(bool) | (hub == np.arange(lines))
    return (np.cumsum(is_new) - 1).astype(np.int32)


def _groups(
    rng: np.random.Generator, community: np.ndarray, hub: np.ndarray, settings: Settings
) -> tuple[np.ndarray, np.ndarray]:
    """(group or -1, role or -1). Groups are runs of communities; the hub of each is a key person, the line after it a contact."""
    communities = int(community[-1]) + 1
    blocks = runs(rng, communities, np.arange(1, 7), np.array([0.4, 0.25, 0.15, 0.1, 0.06, 0.04]))
    is_group = rng.random(int(blocks[-1]) + 1) < settings.group_share
    is_group[0] = True  # the smallest operator has one, too
    number = np.where(is_group, np.cumsum(is_group) - 1, -1).astype(np.int32)
    group = number[blocks][community]
    line = np.arange(len(community))
    is_first = np.diff(group, prepend=-2).astype(bool)
    role = np.select([hub == line, np.roll(is_first, 1)], [KEY_PERSON, CONTACT_PERSON], MEMBER)
    return group, np.where(group >= 0, role, -1).astype(np.int8)


def _activations(
    rng: np.random.Generator, lines: int, window: Window, renewal: Renewal, settings: Settings
) -> tuple[np.ndarray, np.ndarray]:
    base, arrivals, old = cohort_counts(lines, renewal, window, settings)
    months = np.concatenate(
        (
            np.repeat(window.first_month - np.arange(len(base)), base),
            np.repeat(np.arange(window.first_month, window.last_month + 1), arrivals),
        )
    )
    churn_month = window.first_month - 1 - rng.integers(0, OLD_MONTHS, old)
    lost = renewal.hazards * renewal.base_shares
    bands = band_of(np.arange(1, OLDEST + 1), settings.published)
    tenure = 2 + choose(rng, (lost / np.bincount(bands))[bands][1:], old)
    months = np.concatenate((months, churn_month - tenure + 1))
    churned = np.concatenate((np.full(lines - old, NEVER), churn_month)).astype(np.int32)
    order = rng.permutation(lines)
    months, churned = months[order], churned[order]
    begins = first_day(months)
    days = np.minimum(first_day(months + 1), window.last_day + 1) - begins
    return (begins + (rng.random(lines) * days).astype(np.int32)).astype(np.int32), churned


def _outlets(
    rng: np.random.Generator, county: np.ndarray, is_new: np.ndarray, outlets: Outlets, settings: Settings
) -> np.ndarray:
    """The outlet that sold each line, of its county or, by telephone and net, of its region. What bad outlets sold before the
    window is gone already: those lines count for the county's own store."""
    lines = len(county)
    by_county = np.argsort(outlets.county[: (outlets.kind < 2).sum()], kind="stable")
    sold_in = np.bincount(outlets.county[by_county], minlength=len(COUNTIES))
    starts = np.concatenate(([0], np.cumsum(sold_in)[:-1]))
    any_outlet = by_county[starts[county] + (rng.random(lines) * sold_in[county]).astype(np.int64)]
    own = np.where(rng.random(lines) < 0.25, county, any_outlet)
    own = np.where(outlets.is_bad[own] & ~is_new, county, own)
    regions = int(COUNTY_REGION.max()) + 1
    bad = np.full(len(COUNTIES), -1)
    bad[outlets.county[outlets.is_bad]] = np.flatnonzero(outlets.is_bad)
    near_bad = bad[county] >= 0
    pushed = rng.random(lines) < min(0.2, settings.bad_outlet_sales / near_bad.mean())  # they sell more than others do
    own = np.where(is_new & near_bad & pushed, bad[county], own)
    remote = len(outlets.kind) - 2 * regions + COUNTY_REGION[county] + regions * (rng.random(lines) < 0.7)
    return np.where(rng.random(lines) < 0.12, remote, own).astype(np.int32)


def _plans(
    rng: np.random.Generator, level: np.ndarray, activated: np.ndarray, window: Window, settings: Settings
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(plan, plan after the switch, day of the switch or NEVER, level). Who keeps within the plan is billed its fee; the others
    have a plan whose fee lies under what they tend to be billed, and use more than it includes."""
    fees = catalogues.plan_column("fee")
    on_sale = catalogues.plan_column("is_on_sale")
    lines = len(level)
    keeps = rng.random(lines) < settings.within_plan_share
    nearest = np.searchsorted(np.sqrt(fees[1:] * fees[:-1]), level)
    under = np.searchsorted(fees, level * 0.95, side="right") - 1
    plan = np.maximum(np.where(keeps, nearest, under), 0)
    plan -= ~on_sale[plan] & (activated >= window.start)
    level = np.where(keeps, fees[plan], level).astype(np.float32)
    later = np.clip(plan + np.where(rng.random(lines) < 0.65, 1, -1), 0, len(PLANS) - 1)
    later -= ~on_sale[later]
    switch = first_day(window.first_month + rng.integers(1, max(2, window.months), lines))
    switches = (rng.random(lines) < 0.10) & (switch > activated + 31) & (later != plan) & (switch <= window.last_day)
    return plan.astype(np.int8), later.astype(np.int8), np.where(switches, switch, NEVER).astype(np.int32), level


def _contracts(rng: np.random.Generator, activated: np.ndarray, window: Window) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(start, end, kind), NEVER and -1 where a line has none. New lines often start with one, older ones renew."""
    lines = len(activated)
    length = np.where(rng.random(lines) < 0.6, 365, 730)
    is_new = activated >= window.start
    lately = window.start - 500 + (rng.random(lines) * (window.last_day - window.start + 500)).astype(np.int32)
    start = np.where(is_new, activated, np.maximum(lately, activated))
    has = (rng.random(lines) < np.where(is_new, 0.25, 0.4)) & (start <= window.last_day)
    kind = np.where(has, choose(rng, (40, 25, 12, 13, 7, 3), lines), -1)
    short = is_new & (rng.random(lines) < 0.5)  # many of the first ones bind for a quarter or half a year alone
    length = np.where(short, np.where(rng.random(lines) < 0.5, 90, 180), length)
    return (
        np.where(has, start, NEVER).astype(np.int32),
        np.where(has, start + length, NEVER).astype(np.int32),
        kind.astype(np.int8),
    )
