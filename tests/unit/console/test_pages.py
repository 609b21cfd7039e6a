"""What the reading pages work out by themselves, without a version."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from starlette.datastructures import ImmutableMultiDict

from orchestration.catalog.tags import Tag
from orchestration.console.context import Context, in_words
from orchestration.console.figures import Figure, calendar
from orchestration.console.pages import customer, lists
from orchestration.console.pages.quality import ACCEPTED, REJECTED, WITH_FAULTS, state_of
from orchestration.console.pages.tag import relation_of
from orchestration.console.pages.tags import tree
from orchestration.console.pages.today import TILES, tiles
from orchestration.tags.overlaps import Members, Overlap
from orchestration.targeting import ledger
from orchestration.targeting.why import Part, Standing


@pytest.mark.parametrize(
    ("code", "said"), [("left_region", "left region"), ("P98", "P98"), ("4-6", "4-6"), ("Left_region", "Left_region")]
)
def test_a_code_of_small_letters_is_told_in_words(code, said):
    assert in_words(code) == said


@pytest.mark.parametrize(
    ("utc", "zone", "said"),
    [
        ("2026-11-29T16:30:00+00:00", "Asia/Shanghai", "2026-11-30 00:30"),  # past midnight there
        ("2026-11-29T15:59:59", "Asia/Shanghai", "2026-11-29 23:59"),
        (datetime(2026, 11, 29, 16, 30, tzinfo=UTC), "UTC", "2026-11-29 16:30"),
    ],
)
def test_a_moment_is_told_in_the_operators_time_zone(utc, zone, said, monkeypatch):
    monkeypatch.setenv("TELCO360_TIMEZONE", zone)
    context = Context(None, (), None, None, "en", "quality", ImmutableMultiDict())
    assert (context.moment(utc), context.zone) == (said, zone)


def test_tiles_tell_the_last_month_and_its_change_on_the_month_before():
    def change(*rows: tuple) -> tuple:
        months = Figure("base", "", "", ("month", *TILES), [(date(2026, 10 - n, 1), *row) for n, row in enumerate(rows)])
        return tiles(months)[0][1:]

    last = date(2026, 10, 1)
    assert change((110,) * 5, (100,) * 5) == (last, 110, pytest.approx(0.1))
    assert change((110,) * 5) == (last, 110, None)
    assert change((110,) * 5, (0,) * 5) == (last, 110, None)
    assert change() == (None, None, None)
    assert change((None,) * 5, (90,) * 5, (100,) * 5) == (date(2026, 9, 1), 90, pytest.approx(-0.1)), "not billed yet"


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


RUN = {"status": "exported", "matched": 10, "exported": 7, "control": 2} | dict.fromkeys(ledger.STEPS, 0)


def test_of_several_runs_of_a_day_the_last_that_was_exported_stands():
    first, second = date(2026, 10, 1), date(2026, 10, 2)
    runs = [
        RUN | {"run_date": second, "status": "refused"},
        RUN | {"run_date": second, "exported": 8},
        RUN | {"run_date": second, "exported": 9},
        RUN | {"run_date": first},
    ]
    assert [(run["run_date"], run["exported"]) for run in lists.standing(runs)] == [(first, 7), (second, 8)]


def test_whoever_matched_is_in_one_step_of_the_waterfall_and_steps_without_anybody_are_left_out():
    run = RUN | {"run_date": date(2026, 10, 1), "control": 2, "capped": 1}
    assert [(step, lines) for _, step, lines in lists.left_out([run])] == [("exported", 7), ("capped", 1), ("control", 2)]


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (Standing(True, "", 1200, "", ()), "customer.is_on 1,200"),
        (Standing(True, "capped", None, "", ()), "customer.left_out capped"),
        (Standing(True, "lost_to_priority", 3, "care", ()), "customer.left_out lost_to_priority customer.goes_to care"),
        (Standing(False, "", None, "", (Part("is_on_net", False, False, ""),)), "customer.no_match"),
        (Standing(False, "", None, "", (Part("is_vip", True, True, ""),)), "customer.no_match"),
        (Standing(False, "", None, "", (Part("is_on_net", True, False, ""),)), "customer.by_other_lists"),
    ],
)
def test_how_a_line_stands_to_a_list_is_told_in_words_of_the_catalogue(standing, said):
    words = SimpleNamespace(
        text=lambda key, **values: " ".join([key, *values.values()]),
        value=lambda column, value: value,
    )
    assert customer.said(words, standing) == said
