"""The cookbook's answers are what its queries give on the operator that it names."""

import pytest

from orchestration.warehouse import reading
from reference import cookbook

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
