"""Files that are damaged on the disk, in words: which one, and what to do. Looked for once something has failed for it.

Files of deliveries are not meant: what is wrong with these is told by intake.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.base.settings import Home
from orchestration.base.sql import identifier, literal
from orchestration.base.words import Message

_SAID = (
    "magic bytes",
    "too small to be a Parquet file",
    "Parquet file size is 0 bytes",
    "Corrupt snappy compressed data",
    "decompression failure",
    "deserialize thrift",
    "Could not read enough bytes from file",
    "Corrupt database file",
    "not a valid DuckDB database file",
)
"""By DuckDB and pyarrow, of a file that cannot be what it is called; some of them name it, some do not."""

_NAMED = re.compile(r"""['"](/[^'"]+\.(?:parquet|duckdb))['"]""")


def damaged(text: str, home: Home) -> Message | None:
    """Which file of the home is damaged and what to do, where an error's text says that one is; None where it does not."""
    if not _is_of_damage(text):
        return None
    named = (path for path in map(Path, _NAMED.findall(text)) if path.is_relative_to(home.root))
    path = next(named, None) or next(_damaged_files(home), None)
    if path is None:
        return None
    why, remedy = fault_of(path) or "it cannot be read", _remedy(path, home)
    return Message.of("damaged", "{path} is damaged: {why}. {remedy}, then run again", path=path, why=why, remedy=remedy)


def fault_of(path: Path) -> str | None:
    """Why a Parquet file or a database cannot be read to its end, in a few words; None where it can, or where that is no fault of
    the file: it is gone, or open elsewhere."""
    try:
        if path.suffix == ".parquet":
            pq.read_table(path, partitioning=None)
        else:
            _read_database(path)
    except (pa.ArrowException, OSError, duckdb.Error) as error:
        if not _is_of_damage(str(error)):
            return None
        return str(error).splitlines()[0].replace(f"'{path}'", "it").rstrip(".")
    return None


def _is_of_damage(text: str) -> bool:
    return any(said in text for said in _SAID)


def _read_database(path: Path) -> None:
    with duckdb.connect() as db:
        db.execute(f"attach {literal(path)} as looked_at (read_only)")
        tables = db.execute("select schema_name, table_name from duckdb_tables() where database_name = 'looked_at'").fetchall()
        for schema, table in tables:
            db.execute(f"select sum(hash(whole)) from looked_at.{identifier(schema)}.{identifier(table)} as whole").fetchall()


def _damaged_files(home: Home) -> Iterator[Path]:
    """Those of what telco360 itself wrote, the small ones first."""
    found = [*sorted(home.ledger.rglob("*.parquet")), home.public_database, home.build_database]
    for path in [*found, *sorted(home.published.glob("telco360_*.duckdb"))]:
        if path.is_file() and fault_of(path):
            yield path


def _remedy(path: Path, home: Home) -> Message:
    if path.is_relative_to(home.raw):
        english = (
            "Remove {folder}: what lies in landing is taken in anew; what does not, bring back from a backup (`telco360 restore`)"
        )
        return Message.of("remove_of_lake", english, folder=path.parent)
    if path.is_relative_to(home.warehouse):
        english = "Remove {build} and {public}: they are made anew"
        return Message.of("remove_build", english, build=home.build_database, public=home.public_database)
    if path.is_relative_to(home.published):
        english = (
            "Where readers have it, give them the version before (`telco360 publish rollback`). Bring it back from a backup; "
            "without one remove it and {note}, with which goes what tags were on its day"
        )
        return Message.of("restore_version", english, note=f"{path.stem}.json")
    return Message.of("restore_file", "Bring it back from a backup (`telco360 restore`)")
