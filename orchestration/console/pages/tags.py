"""The tag library: all tags of an entity by category and group, searched in both languages."""

from orchestration.catalog.tags import ENTITIES, Tag
from orchestration.console.context import Context, Values
from orchestration.tags.catalogue import search
from orchestration.warehouse.manifest import SUBSCRIBER

Tree = list[tuple[str, list[tuple[str, list[Tag]]]]]
"""Categories, in each the groups, in each the tags."""


def tags(context: Context) -> Values:
    asked, words = context.given.get("entity"), context.given.get("q", "")
    entity = asked if asked in ENTITIES else SUBSCRIBER
    entries = list(context.version.catalog.tags(entity).values())
    found = search(entries, words) if words.strip() else []
    return {
        "words": words,
        "entity": entity,
        "entities": ENTITIES,
        "count": len(entries),
        "found": found,
        "tree": tree(context, entries),
    }


def tree(context: Context, entries: list[Tag]) -> Tree:
    """The tags by category and group, called as in the reader's language, in the order of the catalogue."""
    found: dict[str, dict[str, list[Tag]]] = {}
    for entry in entries:
        category = context.named(entry.category, entry.category_zh)
        group = context.named(entry.group, entry.group_zh)
        found.setdefault(category, {}).setdefault(group, []).append(entry)
    return [(category, list(groups.items())) for category, groups in found.items()]
