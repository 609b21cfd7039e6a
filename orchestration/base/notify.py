"""Notices to whoever is on call: by a command, a webhook, or both, each cause once a business date.

What is worth a notice is not decided here.
"""

import hashlib
import json
import os
import shlex
import subprocess
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from orchestration.base.files import replace_text
from orchestration.base.settings import Home, SettingsError

SECONDS = 15
"""How long a command or webhook may take for one notice."""

REMEMBERED = timedelta(days=90)


@dataclass(frozen=True)
class Notice:
    """One cause, and what to do. `kind` is failure, delivery, quality or drift; `severity` critical or warning; `owner` the team
    that answers for it, where one is named."""

    kind: str
    severity: str
    cause: str
    text: str
    remedy: str
    business_date: str
    owner: str = ""

    @property
    def words(self) -> str:
        """The whole notice as text."""
        lines = [f"telco360 {self.severity}, {self.business_date}: {self.cause}", self.text, self.remedy]
        return "\n".join(line for line in lines if line)

    @property
    def key(self) -> str:
        """What a repetition of the notice is known by."""
        return hashlib.sha256(f"{self.kind}|{self.cause}|{self.business_date}".encode()).hexdigest()[:16]


FORMATS: dict[str, Callable[[Notice], dict[str, Any]]] = {
    "json": lambda notice: asdict(notice) | {"words": notice.words},
    "slack": lambda notice: {"text": notice.words},
    "wecom": lambda notice: {"msgtype": "text", "text": {"content": notice.words}},
}
"""Bodies of a webhook, by TELCO360_NOTIFY_FORMAT: all fields; Slack, Mattermost, Teams; WeCom and DingTalk."""


@dataclass(frozen=True)
class Channels:
    """Where notices go. `command`: a program that reads one notice as JSON from its input; `webhook`: an address that takes it as
    the body of a POST, in `form`."""

    command: tuple[str, ...] = ()
    webhook: str = ""
    form: str = "json"

    def __bool__(self) -> bool:
        return bool(self.command or self.webhook)


def channels() -> Channels:
    """As TELCO360_NOTIFY_COMMAND, TELCO360_NOTIFY_WEBHOOK and TELCO360_NOTIFY_FORMAT say. Raises SettingsError for what can't be
    used."""
    webhook, form = os.environ.get("TELCO360_NOTIFY_WEBHOOK", ""), os.environ.get("TELCO360_NOTIFY_FORMAT") or "json"
    if webhook and urlsplit(webhook).scheme not in ("http", "https"):
        raise SettingsError(f"TELCO360_NOTIFY_WEBHOOK: '{webhook}' is no address; it begins with https:// or http://")
    if form not in FORMATS:
        raise SettingsError(f"TELCO360_NOTIFY_FORMAT: '{form}' is no format; choose one of {', '.join(FORMATS)}")
    try:
        command = tuple(shlex.split(os.environ.get("TELCO360_NOTIFY_COMMAND", "")))
    except ValueError as error:
        raise SettingsError(f"TELCO360_NOTIFY_COMMAND cannot be read as a command: {error}") from error
    return Channels(command, webhook, form)


def send(home: Home, notices: Iterable[Notice], to: Channels, today: date) -> tuple[list[Notice], list[str]]:
    """Sends each notice that was not sent before; gives those sent, and why others could not be. A notice that no channel took is
    sent again the next time."""
    sent_before = _remembered(home, today)
    sent: list[Notice] = []
    problems: list[str] = []
    for notice in notices:
        if not to or notice.key in sent_before:
            continue
        failed = [why for why in (_by_command(notice, to), _by_webhook(notice, to)) if why]
        problems += failed
        if len(failed) < bool(to.command) + bool(to.webhook):
            sent.append(notice)
            sent_before[notice.key] = str(today)
    if sent:
        replace_text(_memory(home), json.dumps(sent_before, indent=1))
    return sent, problems


def _by_command(notice: Notice, to: Channels) -> str | None:
    if not to.command:
        return None
    body = json.dumps(FORMATS["json"](notice), ensure_ascii=False)
    try:
        done = subprocess.run(to.command, input=body, text=True, capture_output=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"the notice could not be handed to {to.command[0]} (TELCO360_NOTIFY_COMMAND): {error}"
    if done.returncode:
        return (
            f"{to.command[0]} (TELCO360_NOTIFY_COMMAND) took no notice: exit code {done.returncode} {done.stderr.strip()[:200]}"
        )
    return None


def _by_webhook(notice: Notice, to: Channels) -> str | None:
    if not to.webhook:
        return None
    body = json.dumps(FORMATS[to.form](notice), ensure_ascii=False).encode()
    request = urllib.request.Request(to.webhook, body, {"Content-Type": "application/json; charset=utf-8"})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS):
            return None
    except OSError as error:  # HTTPError and URLError are such
        # An address may hold a key in its path or query: only its host is told.
        return f"the webhook at {urlsplit(to.webhook).hostname} took no notice: {error}"


def _memory(home: Home) -> Path:
    return home.warehouse / "notices_sent.json"


def _remembered(home: Home, today: date) -> dict[str, str]:
    try:
        known = json.loads(_memory(home).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {key: day for key, day in known.items() if date.fromisoformat(day) > today - REMEMBERED}
