"""How long a count of conditions takes in the console's audience builder, at any number of lines: the engine's, and from memory.

The lines are those of a published version, repeated; the conditions are drawn, eight comparisons each, as somebody might write
them. Both counts are held against each other. Seconds of the wall tell only of a machine that does nothing else: CPU is told too.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import duckdb

from orchestration.base import settings
from orchestration.base.sql import literal
from orchestration.catalog.tags import Catalog, Tag
from orchestration.cli.common import models
from orchestration.console.versions import Opened, Versions
from orchestration.engines.duckdb import DuckDBTables
from orchestration.targeting.advice import lines_matched
from orchestration.targeting.definition import Conditions
from orchestration.targeting.expression import parse
from orchestration.targeting.index import TEXTS, LineIndex

COMPARISONS, CONDITIONS, SEED = 8, 150, 1


def repeated(version: Opened, times: int, path: Path) -> duckdb.DuckDBPyConnection:
    """A file with the version's tags, each line so many times."""
    connection = duckdb.connect(str(path))
    connection.execute("set enable_progress_bar = false")
    connection.execute(f"attach {literal(version.version.path)} as published (read_only)")
    relation = version.tables().relations.tag_values
    connection.execute(f"create schema {relation.split('.')[0]}")
    connection.execute(
        f"create table {relation} as select lines.* replace (lines.subscriber_id || '-' || copy.range as subscriber_id) "
        f"from range({times}) as copy, published.{relation} as lines"
    )
    connection.execute("detach published")
    return connection


def conditions(version: Opened, catalog: Catalog, number: int) -> list[str]:
    """So many conditions of COMPARISONS comparisons, half of them joined by `or`; the same for the same version."""
    drawn, tags = random.Random(SEED), [tag for tag in catalog.tags().values() if tag.is_active]
    return [
        (" and ", " or ")[n % 2].join(comparison(version, tag, drawn) for tag in drawn.sample(tags, COMPARISONS))
        for n in range(number)
    ]


def comparison(version: Opened, tag: Tag, drawn: random.Random) -> str:
    """One comparison that fits the tag's kind."""
    if tag.kind == "flag":
        return drawn.choice((tag.name, f"not {tag.name}"))
    if tag.kind == "number":
        return f"{tag.name} >= {drawn.randrange(1000) / 10}"
    if tag.kind == "date":
        return f"{tag.name} >= today - {drawn.randrange(1, 400)}"
    values = [value for value, _, _ in version.coverage(tag) if value != "unknown"]
    some = drawn.sample(values, min(3, len(values)))
    return f"{tag.name} in ({', '.join(map(literal, some))})" if some else f"{tag.name} is null"


def measured(count: Callable[[Conditions], int], asked: Sequence[Conditions]) -> tuple[list[int], list[float], list[float]]:
    """The counts, and the seconds of wall and CPU of each."""
    counts, walls, cpus = [], [], []
    for each in asked:
        wall, cpu = time.perf_counter(), time.process_time()
        counts.append(count(each))
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return counts, walls, cpus


def row(name: str, walls: Sequence[float], cpus: Sequence[float]) -> str:
    """A row of the table: milliseconds at the median and the 99th percentile."""
    figures = [sorted(each)[int(share * (len(each) - 1))] * 1e3 for each in (walls, cpus) for share in (0.5, 0.99)]
    return f"| {name} | " + " | ".join(f"{figure:.1f}" for figure in figures) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--home", help="a home with a published version; else $TELCO360_HOME")
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--conditions", type=int, default=CONDITIONS)
    given = parser.parse_args()
    version = Versions(settings.home(given.home), models()).current()
    catalog, today = version.catalog, date.today()
    asked = [Conditions(parse(text, catalog)) for text in conditions(version, catalog, given.conditions)]
    with tempfile.TemporaryDirectory() as folder:
        times = max(1, given.lines // version.lines)
        with repeated(version, times, Path(folder) / "lines.duckdb") as connection:
            tables, index = DuckDBTables(connection, version.tables().relations), LineIndex(catalog.tags(), version.as_of)
            began = time.process_time()
            index.warm(tables)
            print(f"{version.lines * times:,} lines; {TEXTS} and flags read in {time.process_time() - began:.1f} s of CPU\n")
            print("| count | wall p50, ms | wall p99 | CPU p50 | CPU p99 |\n|---|---|---|---|---|")
            engine, *seconds = measured(lambda each: lines_matched(each, tables, version.as_of, today), asked)
            print(row("the engine's", *seconds))
            for name in ("from memory, comparisons never asked before", "from memory, once more"):
                mine, *seconds = measured(lambda each: index.count(each, tables, today), asked)
                if mine != engine:
                    raise SystemExit("the counts differ")
                print(row(name, *seconds))


if __name__ == "__main__":
    main()
