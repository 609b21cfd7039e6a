"""What the steps of a run report: progress while they work, and at the end what they found, kept in Dagster's event log.

A report is a dataclass of plain values. It is logged as an observation of the asset `run_report`, in the partition of the
business date (of a step that fails, with its failure), and read back from the events of the run: Dagster's page shows it, and the
command line tells it.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

import dagster as dg
from pydantic import TypeAdapter

from orchestration.base import machine
from orchestration.base.billed import BilledMonths
from orchestration.base.errors import Telco360Error
from orchestration.warehouse.dbt_results import DbtResults

if TYPE_CHECKING:
    from orchestration.pipeline.run import Run

RUN_REPORT = dg.AssetKey("run_report")
REPORT, STEP = "report", "step"
Report = TypeVar("Report")


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


@dataclass(frozen=True)
class IntakeFound:
    """What intake did. The outcome of each delivery is in the intake ledger, under `intake_id`. `repeated`: warnings of
    deliveries that an intake run on its own took in since the last run."""

    intake_id: str
    unchanged: int = 0
    incomplete: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class BuildFound:
    """What a build by dbt came to. None where the build did not get that far.

    `discarded`: why the build before was not continued; `changed`: tables kept from run to run that were made from nothing, since
    their code has changed; `rejected_offers`: why an offer is put to nobody; `future_rows`: rows of events after the business
    date, by table; `later`: how many deliveries are of later dates, and `last_later` the last of them."""

    discarded: str | None = None
    changed: list[str] = field(default_factory=list)
    rejected_offers: list[str] = field(default_factory=list)
    dbt: DbtResults | None = None
    rebuilt_months: list[date] | None = None
    billed: BilledMonths | None = None
    future_rows: dict[str, int] = field(default_factory=dict)
    later: int = 0
    last_later: str = ""


@dataclass(frozen=True)
class ScoringFound:
    """What training or scoring came to, in a few words. `told`: what is new, or waits for more months, by purpose; `problems`:
    what failed and why; its scores of before stand then."""

    in_short: str = ""
    told: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class RetentionFound:
    """What went by age: how much of each kind; and kinds that are held, each by which request."""

    gone: dict[str, int] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)


def run_report(days: dg.PartitionsDefinition) -> dg.AssetSpec:
    """The asset that reports are logged of."""
    description = "What each step of a run found, in the partition of its business date."
    return dg.AssetSpec(RUN_REPORT, group_name="release", description=description, partitions_def=days)


@dataclass
class Step:
    """A running step: `note` how far it is, `result` what it gave, in a few words, `report` what it found."""

    note: Callable[[str], None]
    result: str = ""
    report: Any = None


@contextmanager
def step(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext, name: str) -> Iterator[Step]:
    """Tells the progress of one step of the run and logs its report.

    Errors of telco360, and faults of the machine in words, are raised as Dagster's Failure with their own message; it takes the
    report along.
    """
    run: Run = context.resources.run
    started, running = monotonic(), Step(note=lambda text: run.progress.note(name, text))
    run.progress.begin(name)
    try:
        yield running
    except BaseException as error:
        run.progress.fail(name, monotonic() - started)
        said = str(error) if isinstance(error, Telco360Error) else machine.describe(error, run.home.root)
        if said:
            raise dg.Failure(said, _metadata(name, running.report), allow_retries=False) from error
        raise
    if running.report is not None:
        day = str(run.day) if run.day else None
        observation = dg.AssetObservation(RUN_REPORT, partition=day, metadata=_metadata(name, running.report))
        context.op_execution_context.log_event(observation)
    run.progress.end(name, running.result, monotonic() - started)


def _metadata(name: str, report: Any) -> dict:
    if report is None:
        return {}
    said = TypeAdapter(type(report)).dump_python(report, mode="json")
    return {STEP: name, REPORT: dg.MetadataValue.json(said)}


def reported(events: Iterable[dg.DagsterEvent]) -> dict[str, Any]:
    """What the steps of a run reported, by step, as plain values."""
    found = {}
    for event in events:
        metadata = {}
        if event.event_type == dg.DagsterEventType.ASSET_OBSERVATION:
            metadata = event.asset_observation_data.asset_observation.metadata
        elif event.is_step_failure and event.step_failure_data.user_failure_data:
            metadata = event.step_failure_data.user_failure_data.metadata
        if STEP in metadata:
            found[metadata[STEP].value] = metadata[REPORT].value
    return found


def read(kind: type[Report], said: Any) -> Report | None:
    """A report of that kind from its plain values; None where the step reported nothing."""
    return None if said is None else TypeAdapter(kind).validate_python(said)
