"""Tags that hold the same members as another, or lie within it: two names for one thing, or one that says nothing new.

Looked at are flags (the members for whom they hold), each value of tags with closed values, and the members for whom such a tag
is known at all, on the published 360° table. DuckDB alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np

from orchestration.base import settings
from orchestration.base.sql import identifier, literal
from orchestration.catalog.published import read_tags
from orchestration.catalog.tags import Tag
from orchestration.tags.catalogue import chosen
from orchestration.warehouse.manifest import Models, require_serving
from orchestration.warehouse.reading import DuckDBReader, published

ROWS_AT_ONCE = 65_536
"""Members looked at together: bounds memory, four bytes a set and member."""


@dataclass(frozen=True)
class Members:
    """A set of members: those of a flag, of one `value` of a tag, or (`is_known`) all for whom the tag has a value."""

    tag: str
    value: str = ""
    is_known: bool = False

    def __str__(self) -> str:
        return f"{self.tag} = {self.value}" if self.value else f"{self.tag} known" if self.is_known else self.tag

    @property
    def condition(self) -> str:
        """Who belongs to it, as SQL."""
        column = identifier(self.tag)
        if self.is_known:
            return f"{column} is not null"
        return f"{column}::varchar = {literal(self.value)}" if self.value else column


@dataclass(frozen=True)
class Overlap:
    """`part` lies within `whole` with the share `within` (0 to 1) of its members.

    `is_mutual`: the same holds the other way round; `within` is then the lesser of both shares, and 1 for the very same members.
    """

    part: Members
    whole: Members
    part_members: int
    whole_members: int
    within: float
    is_mutual: bool

    def __str__(self) -> str:
        """One line of the table."""
        relation = ("equals" if self.within == 1 else "nearly equals") if self.is_mutual else "within"
        whole = f"{self.whole!s:<44} {self.whole_members:>12,} {self.within:>8.2%}"
        return f"{self.part!s:<44} {self.part_members:>12,}  {relation:<13}  {whole}"


def read_overlaps(home: settings.Home, models: Models, entity: str, at_least: float, least: int) -> list[Overlap]:
    """The overlaps among the tags of an entity in the current version. Raises CatalogError where it has no tags."""
    with published(home) as db:
        return overlaps_in(db, models, chosen(read_tags(DuckDBReader(db), models), entity), at_least, least)


def overlaps_in(
    db: duckdb.DuckDBPyConnection, models: Models, entries: Sequence[Tag], at_least: float, least: int, tag: str | None = None
) -> list[Overlap]:
    """The overlaps among these tags, of one entity, in a published version: all of them, or those of one `tag` with any other,
    which takes a fraction of the time. All members are counted, none is drawn."""
    sets = sets_of(entries)
    mine = [at for at, one in enumerate(sets) if tag in (None, one.tag)]
    if not mine:
        return []
    shared, members = common(db, require_serving(models, "tag_values", entries[0].entity).relation, sets, mine)
    return overlaps(sets, shared, members, at_least, least)


def sets_of(entries: Sequence[Tag]) -> list[Members]:
    """The sets that tags divide members into: a flag's one; one a value where values are closed, and one for all of these."""
    found = []
    for entry in entries:
        if entry.kind == "flag":
            found.append(Members(entry.name))
        elif entry.kind in ("band", "tier", "code") and entry.values:
            found += [*(Members(entry.name, value) for value in entry.values), Members(entry.name, is_known=True)]
    return found


def common(db: duckdb.DuckDBPyConnection, relation: str, sets: Sequence[Members], mine: Sequence[int]) -> tuple[np.ndarray, int]:
    """How many members every two sets share: a square matrix in the order of the sets, sizes in its diagonal; and how many
    members there are in all. Pairs without one of those at the places `mine` are left at 0."""
    selected = ", ".join(f"coalesce({one.condition}, false)::utinyint as s{at}" for at, one in enumerate(sets))
    batches = db.execute(f"select {selected or 'true'} from {relation}").to_arrow_reader(ROWS_AT_ONCE)
    shared, sizes, members = np.zeros((len(sets), len(sets)), dtype=np.int64), np.zeros(len(sets), dtype=np.int64), 0
    for batch in batches:
        # Single floats count exactly up to 16 million, and are what processors multiply fastest.
        matrix = np.empty((len(sets), batch.num_rows), dtype=np.float32)
        for at in range(len(sets)):
            matrix[at] = batch.column(at).to_numpy(zero_copy_only=False)
        rows = matrix if len(mine) == len(sets) else matrix[mine]
        shared[mine] += (rows @ matrix.T).astype(np.int64)
        sizes += matrix.sum(axis=1).astype(np.int64)
        members += batch.num_rows
    shared[:, mine] = shared[mine].T
    np.fill_diagonal(shared, sizes)
    return shared, members


def overlaps(sets: Sequence[Members], shared: np.ndarray, members: int, at_least: float, least: int = 1) -> list[Overlap]:
    """The pairs of which one lies within the other with at least that share of its members, mutual ones first, then the largest.

    Left out is what says nothing: values of one tag; sets of fewer members than `least`; wholes that hold that share of all
    members; a value where its whole tag lies within the same set; that two tags are known for the same members.
    """
    sizes = np.diagonal(shared)
    within = shared / np.maximum(sizes, 1)[:, None]
    known = {one.tag: at for at, one in enumerate(sets) if one.is_known}
    found = []
    for part, whole in zip(*np.nonzero(within >= at_least), strict=True):
        one, other = sets[part], sets[whole]
        is_idle = sizes[part] < least or sizes[whole] >= at_least * members or one.tag == other.tag or other.is_known
        is_mutual = bool(within[whole, part] >= at_least)
        is_implied = not one.is_known and one.tag in known and within[known[one.tag], whole] >= at_least and not is_mutual
        # A mutual pair is met twice, and told once, the smaller first.
        is_second = is_mutual and not one.is_known and (sizes[part], part) > (sizes[whole], whole)
        if not (is_idle or is_implied or is_second):
            share = min(within[part, whole], within[whole, part]) if is_mutual else within[part, whole]
            found.append(Overlap(one, other, int(sizes[part]), int(sizes[whole]), float(share), is_mutual))
    return sorted(found, key=lambda o: (not o.is_mutual, -o.part_members, str(o.part), str(o.whole)))


def described(found: Sequence[Overlap]) -> Iterator[str]:
    """The pairs as a table."""
    if not found:
        yield "No tag equals another or lies within one."
        return
    yield f"{'tag':<44} {'members':>12}  {'':<13}  {'tag':<44} {'members':>12} {'share':>8}"
    yield from map(str, found)
