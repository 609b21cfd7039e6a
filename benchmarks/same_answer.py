"""The same answer by whatever way deliveries came: day by day, all at once, in shuffled order, or built again for a past date.

A synthetic operator with many late rows and corrected bills delivers its last days one by one; one delivery is wrong at first
and is delivered again on the last day. Each way ends in a version, and the public tables of two versions of one business date are
held against each other checksum by checksum; of a table that differs, the columns are told.

No delivery tells what telco360 itself wrote down on the nights before: runs of lists, tasks, models and their scores, and the
versions to which changes of tags look back. So each way begins with that memory, copied from the home that went day by day, and
then no table may differ. Two more go by another memory and show which tables that changes, for only those may differ that are
made of it by dbt's lineage: one with none, and a past date by the scores of today.

    python -m benchmarks.same_answer --subscribers 1000 --months 24 --table answer.md

Exits with 1 where a table differs that may not.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pyarrow.parquet as pq

from benchmarks.chaos.stage import start
from orchestration.base.settings import Home
from orchestration.base.sql import identifiers, literal
from orchestration.warehouse.checksums import qualified
from orchestration.warehouse.dbt import ensure_manifest
from orchestration.warehouse.manifest import Model, Models, load_models, read_manifest
from orchestration.warehouse.publishing import Version, versions
from sample.operator import make_operator
from sample.settings import Settings

LAST, DAYS_BY_ONE = date(2026, 7, 3), 4
"""The last business date, and how many days are delivered one by one: over a month's end, while bills come."""
SETTINGS = Settings(late_usage_share=0.05, corrected_bill_share=0.05)
WRONG, EVERY = "billing_usage_daily", 10
"""The table of which one delivery lacks every so manieth row at first."""
BATCHES = 6
"""In how many parts shuffled deliveries arrive, each taken in before the next."""
MEMORY = ("published", "lake/models", "lake/ledger")
OF_DELIVERIES = ("intake", "offers")
"""Ledgers that are made from deliveries alone."""

Say = Callable[[str], None]


class WayError(RuntimeError):
    """A run on one of the ways ended otherwise than well."""


@dataclass(frozen=True)
class Source:
    """What an operator delivers. `home`: all deliveries in landing, and ledgers of before; `days`: their dates; `wrong`: the
    delivery of `wrong_day` as it came first."""

    home: Home
    days: list[date]
    wrong_day: date
    wrong: Path

    def deliver(self, home: Home, days: Iterable[date]) -> None:
        """Puts all deliveries of the days into the home's landing."""
        for day in days:
            for folder in sorted(self.home.landing.glob(f"*/dt={day}")):
                _put(folder, home)


@dataclass(frozen=True)
class Compared:
    """Two versions of one business date. `differing`: columns by table that differs; `may_differ`: tables that may."""

    way: str
    against: str
    tables: int
    differing: Mapping[str, list[str]]
    may_differ: frozenset[str] = field(default_factory=frozenset)

    @property
    def broken(self) -> list[str]:
        """Tables that differ and may not."""
        return sorted(self.differing.keys() - self.may_differ)


def make_source(folder: Path, subscribers: int, months: int) -> Source:
    """Makes the operator, and the delivery that is wrong at first."""
    home = Home(folder / "source")
    make_operator(home, subscribers, months, LAST, daily=DAYS_BY_ONE, settings=SETTINGS)
    days = sorted({date.fromisoformat(path.name.removeprefix("dt=")) for path in home.landing.glob("*/dt=*")})
    wrong_day, wrong = days[-2], folder / "wrong" / WRONG / f"dt={days[-2]}"
    shutil.copytree(home.landing / WRONG / wrong.name, wrong)
    for path in wrong.glob("*.parquet"):
        rows = pq.read_table(path)
        pq.write_table(rows.take([row for row in range(len(rows)) if row % EVERY]), path)
    (wrong / "_SUCCESS").write_text("", encoding="utf-8")
    return Source(home, days, wrong_day, wrong)


def remember(home: Home, folder: Path) -> Path:
    """Copies what the home knows that no delivery tells to `folder`, and gives it."""
    for part in MEMORY:
        if (home.root / part).exists():
            shutil.copytree(home.root / part, folder / part, symlinks=True)
    for made in OF_DELIVERIES:
        shutil.rmtree(folder / "lake" / "ledger" / made, ignore_errors=True)
    return folder


def recall(home: Home, memory: Path) -> None:
    """Has the home's ledgers and models be those of `memory`; what is of deliveries stays, and so do versions."""
    for made in OF_DELIVERIES:
        shutil.move(home.ledger / made, home.root / made)
    for part in (home.ledger, home.models):
        shutil.rmtree(part)
        shutil.copytree(memory / part.relative_to(home.root), part)
    for made in OF_DELIVERIES:
        shutil.move(home.root / made, home.ledger / made)


def home_with(folder: Path, memory: Path) -> Home:
    """A new home in `folder` that knows what `memory` holds, and no delivery."""
    shutil.copytree(memory, folder, symlinks=True)
    return Home(folder)


def day_by_day(source: Source, folder: Path, say: Say) -> tuple[Home, dict[date, Path]]:
    """A night for each day; the home, and its memory as each of them began."""
    memories: dict[date, Path] = {source.days[0]: remember(source.home, folder / f"memory_{source.days[0]}")}
    home = home_with(folder / "day_by_day", memories[source.days[0]])
    for day in source.days:
        say(f"day by day: {day}")
        if day not in memories:
            memories[day] = remember(home, folder / f"memory_{day}")
        source.deliver(home, [day])
        if day == source.wrong_day:
            _put(source.wrong, home)
        if day == source.days[-1]:
            _put(source.home.landing / WRONG / source.wrong.name, home)
        night(home, day)
    return home, memories


def at_once(source: Source, folder: Path, memory: Path, last: date) -> Home:
    """One night on all deliveries up to the day, that which was wrong at first as it should be."""
    home = home_with(folder, memory)
    source.deliver(home, [day for day in source.days if day <= last])
    night(home, last)
    return home


def shuffled(source: Source, folder: Path, memory: Path, seed: int, say: Say) -> Home:
    """Deliveries of all tables and days in an order drawn by chance, taken in batch by batch, then one night."""
    home, rng = home_with(folder, memory), Random(seed)
    arrivals = sorted(source.home.landing.glob("*/dt=*"))
    rng.shuffle(arrivals)
    for number in range(BATCHES):
        batch = arrivals[number::BATCHES]
        for delivery in batch:
            _put(delivery, home)
        told = start(home, "intake", "run").wait()
        if told.code < 0:
            raise WayError(f"intake ended with code {told.code}:\n{told.output[-2000:]}")
        say(f"shuffled: batch {number + 1}, {told.output.strip().splitlines()[-1]}")
    night(home, source.days[-1])
    return home


def night(home: Home, day: date) -> None:
    """A run for the day. Raises WayError where it does not end well."""
    told = start(home, "nightly", "--as-of", str(day)).wait()
    if told.code:
        raise WayError(f"the night of {day} on {home.root} ended with code {told.code}:\n{told.output[-3000:]}")


def version_of(home: Home, day: date) -> Version:
    """The newest version of a business date. Raises WayError where there is none."""
    for version in versions(home):
        if version.contents.as_of == str(day):
            return version
    raise WayError(f"{home.published} has no version of {day}")


def compare(way: str, one: Version, against: str, other: Version, models: Models, may_differ: Iterable[str] = ()) -> Compared:
    """Holds the public tables of two versions against each other, by the checksums that they were published with."""
    mine, others = one.contents.tables, other.contents.tables
    by_relation = {model.relation: model for model in models}
    differing = {name: ["is in one alone"] for name in sorted(mine.keys() ^ others.keys())}
    for name in sorted(mine.keys() & others.keys()):
        if mine[name] != others[name]:
            differing[name] = columns_that_differ(one.path, other.path, by_relation[name])
    return Compared(way, against, len(mine.keys() | others.keys()), differing, frozenset(may_differ))


def columns_that_differ(one: Path, other: Path, model: Model) -> list[str]:
    """Columns of a table whose values differ between two files, with how many rows of either; `rows` where rows themselves do."""
    grain = list(model.meta.get("grain", ()))
    with duckdb.connect() as db:
        for path, alias in ((one, "one"), (other, "other")):
            db.execute(f"attach {literal(path)} as {alias} (read_only)")
        sides = qualified("one", model), qualified("other", model)
        names = [name for name, *_ in db.execute(f"describe {sides[0]}").fetchall() if name not in model.varying]

        def count(columns: Iterable[str]) -> int:
            mine, others = (f"select {identifiers(columns)} from {side}" for side in sides)
            query = f"select count(*) from (({mine} except all {others}) union all ({others} except all {mine}))"
            ((rows,),) = db.execute(query).fetchall()
            return int(rows)

        if grain and (rows := count(grain)):
            return [f"rows ({rows})"]
        counts = {name: count(dict.fromkeys([*grain, name])) for name in names if name not in grain}
    return [f"{name} ({rows})" for name, rows in counts.items() if rows]


def made_from(manifest: Mapping[str, Any], roots: Iterable[str]) -> set[str]:
    """'schema.table' of all models that read these sources or models, over all steps, and of these themselves. Pure."""
    waiting, seen = list(roots), set[str]()
    while waiting:
        key = waiting.pop()
        if key not in seen:
            seen.add(key)
            waiting += manifest["child_map"].get(key, ())
    return {f"{node['schema']}.{node['alias']}" for key, node in manifest["nodes"].items() if key in seen and "alias" in node}


def of_memory(manifest: Mapping[str, Any]) -> list[str]:
    """Where memory enters: ledgers but for those of deliveries, and models that read the version before. Pure."""
    ledgers = [key for key, one in manifest["sources"].items() if one["source_name"] == "ledger"]
    readers = [key for key, node in manifest["nodes"].items() if "version_before(" in node.get("raw_code", "")]
    return [key for key in ledgers if key.split(".")[-1] not in OF_DELIVERIES] + readers


def all_ways(source: Source, folder: Path, seed: int, say: Say) -> list[Compared]:
    """Goes every way and holds what came of it against another. Raises WayError where a run does not end well."""
    first, second, third, before, last = source.days
    grown, memories = day_by_day(source, folder, say)
    manifest = read_manifest(ensure_manifest(grown))
    models, by_memory = load_models(manifest), made_from(manifest, of_memory(manifest))
    by_wrong = by_memory | made_from(manifest, [key for key in manifest["sources"] if key.endswith(f".{WRONG}")])
    found: list[Compared] = []

    def hold(way: str, one: Version, against: str, other: Version, may_differ: Iterable[str] = ()) -> None:
        found.append(compare(way, one, against, other, models, may_differ))
        say(f"{way}, against {against}: {len(found[-1].differing)} of {found[-1].tables} tables differ")

    def again(day: date) -> Version:
        night(grown, day)
        return version_of(Home(grown.warehouse / "aside"), day)

    standing = version_of(grown, last)
    whole = at_once(source, folder / "at_once", memories[last], last)
    hold("all at once", version_of(whole, last), "day by day", standing)
    mixed = shuffled(source, folder / "shuffled", memories[last], seed, say)
    hold("shuffled arrivals", version_of(mixed, last), "day by day", standing)
    hold(f"{second} again, by the scores of {last}", again(second), "as it was published", version_of(grown, second), by_memory)
    recall(grown, memories[before])
    hold(f"{third} again", again(third), "as it was published", version_of(grown, third))
    corrected = at_once(source, folder / "at_once_before", memories[before], before)
    recall(grown, remember(corrected, folder / "memory_corrected"))
    rebuilt = again(before)
    hold(f"{before} again, one delivery corrected", rebuilt, "all at once", version_of(corrected, before))
    hold(f"{before} again, one delivery corrected", rebuilt, "as it was published", version_of(grown, before), by_wrong)
    bare = at_once(source, folder / "bare", memories[first], last)
    hold("all at once, without memory", version_of(bare, last), "day by day", standing, by_memory)
    return found


def table(found: Iterable[Compared]) -> str:
    """What was compared, as Markdown."""
    lines = ["| way | held against | tables | equal | may differ, and do | differ |", "|---|---|---:|---:|---:|---:|"]
    for one in found:
        may = len(one.differing) - len(one.broken)
        lines.append(
            f"| {one.way} | {one.against} | {one.tables} | {one.tables - len(one.differing)} | {may} | {len(one.broken)} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--subscribers", type=int, default=1000)
    options.add_argument("--months", type=int, default=24)
    options.add_argument("--seed", type=int, default=1, help="of the order in which shuffled deliveries arrive")
    options.add_argument("--folder", type=Path, help="where the homes are made; else a temporary one, removed at the end")
    options.add_argument("--table", type=Path, help="file to write the table to")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="telco360-same-answer-") as made:
        folder = given.folder or Path(made)
        source = make_source(folder, given.subscribers, given.months)
        found = all_ways(source, folder, given.seed, lambda line: print(line, flush=True))
    for one in found:
        for name, columns in one.differing.items():
            verdict = "may differ" if name in one.may_differ else "DIFFERS"
            print(f"{verdict:<10} {one.way}: {name}: {', '.join(columns)}")
    print(table(found))
    if given.table:
        given.table.write_text(table(found), encoding="utf-8")
    return int(any(one.broken for one in found))


def _put(delivery: Path, home: Home) -> None:
    """Puts a delivery into landing in place of one that lies there."""
    place = home.landing / delivery.parent.name / delivery.name
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(delivery, place)


if __name__ == "__main__":
    sys.exit(main())
