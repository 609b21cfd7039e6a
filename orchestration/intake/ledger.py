"""The intake ledger: one row an outcome, in Parquet files under lake/ledger/intake, one file an intake run that had any.

Only the ledger's form, writing and reading belong here. dbt reads the same files by glob, so every file has SCHEMA, also when
it has no rows.

rows_read = rows_accepted + rows_collapsed + rows_set_aside holds for every row. Of a rejected delivery nothing is accepted: all
rows read that were not deduplicated count as quarantined; a delivery whose files could not be read to the end counts no rows.
rows_carried are in the lake beside the accepted ones: rows of the snapshot before that the delivery lacks and intake kept.
"""

import uuid
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow.dataset import dataset

from orchestration.base.files import write_atomically
from orchestration.base.settings import Home

ACCEPTED, REJECTED = "accepted", "rejected"

_FILE = pa.struct([("name", pa.string()), ("rows", pa.int64()), ("bytes", pa.int64()), ("sha256", pa.string())])
SCHEMA = pa.schema(
    [
        ("intake_id", pa.string()),
        ("recorded_at", pa.timestamp("us")),  # UTC
        ("table_name", pa.string()),
        ("dt", pa.date32()),
        ("outcome", pa.string()),
        ("files", pa.list_(_FILE)),
        ("rows_read", pa.int64()),
        ("rows_accepted", pa.int64()),
        ("rows_collapsed", pa.int64()),
        ("rows_set_aside", pa.int64()),
        ("event_first", pa.timestamp("us")),
        ("event_last", pa.timestamp("us")),
        ("event_months", pa.list_(pa.date32())),
        ("rows_sha256", pa.string()),
        ("closed_bill_months", pa.list_(pa.date32())),
        ("reason", pa.string()),
        ("warnings", pa.list_(pa.string())),
        ("fingerprint", pa.string()),
        ("rows_carried", pa.int64()),  # null in files of before there was the column
    ]
)


@dataclass(frozen=True)
class Outcome:
    """A row of the ledger: what became of one delivery in one run. Times are UTC for recorded_at, the operator's for events.

    `rows_sha256` is equal for equal rows in the lake, accepted and carried, in whatever order, files and format they came; None
    where rejected. `closed_bill_months`: months whose bills the source says are in.
    Raises ValueError where the counts do not add up.
    """

    intake_id: str
    recorded_at: datetime
    table_name: str
    dt: date
    outcome: str
    files: list[dict[str, Any]]
    rows_read: int
    rows_accepted: int
    rows_collapsed: int
    rows_set_aside: int
    event_first: datetime | None
    event_last: datetime | None
    event_months: list[date]
    rows_sha256: str | None
    reason: str | None
    warnings: list[str]
    fingerprint: str
    rows_carried: int = 0
    closed_bill_months: list[date] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.rows_read != self.rows_accepted + self.rows_collapsed + self.rows_set_aside:
            raise ValueError(
                f"{self.table_name} {self.dt}: {self.rows_read} rows read, but {self.rows_accepted} accepted + "
                f"{self.rows_collapsed} deduplicated + {self.rows_set_aside} quarantined"
            )

    @property
    def is_accepted(self) -> bool:
        return self.outcome == ACCEPTED

    @property
    def message(self) -> str:
        """Why the delivery was rejected, where, and what to do next; empty where it was accepted."""
        if self.is_accepted:
            return ""
        is_of_file = any((self.reason or "").startswith(f"{file['name']}: ") for file in self.files)
        where = f"landing/{self.table_name}/dt={self.dt}{'/' if is_of_file else ': '}"
        return f"{where}{self.reason}. Delivery rejected; see telco360 intake show {self.table_name} {self.dt}"


def new_intake_id(now: datetime) -> str:
    """A name for a run that sorts by its start."""
    return f"{now:%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:8]}"


def history(home: Home, columns: list[str] | None = None) -> pa.Table:
    """All rows of the ledger, oldest first; the named columns, else all."""
    files = [str(file) for file in sorted(home.intake_ledger.glob("*.parquet"))]
    wanted = None if columns is None else list(dict.fromkeys([*columns, "recorded_at", "intake_id"]))
    schema = SCHEMA if wanted is None else pa.schema([SCHEMA.field(name) for name in wanted])
    table = dataset(files, SCHEMA, format="parquet").to_table(columns=wanted) if files else schema.empty_table()
    return table.sort_by([("recorded_at", "ascending"), ("intake_id", "ascending")]).select(columns or SCHEMA.names)


def outcomes(home: Home, intake_id: str) -> list[Outcome]:
    """What one intake run recorded, in the order of judging."""
    rows = history(home)
    return [Outcome(**row) for row in rows.filter(pc.equal(rows["intake_id"], intake_id)).to_pylist()]


def current(home: Home) -> pa.Table:
    """The latest accepted row of each table and dt: what is in the lake. A rejected attempt changes nothing here."""
    rows = history(home)
    rows = rows.filter(pc.equal(rows["outcome"], ACCEPTED))
    latest = {
        (table, dt): i for i, (table, dt) in enumerate(zip(rows["table_name"].to_pylist(), rows["dt"].to_pylist(), strict=True))
    }
    return rows.take(pa.array(sorted(latest.values()), pa.int64()))


def most_rows(home: Home, table: str) -> int:
    """Rows of the largest accepted delivery of a raw table; 0 without one."""
    rows = history(home, ["table_name", "outcome", "rows_accepted"])
    accepted = pc.and_(pc.equal(rows["table_name"], table), pc.equal(rows["outcome"], ACCEPTED))
    return pc.max(rows.filter(accepted)["rows_accepted"]).as_py() or 0


def last_moment(home: Home) -> datetime:
    """When the latest row was recorded, in UTC without zone; the beginning of time while there is none."""
    return pc.max(history(home, ["recorded_at"])["recorded_at"]).as_py() or datetime.min


def next_moment(last: datetime) -> datetime:
    """Now, in UTC without zone, but later than `last`: a clock set back must not bring old rows to the front."""
    now = datetime.now(UTC).replace(tzinfo=None)
    return now if now > last else last + timedelta(microseconds=1)


def ensure_file(home: Home, aside: Path) -> None:
    """Has a ledger file of no rows in the present columns, so that the glob finds one, and readers every column."""
    path = home.intake_ledger / "intake-none.parquet"
    if not (path.exists() and pq.read_schema(path).equals(SCHEMA)):
        _write(SCHEMA.empty_table(), path, aside)


def record(home: Home, row: pa.Table, aside: Path) -> None:
    """Adds an outcome, a table of one row, to its run's file; once recorded, recording it again changes nothing."""
    outcome = row.select(["intake_id", "table_name", "dt"]).to_pylist()[0]
    path = home.intake_ledger / f"intake-{outcome['intake_id']}.parquet"
    if path.exists():
        rows = pq.read_table(path, schema=SCHEMA, partitioning=None)
        if outcome in rows.select(list(outcome)).to_pylist():
            return
        row = pa.concat_tables([rows, row])
    _write(row, path, aside)


def withdraw(home: Home, table: str, dt: date, reason: str, aside: Path) -> None:
    """Has every acceptance of a delivery stand as a rejection, for that reason; done again it changes nothing."""
    for path in sorted(home.intake_ledger.glob("*.parquet")):
        rows = pq.read_table(path, schema=SCHEMA, partitioning=None).to_pylist()
        changed = [_rejected(row, reason) if _is_accepted(row, table, dt) else row for row in rows]
        if changed != rows:
            _write(pa.Table.from_pylist(changed, schema=SCHEMA), path, aside)


def _is_accepted(row: dict[str, Any], table: str, dt: date) -> bool:
    return (row["table_name"], row["dt"], row["outcome"]) == (table, dt, ACCEPTED)


def _rejected(row: dict[str, Any], reason: str) -> dict[str, Any]:
    nothing: dict[str, Any] = {
        "rows_accepted": 0,
        "rows_carried": 0,
        "rows_sha256": None,
        "event_first": None,
        "event_last": None,
    }
    aside = {
        "rows_set_aside": row["rows_read"] - row["rows_collapsed"],
        "event_months": [],
        "closed_bill_months": [],
        "warnings": [],
    }
    return row | nothing | aside | {"outcome": REJECTED, "reason": reason}


def as_table(outcome: Outcome) -> pa.Table:
    """The outcome as a table of one row."""
    return pa.Table.from_pylist([asdict(outcome)], schema=SCHEMA)


def _write(table: pa.Table, path: Path, aside: Path) -> None:
    write_atomically(path, aside, lambda target: pq.write_table(table, target))
