"""A run on the terminal: its progress step by step, and at the end what came of it."""

import itertools
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from orchestration.engines.protocol import require_current
from orchestration.pipeline.outcome import Outcome, grouped
from orchestration.pipeline.reports import BuildFound, Progress, RetentionFound
from orchestration.quality.validation import ValidationResult
from orchestration.targeting.export import ListRun

FRESH_DAYS = 1
"""Days after its business date up to which a version is of yesterday: a run at night builds the day that has ended."""


class TerminalProgress(Progress):
    """One line a step, with a running status while it works."""

    def __init__(self, console: Console):
        self.console = console
        self._spinner = Spinner("dots")
        self._live: Live | None = None

    def begin(self, step: str) -> None:
        self._spinner.update(text=Text(f"{step} …"))
        # What libraries print meanwhile is not for this terminal: it must not be drawn above the spinner.
        self._live = Live(self._spinner, console=self.console, transient=True, redirect_stdout=False, redirect_stderr=False)
        self._live.start()

    def note(self, step: str, text: str) -> None:
        self._spinner.update(text=Text(f"{step} … {text}"))

    def end(self, step: str, text: str, seconds: float) -> None:
        self._line(("✓", "green"), step, text, seconds)

    def fail(self, step: str, seconds: float) -> None:
        self._line(("✗", "red"), step, "failed", seconds)

    def _line(self, mark: tuple[str, str], step: str, text: str, seconds: float) -> None:
        if self._live:
            self._live.stop()
        self.console.print(Text.assemble(mark, f" {step:<14} {text}  ", (f"{seconds:.1f} s", "dim")), soft_wrap=True)


def summary(outcome: Outcome) -> list[Text]:
    """The end of a run in lines: what came in, what was built and tested, what is published, which lists, where it all is."""
    lines = [*_intake_lines(outcome), *_build_lines(outcome), *_release_lines(outcome), *_failure_lines(outcome)]
    lines += [("warning", text, "yellow") for text in outcome.not_told]
    return [_line(label, text, style) for label, text, style in lines]


def _intake_lines(outcome: Outcome) -> Iterator[tuple[str, str, str]]:
    if outcome.intake is None:
        return
    deliveries = sorted(outcome.deliveries, key=lambda o: (o.table_name, o.outcome, o.dt))
    width = max((len(o.table_name) for o in deliveries), default=0)
    for (table, verdict), group in itertools.groupby(deliveries, key=lambda o: (o.table_name, o.outcome)):
        yield verdict, f"{table:<{width}}  {_taken_in(list(group))}", "red" if verdict == "rejected" else ""
    rejected = (o for o in outcome.deliveries if not o.is_accepted)
    yield from (("why rejected", f"{o.table_name} {o.dt}: {o.reason}", "red") for o in rejected)
    yield from (("warning", f"{o.table_name} {o.dt}: {text}", "yellow") for o in deliveries for text in o.warnings)
    yield from (("warning", text, "yellow") for text in outcome.intake.repeated)
    yield from (("incomplete", f"{folder}: no _SUCCESS yet, left alone", "") for folder in outcome.intake.incomplete)
    yield from (("warning", text, "yellow") for text in outcome.intake.warnings)
    yield from _warnings(outcome.source_checks)
    if outcome.build is None:
        return
    yield from (
        ("future", f"{table}: {rows:,} rows of events after {outcome.run.day}, kept in the lake, left out of the build", "yellow")
        for table, rows in outcome.build.future_rows.items()
    )
    if outcome.build.later:
        last = f"{outcome.build.later}, the last {outcome.build.last_later}"
        yield "future", f"deliveries of later dates: {last}; kept in the lake, left out of the build", "yellow"


def _taken_in(outcomes: list[Any]) -> str:
    """Deliveries of one table with one outcome: from when to when, and their rows added up."""
    dates = [o.dt for o in outcomes]
    counts = {"read": "rows_read", "accepted": "rows_accepted", "deduplicated": "rows_collapsed", "quarantined": "rows_set_aside"}
    counts["carried over"] = "rows_carried"
    sums = {what: sum(getattr(o, name) for o in outcomes) for what, name in counts.items()}
    told = ", ".join(f"{count:,} {what}" for what, count in sums.items() if count or what in ("read", "accepted"))
    days = f"{dates[0]}" if len(dates) == 1 else f"{dates[0]} to {dates[-1]}, {len(dates)} deliveries"
    return f"{days}  {told}"


def _build_lines(outcome: Outcome) -> Iterator[tuple[str, str, str]]:
    build = outcome.build or BuildFound()
    if build.discarded:
        yield "rebuilt", f"the build database of before was discarded: {build.discarded}", ""
    if build.changed:
        yield "rebuilt", f"their models, macros or seeds have changed: {', '.join(build.changed)}", ""
    if build.rebuilt_months is not None:
        yield "months rebuilt", ", ".join(f"{month:%Y-%m}" for month in build.rebuilt_months) or "none", ""
    if build.dbt:
        counts = f"{build.dbt.tests_passed} passed, {len(build.dbt.warnings)} warned, {len(build.dbt.failures)} failed"
        yield "tests", counts, ""
        yield from (("warning", text, "yellow") for text in build.dbt.warnings)
    yield from (("model", text, "") for told in outcome.scoring for text in told.told)
    yield from (("warning", f"scores: {text}", "yellow") for told in outcome.scoring for text in told.problems)
    yield from _warnings(outcome.release_checks)
    yield from (("rejected", text, "yellow") for text in build.rejected_offers)


def _release_lines(outcome: Outcome) -> Iterator[tuple[str, str, str]]:
    run, build = outcome.run, outcome.build or BuildFound()
    if outcome.version:
        contents = outcome.version.contents
        if run.publishes:
            yield "published", f"{outcome.version.name}, {len(contents.tables)} tables as of {contents.as_of}", "bold green"
            yield "readers open", run.engine.readers_open, ""
        else:
            current = require_current(run.current_engine)
            beside = f"{contents.as_of} lies before the published {current.contents.as_of}: built beside it, not published"
            exported = "lists exported" if run.exports_lists else "no list exported"
            yield "built aside", f"{beside}, {exported}. Open {run.engine.readers_open}", "bold"
            yield "", "To make it what readers get: the same command with --publish; to export lists of it: --export-lists", ""
        if build.billed:
            yield "money", str(build.billed), "yellow" if build.billed.waiting else ""
            rebuilt = [m for m in build.billed.corrected if m in (build.rebuilt_months or ()) and m != build.billed.last]
            if rebuilt and not (build.discarded or build.changed):
                names = ", ".join(f"{month:%Y-%m}" for month in rebuilt)
                yield "corrected", f"charges came after the closing of {names}; their figures changed", ""
        if run.is_old and not run.is_earlier and not run.exports_lists:
            yield "lists", f"none exported: {contents.as_of} is long past. To export them all the same: --export-lists", "yellow"
        yield from age_lines(date.fromisoformat(contents.as_of), run.today, contents.stale)
        yield from (("note", text, "yellow") for text in contents.notes)
    for made in sorted(outcome.lists, key=lambda made: made.name):
        yield "list", f"{made.name}: {_list_words(made)}", "" if made.file else "red"
        yield from (("warning", f"list {made.name}: {text}", "yellow") for text in made.warnings)
    if outcome.retention:
        yield from _retention_lines(outcome.retention)
    if last := outcome.release_checks or outcome.source_checks:
        yield "data docs", last.data_docs, ""


def _retention_lines(found: RetentionFound) -> Iterator[tuple[str, str, str]]:
    if gone := ", ".join(f"{count:,} of {kind}" for kind, count in found.gone.items() if count):
        yield "retention", f"removed by age: {gone}; seeds/retention.csv says why", ""
    yield from (
        ("held", f"{kind}, for request {request}: nothing of it goes by age", "yellow") for kind, request in found.held.items()
    )


def age_lines(as_of: date, today: date, stale: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """How old the data of a version is: against today, and the required tables delivered last before its date. Pure."""
    if (days := (today - as_of).days) > FRESH_DAYS:
        yield "old data", f"as of {as_of}, {days} days before today ({today}): nothing newer was delivered or asked for", "yellow"
    by_date: dict[str, list[str]] = {}
    for table, dt in sorted(stale.items()):
        by_date.setdefault(dt, []).append(table)
    if by_date:
        told = "; ".join(f"{dt} {', '.join(tables)}" for dt, tables in sorted(by_date.items()))
        yield "stale", f"required tables delivered last before {as_of}: {told}", "yellow"


def _list_words(made: ListRun) -> str:
    again = ", exported earlier today, unchanged" * made.is_standing
    return f"{made.rows:,} rows{again}, {made.file}" if made.file else made.status


def _failure_lines(outcome: Outcome) -> Iterator[tuple[str, str, str]]:
    yield from (("failed", text, "red") for text in grouped(outcome.failures))
    if outcome.is_well:
        return
    if outcome.version and outcome.run.publishes:
        yield "", f"{outcome.version.name} is published all the same; fix what failed and run again.", "bold"
    else:
        current = outcome.run.current_engine.current()
        yield "", f"The published version stays as it was: {current.name if current else 'there is none yet'}.", "bold"


def _warnings(found: ValidationResult | None) -> Iterator[tuple[str, str, str]]:
    yield from (("warning", str(finding), "yellow") for finding in (found.warnings if found else []))


def _line(label: str, text: str, style: str) -> Text:
    indented = text.replace("\n", "\n" + " " * 15)
    return Text.assemble((f"{label:<14} ", "dim"), (indented, style))
