"""What a home holds after a run, to be held against another's; and what must hold of a home at any moment."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import duckdb

from orchestration.base import audit
from orchestration.base.files import sha256_of
from orchestration.base.settings import Home
from orchestration.base.sql import literal
from orchestration.intake import ledger as intake_ledger
from orchestration.targeting import ledger as list_ledger
from orchestration.warehouse.checksums import table_facts
from orchestration.warehouse.dbt import target_dir
from orchestration.warehouse.manifest import load_models, read_manifest
from orchestration.warehouse.publishing import Version, current, versions


@dataclass(frozen=True)
class Facts:
    """What a run left. `tables`: rows and checksum by published table; `deliveries`: outcome and rows' SHA-256 by table and dt;
    `files`: SHA-256 of the exports of the day, by name, without manifests; `lists`: rows and SHA-256 of each list's export of the
    day; `tasks`: SHA-256 of the ledger of tasks."""

    tables: dict[str, object]
    deliveries: dict[str, object]
    files: dict[str, object]
    lists: dict[str, object]
    tasks: str

    def differences(self, found: "Facts") -> list[str]:
        """What the other has otherwise, each thing in words."""
        told = []
        for what in ("tables", "deliveries", "files", "lists"):
            mine, other = getattr(self, what), getattr(found, what)
            told += [f"{what}: {name} is missing" for name in sorted(mine.keys() - other.keys())]
            told += [f"{what}: {name} is one too many" for name in sorted(other.keys() - mine.keys())]
            told += [f"{what}: {name} differs" for name in sorted(mine.keys() & other.keys()) if mine[name] != other[name]]
        return told + ["tasks: the ledger differs"] * (self.tasks != found.tasks)


def facts_of(home: Home, run_date: date) -> Facts:
    """What the home holds of the run of that date."""
    version, rows = current(home), list_ledger.current_runs(home)
    accepted = intake_ledger.current(home).to_pylist()
    folder = home.exports / f"{run_date}"
    files = [path for path in sorted(folder.glob("*.*")) if path.suffix != ".json" and not path.name.startswith(".")]
    return Facts(
        tables={name: (one.rows, one.checksum) for name, one in version.contents.tables.items()} if version else {},
        deliveries={f"{row['table_name']} {row['dt']}": (row["rows_accepted"], row["rows_sha256"]) for row in accepted},
        files={path.name: sha256_of(path) for path in files},
        lists={row["list_name"]: (row["exported"], row["sha256"]) for row in rows if row["run_date"] == run_date},
        tasks=_tasks(home),
    )


def faults_of(home: Home, run_date: date) -> list[str]:
    """What may never be in a home, whatever happened to it: half a version, half a list, a list sent twice, a broken ledger."""
    return [*_of_versions(home), *_of_exports(home, run_date), *_of_ledgers(home, run_date), *_of_lake(home)]


def _tasks(home: Home) -> str:
    files = sorted((home.ledger / "task_reasons").glob("*/*.parquet"))
    with duckdb.connect() as db:
        read = [db.execute(f"from read_parquet({literal(path)}) order by all").fetchall() for path in files]
    return hashlib.sha256(repr(read).encode()).hexdigest()


def _of_versions(home: Home) -> Iterator[str]:
    standing = current(home)
    if home.current.is_symlink() and standing is None:
        yield f"{home.current} leads to no version"
    if standing:
        yield from _of_version(standing)
    for version in versions(home):
        try:
            duckdb.connect(str(version.path), read_only=True).close()
        except duckdb.Error as error:
            yield f"{version.name} does not open: {error}"


def _of_version(version: Version) -> Iterator[str]:
    """Whether every table of the version has the rows and the checksum that its description tells."""
    models = {model.relation: model for model in load_models(read_manifest(target_dir() / "manifest.json"))}
    try:
        with duckdb.connect() as db:
            db.execute(f"attach {literal(version.path)} as candidate (read_only)")
            for name, told in version.contents.tables.items():
                if table_facts(db, models[name]) != told:
                    yield f"{version.name}: {name} is not what was published"
    except duckdb.Error as error:
        yield f"{version.name} cannot be read: {error}"


def _of_exports(home: Home, run_date: date) -> Iterator[str]:
    folder = home.exports / f"{run_date}"
    for note in sorted(folder.glob("*.json")):
        if note.name.endswith(".balance.json"):
            continue
        for said in json.loads(note.read_text(encoding="utf-8"))["files"]:
            file = folder / said["name"]
            if not file.exists() or sha256_of(file) != said["sha256"]:
                yield f"{note.name} tells of {file.name}, which is not there or another"
    every = list_ledger.runs(home).to_pylist()
    exported = Counter((row["list_name"], row["as_of_date"]) for row in every if row["status"] == list_ledger.EXPORTED)
    rows = [row for row in every if row["run_date"] == run_date]
    yield from (f"list {name} was exported {count} times for {day}" for (name, day), count in exported.items() if count > 1)
    files = {row["list_name"]: len(list(folder.glob(f"{row['list_name']}_*_{run_date}_*.json"))) for row in rows}
    balanced = {name: len(list(folder.glob(f"{name}_*_{run_date}_*.balance.json"))) for name in files}
    yield from (f"list {name} has {count - balanced[name]} files" for name, count in files.items() if count - balanced[name] > 1)


def _of_ledgers(home: Home, run_date: date) -> Iterator[str]:
    if wrong := list_ledger.verify(home):
        yield f"ledger of lists: {wrong}"
    if wrong := audit.trail(home).verify():
        yield f"audit trail: {wrong}"
    for row in list_ledger.current_runs(home):
        if row["run_date"] == run_date and (home.exports / f"{run_date}").is_dir():
            file = home.exports / f"{run_date}" / str(row["file"]).rsplit("/", 1)[-1]
            if not file.exists() or sha256_of(file) != row["sha256"]:
                yield f"list {row['list_name']}: the ledger tells of {file.name}, which is not there or another"


def _of_lake(home: Home) -> Iterator[str]:
    """Whether each accepted delivery has the rows that the ledger tells, but for one that a kill left to be completed."""
    waiting = {path.name.removeprefix("ready-") for path in (home.lake / ".incoming").glob("ready-*")}
    with duckdb.connect() as db:
        for row in intake_ledger.current(home).to_pylist():
            if f"{row['table_name']}-{row['dt']}" in waiting:
                continue
            files = home.raw / row["table_name"] / f"dt={row['dt']}" / "*.parquet"
            try:
                ((rows,),) = db.execute(f"select count(*) from read_parquet({literal(files)})").fetchall()
            except duckdb.Error as error:
                yield f"lake: {row['table_name']} {row['dt']} cannot be read: {error}"
                continue
            if rows != row["rows_accepted"] + row["rows_carried"]:
                yield f"lake: {row['table_name']} {row['dt']} has {rows} rows, the ledger says {row['rows_accepted']}"
