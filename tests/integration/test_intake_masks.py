"""What quarantine, ledger and messages of intake show of a person's values: nothing; ids and keys stay."""

import pytest
from intake_kit import Operator, charges

LOOSE = {"max_set_aside_share": 1.0}


@pytest.fixture
def operator(tmp_path):
    return Operator(tmp_path)


def test_pii_is_masked_in_every_place(operator):
    header = "customer_id,customer_type,birth_date,full_name\n"
    operator.deliver("crm_customers", "2026-03-02", {"a.csv": header + "1,personal,31.12.1990,Jane Doe\n2,personal,,Jane\n"})
    outcome = operator.take_one(**LOOSE)
    (aside,) = operator.aside("crm_customers")
    assert (aside["column"], aside["value"]) == ("birth_date", "***")
    operator.take(max_set_aside_share=0.1)
    assert "31.12.1990" not in repr(outcome) + repr(operator.aside("crm_customers")) + "".join(operator.lines)


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        ("1,13800138000,x,male,2020-01-01", "customer_type", "138***00"),
        ("1,call 8613800138000,x,male,2020-01-01", "customer_type", "call 861***00"),
        ("1,personal,x,11010119900307123X,2020-01-01", "gender", "110***3X"),
        ("1,personal,x,张文佳,2020-01-01", "gender", "张***"),
        ("1,personal,x,Jane Doe,2020-01-01", "gender", "J***"),
        ("1,personal,x,m,2020-01-01", "gender", "m"),
        ("1,personal,x,male,20200101", "registered_on", "20200101"),
        ("1,personal,x,male,2020年1月1日", "registered_on", "2020年1月1日"),
        ("1,personal,x,male,13800138000", "registered_on", "138***00"),
    ],
)
def test_what_looks_personal_is_masked_in_a_row_that_is_shifted(operator, row, column, value):
    header = "customer_id,customer_type,full_name,gender,registered_on\n"
    operator.deliver("crm_customers", "2026-03-02", {"a.csv": f"{header}{row}\n2,personal,y,male,2020-01-01\n"})
    operator.take(**LOOSE)
    (aside,) = operator.aside("crm_customers")
    assert (aside["column"], aside["value"], aside["key_values"]) == (column, value, "customer_id=1")
    assert "13800138000" not in "".join(operator.lines)


def test_ids_stay_whole_in_quarantine_for_without_them_nobody_finds_the_row(operator):
    operator.charge(charges("19900000704,2026-02-01,rent,abc"), **LOOSE)
    (aside,) = operator.aside()
    assert aside["key_values"] == "subscriber_id=19900000704, bill_month=2026-02-01, fee_code=rent"
