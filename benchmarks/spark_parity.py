"""Builds the same deliveries on DuckDB and on a real Spark cluster, and holds every public table against its twin, row by row.

    python -m benchmarks.spark_parity [--ci] [--subscribers N] [--megaline FOLDER] [--folder FOLDER]

Ends 0 when all is equal, 1 otherwise. While the synthetic operator is built, one of two executors is killed. At the end one row
is changed on purpose: a comparison that does not find it fails the run. `--ci` builds one run's tables and leaves out tests;
without it, two runs are built one upon the other, with all data and unit tests.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from benchmarks.cluster import Cluster, missing, running
from benchmarks.compare import Comparison, compare
from orchestration.base.contract import load_contract
from orchestration.base.settings import PROJECT_DIR, Home
from orchestration.base.sql import literal
from orchestration.engines.spark.databases import discard_build
from orchestration.engines.spark.thrift import connect
from orchestration.intake import load_limits
from orchestration.pipeline.deliveries import take_in_all
from orchestration.pipeline.run import ledger_dates, required_tables, today
from orchestration.targeting import offers
from orchestration.warehouse.dbt import arguments, dbt_environment, ensure_manifest, executable
from orchestration.warehouse.freshness import choose_as_of
from orchestration.warehouse.manifest import load_models, read_manifest, varying_columns

AS_OF, MONTHS, SEED = date(2026, 6, 30), 13, 7
BUILD = "telco360_public"  # what the file of public tables is attached as: its views name their catalog
NO_TESTS = ["--exclude-resource-type", "test", "unit_test"]


@dataclass(frozen=True)
class Case:
    """One set of deliveries: a home with a landing, and whether an executor is killed while Spark builds it."""

    name: str
    home: Home
    kills: bool = False


class ParityError(RuntimeError):
    """A build failed on one of the engines."""


def main(given: list[str] | None = None) -> int:
    options = _options(given)
    if lack := missing():
        print(f"spark-parity: {lack}", file=sys.stderr)
        return 1
    started = time.monotonic()
    with _folder(options.folder) as folder, running(folder / "cluster") as cluster:
        print(f"cluster: up after {time.monotonic() - started:.0f} s, executors {cluster.executors()}", flush=True)
        (folder / "profiles").mkdir(exist_ok=True)
        (folder / "profiles" / "profiles.yml").write_text((PROJECT_DIR / "profiles.yml.example").read_text(encoding="utf-8"))
        found: list[Comparison] = []
        for case in cases(folder, options.megaline, options.subscribers):
            print(f"\n{case.name}", flush=True)
            found += parity(case, cluster, folder, is_full=not options.ci)
        is_honest = finds_a_planted_difference(case.home, folder)
    differing = [c for c in found if not c.is_equal]
    print(f"\n{len(found)} tables, {len(differing)} differ; {time.monotonic() - started:.0f} s in all")
    return 1 if differing or not is_honest else 0


def cases(folder: Path, megaline: Path | None, subscribers: int) -> Iterator[Case]:
    """Megaline where its deliveries are at hand, then a synthetic operator."""
    if megaline is not None and megaline.is_dir():
        home = Home(folder / "megaline")
        home.root.mkdir(exist_ok=True)
        home.landing.symlink_to(megaline.resolve())
        yield Case("Megaline", home)
    from sample import make_operator

    home = Home(folder / "made")
    make_operator(home, subscribers=subscribers, months=MONTHS, as_of=AS_OF, seed=SEED)
    yield Case(f"a synthetic operator of {subscribers:,} lines and {MONTHS} months, one executor killed", home, kills=True)


def parity(case: Case, cluster: Cluster, folder: Path, is_full: bool) -> list[Comparison]:
    """Builds a case on both engines and compares its public tables. Raises ParityError, with dbt's words, where a build fails."""
    contract = load_contract()
    take_in_all(case.home, contract, load_limits(contract), lambda text: None)
    models = load_models(read_manifest(ensure_manifest(case.home)))
    case.home.warehouse.mkdir(parents=True, exist_ok=True)
    selected = [] if is_full else NO_TESTS
    environment = dbt_environment(case.home) | cluster.environment | {"DBT_PROFILES_DIR": str(folder / "profiles")}
    environment["DBT_LOG_PATH"] = str(folder / "logs")
    environment["TELCO360_RUN"] = "parity"  # one name for the builds of both engines
    with connect(cluster.environment) as session:
        discard_build(session)
    executors = cluster.executors()
    for as_of in runs(case.home, is_full):
        offers.record_offers(case.home, models, as_of)
        for target in ("local", "spark"):
            kill = _kill_half_way(cluster) if case.kills and target == "spark" else lambda line: None
            seconds = build(target, as_of, selected, environment | {"DBT_TARGET_PATH": str(folder / f"target_{target}")}, kill)
            print(f"  {target}: built as of {as_of} in {seconds:.0f} s", flush=True)
    if case.kills:
        now = cluster.executors()
        print(f"  executors: {executors} before the build, {now} after it", flush=True)
        if set(executors) <= set(now):
            raise ParityError("no executor was killed: the build was not put to the test")
    found = []
    with connect(cluster.environment) as session, _duckdb(case.home) as db:
        for model in public_models(folder / "target_spark"):
            export = folder / "export" / case.home.root.name / model["alias"]
            session.run(f"insert overwrite directory {literal(export)} using parquet select * from {_relation(model)}")
            found.append(held_against(db, model, _local_schema(folder, model), f"read_parquet({literal(export / '*.parquet')})"))
            tell(found[-1])
    return found


def runs(home: Home, is_full: bool) -> list[date]:
    """The business dates to build one after the other: the last, and before it the first where both are asked for."""
    deliveries, required = ledger_dates(home), required_tables(load_contract())
    first = min(dt for table in required for dt in deliveries.get(table, ()))
    last = choose_as_of(deliveries, required, today())
    return sorted({first, last}) if is_full else [last]


def build(target: str, as_of: date, selected: list[str], environment: dict, watch: Callable[[str], None]) -> float:
    """Runs dbt on one target, each line of its output shown to `watch`; the seconds it took."""
    started, said = time.monotonic(), []
    command = [executable(), "--no-use-colors", *arguments("build", as_of), "--target", target, *selected]
    with subprocess.Popen(
        command, cwd=PROJECT_DIR, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running_dbt:
        for line in running_dbt.stdout:
            said.append(line)
            watch(line)
    if running_dbt.returncode:
        failed = [line for line in said if " START " not in line and " OK " not in line and " PASS " not in line]
        raise ParityError(f"dbt failed on {target}:\n" + "".join(failed[-60:]))
    return time.monotonic() - started


def held_against(db: duckdb.DuckDBPyConnection, model: dict, schema: str, right: str) -> Comparison:
    """The published columns of a model's DuckDB table against `right`."""
    table, grain = f"{schema}.{model['alias']}", model["config"]["meta"]["grain"]
    return compare(db, table, f"{BUILD}.{table}", right, grain, varying_columns(model))


def finds_a_planted_difference(home: Home, folder: Path) -> bool:
    """Changes one value of one row of the largest table on one side: is it found, once, and named?"""
    models = public_models(folder / "target_spark")
    with _duckdb(home) as db:
        rows = {
            m["alias"]: db.execute(f"select count(*) from {BUILD}.{_local_schema(folder, m)}.{m['alias']}").fetchone()[0]
            for m in models
        }
        model = max(models, key=lambda m: rows[m["alias"]])
        grain, table = model["config"]["meta"]["grain"], f"{BUILD}.{_local_schema(folder, model)}.{model['alias']}"
        described = db.execute(f"describe {table}").fetchall()
        column = next(name for name, kind, *_ in described if kind.startswith("DECIMAL") and name not in grain)
        first = " and ".join(f"{k} = (select {k} from {table} order by {', '.join(grain)} limit 1)" for k in grain)
        planted = (
            f"(select * replace (case when {first} then coalesce({column}, 0) + 0.01 else {column} end as {column}) from {table})"
        )
        found = compare(db, model["alias"], table, planted, grain)
    is_found = found.differing == 1 and column in found.examples[0]
    verdict = "found" if is_found else "NOT FOUND"
    print(f"\nplanted: 0.01 on {column} of one of {rows[model['alias']]:,} rows: {verdict}: {found.examples}")
    return is_found


def public_models(target: Path) -> list[dict]:
    """The public models of a manifest, by schema and name."""
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    models = [n for n in manifest["nodes"].values() if n["resource_type"] == "model" and n["config"]["meta"].get("public")]
    return sorted(models, key=_relation)


def tell(found: Comparison) -> None:
    """One line a table, and what differs."""
    verdict = "equal" if found.is_equal else f"{found.differing:,} rows differ"
    print(f"  {found.table:<36} {found.left_rows:>9,} {found.right_rows:>9,}  {verdict}", flush=True)
    for example in found.examples:
        print(f"      {example}", flush=True)


def _relation(model: dict) -> str:
    return f"{model['schema']}.{model['alias']}"


def _local_schema(folder: Path, model: dict) -> str:
    manifest = json.loads((folder / "target_local" / "manifest.json").read_text(encoding="utf-8"))
    return manifest["nodes"][model["unique_id"]]["schema"]


def _kill_half_way(cluster: Cluster) -> Callable[[str], None]:
    """Kills one executor, once, when dbt has done half of what it has to do."""
    killed: list[int] = []

    def watch(line: str) -> None:
        done = re.search(r"(\d+) of (\d+) (OK created|PASS)", line)
        if done and not killed and 2 * int(done[1]) >= int(done[2]):
            killed.append(cluster.executors()[0])
            os.kill(killed[0], signal.SIGKILL)
            print(f"  spark: executor {killed[0]} killed at {done[1]} of {done[2]}", flush=True)

    return watch


@contextmanager
def _duckdb(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as db:
        db.execute(f"attach {literal(home.public_database)} as {BUILD} (read_only)")
        yield db


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True)
        yield given.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="telco360-spark-", ignore_cleanup_errors=True) as made:
        yield Path(made).resolve()


def _options(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="spark-parity", description=__doc__.splitlines()[0])
    parser.add_argument("--ci", action="store_true", help="build tables only; leave data and unit tests on Spark out")
    parser.add_argument("--subscribers", type=int, default=2_000, help="lines of the synthetic operator")
    megaline = os.environ.get("TELCO360_MEGALINE") or PROJECT_DIR.parent / "shared" / "data" / "megaline" / "landing"
    parser.add_argument("--megaline", type=Path, default=Path(megaline), help="deliveries of Megaline; else $TELCO360_MEGALINE")
    parser.add_argument("--folder", type=Path, help="a new folder to work in and to keep; else a temporary one")
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main())
