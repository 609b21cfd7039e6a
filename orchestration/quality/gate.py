"""The gate before publishing: what must hold of a candidate as a whole.

Reconciliation with raw, privacy, the catalogue's values, completeness, drift of volumes. Keys and relations are dbt tests.
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.contract import Table
from orchestration.quality.facts import facts_file
from orchestration.quality.judge import Check, GateResult, judge
from orchestration.settings import Home
from orchestration.sql import identifier, literal
from orchestration.warehouse.candidate import candidate_path, qualified, read_candidate
from orchestration.warehouse.manifest import Model, relation_for
from orchestration.warehouse.publishing import current

MINIMUM_KEPT_SHARE = 0.7
"""A table that shrank below this share of the published one is worth a look."""

IDENTIFIER_DIGITS = 8
"""Phones and id numbers hold at least so many digits in a row; names are left out, since they could be anyone's word."""

IDENTIFIERS_SAMPLED = 20_000

CHECKS = (
    Check("tables", "ExpectColumnValuesToBeInSet", {"column": "is_there", "value_set": [1]}, "every public table is there"),
    Check(
        "tables",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "row_count", "column_B": "least_rows", "or_equal": True},
        "a table that must never be empty has rows",
    ),
    Check(
        "tables",
        "ExpectColumnValuesToBeBetween",
        {"column": "kept_share", "min_value": MINIMUM_KEPT_SHARE},
        f"a table keeps at least {MINIMUM_KEPT_SHARE:.0%} of the published version's rows",
        is_critical=False,
    ),
    Check(
        "privacy",
        "ExpectColumnValuesToBeInSet",
        {"column": "is_pii_column", "value_set": [0]},
        "no pii column of the contract is public",
    ),
    Check(
        "privacy",
        "ExpectColumnValuesToBeInSet",
        {"column": "identifiers_found", "value_set": [0]},
        "no phone or id number of the lake stands in a public column",
    ),
    Check(
        "tag_values",
        "ExpectColumnValuesToBeInSet",
        {"column": "rows_outside", "value_set": [0]},
        "every value of a tag is one that its catalogue entry allows: of its set, within its bounds",
    ),
    Check(
        "tag_values",
        "ExpectColumnValuesToNotBeNull",
        {"column": "rows_outside"},
        "the catalogue's tag is a column of the table it names",
    ),
    Check(
        "reconciliation", "ExpectColumnValuesToNotBeNull", {"column": "residual"}, "the marts' figure can be held against raw's"
    ),
    Check(
        "reconciliation",
        "ExpectColumnValuesToBeInSet",
        {"column": "residual", "value_set": [0]},
        "the marts' figure equals raw's",
    ),
)

FACTS = {
    "tables": """table_name varchar, column_name varchar, is_there integer, row_count bigint, least_rows bigint,
        published_rows bigint, kept_share double""",
    "privacy": "table_name varchar, column_name varchar, is_pii_column integer, identifiers_found bigint",
    "tag_values": "table_name varchar, column_name varchar, rows_outside bigint",
    "reconciliation": "table_name varchar, column_name varchar, raw_value double, mart_value double, residual double",
}
"""The tables of facts that the checks look at, whichever engine they are gathered on."""


@dataclass(frozen=True)
class _Column:
    model: Model
    name: str
    data_type: str


def judge_candidate(home: Home, models: tuple[Model, ...], contract: dict[str, Table]) -> GateResult:
    """Judges the standing candidate; the caller approves it or not.

    Reads the candidate, the build database (the model serving `reconciliation`), the lake's pii columns and the current
    version's row counts. Raises WarehouseError where no candidate stands or no model serves a role that a check needs.
    """
    read_candidate(home)
    public = [m for m in models if m.is_public]
    facts = home.warehouse / "gate_facts.duckdb"
    build = identifier(home.build_database.stem)
    with facts_file(facts) as db:
        db.execute(f"attach {literal(candidate_path(home))} as candidate (read_only)")
        db.execute(f"attach {literal(home.build_database)} as {build} (read_only)")
        columns = _columns(db, public)
        _table_facts(db, home, public, columns)
        _privacy_facts(db, home, columns, contract)
        _tag_facts(db, columns, relation_for(models, "tag_catalog"))
        _reconciliation_facts(db, f"{build}.{relation_for(models, 'reconciliation')}")
        for attached in ("candidate", build):
            db.execute(f"detach {attached}")
    return judge("gate", facts, CHECKS, home.data_docs)


def _columns(db: duckdb.DuckDBPyConnection, public: list[Model]) -> list[_Column]:
    query = """select table_schema, table_name, column_name, data_type from information_schema.columns
        where table_catalog = 'candidate' order by all"""
    by_relation = {m.relation: m for m in public}
    found = db.execute(query).fetchall()
    return [_Column(by_relation[f"{s}.{t}"], c, d) for s, t, c, d in found if f"{s}.{t}" in by_relation]


def _table_facts(db: duckdb.DuckDBPyConnection, home: Home, public: list[Model], columns: list[_Column]) -> None:
    there = {c.model.relation for c in columns}
    published = current(home)
    before = published.contents.tables if published else {}
    db.execute(f"create table tables ({FACTS['tables']})")
    for model in public:
        is_there = model.relation in there
        rows = db.execute(f"select count(*) from {qualified('candidate', model)}").fetchone()[0] if is_there else 0
        known = before.get(model.relation)
        kept = rows / known.rows if known and known.rows else None
        least = 1 if model.meta.get("never_empty") else 0
        db.execute(
            "insert into tables values (?, '', ?, ?, ?, ?, ?)",
            [model.relation, int(is_there), rows, least, known.rows if known else None, kept],
        )


def _privacy_facts(db: duckdb.DuckDBPyConnection, home: Home, columns: list[_Column], contract: dict[str, Table]) -> None:
    """A row a public column: is it called as a pii column of the contract is, and how many identifiers of the lake it holds."""
    pii = {c.name for table in contract.values() for c in table.columns if c.pii}
    db.execute(f"create table privacy ({FACTS['privacy']})")
    db.execute(f"create temp table identifiers as {identifiers_sql(home.raw, contract)}")
    for column in (c for c in columns if not c.model.is_published_as_view):  # a view holds what its tables hold
        found = db.execute(hits_sql(column)).fetchone()[0] if _can_hold_identifiers(column.data_type) else 0
        db.execute(
            "insert into privacy values (?, ?, ?, ?)", [column.model.relation, column.name, int(column.name in pii), found]
        )


def identifiers_sql(raw: Path, contract: dict[str, Table]) -> str:
    """Phones and id numbers of the lake as runs of digits, a sample of each pii column of the latest delivery."""
    selects = ["select null::varchar as digits where false"]
    for table in contract.values():
        newest = max((raw / table.name).glob("dt=*"), default=None)
        for column in (c.name for c in table.columns if c.pii and c.data_type == "string"):
            if newest is not None:
                source = f"read_parquet({literal(newest / '*.parquet')}) using sample {IDENTIFIERS_SAMPLED} rows"
                selects.append(
                    f"select unnest({_digits(column)}) as digits from (select {identifier(column)} from {source}) as sampled"
                )
    return "select distinct digits from (" + " union all ".join(selects) + ") as held"


def hits_sql(column: _Column) -> str:
    """How many different values of a public column hold a known phone or id number, alone or within a text."""
    name = identifier(column.name)
    held = f"select distinct {name} from {qualified('candidate', column.model)}"
    long = f"length({name}::varchar) >= {IDENTIFIER_DIGITS}"
    values = f"select unnest({_digits(column.name)}) as digits from ({held}) as held where {long}"
    return f"select count(*) from ({values}) as found semi join identifiers using (digits)"


def _digits(column: str) -> str:
    return f"regexp_extract_all({identifier(column)}::varchar, '[0-9]{{{IDENTIFIER_DIGITS},}}')"


def _can_hold_identifiers(data_type: str) -> bool:
    return data_type.startswith(("VARCHAR", "BIGINT", "HUGEINT", "UBIGINT", "STRUCT", "MAP", "JSON")) or data_type.endswith("]")


def _reconciliation_facts(db: duckdb.DuckDBPyConnection, relation: str) -> None:
    """The model's rows; its texts and dates say what a row is about (check_name, a month)."""
    figures = ("raw_value", "mart_value", "residual")
    described = db.execute(f"describe {relation}").fetchall()
    subject = [identifier(name) for name, data_type, *_ in described if data_type in ("VARCHAR", "DATE")]
    values = ", ".join(f"{figure}::double as {figure}" for figure in figures)
    name = f"concat_ws(' ', {', '.join(subject)})"
    db.execute(f"create table reconciliation as select {name} as table_name, '' as column_name, {values} from {relation}")


def _tag_facts(db: duckdb.DuckDBPyConnection, columns: list[_Column], catalog: str) -> None:
    db.execute(f"create table tag_values ({FACTS['tag_values']})")
    query = f"""select table_name, tag_name, allowed_values::json::varchar[], least, greatest from candidate.{catalog}
        where coalesce(allowed_values, least::varchar, greatest::varchar) is not null order by all"""
    relations = {(c.model.relation, c.name): qualified("candidate", c.model) for c in columns}
    tags: dict[str, dict[str, str]] = {}
    for table, tag, *limits in db.execute(query).fetchall():
        if (table, tag) in relations:
            tags.setdefault(table, {})[tag] = outside_sql(tag, *limits)
        else:
            db.execute("insert into tag_values values (?, ?, null)", [table, tag])
    for table, outside in tags.items():
        counts = ", ".join(f"count(*) filter ({condition})" for condition in outside.values())
        found = db.execute(f"select {counts} from {relations[table, next(iter(outside))]}").fetchone()
        db.executemany("insert into tag_values values (?, ?, ?)", [[table, *row] for row in zip(outside, found, strict=True)])


def outside_sql(tag: str, allowed: list[str] | None, least: float | None, greatest: float | None) -> str:
    """Condition for a value that the tag's catalogue entry does not allow; null where it holds none. Pure."""
    name = identifier(tag)
    bounds = (("<", least), (">", greatest))
    conditions = [f"{name} {beyond} {bound:f}" for beyond, bound in bounds if bound is not None]
    if allowed is not None:
        conditions.append(f"{name}::varchar not in ({', '.join(map(literal, allowed)) or 'null'})")
    return " or ".join(conditions)
