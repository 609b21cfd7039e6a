"""Measures two runs: the first load, then one day more. Seconds and memory by step, layer and model.

    python -m benchmarks.bench --subscribers N [--months 13] [--home DIR] [--json FILE]
    python -m benchmarks.bench --deliveries LANDING --as-of DATE --home DIR [--floor CPU_SECONDS]

A synthetic operator is made once and kept in the bench's own home, or deliveries of others are linked into it; lake, warehouse
and published versions are rebuilt on each run.
Watching belongs here; `child` runs what is watched, `costs` makes figures and tables of it, docs/benchmarks.md tells how to
read them. Linux only: memory is read from /proc.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path

from benchmarks import child, costs
from benchmarks.costs import Cost, Made, RunCost, Samples
from orchestration.base.errors import WarehouseError
from orchestration.base.files import replace_text, share_or_copy
from orchestration.base.settings import PROJECT_DIR, Home, SettingsError, environment, memory_limit
from orchestration.warehouse.dbt import arguments, code_hash, dbt_environment, executable
from orchestration.warehouse.dbt_results import last_results
from sample import SampleError, make_operator

AS_OF, DAILY = date(2026, 6, 20), 7  # an ordinary run: bills and call pairs of a month come on its last day
EVERY = 0.05  # seconds between two looks at memory
RECORD = "bench.json"
"""File in the home that tells which operator was made there, and that the home is the bench's."""
PACKAGES = ("telco360", "dbt-core", "dbt-duckdb", "duckdb", "dagster", "great-expectations", "pyarrow")


class BenchError(RuntimeError):
    """A run that failed or was not the one to be measured, or a home that is not the bench's own."""


@dataclass
class Watch:
    """What was seen while something ran, moments in seconds since 1970."""

    started: float
    ended: float = 0.0
    samples: Samples = field(default_factory=list)

    @property
    def cost(self) -> Cost:
        return costs.whole_cost(self.ended - self.started, self.samples)


def main(given: list[str] | None = None) -> int:
    options = _options(given)
    root = options.home or default_home(options.subscribers, options.months, options.as_of)
    home = Home(root.resolve())
    try:
        facts = machine()
        if options.deliveries:
            operator = linked(home, options.deliveries.resolve(), options.as_of)
        else:
            operator = made(home, options.subscribers, options.months, options.seed, options.as_of)
        runs = bench(home, options.as_of)
    except (BenchError, child.ChildError, SampleError, WarehouseError, SettingsError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print("\n".join(report(facts, versions(), operator, runs)))
    if options.floor:
        print("", *costs.floor_lines(options.floor, *runs), sep="\n")
    if options.json:
        replace_text(options.json.resolve(), json.dumps(results(options.date, facts, operator, runs), indent=2) + "\n")
    return 0


def default_home(subscribers: int | None, months: int, as_of: date) -> Path:
    """The bench's own home in the project's data/, which is never committed."""
    day = "" if as_of == AS_OF else f"_{as_of}"
    return PROJECT_DIR / "data" / "bench" / (f"{subscribers}x{months}{day}" if subscribers else f"deliveries{day}")


def bench(home: Home, as_of: date) -> tuple[RunCost, RunCost]:
    """Measures the run before `as_of` and that of `as_of`, on what lies in landing. Raises BenchError, and what a run raises."""
    bare = Home(home.root / "bare")
    for folder in (home.lake, home.warehouse, home.published, home.exports, bare.root, _target(home)):
        if folder.exists():
            shutil.rmtree(folder)
    with withheld(home, as_of):
        in_first = delivered_bytes(home)
        first = measured_run(home, bare, as_of - timedelta(days=1), in_first)
    second = measured_run(home, bare, as_of, delivered_bytes(home) - in_first, is_anew=False)
    shutil.rmtree(bare.root)
    return first, second


def linked(home: Home, deliveries: Path, as_of: date) -> Made:
    """Deliveries of others in the bench's home: linked, or copied where that cannot be.

    Raises BenchError where there are none of `as_of`, or the home holds data that is not the bench's.
    """
    if not any(deliveries.glob(f"*/dt={as_of}")):
        raise BenchError(f"{deliveries} holds no <table>/dt={as_of}: name the day of its last deliveries with --as-of")
    _require_own(home)
    bring_back(home)
    replace_text(home.root / RECORD, json.dumps({"source": str(deliveries)}))
    shutil.rmtree(home.landing, ignore_errors=True)
    shutil.copytree(deliveries, home.landing, copy_function=lambda old, new: share_or_copy(Path(old), Path(new)))
    count = sum(1 for _ in home.landing.glob("*/dt=*"))
    nothing = Cost(0, 0, 0)
    return Made(0, 0, 0, as_of.isoformat(), "", count, 0, delivered_bytes(home), nothing, source=str(deliveries))


def made(home: Home, subscribers: int, months: int, seed: int, as_of: date) -> Made:
    """The synthetic operator in the bench's home; made now unless it is there.

    Raises BenchError where the home holds data that is not the bench's, SampleError where no such operator can be made.
    """
    record = _require_own(home)
    bring_back(home)
    wanted = {"subscribers": subscribers, "months": months, "seed": seed, "as_of": as_of.isoformat()}
    known, code = read(record) if record.is_file() else {}, code_hash(parts=("sample",))
    if "cost" in known and known.items() >= wanted.items():
        _say(
            "the synthetic operator of before is used again"
            + ("" if known["code"] == code else ", though sample/ has changed since")
        )
        return Made.from_json(known)
    _say(f"making an operator of {subscribers:,} lines and {months} months")
    replace_text(record, json.dumps(wanted))  # from here on the home is known as the bench's
    with watched() as watch:
        rows = child.run(make_operator, home, subscribers, months, as_of, seed, DAILY)
    deliveries = sum(1 for _ in home.landing.glob("*/dt=*"))
    operator = Made(**wanted, code=code, deliveries=deliveries, rows=rows, bytes=delivered_bytes(home), cost=watch.cost)
    replace_text(record, json.dumps(asdict(operator), indent=2))
    return operator


def _require_own(home: Home) -> Path:
    """The record of a home that is the bench's, or empty."""
    record = home.root / RECORD
    if home.root.is_dir() and any(home.root.iterdir()) and not record.is_file():
        raise BenchError(f"{home.root} holds data that is not of the bench, which clears its home; name another with --home")
    return record


def measured_run(home: Home, bare: Home, as_of: date, bytes_in: int, is_anew: bool = True) -> RunCost:
    """Runs the nightly job in a process of its own, then the same build by dbt alone in the home `bare`.

    Raises BenchError where one of them fails, and where a run that is not to build anew does.
    """
    _say(f"run of {as_of}")
    with watched() as watch:
        told = child.run(child.nightly, home, as_of, _dbt_paths(home))
    if told["failures"]:
        raise BenchError(f"the run of {as_of} failed\n" + "\n".join(told["failures"]))
    if told["discarded"] and not is_anew:
        raise BenchError(f"the run of {as_of} built all anew, which is no second run: {told['discarded']}. Run the bench again")
    ran, manifest = last_results(home), read(_target(home) / "manifest.json")
    steps = costs.step_costs(costs.step_spans(told["spans"]), watch.samples)
    _say(f"the same by dbt alone, after {watch.cost.seconds:.0f} s")
    return RunCost(
        as_of=as_of.isoformat(),
        deliveries=told["deliveries"],
        rows_in=told["rows"],
        bytes_in=bytes_in,
        whole=watch.cost,
        steps=steps,
        layers=costs.layer_costs(steps["dbt"].seconds, costs.node_spans(ran, manifest), watch.samples),
        slowest=costs.slowest_models(ran),
        bare_dbt=dbt_alone(home, bare, as_of),
    )


def dbt_alone(home: Home, bare: Home, as_of: date) -> Cost:
    """The job's `dbt build`, called on the same lake, in a home whose warehouse stood as the job's did before it."""
    bare.warehouse.mkdir(parents=True, exist_ok=True)
    if not bare.lake.exists():
        bare.lake.symlink_to(home.lake)
    command = [executable(), "--no-use-colors", *arguments("build", as_of), "--exclude-resource-type", "unit_test", "exposure"]
    variables = os.environ | dbt_environment(bare) | _dbt_paths(bare)
    with watched() as watch:
        done = subprocess.run(command, check=False, cwd=PROJECT_DIR, env=variables, capture_output=True, text=True)
    if done.returncode:
        raise BenchError(f"dbt alone failed for {as_of}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return watch.cost


@contextmanager
def watched() -> Iterator[Watch]:
    """Looks at the memory and CPU time of all child processes until the block ends."""
    watch, ended = Watch(started=time.time()), threading.Event()

    def look() -> None:
        while not ended.wait(EVERY):
            watch.samples.append((time.time(), *below(os.getpid())))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        watch.ended = time.time()
        ended.set()
        thread.join()


def below(pid: int) -> tuple[int, float]:
    """Resident bytes and CPU seconds of all processes below `pid`, itself left out; those of ended children count for the CPU.

    Pages that two processes share count twice.
    """
    memory, cpu = 0, 0.0
    with suppress(OSError):  # processes and threads end while they are looked at
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                # Its own facts before those of its children: one that ends in between must not be counted twice.
                fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
                inner_memory, inner_cpu = below(int(child))
                memory += inner_memory + int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
                cpu += inner_cpu + sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return memory, cpu


@contextmanager
def withheld(home: Home, day: date) -> Iterator[None]:
    """Keeps the deliveries of one day out of landing while the block runs."""
    for folder in sorted(home.landing.glob(f"*/dt={day}")):
        aside = home.root / "withheld" / folder.relative_to(home.landing)
        aside.parent.mkdir(parents=True, exist_ok=True)
        folder.rename(aside)
    try:
        yield
    finally:
        bring_back(home)


def bring_back(home: Home) -> None:
    """Moves deliveries that were withheld, by this run or by one that was killed, back into landing."""
    for folder in sorted((home.root / "withheld").glob("*/dt=*")):
        folder.rename(home.landing / folder.relative_to(home.root / "withheld"))


def delivered_bytes(home: Home) -> int:
    """Bytes of the data files in landing."""
    return sum(path.stat().st_size for path in home.landing.glob("*/dt=*/part-*"))


def machine() -> dict:
    """Cores at hand, bytes of memory, system, load (mean of a minute) before the bench, settings that weigh.

    Raises BenchError where memory cannot be watched.
    """
    if not Path("/proc/self/statm").exists():
        raise BenchError("memory is read from /proc, which this system has not: run the bench on Linux")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "system": f"{platform.system()} {platform.machine()}",
        "load_before": round(os.getloadavg()[0], 2),
        "environment": environment(),
        "memory_limit": memory_limit(),
    }


def versions() -> dict[str, str]:
    """Of Python, of the packages that do the work, and the hash of the code that decides how tables look."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES} | {"models": code_hash()[:12]}


def results(day: date | None, facts: dict, operator: Made, runs: list[RunCost]) -> dict:
    """All results as plain values: seconds, bytes, shares 0-1. `day` is the caller's to give."""
    first, second = (run.whole for run in runs)
    shares = {"seconds": second.seconds / first.seconds, "cpu_seconds": second.cpu_seconds / first.cpu_seconds}
    told = {"date": day and day.isoformat(), "machine": facts, "versions": versions(), "made": asdict(operator)}
    return told | {"runs": [run.to_json() for run in runs], "second_over_first": shares}


def report(facts: dict, numbers: dict[str, str], operator: Made, runs: list[RunCost]) -> list[str]:
    """The results in lines of Markdown."""
    made_here = f"{operator.subscribers:,} lines, {operator.months} months to {operator.as_of}, seed {operator.seed}  "
    return [
        f"{operator.source}, to {operator.as_of}  " if operator.source else made_here,
        f"{facts['cores']} cores, {facts['memory_bytes'] / 1e9:.0f} GB, {facts['system']}, load before {facts['load_before']}, "
        f"environment {facts['environment']}, memory limit of DuckDB {facts['memory_limit']}  ",
        ", ".join(f"{name} {number}" for name, number in numbers.items()),
        "",
        *costs.input_table(operator, runs),
        "",
        *costs.run_table(*runs),
        "",
        *costs.slowest_lines(runs),
    ]


def read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def _target(home: Home) -> Path:
    return home.root / "target"


def _dbt_paths(home: Home) -> dict[str, str]:
    # Within the home, so that a bench does not disturb what the project's own target/ holds.
    return {"DBT_TARGET_PATH": str(_target(home)), "DBT_LOG_PATH": str(_target(home))}


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def _options(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--subscribers", type=int, help="lines of the synthetic operator")
    source.add_argument("--deliveries", type=Path, help="a landing folder of others; it stays as it is")
    parser.add_argument("--months", type=int, default=13, help="months that it tells of (default 13)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--as-of", type=date.fromisoformat, default=AS_OF, help=f"date of the second run (default {AS_OF})")
    parser.add_argument("--home", type=Path, help="a folder for the bench alone; else one in data/bench/")
    parser.add_argument("--floor", type=float, help="CPU seconds of another way to the same tables, to be compared with")
    parser.add_argument("--json", type=Path, help="write all results to this file too")
    parser.add_argument("--date", type=date.fromisoformat, help="the date to note in the results, YYYY-MM-DD; else none")
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main())
