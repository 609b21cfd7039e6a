"""Counts of conditions over one published version, from memory: what each comparison gives for each line, kept and combined.

A comparison gives a byte a line: 0 false, 1 unknown, 2 true. So `and` is the lesser, `or` the greater, `not` what is left of 2.
Flags and closed texts are kept as codes and compared here; every other comparison the engine answers once. What asks for the past
of a tag is counted by the engine as a whole, since joins give lines in no certain order.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import reduce
from typing import Any

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

TEXTS = ("band", "tier", "code")
KEPT_BYTES = 512 * 2**20


class LineIndex:
    """The comparisons of one version, of which the current run date is `run_date`. Any number of threads may count."""

    def __init__(self, tags: Mapping[str, Tag], as_of: date, kept_bytes: int = KEPT_BYTES):
        self.tags, self.as_of, self.kept_bytes = tags, as_of, kept_bytes
        self._kept: OrderedDict[str, Any] = OrderedDict()
        self._values: dict[str, dict[str, int] | None] = {}
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
        """Reads the codes of all flags and texts, as far as they may be kept."""
        for tag in self.tags.values():
            if tag.is_active and (tag.kind == "flag" or tag.kind in TEXTS) and self._has_room:
                self._codes(tag, tables)

    @property
    def _has_room(self) -> bool:
        with self._lock:
            return sum(each.nbytes for each in self._kept.values()) < self.kept_bytes / 2

    def _answers(
        self, leaves: Sequence[exp.Expression], conditions: Conditions, tables: Tables, run_date: date
    ) -> dict[str, Bytes]:
        """What each comparison gives, by its SQL; the engine is asked for all that lack in one scan."""
        found: dict[str, Bytes] = {}
        asked: dict[str, str] = {}
        for leaf in leaves:
            text = leaf.sql(tables.dialect)
            key = f"{run_date} {text}"
            known = self._coded(leaf, tables)
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

    def _coded(self, leaf: exp.Expression, tables: Tables) -> Bytes | None:
        """What a comparison of a flag or closed text gives, by its codes; None where it is of another kind."""
        tag, values, is_in = _membership(leaf, self.tags)
        if tag is None:
            return None
        codes = self._codes(tag, tables)
        if codes is None:
            return None
        if tag.kind == "flag":
            return codes  # its codes are its answers
        known = self._values[tag.name] or {}
        answer = np.full(len(known) + 1, FALSE if is_in else TRUE, dtype=np.uint8)
        answer[0] = UNKNOWN
        answer[[known[value] for value in values if value in known]] = TRUE if is_in else FALSE
        return answer[codes]

    def _codes(self, tag: Tag, tables: Tables) -> Any:
        """The tag of each line as a number: of a flag the answer to it, of a text the place of its value, 0 for none; None of a
        text with too many values."""
        known = self._look_up(tag.name)
        if known is not None or self._values.get(tag.name, ()) is None:
            return known
        column, relation = quoted(tag.name, tables.dialect), tables.relations.tag_values
        if tag.kind == "flag":
            query = f"select coalesce({column}::utinyint * 2, 1)::utinyint as codes from {relation}"
        else:
            distinct = f"select distinct {column} from {relation} where {column} is not null limit {MOST_VALUES + 1}"
            values = sorted(value for (value,) in tables.rows(distinct))
            self._values[tag.name] = (
                {value: place for place, value in enumerate(values, 1)} if len(values) <= MOST_VALUES else None
            )
            if self._values[tag.name] is None:
                return None
            texts = ", ".join(exp.Literal.string(value).sql("duckdb") for value in values) or "''"
            width = "utinyint" if len(values) < 255 else "usmallint"
            query = f"select coalesce(enum_code({column}::enum({texts})) + 1, 0)::{width} as codes from {relation}"
        return self._keep(tag.name, np.asarray(tables.connection.execute(query).fetchnumpy()["codes"]))

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


def _membership(leaf: exp.Expression, tags: Mapping[str, Tag]) -> tuple[Tag | None, tuple[str, ...], bool]:
    """The tag of a comparison with values, the values, and whether it is one of them; no tag for any other comparison."""
    column = leaf if isinstance(leaf, exp.Column) else leaf.this
    tag = tags.get(column.name) if isinstance(column, exp.Column) else None
    if tag is None or (isinstance(leaf, exp.Column) and tag.kind != "flag"):
        return None, (), True
    if isinstance(leaf, exp.Column):
        return tag, (), True
    values = leaf.expressions if isinstance(leaf, exp.In) else [leaf.expression] if isinstance(leaf, exp.EQ | exp.NEQ) else []
    if tag.kind not in TEXTS or not values or not all(isinstance(value, exp.Literal) for value in values):
        return None, (), True
    return tag, tuple(value.name for value in values), not isinstance(leaf, exp.NEQ)
