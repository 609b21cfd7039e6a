"""The features that models take, as the model of features describes them in its YAML, and their texts. Reads the manifest
alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from orchestration.scoring.errors import ScoringError
from orchestration.warehouse.manifest import Models, require_serving


@dataclass(frozen=True)
class Feature:
    """A column that enters models. `family` groups reasons; `en` and `zh` tell its figure (see `reasons`), `zero_en` and
    `zero_zh` a figure of 0 where that reads better. `segment`: of a feature that lines are grouped by, the words for `high` and
    `low` by language."""

    name: str
    family: str
    en: str
    zh: str
    zero_en: str = ""
    zero_zh: str = ""
    segment: Mapping[str, Mapping[str, str]] | None = None


@dataclass(frozen=True)
class Features:
    """All features of a project: where they stand (`schema.table`), the columns, and the names of families by language."""

    relation: str
    columns: tuple[Feature, ...]
    families: Mapping[str, Mapping[str, str]]

    @property
    def names(self) -> list[str]:
        return [feature.name for feature in self.columns]

    @property
    def of_segments(self) -> dict[str, Mapping[str, Mapping[str, str]]]:
        """The features that lines are grouped by, with their words."""
        return {feature.name: feature.segment for feature in self.columns if feature.segment}


def features_of(models: Models) -> Features:
    """The features of the model that serves them. Raises ScoringError where an entry lacks a key, or its family has no name."""
    model = require_serving(models, "scoring_features")
    families = model.meta.get("families") or {}
    for name, entry in model.features.items():
        if lacking := [key for key in ("family", "en", "zh") if not entry.get(key)]:
            raise ScoringError(f"{model.name}.{name}: its feature lacks {', '.join(lacking)}")
        if entry["family"] not in families:
            raise ScoringError(f"{model.name}.{name}: family {entry['family']} is none of {', '.join(families)}")
    columns = tuple(
        Feature(name, e["family"], e["en"], e["zh"], e.get("zero_en", ""), e.get("zero_zh", ""), e.get("segment"))
        for name, e in model.features.items()
    )
    return Features(model.relation, columns, families)
