"""The expression language: what it reads, what it refuses, and how its errors point."""

import re
from contextlib import suppress

import duckdb
import pytest
import sqlglot

from orchestration.base.settings import PROJECT_DIR
from orchestration.catalog.tags import Catalog, Tag
from orchestration.targeting.expression import Condition, ExpressionError, parse
from orchestration.targeting.syntax import MAX_DEPTH, MAX_LENGTH


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


HOSTILE = [
    # other statements and queries
    "is_on_net; drop table tags.subscriber_360",
    "is_on_net;",
    "select 1",
    "1=1) union select msisdn from telco360.private.subscriber_phones --",
    "is_on_net union all select true",
    "exists (select 1)",
    "arpu_3m = (select max(arpu_3m) from tags.subscriber_360)",
    "value_tier in (select 'gold')",
    "is_on_net limit 1",
    "is_on_net order by arpu_3m",
    "copy t to 'x'",
    "attach 'x.duckdb'",
    "set threads = 1",
    # functions, casts, case, windows, lambdas
    "length(plan_code) = 3",
    "read_text('/etc/passwd') = plan_code",
    "getenv('HOME') = plan_code",
    "value_tier('gold')",
    "arpu_3m::integer = 1",
    "cast(arpu_3m as integer) = 1",
    "try_cast(plan_code as date) is null",
    "case when is_on_net then true end",
    "date '2026-01-01' = activation_date",
    "interval '1' day = activation_date",
    "current_date = activation_date",
    "row_number() over () = 1",
    "plan_code -> x",
    "columns('.*') = 1",
    # comments and quotes
    "is_on_net -- and value_tier = 'gold'",
    "is_on_net /* x */",
    "/* x */ is_on_net",
    "-- only a comment",
    "is_on_net /*+ hint */ and is_prepaid",
    "is_on_net {# x #}",
    '"is_on_net"',
    "`is_on_net`",
    "[is_on_net]",
    "plan_code = 'open",
    'plan_code = "gold"',
    "plan_code = e'x'",
    "plan_code = x'41'",
    "plan_code = N'x'",
    "plan_code = $$x$$",
    "plan_code = 'a' 'b'",
    "plan_code = 'a' || 'b'",
    "plan_code = 'a\nb'",
    # qualifiers, parameters, stars
    "subscriber_360.is_on_net",
    "tags.subscriber_360.is_on_net",
    "rowid = 1",
    "arpu_3m = ?",
    "arpu_3m = $1",
    "arpu_3m = :x",
    "arpu_3m = @x",
    "arpu_3m = {{ x }}",
    "*",
    "is_on_net and *",
    "subscriber_360.*",
    # operators off the list
    "plan_code like 'a%'",
    "plan_code ilike 'a%'",
    "plan_code not like 'a%'",
    "plan_code similar to 'a'",
    "plan_code glob 'a*'",
    "plan_code ~ 'a'",
    "plan_code is distinct from 'a'",
    "is_on_net is true",
    "is_on_net is not not null",
    "arpu_3m % 2 = 1",
    "arpu_3m ** 2 = 1",
    "arpu_3m // 2 = 1",
    "arpu_3m == 2",
    "arpu_3m <=> 2",
    "!is_on_net",
    "is_on_net xor is_prepaid",
    "is_on_net && is_prepaid",
    "arpu_3m & 1 = 1",
    "arpu_3m > > 1",
    "arpu_3m between symmetric 1 and 2",
    "value_tier in 'gold'",
    "value_tier in ()",
    "value_tier in (('gold', 'mass'))",
    "plan_code in (region_code)",
    "(plan_code, region_code) = ('a', 'b')",
    "value_tier = any(plan_code)",
    "is_on_net as x",
    "is_on_net is_prepaid",
    "arpu_3m[1] = 1",
    # always true, or no condition
    "",
    "  \n ",
    "true",
    "null",
    "1=1",
    "'a' = 'a'",
    "null is null",
    "not 1",
    "arpu_3m",
    "arpu_3m + 1",
    "'gold'",
    "arpu_3m > 1 > 0",
    "is_on_net = is_prepaid = true",
    "is_on_net = (is_prepaid and is_on_net)",
    # kinds
    "arpu_3m = '80'",
    "arpu_3m = true",
    "arpu_3m = null",
    "arpu_3m = activation_date",
    "plan_code = 96",
    "plan_code = value_tier",
    "plan_code > 'a'",
    "value_tier > 'gold'",
    "value_tier between 'gold' and 'mass'",
    "is_on_net = 1",
    "is_on_net = 'true'",
    "is_on_net < is_prepaid",
    "activation_date = 20260101",
    "activation_date = '2026-02-30'",
    "activation_date = '20260101'",
    "activation_date = '２０２６-01-01'",
    "activation_date + 1 = '2026-01-02'",
    "plan_code + 1 = 2",
    "-is_on_net",
    "- plan_code = 'a'",
    "old_score > 1",
    "value_tier = 'Gold'",
    # the past
    "was(value_tier)",
    "was(value_tier, '2026-08', 1) = 'gold'",
    "was(value_tier, 2026-08) = 'gold'",
    "was(value_tier, '2026-13') = 'gold'",
    "was(value_tier, '2026-08-31') = 'gold'",
    "was(value_tier, '0000-01') = 'gold'",
    "was(value_tier, \"2026-08\") = 'gold'",
    "was(value_tier, '2026-08'') or 1=1 --') = 'gold'",
    "was(value_tier, plan_code) = 'gold'",
    "was('value_tier', '2026-08') = 'gold'",
    "was(plan_code, '2026-08') = 'P1'",
    "was(value_tier, '2026-08') = 'diamnod'",
    "was(value_tier, '2026-08')",
    "was(value_tier, '2026-08') > 'gold'",
    "was(was(value_tier, '2026-08'), '2026-07') = 'gold'",
    "was(arpu_3m + 1, '2026-08') > 2",
    "was(*) = 1",
    "was() = 1",
    "was(distinct value_tier, '2026-08') = 'gold'",
    "was(value_tier, '2026-08') over () = 'gold'",
    "was(value_tier, '2026-08') filter (where is_on_net) = 'gold'",
    "was(value_tier order by plan_code, '2026-08') = 'gold'",
    "was(old_score, '2026-08') > 1",
    "was value_tier '2026-08' = 'gold'",
    "tags.was(value_tier, '2026-08') = 'gold'",
    "is_on_net.was(value_tier, '2026-08') = 'gold'",
    "value_tier in (was(value_tier, '2026-08'))",
    "\"value_tier@2026-08\" = 'gold'",
    "value_tier@changed < 30",
    "today",
    "today is null",
    "today > '2026-01-01'",
    "arpu_3m < today",
    "activation_date = today * 2",
    "activation_date = today - 1 - 2",
    "activation_date = 1 + today",
    "activation_date = today - arpu_3m",
    "activation_date = today - 1.5",
    "activation_date = today - 3661",
    "was(today, '2026-08') = 'gold'",
    "changed(value_tier)",
    "changed(value_tier, 0)",
    "changed(value_tier, -1)",
    "changed(value_tier, 1.5)",
    "changed(value_tier, '30')",
    "changed(value_tier, 30 + 1)",
    "changed(value_tier, 367)",
    "changed(value_tier, 30) = 1",
    "changed(value_tier, 30) > 0",
    "changed(arpu_3m, 30)",
    "changed(select 1, 30)",
    "changed(value_tier => 1, 30)",
    "{fn changed(value_tier, 30)}",
    # numbers
    "arpu_3m > 1e5",
    "arpu_3m > 0x1F",
    "arpu_3m > 1_000",
    "arpu_3m > 1.",
    "arpu_3m > .5",
    "arpu_3m > 9999999999999999",
    "arpu_3m > 0.12345678901",
    "arpu_3m > １",
    "arpu_3m > 10L",
    # unseen characters, size and depth
    "is_on_net\x00",
    "plan_code = 'a\u202eb'",
    "plan_code = 'a\u200bb'",
    "plan_code = '\ud800'",
    "is_on_net\u037e",
    "x" * (MAX_LENGTH + 1),
    "(" * 1999 + "is_on_net" + ")" * 1999,
    "(" * 3000,
    ")" * 3000,
    "not " * 900 + "is_on_net",
    "- " * 1900 + "arpu_3m > 1",
    "arpu_3m" + "+1" * 1900 + " > 1",
    "(not " * MAX_DEPTH + "is_on_net" + ")" * MAX_DEPTH,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_anything_beyond_the_language_is_refused(catalog, text):
    with pytest.raises(ExpressionError) as caught:
        parse(text, catalog)
    assert 0 <= caught.value.position <= len(text)


@pytest.mark.parametrize(
    "name", ["symmetric", "date", "rank", "interval", "select", "case", "any", "next", "distinct", "values", "x"]
)
def test_a_tag_called_like_a_keyword_is_a_tag_or_refused_and_nothing_else(name):
    tags = {n: Tag(n, "subscriber", "m", "number", data_type="double") for n in (name, "arpu_3m")}
    catalog = Catalog({"subscriber": tags})
    with suppress(ExpressionError):
        assert parse(f"{name} > 1", catalog).sql() == f'"{name}" > 1'
    for text in (f"arpu_3m between {name} 1 and 2", f"arpu_3m is {name} from 1", f"{name}(arpu_3m) > 1", f"{name} '1' > 1"):
        with pytest.raises(ExpressionError):
            parse(text, catalog)


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
