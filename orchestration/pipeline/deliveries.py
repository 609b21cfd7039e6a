"""The first step of a run, which `telco360 intake run` takes alone. Not for what Dagster knows: it takes seconds to import."""

from collections.abc import Callable

from orchestration.base.contract import Table
from orchestration.base.settings import Home
from orchestration.intake import IntakeReport, ensure_empty_tables, take_in
from orchestration.intake.limits import Limits
from orchestration.privacy import restrict
from orchestration.scoring import ledger as scores
from orchestration.targeting import ledger, offers, tasks


def take_in_all(home: Home, contract: dict[str, Table], limits: Limits, note: Callable[[str], None]) -> IntakeReport:
    """Takes in what lies in landing; tables never delivered get an empty file, so that every model builds."""
    report = take_in(home, contract, limits, note)
    ensure_empty_tables(home, contract)
    ledger.ensure_empty_tables(home)
    offers.ensure_empty_table(home)
    tasks.ensure_empty_table(home)
    scores.ensure_empty_tables(home)
    restrict.ensure_empty_table(home)
    return report
