"""The catalogue of texts: each is used, none is missing, and both languages have the same places to fill."""

import ast
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from string import Formatter

import pytest

from orchestration.base.settings import PROJECT_DIR
from orchestration.base.words import Message
from orchestration.console import texts
from orchestration.console.pages import PAGES

ROOT = texts.FILE.parent
SOURCES = {path: path.read_text(encoding="utf-8") for path in (*ROOT.rglob("*.py"), *ROOT.rglob("*.html"))}
ALL = "\n".join(SOURCES.values())
EVIDENCE = "\n".join(path.read_text(encoding="utf-8") for path in (PROJECT_DIR / "models" / "marts" / "tags").glob("*.yml"))


def named() -> set[str]:
    """Keys that sources name whole: t("layout.menu"), text('told.next')."""
    return set(re.findall(r"""(?:\bt|\btext)\(\s*["']([a-z_0-9.]+[a-z_0-9])["'] *[,)]""", ALL))


@cache
def messages() -> list[tuple[str, set[str]]]:
    return list(_messages())


def _messages() -> Iterator[tuple[str, set[str]]]:
    """Code and facts of every message that a module makes: Message.of("code", "English", fact=…), wrong("code", …)."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (PROJECT_DIR / "orchestration").rglob("*.py")]
    named = {
        node.targets[0].id: node.value.value
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Constant)
    }
    for call in (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if ast.unparse(call.func) in ("Message.of", "wrong", "self.wrong"):
            code = next(
                (given for each in call.args if isinstance(given := ast.literal_eval(each) if isinstance(each, ast.Constant)
                 else named.get(ast.unparse(each)), str)), None,
            )  # fmt: skip
            if code:
                yield code, {keyword.arg for keyword in call.keywords if keyword.arg}


def fields(text: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(text) if field}


def is_used(key: str) -> bool:
    """Whether a source names the key, its page has that name, or a source names its group and its last word."""
    group, _, last = key.rpartition(".")
    page = key.partition(".")[0]
    if page == "said":
        return last == "flagged" or last in {code for code, _ in messages()}
    if page in ("columns", "values", "units"):  # by what a table holds, or a tag is told by
        return page != "columns" or re.search(rf"\b{last}\b", ALL + EVIDENCE) is not None
    if key in named() or (last in ("title", "lead") and page in {each.name for each in PAGES}):
        return True
    is_of_group = f'"{group}." ~' in ALL and re.search(rf"""["']{last}["']""", ALL) is not None
    return is_of_group or page == "told" or f'"{last}"' in "\n".join(text for path, text in SOURCES.items() if path.stem == page)


def test_each_text_is_used():
    assert [key for key in texts.catalogue() if not is_used(key)] == []


def test_no_text_is_missing():
    needed = named() | {f"{page.name}.title" for page in PAGES if page.method == "GET"}
    assert needed - texts.catalogue().keys() == set()


@pytest.mark.parametrize("key", texts.catalogue())
def test_both_languages_fill_the_same_places(key):
    english, chinese = map(fields, texts.catalogue()[key].values())
    assert english == chinese


def test_each_message_of_lists_and_tags_has_words_that_its_facts_fill():
    assert len(messages()) > 100
    for code, facts in messages():
        key = f"said.{code}"
        assert key in texts.catalogue(), code
        assert fields(texts.catalogue()[key]["zh"]) <= facts, code


AGE = Message.of("data_age", "of {as_of}, {in_words}", as_of=date(2026, 3, 1), today=date(2026, 3, 4), days=3, in_words="3 days")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (Message.of("old_data", "{age}.", age=AGE), "数据较旧：数据截至 2026-03-01，距 2026-03-04 的执行已有 3 天。"),
        (Message.joined([AGE, "as it is"], "; "), "数据截至 2026-03-01，距 2026-03-04 的执行已有 3 天；as it is"),
        (Message.of("no_such_code", "{n} of {m}", n=1, m=2), "1 of 2"),
        (Message.of("at_key", "{key}: {problem}", key="limit", problem="wrong"), "limit：wrong"),
        ("no message", "no message"),
    ],
)
def test_a_message_is_said_in_chinese_with_the_messages_in_it(words, said):
    assert texts.said(words, "zh") == said


OF_COMMANDS_ALONE = {
    "targeting": {"history.py", "imports.py", "offers.py", "rebuild.py", "table_file.py"},
    "tags": {"catalogue.py", "diff.py", "rules.py", "why.py"},
    "console": {"login.py", "texts.py"},
}
"""Modules by package whose errors without a code no page shows: they are of other commands, or end the console's start."""


OURS = {
    "ListError", "DefinitionError", "ExpressionError", "ScheduleError", "ScriptError", "FileError", "CatalogError", "SeedError",
    "WarehouseError", "SettingsError", "NotPermitted", "HomeBusy", "LoginError",
}  # fmt: skip


def test_errors_that_pages_show_have_a_code():
    plain = []
    for package, others in OF_COMMANDS_ALONE.items():
        for path in (PROJECT_DIR / "orchestration" / package).rglob("*.py"):
            raised = [node.exc for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Raise)]
            plain += [
                f"{path}: {ast.unparse(call)}"
                for call in raised
                if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.JoinedStr | ast.Constant)
                if path.name not in others and ast.unparse(call.func) in OURS
            ]
    assert plain == []


def test_facts_of_messages_are_told_as_people_read_them_and_never_taken_for_places():
    words = Message.of("not_known", "{measure} is not known", measure="{arpu}")
    assert str(words) == "{arpu} is not known"
    assert texts.said(words, "zh", lambda name, fact: f"<{name} {fact}>") == "<measure {arpu}>未知"


def test_figures_of_pages_have_titles():
    for path, text in SOURCES.items():
        for name in re.findall(r"""context\.figure\(\s*["']([a-z_0-9]+)["']""", text):
            assert f"{path.stem}.{name}" in texts.catalogue(), f"{path.name}: {name}"
