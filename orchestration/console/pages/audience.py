"""Audience builder: conditions as a form and as text, how many lines they match, what a list of them would come to, its draft.

The condition is the text; the form is one way to write it. What counts and previews is the same as behind `telco360 lists`.
"""

import re
from dataclasses import dataclass
from typing import Any

from orchestration.base.errors import ListError
from orchestration.base.roles import DRAFTS
from orchestration.base.words import Message, words_of
from orchestration.catalog.tags import Catalog, CatalogError, Tag
from orchestration.console.conditions import (
    Free,
    Group,
    Leaf,
    operators,
    text_of,
    tree_in,
    tree_of,
    values_taken,
    walk,
    with_part,
    without,
)
from orchestration.console.context import Context, Go, Values
from orchestration.tags.catalogue import search
from orchestration.targeting import preview
from orchestration.targeting.advice import lines_by
from orchestration.targeting.contact_rules import Caps, read_rules
from orchestration.targeting.definition import BEST, SCHEMA, SPLIT_KINDS, Conditions, TargetList, check
from orchestration.targeting.draft import CAPS, OPTIONAL, drafted, require_answers, write_draft
from orchestration.targeting.expression import ExpressionError, parse
from orchestration.targeting.folder import list_files, list_folders
from orchestration.targeting.lists import previewed
from orchestration.targeting.overview import ListState

SPLIT_BY = ("value_tier", "region_code", "plan_name", "warning_zone")
"""Tags by which those who match are split."""

CHANNELS: tuple[str, ...] = tuple(SCHEMA["properties"]["channel"]["enum"])
SCHEDULES = ("nightly", "weekly", "monthly", "after_billing")
ROWS = 20
UNSAVED = "new_audience"
"""What a list is called before it has a name."""

KEYS = ("name", "en", "zh", "owner", "purpose", "channel", *OPTIONAL)
MANY = ("columns", "exclude_lists")
"""Keys that may have several values."""

STARTS_WITH = "is_on_net"


@dataclass(frozen=True)
class Choice:
    """A value that a tag can have, in words, and how many lines carry it; None where that is not counted."""

    value: str
    label: str
    lines: int | None


def audience(context: Context) -> Values:
    """The whole page; `list` names one whose condition it begins with, `where` is a condition by itself."""
    context.version.warm()
    where = context.given.get("where") or _condition_of(context, context.given.get("list", "")) or STARTS_WITH
    return _work(context, where) | {
        "categories": _categories(context, ""),
        "words": "",
        "answers": _begun(context) | {"owner": context.person.user},
        "begun_from": context.given.get("list", ""),
        "may_draft": context.may(DRAFTS),
        "channels": CHANNELS,
        "schedules": SCHEDULES,
        "offers": _offers(context),
        "columns": [tag for tag in context.subscriber_tags.values() if tag.is_active],
        "other_lists": [(state.definition.name, state.definition.title) for state in context.lists.states],
        "splits": _splits(context),
        "caps": caps(context),
    }


def tags(context: Context) -> Values:
    """The tags that words mean, by category; all of them for no words."""
    words = context.given.get("q", "")
    return {"categories": _categories(context, words), "words": words}


def build(context: Context) -> Values:
    """The form after a change: `do` is add:TAG, group, or remove:ID; `into` the group that it goes to."""
    known, into = context.subscriber_tags, context.given.get("into", "0")
    tree = tree_in(context.given, known)
    what, _, on = context.given.get("do", "").partition(":")
    if what == "add" and on in known:
        tree = with_part(tree, into, Leaf(on, operators(known[on])[0]))
    elif what == "group":
        tree = with_part(tree, into, Group("or"))
    elif what == "remove":
        tree = without(tree, on)
    where = text_of(tree, known)
    return _work(context, where, tree)


def text(context: Context) -> Values:
    """The form after the text was changed."""
    return _work(context, context.given.get("where", ""))


def reach(context: Context) -> Values:
    """What a list of the condition would come to now. Nothing is written."""
    answers, catalog = _answers(context), context.version.catalog
    if not answers["where"]:
        raise ListError(context.text("audience.nothing_yet"))
    empty = {
        "name": UNSAVED,
        "en": UNSAVED,
        "zh": UNSAVED,
        "owner": context.person.user,
        "purpose": UNSAVED,
        "channel": CHANNELS[0],
    }
    known = list_files(*list_folders(context.home))
    definition = drafted(empty | {key: value for key, value in answers.items() if value}, catalog, known)
    found, shared = preview_of(context, definition.name, definition)
    groups = split_of(context, check(definition, catalog))
    begun_from = _state_of(context, context.given.get("list", ""))
    return {"found": found, "shared": shared, "groups": groups, "last": begun_from and begun_from.last, "waits": ""}


def save(context: Context) -> Go:
    """Writes the draft, as `telco360 lists new` does."""
    answers = _answers(context)
    require_answers(answers, context.version.catalog, list_files(*list_folders(context.home)))
    try:
        write_draft(context.home, answers, context.version.catalog)
    except FileExistsError as error:  # another browser was first
        english = "there is a list {name} already; give another name"
        raise ListError(Message.of("name_taken", english, name=answers["name"])) from error
    return Go(f"/lists/{answers['name']}")


def preview_of(context: Context, name: str, unsaved: TargetList | None = None) -> tuple[preview.Preview, list[tuple[str, int]]]:
    """What the list of that name would come to now, beside those that are due, and whom the active lists match as well."""
    context.require_free()
    engine, models, today = context.engine, context.models, context.today
    with previewed(engine, models, name, today, unsaved=unsaved) as decided:
        found = preview.preview(decided, name, ROWS)
    with previewed(engine, models, name, today, all_active=True, unsaved=unsaved) as decided:
        shared = preview.overlaps(decided, name)
    return found, shared


def choices(context: Context, tag: Tag) -> list[Choice]:
    """The values that lines carry, and those that the tag may have besides."""
    counts = {value: lines for value, lines, _ in context.version.coverage(tag)}
    order = list(tag.values) or [value for value in counts if value != "unknown"]
    return [Choice(value, context.value(tag.name, value), counts.get(value, 0 if counts else None)) for value in order]


def _work(context: Context, where: str, tree: Group | None = None) -> Values:
    """The form, the text and the count of a condition; what is wrong with it where it is none."""
    problem, matched, catalog = "", None, context.version.catalog
    try:
        if where.strip():
            matched = count(context, where, catalog)
            tree = tree or tree_of(where, catalog)
    except (ExpressionError, CatalogError) as error:
        problem = context.said(words_of(error))
    tree = tree or Group()
    used = {node.tag: context.subscriber_tags[node.tag] for node in walk(tree) if isinstance(node, Leaf)}
    return {
        "where": where,
        "tree": tree,
        "into": context.given.get("into", "0"),
        "problem": problem,
        "matched": matched,
        "lines": context.version.lines,
        "used": used,
        "choices": {name: choices(context, tag) for name, tag in used.items() if tag.kind not in ("flag", "number", "date")},
        "operators": operators,
        "values_taken": values_taken,
        "is_group": lambda node: isinstance(node, Group),
        "is_free": lambda node: isinstance(node, Free),
    }


def count(context: Context, where: str, catalog: Catalog) -> int:
    """How many lines meet the condition. Raises ExpressionError where it is none."""
    conditions = Conditions(parse(where, catalog))
    return context.version.index.count(conditions, context.version.tables(), context.today)


def split_of(context: Context, conditions: Conditions) -> dict[str, list[tuple[str, int]]]:
    """How many lines meet the conditions, by the values of each of SPLIT_BY."""
    known = [tag for tag in SPLIT_BY if tag in context.subscriber_tags]
    return lines_by(conditions, known, context.version.tables(), context.version.as_of, context.today)


def _categories(context: Context, words: str) -> list[tuple[str, list[Tag]]]:
    """Tags that can be used, by category in the reader's language; of all tags or of those that the words mean."""
    known = [tag for tag in context.subscriber_tags.values() if tag.is_active]
    found: dict[str, list[Tag]] = {}
    for tag in search(known, words) if words.strip() else known:
        found.setdefault(context.named(tag.category.replace("_", " "), tag.category_zh), []).append(tag)
    return list(found.items())


def _offers(context: Context) -> list[tuple[str, str]]:
    """Offers that are valid, and `best`."""
    rows = context.version.ask("select offer_code, offer_name from core.dim_offers where is_valid order by offer_code")[1]
    return [(BEST, context.text("audience.best")), *((code, f"{code} {name or ''}".strip()) for code, name in rows)]


def caps(context: Context) -> dict[str, tuple[int, int]]:
    """Which caps a list may tighten, by key: days, and contacts that the rules allow in them."""
    allowed = Caps.of(read_rules(context.version.tables())).by_days
    return {key: (days, contacts) for days, contacts in allowed if (key := f"days_{days}") in CAPS}


def _splits(context: Context) -> list[Tag]:
    """Tags by which a file can be split, the manager's first."""
    found = [tag for tag in context.subscriber_tags.values() if tag.is_active and tag.kind in SPLIT_KINDS]
    return sorted(found, key=lambda tag: tag.name != "manager_id")


def _state_of(context: Context, name: str) -> ListState | None:
    states = context.lists.states if name else []
    return next((state for state in states if state.definition.name == name), None)


def _condition_of(context: Context, name: str) -> str:
    state = _state_of(context, name)
    return " ".join(state.definition.where.split()) if state else ""


def _begun(context: Context) -> dict[str, str]:
    """What the form begins with: what the address says, else what the list says from which it begins, but for its names."""
    state = _state_of(context, context.given.get("list", ""))
    begun = answers_of(state.definition) if state else {}
    return {key: context.given.get(key) or begun.get(key, "") for key in KEYS}


def answers_of(definition: TargetList) -> dict[str, str]:
    """The answers that make a list like this one, its name, titles and owner left out. Pure."""
    said = {
        "purpose": definition.purpose,
        "channel": definition.channel,
        "offer": definition.offer,
        "schedule": definition.schedule,
        "control_share": definition.control_share,
        "limit": definition.limit,
        "priority": definition.priority,
        "columns": ",".join(definition.columns),
        "exclude_lists": ",".join(definition.exclude_lists),
        "split_by": definition.split_by,
        "language": definition.language,
        **definition.caps,
    }
    return {key: str(value) for key, value in said.items() if value is not None}


def _answers(context: Context) -> dict[str, Any]:
    given = {key: context.given.get(key, "").strip() for key in KEYS}
    given |= {key: ",".join(context.given.getlist(key)) for key in MANY}
    return given | {"where": re.sub(r"\s+", " ", context.given.get("where", "")).strip()}
