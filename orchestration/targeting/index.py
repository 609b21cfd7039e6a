"""Counts of conditions over one published version, from memory: what each comparison gives for each line, kept and combined.

A comparison gives a byte a line: 0 false, 1 unknown, 2 true. So `and` is the lesser, `or` the greater, `not` what is left of 2.
A tag is kept as the place of each line's value among all values in their order, so that comparing it with values is one look-up a
line. Every other comparison, such as a calculation, the engine answers once. What asks for the past of a tag is counted by the
engine as a whole, since joins give lines in no certain order.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from functools import reduce
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from orchestration.catalog.tags import Tag
from orchestration.engines.tables import Tables
from orchestration.targeting.advice import lines_matched
from orchestration.targeting.definition import Conditions
from orchestration.targeting.expression import Day
from orchestration.targeting.matching import lines_given
from orchestration.targeting.templates import quoted, sql

Bytes = NDArray[np.uint8]
FALSE, UNKNOWN, TRUE = 0, 1, 2
MOST_VALUES = 1_000
"""A text with more values than these is left to the engine."""

TEXTS, ORDERED = ("band", "tier", "code"), ("number", "date")
EPOCH = date(1970, 1, 1)
KEPT_BYTES = 512 * 2**20


class LineIndex:
    """The comparisons of one version, of which the current run date is `run_date`. Any number of threads may count."""

    def __init__(self, tags: Mapping[str, Tag], as_of: date, kept_bytes: int = KEPT_BYTES):
        self.tags, self.as_of, self.kept_bytes = tags, as_of, kept_bytes
        self._kept: OrderedDict[str, Any] = OrderedDict()
        self._values: dict[str, Any] = {}
        self._lock = threading.Lock()

    def count(self, conditions: Conditions, tables: Tables, run_date: date) -> int:
        """How many lines meet the conditions: the same number as `advice.lines_matched` counts."""
        if any(not isinstance(moment, Day) for condition in conditions.all for moment in condition.moments):
            return lines_matched(conditions, tables, self.as_of, run_date)
        where, *exclude = (condition.tree for condition in conditions.all)
        leaves = [leaf for tree in (where, *exclude) for leaf in _leaves(tree)]
        found = self._answers(leaves, conditions, tables, run_date)
        met = _combined(where, found) == TRUE
        for tree in exclude:
            met &= _combined(tree, found) != TRUE
        return int(np.count_nonzero(met))

    def warm(self, tables: Tables) -> None:
        """Reads all tags, those with the smallest codes first, as far as they may be kept. A version that goes ends it."""
        with suppress(duckdb.Error):
            there = set(tables.columns(tables.relations.tag_values))
            for tag in sorted(self.tags.values(), key=lambda tag: tag.kind in ORDERED):
                if tag.is_active and tag.name in there and self._has_room:
                    self._codes(tag, tables)

    @property
    def _has_room(self) -> bool:
        with self._lock:
            return sum(each.nbytes for each in self._kept.values()) < self.kept_bytes * 0.9

    def _answers(
        self, leaves: Sequence[exp.Expression], conditions: Conditions, tables: Tables, run_date: date
    ) -> dict[str, Bytes]:
        """What each comparison gives, by its SQL; the engine is asked for all that lack in one scan."""
        found: dict[str, Bytes] = {}
        asked: dict[str, str] = {}
        days = {m.column: run_date + timedelta(m.after) for c in conditions.all for m in c.moments if isinstance(m, Day)}
        for leaf in leaves:
            text = leaf.sql(tables.dialect)
            key = f"{run_date} {text}"
            known = self._coded(leaf, tables, days)
            if known is None:
                known = self._look_up(key)
            if known is None:
                asked[text] = key
            else:
                found[text] = known
        if asked:
            given = lines_given([conditions], tables.relations, self.as_of, run_date)
            query = sql("lines_compared", tables.dialect, **given, comparisons=list(asked))
            answers = tables.connection.execute(query).fetchnumpy()
            for (text, key), answer in zip(asked.items(), answers.values(), strict=True):
                found[text] = self._keep(key, np.asarray(answer, dtype=np.uint8))
        return found

    def _coded(self, leaf: exp.Expression, tables: Tables, days: Mapping[str, date]) -> Bytes | None:
        """What a comparison of a tag with values gives, by its codes; None for any other comparison."""
        tag = _tag_of(leaf, self.tags)
        codes = None if tag is None else self._codes(tag, tables)
        if tag is None or codes is None:
            return None
        if isinstance(leaf, exp.Is):
            return np.where(codes == (UNKNOWN if tag.kind == "flag" else 0), TRUE, FALSE).astype(np.uint8)
        if tag.kind == "flag":
            return codes if isinstance(leaf, exp.Column) else None  # its codes are its answers
        values = self._values[tag.name]
        given = [_value(each, days) for each in _values_of(leaf)]
        if not given or None in given:
            return None
        answer = np.full(len(values) + 1, FALSE, dtype=np.uint8)
        if tag.kind in TEXTS:
            answer[[values[each] for each in given if each in values]] = TRUE
        else:
            for first, last in _places(leaf, values, given):
                answer[first + 1 : last + 1] = TRUE
        if isinstance(leaf, exp.NEQ):
            answer = TRUE - answer
        answer[0] = UNKNOWN
        return answer[codes]

    def _codes(self, tag: Tag, tables: Tables) -> Any:
        """The tag of each line as a number: of a flag the answer to it, of others the place of its value from 1, 0 for none; None
        of a text with too many values."""
        known = self._look_up(tag.name)
        if known is not None or self._values.get(tag.name, ()) is None:
            return known
        column, relation = quoted(tag.name, tables.dialect), tables.relations.tag_values
        if tag.kind == "flag":
            query = f"select coalesce({column}::utinyint * 2, 1)::utinyint as codes from {relation}"
            return self._keep(tag.name, np.asarray(tables.connection.execute(query).fetchnumpy()["codes"]))
        read = _ordered if tag.kind in ORDERED else _texts
        self._values[tag.name], codes = read(tag, column, relation, tables)
        return None if codes is None else self._keep(tag.name, codes)

    def _look_up(self, key: str) -> Any:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: str, answer: Any) -> Any:
        """Keeps an answer; those longest unused go when they take too much."""
        with self._lock:
            self._kept[key] = answer
            used = sum(each.nbytes for each in self._kept.values())
            while used > self.kept_bytes and len(self._kept) > 1:
                _, gone = self._kept.popitem(last=False)
                used -= gone.nbytes
        return answer


def _leaves(node: exp.Expression) -> Iterable[exp.Expression]:
    """The comparisons of a condition."""
    if isinstance(node, exp.Connector):
        return [leaf for part in (node.left, node.right) for leaf in _leaves(part)]
    return _leaves(node.this) if isinstance(node, exp.Not | exp.Paren) else [node]


def _combined(node: exp.Expression, found: Mapping[str, Bytes]) -> Bytes:
    """What a condition gives for each line, of what its comparisons give."""
    if isinstance(node, exp.Connector):
        combine = np.minimum if isinstance(node, exp.And) else np.maximum
        return reduce(combine, (_combined(part, found) for part in node.flatten()))
    if isinstance(node, exp.Not):
        return np.asarray(TRUE - _combined(node.this, found), dtype=np.uint8)
    return _combined(node.this, found) if isinstance(node, exp.Paren) else found[node.sql("duckdb")]


def _texts(tag: Tag, column: str, relation: str, tables: Tables) -> tuple[dict[str, int] | None, Any]:
    """The place of each value of a text, and the codes of the lines; None of a text with too many values."""
    distinct = f"select distinct {column} from {relation} where {column} is not null limit {MOST_VALUES + 1}"
    values = sorted(value for (value,) in tables.rows(distinct))
    if len(values) > MOST_VALUES:
        return None, None
    texts = ", ".join(exp.Literal.string(value).sql("duckdb") for value in values) or "''"
    query = f"select coalesce(enum_code({column}::enum({texts})) + 1, 0)::usmallint as codes from {relation}"
    codes = np.asarray(tables.connection.execute(query).fetchnumpy()["codes"])
    return {value: place for place, value in enumerate(values, 1)}, codes.astype(_width(len(values)))


def _ordered(tag: Tag, column: str, relation: str, tables: Tables) -> tuple[Any, Any]:
    """All values of a number or date in their order, dates as days from EPOCH, and the codes of the lines; None of a number with
    values that are none."""
    figure = f"({column} - date '{EPOCH}')" if tag.kind == "date" else column
    query = f"select {figure}::double as figures from {relation}"
    found = np.ma.asarray(tables.connection.execute(query).fetchnumpy()["figures"])
    known = ~np.ma.getmaskarray(found)
    figures = found.data[known]
    if np.isnan(figures).any():
        return None, None
    values, places = np.unique(figures, return_inverse=True)
    codes = np.zeros(len(found), dtype=_width(len(values)))
    codes[known] = places + 1
    return values, codes


def _width(values: int) -> Any:
    """The smallest type that holds the places of so many values, and 0."""
    return np.min_scalar_type(values)


def _tag_of(leaf: exp.Expression, tags: Mapping[str, Tag]) -> Tag | None:
    """The tag that stands alone on the left of a comparison, or is a condition by itself."""
    column = leaf if isinstance(leaf, exp.Column) else leaf.this
    return tags.get(column.name) if isinstance(column, exp.Column) else None


def _values_of(leaf: exp.Expression) -> list[exp.Expression]:
    """What the left of a comparison is compared with."""
    if isinstance(leaf, exp.In):
        return list(leaf.expressions)
    if isinstance(leaf, exp.Between):
        return [leaf.args["low"], leaf.args["high"]]
    return [leaf.expression] if isinstance(leaf, exp.EQ | exp.NEQ | exp.LT | exp.LTE | exp.GT | exp.GTE) else []


def _value(node: exp.Expression, days: Mapping[str, date]) -> Any:
    """A value as codes are looked up by: a text, a number, a day from EPOCH; None for anything else."""
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal):
        return float((date.fromisoformat(node.this.name) - EPOCH).days) if node.is_type("date") else None
    if isinstance(node, exp.Column):
        return float((days[node.name] - EPOCH).days) if node.name in days else None
    if isinstance(node, exp.Neg):
        inner = _value(node.this, days)
        return -inner if isinstance(inner, float) else None
    if isinstance(node, exp.Literal):
        return node.name if node.is_string else float(node.name)
    return None


def _places(leaf: exp.Expression, values: Any, given: Sequence[float]) -> list[tuple[int, int]]:
    """The places in the ordered values that a comparison holds for, from the first to before the last; of `<>` the others."""
    first = [int(np.searchsorted(values, each, "left")) for each in given]
    last = [int(np.searchsorted(values, each, "right")) for each in given]
    if isinstance(leaf, exp.Between):
        return [(first[0], max(first[0], last[1]))]
    ranges: dict[type, tuple[int, int]] = {
        exp.LT: (0, first[0]),
        exp.LTE: (0, last[0]),
        exp.GT: (last[0], len(values)),
        exp.GTE: (first[0], len(values)),
    }
    return [ranges[type(leaf)]] if type(leaf) in ranges else list(zip(first, last, strict=True))
