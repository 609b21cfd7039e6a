"""What must hold of every tag: of the project's own, and each rule on a made one that breaks it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from made_tags import MODELS

from orchestration.base.contract import load_contract
from orchestration.base.settings import TARGET_LISTS
from orchestration.catalog.written import written
from orchestration.tags.document import PAGE, page
from orchestration.tags.rules import faults, usable, withdrawn_days
from orchestration.targeting.definition import TargetList, Title
from orchestration.targeting.folder import load_definitions, unusable
from orchestration.warehouse.manifest import load_models

TODAY = date(2026, 6, 1)
TAG = {
    "label_zh": "价值等级", "description_zh": "按评分分级", "group": "worth", "kind": "tier",
    "values": {"gold": "金", "mass": "大众"}, "evidence": ["trend", "value_score"], "measure": "value_score",
}  # fmt: skip
SCORE = {
    "label_zh": "评分",
    "description_zh": "评分",
    "group": "worth",
    "kind": "number",
    "unit": "points",
    "evidence": ["score"],
}
DEFAULTS = {
    "refresh": "daily", "owner": "customer-value", "sensitivity": "internal", "version": 1, "status": "active",
    "since": "2026-01-01",
}  # fmt: skip
META = {"groups": {"worth": "价值"}, "tag_defaults": DEFAULTS}
COLUMNS = {"subscriber_id": "", "value_tier": "Tier by score.", "value_score": "Score."}
LIST = TargetList("golden", Title("a", "b"), "o", "p", "sms", "value_tier = 'gold'", ("value_score",), "approved")


@pytest.fixture(scope="session")
def models(manifest):
    return load_models(manifest)


def library(tag=TAG, columns=COLUMNS, **meta):
    """The made library, with this as its tags_worth; the other families' tags are left out."""
    (worth,) = (m for m in MODELS if m.name == "tags_worth")
    worth = replace(worth, columns=columns, tags={"value_tier": tag, "value_score": SCORE}, meta=worth.meta | META | meta)
    return tuple(worth if m.name == worth.name else replace(m, tags={}) for m in MODELS)


def without(key):
    return {k: v for k, v in TAG.items() if k != key}


def test_every_tag_of_the_project_is_as_it_should_be_and_no_list_uses_one_that_is_withdrawn(models):
    assert faults(models, date.today()) == []
    assert unusable(load_definitions(TARGET_LISTS), usable(models)) == []


def test_the_page_of_tags_says_what_the_yaml_says(models):
    assert PAGE.read_text(encoding="utf-8") == page(models), "run `telco360 tags docs`"


def test_no_evidence_is_personal(models):
    personal = {column.name for table in load_contract().values() for column in table.columns if column.pii}
    assert not {column for entry in written(models) for column in entry.evidence} & personal


def test_a_good_tag_passes_and_defaults_are_merged():
    assert faults(library(), TODAY) == []
    assert unusable([LIST], usable(library())) == []
    tier, score = written(library(TAG | {"owner": "service", "refresh": "monthly"}))
    assert (tier.owner, tier.refresh, tier.version, tier.group_zh) == ("service", "monthly", 1, "价值")
    assert (score.owner, score.refresh) == ("customer-value", "daily")


@pytest.mark.parametrize(
    ("tag", "fault"),
    [
        (without("label_zh"), "label_zh is missing"),
        (without("description_zh"), "description_zh is missing"),
        (TAG | {"evidence": [], "measure": None}, "evidence is missing"),
        (without("group"), "group is missing"),
        (without("values"), "a tier has closed values"),
        (TAG | {"owner": None}, "owner is missing"),
        (TAG | {"group": "wort"}, "group wort is none of its model's groups; did you mean worth?"),
        (TAG | {"kind": "colour"}, "kind colour is none of flag, band"),
        (TAG | {"severity": "grave"}, "severity grave is none of warning, critical"),
        (TAG | {"kind": "number"}, "a number has a unit"),
        (TAG | {"values": {"gold": None}}, "value gold has no Chinese label"),
        (TAG | {"evidence": ["value_score", "spend"]}, "evidence spend: no public table of one row a subscriber_id has it"),
        (TAG | {"evidence": ["value_score", "secret"]}, "evidence secret: no public table"),
        (TAG | {"measure": "score"}, "measure score is not among its evidence"),
        (TAG | {"values_from": "no_bands"}, "there is no no_bands.csv"),
        (TAG | {"values_from": "value_rules"}, "seeds/value_rules.csv holds no bands"),
        (TAG | {"threshold": {"seed": "value_rules", "rule": "no_rule"}}, "has no figure for a rule no_rule"),
        (without("measure") | {"threshold": {"seed": "tag_rules", "rule": "withdrawn_days"}}, "needs the measure"),
        (TAG | {"lable_zh": "x"}, "unknown key lable_zh; did you mean label_zh?"),
        (TAG | {"status": "retired"}, "status retired is none of active, withdrawn"),
        (TAG | {"status": "withdrawn"}, "withdrawn_on, a date"),
        (TAG | {"withdrawn_on": "2026-05-01"}, "its status is not withdrawn"),
    ],
)
def test_each_fault_names_its_tag(tag, fault):
    (found,) = faults(library(tag), TODAY)
    assert found.startswith("tags_worth.value_tier: ") and fault in found


def test_what_the_model_lacks_is_told_of_its_tags():
    assert any("category" in f for f in faults(library(category=""), TODAY))
    assert any("description is missing" in f for f in faults(library(columns=COLUMNS | {"value_tier": " "}), TODAY))
    assert any("entity lines is none of subscriber" in f for f in faults(library(entity="lines"), TODAY))
    assert any("but subscriber_360 has ['subscriber_id']" in f for f in faults(library(grain=["customer_id"]), TODAY))


def test_a_tag_must_be_joined_into_its_360_table():
    models = tuple(replace(m, parents=("tags_care",)) if m.name == "subscriber_360" else m for m in library())
    assert any("value_tier: it is no column of subscriber_360" in f for f in faults(models, TODAY))


def test_one_name_stands_once_in_an_entity():
    care = next(m for m in MODELS if m.name == "tags_care")
    twice = replace(care, columns=COLUMNS, tags={"value_tier": TAG | {"evidence": ["value_score"]}}, meta=care.meta | META)
    models = tuple(twice if m.name == "tags_care" else m for m in library())
    assert [f for f in faults(models, TODAY) if "already" in f] == [
        "tags_worth.value_tier: tags_care makes a subscriber tag of that name already"
    ]


def test_a_withdrawn_tag_is_used_by_no_list_and_gone_when_its_days_are_over():
    days = withdrawn_days()
    withdrawn = TAG | {"status": "withdrawn", "withdrawn_on": (TODAY - timedelta(days=days)).isoformat()}
    assert faults(library(withdrawn), TODAY) == []
    (late,) = faults(library(withdrawn), TODAY + timedelta(days=1))
    assert "tags_worth.value_tier: withdrawn on" in late and "remove column and entry" in late
    (used,) = unusable([LIST], usable(library(withdrawn)))
    assert used.startswith("list golden: where: ") and "value_tier is withdrawn" in used


def test_the_page_counts_and_describes():
    text = page(library())
    assert "| value | 2 | 2 |" in text
    assert (
        "| `value_tier` | 价值等级 | tier | Tier by score. | 按评分分级 | `gold` 金, `mass` 大众 | `trend`, `value_score` |"
        in text
    )
    assert "**worth 价值**" in text
    assert "**withdrawn 2026-05-01**" in page(library(TAG | {"status": "withdrawn", "withdrawn_on": "2026-05-01"}))
    assert "`diamond`, `gold`" in page(library(without("values") | {"values_from": "value_tiers"}))
