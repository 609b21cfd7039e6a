"""Figures of runs as a text file for node_exporter's textfile collector (Prometheus), written at the end of each run."""

import os
import shutil
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from orchestration.base.settings import Home
from orchestration.pipeline.run_log import RunRecord


def metrics_file(home: Home) -> Path:
    """TELCO360_METRICS_FILE, else a file in the warehouse; its name must end in .prom for node_exporter to read it."""
    return Path(os.environ.get("TELCO360_METRICS_FILE") or home.warehouse / "telco360.prom")


def write(home: Home, runs: list[RunRecord], published: date | None) -> None:
    """Writes the figures whole or not at all. `runs`: oldest first; `published`: business date that readers get."""
    path = metrics_file(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_to_textfile(str(path), registry(home, runs, published))
    if not path.is_relative_to(home.root):  # no figure is of a person, and node_exporter is another user; a home is closed to it
        path.chmod(0o644)


def registry(home: Home, runs: list[RunRecord], published: date | None) -> CollectorRegistry:
    """The figures: seconds, bytes, counts, moments as seconds since 1970."""
    made = CollectorRegistry()

    def gauge(name: str, text: str, value: float | None) -> None:
        if value is not None:
            Gauge(f"telco360_{name}", text, registry=made).set(value)

    def by(label: str, name: str, text: str, values: Mapping[str, float]) -> None:
        each = Gauge(f"telco360_{name}", text, [label], registry=made)
        for key, value in values.items():
            each.labels(key).set(value)

    last = runs[-1] if runs else None
    well = next((run for run in reversed(runs) if run.is_well and run.ended), None)
    if last:
        gauge("run_started_timestamp_seconds", "Start of the last run", last.started.timestamp())
        gauge("run_success", "1 where the last run ended well", float(last.is_well))
        for name, text in COUNTS.items():
            gauge(name, text, last.facts.get(name))
        by("step", "step_duration_seconds", "Duration of a step of the last run", last.steps)
        by("list", "list_rows", "Rows of a target list's export", last.facts.get("lists") or {})
    if last and last.ended:
        gauge("run_ended_timestamp_seconds", "End of the last run", last.ended.timestamp())
        gauge("run_duration_seconds", "Duration of the last run", (last.ended - last.started).total_seconds())
    if well and well.ended:
        gauge("run_last_success_timestamp_seconds", "End of the last run that ended well", well.ended.timestamp())
    if published:
        moment = datetime(published.year, published.month, published.day, tzinfo=UTC).timestamp()
        gauge("published_business_date_timestamp_seconds", "Business date of the published version", moment)
    gauge("home_free_bytes", "Free bytes of the disk of the home", float(shutil.disk_usage(home.root).free))
    return made


COUNTS = {
    "failures": "Causes for which steps of the last run failed",
    "deliveries_accepted": "Deliveries that the last run accepted",
    "deliveries_rejected": "Deliveries that the last run rejected",
    "tables_late": "Required tables delivered last before the business date",
    "tests_warned": "Tests of the warehouse that warned",
    "published_rows": "Rows of all tables of the version that the last run published",
}
"""Counts of the last run, as `after` notes them."""
