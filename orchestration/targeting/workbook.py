"""An .xlsx workbook from the rows of a query: a summary first, then the rows on as many sheets as they need.

xlsxwriter makes the workbook (summary, header, styles, frozen row, filter). Its own way of writing cells, one call each, takes a
million rows past half a minute; so the rows' XML is made by one statement of the engine and put in the place of a sample row.
Which file this is for and where it goes belongs to `files`.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime, time
from pathlib import Path

import duckdb
import pyarrow as pa
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from orchestration.base.sql import identifier
from orchestration.targeting.file_title import FileTitle

SHEET_ROWS = 1_048_575
"""Rows below the header that a sheet holds."""

CELL_CHARS = 32_767
"""Characters that a cell holds; a longer text is cut there, since Excel takes the whole file for broken otherwise."""

BATCH_ROWS = 50_000
_WIDTHS = {"text": 16, "number": 12, "date": 12, "timestamp": 20, "flag": 8}
_FORMATS = {"text": 0x31, "number": "General", "date": "yyyy-mm-dd", "timestamp": "yyyy-mm-dd hh:mm:ss"}
_SOME_DAY = (1980, 1, 1, 0, 0, 0)  # in the archive; the same rows are to give the same bytes

_NOT_PLAIN = r"[&<>\x00-\x1f\x{fffe}\x{ffff}]|_x"
_NOT_XML = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x{fffe}\x{ffff}]"


def write_workbook(
    connection: duckdb.DuckDBPyConnection, query: str, columns: Sequence[tuple[str, str]], rows: int, path: Path, title: FileTitle
) -> int:
    """Writes the rows of `query` in its order to `path`; `columns` are (name, kind) of its columns. Gives the rows written.

    `rows` is how many there will be, which says how many sheets. Memory does not grow with them. Raises OSError, duckdb.Error.
    """
    sizes = sheet_sizes(rows)
    frame = zipfile.ZipFile(io.BytesIO(_frame(columns, rows, sizes, title)))
    written = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book, frame:
        first = frame.read("xl/worksheets/sheet2.xml").decode()
        pieces = _pieces(connection, _rows_sql(query, columns, _styles(first)))
        for name in frame.namelist():
            entry = zipfile.ZipInfo(name, _SOME_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            number = _data_sheet(name)
            with book.open(entry, "w", force_zip64=number is not None) as part:
                if number is None:
                    part.write(frame.read(name))
                    continue
                head, tail = _around_rows(frame.read(name).decode(), sizes[number], len(columns))
                part.write(head)
                end = written + sizes[number]
                while written < end and (piece := next(pieces, None)) is not None:
                    part.write(_run_together(piece))
                    written += len(piece)
                part.write(tail)
        return written + sum(len(piece) for piece in pieces)


def sheet_sizes(rows: int) -> list[int]:
    """Rows on each sheet: full ones, then the rest; one empty sheet for none."""
    full, rest = divmod(rows, SHEET_ROWS)
    return [SHEET_ROWS] * full + ([rest] if rest or not full else [])


def _frame(columns: Sequence[tuple[str, str]], rows: int, sizes: list[int], title: FileTitle) -> bytes:
    """The workbook without its rows: every data sheet has its header and one sample row, whose cells carry the styles."""
    content = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(content, options) as book:
        book.set_properties({"title": f"{title.en} {title.zh}", "created": datetime.combine(title.run_date, time())})
        bold = book.add_format({"bold": True, "bg_color": "#DDEBF7"})
        styles = {kind: book.add_format({"num_format": shown}) for kind, shown in _FORMATS.items()}
        styles["flag"] = book.add_format({"align": "center"})
        _summary(book.add_worksheet("summary"), columns, rows, sizes, title, bold, styles["text"])
        for number, size in enumerate(sizes, 1):
            sheet = book.add_worksheet(title.what if number == 1 else f"{title.what} {number}")
            for place, (name, kind) in enumerate(columns):
                sheet.set_column(place, place, max(_WIDTHS[kind], len(name) + 4), styles[kind])
                sheet.write_string(0, place, name, bold)
                sheet.write_blank(1, place, None, styles[kind])
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, size, len(columns) - 1)
    return content.getvalue()


def _summary(sheet, columns, rows: int, sizes: list[int], title: FileTitle, bold, text) -> None:
    lines = [
        (title.what, title.name), ("title", title.en), ("标题", title.zh), ("run date", title.run_date.isoformat()),
        ("rows", rows), ("sheets", len(sizes)),
    ]  # fmt: skip
    for line, (key, said) in enumerate(lines):
        sheet.write_string(line, 0, key, bold)
        sheet.write_number(line, 1, said) if isinstance(said, int) else sheet.write_string(line, 1, said, text)
    start = len(lines) + 1
    for line, (name, meaning) in enumerate([("column", "meaning"), *((c, title.meanings.get(c, "")) for c, _ in columns)], start):
        sheet.write_string(line, 0, name, bold if line == start else text)
        sheet.write_string(line, 1, meaning, bold if line == start else text)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 90)


def _data_sheet(name: str) -> int | None:
    """Which data sheet a part of the archive is, from 0; None for another part. The first worksheet is the summary."""
    found = re.fullmatch(r"xl/worksheets/sheet(\d+)\.xml", name)
    return int(found[1]) - 2 if found and found[1] != "1" else None


def _styles(sheet: str) -> list[str]:
    """The style number of each column, from the sample row."""
    return re.findall(r'<c r="[A-Z]+2" s="(\d+)"/>', sheet)


def _around_rows(sheet: str, rows: int, columns: int) -> tuple[bytes, bytes]:
    """The sheet's XML up to its rows and after them; the sample row is gone, the size is said as it will be."""
    head, _, tail = re.split(r'(<row r="2".*?</row>)', sheet, maxsplit=1)
    size = f'<dimension ref="A1:{xl_col_to_name(columns - 1)}{rows + 1}"/>'
    return re.sub(r'<dimension ref="[^"]*"/>', size, head).encode(), tail.encode()


def _rows_sql(query: str, columns: Sequence[tuple[str, str]], styles: list[str]) -> str:
    """One text a row, in order: its XML. Rows are numbered anew on each sheet, below the header."""
    cells = [
        _cell(name, kind, xl_col_to_name(n), style) for n, ((name, kind), style) in enumerate(zip(columns, styles, strict=True))
    ]
    return f"""
        select '<row r="' || _line || '">' || {" || ".join(cells)} || '</row>' as xml
        from (select *, (row_number() over () - 1) % {SHEET_ROWS} + 2 as _line from ({query}))
    """


def _cell(name: str, kind: str, letters: str, style: str) -> str:
    column = identifier(name)
    start = f"""'<c r="{letters}' || _line || '" s="{style}"""
    if kind == "text":
        cell = f"""{start}" t="inlineStr"><is><t xml:space="preserve">' || {_xml_text(column)} || '</t></is></c>'"""
    elif kind == "flag":
        cell = f"""{start}" t="b"><v>' || {column}::tinyint || '</v></c>'"""
    else:
        cell = f"""{start}"><v>' || {_SERIALS.get(kind, "{}").format(column)} || '</v></c>'"""
    return f"case when {column} is null then '' else {cell} end"


# A spreadsheet counts days from 1899-12-30; 25569 of them lie before 1970.
_SERIALS = {"date": "datediff('day', date '1899-12-30', {0})", "timestamp": "(epoch_us({0}) / 86400e6 + 25569)"}


def _xml_text(column: str) -> str:
    """The text as it stands in XML. A character that XML has no place for becomes U+FFFD; `_x0041_`, which a spreadsheet would
    read as a letter, stays what it is."""
    marked = f"regexp_replace(left({column}, {CELL_CHARS}), '_(x[0-9A-Fa-f]{{4}}_)', '_x005F_\\1', 'g')"
    escaped = f"replace(replace(replace({marked}, '&', '&amp;'), '<', '&lt;'), '>', '&gt;')"
    whole = f"regexp_replace(replace({escaped}, chr(13), '&#13;'), '{_NOT_XML}', '\ufffd', 'g')"
    plain = f"length({column}) <= {CELL_CHARS} and not regexp_matches({column}, '{_NOT_PLAIN}')"
    return f"case when {plain} then {column} else {whole} end"


def _pieces(connection, query: str) -> Iterator[pa.StringArray]:
    """The texts, some at a time; no piece reaches from one sheet into the next."""
    line = 0
    for batch in connection.execute(query).to_arrow_reader(BATCH_ROWS):
        texts = batch.column(0)
        while len(texts):
            size = min(len(texts), SHEET_ROWS - line % SHEET_ROWS)
            yield texts[:size]
            texts, line = texts[size:], line + size


def _run_together(texts: pa.StringArray) -> memoryview:
    """All the texts as they lie in memory, one after the other."""
    _, offsets, characters = texts.buffers()
    places = memoryview(offsets).cast("i")
    return memoryview(characters)[places[texts.offset] : places[texts.offset + len(texts)]]
