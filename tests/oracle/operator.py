"""A synthetic operator, small, seeded and nasty at the edges, and the writing of its deliveries as folders of the raw contract.

It keeps the contract: every delivery is taken in whole. What it stresses are the figures: dates on the first
and last day of months and of the build, corrections that reach far back, histories that contradict each other. The measures'
own edges (nulls, unknown codes, shares on a threshold) are made in traffic.py.
"""

import csv
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from oracle.known import TERMINAL, month_add, month_end, month_start
from oracle.traffic import Inbox, balances, call_pairs, charges, correct, first_day_from, payments, usage
from orchestration.base.contract import Table, load_contract

STATUSES = ("active", "suspended_arrears", "suspended_voluntary", "suspended_other", "pre_terminated", *TERMINAL)
STATUS_AFTER = {"resumed": "active", "reinstated": "active", "activated": "active", "ported_in": "active"}
REASONS = ("price", "competitor_offer", "coverage", "left_region", None)
PLANS = ("P10", "P20", "P30", "P40", "P50")
Deliveries = dict[str, dict[date, list[dict]]]


@dataclass(frozen=True)
class Operator:
    """What the source systems deliver: all deliveries, the days with a delivery of the required tables, oldest first, and
    `replacements`: deliveries of days already delivered, sent again with other content."""

    deliveries: Deliveries
    days: list[date]
    replacements: Deliveries


def make_operator(seed: int, lines: int = 220, months: int = 15, without: tuple[str, ...] = ()) -> Operator:
    """An operator of so many lines and billed months. Tables named in `without` (optional ones) are never delivered.

    Its days: a first load in the third month from the end and the day after it, that month's end, then a day within and the end
    of both later months. The fourth, at most three days into its month, lacks the CRM's snapshots: the latest ones are there.
    """
    rng = Random(seed)
    first = month_add(date(2023, 1, 1), rng.randrange(12))
    billed = [month_add(first, n) for n in range(months)]
    days = delivery_days(rng, billed)
    inbox: Inbox = {}
    lives = [make_life(rng, f"s{n:04d}", billed[0], days) for n in range(lines)]
    for life in lives:
        events(rng, inbox, life, days)
        charges(rng, inbox, life, billed, days)
        usage(rng, inbox, life, billed, days)
        payments(rng, inbox, life, billed, days)
    call_pairs(rng, inbox, lives, billed[-6:], days)
    balances(rng, inbox, lives, days)
    correct(rng, inbox, days, billed[0])
    stale = days[3]
    for day in days:
        if day != stale:
            snapshots(rng, inbox, lives, day, days)
    deliveries = {
        table: {dt: list(rows.values()) for dt, rows in by_dt.items()} for table, by_dt in inbox.items() if table not in without
    }
    return Operator(deliveries, days, replacements(rng, deliveries, days))


def delivery_days(rng: Random, billed: list[date]) -> list[date]:
    """A first load, the day after, that month's end, then a day within and the end of the last two months."""
    load = billed[-3] + timedelta(days=rng.randrange(3, 20))
    days = [load, load + timedelta(days=1), month_end(billed[-3])]
    for month, offsets in zip(billed[-2:], ((0, 1, 2), (0, 6, 14, 26)), strict=True):
        days += [month + timedelta(days=rng.choice(offsets)), month_end(month)]
    return days


def make_life(rng: Random, key: str, first: date, days: list[date]) -> dict:
    """One line: its dates and the events that truly happen to it, known or not."""
    last = days[-1]
    kind = rng.random()
    if kind < 0.3:  # many of one age, so that some cells of the churn rates are large enough to stand alone
        activated = first - timedelta(days=rng.randrange(1900, 2000))
    elif kind < 0.5:
        activated = edge_day(rng, first - timedelta(days=2100), first - timedelta(days=1))
    elif kind < 0.95:
        activated = edge_day(rng, first, last)
    else:
        activated = edge_day(rng, last - timedelta(days=40), last + timedelta(days=30))
    happened = []
    begin = max(activated, first - timedelta(days=50))
    if begin < last:
        happened = turns(rng, activated, begin, last)
    is_contradicted = rng.random() < 0.15  # the snapshot tells something else, every day anew
    if is_contradicted and activated <= days[2]:  # and something happens between a snapshot and the run that lacks one
        at = datetime.combine(rng.choice((days[3], days[2] + timedelta(days=1))), clock(rng))
        happened.append((rng.choice((*TERMINAL, "reinstated", "reinstated")), at))
    gone = [at.date() for name, at in happened if name in TERMINAL]
    return {
        "subscriber_id": key,
        "activation_date": activated,
        "events": happened,
        "gone": max(gone, default=None),
        "is_silent": rng.random() < 0.1,  # the events never reach us
        "is_contradicted": is_contradicted,
        "shown_from": activated - timedelta(days=rng.choice((0, 0, 0, 20))),
        "level": rng.choice((15, 29, 30, 50, 60, 60, 60, 70, 79, 80, 120, 199, 200, 300)),
    }


def turns(rng: Random, activated: date, begin: date, last: date) -> list[tuple[str, datetime]]:
    """What happens to a line, each turn some days, hours or nothing after the one before."""
    recipe = rng.choices(
        ("stay", "suspend", "churn", "twice", "back", "back_same_day", "out_again", "stillborn", "muddle"),
        (40, 8, 14, 5, 8, 6, 8, 4, 7),
    )[0]
    shapes = {
        "stay": "", "suspend": "sr", "churn": "t", "twice": "tt", "back": "tb", "back_same_day": "tb", "out_again": "tbt",
        "stillborn": rng.choice(("t", "tb", "tbt")), "muddle": "".join(rng.choices("stbpr", k=6)),
    }  # fmt: skip
    at = datetime.combine(activated if recipe == "stillborn" else edge_day(rng, begin, last), clock(rng))
    found = []
    for letter in rng.sample(shapes[recipe], 2) if recipe == "back_same_day" else shapes[recipe]:
        names = {"t": TERMINAL, "b": ("reinstated",), "p": ("pre_terminated",), "r": ("resumed", "transferred", "sim_changed")}
        found.append((rng.choice(names.get(letter, STATUSES[1:4])), at))
        steps = (0, 0, 20) if recipe in ("back_same_day", "muddle") else (0, 1, 5, 20, 45, 100)
        at = next_turn(rng, at, rng.choice(steps), recipe == "back_same_day")
    if rng.random() < 0.04:
        found.append((rng.choice(TERMINAL), datetime.combine(activated - timedelta(days=1), clock(rng))))
    return found


def next_turn(rng: Random, at: datetime, days: int, same_day: bool) -> datetime:
    """A later moment: on another day by the clock, on the same day some hours on, or at the very same time."""
    if days and not same_day:
        return datetime.combine(at.date() + timedelta(days=days), clock(rng))
    return max(at, datetime.combine(at.date(), clock(rng)))


def clock(rng: Random) -> time:
    """A time of day, often one where a day begins or ends."""
    return rng.choice((time(0), time(9, 30), time(12), time(23, 59, 59), time(23, 59, 59, 999999), time(rng.randrange(24))))


def edge_day(rng: Random, first: date, last: date) -> date:
    """A day of the period, in two of five cases the first or last of its month."""
    day = first + timedelta(days=rng.randrange((last - first).days + 1))
    return rng.choice((day, day, day, max(month_start(day), first), min(month_end(day), last)))


def events(rng: Random, inbox: Inbox, life: dict, days: list[date]) -> None:
    """A line's events, known on the day, late, or before they happen."""
    told = [("activated", datetime.combine(life["activation_date"], time(8)))] + life["events"]
    for number, (name, at) in enumerate([] if life["is_silent"] else told):
        known = rng.choices((first_day_from(days, at.date()), rng.choice(days)), (9, 1))[0]
        row = {
            "event_id": f"{life['subscriber_id']}-{rng.randrange(90) + 10}{number}",
            "subscriber_id": life["subscriber_id"],
            "event_type": name,
            "event_at": at,
            "reason_code": rng.choice(REASONS),
            "outlet_id": None,
        }
        inbox.setdefault("crm_subscriber_events", {}).setdefault(known, {})[row["event_id"]] = row


def status_at(life: dict, day: date) -> tuple[str, date]:
    """Status and its date as the line's true events up to the day give them."""
    status, since = "active", life["activation_date"]
    for name, at in sorted(life["events"], key=lambda e: e[1]):
        if since <= at.date() <= day and name not in ("transferred", "sim_changed"):
            status, since = STATUS_AFTER.get(name, name), at.date()
    return status, since


def snapshots(rng: Random, inbox: Inbox, lives: list[dict], day: date, days: list[date]) -> None:
    """The CRM's tables as they stand at the end of the day; some of a line's history is told anew every time."""
    shown = [life for life in lives if life["shown_from"] <= day]
    subscribers, plans, members = {}, {}, {}
    for life in shown:
        key = life["subscriber_id"]
        activated = life["activation_date"]
        status, since = status_at(life, day)
        if life["is_contradicted"] and activated <= day:
            dates = [activated, day, *(at.date() for _, at in life["events"])]
            status = rng.choice(("active", *STATUSES))
            since = max(activated, min(day, rng.choice((*dates, edge_day(rng, activated, day)))))
        if rng.random() < 0.02 and since > activated:
            activated = edge_day(rng, activated, since)  # a corrected activation date
        subscribers[key] = {
            "subscriber_id": key, "customer_id": f"c{key}", "account_id": f"a{key}", "msisdn": f"138{int(key[1:]):08d}",
            "brand_code": "main", "payment_type": "prepaid", "activation_date": activated, "status_code": status,
            "status_date": since, "number_class": "ordinary", "is_real_name": True, "region_code": "north", "county_code": "n1",
        }  # fmt: skip
        life.setdefault("plans", make_plans(rng, life, days))
        if rng.random() < 0.05:
            life["plans"] = make_plans(rng, life, days) or life["plans"]  # told otherwise, but never not at all
        plans |= {(r["subscriber_id"], r["plan_code"], r["start_date"]): r for r in life["plans"]}
        life.setdefault("groups", make_memberships(rng, key, days))
        members |= {(r["group_id"], key): r for r in life["groups"]}
    customers = {k: {"customer_id": f"c{k}", "customer_type": "personal", "gender": "unknown"} for k in subscribers}
    catalogue = {p: {"plan_code": p, "plan_name": f"Plan {p}", "brand_code": "main", "is_on_sale": True} for p in PLANS[:-1]}
    groups = {g: {"group_id": g, "group_level": rng.choice(("a", "b", "c", "d", None))} for g in (f"g{n}" for n in range(9))}
    for table, rows in (
        ("crm_subscribers", subscribers), ("crm_customers", customers), ("crm_tariff_plans", catalogue), ("crm_groups", groups),
        ("crm_tariff_subscriptions", plans), ("crm_group_members", members), ("billing_fee_codes", fee_codes(rng)),
    ):  # fmt: skip
        inbox.setdefault(table, {})[day] = rows


def make_plans(rng: Random, life: dict, days: list[date]) -> list[dict]:
    """A line's plans: often one from its activation on, then changes, ties, plans to come and plans beside the primary one."""
    activated = life["activation_date"]
    last = max(activated, days[-1] + timedelta(days=20))
    starts = [activated] if rng.random() < 0.9 else []
    starts += [edge_day(rng, activated, last) for _ in range(rng.choice((0, 0, 1, 2, 3)))]
    starts += [rng.choice([s for s in starts or [activated]]), rng.choice(days)][: rng.choice((0, 0, 1, 2))]
    rows = {}
    for start in starts:
        row = {
            "subscriber_id": life["subscriber_id"], "plan_code": rng.choice(PLANS), "start_date": start,
            "end_date": rng.choice((None, None, start, start + timedelta(days=30))), "is_primary": rng.random() < 0.85,
        }  # fmt: skip
        rows[row["plan_code"], start] = row
    return list(rows.values())


def make_memberships(rng: Random, key: str, days: list[date]) -> list[dict]:
    """None to three memberships that begin and end about the delivery days."""
    near = [None, *days, *(d + timedelta(days=1) for d in days)]
    return [
        {
            "group_id": f"g{group}", "subscriber_id": key, "member_role": rng.choice(("key_person", "contact_person", "member")),
            "joined_on": rng.choice(near), "left_on": rng.choice((None, None, *near)),
        }
        for group in rng.sample(range(9), rng.choice((0, 0, 1, 2, 3)))
    ]  # fmt: skip


def fee_codes(rng: Random) -> dict[str, dict]:
    """The catalogue, which lacks a code that is billed and changes its mind about two others."""
    classes = {
        "rent": "rental", "voice": "voice_local", "far": "voice_long_distance", "roam": "voice_roaming", "text": "messaging",
        "data": "data", "vas": rng.choice(("value_added", "other")), "phone": "device", "disc": "discount", "misc": "other",
    }  # fmt: skip
    counts = {"phone": False, "vas": rng.random() < 0.5}
    return {
        code: {"fee_code": code, "fee_name": code, "fee_class": name, "counts_to_arpu": counts.get(code, True)}
        for code, name in classes.items()
    }


def replacements(rng: Random, deliveries: Deliveries, days: list[date]) -> Deliveries:
    """The first load sent again without some of its rows, charges with other amounts too; and an old day's balances."""
    found: Deliveries = {}
    for table in ("billing_charges", "billing_payments", "billing_usage_daily", "crm_subscriber_events", "billing_balances"):
        if table in deliveries:
            day = days[0] if table != "billing_balances" else min(deliveries[table])
            found[table] = {day: [row for row in deliveries[table][day] if rng.random() < 0.95]}
    charged = found["billing_charges"][days[0]]
    found["billing_charges"][days[0]] = [r | {"amount": r["amount"] * 2} if rng.random() < 0.05 else r for r in charged]
    return found


def write_deliveries(deliveries: Deliveries, landing: Path, seed: int = 0) -> None:
    """Write each delivery as landing/<table>/dt=…/part-0.csv or .parquet, and _SUCCESS last; columns and types by contract.

    What lies in a delivery's folder already is replaced.
    """
    contract = load_contract()
    for table, by_dt in sorted(deliveries.items()):
        for dt, rows in sorted(by_dt.items()):
            folder = landing / table / f"dt={dt}"
            folder.mkdir(parents=True, exist_ok=True)
            for old in folder.iterdir():
                old.unlink()
            if Random(f"{seed} {table} {dt}").random() < 0.5:
                write_csv(contract[table], rows, folder / "part-0.csv")
            else:
                write_parquet(contract[table], rows, folder / "part-0.parquet")
            (folder / "_SUCCESS").touch()


def write_csv(table: Table, rows: list[dict], path: Path) -> None:
    """One CSV file: empty for null, true/false, a point as decimal mark."""
    names = [column.name for column in table.columns]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for row in rows:
            values = (row.get(name) for name in names)
            writer.writerow(["" if v is None else str(v).lower() if isinstance(v, bool) else str(v) for v in values])


def write_parquet(table: Table, rows: list[dict], path: Path) -> None:
    """One Parquet file in the types of the contract."""
    schema = pa.schema([(column.name, arrow_type(column.data_type)) for column in table.columns])
    pq.write_table(pa.Table.from_pylist([{n: row.get(n) for n in schema.names} for row in rows], schema), path)


def arrow_type(data_type: str) -> pa.DataType:
    """The Arrow type of a contract type."""
    if data_type.startswith("decimal("):
        precision, scale = data_type[8:-1].split(",")
        return pa.decimal128(int(precision), int(scale))
    types = {"string": pa.string(), "integer": pa.int64(), "boolean": pa.bool_(), "date": pa.date32()}
    return types.get(data_type, pa.timestamp("us"))
