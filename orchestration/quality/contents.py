"""Facts of the source checks on what deliveries hold: ids that are phones, rows of unknown lines, figures on another level.

Each is worked out for the deliveries that the checks have not passed yet; the past of figures is in their profiles.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb

from orchestration.base.contract import Table
from orchestration.base.settings import Home
from orchestration.base.sql import from_folder, identifier, literal, one_row
from orchestration.quality.facts import add_rows
from orchestration.quality.levels import move
from orchestration.quality.limits import DriftLimits, ReleaseLimits, drift_limit, load_drift_limits, load_release_limits
from orchestration.quality.privacy import SEPARATORS, masked
from orchestration.quality.profiles import LINE, Profile, Register, profiles_of, unknown_examples

FACTS = {
    "ids": "table_name varchar, column_name varchar, detail varchar, share double, max_share double",
    "lines": "table_name varchar, column_name varchar, detail varchar, share double, warn_share double, max_share double",
    "levels": """table_name varchar, column_name varchar, detail varchar, times_usual double, warn_ratio double,
        block_ratio double""",
}


def content_facts(
    db: duckdb.DuckDBPyConnection,
    home: Home,
    fresh: list[dict[str, Any]],
    current: list[dict[str, Any]],
    contract: dict[str, Table],
    as_of: date,
) -> None:
    """Fills the tables of FACTS. `fresh`, `current`: rows of the ledger, those to be judged and all that stand.

    Months that begin after the business date are left out, as the build leaves them out.
    """
    limits, drift = load_release_limits(), load_drift_limits(contract)
    for name, columns in FACTS.items():
        db.execute(f"create table {name} ({columns})")
    register = register_of(home, current, contract)
    for name in dict.fromkeys(delivery["table_name"] for delivery in fresh):
        table, mine = contract[name], [d for d in fresh if d["table_name"] == name]
        profiles = profiles_of(
            db, home, table, [d for d in current if d["table_name"] == name], register, limits.warn_unallocated_share
        )
        profiles = [profile for profile in profiles if profile.month <= as_of]
        dates = {d["dt"] for d in mine}
        add_rows(db, "ids", (row for d in mine for row in _id_rows(db, home, table, d["dt"], limits)))
        add_rows(db, "lines", _line_rows(db, home, table, profiles, dates, register, limits))
        add_rows(db, "levels", _level_rows(table, profiles, dates, limits, drift))


def register_of(home: Home, current: list[dict[str, Any]], contract: dict[str, Table]) -> Register | None:
    """The latest delivery of the table that knows every line, and their phones; None where there is none."""
    known = [t.name for t in contract.values() if t.key == (LINE,) and any(c.pii_kind == "phone" for c in t.columns)]
    found = max((d for d in current if d["table_name"] in known), key=lambda d: d["dt"], default=None)
    if found is None:
        return None
    return Register(home.raw / found["table_name"] / f"dt={found['dt']}" / "*.parquet", found["rows_sha256"])


def _id_rows(
    db: duckdb.DuckDBPyConnection, home: Home, table: Table, dt: date, limits: ReleaseLimits
) -> Iterator[tuple[Any, ...]]:
    """A row for each id of a table with phones or document numbers in which the row's own number stands, whole or within."""
    ids = [c.name for c in table.columns if not c.pii and c.data_type == "string" and c.name.endswith("_id")]
    source = from_folder(home.raw / table.name / f"dt={dt}")
    for number in table.identifiers:
        digits = f"translate(upper({identifier(number.name)}), {literal(SEPARATORS)}, '')"
        for column in ids:
            plain = f"translate(upper({identifier(column)}), {literal(SEPARATORS)}, '')"
            # An id that is shorter cannot hold the number: nothing is read of it.
            within = f"case when length({identifier(column)}) >= length({digits}) then contains({plain}, {digits}) else false end"
            found = f"count(*) filter ({within}), any_value({digits}) filter ({within})"
            is_number = f"length({digits}) >= {limits.identifier_length}"
            rows, held, example = one_row(db.execute(f"select count(*), {found} from {source} where {is_number}"))
            if held:
                detail = f"{held:,} of {rows:,} rows hold their own {number.name}, for example {masked(example)}"
                yield f"{table.name} dt={dt}", column, detail, held / rows, limits.max_own_share


def _line_rows(
    db: duckdb.DuckDBPyConnection,
    home: Home,
    table: Table,
    profiles: list[Profile],
    dates: set[date],
    register: Register | None,
    limits: ReleaseLimits,
) -> Iterator[tuple[Any, ...]]:
    """The worst month that these deliveries touch, where too many of its rows, whenever delivered, are of unknown lines."""
    if register is None:  # nothing tells then which lines are unknown
        return
    counted = [p for p in profiles if not p.column_name and p.unknown_rows is not None]
    shares: dict[date, tuple[float, int, int]] = {}
    for month in {p.month for p in counted if p.dt in dates}:
        rows = sum(p.rows for p in counted if p.month == month)
        unknown = sum(p.unknown_rows or 0 for p in counted if p.month == month)
        if rows >= limits.least_rows and unknown > limits.warn_unallocated_share * rows:
            shares[month] = (unknown / rows, unknown, rows)
    if not shares:
        return
    month = max(shares, key=lambda one: (shares[one], one))
    share, unknown, rows = shares[month]
    worst = max((p for p in counted if p.month == month), key=lambda p: (p.unknown_rows or 0, p.dt))
    also = f" ({len(shares) - 1} more months are over the limit)" if len(shares) > 1 else ""
    examples = unknown_examples(db, home, table, worst.dt, register)
    detail = f"{unknown:,} of the {rows:,} rows of {month:%Y-%m}{also} are of lines that the register lacks. {examples}"
    is_blocking = table.required and share > limits.max_unallocated_share
    warn, most = (None, limits.max_unallocated_share) if is_blocking else (limits.warn_unallocated_share, None)
    yield f"{table.name} dt={worst.dt}", LINE, detail, share, warn, most


def _level_rows(
    table: Table, profiles: list[Profile], dates: set[date], limits: ReleaseLimits, drift: DriftLimits
) -> Iterator[tuple[Any, ...]]:
    """A row a column and month of these deliveries that has a past to be compared with."""
    by_column: dict[str, list[Profile]] = {}
    for profile in profiles:
        if profile.column_name:
            by_column.setdefault(profile.column_name, []).append(profile)
    for column, known in by_column.items():
        limit = drift_limit(drift, table.name, column)
        for now in (p for p in known if p.dt in dates):
            moved = move(now, known, limit, limits)
            if moved:
                is_blocking = moved.times >= limit.block_ratio  # of a table that is not required, for itself alone
                warn, block = (None, limit.block_ratio) if is_blocking else (limit.warn_ratio, None)
                yield f"{table.name} dt={now.dt}", column, moved.detail, moved.times, warn, block
