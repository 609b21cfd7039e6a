"""Limits of the source checks and the release checks, read from seeds/release_limits.csv and seeds/drift_limits.csv.

Reading and checking the two seeds belongs here; what is checked against the limits does not.
"""

from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.base.contract import Table
from orchestration.base.errors import SeedError
from orchestration.base.settings import PROJECT_DIR
from orchestration.warehouse.seeds import read_seed, seed_path

ALL = "*"
_COUNTS = ("identifier_length", "sure_identifier_length", "max_chance_matches", "least_rows", "usual_periods")


@dataclass(frozen=True)
class ReleaseLimits:
    """One field a rule of seeds/release_limits.csv, which says what each means. Shares are fractions from 0 to 1."""

    min_kept_share: float
    identifier_length: int
    sure_identifier_length: int
    max_own_share: float
    max_chance_matches: int
    max_chance_share: float
    warn_unallocated_share: float
    max_unallocated_share: float
    least_rows: int
    usual_periods: int
    small_share: float


@dataclass(frozen=True)
class DriftLimit:
    """How many times its usual level a column may have, up or down: from `warn_ratio` on it is warned of, from `block_ratio`
    on the run stops. Deliveries from `confirmed_from` on are compared with each other alone."""

    warn_ratio: float
    block_ratio: float
    confirmed_from: date | None = None


DriftLimits = dict[tuple[str, str], DriftLimit]
"""Limits by table and column; (ALL, ALL) is the default."""


def drift_limit(limits: DriftLimits, table: str, column: str) -> DriftLimit:
    """The limit of a column: its own, else the default."""
    return limits.get((table, column), limits[ALL, ALL])


def load_release_limits(project_dir: Path = PROJECT_DIR) -> ReleaseLimits:
    """Raises SeedError, naming file, row and what is wrong, for a rule that is missing, unknown, no number or out of range."""
    where, known = "seeds/release_limits.csv", [f.name for f in fields(ReleaseLimits)]
    found: dict[str, Any] = {}
    for number, row in enumerate(read_seed(seed_path("release_limits", project_dir)), start=2):
        rule = row.get("rule", "")
        if rule not in known:
            raise SeedError(f"{where}, row {number}: there is no rule '{rule}'; the rules are {', '.join(known)}")
        value = _number(f"{where}, row {number}", rule, row.get("value", ""))
        if rule in _COUNTS and (value < 1 or not value.is_integer()):
            raise SeedError(f"{where}, row {number}: {rule} must be a whole number of 1 or more, not {row['value']}")
        if rule not in _COUNTS and value > 1:
            raise SeedError(f"{where}, row {number}: {rule} is a share from 0 to 1, not {row['value']}; write 0.05 for 5 %")
        found[rule] = int(value) if rule in _COUNTS else value
    if missing := [rule for rule in known if rule not in found]:
        raise SeedError(f"{where}: the rule {missing[0]} is missing; add its row")
    return ReleaseLimits(**found)


def load_drift_limits(contract: dict[str, Table], project_dir: Path = PROJECT_DIR) -> DriftLimits:
    """Raises SeedError, naming file, row and what is wrong, for an unknown column, a ratio or date that is none, and where the
    row of all columns is missing."""
    where, limits = "seeds/drift_limits.csv", {}
    for number, row in enumerate(read_seed(seed_path("drift_limits", project_dir)), start=2):
        at, table, column = f"{where}, row {number}", row.get("table_name", ""), row.get("column_name", "")
        is_known = (table, column) == (ALL, ALL) or (
            table in contract and column in {c.name for c in contract[table].columns if c.is_numeric}
        )
        if not is_known:
            raise SeedError(f"{at}: {table}.{column} is no numeric column of the contract; use one, or * and *")
        if (table, column) in limits:
            raise SeedError(f"{at}: {table}.{column} has a row already; keep one")
        warn, block = (_number(at, name, row.get(name, "")) for name in ("warn_ratio", "block_ratio"))
        if not 1 < warn <= block:
            raise SeedError(f"{at}: warn_ratio must be more than 1 and block_ratio at least warn_ratio")
        limits[table, column] = DriftLimit(warn, block, _date(at, row.get("confirmed_from", "")))
    if (ALL, ALL) not in limits:
        raise SeedError(f"{where}: no row *,*; add one with the limits of all columns without a row of their own")
    return limits


def _number(at: str, name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise SeedError(f"{at}: {name} '{text}' is no number of 0 or more")
    return value


def _date(at: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise SeedError(f"{at}: confirmed_from '{text}' is no date; write 2026-10-31") from error
