"""Moments of lines at D, but for those of bills, whose closing day is not reckoned: `{subscriber_id: {column: value}}`.

Choices where the definitions leave one:
- The anniversary of 29 February is 28 February where the year has none.
- A month is paid where payments less reversals of the month are above 0.
- Days since a contact are those to the last connected one, in or out.
"""

from datetime import date

from oracle.desk import Desk, by_line
from oracle.figures import months_held
from oracle.known import day_of, month_add, month_start

CARE_DAYS, REPAIR_DAYS, FESTIVAL_DAYS = 90, 7, 3
TOPUP_DAYS, NEAR_MONTHS = (30, 60), 6
NEAR_ARPU = 96
FESTIVALS = {
    date(2026, 1, 1): "new_year", date(2026, 2, 17): "spring_festival", date(2026, 4, 5): "qingming",
    date(2026, 5, 1): "labour_day", date(2026, 6, 19): "dragon_boat", date(2026, 9, 25): "mid_autumn",
    date(2026, 10, 1): "national_day",
}  # fmt: skip


def moment_tags(desk: Desk) -> dict[str, dict]:
    """One row a line."""
    contacts, complaints = by_line(desk.contacts), by_line(desk.book.complaints)
    balances = desk.book.known.balances
    owed = balances[max(balances)] if balances else {}
    coming = [code for day, code in sorted(FESTIVALS.items()) if 0 < (day - desk.today).days <= FESTIVAL_DAYS]
    found, since = {}, min(months_held(desk.book.known), default=date.max)
    for key, row in desk.lines.items():
        line, worth = desk.book.subscribers[key], desk.worth.get(key, {})
        on_net, age = key in desk.on_net, (desk.today - row["activation_date"]).days
        is_vip = worth.get("vip_level") is not None or worth.get("value_class") == "high"
        spoken = [day_of(c["contacted_at"]) for c in contacts[key] if c["is_connected"]]
        closed = [day_of(c["closed_at"]) for c in complaints[key] if is_closed(c, desk.today)]
        is_prepaid = line["payment_type"] == "prepaid"
        found[key] = {
            "is_second_topup_due": on_net
            and is_prepaid
            and TOPUP_DAYS[0] <= age <= TOPUP_DAYS[1]
            and row["activation_date"] >= since
            and months_paid(desk, key) < 2,
            "is_near_mid_high_end": on_net
            and row["tenure_months"] <= NEAR_MONTHS
            and not worth.get("is_mid_high_end", True)
            and worth["arpu_3m"] is not None
            and worth["arpu_3m"] >= NEAR_ARPU,
            "is_suspension_care_due": on_net
            and is_vip
            and line["status_code"] == "active"
            and (owed.get(key, {}).get("arrears_amount") or 0) > 0,
            "is_anniversary": on_net and is_anniversary(row["activation_date"], desk.today),
            "is_routine_care_due": on_net and is_vip and (not spoken or (desk.today - max(spoken)).days >= CARE_DAYS),
            "is_repair_thanks_due": on_net
            and len(closed) == len(complaints[key]) > 0
            and (desk.today - max(closed)).days <= REPAIR_DAYS,
            "next_festival": coming[0] if on_net and coming else None,
        }
    return found


def months_paid(desk: Desk, key: str) -> int:
    """Months with a payment, of the running one and the four before it."""
    first = month_add(month_start(desk.today), -4)
    return sum(row["paid_amount"] > 0 for (line, month), row in desk.book.rows.items() if line == key and month >= first)


def is_anniversary(activated: date, today: date) -> bool:
    """Whether the day is a whole number of years after activation, one at least."""
    if today.year <= activated.year:
        return False
    is_leap_day = (activated.month, activated.day) == (2, 29)
    try:
        return activated.replace(year=today.year) == today
    except ValueError:
        return is_leap_day and (today.month, today.day) == (2, 28)


def is_closed(complaint: dict, today: date) -> bool:
    """Whether it was closed by the day."""
    return complaint["closed_at"] is not None and day_of(complaint["closed_at"]) <= today
