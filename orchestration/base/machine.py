"""Faults of the machine that any step may meet, in words: a full disk, a folder that this user may not write, too little memory,
a file that is damaged.

Only the telling belongs here. Every other error is a fault of the program or of what it was given, and tells itself.
"""

import errno
import os
import re
import shutil
from pathlib import Path

from orchestration.base import settings
from orchestration.base.damage import damaged
from orchestration.base.words import Message

FULL = (errno.ENOSPC, errno.EDQUOT)
"""Numbers of the errors of a disk, or one's share of it, that is full."""

_CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)

_SAID_OF_A_FULL_DISK = ("No space left on device", "database or disk is full")
"""By DuckDB and by SQLite, whose errors carry no number."""

_SAID_OF_ANY_DISK = "disk I/O error"
"""By SQLite, of a full disk too; told as that only where next to nothing is left."""

MOST_OF_MEMORY = 0.9
"""Share of the machine's memory that may be tried for DuckDB at most."""

_SAID_OF_MEMORY = ("Out of Memory Error", "OutOfMemoryException")


def describe(error: BaseException, home: os.PathLike[str]) -> Message | None:
    """What is wrong, where (`home`, if the error doesn't say) and what to do next; None for what is no fault of the machine."""
    text = f"{type(error).__name__}: {error}"
    if words := out_of_memory(text) or damaged(text, settings.Home(Path(home))):
        return words
    number, place = None, home
    if isinstance(error, OSError):
        number, place = error.errno, error.filename2 or error.filename or home
    elif any(said in str(error) for said in _SAID_OF_A_FULL_DISK) or (
        _SAID_OF_ANY_DISK in str(error) and shutil.disk_usage(home).free < 2**20
    ):
        number = errno.ENOSPC
    if number in FULL:
        english = "{place}: {what}. Make room there and run again"
        return Message.of("disk_full", english, place=os.fsdecode(place), what=os.strerror(number).lower())
    if number in _CLOSED:
        english = "{place}: {what}. Let the user who runs telco360 read and write there, then run again"
        return Message.of("place_closed", english, place=os.fsdecode(place), what=os.strerror(number).lower())
    return None


def out_of_memory(text: str) -> Message | None:
    """What to do where an error's text, DuckDB's or dbt's, says that DuckDB ran out of memory; None where it does not."""
    if not any(said in text for said in _SAID_OF_MEMORY):
        return None
    found, total = re.search(r"\bmodel (\w+):", text), settings.machine_memory()
    where = f" in {found[1]}" if found else ""
    english = (
        "out of memory{where}: DuckDB may use {limit} (TELCO360_MEMORY), and this machine has {total:.1f} GiB. Set "
        "TELCO360_MEMORY higher, to at most {most}MiB, or use a machine with more memory; then run again"
    )
    most = int(total * MOST_OF_MEMORY) // 2**20
    return Message.of("out_of_memory", english, where=where, limit=settings.memory_limit(), total=total / 2**30, most=most)
