"""The gate's facts of a candidate on Spark. What must hold of them is `orchestration.quality.gate`'s, the same for both engines.

Spark pays for each statement rather than for each column: a table's columns are looked at in one.
"""

import json
from collections.abc import Iterable

from orchestration.contract import Table as RawTable
from orchestration.quality.facts import facts_file
from orchestration.quality.gate import CHECKS, FACTS, IDENTIFIER_DIGITS, IDENTIFIERS_SAMPLED
from orchestration.quality.judge import GateResult, judge
from orchestration.settings import Home
from orchestration.spark.databases import BUILD, public_schema
from orchestration.spark.thrift import Session
from orchestration.spark.versions import text
from orchestration.warehouse.manifest import Model, relation_for
from orchestration.warehouse.publishing import Version

RAW = f"{BUILD}_raw"
Rows = list[tuple]


def judge_version(
    session: Session, home: Home, models: tuple[Model, ...], contract: dict[str, RawTable], name: str, before: Version | None
) -> GateResult:
    """Judges the version called `name` against raw, its own catalogue and the version before; the caller publishes it or not."""
    public = [m for m in models if m.is_public]
    there = {table for _, table, *_ in session.rows(f"show tables in `{name}`")}
    columns = {m.name: session.columns(_relation(name, m)) for m in public if _table(m) in there}
    facts = home.warehouse / "gate_facts.duckdb"
    gathered = {
        "tables": table_facts(session, name, public, columns, before),
        "privacy": privacy_facts(session, name, public, columns, contract),
        "tag_values": tag_facts(session, name, public, columns, models),
        "reconciliation": reconciliation_facts(session, relation_for(models, "reconciliation")),
    }
    with facts_file(facts) as db:
        for table, rows in gathered.items():
            db.execute(f"create table {table} ({FACTS[table]})")
            if rows:
                db.executemany(f"insert into {table} values ({', '.join('?' * len(rows[0]))})", rows)
    return judge("gate", facts, CHECKS, home.data_docs)


def table_facts(session: Session, name: str, public: list[Model], columns: dict, before: Version | None) -> Rows:
    """A row a public table: is it there, how many rows it has and had."""
    known = before.contents.tables if before else {}
    rows = []
    for model in public:
        is_there = model.name in columns
        count = session.rows(f"select count(*) from {_relation(name, model)}")[0][0] if is_there else 0
        published = known.get(_label(model))
        kept = count / published.rows if published and published.rows else None
        least = 1 if model.meta.get("never_empty") else 0
        rows.append((_label(model), "", int(is_there), count, least, published.rows if published else None, kept))
    return rows


def privacy_facts(session: Session, name: str, public: list[Model], columns: dict, contract: dict[str, RawTable]) -> Rows:
    """A row a public column: is it called as a pii column of the contract is, and how many identifiers of the lake it holds."""
    pii = {c.name for table in contract.values() for c in table.columns if c.pii}
    session.run(f"create or replace temporary view identifiers as {identifiers_sql(contract.values())}")
    session.run("cache table identifiers")
    rows = []
    for model in (m for m in public if m.name in columns):
        searched = [column for column, kind in columns[model.name] if kind in ("string", "bigint") or "<" in kind]
        found = dict(session.rows(hits_sql(_relation(name, model), searched))) if searched else {}
        rows += [(_label(model), column, int(column in pii), found.get(column, 0)) for column, _ in columns[model.name]]
    session.run("uncache table identifiers")
    return rows


def identifiers_sql(contract: Iterable[RawTable]) -> str:
    """Phones and id numbers of the lake as runs of digits, some rows of each pii column of the latest delivery. Pure."""
    digits = f"'[0-9]{{{IDENTIFIER_DIGITS},}}'"
    selects = ["select cast(null as string) as digits where false"]
    for table in contract:
        for column in (c.name for c in table.columns if c.pii and c.data_type == "string"):
            latest = f"select `{column}` from {RAW}.{table.name} where dt = (select max(dt) from {RAW}.{table.name})"
            sampled = f"({latest} limit {IDENTIFIERS_SAMPLED}) as sampled"
            selects.append(f"select explode(regexp_extract_all(`{column}`, {digits}, 0)) as digits from {sampled}")
    return "select distinct digits from (" + " union all ".join(selects) + ") as held"


def hits_sql(relation: str, columns: list[str]) -> str:
    """For each of the columns that holds any, how many of its different values hold a known identifier. Pure."""
    pairs = ", ".join(f"{text(column)}, {_as_text(column)}" for column in columns)
    values = f"select distinct stack({len(columns)}, {pairs}) as (name, value) from {relation}"
    long = f"select name, explode(regexp_extract_all(value, '[0-9]{{{IDENTIFIER_DIGITS},}}', 0)) as digits from ({values}) as v"
    return (
        f"select name, count(*) from ({long} where length(value) >= {IDENTIFIER_DIGITS}) as found "
        f"left semi join identifiers on found.digits = identifiers.digits group by name"
    )


def tag_facts(session: Session, name: str, public: list[Model], columns: dict, models: tuple[Model, ...]) -> Rows:
    """A row a tag of the version's catalogue with values or bounds: how many rows hold another; null where no such column is."""
    schema, table = relation_for(models, "tag_catalog").split(".")
    query = f"""select table_name, tag_name, allowed_values, least, greatest from `{name}`.`{public_schema(schema)}__{table}`
        where coalesce(allowed_values, cast(least as string), cast(greatest as string)) is not null order by 1, 2"""
    by_label = {_label(m): m for m in public if m.name in columns}
    tags: dict[str, dict[str, str]] = {}
    for table_name, tag, allowed, least, greatest in session.rows(query):
        tags.setdefault(table_name, {})[tag] = outside_sql(tag, json.loads(allowed) if allowed else None, least, greatest)
    rows = []
    for label, outside in tags.items():
        model = by_label.get(label)
        there = sorted({column for column, _ in columns.get(model.name, ())} & outside.keys()) if model else []
        rows += [(label, tag, None) for tag in outside.keys() - set(there)]
        if there:
            counts = ", ".join(f"count_if({outside[tag]})" for tag in there)
            found = session.rows(f"select {counts} from {_relation(name, model)}")[0]
            rows += [(label, tag, count) for tag, count in zip(there, found, strict=True)]
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
    subject = ", ".join(f"`{name}`" for name, kind in session.columns(relation) if kind in ("string", "date"))
    figures = ", ".join(f"cast({figure} as double)" for figure in ("raw_value", "mart_value", "residual"))
    return session.rows(f"select concat_ws(' ', {subject}), '', {figures} from {relation}")


def _as_text(column: str) -> str:
    return f"cast(`{column}` as string)"


def _label(model: Model) -> str:
    return f"{public_schema(model.schema)}.{model.table}"


def _table(model: Model) -> str:
    return f"{public_schema(model.schema)}__{model.table}"


def _relation(name: str, model: Model) -> str:
    return f"`{name}`.`{_table(model)}`"
