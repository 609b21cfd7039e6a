"""Conditions as a tree and as text: each says what the other says, in forms too."""

from dataclasses import replace

import duckdb
import pytest
from made_lists import TABLES, lay_tables
from starlette.datastructures import ImmutableMultiDict

from orchestration.catalog.published import catalogued
from orchestration.catalog.tags import Catalog
from orchestration.console.conditions import Free, Group, Leaf, operators, text_of, tree_in, tree_of, with_part, without
from orchestration.targeting.expression import ExpressionError, parse


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    with duckdb.connect() as db:
        lay_tables(db, TABLES)
        found = db.execute("select * from tags.tag_catalog").fetchall()
        names = [column[0] for column in db.description]
    return Catalog.of(catalogued(dict(zip(names, row, strict=True)) for row in found))


SAME = [  # what the form writes as it was read
    "is_on_net",
    "not is_on_net",
    "value_tier = 'gold'",
    "value_tier in ('gold', 'mass')",
    "value_tier not in ('gold', 'mass')",
    "plan_name <> 'it''s'",
    "realised_value >= -5.5",
    "realised_value between 80 and 200",
    "activation_date < '2026-01-01'",
    "activation_date >= today - 45",
    "activation_date < today - 45",
    "nps_score is null",
    "nps_score is not null",
    "changed(value_tier, 30)",
    "not changed(value_tier, 30)",
    "is_on_net and value_tier = 'gold' and tenure_months > 12",
    "is_on_net and (value_tier = 'gold' or tenure_months > 12)",
    "is_on_net and not (value_tier = 'gold' or tenure_months > 12)",
    "not (value_tier = 'gold' and tenure_months > 12)",
    "(is_on_net and tenure_months > 1) or (value_tier = 'gold' and not is_on_net)",
]


@pytest.mark.parametrize("text", SAME)
def test_text_stays_as_it_was(text, catalog):
    assert text_of(tree_of(text, catalog), catalog.tags()) == text


MEANT = [  # what the form writes in other words, or keeps as text
    ("is_on_net = true", "is_on_net"),
    ("is_on_net <> true", "not is_on_net"),
    ("NOT value_tier IN ('gold', 'mass')", "value_tier not in ('gold', 'mass')"),
    ("not not is_on_net", "not (not is_on_net)"),
    ("((is_on_net)) and ((tenure_months > 1))", "is_on_net and tenure_months > 1"),
    ("was(value_tier, '2026-02') = 'gold' and is_on_net", "(WAS(value_tier, '2026-02') = 'gold') and is_on_net"),
    ("realised_value / tenure_months > 2 or is_on_net", "(realised_value / tenure_months > 2) or is_on_net"),
    ("80 < realised_value", "80 < realised_value"),
]


@pytest.mark.parametrize(("text", "said"), MEANT)
def test_other_words_mean_the_same(text, said, catalog):
    again = text_of(tree_of(text, catalog), catalog.tags())
    assert again == said
    assert parse(again, catalog).tags == parse(text, catalog).tags


def test_what_is_no_condition_is_no_tree(catalog):
    with pytest.raises(ExpressionError, match="unknown tag"):
        tree_of("value_tear = 'gold'", catalog)


def form_of(node, id="0") -> list[tuple[str, str]]:
    """The fields of a form that shows the tree."""
    if isinstance(node, Group):
        own = [(f"join.{id}", node.join + "_not" * node.negated)]
        return own + [field for n, part in enumerate(node.parts) for field in form_of(part, f"{id}.{n}")]
    if isinstance(node, Free):
        return [(f"free.{id}", node.text)]
    return [(f"tag.{id}", node.tag), (f"op.{id}", node.operator), *((f"value.{id}", value) for value in node.values)]


@pytest.mark.parametrize("text", SAME)
def test_a_form_says_what_its_tree_says(text, catalog):
    tree = tree_of(text, catalog)
    assert tree_in(ImmutableMultiDict(form_of(tree)), catalog.tags()) == tree


def test_parts_keep_their_order_past_ten(catalog):
    tree = Group(parts=tuple(Leaf("tenure_months", "gt", (str(n),)) for n in range(12)))
    assert tree_in(ImmutableMultiDict(form_of(tree)[::-1]), catalog.tags()) == tree


def test_a_form_that_was_tampered_with_gives_no_more_than_the_language(catalog):
    wild = [
        ("join.0", "or; drop"),
        ("tag.0.0", "no_such"),
        ("tag.0.1", "value_tier"),
        ("op.0.1", "drop"),
        ("value.0.1", "x' or '1"),
    ]
    assert (
        text_of(tree_in(ImmutableMultiDict([*wild, ("tag.0.x", "value_tier")]), catalog.tags()), catalog.tags())
        == "value_tier = 'x'' or ''1'"
    )
    assert tree_in(ImmutableMultiDict([("tag.0.0", "value_tier")]), catalog.tags()) == Group()
    assert tree_in(ImmutableMultiDict([("join.0", "and"), ("tag.0.²", "value_tier")]), catalog.tags()) == Group()


def test_what_is_not_filled_in_yet_is_not_in_the_text(catalog):
    tree = Group(parts=(Leaf("value_tier", "in"), Leaf("tenure_months", "between", ("3",)), Group(), Leaf("is_on_net", "is")))
    assert text_of(tree, catalog.tags()) == "is_on_net"
    assert text_of(Group(parts=(Leaf("value_tier", "in"),), negated=True), catalog.tags()) == ""


def test_parts_are_added_and_taken_out_by_their_place():
    leaf, more = Leaf("a", "is"), Leaf("b", "is")
    tree = Group(parts=(leaf, Group("or", (leaf,))))
    assert with_part(tree, "0.1", more).parts[1] == Group("or", (leaf, more))
    assert with_part(tree, "0", more).parts[2] == more
    assert with_part(tree, "0.0", more).parts[2] == more, "no group: into the root"
    assert with_part(tree, "0.9.1", more).parts[2] == more
    assert without(tree, "0.1.0").parts[1] == Group("or", ())
    assert without(tree, "0.0") == replace(tree, parts=tree.parts[1:])
    assert without(tree, "0.7") == without(tree, "0") == without(tree, "nonsense") == tree


def test_operators_are_of_the_kind(catalog):
    tags = catalog.tags()
    assert operators(tags["is_on_net"])[:2] == ("is", "is_not")
    assert "within" in operators(tags["activation_date"]) and "within" not in operators(tags["tenure_months"])
    assert "changed" in operators(tags["value_tier"]) and "changed" not in operators(tags["realised_value"])
