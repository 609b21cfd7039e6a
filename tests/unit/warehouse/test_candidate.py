"""A candidate holds the public tables, described, and sums them up so that equal tables give equal checksums."""

from datetime import date

import duckdb
import pytest
from made_warehouse import MODELS, PHONE, STAMP, made_candidate, made_home

from orchestration.base.errors import WarehouseError
from orchestration.warehouse.build import Stamp
from orchestration.warehouse.candidate import (
    Contents,
    candidate_path,
    make_candidate,
    read_candidate,
    remove_candidate,
)
from orchestration.warehouse.checksums import checksum_sql, count_sql, table_facts
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


def test_public_tables_and_views_are_copied_and_nothing_else(tmp_path):
    home = made_home(tmp_path)
    contents = made_candidate(home)
    assert {name: facts.rows for name, facts in contents.tables.items()} == {
        "core.dim_people": 30,
        "tags.tags_basic": 30,
        "tags.tag_catalog": 3,
        "tags.tag_history": 30,
        "core.reconciliation": 1,
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
    home = made_home(tmp_path, "drop table tags.tags_basic", "drop table core.dim_people")
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


def by_month(home, *changes: str):
    """A candidate with a table kept by month, which these statements have changed since the last."""
    kept = Model("months", "core", "months", "", {}, {"public": True}, varying=frozenset({"source_fingerprint"}))
    with duckdb.connect(str(home.public_database)) as db:
        for change in changes:
            db.execute(change)
    return made_candidate(home, Stamp("2026-03-01", "c0de", {}, {"core.months": "made so"}), (*MODELS, kept)).tables[
        "core.months"
    ]


def test_months_that_stand_are_not_summed_up_again_and_all_others_are(tmp_path):
    home = made_home(tmp_path)
    rows = """create or replace table core.months as select make_date(2026, 1 + n % 2, 1) as month, n as figure,
        'of ' || n % 2 as source_fingerprint from range(10) as r(n)"""
    first = by_month(home, rows)
    assert first.rows == 10
    # Behind the back of a fingerprint: the month stands, so that nobody looks.
    assert by_month(home, "update core.months set figure = 100 where figure = 1") == first
    changed = "update core.months set figure = figure + 100, source_fingerprint = 'other' where month = '2026-02-01'"
    assert by_month(home, changed) != first
    shuffled = by_month(home, rows.replace("range(10) as r(n)", "range(10) as r(n) order by n desc"))
    assert shuffled == first
    fewer = by_month(home, "delete from core.months where month = '2026-02-01'")
    assert fewer.rows == 5 and fewer.checksum != first.checksum
    (home.warehouse / "month_sums.json").write_text("{half")
    assert by_month(home, rows) == first


MONTHS = """create view v as select m."month", m.line, w.tier from core.months as m
    left join core.worth as w on (((m.line = w.line) and (m."month" = w."month"))) where m.is_whole"""
GRAINS = {"core.worth": ["month", "line"], "core.months": ["month", "line"]}


@pytest.mark.parametrize(
    ("view", "is_shorter"),
    [
        (MONTHS, True),
        (MONTHS.replace('((m.line = w.line) and (m."month" = w."month"))', "m.line = w.line"), False),  # not its whole grain
        (MONTHS.replace(" and ", " or "), False),
        (MONTHS.replace("m.is_whole", "w.tier = 'gold'"), False),  # rows go by what was joined
        (MONTHS.replace("left join", "inner join"), False),
        (MONTHS.replace("select m", "select distinct m", 1), False),
        (MONTHS.replace("w.tier from", "unnest(['a', 'b']) from"), False),
        (MONTHS.replace("w.tier", "count(*)").replace('m."month", m.line, ', "", 1), False),
        (MONTHS.replace("core.worth", "core.others"), False),  # of no grain that is known
        (MONTHS + " limit 1", False),
        (MONTHS.replace("w.tier", "histogram(w.tier)").replace('m."month", m.line, ', "", 1), False),
        (MONTHS.replace("w.tier", "regexp_split_to_table(w.tier, 'o') as tier"), False),
        (MONTHS.replace("as select", "as with m as (from core.months as k) select", 1).replace("core.months as m", "m"), False),
        ("create view v as select * from core.months", False),
    ],
)  # fmt: skip
def test_rows_of_a_view_are_counted_without_what_it_joins_by_a_whole_grain(view, is_shorter):
    with duckdb.connect() as db:
        db.execute("attach ':memory:' as candidate")
        db.execute("use candidate; create schema core")
        db.execute("""create table core.months as select make_date(2026, 1 + (n % 3)::int, 1) as "month", n // 3 as line,
            n % 5 > 0 as is_whole from range(30) as r(n)""")
        db.execute("""create table core.worth as select "month", line, 'gold' as tier from core.months where line % 2 = 0""")
        db.execute("create table core.others as from core.worth union all from core.worth")
        db.execute(view)
        query = count_sql(view, "candidate", GRAINS)
        assert (query is not None) is is_shorter
        if query:
            db.execute("use memory")
            assert "worth" not in query
            assert db.execute(query).fetchone() == db.execute("select count(*) from candidate.main.v").fetchone() == (24,)


def test_a_view_of_today_that_a_version_has_as_a_table_is_counted_too(tmp_path):
    home = made_home(tmp_path)
    made_candidate(home)
    with duckdb.connect() as db:
        db.execute(f"attach '{candidate_path(home)}' as candidate (read_only)")
        db.execute("attach ':memory:' as older")
        db.execute("create schema older.tags")
        db.execute("create table older.tags.tag_history as from candidate.tags.tag_history limit 7")
        view = next(m for m in MODELS if m.name == "tag_history")
        assert table_facts(db, view).rows == 30
        assert table_facts(db, view, catalog="older").rows == 7
