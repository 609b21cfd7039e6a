"""The oracle of plans and bundles against cases worked by hand, at both sides of each edge."""

from datetime import date
from decimal import Decimal

import pytest
from oracle import campaign, tariffs
from oracle.desk import desk_at
from oracle.rows import CONTRACT, D, bills, line, plan, use

BASE = {
    "plan_code": "P", "plan_name": "P", "monthly_fee": Decimal(10), "included_minutes": 100, "included_mb": 1000,
    "included_messages": 10, "is_on_sale": True, "overage_fee_per_minute": Decimal("0.5"), "overage_fee_per_mb": Decimal("0.01"),
    "overage_fee_per_message": Decimal("0.1"),
}  # fmt: skip
BIG = BASE | {"plan_code": "Q", "monthly_fee": Decimal(20), "included_minutes": 200}
JUNE = date(2024, 6, 5)


def desk(plans, usage=(), chances=None, amounts=("10",) * 12, keys=("s1",)):
    """A line on plan P with these bills and this use, and this catalogue of plans."""
    tables = {
        "crm_subscribers": [line(key) for key in keys],
        "crm_customers": [{"customer_id": "c1"}],
        "crm_tariff_plans": list(plans),
        "crm_tariff_subscriptions": [plan(key, "P") for key in keys],
        "billing_fee_codes": [{"fee_code": "rent", "fee_class": "rental", "counts_to_arpu": True}],
        "billing_charges": [row for key in keys for row in bills(key, list(amounts))],
        "billing_usage_daily": list(usage) or [use("s1", D)],
    }
    complete = {name: [{c.name: r.get(c.name) for c in CONTRACT[name].columns} for r in rows] for name, rows in tables.items()}
    return desk_at({name: {D: rows} for name, rows in complete.items()}, D, (), chances)


@pytest.mark.parametrize(
    ("minutes", "roaming", "own", "best", "saving"),
    [
        ("100", "0", "10.00", "P", "0.00"),
        ("100.02", "0", "10.00", "P", "0.00"),  # a cent in one of three months
        ("100.03", "0", "10.01", "P", "0.00"),
        ("160", "0", "20.00", "P", "0.00"),  # 30 in the month, 10 of the mean: both plans cost 20
        ("160.06", "0", "20.01", "Q", "0.01"),
        ("200", "100", "10.00", "P", "0.00"),
    ],
)
def test_what_lies_beyond_a_month_costs_the_rate_of_the_plan(minutes, roaming, own, best, saving):
    found = tariffs.plan_fit(desk([BASE, BIG], [use("s1", JUNE, minutes, roaming_minutes=Decimal(roaming))]))["s1"]
    assert (found["plan_cost_amount"], found["best_plan_code"]) == (Decimal(own), best)
    assert found["saving_amount"] == Decimal(saving)
    assert found["revenue_effect_amount"] == (0 if best == "P" else Decimal("20.00") - Decimal(10))


@pytest.mark.parametrize(
    ("change", "minutes", "own"),
    [
        ({"overage_fee_per_minute": None}, "100", "10.00"),
        ({"overage_fee_per_minute": None}, "100.01", None),
        ({"included_minutes": None}, "0", "10.00"),
        ({"included_minutes": None}, "0.01", None),
        ({"included_minutes": None, "overage_fee_per_minute": Decimal(0)}, "9999", "10.00"),
        ({"included_minutes": 0}, "3", "10.50"),
        ({"monthly_fee": None}, "0", None),
        ({"is_on_sale": False}, "0", "10.00"),
    ],
)
def test_what_nobody_tells_is_no_price(change, minutes, own):
    found = tariffs.plan_fit(desk([BASE | change, BIG], [use("s1", JUNE, minutes)]))["s1"]
    assert found["plan_cost_amount"] == (own and Decimal(own))
    assert (found["saving_amount"] is None) == (own is None)
    assert found["best_plan_code"] == ("P" if own else "Q")


def test_of_equal_plans_the_present_one_then_the_lower_fee_then_the_lower_code_is_best():
    dear = BASE | {"plan_code": "A", "monthly_fee": Decimal(5), "included_minutes": 90}
    usage = [use("s1", day, 100) for day in (date(2024, 4, 5), date(2024, 5, 5), JUNE)]
    assert tariffs.plan_fit(desk([dear, BASE], usage))["s1"]["best_plan_code"] == "P"
    silent = BASE | {"overage_fee_per_minute": None, "included_minutes": 0}
    twin = BASE | {"plan_code": "C"}
    found = tariffs.plan_fit(desk([silent, twin, dear, BASE | {"plan_code": "B"}], usage))["s1"]
    assert (found["best_plan_code"], found["best_plan_cost_amount"]) == ("A", 10)
    found = tariffs.plan_fit(desk([silent, twin, BASE | {"plan_code": "B"}], usage))["s1"]
    assert found["best_plan_code"] == "B"


@pytest.mark.parametrize(("low", "level"), [(1, 5), (2, 1)])
def test_a_fee_level_may_be_missed_in_one_month_of_ten(low, level):
    """Ten months: of all but `low` of them the spend is 100, in these 12; ten lines spend from 12 to 100."""
    keys = [f"s{n}" for n in range(10)]
    found = desk([BASE], amounts=("12",) * low + ("100",) * (10 - low), keys=keys)
    assert tariffs.commitments(found) == [100, 105, 110, 115, 120]
    amounts = [Decimal(10), Decimal(20), Decimal(30), Decimal(40), Decimal(50)]
    rows = tariffs.whole_months(found, "s1", found.book.billed[-12:])
    assert len(rows) == 10
    reached = [n for n, least in enumerate(amounts, 1) if tariffs.share_of(rows, least) >= tariffs.COVERED]
    assert max(reached) == level


def test_incentive_levels_by_rank_of_the_expected_loss():
    keys = [f"s{n:02}" for n in range(11)]
    found = desk([BASE], keys=keys, chances={key: n / 10 for n, key in enumerate(keys)})
    rows = tariffs.line_bundles(found)
    assert [rows[key]["bundle_incentive_level"] for key in keys] == [0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5]
    assert rows["s10"]["expected_loss_amount"] == 120
    levels = tariffs.bundle_levels(found)
    assert [levels[n]["incentive_lines"] for n in range(1, 6)] == [2, 1, 1, 1, 1]
    assert levels[1]["incentive_amount"] == 6


def test_the_worth_of_an_offer_is_null_without_a_score():
    found = desk([BASE])
    found.offers["A"] = {"offer_type": None, "gift_amount": None}
    assert campaign.offer_chances(found)["A"]["acceptance_chance"] is None
    worth = campaign.offers_by_worth(found, {("s1", "A"): {"rank": 1}})["s1", "A"]
    assert (worth["worth_amount"], worth["worth_rank"], worth["is_best_by_worth"]) == (None, 1, False)
