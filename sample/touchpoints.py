"""Where operator and customer meet: contacts from lists and what comes of them, orders, visits, complaints, surveys.

Contacts of the retention list are those that moved the lives of responders (lifelines.py); all others change nothing.
"""

from dataclasses import dataclass, field

import numpy as np

from sample.block import Block, Month, tenure_months
from sample.calendar import day_number, stamps
from sample.catalogues import OFFER_CODES
from sample.delivery import Codes, Landing
from sample.lifelines import NO_SIGNS, TO_COMPETITOR
from sample.randomness import choose
from sample.settings import NEVER

CHANNELS = ["outbound_call", "sms", "store", "hotline", "web", "app"]
VISIT_CHANNELS = ["store", "hotline", "web", "app", "wechat", "kiosk"]
_AS_CONTACT = np.array([2, 3, 4, 5, 5, 2])  # the contact channel at which a visitor of each visit channel is met
OUTCOMES = ["no_answer", "wrong_number", "refused", "considering", "interested", "accepted", "informed", "do_not_contact"]
ACCEPTED, INFORMED, DO_NOT_CONTACT = 5, 6, 7
LISTS = ["retention_call", "high_value_care", "new_subscriber_welcome", "plan_upgrade_sms"]
PURPOSES = ["payment", "plan_change", "enquiry", "complaint", "device", "new_service", "sim", "points"]
CATEGORIES = ["network", "billing", "service", "product", "device", "spam"]
TOUCHPOINTS = ["store", "hotline", "app", "network", "billing", "installation"]
DRIVERS = ["network", "price", "plan", "device", "service", "offer"]
LIST_DAY = 4
"""Lists run on the fifth of a month; their contacts follow within days."""


@dataclass
class Complaints:
    """Complaints of a block so far, for those still open on a day: line, day opened, day closed."""

    line: list[np.ndarray] = field(default_factory=list)
    opened: list[np.ndarray] = field(default_factory=list)
    closed: list[np.ndarray] = field(default_factory=list)


@dataclass(frozen=True)
class _Happenings:
    """Events by line: line, day, second of the day."""

    line: np.ndarray
    day: np.ndarray
    second: np.ndarray

    def __len__(self) -> int:
        return len(self.line)

    @property
    def at(self) -> np.ndarray:
        return stamps(self.day, self.second)

    def where(self, kept: np.ndarray) -> "_Happenings":
        return _Happenings(self.line[kept], self.day[kept], self.second[kept])


@dataclass(frozen=True)
class Listed:
    """What a list came to in a month: lines that it took, and lines like them that it held back. `number`: index into LISTS;
    `offer`: by line of the block, or for all, an index into OFFER_CODES."""

    number: int
    treated: np.ndarray
    control: np.ndarray
    offer: np.ndarray | int


def touch(block: Block, month: Month, in_service: np.ndarray, complaints: Complaints, landing: Landing) -> list[Listed]:
    """Delivers all touchpoints of a month; gives the lists that ran in it. `in_service`: by line, whether it was for a day of the
    month at least."""
    visits = _visits(block, month, in_service, landing)
    contacts = _Contacts(block, month)
    listed = _put_on_lists(block, month, in_service, contacts)
    _met_on_visit(block, month, visits, contacts)
    orders = contacts.deliver(landing)
    _orders(block, month, in_service, orders, landing)
    _complaints(block, month, in_service, complaints, landing)
    _surveys(block, month, in_service, landing)
    return listed


def _happen(block: Block, month: Month, rng: np.random.Generator, rate: np.ndarray, in_service: np.ndarray) -> _Happenings:
    """So many events a month and line on average, on days on which the line is in service and told."""
    people, lives = block.people, block.lives
    first = np.maximum(people.activated, month.begin)
    last = np.where(lives.reinstated < month.begin, month.end, np.minimum(lives.churned, month.end))
    share = np.maximum(last - first, 0) / month.days
    line = np.repeat(np.arange(len(block)), rng.poisson(np.where(in_service, rate * share, 0)))
    day = first[line] + (rng.random(len(line)) * (last - first)[line]).astype(np.int64)
    events = _Happenings(line, day, rng.integers(9 * 3_600, 20 * 3_600, len(line)))
    return events.where(day < month.told)


def _visits(block: Block, month: Month, in_service: np.ndarray, landing: Landing) -> tuple[_Happenings, np.ndarray]:
    rng = block.stream("visits", month.number)
    rate = 0.28 + 0.12 * (block.people.level > 80) + 0.15 * (block.lives.signs_end < month.end + 60) * (block.lives.signs > 0)
    events = _happen(block, month, rng, rate, in_service)
    taste = block.people.line[events.line] % 4
    channel = np.where(
        rng.random(len(events)) < 0.6, np.array([3, 0, 4, 1])[taste], choose(rng, (20, 22, 8, 30, 15, 5), len(events))
    )
    frame = {
        "visit_id": block.ids("V", month, len(events)),
        "subscriber_id": block.subscriber(events.line),
        "visited_at": events.at,
        "channel": Codes(channel, VISIT_CHANNELS),
        "purpose_code": Codes(choose(rng, (30, 12, 25, 6, 6, 9, 5, 7), len(events)), PURPOSES),
    }
    landing.add("channel_visits", frame, block.part(month), events.day)
    return events, channel


class _Contacts:
    """Contacts of a month as they gather, then delivered at once."""

    def __init__(self, block: Block, month: Month):
        self._block, self._month = block, month
        self._rng = block.stream("contacts", month.number)
        self._columns: list[dict[str, np.ndarray]] = []

    def add(
        self,
        line: np.ndarray,
        day: np.ndarray,
        channel: int | np.ndarray,
        listed: int,
        offer: int | np.ndarray,
        is_connected: bool | np.ndarray,
        outcome: int | np.ndarray,
    ) -> None:
        """`listed`: index into LISTS, -1 for none; other columns by contact or for all."""
        lives, people = self._block.lives, self._block.people
        there = (day < lives.churned[line]) & (day >= people.activated[line]) & (day < self._month.told)
        columns = {
            "line": line,
            "day": day,
            "channel": channel,
            "list": listed,
            "offer": offer,
            "on": is_connected,
            "out": outcome,
        }
        self._columns.append({k: np.broadcast_to(v, line.shape)[there] for k, v in columns.items()})

    def deliver(self, landing: Landing) -> tuple[np.ndarray, ...]:
        """Delivers them; orders that follow from them: lines, days, channels, offers."""
        block, month, rng = self._block, self._month, self._rng
        all_ = {k: np.concatenate([c[k] for c in self._columns]) for k in self._columns[0]}
        line, day, channel, outcome, on = (all_[k] for k in ("line", "day", "channel", "out", "on"))
        count = len(line)
        is_call = channel == CHANNELS.index("outbound_call")
        calls = len(block.managers)
        manager = np.where(block.manager[line] >= 0, block.manager[line], rng.integers(0, calls, count))
        run = np.where(all_["list"] >= 0, month.begin + LIST_DAY, NEVER)
        seconds = np.where(on & is_call, 20 + rng.exponential(90, count), 0).astype(np.int64)
        frame = {
            "contact_id": block.ids("T", month, count),
            "subscriber_id": block.subscriber(line),
            "contacted_at": stamps(day, rng.integers(9 * 3_600, 20 * 3_600, count)),
            "channel": Codes(channel, CHANNELS),
            "direction": Codes((all_["list"] < 0).astype(np.int64), ["outbound", "inbound"]),
            "list_name": Codes(all_["list"], LISTS),
            "list_run_date": run,
            "offer_code": Codes(all_["offer"], list(OFFER_CODES)),
            "manager_id": Codes(np.where(is_call, manager, -1), manager_ids(len(block.managers))),
            "is_connected": on,
            "outcome": Codes(outcome, OUTCOMES),
            "duration_seconds": np.ma.array(seconds, mask=~is_call),
            "quality_score": np.ma.array(rng.integers(62, 101, count), mask=~(is_call & on & (rng.random(count) < 0.1))),
        }
        landing.add("channel_contacts", frame, block.part(month), day)
        takes = (outcome == ACCEPTED) & (rng.random(count) < 0.85)
        takes |= (outcome == INFORMED) & (rng.random(count) < 0.02)
        return line[takes], day[takes] + rng.integers(0, 7, int(takes.sum())), channel[takes], all_["offer"][takes]


def manager_ids(count: int) -> list[str]:
    """Ids of all managers."""
    return [f"M{i + 1:05d}" for i in range(count)]


def _put_on_lists(block: Block, month: Month, in_service: np.ndarray, contacts: _Contacts) -> list[Listed]:
    rng, held = block.stream("lists", month.number), block.stream("held back", month.number)
    people = block.people
    nth = month.number - block.window.first_month
    reachable, holdouts = in_service & ~people.is_holdout, in_service & people.is_holdout
    listed = []

    def held_back(wanted: np.ndarray, share: float) -> np.ndarray:
        return np.flatnonzero(holdouts & wanted & (held.random(len(block)) < share))

    line = block.retention.lines[nth]
    listened = block.retention.listened[nth]
    on = listened | (rng.random(len(line)) < 0.6)
    spoken = np.where(
        listened, choose(rng, (0, 0, 0, 1, 2, 7, 0, 0), len(line)), choose(rng, (0, 0, 40, 25, 14, 4, 13, 4), len(line))
    )
    offer = np.where(people.level < 50, 0, np.where(people.level < 110, 1, 2))
    day = month.begin + LIST_DAY + rng.integers(0, 8, len(line))
    contacts.add(line, day, 0, 0, offer[line], on, np.where(on, spoken, _unreached(rng, len(line))))
    listed.append(Listed(0, line, block.retention.held_back[nth], offer))

    wanted = people.level >= 110
    line = np.flatnonzero(reachable & wanted & (rng.random(len(block)) < 0.2))
    on = rng.random(len(line)) < 0.75
    spoken = choose(rng, (0, 0, 10, 10, 15, 12, 52, 1), len(line))
    day = month.begin + LIST_DAY + rng.integers(0, month.days - LIST_DAY, len(line))  # care calls go on to its end
    care = OFFER_CODES.index("O08")
    contacts.add(line, day, 0, 1, care, on, np.where(on, spoken, _unreached(rng, len(line))))
    listed.append(Listed(1, line, held_back(wanted, 0.2), care))

    by_sms = (
        (2, "O09", tenure_months(block, month) <= 3, 0.25),
        (3, "O04", (people.level > 45) & (people.level < 100), 0.05),
    )
    for number, code, wanted, share in by_sms:
        line = np.flatnonzero(reachable & wanted & (rng.random(len(block)) < share))
        day = month.begin + LIST_DAY + rng.integers(0, 3, len(line))
        contacts.add(line, day, 1, number, OFFER_CODES.index(code), rng.random(len(line)) < 0.95, INFORMED)
        listed.append(Listed(number, line, held_back(wanted, share), OFFER_CODES.index(code)))
    return listed


def _unreached(rng: np.random.Generator, count: int) -> np.ndarray:
    return np.where(rng.random(count) < 0.93, 0, 1)


def _met_on_visit(block: Block, month: Month, visits: tuple[_Happenings, np.ndarray], contacts: _Contacts) -> None:
    rng = block.stream("met", month.number)
    events, channel = visits
    met = np.flatnonzero(rng.random(len(events)) < 0.06)
    offer = choose(rng, (0, 0, 1, 3, 4, 5, 4, 0, 0), len(met))
    outcome = choose(rng, (0, 0, 30, 20, 15, 15, 20, 0), len(met))
    contacts.add(events.line[met], events.day[met], _AS_CONTACT[channel[met]], -1, offer, True, outcome)


def _orders(block: Block, month: Month, in_service: np.ndarray, follow: tuple[np.ndarray, ...], landing: Landing) -> None:
    rng = block.stream("orders", month.number)
    own = _happen(block, month, rng, np.full(len(block), 0.012), in_service)
    line = np.concatenate((follow[0], own.line))
    day = np.concatenate((follow[1], own.day))
    channel = np.concatenate((follow[2], choose(rng, (0, 0, 30, 3, 12, 55), len(own))))
    offer = np.concatenate((follow[3], choose(rng, (1, 1, 1, 4, 3, 6, 5, 0, 0), len(own))))
    kept = (day < block.lives.churned[line]) & (day < block.window.last_day + 1)
    line, day, channel, offer = line[kept], day[kept], channel[kept], offer[kept]
    pays = np.array([100, 300, 600, 0, 0, 0, 0, 0, 0])
    frame = {
        "order_id": block.ids("O", month, len(line)),
        "subscriber_id": block.subscriber(line),
        "offer_code": Codes(offer, list(OFFER_CODES)),
        "ordered_at": stamps(day, rng.integers(20 * 3_600, 24 * 3_600, len(line))),
        "channel": Codes(channel, CHANNELS),
        "order_status": Codes(choose(rng, (92, 5, 3), len(line)), ["completed", "cancelled", "failed"]),
        "amount": pays[offer] * 100,
    }
    landing.add("channel_orders", frame, block.part(month), day + (rng.random(len(line)) < 0.02))


def _complaints(block: Block, month: Month, in_service: np.ndarray, so_far: Complaints, landing: Landing) -> None:
    """A complaint is told when it is opened, and again, whole, when it is closed on the day of a later delivery."""
    rng = block.stream("complaints", month.number)
    near = (block.lives.signs == TO_COMPETITOR) & (block.lives.signs_end < month.end + 70)
    rate = 0.008 * np.exp(-0.4 * block.people.loyalty) + 0.10 * near
    events = _happen(block, month, rng, rate, in_service)
    count = len(events)
    closed = events.day + 1 + rng.exponential(4, count).astype(np.int64)
    closed = np.where(rng.random(count) < 0.02, NEVER, closed)
    category = choose(rng, (34, 26, 18, 8, 6, 8), count)
    closing, satisfied = (
        rng.integers(9 * 3_600, 18 * 3_600, count),
        rng.random(count) < 0.62 + 0.08 * block.people.loyalty[events.line],
    )
    ids = block.ids("Q", month, count)
    cuts = np.array([day_number(d) for d in block.window.deliveries])
    turn, closing_turn = np.searchsorted(cuts, events.day), np.searchsorted(cuts, closed)

    def deliver(rows: np.ndarray, is_closed: np.ndarray, known: np.ndarray, part: str) -> None:
        stamp = np.where(is_closed, stamps(np.where(is_closed, closed[rows], 0), closing[rows]), 0)
        frame = {
            "complaint_id": ids.take(rows),
            "subscriber_id": block.subscriber(events.line[rows]),
            "opened_at": events.at[rows],
            "closed_at": np.ma.array(stamp, mask=~is_closed),
            "category_code": Codes(category[rows], CATEGORIES),
            "is_satisfied": np.ma.array(satisfied[rows], mask=~is_closed),
        }
        landing.add("channel_complaints", frame, part, known)

    every = np.arange(count)
    deliver(every, closing_turn == turn, events.day, block.part(month))
    again = np.flatnonzero((closing_turn > turn) & (closing_turn < len(cuts)))
    deliver(again, np.ones(len(again), bool), closed[again], f"{block.part(month)}-closed")
    so_far.line.append(events.line)
    so_far.opened.append(events.day)
    so_far.closed.append(closed)


def _surveys(block: Block, month: Month, in_service: np.ndarray, landing: Landing) -> None:
    rng = block.stream("surveys", month.number)
    events = _happen(block, month, rng, np.full(len(block), 0.035), in_service)
    kind = block.lives.signs[events.line]
    gone = np.where(kind != NO_SIGNS, 1 - block.fading_at(events.line, events.day), 0)
    mood = 8.1 + 1.1 * block.people.loyalty[events.line] - 0.4 * block.people.pull[events.line]
    score = np.clip(np.rint(mood - 4.5 * gone + 1.2 * rng.standard_normal(len(events))), 0, 10).astype(np.int64)
    drawn = choose(rng, (30, 26, 14, 7, 15, 8), len(events))
    driver = np.where((kind == TO_COMPETITOR) & (rng.random(len(events)) < 0.6), DRIVERS.index("price"), drawn)
    frame = {
        "survey_id": block.ids("U", month, len(events)),
        "subscriber_id": block.subscriber(events.line),
        "surveyed_at": events.at,
        "touchpoint_code": Codes(choose(rng, (20, 25, 25, 15, 10, 5), len(events)), TOUCHPOINTS),
        "score": score,
        "driver_code": Codes(np.where(rng.random(len(events)) < 0.85, driver, -1), DRIVERS),
    }
    landing.add("channel_surveys", frame, block.part(month), events.day)
