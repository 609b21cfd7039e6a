"""The rule parameters in seeds/, checked against what seeds/_seeds.yml says of them, before a build goes by them.

Rules are declared there, in dbt's own words (column types, not_null, unique, accepted_values) and in `meta.in_order`: a column
whose values must rise or fall from row to row, an empty one being the least; `meta.asked_by_lists` and `_scoring`: rules
that no model asks for but target lists, or scoring; and the ranges of values (`_range_faults`). Here they are only applied, so
that the message can name file and row, which a test within the database can't.
"""

import csv
import itertools
import math
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from orchestration.base.errors import SeedError
from orchestration.base.settings import PROJECT_DIR
from orchestration.base.words import Message

_A_DATE = re.compile(
    r"[0-9]{1,2}-(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
    r"|(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*-[0-9]{1,2}"
    r"|[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}|[0-9]{1,2}/[0-9]{1,2}(/[0-9]{2,4})?|[0-9]{1,2}月[0-9]{1,2}日",
    re.IGNORECASE,
)
"""What a spreadsheet makes of 1-3 and the like."""

_ASKED_BY = ("asked_by_lists", "asked_by_scoring")

_ASKED = re.compile(r"rule\('(\w+)', '(\w+)'\)")


def check_seeds(project_dir: Path = PROJECT_DIR) -> None:
    """Raises SeedError, one line a fault with file, row and cause, where a seed is not as it is declared to be."""
    declared = yaml.safe_load((project_dir / "seeds" / "_seeds.yml").read_text(encoding="utf-8"))["seeds"]
    asked = _rules_asked_for(project_dir)
    faults: list[str] = []
    for seed in declared:
        try:
            rows = read_seed(seed_path(seed["name"], project_dir))
        except SeedError as error:
            faults.append(str(error))
        else:
            faults += (f"seeds/{fault}" for fault in seed_faults(seed, rows, asked.get(seed["name"])))
    if faults:
        raise SeedError("\n".join(faults) + "\nFix the seed and run again.")


def seed_path(name: str, project_dir: Path = PROJECT_DIR) -> Path:
    """Where a seed lies."""
    return project_dir / "seeds" / f"{name}.csv"


def band_names(seed: str) -> list[str]:
    """The bands of a seed, as its file lists them."""
    return [row["band"] for row in read_seed(seed_path(seed))]


def read_seed(path: Path) -> list[dict[str, str]]:
    """The rows of a seed by column. Raises SeedError for a file that is no CSV in UTF-8 with a header, and for a row with more or
    fewer fields than that."""
    where = f"seeds/{path.name}"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, strict=True))
    except OSError as error:
        english = "{file}: cannot be read ({why}); put the seed back"
        raise SeedError(Message.of("seed_unreadable", english, file=where, why=error.strerror)) from error
    except (UnicodeDecodeError, csv.Error) as error:
        english = "{file}: cannot be read ({why}); save it as CSV in UTF-8"
        raise SeedError(Message.of("seed_no_csv", english, file=where, why=error)) from error
    while rows and not rows[-1]:
        rows.pop()
    if not rows:
        raise SeedError(Message.of("seed_empty", "{file}: is empty; its first row must name the columns", file=where))
    header, *rows = rows
    if twice := [name for name in header if header.count(name) > 1]:
        raise SeedError(
            Message.of("seed_column_twice", "{file}, row 1: column '{name}' is there twice", file=where, name=twice[0])
        )
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            fields = f"{len(row)} field{'s' if len(row) > 1 else ''}" if row else "a blank line"
            raise SeedError(
                Message.of(
                    "seed_row",
                    "{file}, row {number}: {fields}, but the header has {columns}",
                    file=where,
                    number=number,
                    fields=fields,
                    columns=len(header),
                    found=len(row),
                )
            )
    return [dict(zip(header, row, strict=True)) for row in rows]


def seed_faults(seed: dict[str, Any], rows: list[dict[str, str]], rules_asked: set[str] | None) -> Iterator[str]:
    """Faults of one seed as it is declared, each as `<file>, row <n>: <what is wrong>`; row 1 is the header."""
    name = f"{seed['name']}.csv"
    if not rows:
        yield f"{name}: no row"
        return
    types = seed["config"]["column_types"]
    if set(types) != set(rows[0]):
        yield f"{name}, row 1: columns {', '.join(rows[0])}; they should be {', '.join(types)}"
        return
    for column in seed["columns"]:
        values = [(number, row[column["name"]]) for number, row in enumerate(rows, start=2)]
        yield from (f"{name}, row {fault}" for fault in _column_faults(column, values, types[column["name"]]))
    if in_order := seed["config"].get("meta", {}).get("in_order"):
        values = [(number, row[in_order]) for number, row in enumerate(rows, start=2)]
        yield from (f"{name}, row {fault}" for fault in _order_faults(in_order, values))
    yield from (f"{name}{fault}" for fault in _range_faults(seed, rows))
    if rules_asked is not None:
        rules_asked = rules_asked.union(*(seed["config"].get("meta", {}).get(by, ()) for by in _ASKED_BY))
        found = {row["rule"]: number for number, row in enumerate(rows, start=2)}
        yield from (f"{name}: the rule {rule} is missing" for rule in sorted(rules_asked - set(found)))
        yield from (f"{name}, row {found[rule]}: no model asks for a rule {rule}" for rule in sorted(set(found) - rules_asked))


def _column_faults(column: dict[str, Any], values: list[tuple[int, str]], kind: str) -> Iterator[str]:
    is_date, tests = kind == "date", column.get("data_tests", [])
    is_numeric = not is_date and not kind.startswith(("string", "varchar"))
    closed = next((t["accepted_values"]["arguments"]["values"] for t in tests if isinstance(t, dict)), None)
    seen: dict[str, int] = {}
    for number, value in values:
        if not value and "not_null" in tests:
            yield f"{number}: {column['name']} is empty"
        elif value != value.strip() and (is_numeric or is_date or tests):
            yield f"{number}: {column['name']} '{value}' has blanks around it"
        elif value and is_date and not _is_day(value):
            yield f"{number}: {column['name']} '{value}' is no date; write YYYY-MM-DD"
        elif value and is_numeric and _number(value) is None:
            yield f"{number}: {column['name']} '{value}' is no number"
        elif value and is_numeric and _decimals(value) > _most_decimals(kind):
            yield f"{number}: {column['name']} '{value}' has more than {_most_decimals(kind):g} decimals"
        elif tests and not is_numeric and not is_date and _A_DATE.fullmatch(value):
            yield f"{number}: {column['name']} '{value}' is a date, such as a spreadsheet makes of 1-3; write what was meant"
        elif closed and value not in closed:
            yield f"{number}: {column['name']} '{value}' is unknown; there are {', '.join(closed)}"
        elif "unique" in tests and value in seen:
            yield f"{number}: {column['name']} '{value}' stands in row {seen[value]} already"
        seen.setdefault(value, number)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _order_faults(column: str, values: list[tuple[int, str]]) -> Iterator[str]:
    read = [(number, _number(value) if value else Decimal("-Infinity")) for number, value in values]
    broken = [f"{number}: {column} '{dict(values)[number]}' is no number" for number, value in read if value is None]
    yield from broken
    numbers = [(number, value) for number, value in read if value is not None]
    if not broken and len(numbers) > 2:
        rises = numbers[-1][1] > numbers[0][1]  # from end to end: one wrong row must not turn the others wrong
        for (_, before), (number, value) in itertools.pairwise(numbers):
            if value == before or (value > before) != rises:
                yield f"{number}: {column} '{dict(values)[number]}' is out of order; bounds rise or fall from row to row"


def _range_faults(seed: dict[str, Any], rows: list[dict[str, str]]) -> Iterator[str]:
    """Values outside what `config.meta` declares of the column `ranges_of`, which is `value` where it does not say.

    `range` holds for every row, `ranges` by the first column; `sums` says what rows add up to, `rising` which must follow each
    other, `ends_at` what the last row is. A range has the `least` and the `most` that may be there, both included, and
    `is_whole` for whole numbers. Where a seed has `ranges`, every row needs one.
    """
    meta = seed["config"].get("meta", {})
    key, column = seed["columns"][0]["name"], meta.get("ranges_of", "value")
    numbers = {row[key]: _number(row.get(column, "")) for row in rows}
    for number, row in enumerate(rows, start=2):
        value, limits = numbers[row[key]], meta.get("range") or meta.get("ranges", {}).get(row[key])
        if limits is None and "ranges" in meta:
            yield f", row {number}: {row[key]} has no range in _seeds.yml"
        elif limits and value is not None and not _is_within(value, limits):
            yield f", row {number}: {column} of {row[key]} is {row[column]}; it must be {_range_in_words(limits)}"
    for total in meta.get("sums", ()):
        parts = {rule: part for rule in total["rules"] if (part := numbers.get(rule)) is not None}
        if len(parts) == len(total["rules"]) and sum(parts.values()) != Decimal(str(total["total"])):
            shown = ", ".join(f"{rule} {part}" for rule, part in parts.items())
            yield f": {shown} add up to {sum(parts.values())}; they must add up to {total['total']}"
    for rules in meta.get("rising", ()):
        for lower, upper in itertools.pairwise(rules):
            low, high = numbers.get(lower), numbers.get(upper)
            if low is not None and high is not None and low >= high:
                yield f": {lower} is {low} and {upper} is {high}; the first must be the lower one"
    if "ends_at" in meta and rows and (last := numbers[rows[-1][key]]) is not None and last != meta["ends_at"]:
        yield f", row {len(rows) + 1}: {column} of {rows[-1][key]} is {last}; the last row must reach {meta['ends_at']}"


def _is_within(value: Decimal, limits: dict[str, Any]) -> bool:
    least, most = limits.get("least"), limits.get("most")
    return (
        (least is None or value >= Decimal(str(least)))
        and (most is None or value <= Decimal(str(most)))
        and (not limits.get("is_whole") or value == value.to_integral_value())
    )


def _range_in_words(limits: dict[str, Any]) -> str:
    least, most = limits.get("least"), limits.get("most")
    kind = "a whole number" if limits.get("is_whole") else "a number"
    if None not in (least, most):
        return f"{least}" if least == most else f"{kind} from {least} to {most}"
    return f"{kind} of at least {least}" if most is None else f"{kind} of at most {most}"


def _number(text: str) -> Decimal | None:
    # As all engines read it: no exponent, no separators, and of digits only those of ASCII.
    return Decimal(text) if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text) else None


def _decimals(text: str) -> int:
    return len(text.partition(".")[2])


def _most_decimals(kind: str) -> float:
    """Decimals of a numeric type: more would be rounded without a word."""
    if kind.startswith("decimal("):
        return int(kind.removesuffix(")").rpartition(",")[2])
    return 0 if kind == "int" else math.inf


def _rules_asked_for(project_dir: Path) -> dict[str, set[str]]:
    asked: dict[str, set[str]] = {}
    for path in (path for folder in ("models", "macros") for path in (project_dir / folder).rglob("*.sql")):
        for seed, rule in _ASKED.findall(path.read_text(encoding="utf-8")):
            asked.setdefault(seed, set()).add(rule)
    return asked
