"""A candidate holds the public tables, described, and sums them up so that equal tables give equal checksums."""

from dataclasses import replace
from datetime import date

import duckdb
import pytest
from made_warehouse import MODELS, PHONE, STAMP, made_candidate, made_home

from orchestration.base.errors import WarehouseError
from orchestration.warehouse.build import Stamp
from orchestration.warehouse.candidate import (
    Contents,
    candidate_path,
    checksum_sql,
    make_candidate,
    read_candidate,
    remove_candidate,
)
from orchestration.warehouse.manifest import Model


def checksum(*rows: str, columns="i integer, t varchar"):
    with duckdb.connect() as db:
        db.execute(f"create table made ({columns})")
        for row in rows:
            db.execute(f"insert into made values ({row})")
        described = [(name, kind) for name, kind, *_ in db.execute("describe made").fetchall()]
        return db.execute(checksum_sql("made", described)).fetchone()


def test_the_order_of_rows_does_not_matter_but_their_number_does():
    assert checksum("1, 'a'", "2, 'b'") == checksum("2, 'b'", "1, 'a'")
    assert checksum("1, 'a'", "1, 'a'") != checksum("1, 'a'")
    assert checksum("1, 'a'", "2, 'b'") != checksum("1, 'b'", "2, 'a'")


@pytest.mark.parametrize(
    ("one", "other", "columns"),
    [
        ("1, null", "1, ''", "i integer, t varchar"),
        ("1, null", "1, 'NULL'", "i integer, t varchar"),
        ("'a', 'bc'", "'ab', 'c'", "s varchar, t varchar"),
        ("null, 'a'", "'a', null", "s varchar, t varchar"),
        ("1, ['a, b']", "1, ['a', 'b']", "i integer, t varchar[]"),
        ("1, []", "1, null", "i integer, t varchar[]"),
        ("0.1::double, 1", "0.1::double + 1e-16, 1", "d double, i integer"),
        ("'nan'::double, 1", "null, 1", "d double, i integer"),
        ("1.10, 1", "1.11, 1", "d decimal(12,2), i integer"),
    ],
)
def test_different_rows_differ(one, other, columns):
    assert checksum(one, columns=columns) != checksum(other, columns=columns)
    assert checksum(one, columns=columns) == checksum(one, columns=columns)


def test_private_columns_of_public_tables_are_not_copied(tmp_path):
    home = made_home(tmp_path)
    made_candidate(home, models=[replace(m, private=frozenset({"grade"})) for m in MODELS])
    with duckdb.connect(str(candidate_path(home)), read_only=True) as db:
        assert [name for name, *_ in db.execute("describe core.dim_people").fetchall()] == ["person_id", "amount", "remark"]


def test_public_tables_and_views_are_copied_and_nothing_else(tmp_path):
    home = made_home(tmp_path)
    contents = made_candidate(home)
    assert {name: facts.rows for name, facts in contents.tables.items()} == {
        "core.dim_people": 30,
        "tags.tags_basic": 30,
        "tags.tag_catalog": 3,
        "tags.tag_history": 30,
    }
    with duckdb.connect(str(candidate_path(home)), read_only=True) as db:
        kinds = db.execute("select table_name from information_schema.tables where table_type = 'VIEW'").fetchall()
        schemas = {s for (s,) in db.execute("select distinct table_schema from information_schema.tables").fetchall()}
        assert db.execute("select comment from duckdb_tables() where table_name = 'dim_people'").fetchone() == ("People.",)
        assert db.execute(
            "select comment from duckdb_columns() where table_name = 'tags_basic' and column_name = 'tier'"
        ).fetchone() == ("Tier.",)
        # Under whatever name it is attached, a view reads the tables of its own file.
        with duckdb.connect() as other:
            other.execute(f"attach '{candidate_path(home)}' as elsewhere (read_only)")
            assert other.execute("select count(remark) from elsewhere.tags.tag_history").fetchone() == (30,)
    assert kinds == [("tag_history",)]
    assert schemas == {"core", "tags"}
    assert PHONE.encode() not in candidate_path(home).read_bytes()


def test_two_builds_of_the_same_rows_are_equal_checksum_by_checksum(tmp_path):
    one = made_candidate(made_home(tmp_path / "one"))
    shuffled = "create or replace table core.dim_people as select * from core.dim_people order by hash(person_id)"
    other = made_candidate(made_home(tmp_path / "other", shuffled))
    changed = made_candidate(made_home(tmp_path / "changed", "update core.dim_people set amount = 0 where person_id = 'p3'"))
    retyped = made_candidate(made_home(tmp_path / "retyped", "alter table core.dim_people alter grade type smallint"))
    assert one.tables == other.tables
    for differing in (changed, retyped):
        assert {n for n in one.tables if one.tables[n] != differing.tables[n]} == {"core.dim_people"}


def test_a_build_without_a_public_table_is_refused_by_name(tmp_path):
    home = made_home(tmp_path, "drop view tags.tags_basic", "drop table core.dim_people")
    with pytest.raises(WarehouseError, match=r"core\.dim_people, tags\.tags_basic"):
        made_candidate(home)


@pytest.mark.parametrize(("delivered", "is_noted"), [([], True), ([date(2026, 3, 2)], True), ([date(2026, 3, 1)], False)])
def test_what_a_missing_raw_table_means_is_said_in_the_version(tmp_path, delivered, is_noted):
    text = "No life events were delivered; history knows present status dates only."
    meta = {"public": True, "notes": [{"when_missing": "crm_subscriber_events", "text": text}]}
    models = (Model("dim_people", "core", "dim_people", "People.", {}, meta), *MODELS[1:])
    home = made_home(tmp_path)
    contents = made_candidate(home, models=models, deliveries={"crm_subscriber_events": delivered})
    assert contents.notes == ([text] if is_noted else [])
    with duckdb.connect(str(candidate_path(home)), read_only=True) as db:
        comment = db.execute("select comment from duckdb_tables() where table_name = 'dim_people'").fetchone()[0]
    assert comment == (f"People. {text}" if is_noted else "People.")


def test_stale_tables_and_date_go_with_it_and_it_can_be_read_back(tmp_path):
    home = made_home(tmp_path)
    made = made_candidate(home, stamp=Stamp("2026-03-01", "c0de", {"bills": "2026-02-27"}))
    assert read_candidate(home) == made
    assert (made.as_of, made.stale, made.is_approved) == (STAMP.as_of, {"bills": "2026-02-27"}, False)
    assert Contents.from_json({k: v for k, v in made.to_json().items() if k != "definitions"}) == made  # a version of before
    remove_candidate(home)
    assert list(home.published.iterdir()) == []
    with pytest.raises(WarehouseError, match="no whole candidate"):
        read_candidate(home)


def test_the_sql_of_tag_families_is_kept_beside_the_tables(tmp_path):
    home = made_home(tmp_path)
    make_candidate(home, MODELS, STAMP, {}, {"tags_basic": "select 1"})
    assert read_candidate(home).definitions == {"tags_basic": "select 1"}


def test_no_public_column_is_of_128_bits(tmp_path):
    sums = "create or replace table core.dim_people as select person_id, sum(grade) as grade from core.dim_people group by all"
    view = "create or replace view tags.tag_history as select person_id as remark from telco360.core.dim_people"
    home = made_home(tmp_path, sums.replace("as select", "as select 1::uhugeint as amount, 'x' as remark,"), view)
    with duckdb.connect(str(home.build_database), read_only=True) as db:
        assert "HUGEINT" in {kind for _, kind, *_ in db.execute("describe core.dim_people").fetchall()}
    make_candidate(home, [m for m in MODELS if m.name != "tags_basic"], STAMP, {})
    with duckdb.connect(str(candidate_path(home)), read_only=True) as db:
        kinds = dict(db.execute("select column_name, data_type from duckdb_columns() where table_name = 'dim_people'").fetchall())
    assert kinds == {"amount": "BIGINT", "remark": "VARCHAR", "person_id": "VARCHAR", "grade": "BIGINT"}
