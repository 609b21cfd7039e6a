"""Which plan and bundle suit a line: re-rating of what it used, levels of bundles, and the tags that tell them.

`{key: {column: value}}` of one public table. Plans are those of the latest catalogue at D.

Choices where the definitions leave one:
- A month in which the line left and came back, on-net at its opening and its end, counts as on-net all along.
- What a month costs is not rounded; the mean of the months is, to the cent, and plans are compared by it.
- A plan without a fee is never priced. What the catalogue does not say to be included is not known, unless its use is free.
- Spend counts as billed, in months that are billed. A mean spend of 0 or less takes no part in the commitments.
"""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from oracle.book import status_at
from oracle.desk import Desk
from oracle.figures import ZERO, rounded
from oracle.known import month_end
from oracle.worth import percent_ranks

USES = (
    ("included_minutes", "overage_fee_per_minute", lambda row: max(row["outgoing_minutes"] - row["roaming_minutes"], ZERO)),
    ("included_mb", "overage_fee_per_mb", lambda row: row["dou_mb"]),
    ("included_messages", "overage_fee_per_message", lambda row: row["messages_sent"]),
)
BILLED = ("rental_amount", "voice_local_amount", "voice_long_distance_amount", "messaging_amount", "data_amount")
SPEND_SHARES = (Fraction(1, 10), Fraction(3, 10), Fraction(1, 2), Fraction(7, 10), Fraction(9, 10))
RISK_RANKS = (Fraction(1, 2), Fraction(7, 10), Fraction(8, 10), Fraction(9, 10), Fraction(95, 100))
COVERED, LEAST_MONTHS, STEP, LOSS_MONTHS, INCENTIVE = Fraction(9, 10), 3, 5, 12, Decimal("0.1")


def whole_months(desk: Desk, key: str, months: list[date]) -> list[dict]:
    """The line's rows of those of the months in which it was on-net all along."""
    rows = [desk.book.rows.get((key, month)) for month in months]
    return [row for row in rows if row and row["is_on_net_opening"] and row["is_on_net_end"]]


def cost(plan: dict, rows: list[dict]) -> Decimal | None:
    """Mean of what the months cost on a plan; None where it cannot be priced."""
    if plan["monthly_fee"] is None:
        return None
    total = Fraction(plan["monthly_fee"]) * len(rows)
    for included, fee, used in USES:
        if plan[included] is None:
            beyond = sum(Fraction(used(row)) for row in rows)
            rate = plan[fee] if plan[fee] == 0 else None
        else:
            beyond = sum(max(Fraction(used(row)) - plan[included], Fraction(0)) for row in rows)
            rate = plan[fee]
        if beyond and rate is None:
            return None
        total += beyond * Fraction(rate or 0)
    return rounded(total / len(rows), 2)


def is_in_service(desk: Desk, key: str, month: date) -> bool:
    """Whether the line's status was active at the end of every day of the month."""
    days = (month + timedelta(days=n) for n in range((month_end(month) - month).days + 1))
    return all(status_at(desk.book, key, day)[0] == "active" for day in days)


def plan_fit(desk: Desk) -> dict[str, dict]:
    """One row a line on-net at D with a whole month in service among the last three billed ones."""
    found = {}
    for key in desk.on_net:
        months = [month for month in desk.book.billed[-3:] if is_in_service(desk, key, month)]
        rows = whole_months(desk, key, months)
        if rows:
            found[key] = fit(desk, desk.lines[key]["plan_code"], rows)
    return found


def fit(desk: Desk, present: str | None, rows: list[dict]) -> dict:
    """The best plan of a line for these months."""
    costs = {}
    for code, plan in desk.book.catalogue.items():
        amount = cost(plan, rows) if plan["is_on_sale"] or code == present else None
        if amount is not None:
            costs[code] = amount
    order = lambda code: (costs[code], code != present, desk.book.catalogue[code]["monthly_fee"], code)  # noqa: E731
    best = min(costs, key=order, default=None)
    billed = rounded(Fraction(sum((row[name] for row in rows for name in BILLED), ZERO)) / len(rows), 2)
    return {
        "plan_code": present,
        "months_counted": len(rows),
        "billed_use_amount": billed,
        "plan_cost_amount": costs.get(present),
        "best_plan_code": best,
        "best_plan_cost_amount": costs.get(best),
        "saving_amount": costs[present] - costs[best] if present in costs else None,
        "revenue_effect_amount": None if best is None else ZERO if best == present else costs[best] - billed,
    }


def commitments(desk: Desk) -> list[Decimal]:
    """What bundles of level 1 to 5 commit to; none where no line spends anything."""
    at = month_end(desk.book.billed[-1]) if desk.book.billed else desk.today
    means = [desk.book.arpu_3m(key) for key in desk.book.lines_at(at)] if desk.book.billed else []
    spends = sorted(mean for mean in means if mean is not None and mean > 0)
    found: list[Decimal] = []
    for share in SPEND_SHARES if spends else ():
        least = next(spend for spend in spends if Fraction(sum(other <= spend for other in spends), len(spends)) >= share)
        steps = Decimal(max(least // STEP, 1) * STEP)
        found.append(max([steps, *(amount + STEP for amount in found[-1:])]))
    return found


def line_bundles(desk: Desk) -> dict[str, dict]:
    """One row a line on-net at D."""
    amounts = commitments(desk)
    losses = {
        key: rounded(Fraction(str(chance)) * Fraction(max(spend, ZERO)) * LOSS_MONTHS, 2)
        for key, chance in desk.chances.items()
        if key in desk.on_net and (spend := spend_at(desk, key)) is not None
    }
    ranks = {key: rounded(rank, 9) for key, rank in percent_ranks(losses).items()}
    found = {}
    for key in desk.on_net:
        rows = whole_months(desk, key, desk.book.billed[-12:])
        reached = [n for n, least in enumerate(amounts, 1) if rows and share_of(rows, least) >= COVERED]
        found[key] = {
            "months_counted": len(rows),
            "bundle_fee_level": max(reached, default=0) if len(rows) >= LEAST_MONTHS else None,
            "expected_loss_amount": losses.get(key),
            "bundle_incentive_level": sum(ranks[key] >= rank for rank in RISK_RANKS) if key in ranks else None,
        }
    return found


def spend_at(desk: Desk, key: str) -> Decimal | None:
    """The line's mean ARPU at the last billed month, where it has a row of it that is not after its churn."""
    row = desk.book.rows.get((key, desk.book.billed[-1])) if desk.book.billed else None
    return desk.book.arpu_3m(key) if row and not row["is_after_churn"] else None


def share_of(rows: list[dict], least: Decimal) -> Decimal:
    """Share of the months whose ARPU amount reaches the commitment."""
    return rounded(Fraction(sum(row["arpu_amount"] >= least for row in rows), len(rows)), 9)


def bundle_levels(desk: Desk) -> dict[int, dict]:
    """One row a level."""
    lines = line_bundles(desk).values()
    found = {}
    for level, amount in enumerate(commitments(desk), 1):
        borne = [row["expected_loss_amount"] for row in lines if row["bundle_incentive_level"] == level]
        found[level] = {
            "commitment_amount": amount,
            "fee_lines": sum(row["bundle_fee_level"] == level for row in lines),
            "incentive_lines": len(borne),
            "loss_from_amount": min(borne, default=None),
            "incentive_amount": rounded(min(borne) * INCENTIVE, 2) if borne else None,
        }
    return found


def tariff_tags(desk: Desk) -> dict[str, dict]:
    """The tags of the family tariff."""
    fits, bundles = plan_fit(desk), line_bundles(desk)
    return {
        key: {
            "best_plan_code": fits.get(key, {}).get("best_plan_code"),
            "saving_on_best_plan": fits.get(key, {}).get("saving_amount"),
            **{name: bundles.get(key, {}).get(name) for name in ("bundle_fee_level", "bundle_incentive_level")},
        }
        for key in desk.lines
    }
