"""What the steps of one run share: the home, the date being built, what each step found, and how progress is told.

The steps themselves are `assets`; how a run is started is `nightly`.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from orchestration.base import machine, settings
from orchestration.base.billed import BilledMonths, billed_months, months_sql
from orchestration.base.contract import Table, load_contract
from orchestration.base.errors import ListError, WarehouseError
from orchestration.engines.choose import engine
from orchestration.engines.protocol import Engine
from orchestration.intake import IntakeReport, ensure_empty_tables, ledger, load_limits, take_in
from orchestration.intake.ahead import rows_ahead
from orchestration.intake.limits import Limits
from orchestration.quality.source_checks import not_passed
from orchestration.quality.validation import GateResult
from orchestration.targeting import ledger as list_ledger
from orchestration.targeting.age import data_age
from orchestration.targeting.definition import TargetList
from orchestration.targeting.export import DecidedRun, ListRun
from orchestration.targeting.lists import due_lists, open_lists
from orchestration.targeting.offers import Judged, ensure_empty_table, record_offers
from orchestration.warehouse.aside import is_earlier
from orchestration.warehouse.dbt import target_dir
from orchestration.warehouse.dbt_results import DbtResults
from orchestration.warehouse.freshness import Deliveries, NothingDelivered, choose_as_of, stale_tables
from orchestration.warehouse.manifest import Model, load_models, read_manifest, serving
from orchestration.warehouse.publishing import Version
from orchestration.warehouse.seeds import read_seed, seed_path


class Progress:
    """Told of steps as they go. This one keeps still; the command line's draws lines."""

    def begin(self, step: str) -> None:
        """A step begins."""

    def note(self, step: str, text: str) -> None:
        """How far the running step is."""

    def end(self, step: str, text: str, seconds: float) -> None:
        """A step ended well, with this result."""

    def fail(self, step: str, seconds: float) -> None:
        """A step failed; the error itself follows at the end."""


@dataclass
class Step:
    """A running step: `note` how far it is, `result` what it gave, in a few words."""

    note: Callable[[str], None]
    result: str = ""


@dataclass
class Night:
    """One run. Its fields from `intake` on are filled by the steps, None while a step has not been reached.

    `publishes_earlier`: what a run for an earlier day than the published one does only if asked. `exports_earlier`: what such a
    run, and one for a day long past, does only if asked.
    """

    home: settings.Home
    asked: date | None = None
    progress: Progress = field(default_factory=Progress)
    publishes_earlier: bool = False
    exports_earlier: bool = False

    intake: IntakeReport | None = None
    taken_before: list[dict] = field(default_factory=list)
    """Rows of the ledger of deliveries that an intake run on its own took in since the last night."""
    door: GateResult | None = None
    discarded: str | None = None
    dbt: DbtResults | None = None
    rebuilt_months: list[date] | None = None
    billed: BilledMonths | None = None
    gate: GateResult | None = None
    version: Version | None = None
    rows_ahead: dict[str, int] = field(default_factory=dict)
    later: list[tuple[date, str]] = field(default_factory=list)
    offers: list[Judged] = field(default_factory=list)
    decided: DecidedRun | None = None
    lists: list[ListRun] = field(default_factory=list)
    held: ExitStack = field(default_factory=ExitStack)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Tells the progress of one step and keeps its seconds."""
        started = time.monotonic()
        running = Step(note=lambda text: self.progress.note(name, text))
        self.progress.begin(name)
        try:
            yield running
        except BaseException as error:
            self.progress.fail(name, time.monotonic() - started)
            if (words := machine.told(error, self.home.root)) and not isinstance(error, WarehouseError):
                raise WarehouseError(words) from error
            raise
        self.seconds[name] = time.monotonic() - started
        self.progress.end(name, running.result, self.seconds[name])

    def take_in(self, note: Callable[[str], None]) -> IntakeReport:
        """Takes in what lies in landing; tables never delivered get an empty file, so that every model builds."""
        self.taken_before = not_passed(self.home)
        self.intake = take_in(self.home, self.contract, self.limits, note)
        ensure_empty_tables(self.home, self.contract)
        list_ledger.ensure_empty_tables(self.home)
        ensure_empty_table(self.home)
        return self.intake

    def record_offers(self) -> None:
        """Judges the conditions of the offers that stand, from which the build reads who may be put which."""
        self.offers = record_offers(self.home, self.models, self.as_of)

    def due_lists(self, definitions: Iterable[TargetList]) -> tuple[str, ...]:
        """Names of the lists that are due today."""
        return due_lists(self.engine, self.models, definitions, self.today)

    def decide_lists(self, names: Sequence[str]) -> DecidedRun:
        """Decides the named lists together; they can be exported until the night is closed."""
        self.decided = self.held.enter_context(
            open_lists(self.engine, self.models, names, self.today, accept_old_data=self.exports_earlier)
        )
        return self.decided

    def export_list(self, name: str) -> ListRun | None:
        """Exports one list of those decided; None where it is not due. A list that is asked for by itself is decided by itself.

        Raises ListError, naming the list, for one that was set aside or fails."""
        if not self.exports_lists:
            return None
        decided = self.decided or self.decide_lists([name])
        if name not in decided.names:
            return None
        try:
            self.lists.append(decided.export(name))
        except ListError as error:
            self.lists.append(decided.without_file(name, decided.status(name), str(error)))
            raise
        return self.lists[-1]

    def close(self) -> None:
        """Lets go of what the night holds: the ledger of lists and the tables that they read."""
        self.decided = None
        self.held.close()

    def count_rows_ahead(self) -> None:
        """Counts what was delivered but lies after the business date: the build leaves it out, and says so."""
        self.later = sorted((dt, table) for table, dates in self.deliveries.items() for dt in dates if dt > self.as_of)
        self.rows_ahead = rows_ahead(self.home, self.contract, self.as_of)

    def read_rebuilt_months(self) -> None:
        """Asks the build which months it has just rebuilt, where a model tells."""
        model = serving(self.models, "rebuilt_months")
        if model is not None:
            rows = self.engine.ask(f"select distinct month from {model.relation} order by month")
            self.rebuilt_months = [month for (month,) in rows]

    def read_billed_months(self) -> None:
        """Asks the build which month its money stands for, where a model tells."""
        model = serving(self.models, "months")
        if model is not None:
            self.billed = billed_months(self.engine.ask(months_sql(model.relation)))

    @cached_property
    def current_engine(self) -> Engine:
        """The engine that the running target names, for what readers have."""
        return engine(self.home)

    @cached_property
    def is_earlier(self) -> bool:
        """Whether the run is for an earlier day than the one that readers have."""
        return self.asked is not None and is_earlier(self.asked, self.current_engine.current())

    @cached_property
    def is_old(self) -> bool:
        """Whether the run was asked for a day so long ago that lists would be refused for the age of their data."""
        limit = next(float(r["value"]) for r in read_seed(seed_path("contact_rules")) if r["rule"] == "max_data_age_days")
        return self.asked is not None and data_age(self.asked, self.today) > limit

    @property
    def exports_lists(self) -> bool:
        return self.exports_earlier or not (self.is_earlier or self.is_old)

    @property
    def publishes(self) -> bool:
        return self.publishes_earlier or not self.is_earlier

    @cached_property
    def engine(self) -> Engine:
        """The engine that builds: in the home itself, for an earlier day beside it."""
        if not self.is_earlier:
            return self.current_engine
        return self.current_engine.aside(self.publishes)

    @cached_property
    def today(self) -> date:
        """Today in the operator's time zone; the same for all steps of the run."""
        return datetime.now(settings.timezone()).date()

    @cached_property
    def contract(self) -> dict[str, Table]:
        return load_contract()

    @cached_property
    def limits(self) -> Limits:
        return load_limits(self.contract)

    @cached_property
    def models(self) -> tuple[Model, ...]:
        return load_models(read_manifest(target_dir() / "manifest.json"))

    @property
    def required(self) -> list[str]:
        return [table.name for table in self.contract.values() if table.required]

    @cached_property
    def deliveries(self) -> Deliveries:
        """Accepted deliveries as they lie in the lake; first asked for when intake is done."""
        return ledger_dates(self.home)

    @cached_property
    def as_of(self) -> date:
        """The business date being built. Raises NothingDelivered, saying how to deliver."""
        try:
            return choose_as_of(self.deliveries, self.required, self.today, self.asked)
        except NothingDelivered as error:
            raise NothingDelivered(
                f"{error}. Deliver {', '.join(self.required)} into {self.home.landing}/<table>/dt=YYYY-MM-DD/, each with an "
                f"empty file _SUCCESS written last; docs/deliveries.md says more. Then run again."
            ) from error

    @cached_property
    def max_stale_days(self) -> dict[str, float]:
        return {table: limits.max_stale_days for table, limits in self.limits.items()}

    def stale(self) -> dict[str, date]:
        """Required tables delivered last before the date being built. Raises WarehouseError where the build is refused."""
        return stale_tables(self.deliveries, self.required, self.as_of, self.max_stale_days)


def ledger_dates(home: settings.Home) -> Deliveries:
    """Dates of the accepted deliveries, by table."""
    dates: dict[str, list[date]] = {}
    for row in ledger.current(home).select(["table_name", "dt"]).to_pylist():
        dates.setdefault(row["table_name"], []).append(row["dt"])
    return dates
