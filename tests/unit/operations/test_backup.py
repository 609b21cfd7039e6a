"""A backup holds what cannot be made again; a home made from it is the same; what is not as it was kept is refused."""

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from orchestration.base.settings import Home
from orchestration.operations import backup
from orchestration.operations.backup import BackupError, back_up, last_backup, read_backup, restore


@pytest.fixture
def home(tmp_path) -> Home:
    made = Home(tmp_path / "home")
    write(made.raw / "crm_subscribers/dt=2026-10-31/part.parquet", "lines")
    write(made.list_runs / "000001_a.parquet", "run")
    write(made.published / "telco360_2026-10-31.duckdb", "version")
    made.current.symlink_to("telco360_2026-10-31.duckdb")
    write(made.warehouse / "telco360.duckdb", "made anew by the next run")
    write(made.exports / "2026-10-31/a.csv", "phones")
    write(made.root / "profiles/billing_charges.yml", "columns: {}")
    (made.warehouse / "dagster/history").mkdir(parents=True)
    with sqlite3.connect(made.warehouse / "dagster/history/runs.db") as db:
        db.execute("create table runs as select 1 as id")
    db.close()
    return made


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def files(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file() and not p.is_symlink()}


def test_a_home_made_from_a_backup_is_the_same(home, tmp_path):
    made = back_up(home, tmp_path / "kept")
    again = Home(tmp_path / "again")
    assert restore(tmp_path / "kept", again) == made
    kept, there = files(home.root), files(again.root)
    assert set(kept) - set(there) == {
        "warehouse/telco360.duckdb",
        "exports/2026-10-31/a.csv",
        "warehouse/.lock",
        "warehouse/last_backup.json",
    }
    assert {name: text for name, text in kept.items() if name in there and not name.endswith(".db")} == {
        name: text for name, text in there.items() if not name.endswith(".db")
    }
    assert os.readlink(again.current) == "telco360_2026-10-31.duckdb"
    with sqlite3.connect(again.warehouse / "dagster/history/runs.db") as db:
        assert db.execute("select id from runs").fetchall() == [(1,)]
    db.close()
    assert last_backup(home) is not None and last_backup(again) is None


def test_the_next_backup_copies_what_is_new_and_drops_what_is_gone(home, tmp_path, monkeypatch):
    back_up(home, tmp_path / "kept")
    copied = []
    original = backup._copied
    monkeypatch.setattr(backup, "_copied", lambda path, kept: copied.append(path.name) or original(path, kept))
    write(home.raw / "crm_subscribers/dt=2026-11-01/part.parquet", "more")
    (home.list_runs / "000001_a.parquet").unlink()
    made = back_up(home, tmp_path / "kept")
    assert sorted(copied) == ["part.parquet", "runs.db"]
    assert "lake/raw/crm_subscribers/dt=2026-11-01/part.parquet" in made.files
    assert not (tmp_path / "kept/files/lake/ledger/list_runs/000001_a.parquet").exists()
    assert read_backup(tmp_path / "kept") == made


def test_others_may_not_read_a_backup(home, tmp_path):
    back_up(home, tmp_path / "kept")
    assert (tmp_path / "kept").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("fault", ["changed", "gone", "no index", "half an index"])
def test_what_is_not_as_it_was_kept_is_refused_and_the_home_stays_empty(home, tmp_path, fault):
    back_up(home, tmp_path / "kept")
    part = tmp_path / "kept/files/lake/raw/crm_subscribers/dt=2026-10-31/part.parquet"
    index = tmp_path / "kept/backup.json"
    {
        "changed": lambda: part.write_text("Lines"),
        "gone": part.unlink,
        "no index": index.unlink,
        "half an index": lambda: index.write_text(json.dumps({"made_at": "x"})),
    }[fault]()
    again = Home(tmp_path / "again")
    with pytest.raises(BackupError):
        restore(tmp_path / "kept", again)
    assert not again.root.exists() or not any(again.root.iterdir())


def test_a_home_that_holds_something_and_a_folder_that_holds_something_else_stay_as_they_are(home, tmp_path):
    back_up(home, tmp_path / "kept")
    with pytest.raises(BackupError, match="not empty"):
        restore(tmp_path / "kept", home)
    write(tmp_path / "mine/letter.txt", "dear")
    with pytest.raises(BackupError, match="something else"):
        back_up(home, tmp_path / "mine")
    with pytest.raises(BackupError, match="another disk"):
        back_up(home, home.root / "kept")
    assert (tmp_path / "mine/letter.txt").read_text() == "dear"


def test_a_backup_that_dies_half_way_leaves_the_one_before_usable(home, tmp_path, monkeypatch):
    first = back_up(home, tmp_path / "kept")
    write(home.raw / "crm_subscribers/dt=2026-11-01/part.parquet", "more")

    def dies(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(shutil, "copy2", dies)
    with pytest.raises(OSError):
        back_up(home, tmp_path / "kept")
    monkeypatch.undo()
    assert restore(tmp_path / "kept", Home(tmp_path / "again")) == first
