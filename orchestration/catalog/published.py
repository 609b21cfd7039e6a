"""Tags as a published version catalogues them. The one place that knows the columns of the catalogue."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from orchestration.catalog.tags import CatalogError, Source, Tag, as_text, entity_place
from orchestration.warehouse.manifest import Models, require_serving
from orchestration.warehouse.reading import Reader, model_rows


def catalogued(rows: Iterable[Mapping[str, object]]) -> list[Tag]:
    """The tags of a published catalogue's rows. A column that an older catalogue lacks counts as saying nothing.

    Raises CatalogError, naming the tag, where values, evidence or sources are no JSON, or JSON of another shape.
    """
    return [_of_row(row) for row in rows]


def read_tags(reader: Reader, models: Models) -> list[Tag]:
    """The tags of the version, by entity, category and name. Raises CatalogError where the catalogue cannot be read."""
    tags = catalogued(model_rows(reader, require_serving(models, "tag_catalog")))
    return sorted(tags, key=lambda tag: (entity_place(tag.entity), tag.category, tag.name))


_COLUMNS = {"tag_name": "name", "model_name": "model", "tag_group": "group", "tag_group_zh": "group_zh"}


_PLAIN = {f.name for f in fields(Tag)} - {"values", "evidence", "sources", "version", "is_historic", "is_tracked"}


def _of_row(row: Mapping[str, Any]) -> Tag:
    named = {_COLUMNS.get(column, column): value for column, value in row.items()}
    labels = _json(named, "value_labels_zh") or {}
    return Tag(
        values={value: labels.get(value, "") for value in _values(named) or labels},
        evidence=tuple(_json(named, "evidence") or ()),
        sources=_sources(named),
        version=named.get("version"),
        is_historic=bool(named.get("is_historic")),
        is_tracked=bool(named.get("is_tracked", True)),
        **{key: as_text(named.get(key)) for key in _PLAIN & named.keys()},
    )


def _values(row: Mapping[str, Any]) -> tuple[str, ...]:
    values = _json(row, "allowed_values") or []
    if not isinstance(values, list):
        raise CatalogError(f'tag catalogue: allowed_values of tag {row["name"]} must be a JSON array, such as ["high", "low"]')
    return tuple(str(value) for value in values)


def _sources(row: Mapping[str, Any]) -> tuple[Source, ...]:
    try:
        return tuple(Source(source["table"], source.get("delivered")) for source in json.loads(row.get("sources") or "[]"))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CatalogError(f"tag catalogue: sources of tag {row['name']} must be a JSON list of {{table, delivered}}") from error


def _json(row: Mapping[str, Any], column: str) -> Any:
    try:
        return json.loads(row.get(column) or "null")
    except ValueError as error:
        verb = "are" if column == "allowed_values" else "is"
        raise CatalogError(f"tag catalogue: {column} of tag {row['name']} {verb} no JSON: {error}") from error
