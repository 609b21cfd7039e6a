"""One intake run: finds deliveries, has what is new or changed validated, and commits each outcome.

Only the order of things belongs here. Raises for a seed that cannot be used and for a lake that cannot be written, never for a
delivery.
"""

import shutil
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.base.contract import Table
from orchestration.base.settings import Home
from orchestration.intake import known, lake, landing, ledger, missing, profile, quarantine, validate
from orchestration.intake.delivery import Rules, Validation, validate_delivery
from orchestration.intake.engine import Engine
from orchestration.intake.erased import Erased
from orchestration.intake.errors import TRIED_AGAIN, Rejected
from orchestration.intake.landing import Folder, Listing
from orchestration.intake.limits import Limits, limits_of, load_limits, load_patterns
from orchestration.intake.state import Accepted, State, enforced_references, in_order

SUBSCRIBERS = "crm_subscribers"
TOLD_FAULTS = 3
ACCEPTED_FILE, REJECTED_FILE = "accepted.parquet", "rejected.parquet"


@dataclass
class IntakeReport:
    """What a run did. `outcomes` in the order of judging; `unchanged`: deliveries known from before and not read;
    `incomplete`: folders without _SUCCESS, as landing/<table>/dt=…; `warnings`: what lies in landing and is no delivery.
    """

    intake_id: str
    outcomes: list[ledger.Outcome] = field(default_factory=list)
    unchanged: int = 0
    incomplete: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def accepted(self) -> list[ledger.Outcome]:
        return [o for o in self.outcomes if o.is_accepted]

    @property
    def rejected(self) -> list[ledger.Outcome]:
        return [o for o in self.outcomes if not o.is_accepted]


def take_in(
    home: Home,
    contract: dict[str, Table],
    limits: Limits | None = None,
    progress: Callable[[str], None] | None = None,
    only: Callable[[Folder], bool] | None = None,
) -> IntakeReport:
    """Takes in every complete delivery in landing that is new or changed. Run again, it ends in the same state.

    `limits` by table as load_limits gives them, read from the seed if None; `progress` is called with lines for a terminal.
    `only`: takes in the deliveries for which it is true and no others, known or not, complete or not: to try them.
    Raises SeedError for a seed that cannot be used, before anything is taken in, and OSError where the lake cannot be written.
    """
    progress = progress or (lambda line: None)
    limits = limits if limits is not None else load_limits(contract)
    patterns = load_patterns()
    with lake.only_one(home, progress):
        lake.recover(home)
        ledger.ensure_file(home, lake.incoming(home))
        with closing(Engine(lake.incoming(home) / "duckdb")) as engine:
            run = _Run(home, contract, limits, patterns, progress, only, engine)
            run.take_all()
            return run.report


def ensure_empty_tables(home: Home, contract: dict[str, Table]) -> None:
    """Gives each table that has no file in the lake one of no rows, in the contract's types."""
    with lake.only_one(home, lambda line: None):
        lake.ensure_empty_tables(home, contract)


class _Run:
    def __init__(
        self,
        home: Home,
        contract: dict[str, Table],
        limits: Limits,
        patterns: list[str],
        progress: Callable[[str], None],
        only: Callable[[Folder], bool] | None,
        engine: Engine,
    ):
        self.only, self.engine = only, engine
        self.home, self.contract, self.limits, self.patterns, self.progress = home, contract, limits, patterns, progress
        self.state, self.erased = State(home), Erased.of(home)
        self._moment = ledger.next_moment(ledger.last_moment(home))
        self.report = IntakeReport(ledger.new_intake_id(self._moment))

    def take_all(self) -> None:
        if not self.home.landing.is_dir():
            self._warn(f"{self.home.landing} does not exist: nothing to take in. Deliver into landing/<table>/dt=YYYY-MM-DD/")
            return
        try:
            scan = landing.scan(self.home.landing, set(self.contract))
        except OSError as error:
            self._warn(f"{self.home.landing} cannot be read ({error.strerror}): nothing is taken in. Let intake read it")
            return
        for line in (*scan.skipped, *profile.unused(self.home, set(self.contract))):
            self._warn(line)
        complete = scan.complete if not self.only else list(filter(self.only, (*scan.complete, *scan.incomplete)))
        for folder in scan.incomplete if not self.only else ():
            self._leave_alone(folder)
        for folder in in_order(complete, self.contract):
            self._take(folder)

    def _warn(self, line: str) -> None:
        self.report.warnings.append(line)
        self.progress(line)

    def _leave_alone(self, folder: Folder) -> None:
        self.report.incomplete.append(_where(folder))
        self.progress(f"{_where(folder)}: not complete, left alone; it has no _SUCCESS")

    def _take(self, folder: Folder) -> None:
        try:
            listing = landing.listing(folder.path)
        except OSError as error:
            listing = Listing((), None, f"cannot be read ({error.strerror}). {TRIED_AGAIN}")
        if listing.success is None and not listing.problem and not self.only:
            self._leave_alone(folder)  # it was complete when landing was looked through
            return
        table, limits = self.contract[folder.table], limits_of(self.limits, folder.table)
        read_by = profile.fingerprint(self.home, folder.table)
        fingerprint = self.state.fingerprint(folder, listing, table, limits, self.contract, read_by)
        if not self.only and self._is_known(folder, fingerprint):
            self.report.unchanged += 1
            return
        size = sum(entry.size for entry in listing.data)
        self.progress(
            f"{folder.table} {folder.dt}: reading {size / 1e6:.1f} MB in {len(listing.data)} file{'s'[: len(listing.data) != 1]}"
        )
        begun = time.monotonic()
        workspace = lake.new_workspace(self.home)
        quarantined = workspace.scratch / "quarantine.parquet"
        validation = validate_delivery(folder, listing, self._rules(folder), workspace, quarantined, self.engine)
        outcome = self._outcome(folder, validation, fingerprint)
        self._report(outcome, validation, quarantined, time.monotonic() - begun)
        self._fill_quarantine(workspace, outcome, quarantined)
        lake.commit(self.home, workspace, outcome)
        self.state.add(outcome)
        self.report.outcomes.append(outcome)

    def _is_known(self, folder: Folder, fingerprint: str) -> bool:
        if not self.state.is_known(folder.table, folder.dt, fingerprint):
            return False
        is_in_lake = any(lake.folder_of(self.home.raw, folder.table, folder.dt).glob("*.parquet"))
        return is_in_lake or not self.state.is_accepted(folder.table, folder.dt)

    def _rules(self, folder: Folder) -> Rules:
        table, state = self.contract[folder.table], self.state
        references, unchecked = [], []
        for column, name, key in enforced_references(table, self.contract):
            latest = state.latest_until(name, folder.dt)
            if latest is None:
                unchecked.append(name)
            else:
                files = lake.folder_of(self.home.raw, name, latest.dt)
                references.append(validate.Reference(column.name, name, key, latest.dt, files))
        is_append = table.delivery == "append"
        last = None if is_append else state.before(table.name, folder.dt)
        register = None
        if table.name != SUBSCRIBERS and any(c.name == known.LINE and not c.references for c in table.columns):
            # The latest of all, whatever its dt: it knows every line that ever was, also one told a day after its first use.
            latest = state.latest(SUBSCRIBERS)
            if latest is None:
                unchecked.append(SUBSCRIBERS)
            else:
                register = known.Register(latest.dt, lake.folder_of(self.home.raw, SUBSCRIBERS, latest.dt))
        return Rules(
            table=table,
            limits=limits_of(self.limits, table.name),
            references=references,
            unchecked=unchecked,
            register=register,
            last=last,
            before=self._before(table, last),
            usual_rows=state.usual_rows(table.name, folder.dt) if is_append else None,
            number_patterns=self.patterns,
            profile=self._profile(table),
            erased=self.erased,
        )

    def _profile(self, table: Table) -> profile.Profile | Rejected | None:
        try:
            return profile.load_profile(self.home, table)
        except Rejected as error:
            return error

    def _before(self, table: Table, last: Accepted | None) -> missing.Before | None:
        """Where the snapshot before lies, of a table whose missing rows are kept."""
        if table.keep_missing is None or last is None:
            return None
        folder = lake.folder_of(self.home.raw, table.name, last.dt)
        return missing.Before(last.dt, folder) if any(folder.glob("*.parquet")) else None

    def _outcome(self, folder: Folder, validation: Validation, fingerprint: str) -> ledger.Outcome:
        self._moment = ledger.next_moment(self._moment)
        is_accepted = validation.reason is None
        accepted = validation.rows_read - validation.deduplicated - validation.quarantined if is_accepted else 0
        facts = validation.facts if is_accepted else None
        return ledger.Outcome(
            intake_id=self.report.intake_id,
            recorded_at=self._moment,
            table_name=folder.table,
            dt=folder.dt,
            outcome=ledger.ACCEPTED if is_accepted else ledger.REJECTED,
            files=validation.files,
            rows_read=validation.rows_read,
            rows_accepted=accepted,
            rows_collapsed=validation.deduplicated,
            rows_set_aside=validation.quarantined if is_accepted else validation.rows_read - validation.deduplicated,
            event_first=facts.event_first if facts else None,
            event_last=facts.event_last if facts else None,
            event_months=facts.event_months if facts else [],
            rows_sha256=facts.rows_sha256 if facts else None,
            closed_bill_months=validation.closed_bill_months if is_accepted else [],
            reason=validation.reason,
            warnings=validation.warnings if is_accepted else [],
            fingerprint=fingerprint,
            rows_carried=validation.carried if is_accepted else 0,
        )

    def _fill_quarantine(self, workspace: lake.Workspace, outcome: ledger.Outcome, quarantined: Path) -> None:
        """What the delivery's quarantine folder shall hold; a rejected attempt leaves the rows of the one that stands."""
        if not outcome.is_accepted:
            before = lake.folder_of(self.home.quarantine, outcome.table_name, outcome.dt) / ACCEPTED_FILE
            if before.exists():
                shutil.copyfile(before, workspace.quarantine / ACCEPTED_FILE)
            shutil.rmtree(workspace.raw, ignore_errors=True)
        if quarantined.exists():
            quarantined.rename(workspace.quarantine / (ACCEPTED_FILE if outcome.is_accepted else REJECTED_FILE))

    def _report(self, outcome: ledger.Outcome, validation: Validation, quarantined: Path, seconds: float) -> None:
        table, dt = outcome.table_name, str(outcome.dt)
        for line in quarantine.messages(quarantined, table, dt, TOLD_FAULTS) if quarantined.exists() else []:
            self.progress(f"  {line}")
        if validation.quarantined > TOLD_FAULTS:
            self.progress(f"  … {validation.quarantined:,} rows quarantined in all")
        for warning in outcome.warnings:
            self.progress(f"  warning: {warning}")
        if outcome.is_accepted:
            aside = f", {outcome.rows_collapsed:,} deduplicated, {outcome.rows_set_aside:,} quarantined"
            aside += f", {outcome.rows_carried:,} carried over" if outcome.rows_carried else ""
            self.progress(f"{table} {dt}: accepted, {outcome.rows_accepted:,} rows{aside}, {seconds:.1f} s")
        else:
            self.progress(outcome.message)


def _where(folder: Folder) -> str:
    return f"landing/{folder.table}/dt={folder.dt}"
