"""What a console does where there is nothing, or far too much, or a text that means harm: each page says what is so."""

import contextlib
import html
import shutil
from collections.abc import Iterator
from itertools import count
from urllib.parse import quote

import duckdb
import pytest
from console_kit import KEY, PLAN, SEED, WHERE, copied, entered, paths, post, rows_of
from starlette.testclient import TestClient

from orchestration.base.settings import Home
from orchestration.console.app import Console
from orchestration.console.pages import PAGES
from orchestration.console.versions import Versions
from orchestration.targeting import ledger
from orchestration.warehouse.build import run_lock
from orchestration.warehouse.manifest import load_models
from orchestration.warehouse.reading import published


@pytest.fixture(scope="module")
def home(oracle_run, tmp_path_factory) -> Iterator[Home]:
    with copied(oracle_run(SEED), tmp_path_factory.mktemp("console") / "home") as made:
        yield made


@pytest.fixture(scope="module")
def console(home, manifest) -> Console:
    return Console(home, load_models(manifest), KEY)


@pytest.fixture
def browser(console) -> TestClient:
    """A browser of the account that owns the home, or of whoever `SUDO_USER` names."""
    return entered(console)


def test_a_list_whose_file_is_gone_shows_its_runs_and_what_to_do(browser, console, home):
    assert post(browser, console, "/audience/save", **PLAN | {"name": "passing", "en": "Passing"}).status_code == 200
    assert post(browser, console, "/lists/passing/approve", by="boss").status_code == 200
    assert post(browser, console, "/lists/passing/export").status_code == 200
    (home.target_lists / "passing.yml").unlink()
    page = browser.get("/lists/passing")
    assert page.status_code == 200
    for words in ("The file of this list is gone", "write passing.yml in target_lists/ again", "Export", "where: is_on_net"):
        assert words in page.text, words
    run = next(run for run in ledger.current_runs(home) if run["list_name"] == "passing")
    assert f"{run['exported']:,}" in page.text and "/lists/passing/export" not in page.text
    assert rows_of(browser.get("/lists/passing?csv=waterfall").content.decode("utf-8-sig"))
    assert '<a href="/lists/passing">' in browser.get("/lists").text
    assert "定义文件已不存在" in browser.get("/lists/passing", headers={"accept-language": "zh"}).text
    for act in ("reach", "export", "file", "members", "approve", "retire"):
        answer = post(browser, console, f"/lists/passing/{act}")
        assert answer.status_code == 400 and "There is no list passing" in answer.text, act
    assert "There is no list nowhere" in browser.get("/lists/nowhere").text


def test_hundreds_of_lists_and_long_texts_are_shown(browser, console, home):
    assert post(browser, console, "/audience/save", **PLAN | {"name": "own"}).status_code == 200
    draft = (home.target_lists / "own.yml").read_text()
    for number in range(500):
        (home.target_lists / f"many_{number:03}.yml").write_text(
            draft.replace("name: own", f"name: many_{number:03}").replace("A call of thanks.", "很长" * 400)
        )
    page = browser.get("/lists")
    assert page.status_code == 200 and page.text.count("/lists/many_") == 500
    assert "很长" * 400 in browser.get("/lists/many_007").text
    for path in home.target_lists.glob("many_*.yml"):
        path.unlink()


def test_a_newer_version_is_told_to_a_page_of_an_older_one(browser, home):
    shown = Versions(home, ()).current().version.name
    assert browser.get("/version", params={"shown": shown}).status_code == 204
    assert "A newer version is published" in browser.get("/version", params={"shown": "telco360_2020-01-01_x"}).text


NUMBERS = count()


@contextlib.contextmanager
def published_instead(home: Home, *changes: str):
    """A version that differs by these statements, in place of the current one for as long as the context is open."""
    current = home.current.resolve()
    other = current.with_name(f"telco360_2099-01-01_{next(NUMBERS)}.duckdb")
    shutil.copy(current, other)
    other.chmod(0o600)
    with duckdb.connect(str(other)) as db:
        for change in changes:
            db.execute(change)
    shutil.copy(current.with_suffix(".json"), other.with_suffix(".json"))
    home.current.unlink()
    home.current.symlink_to(other.name)
    try:
        yield
    finally:
        home.current.unlink()
        home.current.symlink_to(current.name)
        other.unlink()
        other.with_suffix(".json").unlink()


def test_a_version_of_other_code_is_told(browser, home):
    with published_instead(home, "alter table churn.alerts rename column severity to grade"):
        answer = browser.get("/")
    assert answer.status_code == 400 and "published by other code" in answer.text
    assert browser.get("/").status_code == 200


def test_an_operator_without_a_row_has_pages_that_say_so(browser, console, home):
    addresses = [*paths(home), *(f"{page.path}?region=north&manager=m1" for page in PAGES if page.filters)]
    with published(home) as db:
        tables = db.execute(
            "select table_schema || '.' || table_name from information_schema.tables where table_type = 'BASE TABLE'"
        ).fetchall()
    deleted = [f"delete from {table}" for (table,) in tables if not table.startswith("seeds.") and table != "tags.tag_catalog"]
    with published_instead(home, *deleted):
        for address in addresses:
            answer = browser.get(address)
            assert answer.status_code in (200, 400 if address.startswith("/customer?id=") else 200), (
                f"{address}: {answer.text[-900:]}"
            )
        assert "of 0 lines match" in post(browser, console, "/audience/text", where=WHERE).text
        answer = post(browser, console, "/audience/reach", where=WHERE)
        assert answer.status_code in (200, 400) and "The console made a mistake" not in answer.text


def test_three_hundred_tags_more_are_in_the_builder_and_the_library(browser, home):
    names = [f"made_up_{n:03}" for n in range(300)]
    more = [
        f"insert into tags.tag_catalog select * replace ('{name}' as tag_name, 'Made up {name}' as label_en) "
        f"from tags.tag_catalog where tag_name = 'tenure_months' and entity = 'subscriber'"
        for name in names
    ]
    with published_instead(home, *more):
        builder, library = browser.get("/audience").text, browser.get("/tags").text
    assert all(f'value="add:{name}"' in builder and f'href="/tags/subscriber/{name}"' in library for name in names)


def test_a_version_that_goes_while_a_page_is_open_is_told_and_the_next_one_is_shown(browser, home):
    shown, link = Versions(home, ()).current().version.name, home.current.readlink()
    home.current.unlink()
    assert "The published version was removed" in browser.get("/version", params={"shown": shown}).text
    for path in ("/", "/audience", "/lists"):
        answer = browser.get(path)
        assert answer.status_code == 503 and "Nothing is published yet" in answer.text
    with run_lock(home):
        assert "The first version is being built" in browser.get("/").text
    home.current.symlink_to(link)
    assert browser.get("/").status_code == 200


HOSTILE = (
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'; drop table lists; --", "{{ 7 * 7 }} {0} %s",
    "\u202eesrever", "\0nul", "javascript:alert(1)", "很长" * 5_000,
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_texts_that_mean_harm_are_shown_as_texts(text, browser, console, home):
    given = PLAN | {"name": "hostile", "en": text, "zh": text, "owner": text, "purpose": text}
    sent = post(browser, console, "/audience/save", **given)
    pages = [sent.text]
    if sent.status_code == 200:
        pages += [browser.get(path).text for path in ("/lists", "/lists/hostile", "/audience?list=hostile")]
        assert html.escape(text.replace("\0", "")) in pages[2].replace("&#34;", "&quot;").replace("&#39;", "&#x27;")
        (home.target_lists / "hostile.yml").unlink()
    pages += [browser.get(path, params={"q": text[:2000]}).text for path in ("/tags", "/definitions", "/lists", "/audience/tags")]
    pages += [browser.get("/customer", params={"id": text[:2000]}).text, browser.get(f"/lists/{quote(text[:200], safe='')}").text]
    pages += [
        post(browser, console, "/audience/text", where=text).text,
        browser.get("/audience", params={"where": text[:2000]}).text,
    ]
    for page in pages:
        assert "<script>alert" not in page and "<img src=x" not in page and "The console made a mistake" not in page
        assert 'href="javascript:' not in page and "49" not in page.partition("<h1>")[2][:60]


def test_two_who_save_a_list_of_one_name_at_once_are_told_apart(browser, console, home, monkeypatch):
    monkeypatch.setattr("orchestration.console.pages.audience.require_answers", lambda *asked: None)  # both have passed
    assert post(browser, console, "/audience/save", **PLAN | {"name": "twice"}).status_code == 200
    answer = post(browser, console, "/audience/save", **PLAN | {"name": "twice", "purpose": "Another."})
    assert answer.status_code == 400 and "there is a list twice already" in answer.text
    assert "A call of thanks." in (home.target_lists / "twice.yml").read_text()
    (home.target_lists / "twice.yml").unlink()


def test_a_form_that_holds_too_much_is_told_as_that(browser, console, home):
    answer = post(browser, console, "/audience/save", **PLAN | {"name": "far_too_long", "purpose": "很" * 30_000})
    assert answer.status_code == 413 and "This form holds too much" in answer.text
    assert not (home.target_lists / "far_too_long.yml").exists()


def test_a_list_whose_file_is_at_fault_is_told_with_what_to_do_in_both_languages(browser, home):
    path = home.target_lists / "at_fault.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text("name: at_fault\ntitle: {en: At fault, zh: 有误}\npriority: 500\nchannle: sms\ncolumns: []\nstatus: draft\n")
    for language, words in (
        ("en", ("priority: must be at most 100, not 500", "unknown key channle; did you mean channel?", "key where is missing")),
        ("zh", ("优先级：不得大于 100，现为 500", "没有 channle 这一项；您是想用 channel 吗？", "缺少 where")),
    ):
        for address in ("/lists", "/lists/at_fault"):
            text = browser.get(address, headers={"accept-language": language}).text
            assert all(each in text for each in words), address
    path.unlink()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: at_fault\ntitle: {en: 'At fault, zh: x}\n", "该处的引号没有结束（第 2 行）"),
        ("name: at_fault\npurpose: call: now\n", "含冒号的文本请加引号"),
        ("name: at_fault\nname: at_fault\n", "name 重复（第 2 行）"),
        ("- a\n", "清单定义应由若干键组成"),
    ],
)
def test_a_file_that_is_no_yaml_is_told_in_chinese(text, words, browser, home):
    path = home.target_lists / "at_fault.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    for address in ("/lists", "/lists/at_fault"):
        assert words in browser.get(address, headers={"accept-language": "zh"}).text
    path.unlink()
