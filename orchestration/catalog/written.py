"""Tags as the project's YAML describes them, before anything is built. The one place that knows the keys of a tag's YAML."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from orchestration.catalog.tags import SEVERITIES, Catalog, Tag, as_text, entity_place
from orchestration.warehouse.manifest import Model
from orchestration.warehouse.seeds import band_names

KEYS = {
    "label_zh", "description_zh", "group", "kind", "values", "values_from", "unit", "bounds", "evidence", "measure", "threshold",
    "history", "tracked", "is_constant_ok", "refresh", "owner", "sensitivity", "severity", "version", "status", "since",
    "withdrawn_on",
}  # fmt: skip
"""What a tag's YAML may say, `tag_defaults` of its model included."""


def written(models: Iterable[Model]) -> list[Tag]:
    """The tags that the YAML of the models describes, `tag_defaults` merged in; by entity and category, then as written."""
    found = [_of_yaml(model, name, model.meta.get("tag_defaults", {}) | tag) for model, name, tag in raw_tags(models)]
    return sorted(found, key=lambda e: (entity_place(e.entity), e.category))


def raw_tags(models: Iterable[Model]) -> list[tuple[Model, str, dict[str, Any]]]:
    """Model, column and own YAML of every tag, without its model's defaults."""
    return [(model, name, tag) for model in models if model.is_tag_family for name, tag in model.tags.items()]


def written_catalog(models: Iterable[Model]) -> Catalog:
    """The catalogue as the project's YAML and seeds describe it: values that a seed lists are read from there."""
    return Catalog.of(
        replace(tag, values=dict.fromkeys(band_names(tag.values_from), "")) if tag.values_from and not tag.values else tag
        for tag in written(models)
    )


def _of_yaml(model: Model, name: str, tag: dict[str, Any]) -> Tag:
    least, greatest = tag.get("bounds") or (None, None)
    threshold, group = tag.get("threshold") or {}, tag.get("group") or ""
    return Tag(
        name=name,
        entity=model.meta["entity"],
        model=model.name,
        kind=tag.get("kind", ""),
        category=model.meta.get("category", ""),
        category_zh=model.meta.get("category_zh", ""),
        group=group,
        group_zh=(model.meta.get("groups") or {}).get(group, ""),
        description=model.columns[name].strip(),
        values={str(value): label or "" for value, label in (tag.get("values") or {}).items()},
        least=as_text(least),
        greatest=as_text(greatest),
        evidence=tuple(tag.get("evidence") or ()),
        threshold_seed=threshold.get("seed", ""),
        threshold_rule=threshold.get("rule", ""),
        version=tag.get("version"),
        status=tag.get("status", "active"),
        as_of=model.as_of_column(name),
        is_historic=bool(tag.get("history")),
        is_tracked=bool(tag.get("tracked", tag.get("kind") != "number")) and tag.get("status") != "withdrawn",
        label_zh=as_text(tag.get("label_zh")),
        description_zh=as_text(tag.get("description_zh")),
        unit=as_text(tag.get("unit")),
        values_from=as_text(tag.get("values_from")),
        measure=as_text(tag.get("measure")),
        refresh=as_text(tag.get("refresh")),
        owner=as_text(tag.get("owner")),
        sensitivity=as_text(tag.get("sensitivity")),
        severity=as_text(tag.get("severity", SEVERITIES[0])),
        since=as_text(tag.get("since")),
        withdrawn_on=as_text(tag.get("withdrawn_on")),
    )
