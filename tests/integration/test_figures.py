"""The published figures against an independent reckoning, over a synthetic operator that is nasty at the edges.

Every column that the oracle knows is compared, row by row, after a first run, after a later run in the same home and in a
fresh one. TELCO360_ORACLE_SEEDS names other operators than the suite's, such as `1,2,3`.
"""

import os
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from figures_kit import assert_same, differences, nightly, published
from oracle import figures, worth
from oracle.billing import known_at
from oracle.known import Known
from oracle.operator import Deliveries, make_operator, write_deliveries

SEEDS = [int(seed) for seed in os.environ.get("TELCO360_ORACLE_SEEDS", "7").split(",")]
KEYS = {
    "core.dim_subscribers": ("subscriber_id",),
    "core.fct_subscriber_months": ("subscriber_id", "month"),
    "core.fct_churn": ("subscriber_id",),
    "churn.churn_monthly": ("month",),
    "value.subscriber_value": ("subscriber_id",),
}
LEFT_OUT = (("crm_subscriber_events", "billing_balances"), (), ("billing_fee_codes", "crm_groups", "crm_group_members"))


def reckoned(known: Known) -> dict[str, dict]:
    """What the oracle says of each public table: {table: {key: {column: value}}}."""
    return {
        "core.dim_subscribers": figures.dim_subscribers(known),
        "core.fct_subscriber_months": figures.fct_subscriber_months(known),
        "core.fct_churn": figures.fct_churn(known),
        "churn.churn_monthly": figures.churn_monthly(known),
        "value.subscriber_value": worth.subscriber_value(known),
    }


def up_to(deliveries: Deliveries, last: date) -> Deliveries:
    """The deliveries of business dates up to `last`."""
    return {table: {dt: rows for dt, rows in by_dt.items() if dt <= last} for table, by_dt in deliveries.items()}


def merged(deliveries: Deliveries, replacing: Deliveries) -> Deliveries:
    """The deliveries with some of them sent again."""
    return {table: by_dt | replacing.get(table, {}) for table, by_dt in deliveries.items()}


@pytest.mark.parametrize("seed", SEEDS)
def test_every_published_figure_equals_the_oracle_night_after_night_and_from_scratch(tmp_path, seed):
    operator = make_operator(seed, without=LEFT_OUT[seed % 3])
    at = seed % 4
    first, second = operator.days[at], operator.days[4 + seed % 3]
    grown, fresh = tmp_path / "grown", tmp_path / "fresh"

    early = up_to(operator.deliveries, operator.days[at + seed % 2])  # in every other operator one day more than the run is of
    write_deliveries(early, grown / "landing", seed)
    nightly(grown, first)
    assert_same(reckoned(known_at(early, first)), published(grown, KEYS), f"oracle | first run {first}")

    final = merged(operator.deliveries, operator.replacements)
    write_deliveries(final, grown / "landing", seed)
    write_deliveries(final, fresh / "landing", seed)
    nightly(grown, second)
    nightly(fresh, second)
    assert_same(reckoned(known_at(final, second)), published(fresh, KEYS), f"oracle | from scratch {second}")
    assert_same(published(fresh, KEYS), published(grown, KEYS), f"from scratch | run after run {second}")
    assert published(fresh, KEYS) == published(grown, KEYS), "equal to 1e-9, but not to the last digit"


def test_a_difference_is_found_and_told():
    """The comparison itself can fail, on a value, a type, a missing row and a missing column."""
    expected = {"t": {"a": {"x": Decimal("1.10"), "y": Fraction(1, 3), "z": None, "on": True}, "b": {}}}
    assert differences(expected, {"t": {"a": {"x": Decimal("1.1"), "y": 1 / 3, "z": None, "on": True}, "b": {}}}) == []
    assert differences(expected, {"t": {"a": {"x": Decimal("1.11"), "y": 0.33, "z": 0}}, "c": {}}) == [
        "t | b | row | present | missing",
        "t | a | x | 1.10 | 1.11",
        "t | a | y | 0.333333333333 | 0.33",
        "t | a | z | None | 0",
        "t | a | on | True | no such column",
    ]
