"""The subscriber system's tables of a block: who and what the lines are on a day (snapshots), and their life events."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sample.block import Block, names
from sample.calendar import day_number, first_day, stamps
from sample.catalogues import COUNTIES, GIVEN, OCCUPATIONS, OFFER_CODES, PLANS, REGIONS, SERVICES, SURNAMES
from sample.delivery import Codes, Landing, take
from sample.lifelines import REASONS, STATUSES
from sample.population import CONTRACTS, MEMBER, STAGES
from sample.randomness import mixed
from sample.settings import NEVER
from sample.touchpoints import CHANNELS, Complaints, manager_ids

EVENTS = ("activated", "ported_in", *STATUSES[1:4], "resumed", *STATUSES[4:], "reinstated", "transferred", "sim_changed")
_CONTRACT_OFFERS = {"prepaid_gift": "O01", "handset_subsidy": "O03"}
POINTS_A_YUAN = 4
_AGES = {
    "student": (18, 24),
    "migrant": (20, 50),
    "single": (22, 35),
    "family": (28, 48),
    "settled": (40, 62),
    "retired": (58, 85),
}


def outlet_ids(count: int) -> list[str]:
    """Ids of all outlets."""
    return [f"S{i + 1:05d}" for i in range(count)]


def group_ids(count: int) -> list[str]:
    """Ids of all groups."""
    return [f"G{i + 1:06d}" for i in range(count)]


def events(block: Block, outlets: int, landing: Landing) -> None:
    """Delivers the life events of all lines, from their activation on."""
    people, lives, rng = block.people, block.lives, block.stream("events")
    lines = np.arange(len(block))
    ported_in = rng.random(len(block)) < 0.05
    noise = block.window.start + (rng.random((2, len(block))) * (block.window.last_day - block.window.start)).astype(np.int64)
    noise = np.where(rng.random((2, len(block))) < np.array([[0.004], [0.03]]), noise, NEVER)
    noise = np.where((noise > people.activated) & (noise < lives.churned), noise, NEVER)
    kinds = [
        (np.where(ported_in, 1, 0), people.activated),
        (EVENTS.index("suspended_arrears") + lives.suspension - 1, np.maximum(lives.suspended, people.activated)),
        (np.full(len(block), EVENTS.index("resumed")), lives.resumed),
        (np.full(len(block), EVENTS.index("pre_terminated")), lives.pre_terminated),
        (EVENTS.index("terminated_forced") + lives.churn_status - STATUSES.index("terminated_forced"), lives.churned),
        (np.full(len(block), EVENTS.index("reinstated")), lives.reinstated),
        (np.full(len(block), EVENTS.index("transferred")), noise[0]),
        (np.full(len(block), EVENTS.index("sim_changed")), noise[1]),
    ]
    told = [day <= block.window.last_day for _, day in kinds]
    line = np.concatenate([lines[t] for t in told])
    kind = np.concatenate([k[t] for (k, _), t in zip(kinds, told, strict=True)])
    day = np.concatenate([d[t] for (_, d), t in zip(kinds, told, strict=True)])
    left = (kind >= EVENTS.index("terminated_forced")) & (kind <= EVENTS.index("ported_out"))
    slot = np.concatenate([np.full(int(t.sum()), i) for i, t in enumerate(told)])
    frame = {
        "event_id": names("E", people.line[line].astype(np.int64) * 10 + slot, 10),
        "subscriber_id": block.subscriber(line),
        "event_type": Codes(kind, list(EVENTS)),
        "event_at": stamps(day, 9 * 3_600 + rng.integers(0, 9 * 3_600, len(line))),
        "reason_code": Codes(np.where(left, lives.reason[line], -1), list(REASONS)),
        "outlet_id": Codes(np.where(slot == 0, people.outlet[line], -1), outlet_ids(outlets)),
    }
    landing.add("crm_subscriber_events", frame, block.part(), day)


def snapshots(block: Block, outlets: int, complaints: Complaints, landing: Landing) -> None:
    """Delivers the block's part of every snapshot table, for every delivery's day."""
    customers = _Customers(block)
    for date in landing.days:
        day, part = day_number(date), block.part()
        there = np.flatnonzero(block.people.activated <= day)
        landing.add_state("crm_customers", date, customers.on(day), part)
        landing.add_state("crm_subscribers", date, _subscribers(block, there, day, outlets), part)
        landing.add_state("crm_tariff_subscriptions", date, _tariffs(block, there, day), part)
        landing.add_state("crm_contracts", date, _contracts(block, there, day), part)
        landing.add_state("crm_service_subscriptions", date, _services(block, there, day), part)
        landing.add_state("crm_group_members", date, _members(block, there, day), part)
        landing.add_state("crm_loyalty_points", date, _points(block, there, day), part)
        landing.add_state("channel_suppressions", date, _suppressions(block, there, day, complaints), part)
        landing.add_state("channel_phone_suppressions", date, _phone_suppressions(block, there, day), part)


class _Customers:
    """The customers of a block; each comes with its first line."""

    def __init__(self, block: Block):
        people, rng = block.people, block.stream("customers")
        first = np.flatnonzero(np.diff(people.customer, prepend=-1))
        size = np.diff(np.append(first, len(block)))
        count = len(first)
        self._registered = np.minimum.reduceat(people.activated, first)
        enterprise = (people.group[first] >= 0) & (rng.random(count) < block.settings.enterprise_share)
        stage = people.stage[first]
        low, high = (np.array([_AGES[s][i] for s in STAGES])[stage] for i in (0, 1))
        born = block.window.last_day - ((low + rng.random(count) * (high - low)) * 365.25).astype(np.int64)
        born = np.minimum(born, self._registered - 16 * 365)
        unknown = enterprise | (rng.random(count) < 0.05)
        income = np.exp(np.log(1_100 * np.sqrt(people.level[first])) + 0.5 * rng.standard_normal(count)) * 9
        surname, given, second = (rng.integers(0, n, count) for n in (len(SURNAMES), len(GIVEN), len(GIVEN)))
        syllables = [Codes(i, list(chars)) for i, chars in ((surname, SURNAMES), (given, GIVEN), (second, GIVEN))]
        full = pc.binary_join_element_wise(*(_text(s) for s in syllables), "")
        document = names("99", people.customer[first].astype(np.int64) * 97 + 13, 16)
        job = np.where(
            stage == STAGES.index("student"), 1, np.where(stage == STAGES.index("retired"), 8, rng.integers(0, 10, count))
        )
        self._frame = {
            "customer_id": names("C", people.customer[first], 9),
            "customer_type": Codes(np.where(enterprise, 2, np.where(size >= 3, 1, 0)), ["personal", "household", "enterprise"]),
            "full_name": full,
            "gender": Codes(np.where(enterprise, 2, rng.integers(0, 2, count)), ["male", "female", "unknown"]),
            "birth_date": np.where(unknown, NEVER, born),
            "id_document_number": document,
            "occupation": Codes(np.where(enterprise, -1, job), list(OCCUPATIONS)),
            "annual_income": np.ma.array(np.rint(income).astype(np.int64) * 100, mask=unknown | (rng.random(count) < 0.3)),
            "region_code": Codes(block.region[first], [r for r, *_ in REGIONS]),
            "county_code": Codes(people.county[first], [c for _, c, _ in COUNTIES]),
            "registered_on": self._registered,
        }

    def on(self, day: int) -> dict[str, Any]:
        """The customers there are at the end of the day."""
        return take(self._frame, np.flatnonzero(self._registered <= day))


def _text(codes: Codes) -> pa.Array:
    return pa.array(codes.values).take(pa.array(codes.index))


def _subscribers(block: Block, there: np.ndarray, day: int, outlets: int) -> dict[str, Any]:
    people = block.people
    status, since = block.lives.status(day, people.activated)
    brands = sorted({p.brand for p in PLANS})
    plan = np.where(people.plan_switch <= day, people.later_plan, people.plan)
    brand = np.array([brands.index(p.brand) for p in PLANS])[plan]
    return {
        "subscriber_id": block.subscriber(there),
        "customer_id": names("C", people.customer[there], 9),
        "account_id": names("A", people.customer[there], 9),
        "msisdn": _phones(block, there),
        "brand_code": Codes(brand[there], brands),
        "payment_type": Codes(people.is_postpaid[there].astype(np.int64), ["prepaid", "postpaid"]),
        "activation_date": people.activated[there],
        "status_code": Codes(status[there], list(STATUSES)),
        "status_date": np.maximum(since, people.activated)[there],
        "number_class": Codes(people.number_class[there], ["ordinary", "good", "premium"]),
        "is_real_name": people.line[there] % 50 != 7,
        "sales_outlet_id": Codes(people.outlet[there], outlet_ids(outlets)),
        "manager_id": Codes(block.manager[there], manager_ids(len(block.managers))),
        "region_code": Codes(block.region[there], [r for r, *_ in REGIONS]),
        "county_code": Codes(people.county[there], [c for _, c, _ in COUNTIES]),
        "billing_cycle_code": Codes(block.billing_day[there], [f"{day:02d}" for day in range(32)]),
    }


def _ends(block: Block, day: int) -> np.ndarray:
    """The day each line left, as far as it is known on the day; NEVER while it is there."""
    gone = (block.lives.churned <= day) & (block.lives.reinstated > day)
    return np.where(gone, block.lives.churned, NEVER)


def _tariffs(block: Block, there: np.ndarray, day: int) -> dict[str, Any]:
    people, left = block.people, _ends(block, day)
    is_switched = (people.plan_switch <= day) & (people.plan_switch <= left)  # a line that has left takes no other plan
    switched = there[is_switched[there]]
    line = np.concatenate((there, switched))
    is_later = np.arange(len(line)) >= len(there)
    end = np.where(is_later | ~is_switched[line], left[line], people.plan_switch[line] - 1)
    return {
        "subscriber_id": block.subscriber(line),
        "plan_code": Codes(np.where(is_later, people.later_plan[line], people.plan[line]), [p.code for p in PLANS]),
        "start_date": np.where(is_later, people.plan_switch[line], people.activated[line]),
        "end_date": end,
        "is_primary": np.ones(len(line), bool),
    }


def _contracts(block: Block, there: np.ndarray, day: int) -> dict[str, Any]:
    people = block.people
    line = there[(people.contract_start[there] <= day) & (people.contract_start[there] < block.lives.churned[there])]
    kind = people.contract_kind[line]
    offer = np.array([OFFER_CODES.index(_CONTRACT_OFFERS[c]) if c in _CONTRACT_OFFERS else -1 for c in CONTRACTS])[kind]
    return {
        "contract_id": names("K", people.line[line], 9),
        "subscriber_id": block.subscriber(line),
        "offer_code": Codes(offer, list(OFFER_CODES)),
        "contract_type": Codes(kind, list(CONTRACTS)),
        "start_date": people.contract_start[line],
        "end_date": people.contract_end[line],
        "monthly_commitment": np.rint(people.level[line] * 0.7).astype(np.int64) * 100,
    }


def _services(block: Block, there: np.ndarray, day: int) -> dict[str, Any]:
    traits = block.traits
    row, slot = np.nonzero((traits.service[there] >= 0) & (traits.service_start[there] <= day))
    line = there[row]
    start, end = traits.service_start[line, slot], traits.service_end[line, slot]
    kept = start <= np.where(end < NEVER, end, start)
    line, slot, start, end = line[kept], slot[kept], start[kept], end[kept]
    return {
        "subscriber_id": block.subscriber(line),
        "service_code": Codes(traits.service[line, slot], [s[0] for s in SERVICES]),
        "start_date": start,
        "end_date": np.where(end <= day, end, NEVER),
    }


def _members(block: Block, there: np.ndarray, day: int) -> dict[str, Any]:
    people = block.people
    line = there[people.group[there] >= 0]
    left = _ends(block, day)[line]
    leaves = (people.line[line] % 37 == 5) & (people.role[line] == MEMBER)
    moved = np.where(leaves, block.window.start + people.line[line] % (31 * block.window.months), NEVER)
    moved = np.where((moved <= day) & (moved > people.activated[line]), moved, NEVER)
    out = np.minimum(np.where(left < NEVER, left + 1, NEVER), moved)
    return {
        "group_id": Codes(people.group[line], group_ids(int(people.group[line].max(initial=-1)) + 1)),
        "subscriber_id": block.subscriber(line),
        "member_role": Codes(people.role[line], ["key_person", "contact_person", "member"]),
        "joined_on": np.where(people.line[line] % 11 == 3, NEVER, people.activated[line]),
        "left_on": np.where(out <= day, out, NEVER),
    }


def _points(block: Block, there: np.ndarray, day: int) -> dict[str, Any]:
    """Points by calendar year, from the year before the first month told."""
    people, rng = block.people, block.stream("points")
    year_of = np.datetime64(day, "D").astype("M8[Y]").astype(int)
    years = np.arange(np.datetime64(block.window.start, "D").astype("M8[Y]").astype(int) - 1, year_of + 1)
    rate = people.level * 12 * POINTS_A_YUAN * np.exp(0.25 * rng.standard_normal(len(block)))
    redeems = rng.random((len(block), len(years) + 1))
    columns = []
    for i, year in enumerate(years):
        begin, end = (int(first_day(12 * (year + k))) for k in (0, 1))
        until = np.minimum(np.minimum(end, day + 1), _ends(block, day))
        held = np.clip(until - np.maximum(people.activated, begin), 0, None) / (end - begin)
        line = there[held[there] > 0]
        earned = (rate * held)[line].astype(np.int64)
        redeemed = np.where(redeems[line, i] < 0.3, (earned * redeems[line, i] * 3).astype(np.int64), 0)
        columns.append((line, np.full(len(line), 1970 + year), earned, redeemed))
    line, year, earned, redeemed = (np.concatenate(c) for c in zip(*columns, strict=True))
    return {"subscriber_id": block.subscriber(line), "points_year": year, "points_earned": earned, "points_redeemed": redeemed}


def _phones(block: Block, there: np.ndarray) -> pa.Array:
    line = block.people.line
    return names("199", line[there], 8) if line[-1] < 10**8 else names("1", line[there], 10)


def _phone_suppressions(block: Block, there: np.ndarray, day: int) -> dict[str, Any]:
    """A register by phone: some numbers by lot, a third of a year after their line came, a few of them for half a year."""
    drawn = mixed(block.people.line.astype(np.int64) + 7_919)
    since = block.people.activated + 120
    line = there[(drawn[there] % np.uint64(50) == 0) & (since[there] <= day)]
    lot = (drawn[line] >> np.uint64(8)).astype(np.int64)
    channels = ["all", *CHANNELS]
    reasons = ["do_not_contact", "consent_withdrawn", "open_complaint", "protected", "deceased", "other"]
    return {
        "msisdn": _phones(block, line),
        "channel": Codes(lot % len(channels), channels),
        "reason_code": Codes(lot // 16 % len(reasons), reasons),
        "effective_from": since[line],
        "effective_to": np.where((lot % 10 == 0) & (since[line] + 180 <= day), since[line] + 180, NEVER),
    }


def _suppressions(block: Block, there: np.ndarray, day: int, complaints: Complaints) -> dict[str, Any]:
    """Consents withdrawn, wishes, protected and deceased persons by lot; and lines while a complaint of theirs was open."""
    people, rng = block.people, block.stream("suppressions")
    drawn, since = rng.random(len(block)), people.activated + rng.integers(0, 900, len(block))
    ends = rng.random(len(block)) < 0.1
    # channel, reason, chance
    kinds = (
        ("sms", 1, 0.030),
        ("outbound_call", 0, 0.015),
        ("all", 0, 0.004),
        ("all", 3, 0.003),
        ("all", 2, 0.0005),
        ("app", 1, 0.002),
        ("all", 5, 0.001),
    )
    kind = np.searchsorted(np.cumsum([k[2] for k in kinds]), drawn, side="right")
    line = there[(kind[there] < len(kinds)) & (since[there] <= day)]
    channels = ["all", *CHANNELS]
    channel = np.array([channels.index(k[0]) for k in kinds])[kind[line]]
    reason = np.array([k[1] for k in kinds])[kind[line]]
    begins = since[line]
    until = np.where(ends[line] & (begins + 300 <= day), begins + 300, NEVER)
    opened = _times_open(complaints, day)
    return {
        "subscriber_id": block.subscriber(np.concatenate((line, opened[:, 0]))),
        "channel": Codes(np.concatenate((channel, np.full(len(opened), channels.index("outbound_call")))), channels),
        "reason_code": Codes(
            np.concatenate((reason, np.full(len(opened), 4))),
            ["do_not_contact", "consent_withdrawn", "deceased", "protected", "open_complaint", "other"],
        ),
        "effective_from": np.concatenate((begins, opened[:, 1])),
        "effective_to": np.concatenate((until, opened[:, 2])),
    }


def _times_open(complaints: Complaints, day: int) -> np.ndarray:
    """(line, first day, last day) on which a complaint was open at the day's end; NEVER ends it while it still is."""
    if not complaints.line:
        return np.empty((0, 3), np.int64)
    line, opened, closed = (np.concatenate(c) for c in (complaints.line, complaints.opened, complaints.closed))
    is_told = (opened <= day) & (closed > opened)
    until = np.where(closed > day, NEVER, closed - 1)
    rows = np.column_stack((line, opened, until))[is_told]
    order = np.lexsort((-rows[:, 2], rows[:, 1], rows[:, 0]))  # two of one day: the one that was open longer
    rows = rows[order]
    return rows[np.unique(rows[:, :2], axis=0, return_index=True)[1]]
