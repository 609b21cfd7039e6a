"""Intake: every delivery in landing is checked against the raw contract; good rows enter the lake, bad ones the quarantine.

landing.py finds deliveries, profile.py says how a source writes them, csv_file.py and parquet_file.py read them, columns.py
finds the columns, reading.py applies a profile to values, values.py types columns, rows.py checks rows, shapes.py names what
other systems write, part.py puts that together for a file, validate.py looks across rows and files, delivery.py across a whole
delivery; engine.py is the DuckDB that they ask, state.py remembers earlier deliveries, lake.py commits, ledger.py and
quarantine.py keep what became of what, run.py leads, show.py tells, check.py tries.
No model, tag or list rule belongs here.
"""

from orchestration.intake.limits import load_limits, load_patterns
from orchestration.intake.run import IntakeReport, ensure_empty_tables, take_in

__all__ = ["IntakeReport", "ensure_empty_tables", "load_limits", "load_patterns", "take_in"]
