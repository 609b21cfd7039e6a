"""What changed between two versions, split into definition and data."""

from datetime import date

import duckdb
import pytest
import sqlglot
from made_tags import LINES, MODELS, TAGS, WORTH, made_tag_version

from orchestration.base.errors import WarehouseError
from orchestration.base.settings import Home
from orchestration.tags.diff import Moved, compare, described
from orchestration.tags.recompute import changed_families, moved, text_of

BY_DATA = LINES | {"L2": (88.0, "2026-03-01")}  # mass to gold


def moves(found) -> dict[str, Moved]:
    return {m.tag: m for m in found.moved}


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path)
    made_tag_version(home)
    return home


def test_the_same_night_again_differs_in_nothing(home):
    made_tag_version(home)
    found = compare(home, MODELS, "run0")
    assert (found.added, found.removed, found.rewritten, found.moved, found.notes) == ([], [], [], [], [])
    assert found.members == {"subscriber": (0, 0), "customer": (0, 0)}
    assert list(described(found))[-1] == "  no tag changed its value"


def test_changed_data_is_no_changed_definition(home):
    made_tag_version(home, lines=BY_DATA)
    found = moves(compare(home, MODELS, "run0"))
    assert found == {
        "value_tier": Moved("value_tier", "subscriber", 1, 1, 0, 0, (("mass", "gold", 1),)),
        "value_score": Moved("value_score", "subscriber", 1, 1, 0, 0, ()),
    }


def test_a_changed_rule_in_the_sql_is_a_changed_definition_and_both_are_told_apart(home):
    made_tag_version(home, lines=BY_DATA, worth=WORTH.replace("score >=", "score + 80 >="))
    found = compare(home, MODELS, "run0")
    # L2: the old rule gives gold on the new data too; L3 (12 + 80) is gold by the new rule alone.
    assert moves(found)["value_tier"] == Moved("value_tier", "subscriber", 2, 1, 1, 0, (("mass", "gold", 2),))
    assert moves(found)["value_score"].by_definition == 0
    # is_idle of L3 reads the tier: its own SQL is the same, but not what it is made of.
    assert moves(found)["is_idle"] == Moved("is_idle", "subscriber", 1, 0, 1, 0, (("true", "false", 1),))
    assert "  value_tier: 2 changed: 1 by data, 1 by definition" in described(found)
    assert "      mass -> gold 2" in described(found)


def test_a_changed_seed_is_a_changed_definition(home):
    made_tag_version(home, gold_from=80)
    found = moves(compare(home, MODELS, "run0"))
    assert found["value_tier"] == Moved("value_tier", "subscriber", 1, 0, 1, 0, (("mass", "gold", 1),))


def test_what_changed_twice_counts_in_both(home):
    made_tag_version(home, lines=BY_DATA, worth=WORTH.replace("else 'mass'", "else 'dust'").replace("score >=", "score + 1000 <"))
    found = moves(compare(home, MODELS, "run0"))["value_tier"]
    # L2 mass, gold, dust: by both. L1 gold, gold, dust; L3 and L4 mass, mass, dust.
    assert (found.changed, found.by_data, found.by_definition, found.by_both) == (4, 1, 4, 1)
    assert "4 changed: 1 by data, 4 by definition (1 by both)" in "\n".join(described(compare(home, MODELS, "run0")))


def test_another_date_is_data_not_definition(home):
    made_tag_version(home, as_of="2026-04-30")
    found = compare(home, MODELS, "run0")
    assert moves(found)["idle_days"] == Moved("idle_days", "subscriber", 3, 3, 0)
    assert moves(found)["is_idle"].by_definition == 0


def test_lines_that_came_and_went_change_no_value(home):
    made_tag_version(home, lines={"L1": LINES["L1"], "L5": (50, "2026-03-30"), "L6": (50, "2026-03-30")})
    found = compare(home, MODELS, "run0")
    assert (found.members["subscriber"], found.moved) == ((3, 2), [])
    assert "subscriber: 2 came, 3 went; of those that stayed:" in described(found)


def test_tags_and_texts_that_changed_are_told(home):
    tier, _, *others = TAGS
    made_tag_version(home, tags=(tier | {"owner": "service", "version": 2}, *others, tier | {"tag_name": "new_tier"}))
    found = compare(home, MODELS, "run0")
    assert (found.added, found.removed) == (["subscriber new_tier"], ["subscriber value_score"])
    assert {(r.tag, r.what, r.before, r.now) for r in found.rewritten} == {
        ("value_tier", "owner", "customer-value", "service"),
        ("value_tier", "version", "1", "2"),
    }
    assert {"+ subscriber new_tier", "- subscriber value_score"} <= set(described(found))


def test_versions_go_either_way_and_by_name(home):
    second = made_tag_version(home, lines=BY_DATA)
    found = compare(home, MODELS, second, "run0")
    assert moves(found)["value_tier"].moves == (("gold", "mass", 1),)


def test_versions_without_definitions_are_compared_but_not_split(tmp_path):
    home = Home(tmp_path)
    made_tag_version(home, keeps_definitions=False)
    made_tag_version(home, lines=BY_DATA)
    found = compare(home, MODELS, "run0")
    assert (moves(found)["value_tier"].changed, moves(found)["value_tier"].by_data) == (1, None)
    assert "not told apart" in found.notes[0]
    assert "not known whether by data or by definition" in "\n".join(described(found))


def test_a_definition_that_the_new_version_cannot_compute_is_noted(tmp_path):
    home = Home(tmp_path)
    made_tag_version(home, worth=WORTH + 'cross join (select 1 from "telco360"."core"."far" limit 1)')
    made_tag_version(home, lines=BY_DATA)
    with_far = compare(home, MODELS, "run0")
    assert moves(with_far)["value_tier"].by_data == 1  # there: read and computed
    path = next(home.published.glob("*run1.duckdb"))
    with duckdb.connect(str(path)) as db:
        db.execute("drop table core.far")
    found = compare(home, MODELS, "run0")
    assert "tags_worth" in found.notes[0] and "cannot be computed" in found.notes[0]
    assert moves(found)["value_tier"].by_data is None


@pytest.mark.parametrize(
    ("names", "message"), [(("run7",), "'run7' is no version that stands; there are: telco360_"), (("run0", "x"), "'x' is no")]
)
def test_a_version_that_does_not_stand_names_those_that_do(home, names, message):
    with pytest.raises(WarehouseError, match=message):
        compare(home, MODELS, *names)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-03-31", "2026-05-15"),  # the business date
        ("2026-03-01", "2026-04-01"),  # the last complete month: March was, of May only April is
        ("2025-10-01", "2025-11-01"),  # five months before it
        ("2026-03-30", "2026-03-30"),
        ("9999-12-31", "9999-12-31"),
        ("1900-01-01", "1900-01-01"),
    ],
)
def test_dates_that_dbt_wrote_move_with_the_business_date(written, expected):
    assert f"'{expected}'" in moved(f"select cast('{written}' as date)", date(2026, 3, 31), date(2026, 5, 15)).sql("duckdb")


def test_layout_and_comments_make_no_definition():
    one, other = (sqlglot.parse_one(sql, dialect="duckdb") for sql in ("-- why\nselect a,\n  b from t", "SELECT a, b FROM t"))
    assert text_of(one) == text_of(other)
    assert text_of(one) != text_of(sqlglot.parse_one("select a, c from t"))


def test_families_are_computed_after_those_they_read():
    sql = {"a": "select 1 from tags.b", "b": "select 2 from tags.c", "c": "select 3", "d": "select 4 from seeds.s"}
    old = {name: sqlglot.parse_one(text) for name, text in sql.items()}
    new = old | {"c": sqlglot.parse_one("select 33")}
    assert changed_families(old, new, lambda seed: True) == ["c", "b", "a"]
    assert changed_families(old, old, lambda seed: seed != "s") == ["d"]
    assert changed_families(old, {k: v for k, v in old.items() if k != "d"}, lambda seed: True) == ["d"]
