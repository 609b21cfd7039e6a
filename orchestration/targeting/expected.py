"""What a list is expected to cost and to bring, in words for whoever approves it: by costs, chances of offers, what was tried.

Read from lists decided for a preview and from the published version; nothing is decided here.
"""

from collections.abc import Iterator
from decimal import Decimal

from orchestration.base.sql import one_row
from orchestration.targeting.export import DecidedRun
from orchestration.targeting.templates import sql

SHOWN = 3
"""Plans of before that are named."""

_GAINED = {"orders": "orders", "retention": "lines kept"}


def expected(decided: DecidedRun, name: str) -> Iterator[str]:
    """Lines on cost and effect of a decided list, the cost first."""
    asked, tables = decided.plan.asked[name], decided.tables
    definition, relations = asked.definition, tables.relations
    tables.read(f"select channel, contact_cost from {relations.channel_costs}", into="channel_costs")
    tables.read(
        f"select offer_code, acceptance_chance, gift_cost_amount from {relations.offer_chances}",
        into="offer_chances",
    )
    found = tables.connection.execute(sql("expected", list_number=asked.number, channel=definition.channel))
    lines, contacts, orders, gifts = one_row(found)
    if not lines:
        return
    cost = Decimal(contacts or 0) + Decimal(gifts or 0)
    parts = f"{Decimal(contacts or 0):,.2f} for contacts" + (f", {Decimal(gifts):,.2f} for gifts" if gifts is not None else "")
    yield f"expected cost: {cost:,.2f} ({parts}) for {lines:,} lines"
    if orders is not None:
        yield f"expected orders: {orders:,.1f}, asked or not, if its offers are taken as often as by all contacts so far"
    given = {"name": name, "channel": definition.channel, "offer": definition.offer or "", "rows": SHOWN, "relations": relations}
    tried = tables.rows(sql("tried", tables.dialect, **given))
    if not tried:
        yield "expected effect: not known; no run of the list, or of its offer on this channel, has a control to compare with"
    for plan, offer, runs, treated, measure, effect, low, high in tried:
        put = "" if offer == "none" else f" with {offer}"
        yield (
            f"tried: {plan}{put}, {runs:,} runs, {treated:,} exported: {100 * effect:+.1f} points of {_GAINED[measure]} "
            f"({100 * low:+.1f} to {100 * high:+.1f}), {effect * lines:+,.1f} on {lines:,} lines"
        )
