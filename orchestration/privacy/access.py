"""A person's data as a file, for a request of access: all rows of the lake, of the published version and of the ledgers that are
about the person, as JSON."""

import json
import os
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from orchestration.base.contract import Table
from orchestration.base.settings import Home
from orchestration.base.sql import from_files, identifier, in_memory, literal
from orchestration.intake.erased import LINE, person_columns
from orchestration.privacy.subject import Subject

LEDGERS = ("list_members", "task_reasons", "value_loss_scores", "line_scores", "offer_uplifts", "restrictions")


def personal_data(home: Home, contract: dict[str, Table], subject: Subject) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Rows about the person, by place and table. Of snapshots the last delivery that has the person, of events all."""
    lines = _among(subject, LINE)
    found: dict[str, dict[str, list[dict[str, Any]]]] = {"delivered": {}, "published": {}, "ledger": {}}
    with in_memory() as db:
        for table in contract.values():
            files = sorted((home.raw / table.name).glob("dt=*/*.parquet"))
            columns = [c for c in person_columns(table) if c != "peer_subscriber_id"]  # a row of somebody else's
            if files and columns:
                where = " or ".join(f"{identifier(c)} in {_among(subject, person_columns(table)[c])}" for c in columns)
                source = from_files(files, ", filename = true")
                last = " qualify dense_rank() over (order by regexp_extract(filename, 'dt=([0-9-]+)', 1) desc) = 1"
                query = f"select * exclude (filename) from {source} where {where}"
                found["delivered"][table.name] = _rows(db, query + (last if table.delivery == "snapshot" else ""))
        for name in LEDGERS:
            if files := sorted((home.ledger / name).rglob("*.parquet")):
                found["ledger"][name] = _rows(db, f"select * from {from_files(files)} where subscriber_id in {lines}")
        if home.current.exists():
            db.execute(f"attach {literal(home.current.resolve())} as published (read_only)")
            query = """select schema_name, table_name, list(column_name) from duckdb_columns()
                where database_name = 'published' and column_name in ('subscriber_id', 'customer_id')
                and table_name in (select table_name from duckdb_tables() where database_name = 'published')
                group by all order by all"""
            for schema, name, columns in db.execute(query).fetchall():
                where = " or ".join(f"{identifier(column)} in {_among(subject, column)}" for column in columns)
                rows = f"select * from published.{identifier(schema)}.{identifier(name)} where {where}"
                found["published"][f"{schema}.{name}"] = _rows(db, rows)
    return {place: {table: rows for table, rows in tables.items() if rows} for place, tables in found.items()}


def write_access_file(home: Home, contract: dict[str, Table], subject: Subject, request: str, path: Path) -> int:
    """Writes the person's data to a new file that its owner alone may read; gives how many rows. Raises FileExistsError."""
    data = personal_data(home, contract, subject)
    said = {"request": request, "lines": list(subject.lines), "customers": list(subject.customers), **data}
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(said, file, ensure_ascii=False, indent=1, default=_plain)
    return sum(len(rows) for tables in data.values() for rows in tables.values())


def _among(subject: Subject, kind: str) -> str:
    """The subject's ids of a kind as SQL takes them behind `in`."""
    return f"({', '.join(literal(one) for of, one in subject.ids if of == kind) or 'null'})"


def _rows(db: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    found = db.execute(query)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _plain(value: object) -> str:
    if isinstance(value, date | datetime | Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON")
