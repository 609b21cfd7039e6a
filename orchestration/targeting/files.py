"""The file of a list or table, from the rows of a query: CSV, workbook or Parquet, with its manifest, whole or not at all.

How a file looks belongs here, and that a count is the count of rows. Who is on a list is decided before, by whoever gives the
query; where files go and how they get there is `destination`; how rows become cells of a workbook is `workbook`.
"""

import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.base import machine
from orchestration.base.files import sha256_of
from orchestration.base.modes import make_folder
from orchestration.base.sql import identifier, literal
from orchestration.base.words import Message
from orchestration.targeting.destination import FileError, check_destination, deliver, local_directory
from orchestration.targeting.file_title import FileTitle
from orchestration.targeting.workbook import write_workbook

FORMATS = ("csv", "xlsx", "parquet")
ALWAYS_TEXT = ("subscriber_id", "phone")

FORMULA_STARTS = "=+-@\t\r\n＝＋－＠"
"""A text that begins so is a formula to a spreadsheet; Chinese and Japanese ones take the wide signs too."""

BOM = b"\xef\xbb\xbf"
_FLOATS = ("FLOAT", "DOUBLE")
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT")


@dataclass(frozen=True)
class Column:
    """One column of a file: its name, its kind (text, number, date, timestamp, flag) and its value as SQL."""

    name: str
    kind: str
    value: str

    @classmethod
    def of(cls, name: str, data_type: str, is_text: bool) -> "Column":
        kind, read = "text" if is_text else kind_of(data_type), identifier(name)
        if kind == "text":
            return cls(name, kind, f"{read}::varchar")
        # nan and infinity are no figures: a workbook with one does not open
        return cls(name, kind, f"case when isfinite({read}) then {read} end" if data_type in _FLOATS else read)


@dataclass(frozen=True)
class Written:
    """A delivered file: `files` are where it and its manifest stand (paths or URLs), the others are the file's own. Of a file in
    several formats, all of them and the manifest last; sha256 and bytes are the first one's. `files` is empty where the same
    file stands already."""

    files: tuple[str, ...]
    sha256: str
    rows: int
    bytes: int


def write_list(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    stem: str,
    format: str,
    destination: str | Path,
    title: FileTitle,
    text_columns: Iterable[str] = ALWAYS_TEXT,
    scratch: Path | None = None,
    parts: Mapping[str, str] | None = None,
    standing: str | None = None,
) -> Written:
    """Writes the rows of `query`, in its order, as `<stem>.<format>` in the destination; then `<stem>.json`, the manifest.

    `query` is run more than once: its rows must lie still (a table, not a moving source). `text_columns` are text whatever their
    type. `destination` is a directory or an fsspec URL; on the way to a URL the file lies in `scratch`, else in the system's
    temporary directory. The same rows give the same bytes: a file with the SHA-256 `standing` is not delivered once more.
    Raises FileError, naming the list, for what cannot be written or delivered, duckdb.Error for what cannot be read; then no
    file of this call is under its final name, and a file of an earlier one is as it was. `parts`: queries for some of the rows,
    by what stands in the names of their files, `<stem>.<part>.<format>`; the manifest tells of them, too.
    """
    if format not in FORMATS:
        english = "format '{format}' is none of {known}"
        raise FileError(title.fault(Message.of("no_format", english, format=format, known=", ".join(FORMATS))))
    return write_files(connection, query, stem, (format,), destination, title, text_columns, scratch, parts, standing)


def write_files(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    stem: str,
    formats: Sequence[str],
    destination: str | Path,
    title: FileTitle,
    text_columns: Iterable[str] = ALWAYS_TEXT,
    scratch: Path | None = None,
    parts: Mapping[str, str] | None = None,
    standing: str | None = None,
) -> Written:
    """The same as write_list in several formats, with one manifest for them all."""
    if isinstance(destination, str):
        check_destination(destination, title.name)
    columns, rows = _columns(connection, query, text_columns), _count(connection, query)
    directory = local_directory(destination) or scratch or Path(tempfile.gettempdir())
    try:
        make_folder(directory, "exports")
        _clear_leftovers(directory, title.name)
        with tempfile.TemporaryDirectory(dir=directory, prefix=f".{title.name}.", suffix=".partial") as partial:
            note, made = Path(partial) / f"{stem}.json", []
            facts: list[dict[str, object]] = []
            wholes = [(f"{stem}.{format}", format, query, None) for format in formats]
            some = [(f"{stem}.{part}.{f}", f, own, part) for part, own in (parts or {}).items() for f in formats]
            for file, format, own, part in (*wholes, *some):
                data, expected = Path(partial) / file, rows if part is None else _count(connection, own)
                written = _WRITERS[format](connection, own, columns, expected, data, title)
                if written != expected:
                    english = "{written:,} rows were written, {expected:,} expected; nothing is exported"
                    raise FileError(title.fault(Message.of("rows_differ", english, written=written, expected=expected)))
                told = {"name": data.name, "bytes": data.stat().st_size, "sha256": sha256_of(data)}
                facts.append(told if part is None else told | {"part": part, "rows": expected})
                made.append(data)
            note.write_text(manifest_text(title, facts, rows, columns), encoding="utf-8")
            size = made[0].stat().st_size
            files = () if facts[0]["sha256"] == standing else deliver((*made, note), destination, title.name)
    except OSError as error:
        why = machine.describe(OSError(error.errno, error.strerror), directory)  # the file is gone by now; its folder is not
        english = "{error}; nothing is exported, run it again when that is fixed"
        raise FileError(title.fault(why or Message.of("not_written", english, error=error))) from error
    return Written(files=files, sha256=str(facts[0]["sha256"]), rows=rows, bytes=size)


def manifest_text(title: FileTitle, files: Sequence[Mapping[str, object]], rows: int, columns: Iterable[Column]) -> str:
    """The manifest, of files with name, bytes and sha256. It holds no time of day, so that the same rows give the same bytes."""
    content = {
        title.what: title.name,
        "title": {"en": title.en, "zh": title.zh},
        "run_date": title.run_date.isoformat(),
        **title.facts,
        "rows": rows,
        "files": list(files),
        "columns": {column.name: {"kind": column.kind, "meaning": title.meanings.get(column.name, "")} for column in columns},
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def kind_of(data_type: str) -> str:
    """The kind of a column of this DuckDB type; what is neither number, day nor flag is shown as text."""
    if data_type in (*_INTEGERS, *_FLOATS) or data_type.startswith("DECIMAL("):
        return "number"
    return {"DATE": "date", "TIMESTAMP": "timestamp", "BOOLEAN": "flag"}.get(data_type, "text")


def _columns(connection, query: str, text_columns: Iterable[str]) -> tuple[Column, ...]:
    described = connection.execute(f"describe select * from ({query})").fetchall()
    texts = set(text_columns)
    return tuple(Column.of(name, data_type, name in texts) for name, data_type, *_ in described)


def _count(connection, query: str) -> int:
    return connection.execute(f"select count(*) from ({query})").fetchone()[0]


def _clear_leftovers(directory: Path, name: str) -> None:
    """Removes what a killed run of this list left half done, of other days too: it may hold phones."""
    for left in (*directory.glob(f".{name}.*.partial"), *directory.parent.glob(f"*/.{name}.*.partial")):
        shutil.rmtree(left, ignore_errors=True)


def _write_csv(connection, query: str, columns: tuple[Column, ...], rows: int, path: Path, title: FileTitle) -> int:
    """Text in quotes and harmless to spreadsheets, the rest bare, null as an empty cell; behind a byte-order mark, by which
    spreadsheets know UTF-8."""
    body = path.with_suffix(".body")
    quoted = [identifier(c.name) for c in columns if c.kind == "text"]
    options = f"format csv, header, new_line '\\r\\n'{', force_quote (' + ', '.join(quoted) + ')' if quoted else ''}"
    cells = ", ".join(f"{_harmless(c.value) if c.kind == 'text' else c.value} as {identifier(c.name)}" for c in columns)
    (written,) = connection.execute(f"copy (select {cells} from ({query})) to {literal(body)} ({options})").fetchone()
    with body.open("rb") as source, path.open("wb") as target:
        target.write(BOM)
        shutil.copyfileobj(source, target, 1 << 20)
    body.unlink()
    return written


def _harmless(text: str) -> str:
    return f"case when {text} <> '' and contains({literal(FORMULA_STARTS)}, left({text}, 1)) then '''' || {text} else {text} end"


def _write_parquet(connection, query: str, columns: tuple[Column, ...], rows: int, path: Path, title: FileTitle) -> int:
    copied = f"copy ({_values(query, columns)}) to {literal(path)} (format parquet, compression zstd)"
    return connection.execute(copied).fetchone()[0]


def _write_xlsx(connection, query: str, columns: tuple[Column, ...], rows: int, path: Path, title: FileTitle) -> int:
    return write_workbook(connection, _values(query, columns), [(c.name, c.kind) for c in columns], rows, path, title)


def _values(query: str, columns: tuple[Column, ...]) -> str:
    return f"select {', '.join(f'{c.value} as {identifier(c.name)}' for c in columns)} from ({query})"


_WRITERS = {"csv": _write_csv, "xlsx": _write_xlsx, "parquet": _write_parquet}
