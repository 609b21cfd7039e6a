"""What each accepted delivery comes to in figures, worked out once and kept beside the ledger (lake/ledger/profiles).

A profile has a row for each month of events (a snapshot: the month of its dt) and numeric column. Working out and keeping belongs
here; what is unusual is `levels`.
"""

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.base.contract import Table
from orchestration.base.files import write_atomically
from orchestration.base.settings import Home
from orchestration.base.sql import identifier, literal, one_row

LINE = "subscriber_id"
NO_SUCH_LINE = (
    "Compare subscriber_id there and in the register (letter case, leading zeros, prefixes, an ending .0). Deliver the one that "
    "is wrong again, or the lines that are missing. Limits: warn_unallocated_share and max_unallocated_share in "
    "seeds/release_limits.csv"
)
QUANTILE_ROWS = 4_000_000
"""Rows of a delivery of which medians and 90th percentiles are taken: of more, a fixed sample of about so many. Quantiles cost
more than all else that is summed, and what they are held against are multiples."""
SPELLINGS = (
    ("they meet where letter case is ignored", "lower({0})"),
    ("they meet without leading zeros", "ltrim({0}, '0')"),
    ("they meet without an ending .0", "regexp_replace({0}, '[.]0+$', '')"),
    ("they meet without blanks", "replace({0}, ' ', '')"),
)
"""What often keeps the same ids of two systems apart, in words and as SQL of an id."""


@dataclass(frozen=True)
class Profile:
    """Figures of one column in one month of one delivery; `column_name` is empty for what holds of the rows as such.

    `rows`: accepted rows. `unknown_rows`: of these, rows of a subscriber_id that the register lacks; None where it was not looked
    at. `count`, `total`: values other than 0, and the sum of all. `middle`, `high`, `mean`: median, 90th percentile and mean of
    the amounts without sign and without 0; None where there is none.
    """

    table_name: str
    dt: date
    month: date
    column_name: str
    rows: int
    unknown_rows: int | None = None
    count: int = 0
    total: float | None = None
    middle: float | None = None
    high: float | None = None
    mean: float | None = None


@dataclass(frozen=True)
class Register:
    """The delivery that knows the lines: where its files lie and what they hold (rows_sha256), for telling whether it changed."""

    files: Path
    rows_sha256: str


_SCHEMA = pa.schema(
    [
        ("table_name", pa.string()),
        ("dt", pa.date32()),
        ("month", pa.date32()),
        ("column_name", pa.string()),
        ("rows", pa.int64()),
        ("unknown_rows", pa.int64()),
        ("count", pa.int64()),
        *[(name, pa.float64()) for name in ("total", "middle", "high", "mean")],
    ]
)


def measures(table: Table) -> list[str]:
    """The columns whose level is watched: numbers that are no part of the key."""
    return [c.name for c in table.columns if c.is_numeric and c.name not in table.key]


def profiles_of(
    db: duckdb.DuckDBPyConnection,
    home: Home,
    table: Table,
    deliveries: list[dict[str, Any]],
    register: Register | None,
    most_unknown: float,
) -> list[Profile]:
    """Profiles of the given deliveries of a table (rows of the ledger), worked out where none is kept of what they hold now.

    Rows of unknown lines are counted anew when the register has changed and more than the share `most_unknown` was unknown.
    """
    found: list[Profile] = []
    for delivery in deliveries:
        path = home.ledger / "profiles" / table.name / f"dt={delivery['dt']}.parquet"
        kept = _kept(path, delivery, register, most_unknown)
        if kept is None:
            kept = profile(db, home, table, delivery["dt"], register)
            _keep(path, kept, delivery, register)
        found += kept
    return found


def profile(db: duckdb.DuckDBPyConnection, home: Home, table: Table, dt: date, register: Register | None) -> list[Profile]:
    """Works out the profile of a delivery in the lake; no row where the delivery has none."""
    files = home.raw / table.name / f"dt={dt}" / "*.parquet"
    month = f"date_trunc('month', {identifier(table.event_time)}::date)::date" if table.event_time else f"date '{dt:%Y-%m}-01'"
    unknown = "null::bigint"
    if register is not None and table.event_time is not None and LINE in {c.name for c in table.columns}:
        unknown = f"count(*) filter ({_unknown(register)})"
    source = f"{_read(files, ', file_row_number = true')} as delivered"
    (every,) = one_row(db.execute(f"select count(*) // {QUANTILE_ROWS} + 1 from {source}"))
    figures = [figure for column in measures(table) for figure in _figures(identifier(column), every)]
    columns = ", ".join([month, "count(*)", unknown, *figures])
    rows = db.execute(f"select {columns} from {source} group by 1 order by 1").fetchall()
    found = []
    for month, count, unknown, *values in rows:
        found.append(Profile(table.name, dt, month, "", count, unknown))
        for number, column in enumerate(measures(table)):
            some, total, quantiles, mean = values[4 * number : 4 * number + 4]
            middle, high = quantiles or (None, None)
            found.append(Profile(table.name, dt, month, column, count, None, some, total, middle, high, mean))
    return found


def unknown_examples(db: duckdb.DuckDBPyConnection, home: Home, table: Table, dt: date, register: Register) -> str:
    """Three ids that the register lacks beside three that it has, and what would make them meet, in words. Phones are masked."""
    ids = f"select distinct {LINE} as id from {_read(home.raw / table.name / f'dt={dt}' / '*.parquet')}"
    db.execute(f"create or replace temp table unknown as select id from ({ids}) as d where {_unknown(register, 'id')}")
    db.execute(f"create or replace temp table known as select distinct {LINE} as id from {_read(register.files)}")
    unknown, known = (
        [one for (one,) in db.execute(f"select id from {t} order by 1 limit 3").fetchall()] for t in ("unknown", "known")
    )
    (of,) = one_row(db.execute("select count(*) from unknown"))
    hints = []
    for words, sql in SPELLINGS:
        query = f"select count(*) from unknown where {sql.format('id')} in (select {sql.format('id')} from known)"
        if one_row(db.execute(query))[0] * 2 > of:
            hints.append(words)
    phones = f"select msisdn from {_read(register.files)}"
    if one_row(db.execute(f"select count(*) from unknown where id in ({phones})"))[0] * 2 > of:
        hints.append("they are phone numbers, and the register has other ids")
        unknown = [f"{one[:3]}***{one[-2:]}" for one in unknown]
    hint = f": {'; '.join(hints)}" if hints else ""
    return f"For example {', '.join(unknown)}, where the register has ids like {', '.join(known)}{hint}"


def _figures(name: str, every: int) -> tuple[str, ...]:
    """Count, sum, median with 90th percentile, and mean of a column; of the quantiles one row of so many is looked at."""
    amount, is_some = f"abs({name}::double)", f"{name} <> 0"
    is_looked_at = f"{is_some} and hash(file_row_number) % {every} = 0" if every > 1 else is_some
    return (
        f"count(*) filter ({is_some})",
        f"sum({name}::double)",
        f"approx_quantile({amount}, [0.5, 0.9]) filter ({is_looked_at})",
        f"avg({amount}) filter ({is_some})",
    )


def _unknown(register: Register, column: str = LINE) -> str:
    return f"{column} not in (select {LINE} from {_read(register.files)} where {LINE} is not null)"


def _read(files: Path, options: str = "") -> str:
    return f"read_parquet({literal(files)}, hive_partitioning = false, union_by_name = true{options})"


def _kept(path: Path, delivery: dict[str, Any], register: Register | None, most_unknown: float) -> list[Profile] | None:
    try:
        table = pq.ParquetFile(path).read()
    except FileNotFoundError:
        return None
    told = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    if told.get("rows_sha256") != delivery["rows_sha256"]:
        return None
    found = [Profile(**row) for row in table.to_pylist()]
    is_other_register = register is not None and told.get("register") != register.rows_sha256
    is_uncounted = is_other_register and not told.get("register")
    if is_uncounted or (is_other_register and any((p.unknown_rows or 0) > most_unknown * p.rows for p in found)):
        return None
    return found


def _keep(path: Path, rows: list[Profile], delivery: dict[str, Any], register: Register | None) -> None:
    told = {"rows_sha256": delivery["rows_sha256"] or "", "register": register.rows_sha256 if register else ""}
    table = pa.Table.from_pylist([asdict(row) for row in rows], schema=_SCHEMA.with_metadata(told))
    write_atomically(path, path.parent / ".drafts", lambda target: pq.write_table(table, target))
