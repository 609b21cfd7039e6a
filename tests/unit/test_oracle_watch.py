"""The oracle of alerts, exceptions, inactivity and service against cases worked by hand, at both sides of each threshold."""

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from oracle import service, watch
from oracle.rows import D, bills, book, days_ago, gone, line, plan, use


def codes(found, key="s1"):
    return sorted(code for _, subscriber, code in watch.alerts(found) if subscriber == key)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ([(6, 1, 0)], []), ([(7, 1, 0), (0, 1, 0)], []), ([(8, 0, 0)], ["zero_usage"]), ([], ["zero_usage"]),
        ([(7, 40, 0), (6, 5, 0)], []), ([(34, 40, 0), (0, "4.99", 0)], ["usage_drop"]), ([(35, 40, 0), (0, 1, 0)], []),
        ([(7, 10, 5), (0, 10, 7)], ["calls_moving_offnet"]), ([(7, 10, 5), (0, 10, "6.99")], []), ([(7, 0, 0), (0, 10, 9)], []),
    ],
)  # fmt: skip
def test_alerts_of_use(usage, expected):
    rows = [use("s1", days_ago(ago), minutes, offnet) for ago, minutes, offnet in usage]
    found = book(crm_subscribers=[line()], billing_charges=bills("s1", ["1"]), billing_usage_daily=rows)
    assert codes(found) == expected


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        (["100"] * 3 + ["70"] * 3, ["arpu_drop"]), (["100"] * 3 + ["70", "70", "70.01"], []), (["-5"] * 3 + ["1"] * 3, []),
        (["1", "0"], ["no_charges"]), (["0", "1"], []),
    ],
)  # fmt: skip
def test_alerts_of_months(amounts, expected):
    found = book(crm_subscribers=[line()], billing_charges=bills("s1", amounts), billing_usage_daily=[use("s1", D)])
    assert codes(found) == expected


@pytest.mark.parametrize(
    ("start", "ends", "is_raised"),
    [
        (D, ["2024-06-30"], True), (D, ["2024-06-29"], False), (D, ["2024-08-30"], True), (D, ["2024-08-31"], False),
        (D, ["2024-07-30", "2025-01-01"], False), (date(2024, 7, 1), ["2024-07-30"], False),
    ],
)  # fmt: skip
def test_a_contract_that_ends_within_two_months(start, ends, is_raised):
    rows = [{"contract_id": e, "subscriber_id": "s1", "start_date": start, "end_date": date.fromisoformat(e)} for e in ends]
    found = book(
        crm_subscribers=[line()], billing_charges=bills("s1", ["1"]), billing_usage_daily=[use("s1", D)], crm_contracts=rows
    )
    assert codes(found) == ["contract_ending"] * is_raised


def test_alerts_of_the_day():
    lines = [line("s1", status="suspended_arrears", since=D), line("s2", status="pre_terminated", since=days_ago(1)), line("s3")]
    balances = [{"subscriber_id": k, "balance_amount": Decimal(b)} for k, b in (("s1", "9.99"), ("s2", "10"))]
    answers = [{"survey_id": k, "subscriber_id": k, "surveyed_at": datetime(2024, 6, 30, 23, 59), "score": s} for k, s in
               (("s2", 7), ("s3", 6))]  # fmt: skip
    usage = [use("s2", D, calls_forwarded_offnet=1), use("s3", days_ago(1), competitor_hotline_calls=1)]
    found = book(
        crm_subscribers=lines, crm_customers=[{"customer_id": "c1", "birth_date": date(1980, 6, 1)}], billing_balances=balances,
        channel_surveys=answers, billing_usage_daily=usage,
        billing_charges=[r for k in ("s1", "s2", "s3") for r in bills(k, ["1"])],
    )  # fmt: skip
    assert codes(found, "s1") == ["arrears_suspension", "birthday", "low_balance", "zero_usage"]
    assert codes(found, "s2") == ["birthday", "forwarding_offnet"]
    assert codes(found, "s3") == ["birthday", "negative_survey"]


def test_overage_is_more_than_what_is_included():
    catalogue = [{"plan_code": "P", "included_minutes": 60, "included_mb": 100}]
    keys = ("s1", "s2", "s3")
    usage = [use("s1", D, 60, data_mb=Decimal(100)), use("s2", D, "60.01"), use("s3", D, 0, data_mb=Decimal("100.001"))]
    found = book(
        crm_subscribers=[line(k) for k in keys], crm_tariff_subscriptions=[plan(k) for k in keys], crm_tariff_plans=catalogue,
        billing_usage_daily=usage, billing_charges=[r for k in keys for r in bills(k, ["1"])],
    )  # fmt: skip
    assert [codes(found, k) for k in keys] == [[], ["overage"], ["overage"]]


@pytest.mark.parametrize(
    ("row", "amounts", "expected"),
    [
        (gone("s1", date(2024, 6, 1)), ["1", "1"], ("terminated", date(2024, 6, 1))),
        (gone("s1", date(2024, 5, 31)), ["1", "1"], None),
        (line(status="pre_terminated", since=D), ["1", "0"], ("pre_terminated", D)),
        (line(status="suspended_other", since=date(2024, 5, 31)), ["1", "1"], ("suspended", date(2024, 5, 31))),
        (line(status="suspended_other", since=date(2024, 6, 1)), ["1", "1"], None),
        (line(status="suspended_other", since=date(2024, 6, 1)), ["1", "0"], ("no_charges", date(2024, 6, 1))),
        (line(), ["1", "0", "0"], ("no_charges", date(2024, 5, 1))),
        (line(), ["0", "5", "-1"], None),
    ],
)
def test_exceptions_of_a_month(row, amounts, expected):
    found = book(crm_subscribers=[row, line("s2")], billing_charges=bills("s1", amounts) + bills("s2", ["1"] * 3))
    assert watch.exception_of(found, "s1", found.known.lines["s1"], date(2024, 6, 1)) == expected


@pytest.mark.parametrize(
    ("used", "paid", "flags"), [(29, None, "000"), (30, None, "100"), (60, 59, "100"), (90, 90, "111"), (None, None, "111")]
)
def test_inactivity_needs_neither_use_nor_payment(used, paid, flags):
    usage = [use("s1", days_ago(used))] if used is not None else []
    payments = [{"payment_id": f"{n}", "subscriber_id": "s1", "paid_at": datetime.combine(days_ago(n), datetime.max.time()),
                 "amount": Decimal(1), "is_reversal": n == 0} for n in (paid, 0) if n is not None]  # fmt: skip
    found = book(
        crm_subscribers=[line()], billing_usage_daily=usage, billing_payments=payments, billing_charges=bills("s1", ["1"] * 9)
    )
    row = watch.inactivity(found)["s1"]
    assert "".join(str(int(row[f"is_inactive_{n}d"])) for n in (30, 60, 90)) == flags


def answers(*found):
    return [
        {
            "survey_id": f"v{n}",
            "subscriber_id": "s1",
            "surveyed_at": datetime.fromisoformat(at),
            "score": score,
            "driver_code": driver,
        }
        for n, (at, score, driver) in enumerate(found)
    ]


def test_a_detractor_is_open_from_the_first_of_the_last_run_to_its_repair():
    told = answers(("2024-01-01", 2, "x"), ("2024-01-05", 9, None), ("2024-05-01 23:00", 6, "y"), ("2024-05-02", 0, None),
                   ("2024-05-04", 7, "z"), ("2024-05-09", 10, "z"))  # fmt: skip
    row = service.detractors(book(crm_subscribers=[line(manager_id="m")], channel_surveys=told))["s1"]
    assert (row["last_score"], row["driver_code"], row["manager_id"]) == (10, "y", "m")  # the last named
    assert (row["days_open"], row["is_repaired"], row["repaired_at"]) == (3, True, datetime(2024, 5, 4))
    row = service.detractors(book(crm_subscribers=[line()], channel_surveys=told[:4]))["s1"]
    assert (row["days_open"], row["is_repaired"], row["opened_at"]) == (60, False, datetime(2024, 5, 1, 23))


def test_nps_and_its_drivers():
    told = answers(("2024-06-01", 6, "x"), ("2024-06-01", 7, "p"), ("2024-06-02", 8, None), ("2024-06-03", 9, "a"),
                   ("2024-06-30", 0, "x"), ("2024-06-30 23:59:59", 0, None), ("2024-07-01", 10, "x"))  # fmt: skip
    found = book(crm_subscribers=[line()], channel_surveys=told)
    month = date(2024, 6, 1)
    assert service.nps_monthly(found)[month, "all", True] == {
        "responses": 6, "promoters": 1, "passives": 2, "detractors": 3, "nps": Fraction(-100, 3),
    }  # fmt: skip
    drivers = service.nps_drivers(found)
    assert drivers[month, "x"] == {"detractors": 2, "promoters": 0, "share": 1, "rank": 1}
    assert [drivers[month, driver]["rank"] for driver in ("a", "p")] == [2, 3]


def test_complaints_repeat_within_ninety_days_of_the_one_before():
    opened = ("2024-01-01 23:59", "2024-03-31 00:00", "2024-06-30 00:00")  # 90 days by date, then 91
    rows = [
        {"complaint_id": f"k{n}", "subscriber_id": "s1", "opened_at": datetime.fromisoformat(at), "closed_at": closed}
        for n, (at, closed) in enumerate(zip(opened, (datetime(2024, 1, 4), None, datetime(2024, 7, 1)), strict=True))
    ]
    found = service.complaints_monthly(book(crm_subscribers=[line()], channel_complaints=rows))
    shares = {month.month: row["repeat_share"] for (month, _), row in found.items()}
    assert shares == {1: 0, 3: 1, 6: 0}
    assert found[date(2024, 1, 1), "unknown"] == {"opened": 1, "closed": 1, "median_days_to_close": 3, "repeat_share": 0}
    assert found[date(2024, 6, 1), "unknown"]["closed"] == 0
