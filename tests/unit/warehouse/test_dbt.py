"""How dbt is called, and when a build's code counts as changed."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from orchestration.base import settings
from orchestration.base.errors import WarehouseError
from orchestration.base.settings import PROJECT_DIR
from orchestration.warehouse.dbt import (
    PARSED,
    PARSED_CODE,
    STAMP,
    arguments,
    code_hash,
    dbt_environment,
    require_current_manifest,
    require_profiles,
    target_dir,
    threads_for,
)


def test_the_date_goes_in_as_a_var():
    command, flag, variables = arguments("build", date(2026, 3, 1))
    assert (command, flag, json.loads(variables)) == ("build", "--vars", {"as_of_date": "2026-03-01"})
    assert json.loads(arguments("build", date(2026, 3, 1), "v.duckdb")[2])["version_before"] == "v.duckdb"
    assert arguments("parse") == ["parse"]
    assert arguments("build", date(2026, 3, 1), threads=1)[3:] == ["--threads", "1"]


@pytest.mark.parametrize(("lines", "threads"), [(0, None), (1_000_000, None), (1_000_001, 1), (10_000_000, 1)])
def test_tables_are_built_one_at_a_time_where_memory_does_not_hold_two(lines, threads):
    assert threads_for(lines, 2_400_000_000) == threads


def test_the_environment_is_absolute_and_an_unknown_one_fails(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TELCO360_ENV", "ci")
    given = dbt_environment(settings.home("here"))
    assert given["TELCO360_HOME"] == str(tmp_path / "here")
    assert given["TELCO360_ENV"] == "ci"
    monkeypatch.setenv("TELCO360_ENV", "nowhere")
    with pytest.raises(settings.SettingsError):
        dbt_environment(settings.home("here"))


def test_targets_lie_in_the_project_unless_told_otherwise(monkeypatch, tmp_path):
    monkeypatch.delenv("DBT_TARGET_PATH", raising=False)
    assert target_dir() == settings.PROJECT_DIR / "target"
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path))
    assert target_dir() == tmp_path


def test_a_manifest_of_other_code_is_refused_by_a_run_that_was_made_from_it(monkeypatch, tmp_path):
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path))
    with pytest.raises(WarehouseError, match="start it again"):
        require_current_manifest()
    (tmp_path / STAMP).write_text(code_hash(parts=PARSED_CODE))
    for name in ("manifest.json", PARSED):
        with pytest.raises(WarehouseError, match="start it again"):
            require_current_manifest()
        (tmp_path / name).write_text("{}")
    require_current_manifest()
    (tmp_path / STAMP).write_text(code_hash(parts=("models",)))
    with pytest.raises(WarehouseError, match="start it again"):
        require_current_manifest()


def test_missing_profiles_say_how_to_make_them(tmp_path):
    with pytest.raises(WarehouseError, match="make setup"):
        require_profiles(tmp_path)
    (tmp_path / "profiles.yml").touch()
    with pytest.raises(WarehouseError, match="of an earlier version"):
        require_profiles(tmp_path)
    (tmp_path / "profiles.yml").write_text((PROJECT_DIR / "profiles.yml.example").read_text())
    require_profiles(tmp_path)


@pytest.fixture
def project(tmp_path):
    (tmp_path / "models" / "marts").mkdir(parents=True)
    (tmp_path / "models" / "marts" / "a.sql").write_text("select 1")
    (tmp_path / "dbt_project.yml").write_text("name: x")
    return tmp_path


def test_the_hash_stays_where_the_code_stays(project):
    before = code_hash(project)
    (project / "models" / ".a.sql.swp").write_text("an editor's draft")
    (project / "README.md").write_text("not code")
    assert code_hash(project) == before


@pytest.mark.parametrize("change", ["edit", "rename", "add_macro", "project"])
def test_the_hash_moves_with_the_code(project, change):
    before = code_hash(project)
    model = project / "models" / "marts" / "a.sql"
    if change == "edit":
        model.write_text("select 2")
    elif change == "rename":
        model.rename(model.with_name("b.sql"))
    elif change == "add_macro":
        (project / "macros").mkdir()
        (project / "macros" / "m.sql").touch()
    else:
        (project / "dbt_project.yml").write_text("name: y")
    assert code_hash(project) != before


DBT_THAT_WORKS = """
import time
from orchestration.warehouse.dbt_command import end_with_parent
end_with_parent()
print("works", flush=True)
time.sleep(60)
"""
RUN = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]])
print(child.pid, flush=True)
child.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells a process of its parent's end")
def test_dbt_ends_with_the_run_that_started_it_however_that_dies():
    run = subprocess.Popen([sys.executable, "-c", RUN, DBT_THAT_WORKS], stdout=subprocess.PIPE, text=True)
    dbt = int(run.stdout.readline())
    assert run.stdout.readline() == "works\n"
    run.send_signal(signal.SIGKILL)
    run.wait()
    for _ in range(50):
        if not _works(dbt):
            return
        time.sleep(0.1)
    os.kill(dbt, signal.SIGKILL)
    pytest.fail("dbt works on alone")


def _works(process: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
