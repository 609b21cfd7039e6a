"""Which months are billed, and which raw tables are late: what money and alerts wait for.

Choices where the definitions leave one:
- The payment type and billing cycle of a line are those of the latest snapshot at D. A month's groups with fewer than 30 lines
  are one group together; it may be small itself.
- A line was billed in a month when charges of it stand at D; the day is that of the first delivery that held any for it.
- In the first month held all lines on-net at its end are waited for.
- A group with nobody in it waits for nothing; a month without any group is billed by a later one alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import pairwise

from oracle.figures import complete_months
from oracle.known import Deliveries, Known, appended, latest, line_of, month_add, month_end, month_start

CLOSED, GROUP_LINES = Fraction(9, 10), 30
CHARGE_DAYS, DAILY = 15, Fraction(1, 2)
LIMITS = {"billing_charges": 35, "billing_call_pairs": 35, "billing_device_usage": 35}
MONTHLY = tuple(LIMITS)
REQUIRED = ("crm_customers", "crm_subscribers", "crm_tariff_subscriptions", "billing_charges", "billing_usage_daily")


def known_at(deliveries: Deliveries, as_of: date) -> Known:
    """What `deliveries` tell at `as_of`. A table that never came is empty."""
    snapshot_dt, subscribers = latest(deliveries.get("crm_subscribers", {}), as_of)
    events: dict[str, list[dict]] = {}
    for event in appended(deliveries.get("crm_subscriber_events", {}), ("event_id",), "event_at", as_of):
        events.setdefault(event["subscriber_id"], []).append(event)
    lines = {
        row["subscriber_id"]: line_of(row, snapshot_dt, events.get(row["subscriber_id"], []))
        for row in subscribers
        if row["activation_date"] <= as_of
    }
    balances = {dt: {r["subscriber_id"]: r for r in rows} for dt, rows in deliveries.get("billing_balances", {}).items()}
    charges = deliveries.get("billing_charges", {})
    known = Known(
        as_of=as_of,
        lines=lines,
        plans=latest(deliveries.get("crm_tariff_subscriptions", {}), as_of)[1],
        members=latest(deliveries.get("crm_group_members", {}), as_of)[1],
        group_levels={r["group_id"]: r["group_level"] for r in latest(deliveries.get("crm_groups", {}), as_of)[1]},
        fees={r["fee_code"]: r for r in latest(deliveries.get("billing_fee_codes", {}), as_of)[1]},
        charges=appended(deliveries.get("billing_charges", {}), ("subscriber_id", "bill_month", "fee_code"), "bill_month", as_of),
        payments=appended(deliveries.get("billing_payments", {}), ("payment_id",), "paid_at", as_of),
        usage=appended(deliveries.get("billing_usage_daily", {}), ("subscriber_id", "usage_date"), "usage_date", as_of),
        pairs=appended(
            deliveries.get("billing_call_pairs", {}), ("subscriber_id", "call_month", "peer_key"), "call_month", as_of
        ),
        balances={dt: rows for dt, rows in balances.items() if dt <= as_of},
        arrivals=arrivals_of(charges, as_of),
        charge_days=charge_days_of(charges, as_of),
        billing_groups={r["subscriber_id"]: (r.get("payment_type"), r.get("billing_cycle_code")) for r in subscribers},
    )
    return replace(known, last_billed=last_billed_month(known, complete_months(known, as_of)))


def last_billed_month(known: Known, complete: list[date]) -> date | None:
    """The latest complete month whose bills are in; None where there is none."""
    return next((month for month in reversed(complete) if is_closed(known, complete, month)), None)


def is_closed(known: Known, complete: list[date], month: date) -> bool:
    """Are enough lines of every group billed again?"""
    groups: dict[tuple, list[date | None]] = defaultdict(list)
    for key, line in known.lines.items():
        is_before = month == complete[0] or is_billed(known, key, month_add(month, -1))
        if line.is_on_net(month_end(month)) and is_before:
            day = known.arrivals.get((key, month)) if is_billed(known, key, month) else None
            groups[known.billing_groups[key]].append(day)
    large = {name: days for name, days in groups.items() if len(days) >= GROUP_LINES}
    small = [day for name, days in groups.items() if name not in large for day in days]
    waited = [*large.values(), *([small] if small else [])]
    return bool(waited) and all(is_in(known, month, days) for days in waited)


def is_billed(known: Known, key: str, month: date) -> bool:
    """Has the line a bill of a month in which it stands, its churn month the last?"""
    if (key, month) not in known.charged:
        return False
    line = known.lines[key]
    stay = line.stay_at(known.as_of)
    last = month_start(known.as_of if stay.is_on_net else stay.first_day)
    return month_start(line.activation_date) <= month <= last


def is_in(known: Known, month: date, days: list[date | None]) -> bool:
    """Is a group billed: nine of ten lines, or charges day by day for half of them?"""
    share = Fraction(sum(day is not None for day in days), len(days))
    early = Fraction(sum(day is not None and day <= month_end(month) for day in days), len(days))
    return share >= CLOSED or (known.charge_days.get(month, 0) >= CHARGE_DAYS and early >= DAILY)


def late_tables(deliveries: Deliveries, as_of: date) -> set[str]:
    """Raw tables that are late at D, by their limit or by the rhythm in which they come."""
    return {table for table, by_dt in deliveries.items() if is_late(table, sorted(dt for dt in by_dt if dt <= as_of), as_of)}


def is_late(table: str, days: list[date], as_of: date) -> bool:
    """Whether the last of these days is too long ago."""
    if not days:
        return False
    behind, gaps = (as_of - days[-1]).days, [(b - a).days for a, b in pairwise(days)]
    usual = max(gaps[-10:] if table in MONTHLY else gaps[-3:], default=None)
    if table in MONTHLY and len(gaps) < 10:
        usual = max(31, usual or 0)
    if usual is None and table in REQUIRED:
        usual = 1
    return behind > LIMITS.get(table, 3) or (usual is not None and behind > 0 and behind >= usual)


def arrivals_of(by_dt: Mapping[date, Iterable[dict]], as_of: date) -> dict[tuple[str, date], date]:
    """The first delivery that held charges of a line and month."""
    found: dict[tuple[str, date], date] = {}
    for dt in sorted(dt for dt in by_dt if dt <= as_of):
        for row in by_dt[dt]:
            found.setdefault((row["subscriber_id"], row["bill_month"]), dt)
    return found


def charge_days_of(by_dt: Mapping[date, Iterable[dict]], as_of: date) -> dict[date, int]:
    """Deliveries dated in a month that hold charges of it, by month."""
    found: dict[date, int] = defaultdict(int)
    for dt, rows in by_dt.items():
        if dt <= as_of and any(row["bill_month"] == month_start(dt) for row in rows):
            found[month_start(dt)] += 1
    return found
