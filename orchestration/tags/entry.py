"""All that is written of a tag, in one shape: read from dbt's YAML or from a published catalogue.

The one place that knows the keys of a tag's YAML and the columns of the catalogue. What a list may select by is
`targeting.catalog`'s.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields

from orchestration.targeting.catalog import CatalogError, did_you_mean
from orchestration.warehouse.manifest import SUBSCRIBER, Model

ENTITIES = (SUBSCRIBER, "customer", "outlet", "manager", "plan")
"""Whom tags are of, in the order of pages."""

KEYS = {
    "label_zh", "description_zh", "group", "kind", "values", "values_from", "unit", "bounds", "evidence", "measure", "threshold",
    "history", "tracked", "is_constant_ok", "refresh", "owner", "sensitivity", "version", "status", "since", "withdrawn_on",
}  # fmt: skip
"""What a tag's YAML may say, `tag_defaults` of its model included."""


@dataclass(frozen=True)
class Source:
    """A raw table that a tag comes from, and the date (ISO) of its latest delivery; None where it was never delivered."""

    table: str
    delivered: str | None = None


@dataclass(frozen=True)
class Entry:
    """One tag. Texts are empty where nothing is said; `values`: label by value, in order, empty where any may stand.

    `as_of`: which date or month its value stands for (manifest.AS_OF). `is_historic`: kept by month; `is_tracked`: builds note
    when it changes. `data_type`, `leaves_on`, `fresh_as_of` and `sources` are known to a catalogue alone. Dates are ISO texts.
    """

    name: str
    entity: str
    model: str
    kind: str
    category: str = ""
    category_zh: str = ""
    group: str = ""
    group_zh: str = ""
    data_type: str = ""
    label_zh: str = ""
    description: str = ""
    description_zh: str = ""
    unit: str = ""
    values: Mapping[str, str] | None = None
    values_from: str = ""
    least: str = ""
    greatest: str = ""
    evidence: tuple[str, ...] = ()
    measure: str = ""
    threshold_seed: str = ""
    threshold_rule: str = ""
    refresh: str = ""
    owner: str = ""
    sensitivity: str = ""
    version: int | None = None
    status: str = "active"
    since: str = ""
    withdrawn_on: str = ""
    leaves_on: str = ""
    as_of: str = ""
    is_historic: bool = False
    is_tracked: bool = True
    fresh_as_of: str = ""
    sources: tuple[Source, ...] = ()

    def label_of(self, value: object) -> str:
        """A value as people read it: 'diamond (钻石)'."""
        text = as_text(value)
        label = (self.values or {}).get(text, "")
        return f"{text} ({label})" if label else text

    def to_json(self) -> dict:
        """All fields, ready for json.dumps."""
        return asdict(self)


def written(models: Iterable[Model]) -> list[Entry]:
    """The tags that the YAML of the models describes, `tag_defaults` merged in; by entity and category, then as written."""
    found = [_of_yaml(model, name, model.meta.get("tag_defaults", {}) | tag) for model, name, tag in raw_tags(models)]
    return sorted(found, key=lambda e: (entity_place(e.entity), e.category))


def raw_tags(models: Iterable[Model]) -> list[tuple[Model, str, dict]]:
    """Model, column and own YAML of every tag, without its model's defaults."""
    return [(model, name, tag) for model in models if model.is_tag_family for name, tag in model.tags.items()]


def catalogued(rows: Iterable[Mapping[str, object]]) -> list[Entry]:
    """The tags of a published catalogue's rows. A column that an older catalogue lacks counts as saying nothing.

    Raises CatalogError, naming the tag, where a list of values, evidence or sources is no JSON.
    """
    return [_of_row(row) for row in rows]


def one(entries: Iterable[Entry], name: str, entity: str) -> Entry:
    """The entity's tag of that name or Chinese label. Raises CatalogError, naming the nearest, where there is none or several."""
    entries = list(entries)
    own = {e.name: e for e in entries if e.entity == entity}
    if name not in own:
        labelled = [e for e in own.values() if e.label_zh == name]
        if len(labelled) == 1:
            return labelled[0]
        if labelled:
            raise CatalogError(f"{entity} has several tags {name}: {', '.join(e.name for e in labelled)}; say which")
        elsewhere = sorted({e.entity for e in entries if name in (e.name, e.label_zh)})
        hint = f"; it is a tag of {' and '.join(elsewhere)}: say --entity" if elsewhere else did_you_mean(name, own)
        raise CatalogError(f"{entity} has no tag {name}{hint}")
    return own[name]


def entity_place(entity: str) -> tuple[int, str]:
    """Sorts entities as pages show them."""
    return (ENTITIES.index(entity) if entity in ENTITIES else len(ENTITIES), entity)


def as_text(value: object) -> str:
    """A value as the tag tables write it as text: true and false, ISO dates, plain numbers; '' for none."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _of_yaml(model: Model, name: str, tag: dict) -> Entry:
    least, greatest = tag.get("bounds") or (None, None)
    threshold, group = tag.get("threshold") or {}, tag.get("group") or ""
    return Entry(
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
        **{
            key: as_text(tag.get(key))
            for key in (
                "label_zh", "description_zh", "unit", "values_from", "measure", "refresh", "owner", "sensitivity", "since",
                "withdrawn_on",
            )
        },
    )  # fmt: skip


_COLUMNS = {"tag_name": "name", "model_name": "model", "tag_group": "group", "tag_group_zh": "group_zh"}
_PLAIN = {f.name for f in fields(Entry)} - {"values", "evidence", "sources", "version", "is_historic", "is_tracked"}


def _of_row(row: Mapping[str, object]) -> Entry:
    named = {_COLUMNS.get(column, column): value for column, value in row.items()}
    labels = _json(named, "value_labels_zh") or {}
    return Entry(
        values={str(v): labels.get(str(v), "") for v in _json(named, "allowed_values") or labels},
        evidence=tuple(_json(named, "evidence") or ()),
        sources=tuple(Source(s["table"], s.get("delivered")) for s in _json(named, "sources") or ()),
        version=named.get("version"),
        is_historic=bool(named.get("is_historic")),
        is_tracked=bool(named.get("is_tracked", True)),
        **{key: as_text(named.get(key)) for key in _PLAIN & named.keys()},
    )


def _json(row: Mapping[str, object], column: str) -> object:
    try:
        return json.loads(row.get(column) or "null")
    except ValueError as error:
        raise CatalogError(f"tag catalogue: {column} of tag {row['name']} is no JSON: {error}") from error
