"""The oracle of tags and marketing against cases worked by hand, at both sides of each threshold."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from oracle import campaign, care, liking, stages, touch, wholes
from oracle.book import UNKNOWN
from oracle.desk import ListRun, desk_at
from oracle.rows import BEGUN, CONTRACT, D, bills, days_ago, gone, line, use

NIGHT = datetime(2024, 6, 10, 23, 59, 59)


def desk(runs=(), **tables):
    """What a delivery on D tells; a customer, a bill and a usage row of D for each line that has none."""
    tables.setdefault("crm_subscribers", [line()])
    keys = [row["subscriber_id"] for row in tables["crm_subscribers"]]
    tables.setdefault("crm_customers", [{"customer_id": "c1"}])
    tables.setdefault("billing_charges", [row for key in keys for row in bills(key, ["100"] * 7)])
    tables.setdefault("billing_usage_daily", [use(key, D) for key in keys])
    complete = {name: [{c.name: r.get(c.name) for c in CONTRACT[name].columns} for r in rows] for name, rows in tables.items()}
    return desk_at({name: {D: rows} for name, rows in complete.items()}, D, runs)


def contact(at, key="s1", number=1, **more):
    row = {"contact_id": f"c{number}", "subscriber_id": key, "contacted_at": at, "channel": "sms", "direction": "outbound"}
    return row | more


def order(at, offer="A", key="s1", status="completed", number=1):
    return {"order_id": f"o{number}", "subscriber_id": key, "offer_code": offer, "ordered_at": at, "channel": "app",
            "order_status": status}  # fmt: skip


@pytest.mark.parametrize(
    ("told", "ordered", "expected"),
    [
        ({"outcome": "refused"}, NIGHT, "signed"), ({"outcome": "refused"}, NIGHT - timedelta(seconds=1), "cold"),
        ({}, datetime(2024, 6, 17, 23, 59, 59), "signed"), ({}, datetime(2024, 6, 18), "unreached"),
        ({"outcome": "do_not_contact", "is_connected": True}, None, "cold"), ({"outcome": "considering"}, None, "warm"),
        ({"outcome": "no_answer", "is_connected": False}, None, "unreached"), ({"is_connected": True}, None, "informed"),
    ],
)  # fmt: skip
def test_what_followed_the_last_contact(told, ordered, expected):
    orders = [order(ordered, status="failed")] if ordered else []
    earlier = contact(NIGHT, number=0, outcome="accepted")
    found = desk(channel_contacts=[contact(NIGHT, **told), earlier], channel_orders=orders)
    assert touch.contact_pressure(found)["s1"]["follow_up_class"] == expected


def test_pressure_counts_outbound_contacts_of_whole_days():
    days = [0, 6, 7, 29, 30]
    rows = [contact(datetime.combine(days_ago(n), datetime.min.time()), number=n) for n in days]
    rows.append(contact(datetime.combine(D, datetime.max.time()), number=99, direction="inbound", channel="app"))
    row = touch.contact_pressure(desk(channel_contacts=rows))["s1"]
    assert [row[f"contacts_{n}d"] for n in (1, 7, 30)] == [1, 2, 4]
    assert (row["remaining_contacts"], row["last_contact_channel"]) == (0, "app")
    assert touch.contact_pressure(desk())["s1"]["remaining_contacts"] == 1


@pytest.mark.parametrize(
    ("orders", "visits", "expected"),
    [(0, 0, "none"), (0, 1, "visitor"), (1, 1, "one_time"), (2, 0, "repeat"), (3, 0, "repeat"), (4, 0, "loyal")],
)
def test_purchase_type(orders, visits, expected):
    outside, inside = datetime(2022, 6, 30, 12), datetime(2022, 7, 1)
    rows = [order(inside, number=n) for n in range(orders)]
    rows += [order(outside, number=8), order(inside, number=9, status="cancelled")]
    seen = [{"visit_id": str(n), "subscriber_id": "s1", "visited_at": inside, "channel": "store"} for n in range(visits)]
    seen.append({"visit_id": "x", "subscriber_id": "s1", "visited_at": outside, "channel": "store"})
    row = touch.marketing_tags(desk(channel_orders=rows, channel_visits=seen))["s1"]
    assert (row["purchase_type"], row["orders_completed_24m"]) == (expected, orders)


@pytest.mark.parametrize(
    ("subscriber", "more", "stage", "reason"),
    [
        (gone("s1", D), {}, "off_net", None), (line(), {}, "mature", None),
        (line(activated=date(2024, 4, 30)), {}, "entry", None), (line(activated=date(2024, 3, 31)), {}, "growth", None),
        (line(activated=date(2023, 7, 1)), {}, "growth", None), (line(activated=date(2023, 6, 30)), {}, "mature", None),
        (line(status="pre_terminated", since=D), {}, "decline", "suspended"),
        (line(activated=days_ago(30)), {"billing_usage_daily": [use("s1", days_ago(30))]}, "decline", "no_use"),
        (line(activated=days_ago(29)), {"billing_usage_daily": []}, "entry", None),
        (line(), {"billing_usage_daily": [use("s1", days_ago(29))]}, "mature", None),
        (line(), {"billing_charges": bills("s1", ["100"] * 3 + ["70"] * 3)}, "decline", "arpu_drop"),
        (line(), {"billing_charges": bills("s1", ["100"] * 3 + ["70"] * 2 + ["70.01"])}, "mature", None),
    ],
)  # fmt: skip
def test_lifecycle(subscriber, more, stage, reason):
    row = stages.lifecycle_tags(desk(crm_subscribers=[subscriber], **more))["s1"]
    assert (row["lifecycle_stage"], row["decline_reason"]) == (stage, reason)


def test_hours_and_channels_of_connected_contacts():
    at = [datetime(2024, 6, 1, 7, 59, 59), datetime(2024, 5, 1, 8), datetime(2024, 1, 1, 11), datetime(2023, 12, 31, 8)]
    rows = [contact(moment, number=n, is_connected=True) for n, moment in enumerate(at)] + [contact(NIGHT, number=9)]
    visits = [{"visit_id": str(n), "subscriber_id": "s1", "visited_at": NIGHT, "channel": "kiosk"} for n in range(3)]
    row = liking.preference_tags(desk(channel_contacts=rows, channel_visits=visits))["s1"]
    assert (row["preferred_contact_hours"], row["preferred_contact_hours_uses"]) == ("morning", 2)
    assert (row["preferred_channel"], row["preferred_channel_uses"]) == ("kiosk", 3)  # used last, of equal ones


def test_handsets():
    seen = [("b", 1, 5), ("b", 3, 5), ("a", 3, 5), ("c", 6, 5), ("a", 6, 5)]
    usage = [{"subscriber_id": "s1", "tac": t, "usage_month": date(2024, m, 1), "days_used": n} for t, m, n in seen]
    models = [{"tac": t, "device_brand": t.upper(), "list_price": Decimal(999)} for t in "ab"]
    found = desk(billing_device_usage=usage, crm_device_models=models)
    row = liking.handset_tags(found)["s1"]
    assert (row["handsets_used"], row["months_on_device"], row["replacement_cycle_months"]) == (3, 1, Decimal("2.50"))
    assert row["device_brand"] is None  # of equal ones that which came last, not in the catalogue
    assert liking.preference_tags(found)["s1"]["preferred_device_brand"] == "A"


def test_lines_are_dealt_to_the_least_loaded_managers_of_their_region():
    waiting = [line(f"w{n}", region_code="R") for n in range(3)]
    held = [line("h1", manager_id="m2"), line("h2", manager_id="m9"), gone("h3", D, manager_id="m1")]
    rows = [*waiting, *held, line("x", region_code="S")]
    managers = [{"manager_id": m, "region_code": r} for m, r in (("m1", "R"), ("m2", "R"), ("m3", None), ("m4", "R"))]
    charges = [row for r in rows for row in bills(r["subscriber_id"], ["1" if r in held else "300"] * 6)]
    usage = [use(r["subscriber_id"], D, 300) for r in rows]
    found = desk(crm_subscribers=rows, channel_managers=managers, billing_charges=charges, billing_usage_daily=usage)
    dealt = {key: (row["manager_id"], row["reason"]) for key, row in care.manager_assignment(found).items()}
    assert {key: who for key, (who, _) in dealt.items()} == {
        "w0": "m1", "w1": "m4", "w2": "m1", "h1": "m2", "h2": "m9", "x": None,
    }  # fmt: skip
    assert dealt["h2"][1] == "held" and dealt["x"][1] == "no_manager_in_region"


def test_interval_of_a_difference_is_the_published_one():
    # Newcombe, Statistics in Medicine 17 (1998) 873-890, table II, method 10: 56/70 - 48/80
    difference, low, high = campaign.uplift((56, 70), (48, 80))
    assert difference == Fraction(1, 5)
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)
    assert campaign.uplift((1, 2), (0, 0)) == (None, None, None)


def test_effect_of_a_list():
    run = ListRun("l", date(2024, 3, 1), "sms", tuple(
        {"subscriber_id": key, "arm": arm, "offer_code": offer, "manager_id": None, "is_at_risk": True}
        for key, arm, offer in (("s1", "treated", "A"), ("s2", "treated", "A"), ("s3", "control", "A"), ("s4", "treated", None),
                                ("s5", None, "A"))
    ))  # fmt: skip
    named = {"list_name": "l", "list_run_date": run.run_date, "offer_code": "A", "is_connected": True}
    contacts = [contact(datetime(2024, 3, 5, 12), "s1", 1, **named), contact(datetime(2024, 3, 5), "s3", 2, **named)]
    orders = [order(datetime(2024, 4, 4, 23), key="s1"), order(datetime(2024, 3, 31, 23), key="s2", number=2),
              order(datetime(2024, 4, 1), key="s3", number=3)]  # fmt: skip
    lines = [gone("s1", date(2024, 5, 30)), *(line(f"s{n}") for n in range(2, 6))]
    found = desk([run], crm_subscribers=lines, channel_contacts=contacts, channel_orders=orders)
    row = campaign.list_effect(found)["l", run.run_date]
    assert [row[f"{n}_treated"] for n in ("targeted", "contacted", "ordered")] == [3, 1, 1]
    assert [row[f"{n}_control"] for n in ("targeted", "contacted", "ordered")] == [1, 1, 0]
    assert (row["success_rate_treated"], row["response_rate_treated"]) == (1, Fraction(1, 2))
    assert (row["save_rate"], row["retention_rate_treated"], row["retention_rate_control"]) == (0, Fraction(2, 3), 1)
    assert {("manager", UNKNOWN), ("region", UNKNOWN)} <= campaign.campaign_effect(found).keys()


@pytest.mark.parametrize(("born", "years"), [(date(2006, 6, 30), 18), (date(2006, 7, 1), 17), (None, None)])
def test_age_in_full_years(born, years):
    assert wholes.age(born, D) == years


def test_activation_on_the_day_is_known_of():
    found = desk(crm_subscribers=[line(activated=D), line("s2", BEGUN)])
    assert stages.lifecycle_tags(found)["s1"]["lifecycle_stage"] == "entry"
    assert wholes.customer_360(found)["c1"]["on_net_subscriber_count"] == 2
