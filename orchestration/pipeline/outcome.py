"""What a run came to: read from the events of a run, in whichever process it ran."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import dagster as dg

from orchestration.intake import ledger
from orchestration.pipeline import assets
from orchestration.pipeline.reports import BuildFound, IntakeFound, RetentionFound, ScoringFound, read, reported
from orchestration.pipeline.run import Run
from orchestration.quality.validation import ValidationResult
from orchestration.targeting.export import ListRun
from orchestration.warehouse.publishing import Version

FROM_OUTSIDE = "This run has been marked as failed from outside"
"""How Dagster begins what it says of a run without a cause of its own."""

DIED = "It was killed, or the machine had no memory left or went down; nothing is half done, the next run goes on"


@dataclass(frozen=True)
class Failure:
    """A step that failed, and why in words."""

    step: str
    message: str


@dataclass(frozen=True)
class Outcome:
    """What a run came to, as its steps reported it; None for a step that was not reached. It is well when nothing failed; a
    target list that failed leaves the publication as it is. `not_told`: why figures or notices of the run reached nobody."""

    run: Run
    failures: list[Failure] = field(default_factory=list)
    intake: IntakeFound | None = None
    deliveries: list[ledger.Outcome] = field(default_factory=list)
    source_checks: ValidationResult | None = None
    build: BuildFound | None = None
    scoring: list[ScoringFound] = field(default_factory=list)
    release_checks: ValidationResult | None = None
    version: Version | None = None
    lists: list[ListRun] = field(default_factory=list)
    not_told: list[str] = field(default_factory=list)
    retention: RetentionFound | None = None

    @property
    def is_well(self) -> bool:
        return not self.failures


def outcome(run: Run, events: Iterable[dg.DagsterEvent]) -> Outcome:
    """What the events of a run tell."""
    events = list(events)
    found = reported(events)
    intake, name = read(IntakeFound, found.get("intake")), found.get("publication")
    checks = {
        step: read(ValidationResult, found.get(step.replace("_", " "))) for step in (assets.SOURCE_CHECKS, assets.RELEASE_CHECKS)
    }
    return Outcome(
        run,
        list(failures(events, checks)),
        intake,
        ledger.outcomes(run.home, intake.intake_id) if intake else [],
        source_checks=checks[assets.SOURCE_CHECKS],
        release_checks=checks[assets.RELEASE_CHECKS],
        build=whole_build(*(read(BuildFound, found.get(name)) for name in (assets.DBT, assets.SCORED))),
        scoring=[told for name in ("training", "scoring") if (told := read(ScoringFound, found.get(name)))],
        version=next((version for version in run.engine.versions() if version.name == name), None) if name else None,
        lists=[read(ListRun, said) for step, said in found.items() if step.startswith("list ")],
        retention=read(RetentionFound, found.get("retention")),
    )


def whole_build(build: BuildFound | None, scored: BuildFound | None) -> BuildFound | None:
    """What both steps of dbt came to, counted together; what the first told where the second was not reached. Pure."""
    if build and build.dbt and scored and scored.dbt:
        return replace(build, dbt=build.dbt + scored.dbt)
    return build


def was_interrupted(events: Iterable) -> bool:
    """Whether a step ended by Ctrl-C: Dagster tells that as a failure of the step."""
    errors = [event.step_failure_data.error for event in events if event.is_step_failure]
    names = {one.cls_name for error in errors if error for one in (error, error.cause) if one}
    return bool(names & {"DagsterExecutionInterruptedError", "KeyboardInterrupt"})


def failures(events: Iterable[dg.DagsterEvent], checks: Mapping[str, ValidationResult | None]) -> Iterator[Failure]:
    """The steps that failed, with their causes in words; of a run that died, or never came to its steps, the run. Steps skipped
    because of others are left out. `checks`: what the checks found, by step."""
    events = list(events)
    died = [event for event in events if event.event_type == dg.DagsterEventType.RUN_FAILURE]
    if died and not any(event.is_step_failure for event in events):
        error = getattr(died[-1].event_specific_data, "error", None)  # none where another process found that it had died
        yield Failure("run", _words(error) if error else _died(died[-1].message or ""))
    for event in events:
        if event.is_step_failure:
            data = event.step_failure_data
            name = {f"{assets.CANDIDATE.path[-1]}_{assets.RELEASE_CHECKS}": assets.RELEASE_CHECKS}.get(
                event.node_name, event.node_name
            )
            found = checks.get(name)
            if found is not None and not found.passed:
                yield Failure(name, "\n".join([*map(str, found.failures), f"See {found.data_docs}"]))
            elif data.user_failure_data:
                yield Failure(name, data.user_failure_data.description)
            else:
                yield Failure(name, _words(data.error and (data.error.cause or data.error)))


def _died(said: str) -> str:
    told = "" if said.startswith(FROM_OUTSIDE) else f": {said.rstrip('.')}"
    return f"it ended before its steps did{told}. {DIED}"


def _words(error) -> str:
    # Our own errors are written for people, and their class says nothing; of others the class is part of the message.
    return re.sub(r"^orchestration\.[\w.]+: ", "", error.message.strip()) if error else "it gave no reason"


def grouped(failures: Iterable[Failure]) -> Iterator[str]:
    """What failed, in lines: target lists that failed for one reason share a line, so that it is read once."""
    alike: dict[str, list[Failure]] = {}
    for failure in failures:
        reason = re.sub(r"; needed for [^.]*", "", failure.message)  # the tags of each list, of which the reason is the same
        alike.setdefault(re.sub(r"^list \w+: ", "", reason), []).append(failure)
    for reason, same in alike.items():
        if len(same) == 1:
            yield f"{same[0].step}: {same[0].message}"
        else:
            names = ", ".join(failure.step.removeprefix("target_lists__") for failure in same)
            yield f"{len(same)} lists: {reason}\n{names}"
