"""Holds two tables against each other row by row: which rows only one side has, which values differ. Pure SQL on DuckDB.

Where the tables come from is the caller's business. Decimals, texts, dates and flags must be equal; doubles to 1e-9.
"""

from dataclasses import dataclass, field

import duckdb

TOLERANCE = 1e-9
"""Of two doubles, absolute below 1 and relative above."""

SHOWN = 5


@dataclass(frozen=True)
class Comparison:
    """One table on both engines. `differing`: rows not the same, counted once a key. `examples`: key | column | left | right."""

    table: str
    left_rows: int
    right_rows: int
    differing: int
    examples: list[str] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        return self.differing == 0 and not self.examples and self.left_rows == self.right_rows


def compare(
    db: duckdb.DuckDBPyConnection, table: str, left: str, right: str, grain: list[str], left_out: frozenset[str] = frozenset()
) -> Comparison:
    """Compares the relations `left` and `right` (SQL, as they stand after `from`), whose rows `grain` tells apart.

    Columns `left_out` are an engine's own and not compared.
    """
    counts = [db.execute(f"select count(*) from {side}").fetchone()[0] for side in (left, right)]
    types = [
        {name: kind for name, kind, *_ in db.execute(f"describe from {side}").fetchall() if name not in left_out}
        for side in (left, right)
    ]
    wrong = [
        f"column {name}: {types[0].get(name, 'none')} | {types[1].get(name, 'none')}"
        for name in sorted(types[0].keys() | types[1].keys())
        if comparable(types[0].get(name)) != comparable(types[1].get(name))
    ]
    if wrong:
        return Comparison(table, *counts, differing=max(counts), examples=wrong)
    columns = [name for name in types[0] if name not in grain]
    doubles = {name for name, kind in types[0].items() if kind in ("DOUBLE", "FLOAT")}
    differing = db.execute(f"select count(*) from ({differences_sql(left, right, grain, columns, doubles)})").fetchone()[0]
    # Rows that the grain does not tell apart would meet each other's twins: they are told as a difference of their own.
    twins = [rows - db.execute(f"select count(*) from (select distinct {_list(grain)} from {side})").fetchone()[0]
             for rows, side in zip(counts, (left, right), strict=True)]  # fmt: skip
    examples = [f"rows not told apart by {', '.join(grain)}: {twins[0]} | {twins[1]}"] if any(twins) else []
    if differing:
        examples += _examples(db, differences_sql(left, right, grain, columns, doubles), grain, columns)
    return Comparison(table, *counts, differing + sum(twins), examples)


def comparable(kind: str | None) -> str | None:
    """A type by what can be in it: whole numbers are compared as such, whatever their width."""
    return "INTEGER" if kind in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT") else kind


def differences_sql(left: str, right: str, grain: list[str], columns: list[str], doubles: set[str]) -> str:
    """A row for each key that is not the same on both sides: the key, has_left, has_right, and each column's two values."""
    same = " and ".join(_same(name, name in doubles) for name in columns) or "true"
    keys = ", ".join(f"coalesce(l.{_name(k)}, r.{_name(k)}) as {_name(k)}" for k in grain)
    pairs = "".join(
        f", l.{_name(c)} as {_name('l_' + c)}, r.{_name(c)} as {_name('r_' + c)}, {_same(c, c in doubles)} as {_name('s_' + c)}"
        for c in columns
    )
    joined = " and ".join(f"l.{_name(k)} is not distinct from r.{_name(k)}" for k in grain)
    return (
        f"select {keys}, l.here is not null as has_left, r.here is not null as has_right{pairs} "
        f"from (select *, 1 as here from {left}) as l full join (select *, 1 as here from {right}) as r on {joined} "
        f"where l.here is null or r.here is null or not ({same})"
    )


def _same(name: str, is_double: bool) -> str:
    left, right = f"l.{_name(name)}", f"r.{_name(name)}"
    if not is_double:
        return f"({left} is not distinct from {right})"
    near = f"abs({left} - {right}) <= {TOLERANCE} * greatest(1, abs({left}), abs({right}))"
    return f"coalesce({near}, {left} is null and {right} is null)"


def _examples(db: duckdb.DuckDBPyConnection, differences: str, grain: list[str], columns: list[str]) -> list[str]:
    query = db.execute(f"select * from ({differences}) order by {_list(grain)} limit {SHOWN}")
    names = [column[0] for column in query.description]
    found = []
    for values in query.fetchall():
        row = dict(zip(names, values, strict=True))
        key = ", ".join(f"{k} {row[k]}" for k in grain)
        if not (row["has_left"] and row["has_right"]):
            found.append(
                f"{key} | row | {'present' if row['has_left'] else 'none'} | {'present' if row['has_right'] else 'none'}"
            )
            continue
        found += [f"{key} | {c} | {row['l_' + c]} | {row['r_' + c]}" for c in columns if not row["s_" + c]]
    return found[:SHOWN]


def _list(names: list[str]) -> str:
    return ", ".join(_name(name) for name in names)


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
