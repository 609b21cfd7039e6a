"""The synthetic operator made bigger, with the tables, codes and edge cases that value, churn and service are told from.

`make_bigger_operator` takes the deliveries of operator.py and changes them. Scripted lines, each on one side of a threshold as
seen from one business date, are in scripts.py; what belongs here are attributes and tables of which every line has a share.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from oracle.book import add_months
from oracle.known import TERMINAL, latest, month_add, month_end, month_start
from oracle.operator import PLANS, Deliveries, Operator, make_operator
from oracle.scripts import new_lines, scripted_lines
from oracle.traffic import first_day_from
from orchestration.base.contract import load_contract

OUTLETS = tuple(f"o{n}" for n in range(7))
MANAGERS = ("m1", "m2", "m3")
SERVICES = ("music", "cloud", "roaming")
OPTIONAL = (
    "crm_loyalty_points", "crm_tariff_plans", "crm_subscriber_events", "crm_contracts", "crm_service_subscriptions",
    "crm_group_members", "billing_balances", "billing_call_pairs", "billing_payments", "billing_fee_codes", "channel_surveys",
)  # fmt: skip
RATED = ("overage_fee_per_minute", "overage_fee_per_mb", "overage_fee_per_message")
RATES = {
    "P10": ("0.15", "0.123456789", "0.1"), "P20": ("0.2", "0", "0"), "P30": ("0.55", "0.1", None), "P40": ("0.1", "0.1", "0.1"),
    "P11": ("0.15", "0.01", "0"), "P12": ("0", "0", "0"), "P13": ("0", "0", "0"),
}  # fmt: skip
"""By plan: one that leaves data open yet free, one that lacks the rate of messages; two where all use is free, one off sale."""
ANSWERS = (0, 3, 6, 6, 6, 7, 7, 8, 9, 9, 10)


def make_bigger_operator(seed: int, lines: int = 300, months: int = 14) -> tuple[Operator, date]:
    """An operator and the business date that its edges are seen from: by seed a stale day, or one of the last three days.

    With fewer than 11 billed months the lines that need a history are left out, and some optional tables never come.
    """
    rng = Random(f"more {seed}")
    operator = make_operator(seed, lines, months)
    as_of = operator.days[3 + seed % 4]
    deliveries = completed(operator.deliveries)
    if months >= 11:
        new_lines(rng, deliveries, operator.days, as_of)
        scripted_lines(rng, deliveries, operator.days, as_of)
    attributes(rng, deliveries)
    catalogues(rng, deliveries)
    memberships(rng, deliveries, as_of)
    loyalty(rng, deliveries, as_of)
    contracts(rng, deliveries, as_of)
    add_ons(rng, deliveries, as_of)
    keys = sorted({r["subscriber_id"] for r in latest(deliveries["crm_subscribers"], as_of)[1]})
    surveys(rng, deliveries, operator.days, keys, as_of)
    complaints(rng, deliveries, operator.days, keys, as_of)
    balances(rng, deliveries)
    absent = rng.sample(OPTIONAL, 4) if months < 11 else []
    return Operator(completed({t: by_dt for t, by_dt in deliveries.items() if t not in absent}), operator.days, {}), as_of


def completed(deliveries: Deliveries) -> Deliveries:
    """The same with a null in every column of the contract that a row leaves out."""
    contract = load_contract()
    return {
        table: {dt: [{c.name: row.get(c.name) for c in contract[table].columns} for row in rows] for dt, rows in by_dt.items()}
        for table, by_dt in deliveries.items()
    }


def snapshot_days(deliveries: Deliveries) -> list[date]:
    """The days with a delivery of the CRM's snapshots."""
    return sorted(deliveries["crm_subscribers"])


def deliver(deliveries: Deliveries, table: str, rows: Iterable[dict]) -> None:
    """The same snapshot rows on every day of the CRM's snapshots, of the lines that the day's snapshot has."""
    rows = list(rows)
    for dt in snapshot_days(deliveries):
        shown = {r["subscriber_id"] for r in deliveries["crm_subscribers"][dt]}
        deliveries.setdefault(table, {})[dt] = [r for r in rows if r.get("subscriber_id", None) in (None, *shown)]


def attributes(rng: Random, deliveries: Deliveries) -> None:
    """Codes of every line, some null, some changing from one snapshot to the next; customers of one line or of several."""
    incomes = [None, *(Decimal(n).scaleb(-2) for n in (0, 5000000, 5000000, 5000001, 9000000, 9000000))]
    chosen: dict[str, dict] = {}
    people: dict[str, dict] = {}
    for dt in snapshot_days(deliveries):
        for row in deliveries["crm_subscribers"][dt]:
            if row["subscriber_id"] not in chosen or rng.random() < 0.02:
                place = rng.choice(
                    (("north", "n1"), ("north", "n1"), ("north", "n2"), ("south", "s1"), ("south", None), (None, None))
                )
                chosen[row["subscriber_id"]] = {
                    "customer_id": f"c{rng.randrange(250):03d}",
                    "brand_code": rng.choice(("main", "main", "young", "tiny", None)),
                    "payment_type": rng.choice(("prepaid", "prepaid", "postpaid", None)),
                    "number_class": rng.choice(("ordinary", "ordinary", "good", "premium", None)),
                    "region_code": place[0], "county_code": place[1], "manager_id": rng.choice((*MANAGERS, None)),
                    "sales_outlet_id": rng.choice((*OUTLETS, None)),
                }  # fmt: skip
            row |= chosen[row["subscriber_id"]] | {k: v for k, v in row.items() if k == "sales_outlet_id" and v}
        holders = sorted({row["customer_id"] for row in deliveries["crm_subscribers"][dt]})
        for customer in holders:
            if customer not in people:
                income = rng.choice((rng.choice(incomes), Decimal(rng.randrange(10_000_000)).scaleb(-2)))
                born = rng.choice((None, date(1980 + rng.randrange(20), rng.randrange(12) + 1, rng.choice((1, 15, 28)))))
                people[customer] = {
                    "customer_id": customer, "customer_type": "personal", "gender": "unknown", "annual_income": income,
                    "birth_date": born,
                }  # fmt: skip
        deliveries["crm_customers"][dt] = [people[c] for c in sorted(people)]  # who was told once stays


def catalogues(rng: Random, deliveries: Deliveries) -> None:
    """Outlets, managers, services, and plans with fees at one distance from each other, small and missing inclusions."""
    fees = (Decimal("119.99"), Decimal("120.01"), Decimal(60), None, Decimal(300))
    minutes, data, texts = (60, 100, 0, None, 30), (100, None, 0, 500, 1000), (5, None, 0, 100, None)
    plans = [
        {"plan_code": code, "plan_name": code, "brand_code": "main", "monthly_fee": fee, "included_minutes": included,
         "included_mb": mb, "included_messages": messages,
         "is_on_sale": rng.choice((True, True, None, False)) if code != "P10" else True}
        for code, fee, included, mb, messages in zip(PLANS, fees, minutes, data, texts, strict=True)
    ]  # fmt: skip
    plans += [
        {
            "plan_code": code,
            "plan_name": code,
            "brand_code": "main",
            "monthly_fee": fee,
            "included_minutes": 50,
            "is_on_sale": sale,
        }
        for code, fee, sale in (("P11", Decimal("119.99"), True), ("P12", Decimal("200.00"), False), ("P13", Decimal(200), True))
    ]
    for plan in plans:
        plan |= dict(zip(RATED, (rate and Decimal(rate) for rate in RATES.get(plan["plan_code"], (None,) * 3)), strict=True))
    deliver(deliveries, "crm_tariff_plans", plans[: len(PLANS) - 1] + plans[len(PLANS) :])
    deliver(deliveries, "channel_outlets", ({"outlet_id": o, "outlet_name": o, "outlet_type": "dealer"} for o in OUTLETS))
    deliver(deliveries, "channel_managers", ({"manager_id": m, "manager_name": m} for m in MANAGERS))
    deliver(deliveries, "crm_services", ({"service_code": s, "service_name": s} for s in SERVICES))


def memberships(rng: Random, deliveries: Deliveries, as_of: date) -> None:
    """Key persons, and churners who joined or left on the day of the churn, or about the end of the last month."""
    end = month_start(as_of) - timedelta(days=1)
    for dt in snapshot_days(deliveries):
        members = {(m["group_id"], m["subscriber_id"]): m for m in deliveries["crm_group_members"][dt]}
        for row in deliveries["crm_subscribers"][dt]:
            about = row["status_date"] if row["status_code"] in TERMINAL else rng.choice((end, as_of))
            draw = Random(f"{row['subscriber_id']} {dt}")
            if draw.random() < 0.3:
                joined, left = draw.choice(((about, None), (None, about), (about + timedelta(days=1), None), (None, None)))
                member = {"group_id": f"g{draw.randrange(9)}", "subscriber_id": row["subscriber_id"], "joined_on": joined,
                          "left_on": left, "member_role": draw.choice(("key_person", "contact_person", "member"))}  # fmt: skip
                members[member["group_id"], row["subscriber_id"]] = member
        deliveries["crm_group_members"][dt] = list(members.values())


def loyalty(rng: Random, deliveries: Deliveries, as_of: date) -> None:
    """Points on both sides of each level, in the last ended year, in the years about it, or in none."""
    bounds = (0, 3599, 3600, 5999, 6000, 10999, 11000, 20000)
    rows = {}
    for key in sorted({r["subscriber_id"] for r in deliveries["crm_subscribers"][snapshot_days(deliveries)[-1]]}):
        for year in rng.sample(range(as_of.year - 2, as_of.year + 1), rng.randrange(4)):
            rows[key, year] = {
                "subscriber_id": key,
                "points_year": year,
                "points_earned": rng.choice(bounds),
                "points_redeemed": 0,
            }
    deliver(deliveries, "crm_loyalty_points", rows.values())


def contracts(rng: Random, deliveries: Deliveries, as_of: date) -> None:
    """Contracts that end about D and two months later, some with a later one that has or has not begun."""
    limit = add_months(as_of, 2)
    days = [day + timedelta(days=n) for day in (as_of, limit) for n in (-1, 0, 1)] + [limit + timedelta(days=300)]
    rows = []
    for key in sorted({r["subscriber_id"] for r in deliveries["crm_subscribers"][snapshot_days(deliveries)[-1]]}):
        for number in range(rng.choice((0, 0, 0, 1, 1, 2))):
            start = rng.choice((as_of - timedelta(days=400), as_of, as_of + timedelta(days=1)))
            rows.append({"contract_id": f"{key}-{number}", "subscriber_id": key, "contract_type": "fixed_term",
                         "start_date": start, "end_date": rng.choice(days)})  # fmt: skip
    deliver(deliveries, "crm_contracts", rows)


def add_ons(rng: Random, deliveries: Deliveries, as_of: date) -> None:
    """Add-ons that begin and end about the end of the last month, one service now and then twice at a time."""
    ends = (month_end(month_start(as_of)), month_start(as_of) - timedelta(days=1))
    days = [end + timedelta(days=n) for end in ends for n in (-1, 0, 1)]
    rows = {}
    for key in sorted({r["subscriber_id"] for r in deliveries["crm_subscribers"][snapshot_days(deliveries)[-1]]}):
        for _ in range(rng.choice((0, 0, 1, 2, 3))):
            start = rng.choice((as_of - timedelta(days=200), as_of - timedelta(days=150), *days))
            row = {"subscriber_id": key, "service_code": rng.choice(SERVICES), "start_date": start,
                   "end_date": rng.choice((None, None, *days))}  # fmt: skip
            rows[key, row["service_code"], start] = row
    deliver(deliveries, "crm_service_subscriptions", rows.values())


def append(deliveries: Deliveries, days: list[date], table: str, day: date, row: dict) -> None:
    """Deliver the row on the first delivery day from `day` on."""
    deliveries.setdefault(table, {}).setdefault(first_day_from(days, day), []).append(row)


def surveys(rng: Random, deliveries: Deliveries, days: list[date], keys: list[str], as_of: date) -> None:
    """Answers at the edges of the classes: several a day, at one time, on D, after D, of lines that nobody knows."""
    for key in [*rng.sample(keys, len(keys) // 2), "stranger"]:
        for number in range(rng.choice((1, 1, 2, 4))):
            at = rng.choice((as_of, as_of, month_add(month_start(as_of), -6), month_start(as_of), as_of + timedelta(days=1)))
            at = rng.choice((at, at - timedelta(days=1), as_of - timedelta(days=rng.randrange(220))))
            moment = datetime.combine(at, rng.choice((time(0), time(12), time(12), time(23, 59, 59))))
            row = {"survey_id": f"v{rng.randrange(100)}-{key}-{number}", "subscriber_id": key, "surveyed_at": moment,
                   "touchpoint_code": rng.choice(("store", "app", "all", None)), "score": rng.choice(ANSWERS),
                   "driver_code": rng.choice(("price", "coverage", "staff", None))}  # fmt: skip
            append(deliveries, days, "channel_surveys", at, row)


def complaints(rng: Random, deliveries: Deliveries, days: list[date], keys: list[str], as_of: date) -> None:
    """Complaints 0, 90 and 91 days after each other by date, by the clock more or less; open, closed at once, closed after D."""
    for key in [*rng.sample(keys, len(keys) // 2), "stranger"]:
        day = rng.choice((as_of, as_of - timedelta(days=rng.randrange(240)), month_add(month_start(as_of), -6)))
        for number in range(rng.choice((1, 2, 3))):
            moment = datetime.combine(day, rng.choice((time(0), time(9, 30), time(23, 59, 59))))
            spans = (timedelta(0), timedelta(hours=1), timedelta(days=1), timedelta(days=3), timedelta(days=30), None)
            span = rng.choice(spans)
            row = {"complaint_id": f"k{rng.randrange(100)}-{key}-{number}", "subscriber_id": key, "opened_at": moment,
                   "closed_at": moment + span if span is not None else None,
                   "category_code": rng.choice(("billing", "billing", "network", None))}  # fmt: skip
            append(deliveries, days, "channel_complaints", day, row)
            day -= timedelta(days=rng.choice((0, 1, 89, 90, 90, 91, 91)))


def balances(rng: Random, deliveries: Deliveries) -> None:
    """Balances at the limit, about it and of nothing."""
    for rows in deliveries["billing_balances"].values():
        for row in rows:
            if rng.random() < 0.3:
                row["balance_amount"] = rng.choice((Decimal("10.00"), Decimal("9.99"), Decimal("10.01"), Decimal("0.00")))
