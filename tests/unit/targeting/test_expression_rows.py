"""Random conditions select the rows that SQL's three-valued logic says, worked out here once more in Python."""

import operator
from datetime import date, timedelta
from math import copysign, floor

import duckdb
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.targeting.expression import parse

NUMBERS = ("arpu_3m", "mou_3m", "tenure_months")
TIERS = ("diamond", "gold", "silver", "ordinary", "mass")
COMPARE = {"=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
PRECEDENCE = {"or": 1, "and": 2, "not": 3, "+": 5, "-": 5, "*": 6, "/": 6, "neg": 7}


def made_rows() -> list[dict]:
    """90 rows in which each tag is null now and then, out of step with the others."""
    return [
        {
            "row_id": n,
            "is_on_net": [True, False, None][n % 3],
            "is_prepaid": [True, None, False, False][n % 4],
            "value_tier": [*TIERS, None][n % 6],
            "plan_code": ["P1", "it's", "\\", None, "价"][n % 5],
            "region_code": ["P1", "R2", None][n // 3 % 3],
            "arpu_3m": None if n % 11 == 0 else (n % 9 - 2) * 0.25,
            "mou_3m": None if n % 13 == 0 else (n % 7) * 0.5,
            "tenure_months": None if n % 17 == 0 else n % 5,
            "activation_date": None if n % 7 == 0 else date(2026, 1, 1) + timedelta(n % 10),
        }
        for n in range(90)
    ]


ROWS = made_rows()


@pytest.fixture(scope="module")
def table():
    with duckdb.connect() as connection:
        connection.execute(
            "create table t (row_id integer, is_on_net boolean, is_prepaid boolean, value_tier varchar, plan_code varchar,"
            " region_code varchar, arpu_3m decimal(18,4), mou_3m double, tenure_months bigint, activation_date date)"
        )
        connection.executemany(f"insert into t values ({', '.join('?' * 10)})", [list(row.values()) for row in ROWS])
        yield connection


# ---------- conditions as tuples: (what, parts...)

literal_numbers = st.integers(0, 12).map(lambda n: ("number", n * 0.25))
number_tags = st.sampled_from(NUMBERS).map(lambda tag: ("tag", tag))
numbers = st.recursive(
    number_tags | literal_numbers,
    lambda inner: st.tuples(st.sampled_from("+-*/"), inner, inner) | st.tuples(st.just("neg"), inner),
    max_leaves=4,
)
tagged_numbers = st.tuples(st.sampled_from("+-*/"), number_tags, numbers) | number_tags
dates = st.integers(0, 11).map(lambda n: ("date", date(2026, 1, 1) + timedelta(n)))
tiers = st.sampled_from(TIERS).map(lambda tier: ("text", tier))
codes = st.sampled_from(["P1", "it's", "\\", "价", "none"]).map(lambda code: ("text", code))


def comparisons(tag, values, signs):
    return st.tuples(st.just("compare"), st.sampled_from(signs), tag, values)


def a_tag(name):
    return st.just(("tag", name))


conditions = st.recursive(
    st.sampled_from(["is_on_net", "is_prepaid"]).map(lambda tag: ("tag", tag))
    | comparisons(tagged_numbers, numbers, list(COMPARE))
    | comparisons(literal_numbers, tagged_numbers, list(COMPARE))
    | comparisons(a_tag("activation_date"), dates, list(COMPARE))
    | comparisons(a_tag("value_tier"), tiers, ["=", "<>"])
    | comparisons(a_tag("plan_code"), codes | a_tag("region_code"), ["=", "<>"])
    | comparisons(a_tag("is_on_net"), st.booleans().map(lambda b: ("flag", b)) | a_tag("is_prepaid"), ["=", "<>"])
    | st.tuples(st.sampled_from(["in", "not in"]), a_tag("value_tier"), st.lists(tiers, min_size=1, max_size=3))
    | st.tuples(st.sampled_from(["in", "not in"]), tagged_numbers, st.lists(literal_numbers, min_size=1, max_size=3))
    | st.tuples(st.sampled_from(["between", "not between"]), tagged_numbers, numbers, numbers)
    | st.tuples(st.sampled_from(["between", "not between"]), a_tag("activation_date"), dates, dates)
    | st.tuples(st.sampled_from(["is null", "is not null"]), tagged_numbers | a_tag("plan_code") | a_tag("is_on_net")),
    lambda inner: st.tuples(st.sampled_from(["and", "or"]), inner, inner) | st.tuples(st.just("not"), inner),
    max_leaves=6,
)


def text_of(node) -> str:
    """The condition as a user would type it: brackets only where precedence asks for them."""
    what, *parts = node
    match what:
        case "tag":
            return parts[0]
        case "number":
            return f"{parts[0]:g}"
        case "text":
            return "'" + parts[0].replace("'", "''") + "'"
        case "date":
            return f"'{parts[0]}'"
        case "flag":
            return str(parts[0]).lower()
        case "compare":
            return f"{text_of(parts[1])} {parts[0]} {text_of(parts[2])}"
        case "in" | "not in":
            return f"{text_of(parts[0])} {what} ({', '.join(map(text_of, parts[1]))})"
        case "between" | "not between":
            return f"{text_of(parts[0])} {what} {text_of(parts[1])} and {text_of(parts[2])}"
        case "is null" | "is not null":
            return f"{text_of(parts[0])} {what}"
        case "not" | "neg":
            return f"{'not' if what == 'not' else '-'} {bracketed(parts[0], PRECEDENCE[what])}"
    level = PRECEDENCE[what]
    return f"{bracketed(parts[0], level)} {what} {bracketed(parts[1], level + (what in '-/*+'))}"


def bracketed(node, level: int) -> str:
    return f"({text_of(node)})" if PRECEDENCE.get(node[0], 9) < level else text_of(node)


# ---------- what they mean


def value_of(node, row):
    what, *parts = node
    if what == "tag":
        return row[parts[0]]
    if what in ("number", "text", "date", "flag"):
        return parts[0]
    values = [value_of(part, row) for part in parts]
    if None in values:
        return None
    if what == "neg":
        return -values[0]
    left, right = values
    if what == "/":
        return None if right == 0 else left / right
    return {"+": operator.add, "-": operator.sub, "*": operator.mul}[what](left, right)


def is_computed(node) -> bool:
    return node[0] in ("+", "-", "*", "/") or (node[0] == "neg" and is_computed(node[1]))


def compared(node, row):
    """The value as a comparison sees it: a calculation is rounded to 6 decimals, halves away from zero."""
    value = value_of(node, row)
    if value is None or not is_computed(node):
        return value
    return copysign(floor(abs(value) * 1e6 + 0.5) / 1e6, value)


def both(sign, left, right):
    return None if left is None or right is None else COMPARE[sign](left, right)


def all_of(first, second):
    if first is False or second is False:
        return False
    return None if first is None or second is None else True


def negated(truth):
    return None if truth is None else not truth


def truth_of(node, row):
    what, *parts = node
    match what:
        case "tag":
            return row[parts[0]]
        case "compare":
            return both(parts[0], compared(parts[1], row), compared(parts[2], row))
        case "in":
            answers = [both("=", compared(parts[0], row), compared(item, row)) for item in parts[1]]
            return True if True in answers else None if None in answers else False
        case "between":
            value, low, high = (compared(part, row) for part in parts)
            return all_of(both(">=", value, low), both("<=", value, high))
        case "is null":
            return value_of(parts[0], row) is None
        case "not in" | "not between" | "is not null":
            return negated(truth_of((what.replace("not ", ""), *parts), row))
        case "not":
            return negated(truth_of(parts[0], row))
        case "and":
            return all_of(truth_of(parts[0], row), truth_of(parts[1], row))
        case "or":
            return negated(all_of(negated(truth_of(parts[0], row)), negated(truth_of(parts[1], row))))


@settings(max_examples=200, deadline=None)
@given(conditions)
@pytest.mark.slow
def test_a_condition_selects_the_rows_it_means(table, catalog, node):
    condition = parse(text_of(node), catalog)
    expected = [row["row_id"] for row in ROWS if truth_of(node, row) is True]
    for sql in (condition.sql(), sqlglot.transpile(condition.sql("spark"), read="spark", write="duckdb")[0]):
        assert [row[0] for row in table.execute(f"select row_id from t where {sql} order by 1").fetchall()] == expected
