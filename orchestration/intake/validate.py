"""Rules that look at more than one row: references, keys that come twice, and what is told of the accepted rows.

DuckDB does the work over staged Parquet, within the memory given to the connection. Rows that were quarantined before are not
staged: they take no part here, so a faultless row does not fall with a bad one of the same key. For the same reason
references are looked at before keys.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.base.contract import Table
from orchestration.base.sql import from_files, from_folder, identifier, identifiers, one_row
from orchestration.intake.keys import repeated_hashes
from orchestration.intake.part import Part
from orchestration.intake.quarantine import Fault, Writer, key_values, shown_together

BATCH_ROWS = 131_072
_TWICE = "comes more than once in the delivery, with different values"


@dataclass(frozen=True)
class Reference:
    """A column whose values must be among those of another table's accepted delivery."""

    column: str
    table: str
    key: str
    dt: date
    folder: Path


@dataclass
class Removed:
    """Staged rows that do not enter, and how many of them were deduplicated; the others were quarantined."""

    deduplicated: int = 0
    _part_nos: list[np.ndarray] = field(default_factory=lambda: [np.empty(0, np.int32)])
    _row_nos: list[np.ndarray] = field(default_factory=lambda: [np.empty(0, np.int64)])

    def add(self, part_nos: np.ndarray, row_nos: np.ndarray) -> None:
        self._part_nos.append(part_nos.astype(np.int32))
        self._row_nos.append(row_nos.astype(np.int64))

    def as_table(self) -> pa.Table:
        """(part_no, row_no) of each."""
        return pa.table({"part_no": np.concatenate(self._part_nos), "row_no": np.concatenate(self._row_nos)})

    def __len__(self) -> int:
        return sum(map(len, self._row_nos))

    def rows_of(self, part_no: int) -> np.ndarray:
        """Positions in the staged file of the part."""
        rows: np.ndarray = np.concatenate(self._row_nos)[np.concatenate(self._part_nos) == part_no]
        return rows


@dataclass(frozen=True)
class Facts:
    """What the ledger and the warnings tell of accepted rows. Event times are null for snapshots and where there is no row.

    `odd_numbers`: rows whose msisdn fits no pattern, None where it was not looked at.
    """

    rows: int
    rows_sha256: str
    event_first: datetime | None
    event_last: datetime | None
    event_months: list[date]
    odd_numbers: int | None


def remove_rows(
    con: duckdb.DuckDBPyConnection, table: Table, parts: list[Part], references: list[Reference], quarantine: Writer
) -> Removed:
    """Finds the staged rows that break a reference or share a key; those quarantined go to the quarantine."""
    con.execute(
        f"create or replace temp view staged as select * exclude (filename, file_row_number), "
        f"parse_filename(filename, true)::integer as part_no, file_row_number as row_no "
        f"from {from_files([p.staged for p in parts], ', filename = true, file_row_number = true')}"
    )
    removed = Removed()
    if references:
        rules = [([r.column], f"is no {r.key} of {r.table} dt={r.dt}") for r in references]
        _quarantine(con, _broken_references_query(table, references), table, parts, rules, quarantine, removed)
    if _has_shared_keys(con, table, removed, sum(part.rows_read for part in parts)):
        columns = f"part_no, row_no, {identifiers(table.key)}, true as fault_0"
        query = f"select {columns} from shared where versions > 1 order by part_no, row_no"
        _quarantine(con, query, table, parts, [(list(table.key), _TWICE)], quarantine, removed)
        deduplicated = con.execute("select part_no, row_no from shared where versions = 1 and nth > 1").fetchnumpy()
        removed.add(deduplicated["part_no"], deduplicated["row_no"])
        removed.deduplicated = len(deduplicated["row_no"])
    return removed


def _broken_references_query(table: Table, references: list[Reference]) -> str:
    """Rows that break a reference, with fault_0, fault_1, …: whether they break the first, the second, …"""
    faults = [
        f"coalesce({identifier(r.column)} not in (select {key} from {from_folder(r.folder)} where {key} is not null), false)"
        for r, key in ((r, identifier(r.key)) for r in references)
    ]
    columns = dict.fromkeys([*table.key, *(r.column for r in references)])
    selected = ", ".join(f"{fault} as fault_{i}" for i, fault in enumerate(faults))
    return (
        f"select * from (select part_no, row_no, {identifiers(columns)}, {selected} from staged) "
        f"where {' or '.join(f'fault_{i}' for i in range(len(faults)))} order by part_no, row_no"
    )


def _has_shared_keys(con: duckdb.DuckDBPyConnection, table: Table, removed: Removed, rows: int) -> bool:
    """Whether keys come more than once among the rows that are left of `rows` or fewer; then the table `shared` holds theirs.

    With each row, versions: how many different rows have its key, and nth: which of these it is in the delivery's order.
    """
    keys, live = identifiers(table.key), "staged"
    if len(removed):
        con.register("broken", removed.as_table())
        live = "(from staged anti join broken using (part_no, row_no))"
    suspect = repeated_hashes(con, f"select hash({keys}) as h from {live}", rows)
    if not len(suspect):
        return False
    con.register("suspect", pa.table({"h": suspect}))
    con.execute(f"create or replace temp table again as from {live} as live semi join suspect on hash({keys}) = suspect.h")
    con.execute(
        f"create or replace temp table shared as select part_no, row_no, {keys}, versions, "
        f"row_number() over (partition by {keys} order by part_no, row_no) as nth "
        f"from again join (select {keys}, count(distinct row({identifiers(c.name for c in table.columns)})) as versions "
        f"from again group by {keys} having count(*) > 1) using ({keys})"
    )
    return True


def _quarantine(
    con: duckdb.DuckDBPyConnection,
    query: str,
    table: Table,
    parts: list[Part],
    rules: list[tuple[list[str], str]],
    quarantine: Writer,
    removed: Removed,
) -> None:
    """Sends the rows of a query to the quarantine, batch by batch. `rules`: (columns, reason) of fault_0, fault_1, …"""
    for batch in con.execute(query).to_arrow_reader(BATCH_ROWS):
        part_nos, row_nos = batch["part_no"].to_numpy(), batch["row_no"].to_numpy()
        for part_no in np.unique(part_nos):
            mine = batch.filter(pa.array(part_nos == part_no))
            lines = parts[part_no].lines_of(mine["row_no"].to_numpy())
            faults = []
            for i, (columns, reason) in enumerate(rules):
                rows = np.flatnonzero(mine[f"fault_{i}"].to_numpy(zero_copy_only=False))
                values = shown_together(mine, table, columns, rows)
                faults.append(Fault(", ".join(columns), reason, rows, values, key_values(mine, table, rows)))
            quarantine.add(parts[part_no].name, lines, faults)
        removed.add(part_nos, row_nos)


def facts_of(con: duckdb.DuckDBPyConnection, table: Table, files: list[Path], number_patterns: list[str]) -> Facts:
    """What is recorded of the rows in `files`, those that enter the lake. Each column is read once.

    The content is told by the sum of the rows' hashes: it does not see order, files or format. DuckDB hashes values as they
    are; written out as text for a hash of our own, they cost ten times as much.
    """
    accepted = from_files(files)
    # A hash tells an integer of 32 bits from the same one of 64: files may have either.
    columns = ", ".join(identifier(c.name) + ("::bigint" if c.data_type == "integer" else "") for c in table.columns)
    event = f"{identifier(table.event_time)}::timestamp" if table.event_time else "null::timestamp"
    is_looked_at = bool(number_patterns) and "msisdn" in {c.name for c in table.columns}
    fits = " or ".join("regexp_full_match(msisdn, ?)" for _ in number_patterns) if is_looked_at else "true"
    found = con.execute(
        f"select count(*), coalesce(sum(hash(hash({columns}))), 0), min({event}), max({event}), count(*) filter (not ({fits})) "
        f"from {accepted}",
        number_patterns if is_looked_at else [],
    )
    rows, total, first, last, odd = one_row(found)
    names = ",".join(f"{c.name} {c.data_type}" for c in table.columns)
    digest = sha256(f"{names}|{rows}|{total}".encode()).hexdigest()
    return Facts(rows, digest, first, last, _event_months(con, table, accepted), odd if is_looked_at else None)


def _event_months(con: duckdb.DuckDBPyConnection, table: Table, accepted: str) -> list[date]:
    if table.event_time is None:
        return []
    days = f"select distinct {identifier(table.event_time)}::date as day from {accepted}"  # few, so told apart before the months
    return [m for (m,) in con.execute(f"select distinct date_trunc('month', day)::date from ({days}) order by 1").fetchall()]
