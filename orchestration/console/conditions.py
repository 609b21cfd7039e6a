"""Conditions as a tree of groups that a form can show, and the same as text of the language of lists, both ways. Pure.

What is a condition, the language says (`targeting.expression`); a part of it for which the form has no fields stays as text.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp
from starlette.datastructures import ImmutableMultiDict

from orchestration.catalog.tags import Catalog, Tag
from orchestration.targeting.expression import chain, parse
from orchestration.targeting.syntax import TODAY, read, written
from orchestration.warehouse.manifest import SUBSCRIBER

FLAG = ("is", "is_not")
CHOICE = ("in", "not_in")
ORDERED = ("eq", "ne", "lt", "le", "gt", "ge", "between")
DAYS = ("within", "before")
NULLS = ("known", "missing")

_SIGNS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_NAMES: dict[type, str] = {exp.EQ: "eq", exp.NEQ: "ne", exp.LT: "lt", exp.LTE: "le", exp.GT: "gt", exp.GTE: "ge"}
ROOT = "0"


@dataclass(frozen=True)
class Leaf:
    """One tag compared with values; with none yet where some are needed, it is not in the text."""

    tag: str
    operator: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Free:
    """A part that the form shows as text."""

    text: str


@dataclass(frozen=True)
class Group:
    """Parts of which all (`and`) or any (`or`) must hold; `negated`: not so."""

    join: str = "and"
    parts: tuple["Node", ...] = ()
    negated: bool = False


Node = Leaf | Free | Group


def operators(tag: Tag) -> tuple[str, ...]:
    """What a tag can be compared by, the usual one first."""
    own = FLAG if tag.kind == "flag" else ORDERED if tag.kind in ("number", "date") else CHOICE
    days = DAYS if tag.kind == "date" else ()
    changes = ("changed", "not_changed") if tag.is_tracked and tag.entity == SUBSCRIBER else ()
    return (*own, *days, *NULLS, *changes)


def values_taken(operator: str) -> int:
    """How many values an operator takes: 0, 1, 2; -1 for any number of them."""
    if operator in (*FLAG, *NULLS):
        return 0
    return {"between": 2, "in": -1, "not_in": -1}.get(operator, 1)


# Tree to text


def text_of(node: Node, tags: Mapping[str, Tag]) -> str:
    """The condition in the language of lists; '' for one that is not filled in yet."""
    if isinstance(node, Free):
        return node.text.strip()
    if isinstance(node, Leaf):
        return _leaf_text(node, tags[node.tag])
    texts = [(part, text) for part in node.parts if (text := text_of(part, tags))]
    joined = f" {node.join} ".join(_inside(part, text, len(texts) > 1) for part, text in texts)
    return f"not ({joined})" if node.negated and joined else joined


def _inside(part: Node, text: str, has_others: bool) -> str:
    needs = isinstance(part, Free) or (isinstance(part, Group) and not part.negated and len(part.parts) > 1)
    return f"({text})" if needs and has_others else text


def _leaf_text(leaf: Leaf, tag: Tag) -> str:
    name, given = leaf.tag, [value.strip() for value in leaf.values if value.strip()]
    if len(given) < abs(values_taken(leaf.operator)):
        return ""
    plain = {"is": name, "is_not": f"not {name}", "known": f"{name} is not null", "missing": f"{name} is null"}
    if leaf.operator in plain:
        return plain[leaf.operator]
    if leaf.operator in ("changed", "not_changed"):
        return f"{'not ' if leaf.operator == 'not_changed' else ''}changed({name}, {given[0]})"
    if leaf.operator in DAYS:
        return f"{name} {'>=' if leaf.operator == 'within' else '<'} {TODAY} - {given[0]}"
    values = [value if tag.kind == "number" else _quoted(value) for value in given]
    if leaf.operator == "between":
        return f"{name} between {values[0]} and {values[1]}"
    if leaf.operator in CHOICE:
        is_in = leaf.operator == "in"
        if len(values) == 1:
            return f"{name} {'=' if is_in else '<>'} {values[0]}"
        return f"{name} {'in' if is_in else 'not in'} ({', '.join(values)})"
    return f"{name} {_SIGNS[leaf.operator]} {values[0]}"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


# Text to tree


def tree_of(text: str, catalog: Catalog) -> Group:
    """The tree of a condition. Raises ExpressionError where it is none."""
    parse(text, catalog)
    tags = catalog.tags(SUBSCRIBER)
    found = _node(read(text, tags), tags)
    return found if isinstance(found, Group) else Group(parts=(found,))


def _node(node: exp.Expression, tags: Mapping[str, Tag]) -> Node:
    if isinstance(node, exp.Paren):
        return _node(node.this, tags)
    if isinstance(node, exp.Connector):
        return Group("and" if isinstance(node, exp.And) else "or", tuple(_node(part, tags) for part in chain(node)))
    if isinstance(node, exp.Not):
        return _negated(_node(node.this, tags))
    return _leaf(node, tags) or Free(written(node))


def _negated(node: Node) -> Node:
    opposite = {"in": "not_in", "not_in": "in", "is": "is_not", "missing": "known", "changed": "not_changed"}
    if isinstance(node, Leaf) and node.operator in opposite:
        return replace(node, operator=opposite[node.operator])
    if isinstance(node, Group) and not node.negated:
        return replace(node, negated=True)
    return Group(parts=(node,), negated=True)


def _leaf(node: exp.Expression, tags: Mapping[str, Tag]) -> Leaf | None:
    if name := _tag(node, tags):
        return Leaf(name, "is")
    if isinstance(node, exp.Anonymous) and node.name.lower() == "changed":
        tag, days = node.expressions
        return Leaf(tag.name.lower(), "changed", (days.name,))
    name = _tag(node.this, tags) if isinstance(node.this, exp.Expression) else None
    if name is None:
        return None
    kind = tags[name].kind
    if isinstance(node, exp.Is):
        return Leaf(name, "missing")
    if isinstance(node, exp.In):
        values = [_value(each) for each in node.expressions]
        is_choice = kind not in ("flag", "number", "date")
        return Leaf(name, "in", tuple(map(str, values))) if is_choice and None not in values else None
    if isinstance(node, exp.Between):
        low, high = _value(node.args["low"]), _value(node.args["high"])
        return Leaf(name, "between", (low, high)) if low is not None and high is not None else None
    return _comparison(node, name, kind)


def _comparison(node: exp.Expression, name: str, kind: str) -> Leaf | None:
    operator = _NAMES.get(type(node))
    if operator is None:
        return None
    other = node.expression
    if kind == "flag":
        is_true = isinstance(other, exp.Boolean) and bool(other.this) == (operator == "eq")
        return Leaf(name, "is" if is_true else "is_not") if isinstance(other, exp.Boolean) else None
    if kind == "date" and operator in ("lt", "ge") and (days := _days_before_today(other)):
        return Leaf(name, "within" if operator == "ge" else "before", (days,))
    value = _value(other)
    if value is None:
        return None
    if kind in ("number", "date"):
        return Leaf(name, operator, (value,))
    return Leaf(name, "in" if operator == "eq" else "not_in", (value,))


def _tag(node: exp.Expression, tags: Mapping[str, Tag]) -> str | None:
    return node.name.lower() if isinstance(node, exp.Column) and node.name.lower() in tags else None


def _value(node: exp.Expression) -> str | None:
    if isinstance(node, exp.Neg):
        inner = _value(node.this)
        return None if inner is None else f"-{inner}"
    return str(node.this) if isinstance(node, exp.Literal) else None


def _days_before_today(node: exp.Expression) -> str | None:
    is_told = isinstance(node, exp.Sub) and isinstance(node.this, exp.Column) and node.this.name.lower() == TODAY
    return _value(node.expression) if is_told else None


# Tree and form: the parts of the group 0 are 0.0, 0.1 and so on


def tree_in(form: ImmutableMultiDict[str, str], tags: Mapping[str, Tag]) -> Group:
    """The tree that the fields of a form say: join.ID and not.ID of groups; tag.ID, op.ID and value.ID of leaves; free.ID.

    A tag that the version lacks is left out."""
    ids = {key.partition(".")[2] for key in form if key.partition(".")[0] in ("join", "tag", "free")}

    def node(id: str) -> Node | None:
        if f"join.{id}" in form:
            below = sorted(
                (other for other in ids if other.rpartition(".")[0] == id), key=lambda each: int(each.rpartition(".")[2])
            )
            join, _, negated = form[f"join.{id}"].partition("_")
            return Group(join if join in ("and", "or") else "and", tuple(filter(None, map(node, below))), bool(negated))
        if f"free.{id}" in form:
            return Free(form[f"free.{id}"])
        tag = tags.get(form[f"tag.{id}"])
        if tag is None:
            return None
        operator, known = form.get(f"op.{id}", ""), operators(tag)
        values = tuple(value for value in form.getlist(f"value.{id}") if value.strip())
        return Leaf(tag.name, operator if operator in known else known[0], values)

    ids = {id for id in ids if all(step.isascii() and step.isdigit() for step in id.split("."))}
    found = node(ROOT) if f"join.{ROOT}" in form else None
    return found if isinstance(found, Group) else Group()


def with_part(tree: Group, id: str, part: Node) -> Group:
    """The tree with one more part in the group of that id; in the root where there is no such group."""

    def change(group: Group) -> Group:
        return replace(group, parts=(*group.parts, part))

    return _changed(tree, id, change) or change(tree)


def without(tree: Group, id: str) -> Group:
    """The tree without the part of that id; the same where there is none."""
    group, _, place = id.rpartition(".")

    def change(group: Group) -> Group:
        return replace(group, parts=tuple(part for n, part in enumerate(group.parts) if str(n) != place))

    return _changed(tree, group, change) or tree


def _changed(tree: Group, id: str, change: Callable[[Group], Group]) -> Group | None:
    """The tree with the group of that id changed; None where there is no such group."""
    steps = id.split(".")
    if steps[0] != ROOT:
        return None

    def go(node: Node, rest: list[str]) -> Group | None:
        if not isinstance(node, Group):
            return None
        if not rest:
            return change(node)
        place = int(rest[0]) if rest[0].isdigit() else len(node.parts)
        below = go(node.parts[place], rest[1:]) if place < len(node.parts) else None
        return below and replace(node, parts=(*node.parts[:place], below, *node.parts[place + 1 :]))

    return go(tree, steps[1:])


def walk(tree: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield tree
    for part in tree.parts if isinstance(tree, Group) else ():
        yield from walk(part)
