"""A delivery that its source replaces while intake reads it and is killed: the lake has all of the old one or all of the new."""

import random
import shutil
import time
from functools import partial
from pathlib import Path

import duckdb

from benchmarks.chaos.cases import Case, Harmed
from benchmarks.chaos.stage import Running, Stage
from orchestration.base.settings import Home
from orchestration.base.sql import literal

TABLE = "billing_usage_daily"
OLD, NEW = 1, 2
"""Megabytes in every row of the delivery, by which a row tells which of the two it is of."""
PARTS = 40
"""Files of the delivery: reading them takes intake a moment, and a source is not done with all at once."""


def replaced_deliveries(count: int, seed: int) -> list[Case]:
    """So many moments, from when intake comes to the delivery, at which it is replaced, each followed by a kill of intake."""
    rng = random.Random(seed)
    moments = [(rng.uniform(0.0, 0.6), rng.uniform(0.0, 0.6)) for _ in range(count)]
    return [
        Case(
            "delivery replaced while intake is killed",
            f"replaced {at:.2f} s after intake comes to it, killed {after:.2f} s later",
            partial(_replaced, at=at, after=after),
        )
        for at, after in moments
    ]


def _replaced(stage: Stage, home: Home, at: float, after: float) -> Harmed:
    folder = max((home.landing / TABLE).glob("dt=*"))
    older, newer = stage.folder / "older", stage.folder / "newer"
    for place, megabytes in ((older, OLD), (newer, NEW)):
        _write(folder, place, megabytes)
    _deliver(older, folder)
    running = stage.start(home, "intake", "run")
    _wait_for(running, f"{TABLE} {folder.name.removeprefix('dt=')}: reading")
    time.sleep(at)
    _deliver(newer, folder)
    time.sleep(after)
    running.kill()
    told, broken = running.wait(), []
    if (found := _megabytes(home, folder.name)) not in ([], [OLD], [NEW]):
        broken.append(f"rows of one delivery only, not of both: {found}")
    again = stage.run(home, "intake", "run")
    if again.code or _megabytes(home, folder.name) != [NEW]:
        broken.append(f"the new delivery in the lake, not {_megabytes(home, folder.name)}: intake ended with {again.code}")
    return Harmed(told, broken=broken, is_done=True)


def _write(folder: Path, target: Path, megabytes: int) -> None:
    """Writes the rows of a delivery, in so many files, with the megabytes in every row."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    with duckdb.connect() as db:
        db.execute(f"create table rows as select * exclude dt from read_parquet({literal(folder / '*.parquet')})")
        db.execute(f"update rows set data_mb = {megabytes}, roaming_data_mb = 0")
        for part in range(PARTS):
            chosen = f"select * from rows where hash(subscriber_id) % {PARTS} = {part}"
            db.execute(f"copy ({chosen}) to {literal(target / f'part-{part:02}.parquet')} (format parquet)")


def _deliver(source: Path, folder: Path) -> None:
    """Puts a delivery in the place of another, as a source does: the marker goes first and comes last."""
    (folder / "_SUCCESS").unlink(missing_ok=True)
    for old in folder.glob("*.parquet"):
        old.unlink()
    for file in sorted(source.glob("*.parquet")):
        shutil.copyfile(file, folder / file.name)
    (folder / "_SUCCESS").touch()


def _wait_for(running: Running, text: str) -> None:
    while running.process.poll() is None and text not in running.printed.read_text(encoding="utf-8"):
        time.sleep(0.003)


def _megabytes(home: Home, dt: str) -> list[int]:
    """What the rows of the delivery in the lake hold, each value once."""
    files = sorted((home.raw / TABLE / dt).glob("*.parquet"))
    with duckdb.connect() as db:
        found = [db.execute(f"select distinct data_mb from read_parquet({literal(path)})").fetchall() for path in files]
    return sorted({int(value) for rows in found for (value,) in rows})
