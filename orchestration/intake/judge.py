"""Rules that look at more than one row: references, keys that come twice, and what is told of the accepted rows.

DuckDB does the work over staged Parquet, within the memory given to the connection. Rows that were set aside before are not
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
import pyarrow.compute as pc

from orchestration.contract import Table
from orchestration.intake.part import Part
from orchestration.intake.quarantine import Fault, Writer, key_values, shown

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
    """Staged rows that do not enter: their positions by part, and how many of them were collapsed or set aside."""

    rows: dict[int, np.ndarray] = field(default_factory=dict)
    collapsed: int = 0
    set_aside: int = 0


@dataclass(frozen=True)
class Facts:
    """What the ledger and the warnings tell of accepted rows. Event times are null for snapshots and where there is no row.

    `unknown_subscribers`, `odd_numbers`: rows whose subscriber_id the register lacks, whose msisdn fits no pattern; None: not looked at.
    """

    rows: int
    rows_sha256: str
    event_first: datetime | None
    event_last: datetime | None
    event_months: list[date]
    unknown_subscribers: int | None
    odd_numbers: int | None


def connect(scratch: Path) -> duckdb.DuckDBPyConnection:
    """A connection whose memory is bounded and which spills to `scratch`."""
    config = {"memory_limit": "1GB", "temp_directory": str(scratch), "preserve_insertion_order": False}
    return duckdb.connect(config=config)


def remove_rows(
    con: duckdb.DuckDBPyConnection, table: Table, parts: list[Part], references: list[Reference], quarantine: Writer
) -> Removed:
    """Finds the staged rows that break a reference or share a key; those set aside go to the quarantine."""
    con.execute(
        f"create or replace temp view staged as select * exclude (filename, file_row_number), "
        f"parse_filename(filename, true)::integer as part_no, file_row_number as row_no "
        f"from {_parquet([p.staged for p in parts], ', filename = true, file_row_number = true')}"
    )
    con.execute("create or replace temp table removed (part_no integer, row_no bigint, is_collapsed boolean)")
    faults = _broken_references(con, table, references)
    _set_aside(con, parts, faults, quarantine)
    _set_aside(con, parts, _shared_keys(con, table), quarantine)
    found = con.execute("select part_no, row_no, is_collapsed from removed order by all").fetchnumpy()
    rows = {int(p): found["row_no"][found["part_no"] == p] for p in np.unique(found["part_no"])}
    collapsed = int(found["is_collapsed"].sum())
    return Removed(rows, collapsed, len(found["row_no"]) - collapsed)


def _broken_references(con: duckdb.DuckDBPyConnection, table: Table, references: list[Reference]) -> dict[int, list[Fault]]:
    faults: dict[int, list[Fault]] = {}
    for reference in references:
        rows = con.execute(
            f"select part_no, row_no, {_names(dict.fromkeys([*table.key, reference.column]))} from staged "
            f"anti join {_folder(reference.folder)} as referenced on staged.{_name(reference.column)} = referenced.{_name(reference.key)} "
            f"where {_name(reference.column)} is not null order by all"
        ).to_arrow_table()
        is_pii = table.column(reference.column).pii
        _collect(faults, table, rows, [reference.column], is_pii, f"is no {reference.key} of {reference.table} dt={reference.dt}")
    return faults


def _shared_keys(con: duckdb.DuckDBPyConnection, table: Table) -> dict[int, list[Fault]]:
    """Collapses identical rows into the first of them; conflicting ones are all faults."""
    keys, live = _names(table.key), "(from staged anti join removed using (part_no, row_no))"
    con.execute(f"create or replace temp table suspect as select hash({keys}) as h from {live} group by h having count(*) > 1")
    if not con.execute("select count(*) from suspect").fetchone()[0]:
        return {}
    con.execute(f"create or replace temp table again as from {live} as live semi join suspect on hash({keys}) = suspect.h")
    con.execute(
        f"create or replace temp table shared as select again.*, versions, "
        f"row_number() over (partition by {keys} order by part_no, row_no) as nth "
        f"from again join (select {keys}, count(distinct row({_names(c.name for c in table.columns)})) as versions "
        f"from again group by {keys} having count(*) > 1) using ({keys})"
    )
    con.execute("insert into removed select part_no, row_no, true from shared where versions = 1 and nth > 1")
    rows = con.execute(f"select part_no, row_no, {keys} from shared where versions > 1 order by all").to_arrow_table()
    faults: dict[int, list[Fault]] = {}
    _collect(faults, table, rows, list(table.key), any(table.column(k).pii for k in table.key), _TWICE)
    return faults


def _collect(faults: dict[int, list[Fault]], table: Table, rows: pa.Table, columns: list[str], is_pii: bool, reason: str) -> None:
    """Adds a fault a part; its rows are positions of staged rows."""
    rows = rows.combine_chunks()
    part_nos = rows["part_no"].to_numpy()
    for part_no in np.unique(part_nos):
        mine = rows.filter(pa.array(part_nos == part_no)).combine_chunks()
        texts = [pc.fill_null(shown(mine[c].combine_chunks(), is_pii), "") for c in columns]
        values = texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, ", ")
        keys = key_values(mine, table, np.arange(len(mine)))
        fault = Fault(", ".join(columns), reason, mine["row_no"].to_numpy(), values, keys)
        faults.setdefault(int(part_no), []).append(fault)


def _set_aside(con: duckdb.DuckDBPyConnection, parts: list[Part], faults: dict[int, list[Fault]], quarantine: Writer) -> None:
    for part_no, of_part in sorted(faults.items()):
        quarantine.add(parts[part_no].name, parts[part_no].line_numbers(), of_part)
        rows = np.unique(np.concatenate([f.rows for f in of_part]))
        found = pa.table({"row_no": rows})
        con.register("found", found)
        con.execute("insert into removed select ?, row_no, false from found", [part_no])
        con.unregister("found")


def facts_of(
    con: duckdb.DuckDBPyConnection, table: Table, files: list[Path], subscribers: Path | None, number_patterns: list[str]
) -> Facts:
    """What is told of the accepted rows in `files`; `subscribers`: the folder of the delivery that knows the lines, if any."""
    accepted = _parquet(files)
    rows, digest = _content_hash(con, table, accepted)
    first = last = None
    months: list[date] = []
    if table.event_time is not None:
        event = f"{_name(table.event_time)}::timestamp"
        first, last = con.execute(f"select min({event}), max({event}) from {accepted}").fetchone()
        months = [m for (m,) in con.execute(f"select distinct date_trunc('month', {event})::date from {accepted} order by 1").fetchall()]
    return Facts(rows, digest, first, last, months, _unknown(con, accepted, subscribers), _odd(con, table, accepted, number_patterns))


def _unknown(con: duckdb.DuckDBPyConnection, accepted: str, subscribers: Path | None) -> int | None:
    if subscribers is None:
        return None
    query = f"select count(*) from {accepted} as a anti join {_folder(subscribers)} as s using (subscriber_id) where subscriber_id is not null"
    return con.execute(query).fetchone()[0]


def _odd(con: duckdb.DuckDBPyConnection, table: Table, accepted: str, patterns: list[str]) -> int | None:
    if not patterns or "msisdn" not in {c.name for c in table.columns}:
        return None
    fits = " or ".join("regexp_matches(msisdn, ?)" for _ in patterns)
    return con.execute(f"select count(*) from {accepted} where not ({fits})", patterns).fetchone()[0]


def _content_hash(con: duckdb.DuckDBPyConnection, table: Table, accepted: str) -> tuple[int, str]:
    """(rows, SHA-256 over their number and the sums of their MD5 halves): sums do not see order, files or format.

    Each value is told with its length, so that no two different rows read the same.
    """
    texts = ", ".join(f"coalesce(length({_name(c.name)}::varchar) || ':' || {_name(c.name)}::varchar, '-')" for c in table.columns)
    rows, upper, lower = con.execute(
        f"select count(*), coalesce(sum((h >> 64)::ubigint), 0), coalesce(sum((h & 18446744073709551615::uhugeint)::ubigint), 0) "
        f"from (select md5_number(concat({texts})) as h from {accepted})"
    ).fetchone()
    names = ",".join(f"{c.name} {c.data_type}" for c in table.columns)
    return rows, sha256(f"{names}|{rows}|{upper}|{lower}".encode()).hexdigest()


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _names(names) -> str:
    return ", ".join(_name(n) for n in names)


def _folder(folder: Path) -> str:
    return _parquet(sorted(folder.glob("*.parquet")))


def _parquet(files: list[Path], options: str = "") -> str:
    """A FROM item of these very files: what would be a pattern in a path is taken literally."""
    literal = ("".join(f"[{c}]" if c in "*?[" else c for c in str(file)).replace("'", "''") for file in files)
    return "read_parquet([" + ", ".join(f"'{path}'" for path in literal) + f"], hive_partitioning = false{options})"
