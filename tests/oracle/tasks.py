"""Tasks: what raises them, who has them, what became of them, and the board.

`{key: {column: value}}` of one public table.

Choices where the definitions leave one:
- Phones are one a line here, so a suppression closes its own line alone.
- Events at one time count in the order of their ids, contacts before events of the tool.
- A line that no register knows, of a recorded task, has no region and no value.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from oracle import care, touch
from oracle.desk import Desk, ListRun, by_line
from oracle.figures import ratio, rounded
from oracle.known import day_of

LEVELS = {
    "alert:pre_termination": ("save", 1, "0.9"), "alert:voluntary_suspension": ("save", 2, "0.6"),
    "alert:competitor_hotline": ("save", 2, "0.5"), "alert:forwarding_offnet": ("save", 2, "0.5"),
    "alert:calls_moving_offnet": ("save", 3, "0.4"), "alert:zero_usage": ("save", 3, "0.4"),
    "alert:usage_drop": ("save", 3, "0.3"), "alert:no_charges": ("save", 5, "0.3"), "alert:arpu_drop": ("save", 5, "0.3"),
    "alert:mou_drop": ("save", 7, "0.2"), "zone:red": ("save", 2, "0.6"), "zone:yellow": ("save", 5, "0.35"),
    "alert:negative_survey": ("repair", 2, "0.4"), "alert:arrears_suspension": ("payment", 3, "0.5"),
    "alert:contract_ending": ("renewal", 7, "0.3"), "channel:outbound_call": ("campaign", 7, "0.1"),
}  # fmt: skip
"""Purpose, days, risk by reason; the shipped lists are not among those of this operator."""
CLOSES = {"accepted", "informed", "refused", "do_not_contact", "wrong_number"}
SUCCESSES = {"accepted", "ordered"}
EVALUATES = {"interested", "considering"}
EXPIRE, REPEAT, LIST_DAYS, CAPACITY, TEAM, MONTHS = 14, 30, 7, 20, 100, 12
WORK = ("appointment", "worked", "result")
ZONES = ((Fraction(6, 10), "zone:red"), (Fraction(35, 100), "zone:yellow"))


@dataclass
class Task:
    """A task as the ledger and D have it."""

    task_id: str
    subscriber_id: str
    purpose: str
    raised_on: date
    owner: tuple[str, str]
    reasons: dict[str, tuple[Decimal, date, date]]
    """Risk, reason_date, due_date by reason."""

    @property
    def due(self) -> date:
        return min(due for *_, due in self.reasons.values())


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def recorded(desk: Desk) -> dict[str, Task]:
    """Tasks of the ledger raised before D, by id."""
    found: dict[str, Task] = {}
    for row in sorted((r for r in desk.recorded if r["reason_date"] < desk.today), key=lambda r: r["reason"]):
        owner = (row["owner_kind"], row["owner_id"])
        task = found.setdefault(
            row["task_id"], Task(row["task_id"], row["subscriber_id"], row["purpose"], row["raised_on"], owner, {})
        )
        task.reasons[row["reason"]] = (row["risk"], row["reason_date"], row["due_date"])
    return found


def last_days(tasks: Iterable[Task]) -> dict[str, date]:
    """The last day on which each task can be open."""
    tasks, found = list(tasks), {}
    for task in tasks:
        later = [
            t.raised_on
            for t in tasks
            if (t.subscriber_id, t.purpose) == (task.subscriber_id, task.purpose) and t.raised_on > task.raised_on
        ]
        found[task.task_id] = min([task.due + timedelta(days=EXPIRE), *later])
    return found


def events(desk: Desk) -> list[dict]:
    """task_events: of known tasks, those of the tool, and first contacts of owners before it told anything."""
    tasks = recorded(desk)
    lasts = last_days(tasks.values())
    begin = min((day_of(e["event_at"]) for e in desk.task_events), default=date.max)
    found = [
        e | {"source": "tool"}
        for e in desk.task_events
        if e["task_id"] in tasks and day_of(e["event_at"]) >= tasks[e["task_id"]].raised_on
    ]
    contacts = by_line(desk.contacts)
    for task in tasks.values():
        own = [
            c
            for c in contacts[task.subscriber_id]
            if c["is_connected"]
            and c["channel"] in ("outbound_call", "store", "hotline")
            and task.raised_on < day_of(c["contacted_at"]) <= lasts[task.task_id]
            and day_of(c["contacted_at"]) < begin
            and is_owner(desk, task.owner, c["manager_id"])
        ]
        for contact in own[:1]:
            found.append(
                {"event_id": contact["contact_id"], "task_id": task.task_id, "event_at": contact["contacted_at"],
                 "event_type": "result", "manager_id": contact["manager_id"], "outlet_id": None, "appointment_date": None,
                 "result_code": contact["outcome"], "source": "contact"}
            )  # fmt: skip
    for task in tasks.values():
        orders = [
            (order["ordered_at"], order["order_id"])
            for run_date, order in ordered(desk, task.subscriber_id, task.reasons)
            if task.raised_on < day_of(order["ordered_at"]) <= lasts[task.task_id]
        ]
        for at, order_id in sorted(orders)[:1]:
            found.append(
                {"event_id": order_id, "task_id": task.task_id, "event_at": at, "event_type": "result", "manager_id": None,
                 "outlet_id": None, "appointment_date": None, "result_code": "ordered", "source": "order"}
            )  # fmt: skip
    return found


def ordered(desk: Desk, key: str, reasons: dict[str, tuple]) -> Iterator[tuple[date, dict]]:
    """Run dates and completed orders of what lists among the reasons put to the line, by runs up to the reason."""
    for run in desk.runs.values():
        reason = reasons.get(f"list:{run.list_name}")
        if reason is None or run.run_date > reason[1]:
            continue
        for member in run.members:
            if member["subscriber_id"] == key and member["arm"] == "treated":
                yield from ((run.run_date, order) for order in desk.completed[key] if takes(order, run, member))


def takes(order: dict, run: ListRun, member: dict) -> bool:
    """Whether the order is of what the run put to its member, on its day or after it."""
    return order["offer_code"] == member["offer_code"] is not None and day_of(order["ordered_at"]) >= run.run_date


def is_owner(desk: Desk, owner: tuple[str, str], manager: str | None) -> bool:
    """Whether a contact of the manager is one of the owner."""
    if owner[0] == "manager":
        return manager == owner[1]
    return manager in desk.managers and (desk.managers[manager]["region_code"] or "unknown") == owner[1]


def closings(desk: Desk, key: str) -> list[tuple[date, date]]:
    """Spans in which the line must not be called."""
    own = (s for s in desk.suppressions if s["subscriber_id"] == key and s["channel"] in ("all", "outbound_call"))
    return [(s["effective_from"], s["effective_to"] or date.max) for s in own]


def withdrawn_on(desk: Desk, task: Task, last: date) -> date | None:
    """The first day on which it was closed to calls or off-net."""
    end = min(last, desk.today)
    days = [
        max(first, task.raised_on) for first, to in closings(desk, task.subscriber_id) if to >= task.raised_on and first <= end
    ]
    line = desk.book.known.lines.get(task.subscriber_id)
    day = task.raised_on
    while line is not None and day < end:
        day += timedelta(days=1)
        if line.is_on_net(day - timedelta(days=1)) and not line.is_on_net(day):
            days.append(day)
    return min(days, default=None)


def progress(desk: Desk) -> dict[str, dict]:
    """How far each recorded task has come."""
    tasks = recorded(desk)
    lasts = last_days(tasks.values())
    told = defaultdict(list)
    for event in sorted(events(desk), key=lambda e: (e["event_at"], e["source"], e["event_id"])):
        told[event["task_id"]].append(event)
    found = {}
    for task in tasks.values():
        last = lasts[task.task_id]
        counted, closing = [], None
        for event in told[task.task_id]:
            if closing is None and day_of(event["event_at"]) <= last:
                counted.append(event)
                closing = event if meaning(event) == "closed" else None
        owner = task.owner
        for event in counted:
            if event["event_type"] in ("assigned", "passed_on"):
                if event["outlet_id"] is not None:
                    owner = ("outlet", event["outlet_id"])
                elif event["manager_id"] is not None:
                    owner = ("manager", event["manager_id"])
        work = [e for e in counted if e["event_type"] in WORK and e["source"] != "order"]
        results = [e for e in counted if e["event_type"] == "result"]
        dates = [e["appointment_date"] for e in counted if e["appointment_date"] is not None]
        withdrawn = withdrawn_on(desk, task, last)
        ending, ended = None, None
        if closing:
            ending, ended = "result", day_of(closing["event_at"])
        elif withdrawn:
            ending, ended = "withdrawn", withdrawn
        elif last < desk.today:
            ending, ended = "expired", last + timedelta(days=1)
        by = closing and work and (closing["manager_id"] or (owner[1] if owner[0] == "manager" else None))
        found[task.task_id] = {
            "owner": owner, "is_passed_on": any(e["event_type"] == "passed_on" for e in counted), "has_events": bool(counted),
            "started_on": day_of(work[0]["event_at"]) if work else None, "appointment_date": dates[-1] if dates else None,
            "state": meaning(work[-1]) if work else None, "result_code": results[-1]["result_code"] if results else None,
            "is_success": bool(results) and results[-1]["result_code"] in SUCCESSES, "ending": ending, "ended_on": ended,
            "closed_by_manager_id": by or None,
        }  # fmt: skip
    return found


def meaning(event: dict) -> str:
    """State of a task after the event."""
    if event["event_type"] == "result":
        if event["source"] in ("contact", "order") or event["result_code"] in CLOSES:
            return "closed"
        if event["result_code"] in EVALUATES:
            return "evaluated"
    return "in_progress"


def triggers(desk: Desk) -> dict[tuple[str, str], dict[str, tuple]]:
    """Reasons that stand at D by line and purpose: {reason: (risk, due date)}."""
    found: dict[tuple[str, str], dict[str, tuple]] = defaultdict(dict)
    limit = timedelta(days=3)
    if any(
        days and desk.today - max(days) > limit
        for days in (
            [d for d in desk.days.get(table, ()) if d <= desk.today] for table in ("channel_suppressions", "channel_contacts")
        )
    ):
        return found
    causes = [(key, f"alert:{code}", f"alert:{code}") for key, codes in desk.alerts.items() for code in codes]
    for key, chance in desk.chances.items():
        name = next((name for least, name in ZONES if Fraction(chance) >= Fraction(float(least))), None)
        causes += [(key, name, name)] if name else []
    for run in desk.runs.values():
        if run.run_date >= desk.today - timedelta(days=LIST_DAYS):
            taken = (m for m in run.members if m["arm"] == "treated")
            left = (m["subscriber_id"] for m in taken if not any(takes(o, run, m) for o in desk.completed[m["subscriber_id"]]))
            causes += [(key, f"list:{run.list_name}", f"channel:{run.channel}") for key in left]
    rooms = touch.contact_pressure(desk)
    for key, reason, level in causes:
        if level not in LEVELS or key not in desk.lines or key not in desk.on_net or touch.is_universal_control(key, desk.today):
            continue
        if rooms[key]["remaining_contacts"] == 0 or any(first <= desk.today <= to for first, to in closings(desk, key)):
            continue
        purpose, days, risk = LEVELS[level]
        found[key, purpose][reason] = (Decimal(risk), desk.today + timedelta(days=days))
    return found


def all_tasks(desk: Desk) -> dict[str, Task]:
    """Tasks with their reasons, those of D included, by id."""
    tasks, known = recorded(desk), progress(desk)
    assigned = care.manager_assignment(desk)
    for (key, purpose), standing in triggers(desk).items():
        own = [t for t in tasks.values() if (t.subscriber_id, t.purpose) == (key, purpose) and t.task_id in known]
        current = [t for t in own if known[t.task_id]["ended_on"] is None]
        dealt = {
            reason
            for t in own
            if known[t.task_id]["ending"] == "result" and known[t.task_id]["ended_on"] > desk.today - timedelta(days=REPEAT)
            for reason in t.reasons
        }
        if current:
            fresh = {r for r in standing if r not in current[0].reasons}
            for reason in fresh:
                risk, due = standing[reason]
                current[0].reasons[reason] = (risk, desk.today, due)
        elif any(reason not in dealt for reason in standing):
            manager = care.manager_of(desk, key) or assigned.get(key, {}).get("manager_id")
            team = desk.book.subscribers[key]["region_code"] or "unknown"
            task = Task(md5(f"{key}|{purpose}|{desk.today}"), key, purpose, desk.today,
                        ("manager", manager) if manager else ("team", team), {})  # fmt: skip
            task.reasons = {reason: (risk, desk.today, due) for reason, (risk, due) in standing.items()}
            tasks[task.task_id] = task
    return tasks


def tasks(desk: Desk) -> dict[str, dict]:
    """tasks: one row each."""
    known, found = progress(desk), {}
    for task in all_tasks(desk).values():
        row = known.get(task.task_id) or dict.fromkeys(
            ("started_on", "appointment_date", "state", "result_code", "ending", "ended_on", "closed_by_manager_id")
        ) | {"owner": task.owner, "is_passed_on": False, "has_events": False, "is_success": False}
        about = desk.book.subscribers.get(task.subscriber_id, {}) if task.subscriber_id in desk.lines else {}
        arpu = max(desk.worth.get(task.subscriber_id, {}).get("arpu_3m") or 0, 0)
        stake = rounded(Fraction(arpu) * MONTHS, 2)
        chance = max(
            Fraction(desk.chances.get(task.subscriber_id, 0)), *(Fraction(risk) for risk, *_ in task.reasons.values()), 0
        )
        risk = rounded(chance, 6)
        found[task.task_id] = row | {
            "subscriber_id": task.subscriber_id, "purpose": task.purpose, "reasons": ", ".join(sorted(task.reasons)),
            "reason_count": len(task.reasons), "raised_on": task.raised_on, "due_date": task.due,
            "region_code": about.get("region_code"), "county_code": about.get("county_code"),
            "value_at_stake_amount": stake, "risk": risk, "priority_amount": rounded(Fraction(stake) * Fraction(risk), 2),
            "owner_kind": row["owner"][0], "owner_id": row["owner"][1], "is_open": row["ended_on"] is None,
            "manager_id": row["owner"][1] if row["owner"][0] == "manager" else None, "place": None,
        }  # fmt: skip
    queues = defaultdict(list)
    for row in found.values():
        if row["is_open"]:
            queues[row["owner"]].append(row)
    for (kind, name), queue in queues.items():
        queue.sort(
            key=lambda r: (
                not r["has_events"],
                -r["priority_amount"],
                r["due_date"],
                r["raised_on"],
                r["subscriber_id"],
                r["purpose"],
            )
        )
        most = {"manager": desk.managers.get(name, {}).get("task_capacity"), "team": TEAM, "outlet": len(queue)}[kind]
        most = CAPACITY if most is None else most
        for place, row in enumerate(queue, start=1):
            row["place"] = place
            is_waiting = row["state"] is None and place > most
            is_taken = row["has_events"] or row["raised_on"] < desk.today
            row["state"] = row["state"] or ("waiting" if is_waiting else "assigned" if is_taken else "new")
    for row in found.values():
        if not row["is_open"]:
            row["state"] = "expired" if row["ending"] == "expired" else "closed"
        row["is_in_time"] = None
        if row["ending"] == "result":
            row["is_in_time"] = row["ended_on"] <= row["due_date"]
        elif row["ending"] == "expired" or (row["is_open"] and row["due_date"] < desk.today):
            row["is_in_time"] = False
    return {
        key: {name: value for name, value in row.items() if name not in ("owner", "has_events")} for key, row in found.items()
    }


def task_reasons(desk: Desk) -> dict[tuple, dict]:
    """task_reasons: one row a task and reason."""
    return {
        (task.task_id, reason): {
            "subscriber_id": task.subscriber_id, "purpose": task.purpose, "raised_on": task.raised_on,
            "owner_kind": task.owner[0], "owner_id": task.owner[1], "risk": risk, "reason_date": since, "due_date": due,
        }
        for task in all_tasks(desk).values()
        for reason, (risk, since, due) in task.reasons.items()
    }  # fmt: skip


def task_events(desk: Desk) -> dict[tuple, dict]:
    """task_events: one row each."""
    columns = ("event_at", "event_type", "manager_id", "outlet_id", "appointment_date", "result_code")
    return {
        (e["task_id"], e["source"], e["event_id"]): {name: e[name] for name in columns} | {"event_date": day_of(e["event_at"])}
        for e in events(desk)
    }


def task_board(desk: Desk) -> dict[tuple, dict]:
    """task_board: by manager, county, region and in all."""
    cells = defaultdict(list)
    for row in tasks(desk).values():
        region, county = row["region_code"] or "unknown", row["county_code"] or "unknown"
        cells["all", "all", "all", "all"].append(row)
        cells["region", region, "all", "all"].append(row)
        cells["county", region, county, "all"].append(row)
        if row["manager_id"] is not None:
            cells["manager", "all", "all", row["manager_id"]].append(row)
    return {cell: board_row(rows, desk.today) for cell, rows in cells.items()}


def board_row(rows: list[dict], today: date) -> dict:
    """One row of the board."""
    still = [r for r in rows if r["is_open"]]
    done = [r for r in rows if r["ending"] == "result"]
    begun = [(r["started_on"] - r["raised_on"]).days for r in rows if r["started_on"] is not None]
    judged = [r["is_in_time"] for r in rows if r["is_in_time"] is not None]
    due = [r for r in still if r["appointment_date"] is not None and r["appointment_date"] <= today + timedelta(days=1)]
    return {
        "raised": len(rows), "raised_today": sum(r["raised_on"] == today for r in rows), "open_tasks": len(still),
        "at_hand": sum(r["state"] != "waiting" for r in still), "waiting": sum(r["state"] == "waiting" for r in still),
        "overdue": sum(r["due_date"] < today for r in still), "appointments_due": len(due),
        "passed_on": sum(r["is_passed_on"] for r in rows), "done_today": sum(r["ended_on"] == today for r in done),
        "done": len(done), "succeeded": sum(r["is_success"] for r in done),
        "withdrawn": sum(r["ending"] == "withdrawn" for r in rows), "expired": sum(r["ending"] == "expired" for r in rows),
        "in_time_share": ratio(sum(judged), len(judged)), "response_days": ratio(sum(begun), len(begun)),
        "open_priority_amount": sum((r["priority_amount"] for r in still), Decimal(0)),
    }  # fmt: skip
