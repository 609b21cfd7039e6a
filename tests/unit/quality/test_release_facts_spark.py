"""Statements of the release checks and of lists on Spark, as text; what they find is shown on a cluster in tests/integration."""

import pyarrow as pa
import pytest
import sqlglot
from sqlglot.errors import ParseError

from orchestration.base.contract import Column, Table, load_contract
from orchestration.base.errors import ListError
from orchestration.engines.spark.tables import arrow_type, members
from orchestration.quality.limits import load_release_limits
from orchestration.quality.release_facts_spark import hits_sql, identifiers_sql, matches_sql, outside_sql

LIMITS = load_release_limits()


def table(*columns: Column) -> Table:
    return Table("crm_x", "crm", "snapshot", True, ("x_id",), None, columns)


def test_identifiers_come_from_the_phones_and_documents_of_the_latest_delivery_alone():
    columns = [
        Column("x_id", "string"),
        Column("msisdn", "string", pii=True),
        Column("full_name", "string", pii=True, pii_kind="name"),
        Column("born", "date", pii=True),
    ]
    sql = identifiers_sql({"crm_x": table(*columns)}, LIMITS)
    assert "`msisdn`" in sql
    assert "`full_name`" not in sql and "`born`" not in sql
    assert "stack(1, 'x_id', cast(`x_id` as string)) as (owner_column, owner)" in sql
    assert "dt = (select max(dt) from telco360_build_raw.crm_x)" in sql


def test_every_statement_about_the_contract_of_the_project_is_read_by_a_parser_of_spark():
    sql = identifiers_sql(load_contract(), LIMITS)
    assert "stack(1, '', '') as (owner_column, owner) from (select * from telco360_build_raw.channel_phone_suppressions" in sql
    for statement in (sql, hits_sql("`v`.`core__x`", ["a"], LIMITS), matches_sql("`v`.`core__x`", "a", {"x_id"}, LIMITS)):
        sqlglot.parse_one(statement, read="spark")
    with pytest.raises(ParseError):
        sqlglot.parse_one("select stack(0, ) as (owner_column, owner)", read="spark")


def test_without_pii_there_are_no_identifiers_but_still_a_query():
    assert identifiers_sql({"crm_x": table(Column("x_id", "string"))}, LIMITS).count("select") == 2


def test_all_columns_of_a_table_are_searched_in_one_statement():
    sql = hits_sql("`v`.`core__x`", ["a", "b"], LIMITS)
    assert "stack(2, 'a', cast(`a` as string), 'b', cast(`b` as string))" in sql


def test_a_match_is_the_lines_own_where_the_row_names_its_owner():
    sql = matches_sql("`v`.`core__x`", "remark", {"x_id"}, LIMITS)
    assert "(i.owner_column = 'x_id' and i.owner = v.`x_id`)" in sql
    assert "coalesce(false, false) as is_own" in matches_sql("`v`.`core__x`", "remark", set(), LIMITS)


def test_a_value_list_is_quoted_and_an_empty_one_allows_nothing():
    assert outside_sql("t", ["gold", "it's"], None, None) == "cast(`t` as string) not in ('gold', 'it\\'s')"
    assert "not in (null)" in outside_sql("t", [], None, None)


def test_bounds_are_held_on_both_sides_or_one():
    assert outside_sql("t", None, 0, 1) == "`t` < 0.000000 or `t` > 1.000000"
    assert outside_sql("t", None, None, 1) == "`t` > 1.000000"


@pytest.mark.parametrize(
    ("kind", "arrow"), [("decimal(18,4)", pa.decimal128(18, 4)), ("int", pa.int32()), ("string", pa.string())]
)
def test_types_of_spark_are_types_in_memory(kind, arrow):
    assert arrow_type(kind) == arrow


def test_a_type_that_no_file_can_show_is_refused():
    with pytest.raises(ListError, match="array<string>"):
        arrow_type("array<string>")


def test_members_keep_their_types_also_when_there_are_none():
    schema = pa.schema([("subscriber_id", pa.string()), ("place", pa.int64())])
    assert members([], schema).schema == schema
    assert members([("s1", 1), ("s2", None)], schema).to_pylist()[1] == {"subscriber_id": "s2", "place": None}
