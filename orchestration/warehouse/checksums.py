"""Checksums of tables that do not depend on the order of rows, and of those kept by month, what is known of months that stand."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.eliminate_joins import eliminate_joins

from orchestration.base.files import replace_text
from orchestration.base.settings import Home
from orchestration.base.sql import identifier, literal, one_row
from orchestration.warehouse.manifest import Model

FINGERPRINT = "source_fingerprint"
"""The column of a table kept by month that tells what the month was made from."""


@dataclass(frozen=True)
class TableFacts:
    """Rows of a table, and a checksum of its columns and contents that does not depend on the order of rows."""

    rows: int
    checksum: str


@dataclass
class MonthSums:
    """Rows and sums of hashes by table, code that it was made by, and month, each with the fingerprint of the month's sources.

    Where code and fingerprint are the same, the rows are. `before`: those of the last candidate; `now`: of this one."""

    before: dict[str, Any]
    now: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, home: Home) -> "MonthSums":
        """Those of the candidate before; none where nothing legible tells of them."""
        try:
            return cls(json.loads(_sums_path(home).read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError):
            return cls({})

    def keep(self, home: Home) -> None:
        replace_text(_sums_path(home), json.dumps(self.now))

    def total(
        self, db: duckdb.DuckDBPyConnection, model: Model, columns: list[tuple[str, str]], relation: str, made_by: str
    ) -> tuple[int, int]:
        """Rows and sum of hashes of a table kept by month."""
        key = f"{model.relation} {hashlib.md5(f'{made_by}{columns}'.encode()).hexdigest()}"
        fingerprints = f"select month::varchar, min({FINGERPRINT}) from {relation} group by month"
        there = dict(db.execute(fingerprints).fetchall())
        known = {month: one for month, one in self.before.get(key, {}).items() if there.get(month) == one[0]}
        asked = ", ".join(literal(month) for month in there.keys() - known.keys())
        if asked:
            query = checksum_sql(f"{relation} where month in ({asked})", columns, by="month::varchar")
            known |= {month: [there[month], rows, int(total)] for month, rows, total in db.execute(query).fetchall()}
        self.now[key] = known
        return sum(rows for _, rows, _ in known.values()), sum(total for *_, total in known.values())


def _sums_path(home: Home) -> Path:
    return home.warehouse / "month_sums.json"


def table_facts(
    db: duckdb.DuckDBPyConnection,
    model: Model,
    catalog: str = "candidate",
    sums: MonthSums | None = None,
    made_by: str = "",
    grains: Mapping[str, list[str]] = MappingProxyType({}),
) -> TableFacts:
    """Rows and checksum of one table of an attached file. Equal tables give equal checksums, however built.

    A view's checksum is that of its columns alone: its rows are those of tables that have one. `sums`: what is known of months of
    the table, if it is kept by month, which the code `made_by` has made. `grains`: of tables by schema.name, as dbt has tested
    them.
    """
    relation = qualified(catalog, model)
    described = db.execute(f"describe {relation}").fetchall()
    columns = [(name, data_type) for name, data_type, *_ in described]
    if model.is_published_as_view:
        query = "select sql from duckdb_views() where database_name = ? and schema_name = ? and view_name = ?"
        view = db.execute(query, [catalog, model.schema, model.table]).fetchone()  # none in a version that has it as a table
        shorter = count_sql(view[0], catalog, grains) if view else None
        (rows,) = one_row(db.execute(shorter or f"select count(*) from {relation}"))
        return TableFacts(rows, hashlib.md5(f"{columns}".encode()).hexdigest())
    lasting = [(name, data_type) for name, data_type in columns if name not in model.varying]
    if sums and made_by and {"month", FINGERPRINT} <= dict(columns).keys():
        rows, total = sums.total(db, model, lasting, relation, made_by)
    else:
        rows, total = one_row(db.execute(checksum_sql(relation, lasting)))
    return TableFacts(rows, hashlib.md5(f"{columns}{total or 0}".encode()).hexdigest())


def count_sql(view: str, catalog: str, grains: Mapping[str, list[str]]) -> str | None:
    """Counts the rows of a view, given as the statement that makes it, without tables that it joins from the left by their whole
    grain: by them no row comes or goes. None where that is not all that makes its rows. Pure."""
    select = sqlglot.parse_one(view, dialect="duckdb").expression
    given = {part for part, held in select.args.items() if held}
    if not isinstance(select, exp.Select) or not {"from_", "joins"} <= given <= {"expressions", "from_", "joins", "where"}:
        return None
    if any(column.find(exp.AggFunc, exp.Anonymous, *exp.SET_RETURNING_FUNCTIONS) for column in select.expressions):
        return None  # of a function that is not known, it may be either
    for join in select.args["joins"]:
        joined = join.this
        if not isinstance(joined, exp.Table) or not (grain := grains.get(f"{joined.db}.{joined.name}")):
            return None
        keys = exp.select(*(exp.column(key, quoted=True) for key in grain)).distinct()
        keys = keys.from_(exp.table_(joined.name, db=joined.db, quoted=True))
        join.set("this", keys.subquery(joined.alias_or_name))
        on = join.args["on"].unnest() if join.args.get("on") else None
        if isinstance(on, exp.And):  # DuckDB writes each condition in parentheses, which stand in the way
            on = exp.and_(*(one.unnest() for one in on.flatten()))
        join.set("on", on)
    select.set("expressions", [exp.Count(this=exp.Star())])
    eliminate_joins(select)
    if select.args.get("joins"):
        return None
    for table in select.find_all(exp.Table):
        table.set("catalog", exp.to_identifier(catalog))
    return select.sql(dialect="duckdb")


def checksum_sql(relation: str, columns: list[tuple[str, str]], by: str | None = None) -> str:
    """One row (rows, sum of row hashes), or one for each value of `by`, which stands first: one pass, whatever the order of rows.
    DuckDB's hash may change with its version."""
    # Of lists, an empty one and none have the same hash: they are told apart as text.
    is_nested = {name: kind.endswith("]") or kind.startswith(("STRUCT", "MAP")) for name, kind in columns}
    names = ", ".join(f"to_json({identifier(n)})::varchar" if is_nested[n] else identifier(n) for n in is_nested)
    # Hashed twice, for DuckDB lays the hash of the last column over the rest by exclusive or.
    grouped, group = (f"{by}, ", f" group by {by}") if by else ("", "")
    return f"select {grouped}count(*), sum(hash(hash({names}))::hugeint) from {relation}{group}"


def qualified(catalog: str, model: Model) -> str:
    return ".".join(identifier(part) for part in (catalog, model.schema, model.table))
