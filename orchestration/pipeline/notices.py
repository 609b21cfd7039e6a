"""What whoever is on call should hear of a run: a notice for each cause, with what to do. Sending them is `base.notify`'s."""

import itertools
from collections.abc import Iterable, Iterator

from orchestration.base.notify import Notice
from orchestration.intake import ledger
from orchestration.pipeline.outcome import Outcome, grouped

DRIFT = {"expect_table_row_count_to_be_between"}


def notices(outcome: Outcome) -> list[Notice]:
    """The notices of a run, the worst first; none of a run without anything to see to. Pure."""
    day = str(outcome.run.day)
    return [*_failures(outcome, day), *_rejected(outcome.deliveries, day), *_late(outcome, day), *_quality(outcome, day)]


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
        for finding in found.warnings if found else ():
            kind = "drift" if finding.expectation in DRIFT else "quality"
            cause = f"{finding.table}: {finding.says}"
            yield Notice(kind, "warning", cause, str(finding), f"See {found.data_docs}" if found else "", day)
    for text in outcome.build.dbt.warnings if outcome.build and outcome.build.dbt else ():
        yield Notice("quality", "warning", "a test of the warehouse warns", text, "docs/operations.md, a test that warns", day)
    for problem in (problem for told in outcome.scoring for problem in told.problems):
        remedy = "The scores of before stand, marked with their month; `telco360 scoring list` shows them"
        yield Notice("quality", "warning", "scores were not renewed", problem, remedy, day)
