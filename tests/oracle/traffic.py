"""What lines are charged, pay, use and call: the synthetic operator's append tables and balances, with their corrections.

Lives, plans and catalogues belong in operator.py. Every function puts rows into an inbox `{table: {dt: {key: row}}}`.
"""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from oracle.known import month_add, month_end, month_start

Inbox = dict[str, dict[date, dict]]
FEES = ("voice", "far", "roam", "text", "data", "vas", "phone", "disc", "misc", "mystery")
CORRECTED = ("billing_charges", "billing_payments", "billing_usage_daily", "billing_call_pairs", "crm_subscriber_events")


def first_day_from(days: list[date], day: date) -> date:
    """The first delivery day on or after the day; the last one where there is none."""
    return next((d for d in days if d >= day), days[-1])


def put(inbox: Inbox, table: str, dt: date, key: tuple, row: dict) -> None:
    """Add a row to a delivery; the key's earlier row in the same delivery gives way."""
    inbox.setdefault(table, {}).setdefault(dt, {})[key] = row


def known_on(rng: Random, days: list[date], day: date) -> date:
    """Mostly the first delivery from the day on; now and then any other, also one before the day."""
    return rng.choices((first_day_from(days, day), rng.choice(days)), (19, 1))[0]


def money(rng: Random, low: int, high: int) -> Decimal:
    """An amount between the two, to the cent."""
    return Decimal(rng.randint(low * 100, high * 100)).scaleb(-2)


def charges(rng: Random, inbox: Inbox, life: dict, billed: list[date], days: list[date]) -> None:
    """Bills from the month before the activation to two months after the churn, with months left out."""
    last = min(month_add(month_start(life["gone"]), 2), billed[-1]) if life["gone"] else billed[-1]
    months = [m for m in billed if month_add(month_start(life["activation_date"]), -1) <= m <= last]
    owner = life["subscriber_id"] if rng.random() < 0.97 else f"ghost-{life['subscriber_id']}"
    if owner != life["subscriber_id"] and rng.random() < 0.2:
        months.insert(0, month_add(billed[0], -1))  # nobody's charge, the earliest of all
    for month in months + ([month_add(billed[-1], 1)] if rng.random() < 0.05 else []):
        edge = rng.choice((Decimal(0), Decimal("-0.01"), Decimal("0.01"), money(rng, -5, 5)))
        amounts = {"rent": life["level"] + edge} if rng.random() < 0.85 else {}
        for fee in rng.sample(FEES, rng.choice((0, 0, 1, 2, 4))):
            amounts[fee] = money(rng, -60, 0) if fee == "disc" else money(rng, -3, 40)
        known = known_on(rng, days, rng.choice((month, month_add(month, 1), month_add(month, 1))))
        for fee, amount in amounts.items():
            row = {"subscriber_id": owner, "bill_month": month, "fee_code": fee, "amount": amount}
            put(inbox, "billing_charges", known, (owner, month, fee), row)


def usage(rng: Random, inbox: Inbox, life: dict, billed: list[date], days: list[date]) -> None:
    """A few days of use a month, on the first and the last of them too, every measure null now and then."""
    for month in [m for m in billed if m >= month_start(life["activation_date"])]:
        if life["gone"] and month > month_add(month_start(life["gone"]), 1):
            break
        length = (month_end(month) - month).days + 1
        for offset in rng.sample((0, length - 1, *range(1, length - 1)), rng.choice((0, 0, 1, 3, 5))):
            day = month + timedelta(days=offset)
            numbers = {
                "outgoing_calls": rng.randrange(9), "incoming_calls": rng.randrange(9), "messages_sent": rng.randrange(9),
                "outgoing_minutes": money(rng, 0, 90), "incoming_minutes": rng.choice((Decimal("0.00"), money(rng, 0, 90))),
                "offnet_minutes": money(rng, 0, 30), "roaming_minutes": money(rng, 0, 5),
                "data_mb": Decimal(rng.randint(0, 900_000)).scaleb(-3), "roaming_data_mb": Decimal("0.125"),
                "calls_forwarded_offnet": 0, "competitor_hotline_calls": 0,
            }  # fmt: skip
            row = {name: None if rng.random() < 0.15 else value for name, value in numbers.items()}
            row |= {"subscriber_id": life["subscriber_id"], "usage_date": day, "offnet_minutes": offnet_of(row)}
            put(inbox, "billing_usage_daily", known_on(rng, days, day), (life["subscriber_id"], day), row)


def offnet_of(row: dict) -> Decimal | None:
    """Its off-net minutes, no more than all of its minutes: the contract takes no others in."""
    told = row["offnet_minutes"]
    return told and min(told, (row["outgoing_minutes"] or Decimal(0)) + (row["incoming_minutes"] or Decimal(0)))


def payments(rng: Random, inbox: Inbox, life: dict, billed: list[date], days: list[date]) -> None:
    """Top-ups, and reversals written with either sign."""
    for month in [m for m in billed if m >= month_start(life["activation_date"])]:
        for number in range(rng.choice((0, 0, 1, 2))):
            day = rng.choice((month, month_end(month), month + timedelta(days=rng.randrange(28))))
            amount, is_reversal = money(rng, 1, 200), rng.choice((None, False, False, True))
            row = {
                "payment_id": f"{life['subscriber_id']}-{month}-{number}",
                "subscriber_id": life["subscriber_id"],
                "paid_at": datetime.combine(day, rng.choice((time(0), time(13, 5), time(23, 59, 59)))),
                "amount": -amount if is_reversal and rng.random() < 0.5 else amount,
                "payment_channel": rng.choice(("app", "outlet", None)),
                "is_reversal": is_reversal,
            }
            put(inbox, "billing_payments", known_on(rng, days, day), (row["payment_id"],), row)


def balances(rng: Random, inbox: Inbox, lives: list[dict], days: list[date]) -> None:
    """A snapshot on each delivery day but one, and on some days before the first load; a few lines are missing each time."""
    early = [days[0] - timedelta(days=n) for n in (95, 70, 69, 40, 12)]
    for dt in [*early, *days[:3], *days[4:]]:
        for life in lives:
            if rng.random() < 0.95:
                row = {"balance_amount": money(rng, 0, 99), "arrears_amount": rng.choice((Decimal("0.00"), money(rng, 0, 50)))}
                row |= {"subscriber_id": life["subscriber_id"], "arrears_since": None}
                put(inbox, "billing_balances", dt, (life["subscriber_id"],), row)


def call_pairs(rng: Random, inbox: Inbox, lives: list[dict], months: list[date], days: list[date]) -> None:
    """Whom the lines call: pairs exactly on, just under and just over an index of 0.02, one peer under two keys, oneself."""
    keys = [life["subscriber_id"] for life in lives]
    popular = rng.sample(keys, max(5, len(keys) // 10))
    for key in rng.sample(keys, len(keys) * 2 // 3):
        active = rng.sample(months, rng.randrange(1, len(months) + 1))
        peers = (
            set(rng.sample(keys, rng.randrange(1, 6))) | set(rng.sample(popular, 3)) | ({key} if rng.random() < 0.2 else set())
        )
        contacts = [(f"k{peer}", peer) for peer in sorted(peers)]
        contacts += [(f"second-k{peer}", peer) for _, peer in rng.sample(contacts, rng.choice((0, 0, 1)))]
        contacts += [("foreign", None), *((f"fixed{n}", None) for n in range(4))]  # no peer has more days than a month
        silent = rng.random() < 0.05  # no minutes at all
        for month in active:
            left = {"call_days": 100, "call_count": 100, "call_minutes": Decimal("100.00")}
            rest: dict = {}
            for number, (peer_key, peer) in enumerate(contacts):
                others = len(contacts) - number  # the last four share what is left
                if others <= 4:
                    rest = rest or {name: [*[value // 4] * 3, value - value // 4 * 3] for name, value in left.items()}
                    numbers = {name: parts[others - 1] for name, parts in rest.items()}
                else:
                    nudge = rng.choice((Decimal(0), Decimal("0.01"), Decimal("-0.01")))
                    numbers = {"call_days": 2, "call_count": 2, "call_minutes": 2 + nudge}
                    if rng.random() < 0.4:
                        numbers = {
                            "call_days": rng.randrange(5),
                            "call_count": rng.randrange(5),
                            "call_minutes": money(rng, 0, 5),
                        }
                    left = {name: max(left[name] - numbers[name], 0) for name in left}
                row = numbers | {
                    "subscriber_id": key, "call_month": month, "peer_key": peer_key, "peer_subscriber_id": peer,
                    "peer_operator": "own" if peer else rng.choice(("competitor", "fixed", "other", "own")),
                }  # fmt: skip
                row["call_minutes"] = Decimal("0.00") if silent else Decimal(row["call_minutes"])
                put(inbox, "billing_call_pairs", known_on(rng, days, month_add(month, 1)), (key, month, peer_key), row)


def correct(rng: Random, inbox: Inbox, days: list[date], earliest: date) -> None:
    """Deliver some keys again on later days with other content, some twice: amounts, moments, owners."""
    for table in CORRECTED:
        for dt in sorted(inbox.get(table, {})):
            later = [day for day in days if day > dt]
            for key, row in list(inbox[table][dt].items()) if later else []:
                if rng.random() < 0.03:
                    inbox[table].setdefault(rng.choice(later), {}).setdefault(key, changed(rng, table, row, days, earliest))


def changed(rng: Random, table: str, row: dict, days: list[date], earliest: date) -> dict:
    """The row as a correction tells it, its key the same."""
    if table == "billing_charges":
        return row | {"amount": rng.choice((Decimal("0.00"), -row["amount"], money(rng, 0, 150)))}
    if table == "billing_payments":
        span = (days[-1] - earliest).days + 20
        moment = datetime.combine(earliest + timedelta(days=rng.randrange(span)), time(11))
        return row | rng.choice(({"paid_at": moment}, {"amount": money(rng, 1, 99)}, {"subscriber_id": "s0001"}))
    if table == "billing_usage_daily":
        told = row | {
            "outgoing_minutes": rng.choice((None, money(rng, 0, 60))),
            "data_mb": None,
            "offnet_minutes": Decimal("1.50"),
        }
        return told | {"offnet_minutes": offnet_of(told)}
    if table == "billing_call_pairs":
        return row | {"call_days": rng.randrange(4), "call_minutes": money(rng, 0, 4)}
    moved = row["event_at"] + timedelta(days=rng.choice((-20, -1, 0, 1, 40, 400)))
    return row | {"event_at": moved, "reason_code": rng.choice((None, "price", "other"))}
