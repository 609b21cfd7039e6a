"""Kills: at each boundary between steps, at moments drawn by chance, and of telco360 alone while dbt works."""

import time
from functools import partial
from random import Random

from benchmarks.chaos.cases import Case, Harmed
from benchmarks.chaos.stage import LONGEST, Running, Stage, logged, steps_told
from orchestration.base.settings import Home

POLL = 0.003
"""Seconds between two looks into the log of a run."""


def at_boundaries(stage: Stage) -> list[Case]:
    """A kill as each step begins and as it has ended; of the lists' steps the first, one in the middle and the last."""
    lists = [step for event, step in stage.boundaries if event == "step_started" and step.startswith("list ")]
    some = {lists[at] for at in (0, len(lists) // 2, -1)} if lists else set()
    wanted = [(event, step) for event, step in stage.boundaries if step not in lists or step in some]
    words = {"step_started": "begins", "step_ended": "has ended"}
    return [
        Case("kill -9 at a step's boundary", f"{step} {words[event]}", partial(_at_boundary, boundary=(event, step)))
        for event, step in wanted
    ]


def at_moments(stage: Stage, count: int, seed: int) -> list[Case]:
    """Kills at moments of a whole run, drawn evenly from its time."""
    rng = Random(seed)
    moments = [rng.uniform(0.0, stage.seconds) for _ in range(count)]
    return [Case("kill -9 at a random moment", f"{at:.2f} s", partial(_at_moment, seconds=at)) for at in moments]


def alone(stage: Stage, count: int, seed: int) -> list[Case]:
    """Kills of telco360 while dbt works, which is told to end with it; the next run begins at once."""
    rng = Random(seed)
    return [
        Case("kill -9 of telco360 alone, while dbt works", f"{after:.2f} s into dbt", partial(_alone, seconds=after))
        for after in (rng.uniform(0.5, 0.3 * stage.seconds) for _ in range(count))
    ]


def wait_for(running: Running, home: Home, since: int, boundary: tuple[str, str]) -> bool:
    """Waits until the run has logged the boundary; False where it ends before."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        if logged(home) > since and boundary in steps_told(home, since):
            return True
        if running.process.poll() is not None:
            return False
        time.sleep(POLL)
    return False


def _at_boundary(stage: Stage, home: Home, boundary: tuple[str, str]) -> Harmed:
    since, running = logged(home), stage.start(home)
    wait_for(running, home, since, boundary)
    running.kill()
    return Harmed(running.wait())


def _at_moment(stage: Stage, home: Home, seconds: float) -> Harmed:
    running = stage.start(home)
    time.sleep(seconds)
    running.kill()
    return Harmed(running.wait())


def _alone(stage: Stage, home: Home, seconds: float) -> Harmed:
    since, running = logged(home), stage.start(home)
    wait_for(running, home, since, ("step_started", "dbt"))
    time.sleep(seconds)
    running.kill(alone=True)
    return Harmed(running.wait())
