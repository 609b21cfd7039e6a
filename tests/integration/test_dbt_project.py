"""The dbt project by itself: it builds where nothing was ever delivered, and its unit tests hold."""

import json
import os
import subprocess
import sys
from pathlib import Path

from orchestration.base.contract import load_contract
from orchestration.base.settings import PROJECT_DIR, home
from orchestration.intake import load_limits
from orchestration.pipeline.deliveries import take_in_all


def test_the_project_builds_on_nothing_and_its_unit_tests_hold(tmp_path):
    place = home(tmp_path)
    contract = load_contract()
    take_in_all(place, contract, load_limits(contract), lambda text: None)
    place.warehouse.mkdir(parents=True, exist_ok=True)
    target = tmp_path / "target"
    environment = os.environ | {"TELCO360_HOME": str(tmp_path), "DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(target)}
    command = [Path(sys.executable).with_name("dbt"), "build", "--project-dir", PROJECT_DIR, "--profiles-dir", PROJECT_DIR]
    done = subprocess.run(
        [*command, "--vars", "{as_of_date: 2026-03-31}"], env=environment, capture_output=True, text=True, cwd=PROJECT_DIR
    )
    assert done.returncode == 0, done.stdout[-5000:]
    results = json.loads((target / "run_results.json").read_text())["results"]
    unit_tests = [r for r in results if r["unique_id"].startswith("unit_test.")]
    assert len(unit_tests) > 20
    assert {r["status"] for r in unit_tests} == {"pass"}
