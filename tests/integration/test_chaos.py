"""A short form of `make chaos`: one night killed after its publication, then short of room for its lists, then let through."""

import pytest

from benchmarks.chaos.kills import wait_for
from benchmarks.chaos.machine import can_mount, full_disk
from benchmarks.chaos.stage import Stage, logged, make_stage
from orchestration.base.exit_codes import ExitCode


@pytest.fixture(scope="module")
def stage(tmp_path_factory, parsed) -> Stage:
    return make_stage(tmp_path_factory.mktemp("chaos"), lambda line: None)


def test_a_night_killed_and_then_out_of_room_ends_as_if_nothing_had_happened(stage):
    home = stage.copy()
    since, running = logged(home), stage.start(home)
    assert wait_for(running, home, since, ("step_ended", "publication"))
    running.kill()
    running.wait()
    assert stage.faults(home) == []

    if can_mount():
        with full_disk(home.exports, room=4096):
            told = stage.run(home)
            assert stage.faults(home) == []
        assert told.code == ExitCode.INCOMPLETE
        assert "no space left" in told.output.lower() and "run" in told.output and "Traceback" not in told.output

    told = stage.run(home)
    assert told.code == ExitCode.WELL, told.output
    assert stage.faults(home) == [] and stage.differences(home) == []
