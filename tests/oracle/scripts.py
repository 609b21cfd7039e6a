"""Lines of the synthetic operator that follow a script: each stands on one side of a threshold as seen from a business date D.

What every line has a share of belongs in operator_more.py. Functions change deliveries `{table: {dt: [row]}}` in place.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from oracle.known import TERMINAL, latest, month_add, month_end, month_start
from oracle.operator import PLANS, Deliveries
from oracle.traffic import first_day_from

PER_OUTLET = (60, 29, 30, 30, 31, 30, 30)
USAGE = ("outgoing_minutes", "incoming_minutes", "offnet_minutes", "data_mb")


def new_lines(rng: Random, deliveries: Deliveries, days: list[date], as_of: date) -> None:
    """Lines activated in the months that sales quality looks at and the months beside them, 29 to 60 an outlet.

    The first outlet's lines are far worse than all others: they neither top up nor talk, and all leave in time.
    """
    last = month_add(month_start(as_of + timedelta(days=1)), -1)
    number = 0
    for outlet, size in enumerate(PER_OUTLET):
        for _ in range(size):
            number += 1
            month = month_add(last, -rng.choice((7, 7, 6, 5, 4, 3, 2)))
            activated = rng.choice((month, month_end(month), month + timedelta(days=rng.randrange(28))))
            new_line(rng, deliveries, days, f"n{number:04d}", f"o{outlet}", activated)


def new_line(rng: Random, deliveries: Deliveries, days: list[date], key: str, outlet: str, activated: date) -> None:
    """One of them: rows of every table, payments about day 60, use about day 30, an end about the end of its sixth month."""
    is_bad = outlet == "o0"
    end = month_end(month_add(month_start(activated), 6))
    gone = rng.choice((end, end + timedelta(days=1), end - timedelta(days=30), None)) if not is_bad else end
    for dt in deliveries["crm_subscribers"]:
        is_off = gone is not None and gone <= dt
        if activated <= dt:
            deliveries["crm_subscribers"][dt].append({
                "subscriber_id": key, "activation_date": activated, "sales_outlet_id": outlet,
                "status_code": "ported_out" if is_off else "active", "status_date": gone if is_off else activated,
            })  # fmt: skip
            plan = {
                "subscriber_id": key,
                "plan_code": PLANS[int(key[1:]) % len(PLANS)],
                "start_date": activated,
                "is_primary": True,
            }
            deliveries["crm_tariff_subscriptions"][dt].append(plan)
    for day in rng.choice(((0, 59), (0, 60), (58, 59), (0, 0), (59,), (60, 61), ())) if not is_bad else (60,):
        pay(rng, deliveries, days, key, activated + timedelta(days=day), rng.choice((None, False, False, True)))
    for day in rng.choice(((0, 1, 29), (0, 1, 30), (0, 28, 29), (28, 29, 30), (0,), (0, 5, 9, 12))) if not is_bad else (30,):
        use(deliveries, days, key, activated + timedelta(days=day), Decimal(9))
    month = month_start(activated)
    while month <= min(gone or days[-1], days[-1]):
        charge(deliveries, days, key, month, Decimal(rng.choice(("39.00", "120.00", "180.00", "0.00"))))
        month = month_add(month, 1)


def pay(rng: Random, deliveries: Deliveries, days: list[date], key: str, day: date, is_reversal: bool | None) -> None:
    """A payment, or the reversal of one."""
    row = {"payment_id": f"{key}-{day}-{rng.random()}", "subscriber_id": key, "paid_at": datetime.combine(day, time(23, 59, 59)),
           "amount": Decimal(10), "is_reversal": is_reversal}  # fmt: skip
    deliveries["billing_payments"].setdefault(first_day_from(days, day), []).append(row)


def use(deliveries: Deliveries, days: list[date], key: str, day: date, *numbers: Decimal, **more: int) -> None:
    """A usage row: outgoing, incoming and off-net minutes, data."""
    row = {"subscriber_id": key, "usage_date": day} | dict(zip(USAGE, numbers, strict=False)) | more
    deliveries["billing_usage_daily"].setdefault(first_day_from(days, day), []).append(row)


def charge(deliveries: Deliveries, days: list[date], key: str, month: date, amount: Decimal) -> None:
    """A month's bill."""
    row = {"subscriber_id": key, "bill_month": month, "fee_code": "rent", "amount": amount}
    deliveries["billing_charges"].setdefault(first_day_from(days, month_add(month, 1)), []).append(row)


def scripted_lines(rng: Random, deliveries: Deliveries, days: list[date], as_of: date) -> None:
    """Rewrite the use, payments and bills of lines that are on-net and old enough, a script each."""
    rows = latest(deliveries["crm_subscribers"], as_of)[1]
    first = month_add(month_start(as_of), -11)
    old = [r for r in rows if r["activation_date"] < first and r["status_code"] not in TERMINAL and r["subscriber_id"][0] == "s"]
    actors = iter(sorted(r["subscriber_id"] for r in old))
    keep_months(deliveries, days, as_of, [next(actors) for _ in range(24)])
    for script in day_scripts(as_of):
        key = next(actors)
        clear(deliveries, key, as_of - timedelta(days=120))
        script(key, deliveries, days)
    suspend(rng, deliveries, as_of, list(actors)[::2])


def clear(deliveries: Deliveries, key: str, since: date) -> None:
    """Take out what the line used and paid since the day, the corrections of it too."""
    for table, moment in (("billing_usage_daily", "usage_date"), ("billing_payments", "paid_at")):
        for dt, rows in deliveries[table].items():
            kept = [r for r in rows if r["subscriber_id"] != key or str(r[moment]) < str(since)]
            deliveries[table][dt] = kept


def day_scripts(as_of: date) -> list[Callable[[str, Deliveries, list[date]], None]]:
    """What a line used and paid in the days before D, on both sides of each rule."""

    def used(*rows: tuple) -> Callable[[str, Deliveries, list[date]], None]:
        """Rows (days ago, outgoing, incoming, off-net minutes), and a payment where only days are given."""

        def script(key: str, deliveries: Deliveries, days: list[date]) -> None:
            for ago, *numbers in rows:
                day = as_of - timedelta(days=ago)
                if numbers:
                    use(deliveries, days, key, day, *(Decimal(n) for n in numbers))
                else:
                    pay(Random(f"{key} {ago}"), deliveries, days, key, day, None)

        return script

    def signal(**calls: int) -> Callable[[str, Deliveries, list[date]], None]:
        return lambda key, deliveries, days: [use(deliveries, days, key, as_of - timedelta(days=n), **calls) for n in (0, 1)]

    lone = [used((ago, 1, 1, 0)) for ago in (0, 6, 7, 8, 29, 30, 31, 59, 60, 89, 90)]
    paid = [used((ago,)) for ago in (0, 29, 30, 60, 90)]
    mixed = [used((95, 1, 1, 0), (29,)), used((30, 1, 1, 0), (30,)), used((29, 1, 1, 0), (31,))]
    drops = [
        used((7, 40, 0, 0), (6, 5, 0, 0)),  # exactly half of a week's mean
        used((7, 40, 0, 0), (6, "4.99", 0, 0)),
        used((34, 40, 0, 0), (0, 0, "4.99", 0)),
        used((35, 40, 0, 0), (0, 1, 0, 0)),  # a day before the window
        used((34, 20, 20, 0)),
        used((20, "0.04", 0, 0)),
    ]
    moves = [
        used((7, 10, 0, 5), (0, 10, 0, 7)),  # 0.7 - 0.5
        used((34, 10, 0, 1), (6, 10, 0, 3)),  # 0.3 - 0.1
        used((7, 7, 3, 6), (0, 6, 4, 8)),  # 0.8 - 0.6
        used((7, 10, 0, 5), (0, 10, 0, "6.99")),
        used((7, 3, 0, 1), (0, 15, 0, 8)),  # 8/15 - 1/3
        used((7, 0, 0, 0), (0, 10, 0, 9)),  # nothing to compare with
        used((35, 10, 0, 0), (7, 10, 0, 8), (0, 10, 0, 10)),
    ]
    signals = [signal(calls_forwarded_offnet=1), signal(competitor_hotline_calls=2), signal(calls_forwarded_offnet=0)]
    return [*lone, *paid, *mixed, *drops, *moves, *signals]


def keep_months(deliveries: Deliveries, days: list[date], as_of: date, keys: list[str]) -> None:
    """Lines whose ARPU, minutes and data by month are told: bands, trends of exactly -0.3, months kept by a cent, saturation."""
    last = month_add(month_start(as_of + timedelta(days=1)), -1)
    scripts = (
        (("100",) * 6, ("100",) * 6), (("100", "100", "100", "70", "70", "70"), ("100",) * 6),
        (("100", "100", "100", "70", "70", "70.01"), ("200", "200", "200", "140", "140", "140")),
        (("120",) * 6, ("100",) * 6), (("120",) * 6, ("99.99",) * 6),
        (("119.99", "120", "120", "120", "120", "120"), ("100",) * 6),
        (("150", "150", "150", "49.99", "49.99", "49.99"), ("200",) * 6), (("150", "150", "150", "50", "50", "50"), ("200",) * 6),
        (("150",) * 6, ("200", "200", "200", "99.99", "99.99", "99.99")),
        (("150", "49.99", "150", "49.99", "150", "49.99"), ("200",) * 6),
        (("0", "0", "40", "40", "40", "40"), ("60",) * 6), (("0", "0", "0", "40", "40", "40"), ("60.01",) * 6),
        (("-5", "-5", "-5", "10", "10", "10"), ("0",) * 6), (("5", "5", "5", "0", "0", "0"), ("30",) * 6),
        (("0", "5", "-5", "0", "0", "0"), ("30.01",) * 6), (("60.01", "60", "60", "60", "60", "60"), ("59.99",) * 6),
    )  # fmt: skip
    plans = (("P10", 60, 100), ("P20", 100, None), ("P50", 30, 1000), (None, 50, 100))
    for number, key in enumerate(keys):
        amounts, minutes = scripts[number % len(scripts)]
        months = [month_add(last, n - 5) for n in range(6)]
        clear(deliveries, key, months[0])
        for dt, rows in deliveries["billing_charges"].items():
            deliveries["billing_charges"][dt] = [r for r in rows if r["subscriber_id"] != key or r["bill_month"] < months[0]]
        for month, amount, talked in zip(months, amounts, minutes, strict=True):
            charge(deliveries, days, key, month, Decimal(amount))
            data = Decimal(("100.000", "100.001", "99.999")[number % 3])
            offnet = Decimal(talked) * Decimal(("0", "0.2", "0.19", "0.5", "0.51")[number % 5])
            use(deliveries, days, key, month_end(month), Decimal(talked), Decimal(0), round(offnet, 2), data)
        code = plans[number % 3][0]
        for rows in deliveries["crm_tariff_subscriptions"].values():
            rows[:] = [r for r in rows if r["subscriber_id"] != key]
            rows.append({"subscriber_id": key, "plan_code": code, "start_date": last, "is_primary": True})


def suspend(rng: Random, deliveries: Deliveries, as_of: date, keys: list[str]) -> None:
    """Statuses taken on D and the day before, and 29 to 31 days before the end of the last month."""
    end = month_start(as_of + timedelta(days=1)) - timedelta(days=1)
    since = [as_of, as_of, as_of - timedelta(days=1), *(end - timedelta(days=n) for n in (28, 29, 30, 45)), end]
    statuses = ("suspended_arrears", "suspended_voluntary", "suspended_other", "pre_terminated")
    stands = latest(deliveries["crm_subscribers"], as_of)[0]
    for row in deliveries["crm_subscribers"][stands]:
        if row["subscriber_id"] in keys and row["status_code"] == "active":
            day, status = rng.choice(since), rng.choice(statuses)
            row |= {"status_code": status, "status_date": day} if day <= stands else {}
            if day > stands or rng.random() < 0.2:
                event = {"event_id": f"{row['subscriber_id']}-x", "subscriber_id": row["subscriber_id"], "event_type": status,
                         "event_at": datetime.combine(day, time(7))}  # fmt: skip
                deliveries["crm_subscriber_events"].setdefault(
                    first_day_from([*sorted(deliveries["crm_subscriber_events"])], day), []
                ).append(event)
