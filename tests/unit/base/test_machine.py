"""Which errors are the machine's, and how they are told."""

import errno
import shutil
import sqlite3

import duckdb
import pytest

from orchestration.base.machine import describe, out_of_memory


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "full"), "/home: no space left on device. Make room there and run again"),
        (OSError(errno.EDQUOT, "full", "/x"), "/x: disk quota exceeded. Make room there and run again"),
        (OSError(errno.EACCES, "no", "/from", None, "/to"), "/to: permission denied. Let the user"),
        (OSError(errno.EROFS, "no", b"/x"), "/x: read-only file system. Let the user"),
        (RuntimeError("IO Error: … No space left on device"), "/home: no space left on device"),
        (sqlite3.OperationalError("disk I/O error"), "/home: no space left on device"),
    ],
)
def test_a_fault_of_the_machine_says_what_where_and_what_next(monkeypatch, error, words):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 0))
    assert describe(error, "/home").startswith(words)


@pytest.mark.parametrize("error", [FileNotFoundError(errno.ENOENT, "gone", "/x"), KeyError("x"), OSError("without a number")])
def test_other_faults_are_not_the_machines(error):
    assert describe(error, "/home") is None


def test_a_disk_with_room_is_not_full(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 0, 10**9))
    assert describe(sqlite3.OperationalError("disk I/O error"), "/home") is None


def test_too_little_memory_names_the_setting_its_value_and_what_to_try(monkeypatch):
    monkeypatch.setenv("TELCO360_MEMORY", "6GB")
    monkeypatch.setattr("orchestration.base.settings.machine_memory", lambda: 16 * 2**30)
    said = "Out of Memory Error: failed to allocate data of size 16.0 KiB (5.5 GiB/5.5 GiB used)"
    from_dbt = out_of_memory(f"model fct_bills: Runtime Error\n  {said}")
    for words in (describe(duckdb.OutOfMemoryException(said), "/home"), from_dbt):
        assert "DuckDB may use 6GB (TELCO360_MEMORY)" in words and "this machine has 16.0 GiB" in words
        assert "Set TELCO360_MEMORY higher, to at most 14745MiB" in words and "\n" not in words
    assert "in fct_bills:" in out_of_memory(f"model fct_bills: Runtime Error\n  {said}")
    assert out_of_memory("model fct_bills: Database Error") is None
