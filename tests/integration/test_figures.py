"""The published figures against an independent reckoning, over a made operator that is nasty at the edges.

Every column that the oracle knows is compared, row by row, after a first night, after a later night in the same home and in a
fresh one. TELCO360_ORACLE_SEEDS names other operators than the suite's, such as `1,2,3`.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest
from oracle import figures, worth
from oracle.known import Known, known_at
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
TOLERANCE = 1e-9
SHOWN = 40


def reckoned(known: Known) -> dict[str, dict]:
    """What the oracle says of each public table: {table: {key: {column: value}}}."""
    return {
        "core.dim_subscribers": figures.dim_subscribers(known),
        "core.fct_subscriber_months": figures.fct_subscriber_months(known),
        "core.fct_churn": figures.fct_churn(known),
        "churn.churn_monthly": figures.churn_monthly(known),
        "value.subscriber_value": worth.subscriber_value(known),
    }


def published(home: Path) -> dict[str, dict]:
    """The published tables in the oracle's form, with every column they have."""
    tables = {}
    with duckdb.connect(str(home / "published" / "telco360.duckdb"), read_only=True) as db:
        for table, keys in KEYS.items():
            found = db.sql(f"select * from {table}")
            rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
            tables[table] = {as_key([row[name] for name in keys]): row for row in rows}
            assert len(tables[table]) == len(rows), f"{table}: keys are not unique"
    return tables


def as_key(values: list) -> object:
    """One value alone, several as a tuple."""
    return values[0] if len(values) == 1 else tuple(values)


def is_same(expected: object, found: object) -> bool:
    """Equal: decimals, whole numbers and codes exactly, shares and rates to 1e-9."""
    if expected is None or found is None:
        return expected is found
    if isinstance(expected, Fraction) or isinstance(found, float):
        return abs(float(expected) - float(found)) <= TOLERANCE * max(1.0, abs(float(expected)))
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    return expected == found


def differences(expected: Mapping[str, dict], found: Mapping[str, dict]) -> list[str]:
    """Lines `table | key | column | expected | found` for every value that differs, and for rows that one side lacks."""
    lines = []
    for table, rows in expected.items():
        others = found[table]
        lines += [f"{table} | {key} | row | present | missing" for key in sorted(rows.keys() - others.keys())]
        lines += [f"{table} | {key} | row | none | present" for key in sorted(others.keys() - rows.keys())]
        for key in sorted(rows.keys() & others.keys()):
            for column, value in rows[key].items():
                other = others[key].get(column, "no such column")
                if not is_same(value, other):
                    lines.append(f"{table} | {key} | {column} | {shown(value)} | {shown(other)}")
    return lines


def shown(value: object) -> str:
    """A value as a reader can compare it."""
    return f"{float(value):.12g}" if isinstance(value, Fraction) else str(value)


def assert_same(expected: Mapping[str, dict], found: Mapping[str, dict], sides: str) -> None:
    """Fail with the first differences of each table, and how many there are of each column."""
    lines = differences(expected, found)
    by_column: dict[str, list[str]] = {}
    for line in lines:
        table, _, column = line.split(" | ")[:3]
        by_column.setdefault(f"{table}.{column}", []).append(line)
    examples = [line for found_lines in by_column.values() for line in found_lines[:5]][:SHOWN]
    counts = [f"{column}: {len(found_lines)}" for column, found_lines in by_column.items()]
    assert not lines, "\n".join([f"{len(lines)} differences, table | key | column | {sides}", *counts, *examples])


def nightly(home: Path, as_of: date) -> None:
    """Run the whole night in a process of its own, as the command line does; fails with its output."""
    entry = "from orchestration.cli import app; app()"
    command = [sys.executable, "-c", entry, "nightly", "--home", str(home), "--as-of", str(as_of)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"


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

    early = up_to(operator.deliveries, operator.days[at + seed % 2])  # in every other operator one day more than the night is of
    write_deliveries(early, grown / "landing", seed)
    nightly(grown, first)
    assert_same(reckoned(known_at(early, first)), published(grown), f"oracle | first night {first}")

    final = merged(operator.deliveries, operator.replacements)
    write_deliveries(final, grown / "landing", seed)
    write_deliveries(final, fresh / "landing", seed)
    nightly(grown, second)
    nightly(fresh, second)
    assert_same(reckoned(known_at(final, second)), published(fresh), f"oracle | from scratch {second}")
    assert_same(published(fresh), published(grown), f"from scratch | night after night {second}")
    assert published(fresh) == published(grown), "equal to 1e-9, but not to the last digit"


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
