"""`python -m benchmarks.mutations`: seeds each defect by itself, and says whether what must notice it does.

`--kind sql|python|deliveries` for one kind alone, `--minutes M` to stop after, `--page FILE` to write the table to. Exits with 1
where one was missed. It works on a copy of the project, on which all named tests pass before a line is changed. Unit tests of SQL
need the tables that models read: these are built first, empty.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.mutations.defects_deliveries import DELIVERIES, Trial
from benchmarks.mutations.defects_python import PYTHON
from benchmarks.mutations.defects_sql import SQL
from benchmarks.mutations.project import CannotRun, Copy, Mutation, apart

CAUGHT, MISSED, NOT_RUN = "caught", "missed", "not run"
KINDS = ("deliveries", "sql", "python")


@dataclass(frozen=True)
class Seen:
    """A defect, where it is, what must notice it, and whether it did: caught, missed or not run."""

    kind: str
    defect: str
    where: str
    noticed_by: str
    verdict: str = NOT_RUN


def seeded(kinds: Sequence[str]) -> list[Seen]:
    """All defects of these kinds, before any was tried."""
    found = [Seen("deliveries", one.rule, one.table, f"{one.check}: {one.says}") for one in DELIVERIES]
    for kind, mutations in (("sql", SQL), ("python", PYTHON)):
        found += [Seen(kind, f"not: {one.rule}", one.file, one.test) for one in mutations]
    return [one for one in found if one.kind in kinds]


def tried(kinds: Sequence[str], folder: Path) -> Iterator[Seen]:
    """The same, each once it was tried. Ends the program where a test fails though no line is changed."""
    if "deliveries" in kinds:
        trial = Trial(folder / "trial")
        for one, seen in zip(DELIVERIES, seeded(["deliveries"]), strict=True):
            yield _with(seen, CAUGHT if trial.catches(one) else MISSED)
    copy = Copy(folder)
    if "sql" in kinds:
        copy.build()
        _require_passing(copy, SQL)
        seen_of = dict(zip(SQL, seeded(["sql"]), strict=True))
        for group in apart(SQL):
            for one, is_caught in copy.caught_by_dbt(group).items():
                yield seen_of[one] if is_caught is None else _with(seen_of[one], CAUGHT if is_caught else MISSED)
    if "python" in kinds:
        _require_passing(copy, PYTHON)
        for one, seen in zip(PYTHON, seeded(["python"]), strict=True):
            try:
                yield _with(seen, CAUGHT if copy.catches(one) else MISSED)
            except CannotRun as error:
                print(error, flush=True)
                yield seen


def _require_passing(copy: Copy, mutations: Sequence[Mutation]) -> None:
    if copy.fails(list(dict.fromkeys(one.test for one in mutations))):
        sys.exit("a test fails though no line is changed; fix it first")


def page(found: Sequence[Seen]) -> str:
    """The kill matrix as Markdown: how many of each kind were caught, then every defect."""
    lines = [
        "# Kill matrix",
        "",
        "Defects seeded one at a time, and what noticed each. Written by `make mutation`.",
        "",
        "| kind | seeded | tried | caught |",
        "|---|---:|---:|---:|",
    ]
    for kind in KINDS:
        of_kind = [one.verdict for one in found if one.kind == kind]
        lines.append(f"| {kind} | {len(of_kind)} | {len(of_kind) - of_kind.count(NOT_RUN)} | {of_kind.count(CAUGHT)} |")
    lines += ["", "| defect | where | must be noticed by | seen |", "|---|---|---|---|"]
    lines += [f"| {one.defect} | `{Path(one.where).stem}` | `{one.noticed_by}` | {one.verdict} |" for one in found]
    return "\n".join(lines) + "\n"


def _with(seen: Seen, verdict: str) -> Seen:
    return Seen(seen.kind, seen.defect, seen.where, seen.noticed_by, verdict)


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m benchmarks.mutations", description=__doc__)
    options.add_argument("--kind", choices=KINDS, action="append", help="one kind alone; may be given more than once")
    options.add_argument("--minutes", type=float, default=float("inf"), help="stop after so many")
    options.add_argument("--page", type=Path, help="file to write the matrix to")
    given = options.parse_args()
    kinds, until = given.kind or KINDS, time.monotonic() + given.minutes * 60
    found = {(one.kind, one.defect, one.where): one for one in seeded(kinds)}
    with tempfile.TemporaryDirectory(prefix="telco360-mutations-") as folder:
        for one in tried(kinds, Path(folder)):
            found[one.kind, one.defect, one.where] = one
            print(f"{one.verdict.upper() if one.verdict != CAUGHT else CAUGHT:<7}  {one.defect}  ({one.where})", flush=True)
            if time.monotonic() > until:
                break
    verdicts = [one.verdict for one in found.values()]
    print(f"{verdicts.count(CAUGHT)} caught, {verdicts.count(MISSED)} missed, {verdicts.count(NOT_RUN)} not run")
    if given.page:
        given.page.write_text(page(list(found.values())), encoding="utf-8")
    return int(MISSED in verdicts)


if __name__ == "__main__":
    sys.exit(main())
