"""The words of the console, in every language: one catalogue, `texts.yml`, a key a text.

What is said of tags and their values comes from the tag catalogue instead.
"""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from orchestration.base.words import JOINED, Message

LANGUAGES = {"en": "English", "zh": "中文"}
"""Each with the name that its readers call it by."""

SIGNS = {"zh": {", ": "，", "; ": "；", " or ": " 或 "}}
"""What stands between messages, by language, where it is not what English has."""

FILE = Path(__file__).with_name("texts.yml")


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Texts by language, by key: `today.title` for the title under today. Raises ValueError for a text that lacks a language."""
    return dict(_flat(yaml.safe_load(FILE.read_text(encoding="utf-8")), ""))


def text(key: str, language: str, /, **values: object) -> str:
    """The text of a key with its placeholders filled. Raises KeyError for a key that there is not."""
    return catalogue()[key][language].format(**values)


def said(words: str, language: str, told: Callable[[str, object], object] = lambda name, fact: fact) -> str:
    """A message in the language, where there is a text `said.<code>` for it; other words as they are. `told`: a fact, by its
    name, as people read it."""
    if not isinstance(words, Message):
        return words
    if words.code == JOINED:
        between: str = words.facts["between"]
        return SIGNS.get(language, {}).get(between, between).join(said(part, language, told) for part in words.facts["parts"])
    if (key := f"said.{words.code}") not in catalogue():
        return words
    facts = {
        name: said(fact, language, told) if isinstance(fact, Message) else told(name, fact) for name, fact in words.facts.items()
    }
    return text(key, language, **facts)


def _flat(branch: dict[str, Any], above: str) -> Iterator[tuple[str, dict[str, str]]]:
    for name, below in branch.items():
        if all(isinstance(each, str) for each in below.values()):
            if set(below) != set(LANGUAGES):
                raise ValueError(f"{FILE}: {above}{name} must have {', '.join(LANGUAGES)}")
            yield f"{above}{name}", below
        else:
            yield from _flat(below, f"{above}{name}.")
