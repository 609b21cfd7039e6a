"""Reasons in words: which families are named, by which feature, with which figure."""

import pandas as pd
import pytest

from orchestration.scoring.errors import ScoringError
from orchestration.scoring.features import Feature, Features, features_of
from orchestration.scoring.reasons import FORMS, reasons
from orchestration.warehouse.manifest import Model

MINUTES = Feature("minutes_change", "minutes", "minutes {change} on the three months before", "通话分钟数较前三月{change}")
LEVEL = Feature("minutes", "minutes", "minutes {number} in the month", "当月通话分钟数{number}")
OFFNET = Feature("offnet_share", "offnet", "off-net minutes {share} of all", "异网通话占{share}")
STATUS = Feature("is_suspended", "status", "suspended", "停机")
PLAN = Feature("plan", "plan", "plan {text}", "套餐{text}")
FEATURES = Features("scoring.made", (MINUTES, LEVEL, OFFNET, STATUS, PLAN), {})
FIGURES = {"minutes_change": -0.48, "minutes": 1234.0, "offnet_share": 0.341, "is_suspended": 1.0, "plan": "P30"}


def told(contributions: dict[str, float], figures: dict | None = None) -> dict:
    added = pd.DataFrame([{name: contributions.get(name, 0.0) for name in FIGURES}])
    return reasons(added, pd.DataFrame([FIGURES | (figures or {})]), FEATURES).iloc[0].to_dict()


def test_the_three_families_that_raise_most_are_named_with_figures():
    found = told({"minutes_change": 0.5, "minutes": 0.1, "offnet_share": 0.3, "is_suspended": 0.9, "plan": 0.2})
    assert [found[f"reason_{place}"] for place in (1, 2, 3)] == ["status", "minutes", "offnet"]
    assert found["reasons_en"] == "suspended; minutes down 48 % on the three months before; off-net minutes 34 % of all"
    assert found["reasons_zh"] == "停机; 通话分钟数较前三月下降48%; 异网通话占34%"


def test_what_lowers_the_chance_is_no_reason():
    found = told({"plan": 0.2, "minutes_change": -0.5})
    assert (found["reason_1"], found["reason_2"], found["reasons_en"]) == ("plan", None, "plan P30")


def test_a_line_without_any_reason_has_none():
    assert set(told({"plan": -0.1}).values()) == {None}


def test_a_family_is_told_by_its_strongest_feature_whose_figure_is_known():
    assert told({"minutes_change": 0.5, "minutes": 0.4}, {"minutes_change": None})["reasons_en"] == "minutes 1,234 in the month"


def test_a_family_of_unknown_figures_is_named_without_a_text():
    found = told({"offnet_share": 0.5}, {"offnet_share": None})
    assert (found["reason_1"], found["reasons_en"]) == ("offnet", None)


def test_nothing_is_told_as_nothing_and_not_as_a_number():
    paid = Feature(
        "paid", "payments", "payments of {number} in the month", "当月缴费金额{number}", "no payment in the month", "本月没有缴费"
    )
    added = pd.DataFrame({"paid": [0.5, 0.5]})
    found = reasons(added, pd.DataFrame({"paid": [0.0, 35.0]}), Features("scoring.made", (paid,), {}))
    assert found["reasons_en"].tolist() == ["no payment in the month", "payments of 35 in the month"]
    assert found["reasons_zh"].tolist() == ["本月没有缴费", "当月缴费金额35"]


@pytest.mark.parametrize(
    ("form", "value", "en", "zh"),
    [
        ("change", 0.126, "up 13 %", "上升13%"),
        ("change", -1.0, "down 100 %", "下降100%"),
        ("points", -0.12, "down 12 points", "下降12个百分点"),
        ("share", 1.2, "120 %", "120%"),
        ("days", 32.0, "ends in 32 days", "还有32天到期"),
        ("days", -32.0, "ended 32 days ago", "已到期32天"),
        ("number", 3.0, "3", "3"),
        ("number", 3.25, "3.2", "3.2"),
        ("number", 3406.9, "3,407", "3,407"),
    ],
)
def test_figures_in_words(form, value, en, zh):
    assert tuple(tell(value) for tell in FORMS[form]) == (en, zh)


@pytest.mark.parametrize(
    ("entry", "fault"),
    [({"family": "minutes", "en": "m"}, "lacks zh"), ({"family": "x", "en": "m", "zh": "m"}, "family x is none")],
)
def test_a_feature_that_is_not_described_is_refused(entry, fault):
    meta = {"serves": "scoring_features", "families": {"minutes": {"en": "minutes", "zh": "通话"}}}
    with pytest.raises(ScoringError, match=fault):
        features_of((Model("made", "scoring", "made", meta=meta, features={"minutes": entry}),))
