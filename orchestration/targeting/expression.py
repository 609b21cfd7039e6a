"""The expression language of target lists and offers: text -> checked tree -> SQL.

syntax.py gives a tree of known nodes; here each part is checked against the tag catalogue, and a new tree is built of it.
SQL is generated from that new tree alone, so no text of a user ever reaches an engine. Running the SQL does not belong here, nor
does what a past value is read from: it is in the tree as a column of its own, and says so. The language is described for its
users in docs/target-lists.md.
"""

import re
from dataclasses import dataclass, field
from datetime import date

from sqlglot import exp

from orchestration.base.words import Message, did_you_mean
from orchestration.catalog.tags import Catalog, Tag
from orchestration.targeting.syntax import ARITHMETIC, COMPARISONS, EQUALITIES, FUNCTIONS, TODAY, ExpressionError, position, read

__all__ = ["DIALECTS", "Change", "Condition", "Day", "ExpressionError", "Past", "parse"]

DIALECTS = ("duckdb", "spark")

_DECIMALS = 6  # a calculation is rounded to these before it is compared
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"[12][0-9]{3}-(0[1-9]|1[0-2])")
_MOST_DAYS = 366  # that changed() looks back
_FURTHEST = 3_660  # days from today, ten years
_TEXT_KINDS = ("code", "band", "tier")
_ORDERED_KINDS = ("number", "date")

WAS_TAKES = Message.of("was_takes", "was takes a tag and a month, such as was(value_tier, '2026-08')")
CHANGED_TAKES = Message.of("changed_takes", "changed takes a tag and a number of days, such as changed(value_tier, 30)")


@dataclass(frozen=True, order=True)
class Past:
    """A tag's value at the end of a month (its first day), which a condition reads from a column called so."""

    tag: str
    month: date

    @property
    def column(self) -> str:
        return f"{self.tag}@{self.month:%Y-%m}"  # no tag is called so


@dataclass(frozen=True, order=True)
class Change:
    """Days from a tag's last change to the business date, null where none is known, which a condition reads from a column."""

    tag: str

    @property
    def column(self) -> str:
        return f"{self.tag}@changed"


@dataclass(frozen=True, order=True)
class Day:
    """A day told from the run date: so many days after it, before it where negative. A condition reads it from a column."""

    after: int

    @property
    def column(self) -> str:
        return f"{TODAY} {'-' if self.after < 0 else '+'} {abs(self.after)}" if self.after else TODAY


@dataclass(frozen=True)
class Condition:
    """A checked condition. `tags`: the names used, in the order of first use; `moments`: columns needed beside those of tags."""

    text: str
    entity: str
    tags: tuple[str, ...]
    moments: tuple[Past | Change | Day, ...]
    _tree: exp.Expression = field(repr=False, compare=False)

    @property
    def tree(self) -> exp.Expression:
        """The checked tree, whose columns are tags and moments."""
        return self._tree

    def sql(self, dialect: str = "duckdb") -> str:
        """The condition as SQL for one of DIALECTS; its columns are tags and moments, unqualified and quoted."""
        if dialect not in DIALECTS:
            raise ValueError(f"'{dialect}' is no dialect of target lists; choose one of {', '.join(DIALECTS)}")
        return self._tree.sql(dialect=dialect)


def parse(text: str, catalog: Catalog, entity: str = "subscriber") -> Condition:
    """The condition that `text` states over the tags of `entity`.

    Raises ExpressionError for anything that is not: an unknown tag or value, a literal of the wrong kind, or anything beyond
    comparisons, in, between, is null, and/or/not, arithmetic on numbers, was, changed and today.
    """
    known = dict(catalog.tags(entity))
    builder = _Builder(text, known, has_past=entity == "subscriber")
    tree = builder.condition(read(text, known))
    return Condition(text, entity, tuple(builder.used), tuple(builder.moments), tree)


@dataclass(frozen=True)
class _Value:
    """One side of a comparison. `kind` is a tag kind, or 'text' for a literal that takes the kind of its counterpart."""

    kind: str
    tree: exp.Expression
    node: exp.Expression
    tag: Tag | None = None
    has_tag: bool = False
    is_computed: bool = False

    @property
    def said(self) -> Message:
        """What it is, in messages."""
        if self.tag:
            return Message.of("a_tag", "{tag} (a {kind})", tag=self.tag.name, kind=self.kind)
        if self.is_computed:
            return Message.of("a_calculation", "a calculation")
        return Message.of("a_value", "the {kind} {given}", kind=self.kind, given=self.node.sql())


class _Builder:
    """Builds the new tree for one text and notes which tags it used, and which moments of theirs."""

    def __init__(self, text: str, known: dict[str, Tag], has_past: bool):
        self.text, self.known, self.has_past = text, known, has_past
        self.used, self.moments = {}, {}

    def wrong(self, node: exp.Expression, code: str, english: str, /, **facts: object) -> ExpressionError:
        return ExpressionError(Message.of(code, english, **facts), self.text, position(node))

    def condition(self, node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Connector):
            combine = exp.and_ if isinstance(node, exp.And) else exp.or_
            return combine(*[self.condition(part) for part in chain(node)], copy=False)
        if isinstance(node, exp.Paren):
            return self.condition(node.this)
        if isinstance(node, exp.Not):
            return exp.Not(this=exp.Paren(this=self.condition(node.this)))
        if isinstance(node, COMPARISONS):
            return self.comparison(node)
        if isinstance(node, exp.In):
            return self.membership(node)
        if isinstance(node, exp.Between):
            value, low, high = self.matched(node, [node.this, node.args["low"], node.args["high"]], ordered=True)
            return exp.Between(this=value, low=low, high=high)
        if isinstance(node, exp.Is):
            return self.null_check(node)
        value = self.value(node)
        if value.has_tag and value.kind == "flag":
            return value.tree
        english = "{side} is no condition by itself; compare it with something"
        raise self.wrong(node, "no_condition", english, side=value.said)

    def comparison(self, node: exp.Binary) -> exp.Expression:
        left, right = self.matched(node, [node.this, node.expression], ordered=not isinstance(node, EQUALITIES))
        return type(node)(this=left, expression=right)

    def membership(self, node: exp.In) -> exp.Expression:
        if not node.expressions:
            raise self.wrong(node, "in_nothing", "the list after in is empty; name at least one value")
        for item in node.expressions:
            if any(not self.is_today(column) for column in item.find_all(exp.Column)):
                raise self.wrong(item, "in_tags", "the list after in holds values, not tags; compare tags with =")
        value, *items = self.matched(node, [node.this, *node.expressions])
        return exp.In(this=value, expressions=items)

    def null_check(self, node: exp.Is) -> exp.Expression:
        if not isinstance(node.expression, exp.Null):
            raise self.wrong(node, "is_null_alone", "is stands only in is null and is not null")
        value = self.value(node.this)
        if not value.has_tag:
            raise self.wrong(node, "is_null_of_tag", "is null asks about a tag, not about a value")
        return exp.Is(this=value.tree, expression=exp.Null())

    def matched(self, node: exp.Expression, sides: list[exp.Expression], ordered: bool = False) -> list[exp.Expression]:
        """The trees of all sides, brought to one kind. The first side that holds a tag says which."""
        values = [self.value(side) for side in sides]
        lead = next((v for v in values if v.has_tag), None)
        if lead is None:
            english = "two values are compared with each other; one side must name a tag"
            raise self.wrong(node, "two_values", english)
        if ordered and lead.kind not in _ORDERED_KINDS:
            raise self.wrong(lead.node, "no_order", "{side} has no order; use =, <> or in", side=lead.said)
        values = [self.typed(v, lead) for v in values]
        if not any(v.is_computed for v in values):
            return [v.tree for v in values]
        return [_round(v.tree) if v.is_computed else _double(v.tree) for v in values]

    def typed(self, value: _Value, lead: _Value) -> _Value:
        """The value as one of the lead's kind; a text literal becomes a date or a value of the lead's tag."""
        if value.kind == lead.kind:
            return value
        if value.kind != "text":
            quotes = Message.of("use_quotes", "; put the value in single quotes")
            hint = quotes if value.kind == "number" and lead.kind in _TEXT_KINDS else ""
            english = "{side} cannot be compared with {other}{hint}"
            raise self.wrong(value.node, "not_comparable", english, side=value.said, other=lead.said, hint=hint)
        if lead.kind == "date":
            return _Value("date", exp.cast(exp.Literal.string(self.iso_date(value.node, lead)), "date"), value.node)
        if lead.kind not in _TEXT_KINDS:
            needed = Message.of("number_without_quotes", "a number without quotes")
            if lead.kind == "flag":
                needed = Message.of("true_or_false", "true or false")
            english = "{side} cannot be compared with text; write {needed}"
            raise self.wrong(value.node, "not_with_text", english, side=lead.said, needed=needed)
        text, tag = value.node.this, lead.tag
        if tag.values and text not in tag.values:
            some = Message.of("it_has", "; it has {some}", some=", ".join(tag.values))
            hint = did_you_mean(text, tag.values, quote="'") or some
            raise self.wrong(
                value.node, "no_such_value", "{tag} has no value '{given}'{hint}", tag=tag.name, given=text, hint=hint
            )
        return _Value(lead.kind, value.tree, value.node)

    def iso_date(self, node: exp.Literal, lead: _Value) -> str:
        try:
            if _DATE.fullmatch(node.this):
                return date.fromisoformat(node.this).isoformat()
        except ValueError:
            pass  # looks like a date, but the calendar has no such day
        english = "{side} needs a date such as '2026-03-31', not '{given}'"
        raise self.wrong(node, "needs_date", english, side=lead.said, given=node.this)

    def value(self, node: exp.Expression) -> _Value:
        if self.is_today(node):
            return self.day(node, 0)
        if isinstance(node, exp.Column):
            tag = self.tag(node)
            return _Value(tag.kind, exp.column(tag.name, quoted=True), node, tag=tag, has_tag=True)
        if isinstance(node, exp.Literal):
            if node.is_string:
                return _Value("text", exp.Literal.string(node.this), node)
            return _Value("number", exp.Literal.number(node.this), node)
        if isinstance(node, exp.Boolean):
            return _Value("flag", exp.Boolean(this=node.this), node)
        if isinstance(node, exp.Paren):
            return self.value(node.this)
        if isinstance(node, exp.Anonymous):
            return self.moment(node)
        if isinstance(node, exp.Neg):
            return self.negative(node)
        if isinstance(node, ARITHMETIC):
            return self.arithmetic(node)
        if isinstance(node, exp.Null):
            raise self.wrong(node.parent or node, "compare_null", "null is compared with is null or is not null")
        raise self.wrong(node, "value_belongs", "a condition stands where a value belongs")

    def tag(self, node: exp.Column) -> Tag:
        tag = self.known[node.name.lower()]
        if not tag.is_active:
            english = "tag {tag} is {status}; choose another"
            raise self.wrong(node, "tag_not_active", english, tag=tag.name, status=tag.status)
        self.used[tag.name] = None
        return tag

    def moment(self, node: exp.Anonymous) -> _Value:
        """was(tag, month), a value of the tag's kind, or changed(tag, days), a flag."""
        name, given = node.name.lower(), node.expressions
        if name not in FUNCTIONS:
            raise self.wrong(node, "no_function", "there are no functions but {known}", known=" and ".join(FUNCTIONS))
        usage = CHANGED_TAKES if name == "changed" else WAS_TAKES
        if len(given) != 2 or not isinstance(given[0], exp.Column) or not isinstance(given[1], exp.Literal):
            raise ExpressionError(usage, self.text, position(node))
        if self.is_today(given[0]):
            raise ExpressionError(usage, self.text, position(node))
        if not self.has_past:
            raise self.wrong(node, "no_past", "only tags of subscribers have a past")
        tag = self.tag(given[0])
        return (self.past if name == "was" else self.change)(tag, *given)

    def past(self, tag: Tag, named: exp.Column, month: exp.Literal) -> _Value:
        if not tag.is_historic:
            english, hint = "{tag} is not kept by month{hint}", self.nearest("is_historic", tag)
            raise self.wrong(named, "not_by_month", english, tag=tag.name, hint=hint)
        if not month.is_string or not _MONTH.fullmatch(month.this):
            raise ExpressionError(WAS_TAKES, self.text, position(month))
        past = Past(tag.name, date.fromisoformat(f"{month.this}-01"))
        self.moments[past] = None
        return _Value(tag.kind, exp.column(past.column, quoted=True), month.parent, tag=tag, has_tag=True)

    def change(self, tag: Tag, named: exp.Column, days: exp.Literal) -> _Value:
        if not tag.is_tracked:
            english, hint = "changes of {tag} are not told{hint}", self.nearest("is_tracked", tag)
            raise self.wrong(named, "changes_not_told", english, tag=tag.name, hint=hint)
        if days.is_string or not days.this.isdigit() or not 1 <= int(days.this) <= _MOST_DAYS:
            raise self.wrong(days, "days_from_to", "{usage}; from 1 to {most}", usage=CHANGED_TAKES, most=_MOST_DAYS)
        change = Change(tag.name)
        self.moments[change] = None
        # The business date itself is the first of these days.
        tree = exp.LT(this=exp.column(change.column, quoted=True), expression=exp.Literal.number(days.this))
        return _Value("flag", exp.func("coalesce", tree, exp.false()), named.parent, has_tag=True)

    def nearest(self, what: str, tag: Tag) -> str:
        """The end of an error: the tag of the nearest name that can do it."""
        return did_you_mean(tag.name, [t.name for t in self.known.values() if getattr(t, what) and t.is_active])

    def negative(self, node: exp.Neg) -> _Value:
        value = self.number(node.this)
        return _Value("number", exp.Neg(this=value.tree), node, has_tag=value.has_tag, is_computed=value.is_computed)

    def is_today(self, node: exp.Expression) -> bool:
        return isinstance(node, exp.Column) and node.name.lower() == TODAY and TODAY not in self.known

    def day(self, node: exp.Expression, after: int) -> _Value:
        moment = Day(after)
        self.moments[moment] = None
        return _Value("date", exp.column(moment.column, quoted=True), node)

    def around_today(self, node: exp.Binary) -> _Value:
        """today and a whole number of days, added or taken away."""
        days = node.expression
        is_whole = isinstance(days, exp.Literal) and not days.is_string and days.this.isdigit() and int(days.this) <= _FURTHEST
        if not (is_whole and isinstance(node, exp.Add | exp.Sub) and self.is_today(node.this)):
            english = "today takes a whole number of days up to {most:,}, such as today - 45 or today + 30"
            raise self.wrong(node, "today_takes", english, most=_FURTHEST)
        return self.day(node, int(days.this) * (1 if isinstance(node, exp.Add) else -1))

    def arithmetic(self, node: exp.Binary) -> _Value:
        """A calculation, in double: decimals overflow, and each engine rounds their quotients its own way. x / 0 is null."""
        if any(map(self.is_today, node.find_all(exp.Column))):
            return self.around_today(node)
        left, right = self.number(node.this), self.number(node.expression)
        first, second = (v.tree if v.is_computed else _double(v.tree) for v in (left, right))
        if isinstance(node, exp.Div):
            second = exp.func("nullif", second, exp.Literal.number(0))
        tree = exp.Paren(this=type(node)(this=first, expression=second))
        return _Value("number", tree, node, has_tag=left.has_tag or right.has_tag, is_computed=True)

    def number(self, node: exp.Expression) -> _Value:
        value = self.value(node)
        if value.kind != "number":
            raise self.wrong(node, "not_calculable", "{side} cannot be calculated with; only numbers can", side=value.said)
        return value


def chain(node: exp.Expression) -> list[exp.Expression]:
    """The parts of `a and b and c` in order, without going down once for each."""
    kind, parts = type(node), []
    while type(node) is kind:
        parts.append(node.expression)
        node = node.this
    return [node, *reversed(parts)]


def _double(tree: exp.Expression) -> exp.Expression:
    return exp.cast(tree, "double")


def _round(tree: exp.Expression) -> exp.Expression:
    return exp.Round(this=tree, decimals=exp.Literal.number(_DECIMALS))
