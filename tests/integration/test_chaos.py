"""A short form of `make chaos`: a home's first night killed after its publication, then short of room for its lists, then let
through."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from benchmarks.chaos.kills import wait_for
from benchmarks.chaos.look import faults_of
from benchmarks.chaos.machine import can_mount, full_disk
from benchmarks.chaos.stage import MONTHS, logged, start, undisturbed
from orchestration.base.exit_codes import ExitCode
from orchestration.base.settings import Home
from orchestration.pipeline.run import today
from sample.operator import LEAST_LINES, make_operator


def test_a_night_killed_and_then_out_of_room_ends_as_if_nothing_had_happened(tmp_path, parsed):
    day, before, home = today() - timedelta(days=1), Home(tmp_path / "before"), Home(tmp_path / "case")
    make_operator(before, LEAST_LINES, MONTHS, day, daily=0)
    shutil.copytree(before.root, home.root, symlinks=True)
    night = ("nightly", "--as-of", str(day))
    with ThreadPoolExecutor(1) as beside:  # at the same time, so that no core waits
        stage = beside.submit(undisturbed, tmp_path, day, before, lambda line: None)

        since, running = logged(home), start(home, *night)
        assert wait_for(running, home, since, ("step_ended", "publication"))
        running.kill()
        running.wait()
        assert faults_of(home, today()) == []

        if can_mount():
            with full_disk(home.exports, room=4096):
                told = start(home, *night).wait()
                assert faults_of(home, today()) == []
            assert told.code == ExitCode.INCOMPLETE
            assert "no space left" in told.output.lower() and "run" in told.output and "Traceback" not in told.output

        told = start(home, *night).wait()
        assert told.code == ExitCode.WELL, told.output
        assert stage.result().differences(home) == [] and stage.result().faults(home) == []
