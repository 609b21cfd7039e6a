"""Keys that come twice are found by their hashes, however many of them are held at a time."""

import duckdb
import pytest

from orchestration.intake import engine
from orchestration.intake import keys as hashed


@pytest.mark.parametrize("held", [1, 3, 7, 100])
@pytest.mark.parametrize(("keys", "repeated"), [([], 0), ([1, 2, 3], 0), ([1, 2, 1], 1), ([5, 5, 5, 6, 7, 7, 8], 2)])
def test_hashes_of_repeated_keys_are_found_once(monkeypatch, held, keys, repeated):
    monkeypatch.setattr(hashed, "KEYS_AT_ONCE", held)
    with duckdb.connect() as con:
        con.execute("create table delivered (k bigint)")
        con.executemany("insert into delivered values (?)", [[k] for k in keys]) if keys else None
        found = hashed.repeated_hashes(con, "select hash(k) as h from delivered", len(keys))
        expected = con.execute("select hash(k) from delivered group by k having count(*) > 1").fetchall()
    assert len(found) == repeated and sorted(found.tolist()) == sorted(h for (h,) in expected)


def test_deliveries_share_a_database_but_no_tables(tmp_path):
    database = engine.Engine(tmp_path)
    with database.connect() as con:
        con.execute("create temp table mine as select 1")
    with database.connect() as con, pytest.raises(duckdb.CatalogException):
        con.execute("from mine")
    database.close()
    with database.connect() as con:
        assert con.execute("select 1").fetchone() == (1,)
    database.close()
