"""A new list from a few answers: which questions there are, how each answer is checked, and the YAML that they give, a draft in
the home.

Asking itself belongs to `orchestration.cli`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from orchestration.base import settings
from orchestration.base.settings import Home
from orchestration.base.words import did_you_mean
from orchestration.catalog.tags import Catalog
from orchestration.targeting.definition import ALWAYS_EXPORTED, SCHEMA, check
from orchestration.targeting.definition_file import load_definition
from orchestration.targeting.expression import parse

SCHEMA_FILE = "target_list.schema.json"
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
        if not re.fullmatch(known["name"]["pattern"], answer):
            raise ValueError(f"'{answer}' does not fit. {known['name']['description']}")
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


def draft_text(answers: Mapping[str, str], catalog: Catalog, schema: Path = settings.TARGET_LISTS / SCHEMA_FILE) -> str:
    """The list as YAML, a draft. Its columns are the tags of its condition: whoever works the list sees why they are on it. An
    editor checks it by the `schema` that its first line names."""
    tags = [tag for tag in parse(answers["where"], catalog).tags if tag not in ALWAYS_EXPORTED]
    content = {
        "name": answers["name"],
        "title": {"en": answers["en"].strip(), "zh": answers["zh"].strip()},
        **{key: answers[key].strip() for key in ("owner", "purpose", "channel", "where")},
        "columns": tags,
        "status": "draft",
    }
    body = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=130)
    return f"# yaml-language-server: $schema={schema}\n{body}"


def write_draft(home: Home, answers: Mapping[str, str], catalog: Catalog) -> Path:
    """Writes the list into the home as a draft, and gives its file. Raises FileExistsError where the home has a list of the name,
    DefinitionError where the answers make none."""
    path = home.target_lists / f"{answers['name']}.yml"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("x", encoding="utf-8") as file:
        file.write(draft_text(answers, catalog))
    check(load_definition(path), catalog)
    return path


def _not_empty(answer: str) -> None:
    if not answer.strip():
        raise ValueError("must not be empty")
