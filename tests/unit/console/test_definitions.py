"""The page of definitions: sections, anchors as figures link to them, search."""

import re

from orchestration.base.settings import PROJECT_DIR
from orchestration.console.pages.definitions import Section, anchor, fits, sections, split, within


def test_sections_are_told_apart_by_their_headings():
    found = list(split("# All\nfirst\n## One\ntext\n### Two (2)\nmore\n"))
    assert [(each.level, each.title, each.anchor) for each in found] == [
        (1, "All", "all"),
        (2, "One", "one"),
        (3, "Two (2)", "two-2"),
    ]


def test_all_words_must_be_in_a_section_in_whatever_case():
    section = Section(2, "Churn", "The rate of lines lost.")
    assert fits(section, "RATE churn") and fits(section, "") and not fits(section, "rate tier")


def test_tags_are_text_and_links_beyond_the_page_are_words():
    html = str(Section(2, "A", "<script>x</script> [why](decisions/a.md) [below](#b)").html)
    assert "<script>" not in html and "decisions" not in html and '<a href="#b">below</a>' in html
    assert within('<a href="x"><code>t</code></a>') == "<code>t</code>"


def test_every_definition_that_a_figure_links_to_is_there():
    known = {section.anchor for section in sections()}
    pages = PROJECT_DIR / "orchestration" / "console" / "pages"
    named = {
        name
        for path in pages.glob("*.py")
        for name in re.findall(r'context\.figure\(\s*"[^"]+",\s*\w+,\s*"([^"]*)"', path.read_text(encoding="utf-8"))
    }
    assert named and named <= known
    assert anchor("When a month is billed") in known
