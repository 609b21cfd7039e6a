"""Runs of lists as an export would have frozen them, and uplifts as a model would tell them, for tests of what is made from the
ledger."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.base.settings import Home
from orchestration.scoring.ledger import UPLIFTS
from orchestration.scoring.ledger import write as write_scored
from orchestration.targeting import ledger


def record_run(
    home: Home,
    list_name: str,
    run_date: date,
    members: Iterable[Mapping],
    status: str = ledger.EXPORTED,
    channel: str = "outbound_call",
) -> None:
    """Adds a run of a list to the ledger with these members, each with at least a subscriber_id and an arm."""
    common = {"list_name": list_name, "run_date": run_date, "channel": channel}
    common |= {"run_id": ledger.next_run_id(home, run_date)}
    table = pa.Table.from_pylist([common | dict(member) for member in members], schema=ledger.LIST_MEMBERS)
    arms = table["arm"].to_pylist()
    row = common | {"status": status, "matched": len(arms), "exported": arms.count("treated"), "control": arms.count("control")}
    row |= {"exported_at": datetime.combine(run_date, time(hour=int(row["run_id"].split("_")[1])))}
    ledger.record(home, row | {"members_sha256": ledger.keep_members(home, row, lambda path: pq.write_table(table, path))})


def record_uplifts(home: Home, month: date, uplifts: Mapping[tuple[str, str], float]) -> None:
    """Adds uplifts by line and offer, told for a month, to the ledger."""
    rows = [
        {"offer_code": code, "subscriber_id": line, "month": month, "uplift": uplift, "model_version": "made"}
        for (line, code), uplift in uplifts.items()
    ]
    write_scored(home, UPLIFTS.file(home, month, "uplifts"), UPLIFTS, pd.DataFrame(rows))
