"""What Python reads of the models: which are public, which plays which role."""

import json

import pytest

from orchestration.base.errors import WarehouseError
from orchestration.warehouse.manifest import (
    Model,
    descriptions,
    load_models,
    read_manifest,
    relation_for,
    require_serving,
    serving,
)


def node(name, kind="model", materialized="table", **meta):
    return {
        "resource_type": kind,
        "name": name,
        "alias": name,
        "schema": "core",
        "description": f"About {name}.",
        "columns": {"a": {"name": "a", "description": "A."}, "b": {"name": "b"}},
        "config": {"materialized": materialized, "meta": meta},
    }


def models(*nodes):
    return load_models({"nodes": {f"{n['resource_type']}.x.{n['name']}": n for n in nodes}})


def test_models_come_by_name_with_their_descriptions():
    found = models(
        node("b_model", public=True), node("a_model"), node("a_test", kind="test"), node("e", materialized="ephemeral")
    )
    assert [(m.name, m.relation, m.is_public) for m in found] == [
        ("a_model", "core.a_model", False),
        ("b_model", "core.b_model", True),
    ]
    assert found[0].columns == {"a": "A.", "b": ""}


def test_a_column_that_says_so_varies_by_run():
    made = node("x", public=True)
    made["columns"]["a"]["config"] = {"meta": {"varies_by_run": True}}
    made["columns"]["b"]["config"] = {"meta": {}}
    assert models(made)[0].varying == {"a"}


def test_a_role_is_played_by_the_model_that_says_so():
    found = models(node("x"), node("y", serves="tag_catalog"))
    assert relation_for(found, "tag_catalog") == "core.y"
    assert serving(found, "phones") is None


@pytest.mark.parametrize(
    ("role", "message"),
    [("phones", "no model says `serves: phones`"), ("tag_catalog", "both y and z"), ("tag_catalogue", "no role")],
)
def test_a_role_without_its_one_model_is_an_error(role, message):
    with pytest.raises(WarehouseError, match=message):
        relation_for(models(node("y", serves="tag_catalog"), node("z", serves="tag_catalog")), role)


def test_each_entity_has_a_model_of_its_own_for_its_tags():
    found = models(node("s", serves="tag_values", entity="subscriber"), node("c", serves="tag_values", entity="customer"))
    assert relation_for(found, "tag_values") == "core.s"
    assert require_serving(found, "tag_values", "customer").name == "c"
    with pytest.raises(WarehouseError, match="no model says `serves: tag_values` and `entity: plan`"):
        require_serving(found, "tag_values", "plan")
    twice = models(node("s", serves="tag_values", entity="plan"), node("t", serves="tag_values", entity="plan"))
    with pytest.raises(WarehouseError, match="both s and t"):
        serving(twice, "tag_values", "plan")


@pytest.mark.parametrize(("meta", "is_family"), [({}, False), ({"entity": "plan"}, True)])
def test_tags_and_parents_are_read(meta, is_family):
    tagged = node("a", **meta) | {"depends_on": {"nodes": ["model.x.b", "seed.x.s", "source.x.y.z"]}}
    tagged["columns"]["a"]["config"] = {"meta": {"tag": {"kind": "flag"}}}
    (found,) = models(tagged)
    assert (found.tags, found.parents, found.is_tag_family) == ({"a": {"kind": "flag"}}, ("b",), is_family)


def test_a_missing_or_damaged_manifest_says_what_to_do(tmp_path):
    with pytest.raises(WarehouseError, match="make setup"):
        read_manifest(tmp_path / "manifest.json")
    (tmp_path / "manifest.json").write_text('{"nodes"')
    with pytest.raises(WarehouseError, match="delete it"):
        read_manifest(tmp_path / "manifest.json")
    (tmp_path / "manifest.json").write_text(json.dumps({"nodes": {}}))
    assert read_manifest(tmp_path / "manifest.json") == {"nodes": {}}


def test_a_view_without_descriptions_takes_those_of_what_it_reads():
    parent = Model("tags_basic", "tags", "tags_basic", columns={"a": "A.", "b": "B.", "c": ""})
    view = Model("whole", "tags", "whole", columns={"b": "Own.", "d": ""}, parents=("tags_basic",))
    assert descriptions(view, (parent, view)) == {"a": "A.", "b": "Own."}
