"""The console's frame: who comes in, what is told where there is nothing to show, and which headers go with it."""

import os
import re
import shutil
import socket
import threading

import duckdb
import pytest
from made_warehouse import made_home, made_version
from starlette.requests import Request
from starlette.testclient import TestClient

from orchestration.base import roles
from orchestration.base.errors import WarehouseError
from orchestration.base.settings import Home, SettingsError
from orchestration.cli.console import require_free, require_reachable
from orchestration.console import versions
from orchestration.console.app import Console, application, same_page
from orchestration.console.versions import NothingPublished, Versions
from orchestration.warehouse.build import run_lock

HERE = "http://127.0.0.1:3360"


@pytest.fixture
def home(tmp_path) -> Home:
    made = Home(tmp_path / "home")
    made.root.mkdir()
    return made


def browser(home: Home, entered: bool = True) -> TestClient:
    found = TestClient(application(Console(home, (), "the-key")), HERE, raise_server_exceptions=False)
    if entered:
        found.get("/?key=the-key")
    return found


def test_nobody_comes_in_without_the_key(home):
    for address in ("/", "/?key=", "/?key=guess", "/definitions", "/version"):
        answer = browser(home, entered=False).get(address)
        assert answer.status_code == 403 and "telco360 console printed" in answer.text


def test_the_key_is_shown_once_and_does_not_stay_in_the_address(home):
    answer = browser(home, entered=False).get("/definitions?q=churn&key=the-key", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/definitions?q=churn")
    assert "HttpOnly" in answer.headers["set-cookie"]


def test_a_name_of_another_machine_is_refused(home):
    assert browser(home).get("/", headers={"host": "telco360.example"}).status_code == 400


def test_nothing_published_and_being_built_are_told_apart(home):
    answer = browser(home).get("/")
    assert answer.status_code == 503 and "Nothing is published yet" in answer.text and "telco360 nightly" in answer.text
    with run_lock(home):
        assert "is being built" in browser(home).get("/").text


def test_a_version_whose_file_is_lost_is_told_with_what_to_do(home):
    made_version(made_home(home.root)).path.unlink()
    answer = browser(home).get("/")
    assert answer.status_code == 503 and "The published version is missing" in answer.text and "rollback" in answer.text


def test_the_address_of_a_form_leads_to_its_page(home):
    for address, page in (
        ("/lists/care/approve", "/lists/care"),
        ("/lists/care/approve?lang=zh", "/lists/care?lang=zh"),
        ("/audience/save", "/audience"),
    ):
        answer = browser(home).get(address, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, page)
    assert browser(home).put("/").status_code == 405


def test_what_is_told_of_a_form_offers_the_other_language_of_its_page(home):
    answer = browser(home).post("/lists/care/approve", data={"token": "of another console"})
    assert answer.status_code == 403 and 'href="/lists/care?lang=zh"' in answer.text


def test_a_version_that_goes_is_told_and_the_next_is_opened(home):
    shown = Versions(home, ())
    first = made_version(made_home(home.root))
    assert shown.current().version.name == first.name
    kept = shown.current()
    second = made_version(made_home(home.root))
    assert shown.current().version.name == second.name
    first.path.unlink()
    assert kept.ask("select count(*) as n from core.dim_people") == (["n"], [(30,)])
    home.current.unlink()
    with pytest.raises(NothingPublished):
        shown.current()


def test_a_version_written_anew_under_its_name_is_opened_again(home):
    shown = Versions(home, ())
    made = made_version(made_home(home.root))
    before = shown.current()
    assert shown.current() is before
    counted = "select count(*) from core.dim_people"
    assert before.ask(counted)[1] == [(30,)]
    anew = made.path.with_suffix(".anew")
    shutil.copy(made.path, anew)
    anew.chmod(0o600)
    with duckdb.connect(str(anew)) as db:
        db.execute("delete from core.dim_people where person_id = (select min(person_id) from core.dim_people)")
    os.replace(anew, made.path)  # as an erasure does
    held: list[object] = [before]
    held.append(held)  # what a page is made of may refer to itself
    pages = {"one": held}
    del held
    threading.Timer(0.3, pages.clear).start()
    del before  # a page that is being made ends in a moment
    assert shown.current().ask(counted)[1] == [(29,)], "whoever was erased is on no page"


def test_a_page_that_never_ends_keeps_no_erased_person_on_others(home, monkeypatch):
    monkeypatch.setattr(versions, "LONGEST_WAIT", 0.1)
    shown = Versions(home, ())
    made = made_version(made_home(home.root))
    held = shown.current()
    anew = made.path.with_suffix(".anew")
    shutil.copy(made.path, anew)
    os.replace(anew, made.path)
    with pytest.raises(WarehouseError, match="reload in a minute"):
        shown.current()
    del held
    assert shown.current().version.name == made.name


def test_rows_of_queries_are_kept_up_to_a_limit(home, monkeypatch):
    monkeypatch.setattr(versions, "KEPT_QUERIES", 2)
    monkeypatch.setattr(versions, "KEPT_ROWS", 10)
    made_version(made_home(home.root))
    opened = Versions(home, ()).current()
    asked = [f"select {number} as n" for number in range(4)]
    for query in (*asked, "select person_id from core.dim_people"):
        opened.ask(query)
    assert list(opened._kept) == asked[-2:], "thirty rows are too many"
    assert opened.ask(asked[0]) == (["n"], [(0,)])


def test_pages_and_errors_alike_forbid_scripts_from_elsewhere_and_framing(home):
    for address in ("/", "/none", "/?key=the-key", "/version"):
        headers = browser(home).get(address, follow_redirects=False).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"] and headers["x-content-type-options"] == "nosniff"


def test_no_page_holds_a_script_or_style_that_the_policy_would_refuse(home):
    text = browser(home).get("/").text
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=", text)


def test_the_language_is_the_browsers_until_one_is_chosen(home):
    client = browser(home)
    assert "尚无已发布的版本" in client.get("/", headers={"accept-language": "zh-CN,zh;q=0.9"}).text
    assert "Nothing is published" in client.get("/").text
    assert "尚无已发布的版本" in client.get("/?lang=zh").text
    assert "尚无已发布的版本" in client.get("/definitions").text


def test_whoever_has_no_role_is_told_which_it_takes(home, monkeypatch):
    roles.roles_file(home).write_text("steward: {users: [anna]}\n")
    roles.roles_file(home).chmod(0o600)
    monkeypatch.setenv("SUDO_USER", "li.wei")
    answer = browser(home).get("/")
    assert answer.status_code == 403 and "You are li.wei (no role)" in answer.text


def test_what_is_given_comes_escaped(home):
    made_version(made_home(home.root))
    assert "<b>" not in browser(home).get("/definitions?q=<b>").text


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::", "telco360.example"])
def test_others_than_this_machine_cannot_be_listened_to(host):
    with pytest.raises(SettingsError, match="ssh -L"):
        require_reachable(host, None)
    require_reachable("127.0.0.1", None)


def test_a_port_that_another_program_has_is_told():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(SettingsError, match="name another with --port"):
            require_free("127.0.0.1", other.getsockname()[1])
    require_free("127.0.0.1", 0)  # any that is free


def test_an_address_keeps_what_is_not_changed():
    asked = Request(
        {
            "type": "http",
            "method": "GET",
            "path": "/lists",
            "query_string": b"region=R+1&lang=zh",
            "headers": [],
            "server": ("a", 80),
        }
    )
    assert same_page(asked, lang="en") == "/lists?region=R+1&lang=en"
    assert same_page(asked, lang=None, region=None) == "/lists"
