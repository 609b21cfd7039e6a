"""The databases of the metastore that are telco360's: what they are called, and their removal. What is in them, dbt decides."""

from orchestration.engines.spark.thrift import Session
from orchestration.warehouse.build import Stamp
from orchestration.warehouse.code import Code

BUILD = "telco360_build"
"""Databases of the private build are called so, and the schema: the `schema` of the dbt target. No reader looks there."""

PUBLISHED = "telco360"
"""Databases that readers use are called so, and the schema: telco360_core. One of this very name holds the pointer."""


def discard_build(session: Session) -> None:
    """Drops the build with all its tables. Tables over the lake's files go with it, the files stay."""
    for name in databases(session, f"{BUILD}_"):
        session.run(f"drop database `{name}` cascade")


def drop_unknown(session: Session, code: Code, before: Stamp) -> list[str]:
    """Drops kept tables made by other code, and what no code makes any more; names the former. Tables over the lake's files stay:
    each build declares them anew."""
    built = [name for name in databases(session, f"{BUILD}_") if name != f"{BUILD}_raw"]
    views = {f"{schema}.{row[1]}" for schema in built for row in session.rows(f"show views in `{schema}`")}
    there = {f"{schema}.{row[1]}" for schema in built for row in session.rows(f"show tables in `{schema}`")}
    changed = [table for table in code.changed(before.kept) if table in there]
    for relation in [*changed, *sorted(there - code.public - code.private)]:
        schema, name = relation.split(".", 1)
        session.run(f"drop {'view' if relation in views else 'table'} `{schema}`.`{name}`")
    return changed


def databases(session: Session, prefix: str) -> list[str]:
    """Names of the databases that begin so."""
    return sorted(name for (name,) in session.rows("show databases") if name.startswith(prefix))


def public_schema(schema: str) -> str:
    """The schema that readers know, of one of the build's: core of telco360_build_core."""
    return schema.removeprefix(f"{BUILD}_")
