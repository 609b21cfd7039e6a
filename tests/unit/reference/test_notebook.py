"""The page of a notebook: texts as they are, code with what it gives, plots as pictures."""

import altair
import pandas as pd
import pytest

from orchestration.base.settings import Home
from reference import notebook

SOURCE = """# %% [markdown]
# # Who?
#
# Of *whom*: [here](../here.md).

# %%
import os

home = os.environ["TELCO360_HOME"]

# %%
# a cell sees what those before it made
lines = 2
lines + len(home)
"""
FRAME = pd.DataFrame({"day": [pd.Timestamp("2026-06-30"), None], "share": [0.25, None], "name": ["a", None]})
PLOT = altair.Chart(FRAME).mark_bar()


def test_cells_are_texts_and_code():
    text, first, second = notebook.cells(SOURCE)
    assert text == (True, "# Who?\n\nOf *whom*: [here](../here.md).")
    assert first == (False, 'import os\n\nhome = os.environ["TELCO360_HOME"]')
    assert not second.is_text and second.content.startswith("# a cell sees")


def test_a_cell_gives_its_last_expression_on_the_home_that_is_named(tmp_path):
    assert notebook.run(notebook.cells(SOURCE), Home(tmp_path)) == [None, 2 + len(str(tmp_path))]


def test_a_cell_that_fails_is_not_passed_over(tmp_path):
    with pytest.raises(ZeroDivisionError):
        notebook.run(notebook.cells("# %%\n1 / 0\n"), Home(tmp_path))


def test_the_page_has_texts_code_answers_and_plots():
    page, plots = notebook.page(notebook.cells(SOURCE), [FRAME, PLOT])
    assert page.startswith("# Who?\n\nOf *whom*: [here](here.md).\n\nThis page is the notebook")  # the page stands a folder above
    assert 'TELCO360_HOME"]\n```\n\n| day | share | name |\n| --- | --- | --- |\n| 2026-06-30 | 0.25 | a |\n|  |  |  |\n' in page
    assert page.endswith("lines + len(home)\n```\n\n![Who?](tour/1.svg)\n")
    assert plots == {"1.svg": PLOT}
    assert "tour/" not in notebook.page(notebook.cells(SOURCE), [None, None])[0].split("```", 1)[1]
