"""Target lists on Spark: who matches is found there by the query made from the same tree; the rest goes as ever.

The rows come through the session, phones among them, and lie with the run until the file stands: no phone is left on the
cluster. What a list is and how its file looks belongs to `orchestration.targeting`.
"""

from typing import Any

import duckdb
import pyarrow as pa

from orchestration.base.errors import ListError
from orchestration.engines.spark.thrift import Session
from orchestration.engines.tables import Relations

TYPES = {
    "string": pa.string(), "boolean": pa.bool_(), "int": pa.int32(), "bigint": pa.int64(), "double": pa.float64(),
    "date": pa.date32(), "timestamp_ntz": pa.timestamp("us"),
}  # fmt: skip


class SparkTables:
    """The tables of a version and of the build, through one session; what is read comes to the run's own connection."""

    dialect = "spark"

    def __init__(self, session: Session, connection: duckdb.DuckDBPyConnection, relations: Relations):
        self.session, self.connection, self.relations = session, connection, relations

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.session.rows(query)

    def columns(self, relation: str) -> tuple[str, ...]:
        return tuple(name for name, _ in self.session.columns(relation))

    def read(self, query: str, into: str, lies_still: bool = True) -> None:
        """Makes the rows a table of the connection, whether they need to lie still or not."""
        schema = pa.schema([(name, arrow_type(kind)) for name, kind in self.session.columns(f"query {query}")])
        self.connection.register("found", members(self.session.rows(query), schema))
        self.connection.execute(f"create or replace temp table {into} as select * from found")
        self.connection.unregister("found")


def arrow_type(kind: str) -> pa.DataType:
    """The type of a column in memory that Spark calls so. Raises ListError for one that no file can show."""
    if kind.startswith("decimal("):
        return pa.decimal128(*map(int, kind[len("decimal(") : -1].split(",")))
    if kind not in TYPES:
        raise ListError(f"a column of type {kind} cannot be in a file")
    return TYPES[kind]


def members(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    """The rows as a table of the schema, in its order."""
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table([pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)], schema=schema)
