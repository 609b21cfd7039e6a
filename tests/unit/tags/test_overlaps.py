"""Tags that equal or lie within others, over made members."""

import duckdb
import numpy as np
import pytest

from orchestration.catalog.tags import Tag
from orchestration.tags.overlaps import Members, common, described, overlaps, sets_of

ENTRIES = [
    Tag("is_even", "subscriber", "m", "flag"),
    Tag("is_not_odd", "subscriber", "m", "flag"),
    Tag("is_fourth", "subscriber", "m", "flag"),
    Tag("rest", "subscriber", "m", "band", values={"0": "", "1": "", "2": "", "3": ""}),
    Tag("is_any", "subscriber", "m", "flag"),
    Tag("is_none", "subscriber", "m", "flag"),
    Tag("half", "subscriber", "m", "tier", values={"low": "", "high": ""}),
    Tag("size", "subscriber", "m", "number"),
    Tag("open", "subscriber", "m", "code"),
]
TABLE = """create table t as select n % 2 = 0 as is_even, case when n % 2 = 0 then true end as is_not_odd, n % 4 = 0 as is_fourth,
    n % 4 as rest, true as is_any, false as is_none, case when n % 2 = 0 then if(n < 50, 'low', 'high') end as half
    from range(100) as r(n)"""


def found(at_least=0.98, least=1, table=TABLE, tag=None):
    sets = sets_of(ENTRIES)
    mine = [at for at, one in enumerate(sets) if tag in (None, one.tag)]
    with duckdb.connect() as db:
        db.execute(table)
        shared, members = common(db, "t", sets, mine)
    assert members == 100
    return {(str(o.part), o.is_mutual, str(o.whole)): o for o in overlaps(sets, shared, members, at_least, least)}


def test_sets_are_flags_values_and_tags_known():
    names = [str(one) for one in sets_of(ENTRIES)]
    assert names[:3] == ["is_even", "is_not_odd", "is_fourth"]
    assert {"rest = 0", "half = low", "half known"} < set(names)
    assert not {"size", "open", "size known"} & set(names)


def test_equal_sets_are_told_once_and_parts_lie_within_wholes():
    assert set(found()) == {
        ("is_even", True, "is_not_odd"),
        ("is_fourth", True, "rest = 0"),
        ("half known", True, "is_even"),
        ("half known", True, "is_not_odd"),
        ("is_fourth", False, "is_even"),
        ("is_fourth", False, "is_not_odd"),
        ("rest = 0", False, "is_even"),
        ("rest = 0", False, "is_not_odd"),
        ("rest = 2", False, "is_even"),
        ("rest = 2", False, "is_not_odd"),
    }


@pytest.mark.parametrize("tag", [entry.name for entry in ENTRIES])
@pytest.mark.parametrize("at_least", [0.98, 0.4])
def test_one_tag_by_itself_has_the_overlaps_that_it_has_among_all(tag, at_least):
    theirs = {pair: one for pair, one in found(at_least).items() if tag in (one.part.tag, one.whole.tag)}
    assert found(at_least, tag=tag) == theirs


def test_members_are_counted():
    one = found()["is_fourth", False, "is_even"]
    assert (one.part_members, one.whole_members, one.within) == (25, 50, 1.0)
    (line,) = [line for line in described([one]) if "is_fourth" in line]
    assert line.split() == ["is_fourth", "25", "within", "is_even", "50", "100.00%"]


def test_a_share_is_enough_on_both_sides_of_its_edge():
    table = TABLE.replace("n % 4 = 0 as is_fourth", "n % 4 = 0 and n > 0 or n = 1 as is_fourth")  # 24 of 25 are even
    assert ("is_fourth", False, "is_even") in found(0.96, table=table)
    assert ("is_fourth", False, "is_even") not in found(0.97, table=table)


def test_only_the_very_same_members_are_called_equal():
    lacks_one = TABLE.replace("true end as is_not_odd", "n > 0 end as is_not_odd")
    same, nearly = found()["is_even", True, "is_not_odd"], found(table=lacks_one)["is_not_odd", True, "is_even"]
    assert " ".join(str(same).split()) == "is_even 50 equals is_not_odd 50 100.00%"
    assert " ".join(str(nearly).split()) == "is_not_odd 49 nearly equals is_even 50 98.00%"


def test_small_sets_are_left_out():
    assert not any("rest" in part for part, *_ in found(least=26))
    assert any("rest" in part for part, *_ in found(least=25))


def test_counts_do_not_depend_on_how_many_are_looked_at_together(monkeypatch):
    sets = sets_of(ENTRIES)
    with duckdb.connect() as db:
        db.execute(TABLE)
        whole, _ = common(db, "t", sets, range(len(sets)))
        monkeypatch.setattr("orchestration.tags.overlaps.ROWS_AT_ONCE", 7)
        parts, members = common(db, "t", sets, range(len(sets)))
    assert members == 100
    assert np.array_equal(whole, parts)


def test_no_overlap_is_said():
    assert list(described([])) == ["No tag equals another or lies within one."]
    assert overlaps([Members("a"), Members("b")], np.array([[2, 0], [0, 2]]), 9, 0.98) == []


@pytest.mark.parametrize(("one", "sql"), [(Members("a"), '"a"'), (Members("a", "it's"), "\"a\"::varchar = 'it''s'")])
def test_conditions_take_any_value(one, sql):
    assert one.condition == sql
