"""Rows of lines that the register does not know: how many, how much money, which ids, and why the ids may not match.

Rows of a table whose lines are no enforced reference enter all the same, up to a limit; delivery.py applies it.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from orchestration.base.contract import Table
from orchestration.base.sql import from_files, from_folder, identifier, one_row

LINE = "subscriber_id"
SHOWN_IDS = 3
SAMPLED_IDS = 1_000
MASK = "***"

# What explains the ids with the least change goes first. {id}: the id; {shared}: the length that ids of both sides have at least.
_CAUSES = (
    ("they differ in upper and lower case", "lower({id})"),
    ("one side ends in .0, as numbers read as decimals do", r"regexp_replace({id}, '\.0+$', '')"),
    ("one side has lost its leading zeros", "ltrim({id}, '0')"),
    ("one side has blanks or separators", "regexp_replace({id}, '[^0-9A-Za-z]', '', 'g')"),
    ("one side has a prefix", "case when {shared} >= 3 then right({id}, {shared}) end"),
    (
        "they differ in several of: upper and lower case, leading zeros, a trailing .0, separators, letters before the digits",
        r"ltrim(regexp_replace(regexp_replace(lower({id}), '\.0+$', ''), '^[a-z]+|[^0-9a-z]', '', 'g'), '0')",
    ),
)


@dataclass(frozen=True)
class Register:
    """The delivery of crm_subscribers in which lines are looked up."""

    dt: date
    folder: Path


@dataclass(frozen=True)
class Unknown:
    """Rows of unknown lines, at least one. Money is the sum of absolute amounts, None for a table without.

    `ids`: the first of them. `register_dt`: the delivery that they were looked up in.
    """

    rows: int
    all_rows: int
    money: Decimal | None
    all_money: Decimal | None
    ids: tuple[str, ...]
    register_dt: date

    @property
    def share(self) -> float:
        """The greater of both shares, 0 to 1."""
        of_money = float(self.money / self.all_money) if self.money is not None and self.all_money else 0.0
        return max(self.rows / self.all_rows, of_money)


def unknown_lines(con: duckdb.DuckDBPyConnection, table: Table, files: list[Path], register: Register) -> Unknown | None:
    """Rows in `files` whose line is not in the register; None where all are known."""
    rows, lines = from_files(files), from_folder(register.folder)
    money = f"sum(abs({identifier(table.money)}))" if table.money else "null"
    unknown = f"{rows} as r anti join {lines} as s using ({LINE}) where {LINE} is not null"
    count, amount = one_row(con.execute(f"select count(*), {money} from {unknown}"))
    if not count:
        return None
    all_count, all_amount = one_row(con.execute(f"select count(*), {money} from {rows}"))
    ids = _first_ids(con, unknown, SHOWN_IDS)
    return Unknown(count, all_count, amount, all_amount, tuple(ids), register.dt)


def why_unknown(con: duckdb.DuckDBPyConnection, files: list[Path], register: Register) -> str:
    """Unknown ids beside known ones, and the likely cause where one explains most of them, as two sentences.

    Ids that are phone numbers of the register are not shown.
    """
    rows, lines = from_files(files), from_folder(register.folder)
    sample = _first_ids(con, f"{rows} as r anti join {lines} as s using ({LINE}) where {LINE} is not null", SAMPLED_IDS)
    con.execute("create or replace temp table unknown_ids as select unnest(?::varchar[]) as id", [sample])
    phones = one_row(con.execute(f"select count(*) from unknown_ids semi join {lines} as s on id = s.msisdn"))[0]
    known = _first_ids(con, f"{lines} as s", SHOWN_IDS)
    if phones * 2 > len(sample):
        return f"{_side_by_side([MASK], known)}. These are phone numbers of crm_subscribers, not its ids"
    shortest = f"select least((select min(length(id)) from unknown_ids), (select min(length({LINE})) from {lines}))"
    shared = one_row(con.execute(shortest))[0]
    for words, form in _CAUSES:
        left, right = (form.format(id=column, shared=shared or 0) for column in ("u.id", f"s.{LINE}"))
        query = (
            f"select u.id, min(s.{LINE}) from unknown_ids as u join {lines} as s on {left} = {right} group by u.id order by u.id"
        )
        pairs = con.execute(query).fetchall()
        if len(pairs) * 2 > len(sample):
            shown = pairs[:SHOWN_IDS]
            return f"{_side_by_side([u for u, _ in shown], [k for _, k in shown])}. Probably {words}"
    return _side_by_side(sample[:SHOWN_IDS], known)


def _first_ids(con: duckdb.DuckDBPyConnection, source: str, limit: int) -> list[str]:
    return [i for (i,) in con.execute(f"select distinct {LINE} from {source} order by 1 limit {limit}").fetchall()]


def _side_by_side(unknown: list[str], known: list[str]) -> str:
    return f"Ids in this delivery: {', '.join(unknown)}; in crm_subscribers: {', '.join(known) or 'none'}"
