"""Reading the tag catalogue: what it takes and what it refuses."""

import duckdb
import pytest

from orchestration.base.words import did_you_mean
from orchestration.catalog.published import catalogued, read_tags
from orchestration.catalog.tags import Catalog, CatalogError, Source
from orchestration.warehouse.manifest import Model
from orchestration.warehouse.reading import DuckDBReader

ROW = {
    "tag_name": "value_tier",
    "entity": "subscriber",
    "model_name": "tags_value",
    "kind": "tier",
    "data_type": "varchar",
    "allowed_values": '["diamond", "gold"]',
    "description": None,
    "label_zh": "价值等级",
    "status": "active",
    "is_historic": True,
    "is_tracked": False,
    "sources": '[{"table": "crm_subscribers", "delivered": "2026-03-31"}, {"table": "crm_contracts", "delivered": null}]',
}


def catalog_of(rows) -> Catalog:
    return Catalog.of(catalogued(rows))


def test_a_row_becomes_a_tag_of_its_entity():
    catalog = catalog_of([ROW, {**ROW, "entity": "customer", "allowed_values": None}])
    assert tuple(catalog.tag("value_tier").values) == ("diamond", "gold")
    assert catalog.tag("value_tier").description == ""
    assert not catalog.tag("value_tier", "customer").values
    assert catalog.tags("outlet") == {}
    tag = catalog.tag("value_tier")
    assert (tag.is_historic, tag.is_tracked, tag.is_late) == (True, False, False)
    assert tag.sources == (Source("crm_subscribers", "2026-03-31"), Source("crm_contracts"))


def test_an_unknown_tag_names_the_nearest():
    with pytest.raises(CatalogError, match="unknown tag vlue_tier; did you mean value_tier?"):
        catalog_of([ROW]).tag("vlue_tier")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "colour"}, "tag value_tier has kind 'colour'; choose one of flag"),
        ({"allowed_values": "diamond, gold"}, "allowed_values of tag value_tier are no JSON"),
        ({"allowed_values": '{"diamond": 1}'}, "must be a JSON array"),
        ({"sources": "crm_subscribers"}, "sources of tag value_tier must be a JSON list of {table, delivered}"),
    ],
)
def test_a_row_that_cannot_be_used_names_the_tag(change, message):
    with pytest.raises(CatalogError, match=message):
        catalog_of([{**ROW, **change}])


def test_a_tag_given_twice_is_refused():
    with pytest.raises(CatalogError, match="value_tier is there twice"):
        catalog_of([ROW, ROW])


def test_it_is_read_from_a_table_with_more_columns_than_needed():
    with duckdb.connect() as connection:
        kinds = {c: "boolean" if c.startswith("is_") else "varchar" for c in ROW}
        connection.execute(f"create table tag_catalog ({', '.join(f'{c} {k}' for c, k in kinds.items())}, more integer)")
        connection.execute(f"insert into tag_catalog values ({', '.join('?' * len(ROW))}, 1)", list(ROW.values()))
        model = Model("tag_catalog", "main", "tag_catalog", meta={"serves": "tag_catalog"})
        assert read_tags(DuckDBReader(connection), (model,)) == catalogued([ROW])


def test_the_nearest_word_ignores_case_and_far_words_are_not_offered():
    assert did_you_mean("GOLD", ["gold", "mass"], quote="'") == "; did you mean 'gold'?"
    assert did_you_mean("xyz", ["gold", "mass"]) == ""
