"""What whoever is on call should hear of a run: a notice for each cause, with what to do. Sending them is `base.notify`'s."""

import itertools
from collections.abc import Iterable, Iterator

from orchestration.base.notify import Notice
from orchestration.intake import ledger
from orchestration.pipeline.outcome import Outcome, grouped
from orchestration.quality.validation import Finding, ValidationResult


def notices(outcome: Outcome) -> list[Notice]:
    """The notices of a run, the worst first; none of a run without anything to see to. Pure."""
    day = str(outcome.run.day)
    found = [*_failures(outcome, day), *_rejected(outcome.deliveries, day), *_late(outcome, day), *_quality(outcome, day)]
    return sorted(found, key=lambda notice: notice.severity != "critical")


def not_started(words: str, day: str) -> Notice:
    """The notice of a run that could not begin. Pure."""
    return Notice("failure", "critical", "the run could not begin", words, "`telco360 doctor` looks for the cause", day)


def _failures(outcome: Outcome, day: str) -> Iterator[Notice]:
    published = outcome.version is not None and outcome.run.publishes
    stays = "The new version is published all the same" if published else "Nothing was published; readers keep the version before"
    for text in grouped(outcome.failures):
        cause, _, rest = text.partition("\n")
        remedy = "Mend what is named, then `telco360 nightly` again"
        yield Notice("failure", "warning" if published else "critical", cause, f"{rest}\n{stays}.".strip(), remedy, day)


def _rejected(deliveries: Iterable[ledger.Outcome], day: str) -> Iterator[Notice]:
    rejected = sorted((o for o in deliveries if not o.is_accepted), key=lambda o: (o.table_name, o.reason or "", o.dt))
    for (table, reason), group in itertools.groupby(rejected, key=lambda o: (o.table_name, o.reason)):
        dates = ", ".join(str(o.dt) for o in group)
        remedy = f"Have it delivered again; `telco360 intake check` tries a delivery of {table} before"
        yield Notice("delivery", "warning", f"{table} was rejected: {dates}", str(reason), remedy, day)


def _late(outcome: Outcome, day: str) -> Iterator[Notice]:
    stale = outcome.version.contents.stale if outcome.version else {}
    if stale:
        told = ", ".join(f"{table} (last {dt})" for table, dt in sorted(stale.items()))
        text = f"Required deliveries of {day} are missing: {told}. Figures that need them are of the day before."
        yield Notice("delivery", "warning", "deliveries are late", text, "Ask the system that delivers them, then run again", day)


def _quality(outcome: Outcome, day: str) -> Iterator[Notice]:
    for found in (outcome.source_checks, outcome.release_checks):
        yield from _of_checks(found, day) if found else ()
    for text in outcome.build.dbt.warnings if outcome.build and outcome.build.dbt else ():
        yield Notice("quality", "warning", "a test of the warehouse warns", text, "docs/operations.md, a test that warns", day)
    for problem in (problem for told in outcome.scoring for problem in told.problems):
        remedy = "The scores of before stand, marked with their month; `telco360 scoring list` shows them"
        yield Notice("quality", "warning", "scores were not renewed", problem, remedy, day)


def _of_checks(found: ValidationResult, day: str) -> Iterator[Notice]:
    """A notice for each cause: what one check says of one table, to one owner."""
    causes: dict[tuple[str, ...], list[Finding]] = {}
    for finding in found.warnings:
        key = (finding.kind, finding.severity, finding.table, finding.says, finding.owner)
        causes.setdefault(key, []).append(finding)
    for (kind, severity, table, says, owner), same in causes.items():
        cause = f"{table}: {says}{f' ({owner})' if owner else ''}"
        yield Notice(kind, severity, cause, "\n".join(map(str, same)), f"See {found.data_docs}", day, owner)
