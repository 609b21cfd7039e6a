"""Erased persons in deliveries: a source goes on delivering whom it has not erased itself; here they lose id and personal values.

Who is erased is told by keyed digests of their ids (tombstones) in the journal. A row of such a person keeps its place and its
figures, under a name that leads to nobody, so that totals stay what they were.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.base import journal
from orchestration.base.contract import Table
from orchestration.base.files import sync_file
from orchestration.base.keys import KeyFileError, Keys, load_keys
from orchestration.base.settings import Home
from orchestration.base.sql import from_files, identifier, literal

LINE, CUSTOMER, ACCOUNT = "subscriber_id", "customer_id", "account_id"
BATCH_ROWS = 131_072


def person_columns(table: Table) -> dict[str, str]:
    """Columns of a raw table that name a line or a customer, each with LINE or CUSTOMER; `peer_subscriber_id` is one too."""
    return {c.name: kind for c in table.columns for kind in (LINE, CUSTOMER) if c.name.endswith(kind)}


def token(digest: str) -> str:
    """What an erased id is called."""
    return f"erased-{digest[:16]}"


@dataclass(frozen=True)
class Erased:
    """Tombstones: digests of erased ids by kind and id of the key that they were made with."""

    keys: Keys
    digests: Mapping[tuple[str, str], frozenset[str]]

    @classmethod
    def of(cls, home: Home) -> "Erased | None":
        """Those of the home; None where nobody was erased. Raises KeyFileError where their keys are missing."""
        found: dict[tuple[str, str], set[str]] = {}
        for entry in journal.entries(home, "erasure_begun"):
            for one in entry["tombstones"]:
                found.setdefault((one["kind"], one["key"]), set()).add(one["digest"])
        if not found:
            return None
        keys = load_keys(home)
        if missing := sorted({key for _, key in found} - set(keys.by_id)):
            raise KeyFileError(
                f"the key file lacks {', '.join(missing)}, by which erased persons are recognised: a delivery would bring them "
                "back. Put the lines of these keys back from the backup of the key file"
            )
        return cls(keys, {which: frozenset(digests) for which, digests in found.items()})

    def ids(self, con: duckdb.DuckDBPyConnection, table: Table, files: list[Path]) -> dict[str, str]:
        """Ids in these Parquet files of erased persons, and what they are called instead."""
        there = {name for name, *_ in con.execute(f"describe select * from {from_files(files)}").fetchall()}
        found: dict[str, str] = {}
        for column, kind in person_columns(table).items():
            if column in there:
                found |= self._known(con, kind, f"select distinct {identifier(column)} as id from {from_files(files)}")
        return found

    def forget(self, con: duckdb.DuckDBPyConnection, table: Table, staged: Path) -> dict[str, str]:
        """Has a staged Parquet file of the table forget erased persons; gives their ids and what they are called now."""
        if not person_columns(table) or not (found := self.ids(con, table, [staged])):
            return {}
        rewrite(staged, lambda batch: forgotten(batch, table, found))
        return found

    def forget_rejected(self, con: duckdb.DuckDBPyConnection, table: Table, quarantined: Path) -> dict[str, str]:
        """The same of a quarantine file, whose rows name them by their keys, or as the value at fault."""
        if not quarantined.exists():
            return {}
        found: dict[str, str] = {}
        for column, kind in person_columns(table).items():
            key = f"regexp_extract(key_values, '(^|, ){column}=([^,]*)', 2)"
            ids = f"""select {key} as id from {from_files([quarantined])}
                union select value from {from_files([quarantined])} where "column" = {literal(column)}"""
            found |= self._known(con, kind, ids)
        if found:
            rewrite(quarantined, lambda batch: reworded(batch, found))
        return found

    def _known(self, con: duckdb.DuckDBPyConnection, kind: str, ids: str) -> dict[str, str]:
        """Of the ids that a query gives, those of erased persons, and what they are called instead."""
        found: dict[str, str] = {}
        for (of, key_id), digests in self.digests.items():
            if of == kind:
                query = f"""select id, digest from (select id, {self.keys.sql(kind, "id", key_id)} as digest from ({ids}) as ids)
                    where digest in ({", ".join(map(literal, sorted(digests)))})"""
                found |= {one: token(digest) for one, digest in con.execute(query).fetchall()}
        return found


def forgotten(batch: pa.RecordBatch, table: Table, ids: Mapping[str, str]) -> pa.RecordBatch:
    """The batch with these ids called otherwise, and without personal values in rows that name one. Pure."""
    columns = {name: batch.column(name) for name in batch.schema.names}
    key = columns.get(table.key[0]) if table.key[0] in person_columns(table) else None
    is_own = pc.fill_null(pc.is_in(key, pa.array(list(ids), pa.string())), False) if key is not None else None
    for name in person_columns(table).keys() & columns.keys():
        for old, new in ids.items():
            columns[name] = pc.if_else(pc.fill_null(pc.equal(columns[name], old), False), new, columns[name])
    for column in (c for c in table.columns if is_own is not None and c.name in columns and (c.pii or c.name == ACCOUNT)):
        values = columns[column.name]
        columns[column.name] = pc.if_else(is_own, pa.scalar(None, values.type), values)
    return pa.RecordBatch.from_arrays(list(columns.values()), schema=batch.schema)


def rewrite(path: Path, change: Callable[[pa.RecordBatch], pa.RecordBatch]) -> None:
    """Writes a Parquet file anew, batch by batch, in place of the one there; its schema stays. A linked file keeps its bytes."""
    draft = path.with_name(f".{path.name}.draft")
    with pq.ParquetFile(path) as file, pq.ParquetWriter(draft, file.schema_arrow, compression="zstd") as writer:
        for batch in file.iter_batches(BATCH_ROWS):
            writer.write_batch(change(batch))
    sync_file(draft)
    os.replace(draft, path)


def words(text: str, ids: Mapping[str, str]) -> str:
    """A text with these ids called otherwise, where they stand as words: L1 is none in L10. Pure."""
    if not ids:
        return text
    known = "|".join(map(re.escape, sorted(ids, key=len, reverse=True)))
    return re.sub(rf"(?<![0-9A-Za-z_-])(?:{known})(?![0-9A-Za-z_-])", lambda found: ids[found[0]], text)


def said(value: Any, ids: Mapping[str, str]) -> Any:
    """The same of all texts within a value of lists and mappings. Pure."""
    if isinstance(value, str):
        return words(value, ids)
    if isinstance(value, list):
        return [said(one, ids) for one in value]
    if isinstance(value, dict):
        return {key: said(one, ids) for key, one in value.items()}
    return value


def reworded(batch: pa.RecordBatch, ids: Mapping[str, str]) -> pa.RecordBatch:
    """The batch with these ids called otherwise in all of its texts, those within lists and structures too. Pure."""
    columns = []
    for column in batch.columns:
        if pa.types.is_string(column.type):
            for old, new in ids.items():
                column = pc.if_else(pc.fill_null(pc.equal(column, old), False), new, column)
            has_word = reduce(pc.or_, (pc.fill_null(pc.match_substring(column, old), False) for old in ids))
            if pc.any(has_word).as_py():
                column = pa.array([said(value, ids) for value in column.to_pylist()], column.type)
        elif pa.types.is_nested(column.type):
            column = pa.array([said(value, ids) for value in column.to_pylist()], column.type)
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)
