"""The ledger of tasks: what each published night raised, so that the next one knows it. One file a business date.

Which tasks there are, and what became of them, is said by the models; here their rows are only written down, for dbt to read.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.base.files import write_atomically
from orchestration.base.settings import Home
from orchestration.warehouse.manifest import Models, relation_for

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

_NEVER = date(1900, 1, 1)
"""The date of the file of no rows."""


@dataclass(frozen=True)
class Night:
    """What a business date came to, in tasks: raised on it, reasons that joined open ones not counted, and how they stand.

    `is_recorded`: they are in the ledger. Of a day before the last one recorded they are not: later nights know other tasks."""

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


def record_tasks(home: Home, ask: Callable[[str], list[tuple[Any, ...]]], models: Models, day: date) -> Night:
    """Writes what the build of `day` raised to the ledger, in place of what an earlier run of that day did.

    `ask`: rows of a query on the build. Raises WarehouseError where no model serves tasks or their reasons."""
    if last_recorded(home) > day:
        return Night(False)
    is_raised = f"raised_on = date '{day}'"
    reasons, tasks = (relation_for(models, role) for role in ("task_reasons", "tasks"))
    query = f"select {', '.join(FORM.names)} from {reasons} where reason_date = date '{day}' order by task_id, reason"
    write(home, day, (dict(zip(FORM.names, row, strict=True)) for row in ask(query)))
    counts = (is_raised, "is_open", "state = 'waiting'")
    sums = ", ".join(f"coalesce(sum(case when {condition} then 1 else 0 end), 0)" for condition in counts)
    ((raised, open_tasks, waiting),) = ask(f"select {sums} from {tasks}")
    return Night(True, int(raised), int(open_tasks), int(waiting))


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
