"""The catalogue: the tags that there are, by entity and name, as conditions and lists ask for them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orchestration.base.words import did_you_mean
from orchestration.catalog.tag import KINDS, CatalogError, Tag


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
                raise CatalogError(f"tag catalogue: {tag.entity} tag {tag.name} stands there twice; each tag has one row")
            known[tag.name] = tag
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
