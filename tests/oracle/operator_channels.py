"""The bigger operator made bigger still, with what tags and marketing are told from, nasty at the edges of each window.

Contacts and what follows them, visits, offers, handsets, classes of services, managers by region, people, suppressions, and lists
as an export would have frozen them. What value, churn and service are told from is in operator_more.py. Functions change
deliveries `{table: {dt: [row]}}` in place.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from oracle.book import add_months
from oracle.desk import ListRun
from oracle.known import latest, month_add, month_end, month_start
from oracle.operator import Deliveries, Operator
from oracle.operator_more import append, completed, deliver, make_bigger_operator, snapshot_days
from oracle.traffic import first_day_from

CHANNELS = ("outbound_call", "outbound_call", "sms", "store", "hotline", "web", "app")
OUTCOMES = (
    "no_answer", "wrong_number", "refused", "considering", "interested", "accepted", "accepted", "informed", "do_not_contact",
    None,
)  # fmt: skip
OFFERS = ("A", "B", "C", "G", "X")
CLOCK = tuple(time(h) for h in (0, 8, 12, 14, 18, 21)) + tuple(time(h, 59, 59) for h in (7, 11, 13, 17, 20, 23))
OPTIONAL = (
    "channel_orders", "channel_contacts", "channel_visits", "channel_offers", "channel_managers", "channel_outlets",
    "channel_suppressions", "crm_services", "crm_device_models", "billing_device_usage", "crm_contracts",
)  # fmt: skip
LISTS = (("spring", "outbound_call", "A"), ("care", "sms", None), ("upgrade", "store", "B"))


def make_channel_operator(seed: int, months: int = 14) -> tuple[Operator, date, list[ListRun]]:
    """An operator, the business date that its edges are seen from, and the runs of its lists.

    A seed that 3 divides, and one with fewer than 11 billed months, lacks four optional tables of those told here.
    """
    rng = Random(f"channels {seed}")
    operator, as_of = make_bigger_operator(seed, months=months)
    deliveries, days = operator.deliveries, operator.days
    keys = sorted({r["subscriber_id"] for r in latest(deliveries["crm_subscribers"], as_of)[1]})
    staff(rng, deliveries)
    people(rng, deliveries, as_of)
    catalogues(deliveries, as_of)
    for contract in (r for rows in deliveries.get("crm_contracts", {}).values() for r in rows):
        contract["contract_type"] = rng.choice(("fixed_term", "handset_subsidy", "other"))
        contract["monthly_commitment"] = rng.choice((None, Decimal("39.50"), Decimal(100)))
    handsets(rng, deliveries, days, keys, as_of)
    suppressions(rng, deliveries, keys, as_of)
    runs = lists(rng, keys, as_of)
    reach(rng, deliveries, days, [*keys, "stranger"], as_of)
    work_lists(rng, deliveries, days, runs, as_of)
    come_by(rng, deliveries, days, [*keys, "stranger"], as_of)
    amend(rng, deliveries, days)
    absent = rng.sample(OPTIONAL, 4) if seed % 3 == 0 or months < 11 else []
    kept = completed({table: by_dt for table, by_dt in deliveries.items() if table not in absent})
    return Operator(kept, days, {}), as_of, runs


def staff(rng: Random, deliveries: Deliveries) -> None:
    """Managers by region whose loads are equal here and there, one of no region, one nowhere near; and who has which line."""
    regions = {"m1": "north", "m2": "north", "m3": "south", "m4": "north", "m5": "north", "m6": None, "m7": "west", "m8": "south"}
    deliver(deliveries, "channel_managers", ({"manager_id": m, "region_code": r, "team": "t"} for m, r in regions.items()))
    chosen: dict[str, str | None] = {}
    for rows in deliveries["crm_subscribers"].values():
        for row in rows:
            few = rng.choice(("m4", "m5", "m8", "m6", "m99"))
            draw = rng.choice((None, None, "m1", "m3", few if len(chosen) % 4 == 0 else None))
            row["manager_id"] = chosen.setdefault(row["subscriber_id"], draw)
    kinds = ("own_store", "dealer", "call_centre", "online", "dealer", "dealer")
    outlets = [{"outlet_id": f"o{n}", "outlet_type": kind, "region_code": "north"} for n, kind in enumerate(kinds)]
    deliver(deliveries, "channel_outlets", [*outlets, {"outlet_id": "o8", "outlet_type": "online", "region_code": None}])


def people(rng: Random, deliveries: Deliveries, as_of: date) -> None:
    """Customers of every age and income band's edge, some born on the day, some without a line."""
    incomes = [None, *(Decimal(n) for n in ("29999.99", "30000", "60000", "119999.99", "120000", "300000"))]
    chosen: dict[str, dict] = {}
    for dt in snapshot_days(deliveries):
        rows = deliveries["crm_customers"][dt]
        rows += [{"customer_id": f"lone{n}"} for n in range(5)]
        for row in rows:
            if row["customer_id"] not in chosen:
                years = rng.choice((17, 18, 25, 35, 45, 55, 65, 80))
                birthday = add_months(as_of, -12 * years) + timedelta(days=rng.choice((-1, 0, 1, rng.randrange(300))))
                chosen[row["customer_id"]] = {
                    "customer_type": rng.choice(("personal", "personal", "household", "enterprise")),
                    "gender": rng.choice(("male", "female", "unknown", None)), "occupation": rng.choice((None, "baker")),
                    "birth_date": rng.choice((None, birthday, birthday)), "registered_on": rng.choice((None, as_of)),
                    "region_code": rng.choice((None, "north")),
                } | ({"annual_income": rng.choice(incomes)} if rng.random() < 0.3 else {})  # fmt: skip
            row |= chosen[row["customer_id"]]


def catalogues(deliveries: Deliveries, as_of: date) -> None:
    """Classes of services, one of none and one that no catalogue has; offers on the first and last day of theirs."""
    day = timedelta(days=1)
    services = (("music", "music", "5.00"), ("cloud", "cloud", None), ("video", "video", "9.99"))
    classed = [
        {"service_code": c, "service_name": c, "service_class": k, "monthly_fee": fee and Decimal(fee)} for c, k, fee in services
    ]
    deliver(deliveries, "crm_services", [*classed, {"service_code": "bare", "service_name": "bare"}])
    codes = {"music": "music", "cloud": "cloud", "roaming": "bare"}
    for n, row in enumerate(r for rows in deliveries.get("crm_service_subscriptions", {}).values() for r in rows):
        row["service_code"] = "video" if n % 11 == 3 else "ghost" if n % 11 == 7 else codes.get(row["service_code"], "bare")
    offers = [
        ("A", "prepaid_gift", None, 2, None, None), ("B", "plan_upgrade", "arpu_3m >= 80", 2, as_of, as_of),
        ("C", "service", "not is_on_net or tenure_months <= 12", 1, None, as_of), ("D", "points", None, None, as_of, None),
        ("E", "care", None, 1, None, as_of - day), ("F", "care", None, 1, as_of + day, None),
        ("G", None, "region_code = 'south'", 9, None, None),
    ]  # fmt: skip
    columns = ("offer_code", "offer_type", "eligibility", "priority", "valid_from", "valid_to")
    rows = [dict(zip(columns, offer, strict=True)) | {"offer_name": f"Offer {offer[0]}"} for offer in offers]
    for row, gift in zip(rows, (None, "0", "2.55", "4", "50", None, "10"), strict=True):
        row["gift_amount"] = gift and Decimal(gift)
    deliver(deliveries, "channel_offers", (row | {"script": "Say it." if row["priority"] == 2 else None} for row in rows))


def handsets(rng: Random, deliveries: Deliveries, days: list[date], keys: list[str], as_of: date) -> None:
    """Handsets about the edges of price, two used equally, used on no day, in months long gone, one that nobody knows."""
    prices = ("999.99", "1000", "2000", "3999.99", "4000", "6000", None)
    models = [{"tac": f"3500000{n}", "device_brand": "abca"[n % 4], "device_model": f"M{n}", "list_price": p and Decimal(p)}
              for n, p in enumerate(prices)]  # fmt: skip
    deliver(deliveries, "crm_device_models", models)
    months = [month_add(month_start(as_of), -n) for n in range(16)]
    inbox: dict[date, dict[tuple, dict]] = {}
    for key in rng.sample(keys, len(keys) * 2 // 3):
        tacs = rng.sample([f"3500000{n}" for n in range(8)], rng.choice((1, 2, 2, 3)))
        for month in rng.sample(months[: rng.choice((3, 7, 16))], 3):
            for tac in rng.sample(tacs, rng.choice((1, 1, len(tacs)))):
                row = {"subscriber_id": key, "usage_month": month, "tac": tac, "days_used": rng.choice((0, 1, 5, 5, 5, 10, 15))}
                day = first_day_from(days, min(month_end(month), as_of))
                inbox.setdefault(day, {})[key, month, tac] = row
    deliveries["billing_device_usage"] = {day: list(rows.values()) for day, rows in inbox.items()}


def suppressions(rng: Random, deliveries: Deliveries, keys: list[str], as_of: date) -> None:
    """Channels closed from today or tomorrow, until yesterday or today."""
    spans = [(0, None), (1, None), (-30, -1), (-30, 0), (-30, 30), (-9, None)]
    rows = []
    for key in rng.sample(keys, len(keys) // 4):
        begin, end = rng.choice(spans)
        until = as_of + timedelta(days=end) if end is not None else None
        row = {"subscriber_id": key, "channel": rng.choice(("all", "sms", "outbound_call", "web", "app", "store", "hotline"))}
        rows.append(row | {"reason_code": "other", "effective_from": as_of + timedelta(days=begin), "effective_to": until})
    deliver(deliveries, "channel_suppressions", rows)


def lists(rng: Random, keys: list[str], as_of: date) -> list[ListRun]:
    """Runs 30 and 31, 89 to 91 days old, of today and of tomorrow; some run twice, some refused, with members left out."""
    found = []
    for n, ago in enumerate((-1, 0, 10, 29, 30, 31, 60, 89, 90, 91, 120, 120, 150, 150, 200)):
        name, channel, offer = LISTS[n % 2] if ago not in (30, 91) else LISTS[2]
        if ago in (120, 150, 200):
            name, channel, offer = LISTS[0]  # run again for the same day
        members = tuple(member(rng, key, offer) for key in rng.sample(keys, rng.choice((12, 40))))
        status = "refused" if n in (13, 14) else "exported"
        found.append(ListRun(name, as_of - timedelta(days=ago), channel, members if status == "exported" else (), status))
    return found


def member(rng: Random, key: str, offer: str | None) -> dict:
    """One of them, as frozen."""
    arm = rng.choice(("treated", "treated", "treated", "control", "control", "universal_control", None))
    return {
        "subscriber_id": key,
        "arm": arm,
        "offer_code": rng.choice((offer, offer, None)),
        "manager_id": rng.choice(("m1", "m2", "m99", None)),
        "is_at_risk": rng.choice((True, True, False, None)),
        "value_tier": ("gold", "mass", None)[sum(map(ord, key)) % 3],
        "region_code": ("north", "south", "gone", None)[sum(map(ord, key)) % 4],
        "reason": None if arm == "treated" else arm or "capped",
    }


def reach(rng: Random, deliveries: Deliveries, days: list[date], keys: list[str], as_of: date) -> None:
    """Contacts on both sides of each cap and month, several at one time, and orders at the moment, on day 7 and 8, 30 and 31."""
    first = month_add(month_start(as_of + timedelta(days=1)), -6)
    edges = [as_of - timedelta(days=n) for n in (0, 0, 1, 6, 6, 7, 8, 29, 30, 31, 37, 38, 60)]
    edges += [first, first - timedelta(days=1), month_start(as_of), month_start(as_of) - timedelta(days=1)]
    edges += [add_months(as_of, -12), add_months(as_of, -12) + timedelta(days=1)]
    for key in [*rng.sample(keys, len(keys) * 3 // 4), "stranger"]:
        at = None
        for number in range(rng.choice((1, 1, 2, 3, 5))):
            is_same = at is not None and rng.random() < 0.2
            at = at if is_same else datetime.combine(rng.choice((*edges, as_of + timedelta(days=1))), rng.choice(CLOCK))
            offer = rng.choice((*OFFERS, None, None))
            contact(rng, deliveries, days, f"c{rng.randrange(99)}-{key}-{number}", key, at, offer, as_of)
            if rng.random() < 0.4:
                follow(rng, deliveries, days, key, at, offer, as_of)


def contact(
    rng: Random, deliveries, days, contact_id: str, key: str, at: datetime, offer: str | None, as_of: date, **more
) -> None:
    """One contact, known by D."""
    row = {
        "contact_id": contact_id, "subscriber_id": key, "contacted_at": at, "channel": rng.choice(CHANNELS), "offer_code": offer,
        "direction": rng.choice(("outbound", "outbound", "inbound")), "is_connected": rng.choice((True, True, False, None)),
        "outcome": rng.choice(OUTCOMES), "manager_id": rng.choice(("m1", "m2", "m4", "m99", None)), "duration_seconds": 30,
    }  # fmt: skip
    append(deliveries, days, "channel_contacts", min(at.date(), as_of), row | more)


def follow(rng: Random, deliveries, days, key: str, at: datetime, offer: str | None, as_of: date) -> None:
    """An order after a moment, or shortly before it, of the offer or another."""
    late, early = time(23, 59, 59), time(0)
    moments = [at, at - timedelta(minutes=1), at + timedelta(days=7)]
    for n in (7, 8, 30, 31):
        moments.append(datetime.combine(at.date() + timedelta(days=n), rng.choice((early, late))))
    order(rng, deliveries, days, key, rng.choice(moments), rng.choice((offer, offer, rng.choice(OFFERS))) or "A", as_of)


def order(rng: Random, deliveries, days, key: str, at: datetime, offer: str, as_of: date) -> None:
    """One order, known by D."""
    status = rng.choice(("completed", "completed", "completed", "cancelled", "failed"))
    row = {"order_id": f"x{rng.randrange(10**9)}", "subscriber_id": key, "offer_code": offer, "ordered_at": at,
           "channel": rng.choice(CHANNELS), "order_status": status, "amount": Decimal(5)}  # fmt: skip
    append(deliveries, days, "channel_orders", min(at.date(), as_of), row)


def work_lists(rng: Random, deliveries, days, runs: list[ListRun], as_of: date) -> None:
    """Contacts that name a list and its run, of the control too, before their day and long after it, and orders about them."""
    for n, run in enumerate(runs):
        for key, offer in ((m["subscriber_id"], m["offer_code"]) for m in run.members):
            for number in range(rng.choice((0, 0, 1, 1, 2))):
                day = run.run_date + timedelta(days=rng.choice((-1, 0, 0, 1, 25)))
                at = datetime.combine(min(day, as_of), rng.choice(CLOCK))
                named = {"list_name": run.list_name, "list_run_date": run.run_date}
                contact(rng, deliveries, days, f"l{n}-{key}-{number}", key, at, offer, as_of, **named)
            ordered = datetime.combine(run.run_date + timedelta(days=rng.choice((-1, 0, 5, 30, 31, 55))), rng.choice(CLOCK))
            if offer and rng.random() < 0.4:
                order(rng, deliveries, days, key, ordered, rng.choice((offer, offer, "C")), as_of)


def come_by(rng: Random, deliveries, days, keys: Iterable[str], as_of: date) -> None:
    """Visits and orders about 24 months ago and the edges of six months."""
    month = month_start(as_of + timedelta(days=1))
    edges = [add_months(as_of, -24) + timedelta(days=n) for n in (-1, 0, 1)] + [month_end(month_add(month, n)) for n in (-1, -7)]
    edges += [month_add(month, -6), as_of, as_of + timedelta(days=1)]
    for n, key in enumerate(keys):
        for _ in range(rng.choice((0, 0, 1, 2))):
            at = datetime.combine(rng.choice(edges), rng.choice(CLOCK))
            row = {"visit_id": f"w{n}-{rng.randrange(10**9)}", "subscriber_id": key, "visited_at": at,
                   "channel": rng.choice(("store", "hotline", "web", "app", "wechat", "kiosk"))}  # fmt: skip
            append(deliveries, days, "channel_visits", min(at.date(), as_of), row)
        for _ in range(rng.choice((0, 0, 0, 1, 2, 4))):
            at = datetime.combine(rng.choice(edges), rng.choice(CLOCK))
            order(rng, deliveries, days, key, at, rng.choice((*OFFERS, "D")), as_of)


def amend(rng: Random, deliveries: Deliveries, days: list[date]) -> None:
    """Deliver some contacts and orders again, with another outcome, at another time, cancelled after all."""
    for table, key, moment in (("channel_contacts", "contact_id", "contacted_at"), ("channel_orders", "order_id", "ordered_at")):
        for dt in sorted(deliveries[table]):
            later = [day for day in days if day > dt]
            for row in list(deliveries[table][dt]) if later else []:
                if rng.random() < 0.04:
                    told = {"outcome": None, "is_connected": None} if key == "contact_id" else {"order_status": "cancelled"}
                    moved = {moment: row[moment] + timedelta(days=rng.choice((-30, -1, 1, 90)))}
                    rows = deliveries[table].setdefault(rng.choice(later), [])
                    if row[key] not in {other[key] for other in rows}:
                        rows.append(row | rng.choice((told, moved)))
