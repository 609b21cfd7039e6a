"""Who may read what lies in a home: its owner, and the owner's group where a setting says so.

Files are born private by the umask, which child processes inherit; `close` mends what was made before, or by others. Landing is
left as it is: source systems write there, with accounts of their own.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from orchestration.base.settings import Home, group_reads

_PRIVATE = 0o077
_BITS = 0o777


def private_umask() -> None:
    """Has this process, and those that it starts, make files and folders that their owner alone may read."""
    os.umask(_PRIVATE)


def file_mode(area: str) -> int:
    """The mode of a file in `published` or `exports`: 0600, or 0640 where the group may read the area."""
    return 0o640 if area in group_reads() else 0o600


def make_folder(path: Path, area: str) -> None:
    """Makes a folder of `published` or `exports`, and those on the way to it, with the area's mode; one that is there stays."""
    missing = [one for one in (path, *path.parents) if not one.exists()]
    path.mkdir(parents=True, exist_ok=True)
    if area in group_reads():
        for made in missing:
            made.chmod(0o750)


def close(home: Home) -> int:
    """Takes from other accounts what they may not read in the home, and gives the group what the setting grants; how many files
    and folders changed. A file that is the delivered one under a second name stays, for its source reads it: its folder is
    closed."""
    private_umask()
    home.root.mkdir(parents=True, exist_ok=True)
    granted = {getattr(home, area) for area in group_reads()}
    return sum(_set(path, bits) for path, bits in _wanted(home, granted))


def told(changed: int) -> str:
    """What `close` did, as the end of a line; empty where nothing changed."""
    return f"; {changed:,} files and folders are now closed to other accounts" if changed else ""


def _wanted(home: Home, granted: set[Path]) -> Iterator[tuple[Path, int]]:
    """(path, the bits it may keep or gets) of the home and all in it but landing."""
    # Whoever delivers or reads passes through the root, without seeing what is in it.
    passes = stat.S_IMODE(home.root.stat().st_mode) & 0o011
    yield home.root, 0o700 | passes | (0o010 if granted else 0)
    for folder, folders, files in os.walk(home.root):
        here = Path(folder)
        if here == home.root and home.landing.name in folders:
            folders.remove(home.landing.name)
        for names, shared in ((folders, 0o050), (files, 0o040)):
            for name in names:
                path = here / name
                if not path.is_symlink():
                    yield path, 0o700 | (shared if any(area in (path, *path.parents) for area in granted) else 0)


def _set(path: Path, bits: int) -> bool:
    try:
        found = path.stat()
        mode = stat.S_IMODE(found.st_mode)
        wanted = mode & (bits | ~_BITS) | bits & 0o070
        is_linked = stat.S_ISREG(found.st_mode) and found.st_nlink > 1
        if mode == wanted or is_linked:
            return False
        path.chmod(wanted)
    except (FileNotFoundError, PermissionError):  # gone meanwhile, or another account's
        return False
    return True
