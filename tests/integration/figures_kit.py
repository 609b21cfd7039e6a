"""How published figures are checked against the oracle's: a run, its tables, their differences in words."""

import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path

import duckdb

NIGHT, LAST_DELIVERED = date(2026, 6, 30), date(2026, 7, 4)
"""Business date of the fixture `night`, and the last day that its operator delivers."""

TOLERANCE = 1e-9
SHOWN = 40


def published(home: Path, keys: Mapping[str, tuple[str, ...]]) -> dict[str, dict]:
    """The published tables of `keys` (key columns by table) in the oracle's form, with every column they have."""
    tables = {}
    with duckdb.connect(str(home / "published" / "telco360.duckdb"), read_only=True) as db:
        for table, key in keys.items():
            found = db.sql(f"select * from {table}")
            rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
            tables[table] = {as_key([row[name] for name in key]): row for row in rows}
            assert len(tables[table]) == len(rows), f"{table}: keys are not unique"
    return tables


def as_key(values: list) -> object:
    """One value alone, several as a tuple."""
    return values[0] if len(values) == 1 else tuple(values)


def is_same(expected: object, found: object) -> bool:
    """Equal: decimals, whole numbers and codes exactly, shares and rates to 1e-9."""
    if expected is None or found is None:
        return expected is found
    if isinstance(expected, Fraction) or isinstance(found, float):
        return abs(float(expected) - float(found)) <= TOLERANCE * max(1.0, abs(float(expected)))
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    return expected == found


def differences(expected: Mapping[str, dict], found: Mapping[str, dict]) -> list[str]:
    """Lines `table | key | column | expected | found` for every value that differs, and for rows that one side lacks."""
    lines = []
    for table, rows in expected.items():
        others = found[table]
        lines += [f"{table} | {key} | row | present | missing" for key in sorted(rows.keys() - others.keys())]
        lines += [f"{table} | {key} | row | none | present" for key in sorted(others.keys() - rows.keys())]
        for key in sorted(rows.keys() & others.keys()):
            for column, value in rows[key].items():
                other = others[key].get(column, "no such column")
                if not is_same(value, other):
                    lines.append(f"{table} | {key} | {column} | {shown(value)} | {shown(other)}")
    return lines


def shown(value: object) -> str:
    """A value as a reader can compare it."""
    return f"{float(value):.12g}" if isinstance(value, Fraction) else str(value)


def assert_same(expected: Mapping[str, dict], found: Mapping[str, dict], sides: str) -> None:
    """Fail with the first differences of each table, and how many there are of each column."""
    lines = differences(expected, found)
    by_column: dict[str, list[str]] = {}
    for line in lines:
        table, _, column = line.split(" | ")[:3]
        by_column.setdefault(f"{table}.{column}", []).append(line)
    examples = [line for found_lines in by_column.values() for line in found_lines[:5]][:SHOWN]
    counts = [f"{column}: {len(found_lines)}" for column, found_lines in by_column.items()]
    assert not lines, "\n".join([f"{len(lines)} differences, table | key | column | {sides}", *counts, *examples])


def run_nightly(home: Path, as_of: date) -> tuple[int, str]:
    """Exit code and output of a whole run in a process of its own, as the command line runs it."""
    entry = "from orchestration.cli.main import app; app()"
    command = [sys.executable, "-c", entry, "nightly", "--home", str(home), "--as-of", str(as_of)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"


def nightly(home: Path, as_of: date) -> None:
    """Run the whole run; fails with its output."""
    code, output = run_nightly(home, as_of)
    assert code == 0, output
