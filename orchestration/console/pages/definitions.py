"""Definitions: docs/definitions.md as it is kept, in sections that can be searched and that every figure links to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markupsafe import Markup

from orchestration.base.settings import PROJECT_DIR
from orchestration.console.context import Context, Values

PAGE = PROJECT_DIR / "docs" / "definitions.md"


@dataclass(frozen=True)
class Section:
    """One heading and what stands below it, to the next: `level` 1 for the page's own."""

    level: int
    title: str
    text: str

    @property
    def anchor(self) -> str:
        return anchor(self.title)

    @property
    def html(self) -> Markup:
        """The text as HTML; tags that somebody wrote in it are shown as text. Links beyond this page are words alone."""
        return Markup(within(MarkdownIt("commonmark", {"html": False}).enable("table").render(self.text)))


def definitions(context: Context) -> Values:
    words = context.given.get("q", "")
    return {"words": words, "sections": [each for each in sections() if fits(each, words)], "all_sections": sections()}


@cache
def sections() -> tuple[Section, ...]:
    return tuple(split(PAGE.read_text(encoding="utf-8")))


def split(text: str) -> Iterator[Section]:
    """The sections of a page in Markdown, in their order. Pure."""
    parts = re.split(r"^(#{1,4}) (.+)$", text, flags=re.MULTILINE)
    for marks, title, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        yield Section(len(marks), title.strip(), body)


def fits(section: Section, words: str) -> bool:
    """Whether all words stand in the section, in whatever case. Pure."""
    text = f"{section.title} {section.text}".lower()
    return all(word in text for word in words.lower().split())


def anchor(heading: str) -> str:
    """The anchor of a heading, as code hosts make it: lower case, words joined by -, signs left out. Pure."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def within(html: str) -> str:
    """The same with links to other files taken off, since the console serves none. Pure."""
    return re.sub(r'<a href="(?!#)[^"]*">(.*?)</a>', r"\1", html, flags=re.DOTALL)
