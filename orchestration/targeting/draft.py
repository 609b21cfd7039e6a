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

import yaml

from orchestration.base import audit, settings
from orchestration.base.settings import Home
from orchestration.base.words import did_you_mean
from orchestration.catalog.tags import Catalog
from orchestration.targeting.definition import ALWAYS_EXPORTED, SCHEMA, DefinitionError, TargetList, check
from orchestration.targeting.definition_file import load_definition
from orchestration.targeting.expression import parse

SCHEMA_FILE = "target_list.schema.json"
DRAFTED = "list_draft"
"""What the audit trail calls a new list."""

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
            raise ValueError(f"there is a list {answer} already; give another name")

    def channel(answer: str) -> None:
        if answer not in channels:
            raise ValueError(f"'{answer}' is not one of {', '.join(channels)}{did_you_mean(answer, channels)}")

    yield Question("name", "Name (lower-case words joined by _)", name)
    yield Question("en", "Title in English", _not_empty)
    yield Question("zh", "Title in Chinese", _not_empty)
    yield Question("owner", "Team that answers for it", _not_empty)
    yield Question("purpose", "Why they are contacted, and what is to happen", _not_empty)
    yield Question("channel", f"Channel ({', '.join(channels)})", channel)
    yield Question("where", "Who: a condition over tags", lambda answer: parse(answer, catalog) and None)


OPTIONAL: Mapping[str, Callable[[str], object]] = {
    "offer": str, "schedule": str, "control_share": lambda share: _number(share), "limit": lambda rows: _number(rows),
    "priority": lambda place: _number(place),
}  # fmt: skip
"""Keys that an answer may give besides, each with what makes its value of the answer; one left empty is left out of the list."""


def require_answers(answers: Mapping[str, str], catalog: Catalog, taken: Mapping[str, object]) -> None:
    """Raises DefinitionError with all that is wrong with the answers, a line each."""
    problems = []
    for question in questions(catalog, taken):
        try:
            question.check(answers.get(question.key, "").strip())
        except ValueError as error:
            problems.append(f"{question.key}: {error}")
    if problems:
        raise DefinitionError("\n".join(problems))


def draft_text(answers: Mapping[str, str], catalog: Catalog, schema: Path = settings.TARGET_LISTS / SCHEMA_FILE) -> str:
    """The list as YAML, a draft. Its columns are the tags of its condition: whoever works the list sees why they are on it. An
    editor checks it by the `schema` that its first line names."""
    tags = [tag for tag in parse(answers["where"], catalog).tags if tag not in ALWAYS_EXPORTED]
    content = {
        "name": answers["name"],
        "title": {"en": answers["en"].strip(), "zh": answers["zh"].strip()},
        **{key: answers[key].strip() for key in ("owner", "purpose", "channel", "where")},
        **{key: value(given) for key, value in OPTIONAL.items() if (given := answers.get(key, "").strip())},
        "columns": tags,
        "status": "draft",
    }
    body = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=130)
    return f"# yaml-language-server: $schema={schema}\n{body}"


def drafted(answers: Mapping[str, str], catalog: Catalog) -> TargetList:
    """The list that the answers make, before it has a file. Raises DefinitionError where they make none."""
    try:
        _fits_as_name(answers["name"])  # before it is a file's
    except ValueError as error:
        raise DefinitionError(f"name: {error}") from error
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{answers['name']}.yml"
        path.write_text(draft_text(answers, catalog), encoding="utf-8")
        try:
            definition = load_definition(path)
            check(definition, catalog)
        except DefinitionError as error:
            words = re.sub(r" \(line [0-9]+\)$", "", str(error).replace(f"{path}: ", ""), flags=re.MULTILINE)
            raise DefinitionError(words) from error
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
    name = SCHEMA["properties"]["name"]
    if not re.fullmatch(name["pattern"], answer):
        raise ValueError(f"'{answer}' does not fit. {name['description']}")


def _number(text: str) -> object:
    """A number where the text is one; else the text, of which the definition's own check says what is wrong."""
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(text)
    return text


def _not_empty(answer: str) -> None:
    if not answer.strip():
        raise ValueError("must not be empty")
