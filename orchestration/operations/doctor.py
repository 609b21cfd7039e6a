"""Whether a home is in order: what is looked at, each with its remedy. Looks, and changes nothing."""

import grp
import os
import pwd
import shutil
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import duckdb
from packaging.requirements import Requirement

from orchestration.base import audit, journal, notify, roles, settings
from orchestration.base.contract import load_contract
from orchestration.base.damage import fault_of
from orchestration.base.errors import Telco360Error
from orchestration.base.notify import Notice
from orchestration.base.roles import Role
from orchestration.base.settings import Home
from orchestration.base.sql import identifier
from orchestration.engines.choose import engine
from orchestration.operations.backup import last_backup
from orchestration.pipeline.run import ledger_dates, required_tables, today
from orchestration.pipeline.run_log import RunRecord, last_runs
from orchestration.targeting import ledger as list_ledger
from orchestration.warehouse.build import is_locked
from orchestration.warehouse.freshness import Deliveries
from orchestration.warehouse.publishing import Version

WELL, WARNING, PROBLEM = "ok", "warning", "problem"

RUN_HOURS = 26
"""Hours in which a run must have ended: a night and a little."""

DAYS_OF_ROOM = 14
"""Days that the disk must last at the pace of the home's growth."""

LEAST_FREE = 0.05
"""Share of the disk that must be free."""

BACKUP_DAYS = 7


@dataclass(frozen=True)
class Finding:
    """What was found of one thing: `state` is ok, warning or problem."""

    subject: str
    state: str
    text: str
    remedy: str = ""


def examine(home: Home) -> list[Finding]:
    """All findings, in the order of a run. A look that itself fails is a problem, and hides no other."""
    return [finding for look in LOOKS for finding in _looked(look, home)]


def _looked(look: Callable[[Home], Iterator[Finding]], home: Home) -> Iterator[Finding]:
    subject = look.__name__.replace("_", " ")
    try:
        yield from look(home)
    except Telco360Error as error:
        yield Finding(subject, PROBLEM, str(error))
    except (OSError, ValueError, duckdb.Error) as error:
        yield Finding(subject, PROBLEM, f"could not be looked at: {error}", "Mend what the text names, then look again")


def versions(home: Home) -> Iterator[Finding]:
    """Python and the packages that the project pins."""
    wrong = []
    for requirement in map(Requirement, requires("telco360") or ()):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            there = version(requirement.name)
        except PackageNotFoundError:
            there = "none"
        if there == "none" or not requirement.specifier.contains(there):
            wrong.append(f"{requirement.name} {there} instead of {requirement.specifier or 'any'}")
    python = ".".join(map(str, sys.version_info[:3]))
    if wrong:
        yield Finding("versions", PROBLEM, f"Python {python}; {', '.join(wrong)}", "`make setup` installs what the project names")
    else:
        yield Finding("versions", WELL, f"telco360 {version('telco360')}, Python {python}, DuckDB {version('duckdb')}")


def set_up(home: Home) -> Iterator[Finding]:
    """Environment variables that can be used, and whether anybody hears of failures."""
    told = f"{settings.environment()}, {settings.timezone().key}, memory {settings.memory_limit()}, home {home.root}"
    yield Finding("settings", WELL, told)
    if not notify.channels():
        remedy = "Set TELCO360_NOTIFY_COMMAND or TELCO360_NOTIFY_WEBHOOK: docs/operations.md"
        yield Finding("notices", WARNING, "failures reach nobody: neither a command nor a webhook is set", remedy)


def room(home: Home) -> Iterator[Finding]:
    """The disk, and how long it lasts at the pace of the last runs."""
    there = next(path for path in (home.root, *home.root.parents) if path.exists())
    disk = shutil.disk_usage(there)
    days = days_left(last_runs(home), disk.free)
    told = f"{disk.free / 2**30:,.1f} GiB of {disk.total / 2**30:,.1f} free"
    if days is not None:
        told += f", at the pace of the last runs enough for {days:,.0f} days"
    short = disk.free < LEAST_FREE * disk.total or (days is not None and days < DAYS_OF_ROOM)
    remedy = "Make room, or keep less: seeds/retention.csv says for how long what is kept"
    yield Finding("disk", WARNING if short else WELL, told, remedy if short else "")


def days_left(runs: Sequence[RunRecord], free: int) -> float | None:
    """Days until `free` bytes are used up, by how much the home grew from the first to the last of the runs; None where that is
    not known: they span less than a day, or it did not grow. Pure."""
    sized = [(run.ended, run.facts["home_bytes"]) for run in runs if run.ended and run.facts.get("home_bytes")]
    if len(sized) < 2 or (spanned := (sized[-1][0] - sized[0][0]) / timedelta(days=1)) < 1:
        return None
    grown = (sized[-1][1] - sized[0][1]) / spanned
    return free / grown if grown > 0 else None


def permissions(home: Home) -> Iterator[Finding]:
    """Whether this user may write where runs write, and who else may read."""
    folders = [home.root, home.landing, home.lake, home.warehouse, home.published, home.exports]
    there = [folder for folder in folders if folder.exists()]
    closed = [str(folder) for folder in there if folder != home.landing and not os.access(folder, os.R_OK | os.W_OK | os.X_OK)]
    if closed:
        yield Finding(
            "permissions", PROBLEM, f"not to be written by this user: {', '.join(closed)}", "Give them to who runs telco360"
        )
    private = [folder for folder in (home.lake, home.warehouse, home.exports) if folder.exists()]
    open_ = [str(folder) for folder in private if stat.S_IMODE(folder.stat().st_mode) & 0o007]
    if open_:
        remedy = f"chmod o-rwx {' '.join(open_)}"
        yield Finding("permissions", PROBLEM, f"any account of this machine may read {', '.join(open_)}", remedy)
    shared = settings.group_reads()
    ours = [folder for folder in there if folder not in (home.root, home.landing) and folder.name not in shared]
    if grouped := [str(folder) for folder in ours if stat.S_IMODE(folder.stat().st_mode) & 0o070]:
        text = f"a group may read {', '.join(grouped)}, which TELCO360_GROUP_READS does not name"
        yield Finding("permissions", PROBLEM, text, f"The next run closes it; at once: chmod g-rwx {' '.join(grouped)}")
    if other := [str(getattr(home, area)) for area, group in shared.items() if not _is_of(getattr(home, area), group)]:
        text = f"not of the group that TELCO360_GROUP_READS names: {', '.join(other)}"
        yield Finding("permissions", WARNING, text, "The next run gives it, where the account is a member of that group")
    if not closed and not open_ and not grouped and not other:
        yield Finding("permissions", WELL, "runs may write, others may not read")
    given = roles.read_roles(roles.roles_file(home), home.root.stat().st_uid) if home.root.exists() else None
    readers = {area: _accounts(group if group is not None else os.getgid()) for area, group in shared.items()}
    for text in unlike_roles(given or {}, readers, roles.groups_of) if given else ():
        yield Finding("roles", WARNING, text, f"Change the group of the machine, or {roles.roles_file(home)}: docs/roles.md")


def _is_of(folder: Path, group: int | None) -> bool:
    return group is None or not folder.exists() or folder.stat().st_gid == group


def _accounts(group: int) -> frozenset[str]:
    """Accounts of the machine that are in a group, by their own group or as its members."""
    own = {account.pw_name for account in pwd.getpwall() if account.pw_gid == group}
    name = roles.group_name(group)
    return frozenset(own | set(grp.getgrnam(name).gr_mem if name else ())) - {
        roles.account_name(0),
        roles.account_name(os.geteuid()),
    }


def unlike_roles(
    given: Mapping[Role, Mapping[str, tuple[str, ...]]],
    readers: Mapping[str, frozenset[str]],
    groups_of: Callable[[str], frozenset[str]],
) -> Iterator[str]:
    """Who may read files that their roles do not give them: `readers` are accounts by area. Pure, but for `groups_of`."""
    of = {user: roles.roles_of(user, groups_of(user), given) for users in readers.values() for user in users}
    if strangers := sorted(user for user in readers.get("published", ()) if not of[user]):
        yield f"may read published versions, and have no role: {', '.join(strangers)}"
    if callers := sorted(user for user in readers.get("exports", ()) if of[user] and Role.STEWARD not in of[user]):
        yield f"may read phones in exports, which their roles do not give them: {', '.join(callers)}"


def deliveries(home: Home) -> Iterator[Finding]:
    """Required tables whose last accepted delivery is not of today or yesterday."""
    dates = ledger_dates(home)
    yield from late(dates, required_tables(load_contract()), today())


def late(dates: Deliveries, required: Sequence[str], now: date) -> Iterator[Finding]:
    """The same from the dates accepted, by table. Pure."""
    last = {table: max(dates.get(table, ()), default=None) for table in required}
    missing = sorted(table for table, day in last.items() if day is None)
    stale = sorted(f"{table} (last {day})" for table, day in last.items() if day and (now - day).days > 1)
    if missing:
        remedy = "Deliver them: docs/deliveries.md"
        yield Finding("deliveries", PROBLEM, f"never accepted, and required: {', '.join(missing)}", remedy)
    if stale:
        remedy = "Ask the systems that deliver them; `telco360 intake show` tells of rejected ones"
        yield Finding("deliveries", WARNING, f"late: {', '.join(stale)}", remedy)
    if not missing and not stale:
        yield Finding("deliveries", WELL, f"all {len(required)} required tables have one of yesterday or today")


def last_run(home: Home) -> Iterator[Finding]:
    """How the last run ended, and whether runs still come."""
    yield from run_state(last_runs(home), is_locked(home), datetime.now(UTC))


def run_state(runs: Sequence[RunRecord], is_running: bool, now: datetime) -> Iterator[Finding]:
    """The same from the log of runs. Pure."""
    if not runs:
        yield Finding("last run", WARNING, "no run is in the log", "`telco360 nightly`")
        return
    last = runs[-1]
    begun = f"{last.started:%Y-%m-%d %H:%M} UTC"
    if last.ended is None and is_running:
        yield Finding("last run", WELL, f"works since {begun}, at {last.last_step or 'its start'}")
    elif last.ended is None:
        text = f"begun {begun}, it was killed at {last.last_step or 'its start'}; readers keep the version before"
        yield Finding("last run", PROBLEM, text, "`telco360 nightly` again: it goes on with what stands")
    elif not last.is_well:
        text = f"begun {begun}, it failed: {'; '.join(last.facts.get('causes', ()))}"
        yield Finding("last run", PROBLEM, text, "Mend what is named, then `telco360 nightly` again")
    else:
        yield Finding("last run", WELL, f"ended well {last.ended:%Y-%m-%d %H:%M} UTC, for {last.business_date}")
    ended = [run.ended for run in runs if run.ended]
    if not is_running and (not ended or now - ended[-1] > timedelta(hours=RUN_HOURS)):
        told = f"the last ended {ended[-1]:%Y-%m-%d %H:%M} UTC" if ended else "none has ended"
        remedy = "Look whether the timer, cron or Dagster's daemon that starts it is alive: docs/operations.md"
        yield Finding("schedule", WARNING, f"no run has ended in the last {RUN_HOURS} hours: {told}", remedy)


def readers(home: Home) -> Iterator[Finding]:
    """Whether what readers open is whole: it is read to its end, and every table has the rows that its description tells."""
    current = engine(home).current()
    if current is None:
        yield Finding("published", WARNING, "nothing is published yet", "`telco360 nightly`")
        return
    is_file = settings.target() != settings.SPARK
    fault = fault_of(current.path) if is_file else None
    wrong = [fault] if fault else _differing(current) if is_file else []
    if wrong:
        text = f"{current.name} is not what was published: {', '.join(wrong[:5])}"
        yield Finding("published", PROBLEM, text, "`telco360 publish rollback` gives readers the version before")
    else:
        yield Finding("published", WELL, f"{current.name}, {len(current.contents.tables)} tables as of {current.contents.as_of}")


def _differing(current: Version) -> list[str]:
    wrong = []
    with duckdb.connect(str(current.path), read_only=True) as db:
        for name, facts in current.contents.tables.items():
            relation = ".".join(map(identifier, name.split(".")))
            try:
                ((rows,),) = db.execute(f"select count(*) from {relation}").fetchall()
            except duckdb.CatalogException:
                wrong.append(f"{name} is gone")
                continue
            if rows != facts.rows:
                wrong.append(f"{name} has {rows:,} rows, not {facts.rows:,}")
    return wrong


def ledgers(home: Home) -> Iterator[Finding]:
    """Whether the ledger of target lists, the audit trail and the journal of persons are as they were written, and whether the
    files of all ledgers can be read."""
    for path in sorted(home.ledger.rglob("*.parquet")):
        if fault := fault_of(path):
            text = f"{path.relative_to(home.root)} is damaged: {fault}"
            yield Finding("ledgers", PROBLEM, text, "Bring it back from a backup: `telco360 restore`")
    for subject, wrong in (
        ("list ledger", list_ledger.verify(home)),
        ("audit trail", audit.trail(home).verify()),
        ("journal", journal.verify(home)),
    ):
        if wrong:
            yield Finding(subject, PROBLEM, wrong, "Bring lake/ledger back from a backup: `telco360 restore`")
        else:
            yield Finding(subject, WELL, "the chain is whole")


def backups(home: Home) -> Iterator[Finding]:
    """When the home was last backed up."""
    last = last_backup(home)
    if last is None:
        yield Finding("backup", WARNING, "none is known", "`telco360 backup DIR`, on another disk")
    elif datetime.now(UTC) - last > timedelta(days=BACKUP_DAYS):
        yield Finding("backup", WARNING, f"the last is of {last:%Y-%m-%d}", "`telco360 backup DIR`")
    else:
        yield Finding("backup", WELL, f"the last is of {last:%Y-%m-%d %H:%M} UTC")


LOOKS: tuple[Callable[[Home], Iterator[Finding]], ...] = (
    versions,
    set_up,
    room,
    permissions,
    deliveries,
    last_run,
    readers,
    ledgers,
    backups,
)


def notices(findings: Sequence[Finding], day: date) -> list[Notice]:
    """The notices of findings that are not in order. Pure."""
    severity = {WARNING: "warning", PROBLEM: "critical"}
    kind = {"deliveries": "delivery"}
    return [
        Notice(kind.get(f.subject, "failure"), severity[f.state], f"{f.subject}: {f.text}", "", f.remedy, str(day))
        for f in findings
        if f.state != WELL
    ]
