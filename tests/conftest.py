"""What tests of several parts share."""

import fcntl
import os
from pathlib import Path

import pytest

from orchestration.base.settings import PROJECT_DIR, home
from orchestration.warehouse.dbt import ensure_manifest
from orchestration.warehouse.manifest import read_manifest

TESTS = Path(__file__).parent
MANY_RUNS = (
    "one oracle run", "test_cases", "test_figures", "test_months_built", "test_tag_library", "test_partitions",
    "test_billing_days", "test_playbook_nights", "test_chaos", "test_dagster_retries", "test_adding_a_tag",
)  # fmt: skip
"""Groups of tests over many whole runs, over all figures of one, or that wait for Dagster: `make test-runs`."""
LONGEST = (
    *MANY_RUNS, "test_nightly", "test_scoring", "test_dbt_project", "test_list_effect",
    "test_sample", "test_random_lists",
)  # fmt: skip
"""Groups of tests that take minutes, the longest first."""
SHARED = {
    **dict.fromkeys(("test_console", "test_figures_more", "test_figures_of_tags", "test_privacy_runs"), "one oracle run"),
    **dict.fromkeys(("test_console_pages", "test_console_in_a_browser"), "test_scoring"),
}
"""Files whose tests look at the same run."""


def group_of(path: str) -> str:
    """The tests that one worker runs: those of a file, or of several that share what is dear to make."""
    name = Path(path).stem
    return SHARED.get(name, name if name in LONGEST else path)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Marks a test by its folder."""
    kind = item.path.relative_to(TESTS).parts[0]
    item.add_marker(kind)
    if kind == "integration" and group_of(str(item.path)) in LONGEST:
        item.add_marker("slow")
    if group_of(str(item.path)) in MANY_RUNS:
        item.add_marker("runs")
    if kind == "integration" and item.path.name.startswith("test_spark_"):
        item.add_marker("spark")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest groups go first, so that both workers end together."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(group_of(str(item.path)), len(places)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With `-n 2`, each worker takes whole groups, in the order of collection."""
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid.split("::")[0])

    config.option.loadscopereorder = False
    return Groups(config, log)


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
    """What that manifest holds, its descriptions with the figures of the seeds."""
    return read_manifest(parsed)
