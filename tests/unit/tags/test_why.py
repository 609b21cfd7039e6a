"""Why a member carries a tag, asked of a made version."""

from datetime import date

import pytest
from made_tags import MODELS, made_home

from orchestration.catalog.published import catalogued
from orchestration.catalog.tags import CatalogError
from orchestration.tags.evidence import columns_of, holders, unresolved
from orchestration.tags.why import described, month_of, why, why_in_month
from orchestration.warehouse.manifest import require_serving
from orchestration.warehouse.reading import DuckDBReader, published


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    with published(made_home(tmp_path_factory.mktemp("home"))) as db:
        yield DuckDBReader(db)


def entry(**changes):
    return catalogued([{"tag_name": "t", "entity": "subscriber", "model_name": "tags_worth", "kind": "flag", **changes}])[0]


def test_a_tag_is_explained_from_the_version(reader):
    (found,) = why(reader, MODELS, "subscriber", "L1", "value_tier")
    assert "\n".join(described([found])).splitlines() == [
        "value_tier (价值等级) = gold (金)",
        "  rule      Tier by score. (version 1, customer-value)",
        "  as of     2026-01, the last billed month",
        "  evidence  value_score 96.2 points (2026-01), last_used 2026-03-30, trend 0.5 (2026-02), gone (not in this version)",
        "  distance  value_score 96.2, 11.2 above the lower bound of gold (85)",
        "  since     2026-03-20, before that mass",
        "  sources   billing_charges 2026-03-31, billing_bills (never delivered)",
    ]


def test_a_flag_is_held_against_its_rule_and_says_that_it_is_stale(reader):
    (found,) = why(reader, MODELS, "subscriber", "L3", "is_idle")
    assert (found.value, found.distance) == (True, "idle_days 58, 28 above idle_after (30)")
    assert found.since == "no change since the first build on 2026-03-01"
    assert "  status    stale, fresh as of 2026-03-28" in described([found])


def test_since_comes_from_the_months_where_no_change_was_noted(reader):
    (found,) = why(reader, MODELS, "subscriber", "L2", "value_tier")
    assert found.distance == "value_score 81.9, needs 3.1 more for gold"
    assert found.since == "2026-02, in 2026-01 it was gold"


def test_all_tags_come_together_and_those_without_a_value_last(reader):
    lines = list(described(why(reader, MODELS, "subscriber", "L4")))
    assert [line.split(" ")[0] for line in lines if not line.startswith(" ")] == ["value_tier", "without"]
    assert lines[-1] == "without a value: idle_days, is_idle, value_score"
    assert next(described(why(reader, MODELS, "subscriber", "L4", "value_score"))) == "value_score (价值评分) = unknown"


def test_members_of_other_entities_are_asked_the_same_way(reader):
    (found,) = why(reader, MODELS, "customer", "C1", "service_layer")
    assert (found.value, found.since) == ("A", "not known: no build before this one has kept it")


@pytest.mark.parametrize(
    ("entity", "member", "tag", "message"),
    [
        ("subscriber", "L9", "value_tier", "there is no subscriber L9; did you mean L1?"),
        ("subscriber", "13800138000", None, "there is no subscriber 13800138000$"),
        ("subscriber", "L1' or true --", None, "there is no subscriber L1' or true --$"),
        ("subscriber", "L1", "vlue_tier", "did you mean value_tier"),
        ("customer", "C1", "value_tier", "it is a tag of subscriber"),
    ],
)
def test_who_or_what_is_unknown_is_said(reader, entity, member, tag, message):
    with pytest.raises(CatalogError, match=message):
        why(reader, MODELS, entity, member, tag)


def test_a_month_is_answered_from_what_was_kept_of_it(reader):
    (found,) = why_in_month(reader, MODELS, "subscriber", "L2", date(2026, 1, 1))
    assert (found.entry.name, found.value, found.since) == ("value_tier", "gold", "as at 2026-01-31; the rule is today's")
    assert (found.figures, found.distance) == ((), "")  # no figure of today explains a value of then


@pytest.mark.parametrize(
    ("member", "month", "tag", "message"),
    [
        ("L2", date(2025, 12, 1), None, "kept for 2025-12; kept are 2026-01 to 2026-03"),
        ("L1", date(2026, 1, 1), None, "kept for 2026-01$"),
        ("L2", date(2026, 1, 1), "is_idle", "not kept by month; these are: value_tier"),
    ],
)
def test_a_month_or_tag_that_is_not_kept_is_said(reader, member, month, tag, message):
    with pytest.raises(CatalogError, match=message):
        why_in_month(reader, MODELS, "subscriber", member, month, tag)


def test_a_month_is_written_as_one():
    assert month_of("2026-03") == date(2026, 3, 1)
    with pytest.raises(CatalogError, match="write it as 2026-03"):
        month_of("March")


def test_evidence_stands_in_the_360_table_or_in_public_tables_of_one_row_a_member_nearest_first():
    names = [model.name for model in holders(MODELS, entry())]
    assert names == ["subscriber_360", "tags_worth", "lines", "far"]  # line_months has another grain, hidden is not public
    assert columns_of(MODELS, require_serving(MODELS, "tag_values")) >= {"value_tier", "is_idle"}
    assert unresolved(MODELS, entry(evidence='["value_tier", "is_idle", "trend", "spend", "secret"]')) == ["spend", "secret"]
