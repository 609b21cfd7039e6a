"""A run: the home, the business date, what was asked of it, and the engine that builds. Nothing that a step finds is kept here.

The business date is a partition of Dagster. The steps are `assets` and `lists`, what they find is in `reports`.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

import dagster as dg

from orchestration.base import modes, settings
from orchestration.base.contract import Table, load_contract
from orchestration.base.errors import WarehouseError
from orchestration.engines.choose import engine
from orchestration.engines.protocol import Engine
from orchestration.intake import IntakeReport, ledger, load_limits
from orchestration.intake.limits import Limits
from orchestration.pipeline.deliveries import take_in_all
from orchestration.pipeline.reports import Progress
from orchestration.pipeline.run_log import STARTED, RunLog
from orchestration.targeting.age import data_age
from orchestration.targeting.export import DecidedRun
from orchestration.targeting.lists import open_lists
from orchestration.warehouse import build
from orchestration.warehouse.aside import is_earlier
from orchestration.warehouse.dbt import target_dir
from orchestration.warehouse.freshness import Deliveries, NothingDelivered, choose_as_of, stale_tables
from orchestration.warehouse.manifest import Model, load_models, read_manifest
from orchestration.warehouse.seeds import read_seed, seed_path

FIRST_DAY = date(2010, 1, 1)
PARTITION = "dagster/partition"
"""The tag by which Dagster tells the partition of a run."""


def business_days(last: date) -> dg.DailyPartitionsDefinition:
    """The business dates that can be built, from FIRST_DAY to today, or to `last` where that is later."""
    ahead = max(0, (last - today()).days)
    return dg.DailyPartitionsDefinition(start_date=str(FIRST_DAY), timezone=settings.timezone().key, end_offset=1 + ahead)


def today() -> date:
    """Today in the operator's time zone."""
    return datetime.now(settings.timezone()).date()


@dataclass(frozen=True)
class Run:
    """One run for the business date `day`; without one it can take in deliveries and no more.

    `is_asked`: somebody asked for this very day; else it is the latest that was delivered. `publishes_earlier`: what a run for an
    earlier day than the published one does only if asked. `exports_earlier`: what such a run, and one for a day long past, does
    only if asked. `full_tests`: dbt's tests look at all of history, due or not. `held` keeps open what steps share until the run
    ends.
    """

    home: settings.Home
    day: date | None = None
    progress: Progress = field(default_factory=Progress)
    is_asked: bool = True
    publishes_earlier: bool = False
    exports_earlier: bool = False
    full_tests: bool = False
    held: ExitStack = field(default_factory=ExitStack)

    def take_in(self, note: Callable[[str], None]) -> IntakeReport:
        """Takes in what lies in landing."""
        return take_in_all(self.home, self.contract, self.limits, note)

    def open_lists(self, names: Sequence[str]) -> AbstractContextManager[DecidedRun]:
        """The named lists decided together, to be exported for as long as the context is open."""
        return open_lists(self.engine, self.models, names, self.today, accept_old_data=self.exports_earlier)

    def require_day(self, deliveries: Deliveries) -> date:
        """The business date, once intake is done. Raises WarehouseError where nothing was accepted to build it from."""
        try:
            latest = choose_as_of(deliveries, self.required, self.today, self.day if self.is_asked else None)
        except NothingDelivered as error:
            raise NothingDelivered(
                f"{error}. Deliver {', '.join(self.required)} into {self.home.landing}/<table>/dt=YYYY-MM-DD/, each with an "
                f"empty file _SUCCESS written last; docs/deliveries.md says more. Then run again."
            ) from error
        if latest < self.day:
            raise WarehouseError(
                f"none of the required deliveries of {self.day} was accepted: it is not built. Deliver them again, or run again "
                f"for {latest}, the latest day that was accepted."
            )
        return self.day

    def stale(self, deliveries: Deliveries) -> dict[str, date]:
        """Required tables delivered last before the date being built. Raises WarehouseError where the build is refused."""
        return stale_tables(deliveries, self.required, self.day, {table: of.max_stale_days for table, of in self.limits.items()})

    @cached_property
    def current_engine(self) -> Engine:
        """The engine that the running target names, for what readers have."""
        return engine(self.home)

    @cached_property
    def is_earlier(self) -> bool:
        """Whether the run was asked for an earlier day than the one that readers have as it begins."""
        return self.is_asked and is_earlier(self.day, self.current_engine.current())

    @cached_property
    def is_old(self) -> bool:
        """Whether the run was asked for a day so long ago that lists would be refused for the age of their data."""
        limit = next(float(r["value"]) for r in read_seed(seed_path("contact_rules")) if r["rule"] == "max_data_age_days")
        return self.is_asked and self.day is not None and data_age(self.day, self.today) > limit

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
        """Today as the run began; the same for all its steps."""
        return today()

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
        return required_tables(self.contract)


@dg.resource(
    config_schema={
        "asked": dg.Field(bool, default_value=True, description="False for the latest day delivered, whichever that is"),
        "publish": dg.Field(bool, default_value=False, description="Publish also for an earlier day than the published one"),
        "export_lists": dg.Field(bool, default_value=False, description="Export lists also for an earlier day"),
        "full_tests": dg.Field(bool, default_value=False, description="Test all of history, also months that did not change"),
    }
)
def run_resource(context: dg.InitResourceContext) -> Iterator[Run]:
    """A run that Dagster starts, which holds its home for itself alone. `telco360 nightly` gives its own instead."""
    home, config, partition = settings.home(), context.resource_config, context.run.tags.get(PARTITION)
    modes.private_umask()
    with build.run_lock(home), ExitStack() as held:
        context.log.info(f"prepared{modes.told(modes.close(home))}")
        day = date.fromisoformat(partition) if partition else None
        log = RunLog(home, context.run_id or "", day)
        log.write(STARTED, started_by="Dagster")
        yield Run(
            home,
            day,
            log,
            is_asked=config["asked"],
            publishes_earlier=config["publish"],
            exports_earlier=config["export_lists"],
            full_tests=config["full_tests"],
            held=held,
        )


def required_tables(contract: dict[str, Table]) -> list[str]:
    return [table.name for table in contract.values() if table.required]


def ledger_dates(home: settings.Home) -> Deliveries:
    """Dates of the accepted deliveries, by table."""
    dates: dict[str, list[date]] = {}
    for row in ledger.current(home).select(["table_name", "dt"]).to_pylist():
        dates.setdefault(row["table_name"], []).append(row["dt"])
    return dates
