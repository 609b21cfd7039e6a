"""How a person is taken out of what lies in a home: Parquet files, versions, exports, texts, SQLite stores. One function a kind.

Each gives what it changed, and leaves all else as it was. Whom it concerns is `subject`'s, the order of things `erase`'s.
"""

import contextlib
import csv
import json
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.base.contract import Table
from orchestration.base.files import replace_text, sha256_of, sync_file, sync_folder
from orchestration.base.sql import from_files, identifier, in_memory, literal
from orchestration.intake.erased import (
    Ids,
    draft,
    forgotten,
    in_texts,
    is_any_number,
    kind_of,
    person_columns,
    reworded,
    rewrite,
    words,
)
from orchestration.privacy.text import texts
from orchestration.quality.privacy import may_hold
from orchestration.warehouse.checksums import table_facts
from orchestration.warehouse.manifest import Model, Models

GONE = "***"
PHONE_COLUMNS = ("phone",)
"""Columns of exports whose purpose is to hold phones."""


@dataclass(frozen=True)
class Person:
    """Whom to take out: `ids` and what they are called instead; `values`: phones, document numbers, names."""

    ids: Ids
    values: tuple[str, ...]

    @property
    def said(self) -> dict[str, str]:
        """All of it as it is looked for in texts, and what is written there instead."""
        return in_texts(self.ids) | {value: GONE for value in self.values if len(value) > 2}

    @property
    def sure(self) -> dict[str, str]:
        """The same without ids that could be any number."""
        return {one: instead for one, instead in self.said.items() if not is_any_number(one)}

    def is_in(self, text: str) -> bool:
        return any(one in text for one in self.said)

    def is_named(self, column: str, value: str) -> bool:
        """Whether a cell of an export is an id or a phone of the person."""
        return value in self.ids.get(kind_of(column) or "", {}) or (column in PHONE_COLUMNS and value in self.values)


def holds(path: Path, person: Person) -> bool:
    """Whether the person is named in a file that somebody else wrote, or that cannot be edited: a delivery, a workbook."""
    if path.suffix == ".parquet":
        names = [field.name for field in pq.read_schema(path) if pa.types.is_string(field.type)]
        named = ", ".join(map(literal, person.sure))
        return bool(names and _files_where([path], " or ".join(f"{identifier(name)} in ({named})" for name in names)))
    return any(one in text for text in texts(path) for one in person.sure)


def raw_files(table: Table, files: list[Path], person: Person) -> list[Path]:
    """Has files of a raw table forget the person; gives those that were written anew."""
    named = {column: ids for column, kind in person_columns(table).items() if (ids := person.ids[kind])}
    if not named or not files:
        return []
    condition = " or ".join(f"{identifier(column)} in ({', '.join(map(literal, ids))})" for column, ids in named.items())
    changed = _files_where(files, condition)
    for path in changed:
        rewrite(path, lambda batch: forgotten(batch, table, person.ids))
    return changed


@dataclass(frozen=True)
class Draft:
    """A file that was written anew beside the one it takes the place of, with the checksums of both."""

    path: Path
    beside: Path
    before: str
    after: str


def ledger_drafts(files: list[Path], person: Person) -> list[Draft]:
    """Files of a ledger or of quarantine that name the person, written anew beside them; nothing takes its place yet."""
    drafts = []
    for path in files:
        names = [f.name for f in pq.read_schema(path) if pa.types.is_string(f.type) or pa.types.is_nested(f.type)]
        condition = " or ".join(f"contains({identifier(n)}::varchar, {literal(one)})" for n in names for one in person.said)
        if condition and _files_where([path], condition):
            beside = draft(path, lambda batch: reworded(batch, person.ids, person.said))
            if pq.read_table(beside, partitioning=None).equals(pq.read_table(path, partitioning=None)):
                beside.unlink()
            else:
                drafts.append(Draft(path, beside, sha256_of(path), sha256_of(beside)))
    return drafts


def version_file(path: Path, person: Person, models: Models) -> list[str]:
    """Has a published version call the person otherwise; gives its tables that changed. Its file is written anew, so that no
    block of before is in it; its description tells the new checksums of those tables. Whoever reads it meanwhile reads on."""
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    with in_memory() as db:
        db.execute(f"attach {literal(path)} as old (read_only)")
        tables = {
            (schema, table): {
                name: kind for name, kind, *_ in db.execute(f"describe old.{identifier(schema)}.{identifier(table)}").fetchall()
            }
            for schema, table in db.execute(
                "select schema_name, table_name from duckdb_tables() where database_name = 'old'"
            ).fetchall()
        }
        changed = {where: names for where, columns in tables.items() if (names := _columns_with(db, where, columns, person))}
        if not changed:
            return []
        db.execute(f"attach {literal(draft)} as new")
        db.execute("copy from database old to new")
        for (schema, table), names in changed.items():
            told = ", ".join(f"{identifier(name)} = {_replaced(name, person)}" for name in names)
            db.execute(f"update new.{identifier(schema)}.{identifier(table)} set {told}")
        db.execute("checkpoint new")
        db.execute("detach new")
    # Once more from nothing: what an update replaced is still in blocks of the file.
    _copied(draft)
    facts = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    known = {model.relation: model for model in models}
    with in_memory() as db:
        db.execute(f"attach {literal(draft)} as candidate (read_only)")
        for schema, table in changed:
            relation = f"{schema}.{table}"
            if relation in facts["tables"]:
                model = known.get(relation) or Model(table, schema, table)
                facts["tables"][relation] = vars(table_facts(db, model))
    os.chmod(draft, path.stat().st_mode & 0o777)
    sync_file(draft)
    # The description first: killed in between, the next try finds the person in the file still, and does both again.
    _replace(path.with_suffix(".json"), words(json.dumps(facts, indent=2), person.said))
    os.replace(draft, path)
    sync_folder(path.parent)
    return sorted(f"{schema}.{table}" for schema, table in changed)


def export_file(path: Path, person: Person) -> int | None:
    """Takes the person's rows out of an exported file; how many, None for a workbook, which is removed: it cannot be edited."""
    if path.suffix == ".parquet":
        table = pq.read_table(path, partitioning=None)
        known = {
            name: person.ids.get(kind_of(name) or "", person.values if name in PHONE_COLUMNS else ())
            for name in table.column_names
        }
        masks = [pc.is_in(table[name], pa.array(list(ids), pa.string())) for name, ids in known.items() if ids]
        kept = table.filter(pc.invert(reduce(pc.or_, masks))) if masks else table
        gone = int(table.num_rows - kept.num_rows)
        if gone:
            draft = path.with_name(f".{path.name}.draft")
            pq.write_table(kept, draft, compression="zstd")
            os.chmod(draft, path.stat().st_mode & 0o777)
            os.replace(draft, path)
        return gone
    if path.suffix == ".csv":
        return _csv_rows(path, person)
    return None


def export_note(path: Path, gone: Mapping[str, int], request: str) -> None:
    """Has the manifest of exported files tell their new size and checksum, and by which request rows were taken out."""
    note = json.loads(path.read_text(encoding="utf-8"))
    for file in note["files"]:
        data = path.with_name(file["name"])
        if file["name"] in gone and data.exists():
            file |= {"bytes": data.stat().st_size, "sha256": sha256_of(data)}
            if "rows" in file:
                file["rows"] -= gone[file["name"]]
    note["rows"] -= max(gone.values())
    note["rows_erased"] = note.get("rows_erased", 0) + max(gone.values())
    note["erased_by"] = [*note.get("erased_by", []), request]
    _replace(path, json.dumps(note, indent=2, ensure_ascii=False) + "\n")


def text_file(path: Path, person: Person) -> bool:
    """Has a text call the person otherwise; whether it did. What is no UTF-8 is left: nothing of ours is written so."""
    try:
        before = path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, FileNotFoundError):
        return False
    after = words(before, person.said) if person.is_in(before) else before
    if after != before:
        _replace(path, after)
    return after != before


def sqlite_file(path: Path, person: Person) -> int:
    """Has an SQLite store call the person otherwise, and frees what held the old texts; how many rows changed."""
    changed = 0
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as store:
        store.create_function("said", 1, lambda value: words(value, person.said), deterministic=True)
        names = [name for (name,) in store.execute("select name from sqlite_master where type = 'table'")]
        with store:
            for name in names:
                for _, named, *_ in store.execute(f"pragma table_info({identifier(name)})").fetchall():
                    column = identifier(named)
                    holds = " or ".join([f"instr({column}, ?) > 0"] * len(person.said))
                    is_text = f"typeof({column}) = 'text' and ({holds}) and said({column}) <> {column}"
                    update = f"update {identifier(name)} set {column} = said({column}) where {is_text}"
                    changed += store.execute(update, list(person.said)).rowcount
        if changed:
            store.execute("vacuum")
            store.execute("pragma wal_checkpoint(truncate)")
    return changed


def _replace(path: Path, text: str) -> None:
    """Writes a text in place of the one there; its mode stays."""
    mode = path.stat().st_mode & 0o777
    replace_text(path, text)
    path.chmod(mode)


def _files_where(files: list[Path], holds: str) -> list[Path]:
    with in_memory() as db:
        query = f"select distinct filename from {from_files(files, ', filename = true')} where {holds} order by 1"
        return [Path(name) for (name,) in db.execute(query).fetchall()]


def _columns_with(db: duckdb.DuckDBPyConnection, where: tuple[str, str], columns: Mapping[str, str], person: Person) -> list[str]:
    """Columns of text of a table of the version in which the person is named."""
    names = [name for name, kind in columns.items() if kind == "VARCHAR" and may_hold(kind)]
    if not names:
        return []
    tests = ", ".join(f"bool_or({_named(name, person)})" for name in names)
    found = db.execute(f"select {tests} from old.{identifier(where[0])}.{identifier(where[1])}").fetchone() or ()
    return [name for name, is_there in zip(names, found, strict=True) if is_there]


def _named(name: str, person: Person) -> str:
    column = identifier(name)
    if kind := kind_of(name):
        return f"{column} in ({', '.join(map(literal, person.ids[kind]))})" if person.ids[kind] else "false"
    if not person.sure:
        return "false"
    quick = " or ".join(f"contains({column}, {literal(one)})" for one in person.sure)
    return f"case when {quick} then regexp_matches({column}, {literal(_pattern(person.sure))}) else false end"


def _replaced(name: str, person: Person) -> str:
    column = identifier(name)
    if kind := kind_of(name):
        cases = " ".join(f"when {literal(old)} then {literal(new)}" for old, new in person.ids[kind].items())
        return f"case {column} {cases} else {column} end"
    for old, new in person.sure.items():
        pattern, instead = literal(_pattern([old])), literal(f"\\1{new}\\2")
        for _ in range(2):  # of two with one sign between, the first takes the sign
            column = f"regexp_replace({column}, {pattern}, {instead}, 'g')"
    return column


def _pattern(known: Iterable[str]) -> str:
    escaped = "|".join(re.escape(one).replace("\\ ", " ") for one in known)  # DuckDB takes no escaped blank
    return rf"(^|[^0-9A-Za-z_-])(?:{escaped})($|[^0-9A-Za-z_-])"


def _copied(draft: Path) -> None:
    """Writes a database file anew, without blocks that it has left."""
    again = draft.with_name(f"{draft.name}.again")
    again.unlink(missing_ok=True)
    with in_memory() as db:
        db.execute(f"attach {literal(draft)} as old (read_only)")
        db.execute(f"attach {literal(again)} as new")
        db.execute("copy from database old to new")
        db.execute("checkpoint new")
    os.replace(again, draft)


def _csv_rows(path: Path, person: Person) -> int:
    beside, gone = path.with_name(f".{path.name}.draft"), 0
    header: list[str] = []
    with open(path, encoding="utf-8", newline="") as source, open(beside, "w", encoding="utf-8", newline="") as target:
        for record in _records(source):
            header = header or next(csv.reader([record.removeprefix("\ufeff")]))
            if person.is_in(record) and any(map(person.is_named, header, next(csv.reader([record])))):
                gone += 1
            else:
                target.write(record)
    if gone:
        os.chmod(beside, path.stat().st_mode & 0o777)
        sync_file(beside)
        os.replace(beside, path)
    beside.unlink(missing_ok=True)
    return gone


def _records(lines: Iterable[str]) -> Iterator[str]:
    """The records of a CSV as they are written: a line end within quotes belongs to its record."""
    record = ""
    for line in lines:
        record += line
        if record.count('"') % 2 == 0:
            yield record
            record = ""
    if record:
        yield record
