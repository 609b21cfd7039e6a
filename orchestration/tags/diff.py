"""What changed between two published versions: tags, what is written of them, whose values; by definition or by data.

By data: the value before against the old definition on the new version's tables. By definition: that against the value now.
DuckDB alone: the old definition is run on the new version's file.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb

from orchestration.base import settings
from orchestration.base.errors import WarehouseError
from orchestration.base.sql import identifier, literal, one_row
from orchestration.catalog.published import catalogued
from orchestration.catalog.tags import ENTITIES, Tag
from orchestration.tags.catalogue import named
from orchestration.tags.evidence import key_of
from orchestration.tags.recompute import RECOMPUTED, SEEDS, changed_families, moved, on_version
from orchestration.warehouse import publishing
from orchestration.warehouse.manifest import Model, Models, require_serving, serving
from orchestration.warehouse.publishing import Version
from orchestration.warehouse.reading import DuckDBReader

MOVES_SHOWN = 3
"""Moves from value to value that are told of a tag, the largest first."""

WRITTEN = {
    "model": "model", "kind": "kind", "category": "category", "label_zh": "label", "description": "description",
    "description_zh": "description (zh)", "unit": "unit", "values": "values", "values_from": "bands", "least": "least",
    "greatest": "greatest", "evidence": "evidence", "measure": "measure", "threshold_rule": "threshold", "refresh": "refresh",
    "owner": "owner", "sensitivity": "sensitivity",
    "severity": "severity", "version": "version", "status": "status",
}  # fmt: skip
"""What is written of a tag and compared, with what it is called."""


@dataclass(frozen=True)
class Rewritten:
    """One thing written of a tag that changed."""

    tag: str
    entity: str
    what: str
    before: str
    now: str


@dataclass(frozen=True)
class Moved:
    """Members of both versions whose value of a tag changed. `by_data` and `by_definition` are None where they cannot be told
    apart, `by_both` are in both counts. `moves`: value before, value now (None: unknown), members; the largest first."""

    tag: str
    entity: str
    changed: int
    by_data: int | None
    by_definition: int | None
    by_both: int = 0
    moves: tuple[tuple[str | None, str | None, int], ...] = ()


@dataclass
class Difference:
    """All that changed from one version to another; tags by 'entity tag', members gone and come by entity."""

    old: Version
    new: Version
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    rewritten: list[Rewritten] = field(default_factory=list)
    members: dict[str, tuple[int, int]] = field(default_factory=dict)
    moved: list[Moved] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def compare(home: settings.Home, models: Models, old: str, new: str | None = None) -> Difference:
    """Compares two versions that stand, by name or run; `new` is the current one where none is named.

    Raises WarehouseError where one does not stand, or has no catalogue of tags.
    """
    found = Difference(_version(home, old), _version(home, new))
    with duckdb.connect(config={"memory_limit": settings.memory_limit()}) as db:
        for name, version in (("old", found.old), ("new", found.new)):
            db.execute(f"attach {literal(version.path)} as {identifier(name)} (read_only)")
        db.execute("set enable_external_access = false")  # what runs now comes from the versions' own descriptions
        before, now = (_entries(db, models, name, version) for name, version in (("old", found.old), ("new", found.new)))
        _compare_written(found, before, now)
        recomputed = _recompute(db, found)
        for entity in [e for e in ENTITIES if serving(models, "tag_values", e)]:
            # Whichever family makes a tag now: the old definition is where it was made before.
            both = [before[key] for key in before if key in now and before[key].entity == entity]
            _Values(db, models, entity, found, recomputed).compare(both)
    return found


def described(found: Difference) -> Iterator[str]:
    """The difference line by line."""
    yield f"{found.old.name} -> {found.new.name}"
    yield from (f"note: {note}" for note in found.notes)
    yield from (f"+ {tag}" for tag in found.added)
    yield from (f"- {tag}" for tag in found.removed)
    yield from (f"~ {r.entity} {r.tag}: {r.what}: {r.before or 'nothing'} -> {r.now or 'nothing'}" for r in found.rewritten)
    for entity, (gone, come) in found.members.items():
        yield f"{entity}: {come:,} came, {gone:,} went; of those that stayed:"
        own = [m for m in found.moved if m.entity == entity]
        yield from (f"  {line}" for m in own for line in _described(m))
        if not own:
            yield "  no tag changed its value"


def _described(moved: Moved) -> Iterator[str]:
    split = ": not known whether by data or by definition"
    if moved.by_data is not None:
        both = f" ({moved.by_both:,} by both)" if moved.by_both else ""
        split = f": {moved.by_data:,} by data, {moved.by_definition:,} by definition{both}"
    yield f"{moved.tag}: {moved.changed:,} changed{split}"
    if moved.moves:
        yield "    " + ", ".join(f"{a or 'unknown'} -> {b or 'unknown'} {count:,}" for a, b, count in moved.moves)


def _version(home: settings.Home, name: str | None) -> Version:
    known = publishing.versions(home)
    chosen = publishing.named(known, name) if name else next((v for v in known if v.is_current), None)
    if chosen is None:
        there = ", ".join(v.name for v in known) or "none; run `telco360 nightly`"
        raise WarehouseError(f"{f'{name!r} is no version that stands' if name else 'no version is current'}; there are: {there}")
    return chosen


def _entries(db: duckdb.DuckDBPyConnection, models: Models, version: str, described: Version) -> dict[tuple[str, str], Tag]:
    model = require_serving(models, "tag_catalog")
    if not _columns(db, version, model):
        raise WarehouseError(f"{described.path}: this version has no {model.relation}; choose one that was made later")
    cursor = db.execute(f"select * from {_table(version, model)}")
    names = [name for name, *_ in cursor.description]
    entries = catalogued(dict(zip(names, row, strict=True)) for row in cursor.fetchall())
    return {(e.entity, e.name): e for e in entries}


def _compare_written(found: Difference, before: dict[tuple[str, str], Tag], now: dict[tuple[str, str], Tag]) -> None:
    found.added = sorted(f"{entity} {tag}" for entity, tag in now.keys() - before.keys())
    found.removed = sorted(f"{entity} {tag}" for entity, tag in before.keys() - now.keys())
    for key in sorted(now.keys() & before.keys()):
        for attribute, what in WRITTEN.items():
            said = [_text(getattr(e[key], attribute)) for e in (before, now)]
            if said[0] != said[1]:
                found.rewritten.append(Rewritten(now[key].name, now[key].entity, what, *said))


def _recompute(db: duckdb.DuckDBPyConnection, found: Difference) -> set[str] | None:
    """Computes the old definitions that changed on the new version's tables. Gives the families computed, None for not knowing.

    A family whose old definition cannot be computed there is noted and left out: `RECOMPUTED` then lacks it.
    """
    if not (found.old.contents.definitions and found.new.contents.definitions):
        found.notes.append("one of the two keeps no definitions: changes by definition and by data are not told apart")
        return None
    dates = [date.fromisoformat(v.contents.as_of) for v in (found.old, found.new)]
    old = {name: moved(sql, *dates) for name, sql in found.old.contents.definitions.items()}
    new = {name: moved(sql, dates[1], dates[1]) for name, sql in found.new.contents.definitions.items()}
    db.execute(f"create schema {RECOMPUTED}")
    changed = changed_families(old, new, lambda seed: _is_same_seed(db, seed))
    done: list[str] = []
    for name in changed:
        try:
            query = on_version(old[name], "new", "old", done)
            db.execute(f"create table memory.{RECOMPUTED}.{identifier(name)} as {query}")
            done.append(name)
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            found.notes.append(f"the definition of {name} in {found.old.name} cannot be computed on {found.new.name}: {reason}")
    return set(changed)


def _is_same_seed(db: duckdb.DuckDBPyConnection, seed: str) -> bool:
    one, other = (f"from {name}.{identifier(SEEDS)}.{identifier(seed)}" for name in ("old", "new"))
    try:
        query = f"select count(*) from (({one} except all {other}) union all ({other} except all {one}))"
        return bool(one_row(db.execute(query))[0] == 0)
    except duckdb.Error:
        return False  # not there in both, or of other columns


class _Values:
    """The values of one entity's tags in both versions, and as the old definitions give them."""

    def __init__(self, db: duckdb.DuckDBPyConnection, models: Models, entity: str, found: Difference, changed: set[str] | None):
        self._db, self._entity, self._found, self._changed = db, entity, found, changed
        self._key = identifier(key_of(models, entity))
        self._model = require_serving(models, "tag_values", entity)
        self._types = [_columns(db, version, self._model) for version in ("old", "new")]
        self._computed = {name: types for name in changed or () if (types := DuckDBReader(db).columns(RECOMPUTED, name))}

    def compare(self, tags: list[Tag]) -> None:
        """Adds to the difference what became of these tags' values, family by family."""
        if not all(self._types):
            return
        self._found.members[self._entity] = (self._only("old", "new"), self._only("new", "old"))
        there = [tag for tag in tags if all(tag.name in types for types in self._types)]
        for family in dict.fromkeys(tag.model for tag in there):
            self._compare_family(family, [tag for tag in there if tag.model == family])

    def _compare_family(self, family: str, tags: list[Tag]) -> None:
        is_split = self._changed is not None and (family not in self._changed or family in self._computed)
        counts = []
        for tag in tags:
            old, mid, now = self._values(tag.name, family)
            differ = [f"{old} is distinct from {now}", f"{old} is distinct from {mid}", f"{mid} is distinct from {now}"]
            differ.append(f"{differ[1]} and {differ[2]}")
            counts += [f"count(*) filter ({condition})" for condition in differ]
        row = one_row(self._db.execute(f"select {', '.join(counts)} from {self._joined(family)}"))
        for at, tag in enumerate(tags):
            changed, by_data, by_definition, by_both = row[at * 4 : at * 4 + 4]
            if changed or (is_split and by_data):
                data, definition, both = (by_data, by_definition, by_both) if is_split else (None, None, 0)
                moves = self._moves(tag, family)
                self._found.moved.append(Moved(tag.name, self._entity, changed, data, definition, both, moves))

    def _moves(self, tag: Tag, family: str) -> tuple[Any, ...]:
        if tag.kind in ("number", "date"):
            return ()
        old, _, now = self._values(tag.name, family)
        query = f"""select {old}::varchar, {now}::varchar, count(*) from {self._joined(family)}
            where {old} is distinct from {now} group by all order by 3 desc, 1, 2 limit {MOVES_SHOWN}"""
        return tuple(self._db.execute(query).fetchall())

    def _values(self, tag: str, family: str) -> tuple[str, str, str]:
        """The tag's value in the old version, by the old definition on the new tables, in the new version: as SQL."""
        column, kinds = identifier(tag), [types[tag] for types in self._types]
        is_computed = tag in self._computed.get(family, ())
        # A table keeps a figure to the decimals of its contract: the old definition is held to those of its own table.
        old, mid, now = f"o.{column}", f"m.{column}::{kinds[0]}" if is_computed else f"n.{column}", f"n.{column}"
        if kinds[0] != kinds[1]:
            return f"({old})::varchar", f"({mid})::varchar", f"({now})::varchar"
        return old, mid, now

    def _joined(self, family: str) -> str:
        key = self._key
        joined = f"{_table('old', self._model)} as o join {_table('new', self._model)} as n on o.{key} = n.{key}"
        if family in self._computed:
            joined += f" left join memory.{RECOMPUTED}.{identifier(family)} as m on m.{key} = n.{key}"
        return joined

    def _only(self, one: str, other: str) -> int:
        tables = f"{_table(one, self._model)} as o anti join {_table(other, self._model)} as n using ({self._key})"
        return int(one_row(self._db.execute(f"select count(*) from {tables}"))[0])


def _columns(db: duckdb.DuckDBPyConnection, version: str, model: Model) -> dict[str, str]:
    """Types of a table's columns; none where the version has no such table."""
    query = """select column_name, data_type from duckdb_columns()
        where database_name = ? and schema_name = ? and table_name = ?"""
    return dict(db.execute(query, [version, model.schema, model.table]).fetchall())


def _table(version: str, model: Model) -> str:
    return ".".join(identifier(part) for part in (version, model.schema, model.table))


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(named(v, label) for v, label in value.items())
    return ", ".join(value) if isinstance(value, tuple) else str(value or "")
