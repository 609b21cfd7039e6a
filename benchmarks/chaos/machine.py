"""Harms of the machine: a disk that is full, folders that may not be written, a second run at once, a clock that was set back.

Disks and closed folders are made by mounts, which need root; `can_mount` says whether that is so here.
"""

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.chaos.cases import Case, Harmed
from benchmarks.chaos.kills import wait_for
from benchmarks.chaos.stage import Stage, logged
from orchestration.base.exit_codes import ExitCode
from orchestration.base.settings import Home

FOLDERS = ("lake", "warehouse", "published", "exports")
LEAST_GROWTH = 2**20
"""Bytes that a folder is taken to need, where a run adds next to nothing that stays."""
ROOMY = "4g"


def can_mount() -> bool:
    """Whether this process may mount a file system of its own."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False)
        if done.returncode == 0:
            subprocess.run(["umount", folder], check=True)
        return done.returncode == 0


def full_disks(levels: int) -> list[Case]:
    """For each folder of the home, so many disks that fill up sooner or later in the run."""
    return [
        Case("disk full", f"{name}, room for {level / levels:.0%} of a run", partial(_full, name=name, share=level / levels))
        for name in FOLDERS
        for level in range(levels)
    ]


def closed_folders() -> list[Case]:
    """Each folder of the home, and the home itself, on a file system that is mounted for reading only."""
    return [Case("folder mounted read-only", name or "the home", partial(_closed, name=name)) for name in (*FOLDERS, "")]


def two_at_once() -> list[Case]:
    """A second run while the first works."""
    steps = ("intake", "dbt", "publication", "lists")
    return [Case("a second run at once", f"while {step} works", partial(_second, step=step)) for step in steps]


def clock_set_back() -> list[Case]:
    """The clock, so many hours behind, for the harmed run; right again for the next. None without faketime."""
    if not shutil.which("faketime"):
        return []
    return [Case("clock set back", f"by {hours} hours", partial(_clock, hours=hours)) for hours in (3, 30, 24 * 400)]


@contextlib.contextmanager
def full_disk(folder: Path, room: int) -> Iterator[None]:
    """Has the folder lie on a disk of its own with so many bytes left; afterwards where it did, with what is in it by then."""
    folder.mkdir(exist_ok=True)
    aside = folder.with_name(f"{folder.name}-aside")
    folder.rename(aside)
    folder.mkdir(mode=0o700)
    _run("mount", "-t", "tmpfs", "-o", f"size={ROOMY},mode=700", "tmpfs", str(folder))
    try:
        _run("cp", "-a", f"{aside}/.", str(folder))
        _run("mount", "-o", f"remount,size={shutil.disk_usage(folder).used + room}", str(folder))
        yield
    finally:
        shutil.rmtree(aside)
        _run("cp", "-a", f"{folder}/.", str(aside))
        _run("umount", str(folder))
        folder.rmdir()
        aside.rename(folder)


def _full(stage: Stage, home: Home, name: str, share: float) -> Harmed:
    room = max(4096, int(share * max(stage.growth.get(name, 0), LEAST_GROWTH)))
    with full_disk(home.root / name, room):
        told, broken = stage.run(home), stage.faults(home)
    return Harmed(told, says=("no space left|disk is full", "run (it )?again|make room"), broken=broken)


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Has the folder be mounted for reading only."""
    folder.mkdir(exist_ok=True)
    _run("mount", "--bind", str(folder), str(folder))
    try:
        _run("mount", "-o", "remount,bind,ro", str(folder))
        yield
    finally:
        _run("umount", str(folder))


def _closed(stage: Stage, home: Home, name: str) -> Harmed:
    with read_only(home.root / name):
        told, broken = stage.run(home), stage.faults(home)
    return Harmed(told, says=("read-only file system", "run (it )?again"), broken=broken)


def _second(stage: Stage, home: Home, step: str) -> Harmed:
    since, first = logged(home), stage.start(home)
    wait_for(first, home, since, ("step_started", step))
    first.pause()  # else it may have ended before the second begins
    try:
        second = stage.run(home)
    finally:
        first.resume()
    ended = first.wait()
    is_well = (second.code, ended.code) == (ExitCode.BUSY, ExitCode.WELL)
    broken = [] if is_well else [f"the first run ended with code {ended.code}, the second with {second.code}"]
    return Harmed(second, says=("at work already|another run", "run again"), broken=broken)


def _clock(stage: Stage, home: Home, hours: int) -> Harmed:
    told = stage.run(home, through=("faketime", "-f", f"-{hours}h"))
    # Where the day is another by that clock, lists go out on it, once; what is told of lists knows it, and they raise tasks.
    return Harmed(told, says=("after today",), differs=("files:", "lists:", "tables: marketing.", "tasks:"))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
