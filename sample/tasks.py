"""Tasks that nights before the first load raised, as the ledger would have them, and what the managers' tool tells of them.

Their ids are those that the warehouse would have given; tasks that real nights raise later have no events here, for nobody works
them. What a task is raised for follows from how the line lives, what comes of it does not.
"""

import hashlib
import threading
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np

from orchestration.base.settings import Home
from orchestration.targeting import tasks
from orchestration.warehouse.seeds import read_seed, seed_path
from sample.block import Block, Month
from sample.calendar import stamps
from sample.catalogues import COUNTIES
from sample.delivery import Codes, Landing
from sample.lifelines import NO_SIGNS
from sample.randomness import choose
from sample.register import outlet_ids
from sample.settings import NEVER
from sample.statics import REGION_CODES
from sample.touchpoints import OUTCOMES, manager_ids

MONTHS = 3
"""Months back from that of the first load in which tasks were raised; a line has one in one of them."""
WITH_SIGNS = ("alert:usage_drop", "alert:calls_moving_offnet", "alert:zero_usage")
OTHERS = ("alert:arpu_drop", "alert:mou_drop", "alert:negative_survey", "alert:contract_ending", "alert:arrears_suspension")
TYPES = ["assigned", "passed_on", "appointment", "worked", "result"]
ASSIGNED, PASSED_ON, APPOINTMENT, WORKED, RESULT = range(5)
CONTROL_SALT = "telco360"
"""Of the universal control, which no task is raised for: control_salt of dbt_project.yml."""


@dataclass
class History:
    """Rows of the ledger so far, from all blocks."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, home: Home) -> None:
        """Writes the ledger, a file a date."""
        for day in sorted({row["reason_date"] for row in self.rows}):
            own = sorted((row for row in self.rows if row["reason_date"] == day), key=lambda row: row["task_id"])
            tasks.write(home, day, own)


def work(block: Block, month: Month, in_service: np.ndarray, history: History, landing: Landing) -> None:
    """Raises the tasks of a month, of its days before the first load, and delivers what became of them."""
    window = block.window
    age = int(np.datetime64(window.first_load, "D").astype("M8[M]").astype(int)) - month.number
    if not 0 <= age < MONTHS or "channel_task_events" not in landing.tables:
        return
    rng = block.stream("tasks", month.number)
    lives, people = block.lives, block.people
    has_signs = (lives.signs != NO_SIGNS) & (lives.signs_end < month.end + 60) & (lives.signs_end >= month.begin)
    chance = 0.03 + 0.1 * (block.manager >= 0) + 0.5 * has_signs
    line = np.flatnonzero(in_service & (people.line % MONTHS == age) & (rng.random(len(block)) < chance))
    day = month.begin + rng.integers(0, month.days, len(line))
    there = (day < window.first_load) & (day >= people.activated[line]) & (day < lives.churned[line])
    line, day = line[there], day[there]
    reason = np.where(
        has_signs[line],
        np.array(WITH_SIGNS)[rng.integers(0, len(WITH_SIGNS), len(line))],
        np.array(OTHERS)[rng.integers(0, len(OTHERS), len(line))],
    )
    names = block.subscriber_ids.take(line).to_pylist()
    kept = np.array([not _is_control(*one) for one in zip(names, day.tolist(), strict=True)], bool)
    line, day, reason = line[kept], day[kept], reason[kept]
    rows = [_row(block, *one) for one in zip(line.tolist(), day.tolist(), reason.tolist(), strict=True)]
    with history.lock:
        history.rows += rows
    _events(block, month, rng, line, day, [row["task_id"] for row in rows], landing)


def _is_control(subscriber_id: str, day: int) -> bool:
    """Whether no campaign reaches the line in the half year of the day."""
    on = _date(day)
    period = (12 * on.year + on.month - 1) // int(contact_rules()["universal_control_months"])
    drawn = int(hashlib.md5(f"{CONTROL_SALT}:{period}:{subscriber_id}".encode()).hexdigest()[:8], 16) / 2**32
    return drawn < contact_rules()["universal_control_share"]


def _date(day: int) -> date:
    return date.fromordinal(date(1970, 1, 1).toordinal() + day)


def _row(block: Block, line: int, day: int, reason: str) -> dict[str, Any]:
    """A row of the ledger."""
    raised_on = _date(day)
    subscriber_id = block.subscriber_ids[line].as_py()
    level = levels()[reason]
    manager = int(block.manager[line])
    text = f"{subscriber_id}|{level['purpose']}|{raised_on}"
    return {
        "task_id": hashlib.md5(text.encode()).hexdigest(),
        "subscriber_id": subscriber_id,
        "purpose": level["purpose"],
        "raised_on": raised_on,
        "owner_kind": "manager" if manager >= 0 else "team",
        "owner_id": manager_ids(manager + 1)[-1] if manager >= 0 else REGION_CODES[block.region[line]],
        "reason": reason,
        "risk": Decimal(level["risk"]).quantize(Decimal("0.000001")),
        "reason_date": raised_on,
        "due_date": date.fromordinal(raised_on.toordinal() + int(level["due_days"])),
    }


def _events(
    block: Block, month: Month, rng: np.random.Generator, line: np.ndarray, day: np.ndarray, ids: list[str], landing: Landing
) -> None:
    """What the tool tells: four of five tasks are worked, some passed on to a store or by appointment, most with a result."""
    count = len(line)
    first = np.concatenate(([0], np.cumsum(np.bincount(block.managers))[:-1]))
    manager = np.where(block.manager[line] >= 0, block.manager[line], first[block.region[line]])
    way = rng.random(count)
    begun = day + 1 + rng.exponential(1.2, count).astype(np.int64)
    met = begun + rng.integers(1, 5, count)
    last = met + rng.integers(1, 6, count)
    code = choose(rng, (12, 2, 22, 8, 8, 24, 22, 2), count)
    again = np.isin(code, [OUTCOMES.index(name) for name in ("no_answer", "considering", "interested")]) & (
        rng.random(count) < 0.6
    )
    parts: list[tuple[np.ndarray, int, np.ndarray, np.ndarray]] = []
    handled, passed, dated = way < 0.8, way < 0.1, (way >= 0.1) & (way < 0.25)
    none = np.full(count, -1)
    parts.append((handled, ASSIGNED, day + 1, none))
    parts.append((passed, PASSED_ON, begun, none))
    parts.append((dated, APPOINTMENT, begun, none))
    parts.append((handled & ~passed & ~dated & (way < 0.5), WORKED, begun, none))
    parts.append((handled & (way < 0.75), RESULT, np.where(passed | dated, met, begun), code))
    parts.append((handled & (way < 0.75) & again, RESULT, last, choose(rng, (0, 0, 40, 0, 0, 60, 0, 0), count)))
    rows = [np.flatnonzero(mask & (when < block.lives.churned[line])) for mask, _, when, _ in parts]
    nth = np.concatenate(rows)
    kind = np.concatenate([np.full(len(own), part[1]) for own, part in zip(rows, parts, strict=True)])
    when = np.concatenate([part[2][own] for own, part in zip(rows, parts, strict=True)])
    result = np.concatenate([part[3][own] for own, part in zip(rows, parts, strict=True)])
    by_store = (kind == PASSED_ON) | (passed[nth] & (kind == RESULT))
    frame = {
        "event_id": block.ids("E", month, len(nth)),
        "task_id": Codes(nth, ids),
        "event_at": stamps(when, (9 + kind) * 3_600 + rng.integers(0, 3_600, len(nth))),
        "event_type": Codes(kind, TYPES),
        "manager_id": Codes(np.where(by_store, -1, manager[nth]), manager_ids(len(block.managers))),
        "outlet_id": Codes(np.where(kind == PASSED_ON, block.people.county[line][nth], -1), outlet_ids(len(COUNTIES))),
        "appointment_date": np.where(kind == APPOINTMENT, met[nth], NEVER),
        "result_code": Codes(result, OUTCOMES),
    }
    landing.add("channel_task_events", frame, block.part(month), when)


@cache
def contact_rules() -> dict[str, float]:
    """Figure by rule: the seed."""
    return {row["rule"]: float(row["value"]) for row in read_seed(seed_path("contact_rules"))}


@cache
def levels() -> dict[str, dict[str, str]]:
    """Purpose, days and risk by reason: the seed."""
    return {row["reason"]: row for row in read_seed(seed_path("task_service_levels"))}
