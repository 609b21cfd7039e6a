"""Asking the published catalogue: what is shown of a tag, and which tags words find."""

import json

import pytest
from made_tags import CATALOGUE, MODELS, TAGS, made_home

from orchestration.catalog.published import catalogued, read_tags
from orchestration.catalog.tags import CatalogError, one
from orchestration.tags.catalogue import chosen, described, json_text, read_coverage, search
from orchestration.warehouse.reading import DuckDBReader, published


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    with published(made_home(tmp_path_factory.mktemp("home"))) as db:
        yield DuckDBReader(db)


@pytest.fixture(scope="module")
def entries(reader):
    return read_tags(reader, MODELS)


def names(found) -> list[str]:
    return [entry.name for entry in found]


def test_tags_come_by_entity_category_and_name(entries):
    assert names(entries) == ["idle_days", "is_idle", "value_score", "value_tier", "service_layer"]
    assert names(chosen(entries, category="care")) == ["idle_days", "is_idle"]
    assert names(chosen(entries, entity="customer")) == ["service_layer"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [({"entity": "custmer"}, "did you mean customer"), ({"entity": "customer", "category": "care"}, "there are value")],
)
def test_an_unknown_entity_or_category_names_the_known_ones(entries, asked, message):
    with pytest.raises(CatalogError, match=message):
        chosen(entries, **asked)


def test_an_unknown_tag_names_the_nearest_or_its_entity(entries):
    with pytest.raises(CatalogError, match="did you mean value_tier"):
        one(entries, "vlue_tier", "subscriber")
    with pytest.raises(CatalogError, match="it is a tag of customer: say --entity"):
        one(entries, "service_layer", "subscriber")


def test_everything_written_of_a_tag_is_shown_with_its_members(reader, entries):
    tag = one(entries, "value_tier", "subscriber")
    shown = "\n".join(described(tag, read_coverage(reader, MODELS, tag)))
    for text in (
        "价值等级", "按评分分级", "gold (金), mass (大众)", "of seeds/tiers.csv, by value_score",
        "value_score, last_used, trend, gone", "customer-value", "internal", "1, since 2026-01-01",
        "active, fresh as of 2026-03-31", "billing_charges 2026-03-31, billing_bills (never delivered)", "ask with --month",
    ):  # fmt: skip
        assert text in shown
    assert [line.split() for line in shown.splitlines() if "%" in line] == [
        ["3", "75.00%", "mass", "(大众)"],
        ["1", "25.00%", "gold", "(金)"],
    ]


def test_bounds_thresholds_and_staleness_are_told(entries):
    assert any("number of subscriber, in points, from 0 to 100" in line for line in described(entries[2]))
    idle = "\n".join(described(entries[1]))
    assert "idle_days against idle_after of seeds/rules.csv" in idle
    assert "stale, fresh as of 2026-03-28" in idle


def test_a_catalogue_of_before_lacks_columns_and_is_read_all_the_same():
    row = {"tag_name": "old", "entity": "subscriber", "model_name": "m", "kind": "code", "evidence": '["a"]', "version": 2}
    (entry,) = catalogued([row])
    assert (entry.name, entry.evidence, entry.version, entry.owner, entry.sources) == ("old", ("a",), 2, "", ())


def test_a_row_that_is_no_json_names_its_tag():
    with pytest.raises(CatalogError, match="evidence of tag value_tier is no JSON"):
        catalogued([CATALOGUE | TAGS[0] | {"evidence": "[value_score"}])


def test_json_holds_all_of_it_and_chinese_as_it_is(entries):
    text = json_text(entries)
    assert "价值等级" in text
    assert json.loads(text)[3]["values"] == {"gold": "金", "mass": "大众"}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("value_tier", ["value_tier"]),
        ("value", ["value_score", "value_tier", "service_layer"]),  # of a name before of a category
        ("tier", ["value_tier"]),
        ("等级", ["value_tier"]),
        ("闲置", ["is_idle", "idle_days"]),  # a whole label before a part of one
        ("金", ["value_tier"]),
        ("tier gold", ["value_tier"]),
        ("tier idle", []),
        ("longer than", ["is_idle"]),
        ("vaule_tier", ["value_tier"]),
        ("scroe", ["value_score", "value_tier"]),
        ("xyz", []),
        ("", []),
    ],
)
def test_words_find_tags(entries, words, found):
    assert names(search(entries, words)) == found
