"""Where a run for an earlier day than the published one builds: a home of its own within the home's warehouse.

It reads the same lake. Its build file, and what comes of it, are its own, so that the build of the current day, the version that
readers have and the kept versions stay as they are. Publishing and exporting lists are asked for.
"""

import shutil
from datetime import date
from pathlib import Path

from orchestration.base.settings import Home
from orchestration.warehouse.publishing import Version


def is_earlier(asked: date | None, current: Version | None) -> bool:
    """Whether a date is asked for that lies before the one that readers have. Pure."""
    return asked is not None and current is not None and asked.isoformat() < current.contents.as_of


def aside_home(home: Home, publishes: bool) -> Home:
    """The home to build an earlier day in, made ready. `publishes`: its versions go where all others are; else what the last such
    run left is removed."""
    aside = Home(home.warehouse / "aside")
    aside.warehouse.mkdir(parents=True, exist_ok=True)
    _link(aside.lake, home.lake)
    _link(aside.exports, home.exports)
    _link(aside.data_docs, home.data_docs)
    _remove(aside.published)
    if publishes:
        _link(aside.published, home.published)
    else:
        aside.published.mkdir()
    return aside


def _link(path: Path, target: Path) -> None:
    _remove(path)
    target.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def _remove(path: Path) -> None:
    if path.is_symlink():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)
