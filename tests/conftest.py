"""What tests of several parts share."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.base.settings import PROJECT_DIR


@pytest.fixture(scope="session")
def megaline_landing() -> Path:
    """Deliveries of the Megaline data set, from TELCO360_MEGALINE or beside the project; the test is skipped without them."""
    landing = Path(os.environ.get("TELCO360_MEGALINE") or PROJECT_DIR.parent / "shared" / "data" / "megaline" / "landing")
    if not landing.is_dir():
        pytest.skip("the Megaline deliveries are not here; TELCO360_MEGALINE names where they lie")
    return landing


@pytest.fixture(scope="session")
def manifest(tmp_path_factory) -> dict:
    """dbt's manifest of the project as it lies on disk."""
    target = tmp_path_factory.mktemp("dbt")
    command = [str(Path(sys.executable).with_name("dbt")), "parse", "--project-dir", PROJECT_DIR, "--profiles-dir", PROJECT_DIR]
    environment = os.environ | {"TELCO360_HOME": str(target), "DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(target)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=PROJECT_DIR)
    assert done.returncode == 0, done.stdout
    return json.loads((target / "manifest.json").read_text())
