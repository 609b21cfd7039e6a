"""The databases of the metastore that are telco360's: what they are called, and their removal. What is in them, dbt decides."""

from orchestration.engines.spark.thrift import Session

BUILD = "telco360_build"
"""Databases of the private build are called so, and the schema: the `schema` of the dbt target. No reader looks there."""

PUBLISHED = "telco360"
"""Databases that readers use are called so, and the schema: telco360_core. One of this very name holds the pointer."""


def discard_build(session: Session) -> None:
    """Drops the build with all its tables. Tables over the lake's files go with it, the files stay."""
    for name in databases(session, f"{BUILD}_"):
        session.run(f"drop database `{name}` cascade")


def databases(session: Session, prefix: str) -> list[str]:
    """Names of the databases that begin so."""
    return sorted(name for (name,) in session.rows("show databases") if name.startswith(prefix))


def public_schema(schema: str) -> str:
    """The schema that readers know, of one of the build's: core of telco360_build_core."""
    return schema.removeprefix(f"{BUILD}_")
