"""Asking Spark through its Thrift server: connecting, statements, rows in Python's types. What is asked stands elsewhere."""

import contextlib
import os
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from orchestration.base.errors import WarehouseError
from orchestration.base.words import Message

if TYPE_CHECKING:
    import pandas as pd

SESSION = {
    "set:hiveconf:spark.sql.session.timeZone": "UTC",
    "set:hiveconf:spark.sql.timestampType": "TIMESTAMP_NTZ",
    "set:hiveconf:spark.sql.ansi.enabled": "true",
}
"""What profiles.yml sets for dbt's sessions: a view must mean the same whoever made it."""


class Session:
    """One session on the Thrift server: statements one after the other."""

    def __init__(self, connection: Any):
        self._connection = connection

    def run(self, statement: str) -> None:
        """Runs a statement and waits for its end. Raises WarehouseError with Spark's own first lines."""
        self._execute(statement).close()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """All rows of a query; decimals as Decimal, dates as date, timestamps as datetime."""
        cursor = self._execute(query)
        kinds = [kind for _, kind, *_ in cursor.description]
        dates = [at for at, kind in enumerate(kinds) if kind == "DATE_TYPE"]
        found = cursor.fetchall()
        cursor.close()
        return [_with_dates(row, dates) for row in found] if dates else found

    def frame(self, query: str) -> "pd.DataFrame":
        """The same as a frame, columns as the query names them."""
        import pandas as pd

        cursor = self._execute(query)
        found = pd.DataFrame(cursor.fetchall(), columns=[name for name, *_ in cursor.description])
        cursor.close()
        return found

    def frames(self, query: str, rows: int) -> Iterator["pd.DataFrame"]:
        """The same as frames of so many rows."""
        import pandas as pd

        cursor = self._execute(query)
        names = [name for name, *_ in cursor.description]
        while found := cursor.fetchmany(rows):
            yield pd.DataFrame(found, columns=names)
        cursor.close()

    def columns(self, relation: str) -> list[tuple[str, str]]:
        """Columns of a table or view in their order, each with its type as Spark calls it."""
        described = self.rows(f"describe {relation}")
        names = [(name, kind) for name, kind, _ in described]
        partitions = next((at for at, (name, _) in enumerate(names) if name.startswith("#") or not name), len(names))
        return names[:partitions]

    def partitions(self, relation: str) -> list[str]:
        """Columns by which a table is split; none for a view."""
        names = [name for name, *_ in self.rows(f"describe {relation}")]
        return names[names.index("# col_name") + 1 :] if "# col_name" in names else []

    def _execute(self, statement: str) -> Any:
        from pyhive.exc import Error

        cursor = self._connection.cursor()
        try:
            cursor.execute(statement)
        except Error as error:
            cursor.close()
            raise WarehouseError(f"Spark: {described(error)}\nin: {statement.strip()[:500]}") from error
        return cursor


@contextlib.contextmanager
def connect(environment: dict[str, str] | None = None) -> Iterator[Session]:
    """A session on the cluster named by TELCO360_SPARK_HOST, _PORT and _USER (localhost, 10000, telco360 where not set).

    Raises WarehouseError where no server answers there, or the extra `spark` is not installed.
    """
    environment = os.environ | (environment or {})
    host, port = environment.get("TELCO360_SPARK_HOST", "localhost"), int(environment.get("TELCO360_SPARK_PORT", "10000"))
    try:
        from pyhive import hive
        from thrift.transport.TTransport import TTransportException
    except ImportError as error:
        raise WarehouseError("the extra `spark` is not installed: pip install -r requirements-spark.lock") from error
    try:
        user = environment.get("TELCO360_SPARK_USER", "telco360")
        connection = hive.connect(host, port=port, username=user, configuration=SESSION)
    except (TTransportException, OSError) as error:
        english = (
            "no Spark Thrift server answers at {host}:{port} ({error}). Start one, or name yours in TELCO360_SPARK_HOST and "
            "TELCO360_SPARK_PORT; docs/spark.md says how."
        )
        raise WarehouseError(Message.of("no_spark", english, host=host, port=port, error=error)) from error
    with contextlib.closing(connection):
        yield Session(connection)


def described(error: Exception) -> str:
    """What Spark said of a failure, without the trace of its own code."""
    given = error.args[0] if error.args else error
    message = given.status.errorMessage if hasattr(given, "status") else str(given)
    lines = [line for line in (message or "it gave no reason").splitlines() if not line.lstrip().startswith("at ")]
    return "\n".join(lines[:6]).split("Exception: Error running query: ", 1)[-1]


def _with_dates(row: tuple[Any, ...], dates: list[int]) -> tuple[Any, ...]:
    values = list(row)
    for at in dates:
        values[at] = values[at] and date.fromisoformat(values[at])
    return tuple(values)
