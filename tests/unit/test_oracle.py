"""The oracle against cases worked by hand from the definitions: an oracle that errs would condemn a warehouse that is right."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from oracle import figures, worth
from oracle.billing import known_at
from oracle.known import latest, line_of
from oracle.operator import make_operator

D = date(2024, 6, 30)


def subscriber(key="s1", activated=date(2023, 1, 10), status="active", since=None, **more):
    return {"subscriber_id": key, "activation_date": activated, "status_code": status, "status_date": since or activated} | more


def event(kind, at, number=1, reason=None, key="s1"):
    at = datetime.fromisoformat(at)
    return {"event_id": f"e{number}", "subscriber_id": key, "event_type": kind, "event_at": at, "reason_code": reason}


def charge(amount, month, key="s1", fee="rent"):
    month = date.fromisoformat(month)
    return {"subscriber_id": key, "bill_month": month, "fee_code": fee, "amount": Decimal(amount)}


def plan(code, start, key="s1", is_primary=True):
    start = date.fromisoformat(start)
    return {"subscriber_id": key, "plan_code": code, "start_date": start, "end_date": None, "is_primary": is_primary}


def pair(key, peer_key, peer, days, count=1, minutes="1", month="2024-06-01"):
    return {
        "subscriber_id": key, "call_month": date.fromisoformat(month), "peer_key": peer_key, "peer_subscriber_id": peer,
        "peer_operator": "own" if peer else "other", "call_days": days, "call_count": count, "call_minutes": Decimal(minutes),
    }  # fmt: skip


def knowing(as_of=D, **tables):
    """What one delivery tells, every month taken as billed."""
    known = known_at({name: {D: rows} for name, rows in tables.items()}, max(as_of, D))
    return replace(known, last_billed=max(figures.complete_months(known, known.as_of), default=None))


def test_the_latest_delivery_of_a_key_counts_whole_and_a_later_delivery_than_d_not_at_all():
    deliveries = {
        "crm_subscribers": {D: [subscriber()]},
        "billing_charges": {
            date(2024, 6, 1): [charge("10", "2024-05-01"), charge("1", "2024-04-01")],
            D: [charge("20", "2024-05-01")],
            date(2024, 7, 1): [charge("40", "2024-05-01"), charge("7", "2024-07-01")],
        },
    }
    assert sorted(c["amount"] for c in known_at(deliveries, D).charges) == [1, 20]
    assert sorted(c["amount"] for c in known_at(deliveries, date(2024, 7, 1)).charges) == [1, 7, 40]


def test_a_correction_that_moves_an_event_past_d_hides_the_row_it_corrects():
    payment = {"payment_id": "p1", "subscriber_id": "s1", "amount": Decimal(5), "is_reversal": None}
    deliveries = {
        "crm_subscribers": {D: [subscriber()]},
        "billing_payments": {
            date(2024, 6, 1): [payment | {"paid_at": datetime(2024, 5, 31, 23, 59)}],
            D: [payment | {"paid_at": datetime(2024, 7, 1)}],
        },
    }
    assert known_at(deliveries, D).payments == []
    assert len(known_at(deliveries, date(2024, 7, 1)).payments) == 1


TERMINATED = {"status": "terminated_forced"}


@pytest.mark.parametrize(
    ("row", "events", "stays"),
    [
        pytest.param(subscriber(), [], [("2023-01-10", True)], id="no events, active"),
        pytest.param(
            subscriber(since=date(2024, 3, 3), **TERMINATED), [],
            [("2023-01-10", True), ("2024-03-03", False)], id="no events, the snapshot says when",
        ),
        pytest.param(
            subscriber(since=date(2020, 1, 1), **TERMINATED), [], [("2023-01-10", False)], id="a status older than the line",
        ),
        pytest.param(
            subscriber(**TERMINATED), [event("terminated_forced", "2023-01-10 09:00")], [("2023-01-10", False)],
            id="gone on the activation day: never on-net",
        ),
        pytest.param(
            subscriber(), [event("terminated_forced", "2023-01-09 23:59")], [("2023-01-10", True)], id="before the activation",
        ),
        pytest.param(
            subscriber(), [event("reinstated", "2024-03-03 10:00", 2), event("ported_out", "2024-03-03 09:00", 1)],
            [("2023-01-10", True)], id="out and back in a day",
        ),
        pytest.param(
            subscriber(since=date(2024, 3, 3), **TERMINATED),
            [event("reinstated", "2024-03-03 09:00", 1), event("ported_out", "2024-03-03 09:00", 2)],
            [("2023-01-10", True), ("2024-03-03", False)], id="equal times: the greater id is later",
        ),
        pytest.param(
            subscriber(since=date(2024, 5, 1), **TERMINATED),
            [event("ported_out", "2024-03-03 09:00", 1), event("terminated_forced", "2024-05-01 09:00", 2)],
            [("2023-01-10", True), ("2024-03-03", False)], id="later terminal events change nothing",
        ),
        pytest.param(
            subscriber(since=date(2024, 4, 1)),
            [event("ported_out", "2024-03-03 09:00", 1), event("ported_out", "2024-05-03 09:00", 2)],
            [("2023-01-10", True), ("2024-03-03", False), ("2024-04-01", True)], id="the snapshot wins from its status date",
        ),
        pytest.param(
            subscriber(since=date(2024, 3, 20), **TERMINATED),
            [event("ported_out", "2024-03-03 09:00", 1), event("reinstated", "2024-05-03 09:00", 2)],
            [("2023-01-10", True), ("2024-03-03", False)], id="within an off-net stay the stay's own first day is the churn",
        ),
        pytest.param(
            subscriber(since=date(2024, 5, 1), **TERMINATED),
            [event("ported_out", "2024-05-01 09:00", 1), event("reinstated", "2024-05-01 10:00", 2),
             event("reinstated", "2024-07-02 10:00", 3)],
            [("2023-01-10", True), ("2024-05-01", False), ("2024-07-02", True)], id="events after the snapshot's dt count",
        ),
        pytest.param(
            subscriber(status="pre_terminated"), [event("suspended_other", "2024-05-01 09:00")], [("2023-01-10", True)],
            id="suspended and pre-terminated are on-net",
        ),
    ],
)  # fmt: skip
def test_life_of_a_line(row, events, stays):
    found = [(s.first_day.isoformat(), s.is_on_net) for s in line_of(row, D, events).stays]
    assert found == stays


def test_the_churn_takes_type_and_reason_of_its_days_last_terminal_event():
    events = [
        event("terminated_forced", "2024-03-03 08:00", 1, "price"),
        event("ported_out", "2024-03-03 09:00", 2, None),
        event("terminated_cancelled", "2024-04-03 09:00", 3, "other"),
    ]
    row = subscriber(status="terminated_cancelled", since=date(2024, 4, 3))
    stay = line_of(row, D, events).stays[-1]
    assert (stay.first_day, stay.churn_type, stay.reason_code) == (date(2024, 3, 3), "ported_out", None)
    alone = line_of(row, D, []).stays[-1]
    assert (alone.first_day, alone.churn_type, alone.reason_code) == (date(2024, 4, 3), "terminated_cancelled", None)


def test_a_subscriber_has_a_row_for_each_month_held_through_gaps_to_its_churn_month():
    events = [event("ported_out", "2024-02-10 09:00", 1), event("reinstated", "2024-04-10 09:00", 2)]
    tables = {
        "crm_subscribers": [
            subscriber(),
            subscriber("s2", date(2023, 5, 31), **TERMINATED, since=date(2024, 3, 1)),
            subscriber("s3", date(2023, 5, 1), **TERMINATED, since=date(2023, 12, 31)),
            subscriber("s4", date(2024, 7, 1)),
        ],
        "crm_subscriber_events": events,
        "billing_charges": [
            charge("1", "1999-01-01", "nobody"),
            charge("1", "2024-01-01"),
            charge("8", "2024-05-01", "s2"),
            charge("9", "2024-07-01"),
        ],
    }
    known = knowing(**tables)
    rows = figures.fct_subscriber_months(known)
    assert [m.month for s, m in rows if s == "s1"] == [1, 2, 3, 4, 5, 6]
    assert [(m.month, rows[s, m]["is_after_churn"]) for s, m in rows if s == "s2"] == [
        (1, False),
        (2, False),
        (3, False),
        (5, True),
    ]
    assert rows["s2", date(2024, 5, 1)]["tenure_months"] == 11
    assert not [m for s, m in rows if s in ("s3", "s4")]
    assert [rows["s1", date(2024, m, 1)]["is_on_net_end"] for m in range(1, 7)] == [True, False, False, True, True, True]
    assert [rows["s1", date(2024, m, 1)]["is_churned"] for m in range(1, 7)] == [False, True, False, False, False, False]
    assert rows["s2", date(2024, 3, 1)]["is_churned"]
    assert figures.unallocated(known) == (1, Decimal(1))
    assert figures.dim_subscribers(known)["s3"]["tenure_months"] == 8


@pytest.mark.parametrize(("months", "band"), [(1, "1-3"), (3, "1-3"), (4, "4-6"), (60, "37-60"), (61, "61+")])
def test_tenure_bands(months, band):
    assert figures.tenure_band(months) == band


@pytest.mark.parametrize(
    ("amount", "band"), [("-1", "<30"), ("29.9999", "<30"), ("30", "30-50"), ("199.99", "120-200"), ("200", ">=200")]
)
def test_arpu_bands(amount, band):
    assert figures.arpu_band(Decimal(amount)) == band


def test_rounding_goes_away_from_zero_at_a_half():
    assert [figures.rounded(Fraction(n, 2000), 3) for n in (1, -1, 3)] == [Decimal("0.001"), Decimal("-0.001"), Decimal("0.002")]


def test_plan_at_a_date_is_the_latest_primary_one_begun():
    plans = [plan("B", "2024-02-01"), plan("A", "2024-02-01"), plan("C", "2024-03-01", is_primary=False), plan("D", "2024-07-01")]
    known = knowing(crm_subscribers=[subscriber()], crm_tariff_subscriptions=plans)
    assert figures.plan_at(known, "s1", date(2024, 1, 31)) is None
    assert figures.plan_at(known, "s1", date(2024, 6, 30)) == "A"


def test_group_shown_is_the_best_level_then_role_then_id():
    def member(group, role, joined=None, left=None):
        return {"group_id": group, "subscriber_id": "s1", "member_role": role, "joined_on": joined, "left_on": left}

    groups = [
        {"group_id": g, "group_level": level} for g, level in (("g1", None), ("g2", "d"), ("g3", "d"), ("g4", "a"), ("g5", "b"))
    ]
    members = [
        member("g1", "key_person"), member("g2", "member"), member("g3", "contact_person", D, date(2024, 7, 1)),
        member("g4", "member", None, D), member("g5", "key_person", date(2024, 7, 1)),
    ]  # fmt: skip
    known = knowing(crm_subscribers=[subscriber()], crm_groups=groups, crm_group_members=members)
    row = figures.dim_subscribers(known)["s1"]
    assert (row["group_id"], row["group_level"], row["member_role"]) == ("g3", "d", "contact_person")


def test_amounts_of_a_month():
    fees = [
        {"fee_code": "rent", "fee_class": "rental", "counts_to_arpu": True},
        {"fee_code": "phone", "fee_class": "device", "counts_to_arpu": False},
    ]
    charges = [charge("10.10", "2024-06-01"), charge("99", "2024-06-01", fee="phone"), charge("-20.2", "2024-06-01", fee="new")]
    payments = [
        {"payment_id": str(n), "subscriber_id": "s1", "paid_at": datetime(2024, 6, 30, 23, 59, 59, 500000),
         "amount": Decimal(a), "is_reversal": r}
        for n, (a, r) in enumerate([("50", None), ("-20", True), ("5", True), ("1", False)])
    ]  # fmt: skip
    known = knowing(crm_subscribers=[subscriber()], billing_fee_codes=fees, billing_charges=charges, billing_payments=payments)
    row = figures.fct_subscriber_months(known)["s1", date(2024, 6, 1)]
    assert (row["arpu_amount"], row["rental_amount"], row["device_amount"]) == (Decimal("-10.10"), Decimal("10.10"), 99)
    assert (row["other_amount"], row["arpu_band"], row["paid_amount"]) == (Decimal("-20.2"), "<30", 26)


def test_usage_and_balance_of_a_month():
    names = "outgoing_minutes incoming_minutes offnet_minutes roaming_minutes messages_sent data_mb roaming_data_mb"
    empty = dict.fromkeys([*names.split(), "calls_forwarded_offnet", "competitor_hotline_calls"])
    minutes = {"outgoing_minutes": Decimal(3), "offnet_minutes": Decimal(1)}
    usage = [
        empty | {"subscriber_id": "s1", "usage_date": date(2024, 6, 1)} | minutes,
        empty | {"subscriber_id": "s1", "usage_date": date(2024, 6, 30), "incoming_minutes": Decimal(1), "messages_sent": 2,
                 "competitor_hotline_calls": 3},
        empty | {"subscriber_id": "s1", "usage_date": date(2024, 5, 31)},
    ]  # fmt: skip
    balance = {"subscriber_id": "s1", "balance_amount": Decimal(7), "arrears_amount": Decimal(0)}
    deliveries = {
        "crm_subscribers": {D: [subscriber()]},
        "billing_charges": {D: [charge("1", "2024-05-01")]},
        "billing_usage_daily": {D: usage},
        "billing_balances": {date(2024, 5, 1): [balance], date(2024, 5, 30): [], D: [balance | {"balance_amount": Decimal(9)}]},
    }
    rows = figures.fct_subscriber_months(known_at(deliveries, D))
    may, june = rows["s1", date(2024, 5, 1)], rows["s1", date(2024, 6, 1)]
    assert (june["mou_minutes"], june["active_days"], june["offnet_share"], june["messages_sent"]) == (4, 2, Fraction(1, 4), 2)
    assert (june["competitor_hotline_calls"], june["calls_forwarded_offnet"]) == (3, 0)
    assert (may["active_days"], may["offnet_share"], may["balance_amount"], june["balance_amount"]) == (1, None, None, 9)


def test_churn_of_a_month_and_the_identity_of_every_month():
    events = [
        event("ported_out", "2024-04-10 09:00", 1, key="back"), event("reinstated", "2024-04-12 09:00", 2, key="back"),
        event("ported_out", "2024-03-31 09:00", 3, key="again"), event("reinstated", "2024-05-12 09:00", 4, key="again"),
        event("ported_out", "2024-05-13 09:00", 5, key="again"), event("ported_out", "2024-05-31 09:00", 6, key="short"),
    ]  # fmt: skip
    subscribers = [
        subscriber("back"), subscriber("again", **TERMINATED, since=date(2024, 5, 13)),
        subscriber("short", date(2024, 5, 31), **TERMINATED), subscriber("new", date(2024, 6, 30)),
    ]  # fmt: skip
    known = knowing(
        crm_subscribers=subscribers, crm_subscriber_events=events, billing_charges=[charge("1", "2024-03-01", "back")]
    )
    rows = figures.churn_monthly(known)
    names = ("on_net_opening", "activations", "reinstated", "churned", "on_net_end")
    assert [tuple(rows[date(2024, m, 1)][n] for n in names) for m in (3, 4, 5, 6)] == [
        (2, 0, 0, 1, 1), (1, 0, 0, 0, 1), (1, 1, 1, 2, 1), (1, 1, 0, 0, 2),
    ]  # fmt: skip
    assert rows[date(2024, 6, 1)]["churn_to_new_ratio_ytd"] == 1  # again and short gone, short and new come
    assert rows[date(2024, 4, 1)]["churn_to_new_ratio"] is None


def test_a_churner_is_banded_by_the_months_complete_at_its_churn_date():
    charges = [charge("10", "2024-01-01"), charge("100", "2024-04-01"), charge("40", "2024-04-01", "s2")]
    subscribers = [
        subscriber("s1", **TERMINATED, since=date(2024, 4, 30)),
        subscriber("s2", date(2024, 4, 2), **TERMINATED, since=date(2024, 4, 29)),
    ]
    rows = figures.fct_churn(knowing(crm_subscribers=subscribers, billing_charges=charges))
    assert rows["s1"]["arpu_band"] == "30-50"  # (0 + 0 + 100) / 3
    assert rows["s2"]["arpu_band"] is None


def test_value_of_a_small_population():
    charges = [charge("60", f"2024-0{m}-01") for m in (1, 2, 3)] + [charge("30", f"2024-0{m}-01") for m in (4, 5, 6)]
    charges += [charge("90", "2024-06-01", "s2"), charge("90", "2024-06-01", "s3")]
    subscribers = [subscriber("s1"), subscriber("s2", date(2024, 6, 30)), subscriber("s3", date(2024, 5, 1)),
                   subscriber("s4", status="ported_out", since=date(2024, 4, 1)),
                   subscriber("s5", since=date(2024, 3, 31), **TERMINATED)]  # fmt: skip
    pairs = [pair("s1", "k2", "s2", 2), pair("s1", "k2b", "s2", 2), pair("s1", "me", "s1", 2), pair("s4", "k3", "s3", 2)]
    found = worth.subscriber_value(knowing(crm_subscribers=subscribers, billing_charges=charges, billing_call_pairs=pairs))
    assert set(found) == {"s1", "s2", "s3"}
    assert [found[s]["arpu_3m"] for s in ("s1", "s2", "s3")] == [30, 90, 45]
    assert found["s1"]["realised_value"] == 270 and found["s1"]["arpu_trend"] == Decimal("-0.5")
    assert found["s1"]["expected_remaining_months"] == 9  # 1 churned of 3 on-net in three months
    assert [found[s]["potential_value"] for s in ("s1", "s2", "s3")] == [135, 810, 405]
    assert [found[s]["influence_score"] for s in ("s1", "s2", "s3")] == [0, 1, 0]
    assert [found[s]["value_score"] for s in ("s1", "s2", "s3")] == [50, 50, 15]
    assert [found[s]["value_class"] for s in ("s1", "s2", "s3")] == ["mid", "mid", "low"]


@pytest.mark.parametrize(
    ("size", "cell", "tenure_band"),
    [
        pytest.param(30, Fraction(30, 2), Fraction(35, 2), id="own rate"),
        pytest.param(29, Fraction(34, 2), Fraction(34, 2), id="under 30: the tenure band's"),
        pytest.param(24, Fraction(69, 2), Fraction(69, 2), id="a tenure band under 30: everybody's"),
    ],
)
def test_a_small_cell_falls_back_to_its_tenure_band_and_that_to_all(size, cell, tenure_band):
    lines = [subscriber(f"new{n}", date(2024, 4, 1)) for n in range(size)] + [subscriber(f"old{n}") for n in range(40)]
    lines += [subscriber(f"rich{n}", date(2024, 5, 2)) for n in range(5)]
    gone = [subscriber(f"gone{n}", date(2024, 4, 1), status="ported_out", since=date(2024, 6, 15)) for n in range(6)]
    charges = [charge("60", "2024-06-01", f"rich{n}") for n in range(5)] + [charge("0", "2024-01-01", "old0")]
    found = worth.subscriber_value(knowing(crm_subscribers=lines + gone, billing_charges=charges))
    assert [found[s]["expected_remaining_months"] for s in ("new0", "rich0", "old0")] == [cell, tenure_band, 60]


def test_effective_circle_begins_at_a_contact_index_of_two_hundredths():
    rest = [pair("s1", "own", None, 98, 98, "98")]
    lines = [subscriber("s1"), subscriber("s2")]
    for peers, score in (([pair("s1", "k", "s2", 2, 2, "2")], 1), ([pair("s1", "k", "s2", 2, 2, "1.99")], 0)):
        tables = {"crm_subscribers": lines, "billing_charges": [charge("1", "2024-06-01")], "billing_call_pairs": rest + peers}
        assert worth.subscriber_value(knowing(**tables))["s2"]["influence_score"] == score


@pytest.mark.slow
def test_the_made_operator_is_the_same_for_a_seed_and_reaches_the_edges():
    operator = make_operator(7)
    assert make_operator(7) == operator != make_operator(8)
    known = known_at(operator.deliveries, operator.days[3])
    lines, months, gone = known.lines.values(), figures.fct_subscriber_months(known), figures.fct_churn(known)
    assert latest(operator.deliveries["crm_subscribers"], known.as_of)[0] < known.as_of  # a run without the CRM's snapshots
    assert {line.stays[0].is_on_net for line in lines} == {True, False}  # gone on the activation day
    assert max(len(line.stays) for line in lines) >= 4
    assert any(row["arpu_band"] is None for row in gone.values())
    assert {c["subscriber_id"] for c in known.charges} - known.lines.keys()
    for name in ("is_complete_month", "is_after_churn", "is_new", "is_reinstated", "is_churned", "has_charges"):
        assert {row[name] for row in months.values()} == {True, False}, name
    for name in ("offnet_share", "plan_code", "balance_amount"):
        assert None in {row[name] for row in months.values()}, name
    values = worth.subscriber_value(known).values()
    assert len({row["influence_score"] for row in values}) > 5
    assert None in {row["arpu_trend"] for row in values}
    assert len({row["expected_remaining_months"] for row in values}) > 1  # some cells stand alone
