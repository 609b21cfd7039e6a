"""What the release checks look at: tables of facts on a candidate, gathered by DuckDB's SQL, and what both engines share of it.

What must hold of the facts stands in `release_checks`; Spark's way to them in `release_facts_spark`.
"""

import json
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.base.contract import Table
from orchestration.base.sql import identifier, literal, one_row
from orchestration.engines.duckdb import DuckDBCandidate
from orchestration.quality import privacy
from orchestration.quality.limits import ReleaseLimits
from orchestration.warehouse.checksums import qualified
from orchestration.warehouse.manifest import Model, Models, relation_for, serving
from orchestration.warehouse.publishing import Version

FACTS = {
    "tables": """table_name varchar, column_name varchar, detail varchar, is_there integer, row_count bigint,
        least_rows bigint, published_rows bigint, kept_share double, least_share double""",
    "privacy": """table_name varchar, column_name varchar, detail varchar, is_pii_column integer, found bigint,
        by_chance bigint, most_by_chance bigint""",
    "tag_values": "table_name varchar, column_name varchar, detail varchar, rows_outside bigint",
    "reconciliation": """table_name varchar, column_name varchar, detail varchar, raw_value double, mart_value double,
        residual double""",
    "unallocated": "table_name varchar, column_name varchar, detail varchar, share double, warn_share double, max_share double",
    "drift": """table_name varchar, column_name varchar, detail varchar, owner varchar, stability_index double,
        has_drifted integer, has_drifted_critically integer""",
}
"""The tables of facts that the checks look at, whichever engine they are gathered on."""


@dataclass(frozen=True)
class _Column:
    model: Model
    name: str
    data_type: str


def gather(
    db: duckdb.DuckDBPyConnection,
    candidate: DuckDBCandidate,
    before: Version | None,
    models: Models,
    contract: dict[str, Table],
    limits: ReleaseLimits,
) -> None:
    """Fills the tables of facts by what is in the candidate, the lake's pii columns and the version before.

    Raises WarehouseError where no model serves a role that a check needs.
    """
    public = [m for m in models if m.is_public]
    columns = _columns(db, public)
    _table_facts(db, before, public, columns, limits)
    _privacy_facts(db, candidate.raw, columns, contract, limits)
    _tag_facts(db, columns, relation_for(models, "tag_catalog"))
    _reconciliation_facts(db, f"candidate.{relation_for(models, 'reconciliation')}", limits)
    _drift_facts(db, models)


def _columns(db: duckdb.DuckDBPyConnection, public: list[Model]) -> list[_Column]:
    query = """select table_schema, table_name, column_name, data_type from information_schema.columns
        where table_catalog = 'candidate' order by all"""
    by_relation = {m.relation: m for m in public}
    found = db.execute(query).fetchall()
    return [_Column(by_relation[f"{s}.{t}"], c, d) for s, t, c, d in found if f"{s}.{t}" in by_relation]


def _table_facts(
    db: duckdb.DuckDBPyConnection, published: Version | None, public: list[Model], columns: list[_Column], limits: ReleaseLimits
) -> None:
    there = {c.model.relation for c in columns}
    before = published.contents.tables if published else {}
    for model in public:
        is_there = model.relation in there
        rows = one_row(db.execute(f"select count(*) from {qualified('candidate', model)}"))[0] if is_there else 0
        known = before.get(model.relation)
        kept = rows / known.rows if known and known.rows else None
        least = 1 if model.meta.get("never_empty") else 0
        db.execute(
            "insert into tables values (?, '', '', ?, ?, ?, ?, ?, ?)",
            [model.relation, int(is_there), rows, least, known.rows if known else None, kept, limits.min_kept_share],
        )


def _privacy_facts(
    db: duckdb.DuckDBPyConnection, raw: Path, columns: list[_Column], contract: dict[str, Table], limits: ReleaseLimits
) -> None:
    """A row a public column: is it called as a pii column of the contract is, and what numbers of the lake it holds."""
    pii = {c.name for table in contract.values() for c in table.columns if c.pii}
    owners = {name for table in contract.values() for name in privacy.owner_columns(table, contract)}
    there: dict[str, set[str]] = {}
    for column in columns:
        there.setdefault(column.model.relation, set()).add(column.name)
    privacy.create_identifiers(db, raw, contract, limits)
    for column in (c for c in columns if not c.model.is_published_as_view):  # a view holds what its tables hold
        relation, found = column.model.relation, privacy.Verdict()
        if privacy.may_hold(column.data_type):
            public = qualified("candidate", column.model)
            found = privacy.column_verdict(db, public, column.name, sorted(owners & there[relation]), limits)
        row = [relation, column.name, found.detail, int(column.name in pii), found.found, found.by_chance, found.most_by_chance]
        db.execute("insert into privacy values (?, ?, ?, ?, ?, ?, ?)", row)


def _reconciliation_facts(db: duckdb.DuckDBPyConnection, relation: str, limits: ReleaseLimits) -> None:
    """The model's rows; its texts and dates say what a row is about (check_name, a month)."""
    figures = ("raw_value", "mart_value", "residual")
    described = db.execute(f"describe {relation}").fetchall()
    subject = [identifier(name) for name, data_type, *_ in described if data_type in ("VARCHAR", "DATE")]
    values = ", ".join(f"{figure}::double" for figure in figures)
    name = f"concat_ws(' ', {', '.join(subject)})"
    db.execute(f"insert into reconciliation select {name}, '', '', {values} from {relation}")
    kinds = [identifier(column) for column, data_type, *_ in described if data_type == "VARCHAR"]
    query = f"select concat_ws(' ', {', '.join(kinds)}), {name}, raw_value, unallocated_value from {relation}"
    rows = db.execute(query).fetchall()
    if found := unallocated_rows(rows, limits):
        db.executemany("insert into unallocated values (?, ?, ?, ?, ?, ?)", found)


def unallocated_rows(figures: list[tuple[Any, ...]], limits: ReleaseLimits) -> list[tuple[Any, ...]]:
    """The facts `unallocated` of (kind, name, raw value, unallocated value): the one figure with the largest share of no line.

    So a fault of many months is told once. A figure much smaller than is usual of its kind is passed over: the first month of a
    history holds a few stray bills. A share that blocks is not warned of too. Pure.
    """
    by_kind: dict[str, list[float]] = {}
    for kind, _, raw, _ in figures:
        by_kind.setdefault(kind, []).append(abs(float(raw or 0)))
    least = {kind: limits.small_share * statistics.median(values) for kind, values in by_kind.items()}
    shares = [
        (abs(unallocated / raw), name, unallocated, raw)
        for kind, name, raw, unallocated in figures
        if raw and unallocated and abs(float(raw)) >= least[kind]
    ]
    if not shares:
        return []
    share, name, unallocated, raw = max(shares)
    is_blocking = share > limits.max_unallocated_share
    limit = limits.max_unallocated_share if is_blocking else limits.warn_unallocated_share
    others = sum(one[0] > limit for one in shares) - 1
    also = f" ({others} more over the limit)" if others > 0 else ""
    detail = f"{unallocated:,} of {raw:,}{also} are of lines that the register lacks, or of months before activation"
    warn = None if is_blocking else limits.warn_unallocated_share
    return [(name, "", detail, float(share), warn, limits.max_unallocated_share)]


def _drift_facts(db: duckdb.DuckDBPyConnection, models: Models) -> None:
    drift = serving(models, "tag_drift")
    if drift is not None and (rows := drift_rows(db.execute(drifted_sql(f"candidate.{drift.relation}")).fetchall())):
        db.executemany("insert into drift values (?, ?, ?, ?, ?, ?, ?)", rows)


def drifted_sql(relation: str) -> str:
    """The tags that have drifted, the one that moved most first. Pure."""
    columns = "entity, tag_name, owner, severity, dates_before, stability_index, moved_value, moved_share_before, moved_share"
    return f"select {columns} from {relation} where has_drifted order by stability_index desc, entity, tag_name"


def drift_rows(drifted: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The facts `drift` of the rows of drifted_sql, in words; a tag has drifted critically where its YAML says so. Pure."""
    return [
        (
            f"tags of {entity}s", tag,
            f"'{value}' is {now:.1%} after {before:.1%} on the {f'{dates} dates' if dates > 1 else 'date'} before; "
            f"{owner} answers for it",
            owner, index, int(severity != "critical"), int(severity == "critical"),
        )
        for entity, tag, owner, severity, dates, index, value, before, now in drifted
    ]  # fmt: skip


def _tag_facts(db: duckdb.DuckDBPyConnection, columns: list[_Column], catalog: str) -> None:
    described = {name for name, *_ in db.execute(f"describe candidate.{catalog}").fetchall()}
    sources = "sources" if "sources" in described else "null::varchar"
    query = f"""select table_name, tag_name, {sources}, allowed_values::json::varchar[], least, greatest from candidate.{catalog}
        where coalesce(allowed_values, least::varchar, greatest::varchar) is not null order by table_name, tag_name"""
    models = {(c.model.relation, c.name): c.model for c in columns}
    tags: dict[str, dict[str, str]] = {}
    made_from: dict[tuple[str, str], str] = {}
    for table, tag, raw, *limits in db.execute(query).fetchall():
        if (table, tag) in models:
            tags.setdefault(table, {})[tag] = outside_sql(tag, *limits)
            made_from[table, tag] = raw_tables(raw)
        else:
            db.execute("insert into tag_values values (?, ?, '', null)", [table, tag])
    for table, outside in tags.items():
        model = models[table, next(iter(outside))]
        relation = qualified("candidate", model)
        counts = ", ".join(f"count(*) filter ({condition})" for condition in outside.values())
        found = dict(zip(outside, one_row(db.execute(f"select {counts} from {relation}")), strict=True))
        key = model.meta.get("grain", [c.name for c in columns if c.model is model])[0]
        for tag, count in found.items():
            detail = ""
            if count:
                selected = (
                    f"select {identifier(key)}, {identifier(tag)} from {relation} where {outside[tag]} order by all limit 3"
                )
                detail = outside_detail(key, db.execute(selected).fetchall(), made_from[table, tag])
            db.execute("insert into tag_values values (?, ?, ?, ?)", [table, tag, detail, count])


def raw_tables(sources: str | None) -> str:
    """The raw tables of a tag with their latest deliveries, from the catalogue's JSON. Pure."""
    return ", ".join(f"{s['table']} dt={s['delivered']}" for s in json.loads(sources or "[]") if s.get("delivered"))


def outside_detail(key: str, rows: list[tuple[Any, ...]], made_from: str) -> str:
    """In words, which members have a value outside and which raw deliveries it was made from. Pure."""
    examples = ", ".join(f"{member} ({value})" for member, value in rows)
    return f"For example {key} {examples}" + f"; made from {made_from}" * bool(made_from)


def outside_sql(tag: str, allowed: list[str] | None, least: float | None, greatest: float | None) -> str:
    """Condition for a value that the tag's catalogue entry does not allow; null where it holds none. Pure."""
    name = identifier(tag)
    bounds = (("<", least), (">", greatest))
    conditions = [f"{name} {beyond} {bound:f}" for beyond, bound in bounds if bound is not None]
    if allowed is not None:
        conditions.append(f"{name}::varchar not in ({', '.join(map(literal, allowed)) or 'null'})")
    return " or ".join(conditions)
