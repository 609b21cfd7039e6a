"""The ledger of target lists: the form of its tables, and empty ones where there are none yet, so that every model builds.

dbt reads the same files by glob, so every file has its table's schema, also when it has no rows. How a list is run does not
belong here.
"""

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.intake.files import write_atomically
from orchestration.settings import Home

_COUNTS = (
    "matched", "suppressed", "no_valid_phone", "capped", "lost_to_priority", "universal_control", "control", "over_limit",
    "exported",
)  # fmt: skip

LIST_RUNS = pa.schema(
    [
        *[(name, pa.string()) for name in ("run_id", "list_name")],
        *[(name, pa.date32()) for name in ("run_date", "as_of_date")],
        *[(name, pa.string()) for name in ("publication", "definition_hash", "definition", "channel", "offer_code", "owner")],
        ("priority", pa.int32()),
        ("control_share", pa.float64()),
        *[(name, pa.string()) for name in ("salt", "status", "reason")],
        *[(name, pa.int64()) for name in _COUNTS],
        *[(name, pa.string()) for name in ("file", "sha256")],
        ("exported_at", pa.timestamp("us")),  # UTC
        *[(name, pa.string()) for name in ("exported_by", "previous_hash", "run_hash")],
    ]
)
LIST_MEMBERS = pa.schema(
    [
        *[(name, pa.string()) for name in ("run_id", "list_name")],
        ("run_date", pa.date32()),
        *[(name, pa.string()) for name in ("subscriber_id", "arm")],
        ("position", pa.int64()),
        *[(name, pa.string()) for name in ("offer_code", "reason", "lost_to", "channel", "manager_id")],
        *[(name, pa.string()) for name in ("value_tier", "region_code", "tenure_band")],
        ("is_at_risk", pa.bool_()),
    ]
)
_EMPTY = {
    "list_runs/none.parquet": LIST_RUNS,
    "list_members/run_date=1900-01-01/none.parquet": LIST_MEMBERS,
}


def ensure_empty_tables(home: Home) -> None:
    """Gives each table of the ledger that has no file one of no rows."""
    root = home.lake / "ledger"
    for name, schema in _EMPTY.items():
        if not any((root / name.split("/")[0]).rglob("*.parquet")):
            empty = schema.empty_table()
            write_atomically(root / name, root / ".drafts", lambda path, empty=empty: pq.write_table(empty, path))
