"""`python -m benchmarks.chaos`: does every harm to copies of a small home, and writes what came of each.

`--kills N` random moments, `--levels N` levels of each full disk, `--only WORD` kinds whose name holds the word, `--minutes M` to
stop after, `--table FILE` to write the table to. Exits with 1 where something was broken.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random

from benchmarks.chaos import damage, delivery, kills, machine
from benchmarks.chaos.cases import Case, Result, try_case
from benchmarks.chaos.stage import Stage, make_stage
from orchestration.pipeline.run import today


def all_cases(stage: Stage, kill_count: int, levels: int, seed: int) -> list[Case]:
    """Every case there is, kinds mixed by chance, so that a run that is stopped early has had some of each."""
    cases = [
        *kills.at_boundaries(stage),
        *kills.at_moments(stage, kill_count, seed),
        *kills.alone(stage, max(1, kill_count // 20), seed),
        *damage.damages(),
        *machine.two_at_once(),
        *machine.clock_set_back(),
        *delivery.replaced_deliveries(kill_count // 4, seed),
    ]
    if machine.can_mount():
        cases += [*machine.full_disks(levels), *machine.closed_folders()]
    else:
        print("mounts are not allowed here: full disks and closed folders are left out", flush=True)
    return Random(seed).sample(cases, len(cases))


def table(results: Sequence[Result]) -> str:
    """The results by kind, as Markdown: how many cases, how the harmed runs ended, in how many something was broken."""
    lines = ["| harm | cases | the harmed run | all held | broken |", "|---|---:|---|---:|---:|"]
    for kind in sorted({result.kind for result in results}):
        of_kind = [result for result in results if result.kind == kind]
        ended = {end: sum(one.ended == end for one in of_kind) for end in sorted({one.ended for one in of_kind})}
        told = ", ".join(f"{count} {end}" for end, count in ended.items())
        broken = sum(bool(one.broken) for one in of_kind)
        lines.append(f"| {kind} | {len(of_kind)} | {told} | {len(of_kind) - broken} | {broken} |")
    return "\n".join(lines) + "\n"


def work(stage: Stage, cases: Iterable[Case], until: float, log: Path) -> list[Result]:
    """Tries case after case, each told as it ends and kept in `log`, a line of JSON each; until the time or the day is over."""
    results, day = [], today()
    for case in cases:
        if time.monotonic() > until or today() != day:
            print(f"stopped after {len(results)} cases: the {'time' if today() == day else 'day'} is over", flush=True)
            break
        result = try_case(stage, case)
        results.append(result)
        with open(log, "a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(result), ensure_ascii=False) + "\n")
        verdict = "BROKEN" if result.broken else "held"
        print(f"{verdict:<6} {result.seconds:4.0f} s  {case.kind}: {case.name} ({result.ended})", flush=True)
        for line in [*([f"said: {result.said}"] if result.said else []), *result.broken[:8]]:
            print(f"         {line}", flush=True)
    return results


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    options.add_argument("--kills", type=int, default=200, help="random moments of a run at which it is killed")
    options.add_argument("--levels", type=int, default=10, help="levels at which each disk is full")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", action="append", default=[], help="kinds of harm whose name holds this; may be said again")
    options.add_argument("--minutes", type=float, default=float("inf"), help="stop after so many")
    options.add_argument("--folder", type=Path, help="where the homes are made; else a temporary one, removed at the end")
    options.add_argument("--table", type=Path, help="file to write the table to")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="telco360-chaos-") as made:
        folder = given.folder or Path(made)
        stage = make_stage(folder, lambda line: print(line, flush=True))
        print(f"an undisturbed run takes {stage.seconds:.0f} s", flush=True)
        every = all_cases(stage, given.kills, given.levels, given.seed)
        cases = [case for case in every if not given.only or any(word in case.kind for word in given.only)]
        print(f"{len(cases)} cases", flush=True)
        results = work(stage, cases, time.monotonic() + given.minutes * 60, folder / "results.jsonl")
    print(table(results))
    if given.table:
        given.table.write_text(table(results), encoding="utf-8")
    return int(any(result.broken for result in results))


if __name__ == "__main__":
    sys.exit(main())
