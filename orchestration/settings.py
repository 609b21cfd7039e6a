"""Where things lie and which environment runs. No policy and no I/O beyond looking at the environment."""

import os
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

PROJECT_DIR = Path(__file__).resolve().parent.parent
TARGET_LISTS = PROJECT_DIR / "target_lists"

ENVIRONMENTS = ("local", "ci", "production")
"""Every environment there is; each is a target of profiles.yml, on DuckDB."""

SPARK = "spark"
"""The target that builds on a Spark cluster, whatever the environment."""


def memory_limit() -> str:
    """What DuckDB may take in one process, `6GB` unless TELCO360_MEMORY says otherwise; profiles.yml goes by the same."""
    return os.environ.get("TELCO360_MEMORY", "6GB")


class SettingsError(ValueError):
    """A setting that names something which does not exist."""


@dataclass(frozen=True)
class Home:
    """The one directory that holds all data: deliveries, lake, build database, published versions, exports."""

    root: Path

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def raw(self) -> Path:
        return self.lake / "raw"

    @property
    def quarantine(self) -> Path:
        return self.lake / "quarantine"

    @property
    def ledger(self) -> Path:
        """What telco360 writes down of itself, for dbt to read back."""
        return self.lake / "ledger"

    @property
    def intake_ledger(self) -> Path:
        return self.ledger / "intake"

    @property
    def list_runs(self) -> Path:
        return self.ledger / "list_runs"

    @property
    def list_members(self) -> Path:
        return self.ledger / "list_members"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse"

    @property
    def build_database(self) -> Path:
        return self.warehouse / "telco360.duckdb"

    @property
    def data_docs(self) -> Path:
        return self.warehouse / "data_docs"

    @property
    def published(self) -> Path:
        return self.root / "published"

    @property
    def current(self) -> Path:
        """The symlink that readers open."""
        return self.published / "telco360.duckdb"

    @property
    def exports(self) -> Path:
        return self.root / "exports"


def home(root: str | os.PathLike | None = None) -> Home:
    """The home named by `root`, else by TELCO360_HOME, else `data/` of the project; always absolute."""
    return Home(Path(root or os.environ.get("TELCO360_HOME") or PROJECT_DIR / "data").expanduser().resolve())


def environment() -> str:
    """The name of the running environment, from TELCO360_ENV; `local` where it is not set.

    Raises SettingsError for a name that is not one of ENVIRONMENTS: a typo must not run production on local settings.
    """
    name = os.environ.get("TELCO360_ENV") or "local"
    if name not in ENVIRONMENTS:
        raise SettingsError(f"TELCO360_ENV: '{name}' is no environment; choose one of {', '.join(ENVIRONMENTS)}")
    return name


def target() -> str:
    """The target of profiles.yml to build with: TELCO360_TARGET, else the one named as the environment.

    Raises SettingsError for a name that is none: what is meant for one engine must not run on another.
    """
    name = os.environ.get("TELCO360_TARGET") or environment()
    if name not in (*ENVIRONMENTS, SPARK):
        raise SettingsError(f"'{name}' is no target; choose one of {', '.join((*ENVIRONMENTS, SPARK))}")
    return name


def timezone() -> ZoneInfo:
    """The operator's time zone, from TELCO360_TIMEZONE; Asia/Shanghai where it is not set.

    Raises SettingsError for a zone that the time zone database lacks.
    """
    name = os.environ.get("TELCO360_TIMEZONE") or "Asia/Shanghai"
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError) as error:
        raise SettingsError(f"TELCO360_TIMEZONE: '{name}' is no time zone; use a name such as Asia/Shanghai") from error
