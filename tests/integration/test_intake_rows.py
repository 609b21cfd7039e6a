"""Rows quarantined, deduplicated or kept, and what the quarantine and the ledger tell of them."""

from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from intake_kit import CONTRACT, Operator, charges, customers, many_charges, plans_held, subscribers

LOOSE = {"max_set_aside_share": 1.0}
COMMA = "is no decimal(12,2): a comma stands in it. Write 1234.50, or give the separators in profiles/billing_charges.yml"
OTHER_FORM = "is no date (YYYY-MM-DD): it is in another form. Write it so, or give date_format in profiles/billing_charges.yml"
MIDNIGHT = (
    "is no date (YYYY-MM-DD): it is a date with midnight. Write the date alone, "
    "or give date_format in profiles/billing_charges.yml"
)


@pytest.fixture
def operator(tmp_path):
    return Operator(tmp_path)


def _balanced(outcome) -> bool:
    return outcome.rows_read == outcome.rows_accepted + outcome.rows_collapsed + outcome.rows_set_aside


@pytest.mark.parametrize(
    ("row", "column", "value", "reason"),
    [
        ("S1,2026-02-01,rent,abc", "amount", "abc", "is no decimal(12,2)"),
        ("S1,2026-02-01,rent,12.345", "amount", "12.345", "is no decimal(12,2)"),
        ("S1,2026-02-01,rent,12.350", "amount", "12.350", "is no decimal(12,2)"),
        ('S1,2026-02-01,rent,"1,000.00"', "amount", "1,000.00", COMMA),
        ("S1,2026-02-01,rent, 1.00", "amount", " 1.00", "is no decimal(12,2)"),
        ("S1,2026-02-01,rent,1e3", "amount", "1e3", "is no decimal(12,2)"),
        ("S1,2026-02-01,rent,12345678901.00", "amount", "12345678901.00", "is no decimal(12,2)"),
        ("S1,2026-02-30,rent,1.00", "bill_month", "2026-02-30", "is no date (YYYY-MM-DD)"),
        ("S1,01/02/2026,rent,1.00", "bill_month", "01/02/2026", OTHER_FORM),
        ("S1,2026-02-01 00:00:00,rent,1.00", "bill_month", "2026-02-01 00:00:00", MIDNIGHT),
        ("S1,2026-02-02,rent,1.00", "bill_month", "2026-02-02", "is no first of a month"),
        ("S1,,rent,1.00", "bill_month", None, "is empty, and the column must have a value"),
        ("  ,2026-02-01,rent,1.00", "subscriber_id", "  ", "is empty, and the column must have a value"),
        ('S1,2026-02-01,"",1.00', "fee_code", None, "is empty, and the column must have a value"),
        ("S1,2026-02-01,rent,", "amount", None, "is empty, and the column must have a value"),
    ],
)
def test_a_row_at_fault_is_set_aside_with_its_place(operator, row, column, value, reason):
    outcome = operator.charge(charges("G,2026-02-01,rent,1.00", row), **LOOSE)
    assert (outcome.rows_read, outcome.rows_accepted, outcome.rows_set_aside) == (2, 1, 1)
    (aside,) = operator.aside()
    assert (aside["file"], aside["line"], aside["column"], aside["value"], aside["reason"]) == (
        "part-0.csv",
        3,
        column,
        value,
        reason,
    )


def test_the_message_says_where_what_and_what_next(operator):
    operator.charge(charges("G,2026-02-01,rent,1.00", "S1,2026-02-01,rent,abc"), **LOOSE)
    told = (
        "landing/billing_charges/dt=2026-03-02/part-0.csv: column amount, line 3: 'abc' is no decimal(12,2). "
        "Row quarantined; see telco360 intake show billing_charges 2026-03-02"
    )
    assert told in [line.strip() for line in operator.lines]


def test_lines_are_physical_lines(operator):
    header = "plan_code,plan_name,monthly_fee\r\n"
    rows = 'P1,"two\r\nlines\r\nand three",1.00\r\nP2,plain,x\r\nP3,"one ""quoted""\n",y\r\nP4,z,z\r\n'
    operator.deliver("crm_tariff_plans", "2026-03-02", {"a.csv": header + rows})
    operator.take(**LOOSE)
    assert [(a["line"], a["value"]) for a in operator.aside("crm_tariff_plans")] == [(5, "x"), (6, "y"), (8, "z")]
    assert operator.raw("crm_tariff_plans", "2026-03-02")[0]["plan_name"] == "two\r\nlines\r\nand three"


def test_a_line_with_several_faults_counts_once_and_tells_all(operator):
    outcome = operator.charge(charges("G,2026-02-01,rent,1.00", "S1,2026-02-02,,abc"), **LOOSE)
    assert outcome.rows_set_aside == 1
    (aside,) = operator.aside()
    assert [f["column"] for f in aside["faults"]] == ["bill_month", "fee_code", "amount"]
    assert aside["key_values"] == "subscriber_id=S1, bill_month=2026-02-02, fee_code="


def test_codes_and_keys_are_trimmed_and_free_text_is_not(operator):
    header = "plan_code,plan_name,brand_code,network_generation\n"
    operator.deliver("crm_tariff_plans", "2026-03-02", {"a.csv": header + " P1 , big plan ,\tb , 4g \n"})
    assert operator.take_one().rows_accepted == 1
    (row,) = operator.raw("crm_tariff_plans", "2026-03-02")
    assert (row["plan_code"], row["plan_name"], row["brand_code"], row["network_generation"]) == ("P1", " big plan ", "b", "4g")


@pytest.mark.parametrize("generation", ["4G", "6g", "4 g"])
def test_closed_values_are_exact(operator, generation):
    operator.deliver("crm_tariff_plans", "2026-03-02", {"a.csv": f"plan_code,plan_name,network_generation\nP1,x,{generation}\n"})
    operator.take(**LOOSE)
    assert operator.aside("crm_tariff_plans")[0]["reason"] == "is none of 2g, 3g, 4g, 5g"


@pytest.mark.parametrize("flag", ["Y", "1", "True", "TRUE", " true", "yes"])
def test_only_true_and_false_are_booleans(operator, flag):
    operator.deliver(
        "crm_tariff_plans", "2026-03-02", {"a.csv": f"plan_code,plan_name,is_on_sale\nP1,x,{flag}\nP2,x,false\nP3,x,\n"}
    )
    operator.take(**LOOSE)
    assert [a["value"] for a in operator.aside("crm_tariff_plans")] == [flag]
    assert [r["is_on_sale"] for r in operator.raw("crm_tariff_plans", "2026-03-02")] == [False, None]


def _payments(*rows: str) -> dict[str, str]:
    return {"a.csv": "payment_id,subscriber_id,paid_at,amount,is_reversal\n" + "".join(f"{r}\n" for r in rows)}


@pytest.mark.parametrize(
    ("amount", "is_reversal", "enters"),
    [
        ("1", "", True),
        ("0", "", False),
        ("-1", "", False),
        ("-1", "false", False),
        ("-1", "true", True),
        ("0.00", "true", True),
        ("5", "true", True),
    ],
)
def test_a_payment_takes_money_in_or_says_that_it_does_not(operator, amount, is_reversal, enters):
    operator.deliver("billing_payments", "2026-03-02", _payments(f"1,S1,2026-03-01 10:00:00,{amount},{is_reversal}"))
    assert operator.take_one(**LOOSE).rows_accepted == int(enters)


@pytest.mark.parametrize(
    ("paid_at", "stored"),
    [
        ("2026-03-01 10:00:00", datetime(2026, 3, 1, 10)),
        ("2026-03-01 10:00:00.5", datetime(2026, 3, 1, 10, 0, 0, 500_000)),
        ("2026-03-01 23:59:59.999999", datetime(2026, 3, 1, 23, 59, 59, 999_999)),
        *[(bad, None) for bad in ("2026-03-01 10:00:00+08:00", "2026-03-01 10:00:00Z", "2026-03-01T10:00:00", "2026-03-01")],
        *[
            (bad, None)
            for bad in ("2026-03-01 24:00:00", "2026-02-29 10:00:00", "2026-03-01 10:00:00.1234567", "2026-03-01 10:00")
        ],
    ],
)
def test_timestamps_are_local_and_never_shifted(operator, paid_at, stored):
    operator.deliver("billing_payments", "2026-03-02", _payments(f"1,S1,{paid_at},1,"))
    operator.take(**LOOSE)
    assert [r["paid_at"] for r in operator.raw("billing_payments", "2026-03-02")] == ([stored] if stored else [])


@pytest.mark.parametrize("split", [False, True])
def test_keys_that_come_twice(operator, split):
    same, other = "A,2026-02-01,rent,1.00", " A ,2026-02-01,rent,1.0"  # equal once trimmed and typed
    conflicting = ["B,2026-02-01,rent,1.00", "B,2026-02-01,rent,2.00", "B,2026-02-01,rent,1.00"]
    rows = [same, *conflicting[:2], "C,2026-02-01,rent,3.00"], [other, conflicting[2]]
    files = {"a.csv": charges(*rows[0]), "b.csv": charges(*rows[1])} if split else {"a.csv": charges(*rows[0], *rows[1])}
    operator.deliver("billing_charges", "2026-03-02", files)
    outcome = operator.take_one(**LOOSE)
    assert (outcome.rows_read, outcome.rows_accepted, outcome.rows_collapsed, outcome.rows_set_aside) == (6, 2, 1, 3)
    assert [r["subscriber_id"] for r in operator.raw("billing_charges", "2026-03-02")] == ["A", "C"]
    places = [("a.csv", 3), ("a.csv", 4), ("b.csv", 3) if split else ("a.csv", 7)]
    assert [(a["file"], a["line"]) for a in operator.aside()] == places
    assert "more than once in the delivery, with different values" in operator.aside()[0]["reason"]


def test_a_null_differs_from_a_value_when_keys_come_twice(operator):
    header = "plan_code,plan_name,monthly_fee\n"
    operator.deliver("crm_tariff_plans", "2026-03-02", {"a.csv": header + "P,x,\nP,x,1.00\nQ,y,\nQ,y,\n"})
    outcome = operator.take_one(**LOOSE)
    assert (outcome.rows_accepted, outcome.rows_collapsed, outcome.rows_set_aside) == (1, 1, 2)


def test_a_row_at_fault_does_not_drag_a_good_one_of_its_key(operator):
    outcome = operator.charge(charges("A,2026-02-01,rent,1.00", "A,2026-02-01,rent,x"), **LOOSE)
    assert (outcome.rows_accepted, outcome.rows_set_aside) == (1, 1)


def test_columns_missing_and_unknown(operator):
    header = "plan_code,secret,plan_name\n"
    operator.deliver("crm_tariff_plans", "2026-03-02", {"a.csv": header + "P1,hush,x\n"})
    outcome = operator.take_one()
    assert outcome.rows_accepted == 1
    assert "a.csv: unknown column secret dropped" in outcome.warnings
    assert any(
        w.startswith("a.csv: columns brand_code, monthly_fee,") and w.endswith("missing, taken as null") for w in outcome.warnings
    )
    (row,) = operator.raw("crm_tariff_plans", "2026-03-02")
    assert list(row) == [c.name for c in CONTRACT["crm_tariff_plans"].columns]
    assert row["monthly_fee"] is None
    assert row["overage_fee_per_mb"] is None
    assert not any("overage" in warning for warning in outcome.warnings)  # optional: deliveries of old never had it


def test_references_within_crm_are_kept(operator):
    operator.deliver("crm_customers", "2026-03-01", {"a.csv": customers("C1", "C2")})
    operator.deliver("crm_customers", "2026-03-03", {"a.csv": customers("C1", "C2", "C3")})
    operator.deliver("crm_subscribers", "2026-03-02", {"a.csv": subscribers(("S1", "C1"), ("S2", "C3"))})  # C3 comes later
    operator.deliver("crm_tariff_subscriptions", "2026-03-02", {"a.csv": plans_held("S1", "S2", "S1")})
    report = operator.take(**LOOSE)
    by_table = {o.table_name: o for o in report.outcomes if str(o.dt) == "2026-03-02"}
    assert (by_table["crm_subscribers"].rows_accepted, by_table["crm_subscribers"].rows_set_aside) == (1, 1)
    (aside,) = operator.aside("crm_subscribers")
    assert (aside["line"], aside["column"], aside["value"]) == (3, "customer_id", "C3")
    assert aside["reason"] == "is no customer_id of crm_customers dt=2026-03-01"
    # S2 was rejected, so what refers to it falls too; the repeated row of S1 is deduplicated
    held = by_table["crm_tariff_subscriptions"]
    assert (held.rows_accepted, held.rows_collapsed, held.rows_set_aside) == (1, 1, 1)


def test_references_to_what_is_not_crm_or_not_there_are_kept(operator):
    header = "subscriber_id,customer_id,activation_date,status_code,status_date,manager_id\n"
    operator.deliver("channel_managers", "2026-03-02", {"a.csv": "manager_id\nM1\n"})
    operator.deliver("crm_subscribers", "2026-03-02", {"a.csv": header + "S1,C1,2025-01-01,active,2025-01-01,M9\n"})
    outcome = next(o for o in operator.take().outcomes if o.table_name == "crm_subscribers")
    assert outcome.rows_accepted == 1
    assert any("not checked against crm_customers" in w for w in outcome.warnings)
    assert not any("channel_managers" in w for w in outcome.warnings)


def test_rows_of_unknown_subscribers_are_kept_and_counted(operator):
    operator.deliver("crm_customers", "2026-03-05", {"a.csv": customers("C1")})
    operator.deliver(
        "crm_subscribers", "2026-03-05", {"a.csv": subscribers(("S1", "C1"))}
    )  # none earlier: the earliest later tells
    operator.deliver("billing_charges", "2026-03-02", {"a.csv": charges(*many_charges(4))})
    outcome = next(o for o in operator.take().outcomes if o.table_name == "billing_charges")
    assert outcome.rows_accepted == 4
    assert outcome.warnings == ["3 rows of subscribers that crm_subscribers does not know (S0, S2, S3); kept"]


def test_numbers_off_the_pattern_are_kept_and_counted(operator):
    header = "subscriber_id,customer_id,msisdn,activation_date,status_code,status_date\n"
    numbers = ["13800000000", "+8613800000000", "123456", ""]
    rows = "".join(f"S{i},C1,{n},2025-01-01,active,2025-01-01\n" for i, n in enumerate(numbers))
    operator.deliver("crm_subscribers", "2026-03-02", {"a.csv": header + rows})
    outcome = operator.take_one()
    assert outcome.rows_accepted == 4
    assert any(w.startswith("2 rows whose msisdn fits no pattern") for w in outcome.warnings)


CHARGES_SCHEMA = pa.schema(
    [("subscriber_id", pa.string()), ("bill_month", pa.date32()), ("fee_code", pa.string()), ("amount", pa.decimal128(12, 2))]
)
FITTING = pa.Table.from_pylist(
    [
        {"subscriber_id": s, "bill_month": date(2026, 2, 1), "fee_code": "rent", "amount": Decimal("12.50")}
        for s in ("A", "B", "C")
    ],
    CHARGES_SCHEMA,
)


def test_a_fitting_parquet_is_copied_byte_for_byte(operator):
    folder = operator.deliver("billing_charges", "2026-03-02", {"x.parquet": FITTING})
    operator.take()
    copy = operator.home.raw / "billing_charges" / "dt=2026-03-02" / "part-0.parquet"
    assert copy.read_bytes() == (folder / "x.parquet").read_bytes()


@pytest.mark.parametrize(("delivered", "kept"), [("zstd", "ZSTD"), ("snappy", "SNAPPY"), ("brotli", "ZSTD"), ("lz4", "ZSTD")])
def test_what_some_engine_could_not_unpack_is_packed_anew(operator, delivered, kept):
    folder = operator.deliver("billing_charges", "2026-03-02", {})
    pq.write_table(FITTING, folder / "x.parquet", compression=delivered)
    assert operator.take_one().rows_accepted == 3
    file = operator.home.raw / "billing_charges" / "dt=2026-03-02" / "part-0.parquet"
    assert pq.read_metadata(file).row_group(0).column(0).compression == kept


@pytest.mark.parametrize(
    ("column", "values", "lossless"),
    [
        ("amount", pa.array([12.5, 1.0, 0.01]), True),
        ("amount", pa.array([12.5, 1.0, 0.1 + 0.2]), False),
        ("amount", pa.array([12.5, 1.25, 1.5], pa.float32()), True),
        ("amount", pa.array([1, 2, 300], pa.int16()), True),
        ("amount", pa.array([Decimal("1.2000"), Decimal("1"), Decimal("2")], pa.decimal128(18, 4)), True),
        ("amount", pa.array([Decimal("1.2001"), Decimal("1"), Decimal("2")], pa.decimal128(18, 4)), False),
        ("amount", pa.array(["1.20", "1", "-2.5"]), True),
        ("amount", pa.array(["1.20", "1", "2.505"]), False),
        ("bill_month", pa.array([date(2026, 2, 1)] * 3, pa.date64()), True),
        ("bill_month", pa.array([datetime(2026, 2, 1)] * 3, pa.timestamp("ns")), True),
        (
            "bill_month",
            pa.array([datetime(2026, 2, 1, 1), datetime(2026, 2, 1), datetime(2026, 2, 1)], pa.timestamp("ms")),
            False,
        ),
        ("bill_month", pa.array(["2026-02-01"] * 3).dictionary_encode(), True),
        ("subscriber_id", pa.array(["A", "B", " C"], pa.large_string()), True),
        ("subscriber_id", pa.array([b"A", b"B", b"C"]), True),
        ("subscriber_id", pa.array(["A", "B", None], pa.string_view()), False),
        ("amount", pa.array(["1.20", "x", "2"], pa.large_string()).dictionary_encode(), False),
        ("subscriber_id", pa.array(["A", "B", ""]), False),
        ("subscriber_id", pa.array(["A", "B", None]), False),
    ],
)
def test_parquet_of_other_types_enters_where_nothing_is_lost(operator, column, values, lossless):
    table = FITTING.set_column(FITTING.schema.get_field_index(column), column, values)
    outcome = operator.charge(table, "part-0.parquet", **LOOSE)
    assert (outcome.rows_accepted, outcome.rows_set_aside) == ((3, 0) if lossless else (2, 1))
    stored = pq.read_schema(operator.home.raw / "billing_charges" / "dt=2026-03-02" / "part-0.parquet")
    assert stored.types == CHARGES_SCHEMA.types


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("bill_month", pa.array([datetime(2026, 2, 1)] * 3, pa.timestamp("us", "UTC"))),
        ("bill_month", pa.array([20485] * 3)),
        ("subscriber_id", pa.array([1, 2, 3])),
        ("amount", pa.array([True] * 3)),
        ("amount", pa.array([[1]] * 3)),
        ("amount", pa.array([{"a": 1}] * 3)),
    ],
)
def test_parquet_of_another_kind_is_set_aside_row_by_row(operator, column, values):
    table = FITTING.set_column(FITTING.schema.get_field_index(column), column, values)
    outcome = operator.charge(table, "part-0.parquet", **LOOSE)
    assert (outcome.rows_accepted, outcome.rows_set_aside) == (0, 3)
    assert [a["line"] for a in operator.aside()] == [1, 2, 3]


def test_int96_has_no_zone_and_is_warned_of(operator, tmp_path):
    times = [datetime(2026, 3, 1, 10), datetime(9999, 12, 31), datetime(1600, 1, 1, 0, 0, 0, 1), None]
    columns = {name: [str(i) for i in range(4)] for name in ("payment_id", "subscriber_id")}
    table = pa.table(columns | {"paid_at": pa.array(times, pa.timestamp("us")), "amount": ["1"] * 4})
    pq.write_table(table, tmp_path / "x.parquet", use_deprecated_int96_timestamps=True)
    operator.deliver("billing_payments", "2026-03-02", {"x.parquet": (tmp_path / "x.parquet").read_bytes()})
    outcome = operator.take_one(**LOOSE)
    assert "x.parquet: column paid_at of type INT96, which has no zone: taken as local time" in outcome.warnings
    assert [r["paid_at"] for r in operator.raw("billing_payments", "2026-03-02")] == times[:3]
    assert [a["line"] for a in operator.aside("billing_payments")] == [4]


def test_int96_is_not_rounded(operator, tmp_path):
    paid = pa.array([1_772_359_200_000_000_001, 1_772_359_200_000_000_000]).cast(pa.timestamp("ns"))
    table = pa.table({"payment_id": ["1", "2"], "subscriber_id": ["S1", "S1"], "paid_at": paid, "amount": ["1", "1"]})
    pq.write_table(table, tmp_path / "x.parquet", use_deprecated_int96_timestamps=True)
    operator.deliver("billing_payments", "2026-03-02", {"x.parquet": (tmp_path / "x.parquet").read_bytes()})
    assert operator.take_one(**LOOSE).rows_set_aside == 1


def test_a_null_column_is_null_in_its_type(operator):
    table = pa.table({"plan_code": ["P"], "plan_name": ["x"], "monthly_fee": pa.nulls(1)})
    operator.deliver("crm_tariff_plans", "2026-03-02", {"a.parquet": table})
    assert operator.take_one().rows_accepted == 1


def test_a_fitting_parquet_with_a_repeated_row_is_rewritten_without_it(operator):
    outcome = operator.charge(pa.concat_tables([FITTING, FITTING.slice(1, 1)]), "part-0.parquet")
    assert (outcome.rows_accepted, outcome.rows_collapsed) == (3, 1)
    assert [r["subscriber_id"] for r in operator.raw("billing_charges", "2026-03-02")] == ["A", "B", "C"]


def test_content_hash_sees_rows_and_nothing_else(tmp_path):
    csv = charges(*(f"{s},2026-02-01,rent,12.5" for s in "CBA"))
    split = {
        "a.csv": charges("B,2026-02-01,rent,12.50"),
        "b.csv.gz": charges("A,2026-02-01,rent,12.5"),
        "c.parquet": FITTING.slice(2),
    }
    hashes = set()
    for i, files in enumerate(({"a.parquet": FITTING}, {"a.csv": csv}, split, {"a.csv": csv + "A,2026-02-01,rent,12.5\n"})):
        operator = Operator(tmp_path / str(i))
        operator.deliver("billing_charges", "2026-03-02", files)
        hashes.add(operator.take_one().rows_sha256)
    assert len(hashes) == 1
    assert (
        Operator(tmp_path / "x").charge(csv.replace("A,2026-02-01,rent,12.5\n", "A,2026-02-01,rent,12.51\n")).rows_sha256
        not in hashes
    )
    # a value must not slip from one column into the next
    one, two = (
        Operator(tmp_path / n).charge(charges(r)).rows_sha256 for n, r in (("y", "AB,2026-02-01,C,1"), ("z", "A,2026-02-01,BC,1"))
    )
    assert one != two


def test_events_of_accepted_rows_are_told(operator):
    rows = ["A,2026-02-01,rent,1", "B,2025-12-01,rent,1", "C,2026-02-01,rent,1", "D,2024-01-01,rent,x"]
    outcome = operator.charge(charges(*rows), **LOOSE)
    assert (outcome.event_first, outcome.event_last) == (datetime(2025, 12, 1), datetime(2026, 2, 1))
    assert outcome.event_months == [date(2025, 12, 1), date(2026, 2, 1)]
    assert _balanced(outcome)
