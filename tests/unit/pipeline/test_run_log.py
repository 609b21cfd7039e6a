"""The log of runs: a line of JSON an event, read back as runs, also where one was killed or a line was cut."""

import json
import stat
from datetime import date

from orchestration.base.settings import Home
from orchestration.pipeline.reports import Progress
from orchestration.pipeline.run_log import ENDED, STARTED, Both, RunLog, last_runs, logs, runs_of


def test_a_run_is_read_back_with_its_steps_and_end(tmp_path):
    home = Home(tmp_path)
    log = RunLog(home, "a", date(2026, 10, 31))
    log.write(STARTED)
    progress = Both(Progress(), log)
    progress.begin("intake")
    progress.note("intake", "half")
    progress.end("intake", "5 accepted", 1.25)
    progress.begin("dbt")
    progress.fail("dbt", 3.5)
    log.write(ENDED, "error", is_well=False, causes=["dbt: 数据不对"])
    (run,) = last_runs(home)
    assert (run.business_date, run.is_well, run.steps) == ("2026-10-31", False, {"intake": 1.25, "dbt": 3.5})
    assert run.started <= run.ended and run.facts["causes"] == ["dbt: 数据不对"]
    (file,) = logs(home).iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [line["event"] for line in lines] == [STARTED, "step_started", "step_ended", "step_started", "step_failed", ENDED]
    assert {line["run"] for line in lines} == {"a"} and lines[4]["level"] == "error"


def test_a_run_that_was_killed_has_no_end_and_its_last_step():
    lines = [
        '{"time": "2026-10-31T02:00:00+00:00", "run": "a", "event": "run_started"}',
        '{"time": "2026-10-31T02:00:01+00:00", "run": "a", "event": "step_started", "step": "dbt"}',
        '{"time": "2026-10-31T02:00:02+00:00", "run": "a", "eve',
    ]
    (run,) = runs_of(lines)
    assert (run.ended, run.is_well, run.last_step) == (None, False, "dbt")


def test_runs_keep_their_order_and_one_that_could_not_begin_has_an_end_alone():
    said = '{{"time": "2026-10-31T0{0}:00:00+00:00", "run": "{1}", "event": "{2}", "is_well": {3}}}'
    runs = runs_of(
        said.format(hour, name, event, well)
        for hour, name, event, well in [
            (1, "b", STARTED, "null"),
            (2, "a", STARTED, "null"),
            (3, "b", ENDED, "true"),
            (4, "never", ENDED, "false"),
            (5, "unknown", "step_ended", "null"),
        ]
    )
    assert [(run.run, run.is_well, run.ended is None) for run in runs] == [
        ("b", True, False),
        ("a", False, True),
        ("never", False, False),
    ]
