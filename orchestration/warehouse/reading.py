"""Reading the published version from Python: locked down, and no more."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from orchestration.settings import Home
from orchestration.warehouse import WarehouseError


@contextmanager
def published(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The current version, open for reading; the connection reaches no file and no setting. Raises WarehouseError for none."""
    if not home.current.exists():
        raise WarehouseError(f"{home.current} is not there: nothing is published yet; run `telco360 nightly`")
    # The link may move meanwhile; whoever has opened it stays on one version.
    options = {"enable_external_access": "false", "lock_configuration": "true"}
    with duckdb.connect(str(home.current.resolve()), read_only=True, config=options) as db:
        yield db
