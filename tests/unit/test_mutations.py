"""The defects that benchmarks.mutations seeds: each changes one line that is there, and names a test that is there."""

import re

import pytest
import yaml

from benchmarks.mutations.__main__ import seeded
from benchmarks.mutations.defects_python import PYTHON
from benchmarks.mutations.defects_sql import SQL
from benchmarks.mutations.project import UNIT_TEST, Mutation, apart
from orchestration.base.settings import PROJECT_DIR


@pytest.fixture(scope="module")
def unit_tests() -> set[str]:
    """Names of dbt's unit tests, as the YAML of models has them."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in (PROJECT_DIR / "models").rglob("*.yml")]
    return {test["name"] for file in files for test in file.get("unit_tests") or ()}


@pytest.mark.parametrize("mutation", [*SQL, *PYTHON], ids=lambda one: one.rule)
def test_a_defect_changes_one_line_and_names_a_test(mutation: Mutation, unit_tests):
    text = (PROJECT_DIR / mutation.file).read_text(encoding="utf-8")
    assert text.count(mutation.before) == 1 and mutation.after != mutation.before
    if mutation.test.startswith(UNIT_TEST):
        assert mutation.test.removeprefix(UNIT_TEST) in unit_tests
    else:
        path, name = mutation.test.split("::")
        assert re.search(rf"^def {name}\(", (PROJECT_DIR / path).read_text(encoding="utf-8"), re.MULTILINE)


def test_there_are_a_hundred_and_each_is_told_apart():
    found = [(one.defect, one.where) for one in seeded(["deliveries", "sql", "python"])]
    assert len(found) == len(set(found)) >= 100


def test_defects_that_are_tried_together_touch_neither_each_others_file_nor_test():
    groups = apart(SQL)
    assert sorted((one for group in groups for one in group), key=str) == sorted(SQL, key=str)
    for group in groups:
        assert len({one.file for one in group}) == len({one.test for one in group}) == len(group)
        assert len(group) == 1 or not any(one.file.startswith("macros/") for one in group)
