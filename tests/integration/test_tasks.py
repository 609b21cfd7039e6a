"""Tasks over ten nights: what is raised ends somewhere, nobody gets one for a line that must not be called, nobody gets too many.

A made operator is run whole once; each night after it delivers contacts, suppressions and events of its own, changes the alerts,
and builds what tasks are made of.
"""

import os
import shutil
import subprocess
from collections import Counter
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

import duckdb
import pytest
from figures_kit import nightly
from oracle.operator import write_parquet
from oracle.touch import is_universal_control

from orchestration.base.contract import load_contract
from orchestration.base.settings import PROJECT_DIR, Home
from orchestration.engines.duckdb import DuckDBEngine
from orchestration.intake import take_in
from orchestration.targeting import tasks
from orchestration.warehouse.dbt import PARSED, building_in, dbt_environment, executable
from orchestration.warehouse.manifest import load_models, read_manifest
from sample import make_operator

pytestmark = pytest.mark.runs

FIRST = date(2026, 6, 20)
NIGHTS = [FIRST + timedelta(days=n) for n in range(1, 11)]  # the last ends a month, of which points are told
RERUN, UNRECORDED, MASS_SMS, TOOL = NIGHTS[2], NIGHTS[3], NIGHTS[5], NIGHTS[6]
MOST = 3
CODES = {"mou_drop": "medium", "zero_usage": "high", "negative_survey": "high", "contract_ending": "medium", "birthday": "low"}
BUILT = [
    "stg_ledger__task_reasons", "stg_ledger__deliveries", "stg_ledger__attempts", "int_deliveries__latest", "dim_raw_tables",
    "stg_channel__contacts", "fct_contacts", "stg_channel__task_events", "fct_task_events", "stg_channel__suppressions",
    "stg_channel__phone_suppressions", "fct_suppressions", "fct_call_closures", "line_contacts", "contact_pressure",
    "contact_conversions", "list_offers_taken", "tasks_recorded",
    "task_events", "task_progress", "task_triggers", "task_reasons", "tasks", "task_board", "manager_tasks",
    "manager_performance",
]  # fmt: skip


def contact(contact_id: str, line: str, at: datetime, channel: str, outcome: str) -> dict:
    """An outbound contact that reached the line."""
    row = {"contact_id": contact_id, "subscriber_id": line, "contacted_at": at, "channel": channel, "outcome": outcome}
    return row | {"direction": "outbound", "is_connected": True}


class Nights:
    """The operator, and what each night found."""

    def __init__(self, home: Home, parsed: Path):
        self.home, self.engine = home, DuckDBEngine(home)
        self.models = load_models(read_manifest(parsed))
        self.target = home.root / "target"
        self.target.mkdir()
        shutil.copy(parsed.parent / PARSED, self.target)
        self.random, self.suppressed, self.alerts = Random(7), [], {}
        self.lines = dict(self.ask("select subscriber_id, manager_id from core.dim_subscribers where is_on_net order by 1"))
        self.found: dict[date, dict[str, dict]] = {}
        self.write("update core.dim_managers set task_capacity = ?", [MOST])
        self.write("update seeds.task_rules set value = 1 where rule = 'expire_days'")

    def ask(self, query: str) -> list[tuple]:
        return self.engine.ask(query)

    def write(self, statement: str, values: list | None = None) -> None:
        with duckdb.connect(str(self.home.public_database)) as db:
            db.execute(statement, values or [])

    def deliver(self, table: str, day: date, rows: list[dict]) -> None:
        """The rows, beside those of the first snapshot."""
        contract = load_contract()[table]
        folder = self.home.landing / table / f"dt={day}"
        if contract.delivery == "snapshot":
            shutil.copytree(self.home.landing / table / f"dt={FIRST}", folder, ignore=shutil.ignore_patterns("_SUCCESS"))
        folder.mkdir(parents=True, exist_ok=True)
        write_parquet(contract, rows, folder / "part-new.parquet")
        (folder / "_SUCCESS").touch()

    def night(self, day: date) -> None:
        """What happened on a day, and the build after it."""
        at = datetime.combine(day, time(10))
        before = self.found.get(day - timedelta(days=1), {})
        mine = [t for t in before.values() if t["is_open"] and t["state"] != "waiting"]
        worked = self.random.sample(mine, len(mine) // 3)
        contacts, events = [], []
        for n, task in enumerate(worked):
            call = contact(f"n{day}{n}", task["subscriber_id"], at, "outbound_call", self.random.choice(["accepted", "refused"]))
            contacts.append(call | {"manager_id": self.random.choice([task["manager_id"], "M00001"])})
            kind = self.random.choice(["worked", "appointment", "passed_on", "assigned", "result", "result", "result"])
            event = {"event_id": f"e{day}{n}", "task_id": task["task_id"], "event_at": at, "event_type": kind}
            event["result_code"] = self.random.choice(["accepted", "considering", "no_answer"]) if kind == "result" else None
            event["outlet_id"] = "S00001" if kind == "passed_on" else None
            event["appointment_date"] = day if kind == "appointment" else None
            events.append(event)
        if day == MASS_SMS:
            contacts = [
                contact(f"sms{n}", line, at, "sms", "accepted") | {"manager_id": manager}
                for n, (line, manager) in enumerate(self.lines.items())
            ]
        chosen = self.random.sample(sorted(self.lines), 12) + [t["subscriber_id"] for t in mine[:2]]
        for line in chosen:
            channel = self.random.choice(["all", "outbound_call", "sms"])
            row = {"subscriber_id": line, "channel": channel, "reason_code": "other", "effective_from": day}
            self.suppressed.append(row | {"effective_to": self.random.choice([None, day, day + timedelta(days=2)])})
        keyed = {(row["subscriber_id"], row["channel"], row["effective_from"]): row for row in self.suppressed}
        self.deliver("channel_contacts", day, contacts)
        self.deliver("channel_suppressions", day, list(keyed.values()))
        self.deliver("channel_phone_suppressions", day, [])
        if day >= TOOL:
            self.deliver("channel_task_events", day, events)
        lines = self.random.sample(sorted(self.lines), len(self.lines) // 5)
        self.alerts[day] = [
            (line, code) for line in lines for code in self.random.sample(sorted(CODES), self.random.choice([1, 2]))
        ]
        take_in(self.home, load_contract())
        self.build(day)

    def build(self, day: date) -> None:
        """Builds what tasks are made of, by the alerts of the day."""
        self.write("delete from churn.alerts")
        rows = [(day, line, code, "daily", CODES[code], "x") for line, code in self.alerts[day]]
        with duckdb.connect(str(self.home.public_database)) as db:
            db.executemany("insert into churn.alerts values (?, ?, ?, ?, ?, ?)", rows)
        with building_in(self.home):
            own = (
                os.environ | dbt_environment(self.home) | {"DBT_TARGET_PATH": str(self.target), "DBT_LOG_PATH": str(self.target)}
            )
            command = [executable("telco360-dbt"), "run", "--select", *BUILT, "--project-dir", str(PROJECT_DIR)]
            command += ["--vars", f"{{as_of_date: {day}}}"]
            done = subprocess.run(command, env=own, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-4000:]

    def table(self) -> dict[str, dict]:
        """The table as built, by id."""
        with duckdb.connect(str(self.home.public_database), read_only=True) as db:
            found = db.sql("select * from marketing.tasks")
            return {row[0]: dict(zip(found.columns, row, strict=True)) for row in found.fetchall()}

    def record(self, day: date) -> tasks.TaskCounts:
        return tasks.record_tasks(self.home, self.ask, self.models, day)


@pytest.fixture(scope="module")
def nights(tmp_path_factory, parsed) -> Nights:
    """Ten nights; one is run twice, one writes nothing down."""
    home = Home(tmp_path_factory.mktemp("tasks"))
    make_operator(home, 1_000, 4, FIRST, seed=3, daily=0, tables=load_contract().keys() - {"channel_task_events"})
    nightly(home.root, FIRST)
    run = Nights(home, parsed)
    run.found[FIRST] = run.table()
    for day in NIGHTS:
        run.night(day)
        run.found[day] = run.table()
        check_night(run, day)
        if day != UNRECORDED:
            told = run.record(day)
            assert told.is_recorded and told.open_tasks == sum(t["is_open"] for t in run.found[day].values())
        if day == RERUN:
            (file,) = (home.ledger / "task_reasons" / f"reason_date={day}").glob("*.parquet")
            kept = file.read_bytes()
            run.build(day)
            assert run.table() == run.found[day]
            run.record(day)
            assert file.read_bytes() == kept
    return run


def check_night(run: Nights, day: date) -> None:
    """What holds of every night."""
    found, before = run.found[day], run.found[day - timedelta(days=1)]
    ((raised, open_tasks, done, withdrawn, expired, waiting),) = run.ask(
        "select raised, open_tasks, done, withdrawn, expired, waiting from marketing.task_board where entity = 'all'"
    )
    assert raised == open_tasks + done + withdrawn + expired == len(found)
    assert waiting == sum(task["state"] == "waiting" for task in found.values())
    still = [task for task in found.values() if task["is_open"]]
    assert max(Counter((t["subscriber_id"], t["purpose"]) for t in still).values()) == 1
    closed = {line for (line,) in run.ask(
        "select subscriber_id from core.fct_suppressions where is_in_force and channel in ('all', 'outbound_call')"
    )}  # fmt: skip
    assert closed and not closed & {task["subscriber_id"] for task in still}
    assert not [task for task in still if is_universal_control(task["subscriber_id"], day)]
    hands = Counter(task["manager_id"] for task in still if task["manager_id"] and task["state"] != "waiting")
    assert max(hands.values()) == MOST
    assert all(task["owner_id"] for task in found.values())
    for key, task in before.items():
        if not task["is_open"] and key in found:
            assert {n: found[key][n] for n in ("ended_on", "ending", "state")} == {
                n: task[n] for n in ("ended_on", "ending", "state")
            }


def test_what_was_raised_on_a_night_that_wrote_it_down_is_known_ever_after(nights):
    for day in (FIRST, *NIGHTS[:-1]):
        raised = {key for key, task in nights.found[day].items() if task["raised_on"] == day}
        following = nights.found[day + timedelta(days=1)]
        assert raised or day == MASS_SMS
        assert raised.isdisjoint(following) if day == UNRECORDED else raised <= following.keys()
    endings = Counter(task["ending"] for task in nights.found[NIGHTS[-1]].values())
    assert min(endings[ending] for ending in ("result", "withdrawn", "expired", None)) > 5, endings


def test_high_value_lines_at_risk_have_a_task_with_an_owner(nights):
    day = NIGHTS[-1]
    severe = {line for line, code in nights.alerts[day] if CODES[code] == "high"}
    high = {line for (line,) in nights.ask("select subscriber_id from value.subscriber_value where is_high_value")}
    free = {line for (line,) in nights.ask("select subscriber_id from marketing.contact_pressure where remaining_contacts > 0")}
    in_force = f"date '{day}' between closed_from and closed_to"
    closed = {line for (line,) in nights.ask(f"select subscriber_id from core.fct_call_closures where {in_force}")}
    control = {line for line in severe if is_universal_control(line, day)}
    found = nights.found[day].values()
    looked_after = {t["subscriber_id"] for t in found if t["owner_id"] and (t["is_open"] or t["ending"] == "result")}
    asked = severe & high & free - closed - control
    assert len(asked) > 3 and asked <= looked_after


def test_a_message_to_all_moves_no_points_and_others_calls_close_nothing(nights):
    ended = [t for t in nights.found[NIGHTS[-1]].values() if t["ending"] == "result"]
    assert not [t for t in ended if t["ended_on"] == MASS_SMS]
    by_contact = [t for t in ended if t["ended_on"] < TOOL]
    assert len(by_contact) > 5 and all(t["closed_by_manager_id"] == t["manager_id"] for t in by_contact if t["manager_id"])
    points: Counter = Counter()
    for task in ended:
        points[task["closed_by_manager_id"]] += 1 + task["is_in_time"] / 2 + 5 * task["is_success"]
    told = nights.ask("select manager_id, points from marketing.manager_performance where month = date '2026-06-01' and done > 0")
    assert {manager: float(sum_) for manager, sum_ in told} == {m: p for m, p in points.items() if m is not None}
    assert len(nights.ask(f"select * from core.fct_contacts where channel = 'sms' and contact_date = date '{MASS_SMS}'")) >= len(
        nights.lines
    )


def test_an_earlier_day_built_again_is_as_it_was(nights):
    """Also once a later delivery closes, since before that day, the phones of lines that had a task."""
    day = NIGHTS[4]
    mine = {task["subscriber_id"] for task in nights.found[day].values() if task["is_open"]}
    phones = [phone for line, phone in nights.ask("select subscriber_id, msisdn from private.subscriber_phones") if line in mine]
    row = {"channel": "all", "reason_code": "do_not_contact", "effective_from": FIRST}
    nights.deliver("channel_phone_suppressions", NIGHTS[-1] + timedelta(days=1), [row | {"msisdn": phone} for phone in phones])
    take_in(nights.home, load_contract())
    nights.build(day)
    assert phones
    assert nights.table() == nights.found[day]
    assert nights.record(day) == tasks.TaskCounts(False)
