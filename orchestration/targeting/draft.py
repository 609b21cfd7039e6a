"""A new list from a few answers: which questions there are, how each answer is checked, and the YAML that they give, a draft in
the home.

Asking itself belongs to `orchestration.cli`.
"""

import contextlib
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from orchestration.base import audit, settings
from orchestration.base.settings import Home
from orchestration.base.words import JOINED, Message, did_you_mean, words_of
from orchestration.catalog.tags import Catalog
from orchestration.targeting.definition import (
    ALWAYS_EXPORTED,
    AT_KEY,
    OF_LIST,
    SCHEMA,
    DefinitionError,
    OwnCaps,
    TargetList,
    check,
)
from orchestration.targeting.definition_file import load_definition
from orchestration.targeting.expression import parse

SCHEMA_FILE = "target_list.schema.json"
DRAFTED = "list_draft"
"""What the audit trail calls a new list."""

LONGEST_NAME = 100
"""Letters of a list's name: files are called after it."""

Check = Callable[[str], None]


@dataclass(frozen=True)
class Question:
    """One question: the key it answers, its words, and a check that raises ValueError, saying what is wrong with an answer."""

    key: str
    words: str
    check: Check


def questions(catalog: Catalog, taken: Mapping[str, object]) -> Iterator[Question]:
    """What must be asked for a new list; `taken` holds the names of those there are."""
    known = SCHEMA["properties"]
    channels = known["channel"]["enum"]

    def name(answer: str) -> None:
        _fits_as_name(answer)
        if answer in taken:
            raise ValueError(Message.of("name_taken", "there is a list {name} already; give another name", name=answer))

    def channel(answer: str) -> None:
        if answer not in channels:
            english, hint = "'{given}' is not one of {known}{hint}", did_you_mean(answer, channels)
            raise ValueError(Message.of("not_one_of", english, given=answer, known=", ".join(channels), hint=hint))

    yield Question("name", "Name (lower-case words joined by _)", name)
    yield Question("en", "Title in English", _not_empty)
    yield Question("zh", "Title in Chinese", _not_empty)
    yield Question("owner", "Team that answers for it", _not_empty)
    yield Question("purpose", "Why they are contacted, and what is to happen", _not_empty)
    yield Question("channel", f"Channel ({', '.join(channels)})", channel)
    yield Question("where", "Who: a condition over tags", lambda answer: parse(answer, catalog) and None)


CAPS = tuple(OwnCaps.__annotations__)
"""Keys of a list's own caps."""

OPTIONAL: Mapping[str, Callable[[str], Any]] = {
    "offer": str, "schedule": str, "control_share": lambda share: _number(share), "limit": lambda rows: _number(rows),
    "priority": lambda place: _number(place), "columns": lambda names: _names(names),
    "exclude_lists": lambda names: _names(names), "split_by": str, "language": str,
    **dict.fromkeys(CAPS, lambda contacts: _number(contacts)),
}  # fmt: skip
"""Keys that an answer may give besides, each with what makes its value of the answer; one left empty is left out of the list.
Names stand with commas between them."""


def require_answers(answers: Mapping[str, str], catalog: Catalog, taken: Mapping[str, object]) -> None:
    """Raises DefinitionError with all that is wrong with the answers, a line each."""
    problems = []
    for question in questions(catalog, taken):
        try:
            question.check(answers.get(question.key, "").strip())
        except ValueError as error:
            problems.append(_at(question.key, words_of(error)))
    if problems := [*problems, *_unknown_lists(answers, taken)]:
        raise DefinitionError(Message.joined(problems, "\n"))


def _unknown_lists(answers: Mapping[str, str], known: Mapping[str, object]) -> Iterator[Message]:
    for name in _names(answers.get("exclude_lists", "")):
        if name not in known:
            unknown = Message.of("unknown_list", "unknown list {name}{hint}", name=name, hint=did_you_mean(name, known))
            yield _at("exclude_lists", unknown)


def draft_text(answers: Mapping[str, str], catalog: Catalog, schema: Path = settings.TARGET_LISTS / SCHEMA_FILE) -> str:
    """The list as YAML, a draft. Its columns are those that are answered, else the tags of its condition: whoever works the list
    sees why they are on it; the one by which its file is split is always among them. An editor checks it by the `schema` that its
    first line names."""
    given = {key: value(text) for key, value in OPTIONAL.items() if (text := answers.get(key, "").strip())}
    caps = {key: given.pop(key) for key in CAPS if key in given}
    tags = given.pop("columns", [tag for tag in parse(answers["where"], catalog).tags if tag not in ALWAYS_EXPORTED])
    content = {
        "name": answers["name"],
        "title": {"en": answers["en"].strip(), "zh": answers["zh"].strip()},
        **{key: answers[key].strip() for key in ("owner", "purpose", "channel", "where")},
        **given,
        **({"caps": caps} if caps else {}),
        "columns": list(dict.fromkeys([*tags, *([given["split_by"]] if "split_by" in given else [])])),
        "status": "draft",
    }
    body = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=130)
    return f"# yaml-language-server: $schema={schema}\n{body}"


def drafted(answers: Mapping[str, str], catalog: Catalog, known: Mapping[str, object] | None = None) -> TargetList:
    """The list that the answers make, before it has a file; `known` holds the names of those there are, where that is to be
    looked at. Raises DefinitionError where they make none."""
    if known is not None and (unknown := list(_unknown_lists(answers, known))):
        raise DefinitionError(Message.joined(unknown, "\n"))
    try:
        _fits_as_name(answers["name"])  # before it is a file's
    except ValueError as error:
        raise DefinitionError(_at("name", words_of(error))) from error
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{answers['name']}.yml"
        path.write_text(draft_text(answers, catalog), encoding="utf-8")
        try:
            definition = load_definition(path)
            check(definition, catalog)
        except DefinitionError as error:
            raise DefinitionError(_without_file(words_of(error))) from error
        return definition


def write_draft(home: Home, answers: Mapping[str, str], catalog: Catalog) -> Path:
    """Writes the list into the home as a draft, and gives its file; the audit trail has who drafted it.

    Raises FileExistsError where the home has a list of the name, DefinitionError where the answers make none."""
    drafted(answers, catalog)
    path = home.target_lists / f"{answers['name']}.yml"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("x", encoding="utf-8") as file:
        file.write(draft_text(answers, catalog))
    audit.record(home, DRAFTED, f"list {answers['name']}")
    return path


def _fits_as_name(answer: str) -> None:
    if len(answer) > LONGEST_NAME:
        raise ValueError(Message.of("name_too_long", "has more than {most} letters; give a shorter one", most=LONGEST_NAME))
    name = SCHEMA["properties"]["name"]
    if not re.fullmatch(name["pattern"], answer):
        english = "'{given}' does not fit. {described}"
        raise ValueError(Message.of("name_does_not_fit", english, given=answer, described=name["description"]))


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _number(text: str) -> object:
    """A number where the text is one; else the text, of which the definition's own check says what is wrong."""
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(text)
    return text


def _not_empty(answer: str) -> None:
    if not answer.strip():
        raise ValueError(Message.of("empty", "must not be empty"))


def _without_file(words: str) -> str:
    """What is wrong with a definition whose file is none of anybody's yet."""
    if not isinstance(words, Message):
        return words
    if words.code == OF_LIST:
        problem: str = words.facts["problem"]
        return problem
    if words.code != JOINED:
        return words
    return Message.joined([part.facts["problem"] for part in words.facts["parts"]], "\n")


def _at(key: str, problem: str) -> Message:
    return Message.of(AT_KEY, "{key}: {problem}", key=key, problem=problem)
