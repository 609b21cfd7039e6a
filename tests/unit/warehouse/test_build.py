"""One build at a time; a build database in doubt is discarded, with the reason."""

import json
import subprocess
import sys
from dataclasses import asdict
from datetime import date

import duckdb
import pytest

from orchestration.base import settings
from orchestration.base.errors import WarehouseError
from orchestration.warehouse.build import (
    Prepared,
    Stamp,
    discard_reason,
    prepare,
    read_stamp,
    reading,
    run_lock,
    stamp_of,
    stamp_path,
)
from orchestration.warehouse.code import Code

DAY = date(2026, 3, 1)
STAMP = Stamp("2026-03-01", "c0de", {})
CODE = Code("c0de", {"main.kept": "made so"}, private=frozenset({"main.kept", "main.other"}))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"as_of": date(2026, 3, 2)}, None),
        ({"as_of": date(2026, 2, 28)}, "built for 2026-03-01, a later date"),
        ({"stamp": None}, "nothing says"),
        ({"opens": False}, "does not open"),
    ],
)
def test_when_a_build_is_discarded(change, reason):
    found = discard_reason(**{"opens": True, "stamp": STAMP, "as_of": DAY} | change)
    assert found is None if reason is None else reason in found


@pytest.fixture
def home(tmp_path):
    home = settings.Home(tmp_path)
    assert prepare(home, DAY, CODE, {}) == Prepared()  # none before: nothing to discard
    with duckdb.connect(str(home.build_database)) as db:
        db.execute("create table kept as select 1 as one")
        db.execute("create table other as select 2 as two")
    return home


def tables(home):
    with duckdb.connect(str(home.build_database)) as db:
        return sorted(name for (name,) in db.execute("show tables").fetchall())


def test_a_sound_build_is_built_upon(home):
    assert prepare(home, date(2026, 3, 2), CODE, {"bills": DAY}) == Prepared()
    assert tables(home) == ["kept", "other"]
    assert read_stamp(home) == Stamp("2026-03-02", "c0de", {"bills": "2026-03-01"}, {"main.kept": "made so"})


def test_only_kept_tables_of_other_code_and_what_no_code_makes_any_more_are_dropped(home):
    with duckdb.connect(str(home.build_database)) as db:
        db.execute("create schema retired")
        db.execute("create view retired.view as select * from main.kept")
    changed = Code("other", {"main.kept": "made otherwise", "main.new": "made so"}, private=CODE.private | {"main.new"})
    assert prepare(home, DAY, changed, {}) == Prepared(changed=["main.kept"])
    assert tables(home) == ["other"]
    with duckdb.connect(str(home.build_database)) as db:
        assert not db.execute("from information_schema.tables where table_schema = 'retired'").fetchall()
    assert prepare(home, DAY, changed, {}) == Prepared()
    assert read_stamp(home).code == "other"


def test_a_table_that_is_public_no_longer_leaves_no_block_in_the_file_of_public_ones(home):
    with duckdb.connect(str(home.public_database)) as db:
        db.execute("create table shown as select 1 as one; create table told as select 2 as two")
    code = Code("c0de", CODE.kept | {"main.shown": "made so"}, frozenset({"main.shown", "main.told"}), CODE.private)
    stamp_path(home).write_text(json.dumps(asdict(stamp_of(DAY, code, {}))))
    assert prepare(home, DAY, code, {}) == Prepared()
    assert home.public_database.exists()
    hidden = Code("c0de", code.kept, frozenset({"main.shown"}), CODE.private | {"main.told"})
    assert prepare(home, DAY, hidden, {}) == Prepared(changed=["main.shown"])
    with duckdb.connect(str(home.public_database)) as db:
        assert db.execute("show tables").fetchall() == []
    assert tables(home) == ["kept", "other"]


def test_a_kept_table_that_becomes_public_moves_to_the_other_file(home):
    code = Code("other", {"main.kept": "made otherwise"}, frozenset({"main.kept"}), frozenset({"main.other"}))
    assert prepare(home, DAY, code, {}).changed == ["main.kept"]
    assert tables(home) == ["other"]


def test_both_files_are_read_as_one(home):
    for path, table in ((home.build_database, "core.hidden"), (home.public_database, "core.shown")):
        with duckdb.connect(str(path)) as db:
            db.execute(f"create schema core; create table {table} as select '{table}' as name")
    with reading(home) as db:
        assert db.execute("select * from core.hidden, core.shown").fetchall() == [("core.hidden", "core.shown")]


def test_a_table_of_a_stamp_that_does_not_tell_its_code_is_made_anew(home):
    stamp_path(home).write_text('{"as_of": "2026-03-01", "code": "c0de", "stale": {}}')
    assert prepare(home, DAY, CODE, {}).changed == ["main.kept"]
    assert tables(home) == ["other"]


def test_a_file_that_is_no_database_is_discarded(home):
    home.build_database.write_bytes(b"not a database" * 1000)
    assert "does not open" in prepare(home, DAY, CODE, {}).discarded
    assert not home.build_database.exists()


def test_what_a_killed_build_had_committed_stays(home):
    code = (
        f"import duckdb, os; db = duckdb.connect({str(home.build_database)!r}); db.execute('insert into kept values (2)')\n"
        "db.begin(); db.execute('insert into kept values (3)'); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert home.build_database.with_name(home.build_database.name + ".wal").exists()
    assert prepare(home, DAY, CODE, {}) == Prepared()
    with duckdb.connect(str(home.build_database)) as db:
        assert db.execute("select one from kept order by all").fetchall() == [(1,), (2,)]


def test_a_write_ahead_log_without_its_database_is_removed(home):
    wal = home.build_database.with_name(home.build_database.name + ".wal")
    wal.write_bytes(b"half a commit")
    home.build_database.unlink()
    assert "does not open" in prepare(home, DAY, CODE, {}).discarded
    assert not wal.exists()


def test_a_half_written_stamp_counts_as_none(home):
    stamp_path(home).write_text('{"as_of": "2026-')
    assert "nothing says" in prepare(home, DAY, CODE, {}).discarded


def test_a_database_open_elsewhere_is_left_alone_and_named(home):
    code = f"import duckdb,sys; c=duckdb.connect({str(home.build_database)!r}); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        with pytest.raises(WarehouseError, match="open in another program"):
            prepare(home, DAY, CODE, {})
        other.stdin.close()
    assert tables(home) == ["kept", "other"]


def test_two_builds_at_once_are_refused_and_the_lock_ends_with_its_holder(tmp_path):
    home = settings.Home(tmp_path)
    with run_lock(home), pytest.raises(WarehouseError, match=r"at work already \(process [0-9]+ since"), run_lock(home):
        pass
    with run_lock(home):
        pass


def test_a_killed_holder_leaves_no_lock(tmp_path):
    home = settings.Home(tmp_path)
    code = (
        "import sys; from pathlib import Path; from orchestration.base.settings import Home\n"
        "from orchestration.warehouse.build import run_lock\n"
        f"with run_lock(Home(Path({str(tmp_path)!r}))): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        with pytest.raises(WarehouseError), run_lock(home):
            pass
        other.kill()
        other.wait()
        with run_lock(home):
            pass
