"""The log of runs: a line of JSON for each thing that happens, one file a month, and what it tells of the last runs.

Written beside what the terminal shows, for log collectors, `telco360 status` and `telco360 doctor`.
"""

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from orchestration.base.settings import Home
from orchestration.pipeline.reports import Progress

STARTED, ENDED = "run_started", "run_ended"


def logs(home: Home) -> Path:
    """The folder of the log's files."""
    return home.warehouse / "logs"


class RunLog(Progress):
    """Writes the events of one run. `run` names it in each line; `day` is its business date, None as long as it is not known."""

    def __init__(self, home: Home, run: str, day: date | None = None) -> None:
        self._home, self._run, self.day = home, run, day

    def write(self, event: str, level: str = "info", **facts: Any) -> None:
        """Adds one event, whole: a line is one write to a file that is only added to."""
        now = datetime.now(UTC)
        said = {"time": now.isoformat(timespec="milliseconds"), "level": level, "event": event, "run": self._run}
        line = json.dumps(said | {"business_date": self.day} | facts, ensure_ascii=False, default=str) + "\n"
        folder = logs(self._home)
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / f"runs-{now:%Y-%m}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)

    def begin(self, step: str) -> None:
        self.write("step_started", step=step)

    def end(self, step: str, text: str, seconds: float) -> None:
        self.write("step_ended", step=step, text=text, seconds=round(seconds, 3))

    def fail(self, step: str, seconds: float) -> None:
        self.write("step_failed", "error", step=step, seconds=round(seconds, 3))


class Both(Progress):
    """Tells two of the same."""

    def __init__(self, first: Progress, second: Progress) -> None:
        self._both = (first, second)

    def begin(self, step: str) -> None:
        for one in self._both:
            one.begin(step)

    def note(self, step: str, text: str) -> None:
        for one in self._both:
            one.note(step, text)

    def end(self, step: str, text: str, seconds: float) -> None:
        for one in self._both:
            one.end(step, text, seconds)

    def fail(self, step: str, seconds: float) -> None:
        for one in self._both:
            one.fail(step, seconds)


@dataclass
class RunRecord:
    """A run as the log tells it; moments are UTC. `ended` is None while it works, and for good where it was killed. `steps`:
    seconds by step. `facts`: what it came to, as `after` writes it."""

    run: str
    started: datetime
    business_date: str | None = None
    ended: datetime | None = None
    is_well: bool = False
    steps: dict[str, float] = field(default_factory=dict)
    last_step: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


def last_runs(home: Home) -> list[RunRecord]:
    """The runs of the two latest files of the log, oldest first."""
    files = sorted(logs(home).glob("runs-*.jsonl"))[-2:]
    return runs_of(line for file in files for line in file.read_text(encoding="utf-8").splitlines())


def runs_of(lines: Iterable[str]) -> list[RunRecord]:
    """The runs that lines of the log tell of, in the order of their start. A line that was cut by a loss of power is left out.
    Pure."""
    runs: dict[str, RunRecord] = {}
    for line in lines:
        try:
            said = json.loads(line)
            moment, name, event = datetime.fromisoformat(said["time"]), said["run"], said["event"]
        except (ValueError, KeyError, TypeError):
            continue
        if event in (STARTED, ENDED):  # one that could not begin has an end alone
            runs.setdefault(name, RunRecord(name, moment))
        if (record := runs.get(name)) is None:
            continue
        record.business_date = said.get("business_date") or record.business_date
        if "step" in said:
            record.last_step = said["step"]
        if event in ("step_ended", "step_failed"):
            record.steps[said["step"]] = said["seconds"]
        if event == ENDED:
            record.ended, record.is_well, record.facts = moment, said["is_well"], said
    return list(runs.values())


def run_name() -> str:
    """A name for a run of this process."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}-{time.monotonic_ns() % 10**6:06d}"
