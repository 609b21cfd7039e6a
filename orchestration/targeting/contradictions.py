"""Parts of a condition that nobody can meet, whatever the data: `arpu_3m > 80 and arpu_3m < 30`.

Each tag is followed alone, by the values that the parts of a conjunction leave it; negations are carried down to the comparisons.
What compares tags with each other, or calculates, is taken as possible: nothing that can be met is ever named here, but not
everything that cannot.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from sqlglot import exp

from orchestration.catalog.tags import Catalog, Tag
from orchestration.targeting.syntax import read, written

_MIRRORED = {exp.LT: exp.GT, exp.GT: exp.LT, exp.LTE: exp.GTE, exp.GTE: exp.LTE, exp.EQ: exp.EQ, exp.NEQ: exp.NEQ}
_NEGATED = {exp.LT: exp.GTE, exp.GTE: exp.LT, exp.GT: exp.LTE, exp.LTE: exp.GT, exp.EQ: exp.NEQ, exp.NEQ: exp.EQ}
_WHOLE = ("integer", "bigint", "smallint", "tinyint", "int", "long")

Value = float | date | str | bool


@dataclass(frozen=True)
class _Left:
    """What a tag may still be: a range (both ends included or not), values that alone are allowed, values that are not, null.
    `said`: the parts that say so."""

    low: Value | None = None
    high: Value | None = None
    low_open: bool = False
    high_open: bool = False
    among: frozenset | None = None
    barred: frozenset = frozenset()
    null: bool = True
    value: bool = True
    said: tuple[str, ...] = ()

    def is_empty(self) -> bool:
        return not self.null and not (self.value and self._has_value())

    def _has_value(self) -> bool:
        if self.among is not None:
            return any(self._within(v) for v in self.among - self.barred)
        if self.low is None or self.high is None:
            return True
        if self.low == self.high:
            return not (self.low_open or self.high_open) and self.low not in self.barred
        return self.low < self.high

    def _within(self, v: Value) -> bool:
        above = self.low is None or v > self.low or (v == self.low and not self.low_open)
        return above and (self.high is None or v < self.high or (v == self.high and not self.high_open))


@dataclass(frozen=True)
class _Atom:
    """One comparison of a tag (or of its past) with values: what it leaves of the tag, as a function of what was left."""

    key: str
    tag: Tag
    kind: type
    values: tuple[Value, ...]
    text: str

    def applied(self, left: _Left) -> _Left:
        said = (*left.said, self.text) if self.text not in left.said else left.said
        if self.kind is exp.Null:
            return replace(left, value=False, said=said)
        left = replace(left, null=False, said=said)
        v = self.values[0] if self.values else None
        if self.kind is exp.In:
            allowed = frozenset(self.values)
            return replace(left, among=allowed if left.among is None else left.among & allowed)
        if self.kind is exp.NEQ:
            return replace(left, barred=left.barred | frozenset(self.values))
        if self.kind is exp.Is:  # is not null
            return left
        if self.kind in (exp.GT, exp.GTE):
            return self._above(left, v, self.kind is exp.GT)
        return self._below(left, v, self.kind is exp.LT)

    def _above(self, left: _Left, v: Value, is_open: bool) -> _Left:
        if is_open and (step := self._step()) is not None:
            v, is_open = _floor(v) + step, False
        if left.low is None or v > left.low or (v == left.low and is_open):
            return replace(left, low=v, low_open=is_open)
        return left

    def _below(self, left: _Left, v: Value, is_open: bool) -> _Left:
        if is_open and (step := self._step()) is not None:
            v, is_open = -_floor(-v) - step if not isinstance(v, date) else v - step, False
        if left.high is None or v < left.high or (v == left.high and is_open):
            return replace(left, high=v, high_open=is_open)
        return left

    def _step(self) -> int | timedelta | None:
        """What lies between two neighbours, of a tag that has such: whole numbers and days."""
        if self.tag.kind == "date":
            return timedelta(1)
        return 1 if self.tag.data_type.lower() in _WHOLE else None


def _floor(v: Value) -> Value:
    return v if isinstance(v, date) else v // 1


@dataclass
class _State:
    left: dict[str, _Left] = field(default_factory=dict)

    def with_(self, atom: _Atom) -> "_State":
        start = self.left.get(atom.key) or _Left(among=_closed(atom.tag))
        return _State(self.left | {atom.key: atom.applied(start)})

    def conflict(self) -> str | None:
        """The parts that contradict each other, in words; None where none do."""
        for left in self.left.values():
            if left.is_empty():
                return " and ".join(left.said)
        return None


def contradictions(text: str, catalog: Catalog, entity: str = "subscriber") -> list[str]:
    """Parts of the condition that nobody can meet, in the order in which they stand; the first is the whole where that is one.

    `text` must be a condition that expression.parse takes.
    """
    tags = catalog.tags(entity)
    found: list[str] = []
    _held(read(text, dict(tags)), False, tags, _State(), found)
    return list(dict.fromkeys(found))


@dataclass(frozen=True)
class Comparison:
    """One comparison of a tag with values, as it is written, and the texts that it compares it with (for equality alone)."""

    text: str
    tag: Tag
    texts: tuple[str, ...] = ()


def comparisons(text: str, catalog: Catalog, entity: str = "subscriber") -> list[Comparison]:
    """The comparisons of tags with values in a condition that expression.parse takes, in their order, each once."""
    tags, found = catalog.tags(entity), {}
    for node in read(text, dict(tags)).walk():
        if isinstance(node, exp.In | exp.Between | exp.Binary) and not isinstance(node, exp.And | exp.Or):
            for atom in _atoms(node, False, tags):
                texts = tuple(v for v in atom.values if isinstance(v, str)) if atom.kind is exp.In else ()
                found[atom.text] = Comparison(atom.text, atom.tag, texts)
    return list(found.values())


def _held(node: exp.Expression, negated: bool, tags: Mapping[str, Tag], state: _State, found: list[str]) -> _State | None:
    """The state in which the node is true (false, where negated), as far as it can be said; None where it cannot be."""
    node, negated = _bare(node, negated)
    if isinstance(node, exp.And | exp.Or):
        together = isinstance(node, exp.And) != negated
        branches = list(node.flatten(unnest=False))
        return (_all if together else _any)(branches, negated, tags, state, found)
    for atom in _atoms(node, negated, tags):
        state = state.with_(atom)
        if conflict := state.conflict():
            found.append(conflict)
            return None
    return state


def _all(branches: Sequence, negated: bool, tags: Mapping[str, Tag], state: _State, found: list[str]) -> _State | None:
    """All branches hold: comparisons first, then what offers a choice."""
    bare = [_bare(branch, negated) for branch in branches]
    for node, sign in sorted(bare, key=lambda each: isinstance(each[0], exp.And | exp.Or)):
        state = _held(node, sign, tags, state, found)
        if state is None:
            return None
    return state


def _any(branches: Sequence, negated: bool, tags: Mapping[str, Tag], state: _State, found: list[str]) -> _State | None:
    """One branch holds: where only one can, what it says holds too."""
    possible = [held for branch in branches if (held := _held(branch, negated, tags, state, found)) is not None]
    return possible[0] if len(possible) == 1 else (state if possible else None)


def _bare(node: exp.Expression, negated: bool) -> tuple[exp.Expression, bool]:
    while isinstance(node, exp.Paren | exp.Not):
        negated = negated != isinstance(node, exp.Not)
        node = node.this
    return node, negated


def _atoms(node: exp.Expression, negated: bool, tags: Mapping[str, Tag]) -> Iterator[_Atom]:
    """What the comparison says of one tag; nothing for what cannot be followed."""
    text = f"not {written(node)}" if negated else written(node)
    if isinstance(node, exp.Column | exp.Anonymous):
        if named := _named(node, tags):
            yield _Atom(*named, exp.In, (not negated,), text)
        return
    named = _named(node.this, tags) if not isinstance(node, exp.Binary) else None
    if isinstance(node, exp.Is) and (named := _named(node.this, tags)):
        yield _Atom(*named, exp.Is if negated else exp.Null, (), text)
    elif isinstance(node, exp.In) and named:
        values = tuple(_value(item, named[1]) for item in node.expressions)
        if None not in values:
            yield _Atom(*named, exp.NEQ if negated else exp.In, values, text)
    elif isinstance(node, exp.Between) and named and not negated:
        low, high = (_value(node.args[end], named[1]) for end in ("low", "high"))
        if None not in (low, high):
            yield _Atom(*named, exp.GTE, (low,), text)
            yield _Atom(*named, exp.LTE, (high,), text)
    elif type(node) in _MIRRORED:
        yield from _compared(node, negated, tags, text)


def _compared(node: exp.Binary, negated: bool, tags: Mapping[str, Tag], text: str) -> Iterator[_Atom]:
    kind, tag_side, other = type(node), _unwrapped(node.this), _unwrapped(node.expression)
    if not isinstance(tag_side, exp.Column | exp.Anonymous):
        kind, tag_side, other = _MIRRORED[kind], other, tag_side
    named = _named(tag_side, tags)
    value = _value(other, named[1]) if named else None
    if value is None:
        return
    kind = _NEGATED[kind] if negated else kind
    yield _Atom(*named, exp.In if kind is exp.EQ else kind, (value,), text)


def _named(node: exp.Expression, tags: Mapping[str, Tag]) -> tuple[str, Tag] | None:
    """What is asked about, the same for the same thing, and its tag; None for a calculation or a value."""
    node = _unwrapped(node)
    if isinstance(node, exp.Column):  # today is none of a tag
        tag = tags.get(node.name.lower())
        return (tag.name, tag) if tag else None
    if isinstance(node, exp.Anonymous):
        tag = tags[node.expressions[0].name.lower()]
        is_flag = node.name.lower() == "changed"
        return written(node).lower(), replace(tag, kind="flag", values=()) if is_flag else tag
    return None


def _value(node: exp.Expression, tag: Tag) -> Value | None:
    """The value as what the tag is made of; None for what is no value."""
    node = _unwrapped(node)
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Neg):
        number = _value(node.this, tag)
        return -number if isinstance(number, float) else None
    if not isinstance(node, exp.Literal):
        return None
    if tag.kind == "date":
        return date.fromisoformat(node.this)
    return node.this if node.is_string else float(node.this)


def _closed(tag: Tag) -> frozenset | None:
    """All values of the tag, where they are closed."""
    if tag.kind == "flag":
        return frozenset((True, False))
    return frozenset(tag.values) if tag.values and tag.kind in ("code", "band", "tier") else None


def _unwrapped(node: exp.Expression) -> exp.Expression:
    while isinstance(node, exp.Paren):
        node = node.this
    return node
