"""Nights that tests of several files look at: each is run once a session."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import pytest
from made_ledger import record_run
from oracle.desk import ListRun
from oracle.operator import Deliveries, write_deliveries
from oracle.operator_channels import make_channel_operator
from test_figures import as_key, nightly

from orchestration.settings import Home


@dataclass(frozen=True)
class OracleNight:
    """A first night over a made operator that is nasty at the edges, and what it was told."""

    home: Path
    deliveries: Deliveries
    as_of: date
    runs: list[ListRun]

    def published(self, keys: dict[str, tuple[str, ...]]) -> dict[str, dict]:
        """The published tables of `keys` in the oracle's form, `{table: {key: {column: value}}}`, with every column they have."""
        tables = {}
        with duckdb.connect(str(self.home / "published" / "telco360.duckdb"), read_only=True) as db:
            for table, names in keys.items():
                found = db.sql(f"select * from {table}")
                rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
                tables[table] = {as_key([row[name] for name in names]): row for row in rows}
                assert len(tables[table]) == len(rows), f"{table}: keys are not unique"
        return tables


@pytest.fixture(scope="session")
def oracle_night(tmp_path_factory) -> Callable[[int], OracleNight]:
    """The night of a seed. One that 5 divides has a history of three billed months, in which windows are not full."""

    @cache
    def night(seed: int) -> OracleNight:
        home = tmp_path_factory.mktemp(f"oracle_{seed}")
        operator, as_of, runs = make_channel_operator(seed, months=3 if seed % 5 == 0 else 14)
        write_deliveries(operator.deliveries, home / "landing", seed)
        for run in runs:
            record_run(Home(home), run.list_name, run.run_date, run.members, run.status, run.channel)
        nightly(home, as_of)
        return OracleNight(home, operator.deliveries, as_of, runs)

    return night
