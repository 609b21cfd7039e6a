"""Asking the published catalogue: the tags there are, all that is written of one, which tags a few words mean.

Why a subscriber carries a tag is for `why`; conditions over tags are for `targeting`.
"""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Sequence

from orchestration.base.words import did_you_mean
from orchestration.catalog.tags import CatalogError, Source, Tag
from orchestration.warehouse.manifest import Models, serving
from orchestration.warehouse.reading import Reader, model_rows

VALUES_SHOWN = 20
"""Values of which `show` tells the members, the commonest first."""

NEAR = 0.75
"""Likeness (difflib's ratio, 0 to 1) from which a word counts as a misspelt other."""

Coverage = Sequence[tuple[str, int, float]]
"""Value (known or unknown for figures and dates), members, share of the entity's members from 0 to 1."""


def chosen(entries: Sequence[Tag], entity: str | None = None, category: str | None = None) -> list[Tag]:
    """The tags of an entity, of a category, or both. Raises CatalogError, naming the nearest, where there is none such."""
    found = list(entries)
    for what, asked in (("entity", entity), ("category", category)):
        known = {getattr(e, what) for e in found}
        if asked is not None and asked not in known:
            there = f"; there are {', '.join(sorted(known))}" if known else ""
            raise CatalogError(f"no tag has the {what} {asked}{did_you_mean(asked, known) or there}")
        found = [e for e in found if asked is None or getattr(e, what) == asked]
    return found


def read_coverage(reader: Reader, models: Models, entry: Tag) -> Coverage:
    """Members of each value as of the version's date, the most first; none where the version counts no coverage."""
    model = serving(models, "tag_coverage")
    if model is None:
        return []
    own = f"tag_name = {reader.literal(entry.name)} and entity = {reader.literal(entry.entity)}"
    rows = model_rows(reader, model, own)
    latest = [row for row in rows if row["as_of_date"] == max(r["as_of_date"] for r in rows)]
    found = [(row["value"], row["members"], float(row["share"] or 0)) for row in latest]
    return sorted(found, key=lambda value: (-value[1], value[0]))


def search(entries: Iterable[Tag], words: str) -> list[Tag]:
    """The tags that all words fit, best first: by name, then label, values, category, meaning. Where none does, tags with names
    or words near to them."""
    asked = words.lower().split()
    for hit in (_hit, _near):
        ranked = [(-sum(scores), e.entity, e.name, e) for e in entries if all(scores := [hit(e, word) for word in asked])]
        if ranked and asked:
            return [e for *_, e in sorted(ranked, key=lambda r: r[:3])]
    return []


def described(entry: Tag, coverage: Coverage = ()) -> Iterator[str]:
    """All that is written of a tag, line by line."""
    yield f"{entry.name} ({entry.label_zh}): {entry.description}"
    if entry.description_zh:
        yield f"{'':>{len(entry.name)}} {entry.description_zh}"
    place = " / ".join(named(n, zh) for n, zh in ((entry.category, entry.category_zh), (entry.group, entry.group_zh)) if n)
    facts = {
        "kind": f"{entry.kind} of {entry.entity}{f', in {entry.unit}' if entry.unit else ''}{bounds(entry)}",
        "column": f"{entry.data_type or 'column'} of {entry.model}",
        "category": place,
        "values": ", ".join(entry.label_of(v) for v in entry.values),
        "bands": entry.values_from and f"of seeds/{entry.values_from}.csv, by {entry.measure or 'the rule above'}",
        "threshold": entry.threshold_rule
        and f"{entry.measure} against {entry.threshold_rule} of seeds/{entry.threshold_seed}.csv",
        "evidence": ", ".join(entry.evidence),
        "as of": entry.as_of.replace("_", " "),
        "refresh": entry.refresh,
        "owner": entry.owner,
        "sensitivity": entry.sensitivity,
        "if it moves": f"{entry.severity} to {entry.owner}" if entry.owner else "",
        "version": f"{entry.version}{f', since {entry.since}' if entry.since else ''}" if entry.version else "",
        "status": state(entry),
        "by month": "kept, ask with --month" if entry.is_historic else "",
        "sources": deliveries(entry.sources),
    }
    yield from (f"  {what:<12} {said}" for what, said in facts.items() if said)
    if coverage:
        yield f"  coverage     {len(coverage):,} values, the commonest" if len(coverage) > VALUES_SHOWN else "  coverage"
        for value, members, share in coverage[:VALUES_SHOWN]:
            yield f"    {members:>12,} {share:>7.2%}  {entry.label_of(value)}"


def state(entry: Tag) -> str:
    """The tag's status, and what it means for who uses it."""
    fresh = f", fresh as of {entry.fresh_as_of}" if entry.fresh_as_of else ""
    leaves = f", gone after {entry.leaves_on}" if entry.leaves_on else ""
    left = f" on {entry.withdrawn_on}: choose another tag{leaves}" if entry.withdrawn_on else ""
    return f"{entry.status}{left}{fresh}"


def deliveries(sources: Iterable[Source]) -> str:
    """Raw tables with the dates of their latest deliveries."""
    return ", ".join(f"{s.table} {s.delivered or '(never delivered)'}" for s in sources)


def bounds(entry: Tag) -> str:
    """Of a number, within which figures it lies: ', from 0 to 100'; nothing where that is open."""
    ends = [f"from {entry.least}" * bool(entry.least), f"to {entry.greatest}" * bool(entry.greatest)]
    return f", {' '.join(filter(None, ends))}" if any(ends) else ""


def named(code: str, zh: str) -> str:
    """A code with its Chinese name, where it has one."""
    return f"{code} {zh}".strip()


def json_text(entries: Iterable[Tag]) -> str:
    """The entries as a JSON list, Chinese as it is."""
    return json.dumps([e.to_json() for e in entries], ensure_ascii=False, indent=2)


def _fields(entry: Tag) -> Iterator[tuple[int, str]]:
    """What can be found of a tag: points of a hit, text."""
    yield 40, entry.name
    yield 30, entry.label_zh
    for value, label in entry.values.items():
        yield 20, f"{value} {label}"
    yield 15, " ".join((entry.category, entry.category_zh, entry.group, entry.group_zh))
    yield 5, entry.description
    yield 5, entry.description_zh


def _hit(entry: Tag, word: str) -> int:
    """Points of a word: most for a whole name or label, more where a word begins with it, 0 where it stands nowhere."""
    best = 0
    for points, text in _fields(entry):
        lowered = text.lower()
        if word in lowered:
            whole = 3 if word == lowered else 2 if any(part.startswith(word) for part in _parts(lowered)) else 1
            best = max(best, points * whole)
    return best


def _near(entry: Tag, word: str) -> float:
    parts = {part for _, text in _fields(entry) for part in (text.lower(), *_parts(text.lower()))}
    likeness = max((difflib.SequenceMatcher(None, word, part).ratio() for part in parts), default=0)
    return likeness if likeness >= NEAR else 0


def _parts(text: str) -> list[str]:
    return re.findall(r"\w+", text.replace("_", " "))
