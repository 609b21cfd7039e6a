"""The oracle's own reckoning of billed months and late tables, by cases worked by hand."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from oracle.billing import is_late, known_at
from oracle.known import month_end

MAY, JUNE, JULY = date(2024, 5, 1), date(2024, 6, 1), date(2024, 7, 1)
D = date(2024, 7, 20)


def bills(lines, month):
    return [{"subscriber_id": f"s{n}", "bill_month": month, "fee_code": "rent", "amount": Decimal(9)} for n in lines]


def known(charges, lines=40, as_of=D, **more):
    register = [
        {"subscriber_id": f"s{n}", "activation_date": date(2023, 1, 1), "status_code": "active", "status_date": date(2023, 1, 1)}
        | {name: value(n) for name, value in more.items()}
        for n in range(lines)
    ]
    return known_at({"crm_subscribers": {MAY: register}, "billing_charges": charges}, as_of)


@pytest.mark.parametrize(("again", "last"), [(36, JUNE), (35, MAY)])
def test_a_month_is_billed_at_nine_of_ten_lines(again, last):
    charges = {date(2024, 6, 3): bills(range(40), MAY), date(2024, 7, 3): bills(range(again), JUNE)}
    assert known(charges).last_billed == last


def test_half_a_billing_run_closes_nothing_and_a_later_month_closes_those_before():
    charges = {date(2024, 6, 3): bills(range(20), MAY)}
    assert known(charges).last_billed is None
    assert known(charges | {date(2024, 7, 5): bills(range(20), JUNE)}).last_billed == JUNE


def test_each_payment_type_is_waited_for_but_not_a_handful():
    charges = {date(2024, 6, 3): bills(range(70), MAY), date(2024, 7, 3): bills(range(35), JUNE)}
    assert known(charges, 70, payment_type=lambda n: "postpaid" if n < 35 else "prepaid").last_billed == MAY
    charges[date(2024, 7, 3)] = bills(range(65), JUNE)
    assert known(charges, 70, payment_type=lambda n: "postpaid" if n < 35 else "prepaid").last_billed == MAY  # 30 of 35 prepaid
    assert known(charges, 70, payment_type=lambda n: "postpaid" if n < 65 else "prepaid").last_billed == MAY  # none of five


@pytest.mark.parametrize(("days", "lines", "last"), [(15, 20, JUNE), (14, 20, MAY), (15, 19, MAY)])
def test_charges_that_come_daily_close_with_the_month(days, lines, last):
    charges = {date(2024, 6, 1): bills(range(40), MAY)}
    for n in range(1, days + 1):
        charges[JUNE + timedelta(days=n)] = bills(range(lines), JUNE)
    assert known(charges, as_of=month_end(JUNE)).last_billed == last


@pytest.mark.parametrize(
    ("table", "ago", "late"),
    [
        ("billing_usage_daily", (4, 3, 2, 1), True),  # it comes every day
        ("billing_usage_daily", (4, 3, 2, 0), False),
        ("billing_balances", (9, 6, 3), True),  # a day that it comes on has come
        ("billing_balances", (8, 5, 2), False),
        ("billing_balances", (3,), False),  # no rhythm yet
        ("billing_balances", (4,), True),  # past the limit
        ("crm_customers", (1,), True),  # required
        ("billing_charges", (30, 29, 28, 27, 26), False),  # in parts, a rhythm not yet known
        ("billing_charges", (31, 30, 29, 28, 27), False),
        ("billing_charges", (59, 58, 57, 56, 55, 31), True),
        ("billing_charges", tuple(range(12, 0, -1)), True),  # ten gaps of a day: charges come daily
    ],
)
def test_a_table_is_late_by_its_rhythm(table, ago, late):
    assert is_late(table, [D - timedelta(days=n) for n in ago], D) is late
