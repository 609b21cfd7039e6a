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
    """Whether a source names the key, its page has that name, or a source names its group and its last word."""
    group, _, last = key.rpartition(".")
    page = key.partition(".")[0]
    if page in ("columns", "values", "units"):  # by what a table holds
        return page != "columns" or re.search(rf"\b{last}\b", ALL) is not None
    if key in named() or (last in ("title", "lead") and page in {each.name for each in PAGES}):
        return True
    is_of_group = f'"{group}." ~' in ALL and re.search(rf"""["']{last}["']""", ALL) is not None
    return is_of_group or page == "told" or f'"{last}"' in "\n".join(text for path, text in SOURCES.items() if path.stem == page)


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
