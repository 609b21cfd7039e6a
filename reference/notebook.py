"""The page of the notebook docs/notebooks/tour.py: its texts, its code and what that gives on a published version.

    python -m reference.notebook HOME

Writes docs/tour.md, and its plots in docs/tour/. The notebook is text, cells by `# %%`: editors and Jupyter open it as it is.
"""

import ast
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import altair
import pandas as pd

from orchestration.base.settings import PROJECT_DIR, Home
from orchestration.warehouse.dbt import building_in

NOTEBOOK = PROJECT_DIR / "docs" / "notebooks" / "tour.py"
PAGE = PROJECT_DIR / "docs" / "tour.md"
PLOTS = PAGE.with_suffix("")
_ABOUT = (
    "This page is the notebook [notebooks/tour.py](notebooks/tour.py) with its answers on a synthetic operator of 1,500 lines. "
    "How to run it yourself, and change it: [Connect](connect.md#python)."
)


class Cell(NamedTuple):
    """A cell of a notebook: Markdown or code."""

    is_text: bool
    content: str


def cells(source: str) -> list[Cell]:
    """The cells of a notebook, in order."""
    _, *parts = re.split(r"^# %%(.*)\n", source, flags=re.MULTILINE)
    pairs = zip(parts[::2], (part.strip() for part in parts[1::2]), strict=True)
    return [Cell(True, re.sub("^# ?", "", part, flags=re.M)) if kind.strip() else Cell(False, part) for kind, part in pairs]


def run(cells: Iterable[Cell], home: Home) -> list[Any]:
    """What the last expression of each cell of code gives on the version of a home, in order; None where it ends otherwise."""
    names: dict[str, Any] = {}
    with building_in(home):  # the notebook reads the home from the environment
        return [_run(cell.content, names) for cell in cells if not cell.is_text]


def page(cells: Iterable[Cell], answers: Iterable[Any]) -> tuple[str, dict[str, altair.TopLevelMixin]]:
    """The page, and its plots by the names of their files. `answers`: of the cells of code."""
    parts: list[str] = []
    plots: dict[str, altair.TopLevelMixin] = {}
    left = iter(answers)
    title = ""
    for cell in cells:
        if cell.is_text:
            title = cell.content.splitlines()[0].lstrip("# ")
            parts += [cell.content.replace("](../", "](")] + [_ABOUT] * (not parts)
            continue
        parts.append(f"```python\n{cell.content}\n```")
        answer = next(left)
        if isinstance(answer, pd.DataFrame):
            parts.append(_table(answer))
        elif answer is not None:
            plots[f"{len(plots) + 1}.svg"] = answer
            parts.append(f"![{title}]({PLOTS.name}/{len(plots)}.svg)")
    return "\n\n".join(parts) + "\n", plots


def _run(code: str, names: dict[str, Any]) -> Any:
    *steps, last = ast.parse(code).body
    exec(compile(ast.Module(steps, []), NOTEBOOK.name, "exec"), names)
    if isinstance(last, ast.Expr):
        return eval(compile(ast.Expression(last.value), NOTEBOOK.name, "eval"), names)
    exec(compile(ast.Module([last], []), NOTEBOOK.name, "exec"), names)
    return None


def _table(frame: pd.DataFrame) -> str:
    rows = [[_shown(value) for value in row] for row in frame.itertuples(index=False)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in ([*frame.columns], ["---"] * len(frame.columns), *rows))


def _shown(value: Any) -> str:
    if pd.isna(value):
        return ""
    return str(value.date()) if isinstance(value, pd.Timestamp) else str(value)


def main(given: list[str]) -> int:
    """Writes page and plots from the version of the home that is named."""
    if len(given) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    found = cells(NOTEBOOK.read_text(encoding="utf-8"))
    text, plots = page(found, run(found, Home(Path(given[0]).resolve())))
    PAGE.write_text(text, encoding="utf-8")
    PLOTS.mkdir(exist_ok=True)
    for name, plot in plots.items():
        plot.save(PLOTS / name)
    print(f"wrote {PAGE.relative_to(PROJECT_DIR)} and {len(plots)} plots")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
