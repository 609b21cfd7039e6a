"""Files written so that they last, whole or not at all, and their checksums. What they are is no matter here."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

_FICLONE = 0x40049409
"""Linux's ioctl that has a file share the blocks of another."""

_ANY_MAY_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def sha256_of(path: Path) -> str:
    """The SHA-256 of the file's bytes, in hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_file(source: Path, target: Path) -> None:
    """Has `target` hold the bytes of `source`, which it shares where the file system can clone; neither sees later changes of the
    other."""
    if not _is_cloned(source, target):
        shutil.copyfile(source, target)


def share_or_copy(source: Path, target: Path) -> None:
    """Has `target` hold the bytes of `source`, at no cost where that is safe; `target` must not exist.

    A clone (XFS, Btrfs) shares blocks until one side is written, so the other never sees it. A hard link is the same file under
    a second name: only one that nobody may write to is linked, as a source that delivers by opening its old file anew would
    change the target too. All else is copied.
    """
    if not (_is_cloned(source, target) or _is_linked(source, target)):
        shutil.copyfile(source, target)


def _is_cloned(source: Path, target: Path) -> bool:
    with open(source, "rb") as old, open(target, "wb") as new:
        try:
            fcntl.ioctl(new, _FICLONE, old.fileno())
        except OSError:  # another file system, or one without clones
            target.unlink()
            return False
    return True


def _is_linked(source: Path, target: Path) -> bool:
    if source.stat().st_mode & _ANY_MAY_WRITE:
        return False
    try:
        os.link(source, target)
    except OSError:  # another file system, too many links, or another user's file
        return False
    return True


def write_atomically(path: Path, aside: Path, write: Callable[[Path], None]) -> None:
    """Writes a file under a name in `aside`, then moves it to its place, so that nobody sees half of it."""
    aside.mkdir(parents=True, exist_ok=True)
    make_lasting_folder(path.parent)
    draft = aside / f"draft-{path.name}"
    write(draft)
    sync_file(draft)
    os.replace(draft, path)
    sync_folder(path.parent)


def replace_text(path: Path, text: str, mode: int | None = None) -> None:
    """Writes a small file whole or not at all, with the mode where one is given; its draft is beside it."""
    make_lasting_folder(path.parent)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text, encoding="utf-8")
    if mode is not None:
        draft.chmod(mode)
    sync_file(draft)
    os.replace(draft, path)
    sync_folder(path.parent)


def make_lasting_folder(path: Path) -> None:
    """Makes a folder, and those on the way to it, and brings their names to the disk; one that is there stays."""
    missing = [one for one in (path, *path.parents) if not one.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for made in missing:
        sync_folder(made.parent)


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


def bytes_below(root: Path) -> int:
    """Bytes of all files under `root`; one with several names counts once."""
    sizes = {}
    for folder, _, names in os.walk(root):
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # gone while we look
                told = os.lstat(Path(folder) / name)
                sizes[told.st_dev, told.st_ino] = told.st_size
    return sum(sizes.values())
