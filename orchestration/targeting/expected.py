"""What a list is expected to cost and to bring, in words for whoever approves it: by costs, chances of offers, what was tried.

Read from lists decided for a preview and from the published version; nothing is decided here.
"""

from collections.abc import Iterator
from decimal import Decimal

from orchestration.base.sql import one_row
from orchestration.base.words import Message
from orchestration.targeting.export import DecidedRun
from orchestration.targeting.templates import sql

SHOWN = 3
"""Plans of before that are named."""

_GAINED = {"orders": Message.of("orders", "orders"), "retention": Message.of("lines_kept", "lines kept")}


def expected(decided: DecidedRun, name: str) -> Iterator[Message]:
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
    parts = [Message.of("for_contacts", "{amount:,.2f} for contacts", amount=Decimal(contacts or 0))]
    if gifts is not None:
        parts.append(Message.of("for_gifts", "{amount:,.2f} for gifts", amount=Decimal(gifts)))
    english = "expected cost: {cost:,.2f} ({parts}) for {lines:,} lines"
    yield Message.of("expected_cost", english, cost=cost, parts=Message.joined(parts, ", "), lines=lines)
    if orders is not None:
        english = "expected orders: {orders:,.1f}, asked or not, if its offers are taken as often as by all contacts so far"
        yield Message.of("expected_orders", english, orders=orders)
    given = {"name": name, "channel": definition.channel, "offer": definition.offer or "", "rows": SHOWN, "relations": relations}
    tried = tables.rows(sql("tried", tables.dialect, **given))
    if not tried:
        english = "expected effect: not known; no run of the list, or of its offer on this channel, has a control to compare with"
        yield Message.of("effect_unknown", english)
    for plan, offer, runs, treated, measure, effect, low, high in tried:
        yield Message.of(
            "tried",
            "tried: {plan}{put}, {runs:,} runs, {treated:,} exported: {points:+.1f} points of {gained} "
            "({low:+.1f} to {high:+.1f}), {more:+,.1f} on {lines:,} lines",
            plan=plan,
            put="" if offer == "none" else Message.of("with_offer", " with {offer}", offer=offer),
            runs=runs,
            treated=treated,
            points=100 * effect,
            gained=_GAINED[measure],
            low=100 * low,
            high=100 * high,
            more=effect * lines,
            lines=lines,
        )
