"""The commands `telco360 lists list` and `lists show`: all lists at a glance, and one with its runs."""

from typing import Annotated

import typer

from orchestration.base import settings
from orchestration.base.words import did_you_mean
from orchestration.cli.common import plain_errors, say, table
from orchestration.pipeline.run import today
from orchestration.targeting.overview import ListState, Run, overview
from orchestration.targeting.schedule import AFTER_BILLING

HEADS = ("list", "status", "owner", "channel", "next run", "last run", "rows")


def lists_list() -> None:
    """Show all lists: status, owner, channel, when each goes out next, its last run and how many rows that had."""
    with plain_errors():
        found = overview(settings.home(), today())
    states, problems = found.states, found.problems
    table(HEADS, [_row(state) for state in states])
    shipped = sum(state.file.parent == settings.TARGET_LISTS for state in states)
    say([f"{shipped} lie in {settings.TARGET_LISTS}, {len(states) - shipped} in {settings.home().target_lists}"])
    for problem in problems:
        typer.secho(problem, fg=typer.colors.RED, err=True)
    raise typer.Exit(1 if problems else 0)


def lists_show(
    name: Annotated[str, typer.Argument(help="Name of a list.")],
    runs: Annotated[int, typer.Option(min=1, help="Runs to show, the last first.")] = 10,
) -> None:
    """Show one list: what it is, who approved it, when it goes out next, what its runs came to."""
    with plain_errors():
        found = overview(settings.home(), today())
        state = next((one for one in found.states if one.definition.name == name), None)
        if state is None:
            known = [one.definition.name for one in found.states]
            faults = "".join(f"\n{problem}" for problem in found.problems)
            hint = did_you_mean(name, known) or f"; the lists are: {', '.join(known) or 'none'}"
            raise settings.SettingsError(f"there is no list {name} that can be read{hint}{faults}")
    definition = state.definition
    also = [f"{one.step} by {one.by} on {one.on}" for one in definition.also_approved]
    first = [f"by {definition.approved.by} on {definition.approved.on}"] if definition.approved else []
    say(
        f"{label:<10} {text}"
        for label, text in (
            ("list", f"{name}: {definition.title.en} ({definition.title.zh})"),
            ("file", f"{state.file}"),
            ("owner", definition.owner),
            ("purpose", " ".join(definition.purpose.split())),
            ("channel", definition.channel),
            ("who", " ".join(definition.where.split())),
            ("offer", definition.offer or "none"),
            ("status", definition.status),
            ("approved", ", ".join([*first, *also]) or "by nobody yet"),
            ("schedule", definition.schedule),
            ("next run", _next(state)),
        )
    )
    if not state.runs:
        say(["It has not run yet."])
    counts = ("matched", "control", "exported")
    table(
        ("run date", "data of", "result", *counts, "by", "file, or why there is none"),
        [
            (
                f"{run['run_date']}",
                f"{run['as_of_date']}",
                f"{run['status']}",
                *(f"{run[c]:,}" for c in counts),
                f"{run['exported_by'] or ''}",
                _said(run),
            )
            for run in state.runs[:runs]
        ],
    )


def _said(run: Run) -> str:
    return " ".join(str(run["file"] or run["reason"] or "").split())


def _row(state: ListState) -> tuple[str, ...]:
    definition, last = state.definition, state.last
    went = (f"{last['run_date']}", f"{last['exported']:,}") if last else ("", "")
    return (definition.name, definition.status, definition.owner, definition.channel, _next(state), *went)


def _next(state: ListState) -> str:
    if state.next_day:
        return f"{state.next_day}"
    if state.definition.status != "approved":
        return "once it is approved" if state.definition.status == "draft" else "never"
    return "after the next bills" if state.definition.schedule == AFTER_BILLING else "no day in sight"
