"""Lists: all of them at a glance, one with all that is known of it, and what may be done with it by those who may."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yaml import safe_dump

from orchestration.base import audit
from orchestration.base.errors import ListError
from orchestration.base.roles import APPROVER, DRAFTS, OWNER, STEWARD, TAKES_BACK
from orchestration.base.sql import literal
from orchestration.base.words import did_you_mean
from orchestration.console.context import Context, Download, Go, Values
from orchestration.console.figures import interval, line, split
from orchestration.console.pages.audience import preview_of, split_of
from orchestration.targeting import history, ledger, signing
from orchestration.targeting.definition import TargetList, check
from orchestration.targeting.export import balance_file
from orchestration.targeting.lists import days_of, open_lists
from orchestration.targeting.overview import ListState, Run
from orchestration.targeting.plan import not_due
from orchestration.warehouse.build import run_lock

STATUSES = ("draft", "approved", "retired")
RUNS_SHOWN = 30
SIZES = ("matched", "exported", "control")
MOVED_SHOWN = 10
"""Reasons of those who came or went that are shown, the commonest first."""


@dataclass(frozen=True)
class Moved:
    """Who came to a list and who left it from one run to the next, by reason."""

    older: Mapping[str, object]
    newer: Mapping[str, object]
    stayed: int
    entered: list[tuple[str, int]]
    left: list[tuple[str, int]]


def lists(context: Context) -> Values:
    """All lists, or those whose names, titles or owners hold the words `q`."""
    known = context.lists
    words, status = context.given.get("q", "").lower().split(), context.given.get("status", "")
    found = [state for state in known.states if _fits(state, words) and status in ("", state.definition.status)]
    return {
        "states": found,
        "all_states": len(known.states),
        "problems": known.problems,
        "gone": sorted(known.gone),
        "asked": signing.asked_for(context.home),
        "statuses": ("draft", "approved", "retired"),
    }


def one(context: Context) -> Values:
    """One list. `done` names what was just done with it. Of one whose file is gone, what its runs came to."""
    if gone := context.lists.gone.get(context.given["name"]):
        return {"gone": gone[0], "text": _as_it_was(gone)} | _history(context, context.given["name"], gone)
    state = _state(context)
    definition, name = state.definition, state.definition.name
    return {
        "gone": None,
        "state": state,
        "definition": definition,
        "facts": facts(definition, context),
        "text": state.file.read_text(encoding="utf-8"),
        "drafted_by": signing.drafted_by(context.home, name),
        "asked": signing.asked_for(context.home).get(name),
        "done": context.given.get("done", ""),
        "may": {
            "ask": context.may(DRAFTS) and definition.status == "draft",
            "approve": context.may(APPROVER) and definition.status != "retired",
            "names_another": OWNER in context.person.roles,
            "retire": context.may(TAKES_BACK) and definition.status != "retired",
            "export": context.may(STEWARD) and definition.status == "approved",
            "file": context.may(STEWARD) and state.last is not None and bool(state.last["file"]),
            "members": context.may(DRAFTS | STEWARD) and state.last is not None,
        },
    } | _history(context, name, state.runs)


def _as_it_was(runs: Sequence[Run]) -> str:
    """What the list said when it ran last, as the ledger keeps it; empty of runs that were imported."""
    kept = next((str(run["definition"]) for run in runs if run["definition"]), "")
    return safe_dump(json.loads(kept), allow_unicode=True, sort_keys=False, width=130) if kept else ""


def _history(context: Context, name: str, runs: Sequence[Run]) -> Values:
    """What a list came to, run by run."""
    effect = f"""select run_date, targeted_treated, targeted_control, contacted_treated, ordered_treated, ordered_control,
    uplift, uplift_low, uplift_high, retention_uplift, retention_uplift_low, retention_uplift_high
from marketing.list_effect
where list_name = {literal(name)}
order by run_date desc"""
    uplift = f"""select run_date, uplift, uplift_low, uplift_high
from marketing.list_effect
where list_name = {literal(name)} and uplift is not null
order by run_date"""
    exported = standing(runs)
    return {
        "name": name,
        "runs": runs[:RUNS_SHOWN],
        "sizes": context.table(
            "sizes",
            ("run_date", *SIZES),
            [(run["run_date"], *(run[size] for size in SIZES)) for run in exported],
            "marketing",
            line("run_date", *SIZES),
        ),
        "waterfall": context.table(
            "waterfall",
            ("run_date", "step", "lines"),
            list(left_out(exported)),
            "marketing",
            split("bar", "run_date", "step", "lines", stacked=True),
        ),
        "effect": context.figure("effect", effect, "marketing"),
        "uplift": context.figure("uplift", uplift, "marketing", interval("run_date", "uplift", "uplift_low", "uplift_high")),
        "moved": moved(context, name),
        "balance": _balance(context, exported[-1] if exported else None),
        "held_back": bool(exported and exported[-1]["control"]),
        "acts": signing.acts_on(context.home, name)[:RUNS_SHOWN],
    }


def facts(definition: TargetList, context: Context) -> dict[str, object]:
    """What else a list says of itself, by key; None or empty where it leaves that to the rules."""
    order = [("desc" if step.descending else "asc", context.heading(step.tag)) for step in definition.order_by]
    return {
        "priority": definition.priority,
        "limit": definition.limit,
        "control_share": definition.control_share,
        "order": context.joined_words(context.text(f"lists.{way}", tag=tag) for way, tag in order),
        "columns": context.joined_words(map(context.heading, definition.columns)),
        "but_not_of": context.joined_words(map(context.list_title, definition.exclude_lists)),
        "only_of": context.joined_words(map(context.list_title, definition.include_lists)),
        "steps": context.joined_words(f"{each.step}: {each.by}, {each.on}" for each in definition.also_approved),
        "split": definition.split_by and context.heading(definition.split_by),
    }


def standing(runs: Iterable[Run]) -> list[Run]:
    """Of the runs, the last first, those whose files stand: of each day the last that was exported. By date. Pure."""
    found: dict[Any, Run] = {}
    for run in runs:
        if run["status"] == ledger.EXPORTED:
            found.setdefault(run["run_date"], run)
    return [found[day] for day in sorted(found)]


def left_out(runs: Iterable[Run]) -> Iterator[tuple[Any, str, int]]:
    """What became of those who matched: run date, step, lines; only steps at which anybody was. Pure."""
    for run in runs:
        for step in ("exported", *ledger.STEPS):
            if run[step]:
                yield run["run_date"], step, int(str(run[step]))


def reach(context: Context) -> Values:
    """What the list would come to now, beside what its last run came to."""
    state = _state(context)
    found, shared = preview_of(context, state.definition.name)
    groups = split_of(context, check(state.definition, context.version.catalog))
    return {"found": found, "shared": shared, "groups": groups, "last": state.last, "waits": waits(context, state)}


def waits(context: Context, state: ListState) -> str:
    """Why a nightly run of today would not export an approved list; empty where it would."""
    definition = state.definition
    if definition.status != "approved" or not_due(definition, days_of(context.engine, context.models, context.today)) is None:
        return ""
    if state.next_day and state.next_day > context.today:
        return context.text("reach.waits", next=state.next_day)
    return context.text("reach.waits_for_data") if state.next_day else context.text("reach.waits_for_bills")


def ask(context: Context) -> Go:
    """Asks for an approval."""
    state = _state(context)
    if state.definition.status != "draft":
        status = context.value("status", state.definition.status)
        raise ListError(context.text("lists.not_a_draft", name=state.definition.name, status=status))
    signing.ask(context.home, state.definition.name)
    return _back(state, "ask")


def approve(context: Context) -> Go:
    """Approves the step that is next, in the person's name; the account itself may write down another's."""
    state = _state(context)
    by = context.given.get("by", "").strip() or context.person.user
    signing.sign(context.engine, context.models, state.file, by, None, context.today)
    return _back(state, "approve")


def retire(context: Context) -> Go:
    """Has the list exported no more."""
    state = _state(context)
    signing.retire(context.home, state.file)
    return _back(state, "retire")


def export(context: Context) -> Go:
    """Exports the list now, as `telco360 lists export` does."""
    state = _state(context)
    with run_lock(context.home), open_lists(context.engine, context.models, [state.definition.name], context.today) as decided:
        decided.export(state.definition.name)
    return _back(state, "export")


def file(context: Context) -> Download:
    """The file of the last run, with phones; the audit trail has who took it."""
    state = _state(context)
    last = state.last
    if last is None or not last["file"]:
        why = context.text("lists.made_elsewhere", name=state.definition.name) if last else context.text("lists.no_runs")
        raise ListError(why)
    path = Path(str(last["file"]))
    if not path.is_file():
        raise ListError(context.text("lists.no_file", file=path))
    with audit.recorded(context.home, "list_download", f"list {state.definition.name}, run {last['run_id']}") as act:
        act.rows = int(str(last["exported"]))
    return Download(path.name, path)


def members(context: Context) -> Download:
    """Whom the last run took, without phones."""
    name = _state(context).definition.name
    return Download(f"{name}_members.csv", content=history.members_csv(context.home, name))


def moved(context: Context, name: str) -> Moved | None:
    """Who came and went from the run before to the last; None before there are two."""
    try:
        found = history.diff(context.home, name)
    except ListError:
        return None
    entered, left = (Counter(reason for _, reason in who).most_common(MOVED_SHOWN) for who in (found.entered, found.left))
    return Moved(found.older, found.newer, found.stayed, entered, left)


def _balance(context: Context, last: Any) -> list[dict[str, Any]]:
    """How alike the arms of the last run are; empty of a list that holds nobody back, or whose report is gone."""
    if last is None or not last["file"]:
        return []
    path = balance_file(context.home, last["run_date"], Path(str(last["file"])).stem)
    try:
        return list(json.loads(path.read_text(encoding="utf-8"))["balance"])
    except OSError:
        return []


def _state(context: Context) -> ListState:
    name = context.given["name"]
    found = next((state for state in context.lists.states if state.definition.name == name), None)
    if found is None:
        fault = next((problem for problem in context.lists.problems if f"/{name}.yml" in problem), "")
        hint = did_you_mean(name, [state.definition.name for state in context.lists.states])
        raise ListError(context.said(fault) or context.text("lists.unknown", name=name, hint=context.said(hint)))
    return found


def _fits(state: ListState, words: list[str]) -> bool:
    definition = state.definition
    text = f"{definition.name} {definition.title.en} {definition.title.zh} {definition.owner} {definition.channel}".lower()
    return all(word in text for word in words)


def _back(state: ListState, done: str) -> Go:
    return Go(f"/lists/{state.definition.name}?done={done}")
