"""How lines use and pay, and what they are worth beside it, as tags: `{subscriber_id: {column: value}}`, one row a line.

Choices where the definitions leave one:
- Use is that of M's month, null where the line has no row in it, one after its churn included. Overage is then false, as
  where nothing is included.
- Trends are told of every line with a row in M's month. Shares and circles are told here of lines on-net at M alone.
- Payments of three months are of complete calendar months. Balances are those of the latest snapshot.
"""

from collections import Counter
from fractions import Fraction

from oracle import watch
from oracle.desk import Desk, band
from oracle.figures import ZERO, mean_over, plan_at, ratio, rounded
from oracle.known import Line, day_of, month_add, month_end
from oracle.risk import circle_sizes, saturation

USED = (
    "outgoing_minutes", "mou_minutes", "dou_mb", "messages_sent", "active_days", "roaming_minutes", "roaming_mb", "paid_amount",
)  # fmt: skip
VALUE = (
    "arpu_3m", "mou_3m", "outgoing_3m", "dou_3m", "arpu_band", "arpu_trend", "activity_score", "activity_grade",
    "is_mid_high_end", "realised_value",
    "potential_value", "expected_remaining_months", "influence_score", "value_score", "value_tier", "value_class",
    "is_high_value", "is_high_influence", "value_quadrant", "vip_level", "is_high_income",
)  # fmt: skip
MINUTES = ((None, "<50"), (50, "50-150"), (150, "150-300"), (300, "300-600"), (600, ">=600"))
DATA = ((None, "<500"), (500, "500-2000"), (2000, "2000-10000"), (10000, "10000-30000"), (30000, ">=30000"))
FULL = ((None, "<0.3"), (Fraction(3, 10), "0.3-0.7"), (Fraction(7, 10), "0.7-1"), (1, ">=1"))


def value_tags(desk: Desk) -> dict[str, dict]:
    """The tags of the family value that subscriber_value has as well; null for lines off-net at M."""
    return {key: {name: desk.worth.get(key, {}).get(name) for name in VALUE} for key in desk.lines}


def behaviour_tags(desk: Desk) -> dict[str, dict]:
    """The tags of the family behaviour, but for the number of peers."""
    book = desk.book
    idle, paid = watch.inactivity(book), payments(desk)
    circles = circle_sizes(book, book.lines_at(book.at))
    balances = book.known.balances[max(book.known.balances)] if book.known.balances else {}
    found = {}
    for key, line in book.known.lines.items():
        row = book.rows.get((key, book.months[-1]))
        row = row if row and not row["is_after_churn"] else None
        balance = balances.get(key, {})
        found[key] = {
            **(month_use(desk, key, row) if row else no_use()),
            "payments_3m": paid[key],
            "days_since_use": idle.get(key, {}).get("days_since_use"),
            "days_since_payment": idle.get(key, {}).get("days_since_payment"),
            "balance_amount": balance.get("balance_amount"),
            "arrears_amount": balance.get("arrears_amount"),
        }
        if key in desk.worth and key in circles:  # off-net at M again, there is no circle
            found[key] |= {
                "on_net_circle_size": circles[key],
                "offnet_share_3m": offnet_share(desk, line),
                "mou_trend": trend(desk, line, "mou_minutes"),
                "dou_trend": trend(desk, line, "dou_mb"),
            }
    return found


def month_use(desk: Desk, key: str, row: dict) -> dict:
    """Tags of the use of M's month, from its row."""
    plan = desk.book.catalogue.get(plan_at(desk.book.known, key, desk.book.at), {})
    talk, data = saturation(desk.book, key), saturation(desk.book, key, "dou_mb", "included_mb")
    return {name: row[name] for name in USED} | {
        "mou_band": band(row["mou_minutes"], MINUTES),
        "dou_band": band(row["dou_mb"], DATA),
        "is_roamer": row["roaming_minutes"] > 0 or row["roaming_mb"] > 0,
        "included_minutes": plan.get("included_minutes"),
        "included_mb": plan.get("included_mb"),
        "minutes_saturation": talk,
        "data_saturation": data,
        "minutes_saturation_band": band(talk, FULL),
        "data_saturation_band": band(data, FULL),
        "is_minutes_overage": talk is not None and talk > 1,
        "is_data_overage": data is not None and data > 1,
    }


def no_use() -> dict:
    """The same of a line without such a row."""
    names = ("mou_band", "dou_band", "is_roamer", "included_minutes", "included_mb", "minutes_saturation", "data_saturation")
    bands = ("minutes_saturation_band", "data_saturation_band")
    return dict.fromkeys((*USED, *names, *bands)) | {"is_minutes_overage": False, "is_data_overage": False}


def payments(desk: Desk) -> Counter:
    """Payments of the last three complete months by line, reversals left out."""
    first = month_add(desk.book.months[-1], -2)
    rows = [p for p in desk.book.known.payments if not p["is_reversal"]]
    return Counter(p["subscriber_id"] for p in rows if first <= day_of(p["paid_at"]) <= desk.book.at)


def offnet_share(desk: Desk, line: Line) -> Fraction | None:
    """Off-net minutes of all minutes, over the last three complete months with a day on-net."""
    months = [m for m in desk.book.months[-3:] if line.is_on_net_within(m, month_end(m))]
    rows = [desk.book.rows[line.subscriber_id, m] for m in months]
    return ratio(sum((r["offnet_minutes"] for r in rows), ZERO), sum((r["mou_minutes"] for r in rows), ZERO))


def trend(desk: Desk, line: Line, measure: str):
    """The mean of three months over that of the three before, less 1."""
    months = desk.book.months
    now, before = (mean_over(desk.book.known, desk.book.rows, line, measure, m) for m in (months[-3:], months[-6:-3]))
    return rounded(Fraction(now) / Fraction(before) - 1, 6) if now is not None and before is not None and before > 0 else None
