"""Who works on a home: what the file of roles gives, and whose word is taken for it."""

import os

import pytest

from orchestration.base import roles
from orchestration.base.roles import OWNER, NotPermitted, Person, Role, require_own_name
from orchestration.base.settings import Home, SettingsError


@pytest.fixture
def home(tmp_path, monkeypatch) -> Home:
    monkeypatch.delenv("SUDO_USER", raising=False)
    return Home(tmp_path)


def write(home: Home, text: str, mode: int = 0o600) -> None:
    roles.roles_file(home).write_text(text)
    roles.roles_file(home).chmod(mode)


def own() -> str:
    return roles.account_name(os.geteuid())


def test_without_a_file_all_belongs_to_the_account(home):
    assert roles.person(home) == roles.Person(own(), frozenset((OWNER,)))


def test_the_account_needs_no_entry_so_that_the_night_runs(home):
    write(home, "viewer: {users: [someone]}")
    assert roles.person(home).roles == {OWNER}


def test_roles_come_by_name_and_by_group(home, monkeypatch):
    write(home, "steward: {users: [anna]}\nmarketer: {groups: [marketing]}\n")
    monkeypatch.setenv("SUDO_USER", "anna")
    monkeypatch.setattr(roles, "groups_of", lambda user: frozenset(("marketing",)))
    assert roles.person(home).roles == {"steward", "marketer"}
    monkeypatch.setenv("SUDO_USER", "li.wei")
    assert roles.person(home).roles == {"marketer"}
    monkeypatch.setattr(roles, "groups_of", lambda user: frozenset())
    assert roles.person(home).roles == frozenset()


def test_sudo_is_not_believed_of_an_account_that_owns_nothing(home, monkeypatch):
    """Whoever runs telco360 as themselves may set any variable; their account reads nothing of the home."""
    write(home, "steward: {users: [anna]}")
    monkeypatch.setenv("SUDO_USER", "anna")
    monkeypatch.setattr(os, "geteuid", lambda: 65533)
    with pytest.raises(NotPermitted, match="belongs to"):
        roles.person(home)


def test_a_home_of_ones_own_does_not_lead_to_the_accounts_files(home, monkeypatch):
    """`sudo -u telco360 telco360 … --home /tmp/mine`, where a link leads to the lake."""
    monkeypatch.setenv("SUDO_USER", "mallory")
    monkeypatch.setattr(os, "geteuid", lambda: 65533)
    with pytest.raises(NotPermitted, match="homes of its own alone: sudo -u"):
        roles.person(home)


def test_a_file_that_others_may_write_is_not_believed(home, monkeypatch):
    write(home, "steward: {users: [anna]}", 0o620)
    with pytest.raises(SettingsError, match="other accounts may change it"):
        roles.person(home)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[a]", "must name roles"),
        ("boss: {users: [a]}", "'boss' is no role"),
        ("viewer: [a]", "viewer must have users"),
        ("viewer: {people: [a]}", "viewer must have users"),
        ("viewer: {users: a}", "users of viewer must be a list"),
        ("viewer: {users: [1]}", "users of viewer must be a list"),
        ("viewer: {", "Write, for example"),
    ],
)
def test_a_file_at_fault_says_what_is_wrong(home, text, words):
    write(home, text)
    with pytest.raises(SettingsError, match=words):
        roles.person(home)


def test_whoever_lacks_the_role_is_refused_in_words(home, monkeypatch):
    write(home, "viewer: {users: [li.wei]}\napprover: {users: [anna]}")
    needed = frozenset((Role.APPROVER, Role.STEWARD))
    monkeypatch.setenv("SUDO_USER", "anna")
    assert roles.require(home, "publish rollback", needed).user == "anna"
    monkeypatch.setenv("SUDO_USER", "li.wei")
    with pytest.raises(NotPermitted, match=r"You are li.wei \(viewer\); it takes the role approver or steward"):
        roles.require(home, "publish rollback", needed)


def test_an_approver_signs_with_their_own_name(home):
    require_own_name(Person("anna", frozenset(("approver",))), "anna")
    require_own_name(Person("telco360", frozenset((OWNER,))), "anna")
    with pytest.raises(NotPermitted, match="you are li.wei, not anna"):
        require_own_name(Person("li.wei", frozenset(("approver",))), "anna")
