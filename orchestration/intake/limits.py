"""Thresholds and patterns of intake, read from seeds/intake_limits.csv and seeds/msisdn_patterns.csv.

Reading and checking these seeds belongs here; applying them does not. A seed that cannot be used stops the run before anything
is taken in: a guessed limit would let bad deliveries through, or turn good ones away.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.base.errors import SeedError
from orchestration.base.settings import PROJECT_DIR

LIMITS_SEED = PROJECT_DIR / "seeds" / "intake_limits.csv"
PATTERNS_SEED = PROJECT_DIR / "seeds" / "msisdn_patterns.csv"
ALL_TABLES = "*"
_UP_TO_1 = ("share", "min_snapshot_ratio", "min_append_ratio")


@dataclass(frozen=True)
class TableLimits:
    """Limits of one table. Shares and ratios are fractions; a value equal to its limit passes.

    max_set_aside_share: of the rows read; over it, the delivery is rejected.
    min_snapshot_ratio, warn_snapshot_ratio: rows against the snapshot before; under the first rejected, over the second warned.
    min_append_ratio, max_append_ratio: rows against the weekday's usual; outside of them warned.
    max_stale_days: days that a required table may be late before a build refuses it.
    max_unknown_share: rows, and money, of lines that the register does not know; over it rejected.
    max_missing_share: rows of the snapshot before that a new one lacks, of those that had not ended; over it rejected.
    min_concerned_rows: rows that must be unknown, or missing, before one of these two shares rejects a delivery.
    """

    max_set_aside_share: float
    min_snapshot_ratio: float
    warn_snapshot_ratio: float
    min_append_ratio: float
    max_append_ratio: float
    max_stale_days: float
    max_unknown_share: float
    max_missing_share: float
    min_concerned_rows: float


Limits = dict[str, TableLimits]


def limits_of(limits: Limits, table: str) -> TableLimits:
    """The limits of a table: its own, else those of all tables."""
    return limits.get(table, limits[ALL_TABLES])


def load_limits(tables: Iterable[str], path: Path = LIMITS_SEED) -> Limits:
    """Limits by table name, and by ALL_TABLES the default, which also fills the empty fields of a table's row.

    Raises SeedError, naming file, row and what is wrong, for an unknown table or column, a table named twice, a value that is
    no number of 0 or more, and where there is no default row or it has an empty field.
    """
    names = [f.name for f in fields(TableLimits)]
    rows = {}
    for number, row in _rows(path, ["table_name", *names]):
        table = row["table_name"]
        if table != ALL_TABLES and table not in tables:
            raise SeedError(f"{path}: row {number}: no table is named '{table}'; use a table of the contract or {ALL_TABLES}")
        if table in rows:
            raise SeedError(f"{path}: row {number}: {table} has a row already; keep one")
        rows[table] = (number, {name: _number(path, number, name, row[name]) for name in names if row[name]})
    if ALL_TABLES not in rows:
        raise SeedError(f"{path}: no row {ALL_TABLES}; add one that holds the limits of all tables without a row of their own")
    number, default = rows[ALL_TABLES]
    for name in names:
        if name not in default:
            raise SeedError(f"{path}: row {number}: {name} is empty; the row {ALL_TABLES} must hold every limit")
    return {table: TableLimits(**(default | own)) for table, (_, own) in rows.items()}


def load_patterns(path: Path = PATTERNS_SEED) -> list[str]:
    """The regular expressions of which a phone number of the operator must match one in full; empty: no number is looked at.

    Raises SeedError, naming file, row and what is wrong, for text that is no regular expression.
    """
    patterns = []
    for number, row in _rows(path, ["country", "pattern", "description"]):
        try:
            pc.match_substring_regex(pa.array([""]), row["pattern"])  # the same kind of expressions as DuckDB's
        except pa.ArrowInvalid as error:
            raise SeedError(f"{path}: row {number}: '{row['pattern']}' is no regular expression ({error})") from error
        if not row["pattern"]:
            raise SeedError(f"{path}: row {number}: pattern is empty; write one or drop the row")
        patterns.append(row["pattern"])
    return patterns


def _rows(path: Path, names: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, row) of each data row, values trimmed."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if sorted(reader.fieldnames or []) != sorted(names):
                raise SeedError(f"{path}: row 1: the columns must be {', '.join(names)}")
            for row in reader:
                if None in row or None in row.values():
                    raise SeedError(f"{path}: row {reader.line_num}: must have {len(names)} fields")
                yield reader.line_num, {name: value.strip() for name, value in row.items()}
    except OSError as error:
        raise SeedError(f"{path}: cannot be read ({error.strerror}); put the seed back") from error
    except UnicodeDecodeError as error:
        raise SeedError(f"{path}: cannot be read ({error}); save it as CSV in UTF-8") from error


def _number(path: Path, row: int, name: str, text: str) -> float:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        raise SeedError(f"{path}: row {row}: {name}: '{text}' is no number of 0 or more")
    if float(text) > 1 and name.endswith(_UP_TO_1):
        raise SeedError(f"{path}: row {row}: {name}: '{text}' is over 1; write 0.05 for 5 %")
    return float(text)
