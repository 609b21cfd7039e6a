"""The facts of the release checks on Spark. What must hold of them stands in `release_checks`, the same for both engines.

Spark pays for each statement rather than for each column: a table's columns are looked at in one.
"""

import json
from collections.abc import Collection
from typing import Any

import duckdb

from orchestration.base.contract import Table as RawTable
from orchestration.engines.spark.databases import BUILD, public_schema
from orchestration.engines.spark.engine import SparkCandidate
from orchestration.engines.spark.thrift import Session
from orchestration.engines.spark.versions import text
from orchestration.quality import privacy
from orchestration.quality.facts import add_rows
from orchestration.quality.limits import ReleaseLimits
from orchestration.quality.release_facts import drift_rows, drifted_sql, outside_detail, raw_tables, table_row, unallocated_rows
from orchestration.warehouse.manifest import Model, Models, relation_for, serving
from orchestration.warehouse.publishing import Version

RAW = f"{BUILD}_raw"
Rows = list[tuple[Any, ...]]


def gather(
    db: duckdb.DuckDBPyConnection,
    candidate: SparkCandidate,
    before: Version | None,
    models: Models,
    contract: dict[str, RawTable],
    limits: ReleaseLimits,
) -> None:
    """Fills the tables of facts by what is in the candidate, the build, raw and the version before."""
    session, name = candidate.session, candidate.name
    public = [m for m in models if m.is_public]
    there = {table for _, table, *_ in session.rows(f"show tables in `{name}`")}
    columns = {m.name: session.columns(_relation(name, m)) for m in public if _table(m) in there}
    reconciliation = relation_for(models, "reconciliation")
    gathered = {
        "tables": [table_row(_label(m), m, m.name in columns, candidate.contents, before, limits) for m in public],
        "privacy": privacy_facts(session, name, public, columns, contract, limits),
        "tag_values": tag_facts(session, name, public, columns, models),
        "reconciliation": reconciliation_facts(session, reconciliation),
        "unallocated": unallocated_facts(session, reconciliation, limits),
        "drift": drift_facts(session, models),
    }
    for table, rows in gathered.items():
        add_rows(db, table, rows)


def privacy_facts(
    session: Session,
    name: str,
    public: list[Model],
    columns: dict[str, Any],
    contract: dict[str, RawTable],
    limits: ReleaseLimits,
) -> Rows:
    """A row a public column: is it called as a pii column of the contract is, and what numbers of the lake it holds."""
    pii = {c.name for table in contract.values() for c in table.columns if c.pii}
    owners = {column for table in contract.values() for column in privacy.owner_columns(table, contract)}
    session.run(f"create or replace temporary view identifiers as {identifiers_sql(contract, limits)}")
    session.run("cache table identifiers")
    rows = []
    for model in (m for m in public if m.name in columns):
        relation, there = _relation(name, model), [column for column, _ in columns[model.name]]
        searched = [column for column, kind in columns[model.name] if kind in ("string", "bigint") or "<" in kind]
        hits = {column for (column,) in session.rows(hits_sql(relation, searched, limits))} if searched else set()
        for column in there:
            found = privacy.Verdict()
            if column in hits:
                matches = [
                    privacy.Match(*row) for row in session.rows(matches_sql(relation, column, owners & set(there), limits))
                ]
                (distinct_values,) = session.rows(f"select count(distinct {_as_text(column)}) from {relation}")[0]
                found = privacy.verdict(matches, distinct_values, limits)
            counts = (found.found, found.by_chance, found.most_by_chance)
            rows.append((_label(model), column, found.detail, int(column in pii), *counts))
    session.run("uncache table identifiers")
    return rows


def identifiers_sql(contract: dict[str, RawTable], limits: ReleaseLimits) -> str:
    """Phones and document numbers of the lake, some rows of each such column of the latest delivery: number, source, and whose it
    is, a row for each owner; one of nobody where the raw table names none. Pure."""
    selects = ["select cast(null as string) as number, '' as source, '' as owner_column, '' as owner where false"]
    for table, column in privacy.searched(contract.values()):
        raw = f"{RAW}.{table.name}"
        owners = privacy.owner_columns(table, contract)
        pairs = [f"{text(owner)}, {_as_text(owner)}" for owner in owners] or ["'', ''"]
        source = f"concat({text(f'{column.name} of {table.name} dt=')}, cast(dt as string))"
        latest = f"select * from {raw} where dt = (select max(dt) from {raw}) limit {privacy.SAMPLED}"
        number = _whole(f"`{column.name}`")
        selects.append(
            f"select {number} as number, {source} as source, stack({len(pairs)}, {', '.join(pairs)}) as (owner_column, owner) "
            f"from ({latest}) as s"
        )
    long = f"length(number) >= {limits.identifier_length} and replace(number, left(number, 1), '') <> ''"
    return "select * from (" + " union all ".join(selects) + f") as held where {long}"


def hits_sql(relation: str, columns: list[str], limits: ReleaseLimits) -> str:
    """Those of the columns in which a known number stands. Pure."""
    pairs = ", ".join(f"{text(column)}, {_as_text(column)}" for column in columns)
    values = f"select distinct stack({len(columns)}, {pairs}) as (name, value) from {relation}"
    numbers = f"select name, explode({_numbers('value', limits)}) as number from ({values}) as v"
    return (
        f"select distinct name from ({numbers} where length(value) >= {limits.identifier_length}) as found "
        f"left semi join identifiers on found.number = identifiers.number"
    )


def matches_sql(relation: str, column: str, owners: Collection[str], limits: ReleaseLimits) -> str:
    """The matches of one column, as `privacy.Match` has them, the own ones first. `owners`: columns that may name an owner."""
    own = " or ".join(f"(i.owner_column = {text(owner)} and i.owner = v.`{owner}`)" for owner in sorted(owners)) or "false"
    kept = "".join(f", {_as_text(owner)} as `{owner}`" for owner in sorted(owners))
    values = f"select distinct {_as_text(column)} as value{kept} from {relation}"
    numbers = f"select *, explode({_numbers('value', limits)}) as number from ({values}) as d"
    return (
        f"select value, number, max_by(source, struct(is_own, owner)), max(struct(is_own, owner)).owner, max(is_own) from ("
        f"select v.value, v.number, i.source, concat(i.owner_column, ' ', coalesce(i.owner, '')) as owner, "
        f"coalesce({own}, false) as is_own "
        f"from ({numbers}) as v inner join identifiers as i on v.number = i.number) as m "
        f"group by value, number order by 5 desc, 1"
    )


def _numbers(value: str, limits: ReleaseLimits) -> str:
    """As `privacy` takes a text apart: the whole without separators, and each run of digits, with and without a country code."""
    runs = f"regexp_extract_all(upper({value}), '[0-9]{{{limits.identifier_length},}}X?', 0)"
    found = f"concat({runs}, array({_whole(value)}))"
    return f"concat({found}, transform({found}, one -> regexp_replace(one, {text(privacy.COUNTRY_CODE)}, '')))"


def _whole(value: str) -> str:
    return f"translate(upper({value}), {text(privacy.SEPARATORS)}, '')"


def tag_facts(session: Session, name: str, public: list[Model], columns: dict[str, Any], models: tuple[Model, ...]) -> Rows:
    """A row a tag of the version's catalogue with values or bounds: how many rows hold another; null where no such column is."""
    schema, table = relation_for(models, "tag_catalog").split(".")
    catalog = f"`{name}`.`{public_schema(schema)}__{table}`"
    query = f"""select table_name, tag_name, sources, allowed_values, least, greatest from {catalog}
        where coalesce(allowed_values, cast(least as string), cast(greatest as string)) is not null order by 1, 2"""
    by_label = {_label(m): m for m in public if m.name in columns}
    tags: dict[str, dict[str, str]] = {}
    made_from: dict[tuple[str, str], str] = {}
    for table_name, tag, sources, allowed, least, greatest in session.rows(query):
        tags.setdefault(table_name, {})[tag] = outside_sql(tag, json.loads(allowed) if allowed else None, least, greatest)
        made_from[table_name, tag] = raw_tables(sources)
    rows = []
    for label, outside in tags.items():
        model = by_label.get(label)
        there = sorted({column for column, _ in columns.get(model.name, ())} & outside.keys()) if model else []
        rows += [(label, tag, "", None) for tag in outside.keys() - set(there)]
        if model and there:
            relation, key = _relation(name, model), model.meta["grain"][0]
            counts = ", ".join(f"count_if({outside[tag]})" for tag in there)
            for tag, count in zip(there, session.rows(f"select {counts} from {relation}")[0], strict=True):
                examples = f"select `{key}`, `{tag}` from {relation} where {outside[tag]} order by 1 limit 3"
                detail = outside_detail(key, session.rows(examples), made_from[label, tag]) if count else ""
                rows.append((label, tag, detail, count))
    return rows


def outside_sql(tag: str, allowed: list[str] | None, least: float | None, greatest: float | None) -> str:
    """Condition for a value that the tag's catalogue entry does not allow; null where it holds none. Pure."""
    bounds = (("<", least), (">", greatest))
    conditions = [f"`{tag}` {beyond} {bound:f}" for beyond, bound in bounds if bound is not None]
    if allowed is not None:
        listed = ", ".join(text(str(value)) for value in allowed) or "null"
        conditions.append(f"cast(`{tag}` as string) not in ({listed})")
    return " or ".join(conditions)


def reconciliation_facts(session: Session, relation: str) -> Rows:
    """The model's rows; its texts and dates say what a row is about."""
    figures = ", ".join(f"cast({figure} as double)" for figure in ("raw_value", "mart_value", "residual"))
    return session.rows(f"select {_subject(session, relation)}, '', '', {figures} from {relation}")


def unallocated_facts(session: Session, relation: str, limits: ReleaseLimits) -> Rows:
    """What of each of the model's figures belongs to no line."""
    name, kind = _subject(session, relation), _subject(session, relation, ("string",))
    rows = session.rows(f"select {kind}, {name}, raw_value, unallocated_value from {relation}")
    return unallocated_rows(rows, limits)


def drift_facts(session: Session, models: Models) -> Rows:
    """The tags whose values moved against the business dates before."""
    drift = serving(models, "tag_drift")
    return drift_rows(session.rows(drifted_sql(drift.relation))) if drift else []


def _subject(session: Session, relation: str, kinds: tuple[str, ...] = ("string", "date")) -> str:
    subject = ", ".join(f"`{name}`" for name, kind in session.columns(relation) if kind in kinds)
    return f"concat_ws(' ', {subject})"


def _as_text(column: str) -> str:
    return f"cast(`{column}` as string)"


def _label(model: Model) -> str:
    return f"{public_schema(model.schema)}.{model.table}"


def _table(model: Model) -> str:
    return f"{public_schema(model.schema)}__{model.table}"


def _relation(name: str, model: Model) -> str:
    return f"`{name}`.`{_table(model)}`"
