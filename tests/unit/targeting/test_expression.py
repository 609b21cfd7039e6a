"""The expression language: what it reads, and how its errors point. What it refuses: test_expression_refused."""

import re

import duckdb
import pytest
import sqlglot

from orchestration.base.settings import PROJECT_DIR
from orchestration.targeting.expression import Condition, ExpressionError, parse


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("is_on_net", '"is_on_net"'),
        ("IS_ON_NET AND Value_Tier = 'gold'", '"is_on_net" AND "value_tier" = \'gold\''),
        ("value_tier not in ('gold', 'mass')", "NOT (\"value_tier\" IN ('gold', 'mass'))"),
        ("80.50 <= arpu_3m", '80.50 <= "arpu_3m"'),
        ("arpu_3m in (-1, 2)", '"arpu_3m" IN (-1, 2)'),
        ("plan_code <> region_code", '"plan_code" <> "region_code"'),
        ("arpu_3m is not null", 'NOT ("arpu_3m" IS NULL)'),
        ("is_on_net = false", '"is_on_net" = FALSE'),
        ("activation_date >= '2026-02-28'", "\"activation_date\" >= CAST('2026-02-28' AS DATE)"),
        ("date between '2026-01-01' and activation_date", '"date" BETWEEN CAST(\'2026-01-01\' AS DATE) AND "activation_date"'),
        (
            "is_on_net or is_prepaid and not value_tier = 'gold'",
            '"is_on_net" OR ("is_prepaid" AND NOT ("value_tier" = \'gold\'))',
        ),
        (
            "arpu_3m / mou_3m > 2",
            'ROUND((CAST("arpu_3m" AS DOUBLE) / NULLIF(CAST("mou_3m" AS DOUBLE), 0)), 6) > CAST(2 AS DOUBLE)',
        ),
        ("was(value_tier, '2026-08') = 'gold'", "\"value_tier@2026-08\" = 'gold'"),
        ("Value_tier <> WAS(value_tier, '2026-08')", '"value_tier" <> "value_tier@2026-08"'),
        (
            "was(arpu_3m, '2026-08') - arpu_3m > 20",
            'ROUND((CAST("arpu_3m@2026-08" AS DOUBLE) - CAST("arpu_3m" AS DOUBLE)), 6) > CAST(20 AS DOUBLE)',
        ),
        ("was(value_tier, '2026-08') is null", '"value_tier@2026-08" IS NULL'),
        ("changed(value_tier, 30)", 'COALESCE("value_tier@changed" < 30, FALSE)'),
        ("not changed(is_on_net, 7)", 'NOT (COALESCE("is_on_net@changed" < 7, FALSE))'),
        ("activation_date < today - 45", '"activation_date" < "today - 45"'),
        ("(today + 3660) >= activation_date", '"today + 3660" >= "activation_date"'),
        ("activation_date in (TODAY, today-1)", '"activation_date" IN ("today", "today - 1")'),
    ],
)
def test_sql_of_valid_text(catalog, text, sql):
    assert parse(text, catalog).sql() == sql


def test_spark_quotes_names_its_own_way(catalog):
    assert parse("value_tier = 'gold'", catalog).sql("spark") == "`value_tier` = 'gold'"


def test_an_unknown_dialect_is_refused(catalog):
    with pytest.raises(ValueError, match="'oracle' is no dialect"):
        parse("is_on_net", catalog).sql("oracle")


def test_tags_used_are_named_once_in_order(catalog):
    condition = parse("arpu_3m > 80 and (is_on_net or arpu_3m < mou_3m)", catalog)
    assert isinstance(condition, Condition)
    assert condition.tags == ("arpu_3m", "is_on_net", "mou_3m")


def test_tags_are_those_of_the_entity(catalog):
    assert parse("service_layer = 'A'", catalog, "customer").tags == ("service_layer",)
    with pytest.raises(ExpressionError, match="unknown tag service_layer"):
        parse("service_layer = 'A'", catalog)


@pytest.mark.parametrize(
    "value", ["it''s", "\\", "\\'' or 1=1 --", "\\n", "%_", "价值😀", "a\tb", "$$x$$", "{{ x }}", "/* x */", "''", "\\u0027"]
)
def test_text_reaches_both_engines_unchanged(catalog, value):
    condition = parse(f"plan_code = '{value}'", catalog)
    stored = value.replace("''", "'")
    with duckdb.connect() as connection:
        connection.execute("create table t (plan_code varchar)")
        connection.execute("insert into t values (?), ('other')", [stored])
        assert connection.execute(f"select plan_code from t where {condition.sql()}").fetchall() == [(stored,)]
    assert sqlglot.parse_one(condition.sql("spark"), read="spark").expression.this == stored


def test_long_lists_and_long_chains_are_no_nesting(catalog):
    values = ", ".join(f"'P{n}'" for n in range(400))
    chain = " or ".join(["is_on_net"] * 300)
    with duckdb.connect() as connection:
        connection.execute("create table t as select 'P7' as plan_code, true as is_on_net")
        for text in (f"plan_code in ({values})", chain):
            assert connection.execute(f"select count(*) from t where {parse(text, catalog).sql()}").fetchone() == (1,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vlue_tier = 'gold'", "character 1: unknown tag vlue_tier; did you mean value_tier?\n  vlue_tier = 'gold'\n  ^"),
        (
            "value_tier in ('gold', 'diamnod')",
            "character 24: value_tier has no value 'diamnod'; did you mean 'diamond'?\n"
            "  value_tier in ('gold', 'diamnod')\n                         ^",
        ),
        (
            "is_on_net\n  and arpu > 1",
            "line 2, character 7: unknown tag arpu; did you mean arpu_3m?\n    and arpu > 1\n        ^",
        ),
        ("plan_code = '价值' or x", "character 21: unknown tag x\n  plan_code = '价值' or x\n                        ^"),
        ("价值等级 = 'gold'", "character 1: 价值等级 is the label of a tag; write value_tier\n  价值等级 = 'gold'\n  ^"),
        (
            "was(plan_code, '2026-08') = 'P1'",
            "character 5: plan_code is not kept by month\n  was(plan_code, '2026-08') = 'P1'\n      ^",
        ),
        (
            "is_on_net and was(vlue_tier, '2026-08') = 'gold'",
            "character 19: unknown tag vlue_tier; did you mean value_tier?\n"
            "  is_on_net and was(vlue_tier, '2026-08') = 'gold'\n                    ^",
        ),
        (
            "wsa(value_tier, '2026-08') = 'gold'",
            "character 1: there are no functions but was and changed, and no tag wsa; did you mean was?\n"
            "  wsa(value_tier, '2026-08') = 'gold'\n  ^",
        ),
        (
            "was(value_tier, '2026-8') = 'gold'",
            "character 17: was takes a tag and a month, such as was(value_tier, '2026-08')\n"
            "  was(value_tier, '2026-8') = 'gold'\n                  ^",
        ),
        (
            "changed(value_tier, 0)",
            "character 21: changed takes a tag and a number of days, such as changed(value_tier, 30); from 1 to 366\n"
            "  changed(value_tier, 0)\n                      ^",
        ),
        ("（is_on_net）", "character 1: （ is not part of the language; write (\n  （is_on_net）\n  ^"),
        ("value_tier = ‘gold’", "character 14: ‘ is not part of the language; write '\n  value_tier = ‘gold’\n               ^"),
        (
            "is_on_net and (is_prepaid",
            "character 15: this bracket is never closed\n  is_on_net and (is_prepaid\n                ^",
        ),
    ],
)
def test_errors_point_at_the_character_and_name_the_nearest(catalog, text, message):
    with pytest.raises(ExpressionError) as caught:
        parse(text, catalog)
    assert str(caught.value) == message


def test_a_long_line_is_cut_around_the_error(catalog):
    text = " or ".join(["is_on_net"] * 100) + " or x = 1"
    with pytest.raises(ExpressionError) as caught:
        parse(text, catalog)
    _, line, caret = str(caught.value).split("\n")
    assert len(line) <= 122
    assert line[caret.index("^")] == "x"


def test_the_errors_that_the_docs_show_are_those_that_print(catalog):
    blocks = (PROJECT_DIR / "docs" / "target-lists.md").read_text(encoding="utf-8").split("```text\n")[1:]
    shown = [block.split("\n```")[0] for block in blocks if block.startswith("character ")]
    assert len(shown) >= 8
    for message in shown:
        with pytest.raises(ExpressionError) as caught:
            parse(message.split("\n")[1].strip(), catalog)
        assert str(caught.value) == message


def test_the_examples_that_the_docs_give_are_read(catalog):
    table = (PROJECT_DIR / "docs" / "target-lists.md").read_text(encoding="utf-8").split("## Conditions")[1].split("\n\n")[2]
    examples = [text for row in table.split("\n")[2:] for text in re.findall("`([^`]+)`", row.split("|")[2])]
    assert len(examples) >= 12
    for text in examples:
        parse(text, catalog)
