"""A copy of the project in which one line at a time is changed, and the tests run that must notice."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.base.contract import load_contract
from orchestration.base.settings import PROJECT_DIR, home
from orchestration.intake import load_limits
from orchestration.pipeline.deliveries import take_in_all

UNIT_TEST = "unit_test:"
"""Before the name of a unit test of dbt; all others are pytest's."""
NOT_COPIED = (".venv", ".git", "data", "target", "logs", "__pycache__")


@dataclass(frozen=True)
class Mutation:
    """One line of a rule, as it is and changed. `test`: the test that notices, by pytest or, after `unit_test:`, by dbt."""

    rule: str
    file: str
    before: str
    after: str
    test: str


def apart(mutations: Iterable[Mutation]) -> list[list[Mutation]]:
    """The mutations of SQL in groups that do not touch each other: a unit test reads its own model alone, and macros are in all.
    Pure."""
    groups: list[list[Mutation]] = []
    for one in mutations:
        is_macro = one.file.startswith("macros/")
        free = (g for g in groups if not is_macro and not any(m.file == one.file or m.file.startswith("macros/") for m in g))
        group = next((g for g in free if one.test not in {m.test for m in g}), None)
        if group is None:
            groups.append(group := [])
        group.append(one)
    return groups


class CannotRun(RuntimeError):
    """The tests did not run: they are gone, or the changed line is no program any more."""


class Copy:
    """The project in a folder of its own, and a home with empty tables."""

    def __init__(self, folder: Path):
        self.project, self.home, self.target = folder / "project", home(folder / "home"), folder / "target"
        shutil.copytree(PROJECT_DIR, self.project, ignore=shutil.ignore_patterns(*NOT_COPIED))
        self.environment = os.environ | {
            "PYTHONPATH": str(self.project),
            "PYTHONDONTWRITEBYTECODE": "1",  # a line changed and restored within a second has Python run what it compiled before
            "TELCO360_HOME": str(folder / "home"),
            "DBT_TARGET_PATH": str(self.target),
            "DBT_LOG_PATH": str(self.target),
        }

    def build(self) -> None:
        """All models on no delivery: what unit tests of SQL take the types of their columns from."""
        contract = load_contract()
        take_in_all(self.home, contract, load_limits(contract), lambda text: None)
        self.home.warehouse.mkdir(parents=True, exist_ok=True)
        done = self._dbt("build", "--empty", "--resource-type", "model", "--resource-type", "seed")
        if done.returncode:
            raise CannotRun(f"the models cannot be built:\n{done.stdout[-3000:]}")

    def fails(self, tests: Sequence[str]) -> bool:
        """Whether one of the tests fails. Raises CannotRun where they cannot be run at all."""
        of_sql = [test for test in tests if test.startswith(UNIT_TEST)]
        others = [test for test in tests if test not in of_sql]
        return bool(of_sql and self._dbt_fails(of_sql)) or bool(others and self._pytest_fails(others))

    def catches(self, mutation: Mutation) -> bool:
        """Whether the mutation's test fails once its line is changed; the line is restored. Raises CannotRun."""
        path = self.project / mutation.file
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(mutation.before, mutation.after), encoding="utf-8")
        try:
            return self.fails([mutation.test])
        finally:
            path.write_text(text, encoding="utf-8")

    def caught_by_dbt(self, mutations: Sequence[Mutation]) -> dict[Mutation, bool | None]:
        """Of each mutation whether dbt's unit test fails once its line is changed; None where the test could not be run. All are
        in at once, which is as good as one at a time where they are `apart`; the lines are restored."""
        texts = {one.file: (self.project / one.file).read_text(encoding="utf-8") for one in mutations}
        for one in mutations:
            (self.project / one.file).write_text(texts[one.file].replace(one.before, one.after), encoding="utf-8")
        try:
            statuses = self._dbt_statuses([one.test for one in mutations])
        finally:
            for file, text in texts.items():
                (self.project / file).write_text(text, encoding="utf-8")
        verdicts = {"fail": True, "pass": False}
        return {one: verdicts.get(statuses.get(one.test.removeprefix(UNIT_TEST), "")) for one in mutations}

    def _pytest_fails(self, tests: Sequence[str]) -> bool:
        done = self._run(sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests)
        if done.returncode not in (0, 1) or "no tests ran" in done.stdout:
            raise CannotRun(f"pytest cannot run {', '.join(tests)}:\n{done.stdout[-3000:]}")
        return done.returncode == 1

    def _dbt_fails(self, tests: Sequence[str]) -> bool:
        statuses = self._dbt_statuses(tests)
        if len(statuses) != len(tests) or set(statuses.values()) - {"pass", "fail"}:
            raise CannotRun(f"dbt cannot run {', '.join(tests)}: {statuses}")
        return "fail" in statuses.values()

    def _dbt_statuses(self, tests: Sequence[str]) -> dict[str, str]:
        """pass, fail or error by the name of the unit test."""
        done = self._dbt("test", "--select", *tests)
        try:
            results = json.loads((self.target / "run_results.json").read_text(encoding="utf-8"))["results"]
        except FileNotFoundError as error:
            raise CannotRun(f"dbt cannot run {', '.join(tests)}:\n{done.stdout[-3000:]}") from error
        found = [result for result in results if result["unique_id"].startswith("unit_test.")]
        return {result["unique_id"].split(".")[-1]: result["status"] for result in found}

    def _dbt(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        dbt = str(Path(sys.executable).with_name("dbt"))
        (self.target / "run_results.json").unlink(missing_ok=True)
        return self._run(dbt, command, *arguments, "--profiles-dir", str(self.project), "--vars", "{as_of_date: 2026-03-31}")

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=self.project, env=self.environment, capture_output=True, text=True)
