"""What a line on-net at D gives cause for: alerts, inactivity; and the pool of exceptions of each month.

Choices where the definitions leave one:
- Windows of N days are D - N + 1 to D. Minutes are outgoing and incoming; a share over no minutes is null and raises nothing.
- Trends and the charges and saturation of M's month are asked of every line on-net at D that has a row, on-net at M or not;
  no_charges asks for M as well.
- A reversal is no payment for inactivity either.
- The status of an alert and its date are those of the snapshot, also where it is older than D.
- The unbroken run without charges goes back through months off-net, to the activation month or the first month held.
- Suspended for 30 days: the month's last day is at least 30 days after the status's first.
- A month's exceptions have the line's manager as the snapshot at D has it, null where it has none.
"""

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction

from oracle.book import Book, add_months, status_at
from oracle.figures import ZERO, mean_over, ratio, rounded
from oracle.known import Line, day_of, month_add, month_end, month_start
from oracle.risk import saturation
from oracle.tiers import Values, value_before

CADENCE = {
    "daily": ("zero_usage", "low_balance", "forwarding_offnet", "competitor_hotline", "arrears_suspension",
              "voluntary_suspension", "pre_termination", "negative_survey"),
    "weekly": ("usage_drop", "calls_moving_offnet"),
    "monthly": ("no_charges", "arpu_drop", "mou_drop", "contract_ending", "overage", "birthday"),
}  # fmt: skip
USE, REGISTER = "billing_usage_daily", "crm_subscribers"
KEPT_DAYS = 120
"""Use in the last so many days counts, also outside the months of the line."""
SOURCES = {
    "zero_usage": USE, "forwarding_offnet": USE, "competitor_hotline": USE, "usage_drop": USE, "calls_moving_offnet": USE,
    "mou_drop": USE, "overage": USE, "low_balance": "billing_balances", "arrears_suspension": REGISTER,
    "voluntary_suspension": REGISTER, "pre_termination": REGISTER, "negative_survey": "channel_surveys",
    "contract_ending": "crm_contracts", "birthday": "crm_customers",
}  # fmt: skip
"""The raw table that an alert stands on; while it is late, the alert is not raised. Money waits for its bills instead."""
SEVERE = {"zero_usage", "forwarding_offnet", "competitor_hotline", "voluntary_suspension", "pre_termination", "negative_survey",
          "usage_drop", "calls_moving_offnet", "no_charges", "arpu_drop"}  # fmt: skip
"""Alerts of severity high or critical."""
STATUS_ALERTS = {
    "suspended_arrears": "arrears_suspension",
    "suspended_voluntary": "voluntary_suspension",
    "pre_terminated": "pre_termination",
}
DROP = "-0.3"


def alerts(book: Book) -> dict[tuple, dict]:
    """One row a line on-net at D and rule that it meets."""
    use = defaultdict(dict)
    for row in book.known.usage:
        use[row["subscriber_id"]][row["usage_date"]] = row
    cadences = {code: cadence for cadence, codes in CADENCE.items() for code in codes}
    found = {}
    for key, line in book.lines_at(book.known.as_of).items():
        raised = [*use_alerts(book.known.as_of, use[key]), *state_alerts(book, key), *month_alerts(book, key, line)]
        for code in [code for code in raised if SOURCES.get(code) not in book.late]:
            found[book.known.as_of, key, code] = {"cadence": cadences[code]}
    return found


def use_alerts(today: date, use: dict[date, dict]) -> list[str]:
    """Alerts of a line's usage rows by day."""
    week = [row for day, row in use.items() if day > today - timedelta(days=7)]
    before = [row for day, row in use.items() if today - timedelta(days=35) < day <= today - timedelta(days=7)]
    found = [] if week else ["zero_usage"]
    found += ["forwarding_offnet"] if (use.get(today, {}).get("calls_forwarded_offnet") or 0) > 0 else []
    found += ["competitor_hotline"] if (use.get(today, {}).get("competitor_hotline_calls") or 0) > 0 else []
    found += ["usage_drop"] if minutes(week) < Fraction(minutes(before)) / 4 / 2 else []
    shares = [ratio(sum((r["offnet_minutes"] or ZERO for r in rows), ZERO), minutes(rows)) for rows in (week, before)]
    is_moving = None not in shares and shares[0] - shares[1] >= Fraction(1, 5)
    return found + (["calls_moving_offnet"] if is_moving else [])


def minutes(rows: list[dict]):
    """Outgoing and incoming minutes of usage rows."""
    return sum(((r["outgoing_minutes"] or ZERO) + (r["incoming_minutes"] or ZERO) for r in rows), ZERO)


def state_alerts(book: Book, key: str) -> list[str]:
    """Alerts of what stands on D or happened on it: balance, status, survey, contract, birthday."""
    today = book.known.as_of
    found = []
    if book.known.balances:
        balance = book.known.balances[max(book.known.balances)].get(key)
        found += ["low_balance"] if balance and balance["balance_amount"] < 10 else []
    row = book.subscribers[key]
    found += [STATUS_ALERTS[row["status_code"]]] if row["status_code"] in STATUS_ALERTS and row["status_date"] == today else []
    if any(s["subscriber_id"] == key and s["score"] <= 6 and day_of(s["surveyed_at"]) == today for s in book.surveys):
        found.append("negative_survey")
    ends = [c["end_date"] for c in book.contracts if c["subscriber_id"] == key and c["start_date"] <= today]
    if ends and today <= max(ends) <= add_months(today, 2):
        found.append("contract_ending")
    born = book.customers[row["customer_id"]]["birth_date"]
    return found + (["birthday"] if born and born.month == today.month else [])


def month_alerts(book: Book, key: str, line: Line) -> list[str]:
    """Alerts of the months: money to the last billed one, use to the last complete one."""
    found = []
    if book.billed and line.is_on_net(month_end(book.billed[-1])) and book.arpu(key, book.billed[-1]) == 0:
        found.append("no_charges")
    for code, measure, months in (("arpu_drop", "arpu_amount", book.billed), ("mou_drop", "mou_minutes", book.months)):
        now, before = (mean_over(book.known, book.rows, line, measure, m) for m in (months[-3:], months[-6:-3]))
        is_there = bool(months) and line.is_on_net(month_end(months[-1]))
        if is_there and now is not None and before is not None and before > 0:
            trend = rounded(Fraction(now) / Fraction(before) - 1, 6)
            found += [code] if trend <= Fraction(DROP) else []
    used = (saturation(book, key), saturation(book, key, "dou_mb", "included_mb"))
    return found + (["overage"] if any(s is not None and s > 1 for s in used) else [])


def inactivity(book: Book) -> dict[str, dict]:
    """One row a line on-net at D."""
    today = book.known.as_of
    used, paid = {}, {}
    for row in book.known.usage:
        key, day = row["subscriber_id"], row["usage_date"]
        if (today - day).days < KEPT_DAYS or (key, month_start(day)) in book.rows:
            used[key] = max(day, used.get(key, date.min))
    for row in book.known.payments:
        if not row["is_reversal"]:
            paid[row["subscriber_id"]] = max(day_of(row["paid_at"]), paid.get(row["subscriber_id"], date.min))
    found = {}
    for key in book.lines_at(today):
        since = [(today - day[key]).days if key in day else None for day in (used, paid)]
        row = {"days_since_use": since[0], "days_since_payment": since[1]}
        row |= {f"is_inactive_{n}d": all(days is None or days >= n for days in since) for n in (30, 60, 90)}
        found[key] = row
    return found


def exception_pool(book: Book, values: Values) -> dict[tuple, dict]:
    """One row a complete month and line that was an exception in it, with the first kind that holds."""
    found = {}
    for month in book.months:
        for key, line in book.known.lines.items():
            exception = exception_of(book, key, line, month)
            if exception:
                kind, since = exception
                at_end = values[min(month, book.billed[-1])] if book.billed else {}
                row = value_before(book, values, key, month) if kind == "terminated" else at_end.get(key)
                found[month, key] = {
                    "kind": kind,
                    "since_date": since,
                    "manager_id": book.subscribers[key]["manager_id"],
                    "value_tier": row and row["value_tier"],
                }
    return found


def exception_of(book: Book, key: str, line: Line, month: date) -> tuple[str, date] | None:
    """The kind and since when; None where the line was in order."""
    end = month_end(month)
    gone = line.churn_within(month, end)
    if gone:
        return "terminated", gone.first_day
    if not line.is_on_net(end):
        return None
    status, since = status_at(book, key, end)
    if status == "pre_terminated":
        return status, since
    if status.startswith("suspended") and (end - since).days >= 30:
        return "suspended", since
    is_uncharged = month in book.billed and book.arpu(key, month) == 0
    return ("no_charges", uncharged_since(book, key, month)) if is_uncharged else None


def uncharged_since(book: Book, key: str, month: date) -> date:
    """The first month of the run without charges that ends with this one."""
    before = month_add(month, -1)
    is_longer = (key, before) in book.rows and book.arpu(key, before) == 0
    return uncharged_since(book, key, before) if is_longer else month
