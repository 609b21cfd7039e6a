"""The source checks, after intake: is what the lake holds what the ledger says, complete, keyed, of usual volume, fresh enough?

Intake has validated each delivery by its contract. These checks look at the result before anything is built on it.
"""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration.base.contract import Table
from orchestration.base.files import replace_text
from orchestration.base.settings import Home
from orchestration.base.sql import identifier, identifiers, literal, one_row
from orchestration.intake import lake, ledger
from orchestration.intake.errors import TRIED_AGAIN
from orchestration.intake.keys import repeated_hashes
from orchestration.intake.limits import Limits, TableLimits, limits_of
from orchestration.intake.state import State
from orchestration.quality.contents import content_facts
from orchestration.quality.facts import facts_database, frames
from orchestration.quality.profiles import NO_SUCH_LINE
from orchestration.quality.validation import Check, Finding, ValidationResult, validate
from orchestration.warehouse.freshness import Deliveries, latest_by

_TAKEN_IN_AGAIN = "Remove its folder from lake/raw and run again: what lies in landing is taken in anew"
_SAME_ID = "Pseudonymise the id at the source, the same way in every table, and deliver all tables that hold it again"
_OTHER_LEVEL = (
    "If the unit changed (fen for yuan, KB for MB, seconds for minutes), deliver it again in the unit of the contract. If the "
    "figures are right, add a row for this table and column to seeds/drift_limits.csv with this dt as confirmed_from. Run again"
)
_WITHHELD = (
    "The delivery is withheld: tags that stand on its table are marked failed, with the day of the delivery before, and lists "
    "that read them are refused, until it is made good."
)
_DELIVERY = re.compile(r"^(\w+) dt=(\d{4}-\d{2}-\d{2})$")
_ROUNDS = 20
"""How often deliveries are taken out and all others judged again; a check of several deliveries names the worst alone."""
CHECKS = (
    Check(
        "deliveries",
        "ExpectColumnPairValuesToBeEqual",
        {"column_A": "rows_in_lake", "column_B": "rows_accepted", "ignore_row_if": "neither"},
        "the lake holds the rows that the ledger says were accepted",
        remedy=_TAKEN_IN_AGAIN,
    ),
    Check(
        "deliveries",
        "ExpectColumnValuesToBeInSet",
        {"column": "rows_without_key", "value_set": [0]},
        "every row has its key",
        remedy=_TAKEN_IN_AGAIN,
    ),
    Check(
        "deliveries",
        "ExpectColumnValuesToBeInSet",
        {"column": "repeated_keys", "value_set": [0]},
        "a delivery holds a key once",
        remedy=_TAKEN_IN_AGAIN,
    ),
    Check(
        "deliveries",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "max_set_aside_share", "column_B": "set_aside_share", "or_equal": True},
        "the share of rows quarantined is within its limit",
    ),
    Check(
        "deliveries",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "volume_ratio", "column_B": "least_ratio", "or_equal": True, "ignore_row_if": "either_value_is_missing"},
        "a delivery has not far fewer rows than the one before",
        is_critical=False,
    ),
    Check(
        "deliveries",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "most_ratio", "column_B": "volume_ratio", "or_equal": True, "ignore_row_if": "either_value_is_missing"},
        "a delivery has not far more rows than the one before",
        is_critical=False,
    ),
    Check(
        "ids",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "max_share", "column_B": "share", "or_equal": True},
        "an id is not the phone or document number of its own line or customer; ids are published, such numbers never are",
        remedy=_SAME_ID,
    ),
    Check(
        "lines",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "max_share", "column_B": "share", "or_equal": True, "ignore_row_if": "either_value_is_missing"},
        "rows belong to lines of the register",
        remedy=NO_SUCH_LINE,
    ),
    Check(
        "lines",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "warn_share", "column_B": "share", "or_equal": True, "ignore_row_if": "either_value_is_missing"},
        "rows belong to lines of the register",
        is_critical=False,
        remedy=NO_SUCH_LINE,
    ),
    Check(
        "levels",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "block_ratio", "column_B": "times_usual", "ignore_row_if": "either_value_is_missing"},
        "a column has about the level of earlier deliveries",
        remedy=_OTHER_LEVEL,
    ),
    Check(
        "levels",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "warn_ratio", "column_B": "times_usual", "ignore_row_if": "either_value_is_missing"},
        "a column has about the level of earlier deliveries",
        is_critical=False,
        remedy=_OTHER_LEVEL,
    ),
    Check(
        "freshness",
        "ExpectColumnValuesToNotBeNull",
        {"column": "age_days"},
        "a required table has a delivery by the date being built",
        remedy="Deliver it and run again",
    ),
    Check(
        "freshness",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "max_stale_days", "column_B": "age_days", "or_equal": True, "ignore_row_if": "either_value_is_missing"},
        "a required table is no older than its limit of staleness",
        remedy="Deliver it, build for an earlier date with --as-of, or raise max_stale_days in seeds/intake_limits.csv",
    ),
)


def check_deliveries(
    home: Home, contract: dict[str, Table], limits: Limits, deliveries: Deliveries, as_of: date
) -> ValidationResult:
    """Judges the deliveries accepted since these checks last passed, and the freshness of all required tables at `as_of`.

    What fails is judged again on the next run, until it is delivered anew or passes. A delivery of a table that is not required
    fails alone: it is taken out of the lake as if it had been rejected, what stands on its table is marked so, and a warning
    tells of it; all else goes on.
    """
    withheld: list[Finding] = []
    for _ in range(_ROUNDS):
        found = _judged(home, contract, limits, deliveries, as_of)
        alone = [finding for finding in found.failures if _optional(finding, contract)]
        if not alone or len(alone) < len(found.failures):
            break
        with lake.only_one(home, lambda line: None):
            for finding in alone:
                where = f"column {finding.column}: " if finding.column else ""
                said = ". ".join(filter(None, (f"{where}{finding.says}, but {finding.observed}", finding.remedy, TRIED_AGAIN)))
                lake.withdraw(home, *_delivery_of(finding), said)
        withheld += [replace(finding, remedy=f"{_WITHHELD} {finding.remedy}".strip()) for finding in alone]
    return replace(found, warnings=[*withheld, *found.warnings])


def _optional(finding: Finding, contract: dict[str, Table]) -> bool:
    """Whether a finding is of a delivery of a table that is not required."""
    table = _DELIVERY.match(finding.table)
    return table is not None and table[1] in contract and not contract[table[1]].required


def _delivery_of(finding: Finding) -> tuple[str, date]:
    found = _DELIVERY.match(finding.table)
    assert found is not None  # see _optional
    return found[1], date.fromisoformat(found[2])


def _judged(home: Home, contract: dict[str, Table], limits: Limits, deliveries: Deliveries, as_of: date) -> ValidationResult:
    current = ledger.current(home).to_pylist()
    fresh = [d for d in not_passed(home, current) if d["table_name"] in contract]
    with facts_database(home.warehouse) as db:
        _delivery_facts(db, home, fresh, contract, limits)
        content_facts(db, home, fresh, current, contract, as_of)
        _freshness_facts(db, contract, limits, deliveries, as_of)
        facts = frames(db, {check.facts for check in CHECKS})
    result = validate("source_checks", facts, CHECKS, home.data_docs)
    if result.passed and current:
        replace_text(_mark_path(home), max(d["recorded_at"] for d in current).isoformat(timespec="microseconds"))
    return result


def not_passed(home: Home, current: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """Rows of the ledger of accepted deliveries that were recorded since these checks last passed. `current`: all that stand."""
    current = ledger.current(home).to_pylist() if current is None else current
    mark = _mark_path(home).read_text(encoding="utf-8") if _mark_path(home).exists() else ""
    return [d for d in current if d["recorded_at"].isoformat(timespec="microseconds") > mark]


def key_facts(db: duckdb.DuckDBPyConnection, files: Path, key: tuple[str, ...]) -> tuple[int, int, int]:
    """Rows of a delivery in the lake, rows that lack a part of the key, keys that are there more than once."""
    source = f"read_parquet({literal(files)}, hive_partitioning = false, union_by_name = true)"
    lacking = " or ".join(f"{identifier(column)} is null" for column in key)
    rows, without = one_row(db.execute(f"select count(*), count(*) filter (where {lacking}) from {source}"))
    keyed = f"from {source} where not ({lacking})"
    if not len(repeated_hashes(db, f"select hash({identifiers(key)}) as h {keyed}", rows)):
        return rows, without, 0  # grouping the keys themselves costs several times as much, in memory too
    grouped = f"select 1 {keyed} group by {identifiers(key)} having count(*) > 1"
    return rows, without, one_row(db.execute(f"select count(*) from ({grouped})"))[0]


def _delivery_facts(
    db: duckdb.DuckDBPyConnection, home: Home, fresh: list[dict[str, Any]], contract: dict[str, Table], limits: Limits
) -> None:
    """A row a delivery; `fresh` holds rows of the ledger."""
    db.execute(
        """create table deliveries (table_name varchar, column_name varchar, detail varchar, rows_in_lake bigint,
            rows_accepted bigint, rows_without_key bigint, repeated_keys bigint, set_aside_share double,
            max_set_aside_share double, volume_ratio double, least_ratio double, most_ratio double)"""
    )
    state = State(home)
    for delivery in fresh:
        table, limit = contract[delivery["table_name"]], limits_of(limits, delivery["table_name"])
        folder = home.raw / table.name / f"dt={delivery['dt']}"
        there = (0, 0, 0)
        if any(folder.glob("*.parquet")):
            there = key_facts(db, folder / "*.parquet", table.key)
        aside = delivery["rows_set_aside"] / delivery["rows_read"] if delivery["rows_read"] else 0.0
        volume = _volume(state, table, limit, delivery)
        name = f"{table.name} dt={delivery['dt']}"
        entered = delivery["rows_accepted"] + (delivery["rows_carried"] or 0)
        values = [name, "", "", there[0], entered, *there[1:], aside, limit.max_set_aside_share, *volume]
        db.execute(f"insert into deliveries values ({', '.join('?' * len(values))})", values)


def _volume(state: State, table: Table, limit: TableLimits, delivery: dict[str, Any]) -> tuple[float | None, float, float]:
    """Rows against the usual, and the bounds: a snapshot's usual is the one before, an append delivery's its weekday's."""
    usual: float | None
    if table.delivery == "snapshot":
        before = state.before(table.name, delivery["dt"])
        usual, bounds = before.rows if before else None, (limit.min_snapshot_ratio, limit.warn_snapshot_ratio)
    else:
        usual, bounds = state.usual_rows(table.name, delivery["dt"]), (limit.min_append_ratio, limit.max_append_ratio)
    return (delivery["rows_accepted"] / usual if usual else None, *bounds)


def _freshness_facts(
    db: duckdb.DuckDBPyConnection, contract: dict[str, Table], limits: Limits, deliveries: Deliveries, as_of: date
) -> None:
    db.execute(
        "create table freshness (table_name varchar, column_name varchar, detail varchar, age_days double, max_stale_days double)"
    )
    for table in contract.values():
        if table.required:
            latest = latest_by(deliveries.get(table.name, ()), as_of)
            age = None if latest is None else (as_of - latest).days
            db.execute(
                "insert into freshness values (?, '', '', ?, ?)", [table.name, age, limits_of(limits, table.name).max_stale_days]
            )


def _mark_path(home: Home) -> Path:
    return home.warehouse / "source_checks_passed.txt"
