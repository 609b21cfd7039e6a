"""Where a tag's evidence stands: the public table of one row a member that has the column. Reads the manifest, no database."""

from collections.abc import Iterator

from orchestration.catalog.tags import Tag
from orchestration.warehouse.manifest import Model, Models, require_serving


def key_of(models: Models, entity: str) -> str:
    """The column that tells an entity's members apart: the grain of its 360° table.

    Raises WarehouseError where the entity has no such table.
    """
    (key,) = require_serving(models, "tag_values", entity).meta["grain"]
    return str(key)


def holders(models: Models, entry: Tag) -> Iterator[Model]:
    """Tables that may show the evidence of a tag, the preferred first.

    The entity's 360° table; then, of all that the tag's model is made of, nearest first, public tables of one row a member.
    """
    by_name = {m.name: m for m in models}
    whole = require_serving(models, "tag_values", entry.entity)
    yield whole
    seen, level = {whole.name}, [entry.model]
    while level:
        for name in level:
            model = by_name[name]
            if model.is_public and model.meta.get("grain") == whole.meta["grain"] and name not in seen:
                yield model
        seen.update(level)
        parents = dict.fromkeys(parent for name in level for parent in by_name[name].parents)
        level = [name for name in parents if name in by_name and name not in seen]


def columns_of(models: Models, model: Model) -> set[str]:
    """The columns of a table as the manifest knows them; one that lists none has those of the tables it joins."""
    if model.columns:
        return set(model.columns)
    by_name = {m.name: m for m in models}
    return {column for parent in model.parents if parent in by_name for column in columns_of(models, by_name[parent])}


def unresolved(models: Models, entry: Tag) -> list[str]:
    """Evidence columns that no public table of one row a member has: their figures could not be shown."""
    known = {column for model in holders(models, entry) for column in columns_of(models, model)}
    return [column for column in entry.evidence if column not in known]
