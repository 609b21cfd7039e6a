"""A recorded file once more: from the version it was made from and the members that the ledger has frozen, byte for byte.

Who is on the list is not decided anew here, and the ledger gets no row: nothing is exported, a file is only made again.
"""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from orchestration.base.errors import ListError
from orchestration.base.settings import Home
from orchestration.engines.tables import Tables
from orchestration.targeting import ledger
from orchestration.targeting.definition import MODEL, Order, TargetList, check
from orchestration.targeting.destination import deliver
from orchestration.targeting.export import DecidedRun
from orchestration.targeting.files import Written
from orchestration.targeting.plan import Plan
from orchestration.targeting.run import read_version


def recorded_run(home: Home, name: str, run_date: date) -> dict:
    """The run of the list whose file stands for that date. Raises ListError where there is none, naming the dates there are."""
    current = {run["run_date"]: run for run in ledger.current_runs(home) if run["list_name"] == name}
    if run_date not in current:
        there = ", ".join(f"{day}" for day in sorted(current)) or "none"
        raise ListError(f"list {name}: no run of {run_date} was exported; the dates in the ledger are: {there}")
    return current[run_date]


def recorded_definition(text: str) -> TargetList:
    """The definition that TargetList.as_json wrote."""
    raw = json.loads(text)
    return MODEL.validate_python(raw | {"order_by": [Order(**step) for step in raw["order_by"]]})


def rebuild(tables: Tables, home: Home, run: Mapping[str, object]) -> Written:
    """Makes the file of a recorded run, and its manifest, again in the home's exports, wherever it went at first.

    `tables` are those of the version that the run names. Raises ListError, naming the list, where what comes out is not what the
    ledger has recorded; then no file is put there.
    """
    name, definition = run["list_name"], recorded_definition(run["definition"])
    version = read_version(tables, run["as_of_date"], run["run_date"])
    asked = version.asked(1, replace(definition, caps={}), check(definition, version.catalog))
    planned = Plan({name: asked}, (name,))
    facts = (run["run_id"], run["run_date"], run["as_of_date"], run["publication"])
    decided = DecidedRun(tables, home, {name: definition}, planned, version.catalog, *facts)
    decided.billed, decided.stems = version.billed, {name: Path(run["file"]).stem}
    decided.warnings = {name: tuple((run["warnings"] or "").splitlines())}
    tables.connection.register("recorded", ledger.members_of(home, run))
    tables.connection.execute("create or replace temp table members as select * from recorded")
    changed = (
        f"list {name}: the file of {run['run_date']} cannot be made again: phones have changed since, and those of then are not "
        f"kept, or an earlier release of telco360 made it, whose files had other columns. The file itself is {run['file']}, "
        f"SHA-256 {run['sha256']}"
    )
    try:
        waterfall = decided.create_rows(name)
    except ListError as error:
        raise ListError(changed) from error
    decided.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=decided.folder, prefix=f".{name}.", suffix=".partial") as partial:
        written = decided.write(name, waterfall, Path(partial) / "file")
        if written.sha256 != run["sha256"]:
            raise ListError(changed)
        files = deliver([Path(file) for file in written.files], decided.folder, name)
    return Written(files, written.sha256, written.rows, written.bytes)
