"""Rows that lie ahead of a business date: delivered by then, of an event after it. They stay in the lake; builds ignore them."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

import pyarrow.compute as pc
import pyarrow.dataset as ds

from orchestration.base.contract import Table
from orchestration.base.settings import Home
from orchestration.intake import ledger


def future_rows(home: Home, contract: Mapping[str, Table], as_of: date) -> dict[str, int]:
    """Such rows by table, tables without any left out. Only deliveries whose ledger row tells of a later event are read."""
    next_day = datetime.combine(as_of + timedelta(days=1), time())
    counts: dict[str, int] = {}
    for row in ledger.current(home).select(["table_name", "dt", "event_last"]).to_pylist():
        table = contract.get(row["table_name"])
        if (
            table is None
            or table.event_time is None
            or row["dt"] > as_of
            or row["event_last"] is None
            or row["event_last"] < next_day
        ):
            continue
        folder = ds.dataset(home.raw / table.name / f"dt={row['dt']}", format="parquet")
        is_date = table.column(table.event_time).data_type == "date"
        is_future = pc.field(table.event_time) >= (next_day.date() if is_date else next_day)
        counts[table.name] = counts.get(table.name, 0) + folder.count_rows(filter=is_future)
    return counts
