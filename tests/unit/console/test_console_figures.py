"""Figures: what a table shows of a value, what a file holds, what a chart is given."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from orchestration.console.figures import NO_VALUE, Figure, bar, flow, heat, interval, line, ordered, pareto, shown, split


class Words:
    def heading(self, column):
        return column.title()

    def value(self, column, value):
        return "–" if value is None else f"<{value}>"

    def order(self, column):
        return ["gold", "mass"] if column == "tier" else []

    def none(self):
        return "none"


def figure(columns: tuple, *rows: tuple) -> Figure:
    return Figure("f", "F", "select", columns, list(rows))


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("month", date(2026, 10, 1), "2026-10"),
        ("last_billed_month", date(2026, 10, 1), "2026-10"),
        ("contact_date", date(2026, 10, 1), "2026-10-01"),
        ("opened_at", datetime(2026, 10, 1, 9, 5, 59), "2026-10-01 09:05"),
        ("churn_rate", 0.03125, "3.1%"),
        ("subscriber_share", Decimal("0.5"), "50.0%"),
        ("revenue_amount", Decimal("1234.5"), "1,234.50"),
        ("subscribers", 12345, "12,345"),
        ("is_late", True, "✓"),
        ("value_tier", None, "–"),
        ("uplift_low", -0.5, "-50.0%"),
        ("attainment", 1.25, "125.0%"),
    ],
)
def test_a_value_is_shown_as_its_column_means_it(column, value, said):
    assert shown(column, value) == said


def test_a_file_is_harmless_to_spreadsheets_and_knows_its_coding():
    told = figure(("name", "n"), ("=1+1", -5), ("－1", Decimal("1.50")), ("金", None)).csv()
    assert told.startswith(b"\xef\xbb\xbf")
    assert told.decode("utf-8-sig").splitlines() == ["name,n", "'=1+1,-5", "'－1,1.50", "金,"]


def test_lines_have_months_on_their_axis_and_a_series_a_column():
    months = figure(("month", "a", "b"), (date(2026, 9, 1), 1, Decimal("2.5")), (date(2026, 10, 1), None, 3))
    option = line("month", "a", "b")(months, Words())
    assert option["xAxis"]["data"] == ["2026-09", "2026-10"]
    assert [(each["name"], each["data"]) for each in option["series"]] == [("A", [1, None]), ("B", [2.5, 3])]


def test_groups_keep_their_order_and_have_gaps_where_nothing_is():
    rows = figure(("month", "tier", "n"), ("9", "gold", 1), ("9", None, 2), ("10", "gold", 3))
    option = split("bar", "month", "tier", "n", stacked=True)(rows, Words())
    assert [(each["name"], each["data"]) for each in option["series"]] == [("<gold>", [1, 3]), ("none", [2, None])]


def test_a_column_without_a_value_is_in_no_legend():
    months = figure(("month", "a", "b"), (date(2026, 9, 1), 1, None), (date(2026, 10, 1), 2, None))
    assert [each["name"] for each in line("month", "a", "b")(months, Words())["series"]] == ["A"]


def test_a_single_series_needs_no_legend():
    assert not bar("x", "n")(figure(("x", "n"), ("a", 1)), Words())["legend"]["show"]


def test_maps_and_streams_hold_what_the_rows_say():
    rows = figure(("a", "b", "churn_rate"), ("x", "y", 0.5), ("x", "z", None))
    map_of = heat("a", "b", "churn_rate")(rows, Words())
    assert (map_of["series"][0]["data"], map_of["visualMap"]["max"], map_of["format"]) == ([[0, 0, 0.5]], 0.5, "percent")
    streams = flow("a", "b", "n")(figure(("a", "b", "n"), ("x", "x", 3)), Words())["series"][0]
    assert streams["links"] == [{"source": "<x>", "target": "<x> ", "value": 3}]


def test_values_of_a_tag_stand_in_its_order_and_others_behind_as_they_come():
    assert ordered(["b", "mass", None, "gold", "b"], ["gold", "mass"]) == ["gold", "mass", "b", None]
    rows = figure(("tier", "n"), ("mass", 1), ("gold", 2))
    option = bar("tier", "n")(rows, Words())
    assert option["xAxis"]["data"] == ["<gold>", "<mass>"] and option["series"][0]["data"] == [2, 1]


def test_a_pareto_has_a_line_of_shares_on_an_axis_of_its_own():
    option = pareto("reason", "n", "cumulative_share")(figure(("reason", "n", "cumulative_share"), ("a", 3, 0.75)), Words())
    bars, added = option["series"]
    assert (bars["type"], added["type"], added["yAxisIndex"], option["yAxis"][1]["format"]) == ("bar", "line", 1, "percent")


def test_an_interval_is_a_box_from_its_low_to_its_high_end():
    rows = figure(("list", "uplift", "low", "high"), ("a", 0.1, Decimal("-0.2"), 0.3))
    assert interval("list", "uplift", "low", "high")(rows, Words())["series"][0]["data"] == [[-0.2, -0.2, 0.1, 0.3, 0.3]]


def test_a_column_is_of_numbers_where_any_row_has_one():
    assert figure(("a", "b"), (None, "x"), (1, "y")).numbers == [True, False]


def test_values_with_a_colour_of_their_own_have_it():
    zones = figure(("warning_zone", "n"), ("red", 1), (None, 2))
    first, other = bar("warning_zone", "n")(zones, Words())["series"][0]["data"]
    assert first == {"value": 1, "itemStyle": {"color": "#b3261e"}} and other["itemStyle"]["color"] == NO_VALUE
