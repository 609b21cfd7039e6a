"""The answers of docs/cookbook.md: what its queries give on a published version.

    python -m reference.cookbook HOME [PAGE]

Writes the page with the answers of that home, to PAGE or to the terminal.
"""

import re
import sys
from pathlib import Path

import duckdb

from orchestration.base.settings import PROJECT_DIR, Home
from orchestration.warehouse import reading

PAGE = PROJECT_DIR / "docs" / "cookbook.md"
RECIPE = re.compile(r"```sql\n(?P<query>[^`]*)```\n\n(?P<answer>(?:\|.*\n)*)")


def recipes(page: str) -> list[tuple[str, str]]:
    """Each query of the page with the answer that stands below it."""
    return [(found["query"], found["answer"]) for found in RECIPE.finditer(page)]


def answer(db: duckdb.DuckDBPyConnection, query: str) -> str:
    """What the query gives, as a table of Markdown; of no rows the head alone."""
    found = db.execute(query)
    head = [column[0] for column in found.description or ()]
    rows = [["" if value is None else str(value) for value in row] for row in found.fetchall()]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, ["---"] * len(head), *rows))


def answered(page: str, db: duckdb.DuckDBPyConnection) -> str:
    """The page with the answers of a version."""
    return RECIPE.sub(lambda found: f"```sql\n{found['query']}```\n\n{answer(db, found['query'])}", page)


def main(given: list[str]) -> int:
    """Writes the page with the answers of the home that is named first."""
    if not 1 <= len(given) <= 2:
        print(__doc__, file=sys.stderr)
        return 2
    with reading.published(Home(Path(given[0]).resolve())) as db:
        page = answered(PAGE.read_text(encoding="utf-8"), db)
    if len(given) == 2:
        Path(given[1]).write_text(page, encoding="utf-8")
    else:
        print(page)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
