"""The tables that lists read, whatever the engine: which they are, and what a run of lists asks of the engine that holds them.

All that follows from the answers is worked out in one DuckDB connection of the run's own, on either engine alike.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import duckdb

OF_PRIVATE = ("phones", "phone_holders", "suppressions", "phone_suppressions")
"""Roles whose tables no reader gets."""


@dataclass(frozen=True)
class Relations:
    """Tables that lists read, each as it is in a query of its engine.

    tag_values: one row a subscriber_id, a column a tag. tag_catalog: see catalog.published. tag_history: month, subscriber_id, a
    column a tag. tag_changes: as_of_date, subscriber_id, tag_name. raw_tables: table_name, delivered_to, days_behind, limit_days,
    is_last_rejected. months: see billed.COLUMNS. contacts: subscriber_id, contact_date, direction, list_name, list_run_date,
    offer_code, outcome. orders: subscriber_id, offer_code, order_date, is_completed. offers: offer_code, offer_name,
    pay_amount, gift_amount, script, valid_to, is_valid. open_offers: subscriber_id, offer_code, rank, worth_amount.
    offer_chances: offer_code, acceptance_chance, gift_cost_amount. channel_costs: channel, contact_cost. plan_library: what was
    tried, see its model. contact_rules: rule, value. tasks: subscriber_id, task_id, purpose, due_date, priority_amount, is_open.
    task_purposes: purpose, name_en, name_zh.
    phones: subscriber_id, msisdn, is_valid_msisdn, phone_key (what phones are compared by), holder_id (the line that has the
    phone now). phone_holders: phone_key and subscriber_id of every line that has or had it. suppressions: subscriber_id, channel,
    effective_from, effective_to (both days count, null is open); phone_suppressions: the same by phone_key.
    """

    tag_values: str
    tag_catalog: str
    tag_history: str
    tag_changes: str
    raw_tables: str
    months: str
    contacts: str
    orders: str
    offers: str
    open_offers: str
    offer_chances: str
    channel_costs: str
    plan_library: str
    contact_rules: str
    tasks: str
    task_purposes: str
    phones: str
    phone_holders: str
    suppressions: str
    phone_suppressions: str


ROLES = tuple(Relations.__dataclass_fields__)


class Tables(Protocol):
    """One engine's tables, open for a run of lists."""

    dialect: str
    relations: Relations
    connection: duckdb.DuckDBPyConnection
    """The run's own: holds what `read` brings, and no table of the warehouse is written through it."""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query on the engine."""

    def columns(self, relation: str) -> tuple[str, ...]:
        """The columns of a table of the engine."""

    def read(self, query: str, into: str, lies_still: bool = True) -> None:
        """Makes the rows of a query on the engine a table of `connection`; a view is enough where they need not lie still."""
