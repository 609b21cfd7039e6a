"""Readers who open the published version again and again while versions are published and rolled back: no read fails, and none
sees two versions at once.

`python -m benchmarks.readers` publishes 100 versions under 4 readers of 10,000 reads each; options say how many. Exits with 1
where a reader met an error or a mixture.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.base import modes
from orchestration.base.settings import PROJECT_DIR, Home
from orchestration.warehouse.candidate import Contents, candidate_path, facts_path
from orchestration.warehouse.publishing import VERSIONS_KEPT, publish, rollback, versions

ROWS = 1000
READER = """
import duckdb, sys
path, reads = sys.argv[1], int(sys.argv[2])
for read in range(1, reads + 1):
    with duckdb.connect(path, read_only=True) as db:
        first = db.execute("select min(version), max(version), count(*) from first").fetchone()
        second = db.execute("select min(version), max(version), count(*) from second").fetchone()
    assert first == second and first[0] == first[1] and first[2] == int(sys.argv[3]), (first, second)
    print(first[0], flush=True)
"""


@dataclass(frozen=True)
class Race:
    """What came of it: `reads` and `seen` (how many versions) by reader, `errors` in their own words, seconds in all."""

    reads: list[int]
    seen: list[int]
    errors: list[str]
    published: int
    seconds: float


def race(home: Home, publications: int, readers: int, reads: int) -> Race:
    """Publishes so many versions, every third time going back by one, while so many readers each open the link so often. The
    publications are spread over the reads."""
    begun = time.monotonic()
    _publish(home, 0)
    command = [sys.executable, "-c", READER, str(home.current), str(reads), str(ROWS)]
    outputs = [home.root / f"reader-{number}.out" for number in range(readers)]
    started = []
    for output in outputs:
        with open(output, "wb") as file:
            started.append(subprocess.Popen(command, stdout=file, stderr=subprocess.PIPE, cwd=PROJECT_DIR))
    for number in range(1, publications + 1):
        while _done(outputs) * publications < readers * reads * (number - 1) and any(one.poll() is None for one in started):
            time.sleep(0.005)
        _publish(home, number)
        if number % 3 == 0:
            rollback(home)
    errors = [one.communicate()[1].decode(errors="replace").strip() for one in started]
    seen = [output.read_text(encoding="utf-8").split() for output in outputs]
    counts, kinds = [len(lines) for lines in seen], [len(set(lines)) for lines in seen]
    return Race(counts, kinds, [error for error in errors if error], publications, time.monotonic() - begun)


def _publish(home: Home, number: int) -> None:
    """Publishes a version of two tables that say in every row which one it is."""
    modes.make_folder(home.published, "published")
    with duckdb.connect(str(candidate_path(home))) as db:
        for table in ("first", "second"):
            db.execute(f"create table {table} as select {number} as version from range({ROWS})")
    day = f"2026-01-{1 + number % 28:02}"
    facts_path(home).write_text(json.dumps(Contents(day, "", {}, [], is_approved=True).to_json()), encoding="utf-8")
    publish(home)


def _done(outputs: list[Path]) -> int:
    return sum(output.read_bytes().count(b"\n") for output in outputs)


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m benchmarks.readers", description=__doc__)
    options.add_argument("--publications", type=int, default=100)
    options.add_argument("--readers", type=int, default=4)
    options.add_argument("--reads", type=int, default=10_000, help="reads of each reader")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="telco360-readers-") as folder:
        home = Home(Path(folder))
        came_to = race(home, given.publications, given.readers, given.reads)
        standing = len(versions(home))
    print(f"{came_to.published} publications, {sum(came_to.reads):,} reads by {given.readers} readers, {came_to.seconds:.0f} s")
    print(f"versions seen by each: {came_to.seen}; versions that stand: {standing}, at least {VERSIONS_KEPT}")
    print("\n".join(came_to.errors) or "no error, no mixture")
    return int(bool(came_to.errors) or came_to.reads != [given.reads] * given.readers)


if __name__ == "__main__":
    sys.exit(main())
