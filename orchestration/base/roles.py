"""Who works on a home, and in which role: the account that owns it has all; others have what `roles.yml` in the home gives them.

A person works with an account of their own through `sudo -u`, which tells who asked. That is believed only where the process runs
as the account that could read everything anyhow; to all others the files are closed (see `modes`). Which role a command needs is
not told here.
"""

import contextlib
import grp
import os
import pwd
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from orchestration.base.errors import Telco360Error
from orchestration.base.settings import Home, SettingsError
from orchestration.base.words import Message, words_of

OWNER = "owner"
"""What the account that owns the home is in: it runs every night, and needs no entry in the file."""


class Role(StrEnum):
    """What a person does with telco360; one person may have several."""

    VIEWER = "viewer"
    """Reads published figures."""
    ANALYST = "analyst"
    """Asks about single lines."""
    MARKETER = "marketer"
    """Drafts target lists."""
    APPROVER = "approver"
    """Approves lists, takes versions and models back."""
    STEWARD = "steward"
    """Runs telco360, answers requests of persons, hands out files with phones."""


ALL = frozenset(Role)
LINES = frozenset((Role.ANALYST, Role.MARKETER, Role.APPROVER, Role.STEWARD))
"""Who may ask about single lines, by their ids: no phones."""
DRAFTS = frozenset((Role.MARKETER, Role.APPROVER))
APPROVER = frozenset((Role.APPROVER,))
TAKES_BACK = frozenset((Role.APPROVER, Role.STEWARD))
STEWARD = frozenset((Role.STEWARD,))
"""Who runs telco360, acts on persons, and makes files with phones."""


class NotPermitted(Telco360Error, PermissionError):
    """A command that this person may not use; the text says who they are, which role it takes, and who gives it."""


@dataclass(frozen=True)
class Person:
    """Who works: the name of an account, and its roles; `OWNER` stands for all of them."""

    user: str
    roles: frozenset[str]

    @property
    def said(self) -> str:
        return ", ".join(sorted(self.roles)) or "no role"


def roles_file(home: Home) -> Path:
    return home.root / "roles.yml"


_SIGNED_IN: ContextVar[tuple[str, frozenset[str]] | None] = ContextVar("signed_in", default=None)


@contextlib.contextmanager
def signed_in_as(user: str, groups: frozenset[str]) -> Iterator[None]:
    """While it is open, what this thread does is done by that person, whom an identity provider has named, with its groups."""
    before = _SIGNED_IN.set((user, groups))
    try:
        yield
    finally:
        _SIGNED_IN.reset(before)


def person(home: Home) -> Person:
    """Who works: who is signed in, with the roles that the file gives them and no more; else by the running process.

    Raises SettingsError for a file of roles that cannot be used, NotPermitted where somebody has a home of their own used in the
    name of the account."""
    if signed_in := _SIGNED_IN.get():
        named, of = signed_in
        return Person(named, roles_of(named, of, read_roles(roles_file(home), os.geteuid()) or {}))
    uid, asked = os.geteuid(), asked_by()
    account = account_name(uid)
    try:
        owner: int | None = home.root.stat().st_uid
    except OSError:  # none there yet, or none that this account may look into
        owner = None
    if asked and owner not in (None, uid):
        name = account_name(owner or 0)
        english = "{home} belongs to {name}, and {account} works for you on homes of its own alone: sudo -u {name}"
        raise NotPermitted(Message.of("home_of_another", english, home=home.root, name=name, account=account))
    user = asked or account
    try:
        given = read_roles(roles_file(home), uid)
    except PermissionError:
        given = {}  # another account, from which the home is closed
    if given is None or (user == account and uid in (0, owner)):
        return Person(user, frozenset((OWNER,)))
    return Person(user, roles_of(user, groups_of(user), given))


def asked_by() -> str | None:
    """Who has this account work for them, by sudo; None where nobody else has, or root, who may do all anyhow."""
    name = os.environ.get("SUDO_USER")
    return None if name in (None, "", account_name(os.geteuid()), account_name(0)) else name


def read_roles(path: Path, uid: int) -> dict[Role, dict[str, tuple[str, ...]]] | None:
    """`users` and `groups` by role, as the file has them; None where there is no file.

    Raises SettingsError for a file that others than the account `uid` and root may write, or that is not as it should be.
    """
    try:
        found, text = path.stat(), path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    if found.st_uid not in (0, uid) or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        english = "{path}: other accounts may change it; run chown {account} {path} and chmod 600 {path}"
        raise SettingsError(Message.of("roles_open", english, path=path, account=account_name(uid)))
    try:
        return parsed(yaml.safe_load(text))
    except (yaml.YAMLError, ValueError) as error:
        english = "{path}: {problem}. Write, for example:\nsteward:\n  users: [anna]\n  groups: [privacy]"
        raise SettingsError(Message.of("roles_wrong", english, path=path, problem=words_of(error))) from error


def parsed(raw: Any) -> dict[Role, dict[str, tuple[str, ...]]]:
    """The same from what YAML reads. Raises ValueError, saying what is wrong. Pure."""
    if not isinstance(raw, dict):
        raise ValueError(Message.of("roles_named", "it must name roles, each with users and groups"))
    found = {}
    for name, members in raw.items():
        if name not in set(Role):
            raise ValueError(Message.of("no_role", "'{name}' is no role; there are {known}", name=name, known=", ".join(Role)))
        if not isinstance(members, dict) or set(members) - {"users", "groups"}:
            raise ValueError(Message.of("role_has", "{name} must have users, groups or both, and nothing else", name=name))
        for kind, names in members.items():
            if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
                raise ValueError(Message.of("role_names", "{members} of {name} must be a list of names", members=kind, name=name))
        found[Role(name)] = {kind: tuple(names) for kind, names in members.items()}
    return found


def roles_of(user: str, groups: Iterable[str], given: Mapping[Role, Mapping[str, tuple[str, ...]]]) -> frozenset[str]:
    """The roles of a user by name and by groups. Pure."""
    of = set(groups)
    return frozenset(
        role.value for role, members in given.items() if user in members.get("users", ()) or of & set(members.get("groups", ()))
    )


def require(home: Home, command: str, needed: frozenset[Role]) -> Person:
    """Gives who works. Raises NotPermitted where none of their roles is one of those needed."""
    who = person(home)
    if OWNER in who.roles or who.roles & needed:
        return who
    raise NotPermitted(
        Message.of(
            "not_permitted",
            "telco360 {command}: not permitted. You are {user} ({roles}); it takes the role {needed}. "
            "Whoever keeps {file} gives it",
            command=command,
            user=who.user,
            roles=who.said,
            needed=Message.joined([role.value for role in Role if role in needed], " or "),
            file=roles_file(home),
        )
    )


def require_own_name(who: Person, name: str) -> None:
    """Raises NotPermitted where somebody whom the file gives roles acts in another's name; the account itself may write down what
    was decided elsewhere."""
    if OWNER not in who.roles and name != who.user:
        raise NotPermitted(Message.of("own_name", "you are {user}, not {name}: write your own name", user=who.user, name=name))


def account_name(uid: int) -> str:
    """The name of an account of this machine, else its number."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def groups_of(user: str) -> frozenset[str]:
    """The groups of an account of this machine; none for one that it does not know."""
    try:
        found = os.getgrouplist(user, pwd.getpwnam(user).pw_gid)
    except KeyError:
        return frozenset()
    return frozenset(group for gid in found if (group := group_name(gid)))


def group_name(gid: int) -> str | None:
    """The name of a group of this machine; None for one without."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return None
