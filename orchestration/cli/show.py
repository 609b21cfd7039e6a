"""What `telco360 intake show TABLE DT` prints: the outcomes of one delivery and its first rows quarantined. Reads, and tells."""

from datetime import date
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.base.settings import Home
from orchestration.intake import lake, ledger, quarantine
from orchestration.intake.run import ACCEPTED_FILE, REJECTED_FILE

SHOWN_FAULTS = 20


def show(home: Home, table: str, dt: date | str) -> str:
    """The latest outcome of a delivery in lines of text, and, where that was a rejection, what is in the lake instead.

    A delivery that intake has no record of is told as such, with what to do next; nothing is raised for it.
    """
    rows = ledger.history(home)
    of_delivery = pc.and_(pc.equal(rows["table_name"], table), pc.equal(pc.cast(rows["dt"], "string"), str(dt)))
    outcomes = rows.filter(of_delivery).to_pylist()
    if not outcomes:
        complete = f"landing/{table}/dt={dt}/_SUCCESS"
        return f"{table} {dt}: intake has no record of this delivery. Is {complete} there, and did intake run since?"
    last = outcomes[-1]
    lines = [
        f"{table} {dt}: {last['outcome']} on {last['recorded_at']:%Y-%m-%d %H:%M:%S} UTC, intake {last['intake_id']}",
        *_counts(last),
    ]
    if last["outcome"] == ledger.ACCEPTED:
        return "\n".join(lines + _faults(home, table, dt, ACCEPTED_FILE))
    lines += [f"  reason: {last['reason']}", *_faults(home, table, dt, REJECTED_FILE)]
    accepted = [o for o in outcomes if o["outcome"] == ledger.ACCEPTED]
    if not accepted:
        return "\n".join([*lines, f"Nothing of {table} {dt} is in the lake. Deliver the folder again, then run intake again."])
    kept = accepted[-1]
    lines += [
        f"The delivery accepted on {kept['recorded_at']:%Y-%m-%d %H:%M:%S} UTC stands, until a better one comes:",
        *_counts(kept),
    ]
    return "\n".join(lines + _faults(home, table, dt, ACCEPTED_FILE))


def _counts(outcome: dict[str, Any]) -> list[str]:
    told = {"read": "rows_read", "accepted": "rows_accepted", "deduplicated": "rows_collapsed", "quarantined": "rows_set_aside"}
    counts = ", ".join(f"{outcome[column]:,} {name}" for name, column in told.items())
    carried = f", {outcome['rows_carried']:,} carried over from the snapshot before" if outcome["rows_carried"] else ""
    lines = [f"  rows: {counts}{carried}"]
    for file in outcome["files"]:
        rows = "rows not counted" if file["rows"] is None else f"{file['rows']:,} rows"
        lines.append(f"  file: {file['name']}, {rows}, {file['bytes']:,} bytes, sha256 {file['sha256'] or 'not read'}")
    if outcome["event_first"] is not None:
        lines.append(f"  events: {outcome['event_first']} to {outcome['event_last']}")
    return lines + [f"  warning: {warning}" for warning in outcome["warnings"]]


def _faults(home: Home, table: str, dt: date | str, name: str) -> list[str]:
    path = lake.folder_of(home.quarantine, table, dt) / name
    if not path.exists():
        return []
    rows = pq.read_metadata(path).num_rows
    first = quarantine.messages(path, table, str(dt), SHOWN_FAULTS)
    told = [f"  {line.removesuffix(f'; see telco360 intake show {table} {dt}')}" for line in first]
    return [
        f"  rows at fault: {rows:,}, all of them in {path}",
        *told,
        "  next: fix these rows at the source and deliver the folder again, whole",
    ]
