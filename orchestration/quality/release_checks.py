"""The release checks: what must hold of a candidate as a whole before it is published.

Reconciliation with raw, privacy, the catalogue's values, completeness, drift of volumes. Keys and relations are dbt tests.
"""

from collections.abc import Callable

from orchestration.base.contract import Table
from orchestration.engines.protocol import Engine
from orchestration.quality import privacy, release_facts, release_facts_spark
from orchestration.quality.facts import facts_database, frames
from orchestration.quality.limits import load_release_limits
from orchestration.quality.profiles import NO_SUCH_LINE
from orchestration.quality.release_facts import FACTS
from orchestration.quality.validation import Check, ValidationResult, validate
from orchestration.warehouse.manifest import Models

DRIFT = "drift"
"""The kind of findings by which tables or tags moved against what was published before."""

MOVED = "See tags.tag_drift and tags.tag_coverage; if a rule or a delivery changed on purpose, the warning goes by itself"

CHECKS = (
    Check(
        "tables",
        "ExpectColumnValuesToBeInSet",
        {"column": "is_there", "value_set": [1]},
        "every public table is there",
        otherwise="this one is not",
    ),
    Check(
        "tables",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "row_count", "column_B": "least_rows", "or_equal": True},
        "a table that must never be empty has rows",
    ),
    Check(
        "tables",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "kept_share", "column_B": "least_share", "or_equal": True, "ignore_row_if": "either_value_is_missing"},
        "a table keeps at least its least share of the published version's rows",
        is_critical=False,
        kind=DRIFT,
    ),
    Check(
        "privacy",
        "ExpectColumnValuesToBeInSet",
        {"column": "is_pii_column", "value_set": [0]},
        "no pii column of the contract is public",
        otherwise="this one is",
    ),
    Check(
        "privacy",
        "ExpectColumnValuesToBeInSet",
        {"column": "found", "value_set": [0]},
        "no phone or document number is in a public column",
        remedy=privacy.REMEDY,
    ),
    Check(
        "privacy",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "most_by_chance", "column_B": "by_chance", "or_equal": True},
        "no more values of a public column equal a number of other lines than coincidence explains",
        remedy=privacy.REMEDY,
    ),
    Check(
        "tag_values",
        "ExpectColumnValuesToBeInSet",
        {"column": "rows_outside", "value_set": [0]},
        "every value of a tag is one that its catalogue entry allows: of its set, within its bounds",
        remedy="Correct the raw rows and deliver them again, or the tag's values or bounds in its YAML; then run again",
    ),
    Check(
        "tag_values",
        "ExpectColumnValuesToNotBeNull",
        {"column": "rows_outside"},
        "the catalogue's tag is a column of the table it names",
    ),
    Check(
        "reconciliation",
        "ExpectColumnValuesToNotBeNull",
        {"column": "residual"},
        "the marts' figure can be checked against raw's",
    ),
    Check(
        "reconciliation",
        "ExpectColumnValuesToBeInSet",
        {"column": "residual", "value_set": [0]},
        "the marts' figure equals raw's",
    ),
    Check(
        "unallocated",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "max_share", "column_B": "share", "or_equal": True, "ignore_row_if": "either_value_is_missing"},
        "what was delivered belongs to lines of the register",
        remedy=NO_SUCH_LINE,
    ),
    Check(
        "unallocated",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "warn_share", "column_B": "share", "or_equal": True, "ignore_row_if": "either_value_is_missing"},
        "what was delivered belongs to lines of the register",
        is_critical=False,
        remedy=NO_SUCH_LINE,
    ),
    Check(
        "drift",
        "ExpectColumnValuesToBeInSet",
        {"column": "has_drifted", "value_set": [0]},
        "the values of a tag are spread about as on the business dates before",
        is_critical=False,
        otherwise="here they moved",
        kind=DRIFT,
        remedy=MOVED,
    ),
    Check(
        "drift",
        "ExpectColumnValuesToBeInSet",
        {"column": "has_drifted_critically", "value_set": [0]},
        "the values of a tag of severity critical are spread about as on the business dates before",
        is_critical=False,
        otherwise="here they moved",
        kind=DRIFT,
        severity="critical",
        remedy=f"{MOVED}. It is published: look before lists go out by it, `telco360 publish rollback` takes it back",
    ),
)

LEAKS = frozenset(check.says for check in CHECKS if check.facts == "privacy")
"""What checks say that find something personal."""

GATHERED_BY: dict[str, Callable[..., None]] = {"duckdb": release_facts.gather, "spark": release_facts_spark.gather}
"""How the facts are gathered, by the dialect that a candidate is asked in."""


def check_candidate(engine: Engine, models: Models, contract: dict[str, Table]) -> ValidationResult:
    """Judges the candidate; the caller approves it or not.

    Reads the candidate, the build, the lake's pii columns and the current version's row counts. Raises WarehouseError where no
    candidate stands or no model serves a role that a check needs.
    """
    limits = load_release_limits()
    with facts_database(engine.home.warehouse) as db, engine.candidate(db) as candidate:
        for name, columns in FACTS.items():
            db.execute(f"create table {name} ({columns})")
        GATHERED_BY[candidate.dialect](db, candidate, engine.current(), models, contract, limits)
        facts = frames(db, FACTS)
    return validate("release_checks", facts, CHECKS, engine.home.data_docs)


def leaks(result: ValidationResult) -> bool:
    """Whether something personal is in a public table. Pure."""
    return any(finding.says in LEAKS for finding in result.failures)
