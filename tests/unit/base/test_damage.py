"""A damaged file is named with what to do, whether the error names it or not."""

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.base.damage import damaged, fault_of
from orchestration.base.machine import describe
from orchestration.base.settings import Home


@pytest.fixture
def home(tmp_path) -> Home:
    """A home with one file in the ledger and one in the lake, and the two of the build."""
    home = Home(tmp_path)
    for path in (home.ledger / "list_runs" / "000001.parquet", home.raw / "crm_plans" / "dt=2026-03-01" / "part-0.parquet"):
        path.parent.mkdir(parents=True)
        pq.write_table(pa.table({"a": list(range(5000)), "b": [str(n) * 9 for n in range(5000)]}), path)
    home.warehouse.mkdir()
    for path in (home.build_database, home.public_database):
        with duckdb.connect(str(path)) as db:
            db.execute("create table t as select i, hash(i)::varchar as text from range(200000) as r(i)")
    return home


def halve(path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def overwrite(path) -> None:
    size = path.stat().st_size
    with open(path, "r+b") as file:
        for tenth in range(1, 10):
            file.seek(size * tenth // 10)
            file.write(bytes(range(200)) * (1 + size // 100_000))


@pytest.mark.parametrize("harm", [halve, overwrite, lambda path: path.write_bytes(b"")])
def test_a_file_of_the_ledger_that_a_reader_stumbles_over_is_named_with_its_remedy(home, harm):
    path = home.ledger / "list_runs" / "000001.parquet"
    harm(path)
    for read in (
        lambda: pq.read_table(path, partitioning=None),
        lambda: duckdb.sql(f"select max(b), sum(a) from read_parquet('{path}')").fetchall(),
    ):
        with pytest.raises((pa.ArrowException, OSError, duckdb.Error)) as raised:
            read()
        words = describe(raised.value, home.root)
        assert words.startswith(f"{path} is damaged: ")
        assert words.endswith("Bring it back from a backup (`telco360 restore`), then run again")


def test_each_place_has_its_remedy(home):
    raw = home.raw / "crm_plans" / "dt=2026-03-01" / "part-0.parquet"
    halve(raw)
    said = f"Invalid Input Error: No magic bytes found at end of file '{raw}'"
    assert f"Remove {raw.parent}: what lies in landing is taken in anew" in damaged(said, home)
    overwrite(home.build_database)
    said = "model dim_lines: IO Error: Corrupt database file: computed checksum 1 does not match stored checksum 2 in block"
    words = damaged(said, home)
    assert words.startswith(f"{home.build_database} is damaged: IO Error: Corrupt database file")
    assert f"Remove {home.build_database} and {home.public_database}: they are made anew, then run again" in words


def test_what_is_whole_or_not_of_the_home_is_not_named(home, tmp_path):
    assert fault_of(home.build_database) is None
    assert fault_of(home.ledger / "list_runs" / "000001.parquet") is None
    assert damaged("IO Error: Corrupt database file", home) is None
    assert damaged("KeyError: 'phone'", home) is None
