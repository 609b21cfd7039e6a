"""What a column is made from: through every step of a query and of the models between, and not what only chooses rows."""

import pytest

from reference.column_lineage import made_from, nearest, traced

KNOWN = {"core.lines": ["subscriber_id", "region_code", "fee"], "core.fees": ["subscriber_id", "month", "amount", "is_due"]}


@pytest.mark.parametrize(
    ("query", "made"),
    [
        ("select fee from core.lines", {"fee": {("core.lines", "fee")}}),
        ('select fee as price from "telco360_public"."core"."lines"', {"price": {("core.lines", "fee")}}),
        ("select count(*) as lines, 1 as one from core.lines", {"lines": set(), "one": set()}),
        ("select sum(amount) filter (is_due) as due from core.fees", {"due": {("core.fees", "amount"), ("core.fees", "is_due")}}),
        (
            "select case when is_due then amount else 0 end as due from core.fees where month > date '2026-01-01'",
            {"due": {("core.fees", "amount"), ("core.fees", "is_due")}},  # the month chooses rows alone
        ),
        (
            "select sum(amount) over (partition by subscriber_id order by month) as paid from core.fees",
            {"paid": {("core.fees", "amount"), ("core.fees", "subscriber_id"), ("core.fees", "month")}},
        ),
        (
            "with dues as (select * from core.fees), paid as (select subscriber_id, max(amount) as most from dues group by 1) "
            "select lines.region_code, paid.most - lines.fee as above from core.lines as lines "
            "left join paid on lines.subscriber_id = paid.subscriber_id",
            {"region_code": {("core.lines", "region_code")}, "above": {("core.fees", "amount"), ("core.lines", "fee")}},
        ),
        (
            "select fee from core.lines union all select amount from core.fees",
            {"fee": {("core.lines", "fee"), ("core.fees", "amount")}},
        ),
        (
            "select fee > (select max(amount) from core.fees where is_due) as is_dear from core.lines",
            {"is_dear": {("core.lines", "fee"), ("core.fees", "amount")}},
        ),
        (
            "select * from core.lines left join core.fees using (subscriber_id)",
            {
                "subscriber_id": {("core.lines", "subscriber_id"), ("core.fees", "subscriber_id")},
                **{name: {("core.lines", name)} for name in ("region_code", "fee")},
                **{name: {("core.fees", name)} for name in ("month", "amount", "is_due")},
            },
        ),
    ],
)
def test_a_value_is_made_from_what_it_is_worked_out_from(query, made):
    assert traced(query, KNOWN) == made
    assert list(traced(query, KNOWN)) == list(made)  # in the order of the query


def _node(kind: str, schema: str, name: str, columns: list[str], query: str = "", reads: tuple[str, ...] = ()) -> dict:
    own = {"source_name": schema} if kind == "source" else {"schema": schema, "alias": name}
    return {
        **own,
        "unique_id": f"{kind}.{name}",
        "resource_type": kind,
        "name": name,
        "columns": dict.fromkeys(columns),
        "compiled_code": query,
        "depends_on": {"nodes": list(reads)},
    }


BILLS = _node("source", "billing", "bills", ["line", "amount"]) | {
    "relation_name": "read_parquet('{lake}/raw/bills/*.parquet', a = b)"
}
SCALES = _node("seed", "seeds", "scales", ["rule", "value"])
STAGED = _node(
    "model", "staging", "stg_bills", [], "select * from read_parquet('/srv/x/lake/raw/bills/*.parquet', a = b)", ["source.bills"]
)
SUMMED = _node(
    "model",
    "core",
    "sums",
    ["line", "paid"],
    'select line, sum(amount) * (select max(value) from "p"."seeds"."scales") as paid from "t"."staging"."stg_bills" group by 1',
    ["model.stg_bills", "seed.scales"],
)
TOLD = _node(
    "model", "value", "told", ["paid", "dt"], "select sums.paid, stg.dt from core.sums join staging.stg_bills as stg using (line)"
)
MANIFEST = {
    "sources": {"source.bills": BILLS},
    "nodes": {
        "model.told": TOLD | {"depends_on": {"nodes": ["model.sums", "model.stg_bills"]}},
        "model.sums": SUMMED,
        "model.stg_bills": STAGED,
        "seed.scales": SCALES,
    },
}


def test_models_are_read_parents_first_down_to_raw_files_and_seeds():
    made = made_from(MANIFEST)
    assert made["staging.stg_bills", "amount"] == {("billing.bills", "amount")}
    assert made["core.sums", "paid"] == {("staging.stg_bills", "amount"), ("seeds.scales", "value")}
    assert made["value.told", "paid"] == {("core.sums", "paid")}
    assert made["value.told", "dt"] == {("staging.stg_bills", "dt")}  # the date of delivery is a column of every raw table


def test_a_reader_is_told_the_nearest_columns_that_can_be_looked_up():
    made = made_from(MANIFEST)
    told = ("value.told", "paid")
    assert nearest(made, [told])[told] == {("billing.bills", "amount"), ("seeds.scales", "value")}
    assert nearest(made, [told, ("core.sums", "paid")])[told] == {("core.sums", "paid")}
    assert nearest({}, [told]) == {told: frozenset()}
