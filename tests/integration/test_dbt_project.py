"""The dbt project by itself: it builds on nothing, its unit tests hold, its SQL tells where columns come from."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.base.contract import load_contract
from orchestration.base.settings import PROJECT_DIR, home
from orchestration.intake import load_limits
from orchestration.pipeline.deliveries import take_in_all
from orchestration.warehouse.manifest import load_models, read_manifest
from reference import tables
from reference.column_lineage import made_from


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """Where dbt left what it tells of a build, tests included, where nothing was ever delivered."""
    root = tmp_path_factory.mktemp("nothing")
    place = home(root)
    contract = load_contract()
    take_in_all(place, contract, load_limits(contract), lambda text: None)
    place.warehouse.mkdir(parents=True, exist_ok=True)
    target = root / "target"
    environment = os.environ | {"TELCO360_HOME": str(root), "DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(target)}
    command = [Path(sys.executable).with_name("dbt"), "build", "--project-dir", PROJECT_DIR, "--profiles-dir", PROJECT_DIR]
    done = subprocess.run(
        [*command, "--vars", "{as_of_date: 2026-03-31}"], env=environment, capture_output=True, text=True, cwd=PROJECT_DIR
    )
    assert done.returncode == 0, done.stdout[-5000:]
    return target


def test_the_project_builds_on_nothing_and_its_unit_tests_hold(built):
    results = json.loads((built / "run_results.json").read_text())["results"]
    unit_tests = [r for r in results if r["unique_id"].startswith("unit_test.")]
    assert len(unit_tests) > 20
    assert {r["status"] for r in unit_tests} == {"pass"}


def test_every_public_column_is_traced_to_raw_ones(built):
    """The lineage of the site has the columns that tables have, and each way back ends at a raw table, a seed or a count."""
    manifest = read_manifest(built / "manifest.json")
    made = made_from(manifest)
    project = tables.project_of(manifest, load_models(manifest), "", made)
    for model in project.public:
        if model.schema != "seeds":
            assert {name for relation, name in made if relation == model.relation} == set(project.columns(model)), model.relation
    raw = {f"{s['source_name']}.{s['name']}" for s in manifest["sources"].values()}
    assert {table for found in made.values() for table, name in found if (table, name) not in made} <= {
        *raw,
        *(model.relation for model in project.public if model.schema == "seeds"),
    }
    assert project.origins["core.fct_subscriber_months", "arpu_amount"] == {
        ("billing.billing_charges", "amount"),
        ("billing.billing_fee_codes", "counts_to_arpu"),
    }
    assert project.origins["tags.subscriber_360", "value_tier"] == {("value.subscriber_value", "value_tier")}
