"""The gate before publishing: what must hold of a candidate as a whole.

Reconciliation with raw, privacy, the catalogue's values, completeness, drift of volumes. Keys and relations are dbt tests.
"""

import json
import statistics
from dataclasses import dataclass

import duckdb

from orchestration.contract import Table
from orchestration.quality import privacy
from orchestration.quality.facts import facts_file
from orchestration.quality.judge import Check, GateResult, judge
from orchestration.quality.limits import ReleaseLimits, load_release_limits
from orchestration.quality.profiles import NO_SUCH_LINE
from orchestration.settings import Home
from orchestration.sql import identifier, literal
from orchestration.warehouse.candidate import candidate_path, qualified, read_candidate
from orchestration.warehouse.manifest import Model, relation_for
from orchestration.warehouse.publishing import current

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
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "kept_share", "column_B": "least_share", "or_equal": True, "ignore_row_if": "either_value_is_missing"},
        "a table keeps at least its least share of the published version's rows",
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
        {"column": "found", "value_set": [0]},
        "no phone or document number stands in a public column",
        remedy=privacy.REMEDY,
    ),
    Check(
        "privacy",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "most_by_chance", "column_B": "by_chance", "or_equal": True},
        "no more values of a public column equal a number of other lines than coincidence explains",
        remedy=privacy.REMEDY,
    ),
    Check(
        "tag_values",
        "ExpectColumnValuesToBeInSet",
        {"column": "rows_outside", "value_set": [0]},
        "every value of a tag is one that its catalogue entry allows: of its set, within its bounds",
        remedy="Correct the raw rows and deliver them again, or the tag's values or bounds in its YAML; then run again",
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
    Check(
        "unallocated",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "max_share", "column_B": "share", "or_equal": True, "ignore_row_if": "either_value_is_missing"},
        "what was delivered belongs to lines of the register",
        remedy=NO_SUCH_LINE,
    ),
    Check(
        "unallocated",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "warn_share", "column_B": "share", "or_equal": True, "ignore_row_if": "either_value_is_missing"},
        "what was delivered belongs to lines of the register",
        is_critical=False,
        remedy=NO_SUCH_LINE,
    ),
)

FACTS = {
    "tables": """table_name varchar, column_name varchar, detail varchar, is_there integer, row_count bigint,
        least_rows bigint, published_rows bigint, kept_share double, least_share double""",
    "privacy": """table_name varchar, column_name varchar, detail varchar, is_pii_column integer, found bigint,
        by_chance bigint, most_by_chance bigint""",
    "tag_values": "table_name varchar, column_name varchar, detail varchar, rows_outside bigint",
    "reconciliation": """table_name varchar, column_name varchar, detail varchar, raw_value double, mart_value double,
        residual double""",
    "unallocated": "table_name varchar, column_name varchar, detail varchar, share double, warn_share double, max_share double",
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
    limits = load_release_limits()
    public = [m for m in models if m.is_public]
    facts = home.warehouse / "gate_facts.duckdb"
    build = identifier(home.build_database.stem)
    with facts_file(facts) as db:
        db.execute(f"attach {literal(candidate_path(home))} as candidate (read_only)")
        db.execute(f"attach {literal(home.build_database)} as {build} (read_only)")
        for name, columns in FACTS.items():
            db.execute(f"create table {name} ({columns})")
        columns = _columns(db, public)
        _table_facts(db, home, public, columns, limits)
        _privacy_facts(db, home, columns, contract, limits)
        _tag_facts(db, columns, relation_for(models, "tag_catalog"))
        _reconciliation_facts(db, f"{build}.{relation_for(models, 'reconciliation')}", limits)
        for attached in ("candidate", build):
            db.execute(f"detach {attached}")
    return judge("gate", facts, CHECKS, home.data_docs)


def _columns(db: duckdb.DuckDBPyConnection, public: list[Model]) -> list[_Column]:
    query = """select table_schema, table_name, column_name, data_type from information_schema.columns
        where table_catalog = 'candidate' order by all"""
    by_relation = {m.relation: m for m in public}
    found = db.execute(query).fetchall()
    return [_Column(by_relation[f"{s}.{t}"], c, d) for s, t, c, d in found if f"{s}.{t}" in by_relation]


def _table_facts(
    db: duckdb.DuckDBPyConnection, home: Home, public: list[Model], columns: list[_Column], limits: ReleaseLimits
) -> None:
    there = {c.model.relation for c in columns}
    published = current(home)
    before = published.contents.tables if published else {}
    for model in public:
        is_there = model.relation in there
        rows = db.execute(f"select count(*) from {qualified('candidate', model)}").fetchone()[0] if is_there else 0
        known = before.get(model.relation)
        kept = rows / known.rows if known and known.rows else None
        least = 1 if model.meta.get("never_empty") else 0
        db.execute(
            "insert into tables values (?, '', '', ?, ?, ?, ?, ?, ?)",
            [model.relation, int(is_there), rows, least, known.rows if known else None, kept, limits.min_kept_share],
        )


def _privacy_facts(
    db: duckdb.DuckDBPyConnection, home: Home, columns: list[_Column], contract: dict[str, Table], limits: ReleaseLimits
) -> None:
    """A row a public column: is it called as a pii column of the contract is, and what numbers of the lake it holds."""
    pii = {c.name for table in contract.values() for c in table.columns if c.pii}
    owners = {name for table in contract.values() for name in privacy.owner_columns(table, contract)}
    there: dict[str, set[str]] = {}
    for column in columns:
        there.setdefault(column.model.relation, set()).add(column.name)
    privacy.create_identifiers(db, home.raw, contract, limits)
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


def unallocated_rows(figures: list[tuple], limits: ReleaseLimits) -> list[tuple]:
    """The facts `unallocated` of (kind, name, raw value, unallocated value): the one figure with the largest share of no line.

    So a fault of many months is told once. A figure much smaller than is usual of its kind is passed over: the first month of a
    history holds a few stray bills. A share that blocks is not warned of too. Pure.
    """
    by_kind: dict[str, list] = {}
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
        found = dict(zip(outside, db.execute(f"select {counts} from {relation}").fetchone(), strict=True))
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


def outside_detail(key: str, rows: list[tuple], made_from: str) -> str:
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
