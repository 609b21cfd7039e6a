"""What tests of several parts share."""

import os
from pathlib import Path

import pytest

from orchestration.settings import PROJECT_DIR


@pytest.fixture(scope="session")
def megaline_landing() -> Path:
    """Deliveries of the Megaline data set, from TELCO360_MEGALINE or beside the project; the test is skipped without them."""
    landing = Path(os.environ.get("TELCO360_MEGALINE") or PROJECT_DIR.parent / "shared" / "data" / "megaline" / "landing")
    if not landing.is_dir():
        pytest.skip("the Megaline deliveries are not here; TELCO360_MEGALINE names where they lie")
    return landing
