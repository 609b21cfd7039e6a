"""The answers of the cookbook and of the notebook are what their queries give on the operator that they name."""

import re

import pytest

from orchestration.warehouse import reading
from reference import cookbook, notebook

RECIPES = cookbook.recipes(cookbook.PAGE.read_text(encoding="utf-8"))


def test_there_are_twenty_five_and_a_changed_answer_would_be_seen():
    assert len(RECIPES) == 25
    page = "```sql\nselect 1 as one, null as two;\n```\n\n| nothing |\n\n"
    with reading.duckdb.connect() as db:
        assert cookbook.answered(page, db) == page.replace("| nothing |\n", "| one | two |\n| --- | --- |\n| 1 |  |\n")


@pytest.mark.parametrize("number", range(len(RECIPES)), ids=lambda number: str(number + 1))
def test_a_recipe_gives_the_answer_that_stands_below_it(first_night, number):
    query, answer = RECIPES[number]
    with reading.published(first_night) as db:
        assert cookbook.answer(db, query) == answer


def words(svg: str) -> list[str]:
    """All words and figures of a plot: marks and places differ by fonts, these do not."""
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_the_notebook_gives_the_page_and_the_plots_that_stand_for_it(first_night, tmp_path):
    cells = notebook.cells(notebook.NOTEBOOK.read_text(encoding="utf-8"))
    page, plots = notebook.page(cells, notebook.run(cells, first_night))
    again = "run `.venv/bin/python -m reference.notebook HOME`"
    assert page == notebook.PAGE.read_text(encoding="utf-8"), again
    assert sorted(plots) == sorted(path.name for path in notebook.PLOTS.iterdir()), again
    for name, plot in plots.items():
        plot.save(tmp_path / name)
        shown = words((tmp_path / name).read_text(encoding="utf-8"))
        assert shown and shown == words((notebook.PLOTS / name).read_text(encoding="utf-8")), again
