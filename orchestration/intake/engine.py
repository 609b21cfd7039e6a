"""DuckDB for an intake run: one database, made once, because making it costs more than a small delivery's queries.

Only its settings and its life belong here. What is asked is in validate.py and the modules that look at accepted rows.
"""

from pathlib import Path

import duckdb


class Engine:
    """A database without tables of its own, whose memory is bounded and which spills to `scratch`."""

    def __init__(self, scratch: Path):
        self._scratch = scratch
        self._database: duckdb.DuckDBPyConnection | None = None

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A connection for one delivery; its temp tables go when it is closed."""
        self._database = self._database or duckdb.connect(
            config={
                "memory_limit": "1GB",
                "temp_directory": str(self._scratch),
                "preserve_insertion_order": False,
                "enable_external_file_cache": False,  # files of one name hold another delivery's rows the next time
            }
        )
        return self._database.cursor()

    def close(self) -> None:
        """Gives everything back. The next connection is of a new database: after some errors the old one takes no query."""
        if self._database is not None:
            self._database.close()
            self._database = None
