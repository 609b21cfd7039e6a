"""Signing in by a real identity provider on this machine: who comes in, as whom, and with which roles."""

import re
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from oidc_provider_mock import User, run_server_in_thread
from starlette.testclient import TestClient

from orchestration.base import audit, roles
from orchestration.base.settings import Home, SettingsError
from orchestration.cli.console import require_reachable
from orchestration.console.app import COOKIE, Console, application
from orchestration.console.login import Login, Provider, provider

ADDRESS = "http://127.0.0.1:3360"
PEOPLE = (
    User(sub="1", claims={"preferred_username": "li.wei", "groups": ["marketing"]}),
    User(sub="2", claims={"preferred_username": "anna"}),
    User(sub="3", claims={"email": "no.name@example.com"}),
    User(sub="4", claims={"preferred_username": "root", "groups": "marketing"}),
)


@pytest.fixture(scope="module")
def issuer():
    with run_server_in_thread(user_claims=PEOPLE) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def home(tmp_path) -> Home:
    made = Home(tmp_path / "home")
    made.root.mkdir()
    roles.roles_file(made).write_text("marketer: {groups: [marketing]}\nsteward: {users: [anna]}\n")
    roles.roles_file(made).chmod(0o600)
    return made


@pytest.fixture
def browser(home, issuer) -> TestClient:
    login = Login(Provider(issuer, "telco360", "a secret", ADDRESS))
    return TestClient(application(Console(home, (), "the-key", login)), ADDRESS, follow_redirects=False)


def sign_in(browser: TestClient, sub: str, to: str = "/lists"):
    """Goes to the provider, signs in there as the user, and comes back."""
    sent = browser.get("/login", params={"to": to})
    assert sent.status_code == 302
    back = httpx2.post(sent.headers["location"], data={"sub": sub})
    assert back.status_code == 302 and back.headers["location"].startswith(f"{ADDRESS}/login/done?")
    return browser.get(back.headers["location"])


def test_who_is_not_signed_in_is_sent_to_sign_in_and_comes_back(browser):
    sent = browser.get("/lists?q=gold")
    assert (sent.status_code, sent.headers["location"]) == (303, "/login?to=%2Flists%3Fq%3Dgold")
    assert browser.get("/lists?key=the-key").status_code == 303, "no key lets anybody in where people sign in"
    assert browser.post("/audience/save", data={"name": "x"}).headers["location"].startswith("/login")
    came = sign_in(browser, "1", "/lists?q=gold")
    assert (came.status_code, came.headers["location"]) == (303, "/lists?q=gold")
    assert browser.get("/lists").status_code == 503, "let in; nothing is published here"


def test_nobody_is_sent_to_another_site_after_signing_in(browser):
    for to in ("https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", ""):
        assert sign_in(browser, "1", to).headers["location"] == "/"


def test_roles_are_those_of_the_file_by_name_and_by_group(browser, home):
    sign_in(browser, "1")
    assert browser.get("/audience").status_code == 503
    token = re.search(r'name="token" value="([^"]+)"', browser.get("/lists").text)[1]
    refused = browser.post("/lists/care/export", data={"token": token})
    assert refused.status_code == 403 and "You are li.wei (marketer); it takes the role steward" in refused.text
    (row,) = audit.trail(home).entries()
    assert (row["user"], row["role"], row["action"], row["of"]) == ("li.wei", "marketer", "refused", "console lists")
    sign_in(browser, "2")
    assert browser.get("/audience").status_code == 503, "anna is a steward"


def test_the_name_of_the_account_of_the_home_gives_nobody_its_rights(browser):
    sign_in(browser, "4")
    assert browser.get("/").status_code == 403
    assert "You are root (no role)" in browser.get("/").text


def test_without_a_file_of_roles_nobody_may_do_anything(browser, home):
    roles.roles_file(home).unlink()
    sign_in(browser, "2")
    assert browser.get("/").status_code == 403


def test_whom_the_provider_does_not_name_is_told(browser):
    told = sign_in(browser, "3")
    assert told.status_code == 403 and "says no preferred_username of you" in told.text
    assert browser.get("/").status_code == 303


def test_an_answer_that_nobody_asked_for_signs_nobody_in(browser, issuer, home):
    sent = browser.get("/login")
    back = httpx2.post(sent.headers["location"], data={"sub": "2"}).headers["location"]
    other = TestClient(browser.app, ADDRESS, follow_redirects=False)
    assert other.get(back).status_code == 403, "another browser than the one that asked"
    assert other.get("/").status_code == 303
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert browser.get("/login/done", params={"state": state, "code": "made-up"}).status_code == 403


def test_the_provider_may_refuse(browser):
    browser.get("/login")
    told = browser.get("/login/done", params={"error": "access_denied", "error_description": "not <b>you</b>"})
    assert told.status_code == 403 and "not &lt;b&gt;you" in told.text


def test_a_session_that_was_made_up_or_changed_is_none(browser, home, issuer):
    sign_in(browser, "1")
    real = browser.cookies[COOKIE]
    for made_up in (real[:-3] + "abc", "eyJ1c2VyIjogImFubmEifQ==.aaa.bbb", ""):
        other = TestClient(browser.app, ADDRESS, follow_redirects=False, cookies={COOKIE: made_up})
        assert other.get("/").status_code == 303
    restarted = application(Console(home, (), "other-key", Login(Provider(issuer, "telco360", "a secret", ADDRESS))))
    assert TestClient(restarted, ADDRESS, follow_redirects=False, cookies={COOKIE: real}).get("/").status_code == 303


def test_signing_out_ends_it_and_needs_the_token(browser):
    sign_in(browser, "1")
    assert browser.post("/logout").status_code == 403 and browser.get("/").status_code == 503
    token = re.search(r'name="token" value="([^"]+)"', browser.get("/").text)[1]
    assert "You are signed out" in browser.post("/logout", data={"token": token}).text
    assert browser.get("/").status_code == 303


def test_the_token_of_one_is_not_that_of_another(browser):
    sign_in(browser, "1")
    first = re.search(r'name="token" value="([^"]+)"', browser.get("/").text)[1]
    sign_in(browser, "2")
    assert browser.post("/lists/care/export", data={"token": first}).status_code == 403


@pytest.fixture
def settings(tmp_path, monkeypatch) -> dict[str, str]:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    secret.chmod(0o600)
    given = {
        "TELCO360_OIDC_ISSUER": "https://id.example/",
        "TELCO360_OIDC_CLIENT": "telco360",
        "TELCO360_OIDC_SECRET_FILE": str(secret),
        "TELCO360_CONSOLE_ADDRESS": "https://console.example/",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return given


def test_settings_name_the_provider(settings, monkeypatch):
    assert provider() == Provider("https://id.example", "telco360", "s3cret", "https://console.example")
    require_reachable("0.0.0.0", provider())
    monkeypatch.delenv("TELCO360_OIDC_ISSUER")
    assert provider() is None


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TELCO360_OIDC_CLIENT", "", "set TELCO360_OIDC_CLIENT too"),
        ("TELCO360_CONSOLE_ADDRESS", "", "set TELCO360_CONSOLE_ADDRESS too"),
        ("TELCO360_CONSOLE_ADDRESS", "http://console.example", "must begin with https://"),
        ("TELCO360_OIDC_ISSUER", "http://id.example", "must begin with https://"),
        ("TELCO360_OIDC_SECRET_FILE", "/nowhere/secret", "cannot be read"),
    ],
)
def test_settings_that_would_let_somebody_in_unseen_are_refused(name, value, said, settings, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=said):
        provider()


def test_a_secret_that_others_may_read_is_refused(settings, tmp_path):
    (tmp_path / "secret").chmod(0o640)
    with pytest.raises(SettingsError, match="chmod 600"):
        provider()
