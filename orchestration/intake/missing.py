"""Rows of the snapshot before that a new one lacks: which of them are kept, and how many are missing.

A source that drops a line, or delivers it with a value that cannot be, must not take it out of what was published. So where the
contract says keep_missing, rows that are missing are written beside the accepted ones, in a file of their own, CARRIED. The next
snapshot is checked against both, so they stay until they come back or the source confirms that they were removed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from orchestration.base.contract import KeepMissing, Table
from orchestration.base.sql import from_files, from_folder, identifier, identifiers, literal, one_row
from orchestration.intake.validate import Reference
from orchestration.intake.values import lake_schema

CARRIED = "carried.parquet"
BATCH_ROWS = 131_072
SHOWN_KEYS = 3
_DUCKDB_TYPES = {"string": "varchar", "integer": "bigint"}


@dataclass(frozen=True)
class Before:
    """The accepted snapshot with the next lower dt, as it is in the lake."""

    dt: date
    folder: Path


@dataclass(frozen=True)
class Missing:
    """What a snapshot lacks of the one before. Counts are rows.

    `newly`: of the rows delivered then; `counted`: those of them that had not ended, by the contract's `left` or because what
    they refer to is kept there too; `all_counted`: as many of all rows delivered then. `for_long`: kept before already.
    `rejected`: here, but at fault in this delivery; in none of the other counts. `kept`: rows written to the file,
    `kept_confirmed`: of these, the ones that stay though their removal was confirmed. `keys`: of the first that count, else of
    the first that are missing; `rejected_keys` likewise. Where nothing is missing, nothing is counted.
    """

    dt: date
    newly: int = 0
    counted: int = 0
    all_counted: int = 0
    for_long: int = 0
    rejected: int = 0
    kept: int = 0
    kept_confirmed: int = 0
    keys: tuple[str, ...] = ()
    rejected_keys: tuple[str, ...] = ()


def keep(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    before: Before,
    accepted: list[Path],
    references: Sequence[Reference],
    quarantine: Path,
    is_confirmed: bool,
    target: Path,
) -> Missing:
    """Finds what `accepted` lacks of the snapshot before and writes the rows to keep to `target`, if there are any.

    `quarantine`: the file of this delivery's rejected rows, there or not. Rows whose references lead nowhere are not kept. With
    `is_confirmed`, what had ended stays without its personal values, and all else goes but rows that were rejected here.
    """
    _find(con, table, before, accepted, references, quarantine)
    if not one_row(con.execute("select count(*) from missing"))[0]:
        return Missing(before.dt)
    rule = _rule_of(table)
    ended = _ended(rule, references)
    _decide(con, rule, ended, is_confirmed)
    kept = _write(con, table, is_confirmed, target)
    counts = con.execute(
        """select count(*) filter (where is_new), count(*) filter (where is_new and not is_ended),
            count(*) filter (where was_carried and not is_rejected), count(*) filter (where is_rejected),
            count(*) filter (where stays and not is_rejected)
        from (select *, not is_rejected and not was_carried as is_new from decided)"""
    )
    newly, counted, for_long, rejected, kept_missing = one_row(counts)
    return Missing(
        before.dt,
        newly,
        counted,
        _rows_counted(con, ended, before),
        for_long,
        rejected,
        kept,
        kept_missing if is_confirmed else 0,
        _keys(con, table, "where not is_rejected and not was_carried order by is_ended"),
        _keys(con, table, "where is_rejected order by is_ended"),
    )


def _find(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    before: Before,
    accepted: list[Path],
    references: Sequence[Reference],
    quarantine: Path,
) -> None:
    """The temp table `missing`: rows of the snapshot before that the new one lacks, in lake columns, with was_carried and
    is_rejected."""
    old = from_files(sorted(before.folder.glob("*.parquet")), ", filename = true")
    there = {name for name, *_ in con.execute(f"describe select * from {old}").fetchall()}
    columns = ", ".join(  # a column that the contract has got since is empty in rows of then
        identifier(c.name) if c.name in there else f"null::{_DUCKDB_TYPES.get(c.data_type, c.data_type)} as {identifier(c.name)}"
        for c in table.columns
    )
    rule = _rule_of(table)
    new, by = from_files(accepted), rule.by
    comes = " and ".join(f"there.{identifier(name)} = gone.{identifier(name)}" for name in by)
    key_text = " || ', ' || ".join(f"'{name}=' || {identifier(name)}::varchar" for name in table.key)
    rejected = f"{key_text} in (select key_values from {from_files([quarantine])})" if quarantine.exists() else "false"
    is_missing = "true" if set(by) == set(table.key) else f"not exists (select 1 from {new} as there where {comes})"
    if rule.only_with:
        kept_there = [_leads_to_kept(r) for r in references if r.table == rule.only_with]
        is_missing += f" and ({' or '.join(kept_there) or 'false'})"
    holds = [_holds(reference) for reference in references]
    con.execute(
        f"""create or replace temp table missing as
        select * from (
            select {columns}, parse_filename(filename) = {literal(CARRIED)} as was_carried, {rejected} as is_rejected
            from {old} as o anti join {new} as n using ({identifiers(table.key)})
        ) as gone where {" and ".join([f"(is_rejected or {is_missing})", *holds])}"""
    )


def _holds(reference: Reference) -> str:
    column = identifier(reference.column)
    return f"({column} is null or {column} in (select {identifier(reference.key)} from {from_folder(reference.folder)}))"


def _leads_to_kept(reference: Reference) -> str:
    """Whether a row refers to one that was kept there."""
    carried = reference.folder / CARRIED
    if not carried.exists():
        return "false"
    return f"{identifier(reference.column)} in (select {identifier(reference.key)} from {from_files([carried])})"


def _ended(rules: KeepMissing, references: Sequence[Reference]) -> str:
    """Whether a row had ended: by its own values, else because what it refers to is missing there, and counts there."""
    if rules.left is None:
        return f"({' or '.join(['false', *map(_leads_to_kept, references)])})"
    column, values = rules.left
    return f"({identifier(column)} in ({', '.join(literal(value) for value in values)}))"


def _decide(con: duckdb.DuckDBPyConnection, rules: KeepMissing, ended: str, is_confirmed: bool) -> None:
    """The view `decided`: `missing` with is_ended and stays."""
    stays = "true"
    if is_confirmed and not rules.is_kept_when_confirmed:
        stays = f"is_rejected or {ended}" if rules.left else "is_rejected"
    con.execute(f"create or replace temp view decided as select *, {ended} as is_ended, ({stays}) as stays from missing")


def _rule_of(table: Table) -> KeepMissing:
    if table.keep_missing is None:
        raise AssertionError(f"the contract says nothing of missing rows of {table.name}")
    return table.keep_missing


def _rows_counted(con: duckdb.DuckDBPyConnection, ended: str, before: Before) -> int:
    files = [path for path in sorted(before.folder.glob("*.parquet")) if path.name != CARRIED]
    if not files:
        return 0
    counted = con.execute(f"select count(*) from {from_files(files)} where not {ended}")
    return int(one_row(counted)[0])


def _write(con: duckdb.DuckDBPyConnection, table: Table, is_confirmed: bool, target: Path) -> int:
    """Writes what stays, in lake types and by key, so that equal rows give equal files. Gives their number."""
    forget = "not is_rejected" if is_confirmed else "false"
    columns = ", ".join(
        f"case when {forget} then null else {identifier(c.name)} end as {identifier(c.name)}" if c.pii else identifier(c.name)
        for c in table.columns
    )
    rows, schema, writer = 0, lake_schema(table), None
    query = f"select {columns} from decided where stays order by {identifiers(table.key)}"
    try:
        for batch in con.execute(query).to_arrow_reader(BATCH_ROWS):
            writer = writer or pq.ParquetWriter(target, schema, compression="zstd")
            writer.write_batch(batch.cast(schema))
            rows += len(batch)
    finally:
        if writer is not None:
            writer.close()
    return rows


def _keys(con: duckdb.DuckDBPyConnection, table: Table, which: str) -> tuple[str, ...]:
    names = identifiers(table.key)
    rows = con.execute(f"select {names} from decided {which}, {names} limit {SHOWN_KEYS}").fetchall()
    return tuple(" ".join(str(value) for value in row) for row in rows)
