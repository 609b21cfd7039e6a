"""Who may read what lies in a home: its owner, and a group where a setting says so.

Files are born private by the umask, which child processes inherit; `close` mends what was made before, or by others. Landing is
left as it is: source systems write there, with accounts of their own.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from orchestration.base.files import make_lasting_folder
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
    make_lasting_folder(path)
    granted = group_reads()
    if area in granted:
        for made in missing:
            _give(made, granted[area])
            made.chmod(0o750 if granted[area] is None else 0o2750)  # what is made in it belongs to the same group


def close(home: Home) -> int:
    """Takes from other accounts what they may not read in the home, and gives the group what the setting grants; how many files
    and folders changed. A file that is the delivered one under a second name stays, for its source reads it: its folder is
    closed."""
    private_umask()
    home.root.mkdir(parents=True, exist_ok=True)
    granted = {getattr(home, area): group for area, group in group_reads().items()}
    return sum(_set(path, bits, group) for path, bits, group in _wanted(home, granted))


def told(changed: int) -> str:
    """What `close` did, as the end of a line; empty where nothing changed."""
    return f"; {changed:,} files and folders are now closed to other accounts" if changed else ""


def _wanted(home: Home, granted: Mapping[Path, int | None]) -> Iterator[tuple[Path, int, int | None]]:
    """(path, the bits it may keep or gets, its group where it gets one) of the home and all in it but landing."""
    # Whoever delivers or reads passes through the root, without seeing what is in it.
    passes = stat.S_IMODE(home.root.stat().st_mode) & 0o011
    others = 0o001 if any(group is not None for group in granted.values()) else 0  # of several groups, one is the root's at most
    yield home.root, 0o700 | passes | (0o010 if granted else 0) | others, None
    for folder, folders, files in os.walk(home.root):
        here = Path(folder)
        if here == home.root and home.landing.name in folders:
            folders.remove(home.landing.name)
        for names, shared in ((folders, 0o050), (files, 0o040)):
            for name in names:
                path = here / name
                if not path.is_symlink():
                    area = next((area for area in granted if area in (path, *path.parents)), None)
                    yield (path, 0o700, None) if area is None else (path, 0o700 | shared, granted[area])


def _give(path: Path, group: int | None) -> bool:
    """Has a file or folder belong to the group; whether it did not yet."""
    if group is None or path.stat().st_gid == group:
        return False
    os.chown(path, -1, group)
    return True


def _set(path: Path, bits: int, group: int | None) -> bool:
    try:
        found = path.stat()
        mode = stat.S_IMODE(found.st_mode)
        wanted = mode & (bits | ~_BITS) | bits & 0o071
        if group is not None and stat.S_ISDIR(found.st_mode):
            wanted |= stat.S_ISGID
        if stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
            return False
        if not _give(path, group) and mode == wanted:
            return False
        path.chmod(wanted)
    except (FileNotFoundError, PermissionError):  # gone meanwhile, or another account's
        return False
    return True
