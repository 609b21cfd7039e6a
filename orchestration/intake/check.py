"""Tries deliveries without taking them in: what `telco360 intake check FOLDER` prints.

A trial is an intake run into a home of its own that is thrown away. It sees the lake, the ledger and the profiles of the real
home through links, so that references and comparisons are those of the real run, and nothing of the real home is written.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from orchestration.base.contract import Table
from orchestration.base.settings import Home, SettingsError
from orchestration.base.words import did_you_mean
from orchestration.intake import lake, landing, ledger, quarantine
from orchestration.intake.profile import FOLDER
from orchestration.intake.run import ACCEPTED_FILE, REJECTED_FILE, IntakeReport, take_in

SHOWN_FAULTS = 20


@dataclass(frozen=True)
class _Trial(Home):
    """A home whose landing lies elsewhere."""

    landing_folder: Path = Path()

    @property
    def landing(self) -> Path:
        return self.landing_folder


@dataclass(frozen=True)
class Checked:
    """What a trial found: `lines` to print; `is_well`: something was there, and nothing would be rejected or passed over."""

    lines: list[str]
    is_well: bool


def check(home: Home, contract: dict[str, Table], folder: Path) -> Checked:
    """Validates a delivery, a table's folder of deliveries or a whole landing tree, as intake run would now.

    Raises SettingsError for a folder that is none of these.
    """
    folder = Path(os.path.abspath(folder))
    root, only = _deliveries(folder, contract)
    with tempfile.TemporaryDirectory(prefix="telco360-check-") as scratch, _trial(home, Path(scratch), root) as trial:
        report = take_in(trial, contract, only=only)
        lines = [line for outcome in report.outcomes for line in _described(trial, outcome, root)]
    return Checked(
        [*lines, *_summed_up(report, f"landing/{folder.relative_to(root)}")], bool(report.outcomes) and not report.rejected
    )


def _deliveries(folder: Path, contract: dict[str, Table]) -> tuple[Path, Callable[[landing.Folder], bool]]:
    """(the landing tree around the folder, which of its deliveries are asked for)."""
    if not folder.is_dir():
        raise SettingsError(f"{folder} is no folder; name a delivery (…/<table>/dt=YYYY-MM-DD) or a folder of deliveries")
    if folder.name.startswith("dt=") and folder.parent.name in contract:
        return folder.parent.parent, lambda found: found.path == folder
    if folder.name in contract:
        return folder.parent, lambda found: found.table == folder.name
    if any(path.name in contract for path in folder.iterdir()):
        return folder, lambda found: True
    hint = did_you_mean(folder.parent.name if folder.name.startswith("dt=") else folder.name, contract)
    raise SettingsError(
        f"{folder} is no delivery and holds no table's folder; name …/<table>/dt=YYYY-MM-DD, "
        f"or a folder that holds <table>/dt=…{hint}"
    )


@contextmanager
def _trial(home: Home, scratch: Path, root: Path) -> Iterator[_Trial]:
    trial = _Trial(scratch, root)
    for real, seen, pattern in (
        (home.raw, trial.raw, "*/dt=*"),
        (home.intake_ledger, trial.intake_ledger, "*.parquet"),
        (home.root / FOLDER, scratch / FOLDER, "*"),
    ):
        for path in real.glob(pattern):
            link = seen / path.relative_to(real)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
    yield trial


def _described(trial: Home, outcome: ledger.Outcome, root: Path) -> list[str]:
    table, dt = outcome.table_name, str(outcome.dt)
    verdict = "would be accepted" if outcome.is_accepted else "would be REJECTED"
    lines = [f"{table} {dt}: {verdict}"]
    if not outcome.is_accepted:
        lines.append(f"  reason: {outcome.reason}")
    counts = f"{outcome.rows_read:,} read, {outcome.rows_accepted:,} accepted, {outcome.rows_collapsed:,} deduplicated"
    carried = f", {outcome.rows_carried:,} carried over" if outcome.rows_carried else ""
    lines.append(f"  rows: {counts}, {outcome.rows_set_aside:,} rejected{carried}")
    if not (root / table / f"dt={dt}" / landing.SUCCESS).exists():
        lines.append("  note: no _SUCCESS is there yet; intake run leaves it alone until it does")
    lines += [f"  warning: {warning.split('. For all of them: ')[0]}" for warning in outcome.warnings]
    path = lake.folder_of(trial.quarantine, table, dt) / (ACCEPTED_FILE if outcome.is_accepted else REJECTED_FILE)
    if path.exists():
        count = pq.read_metadata(path).num_rows
        lines.append(f"  rows at fault: {count:,}{f', the first {SHOWN_FAULTS}' if count > SHOWN_FAULTS else ''}")
        lines += [f"  {line.split('. Row quarantined; ')[0]}" for line in quarantine.messages(path, table, dt, SHOWN_FAULTS)]
    return lines


def _summed_up(report: IntakeReport, below: str) -> list[str]:
    """What is there and is no delivery, and the counts. `below`: where messages of the folder asked for begin."""
    beside = [f"warning: {warning}" for warning in report.warnings if warning.startswith(below) or below == "landing/."]
    nothing = [] if report.outcomes or beside else ["No delivery is there; a delivery is a folder <table>/dt=YYYY-MM-DD"]
    counts = f"{len(report.accepted)} would be accepted, {len(report.rejected)} would be rejected; nothing was taken in"
    return [*beside, *nothing, counts]
