"""A small operator's home the day before, and runs of telco360 on copies of it, each a process of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from benchmarks.chaos.look import Facts, facts_of, faults_of
from orchestration.base.settings import PROJECT_DIR, Home
from orchestration.pipeline.run import today
from orchestration.pipeline.run_log import logs
from sample.operator import LEAST_LINES, make_operator

MONTHS = 4
DAYS_APART = 7
"""Days from the day that the home stands on to the day that is built: so many that the first run exports no list."""
COMMAND = "from orchestration.cli.main import app; app()"
LONGEST = 900
"""Seconds after which a run is taken to hang."""


class StageError(RuntimeError):
    """The undisturbed runs did not go well: nothing can be told of others."""


@dataclass(frozen=True)
class Told:
    """How a command ended: its exit code, negative where a signal ended it, and what it printed."""

    code: int
    output: str


@dataclass
class Running:
    """A command that is running, with its children a process group of its own."""

    process: subprocess.Popen
    printed: Path

    def kill(self, *, alone: bool = False) -> None:
        """Ends it by SIGKILL, with all that it started; `alone`: without."""
        if self.process.poll() is None:
            (os.kill if alone else os.killpg)(self.process.pid, signal.SIGKILL)

    def pause(self) -> None:
        """Has it and all that it started stand still, until `resume`."""
        os.killpg(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Has it go on."""
        os.killpg(self.process.pid, signal.SIGCONT)

    def wait(self, seconds: float = LONGEST) -> Told:
        """How it ended. Raises subprocess.TimeoutExpired for one that has not; its group is killed then."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        return Told(code, self.printed.read_text(encoding="utf-8", errors="replace"))


@dataclass
class Stage:
    """What all cases share. `day`: the business date that is built; `before`: the home, with that day delivered and not taken in;
    `expected`: what an undisturbed run makes of it, in `seconds`; `boundaries`: its steps as (event, step), in their order."""

    folder: Path
    day: date
    before: Home
    expected: Facts
    seconds: float
    boundaries: list[tuple[str, str]]
    growth: dict[str, int] = field(default_factory=dict)
    """Bytes that the undisturbed run adds to each folder of the home."""

    def copy(self) -> Home:
        """A copy of the home for one case, in place of the one before."""
        target = self.folder / "case"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.before.root, target, symlinks=True)
        return Home(target)

    def start(self, home: Home, *arguments: str, through: Sequence[str] = ()) -> Running:
        """Starts `telco360` on the home: the run of the day, or what the arguments say; `through`: a command that starts it."""
        return start(home, *(arguments or ("nightly", "--as-of", str(self.day))), through=through)

    def run(self, home: Home, *arguments: str, through: Sequence[str] = ()) -> Told:
        """The same, to its end."""
        return self.start(home, *arguments, through=through).wait()

    def faults(self, home: Home) -> list[str]:
        """What is broken in the home though nobody may have it so, after a harm as after a run."""
        return faults_of(home, today())

    def differences(self, home: Home) -> list[str]:
        """What the home has otherwise than an undisturbed run makes it."""
        return self.expected.differences(facts_of(home, today()))


def make_stage(folder: Path, say: Callable[[str], None]) -> Stage:
    """Makes the home, runs the first day, delivers the second; runs that undisturbed on a copy. Raises StageError where a run
    fails or the home is not as it must be."""
    folder.mkdir(parents=True, exist_ok=True)
    day, home, aside = today() - timedelta(days=1), Home(folder / "before"), folder / "delivered"
    first = day - timedelta(days=DAYS_APART)
    make_operator(home, LEAST_LINES, MONTHS, day, daily=DAYS_APART)
    for delivery in home.landing.glob("*/dt=*"):
        if delivery.name != f"dt={first}" and delivery.name != f"dt={day}":
            shutil.rmtree(delivery)  # two days are enough
    _move_deliveries(home.landing, aside, day)
    say(f"first run, of {first}")
    _well(start(home, "nightly", "--as-of", str(first)).wait())
    _move_deliveries(aside, home.landing, day)
    return undisturbed(folder, day, home, say)


def undisturbed(folder: Path, day: date, home: Home, say: Callable[[str], None]) -> Stage:
    """Runs the day on a copy of the home, which stays as it is: the stage that cases are held against. Raises StageError where
    the run fails or its home is not as it must be."""
    whole = Home(folder / "undisturbed")
    shutil.copytree(home.root, whole.root, symlinks=True)
    say(f"undisturbed run, of {day}")
    begun, sizes = time.monotonic(), _sizes(whole)
    _well(start(whole, "nightly", "--as-of", str(day)).wait())
    seconds = time.monotonic() - begun
    if faults := faults_of(whole, today()):
        raise StageError(f"after an undisturbed run: {'; '.join(faults)}")
    growth = {name: size - sizes.get(name, 0) for name, size in _sizes(whole).items()}
    steps = [(event, step) for event, step in steps_told(whole, logged(home)) if event in ("step_started", "step_ended")]
    return Stage(folder, day, home, facts_of(whole, today()), seconds, steps, growth)


def start(home: Home, *arguments: str, through: Sequence[str] = ()) -> Running:
    """Starts `telco360` on a home, in a process group of its own."""
    printed = home.root.with_name(f"{home.root.name}-{time.monotonic_ns()}.out")
    command = [*through, sys.executable, "-c", COMMAND, "--home", str(home.root), *arguments]
    own = {name: value for name, value in os.environ.items() if not name.startswith("TELCO360_")}
    own |= {"PYTHONPATH": str(PROJECT_DIR), "TELCO360_ENV": "ci", "TELCO360_MEMORY": "1GB"}
    with open(printed, "wb") as output:
        process = subprocess.Popen(command, env=own, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    return Running(process, printed)


def logged(home: Home) -> int:
    """Bytes that the home's log of runs has."""
    return sum(path.stat().st_size for path in logs(home).glob("*.jsonl"))


def steps_told(home: Home, since: int) -> list[tuple[str, str]]:
    """(event, step) of each line of the log of runs after its first `since` bytes."""
    text = b"".join(path.read_bytes() for path in sorted(logs(home).glob("*.jsonl")))[since:]
    lines = [json.loads(line) for line in text.splitlines() if line.endswith(b"}")]
    return [(line["event"], line.get("step", "")) for line in lines]


def _move_deliveries(source: Path, target: Path, day: date) -> None:
    for delivery in source.glob(f"*/dt={day}"):
        place = target / delivery.parent.name
        place.mkdir(parents=True, exist_ok=True)
        shutil.move(delivery, place)


def _sizes(home: Home) -> dict[str, int]:
    folders = (home.lake, home.warehouse, home.published, home.exports)
    return {one.name: sum(p.lstat().st_size for p in one.rglob("*") if not p.is_dir()) for one in folders if one.exists()}


def _well(told: Told) -> None:
    if told.code:
        raise StageError(f"a run that nobody harmed ended with code {told.code}:\n{told.output[-3000:]}")
