"""Published versions in the metastore: a database each, views that readers use, and one pointer that all views follow.

Every public view reads two versions, each only while the pointer names it:

    select .. from telco360__A.core__dim_plans where (select version from telco360.current_version) = 'A'
    union all select .. from telco360__B.core__dim_plans where (select version from telco360.current_version) = 'B'

The pointer is itself a view of one constant. `alter view` is one transaction of the metastore (`create or replace` is two: for a
moment there is none), and Spark looks the pointer up once a statement, however many views the statement names: so a statement
reads one whole version. Spark folds the condition away and scans the named version alone.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from orchestration.engines.spark.databases import PUBLISHED, databases
from orchestration.engines.spark.thrift import Session

POINTER = f"{PUBLISHED}.current_version"
VERSION_NAME = re.compile(r"telco360__[0-9]{8}_[0-9]{8}t[0-9]{6}z_[0-9a-f]{4}")


@dataclass(frozen=True)
class Table:
    """A public table as readers know it. Its columns' descriptions stand on the version's own table; views hand them on."""

    schema: str
    name: str
    description: str = ""

    @property
    def within_version(self) -> str:
        """Its name in a version's database."""
        return f"{self.schema}__{self.name}"

    @property
    def view(self) -> str:
        return f"`{PUBLISHED}_{self.schema}`.`{self.name}`"


def names(session: Session) -> list[str]:
    """Names of the versions' databases, candidates among them."""
    return [name for name in databases(session, f"{PUBLISHED}__") if VERSION_NAME.fullmatch(name)]


def pointed_at(session: Session) -> str | None:
    """The version that readers get; None before the first."""
    if PUBLISHED not in databases(session, PUBLISHED):
        return None
    there = session.rows(f"show tables in {PUBLISHED}")
    return (session.rows(f"select version from {POINTER}")[0][0] or None) if there else None


def point(session: Session, version: str) -> None:
    """Makes a version the one that readers get: the one moment at which anything changes for them."""
    begin = "alter" if session.rows(f"show views in {PUBLISHED}") else "create"
    session.run(f"{begin} view {POINTER} as select '{version}' as version")


def lay_views(session: Session, tables: Iterable[Table], version: str, before: str | None) -> None:
    """Makes the views read `version` beside `before`, the one that readers get. What they get does not change by it."""
    session.run(f"create database if not exists {PUBLISHED}")
    if before is None:
        point(session, "")  # a view can only name what is there
    old, existing = table_names(session, before), {}
    for table in tables:
        if table.schema not in existing:
            session.run(f"create database if not exists `{PUBLISHED}_{table.schema}`")
            existing[table.schema] = {name for _, name, *_ in session.rows(f"show views in `{PUBLISHED}_{table.schema}`")}
        columns = session.columns(f"{version}.{table.within_version}")
        arms = [arm(version, table, columns, columns)]
        if before and table.within_version in old:
            arms.append(arm(before, table, columns, session.columns(f"{before}.{table.within_version}")))
        is_new = table.name not in existing[table.schema]
        session.run(f"{'create' if is_new else 'alter'} view {table.view} as\n" + "\nunion all ".join(arms))
        session.run(f"alter view {table.view} set tblproperties ('comment' = {comment(table.description)})")


def drop_views(session: Session, kept: Iterable[Table]) -> None:
    """Drops the views of tables that the current version no longer has."""
    views = {table.view for table in kept}
    for database in databases(session, f"{PUBLISHED}_"):
        if VERSION_NAME.fullmatch(database) or not _is_public(database):
            continue
        for _, name, *_ in session.rows(f"show views in `{database}`"):
            if f"`{database}`.`{name}`" not in views:
                session.run(f"drop view if exists `{database}`.`{name}`")


def table_names(session: Session, version: str | None) -> set[str]:
    """Tables in a version's database; none for no version."""
    return {name for _, name, *_ in session.rows(f"show tables in `{version}`")} if version else set()


def arm(version: str, table: Table, columns: list[tuple[str, str]], there: list[tuple[str, str]]) -> str:
    """One version's part of a view, in the view's columns: null where that version lacks one. The first describes them. Pure."""
    types = dict(there)
    selected = ", ".join(_column(name, kind, types.get(name)) for name, kind in columns)
    return f"select {selected} from `{version}`.`{table.within_version}` where (select version from {POINTER}) = '{version}'"


def text(value: str) -> str:
    """A text literal of Spark's, which stands for exactly this text."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


def comment(value: str) -> str:
    """A description as a text literal, in one line."""
    return text(value.strip().replace("\n", " "))


def _column(name: str, kind: str, there: str | None) -> str:
    if there == kind:
        return f"`{name}`"
    return f"{f'try_cast(`{name}` as {kind})' if there else f'cast(null as {kind})'} as `{name}`"


def _is_public(database: str) -> bool:
    # The build's databases begin alike; what is public was made by lay_views and holds views that follow the pointer.
    return not database.startswith(f"{PUBLISHED}_build")
