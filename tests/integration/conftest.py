"""Runs that tests of several files look at: each is run once a session."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from figures_kit import LAST_DELIVERED, NIGHT, nightly, run_nightly
from list_operator import Operator
from made_ledger import record_run
from oracle.desk import ListRun
from oracle.operator import Deliveries, write_deliveries
from oracle.operator_channels import make_channel_operator
from oracle.operator_tasks import give_tasks
from privacy_kit import made_home

from orchestration.base.keys import add_key
from orchestration.base.settings import Home
from orchestration.targeting import tasks
from sample import make_operator


@pytest.fixture(scope="session", autouse=True)
def _parsed_before_any_run(parsed) -> None:
    """Runs find the project parsed; two that start at once would each parse it into the same place."""


@dataclass(frozen=True)
class OracleRun:
    """A first run over a synthetic operator that is nasty at the edges, and what it was told."""

    home: Path
    deliveries: Deliveries
    as_of: date
    runs: list[ListRun]
    recorded: list[dict]


@pytest.fixture(scope="session")
def oracle_run(tmp_path_factory) -> Callable[[int], OracleRun]:
    """The run of a seed. One that 5 divides has a history of three billed months, in which windows are not full."""

    @cache
    def run(seed: int) -> OracleRun:
        home = tmp_path_factory.mktemp(f"oracle_{seed}")
        operator, as_of, runs = make_channel_operator(seed, months=3 if seed % 5 == 0 else 14)
        recorded = give_tasks(seed, operator, as_of, runs)
        write_deliveries(operator.deliveries, home / "landing", seed)
        for run in runs:
            record_run(Home(home), run.list_name, run.run_date, run.members, run.status, run.channel)
        for day in {row["reason_date"] for row in recorded}:
            tasks.write(Home(home), day, [row for row in recorded if row["reason_date"] == day])
        nightly(home, as_of)
        return OracleRun(home, operator.deliveries, as_of, runs, recorded)

    return run


@pytest.fixture(scope="session")
def night(tmp_path_factory) -> tuple[Home, str]:
    """A first run over a small made operator at the end of its ninth month, and what it told. Four more days wait in landing."""
    home = Home(tmp_path_factory.mktemp("night"))
    make_operator(home.root, 1500, 10, LAST_DELIVERED, seed=1, daily=4)
    code, told = run_nightly(home.root, NIGHT)
    assert code == 0, told
    shutil.copytree(home.published, _first(home).published, symlinks=True)
    return home, told


@pytest.fixture(scope="session")
def first_night(night) -> Home:
    """The version of `night` as that first run published it; other tests run more nights on its home."""
    return _first(night[0])


def _first(home: Home) -> Home:
    return Home(home.root.with_name(f"{home.root.name}_first"))


@pytest.fixture(scope="session")
def night_shown(night, tmp_path_factory) -> Home:
    """The home of `night` for a console, which keeps the version open: that is a file of its own."""
    shown = Home(tmp_path_factory.mktemp("night_shown"))
    shutil.copytree(night[0].published, shown.published, symlinks=True)
    for folder in (night[0].lake, night[0].warehouse, night[0].exports):
        (shown.root / folder.name).symlink_to(folder)
    return shown


@pytest.fixture(scope="session")
def persons_kept(tmp_path_factory) -> Home:
    """The home of privacy_kit, to be looked at; whoever changes it takes a copy."""
    return made_home(tmp_path_factory.mktemp("persons"))


@pytest.fixture
def persons_home(persons_kept, tmp_path) -> Home:
    """A copy of it."""
    shutil.copytree(persons_kept.root, tmp_path / "home", symlinks=True)
    return Home(tmp_path / "home")


@pytest.fixture
def keyed_home(persons_home, tmp_path, monkeypatch) -> Home:
    """A copy of it, with a key for erasures and restrictions."""
    add_key(tmp_path / "key", persons_home)
    monkeypatch.setenv("TELCO360_PSEUDONYM_KEY_FILE", str(tmp_path / "key"))
    return persons_home


@pytest.fixture
def operator(tmp_path, monkeypatch) -> Operator:
    """Somebody who works with the commands of lists, on a made version."""
    return Operator(tmp_path / "home", monkeypatch)
