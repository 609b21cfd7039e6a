"""The image has what a run needs: the folders that dbt reads are not left out of it."""

import fnmatch

import yaml

from orchestration.base.settings import PROJECT_DIR

IGNORED = [line for line in (PROJECT_DIR / ".containerignore").read_text().splitlines() if line and not line.startswith("#")]


def is_left_out(path: str) -> bool:
    """Whether the last rule that names the path, or a folder above it, leaves it out."""
    left_out = False
    for rule in IGNORED:
        parts = path.split("/")
        above = ["/".join(parts[: place + 1]) for place in range(len(parts))]
        if any(fnmatch.fnmatch(part, rule.removeprefix("!")) for part in above):
            left_out = not rule.startswith("!")
    return left_out


def test_rules_are_read_as_engines_do():
    assert is_left_out("tests/unit/test_container.py") and is_left_out(".venv") and not is_left_out("models/groups.yml")


def test_the_image_has_all_that_dbt_reads():
    project = yaml.safe_load((PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8"))
    read = [path for key in ("model-paths", "seed-paths", "macro-paths", "test-paths") for path in project[key]]
    assert "tests/dbt" in read
    assert [path for path in read if is_left_out(path)] == []
