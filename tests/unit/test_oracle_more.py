"""The oracle of value and churn against cases worked by hand from the definitions, at both sides of each threshold."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from oracle import retention, risk, tiers
from oracle.book import add_months, median, status_at
from oracle.rows import D, bills, book, days_ago, gone, line, plan, use


@pytest.mark.parametrize(
    ("events", "day", "expected"),
    [
        ([], D, ("suspended_arrears", date(2024, 5, 20))),
        ([], date(2024, 5, 19), ("active", date(2022, 1, 10))),
        ([("suspended_other", "2024-05-01")], date(2024, 5, 19), ("suspended_other", date(2024, 5, 1))),
        ([("suspended_other", "2024-05-20"), ("resumed", "2024-06-01")], D, ("suspended_arrears", date(2024, 5, 20))),
        ([("suspended_other", "2024-05-01"), ("resumed", "2024-05-02")], date(2024, 5, 3), ("active", date(2024, 5, 2))),
        (
            [("suspended_other", "2024-05-01"), ("sim_changed", "2024-05-02")],
            date(2024, 5, 3),
            ("suspended_other", date(2024, 5, 1)),
        ),
        ([("pre_terminated", "2024-07-02")], date(2024, 7, 2), ("pre_terminated", date(2024, 7, 2))),
    ],
)
def test_the_status_of_a_day(events, day, expected):
    rows = [
        {"event_id": f"e{n}", "subscriber_id": "s1", "event_type": kind, "event_at": datetime.fromisoformat(at)}
        for n, (kind, at) in enumerate(events)
    ]
    found = book(
        as_of=max(day, D), crm_subscribers=[line(status="suspended_arrears", since=date(2024, 5, 20))], crm_subscriber_events=rows
    )
    assert status_at(found, "s1", day) == expected


def test_a_month_later_is_the_last_day_where_there_is_no_such_day():
    assert add_months(date(2023, 12, 31), 2) == date(2024, 2, 29)
    assert add_months(date(2021, 8, 30), 30) == date(2024, 2, 29)
    assert median([Decimal(1), Decimal(4), Decimal(2)]) == 2
    assert median([Decimal(1), Decimal("1.01")]) == Fraction(201, 200)


@pytest.mark.parametrize(
    ("points", "level"), [(None, None), (3599, None), (3600, "silver"), (6000, "gold"), (10999, "gold"), (11000, "diamond")]
)
def test_vip_level_is_of_the_last_year_ended_by_the_month(points, level):
    rows = [{"subscriber_id": "s1", "points_year": 2023, "points_earned": points}] if points is not None else []
    rows += [{"subscriber_id": "s1", "points_year": year, "points_earned": 99999} for year in (2022, 2024)]
    found = book(crm_subscribers=[line()], crm_loyalty_points=rows)
    assert tiers.vip_level(found, "s1", date(2024, 6, 1)) == level
    assert tiers.vip_level(found, "s1", date(2023, 12, 1)) == level
    assert tiers.vip_level(found, "s1", date(2023, 11, 1)) == "diamond"


def test_mid_high_end_by_amount_and_minutes_or_by_the_top_of_the_county():
    lines = [line(f"s{n}", region_code="north") for n in range(11)] + [line("t1", region_code="south")]
    lines += [line("t2", region_code="south", county_code="x"), line("t3", region_code="south", county_code="x")]
    amounts = dict.fromkeys((row["subscriber_id"] for row in lines), "20") | {"s9": "110", "s10": "120", "t1": "120", "t2": "120"}
    charges = [row for key, amount in amounts.items() for row in bills(key, [amount] * 3)]
    talk = {"s10": "99.99", "t1": "100", "t2": "99.99"}
    usage = [use(key, date(2024, month, 1), minutes) for key, minutes in talk.items() for month in (4, 5, 6)]
    found = book(crm_subscribers=lines, billing_charges=charges, billing_usage_daily=usage)
    rows = tiers.values_by_month(found)[date(2024, 6, 1)]
    # s9 is 10th of 11 in its county, percent rank exactly 0.9; t2 the higher of two, percent rank 1; t1 alone in its own, rank 0
    assert sorted(key for key, row in rows.items() if row["is_mid_high_end"]) == ["s10", "s9", "t1", "t2"]


def test_the_activity_score_goes_by_the_kinds_of_use_that_somebody_has():
    lines = [line(f"s{n}") for n in range(3)]
    usage = [use("s0", D, 30), use("s1", D, 60)]
    add_ons = [
        ("s1", D, None),
        ("s0", date(2024, 1, 1), D),
        ("s2", D + timedelta(days=1), None),
        ("s2", date(2024, 1, 1), days_ago(1)),
    ]
    services = [{"subscriber_id": k, "service_code": "x", "start_date": start, "end_date": end} for k, start, end in add_ons]
    charges = [row for n in range(3) for row in bills(f"s{n}", ["5"] * 3)]
    found = book(crm_subscribers=lines, billing_charges=charges, billing_usage_daily=usage, crm_service_subscriptions=services)
    rows = tiers.values_by_month(found)[date(2024, 6, 1)]
    # minutes rank 1/2, 1, 0; services 1/2, 1/2, 0; nobody called by count, wrote or used data
    assert {key: row["activity_score"] for key, row in rows.items()} == {"s0": 50, "s1": 75, "s2": 0}
    assert [rows[f"s{n}"]["activity_grade"] for n in range(3)] == ["B", "A", "C"]


def test_value_quadrant_and_income_at_their_medians_and_ranks():
    lines = [line(f"s{n}", customer_id=f"c{n}") for n in range(4)]
    people = [
        {"customer_id": f"c{n}", "annual_income": income} for n, income in enumerate((None, Decimal(5), Decimal(7), Decimal(7)))
    ]
    charges = [row for n, amount in enumerate(("10", "20", "20", "30")) for row in bills(f"s{n}", [amount])]
    rows = tiers.values_by_month(book(crm_subscribers=lines, crm_customers=people, billing_charges=charges))[date(2024, 6, 1)]
    assert [rows[f"s{n}"]["value_quadrant"] for n in range(4)] == ["basic", "star", "star", "star"]
    assert not any(row["is_high_income"] for row in rows.values())  # two share the top: their rank is 1/2


def test_layers_take_tenths_of_the_customers_by_revenue_and_then_id():
    lines = [line(f"s{n}", customer_id=f"c{n % 10}") for n in range(11)]
    charges = [row for n in range(11) for row in bills(f"s{n}", ["1" if n < 8 else "2"])]
    people = [{"customer_id": f"c{n}"} for n in range(10)]
    found = book(crm_subscribers=lines, crm_customers=people, billing_charges=charges)
    customers = tiers.customer_value(found, tiers.values_by_month(found))
    layers = {key: row["service_layer"] for key, row in customers.items()}
    assert layers == {"c0": "A", "c8": "B", "c9": "B", "c1": "C", "c2": "C", "c3": "C"} | {f"c{n}": "D" for n in (4, 5, 6, 7)}
    assert customers["c0"]["subscribers"] == 2
    assert tiers.service_layers(customers)["B"]["revenue_share"] == Fraction(4, 14)


def test_migration_counts_every_line_as_churn_by_month_does():
    june = date(2024, 6, 1)
    lines = [line("stays"), gone("left", date(2024, 6, 1)), gone("gone_before", date(2024, 5, 31)), line("new", june),
             gone("in_and_out", D, june)]  # fmt: skip
    back = [("reinstated", "2024-06-02", "e2"), ("ported_out", "2024-05-02", "e1")]
    events = [
        {"event_id": e, "subscriber_id": "back", "event_type": kind, "event_at": datetime.fromisoformat(at)}
        for kind, at, e in back
    ]
    found = book(crm_subscribers=[*lines, line("back")], crm_subscriber_events=events, billing_charges=bills("stays", ["1", "1"]))
    values = tiers.values_by_month(found)
    moves = {key[1:]: row["subscribers"] for key, row in tiers.value_migration(found, values).items()}
    assert sum(moves.values()) == 5
    assert moves["new", "churned"] == 1
    assert sum(n for (source, _), n in moves.items() if source == "new") == 2
    assert sum(n for (source, _), n in moves.items() if source == "churned") == 1
    assert sum(n for (_, target), n in moves.items() if target == "churned") == 2
    assert tiers.tiers_before_churn(found, values)["left"]["value_tier_before"] == values[date(2024, 5, 1)]["left"]["value_tier"]
    assert tiers.tiers_before_churn(found, values)["in_and_out"] == {"value_tier_before": None, "was_mid_high_end": False}


def test_tariff_levels_cut_in_five_with_the_larger_ones_first():
    amounts = ["120.00", "120.00", "130.01", "140", "150", "160", "170"]
    charges = [row for n, amount in enumerate(amounts) for row in bills(f"s{n}", [amount])]
    usage = [use(f"s{n}", D, 100) for n in range(7)]
    plans = [("P3", "125.00", True), ("P2", "125.00", True), ("P1", "115", True), ("P0", "120", None), ("P9", None, True)]
    catalogue = [{"plan_code": c, "monthly_fee": fee and Decimal(fee), "is_on_sale": sale} for c, fee, sale in plans]
    found = book(
        crm_subscribers=[line(f"s{n}") for n in range(7)],
        billing_charges=charges,
        billing_usage_daily=usage,
        crm_tariff_plans=catalogue,
    )
    levels = tiers.tariff_levels(found, tiers.values_by_month(found))
    assert [levels[n]["subscribers"] for n in range(1, 6)] == [2, 2, 1, 1, 1]
    assert levels[1]["plan_code"] == "P1"  # 120 lies between 115 and 125: the lower fee
    assert (levels[2]["matched_amount"], levels[2]["plan_code"]) == (Decimal("135.01"), "P2")  # 135.005, rounded up
    assert levels[2]["incentive_amount"] == Decimal("162.01")  # 1.2 x 135.01 = 162.012


def test_churn_by_attribute_takes_churners_as_they_were_and_a_null_as_unknown():
    lines = [line("s1"), gone("s2", date(2024, 4, 1), date(2024, 1, 1)), gone("s3", date(2024, 3, 31))]
    members = [{"group_id": "g", "subscriber_id": "s2", "member_role": "member", "left_on": date(2024, 4, 1)},
               {"group_id": "h", "subscriber_id": "s2", "member_role": "member", "joined_on": date(2024, 4, 1)}]  # fmt: skip
    groups = [{"group_id": "g"}, {"group_id": "h"}]
    found = book(crm_subscribers=lines, billing_charges=bills("s1", ["1"] * 4), crm_groups=groups, crm_group_members=members)
    rows = retention.members(found, tiers.values_by_month(found))
    assert retention.rates_by(rows, "tenure_band") == {
        "25-36": {"churned": 0, "on_net_end": 1, "churn_rate": 0},
        "4-6": {"churned": 1, "on_net_end": 0, "churn_rate": None},
    }
    assert retention.rates_by(rows, "group_id").keys() == {"h", "unknown"}
    overall = retention.churn_by_plan_tenure(rows)["all", "all", True]
    assert overall == {"churned": 1, "on_net_end": 1, "churn_rate": 1, "is_high_churn_plan": False, "is_high_churn_cell": False}


@pytest.mark.parametrize(("on_net", "churned", "is_high"), [(100, 18, True), (99, 18, False), (100, 17, False)])
def test_a_plan_is_high_in_churn_at_1_8_times_the_rate_of_all_on_a_hundred_lines(on_net, churned, is_high):
    def lines(plan_code, count, is_churned):
        row = {"plan_code": plan_code, "tenure_band": "1-3", "is_churned": is_churned}
        return {f"{plan_code}-{is_churned}-{n}": row for n in range(count)}

    found = lines("P", on_net, False) | lines("P", churned, True) | lines("Q", 100, False)  # 18 / 100 against 20 / 200
    rows = retention.churn_by_plan_tenure(found | lines("Q", 20 - churned, True))
    assert rows["P", "all", False]["is_high_churn_plan"] == is_high
    assert not any(row["is_high_churn_plan"] for key, row in rows.items() if key != ("P", "all", False))
    high_cells = [key for key, row in rows.items() if row["is_high_churn_cell"]]
    assert high_cells == ([("P", "1-3", False)] if churned == 18 else [])


@pytest.mark.parametrize(
    ("amounts", "minutes", "lost"),
    [
        (["150", "50", "50", "50"], 100, [0, 0, 0]),
        (["150", "49.99", "49.99", "49.99"], 100, [0, 0, 1]),
        (["150", "150", "150", "150"], "99.99", [0, 0, 1]),
        (["150", "49.99", "150", "49.99"], 100, [0, 0, 0]),
    ],
)
def test_a_cohort_loses_a_line_after_three_low_months(amounts, minutes, lost):
    usage = [use("s1", date(2024, 3, 1), 100)] + [use("s1", date(2024, m, 1), minutes) for m in (4, 5, 6)]
    lines = [line(region_code="north"), line("s2", activated=date(2024, 6, 1))]
    found = book(crm_subscribers=lines, billing_charges=bills("s1", amounts), billing_usage_daily=usage)
    rows = retention.snapshot_retention(found, tiers.values_by_month(found))
    cohort = date(2024, 3, 1)
    assert [rows[cohort, date(2024, m, 1), "all", "all", True, True]["lost"] for m in (4, 5, 6)] == lost
    assert (
        rows[cohort, D.replace(day=1), "north", "all", False, True]
        == rows[cohort, D.replace(day=1), "all", "unknown", True, False]
    )


def test_new_lines_have_topped_up_by_a_month_and_reversals_do_not_count():
    payments = [("s1", "2024-05-31 23:59:59", False), ("s2", "2024-06-01", None), ("s3", "2024-05-01", True)]
    rows = [
        {
            "payment_id": key,
            "subscriber_id": key,
            "paid_at": datetime.fromisoformat(at),
            "amount": Decimal(1),
            "is_reversal": back,
        }
        for key, at, back in payments
    ]
    lines = [line(key, date(2024, 5, 1)) for key in ("s1", "s2", "s3")] + [gone("s4", date(2024, 6, 1), date(2024, 5, 31))]
    found = book(crm_subscribers=lines, billing_charges=bills("s1", ["1", "1"]), billing_payments=rows)
    cohorts = retention.new_subscriber_cohorts(found)
    assert [cohorts[date(2024, 5, 1), n]["topped_up_share"] for n in (0, 1)] == [Fraction(1, 4), Fraction(1, 2)]
    assert [cohorts[date(2024, 5, 1), n]["surviving"] for n in (0, 1)] == [4, 3]


def test_the_first_sixty_and_thirty_days_begin_with_the_activation_day():
    activated = date(2023, 12, 5)
    last_of_60, last_of_30 = date(2024, 2, 2), date(2024, 1, 3)
    found = book(
        crm_subscribers=[gone("s1", date(2024, 6, 30), activated, payment_type="prepaid")], billing_charges=bills("s1", ["1"] * 7)
    )
    facts = retention.new_line(found, found.known.lines["s1"], [activated, last_of_60], [activated, activated, last_of_30])
    assert facts == {"no_second_topup_share": False, "low_activity_share": False, "gone_by_month_6_share": True}
    later = timedelta(days=1)
    facts = retention.new_line(
        found,
        found.known.lines["s1"],
        [activated, last_of_60 + later],
        [activated - later, activated, last_of_30, last_of_30 + later],
    )
    assert (facts["no_second_topup_share"], facts["low_activity_share"]) == (True, True)


@pytest.mark.parametrize(
    ("bad", "of", "is_over"), [(20, 20, True), (5, 5, True), (4, 4, False), (4, 10, True), (3, 10, False), (0, 0, False)]
)
def test_a_share_is_surely_over_by_its_lower_bound_on_five_lines(bad, of, is_over):
    assert retention.is_surely_over(bad, of, bad + 10, of + 100) == is_over
    assert not retention.is_surely_over(bad, of, bad + 100, of + 100)
    assert not retention.is_surely_over(bad, of, bad, of)


def test_the_published_example_of_the_tenure_decision():
    reaching, leaving = Fraction("0.6") * Fraction("0.0924"), Fraction("0.4") * Fraction("0.0117")
    assert (reaching, leaving) == (Fraction("0.05544"), Fraction("0.00468"))
    assert float(risk.combined(reaching, leaving)) == pytest.approx(0.9221556886)
    assert risk.combined(Fraction(0), Fraction(0)) is None


def test_naive_bayes_counts_by_hand():
    learnt = [(True, {"plan": "a"})] * 3 + [(False, {"plan": "a"}), (False, {"plan": "b"})]
    # true: 3/5 x (3 + 1) / (3 + 2); false: 2/5 x (1 + 1) / (2 + 2)
    assert risk.naive_bayes(learnt, {"plan": "a"}) == Fraction(12, 25) / (Fraction(12, 25) + Fraction(1, 5))
    # a value never seen: 3/5 x 1/5 against 2/5 x 1/4
    assert risk.naive_bayes(learnt, {"plan": "z"}) == Fraction(3, 25) / (Fraction(3, 25) + Fraction(1, 10))
    assert risk.naive_bayes([], {"plan": "a"}) is None
    # a null says nothing: 3/5 against 2/5; without itself, one of the true: 3/5 x (2 + 1) / (2 + 2) against 2/5 x 1/2
    assert risk.naive_bayes(learnt, {"plan": None}) == Fraction(3, 5)
    assert risk.naive_bayes(learnt, {"plan": "a"}, without=True) == Fraction(9, 20) / (Fraction(9, 20) + Fraction(1, 5))


def test_a_model_has_signal_where_lines_unseen_are_told_apart():
    told = [(True, {"plan": "a"})] * 40 + [(False, {"plan": "b"})] * 40
    same = [(True, {"plan": "a"})] * 40 + [(False, {"plan": "a"})] * 40
    assert risk.signal_auc(told) == 1
    assert risk.signal_auc(same) == Fraction(1, 2)
    assert risk.signal_auc(told[:40]) is None


def test_the_tenure_is_learnt_from_lines_begun_thirty_months_before_d():
    lines = [line("s1", date(2021, 12, 30)), line("s2", date(2021, 12, 31)), line("s3", date(2022, 1, 1))]
    lines += [gone("s4", date(2024, 5, 31), date(2021, 12, 1)), gone("s5", date(2024, 4, 30), date(2021, 12, 1))]
    found = book(crm_subscribers=lines, billing_charges=bills("s1", ["1"] * 3))
    # learnt from s1, s2 (31 December + 30 months is 30 June), s4 (tenure 30) and s5 (29): 3 of 4 reach 30
    # with one value of each attribute every likelihood is (n + 1) / (n + 1), which leaves the priors
    assert risk.tenure_probabilities(found) == dict.fromkeys(("s1", "s2", "s3"), Fraction(3, 4))


@pytest.mark.parametrize(("offnet", "band"), [("0", "none"), ("19.99", "low"), ("20", "mid"), ("50", "mid"), ("50.01", "high")])
def test_bands_of_offnet_minutes(offnet, band):
    found = book(crm_subscribers=[line()], billing_charges=bills("s1", ["1"]), billing_usage_daily=[use("s1", D, 100, offnet)])
    assert risk.offnet_band(found, found.known.lines["s1"], D) == band


def test_the_group_rate_is_the_base_rate_in_cells_under_thirty():
    lines = [line(f"s{n:02d}", brand_code="a") for n in range(30)] + [line(f"t{n:02d}", brand_code="b") for n in range(29)]
    lines += [gone("u1", date(2024, 6, 1), brand_code="a"), gone("u2", date(2024, 6, 1), brand_code="b")]
    found = book(crm_subscribers=lines, billing_charges=bills("s00", ["1"] * 3))
    scores = risk.group_rate_scores(found, tiers.values_by_month(found))
    base = Fraction(2, 59)  # plan, off-net band and number class are one cell each of all 59
    assert scores["s00"] == 100 * (3 * base + Fraction(1, 30))
    assert scores["t00"] == 100 * (3 * base + base)


def test_health_scores_rank_only_what_can_be_told():
    lines = [line("s1"), line("s2"), line("s3")]
    plans = [plan("s1"), plan("s2"), plan("s3", "Q")]
    catalogue = [{"plan_code": "P", "included_minutes": 100}, {"plan_code": "Q", "included_minutes": 0}]
    add_ons = [
        ("s1", D, None),
        ("s2", D + timedelta(days=1), None),
        ("s3", date(2024, 1, 1), D),
        ("s1", date(2024, 1, 1), days_ago(1)),
    ]
    services = [{"subscriber_id": k, "service_code": "x", "start_date": start, "end_date": end} for k, start, end in add_ons]
    surveys = [{"survey_id": "v", "subscriber_id": "s1", "surveyed_at": datetime(2024, 1, 1), "score": 6}]
    complaints = [{"complaint_id": "k", "subscriber_id": "s2", "opened_at": datetime(2023, 12, 31, 23, 59)}]
    found = book(
        crm_subscribers=lines, billing_charges=bills("s1", ["1"] * 6), crm_tariff_subscriptions=plans, crm_tariff_plans=catalogue,
        crm_service_subscriptions=services, channel_surveys=surveys, channel_complaints=complaints,
        billing_usage_daily=[use("s1", D, 90), use("s2", D, 120)],
    )  # fmt: skip
    health = risk.health_scores(found)
    assert health["health_tariff"] == {"s1": 100, "s2": 0}
    assert health["health_service_use"] == {"s1": 100, "s2": 0, "s3": 100}
    assert health["health_service_quality"] == {"s1": 0, "s2": 100, "s3": 100}
    assert health["health_call_circle"] == {"s1": 100, "s2": 100, "s3": 100}
    assert risk.health({"a": 2, "b": 1, "c": 1, "d": 0}) == {"a": 100, "b": 50, "c": 50, "d": 0}
