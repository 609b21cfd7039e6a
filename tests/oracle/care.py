"""Managers: who is given which line, what they had to do and did, and how their lines hold.

`{key: {column: value}}` of one public table.

Choices where the definitions leave one:
- A line that has any manager, in the catalogue or not, keeps it. Loads are lines on-net at D, wherever they are; each line that
  waits goes, in order of ids, to the manager of its region with the least load then, of equal ones the lowest id.
- New to the mid/high-end: so at M, and not at the month end before, lines without a row then included.
- Months are complete ones, held or not; in those that are not nobody knows who held what. A line lost is one of those on-net at
  the month's opening. An alert is known from the first run that raised it, so that a first run knows none of the months
  before it, nor whether it knows all of its own.
- Tasks of lists are the lines taken by a run that counts, of the manager at export, in the month of the run date.
"""

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from oracle import campaign
from oracle.desk import Desk, band, by_line
from oracle.figures import ratio
from oracle.known import day_of, month_add, month_end, month_start
from oracle.service import BAD
from oracle.touch import answers

TASK_DAYS = 7
POINTS = {"done": Fraction(1), "connected": Fraction(1, 2), "succeeded": Fraction(5), "lost": Fraction(-2)}
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


def manager_tasks(desk: Desk) -> dict[tuple, dict]:
    """One row a task known: alerts that stand at D, of a first run, and lines taken by lists."""
    found = {}
    contacts = by_line(desk.contacts)
    for key, codes in desk.alerts.items():
        for code in codes if manager_of(desk, key) is not None else ():
            days = [(day_of(c["contacted_at"]) - desk.today).days for c in contacts[key] if c["direction"] == "outbound"]
            found[key, "alert", code, desk.today] = {
                "month": month_start(desk.today),
                "manager_id": manager_of(desk, key),
                "is_done": any(0 <= day <= TASK_DAYS for day in days),
            }
    named = {(c["list_name"], c["list_run_date"], c["subscriber_id"]) for c in desk.contacts}
    for (name, run_date), run in desk.runs.items():
        for member in run.members:
            if member["arm"] == "treated" and member["manager_id"] is not None:
                found[member["subscriber_id"], "list", name, run_date] = {
                    "month": month_start(run_date),
                    "manager_id": member["manager_id"],
                    "is_done": (name, run_date, member["subscriber_id"]) in named,
                }
    return found


def manager_performance(desk: Desk) -> dict[tuple, dict]:
    """One row a complete month and manager with anything in it."""
    succeeded = campaign.successes(desk)
    tasks, contacts, lines = defaultdict(list), defaultdict(list), by_manager(desk)
    for (_, kind, *_), row in manager_tasks(desk).items():
        tasks[row["month"], row["manager_id"]].append((kind, row["is_done"]))
    for contact in desk.contacts:
        if contact["direction"] == "outbound" and contact["manager_id"] is not None:
            contacts[month_start(day_of(contact["contacted_at"])), contact["manager_id"]].append(contact)
    found = {}
    for month in sorted({*desk.book.months, *desk.complete_months(at for at, _ in (*tasks, *contacts))}):
        managers = {m for at, m in (*tasks, *contacts) if at == month} | {m for m in lines if lives(desk, lines[m], month)}
        for manager in managers:
            known = tasks[month, manager]
            row = campaign.work(contacts[month, manager], succeeded)
            row |= lives(desk, lines.get(manager, []), month) or {
                "subscribers_held": 0 if month in desk.book.months else None,
                "retention_rate": None,
                "lost": 0,
            }
            row |= {
                "alert_tasks": None,
                "list_tasks": sum(kind == "list" for kind, _ in known),
                "tasks": len(known),
                "done": sum(done for _, done in known),
            }
            points = sum(weight * row[name] for name, weight in POINTS.items())
            row["points"] = Decimal(points.numerator) / points.denominator
            del row["lost"]
            found[month, manager] = row
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
