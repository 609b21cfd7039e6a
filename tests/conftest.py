"""What tests of several parts share."""

import fcntl
import json
import os
from pathlib import Path

import pytest

from orchestration.settings import PROJECT_DIR, home
from orchestration.warehouse.dbt import ensure_manifest


@pytest.fixture(scope="session")
def megaline_landing() -> Path:
    """Deliveries of the Megaline data set, from TELCO360_MEGALINE or beside the project; the test is skipped without them."""
    landing = Path(os.environ.get("TELCO360_MEGALINE") or PROJECT_DIR.parent / "shared" / "data" / "megaline" / "landing")
    if not landing.is_dir():
        pytest.skip("the Megaline deliveries are not here; TELCO360_MEGALINE names where they lie")
    return landing


@pytest.fixture(scope="session")
def parsed(tmp_path_factory) -> Path:
    """dbt's manifest of the project as it lies on disk, where `telco360` looks for it; parsed once, also for several workers."""
    place = tmp_path_factory.mktemp("parsed")
    shared = place.parent.parent if "PYTEST_XDIST_WORKER" in os.environ else place.parent
    with open(shared / "parsed.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return ensure_manifest(home(place))


@pytest.fixture(scope="session")
def manifest(parsed) -> dict:
    """What that manifest holds."""
    return json.loads(parsed.read_text())
