"""Customer value by month end and what is told of it: customers, layers, the pyramid, migration, composition, tariff levels.

Each function takes the book and, where it needs them, the values `{month: {subscriber_id: row}}` that `values_by_month` gives,
and returns `{key: {column: value}}` of one public table. Scores and tiers themselves stand in worth.py.

Choices where the definitions leave one:
- Medians that decide (quadrant) are exact; a matched amount is money, so to the cent, and so is the incentive,
  taken of the rounded matched amount.
- A tier without subscribers has no row; a tier with some has a composition row for every fee class.
- A customer's realised value is that of its lines on-net at M.
- A plan without a fee fits no level.
"""

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from oracle import worth
from oracle.book import Book, looking_back, median
from oracle.figures import FEE_CLASSES, ZERO, is_reinstated, memberships_at, ratio, rounded, tenure_months
from oracle.known import month_add, month_end, month_start

TIER_ORDER = ("diamond", "gold", "silver", "ordinary", "mass")
VIP_LEVELS = ((11000, "diamond"), (6000, "gold"), (3600, "silver"))
QUADRANTS = {(True, True): "star", (True, False): "cash", (False, True): "growth", (False, False): "basic"}
LAYERS = ((1, "A"), (3, "B"), (6, "C"))
TOP = Fraction(9, 10)
Values = dict[date, dict[str, dict]]


def values_by_month(book: Book) -> Values:
    """Value rows of the lines on-net at the end of each billed month."""
    return {month: value_rows(book, month) for month in book.billed}


def last_values(book: Book, values: Values) -> dict[str, dict]:
    """Value rows of the last billed month."""
    return values[book.billed[-1]] if book.billed else {}


def value_rows(book: Book, month: date) -> dict[str, dict]:
    """Value rows at one month's end."""
    at = month_end(month)
    rows = worth.subscriber_value(looking_back(book.known, at))
    if not rows:
        return {}
    middle = {name: median([r[name] for r in rows.values()]) for name in ("realised_value", "potential_value")}
    influence = worth.percent_ranks({key: row["influence_score"] for key, row in rows.items()})
    local, rich = ranks_by_county(book, rows), rich_customers(book, rows)
    leaders = key_persons(book, at)
    activity = activity_scores(book, rows, at)
    for key, row in rows.items():
        is_influential = influence[key] >= TOP or key in leaders
        row["vip_level"] = vip_level(book, key, month)
        row["value_quadrant"] = QUADRANTS[
            row["realised_value"] >= middle["realised_value"], row["potential_value"] >= middle["potential_value"]
        ]
        row["activity_score"] = activity[key]
        row["activity_grade"] = "A" if activity[key] >= 60 else "B" if activity[key] >= 30 else "C"
        row["is_mid_high_end"] = (row["arpu_3m"] >= 120 and row["outgoing_3m"] >= 100) or local[key] >= TOP
        row["is_high_influence"] = is_influential and tenure_months(book.known.lines[key], at) > 12
        row["is_high_income"] = book.subscribers[key]["customer_id"] in rich
        row["is_high_value"] = row["value_class"] == "high"
    return rows


def ranks_by_county(book: Book, rows: dict[str, dict]) -> dict[str, Fraction]:
    """Percent rank of arpu_3m within the same region and county."""
    cells = defaultdict(dict)
    for key, row in rows.items():
        cells[book.code(key, "region_code"), book.code(key, "county_code")][key] = row["arpu_3m"]
    return {key: rank for cell in cells.values() for key, rank in worth.percent_ranks(cell).items()}


def rich_customers(book: Book, rows: dict[str, dict]) -> set[str]:
    """The top 10 % by income of the customers with a known income and one of these lines."""
    holders = {book.subscribers[key]["customer_id"] for key in rows}
    incomes = {c: income for c in holders if (income := book.customers[c]["annual_income"]) is not None}
    return {customer for customer, rank in worth.percent_ranks(incomes).items() if rank >= TOP}


def key_persons(book: Book, at: date) -> set[str]:
    """Key persons of a group graded a or b on the day."""
    standing = memberships_at(book.known, at)
    return {key for key, found in standing.items() if any(r == "key_person" and level in ("a", "b") for level, r, _ in found)}


def vip_level(book: Book, key: str, month: date) -> str | None:
    """The level of the points earned in the last calendar year ended by the month's end."""
    earned = book.points.get((key, month.year if month.month == 12 else month.year - 1))
    return next((level for least, level in VIP_LEVELS if earned is not None and earned >= least), None)


def activity_scores(book: Book, rows: dict[str, dict], at: date) -> dict[str, Decimal]:
    """100 x the mean percent rank of each line by the kinds of use that any line has, 0 where none has."""
    services = defaultdict(set)
    for row in book.add_ons:
        if row["start_date"] <= at <= (row["end_date"] or date.max):
            services[row["subscriber_id"]].add(row["service_code"])
    kinds = [{key: row[name] for key, row in rows.items()} for name in ("calls_3m", "mou_3m", "messages_3m", "dou_3m")]
    kinds.append({key: len(services[key]) for key in rows})
    ranks = [worth.percent_ranks(kind) for kind in kinds if max(kind.values()) > 0]
    return {key: rounded(100 * ratio(sum(rank[key] for rank in ranks), len(ranks)) if ranks else ZERO, 6) for key in rows}


def customer_value(book: Book, values: Values) -> dict[str, dict]:
    """One row a customer with a line on-net at the end of the last billed month."""
    lines = defaultdict(list)
    for key, row in last_values(book, values).items():
        lines[book.subscribers[key]["customer_id"]].append(row)
    realised = {customer: sum((row["realised_value"] for row in rows), ZERO) for customer, rows in lines.items()}
    found = {}
    for k, customer in enumerate(sorted(lines, key=lambda c: (-realised[c], c)), start=1):
        found[customer] = {
            "realised_value": realised[customer],
            "service_layer": next((layer for tenths, layer in LAYERS if 10 * k <= tenths * len(lines)), "D"),
            "value_tier": min((row["value_tier"] for row in lines[customer]), key=TIER_ORDER.index),
            "subscribers": len(lines[customer]),
        }
    return found


def service_layers(customers: dict[str, dict]) -> dict[str, dict]:
    """One row a layer, from customer_value."""
    layers = defaultdict(list)
    for row in customers.values():
        layers[row["service_layer"]].append(row["realised_value"])
    total = sum((row["realised_value"] for row in customers.values()), ZERO)
    return {
        layer: {
            "customers": len(amounts),
            "customer_share": ratio(len(amounts), len(customers)),
            "revenue_amount": sum(amounts, ZERO),
            "revenue_share": ratio(sum(amounts, ZERO), total),
        }
        for layer, amounts in layers.items()
    }


def value_pyramid(book: Book, values: Values) -> dict[tuple, dict]:
    """One row a month and tier; revenue is the ARPU amount of that month alone."""
    found = {}
    for month, rows in values.items():
        counts, amounts = Counter(), Counter()
        for key, row in rows.items():
            counts[row["value_tier"]] += 1
            amounts[row["value_tier"]] += book.arpu(key, month)
        for tier, count in counts.items():
            found[month, tier] = {
                "subscribers": count,
                "subscriber_share": ratio(count, len(rows)),
                "revenue_amount": Decimal(amounts[tier]),
                "revenue_share": ratio(amounts[tier], sum(amounts.values())),
            }
    return found


def value_composition(book: Book, values: Values) -> dict[tuple, dict]:
    """One row a month, tier and fee class: what counts to ARPU, as a share of the month and tier."""
    tiers = {(month, key): row["value_tier"] for month, rows in values.items() for key, row in rows.items()}
    found = {(month, tier, fee): ZERO for (month, _), tier in tiers.items() for fee in FEE_CLASSES}
    for charge in book.known.charges:
        fee = book.known.fees.get(charge["fee_code"], {"fee_class": "other", "counts_to_arpu": True})
        tier = tiers.get((charge["bill_month"], charge["subscriber_id"]))
        if tier and fee["counts_to_arpu"]:
            found[charge["bill_month"], tier, fee["fee_class"]] += charge["amount"]
    totals = Counter()
    for (month, tier, _), amount in found.items():
        totals[month, tier] += amount
    return {k: {"revenue_amount": amount, "revenue_share": ratio(amount, totals[k[:2]])} for k, amount in found.items()}


def value_migration(book: Book, values: Values) -> dict[tuple, dict]:
    """Lines by month, the tier of the month end before and the tier of this one; none in the first month held."""
    moves = Counter()
    for month in [m for m in book.months[1:] if m in values]:
        before, end = values[month_add(month, -1)], month_end(month)
        for key, line in book.known.lines.items():
            start = before[key]["value_tier"] if key in before else None
            if start is None and month <= line.activation_date <= end:
                start = "new"
            elif start is None and is_reinstated(line, month, end):
                start = "churned"
            if start:
                moves[month, start, values[month][key]["value_tier"] if key in values[month] else "churned"] += 1
    return {key: {"subscribers": count} for key, count in moves.items()}


def tariff_levels(book: Book, values: Values) -> dict[int, dict]:
    """The mid/high-end lines at M in five, by arpu_3m and then id."""
    rows = last_values(book, values)
    lines = sorted((row["arpu_3m"], key) for key, row in rows.items() if row["is_mid_high_end"])
    fees = [(p["monthly_fee"], code) for code, p in book.catalogue.items() if p["is_on_sale"] and p["monthly_fee"] is not None]
    size, more = divmod(len(lines), 5)
    found = {}
    for level in range(1, 6):
        begin = (level - 1) * size + min(level - 1, more)
        amounts = [arpu for arpu, _ in lines[begin : begin + size + (level <= more)]]
        if amounts:
            matched = rounded(median(amounts), 2)
            found[level] = {
                "subscribers": len(amounts),
                "arpu_from": amounts[0],
                "arpu_to": amounts[-1],
                "matched_amount": matched,
                "incentive_amount": rounded(matched * Decimal("1.2"), 2),
                "plan_code": min((abs(fee - matched), fee, code) for fee, code in fees)[2] if fees else None,
            }
    return found


def tiers_before_churn(book: Book, values: Values) -> dict[str, dict]:
    """Of each line off-net at D, at the last billed month end before the churn month: its tier, whether it was mid/high-end."""
    found = {}
    for key, line in book.known.lines.items():
        stay = line.stay_at(book.known.as_of)
        if not stay.is_on_net:
            row = value_before(book, values, key, stay.first_day)
            found[key] = {
                "value_tier_before": row and row["value_tier"],
                "was_mid_high_end": bool(row and row["is_mid_high_end"]),
            }
    return found


def value_before(book: Book, values: Values, key: str, churn_date: date) -> dict | None:
    """A line's value at the last billed month end before the month of its churn; None where it has none."""
    before = month_start(month_start(churn_date) - timedelta(days=1))
    return values.get(min(before, book.billed[-1]), {}).get(key) if book.billed else None
