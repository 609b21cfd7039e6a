"""What a dbt run says of itself, from its run_results.json: counts, what failed in words, the SQL that ran."""

import contextlib
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from orchestration.base.settings import Home
from orchestration.warehouse.dbt import RUN_RESULTS, SCORES
from orchestration.warehouse.manifest import Models


@dataclass(frozen=True)
class DbtResults:
    """Counts of a `dbt build`, or of several together, and a line for each warning and failure."""

    models: int = 0
    tests_passed: int = 0
    warnings: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    skipped: int = 0

    def __add__(self, other: "DbtResults") -> "DbtResults":
        return DbtResults(
            self.models + other.models,
            self.tests_passed + other.tests_passed,
            [*self.warnings, *other.warnings],
            [*self.failures, *other.failures],
            self.skipped + other.skipped,
        )

    def __str__(self) -> str:
        counts = [(self.models, "tables and views"), (self.tests_passed, "tests passed"), (len(self.warnings), "warned")]
        counts += [(len(self.failures), "failed"), (self.skipped, "skipped")]
        return ", ".join(f"{n} {what}" for n, what in counts if n or what == "tests passed")


def results(run_results: dict[str, Any]) -> DbtResults:
    """The counts of a run_results.json as dbt wrote it. Nodes that are no tests count as models: models, seeds, snapshots."""
    models = tests = skipped = 0
    warnings, failures = [], []
    for result in run_results["results"]:
        kind, name = result["unique_id"].split(".")[0], result["unique_id"].split(".")[2]
        message = f"{kind} {name}: {(result.get('message') or '').strip()}"
        match result["status"]:
            case "success" | "pass" if kind in ("test", "unit_test"):
                tests += 1
            case "success" | "pass":
                models += 1
            case "warn":
                warnings.append(message)
            case "skipped":
                skipped += 1
            case _:
                failures.append(message)
    return DbtResults(models, tests, warnings, failures, skipped)


def compiled_sql(run_results: dict[str, Any], models: Collection[str]) -> dict[str, str]:
    """The SQL of the named models as it was run, by model name."""
    found = {}
    for result in run_results["results"]:
        kind, _, name, *_ = result["unique_id"].split(".")
        if kind == "model" and name in models and result.get("compiled_code"):
            found[name] = result["compiled_code"]
    return found


def last_results(home: Home) -> list[dict[str, Any]]:
    """What dbt told of each node in both steps of the home's last build; nothing of a step that told no results."""
    told: list[dict[str, Any]] = []
    for folder in (home.dbt_artefacts, home.dbt_artefacts / SCORES):
        with contextlib.suppress(FileNotFoundError, ValueError):
            told += json.loads((folder / RUN_RESULTS).read_text(encoding="utf-8"))["results"]
    return told


def built_families(home: Home, models: Models) -> dict[str, str]:
    """The SQL of the tag families as the last build ran it, by model; none where no build has told its results."""
    return compiled_sql({"results": last_results(home)}, {m.name for m in models if m.is_tag_family})
