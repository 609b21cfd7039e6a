"""The current version on Spark, open for reading: the version's own tables, so that one reading stays on one version."""

from typing import Any

from orchestration.engines.spark.databases import public_schema
from orchestration.engines.spark.thrift import Session
from orchestration.engines.spark.versions import table_names, text


class SparkReader:
    """One version in the metastore, asked through a session; a `warehouse.reading.Reader`."""

    def __init__(self, session: Session, version: str):
        self._session, self._version = session, version
        self._there = table_names(session, version)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._session.rows(query)

    def columns(self, schema: str, table: str) -> list[str]:
        there = f"{public_schema(schema)}__{table}" in self._there
        return [name for name, _ in self._session.columns(self.relation(schema, table))] if there else []

    def relation(self, schema: str, table: str) -> str:
        return f"`{self._version}`.`{public_schema(schema)}__{table}`"

    def literal(self, given: str) -> str:
        return text(given)
