"""Data quality: what was delivered on which day, what was rejected or quarantined and why, checks and runs and how they ended."""

from datetime import date
from functools import cache
from typing import Any

from orchestration.base.contract import Table, load_contract
from orchestration.base.roles import LINES
from orchestration.base.settings import Home, SettingsError
from orchestration.console.context import Context, Document, Values
from orchestration.console.figures import calendar
from orchestration.intake import ledger
from orchestration.pipeline.run_log import last_runs
from orchestration.quality import data_docs, discrepancies

DAYS_SHOWN = 31
"""Latest days of delivery in the calendar."""

RUNS_SHOWN = 30
ACCEPTED, WITH_FAULTS, REJECTED = 0, 1, 2
"""What became of a delivery, in the calendar: accepted, accepted but for some rows, rejected."""


def quality(context: Context) -> Values:
    tables = """select table_name, system, is_required, delivered_to, days_behind, limit_days, is_last_rejected, is_late
from core.dim_raw_tables
order by is_late desc, is_last_rejected desc, table_name"""
    sums = """select check_name, month, raw_value, mart_value, unallocated_value, residual
from core.reconciliation
order by residual <> 0 desc, month desc, check_name"""
    deliveries = days(context.home)
    since = min((day for day, *_ in deliveries), default=date.max)
    faults = context.version.kept(f"faults {hash(tuple(deliveries))}", lambda: faults_since(context.home, since))
    checked = [
        (context.moment(result["validated_at"]), result["checks_of"], result["checks"], len(found), _said(found))
        for result in reversed(data_docs.results(context.home.data_docs))
        for found in [[*result["failures"], *result["warnings"]]]
    ]
    runs = [
        (context.moment(run.started), run.business_date, _minutes(run.started, run.ended), _ending(run.ended, run.is_well),
         "; ".join(run.facts.get("causes", [])))
        for run in reversed(last_runs(context.home)[-RUNS_SHOWN:])
    ]  # fmt: skip
    return {
        "figures": [
            context.table(
                "deliveries",
                ("delivery_date", "table_name", "delivery_state", "rows_accepted", "rows_quarantined"),
                deliveries,
                "customers-catalogues-places",
                calendar("delivery_date", "table_name", "delivery_state"),
            ),
            context.table(
                "faults",
                ("delivery_date", "table_name", "column_name", "fault", "fault_reason", "fault_rows", "example"),
                faults,
                without="no_faults",
            ),
            context.figure("tables", tables, "time"),
            context.table("checks", ("checked_at", "checks_of", "checks", "found", "found_what"), checked),
            context.figure("sums", sums, "time"),
            context.table("runs", ("started_at", "business_date", "minutes", "ending", "cause"), runs),
        ],
        "has_docs": context.may(LINES) and (context.home.data_docs / "index.html").is_file(),
        "discrepancies": context.home.exports / "quality",
    }


def docs(context: Context) -> Document:
    """A page of the Data Docs: what each check of deliveries and of versions found. Raises SettingsError where it is gone."""
    root = context.home.data_docs.resolve()
    asked = (root / context.given["file"]).resolve()
    if not (asked.is_relative_to(root) and asked.suffix == ".html" and asked.is_file()):
        raise SettingsError(context.text("quality.no_docs"))
    return Document(asked.read_text(encoding="utf-8"))


def days(home: Home) -> list[tuple[date, str, int, int, int]]:
    """What became of the last attempt of each delivery of the latest days: day, table, state, rows accepted and quarantined."""
    last = {}
    for row in ledger.history(home, ["table_name", "dt", "outcome", "rows_accepted", "rows_set_aside"]).to_pylist():
        last[row["dt"], row["table_name"]] = row
    shown = sorted({day for day, _ in last})[-DAYS_SHOWN:]
    return [
        (day, table, state_of(row["outcome"], row["rows_set_aside"]), row["rows_accepted"], row["rows_set_aside"])
        for (day, table), row in sorted(last.items(), key=lambda pair: (pair[0][0], pair[0][1]))
        if day in shown
    ]


def faults_since(home: Home, since: date) -> list[tuple[date, str, str, str, str, int | None, str]]:
    """What is wrong with deliveries of that day and later, the last first."""
    found = discrepancies.of_intake(home, _contract(), since)
    told = [(one.dt, one.table, one.column, one.kind, one.reason, one.rows, one.example) for one in found]
    return sorted(told, key=lambda row: row[0], reverse=True)


def state_of(outcome: str, rows_set_aside: int) -> int:
    """ACCEPTED, WITH_FAULTS or REJECTED. Pure."""
    if outcome == ledger.REJECTED:
        return REJECTED
    return WITH_FAULTS if rows_set_aside else ACCEPTED


@cache
def _contract() -> dict[str, Table]:
    return load_contract()


def _said(found: list[dict[str, Any]]) -> str:
    return "; ".join(f"{each['table']}: {each['says']}, but {each['observed']}" for each in found)


def _minutes(started: Any, ended: Any) -> float | None:
    return round((ended - started).total_seconds() / 60, 1) if ended else None


def _ending(ended: Any, is_well: bool) -> str:
    return "without_end" if ended is None else "well" if is_well else "failed"
