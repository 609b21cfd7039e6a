"""What the reading pages work out by themselves, without a version."""

from datetime import date
from types import SimpleNamespace

import pytest

from orchestration.catalog.tags import Tag
from orchestration.console.context import in_words
from orchestration.console.figures import Figure, calendar
from orchestration.console.pages.quality import ACCEPTED, REJECTED, WITH_FAULTS, state_of
from orchestration.console.pages.tag import relation_of
from orchestration.console.pages.tags import tree
from orchestration.console.pages.today import TILES, tiles
from orchestration.tags.overlaps import Members, Overlap


@pytest.mark.parametrize(
    ("code", "said"), [("left_region", "left region"), ("P98", "P98"), ("4-6", "4-6"), ("Left_region", "Left_region")]
)
def test_a_code_of_small_letters_is_told_in_words(code, said):
    assert in_words(code) == said


def test_tiles_tell_the_last_month_and_its_change_on_the_month_before():
    def change(*rows: tuple) -> tuple:
        months = Figure("base", "", "", ("month", *TILES), [(date(2026, 10, 1), *row) for row in rows])
        return tiles(months)[0][1:]

    assert change((110,) * 5, (100,) * 5) == (110, pytest.approx(0.1))
    assert change((110,) * 5) == (110, None)
    assert change((110,) * 5, (0,) * 5) == (110, None)
    assert change() == (None, None)


@pytest.mark.parametrize(
    ("outcome", "aside", "state"), [("accepted", 0, ACCEPTED), ("accepted", 1, WITH_FAULTS), ("rejected", 9, REJECTED)]
)
def test_the_calendar_tells_three_states_of_a_delivery(outcome, aside, state):
    assert state_of(outcome, aside) == state


def test_the_calendar_has_a_field_a_day_and_table():
    rows = [(date(2026, 10, 2), "b", 2), (date(2026, 10, 3), "a", 0)]
    words = SimpleNamespace(heading=str, value=lambda column, value: value)
    option = calendar("day", "table", "state")(Figure("f", "", "", ("day", "table", "state"), rows), words)
    assert option["xAxis"]["data"] == ["10-02", "10-03"] and option["yAxis"]["data"] == ["b", "a"]
    assert option["series"][0]["data"] == [[0, 0, 2], [1, 1, 0]]
    assert [piece["label"] for piece in option["visualMap"]["pieces"]] == ["accepted", "with_faults", "rejected"]


@pytest.mark.parametrize(
    ("within", "is_mutual", "said"), [(1, True, "equals"), (0.99, True, "nearly_equals"), (1, False, "within")]
)
def test_how_two_tags_stand_to_each_other(within, is_mutual, said):
    assert relation_of(Overlap(Members("a"), Members("b"), 9, 9, within, is_mutual)) == said


def test_the_tree_keeps_the_order_of_the_catalogue_in_the_readers_language():
    tags = [
        Tag("a", "subscriber", "m", "flag", category="value", category_zh="价值", group="tier", group_zh="等级"),
        Tag("b", "subscriber", "m", "flag", category="risk", category_zh="风险"),
        Tag("c", "subscriber", "m", "flag", category="value", category_zh="价值", group="worth", group_zh="价值额"),
    ]
    chinese = SimpleNamespace(named=lambda english, zh: zh or english)
    found = tree(chinese, tags)
    assert [(category, [group for group, _ in groups]) for category, groups in found] == [
        ("价值", ["等级", "价值额"]),
        ("风险", [""]),
    ]
