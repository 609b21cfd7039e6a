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
from orchestration.base.keys import SETTING, KeyFileError, Keys, load_keys
from orchestration.base.settings import Home
from orchestration.base.sql import from_files, identifier, literal

LINE, CUSTOMER, ACCOUNT = "subscriber_id", "customer_id", "account_id"
BATCH_ROWS = 131_072
SURE_DIGITS = 10
"""Digits from which on an id of nothing else is no other number."""


Ids = Mapping[str, Mapping[str, str]]
"""By LINE and CUSTOMER: erased ids, and what they are called instead. A line and a customer of one id may be two persons'."""


def kind_of(column: str) -> str | None:
    """Whether a column of that name holds ids of lines or of customers, or neither; `peer_subscriber_id` is one of lines."""
    return next((kind for kind in (LINE, CUSTOMER) if column.endswith(kind)), None)


def person_columns(table: Table) -> dict[str, str]:
    """Columns of a raw table that name a line or a customer, each with LINE or CUSTOMER."""
    return {c.name: kind for c in table.columns if (kind := kind_of(c.name))}


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
        if not os.environ.get(SETTING):
            raise KeyFileError(
                f"{SETTING} is not set, and persons were erased from {home.root}: without the key, a delivery would bring them "
                "back. Set it to the key file that they were erased with; where that is lost, put it back from its backup"
            )
        keys = load_keys(home)
        if missing := sorted({key for _, key in found} - set(keys.by_id)):
            raise KeyFileError(
                f"the key file lacks {', '.join(missing)}, by which erased persons are recognised: a delivery would bring them "
                "back. Put the lines of these keys back from the backup of the key file"
            )
        return cls(keys, {which: frozenset(digests) for which, digests in found.items()})

    def forget(self, con: duckdb.DuckDBPyConnection, table: Table, staged: Path) -> Ids:
        """Has a staged Parquet file of the table forget erased persons; gives their ids and what they are called now."""
        columns = person_columns(table)
        ids = {c: f"select distinct {identifier(c)} as id from {from_files([staged])}" for c in columns}
        found = merged(*({kind: self._known(con, kind, ids[column])} for column, kind in columns.items()))
        if any(found.values()):
            rewrite(staged, lambda batch: forgotten(batch, table, found))
        return found

    def forget_rejected(self, con: duckdb.DuckDBPyConnection, table: Table, quarantined: Path) -> Ids:
        """The same of a quarantine file, whose rows name them by their keys, or as the value at fault."""
        if not quarantined.exists():
            return {}
        source = from_files([quarantined])
        found: Ids = {}
        for column, kind in person_columns(table).items():
            key = f"regexp_extract(key_values, '(^|, ){column}=([^,]*)', 2)"
            ids = f"""select {key} as id from {source} union select value from {source} where "column" = {literal(column)}"""
            found = merged(found, {kind: self._known(con, kind, ids)})
        if any(found.values()):
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


def merged(*found: Ids) -> Ids:
    """All of these ids. Pure."""
    return {kind: {old: new for one in found for old, new in one.get(kind, {}).items()} for kind in (LINE, CUSTOMER)}


def forgotten(batch: pa.RecordBatch, table: Table, ids: Ids) -> pa.RecordBatch:
    """The batch with these ids called otherwise, and without personal values in rows whose key they are. Pure."""
    columns = {name: batch.column(name) for name in batch.schema.names}
    own = kind_of(table.key[0])
    is_own = pc.is_in(columns[table.key[0]], pa.array(list(ids.get(own, {})), pa.string())) if own else None
    for name in columns:
        columns[name] = _renamed(columns[name], ids.get(kind_of(name) or "", {}))
    for column in (c for c in table.columns if is_own is not None and c.name in columns and (c.pii or c.name == ACCOUNT)):
        values = columns[column.name]
        columns[column.name] = pc.if_else(is_own, pa.scalar(None, values.type), values)
    return pa.RecordBatch.from_arrays(list(columns.values()), schema=batch.schema)


def _renamed(column: pa.Array, ids: Mapping[str, str]) -> pa.Array:
    for old, new in ids.items():
        column = pc.if_else(pc.fill_null(pc.equal(column, old), False), new, column)
    return column


def rewrite(path: Path, change: Callable[[pa.RecordBatch], pa.RecordBatch]) -> None:
    """Writes a Parquet file anew in place of the one there; its schema stays. A linked file keeps its bytes."""
    os.replace(draft(path, change), path)


def draft(path: Path, change: Callable[[pa.RecordBatch], pa.RecordBatch]) -> Path:
    """Writes a Parquet file anew beside it, batch by batch, to take its place; gives where."""
    beside = path.with_name(f".{path.name}.draft")
    with pq.ParquetFile(path) as file, pq.ParquetWriter(beside, file.schema_arrow, compression="zstd") as writer:
        for batch in file.iter_batches(BATCH_ROWS):
            writer.write_batch(change(batch))
    sync_file(beside)
    return beside


def in_texts(ids: Ids) -> dict[str, str]:
    """Ids as they are looked for in texts, of whichever kind."""
    return {old: new for kind in (LINE, CUSTOMER) for old, new in ids.get(kind, {}).items()}


def is_any_number(one: str) -> bool:
    """Whether an id could be any number: in a text it is taken for itself only behind the name of its column."""
    return one.isdigit() and len(one) < SURE_DIGITS


def words(text: str, known: Mapping[str, str]) -> str:
    """A text with these ids called otherwise, where they stand as words: L1 is none in L10. Pure."""
    if not any(one in text for one in known):
        return text
    either = "|".join(
        f"(?<=_id[= ]){re.escape(one)}" if is_any_number(one) else re.escape(one) for one in sorted(known, key=len, reverse=True)
    )
    return re.sub(rf"(?<![0-9A-Za-z_-])(?:{either})(?![0-9A-Za-z_-])", lambda found: known[found[0]], text)


def said(value: Any, known: Mapping[str, str]) -> Any:
    """The same of all texts within a value of lists and mappings. Pure."""
    if isinstance(value, str):
        return words(value, known)
    if isinstance(value, list):
        return [said(one, known) for one in value]
    if isinstance(value, dict):
        return {key: said(one, known) for key, one in value.items()}
    return value


def reworded(batch: pa.RecordBatch, ids: Ids, more: Mapping[str, str] | None = None) -> pa.RecordBatch:
    """The batch with these ids called otherwise, in their columns and in texts, those within lists and structures too. `more`:
    what else is replaced in texts. Pure."""
    known = in_texts(ids) | dict(more or {})
    columns = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if kind := kind_of(name):
            column = _renamed(column, ids.get(kind, {}))
        elif pa.types.is_string(column.type):
            has_word = reduce(pc.or_, (pc.fill_null(pc.match_substring(column, one), False) for one in known))
            if pc.any(has_word).as_py():
                column = pa.array([said(value, known) for value in column.to_pylist()], column.type)
        elif pa.types.is_nested(column.type):
            column = pa.array([said(value, known) for value in column.to_pylist()], column.type)
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)
