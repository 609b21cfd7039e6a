"""A block of lines, the unit of work: whole communities, what their lines tend to do, and their names in deliveries.

Only what several tables of a block share belongs here. A block depends on nothing but its lines and their numbers: blocks are
made side by side and come out the same in any order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sample import catalogues
from sample.calendar import Window, first_day, month_of
from sample.catalogues import COUNTY_REGION, DEVICES, SERVICES
from sample.delivery import Codes
from sample.lifelines import Lifelines, Retention
from sample.population import Population
from sample.randomness import choose, mixed, stream
from sample.settings import NEVER, Settings

SLOTS = 3
"""A line has at most so many add-on services, each from its own third of the catalogue."""


def names(prefix: str, numbers: np.ndarray, digits: int) -> pa.Array:
    """Ids of one length: the prefix, then the number with leading zeros."""
    text = pa.array(numbers.astype(np.int64) + 10**digits).cast(pa.string())
    return pc.replace_substring_regex(text, "^1", prefix)


@dataclass(frozen=True)
class Month:
    """A month of the window: first day, day after its last one, and day after the last one told of it."""

    number: int
    window: Window

    @property
    def begin(self) -> int:
        return int(first_day(self.number))

    @property
    def end(self) -> int:
        return int(first_day(self.number + 1))

    @property
    def days(self) -> int:
        return self.end - self.begin

    @property
    def told(self) -> int:
        return min(self.end, self.window.last_day + 1)

    @property
    def is_complete(self) -> bool:
        return self.told == self.end

    @property
    def label(self) -> str:
        return str(np.datetime64(self.number, "M"))


@dataclass
class Block:
    """Lines `start` to `start + len(people)` of the operator. Arrays are by line of the block."""

    number: int
    start: int
    people: Population
    lives: Lifelines
    retention: Retention
    managers: np.ndarray  # region of each manager of the operator
    window: Window
    settings: Settings
    seed: int

    def __len__(self) -> int:
        return len(self.people)

    def stream(self, *purpose: object) -> np.random.Generator:
        """Random numbers of this block for a purpose."""
        return stream(self.seed, *purpose, self.number)

    def part(self, month: Month | None = None) -> str:
        """The name of a part with this block's rows."""
        return f"{month.label}-{self.number:04d}" if month else f"{self.number:04d}"

    def ids(self, prefix: str, month: Month, count: int) -> pa.Array:
        """`count` ids with the prefix that no other block or month gives; each table may take them once a month."""
        first = (int(month.label.replace("-", "")) * 10_000 + self.number) * 10_000_000
        return pc.binary_join_element_wise(prefix, pa.array(np.arange(first, first + count)).cast(pa.string()), "")

    @cached_property
    def subscriber_ids(self) -> pa.Array:
        return names("L", self.people.line, 9)

    def subscriber(self, lines: np.ndarray) -> Codes:
        """A column of subscriber ids."""
        return Codes(lines, self.subscriber_ids)

    @cached_property
    def billing_day(self) -> np.ndarray:
        """Day of the next month on which each line is billed, 0 for the last day of the month itself: its billing cycle."""
        first, last = self.settings.billing_days
        return first + (mixed(self.people.line.astype(np.int64)) >> np.uint64(7)).astype(np.int64) % (last - first + 1)

    @cached_property
    def traits(self) -> "Traits":
        return _traits(self)

    @cached_property
    def region(self) -> np.ndarray:
        return COUNTY_REGION[self.people.county]

    @cached_property
    def manager(self) -> np.ndarray:
        """The named manager of each line, an index, -1 for none: groups' lines and those with great bills have one."""
        each = np.bincount(self.managers)
        first = np.concatenate(([0], np.cumsum(each)[:-1]))
        held = (self.people.level >= 110) | (self.people.group >= 0)
        nth = mixed(np.where(self.people.group >= 0, self.people.group, self.people.community)) % each[self.region].astype(
            np.uint64
        )
        return np.where(held, first[self.region] + nth.astype(np.int64), -1)

    def plan(self, month: Month) -> np.ndarray:
        """The plan of each line in a month."""
        return np.where(self.people.plan_switch <= month.begin, self.people.later_plan, self.people.plan)

    def present(self, month: Month) -> np.ndarray:
        """Whether each line (rows) was in service on each day told of the month (columns): on-net and not suspended."""
        day = np.arange(month.begin, month.told, dtype=np.int32)[None, :]
        lives = self.lives
        rows = np.flatnonzero(
            (self.people.activated < month.told) & ((lives.churned > month.begin) | (lives.reinstated < month.told))
        )
        is_in = np.zeros((len(self), day.shape[1]), bool)

        def on(column: np.ndarray) -> np.ndarray:
            return column[rows, None]

        here = (day >= on(self.people.activated)) & (day < on(lives.churned))
        here &= (day < on(lives.suspended)) | (day >= on(lives.resumed))
        is_in[rows] = here | (day >= on(lives.reinstated))
        return is_in

    def fading(self, month: Month) -> np.ndarray:
        """For each line and day told: 1 as ever, down to 0.1 on the day before a line leaves that shows it."""
        day = np.arange(month.begin, month.told, dtype=np.int32)[None, :]
        end, span = self.lives.signs_end, self.lives.signs_days
        rows = np.flatnonzero((end > month.begin) & (end < month.end + 120))
        left = np.ones((len(self), day.shape[1]), np.float32)
        ahead = (end[rows, None] - day) / span[rows, None]
        left[rows] = np.where(ahead < 0, 1, np.minimum(1, 0.1 + 0.9 * ahead))
        return left

    def fading_at(self, lines: np.ndarray, days: np.ndarray) -> np.ndarray:
        """The same for single lines and days."""
        ahead = (self.lives.signs_end[lines] - days) / self.lives.signs_days[lines]
        return np.where(ahead < 0, 1, np.minimum(1, 0.1 + 0.9 * ahead)).astype(np.float32)


@dataclass(frozen=True)
class Traits:
    """Habits of a block's lines: minutes, MB and messages a month, share of days in use, shares of off-net and incoming minutes,
    chance of a roaming day; add-on services by slot (code -1: none) with their days; two handsets and the day of change.
    """

    minutes: np.ndarray
    mb: np.ndarray
    messages: np.ndarray
    activity: np.ndarray
    offnet: np.ndarray
    incoming: np.ndarray
    roaming: np.ndarray
    service: np.ndarray
    service_start: np.ndarray
    service_end: np.ndarray
    device: np.ndarray
    later_device: np.ndarray
    device_change: np.ndarray
    deposit: np.ndarray  # fen

    def service_fees(self, begin: int, end: int) -> np.ndarray:
        """Fen for the add-on services that run in [begin, end), by line."""
        return _service_fees(self.service, self.service_start, self.service_end, begin, end)


def _traits(block: Block) -> Traits:
    people, lives, rng = block.people, block.lives, block.stream("traits")
    lines = len(block)
    service, service_start, service_end = _services(block, rng)
    running = _service_fees(service, service_start, service_end, block.window.start, NEVER) / 100
    column = {
        name: catalogues.plan_column(name)[people.plan] for name in ("fee", "minutes", "mb", "messages", "minute_rate", "mb_rate")
    }
    extra = np.maximum(people.level - column["fee"] - 0.6 * running, 0)
    over = extra > 2
    fit = rng.uniform(0.35, 0.85, (2, lines))
    minutes = np.where(over, column["minutes"] + 0.45 * extra / column["minute_rate"], column["minutes"] * fit[0])
    mb = np.where(over, column["mb"] + 0.45 * extra / column["mb_rate"], column["mb"] * fit[1])
    idle = people.is_bad_outlet & (people.activated >= block.window.start)
    activity = np.clip(0.62 + 0.10 * np.log(people.level / 20) + 0.10 * rng.standard_normal(lines), 0.35, 0.97)
    device, later, change = _devices(block, rng)
    return Traits(
        minutes=np.where(idle, 3, minutes).astype(np.float32),
        mb=np.where(idle, 20, mb).astype(np.float32),
        messages=(column["messages"] * rng.uniform(0.05, 0.5, lines) + 2).astype(np.float32),
        activity=np.where(idle, 0.03, activity).astype(np.float32),
        offnet=np.clip(0.28 + 0.09 * people.pull + 0.08 * rng.standard_normal(lines), 0.02, 0.85).astype(np.float32),
        incoming=rng.uniform(0.6, 1.2, lines).astype(np.float32),
        roaming=np.where(rng.random(lines) < 0.1, 0.12, 0.004).astype(np.float32),
        service=service,
        service_start=service_start,
        service_end=np.minimum(service_end, lives.churned[:, None]),
        device=device,
        later_device=later,
        device_change=change,
        deposit=rng.integers(3, 20, lines) * 1_000,
    )


def _service_fees(service: np.ndarray, start: np.ndarray, stop: np.ndarray, begin: int, end: int) -> np.ndarray:
    fees = np.array([fee * 100 for *_, fee in SERVICES] + [0])
    return np.where((service >= 0) & (start < end) & (stop >= begin), fees[service], 0).sum(axis=1)


def _services(block: Block, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    shape = (len(block), SLOTS)
    third = len(SERVICES) // SLOTS
    code = np.arange(SLOTS) * third + rng.integers(0, third, shape)
    has = rng.random(shape) < np.clip(0.06 + block.people.level / 500, 0, 0.5)[:, None]
    activated = block.people.activated[:, None]
    start = np.maximum(
        activated, block.window.start - 400 + (rng.random(shape) * (400 + 31 * block.window.months)).astype(np.int64)
    )
    end = np.where(rng.random(shape) < 0.3, start + rng.integers(30, 400, shape), NEVER)
    return np.where(has, code, -1).astype(np.int8), start.astype(np.int32), end.astype(np.int32)


def _devices(block: Block, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(handset, next one, day of change). Dearer handsets for greater bills; the older ones are changed first."""
    lines = len(block)
    price = np.array([d[5] for d in DEVICES])
    weight = np.array([d[7] for d in DEVICES])
    by_price = np.argsort(price, kind="stable")
    rank = choose(rng, weight[by_price], lines) / len(DEVICES)
    rich = np.clip(np.log(block.people.level / 15) / 3, 0, 1)
    device = by_price[np.clip((0.55 * rank + 0.45 * rich) * len(DEVICES), 0, len(DEVICES) - 1).astype(int)]
    later = (device + 1 + rng.integers(0, len(DEVICES) - 1, lines)) % len(DEVICES)
    age = np.array([int(block.window.last_day - np.datetime64(d[6], "D").astype(int)) for d in DEVICES])[device]
    changes = rng.random(lines) < np.clip(age / 3_000, 0.05, 0.6)
    day = block.window.start + (rng.random(lines) * (block.window.last_day - block.window.start)).astype(np.int64)
    return device.astype(np.int8), later.astype(np.int8), np.where(changes, day, NEVER).astype(np.int32)


def blocks(
    people: Population,
    lives: Lifelines,
    retention: Retention,
    managers: np.ndarray,
    window: Window,
    settings: Settings,
    seed: int,
) -> Iterator[Block]:
    """The operator in blocks of about `settings.lines_per_part` lines, cut between communities and groups."""
    lines = len(people)
    is_cut = np.diff(people.community, prepend=-1).astype(bool) & (
        (people.group < 0) | np.diff(people.group, prepend=-2).astype(bool)
    )
    wanted = np.arange(settings.lines_per_part, lines - settings.lines_per_part // 2, settings.lines_per_part)
    places = np.flatnonzero(is_cut)
    cuts = (
        np.unique(np.concatenate(([0], places[np.searchsorted(places, wanted)], [lines])))
        if len(wanted)
        else np.array([0, lines])
    )
    for number, (start, stop) in enumerate(zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)):
        rows = slice(start, stop)
        mine = Retention(
            [_within(lines, start, stop) - start for lines in retention.lines],
            [
                listened[np.searchsorted(lines, start) : np.searchsorted(lines, stop)]
                for lines, listened in zip(retention.lines, retention.listened, strict=True)
            ],
            [_within(lines, start, stop) - start for lines in retention.held_back],
        )
        yield Block(number, start, people.part(rows), lives.part(rows), mine, managers, window, settings, seed)


def _within(lines: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Of lines in order those from start to before stop."""
    return lines[np.searchsorted(lines, start) : np.searchsorted(lines, stop)]


def tenure_months(block: Block, month: Month) -> np.ndarray:
    """Tenure of each line in a month, 1 in that of its activation."""
    return month.number - month_of(block.people.activated) + 1
