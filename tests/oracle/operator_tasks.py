"""Tasks that earlier nights raised, as the ledger has them, and what the managers' tool tells of them, nasty at the edges."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from oracle.desk import ListRun
from oracle.known import latest
from oracle.operator import Deliveries, Operator
from oracle.operator_more import append, completed

OWNERS = (("manager", "m1"), ("manager", "m1"), ("manager", "m2"), ("manager", "m99"), ("team", "north"), ("team", "south"),
          ("team", "unknown"))  # fmt: skip
REASONS = {
    "save": ("alert:mou_drop", "alert:zero_usage", "alert:no_charges", "zone:red"),
    "campaign": ("list:spring",),
    "repair": ("alert:negative_survey",),
}
DAYS = ((1, 5, 14, 16, 30, 32, 45), (2, 15, 29, 31, 45))
"""Days before the date; a reason that joins on the day after does so before the next task of the line."""
RESULTS = ("accepted", "informed", "refused", "considering", "interested", "no_answer", "wrong_number", "do_not_contact", None)
TYPES = ("assigned", "passed_on", "appointment", "worked", "result", "result", "result")


def give_tasks(seed: int, operator: Operator, as_of: date, runs: list[ListRun]) -> list[dict]:
    """Rows of the ledger of tasks, those of members of lists too; events, and capacities of managers, are put into the operator's
    deliveries. An even seed
    has events, from ten days before the date on; an odd one leaves tasks to contacts."""
    rng = Random(f"tasks {seed}")
    keys = sorted({r["subscriber_id"] for r in latest(operator.deliveries["crm_subscribers"], as_of)[1]})
    rows: list[dict] = []
    for n, key in enumerate(rng.sample(keys, len(keys) // 2)):
        for purpose in rng.sample(sorted(REASONS), rng.choice((1, 1, 2))):
            for ago in sorted(rng.sample(rng.choice(DAYS), rng.choice((1, 1, 1, 2))), reverse=True):
                rows += task(rng, f"task{n}-{purpose}-{ago}", key, purpose, as_of - timedelta(days=ago), as_of)
    for manager_rows in operator.deliveries.get("channel_managers", {}).values():
        for row in manager_rows:
            row["task_capacity"] = {"m1": 4, "m2": 0, "m3": 3}.get(row["manager_id"])
    if seed % 2 == 0:
        more: Deliveries = {}
        for n, task_id in enumerate([*sorted({row["task_id"] for row in rows}), "of nobody"]):
            for number in range(rng.choice((0, 0, 1, 1, 2, 3))):
                append(more, operator.days, "channel_task_events", *event(rng, f"e{n}-{number}", task_id, as_of))
        operator.deliveries.update(completed(more))
    own = Random(f"list tasks {seed}")
    of_lists = list_tasks(own, rows, runs, as_of)
    for n, row in enumerate(of_lists if "channel_orders" in operator.deliveries else ()):
        day = min(row["raised_on"] + timedelta(days=own.choice((0, 1, 5, 21, 22))), as_of)
        order = {"order_id": f"list{n}", "subscriber_id": row["subscriber_id"], "offer_code": own.choice(("A", "A", "B"))}
        order |= {"ordered_at": datetime.combine(day, own.choice((time(0), time(23, 59)))), "channel": "outbound_call"}
        order |= {"order_status": own.choice(("completed", "completed", "cancelled")), "amount": Decimal(5)}
        append(operator.deliveries, operator.days, "channel_orders", day, order)
    return rows + of_lists


def list_tasks(rng: Random, rows: list[dict], runs: list[ListRun], as_of: date) -> list[dict]:
    """Tasks that the list `spring` raised for whom it took, on its day or the day after; some ordered what it put to them."""
    known = {(row["subscriber_id"], row["raised_on"]) for row in rows if row["purpose"] == "campaign"}
    found = []
    for run in runs:
        for key in (m["subscriber_id"] for m in run.members if m["arm"] == "treated" and run.list_name == "spring"):
            raised_on = run.run_date + timedelta(days=rng.choice((0, 1)))
            (owner_kind, owner_id), due = rng.choice(OWNERS), raised_on + timedelta(days=7)
            if raised_on < as_of and (key, raised_on) not in known:
                known.add((key, raised_on))
                found.append(
                    {"task_id": f"list-{key}-{raised_on}", "subscriber_id": key, "purpose": "campaign", "raised_on": raised_on,
                     "owner_kind": owner_kind, "owner_id": owner_id, "reason": "list:spring", "risk": Decimal("0.100000"),
                     "reason_date": raised_on, "due_date": due}
                )  # fmt: skip
    return found


def task(rng: Random, task_id: str, key: str, purpose: str, raised_on: date, as_of: date) -> list[dict]:
    """One task: reasons of the first day, and now and then one that joined later. Due dates lie about the edge of expiry."""
    owner_kind, owner_id = rng.choice(OWNERS)
    rows = []
    for number, reason in enumerate(rng.sample(REASONS[purpose], rng.choice((1, len(REASONS[purpose]))))):
        since = raised_on + timedelta(days=rng.choice((0, 1)) if number else 0)
        due = since + timedelta(days=rng.choice((0, 1, 2, 7)))
        risk = Decimal(rng.choice(("0.100000", "0.600000", "0.350000")))
        rows.append(
            {"task_id": task_id, "subscriber_id": key, "purpose": purpose, "raised_on": raised_on, "owner_kind": owner_kind,
             "owner_id": owner_id, "reason": reason, "risk": risk, "reason_date": since, "due_date": due}
        )  # fmt: skip
    return [row for row in rows if row["reason_date"] <= as_of]


def event(rng: Random, event_id: str, task_id: str, as_of: date) -> tuple[date, dict]:
    """One event of the last ten days, some at one time, and the day on which it is known."""
    day = as_of - timedelta(days=rng.choice((0, 0, 1, 2, 3, 5, 10)))
    kind = rng.choice(TYPES)
    row = {
        "event_id": event_id, "task_id": task_id, "event_at": datetime.combine(day, rng.choice((time(9), time(9), time(23, 59)))),
        "event_type": kind, "manager_id": rng.choice(("m1", "m2", "m8", None)),
        "outlet_id": rng.choice(("o1", None, None)) if kind in ("assigned", "passed_on") else None,
        "appointment_date": as_of + timedelta(days=rng.choice((0, 1, 2))) if kind == "appointment" else None,
        "result_code": rng.choice(RESULTS) if kind == "result" else None,
    }  # fmt: skip
    return day, row
