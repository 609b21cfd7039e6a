"""Versions move whole: under readers, through deaths half-way, and back."""

import json
import os
import stat
import subprocess
import sys
from datetime import datetime, timedelta

import duckdb
import pytest
from made_warehouse import STAMP, made_candidate, made_home, made_version

from benchmarks.readers import race
from orchestration.base import settings
from orchestration.base.errors import WarehouseError
from orchestration.warehouse.candidate import approve, remove_candidate
from orchestration.warehouse.publishing import current, publish, remove_leftovers, rollback, versions


def numbered(root, number: int):
    """A home whose build says in two columns which version it is."""
    return made_home(root, f"update core.dim_people set grade = {number}, remark = 'version {number}'")


def published_grade(home) -> int:
    with duckdb.connect(str(home.current.resolve()), read_only=True) as db:
        return db.execute("select max(grade) from core.dim_people").fetchone()[0]


def test_readers_see_one_whole_version_or_another(tmp_path):
    came_to = race(settings.Home(tmp_path), publications=12, readers=4, reads=60)
    assert (came_to.errors, came_to.reads) == ([], [60] * 4)
    assert min(came_to.seen) > 3


def test_a_version_is_immutable_described_and_reached_by_a_relative_link(tmp_path):
    home = made_home(tmp_path)
    version = made_version(home)
    assert os.readlink(home.current) == version.path.name
    assert version.path.name.startswith("telco360_2026-03-01_2") and version.is_current
    assert stat.S_IMODE(version.path.stat().st_mode) == 0o400
    facts = json.loads(version.path.with_suffix(".json").read_text())
    assert facts["as_of"] == "2026-03-01" and facts["code"] == STAMP.code and facts["run"] in version.name
    assert facts["tables"]["core.dim_people"]["rows"] == 30
    assert [p.name for p in home.published.glob(".*") if p.name != ".lock"] == []


def test_what_the_gate_has_not_passed_is_not_published(tmp_path):
    home = made_home(tmp_path)
    with pytest.raises(WarehouseError, match="no whole candidate"):
        publish(home)
    made_candidate(home)
    with pytest.raises(WarehouseError, match="release checks have not passed"):
        publish(home)
    assert current(home) is None and not home.current.exists()


class Died(Exception):
    pass


@pytest.mark.parametrize(("death", "grade_after"), [("describe", 1), ("freeze", 1), ("name", 1), ("link", 1), ("tidy", 2)])
def test_death_between_steps_leaves_the_published_version_and_the_next_run_ends_the_same(tmp_path, death, grade_after):
    home = numbered(tmp_path, 1)
    first = made_version(home)

    def die(step):
        if step == death:
            raise Died

    made_candidate(numbered(tmp_path, 2))
    approve(home)
    with pytest.raises(Died):
        publish(home, at=die)
    assert published_grade(home) == grade_after
    assert first.path.exists()

    remove_leftovers(home)
    remove_candidate(home)
    assert {p.suffix for p in home.published.iterdir()} <= {".duckdb", ".json", ""}
    assert all(v.path.exists() for v in versions(home))
    assert len(list(home.published.glob("*.json"))) == len(versions(home))
    made_version(numbered(tmp_path, 3))
    assert published_grade(home) == 3


def test_death_while_copying_leaves_the_published_version(tmp_path):
    home = numbered(tmp_path, 1)
    made_version(home)
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path; import made_warehouse\n"
        "from orchestration.base.settings import Home; from orchestration.warehouse import candidate\n"
        "candidate.table_facts = lambda *_, **__: os.kill(os.getpid(), 9)\n"
        "made_warehouse.made_candidate(Home(Path(sys.argv[1])))"
    )
    numbered(tmp_path, 2)
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path), os.path.dirname(os.path.dirname(__file__))], check=False)
    assert done.returncode == -9
    assert (home.published / ".candidate.duckdb").exists()
    assert published_grade(home) == 1
    made_version(home)
    assert published_grade(home) == 2


def test_the_last_seven_versions_stay_and_the_current_one_always(tmp_path):
    home = made_home(tmp_path)
    made = [made_version(home) for _ in range(9)]
    assert [v.name for v in versions(home)] == [v.name for v in reversed(made[2:])]
    assert len(list(home.published.glob("telco360_*.json"))) == 7
    oldest = rollback(home, made[2].name)
    assert oldest.name == made[2].name
    newest = made_version(home)
    assert newest.is_current
    assert made[2].name not in [v.name for v in versions(home)]


def test_rollback_goes_to_the_version_before_or_the_one_named(tmp_path):
    home = made_home(tmp_path)
    one, two, three = (made_version(home) for _ in range(3))
    assert rollback(home).name == two.name
    assert rollback(home).name == one.name
    with pytest.raises(WarehouseError, match=f"oldest version.*{three.name}"):
        rollback(home)
    assert rollback(home, three.run).name == three.name
    assert rollback(home, two.path.name).name == two.name
    with pytest.raises(WarehouseError, match=f"no version that stands; there are: {three.name}"):
        rollback(home, "telco360_1999-01-01_x")
    assert current(home).name == two.name


def test_rollback_before_the_first_publication_says_so(tmp_path):
    with pytest.raises(WarehouseError, match="nothing is published"):
        rollback(made_home(tmp_path))


def test_a_version_made_by_a_clock_that_was_set_back_is_the_newest_all_the_same(tmp_path, monkeypatch):
    home = made_home(tmp_path)
    before = made_version(home)

    class Yesterday(datetime):
        """The clock of a machine, a day behind."""

        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) - timedelta(days=1)

    monkeypatch.setattr("orchestration.warehouse.publishing.datetime", Yesterday)
    after = made_version(home)
    assert [version.name for version in versions(home)] == [after.name, before.name]
    assert rollback(home).name == before.name


@pytest.mark.parametrize("damage", [lambda note: note.write_text('{"version": '), lambda note: note.unlink()])
def test_a_version_whose_description_is_damaged_or_gone_is_named_with_what_to_do(tmp_path, damage):
    home = made_home(tmp_path)
    version = made_version(home)
    damage(version.path.with_suffix(".json"))
    with pytest.raises(WarehouseError, match=rf"{version.name}.json: the description .*Bring the file back.*Run again"):
        current(home)


@pytest.mark.parametrize("others", [0, 1])
def test_a_published_version_that_is_gone_is_named_with_what_to_do(tmp_path, others):
    home = made_home(tmp_path)
    made = [made_version(home) for _ in range(others + 1)]
    made[-1].path.chmod(0o600)
    made[-1].path.unlink()
    with pytest.raises(WarehouseError, match=rf"leads to {made[-1].path.name}, which is gone.*backup.*run again") as raised:
        remove_leftovers(home)
    assert (f"telco360 publish rollback {made[0].name}" in str(raised.value)) is bool(others)
    if others:
        rollback(home, made[0].name)
    else:
        home.current.unlink()
    remove_leftovers(home)
    assert made_version(home).is_current
