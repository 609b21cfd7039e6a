"""The pages hold: links lead somewhere, commands exist with their options, the analysts' tables are those that are published."""

import os
import re
from pathlib import Path

import pytest
from typer.main import get_command

from orchestration.base.settings import PROJECT_DIR
from orchestration.cli import app

PAGES = sorted([*PROJECT_DIR.glob("*.md"), *(PROJECT_DIR / "docs").rglob("*.md")])


def anchor(heading: str) -> str:
    """The anchor of a heading, as pages are shown: lower case, words joined by -, signs left out."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_a_file_and_a_heading(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in link:
            name, _, heading = link.partition("#")
            target = Path(os.path.normpath(page.parent / name)) if name else page
            assert target.exists(), link
            headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE) if heading else []
            assert not heading or heading in map(anchor, headings), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist_with_their_options(page):
    text = page.read_text(encoding="utf-8")
    for given in (*re.findall(r"`telco360 ([^`]+)`", text), *re.findall(r"^telco360 (.+)$", text, re.MULTILINE)):
        words = [word for word in re.findall(r"[\w-]+", given.split("#")[0]) if word not in ("--target", "spark")]
        command = get_command(app)
        if words and words[0] in command.commands:
            command = command.load(words.pop(0))
        while words and hasattr(command, "commands") and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        options = {option for parameter in command.params for option in parameter.opts}
        assert not hasattr(command, "commands"), f"telco360 {given}: no such command"
        assert {word for word in words if word.startswith("--")} <= options, f"telco360 {given}"


def test_make_has_the_targets_that_pages_name():
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT_DIR / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {target for page in PAGES for target in re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.M)}
    assert named and named <= targets


def test_the_analysts_tables_are_those_that_are_published(manifest):
    public = {
        f"{node['schema']}.{node['alias']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["meta"].get("public")
    }
    page = (PROJECT_DIR / "docs" / "analysts.md").read_text(encoding="utf-8").split("## Queries")[0]
    named = set()
    for section in page.split("### ")[1:]:
        schema, rows = section.split("\n", 1)
        named |= {f"{schema}.{name}" for row in re.findall(r"^\| (`.*?) \|", rows, re.M) for name in re.findall(r"`(\w+)`", row)}
    assert named == public
