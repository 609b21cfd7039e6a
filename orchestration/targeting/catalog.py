"""The tag catalogue as lists and pages use it: which tags there are, of what kind and with which values.

Only reading belongs here. The catalogue itself is made by dbt from the tags' own YAML and published as a table.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from orchestration.words import did_you_mean as did_you_mean

KINDS = ("flag", "band", "tier", "number", "date", "code")
"""What a tag can be. band, tier and code are text; band and tier have closed values, a code may have."""

COLUMNS = (
    "tag_name", "entity", "model_name", "kind", "data_type", "allowed_values", "description", "label_zh", "status",
    "is_historic", "is_tracked", "sources",
)  # fmt: skip


class CatalogError(ValueError):
    """A catalogue row that cannot be used, or a name that the catalogue lacks."""


@dataclass(frozen=True)
class Tag:
    """One tag: a documented column of the table that carries its entity's tags. `values` is empty where any value may stand.

    `is_historic`: kept by month, so that a condition may ask what it was; `is_tracked`: its changes are told. `delivered`: the
    raw tables behind it, each with the date to which it is delivered, None where it never was.
    """

    name: str
    entity: str
    model: str
    kind: str
    data_type: str
    values: tuple[str, ...] = ()
    description: str = ""
    label_zh: str = ""
    status: str = "active"
    is_historic: bool = False
    is_tracked: bool = False
    delivered: tuple[tuple[str, str | None], ...] = ()

    @property
    def is_active(self) -> bool:
        return self.status != "withdrawn"

    @property
    def is_late(self) -> bool:
        """Whether it stands on data older than it should: a raw table behind it is late, or its newest delivery was rejected."""
        return self.status in ("stale", "failed")


@dataclass(frozen=True)
class Catalog:
    """All tags, by entity and name."""

    by_entity: Mapping[str, Mapping[str, Tag]]

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, object]]) -> "Catalog":
        """The catalogue of these rows, each with at least COLUMNS.

        Raises CatalogError, naming the tag, for an unknown kind, allowed_values that are no JSON array, or a tag given twice.
        """
        by_entity: dict[str, dict[str, Tag]] = {}
        for row in rows:
            tag = _tag(row)
            tags = by_entity.setdefault(tag.entity, {})
            if tag.name in tags:
                raise CatalogError(f"tag catalogue: {tag.entity} tag {tag.name} stands there twice; each tag has one row")
            tags[tag.name] = tag
        return cls(by_entity)

    def tags(self, entity: str = "subscriber") -> Mapping[str, Tag]:
        """The tags of one entity by name; none for an entity that has no tags."""
        return self.by_entity.get(entity, {})

    def tag(self, name: str, entity: str = "subscriber") -> Tag:
        """One active tag. Raises CatalogError, naming the nearest tag, where the entity has none of that name."""
        tags = self.tags(entity)
        if name not in tags:
            raise CatalogError(f"unknown tag {name}{did_you_mean(name, tags)}")
        if not tags[name].is_active:
            raise CatalogError(f"tag {name} is {tags[name].status}; choose another")
        return tags[name]


def read_catalog(ask: Callable[[str], list[tuple]], relation: str) -> Catalog:
    """The catalogue held by `relation`, a table name as the engine knows it (from dbt meta, never from a user).

    `ask` gives the rows of a query on either engine, and raises what it raises where there is no such table. Raises CatalogError
    as Catalog.from_rows.
    """
    rows = ask(f"select {', '.join(COLUMNS)} from {relation} order by entity, tag_name")
    return Catalog.from_rows(dict(zip(COLUMNS, row, strict=True)) for row in rows)


def _tag(row: Mapping[str, object]) -> Tag:
    name = row["tag_name"]
    if row["kind"] not in KINDS:
        raise CatalogError(f"tag catalogue: tag {name} has kind '{row['kind']}'; choose one of {', '.join(KINDS)}")
    return Tag(
        name=name,
        entity=row["entity"],
        model=row["model_name"],
        kind=row["kind"],
        data_type=row["data_type"],
        values=_values(name, row["allowed_values"]),
        description=row["description"] or "",
        label_zh=row["label_zh"] or "",
        status=row["status"],
        is_historic=bool(row["is_historic"]),
        is_tracked=bool(row["is_tracked"]),
        delivered=_delivered(name, row["sources"]),
    )


def _values(name: str, text: str | None) -> tuple[str, ...]:
    try:
        values = json.loads(text) if text else []
    except json.JSONDecodeError as error:
        raise CatalogError(f"tag catalogue: allowed_values of tag {name} are no JSON: {error}") from error
    if not isinstance(values, list):
        raise CatalogError(f'tag catalogue: allowed_values of tag {name} must be a JSON array, such as ["high", "low"]')
    return tuple(str(v) for v in values)


def _delivered(name: str, text: str | None) -> tuple[tuple[str, str | None], ...]:
    try:
        return tuple((source["table"], source["delivered"]) for source in json.loads(text or "[]"))
    except (ValueError, TypeError, KeyError) as error:
        raise CatalogError(f"tag catalogue: sources of tag {name} must be a JSON list of {{table, delivered}}") from error
