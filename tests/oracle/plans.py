"""What lists cost and brought, run by run, and the library of what was tried.

`{key: {column: value}}` of one public table. Outcomes of members are campaign.py's.

Choices where the definitions leave one:
- A contact costs what its list's channel costs, a second one of the same member again; the control costs nothing.
- Every row of the fact counts in a mean ARPU, also one of a month after churn.
- Purposes are those of the ledger; an oracle's run has none.
"""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction

from oracle import campaign
from oracle.book import UNKNOWN, add_months
from oracle.desk import Desk
from oracle.figures import ZERO, ratio, rounded
from oracle.known import month_start

CHANNEL_COSTS = {
    "outbound_call": Decimal("4"), "sms": Decimal("0.05"), "store": Decimal("8"), "hotline": Decimal("2"),
    "web": Decimal("0.01"), "app": Decimal("0.01"),
}  # fmt: skip
RETURN_MONTHS = 12
ALL, NONE = "all", "none"


def list_returns(desk: Desk) -> dict[tuple, dict]:
    """One row a list and day on which it was exported to anyone or held anyone back."""
    gifts, cells = gift_costs(desk), defaultdict(list)
    for row in campaign.outcomes(desk):
        cells[row["list_name"], row["run_date"]].append(row)
    return {cell: returns(desk, rows, gifts, cell[1]) for cell, rows in cells.items()}


def returns(desk: Desk, rows: list[dict], gifts: dict[str, Decimal], run_date: date) -> dict:
    """Of one run."""
    effect, treated = campaign.effect(rows), [r for r in rows if r["arm"] == "treated"]
    contacts, given = contact_cost(treated), gift_cost(treated, gifts)
    month = add_months(month_start(run_date), -1)
    known = [desk.book.rows[r["key"], month]["arpu_amount"] for r in treated if (r["key"], month) in desk.book.rows]
    mean = ratio(sum(known, ZERO), len(known))
    revenue = mean if mean is None else rounded(mean, 2)
    gained, saved = (times(effect[name], len(treated)) for name in ("uplift", "retention_uplift"))
    cost = contacts + given
    return {
        "channel": rows[0]["channel"],
        "targeted_treated": len(treated),
        "contacts": sum(r["contacts"] for r in treated),
        "contact_cost_amount": contacts,
        "gift_cost_amount": given,
        "cost_amount": cost,
        "orders_gained": gained,
        "lines_saved": saved,
        "monthly_revenue_amount": revenue,
        "cost_per_line_saved_amount": rounded(Fraction(cost) / saved, 2) if saved is not None and saved > 0 else None,
        "return_amount": None
        if saved is None or revenue is None
        else rounded(saved * Fraction(revenue) * RETURN_MONTHS - Fraction(cost), 2),
    }


def plan_library(desk: Desk) -> dict[tuple, dict]:
    """One row a list, offer, channel and tier, and one for all tiers."""
    gifts, cells = gift_costs(desk), defaultdict(list)
    for row in campaign.outcomes(desk):
        for segment in (row["value_tier"] or UNKNOWN, ALL):
            cells[row["list_name"], row["offer"] or NONE, row["channel"], segment].append(row)
    found = {cell: plan(rows, gifts) for cell, rows in cells.items()}
    segments = defaultdict(list)
    for cell, row in found.items():
        low = row["effect_low"]
        segments[cell[3]].append((low is None, 0 if low is None else -rounded(Fraction(low), 6), cell))
    for places in segments.values():
        for rank, (*_, cell) in enumerate(sorted(places), start=1):
            found[cell]["rank"] = rank
    return found


def plan(rows: list[dict], gifts: dict[str, Decimal]) -> dict:
    """Of one cell."""
    effect, treated = campaign.effect(rows), [r for r in rows if r["arm"] == "treated"]
    measure = next((m for m, name in MEASURES.items() if effect[name] is not None), None)
    name = MEASURES.get(measure, "uplift")
    low = effect[f"{name}_low"]
    shown = ("targeted_treated", "targeted_control", "contacted_treated", "response_rate_treated", "retention_rate_treated")
    return {
        "first_run_date": min(r["run_date"] for r in rows),
        "last_run_date": max(r["run_date"] for r in rows),
        "runs": len({r["run_date"] for r in rows}),
        "cost_amount": contact_cost(treated) + gift_cost(treated, gifts),
        **{column: effect[column] for column in shown},
        **{f"{of}{end}": effect[f"{of}{end}"] for of in MEASURES.values() for end in ("", "_low", "_high")},
        "measure": measure,
        **{f"effect{end}": effect[f"{name}{end}"] for end in ("", "_low", "_high")},
        "is_proven": low is not None and rounded(Fraction(low), 6) > 0,
    }


MEASURES = {"orders": "uplift", "retention": "retention_uplift"}


def gift_costs(desk: Desk) -> dict[str, Decimal]:
    """What the gift of each offer costs."""
    return {code: row["gift_cost_amount"] for code, row in campaign.offer_chances(desk).items()}


def contact_cost(treated: list[dict]) -> Decimal:
    return sum((r["contacts"] * CHANNEL_COSTS[r["channel"]] for r in treated), ZERO)


def gift_cost(treated: list[dict], gifts: dict[str, Decimal]) -> Decimal:
    return sum((gifts.get(r["offer"], ZERO) for r in treated if r["has_ordered"]), ZERO)


def times(effect: Fraction | None, lines: int) -> Fraction | None:
    return None if effect is None else effect * lines
