"""The check that every public column is at most two clicks from the start of the site."""

import pytest

from reference.reach import too_far

NAV = '<a href="tables/index.html">Tables</a> <a href="https://example.org/tables/far.html">elsewhere</a>'
PAGES = {
    "index.html": NAV,
    "tables/index.html": '<a href="../index.html">Start</a> <a href="core.lines.html#fee">core.lines</a>',
    "tables/core.lines.html": '<td><a id="fee"></a></td> <a href="value.worth.html">next</a>',
    "tables/value.worth.html": '<a id="score"></a>',
}


@pytest.fixture
def site(tmp_path):
    (tmp_path / "tables").mkdir()
    for name, text in PAGES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_column_two_clicks_away_is_near_enough(site):
    assert too_far(site, [("tables/core.lines.html", "fee")]) == []


@pytest.mark.parametrize(
    ("page", "column"),
    [
        ("tables/value.worth.html", "score"),  # three clicks
        ("tables/core.lines.html", "price"),  # the page has no such anchor
        ("tables/core.plans.html", "fee"),  # there is no such page
        ("tables/far.html", "fee"),  # a link elsewhere leads to no page of this site
    ],
)
def test_a_column_that_no_two_clicks_lead_to_is_named(site, page, column):
    assert too_far(site, [(page, column)]) == [f"{page}#{column}"]
