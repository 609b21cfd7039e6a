"""Why a member carries a tag: value, rule, the figures behind it, distance to the next value, since when, from which deliveries.

All is read from one published version; no phone, name or id number is there. The words for distances and dates are
`distance`'s and `since`'s.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from orchestration.base.words import Message, plain
from orchestration.catalog.published import read_tags
from orchestration.catalog.tags import CatalogError, Tag, as_text, one
from orchestration.tags.catalogue import deliveries, state
from orchestration.tags.distance import bands, number, threshold_of, to_bands, to_threshold
from orchestration.tags.evidence import holders, key_of
from orchestration.tags.since import since
from orchestration.warehouse.manifest import SUBSCRIBER, Model, Models, require_serving, serving
from orchestration.warehouse.reading import Reader, model_rows

NEAR_LETTERS = 2
"""Letters that may be wrong in an id for which another is offered."""

LONGEST_ID = 64
"""Letters of an id for which another is sought: comparing takes time with each of them."""


@dataclass(frozen=True)
class Figure:
    """One evidence column of a member: its value, None where it has none or the version has no such column (`is_there` false).

    `month`: the month that it stands for; None where it stands for the business date.
    """

    name: str
    value: object = None
    unit: str = ""
    is_there: bool = True
    month: date | None = None

    def __str__(self) -> str:
        if not self.is_there:
            return f"{self.name} (not in this version)"
        unit = f" {self.unit}" if self.unit and self.value is not None else ""
        return f"{self.name} {shown(self.value)}{unit}{f' ({self.month:%Y-%m})' if self.month else ''}"


@dataclass(frozen=True)
class Why:
    """One tag of one member. `distance`, `since` and `as_of` in words, empty where there is nothing to say."""

    entry: Tag
    value: object
    figures: tuple[Figure, ...] = ()
    distance: str = ""
    since: str = ""
    as_of: str = ""


class Member:
    """One member of an entity in a version, its rows read once each. Raises CatalogError where there is no such member."""

    def __init__(self, reader: Reader, models: Models, entity: str, member: str):
        self._reader, self._models, self.entity = reader, models, entity
        self._own = f"{key_of(models, entity)} = {reader.literal(member)}"
        self._rows: dict[str, dict[str, Any]] = {}
        self._names: dict[str, list[str]] = {}
        self._seeds: dict[str, list[dict[str, Any]]] = {}
        self.member = member
        if not self.row(require_serving(models, "tag_values", entity)):
            english = "there is no {entity} {id}{hint}"
            raise CatalogError(Message.of("no_member", english, entity=entity, id=member, hint=self._nearest()))

    @cached_property
    def catalogue(self) -> list[Tag]:
        """All tags of the version."""
        return read_tags(self._reader, self._models)

    @cached_property
    def entries(self) -> list[Tag]:
        """The tags of the member's entity."""
        return [e for e in self.catalogue if e.entity == self.entity]

    def row(self, model: Model) -> dict[str, Any]:
        """The member's row of a table of one row a member; empty where it has none."""
        if model.name not in self._rows:
            self._rows[model.name] = next(iter(model_rows(self._reader, model, self._own)), {})
        return self._rows[model.name]

    def tags(self) -> dict[str, Any]:
        """Its row of the 360° table: value by tag."""
        return self.row(require_serving(self._models, "tag_values", self.entity))

    def figure(self, entry: Tag, name: str) -> Figure:
        """The figure of one evidence column of the tag."""
        unit = next((e.unit for e in self.entries if e.name == name), "")
        for model in holders(self._models, entry):
            if name in self._columns(model):
                own = next((e.as_of for e in self.entries if e.name == name), "") or model.as_of_column(name)
                return Figure(name, self.row(model).get(name), unit, month=self.month_ends.get(own))
        return Figure(name, is_there=False)

    @cached_property
    def month_ends(self) -> dict[str, date]:
        """The last complete and the last billed month, by their names in `AS_OF`; without those that there are none of."""
        model = serving(self._models, "months")
        rows = model_rows(self._reader, model) if model else []
        ends = {"last_complete_month": "is_complete_month", "last_billed_month": "is_billed"}
        found = {name: [row["month"] for row in rows if row[flag]] for name, flag in ends.items()}
        return {name: max(months) for name, months in found.items() if months}

    def distance(self, entry: Tag, value: object, measured: object) -> str:
        """How far the tag's measure is from its neighbours or its threshold, by the version's own seeds."""
        if not entry.measure:
            return ""
        if entry.values_from:
            found = bands(self._seed(entry.values_from))
            return to_bands(entry.measure, measured, found, as_text(value)) if found else ""
        if entry.threshold_seed:
            limit = threshold_of(self._seed(entry.threshold_seed), entry.threshold_rule)
            return to_threshold(entry.measure, measured, entry.threshold_rule, limit) if limit is not None else ""
        return ""

    @cached_property
    def changes(self) -> list[dict[str, Any]]:
        """All that the builds have noted of it, the earliest first."""
        return sorted(self._of_subscriber("tag_changes"), key=lambda row: row["as_of_date"])

    @cached_property
    def months(self) -> list[dict[str, Any]]:
        """Its tags at the ends of the months kept, the latest first."""
        return sorted(self._of_subscriber("tag_history"), key=lambda row: row["month"], reverse=True)

    @cached_property
    def counted_from(self) -> dict[str, date]:
        """Date of the first build that counted each tag."""
        model = serving(self._models, "tag_coverage")
        if model is None or not self._reader.columns(model.schema, model.table):
            return {}
        table = self._reader.relation(model.schema, model.table)
        own = f"entity = {self._reader.literal(self.entity)}"
        return dict(self._reader.rows(f"select tag_name, min(as_of_date) from {table} where {own} group by tag_name"))

    def _seed(self, name: str) -> list[dict[str, Any]]:
        """Rows of the seed that the version was built with."""
        if name not in self._seeds:
            model = next((m for m in self._models if m.name == name), None)
            self._seeds[name] = model_rows(self._reader, model) if model else []
        return self._seeds[name]

    def _of_subscriber(self, role: str) -> list[dict[str, Any]]:
        # Changes and months are kept of subscribers alone.
        model = serving(self._models, role) if self.entity == SUBSCRIBER else None
        return model_rows(self._reader, model, self._own) if model else []

    def _columns(self, model: Model) -> list[str]:
        if model.name not in self._names:
            self._names[model.name] = list(self.row(model)) or self._reader.columns(model.schema, model.table)
        return self._names[model.name]

    def _nearest(self) -> str:
        if len(self.member) > LONGEST_ID:
            return ""
        model, key = require_serving(self._models, "tag_values", self.entity), key_of(self._models, self.entity)
        distance = f"levenshtein({key}, {self._reader.literal(self.member)})"
        table = self._reader.relation(model.schema, model.table)
        near = self._reader.rows(
            f"select {key} from {table} where {distance} <= {NEAR_LETTERS} order by {distance}, {key} limit 1"
        )
        return Message.of("did_you_mean", "; did you mean {near}?", near=near[0][0]) if near else ""


def why(reader: Reader, models: Models, entity: str, member: str, tag: str | None = None) -> list[Why]:
    """One tag of a member, or all of them, as the version holds them.

    Raises CatalogError, naming the nearest, for an unknown member or tag.
    """
    asked = Member(reader, models, entity, member)
    return [_why(asked, entry) for entry in ([one(asked.catalogue, tag, entity)] if tag else asked.entries)]


def why_in_month(reader: Reader, models: Models, entity: str, member: str, month: date, tag: str | None = None) -> list[Why]:
    """The tags that are kept by month, as they stood at the end of one; figures are those kept of that month.

    Raises CatalogError for an unknown member or tag, a tag that is not kept by month, or a month that is not kept.
    """
    asked = Member(reader, models, entity, member)
    entries = [one(asked.catalogue, tag, entity)] if tag else asked.entries
    historic = ", ".join(e.name for e in asked.entries if e.is_historic) or "none"
    if tag and not entries[0].is_historic:
        raise CatalogError(f"tag {tag} is not kept by month; these are: {historic}")
    row = next((row for row in asked.months if (row["month"].year, row["month"].month) == (month.year, month.month)), None)
    if row is None:
        kept = f"; kept are {asked.months[-1]['month']:%Y-%m} to {asked.months[0]['month']:%Y-%m}" if asked.months else ""
        raise CatalogError(f"of {entity} {member} no tags are kept for {month:%Y-%m}{kept}")
    return [_of_month(asked, entry, row) for entry in entries if entry.is_historic and entry.name in row]


def described(found: Sequence[Why]) -> Iterator[str]:
    """The answer line by line; tags without a value come last, in one line, unless one alone was asked for."""
    for reason in found:
        if reason.value is not None or len(found) == 1:
            yield from _described(reason)
    unknown = [reason.entry.name for reason in found if reason.value is None]
    if unknown and len(found) > 1:
        yield f"without a value: {', '.join(unknown)}"


def shown(value: object) -> str:
    """A value for people: figures without idle zeros, 'unknown' for none."""
    figure = None if isinstance(value, str | date) else number(value)
    return plain(figure) if figure is not None else as_text(value) or "unknown"


def month_of(text: str) -> date:
    """The first day of a month given as YYYY-MM. Raises CatalogError for anything else."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise CatalogError(f"'{text}' is no month; write it as 2026-03") from error


def _why(asked: Member, entry: Tag) -> Why:
    value = asked.tags().get(entry.name)
    figures = tuple(asked.figure(entry, name) for name in entry.evidence)
    measured = next((f.value for f in figures if f.name == entry.measure), None)
    changes = [(r["as_of_date"], r["old_value"], r["new_value"]) for r in asked.changes if r["tag_name"] == entry.name]
    months = [(r["month"], r[entry.name]) for r in asked.months if entry.is_historic and entry.name in r]
    known_since = since(value, changes, months, asked.counted_from.get(entry.name), entry.is_tracked)
    distance = asked.distance(entry, value, measured) if value is not None else ""
    month = asked.month_ends.get(entry.as_of)
    if not month:
        return Why(entry, value, figures, distance, known_since)
    as_of = Message.of("as_of", "{month:%Y-%m}, the {words}", month=month, words=entry.as_of.replace("_", " "), as_of=entry.as_of)
    return Why(entry, value, figures, distance, known_since, as_of)


def _of_month(asked: Member, entry: Tag, row: dict[str, Any]) -> Why:
    figures = tuple(Figure(name, row[name]) for name in entry.evidence if name in row)
    distance = asked.distance(entry, row[entry.name], row[entry.measure]) if row.get(entry.measure) is not None else ""
    end = (row["month"].replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return Why(entry, row[entry.name], figures, distance, f"as at {end}; the rule is today's")


def _described(reason: Why) -> Iterator[str]:
    entry = reason.entry
    value = entry.label_of(reason.value) if entry.values else shown(reason.value)
    unit = f" {entry.unit}" if entry.unit and reason.value is not None else ""
    yield f"{entry.name} ({entry.label_zh}) = {value}{unit}"
    facts = {
        "rule": f"{entry.description} (version {entry.version}, {entry.owner})",
        "as of": reason.as_of,
        "evidence": ", ".join(str(figure) for figure in reason.figures),
        "distance": reason.distance,
        "since": reason.since,
        "sources": deliveries(entry.sources),
        "status": "" if entry.status == "active" else state(entry),
    }
    yield from (f"  {what:<9} {said}" for what, said in facts.items() if said)
