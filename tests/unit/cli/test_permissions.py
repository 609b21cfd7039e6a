"""Every command names the roles that it takes, and refuses whoever has none of them."""

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from orchestration import cli
from orchestration.base import audit, roles
from orchestration.base.exit_codes import ExitCode
from orchestration.base.roles import Role
from orchestration.base.settings import Home
from orchestration.cli.permissions import NEEDS
from orchestration.cli.root import COMMANDS, below

PHONES = ("lists export", "lists run", "lists rebuild", "privacy export")


@pytest.fixture
def home(tmp_path, monkeypatch) -> Home:
    """A home with a steward and a marketer, worked on by sudo."""
    made = Home(tmp_path / "home")
    made.root.mkdir()
    roles.roles_file(made).write_text("steward: {users: [anna]}\nmarketer: {users: [li.wei]}\n")
    roles.roles_file(made).chmod(0o600)
    monkeypatch.setenv("TELCO360_HOME", str(made.root))
    return made


def call(monkeypatch, user: str, *arguments: str):
    monkeypatch.setenv("SUDO_USER", user)
    return CliRunner().invoke(cli.app, arguments)


def test_every_command_has_its_roles_and_every_entry_its_command():
    there = {
        path for name in COMMANDS for path, each in below(name, get_command(cli.app).load(name)) if not hasattr(each, "commands")
    }
    assert set(NEEDS) == there


def test_phones_are_for_stewards_alone():
    assert {NEEDS[command] for command in PHONES} == {frozenset((Role.STEWARD,))}


def test_a_marketer_is_told_who_they_are_what_it_takes_and_who_gives_it(home, monkeypatch):
    refused = call(monkeypatch, "li.wei", "lists", "export", "care")
    assert refused.exit_code == ExitCode.NOT_PERMITTED == 77
    for words in ("lists export: not permitted", "li.wei (marketer)", "the role steward", str(roles.roles_file(home))):
        assert words in refused.output.replace("\n", "")
    (row,) = audit.trail(home).entries()
    assert (row["user"], row["role"], row["action"], row["of"]) == ("li.wei", "marketer", "refused", "lists export")


def test_whoever_has_the_role_goes_on(home, monkeypatch):
    assert call(monkeypatch, "anna", "audit", "list").exit_code == 0
    assert call(monkeypatch, "li.wei", "audit", "list").exit_code == 77
    assert call(monkeypatch, "nobody.known", "audit", "verify").exit_code == 77


def test_whoever_comes_by_sudo_works_on_the_home_that_is_set(home, monkeypatch, tmp_path):
    """In a home of their own they could be steward, and a link in it could lead to the real lake."""
    refused = call(monkeypatch, "anna", "audit", "list", "--home", str(tmp_path / "mine"))
    assert refused.exit_code == 77 and "--home: not permitted by sudo" in refused.output


def test_help_is_for_all(home, monkeypatch):
    assert call(monkeypatch, "nobody.known", "lists", "export", "--help").exit_code == 0


def test_a_file_of_roles_that_cannot_be_used_stops_all(home, monkeypatch):
    roles.roles_file(home).write_text("boss: {users: [anna]}\n")
    stopped = call(monkeypatch, "anna", "audit", "list")
    assert stopped.exit_code == ExitCode.SETTING and "'boss' is no role" in stopped.output
