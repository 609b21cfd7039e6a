"""What may be personal in files that are no tables: logs, pages, JSON, SQLite stores, archives. Tokens, to be looked up at once.

Only cutting texts belongs here; what is a personal value is `values`'.
"""

import contextlib
import gzip
import re
import sqlite3
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.privacy.values import grams
from orchestration.quality.privacy import COUNTRY_CODE

CHUNK = 8 << 20
"""Bytes read at a time."""

OVERLAP = 512
"""Bytes that are read again with the next chunk: a value on the border is whole in one of them."""

NEAR = 100
"""Characters on either side of a date within which its customer, line or name is looked for."""

_SQLITE = b"SQLite format 3\0"
_ESCAPED = re.compile(r"\\+u([0-9a-fA-F]{4})")
_DATE = re.compile(r"(?<![0-9])([0-9]{4})[-/.]?([01][0-9])[-/.]?([0-3][0-9])(?![0-9])")
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]+")
# A run within a hexadecimal checksum, or behind the point of a decimal number, is no number of anybody.
_RUN = re.compile(r"(?<![0-9a-fA-F])(?<![0-9]\.)[0-9]{8,20}(?:[Xx](?![0-9A-Za-z])|(?![0-9a-fA-F]))")
_GROUPED = re.compile(r"(?<![0-9a-fA-F.-])(?:[0-9]{1,3}[ -])?[0-9]{3,4}[ -][0-9]{3,4}[ -][0-9]{3,4}(?![0-9a-fA-F-])")


@dataclass
class Tokens:
    """What may be personal in one place: numbers without separators, names, and (who, date) that stand beside each other."""

    numbers: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    births: set[tuple[str, str]] = field(default_factory=set)

    def add(self, text: str, known_dates: frozenset[str]) -> None:
        """Takes in a text. `known_dates`: dates of birth as YYYYMMDD; no others are looked at."""
        text = _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text)
        for run in _RUN.findall(text):
            self.numbers.update(_variants(run.upper()))
        self.numbers.update(re.sub(r"[ -]", "", grouped) for grouped in _GROUPED.findall(text))
        self.names.update(grams(text))
        for found in _DATE.finditer(text):
            if (date := "".join(found.groups())) in known_dates:
                beside = text[max(0, found.start() - NEAR) : found.end() + NEAR]
                self.births.update((who, date) for who in (*_TOKEN.findall(beside), *grams(beside)))


def tokens_of(paths: Iterable[Path], known_dates: frozenset[str]) -> Tokens:
    """What may be personal in these files; one that is gone meanwhile is left out."""
    found = Tokens()
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            for text in texts(path):
                found.add(text, known_dates)
    return found


def texts(path: Path) -> Iterator[str]:
    """The texts of a file, in pieces: of an SQLite store its rows, of an archive its members, else its bytes as UTF-8."""
    with open(path, "rb") as file:
        start = file.read(len(_SQLITE))
    if start == _SQLITE:
        yield from _rows(path)
    elif start[:4] == b"PK\3\4":
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                with archive.open(name) as member:
                    yield from _pieces(member)
    elif start[:2] == b"\x1f\x8b":
        with gzip.open(path) as packed:
            yield from _pieces(packed)
    else:
        with open(path, "rb") as file:
            yield from _pieces(file)


def _pieces(file) -> Iterator[str]:  # type: ignore[no-untyped-def]  # any file of bytes
    kept = b""
    while piece := file.read(CHUNK):
        yield (kept + piece).decode("utf-8", errors="replace")
        kept = piece[-OVERLAP:]


def _rows(path: Path) -> Iterator[str]:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
        store.text_factory = lambda data: data.decode("utf-8", errors="replace")
        names = [name for (name,) in store.execute("select name from sqlite_master where type = 'table'")]
        for name in names:
            rows = store.execute(f'select * from "{name}"')
            while some := rows.fetchmany(1000):
                yield "\n".join(str(value) for row in some for value in row if value is not None)


def _variants(run: str) -> Iterator[str]:
    """A run of digits, and what it is without a country code."""
    yield run
    yield re.sub(COUNTRY_CODE, "", run)
