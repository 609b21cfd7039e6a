"""A case: one harm done to a copy of the home, what is looked at behind it, and what came of it."""

import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.chaos.stage import Stage, Told
from orchestration.base.settings import Home

TRACE = "Traceback (most recent call last)"


@dataclass
class Harmed:
    """What a harm did. `told`: how the harmed run ended. `says`: patterns, all of which its output must have where it failed.
    `is_sound`: the home itself was not damaged, so nothing may be broken now. `undo`: what a person does before the next run.
    `broken`: what the case itself has found. `differs`: beginnings of differences that are right. `is_done`: no run follows."""

    told: Told
    says: tuple[str, ...] = ()
    is_sound: bool = True
    undo: Callable[[], object] = lambda: None
    broken: list[str] = field(default_factory=list)
    differs: tuple[str, ...] = ()
    is_done: bool = False


@dataclass(frozen=True)
class Case:
    """`kind`: the row of the table that it counts in; `name`: what tells it from others of the kind."""

    kind: str
    name: str
    harm: Callable[[Stage, Home], Harmed]


@dataclass
class Result:
    """What came of a case. `ended`: killed, or the exit code of the harmed run; `said`: what it told of the failure; `broken`:
    what was wrong behind it or behind the next run, nothing where all held."""

    kind: str
    name: str
    ended: str
    said: str = ""
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0


def try_case(stage: Stage, case: Case) -> Result:
    """Does the harm to a copy of the home, looks, runs again, looks again."""
    begun, home = time.monotonic(), stage.copy()
    result = Result(case.kind, case.name, "hung")
    try:
        harmed = case.harm(stage, home)
        result.ended = "killed" if harmed.told.code < 0 else f"code {harmed.told.code}"
        if harmed.told.code > 0:
            result.said = failure_of(harmed.told.output)
            result.broken += _of_message(harmed)
        result.broken += harmed.broken
        if harmed.is_sound:
            result.broken += [f"after the harm: {fault}" for fault in stage.faults(home)]
        harmed.undo()
        if not harmed.is_done:
            result.broken += _of_next_run(stage, home, harmed.differs)
    except subprocess.TimeoutExpired:
        result.broken.append("a run hung")
    result.seconds = time.monotonic() - begun
    return result


def _of_next_run(stage: Stage, home: Home, differs: tuple[str, ...]) -> list[str]:
    again = stage.run(home)
    failed = [f"the next run ended with code {again.code}: {failure_of(again.output)}"] if again.code else []
    differences = [one for one in stage.differences(home) if not one.startswith(differs)]
    return failed + [f"after the next run: {fault}" for fault in (*stage.faults(home), *differences)]


def failure_of(output: str) -> str:
    """What a run says of its failure: the lines that begin with `failed`, else its last lines."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    failed = [line.removeprefix("failed").strip() for line in lines if line.startswith("failed ")]
    return " ".join(failed or lines[-2:])[:600]


def _of_message(harmed: Harmed) -> list[str]:
    found = [f"it says nothing of '{said}'" for said in harmed.says if not re.search(said, harmed.told.output, re.IGNORECASE)]
    return found + ["it shows a trace in place of a message"] * (TRACE in harmed.told.output)
