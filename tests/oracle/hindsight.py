"""What alerts would have told of who left: each replayed at past month ends.

`{(alert, threshold, value class): {column: value}}` of one public table.

Choices where the definitions leave one:
- Everything is computed from what is known at D: a contract, a plan or a bill that came later counts at the month's end.
- A line that left twice in the days after left on the first of them. One that came back is a leaver too.
- Use before the month's end is that of the line's months, after-churn ones included.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from oracle.book import Book, add_months, status_changes
from oracle.figures import mean_over, plan_at, ratio, rounded
from oracle.known import Line, day_of, month_end, month_start
from oracle.retention import lower_bound
from oracle.tiers import Values
from oracle.watch import CADENCE, SEVERE

MONTHS, DAYS, JUDGED, Z = 6, 90, 30, 1.64
THRESHOLDS = {
    "zero_usage": (7, 3, 14, 30), "low_balance": (10, 0, 5, 20, 50), "forwarding_offnet": (0, 2, 5),
    "competitor_hotline": (0, 1, 3), "negative_survey": (6, 3, 8), "no_charges": (0,),
    "arpu_drop": ("-0.3", "-0.5", "-0.4", "-0.2", "-0.1"), "mou_drop": ("-0.3", "-0.5", "-0.4", "-0.2", "-0.1"),
    "contract_ending": (2, 1, 3, 6), "overage": (1, "1.2", "1.5", 2), "arrears_suspension": (0,),
    "voluntary_suspension": (0,), "pre_termination": (0,), "birthday": (0,),
}  # fmt: skip
"""The threshold in force first."""
NOT_REPLAYED = {"usage_drop": "0.5", "calls_moving_offnet": "0.2"}
MUST_BE_KNOWN = {"low_balance", "negative_survey", "arpu_drop", "mou_drop", "contract_ending", "overage", "birthday"}
STATUSES = {
    "arrears_suspension": "suspended_arrears", "voluntary_suspension": "suspended_voluntary", "pre_termination": "pre_terminated",
}  # fmt: skip


def alert_effect(book: Book, values: Values) -> dict[tuple, dict]:
    """One row an alert, threshold and value class, all of them included."""
    bases, raised, known = defaultdict(list), defaultdict(list), set()
    bases["all"] = []
    for month in replayed_months(book):
        for key, line in book.lines_at(month_end(month)).items():
            days = days_to_leaving(line, month_end(month))
            classes = {values[month].get(key, {}).get("value_class", "unknown"), "all"}
            figures = figures_at(book, key, line, month)
            known |= {code for code, value in figures.items() if value is not None}
            found = raised_at(book, key, month, figures)
            codes = {code for code, threshold in found if threshold == THRESHOLDS[code][0]}
            found |= {("any", 0)} if codes else set()
            found |= {("any_severe", 0)} if codes & SEVERE else set()
            for name in classes:
                bases[name].append(days)
                for code, threshold in found:
                    raised[code, Decimal(threshold), name].append(days)
    cadences = {code: cadence for cadence, codes in CADENCE.items() for code in codes}
    rows, nothing = {}, dict.fromkeys(effect_row([], []))
    for code, threshold in [*((c, t) for c, ts in THRESHOLDS.items() for t in ts), ("any", 0), ("any_severe", 0)]:
        about = {"is_in_force": code not in THRESHOLDS or threshold == THRESHOLDS[code][0], "cadence": cadences.get(code)}
        if code in MUST_BE_KNOWN - known:
            rows[code, Decimal(threshold), "all"] = about | nothing | {"is_replayed": False}
            continue
        for name, base in bases.items():
            row = effect_row(base, raised[code, Decimal(threshold), name])
            rows[code, Decimal(threshold), name] = about | row | {"is_replayed": True}
    for code, threshold in NOT_REPLAYED.items():
        about = {"is_in_force": True, "is_replayed": False, "cadence": cadences[code]}
        rows[code, Decimal(threshold), "all"] = about | nothing
    return rows


def effect_row(base: list[int | None], raised: list[int | None]) -> dict:
    """Counts and shares of lines, each given by its days to leaving, null where it stayed."""
    leavers, hits = [d for d in base if d is not None], [d for d in raised if d is not None]
    precision, usual = ratio(len(hits), len(raised)), ratio(len(leavers), len(base))
    is_judged = len(raised) >= JUDGED
    return {
        "lines": len(base),
        "leavers": len(leavers),
        "raised": len(raised),
        "raised_leavers": len(hits),
        "precision_share": precision,
        "recall_share": ratio(len(hits), len(leavers)),
        "lift": precision / usual if usual and precision is not None else None,
        "mean_days_ahead": ratio(sum(hits), len(hits)),
        "has_worth": round(lower_bound(len(hits), len(raised), Z), 9) > round(float(usual), 9) if is_judged else None,
    }


def replayed_months(book: Book) -> list[date]:
    """The last billed months whose days after are over."""
    return [m for m in book.billed if month_end(m) + timedelta(days=DAYS) <= book.known.as_of][-MONTHS:]


def days_to_leaving(line: Line, at: date) -> int | None:
    """Days from a day to the first of those after it on which the line went off the network; null where it did not."""
    return next((n for n in range(1, DAYS + 1) if is_leaving(line, at + timedelta(days=n))), None)


def is_leaving(line: Line, day: date) -> bool:
    """Whether a stay off the network begins on the day."""
    return line.is_on_net(day - timedelta(days=1)) and not line.is_on_net(day)


def figures_at(book: Book, key: str, line: Line, month: date) -> dict[str, object]:
    """The figure that each alert goes by, at the month's end."""
    row, at = book.rows[key, month], month_end(month)
    born = book.customers[book.subscribers[key]["customer_id"]]["birth_date"]
    return {
        "forwarding_offnet": row["calls_forwarded_offnet"],
        "competitor_hotline": row["competitor_hotline_calls"],
        "negative_survey": lowest_score(book, key, month),
        "low_balance": row["balance_amount"],
        "zero_usage": days_since_use(book, key, at),
        "no_charges": row["arpu_amount"],
        "arpu_drop": trend(book, line, "arpu_amount", [m for m in book.billed if m <= month]),
        "mou_drop": trend(book, line, "mou_minutes", [m for m in book.months if m <= month]),
        "overage": overage(book, key, month),
        "contract_ending": latest_contract_end(book, key, at),
        "birthday": born and born.month,
    }


def raised_at(book: Book, key: str, month: date, figures: dict[str, object]) -> set[tuple]:
    """(alert, threshold) of each that would have been raised by the month's end."""
    at = month_end(month)
    rules: dict[str, Callable] = {
        "forwarding_offnet": lambda value, least: value > least,
        "competitor_hotline": lambda value, least: value > least,
        "negative_survey": lambda value, most: value <= most,
        "low_balance": lambda value, least: value < least,
        "zero_usage": lambda value, least: value >= least,
        "no_charges": lambda value, amount: value == amount,
        "arpu_drop": lambda value, most: value <= most,
        "mou_drop": lambda value, most: value <= most,
        "overage": lambda value, most: value > most,
        "contract_ending": lambda value, months: at <= value <= add_months(at, int(months)),
        "birthday": lambda value, _: value == month.month,
    }
    found = {
        (code, threshold)
        for code, value in figures.items()
        for threshold in THRESHOLDS[code]
        if value is not None and rules[code](value, Decimal(threshold))
    }
    taken = {status for day, status in status_changes(book, key) if month <= day <= at}
    return found | {(code, 0) for code, status in STATUSES.items() if status in taken}


def lowest_score(book: Book, key: str, month: date) -> int | None:
    """The lowest survey answer of the month."""
    told = [s["score"] for s in book.surveys if s["subscriber_id"] == key and day_of(s["surveyed_at"]).replace(day=1) == month]
    return min(told, default=None)


def days_since_use(book: Book, key: str, at: date) -> int:
    """Days from the last row of usage in the line's months to the day; more than any threshold without one."""
    used = [day for day in book.use_days.get(key, []) if day <= at and (key, month_start(day)) in book.rows]
    return (at - max(used)).days if used else 10**6


def trend(book: Book, line: Line, measure: str, months: list[date]) -> Decimal | None:
    """The three months' mean over that of the three before, less 1."""
    now, before = (mean_over(book.known, book.rows, line, measure, m) for m in (months[-3:], months[-6:-3]))
    return rounded(Fraction(now) / Fraction(before) - 1, 6) if now is not None and before is not None and before > 0 else None


def overage(book: Book, key: str, month: date) -> Decimal | None:
    """The greater saturation of minutes and data, by the plan of the month's end."""
    plan, row = book.catalogue.get(plan_at(book.known, key, month_end(month)), {}), book.rows[key, month]
    pairs = (("outgoing_minutes", "included_minutes"), ("dou_mb", "included_mb"))
    shares = [rounded(ratio(row[used], plan[included]), 9) for used, included in pairs if plan.get(included)]
    return max(shares, default=None)


def latest_contract_end(book: Book, key: str, at: date) -> date | None:
    """The latest end of the contracts begun by the day."""
    return max((c["end_date"] for c in book.contracts if c["subscriber_id"] == key and c["start_date"] <= at), default=None)
