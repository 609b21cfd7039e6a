"""The ledger of tasks and the file of those at hand."""

import json
import stat
from datetime import date
from decimal import Decimal

import duckdb
import pyarrow.parquet as pq
import pytest

from orchestration.base.settings import Home
from orchestration.targeting import tasks
from orchestration.warehouse.manifest import Model

DAY = date(2026, 6, 30)
MODELS = (
    Model("jobs", "marketing", "jobs", columns={"task_id": "The task."}, meta={"serves": "tasks"}),
    Model("why", "marketing", "why", meta={"serves": "task_reasons"}),
)


@pytest.fixture
def build():
    """A build with one task that waits, two at hand, and reasons of two dates."""
    with duckdb.connect() as db:
        db.execute("create schema marketing")
        columns = ", ".join(
            f"{f.name} {({'string': 'varchar', 'int64': 'bigint', 'date32[day]': 'date'}).get(str(f.type), 'decimal(18,2)')}"
            for f in tasks.OPEN_TASKS
        )
        db.execute(f"create table marketing.jobs ({columns}, is_open boolean)")
        db.execute(f"""insert into marketing.jobs by name
            select 'manager' as owner_kind, owner_id, place, task_id, '=1+1' as subscriber_id, state, true as is_open,
                date '{DAY}' as due_date, date '2026-06-01' as raised_on, 2.5 as priority_amount
            from (values ('M2', 1, 'b', 'new'), ('M1', 2, 'c', 'waiting'), ('M1', 1, 'a', 'assigned'))
                as v (owner_id, place, task_id, state)
            """)  # fmt: skip
        db.execute("update marketing.jobs set raised_on = ? where task_id <> 'a'", [DAY])
        db.execute(f"""create table marketing.why as
            select task_id, 'L1' as subscriber_id, 'save' as purpose, reason_date as raised_on, 'manager' as owner_kind,
                'M1' as owner_id, 'zone:red' as reason, 0.6::decimal(9, 6) as risk, reason_date, date '{DAY}' as due_date
            from (values ('b', date '{DAY}'), ('a', date '2026-06-01')) as v (task_id, reason_date)""")
        yield db


def ask(db):
    return lambda query: db.execute(query).fetchall()


def recorded(home: Home, day: date) -> list[dict]:
    return pq.ParquetFile(home.ledger / "task_reasons" / f"reason_date={day}" / "reasons.parquet").read().to_pylist()


def test_a_date_writes_what_it_raised_once_and_a_rerun_in_its_place(tmp_path, build):
    home = Home(tmp_path)
    counts = tasks.record_tasks(home, ask(build), MODELS, DAY)
    assert (counts.raised, counts.open_tasks, counts.waiting) == (2, 3, 1)
    assert counts.in_short == "2 raised, 3 open, of which 1 wait"
    (row,) = recorded(home, DAY)
    assert (row["task_id"], row["risk"], row["reason_date"]) == ("b", Decimal("0.600000"), DAY)
    build.execute("delete from marketing.why where task_id = 'b'")
    tasks.record_tasks(home, ask(build), MODELS, DAY)
    assert recorded(home, DAY) == []


def test_a_date_before_the_last_one_recorded_is_left_alone(tmp_path, build):
    home = Home(tmp_path)
    tasks.record_tasks(home, ask(build), MODELS, DAY)
    assert not tasks.record_tasks(home, ask(build), MODELS, date(2026, 6, 1)).is_recorded
    assert not (home.ledger / "task_reasons" / "reason_date=2026-06-01").exists()


def test_the_ledger_can_be_read_before_anything_was_raised(tmp_path, build):
    home = Home(tmp_path)
    tasks.ensure_empty_table(home)
    pattern = f"{home.ledger}/task_reasons/*/*.parquet"
    assert duckdb.sql(f"select * from read_parquet('{pattern}', hive_partitioning = true)").fetchall() == []
    tasks.record_tasks(home, ask(build), MODELS, DAY)
    tasks.ensure_empty_table(home)
    assert len(duckdb.sql(f"select * from read_parquet('{pattern}', hive_partitioning = true)").fetchall()) == 1


def test_the_file_holds_what_is_at_hand_by_owner_and_place(tmp_path, build):
    home = Home(tmp_path)
    written = tasks.export_tasks(home, ask(build), MODELS, DAY, date(2026, 7, 1))
    path = home.exports / "2026-07-01" / "open_tasks_2026-06-30.csv"
    assert written.files[0] == str(path) and written.rows == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with duckdb.connect() as db:
        found = db.execute("select owner_id, task_id, state from read_csv(?, all_varchar = true)", [str(path)]).fetchall()
    assert found == [("M1", "a", "assigned"), ("M2", "b", "new")]
    assert "\n=1+1" not in path.read_text() and '"=1+1"' not in path.read_text()  # no formula for a spreadsheet
    said = json.loads(path.with_suffix(".json").read_text())
    assert (said["list"], said["as_of"], said["rows"]) == ("open_tasks", "2026-06-30", 2)
    assert said["columns"]["task_id"] == {"kind": "text", "meaning": "The task."}
