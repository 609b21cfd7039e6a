"""The catalogue of texts: each is used, none is missing, and both languages have the same places to fill."""

import re
from string import Formatter

import pytest

from orchestration.console import texts
from orchestration.console.pages import PAGES

ROOT = texts.FILE.parent
SOURCES = {path: path.read_text(encoding="utf-8") for path in (*ROOT.rglob("*.py"), *ROOT.rglob("*.html"))}
ALL = "\n".join(SOURCES.values())


def named() -> set[str]:
    """Keys that sources name whole: t("layout.menu"), text('told.next')."""
    return set(re.findall(r"""(?:\bt|\btext)\(\s*["']([a-z_0-9.]+[a-z_0-9])["'] *[,)]""", ALL))


def is_used(key: str) -> bool:
    page, _, name = key.partition(".")
    if key.startswith("columns."):
        return re.search(rf"\b{name}\b", ALL) is not None
    if name == "title" or page in ("values", "told"):
        return page in {each.name for each in PAGES} or page in ("values", "told")
    return key in named() or f'"{name}"' in "\n".join(text for path, text in SOURCES.items() if path.stem == page)


def test_each_text_is_used():
    assert [key for key in texts.catalogue() if not is_used(key)] == []


def test_no_text_is_missing():
    needed = named() | {f"{page.name}.title" for page in PAGES if page.method == "GET"}
    assert needed - texts.catalogue().keys() == set()


@pytest.mark.parametrize("key", texts.catalogue())
def test_both_languages_fill_the_same_places(key):
    english, chinese = (
        {field for _, field, _, _ in Formatter().parse(text) if field} for text in texts.catalogue()[key].values()
    )
    assert english == chinese


def test_figures_of_pages_have_titles():
    for path, text in SOURCES.items():
        for name in re.findall(r"""context\.figure\(\s*["']([a-z_0-9]+)["']""", text):
            assert f"{path.stem}.{name}" in texts.catalogue(), f"{path.name}: {name}"
