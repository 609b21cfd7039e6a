"""Tasks beyond the build: the ledger of what each published date raised, so that the next knows it, one file a business date;
and the file of those at hand, for the tool that managers work in.

Which tasks there are, and what became of them, is said by the models; here their rows are only written down.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.base import audit
from orchestration.base.files import write_atomically
from orchestration.base.settings import Home
from orchestration.targeting.file_title import FileTitle
from orchestration.targeting.files import Written, write_list
from orchestration.warehouse.manifest import Models, relation_for, require_serving

FORM = pa.schema(
    [
        *[(name, pa.string()) for name in ("task_id", "subscriber_id", "purpose")],
        ("raised_on", pa.date32()),
        *[(name, pa.string()) for name in ("owner_kind", "owner_id", "reason")],
        ("risk", pa.decimal128(9, 6)),
        *[(name, pa.date32()) for name in ("reason_date", "due_date")],
    ]
)
"""One row a task and reason, in the file of the business date on which the reason joined it."""

OPEN_TASKS = pa.schema(
    [
        *[(name, pa.string()) for name in ("owner_kind", "owner_id")],
        ("place", pa.int64()),
        *[(name, pa.string()) for name in ("task_id", "subscriber_id", "purpose", "reasons", "state")],
        *[(name, pa.date32()) for name in ("due_date", "appointment_date", "raised_on")],
        *[(name, pa.decimal128(18, 2)) for name in ("priority_amount", "value_at_stake_amount")],
        *[(name, pa.string()) for name in ("region_code", "county_code")],
    ]
)
"""Columns of the file of open tasks. It holds no phone: whoever works a task finds that by the line."""

Ask = Callable[[str], list[tuple[Any, ...]]]
"""Rows of a query on the build."""

_NEVER = date(1900, 1, 1)
"""The date of the file of no rows."""


@dataclass(frozen=True)
class TaskCounts:
    """What a business date came to, in tasks: raised on it, reasons that joined open ones not counted, and how they stand.

    `is_recorded`: they are in the ledger. Of a day before the last one recorded they are not: later dates know other tasks."""

    is_recorded: bool
    raised: int = 0
    open_tasks: int = 0
    waiting: int = 0

    @property
    def in_short(self) -> str:
        """The same in a few words."""
        if not self.is_recorded:
            return "none recorded: tasks of a later day are"
        return f"{self.raised:,} raised, {self.open_tasks:,} open, of which {self.waiting:,} wait"


def record_tasks(home: Home, ask: Ask, models: Models, day: date) -> TaskCounts:
    """Writes what the build of `day` raised to the ledger, in place of what an earlier run of that day did.

    Raises WarehouseError where no model serves tasks or their reasons."""
    if last_recorded(home) > day:
        return TaskCounts(False)
    is_raised = f"raised_on = date '{day}'"
    reasons, tasks = (relation_for(models, role) for role in ("task_reasons", "tasks"))
    query = f"select {', '.join(FORM.names)} from {reasons} where reason_date = date '{day}' order by task_id, reason"
    write(home, day, (dict(zip(FORM.names, row, strict=True)) for row in ask(query)))
    counts = (is_raised, "is_open", "state = 'waiting'")
    sums = ", ".join(f"coalesce(sum(case when {condition} then 1 else 0 end), 0)" for condition in counts)
    ((raised, open_tasks, waiting),) = ask(f"select {sums} from {tasks}")
    return TaskCounts(True, int(raised), int(open_tasks), int(waiting))


def export_tasks(home: Home, ask: Ask, models: Models, day: date, run_date: date) -> Written:
    """Writes the open tasks at hand, by owner and place, to the exports of the run date, with a manifest, as lists are written.

    Raises FileError where that fails; then no file of this call is under its final name."""
    model, names = require_serving(models, "tasks"), OPEN_TASKS.names
    query = f"select {', '.join(names)} from {model.relation} where is_open and state <> 'waiting'"
    given = pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in ask(query)], schema=OPEN_TASKS)
    meanings = {name: model.columns.get(name, "") for name in names}
    with duckdb.connect() as connection:
        connection.register("given", given)
        connection.execute("create table open_tasks as select * from given order by owner_kind, owner_id, place")
        written = write_list(
            connection,
            "select * from open_tasks order by owner_kind, owner_id, place",
            f"open_tasks_{day}",
            "csv",
            home.exports / f"{run_date}",
            FileTitle("open_tasks", "Open tasks", "待办任务", run_date, meanings, {"as_of": day.isoformat()}),
            [field.name for field in OPEN_TASKS if pa.types.is_string(field.type)],
        )
    audit.record(home, "task_export", f"open tasks of {day}", written.rows)
    return written


def last_recorded(home: Home) -> date:
    """The last business date whose tasks are in the ledger."""
    return max(
        (date.fromisoformat(path.parent.name[-10:]) for path in _folder(home).glob("reason_date=*/*.parquet")), default=_NEVER
    )


def write(home: Home, day: date, rows: Iterable[dict[str, Any]]) -> None:
    """Writes the rows of a business date, of the columns of FORM, in place of those it had."""
    table = pa.Table.from_pylist(list(rows), schema=FORM)
    path = _folder(home) / f"reason_date={day}" / "reasons.parquet"
    write_atomically(path, home.ledger / ".drafts", lambda draft: pq.write_table(table, draft))


def ensure_empty_table(home: Home) -> None:
    """Gives the ledger a file of no rows where it has none, or one of another form, so that every model builds."""
    path = _folder(home) / f"reason_date={_NEVER}" / "reasons.parquet"
    if not path.exists() or not pq.read_schema(path).equals(FORM):
        write(home, _NEVER, ())


def _folder(home: Home) -> Path:
    return home.ledger / "task_reasons"
