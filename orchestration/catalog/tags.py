"""A tag in one shape, whether the project's YAML describes it or a published version, and the catalogue of all of them.

Reading them belongs to `written` and `published`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from orchestration.base.errors import Telco360Error
from orchestration.base.words import Message, did_you_mean
from orchestration.warehouse.manifest import SUBSCRIBER

KINDS = ("flag", "band", "tier", "number", "date", "code")
"""What a tag can be. band, tier and code are text; band and tier have closed values, a code may have."""

SEVERITIES = ("warning", "critical")
"""How loudly whoever answers for a tag is told that its values moved, the usual first."""

ENTITIES = (SUBSCRIBER, "customer", "outlet", "manager", "plan")
"""Whom tags are of, in the order of pages."""


class CatalogError(Telco360Error, ValueError):
    """A catalogue row that cannot be used, or a name that the catalogue lacks."""


@dataclass(frozen=True)
class Source:
    """A raw table that a tag comes from, and the date (ISO) of its latest delivery; None where it was never delivered."""

    table: str
    delivered: str | None = None


@dataclass(frozen=True)
class Tag:
    """One tag: a documented column of the table that carries its entity's tags. Texts are empty where nothing is said;
    `values`: label by value, in order, empty where any may stand.

    `as_of`: which date or month its value stands for (manifest.AS_OF). `is_historic`: kept by month, so that a condition may ask
    what it was; `is_tracked`: builds note when it changes. `severity`: one of SEVERITIES. `label_en`, `data_type`, `leaves_on`,
    `fresh_as_of` and `sources` are known to a published catalogue alone. Dates are ISO texts.
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
    label_en: str = ""
    label_zh: str = ""
    description: str = ""
    description_zh: str = ""
    unit: str = ""
    values: Mapping[str, str] = field(default_factory=dict, hash=False)
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
    severity: str = SEVERITIES[0]
    version: int | None = None
    status: str = "active"
    since: str = ""
    withdrawn_on: str = ""
    leaves_on: str = ""
    as_of: str = ""
    is_historic: bool = False
    is_tracked: bool = False
    fresh_as_of: str = ""
    sources: tuple[Source, ...] = ()

    @property
    def is_active(self) -> bool:
        return self.status != "withdrawn"

    @property
    def is_late(self) -> bool:
        """Whether it stands on data older than it should: a raw table behind it is late, or its newest delivery was rejected."""
        return self.status in ("stale", "failed")

    def label_of(self, value: object) -> str:
        """A value as people read it: 'diamond (钻石)'."""
        text = as_text(value)
        label = self.values.get(text, "")
        return f"{text} ({label})" if label else text

    def to_json(self) -> dict[str, Any]:
        """All fields, ready for json.dumps."""
        return asdict(self)


@dataclass(frozen=True)
class Catalog:
    """All tags, by entity and name."""

    by_entity: Mapping[str, Mapping[str, Tag]]

    @classmethod
    def of(cls, tags: Iterable[Tag]) -> "Catalog":
        """The catalogue of these tags. Raises CatalogError, naming the tag, for an unknown kind, or a tag given twice."""
        by_entity: dict[str, dict[str, Tag]] = {}
        for tag in tags:
            if tag.kind not in KINDS:
                raise CatalogError(f"tag catalogue: tag {tag.name} has kind '{tag.kind}'; choose one of {', '.join(KINDS)}")
            known = by_entity.setdefault(tag.entity, {})
            if tag.name in known:
                raise CatalogError(f"tag catalogue: {tag.entity} tag {tag.name} is there twice; each tag has one row")
            known[tag.name] = tag
        return cls(by_entity)

    def tags(self, entity: str = "subscriber") -> Mapping[str, Tag]:
        """The tags of one entity by name; none for an entity that has no tags."""
        return self.by_entity.get(entity, {})

    def tag(self, name: str, entity: str = "subscriber") -> Tag:
        """One active tag. Raises CatalogError, naming the nearest tag, where the entity has none of that name."""
        tags = self.tags(entity)
        if name not in tags:
            hint = did_you_mean(name, tags)
            raise CatalogError(Message.of("unknown_tag", "unknown tag {tag}{hint}", tag=name, hint=hint))
        if not tags[name].is_active:
            english = "tag {tag} is {status}; choose another"
            raise CatalogError(Message.of("tag_not_active", english, tag=name, status=tags[name].status))
        return tags[name]


def one(tags: Iterable[Tag], name: str, entity: str) -> Tag:
    """The entity's tag of that name or Chinese label. Raises CatalogError, naming the nearest, where there is none or several."""
    tags = list(tags)
    own = {e.name: e for e in tags if e.entity == entity}
    if name not in own:
        labelled = [e for e in own.values() if e.label_zh == name]
        if len(labelled) == 1:
            return labelled[0]
        if labelled:
            raise CatalogError(f"{entity} has several tags {name}: {', '.join(e.name for e in labelled)}; say which")
        elsewhere = sorted({e.entity for e in tags if name in (e.name, e.label_zh)})
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
