"""What tests of several parts share."""

import fcntl
import json
import os
from pathlib import Path

import pytest

from orchestration.base.settings import PROJECT_DIR, home
from orchestration.warehouse.dbt import ensure_manifest

TESTS = Path(__file__).parent
LONGEST = (
    "test_cases.py", "test_nightly.py", "test_figures.py", "test_months_built.py", "test_tag_library.py", "oracle night",
    "test_dbt_project.py", "test_partitions.py", "test_adding_a_tag.py", "test_list_effect.py", "test_sample.py",
)  # fmt: skip
"""Groups that take minutes, the longest first."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks tests by folder, and has each file run by one worker, the longest first, so that both workers end together.

    Files whose tests look at the same night share a group by a mark of their own.
    """
    for item in items:
        kind = item.path.relative_to(TESTS).parts[0]
        item.add_marker(kind)
        if item.path.name.startswith("test_spark_") and kind == "integration":
            item.add_marker("spark")
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.path.name))
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.get_closest_marker("xdist_group").args[0], len(places)))


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
