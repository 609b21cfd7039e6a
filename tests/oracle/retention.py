"""Who leaves: churn of the last three complete months by attribute, its reasons, cohorts kept and new, sales quality.

Each function takes the book and, where it needs them, the values by month of tiers.py, and returns `{key: {column: value}}` of
one public table. Churn by month stands in figures.py, risk in risk.py.

Choices where the definitions leave one:
- `members` of the period: lines on-net at M with their attributes at M, churners with those at the churn date. Region, brand and
  the like are those of the snapshot at D for both.
- A payment before the activation date is a payment, but the first 30 days of use begin with the activation.
- The six months of sales quality are those of them that are held; cohorts of new lines are of complete months held.
- A line whose payment type is null is not prepaid.
- The share that an outlet or plan is held against is of all other new lines of the window.
"""

from collections import Counter, defaultdict
from datetime import date, timedelta
from fractions import Fraction
from math import sqrt

from oracle.book import UNKNOWN, Book, group_at
from oracle.figures import arpu_band, plan_at, ratio, tenure_band, tenure_months
from oracle.known import Line, day_of, month_add, month_end, month_start
from oracle.tiers import Values, value_before

HIGH_CHURN, HIGH_CHURN_LINES, HIGH_CHURN_CELL = Fraction(9, 5), 100, 30
LOW_ARPU, LOW_MOU, LOW_MONTHS = 50, 100, 3
JUDGED_LINES = 5
SHARES = ("no_second_topup_share", "low_activity_share", "gone_by_month_6_share")


def members(book: Book, values: Values) -> dict[str, dict]:
    """Lines on-net at M, and lines churned in the three months to M, with the attributes that churn is shown by."""
    gone = book.churners(book.months[-3:][0], book.at)
    groups = {day: group_at(book.known, day) for day in {book.at, *(row["churn_date"] for row in gone.values())}}
    found = {}
    for key in [*book.lines_at(book.at), *gone]:
        line = book.known.lines[key]
        day = gone[key]["churn_date"] if key in gone else book.at
        row = gone.get(key) or {"arpu_band": arpu_band(book.arpu_3m(key))}
        found[key] = {
            "is_churned": key in gone,
            "day": day,
            "reason_code": row.get("reason_code"),
            "tenure_band": tenure_band(tenure_months(line, day)),
            "arpu_band": row["arpu_band"] or UNKNOWN,
            "plan_code": plan_at(book.known, key, day) or UNKNOWN,
            "region_code": book.code(key, "region_code"),
            "group_id": groups[day].get(key, UNKNOWN),
        }
    return found


def rates_by(found: dict[str, dict], *names: str) -> dict:
    """Churned, on-net and rate of every value of one attribute, or of several together."""
    churned, on_net = Counter(), Counter()
    for row in found.values():
        cell = tuple(row[name] for name in names)
        (churned if row["is_churned"] else on_net)[cell if len(cell) > 1 else cell[0]] += 1
    return {cell: rate_row(churned[cell], on_net[cell]) for cell in churned | on_net}


def rate_row(churned: int, on_net: int) -> dict:
    """The three columns of every churn table."""
    return {"churned": churned, "on_net_end": on_net, "churn_rate": ratio(churned, on_net)}


def churn_by_plan_tenure(found: dict[str, dict]) -> dict[tuple, dict]:
    """By plan and tenure band, each and together, and all: keys end with whether the row is over all plans.

    A plan is high in churn by its row over all bands, a cell by its own.
    """
    rows = {(*cell, False): row for cell, row in rates_by(found, "plan_code", "tenure_band").items()}
    rows |= {(plan, "all", False): row for plan, row in rates_by(found, "plan_code").items()}
    rows |= {("all", band, True): row for band, row in rates_by(found, "tenure_band").items()}
    churned = sum(row["is_churned"] for row in found.values())
    rows["all", "all", True] = overall = rate_row(churned, len(found) - churned)
    for (_, band, is_total), row in rows.items():
        is_high = bool(row["churned"] and row["on_net_end"]) and row["churn_rate"] >= HIGH_CHURN * overall["churn_rate"]
        is_plan, is_cell = band == "all" and not is_total, band != "all" and not is_total
        row["is_high_churn_plan"] = is_high and is_plan and row["on_net_end"] >= HIGH_CHURN_LINES
        row["is_high_churn_cell"] = is_high and is_cell and row["on_net_end"] >= HIGH_CHURN_CELL
    return rows


def churn_reasons(book: Book, found: dict[str, dict], values: Values) -> dict[tuple, dict]:
    """Reasons of the period's churners, of all and of those mid/high-end at the month end before; and how many told none."""
    gone = {key: row for key, row in found.items() if row["is_churned"]}
    valued = {
        k: row for k, row in gone.items() if (before := value_before(book, values, k, row["day"])) and before["is_mid_high_end"]
    }
    rows = {}
    for scope, lines in (("all", gone), ("mid_high_end", valued)):
        counts = Counter(row["reason_code"] for row in lines.values() if row["reason_code"] is not None)
        running, told = 0, counts.total()
        if told < len(lines):
            silent = {"churned": len(lines) - told, "share_of_churned": ratio(len(lines) - told, len(lines))}
            rows[scope, UNKNOWN] = silent | {"share": None, "cumulative_share": None, "rank": None, "is_told": False}
        for rank, (reason, count) in enumerate(sorted(counts.items(), key=lambda c: (-c[1], c[0])), start=1):
            running += count
            rows[scope, reason] = {
                "churned": count,
                "is_told": True,
                "share": ratio(count, told),
                "cumulative_share": ratio(running, told),
                "share_of_churned": ratio(count, len(lines)),
                "rank": rank,
            }
    return rows


def snapshot_retention(book: Book, values: Values) -> dict[tuple, dict]:
    """By cohort month, later month, and all, region or manager: the cohort, how many are lost by then, and the rest's share.

    Keys end with whether the row is over all regions, and over all managers.
    """
    rows = {}
    for cohort_month, valued in values.items():
        cohort = [key for key, row in valued.items() if row["is_mid_high_end"]]
        for month in [m for m in book.billed if m > cohort_month]:
            sizes, lost = Counter(), Counter()
            for key in cohort:
                region, manager = book.code(key, "region_code"), book.code(key, "manager_id")
                cells = ("all", "all", True, True), (region, "all", False, True), ("all", manager, True, False)
                sizes.update(cells)
                lost.update(cells if is_lost(book, key, cohort_month, month) else ())
            for cell, size in sizes.items():
                rows[cohort_month, month, *cell] = {
                    "cohort_subscribers": size,
                    "lost": lost[cell],
                    "retention_rate": 1 - ratio(lost[cell], size),
                }
    return rows


def is_lost(book: Book, key: str, cohort_month: date, month: date) -> bool:
    """Off-net at the month's end, or low in three or more months after the cohort's."""
    months = [m for m in book.months if cohort_month < m <= month]
    return not book.known.lines[key].is_on_net(month_end(month)) or sum(is_low(book, key, m) for m in months) >= LOW_MONTHS


def is_low(book: Book, key: str, month: date) -> bool:
    """Off-net all month, or below the ARPU or the minutes that a mid/high-end line is kept by."""
    if not book.known.lines[key].is_on_net_within(month, month_end(month)):
        return True
    row = book.rows[key, month]
    return row["arpu_amount"] < LOW_ARPU or row["mou_minutes"] < LOW_MOU


def new_subscriber_cohorts(book: Book) -> dict[tuple, dict]:
    """By activation month and months since it: who is on-net at that month's end, and who has topped up by then."""
    first_paid = {}
    for payment in book.known.payments:
        if not payment["is_reversal"]:
            key, day = payment["subscriber_id"], day_of(payment["paid_at"])
            first_paid[key] = min(day, first_paid.get(key, day))
    rows = {}
    for month in book.months:
        cohort = [line for line in book.known.lines.values() if month_start(line.activation_date) == month]
        for since, later in enumerate([m for m in book.months if m >= month] if cohort else []):
            end = month_end(later)
            surviving = sum(line.is_on_net(end) for line in cohort)
            topped_up = sum(first_paid.get(line.subscriber_id, date.max) <= end for line in cohort)
            rows[month, since] = {
                "activated": len(cohort),
                "surviving": surviving,
                "survival_rate": ratio(surviving, len(cohort)),
                "topped_up_share": ratio(topped_up, len(cohort)),
            }
    return rows


def sales_quality(book: Book) -> dict[tuple, dict]:
    """By outlet and by plan at activation: the new lines of six months and three shares, against all others'."""
    window = [month for n in range(2, 8) if (month := month_add(book.months[-1], -n)) in book.months]
    entities = defaultdict(list)
    payments, days = early_signs(book)
    for key, line in book.known.lines.items():
        if month_start(line.activation_date) in window:
            facts = new_line(book, line, payments[key], days[key])
            entities["outlet", book.code(key, "sales_outlet_id")].append(facts)
            entities["plan", plan_at(book.known, key, line.activation_date) or UNKNOWN].append(facts)
    everybody = [facts for (kind, _), lines in entities.items() if kind == "plan" for facts in lines]
    totals = {share: bad_of(everybody, share) for share in SHARES}
    rows = {}
    for entity, lines in entities.items():
        rows[entity] = {"new_subscribers": len(lines)} | {share: ratio(*bad_of(lines, share)) for share in SHARES}
        rows[entity]["is_flagged"] = any(is_surely_over(*bad_of(lines, share), *totals[share]) for share in SHARES)
    return rows


def early_signs(book: Book) -> tuple[dict[str, list[date]], dict[str, list[date]]]:
    """Days of payments, reversals left out, and days of use, by line."""
    payments, days = defaultdict(list), defaultdict(list)
    for payment in book.known.payments:
        if not payment["is_reversal"]:
            payments[payment["subscriber_id"]].append(day_of(payment["paid_at"]))
    for usage in book.known.usage:
        days[usage["subscriber_id"]].append(usage["usage_date"])
    return payments, days


def new_line(book: Book, line: Line, payments: list[date], days: list[date]) -> dict[str, bool | None]:
    """What a new line shows of itself; null where the question is not for it, or not yet. The activation day is day 1."""
    day_60, day_30 = (line.activation_date + timedelta(days=n - 1) for n in (60, 30))
    month_6 = month_add(month_start(line.activation_date), 6)
    is_prepaid = book.subscribers[line.subscriber_id]["payment_type"] == "prepaid"
    return {
        "no_second_topup_share": sum(day <= day_60 for day in payments) < 2 if is_prepaid else None,
        "low_activity_share": sum(line.activation_date <= day <= day_30 for day in days) < 3,
        "gone_by_month_6_share": not line.is_on_net(month_end(month_6)) if month_6 <= book.months[-1] else None,
    }


def bad_of(lines: list[dict], share: str) -> tuple[int, int]:
    """Lines that are bad by a share, and the lines that it is over."""
    known = [line[share] for line in lines if line[share] is not None]
    return sum(known), len(known)


def is_surely_over(bad: int, of: int, bad_in_all: int, of_all: int) -> bool:
    """Whether Wilson's lower bound is above the share of all other lines, on lines enough."""
    others = ratio(bad_in_all - bad, of_all - of)
    return of >= JUDGED_LINES and others is not None and round(lower_bound(bad, of), 9) > round(float(others), 9)


def lower_bound(hits: int, of: int, z: float = 2.33) -> float:
    """Wilson's lower bound of hits / of."""
    p = hits / of
    return (p + z * z / (2 * of) - z * sqrt(p * (1 - p) / of + z * z / (4 * of * of))) / (1 + z * z / of)
