"""Churn of the last three complete months by cells of one attribute, and by group with what the group brings.

Choices where the definitions leave one:
- A group's use is that of the lines that are counted in its row, whenever they joined it.
- Of a line without a row for B's month nothing is counted as its revenue, nor as its realised value.
"""

from collections import Counter, defaultdict
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from oracle.book import UNKNOWN, Book
from oracle.figures import ZERO, complete_months, memberships_at, ratio, rounded, tenure_months
from oracle.known import month_add
from oracle.retention import rates_by
from oracle.risk import CELL_MINIMUM, offnet_band
from oracle.tiers import VIP_LEVELS

ATTRIBUTES = ("plan_code", "brand_code", "offnet_band", "number_class", "tenure_months", "vip_level", "balance_band")
BALANCES = ((100, ">=100"), (50, "50-100"), (30, "30-50"), (10, "10-30"), (0, "0-10"))


def group_rates(book: Book, members: dict[str, dict]) -> dict[tuple, dict]:
    """Churned, on-net, rate and the rate applied of every value of every attribute."""
    found = {key: row | attributes_of(book, key, row) for key, row in members.items()}
    churned = sum(row["is_churned"] for row in found.values())
    usual = ratio(churned, len(found) - churned)
    rows = {(name, value): row for name in ATTRIBUTES for value, row in rates_by(found, name).items()}
    return {
        cell: row | {"applied_rate": row["churn_rate"] if row["on_net_end"] >= CELL_MINIMUM else usual}
        for cell, row in rows.items()
    }


def attributes_of(book: Book, key: str, row: dict) -> dict[str, str]:
    """What a line is grouped by beside its plan, on the day of its row."""
    line, day = book.known.lines[key], row["day"]
    points = book.points.get((key, (day + timedelta(days=1)).year - 1))
    months = complete_months(book.known, day)
    balance = book.rows.get((key, months[-1]), {}).get("balance_amount") if months else None
    return {
        "brand_code": book.code(key, "brand_code"),
        "number_class": book.code(key, "number_class"),
        "offnet_band": offnet_band(book, line, day),
        "tenure_months": str(tenure_months(line, day)),
        "vip_level": next((level for least, level in VIP_LEVELS if points is not None and points >= least), "none"),
        "balance_band": UNKNOWN if balance is None else next((name for least, name in BALANCES if balance >= least), "<0"),
    }


def churn_by_group(book: Book, members: dict[str, dict]) -> dict[str, dict]:
    """One row a group that a line of the period showed, and one of the lines in none."""
    lines = defaultdict(list)
    for key, row in members.items():
        lines[row["group_id"]].append((key, row))
    roles = {day: memberships_at(book.known, day) for day in {row["day"] for row in members.values()}}
    rows, churned = rates_by(members, "group_id"), sum(row["is_churned"] for row in members.values())
    money = {group: [money_of(book, key) for key, row in found if not row["is_churned"]] for group, found in lines.items()}
    revenue = {group: sum((arpu for arpu, _ in amounts), ZERO) for group, amounts in money.items()}
    for group, row in rows.items():
        key_persons = Counter(
            r["is_churned"] for k, r in lines[group] if ("key_person", group) in {m[1:] for m in roles[r["day"]].get(k, [])}
        )
        row |= {
            "churned_share": ratio(row["churned"], churned),
            "revenue_amount": revenue[group],
            "revenue_share": ratio(revenue[group], sum(revenue.values(), ZERO)),
            "realised_value": sum((value for _, value in money[group]), ZERO),
            "mou_trend": trend(book, [key for key, _ in lines[group]], "mou_minutes"),
            "dou_trend": trend(book, [key for key, _ in lines[group]], "dou_mb"),
            "key_persons": key_persons[False],
            "key_persons_lost": key_persons[True],
        }
    return rows


def money_of(book: Book, key: str) -> tuple[Decimal, Decimal]:
    """A line's ARPU amount of B's month, and of the twelve that end with it; 0 without a row for that month."""
    row = book.rows.get((key, book.billed[-1])) if book.billed else None
    if not row or row["is_after_churn"]:
        return ZERO, ZERO
    last = book.billed[-1]
    return row["arpu_amount"], sum((book.arpu(key, month_add(last, -n)) for n in range(12)), ZERO)


def trend(book: Book, keys: list[str], measure: str) -> Decimal | None:
    """Use of the lines in the three months to M over that in the three before, less 1."""
    if len(book.months) < 6:
        return None
    now, before = (
        sum((r[measure] for k in keys for m in months if (r := book.rows.get((k, m))) and not r["is_after_churn"]), ZERO)
        for months in (book.months[-3:], book.months[-6:-3])
    )
    return rounded(Fraction(now) / Fraction(before) - 1, 6) if before > 0 else None
