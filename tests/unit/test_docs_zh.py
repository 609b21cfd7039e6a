"""Chinese pages (`*.zh-CN.md`) are in step with the English ones: headings, paragraphs, tables, code, links, names."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestration.base.settings import PROJECT_DIR
from tests.unit.test_docs import anchor

SUFFIX = ".zh-CN.md"
PAGES = sorted(page for folder in (PROJECT_DIR, PROJECT_DIR / "docs") for page in folder.glob(f"*{SUFFIX}"))
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) (.*)$", re.MULTILINE)
CODE = re.compile(r"(`+)(.+?)\1", re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
ITEM = re.compile(r"^ *(?:[-*]|\d+\.) ", re.MULTILINE)
HAN = re.compile(r"[\u4e00-\u9fff]")
ENGLISH = re.compile(r"(?:[A-Za-z][A-Za-z'’-]*[,;:.]? ){7}[A-Za-z]+")


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it, up to the next. `shape`: by paragraph, columns of each table row, and list items."""

    level: int
    title: str
    shape: list[tuple[list[int], int]]
    blocks: list[str]
    links: list[str]
    names: set[str]


def sections(text: str) -> list[Section]:
    """The sections of a page in their order; what stands before the first heading is one of level 0."""
    blocks = FENCE.findall(text)
    headless, *parts = re.split(r"^(#+ .*)$", FENCE.sub("\n\n<block>\n\n", text), flags=re.MULTILINE)
    found = []
    for heading, body in zip(["", *parts[::2]], [headless, *parts[1::2]], strict=True):
        told = HEADING.match(heading)
        here = [blocks.pop(0) for _ in re.findall(r"^<block>$", body, re.MULTILINE)]
        chunks = [chunk for chunk in re.split(r"\n\s*\n", body) if chunk.strip()]
        level, title = (len(told[1]), told[2]) if told else (0, "")
        names = {" ".join(name.split()) for _, name in CODE.findall(body)}
        found.append(Section(level, title, [shape(chunk) for chunk in chunks], here, sorted(LINK.findall(body)), names))
    return found


def shape(chunk: str) -> tuple[list[int], int]:
    """How many columns each row of a table has, and how many items a list."""
    rows = [line for line in chunk.splitlines() if line.startswith("|")]
    return [len(re.findall(r"(?<!\\)\|", row)) - 1 for row in rows], len(ITEM.findall(chunk))


def differences(english: str, chinese: str, link: Callable[[str], str] = str) -> list[str]:
    """In what a Chinese page is not in step; empty where it is. `link`: what a link of the English page is on the Chinese one."""
    ours, theirs = sections(english), sections(chinese)
    if [section.level for section in ours] != [section.level for section in theirs]:
        return [f"other levels of headings: {[(s.level, s.title) for s in ours]}, {[(s.level, s.title) for s in theirs]}"]
    found = []
    for one, other in zip(ours, theirs, strict=True):
        pairs = {
            "paragraphs, rows or items": (one.shape, other.shape),
            "code blocks": (one.blocks, other.blocks),
            "links": (sorted(map(link, one.links)), other.links),
            "names in code": (sorted(one.names - other.names), sorted(other.names - one.names)),
        }
        found += [f"{one.title}: other {what}: {here}, {there}" for what, (here, there) in pairs.items() if here != there]
    return found


def untranslated(text: str) -> list[str]:
    """Runs of eight English words and more outside code."""
    return [match[0] for match in ENGLISH.finditer(LINK.sub("]", CODE.sub("`", FENCE.sub("", text))))]


def chinese_share(text: str) -> float:
    """Chinese signs among all letters outside code and links, 0 to 1."""
    said = LINK.sub("]", CODE.sub("", FENCE.sub("", text)))
    han, latin = len(HAN.findall(said)), len(re.findall(r"[A-Za-z]", said))
    return han / (han + latin) if han else 0.0


def english_page(page: Path) -> Path:
    return page.with_name(page.name.removesuffix(SUFFIX) + ".md")


def chinese_link(page: Path, link: str) -> str:
    """What a link of the English `page` is on its Chinese page: to the Chinese page and heading where there is one; back to the
    English page where it led to the Chinese."""
    if link.endswith("_en.png"):
        return link.removesuffix("_en.png") + "_zh.png"  # a picture of a page in either language
    name, _, heading = link.partition("#")
    target = Path(os.path.normpath(page.parent / name)) if name else page
    if "://" in link or not target.name.endswith(".md"):
        return link
    if target.name.endswith(SUFFIX):
        return name.removesuffix(SUFFIX) + ".md"
    twin = target.with_name(target.stem + SUFFIX)
    if not twin.exists():
        return link
    there = name.removesuffix(".md") + SUFFIX if name else ""
    if heading:
        anchors = [[anchor(section.title) for section in sections(file.read_text(encoding="utf-8"))] for file in (target, twin)]
        there += "#" + dict(zip(*anchors, strict=False)).get(heading, heading)  # out of step: the twin's own test says where
    return there


def test_there_are_chinese_pages_and_each_has_an_english_one():
    assert {page.name.removesuffix(SUFFIX) for page in PAGES} >= {"README", "analysts", "target-lists", "deliveries"}
    assert all(english_page(page).exists() for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_chinese_page_is_in_step_with_the_english_one(page):
    original = english_page(page)
    english = original.read_text(encoding="utf-8")
    assert page.name in LINK.findall(english), f"{original.name} does not link {page.name}"
    assert differences(english, page.read_text(encoding="utf-8"), lambda link: chinese_link(original, link)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_chinese_page_is_in_chinese(page):
    text = page.read_text(encoding="utf-8")
    assert untranslated(text) == []
    assert chinese_share(text) > 0.6


ORIGINAL = """# Lists

See [rules](rules.md#caps) on `limit`.

| key | is |
|---|---|
| `a` | one |

- first
- second

```sh
telco360 lists check   # a comment
```

## Caps

At most `days_7`.
"""
IN_STEP = """# 清单

`limit` 见[规则](rules.md#caps)。

| 键 | 含义 |
|---|---|
| `a` | 一 |

- 第一
- 第二

```sh
telco360 lists check   # a comment
```

## 上限

最多`days_7`。
"""


def test_pages_in_step_do_not_differ():
    assert differences(ORIGINAL, IN_STEP) == []


@pytest.mark.parametrize(
    ("here", "there", "told"),
    [
        ("## 上限", "### 上限", "other levels of headings"),
        ("## 上限\n", "", "other levels of headings"),
        ("# a comment", "# 注释", "Lists: other code blocks"),
        ("```sh\ntelco360 lists check   # a comment\n```\n", "", "Lists: other code blocks"),
        ("rules.md#caps", "rules.md", "Lists: other links"),
        ("| `a` | 一 |\n", "| `a` | 一 |\n| `a` | 二 |\n", "Lists: other paragraphs, rows or items"),
        ("| `a` | 一 |\n", "| `a` | 一 | 二 |\n", "Lists: other paragraphs, rows or items"),
        ("- 第二\n", "", "Lists: other paragraphs, rows or items"),
        ("最多`days_7`。", "最多`days_7`。\n\n再说一段。", "Caps: other paragraphs, rows or items"),
        ("`days_7`", "`days_30`", "Caps: other names in code"),
    ],
)
def test_each_difference_is_told(here, there, told):
    assert here in IN_STEP
    assert any(line.startswith(told) for line in differences(ORIGINAL, IN_STEP.replace(here, there)))


def test_links_lead_to_the_chinese_page_and_heading_where_there_is_one(tmp_path):
    for name, text in {"a.md": ORIGINAL, "a.zh-CN.md": IN_STEP, "b.md": ORIGINAL}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    links = {
        "a.md": "a.zh-CN.md",
        "a.md#caps": "a.zh-CN.md#上限",
        "b.md#caps": "b.md#caps",
        "a.zh-CN.md": "a.md",
        "#caps": "#上限",
        "seeds/a.csv": "seeds/a.csv",
        "https://example.org/a.md": "https://example.org/a.md",
    }
    assert {link: chinese_link(tmp_path / "a.md", link) for link in links} == links


def test_english_left_in_a_chinese_page_is_found():
    assert untranslated(IN_STEP) == []
    assert untranslated(IN_STEP + "\nThis sentence was left in English by mistake.\n")
    assert chinese_share(IN_STEP) > 0.6 > chinese_share(ORIGINAL)
