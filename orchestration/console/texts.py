"""The words of the console, in every language: one catalogue, `texts.yml`, a key a text.

What is said of tags and their values comes from the tag catalogue instead.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

LANGUAGES = {"en": "English", "zh": "中文"}
"""Each with the name that its readers call it by."""

FILE = Path(__file__).with_name("texts.yml")


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Texts by language, by key: `today.title` for the title under today. Raises ValueError for a text that lacks a language."""
    return dict(_flat(yaml.safe_load(FILE.read_text(encoding="utf-8")), ""))


def text(key: str, language: str, **values: object) -> str:
    """The text of a key with its placeholders filled. Raises KeyError for a key that there is not."""
    return catalogue()[key][language].format(**values)


def _flat(branch: dict[str, Any], above: str) -> Iterator[tuple[str, dict[str, str]]]:
    for name, below in branch.items():
        if all(isinstance(each, str) for each in below.values()):
            if set(below) != set(LANGUAGES):
                raise ValueError(f"{FILE}: {above}{name} must have {', '.join(LANGUAGES)}")
            yield f"{above}{name}", below
        else:
            yield from _flat(below, f"{above}{name}.")
