"""How dbt is called: arguments, environment, the manifest kept in step with the code. What dbt runs is in models/."""

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import yaml

from orchestration.base import settings
from orchestration.base.errors import WarehouseError

TABLE_CODE = ("models", "macros", "seeds", "dbt_project.yml")
"""What decides how tables look; a published version says by which it was made."""

PARSED_CODE = (*TABLE_CODE, "tests/dbt", "profiles.yml")
"""What the manifest is made of."""

STAMP = "parsed_code.sha256"
"""File beside the manifest: the hash of what it was made of, and the engine where that is not DuckDB."""

PARSED = "partial_parse.msgpack"
"""File beside the manifest: all that dbt parsed. Dagster copies it to where a build's artefacts go."""

RUN_RESULTS = "run_results.json"
"""File among a home's dbt artefacts: what its last build came to."""

SCORES = "scores"
"""The tag of the sources that scoring writes. What reads them is built by a dbt of its own, whose artefacts lie in a folder of
this name among the others."""


def code_hash(project: Path = settings.PROJECT_DIR, parts: Iterable[str] = TABLE_CODE) -> str:
    """SHA-256 over the names and contents of the files under `parts`; hidden files and caches don't count."""
    digest = hashlib.sha256()
    for part in parts:
        root = project / part
        for path in [root] if root.is_file() else sorted(root.rglob("*")):
            name = path.relative_to(project)
            if path.is_file() and not any(p.startswith((".", "__pycache__")) for p in name.parts):
                digest.update(f"{name.as_posix()}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def arguments(
    command: str,
    as_of: date | None = None,
    version_before: str | None = None,
    code: str | None = None,
    full_tests: bool = False,
    threads: int | None = None,
) -> list[str]:
    """The dbt arguments after `dbt`, e.g. ['build', '--vars', '{"as_of_date": "2026-03-01"}'].

    `version_before`: where the version of the last date before as_of lies, as the engine names it; None where there is none.
    `code`: hash of the code that the build is made by. `full_tests`: tests look at months that did not change too. `threads`: how
    many tables are built at once; None: as the profile says.
    """
    if as_of is None:
        return [command]
    given = {"version_before": version_before, "code": code, "full_tests": full_tests}
    known = {name: value for name, value in given.items() if value}
    at_once = ["--threads", str(threads)] if threads else []
    return [command, "--vars", json.dumps({"as_of_date": as_of.isoformat()} | known), *at_once]


def threads_for(lines: int, memory: int) -> int | None:
    """How many tables dbt builds at once: one where `memory` (bytes for DuckDB) does not hold two of so many lines, None (as the
    profile says) where it does. A large query writes to disk what does not fit; two that share the memory cannot."""
    variables = yaml.safe_load((settings.PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    return 1 if 2 * variables["bytes_per_subscriber"] * lines > memory else None


def target_dir() -> Path:
    """Where dbt parses to, for all homes: DBT_TARGET_PATH, else target/ of the project, target/spark/ for Spark; absolute."""
    usual = "target/spark" if settings.target() == settings.SPARK else "target"
    return (settings.PROJECT_DIR / (os.environ.get("DBT_TARGET_PATH") or usual)).resolve()


def executable(name: str = "dbt") -> str:
    """The dbt of the running Python's environment, so that nothing need be on the PATH: `dbt` itself, or `telco360-dbt`, which
    builds from what is parsed."""
    return str(Path(sys.executable).parent / name)


def dbt_environment(home: settings.Home) -> dict[str, str]:
    """Environment variables that every dbt call needs beside the process's own."""
    return {
        "TELCO360_HOME": str(home.root),
        "TELCO360_ENV": settings.environment(),
        "TELCO360_TARGET": settings.target(),
        "TELCO360_MEMORY": settings.memory_limit(),
        "DBT_PROFILES_DIR": str(settings.PROJECT_DIR),
        "DBT_TARGET_PATH": str(target_dir()),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_LOG_LEVEL_FILE": "info",  # at dbt's own level, debug, a build writes some 50 MB
    }


@contextlib.contextmanager
def building_in(home: settings.Home) -> Iterator[None]:
    """While it is open, a dbt that is started builds in that home: its environment is this process's."""
    usual = os.environ.get("TELCO360_HOME")
    os.environ["TELCO360_HOME"] = str(home.root)
    try:
        yield
    finally:
        if usual is None:
            del os.environ["TELCO360_HOME"]
        else:
            os.environ["TELCO360_HOME"] = usual


def require_profiles(project: Path = settings.PROJECT_DIR) -> None:
    """Raises WarehouseError where the project has no profiles.yml, or one that lacks the file of public tables."""
    path, copied = project / "profiles.yml", f"\n  cp {project / 'profiles.yml.example'} {project / 'profiles.yml'}"
    if not path.is_file():
        raise WarehouseError(f"{path} is missing: dbt does not know where to build. Run `make setup`, or{copied}")
    if "telco360_public" not in path.read_text(encoding="utf-8"):
        raise WarehouseError(
            f"{path} is of an earlier version: it does not attach telco360_public.duckdb, which public tables are built in. Take "
            f"over `attach` from profiles.yml.example, or{copied}"
        )


def is_manifest_current() -> bool:
    """Whether the manifest was made from the code as it lies on disk now."""
    stamp = target_dir() / STAMP
    made = [target_dir() / name for name in ("manifest.json", PARSED, STAMP)]
    return all(path.is_file() for path in made) and stamp.read_text() == _parsed_code()


def require_current_manifest() -> None:
    """Raises WarehouseError where the code has changed since the manifest was made, from which the steps were."""
    if not is_manifest_current():
        raise WarehouseError(
            "models, macros, seeds or tests have changed since this run read them: start it again (from Dagster's page: restart "
            "`telco360 dev` first)"
        )


def ensure_manifest(home: settings.Home) -> Path:
    """The path of a manifest that matches the code on disk; runs `dbt parse` (some seconds) where it does not.

    Raises WarehouseError, with dbt's own words, where the project does not parse.
    """
    manifest = target_dir() / "manifest.json"
    if is_manifest_current():
        return manifest
    code = _parsed_code()
    require_profiles()
    done = subprocess.run(
        # What it says is taken from its output: no log of it lies in the checkout.
        [executable(), "--no-use-colors", "--log-level-file", "none", *arguments("parse"), "--target", settings.target()],
        check=False,
        cwd=settings.PROJECT_DIR,
        env=os.environ | dbt_environment(home),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise WarehouseError(f"the dbt project does not parse:\n{done.stdout.strip()}\n{done.stderr.strip()}")
    (target_dir() / STAMP).write_text(code)
    return manifest


def _parsed_code() -> str:
    code = code_hash(parts=PARSED_CODE)
    return f"{code} {settings.SPARK}" if settings.target() == settings.SPARK else code
