"""The page docs/tags.md: every tag as its YAML describes it, English and Chinese. Made from manifest and seeds, no database."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from orchestration.base.settings import PROJECT_DIR
from orchestration.catalog.tags import Tag, entity_place
from orchestration.catalog.written import written
from orchestration.tags.catalogue import bounds, named
from orchestration.warehouse.manifest import Models
from orchestration.warehouse.seeds import band_names

PAGE = PROJECT_DIR / "docs" / "tags.md"

HEAD = """# Tags

标签目录. Every tag there is, made from the YAML of `models/marts/tags/` by `telco360 tags docs`: change it there. How to add one:
[adding-a-tag.md](adding-a-tag.md). `telco360 tags show TAG` tells the same of the published version, with members by value;
`telco360 tags why SUBSCRIBER TAG` tells why a line carries it.
"""

COLUMNS = (
    "tag", "标签", "kind, unit", "meaning", "含义", "values", "evidence", "owner", "refresh", "version, since",
)  # fmt: skip


def page(models: Models) -> str:
    """The whole page."""
    entries = written(models)
    parts = [HEAD, *_counts(entries)]
    for (_, entity), tags in groupby(entries, key=lambda e: entity_place(e.entity)):
        parts.append(f"## {entity}\n")
        for category, group in groupby(tags, key=lambda e: e.category):
            own = list(group)
            parts += [f"### {named(category, own[0].category_zh)}\n", *_by_group(own)]
    return "\n".join(parts)


def _counts(entries: Sequence[Tag]) -> list[str]:
    entities = list(dict.fromkeys(e.entity for e in entries))
    categories = sorted({(e.category, e.category_zh) for e in entries})
    own = Counter((e.category, e.entity) for e in entries)
    by_category, by_entity = Counter(e.category for e in entries), Counter(e.entity for e in entries)
    rows = [(named(code, zh), *(own[code, entity] or "" for entity in entities), by_category[code]) for code, zh in categories]
    rows.append(("all", *(by_entity[entity] for entity in entities), len(entries)))
    return _table(("category", *entities, "all"), rows)


def _by_group(tags: Sequence[Tag]) -> list[str]:
    groups = list(dict.fromkeys((e.group, e.group_zh) for e in tags))
    return [line for group in groups for line in _group(group, [e for e in tags if (e.group, e.group_zh) == group])]


def _group(group: tuple[str, str], tags: Sequence[Tag]) -> list[str]:
    title = [f"**{named(*group)}**\n"] if group[0] else []
    return [*title, *_table(COLUMNS, [_row(entry) for entry in tags])]


def _row(entry: Tag) -> tuple[Any, ...]:
    values = entry.values or dict.fromkeys(band_names(entry.values_from) if entry.values_from else (), "")
    return (
        f"`{entry.name}`",
        entry.label_zh,
        f"{entry.kind}{f', {entry.unit}' if entry.unit else ''}{bounds(entry)}",
        entry.description + ("" if entry.status == "active" else f" **{entry.status} {entry.withdrawn_on}**"),
        entry.description_zh,
        ", ".join(f"`{value}` {label}".strip() for value, label in values.items()),
        ", ".join(f"`{column}`" for column in entry.evidence),
        entry.owner,
        entry.refresh,
        f"{entry.version}, {entry.since}" if entry.since else str(entry.version or ""),
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [*("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines), ""]


def _cell(cell: object) -> str:
    return " ".join(str(cell).split()).replace("|", "\\|")
