"""Accepted rows that contradict the contract in a way that is warned of: rules with severity warn, and rows that should be alone.

Looks at the files as they enter the lake and gives sentences; nothing is decided here.
"""

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.base.contract import RowRule, Table, UniqueRule
from orchestration.base.sql import from_files, identifier, one_row
from orchestration.intake.quarantine import key_values, shown_together
from orchestration.intake.rows import breaches, reason_of

BATCH_ROWS = 131_072


def warnings_of(con: duckdb.DuckDBPyConnection, table: Table, files: list[Path]) -> list[str]:
    """One sentence a rule that accepted rows in `files` break: how many rows, and the first of them with key and values."""
    found = [_of_rule(table, rule, files) for rule in table.rules if rule.is_warned]
    found += [_of_unique(con, unique, files) for unique in table.unique]
    return [sentence for sentence in found if sentence]


def _of_rule(table: Table, rule: RowRule, files: list[Path]) -> str:
    count, first = 0, ""
    columns = list(dict.fromkeys([*table.key, *rule.columns, *((rule.unless,) if rule.unless else ())]))
    for path in files:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH_ROWS, columns=columns):
                mask = breaches(rule, {name: batch.column(name) for name in columns})
                rows = np.flatnonzero(mask.to_numpy(zero_copy_only=False))
                count += len(rows)
                if len(rows) and not first:
                    first = _described(batch, table, rule, rows[:1])
    return f"{count:,} rows where {reason_of(rule)}; accepted. The first: {first}" if count else ""


def _described(batch: pa.RecordBatch, table: Table, rule: RowRule, rows: np.ndarray) -> str:
    key, values = key_values(batch, table, rows), shown_together(batch, table, list(rule.columns), rows)
    return f"{key[0].as_py()}: {', '.join(rule.columns)} {pc.cast(values, pa.string())[0].as_py()}"


def _of_unique(con: duckdb.DuckDBPyConnection, unique: UniqueRule, files: list[Path]) -> str:
    names = ", ".join(identifier(name) for name in unique.columns)
    shared = (
        f"select {names}, count(*) as n from {from_files(files)} where {identifier(unique.where)} group by {names} having n > 1"
    )
    rows, groups = one_row(con.execute(f"select sum(n), count(*) from ({shared})"))
    if not groups:
        return ""
    *values, n = one_row(con.execute(f"{shared} order by {names} limit 1"))
    first = ", ".join(f"{name}={value}" for name, value in zip(unique.columns, values, strict=True))
    return (
        f"{rows:,} rows with {unique.where} share {', '.join(unique.columns)} with another such row; accepted. "
        f"The first: {n} rows of {first}"
    )
