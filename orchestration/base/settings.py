"""Where things lie and which environment runs. No policy and no I/O beyond looking at the environment."""

import grp
import os
import re
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from orchestration.base.errors import Telco360Error
from orchestration.base.words import Message

PROJECT_DIR = Path(__file__).resolve().parents[2]
TARGET_LISTS = PROJECT_DIR / "target_lists"

ENVIRONMENTS = ("local", "ci", "production")
"""Every environment there is; each is a target of profiles.yml, on DuckDB."""

SPARK = "spark"
"""The target that builds on a Spark cluster, whatever the environment."""


MEMORY_SHARE = 0.35
"""Share of the machine's memory that is planned with: two processes hold memory at once now and then, and the system keeps files
in the rest."""

MEMORY_OF_PYTHON = 2**30
"""Bytes that Dagster, dbt and Great Expectations take beside DuckDB."""


class SettingsError(Telco360Error, ValueError):
    """A setting that names something which does not exist."""


def memory_limit() -> str:
    """What DuckDB may take in one process, as it takes it itself (`6GB`): TELCO360_MEMORY, else by the machine's memory.

    Raises SettingsError for text that is no amount of memory.
    """
    given = (os.environ.get("TELCO360_MEMORY") or "").strip()
    if not given:
        return f"{default_memory(machine_memory()) // 2**20}MiB"
    amount = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?[KMGT]i?B", given, re.IGNORECASE)
    if not amount or float(amount[1]) == 0:
        english = "TELCO360_MEMORY: '{given}' is no amount of memory; write one such as 6GB or 800MB"
        raise SettingsError(Message.of("no_memory", english, given=given))
    return given


def memory_bytes() -> int:
    """The same in bytes. Raises SettingsError as memory_limit does."""
    amount, unit = re.fullmatch(r"([0-9.]+) ?([KMGT]i?B)", memory_limit(), re.IGNORECASE).groups()  # type: ignore[union-attr]
    return int(float(amount) * (1024 if "i" in unit.lower() else 1000) ** ("KMGT".index(unit[0].upper()) + 1))


def default_memory(total: int) -> int:
    """Bytes for DuckDB on a machine of `total` bytes: MEMORY_SHARE of them less MEMORY_OF_PYTHON, at least 1 GiB. Pure."""
    return max(2**30, int(total * MEMORY_SHARE) - MEMORY_OF_PYTHON)


def machine_memory(root: Path = Path("/")) -> int:
    """Bytes of memory that this machine has, or its container (control group) may use, whichever is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for name in ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            total = min(total, int((root / name).read_text(encoding="ascii")))
        except (OSError, ValueError):  # no such group, or `max`: no limit
            continue
    return total


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
    def value_loss_scores(self) -> Path:
        return self.ledger / "value_loss_scores"

    @property
    def models(self) -> Path:
        """Models of scoring, a folder each score."""
        return self.lake / "models"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse"

    @property
    def build_database(self) -> Path:
        return self.warehouse / "telco360.duckdb"

    @property
    def public_database(self) -> Path:
        """Where the public tables are built, apart from all others: a version is a copy of it."""
        return self.warehouse / "telco360_public.duckdb"

    @property
    def dbt_artefacts(self) -> Path:
        """What dbt tells of the last build: of this home alone, for one project may build in several at a time."""
        return self.warehouse / "dbt"

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

    @property
    def target_lists(self) -> Path:
        """Lists that its people wrote; those of TARGET_LISTS came with the project."""
        return self.root / "target_lists"


def home(root: str | os.PathLike[str] | None = None) -> Home:
    """The home named by `root`, else by TELCO360_HOME, else `data/` of the project; always absolute."""
    return Home(Path(root or os.environ.get("TELCO360_HOME") or PROJECT_DIR / "data").expanduser().resolve())


def require_home(given: Home) -> None:
    """Raises SettingsError where the home, or a folder on the way to it, is a file."""
    for path in (given.root, *given.root.parents):
        if path.exists():
            if not path.is_dir():
                raise SettingsError(f"{path} is a file; the home must be a directory. Name another with --home or TELCO360_HOME")
            return


def environment() -> str:
    """The name of the running environment, from TELCO360_ENV; `local` where it is not set.

    Raises SettingsError for a name that is not one of ENVIRONMENTS: a typo must not run production on local settings.
    """
    name = os.environ.get("TELCO360_ENV") or "local"
    if name not in ENVIRONMENTS:
        english = "TELCO360_ENV: '{given}' is no environment; choose one of {known}"
        raise SettingsError(Message.of("no_environment", english, given=name, known=", ".join(ENVIRONMENTS)))
    return name


def target() -> str:
    """The target of profiles.yml to build with: TELCO360_TARGET, else the one named as the environment.

    Raises SettingsError for a name that is none: what is meant for one engine must not run on another.
    """
    name = os.environ.get("TELCO360_TARGET") or environment()
    if name not in (*ENVIRONMENTS, SPARK):
        known = ", ".join((*ENVIRONMENTS, SPARK))
        raise SettingsError(Message.of("no_target", "'{given}' is no target; choose one of {known}", given=name, known=known))
    return name


def full_tests_days() -> int:
    """After how many days a run's tests look at all of history again, from TELCO360_FULL_TESTS_DAYS; 7 where it is not set, 1 for
    every run. Raises SettingsError for what is no whole number above 0."""
    given = (os.environ.get("TELCO360_FULL_TESTS_DAYS") or "7").strip()
    if not given.isascii() or not given.isdigit() or int(given) == 0:
        raise SettingsError(f"TELCO360_FULL_TESTS_DAYS: '{given}' is no number of days; write a whole number such as 7")
    return int(given)


GROUP_READABLE = ("published", "exports")
"""Folders of a home that the owner's group may be let read."""


def group_reads() -> dict[str, int | None]:
    """Which of GROUP_READABLE a group may read, from TELCO360_GROUP_READS, such as `published:analysts,exports:channels`.

    The number of the group by area, None where the owner's own is meant; empty where nothing is set.

    Raises SettingsError for a name that is none of them, and for a group that this machine does not know.
    """
    given = [name.strip() for name in (os.environ.get("TELCO360_GROUP_READS") or "").split(",") if name.strip()]
    named = {area.strip(): group.strip() for area, _, group in (one.partition(":") for one in given)}
    if unknown := set(named) - set(GROUP_READABLE):
        raise SettingsError(
            f"TELCO360_GROUP_READS: '{', '.join(sorted(unknown))}' cannot be opened to the group; "
            f"write {' or '.join(GROUP_READABLE)}, or both with a comma between"
        )
    try:
        return {area: grp.getgrnam(group).gr_gid if group else None for area, group in named.items()}
    except KeyError as error:
        raise SettingsError(f"TELCO360_GROUP_READS: this machine has no group of the name {error.args[0].split()[-1]}") from error


def timezone() -> ZoneInfo:
    """The operator's time zone, from TELCO360_TIMEZONE; Asia/Shanghai where it is not set.

    Raises SettingsError for a zone that the time zone database lacks.
    """
    name = os.environ.get("TELCO360_TIMEZONE") or "Asia/Shanghai"
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError) as error:
        english = "TELCO360_TIMEZONE: '{given}' is no time zone; use a name such as Asia/Shanghai"
        raise SettingsError(Message.of("no_time_zone", english, given=name)) from error
