"""Descriptions show the figures of seeds that they name, and follow the seeds."""

import json

import pytest

from orchestration.base.errors import SeedError, WarehouseError
from orchestration.warehouse.figures import seed_figures, show_figures
from orchestration.warehouse.manifest import load_models, read_manifest


def seed(name, column, **meta):
    columns = {"rule": {"name": "rule", "description": ""}, column: {"name": column, "description": ""}}
    config = {"materialized": "seed", "column_types": {"rule": "string", column: "decimal(18,6)"}, "meta": meta}
    return {"resource_type": "seed", "name": name, "alias": name, "schema": "seeds", "columns": columns, "config": config}


def manifest(text="Balance under {alerts.low_balance}.", chinese="余额低于{alerts.low_balance}"):
    tag = {"kind": "flag", "description_zh": chinese}
    column = {"name": "is_low", "description": text, "config": {"meta": {"tag": tag}}, "meta": {"tag": dict(tag)}}
    model = {
        "resource_type": "model",
        "name": "tags_x",
        "alias": "tags_x",
        "schema": "tags",
        "config": {"materialized": "table", "meta": {}},
        "description": "From {bands.high} up: {table, delivered}.",
        "columns": {"is_low": column},
    }
    nodes = [model, seed("alerts", "threshold", ranges_of="threshold"), seed("bands", "value"), seed("words", "says")]
    return {"nodes": {node["name"]: node for node in nodes}}


@pytest.fixture
def project(tmp_path):
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "alerts.csv").write_text("rule,threshold\nlow_balance,10.500000\nnone,\n")
    (tmp_path / "seeds" / "bands.csv").write_text("rule,value\nlow,\nhigh,1200\nodd,many\n")
    return tmp_path


def test_figures_are_those_of_seeds_that_hold_one_a_row(project):
    assert seed_figures(manifest(), project) == {"alerts.low_balance": "10.5", "bands.high": "1,200"}


def test_descriptions_follow_the_seed_in_both_languages(project):
    for value, shown in (("10", "10"), ("0.20", "0.2"), ("-3", "-3")):
        (project / "seeds" / "alerts.csv").write_text(f"rule,threshold\nlow_balance,{value}\n")
        known = manifest()
        show_figures(known, project)
        (model,) = (m for m in load_models(known) if m.name == "tags_x")
        assert model.description == "From 1,200 up: {table, delivered}."
        assert model.columns == {"is_low": f"Balance under {shown}."}
        assert model.tags["is_low"]["description_zh"] == f"余额低于{shown}"


def test_every_name_that_no_seed_has_is_told(project):
    with pytest.raises(WarehouseError) as error:
        show_figures(manifest("Under {alerts.lowbalance}.", "{other.x}"), project)
    first, second, _ = str(error.value).splitlines()
    assert first == "tags_x.is_low: no seed has a figure alerts.lowbalance; did you mean alerts.low_balance?"
    assert second == "tags_x.is_low: no seed has a figure other.x"


def test_a_seed_that_is_not_there_is_named(project):
    (project / "seeds" / "alerts.csv").unlink()
    with pytest.raises(SeedError, match="seeds/alerts.csv"):
        show_figures(manifest(), project)


def test_a_manifest_is_read_with_the_figures_of_the_project(tmp_path):
    made = manifest("By day {churn_rules.second_topup_day}.", "")
    made["nodes"] = {"tags_x": made["nodes"]["tags_x"], "churn_rules": seed("churn_rules", "value")}
    made["nodes"]["tags_x"]["description"] = ""
    (tmp_path / "manifest.json").write_text(json.dumps(made))
    shown = read_manifest(tmp_path / "manifest.json")["nodes"]["tags_x"]["columns"]["is_low"]["description"]
    assert shown.removeprefix("By day ").removesuffix(".").isdigit()
