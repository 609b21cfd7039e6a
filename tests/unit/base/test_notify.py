"""Notices reach whoever is on call, by a command or a webhook, each cause once a business date; a failure to send is told."""

import json
import sys
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from orchestration.base.notify import Channels, Notice, channels, send
from orchestration.base.settings import Home, SettingsError

TODAY = date(2026, 11, 1)


def notice(cause: str = "dbt: a test failed", day: str = "2026-10-31") -> Notice:
    return Notice("failure", "critical", cause, "Nothing was published.", "Mend it, then `telco360 nightly` again", day)


class Receiver(HTTPServer):
    """A webhook on loopback that keeps what it is sent, and answers with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.bodies: list[dict] = []
        self.status = 200

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?key=secret"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        self.server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver():
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize(
    ("form", "read"),
    [
        ("json", lambda body: body["words"]),
        ("slack", lambda body: body["text"]),
        ("wecom", lambda body: body["text"]["content"]),
    ],
)
def test_a_webhook_gets_cause_and_remedy_in_its_own_form(tmp_path, receiver, form, read):
    sent, problems = send(Home(tmp_path), [notice()], Channels(webhook=receiver.address, form=form), TODAY)
    assert sent == [notice()] and problems == []
    (body,) = receiver.bodies
    assert "a test failed" in read(body) and "telco360 nightly" in read(body) and "2026-10-31" in read(body)


def test_a_cause_is_sent_once_a_business_date(tmp_path, receiver):
    to = Channels(webhook=receiver.address)
    for notices in ([notice(), notice()], [notice()], [notice(day="2026-11-01")], [notice("another")]):
        send(Home(tmp_path), notices, to, TODAY)
    assert [(body["cause"], body["business_date"]) for body in receiver.bodies] == [
        ("dbt: a test failed", "2026-10-31"),
        ("dbt: a test failed", "2026-11-01"),
        ("another", "2026-10-31"),
    ]


def test_what_no_channel_took_is_told_without_its_key_and_sent_again(tmp_path, receiver):
    to = Channels(webhook=receiver.address)
    receiver.status = 500
    sent, problems = send(Home(tmp_path), [notice()], to, TODAY)
    assert sent == [] and "the webhook at 127.0.0.1 took no notice" in problems[0] and "secret" not in problems[0]
    receiver.status = 200
    sent, problems = send(Home(tmp_path), [notice()], to, TODAY)
    assert sent == [notice()] and problems == []


def test_a_command_reads_the_notice_from_its_input(tmp_path):
    kept = tmp_path / "kept.json"
    command = (sys.executable, "-c", f"import sys; open({str(kept)!r}, 'w').write(sys.stdin.read())")
    sent, problems = send(Home(tmp_path), [notice()], Channels(command), TODAY)
    assert sent and not problems and json.loads(kept.read_text())["severity"] == "critical"


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (("no-such-program",), "could not be handed"),
        ((sys.executable, "-c", "import sys; sys.exit('out of paper')"), "out of paper"),
    ],
)
def test_a_command_that_fails_is_told(tmp_path, command, why):
    sent, problems = send(Home(tmp_path), [notice()], Channels(command), TODAY)
    assert sent == [] and why in problems[0]


def test_one_channel_is_enough_and_the_other_is_told(tmp_path, receiver):
    sent, problems = send(Home(tmp_path), [notice()], Channels(("no-such-program",), receiver.address), TODAY)
    assert sent == [notice()] and len(problems) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TELCO360_NOTIFY_WEBHOOK", "ftp://host/x"),
        ("TELCO360_NOTIFY_FORMAT", "pigeon"),
        ("TELCO360_NOTIFY_COMMAND", "mail 'unclosed"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        channels()


def test_without_settings_nothing_is_sent(tmp_path, monkeypatch):
    for name in ("COMMAND", "WEBHOOK", "FORMAT"):
        monkeypatch.delenv(f"TELCO360_NOTIFY_{name}", raising=False)
    assert not channels()
    assert send(Home(tmp_path), [notice()], channels(), TODAY) == ([], [])
