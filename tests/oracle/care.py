"""Managers: who is given which line, what they had to do and did, and how their lines hold.

`{key: {column: value}}` of one public table.

Choices where the definitions leave one:
- A line that has any manager, in the catalogue or not, keeps it. Loads are lines on-net at D, wherever they are; each line that
  waits goes, in order of ids, to the manager of its region with the least load then, of equal ones the lowest id.
- New to the mid/high-end: so at M, and not at the month end before, lines without a row then included.
- Months are complete ones, held or not; in those that are not nobody knows who held what. A line lost is one of those on-net at
  the month's opening.
"""

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from oracle import campaign
from oracle.desk import Desk, band
from oracle.figures import ratio
from oracle.known import day_of, month_add, month_end, month_start
from oracle.service import BAD
from oracle.touch import answers

POINTS = {"done": Fraction(1), "done_in_time": Fraction(1, 2), "done_with_success": Fraction(5), "lost": Fraction(-2)}
WORKLOADS = ((None, "light"), (50, "normal"), (200, "heavy"), (400, "overloaded"))


def manager_of(desk: Desk, key: str) -> str | None:
    """The line's manager as the snapshot has it."""
    return desk.book.subscribers[key]["manager_id"]


def loads(desk: Desk) -> Counter:
    """Lines on-net at D by manager."""
    return Counter(manager_of(desk, key) for key in desk.on_net if manager_of(desk, key) is not None)


def manager_assignment(desk: Desk) -> dict[str, dict]:
    """One row a line on-net at D that has a manager or should."""
    held = loads(desk)
    before = desk.values.get(month_add(desk.book.billed[-1], -1), {}) if desk.book.billed else {}
    found = {}
    for key in sorted(desk.on_net):
        row = desk.worth.get(key)
        manager, reason = manager_of(desk, key), None
        if manager is not None:
            reason = "held"
        elif row and row["value_class"] == "high":
            reason = "high_class"
        elif row and row["is_mid_high_end"] and not before.get(key, {}).get("is_mid_high_end"):
            reason = "new_mid_high_end"
        if reason in ("high_class", "new_mid_high_end"):
            region = desk.book.subscribers[key]["region_code"]
            near = [m for m, about in desk.managers.items() if region is not None and about["region_code"] == region]
            manager = min(near, key=lambda m: (held[m], m), default=None)
            reason = reason if manager else "no_manager_in_region"
            held[manager] += 1
        if reason:
            is_new = reason in ("high_class", "new_mid_high_end")
            found[key] = {"manager_id": manager, "is_new_assignment": is_new, "reason": reason}
    return found


def manager_performance(desk: Desk, tasks: dict[str, dict]) -> dict[tuple, dict]:
    """One row a complete month and manager with anything in it. `tasks`: those of oracle.tasks."""
    succeeded = campaign.successes(desk)
    raised, closed, contacts, lines = defaultdict(list), defaultdict(list), defaultdict(list), by_manager(desk)
    for row in tasks.values():
        if row["manager_id"] is not None:
            raised[month_start(row["raised_on"]), row["manager_id"]].append(row)
        if row["closed_by_manager_id"] is not None:
            closed[month_start(row["ended_on"]), row["closed_by_manager_id"]].append(row)
    first = min((month_start(row["raised_on"]) for row in tasks.values()), default=date.max)
    for contact in desk.contacts:
        if contact["direction"] == "outbound" and contact["manager_id"] is not None:
            contacts[month_start(day_of(contact["contacted_at"])), contact["manager_id"]].append(contact)
    cells = (*raised, *closed, *contacts)
    found = {}
    for month in sorted({*desk.book.months, *desk.complete_months(at for at, _ in cells)}):
        managers = {m for at, m in cells if at == month} | {m for m in lines if lives(desk, lines[m], month)}
        for manager in managers:
            own, done = raised[month, manager], closed[month, manager]
            row = campaign.work(contacts[month, manager], succeeded)
            row |= lives(desk, lines.get(manager, []), month) or {
                "subscribers_held": 0 if month in desk.book.months else None,
                "retention_rate": None,
                "lost": 0,
            }
            counts = {
                "alert_tasks": sum("alert:" in task["reasons"] for task in own),
                "list_tasks": sum("list:" in task["reasons"] for task in own),
                "tasks": len(own),
                "done": len(done),
                "done_in_time": sum(task["is_in_time"] for task in done),
                "done_with_success": sum(task["is_success"] for task in done),
            }
            points = sum(weight * (counts | row)[name] for name, weight in POINTS.items())
            row["points"] = Decimal(points.numerator) / points.denominator
            row |= counts if month >= first else dict.fromkeys(counts)
            del row["lost"]
            found[month, manager] = row
    return found


def manager_tasks(tasks: dict[str, dict], reasons: dict[tuple, dict]) -> dict[tuple, dict]:
    """Alerts and lists among the reasons of managers' tasks. Both are those of oracle.tasks."""
    found = {}
    for (task_id, reason), row in reasons.items():
        kind, _, code = reason.partition(":")
        task = tasks[task_id]
        if kind in ("alert", "list") and task["manager_id"] is not None:
            found[row["subscriber_id"], kind, code, row["reason_date"]] = {
                "month": month_start(row["reason_date"]),
                "manager_id": task["manager_id"],
                "is_done": task["ending"] == "result",
            }
    return found


def by_manager(desk: Desk) -> dict[str, list[str]]:
    """The lines of each manager at D, off-net ones too."""
    found = defaultdict(list)
    for key in desk.lines:
        if manager_of(desk, key) is not None:
            found[manager_of(desk, key)].append(key)
    return found


def lives(desk: Desk, keys: list[str], month: date) -> dict:
    """How many of the lines are held at the month's end, the share kept since its opening, and those lost; empty if none."""
    if month not in desk.book.months:
        return {}
    opening, end = month - timedelta(days=1), month_end(month)
    lines = [desk.book.known.lines[key] for key in keys]
    stayed = [line.is_on_net(end) for line in lines if line.is_on_net(opening)]
    held = sum(line.is_on_net(end) for line in lines)
    if not stayed and not held:
        return {}
    return {
        "subscribers_held": held,
        "retention_rate": ratio(sum(stayed), len(stayed)),
        "lost": len(stayed) - sum(stayed),
    }


def manager_tags(desk: Desk) -> dict[str, dict]:
    """One row a manager of the catalogue."""
    lines, told, held = by_manager(desk), answers(desk), loads(desk)
    found = {}
    for manager, about in desk.managers.items():
        own = [key for key in lines.get(manager, []) if key in desk.on_net]
        made = [
            c
            for c in desk.contacts
            if c["manager_id"] == manager and c["direction"] == "outbound" and (desk.today - day_of(c["contacted_at"])).days < 30
        ]
        found[manager] = {
            "team": about["team"],
            "region_code": about["region_code"],
            "subscribers_held": held[manager],
            "workload_band": band(held[manager], WORKLOADS),
            "high_value_held": sum(desk.worth.get(key, {}).get("is_high_value", False) for key in own),
            "at_risk_held": sum(key in desk.at_risk for key in own),
            "open_detractors_held": sum(bool(told[key]) and told[key][-1]["score"] <= BAD for key in own),
            "outbound_contacts_30d": len(made),
            "connection_rate_30d": ratio(sum(bool(c["is_connected"]) for c in made), len(made)),
            "accepted_share_30d": ratio(sum(c["outcome"] == "accepted" for c in made), len(made)),
        }
    return found
