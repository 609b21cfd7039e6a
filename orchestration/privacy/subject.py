"""Whom a request is about: the lines and customers behind an id or a phone, and their personal values. What is done, not here."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.base.contract import Table
from orchestration.base.errors import Telco360Error
from orchestration.base.keys import Keys
from orchestration.base.sql import from_files, identifier, in_memory, literal
from orchestration.intake.erased import CUSTOMER, LINE, person_columns
from orchestration.quality.privacy import COUNTRY_CODE, SEPARATORS, masked

LINES, CUSTOMERS = "crm_subscribers", "crm_customers"


class PersonError(Telco360Error, ValueError):
    """A request that cannot be met; the text says why and what to do."""


@dataclass(frozen=True)
class Subject:
    """A person: ids of lines and customers, and values of personal columns (phones, document numbers, names) as delivered."""

    lines: tuple[str, ...]
    customers: tuple[str, ...]
    values: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[tuple[str, str], ...]:
        """(kind, id) of each; a line and a customer may have one id."""
        return (*((LINE, line) for line in self.lines), *((CUSTOMER, customer) for customer in self.customers))

    def digests(self, keys: Keys) -> list[str]:
        """What the journal knows the person by: a digest of each id."""
        return [keys.digest(kind, one) for kind, one in self.ids]

    def __str__(self) -> str:
        return ", ".join(one for _, one in self.ids)


def find(raw: Path, contract: dict[str, Table], asked: str) -> Subject:
    """The person behind a subscriber_id, a customer_id or a phone.

    A customer stands for all of its lines; a line for its customer too, where that has no other line. Raises PersonError for what
    is nobody's, or for a phone that several lines hold.
    """
    with in_memory() as db:
        lines, customers = (_files(raw, name) for name in (LINES, CUSTOMERS))
        if not lines:
            raise PersonError(f"{raw / LINES} is empty: nobody is known. Take in deliveries of {LINES} first")
        held = f"select {LINE}, {CUSTOMER}, {_plain('msisdn')} as phone, filename from {from_files(lines, ', filename = true')}"
        db.execute(f"create temp table held as {held}")
        latest = "(select * from held where filename = (select max(filename) from held))"
        by_line = db.execute(f"select 1 from held where {LINE} = ?", [asked]).fetchone()
        of_customer = _column(db, f"select distinct {LINE} from held where {CUSTOMER} = {literal(asked)} order by 1")
        is_customer = customers and db.execute(f"select 1 from {from_files(customers)} where {CUSTOMER} = ?", [asked]).fetchone()
        if by_line and (of_customer or is_customer):
            raise PersonError(f"{asked} is both a line and a customer: ask by the phone of the line instead")
        if of_customer or is_customer:
            return _with_values(db, raw, contract, tuple(of_customer), (asked,))
        if not by_line:
            phone = f"regexp_replace(translate({literal(asked)}, {literal(SEPARATORS)}, ''), '{COUNTRY_CODE}', '')"
            found = _column(db, f"select distinct {LINE} from {latest} where phone = {phone} order by 1")
            found = found or _column(db, f"select distinct {LINE} from held where phone = {phone} order by 1")
            if len(found) != 1:
                said = masked(asked) if asked.isdigit() and len(asked) > 5 else asked
                known = f"{said} is the phone of {len(found)} lines ({', '.join(found)}): ask by the id of one of them"
                unknown = f"'{said}' is no subscriber_id, customer_id or phone of the lake: write it as the source does"
                raise PersonError(known if found else unknown)
            asked = found[0]
        owners = _column(db, f"select distinct {CUSTOMER} from held where {LINE} = {literal(asked)} and {CUSTOMER} is not null")
        alone = [o for o in owners if _column(db, f"select distinct {LINE} from held where {CUSTOMER} = {literal(o)}") == [asked]]
        return _with_values(db, raw, contract, (asked,), tuple(alone))


def _with_values(
    db: duckdb.DuckDBPyConnection, raw: Path, contract: dict[str, Table], lines: tuple[str, ...], customers: tuple[str, ...]
) -> Subject:
    values: set[str] = set()
    for table in contract.values():
        kind = person_columns(table).get(table.key[0])
        files = _files(raw, table.name)
        for column in (c for c in table.columns if c.pii and c.data_type == "string"):
            wanted = {LINE: lines, CUSTOMER: customers}.get(kind or "", ())
            if wanted and files:
                is_own = f"{identifier(table.key[0])} in ({', '.join(map(literal, wanted))})"
                query = f"select distinct {identifier(column.name)} from {from_files(files)} where {is_own}"
                values.update(value for value in _column(db, query) if value)
    return Subject(lines, customers, tuple(sorted(values)))


def _files(raw: Path, table: str) -> list[Path]:
    return sorted((raw / table).glob("dt=*/*.parquet"))


def _plain(column: str) -> str:
    return f"translate({identifier(column)}, {literal(SEPARATORS)}, '')"


def _column(db: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    return [value for (value,) in db.execute(query).fetchall()]
