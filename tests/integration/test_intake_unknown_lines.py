"""Rows of lines that the register does not know: warned of, and past the limit rejected, with the likely cause."""

import pytest
from intake_kit import Operator, charges, customers, subscribers


@pytest.fixture
def operator(tmp_path):
    return Operator(tmp_path)


def _register(operator, ids, dt: str = "2026-03-02"):
    operator.deliver("crm_customers", dt, {"a.csv": customers("C1")})
    operator.deliver("crm_subscribers", dt, {"a.csv": subscribers(*((i, "C1") for i in ids))})


def _charges(operator, ids, amounts=None):
    amounts = amounts or ["1.00"] * len(ids)
    rows = [f"{i},2026-02-01,rent,{amount}" for i, amount in zip(ids, amounts, strict=True)]
    operator.deliver("billing_charges", "2026-03-02", {"part-0.csv": charges(*rows)})
    return next(o for o in operator.take().outcomes if o.table_name == "billing_charges")


IDS = [f"{n:05d}" for n in range(11, 111)]


@pytest.mark.parametrize(
    ("known", "delivered", "told"),
    [
        ([f"S{i}" for i in IDS], [f"s{i}" for i in IDS], "s00011, s00012, s00013; in crm_subscribers: S00011, S00012, S00013. "
         "Probably they differ in upper and lower case"),
        (IDS, [f"{i}.0" for i in IDS], "00011.0, 00012.0, 00013.0; in crm_subscribers: 00011, 00012, 00013. Probably one side"),
        (IDS, [i.lstrip("0") for i in IDS], "100, 101, 102; in crm_subscribers: 00100, 00101, 00102. Probably one side has"),
        (IDS, [f"{i[:2]}-{i[2:]}" for i in IDS], "Probably one side has blanks or separators"),
        (IDS, [f"86{i}" for i in IDS], "8600012, 8600013; in crm_subscribers: 00011, 00012, 00013. Probably one side has a pre"),
        ([f"S{i}" for i in IDS], [f"{i.lstrip('0')}.0" for i in IDS], "Probably they differ in several of"),
        (IDS, [f"x{n * 7919}y" for n in range(100)], "in crm_subscribers: 00011, 00012, 00013. Write subscriber_id as"),
    ],
    ids=["case", "point zero", "zeros", "separators", "prefix", "several", "none"],
)  # fmt: skip
def test_ids_that_do_not_meet_are_rejected_with_the_likely_cause(operator, known, delivered, told):
    _register(operator, known)
    outcome = _charges(operator, delivered)
    assert outcome.outcome == "rejected"
    assert outcome.reason.startswith(
        "100 of 100 rows and 100.00 of 100.00 of amount are of lines that crm_subscribers dt=2026-03-02 does not know, more than "
        "20 %. Ids in this delivery: "
    )
    assert told in outcome.reason


def test_ids_that_are_phones_are_not_shown(operator):
    header = "subscriber_id,customer_id,msisdn,activation_date,status_code,status_date\n"
    rows = "".join(f"S{n},C1,138000000{n:02d},2025-01-01,active,2025-01-01\n" for n in range(20))
    operator.deliver("crm_customers", "2026-03-02", {"a.csv": customers("C1")})
    operator.deliver("crm_subscribers", "2026-03-02", {"a.csv": header + rows})
    outcome = _charges(operator, [f"138000000{n:02d}" for n in range(20)])
    assert "Ids in this delivery: ***; in crm_subscribers: S0, S1, S10. These are phone numbers" in outcome.reason
    assert "13800000" not in outcome.reason


@pytest.mark.parametrize(("unknown", "enters"), [(20, True), (21, False)])
def test_the_limit_holds_on_both_sides_of_its_edge(operator, unknown, enters):
    _register(operator, IDS)
    outcome = _charges(operator, [*IDS[unknown:], *(f"X{n}" for n in range(unknown))])
    assert outcome.is_accepted is enters


@pytest.mark.parametrize(("amount", "enters"), [("2.00", True), ("2.01", False)])
def test_the_share_of_money_counts_too_whatever_its_sign(operator, amount, enters):
    _register(operator, IDS)
    unknown = [f"X{n}" for n in range(10)]  # 10 rows of 90, but 20.00 of 100.00
    outcome = _charges(operator, [*IDS[:80], *unknown], ["1.00"] * 80 + [f"-{amount}"] * 10)
    assert outcome.is_accepted is enters


@pytest.mark.parametrize(("rows", "enters"), [(9, True), (10, False)])
def test_a_handful_of_unknown_rows_never_rejects(operator, rows, enters):
    _register(operator, IDS)
    assert _charges(operator, [f"X{n}" for n in range(rows)]).is_accepted is enters


def test_what_was_rejected_enters_once_the_register_knows_the_lines(operator):
    _register(operator, IDS[:50])
    assert not _charges(operator, IDS).is_accepted
    again = operator.take()
    assert [(o.table_name, o.outcome) for o in again.outcomes] == [("billing_charges", "rejected")]
    _register(operator, IDS, "2026-03-03")  # a day later than their first bills
    outcome = next(o for o in operator.take().outcomes if o.table_name == "billing_charges")
    assert outcome.is_accepted and not [w for w in outcome.warnings if "does not know" in w]
    assert operator.take().outcomes == []


def test_a_rejected_delivery_leaves_the_last_good_one(operator):
    _register(operator, IDS)
    assert _charges(operator, IDS).is_accepted
    assert not _charges(operator, [f"s{i}" for i in IDS]).is_accepted
    assert sorted(r["subscriber_id"] for r in operator.raw("billing_charges", "2026-03-02")) == IDS


def test_suppressions_and_balances_are_looked_up_too(operator):
    _register(operator, [f"S{i}" for i in IDS])
    operator.deliver(
        "channel_suppressions",
        "2026-03-02",
        {"a.csv": "subscriber_id,channel,reason_code,effective_from\n" + "".join(f"s{i},all,other,2026-01-01\n" for i in IDS)},
    )
    operator.deliver(
        "billing_balances",
        "2026-03-02",
        {"a.csv": "subscriber_id,balance_amount,arrears_amount\n" + "".join(f"S{i},1.00,0.00\n" for i in [*IDS[:-1], "9"])},
    )
    outcomes = {o.table_name: o for o in operator.take().outcomes}
    assert "Probably they differ in upper and lower case" in outcomes["channel_suppressions"].reason
    assert outcomes["billing_balances"].warnings[-1] == "1 rows of subscribers that crm_subscribers does not know (S9); kept"


def test_contradictions_that_are_warned_of_name_columns_and_values(operator):
    _register(operator, ["S1", "S2"])
    header = "subscriber_id,plan_code,start_date,end_date,is_primary\n"
    rows = "S1,P1,2026-02-01,2026-01-31,true\nS2,P1,2026-02-01,,true\nS2,P2,2026-02-01,2026-02-01,true\nS2,P3,2026-02-01,,false\n"
    operator.deliver("crm_tariff_subscriptions", "2026-03-02", {"a.csv": header + rows})
    outcome = next(o for o in operator.take().outcomes if o.table_name == "crm_tariff_subscriptions")
    assert outcome.rows_accepted == 4
    assert outcome.warnings == [
        "1 rows where end_date is before start_date; accepted. The first: subscriber_id=S1, plan_code=P1, start_date=2026-02-01: "
        "end_date, start_date 2026-01-31, 2026-02-01",
        "2 rows with is_primary share subscriber_id, start_date with another such row; accepted. The first: 2 rows of "
        "subscriber_id=S2, start_date=2026-02-01",
    ]
