"""Files written so that they last, whole or not at all, and their checksums. What they are is no matter here."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

FICLONE = 0x40049409
"""Linux's request to have one file share the bytes of another, which not every file system grants."""

COPIED_AT_ONCE = 1 << 24
"""Bytes."""


def sha256_of(path: Path) -> str:
    """The SHA-256 of the file's bytes, in hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, aside: Path, write: Callable[[Path], None]) -> None:
    """Writes a file under a name in `aside`, then moves it to its place, so that nobody sees half of it."""
    aside.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = aside / f"draft-{path.name}"
    write(draft)
    sync_file(draft)
    os.replace(draft, path)
    sync_folder(path.parent)


def replace_text(path: Path, text: str) -> None:
    """Writes a small file whole or not at all; its draft is beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text, encoding="utf-8")
    sync_file(draft)
    os.replace(draft, path)


def copy_file(source: Path, target: Path) -> None:
    """Copies a file's bytes, or shares them where the file system can (reflink): neither file sees later changes of the other."""
    with open(source, "rb") as reading, open(target, "wb") as writing:
        try:
            fcntl.ioctl(writing, FICLONE, reading.fileno())
        except OSError:
            shutil.copyfileobj(reading, writing, COPIED_AT_ONCE)


def sync_tree(root: Path) -> None:
    """Brings all files and folders under `root` to the disk."""
    for folder, _, names in os.walk(root):
        for name in names:
            sync_file(Path(folder) / name)
        sync_folder(Path(folder))


def sync_file(path: Path) -> None:
    """Brings a file's bytes to the disk."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Brings a folder's names to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
