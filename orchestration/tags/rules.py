"""What must hold of every tag's YAML. Read from the manifest; tags' values are the release checks' matter."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from orchestration.base.errors import SeedError
from orchestration.base.words import did_you_mean
from orchestration.catalog.tags import ENTITIES, KINDS, SEVERITIES, Catalog, Tag
from orchestration.catalog.written import KEYS, raw_tags, written
from orchestration.tags.distance import threshold_of
from orchestration.tags.evidence import columns_of, key_of, unresolved
from orchestration.warehouse.manifest import Model, Models, require_serving
from orchestration.warehouse.seeds import read_seed, seed_path

WITHDRAWN_DAYS = ("tag_rules", "withdrawn_days")
"""Seed and rule: days that a withdrawn tag stays, so that whoever used it finds out; then its column is to go."""

REQUIRED = (
    "label_zh",
    "description_zh",
    "description",
    "owner",
    "evidence",
    "group",
    "kind",
    "refresh",
    "sensitivity",
    "version",
)
STATUSES = ("active", "withdrawn")


def faults(models: Models, today: date) -> list[str]:
    """What is wrong with the tags, a line each, naming tag and model."""
    entries, days = written(models), withdrawn_days()
    own = [f"{e.model}.{e.name}: {fault}" for e in entries for fault in (*_written(e, models), *_withdrawal(e, today, days))]
    return [*_keys(models), *own, *_names(entries)]


def _keys(models: Models) -> Iterator[str]:
    for model, name, tag in raw_tags(models):
        for key in (model.meta.get("tag_defaults", {}) | tag).keys() - KEYS:
            yield f"{model.name}.{name}: unknown key {key}{did_you_mean(key, KEYS)}"


def _written(entry: Tag, models: Models) -> Iterator[str]:
    yield from (f"{what} is missing" for what in REQUIRED if not getattr(entry, what))
    if entry.entity not in ENTITIES:
        yield f"entity {entry.entity} is none of {', '.join(ENTITIES)}"
        return
    model = next(m for m in models if m.name == entry.model)
    groups = model.meta.get("groups") or {}
    if entry.group and entry.group not in groups:
        yield f"group {entry.group} is none of its model's groups{did_you_mean(entry.group, groups)}"
    if not entry.category:
        yield "its model names no category"
    if entry.kind not in KINDS:
        yield f"kind {entry.kind} is none of {', '.join(KINDS)}"
    if entry.severity not in SEVERITIES:
        yield f"severity {entry.severity} is none of {', '.join(SEVERITIES)}"
    if entry.kind in ("band", "tier") and not (entry.values or entry.values_from):
        yield f"a {entry.kind} has closed values: give values, or values_from with the seed of its bands"
    if entry.kind == "number" and not entry.unit:
        yield "a number has a unit"
    yield from (f"value {value} has no Chinese label" for value, label in entry.values.items() if not label)
    yield from _explained(entry, models)
    yield from _in_360(entry, model, models)


def _explained(entry: Tag, models: Models) -> Iterator[str]:
    key = key_of(models, entry.entity)
    yield from (f"evidence {column}: no public table of one row a {key} has it" for column in unresolved(models, entry))
    if entry.measure and entry.measure not in entry.evidence:
        yield f"measure {entry.measure} is not among its evidence"
    if entry.threshold_seed and not entry.measure:
        yield "a threshold needs the measure that is checked against it"
    for seed in filter(None, (entry.values_from, entry.threshold_seed)):
        if not seed_path(seed).is_file():
            yield f"there is no {seed_path(seed).name} in seeds/"
        elif seed == entry.values_from and not {"band", "lower_bound"} <= read_seed(seed_path(seed))[0].keys():
            yield f"seeds/{seed}.csv holds no bands: columns band and lower_bound"
        elif seed == entry.threshold_seed and threshold_of(read_seed(seed_path(seed)), entry.threshold_rule) is None:
            yield f"seeds/{seed}.csv has no figure for a rule {entry.threshold_rule}"


def _in_360(entry: Tag, model: Model, models: Models) -> Iterator[str]:
    whole = require_serving(models, "tag_values", entry.entity)
    if model.meta.get("grain") != whole.meta["grain"]:
        yield f"its model has grain {model.meta.get('grain')}, but {whole.name} has {whole.meta['grain']}"
    if entry.name not in columns_of(models, whole):
        yield f"it is no column of {whole.name}, which holds the tags of a {entry.entity}: join its model there"


def withdrawn_days() -> int:
    """Days for which a withdrawn tag stays in the library, from its seed."""
    seed, rule = WITHDRAWN_DAYS
    days = threshold_of(read_seed(seed_path(seed)), rule)
    if days is None:
        raise SeedError(f"seeds/{seed}.csv: the rule {rule} is missing or no number; add its row")
    return int(days)


def _withdrawal(entry: Tag, today: date, days: int) -> Iterator[str]:
    if entry.status not in STATUSES:
        yield f"status {entry.status} is none of {', '.join(STATUSES)}; stale and failed are found by the build"
    if entry.status == "withdrawn":
        try:
            end = date.fromisoformat(entry.withdrawn_on) + timedelta(days=days)
        except ValueError:
            yield "a withdrawn tag says since when: withdrawn_on, a date"
            return
        if today > end:
            yield f"withdrawn on {entry.withdrawn_on}, its {days} days ended on {end}: remove column and entry"
    elif entry.withdrawn_on:
        yield "withdrawn_on is given, but its status is not withdrawn"


def _names(entries: Sequence[Tag]) -> Iterator[str]:
    seen: dict[tuple[str, str], Tag] = {}
    for entry in entries:
        first = seen.setdefault((entry.entity, entry.name), entry)
        if first is not entry:
            yield f"{entry.model}.{entry.name}: {first.model} makes a {entry.entity} tag of that name already"


def usable(models: Models) -> Catalog:
    """The tags as a list may name them, whatever else is wrong with them; of values nothing is said."""
    by_entity: dict[str, dict[str, Tag]] = {}
    for tag in written(models):
        by_entity.setdefault(tag.entity, {})[tag.name] = replace(tag, values={})
    return Catalog(by_entity)
