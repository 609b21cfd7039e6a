"""What the release checks look at: tables of facts on a candidate, gathered by DuckDB's SQL, and what both engines share of it.

What must hold of the facts stands in `release_checks`; Spark's way to them in `release_facts_spark`.
"""

import json
import statistics
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from orchestration.base.contract import Table
from orchestration.base.sql import identifier, literal, one_row
from orchestration.engines.duckdb import DuckDBCandidate
from orchestration.quality import privacy
from orchestration.quality.facts import add_rows
from orchestration.quality.limits import ReleaseLimits
from orchestration.warehouse.candidate import Contents
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
    _table_facts(db, candidate.contents, before, public, columns, limits)
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
    db: duckdb.DuckDBPyConnection,
    contents: Contents,
    published: Version | None,
    public: list[Model],
    columns: list[_Column],
    limits: ReleaseLimits,
) -> None:
    there = {c.model.relation for c in columns}
    add_rows(db, "tables", (table_row(m.relation, m, m.relation in there, contents, published, limits) for m in public))


def table_row(
    label: str, model: Model, is_there: bool, contents: Contents, published: Version | None, limits: ReleaseLimits
) -> tuple[Any, ...]:
    """The fact `tables` of a model that candidates call so: its rows, as they were counted for the candidate, and how many the
    version before had. Pure."""
    rows = contents.tables[label].rows if is_there else 0
    known = published.contents.tables.get(label) if published else None
    kept = rows / known.rows if known and known.rows else None
    least = 1 if model.meta.get("never_empty") else 0
    return (label, "", "", int(is_there), rows, least, known.rows if known else None, kept, limits.min_kept_share)


def _privacy_facts(
    db: duckdb.DuckDBPyConnection, raw: Path, columns: list[_Column], contract: dict[str, Table], limits: ReleaseLimits
) -> None:
    """A row a public column: is it called as a pii column of the contract is, and what numbers of the lake it holds."""
    pii = {c.name for table in contract.values() for c in table.columns if c.pii}
    owners = {name for table in contract.values() for name in privacy.owner_columns(table, contract)}
    looks, rows = privacy.create_identifiers(db, raw, contract, limits), []
    stored = [c for c in columns if not c.model.is_published_as_view]  # a view holds what its tables hold
    for model, own in groupby(stored, key=lambda column: column.model):
        types, public = {c.name: c.data_type for c in own}, qualified("candidate", model)
        searched = {name: kind for name, kind in types.items() if privacy.may_hold(kind)}
        suspects = privacy.suspects(db, public, searched, looks)
        for name in types:
            found = privacy.Verdict()
            if name in suspects:
                here = sorted(owners & types.keys())
                found = privacy.column_verdict(db, public, name, here, limits, looks)
            counts = (found.found, found.by_chance, found.most_by_chance)
            rows.append((model.relation, name, found.detail, int(name in pii), *counts))
    add_rows(db, "privacy", rows)


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
    add_rows(db, "unallocated", unallocated_rows(rows, limits))


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
    if drift is not None:
        add_rows(db, "drift", drift_rows(db.execute(drifted_sql(f"candidate.{drift.relation}")).fetchall()))


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
    telling: dict[tuple[str, str], str] = {}
    rows: list[tuple[Any, ...]] = []
    for table, tag, raw, allowed, least, greatest in db.execute(query).fetchall():
        if (table, tag) in models:
            tags.setdefault(table, {})[tag] = outside_sql(tag, allowed, least, greatest)
            made_from[table, tag] = raw_tables(raw)
            telling[table, tag] = telling_values(tag, allowed, qualified("candidate", models[table, tag]))
        else:
            rows.append((table, tag, "", None))
    for table, outside in tags.items():
        model = models[table, next(iter(outside))]
        relation = qualified("candidate", model)
        queries = [f"select {literal(tag)} from {telling[table, tag]} having bool_or({outside[tag]})" for tag in outside]
        found = {tag for (tag,) in db.execute(" union all ".join(queries)).fetchall()}
        key = model.meta.get("grain", [c.name for c in columns if c.model is model])[0]
        for tag, condition in outside.items():
            count, detail = 0, ""
            if tag in found:
                (count,) = one_row(db.execute(f"select count(*) from {relation} where {condition}"))
                selected = f"select {identifier(key)}, {identifier(tag)} from {relation} where {condition} order by all limit 3"
                detail = outside_detail(key, db.execute(selected).fetchall(), made_from[table, tag])
            rows.append((table, tag, detail, count))
    add_rows(db, "tag_values", rows)


def telling_values(tag: str, allowed: list[str] | None, relation: str) -> str:
    """A FROM item of the values of a tag that tell whether any lies outside: of a closed set each, else the extremes. Pure."""
    name = identifier(tag)
    if allowed is not None:
        return f"(select distinct {name} from {relation})"
    return f"(select unnest([min({name}), max({name})]) as {name} from {relation})"


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
