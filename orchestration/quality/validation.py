"""Great Expectations, and nothing else of it elsewhere: validates tables of facts, as pandas frames, and writes Data Docs.

Source checks and release checks gather their facts by plain SQL, a row a thing validated, and state checks on them: a few
expectations on small tables cost a second however large the warehouse is, and no value of a customer gets into Data Docs.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.quality import data_docs

if TYPE_CHECKING:
    import pandas as pd

SUBJECT = ("table_name", "column_name", "detail")
"""Columns that every table of facts has: what a row of facts is about, and in words what else a reader of a failure needs
(examples, the delivery that it came from)."""

OWNER = "owner"
"""A column that a table of facts may have beside them: who answers for what the row is about."""


@dataclass(frozen=True)
class Check:
    """One expectation on one table of facts. `expectation` is a class of Great Expectations; in words, `says` is what holds,
    `otherwise` what is so where it does not (empty: the figures say it), and `remedy` what to do then. `is_critical`: it blocks.
    Of one that does not, `kind` and `severity` are those of the notice that whoever is on call gets."""

    facts: str
    expectation: str
    arguments: dict[str, Any]
    says: str
    is_critical: bool = True
    otherwise: str = ""
    remedy: str = ""
    kind: str = "quality"
    severity: str = "warning"


@dataclass(frozen=True)
class Finding:
    """A check that one row of facts does not meet: what was expected of which table and column, what was there, and who answers
    for it; kind and severity as the check has them."""

    says: str
    expectation: str
    table: str
    column: str
    observed: str
    remedy: str = ""
    detail: str = ""
    owner: str = ""
    kind: str = "quality"
    severity: str = "warning"

    def __str__(self) -> str:
        where = (", " if " " in self.table else ".").join(filter(None, (self.table, self.column)))
        return ". ".join(filter(None, (f"{where}: {self.says}, but {self.observed}", self.detail, self.remedy)))


@dataclass(frozen=True)
class ValidationResult:
    """What one set of checks found. Failures block; warnings don't. `data_docs` is the page to open."""

    checks_of: str
    validated_at: str
    checks: int
    failures: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    data_docs: str = ""

    @property
    def passed(self) -> bool:
        return not self.failures


def validate(name: str, facts: Mapping[str, "pd.DataFrame"], checks: Iterable[Check], docs: Path) -> ValidationResult:
    """Holds the checks against the tables of facts, by name, writes Data Docs under `docs`, gives the result.

    An expectation that itself breaks (say, of a column that is not there) is a failure, never a pass.
    """
    checks = list(checks)
    now = datetime.now(UTC)
    context = _context(docs)
    source = context.data_sources.add_or_update_pandas(name)
    failures: list[Finding] = []
    warnings: list[Finding] = []
    for table in dict.fromkeys(check.facts for check in checks):
        own = {number: check for number, check in enumerate(checks) if check.facts == table}
        for number, result in _results(context, source, table, facts[table], own, now):
            check = checks[number]
            (failures if check.is_critical else warnings).extend(findings(check, result))
    found = ValidationResult(name, now.isoformat(), len(checks), failures, warnings, str(docs / "index.html"))
    data_docs.add(docs, json.dumps(asdict(found)))
    return found


def findings(check: Check, result: dict[str, Any]) -> list[Finding]:
    """What an expectation's result (as JSON) says against each row of facts; empty where it is met."""
    if result["success"]:
        return []
    rows = (result.get("result") or {}).get("unexpected_index_list") or []
    if not rows:
        raised = result.get("exception_info") or {}
        message = raised.get("exception_message") or json.dumps(result.get("result"), default=str)
        return [Finding(check.says, check.expectation, check.facts, "", message, kind=check.kind, severity=check.severity)]
    found = []
    for row in rows:
        figures = ", ".join(f"{key} is {_shown(value)}" for key, value in row.items() if key not in (*SUBJECT, OWNER))
        table, column, detail, owner = (row.get(name) or "" for name in (*SUBJECT, OWNER))
        said = (table, column, check.otherwise or figures, check.remedy, detail, owner, check.kind, check.severity)
        found.append(Finding(check.says, check.expectation, *said))
    return found


def _shown(value: object) -> str:
    if value is None:
        return "missing"
    return f"{value:.4g}" if isinstance(value, float) and not value.is_integer() else f"{value}".removesuffix(".0")


def _results(
    context: Any, source: Any, table: str, frame: "pd.DataFrame", checks: Mapping[int, Check], now: datetime
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Runs the checks of one table of facts: the number of each with its result as JSON.

    A checkpoint for each table, since a checkpoint takes one frame.
    """
    gx, name = _great_expectations(), f"{source.name}_{table}"
    suite = context.suites.add_or_update(gx.ExpectationSuite(name=name))
    for number, check in checks.items():
        suite.add_expectation(_expectation(number, check))
    batch = source.add_dataframe_asset(table).add_batch_definition_whole_dataframe("all")
    definition = gx.ValidationDefinition(name=name, data=batch, suite=suite)
    checkpoint = gx.Checkpoint(
        name=name,
        validation_definitions=[context.validation_definitions.add_or_update(definition)],
        actions=[gx.checkpoint.UpdateDataDocsAction(name="data_docs", site_names=["telco360"])],
        result_format={
            "result_format": "COMPLETE",
            "unexpected_index_column_names": [name for name in (*SUBJECT, OWNER) if name in frame.columns],
        },
    )
    run = gx.RunIdentifier(run_name=f"{now:%Y%m%dT%H%M%SZ}")
    outcome = context.checkpoints.add_or_update(checkpoint).run(batch_parameters={"dataframe": frame}, run_id=run)
    for validation in outcome.run_results.values():
        for result in validation.results:
            yield result.expectation_config.meta["number"], result.to_json_dict()


def _expectation(number: int, check: Check) -> Any:
    from great_expectations import expectations

    severity = "critical" if check.is_critical else "warning"
    made = getattr(expectations, check.expectation)
    return made(**check.arguments, severity=severity, notes=check.says, meta={"number": number})


@cache
def _great_expectations() -> Any:
    # Two seconds and more: imported when the first checks run, not with this module.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with _hidden("pyspark"):
        import great_expectations

        return great_expectations


@contextmanager
def _hidden(package: str) -> Iterator[None]:
    """A package that cannot be imported for a while. Great Expectations looks for Spark wherever it is installed; nothing here
    needs it, and Spark ends a process whose main module has no file, such as a run that Dagster starts."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]  # None is how Python marks what cannot be imported
    try:
        yield
    finally:
        del sys.modules[package]


@cache
def _context(docs: Path) -> Any:
    """One context a process and site, so that the pages of all its checks stand in one site."""
    context = _great_expectations().get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    store = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs)}
    site = {"class_name": "SiteBuilder", "show_how_to_buttons": False, "store_backend": store}
    # Its own index builder removes every page of an earlier process.
    site["site_index_builder"] = {"class_name": "NoIndex", "module_name": data_docs.__name__}
    context.add_data_docs_site("telco360", site)
    return context
