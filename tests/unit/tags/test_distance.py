"""Distances to neighbouring values, and since when a value stands: words from figures."""

from datetime import date
from decimal import Decimal

import pytest

from orchestration.base.words import plain
from orchestration.tags.distance import bands, threshold_of, to_bands, to_threshold
from orchestration.tags.since import since

TIERS = bands(
    [
        {"band": "diamond", "lower_bound": "95"},
        {"band": "gold", "lower_bound": "85"},
        {"band": "mass", "lower_bound": ""},
        {"band": "silver", "lower_bound": "70.0"},
    ]
)


@pytest.mark.parametrize(
    ("score", "tier", "said"),
    [
        ("96.200000", "diamond", "score 96.2, 1.2 above the lower bound of diamond (95)"),
        (95, "diamond", "score 95, exactly at the lower bound of diamond (95)"),
        (81.9, "silver", "score 81.9, 11.9 above the lower bound of silver (70); needs 3.1 more for gold"),
        (12, "mass", "score 12, needs 58 more for silver"),
        (None, "mass", "score is not known"),
        (86, "silver", "score 86, 1 above the lower bound of gold (85); needs 9 more for diamond; "
            "by this figure alone gold, not silver: the rule looks at more than it"),
    ],
)  # fmt: skip
def test_how_far_a_figure_is_from_the_bounds_of_its_band(score, tier, said):
    assert to_bands("score", score, TIERS, tier) == said


def test_a_figure_below_all_bands_says_what_the_first_needs():
    assert to_bands("age", 0, bands([{"band": "1+", "lower_bound": "1"}]), "") == (
        "age 0, needs 1 more for 1+; by this figure alone no band, not unknown: the rule looks at more than it"
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (31, "days 31, 1 above limit (30)"),
        (30, "days 30, exactly at limit (30)"),
        (28.5, "days 28.5, 1.5 below limit (30)"),
        (None, "days is not known"),
    ],
)
def test_how_far_a_figure_is_from_the_threshold(value, said):
    limit = threshold_of([{"rule": "other", "value": "1"}, {"rule": "limit", "value": "30.000000"}], "limit")
    assert to_threshold("days", value, "limit", limit) == said


def test_a_rule_has_its_figure_in_either_form_of_seed():
    assert threshold_of([{"alert_code": "zero_usage", "threshold": Decimal(7), "severity": "high"}], "zero_usage") == 7
    assert threshold_of([{"rule": "a", "value": "1"}], "b") is None


def test_figures_are_plain():
    assert [plain(Decimal(text)) for text in ("1234567.8900", "100", "0.000", "-5.10")] == ["1,234,567.89", "100", "0", "-5.1"]


def month(text: str) -> date:
    return date.fromisoformat(f"{text}-01")


@pytest.mark.parametrize(
    ("changes", "months", "said"),
    [
        ([], [], "no change since the first build on 2026-03-01"),
        ([(date(2026, 3, 5), "mass", "gold")], [], "2026-03-05, before that mass"),
        ([(date(2026, 3, 5), None, "gold")], [], "2026-03-05, before that unknown"),
        ([(date(2026, 3, 5), "gold", "mass")], [], "no change since the first build on 2026-03-01"),  # not what is there now
        ([], [("2026-03", "gold"), ("2026-02", "gold"), ("2026-01", "mass")], "2026-02, in 2026-01 it was mass"),
        ([], [("2026-03", "gold"), ("2026-02", "gold")], "2026-02 or before: no earlier month is kept"),
        ([], [("2026-03", "gold"), ("2026-01", "gold")], "2026-03 or before"),  # February is missing: nobody knows
        ([], [("2026-03", "mass"), ("2026-02", "gold")], "after 2026-03, when it was mass"),
        ([(date(2026, 3, 5), "mass", "gold")], [("2026-03", "gold"), ("2026-02", "gold")], "2026-03-05, before that mass"),
    ],
)
def test_since_when_a_value_stands(changes, months, said):
    assert since("gold", changes, [(month(m), value) for m, value in months], date(2026, 3, 1)) == said


def test_values_are_held_against_texts_as_tables_write_them():
    assert since(True, [(date(2026, 3, 5), "false", "true")]) == "2026-03-05, before that false"
    assert since(1.5, [(date(2026, 3, 5), "1.0000", "1.5000")]) == "2026-03-05, before that 1.0000"
    assert since(1.5, [], is_tracked=False) == "not kept: builds note no change of it"
    assert since("gold", []) == "not known: no build before this one has kept it"
