"""One build at a time; a build database in doubt is discarded, with the reason."""

import subprocess
import sys
from datetime import date

import duckdb
import pytest

from orchestration.base import settings
from orchestration.base.errors import WarehouseError
from orchestration.warehouse.build import Stamp, discard_reason, prepare, read_stamp, run_lock, stamp_path

DAY = date(2026, 3, 1)
STAMP = Stamp("2026-03-01", "c0de", {})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"as_of": date(2026, 3, 2)}, None),
        ({"as_of": date(2026, 2, 28)}, "built for 2026-03-01, a later date"),
        ({"code": "other"}, "have changed"),
        ({"stamp": None}, "nothing says"),
        ({"opens": False}, "does not open"),
        ({"has_wal": True}, "died half-way"),
    ],
)
def test_when_a_build_is_discarded(change, reason):
    found = discard_reason(**{"opens": True, "has_wal": False, "stamp": STAMP, "code": "c0de", "as_of": DAY} | change)
    assert found is None if reason is None else reason in found


@pytest.fixture
def home(tmp_path):
    home = settings.Home(tmp_path)
    assert prepare(home, DAY, "c0de", {}) is None  # none before: nothing to discard
    with duckdb.connect(str(home.build_database)) as db:
        db.execute("create table kept as select 1")
    return home


def has_table(home):
    with duckdb.connect(str(home.build_database)) as db:
        return bool(db.execute("from duckdb_tables()").fetchall())


def test_a_sound_build_is_built_upon(home):
    assert prepare(home, date(2026, 3, 2), "c0de", {"bills": DAY}) is None
    assert has_table(home)
    assert read_stamp(home) == Stamp("2026-03-02", "c0de", {"bills": "2026-03-01"})


def test_other_code_starts_afresh(home):
    assert "changed" in prepare(home, DAY, "other", {})
    assert not home.build_database.exists()
    assert read_stamp(home).code == "other"


def test_a_file_that_is_no_database_is_discarded(home):
    home.build_database.write_bytes(b"not a database" * 1000)
    assert "does not open" in prepare(home, DAY, "c0de", {})
    assert not home.build_database.exists()


def test_a_write_ahead_log_is_never_replayed(home):
    wal = home.build_database.with_name(home.build_database.name + ".wal")
    wal.write_bytes(b"half a commit")
    assert "half-way" in prepare(home, DAY, "c0de", {})
    assert not wal.exists() and not home.build_database.exists()


def test_a_half_written_stamp_counts_as_none(home):
    stamp_path(home).write_text('{"as_of": "2026-')
    assert "nothing says" in prepare(home, DAY, "c0de", {})


def test_a_database_open_elsewhere_is_left_alone_and_named(home):
    code = f"import duckdb,sys; c=duckdb.connect({str(home.build_database)!r}); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        with pytest.raises(WarehouseError, match="open in another program"):
            prepare(home, DAY, "c0de", {})
        other.stdin.close()
    assert has_table(home)


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
