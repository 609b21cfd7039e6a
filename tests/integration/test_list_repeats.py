"""Who is not contacted once more: a phone that another line holds, who was on the list, who answered, and lists of old data."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from list_kit import CARE, FIRST, IN_ORDER, Operator, care, exported, left_out
from made_lists import AS_OF, RUN_DATE

from orchestration.targeting import ledger, run
from orchestration.targeting.age import DataAge, data_age
from orchestration.targeting.preview import preview
from orchestration.targeting.why import why


@pytest.fixture
def operator(tmp_path) -> Operator:
    return Operator(tmp_path / "home")


def give_phone(operator: Operator, subscriber: str, phone: str) -> None:
    operator.change(f"update private.subscriber_phones set msisdn = '{phone}' where subscriber_id = '{subscriber}'", private=True)


def contact(
    operator: Operator, subscriber: str, day: date, outcome: str, list_name="null", offer="null", run_date="null"
) -> None:
    operator.change(
        f"insert into core.fct_contacts values ('x{subscriber}{outcome}', '{subscriber}', date '{day}', 'inbound',"
        f" {list_name}, {run_date}, {offer}, '{outcome}')"
    )


# Phones ----------------------------------------------------------------------------------------------------------------------


def test_a_phone_that_another_line_holds_is_on_no_list_but_that_line_s(operator):
    give_phone(operator, "002", "13800000003")  # 003 has it now: of one number the last line holds it, in made data
    made = operator.run(CARE)["care"]
    assert exported(made) == [s for s in IN_ORDER if s != "002"]
    assert left_out(made) == FIRST | {"phone_of_another": 1, "exported": 7}
    with operator.open(CARE) as decided:
        assert "left out at phone_of_another: it has a phone that another line holds now" in why(decided, "care", "002")[0]


def test_a_phone_is_compared_without_country_code(operator):
    give_phone(operator, "002", "8613800000003")
    assert "002" not in exported(operator.run(CARE)["care"])


@pytest.mark.parametrize("holder", ["005", "gone"])
def test_a_suppression_of_any_line_that_has_or_had_the_phone_closes_it(operator, holder):
    operator.change(f"insert into private.earlier_phones values ('{holder}', '13800000002')", private=True)
    operator.change("insert into staging.stg_channel__suppressions_now values ('gone', 'sms', 'x', null, null)", private=True)
    calls, texts = operator.run(CARE)["care"], operator.run(care(name="texts", channel="sms", priority=1))["texts"]
    assert ("002" in exported(calls)) == (holder == "gone")  # 005 is closed on all channels, the line that is gone on sms
    assert "002" not in exported(texts)


def test_a_phone_of_the_do_not_contact_register_is_closed_while_it_is_in_force(operator):
    rows = [("13800000002", RUN_DATE, None), ("13800000003", AS_OF, AS_OF), ("13800000017", None, RUN_DATE)]
    for phone, first, last in rows:
        days = ", ".join("null" if d is None else f"date '{d}'" for d in (first, last))
        operator.change(
            f"insert into private.phone_suppressions values ('{phone}', 'all', 'do_not_contact', {days})", private=True
        )
    made = operator.run(CARE)["care"]
    assert {s for s, row in operator.members("care").items() if row["reason"] == "phone_suppressed"} == {"002", "017"}
    assert made.waterfall["phone_suppressed"] == 2


def test_a_phone_closed_after_the_decision_counts_and_is_not_treated(operator, monkeypatch):
    with operator.open(CARE) as decided:
        connection = decided.tables.connection
        columns = "'all' as channel, null::date as effective_from, null::date as effective_to"
        connection.execute(f"create table later as select '13800000003' as phone_key, {columns}")
        monkeypatch.setattr(decided.tables, "relations", replace(decided.tables.relations, phone_suppressions="later"))
        made = decided.export("care")
    assert "003" not in exported(made) and left_out(made) == FIRST | {"phone_suppressed": 1, "exported": 7}
    member = operator.members("care")["003"]
    assert (member["reason"], member["arm"], member["position"]) == ("phone_suppressed", None, None)


def test_a_phone_is_on_one_list_a_day_also_when_it_changes_hands_between_two_runs(operator):
    operator.run(care(name="first", where="realised_value = 300", limit=1))
    give_phone(operator, "002", "13900000000")
    give_phone(operator, "019", "13800000002")
    operator.change("insert into private.earlier_phones values ('002', '13800000002')", private=True)
    made = operator.run(care(name="second", priority=1))["second"]
    assert "019" not in exported(made) and operator.members("second")["019"]["lost_to"] == "first"


# Who was on it ---------------------------------------------------------------------------------------------------------------

MASS = care(where="value_tier = 'mass'", control_share=0.5, salt="s")


def grow(operator: Operator, first: int, last: int) -> None:
    operator.change(
        "insert into tags.subscriber_360 select 'm' || n, true, 'mass', 'p', 'R1', n, 50, 12, null, false, 9, 's'"
        f" from range({first}, {last}) t (n)"
    )
    operator.change(
        f"insert into private.subscriber_phones select 'm' || n, '1390000' || n, true from range({first}, {last}) t (n)",
        private=True,
    )


@pytest.mark.parametrize(
    ("days", "own", "is_back"), [(1, None, False), (14, None, False), (15, None, True), (3, 2, True), (2, 2, False)]
)
def test_both_arms_stay_away_for_the_cool_down(operator, days, own, is_back):
    grow(operator, 1000, 1040)
    before = operator.run(MASS)["care"].waterfall
    assert before["control"] > 5 and before["exported"] > 5
    grow(operator, 1040, 1050)
    later = RUN_DATE + timedelta(days)
    made = operator.run(replace(MASS, cool_down_days=own, max_data_age_days=30), on=later)["care"].waterfall
    assert made["on_list_before"] == (0 if is_back else before["control"] + before["exported"])
    arms = {row["arm"] for s, row in operator.members("care", later).items() if row["reason"] == "on_list_before"}
    assert arms <= {None}


def test_a_list_of_new_members_never_takes_anybody_twice(operator):
    operator.run(care(limit=2, members="new"))
    later = operator.run(care(limit=2, members="new", max_data_age_days=99), on=RUN_DATE + timedelta(60))["care"]
    assert later.waterfall["on_list_before"] == 2 and later.rows == 2 and not set(exported(later)) & {"002", "003"}
    again = operator.run(care(limit=2, cool_down_days=0, max_data_age_days=99), on=RUN_DATE + timedelta(61))["care"]
    assert exported(again) == ["002", "003"]
    with operator.open(care(limit=2, members="new", max_data_age_days=99), on=RUN_DATE + timedelta(62)) as decided:
        assert "it was on the list in an earlier run: the list takes new members only" in why(decided, "care", "002")[0]


def test_a_list_run_again_on_its_day_holds_the_same_members(operator):
    first = operator.run(CARE)["care"]
    assert exported(operator.run(CARE)["care"]) == exported(first)


def test_the_same_file_is_not_exported_twice_on_a_day(operator):
    lists = (care(), care(name="held_back", control_share=0.3))
    first = operator.run(*lists)
    files = sorted(operator.home.exports.rglob("*.*"))
    again = operator.run(*lists)
    assert [(made.is_standing, made.run_id, made.file) for made in again.values()] == [
        (True, "2026-04-01_001", made.file) for made in first.values()
    ]
    assert again["care"].waterfall == first["care"].waterfall
    assert sorted(operator.home.exports.rglob("*.*")) == files
    assert len(ledger.runs(operator.home)) == 2 and ledger.verify(operator.home) is None
    changed = operator.run(care(limit=2))["care"]
    assert not changed.is_standing and Path(changed.file).stem == "care_2026-03-31_2026-04-01_002"


def test_a_run_killed_between_a_file_and_its_row_leaves_no_second_file(operator, monkeypatch):
    class Killed(BaseException):
        """As a kill is: nothing of the program runs after it."""

    def killed(home, row):
        if row["list_name"] == "other":
            raise Killed
        return record(home, row)

    record, lists = ledger.record, (care(priority=1), care(name="other", priority=2, where="value_tier = 'mass'"))
    monkeypatch.setattr(ledger, "record", killed)
    with pytest.raises(Killed):
        operator.run(*lists)
    assert ledger.runs(operator.home)["list_name"].to_pylist() == ["care"]
    monkeypatch.undo()
    operator.run(*lists)
    assert ledger.runs(operator.home)["run_id"].to_pylist() == ["2026-04-01_001", "2026-04-01_002"]
    assert sorted(path.name for path in operator.home.exports.rglob("*.csv")) == [
        "care_2026-03-31_2026-04-01_001.csv",
        "other_2026-03-31_2026-04-01_001.csv",
    ]


def test_who_ordered_the_offer_or_refused_it_is_left_out(operator):
    day = AS_OF - timedelta(10)
    orders = [
        ("002", "O1", day, True),
        ("003", "O2", day, True),
        ("017", "O1", day, False),
        ("019", "O1", AS_OF - timedelta(400), True),
    ]
    for s, offer, ordered, completed in orders:
        operator.change(f"insert into core.fct_orders values ('o{s}', '{s}', '{offer}', date '{ordered}', {completed})")
    contact(operator, "020", day, "refused", offer="'O1'")
    contact(operator, "008", day, "do_not_contact", list_name="'care'")
    contact(operator, "001", day, "refused", list_name="'other'", offer="'O2'")
    contact(operator, "004", AS_OF - timedelta(100), "refused", offer="'O1'")
    operator.change("insert into core.dim_offers (offer_code, is_valid) values ('O1', true)")
    for s in ("003", "017", "020", "008", "001", "004"):
        operator.change(f"insert into marketing.next_best_offers values ('{s}', 'O1', 1, true, null)")
    operator.run(care(offer="O1"))
    reasons = {s: row["reason"] for s, row in operator.members("care").items()}
    assert {s for s, reason in reasons.items() if reason == "already_ordered"} == {"002", "019"}
    assert {s for s, reason in reasons.items() if reason == "offer_refused"} == {"020", "008"}
    assert [reasons[s] for s in ("003", "017", "001", "004")] == [None] * 4


def test_a_list_that_nobody_worked_says_so_and_the_ledger_keeps_it(operator):
    operator.run(CARE, on=AS_OF - timedelta(1))
    idle = operator.run(care(cool_down_days=0))["care"]
    assert idle.warnings == (
        "nobody of the 9 on its run of 2026-03-30 has been contacted for it, by the contacts delivered: see whether the channel"
        " works the list, and sends back list_name and list_run_date.",
    )
    assert ledger.runs(operator.home)["warnings"].to_pylist() == [None, idle.warnings[0]]
    contact(operator, "002", AS_OF, "no_answer", list_name="'care'", run_date=f"date '{AS_OF - timedelta(1)}'")
    assert operator.run(care(cool_down_days=0, limit=5))["care"].warnings == (
        "run 2026-04-01_001 has exported it today already, on the data of 2026-03-31; this run replaces it: see that the channel"
        " works one of the two files.",
    )


# Age of the data -------------------------------------------------------------------------------------------------------------


def test_the_age_of_the_data():
    assert [data_age(AS_OF, AS_OF + timedelta(n)) for n in (-1, 0, 1, 20)] == [0, 0, 1, 20]
    age = DataAge(date(2026, 11, 30), date(2026, 12, 20), 1, 3)
    assert age.warning == "the data is of 2026-11-30, 20 days before the run of 2026-12-20."
    assert age.refusal().startswith("the data is of 2026-11-30, 20 days before the run of 2026-12-20; this list takes at most 3.")
    assert (age.refusal(20), bool(age.refusal(19))) == ("", True)
    fresh = DataAge(date(2026, 12, 19), date(2026, 12, 20), 1, 3)
    assert fresh.warning == fresh.refusal() == "" and fresh.refusal(0)


def test_a_list_of_old_data_warns_and_past_the_limit_is_refused(operator):
    made = operator.run(CARE, on=AS_OF + timedelta(2))["care"]
    assert made.file and made.warnings == ("the data is of 2026-03-31, 2 days before the run of 2026-04-02.",)
    refused = operator.run(CARE, care(name="own", max_data_age_days=20), on=AS_OF + timedelta(20))
    assert refused["care"].status == "refused" and refused["care"].file is None
    assert "the data is of 2026-03-31, 20 days before the run of 2026-04-20; this list takes at most 3" in refused["care"].reason
    assert refused["own"].file and "20 days before" in refused["own"].warnings[0]
    assert '"data_age_days": 20' in (operator.home.exports / "2026-04-20" / "own_2026-03-31_2026-04-20_001.json").read_text()


def test_a_preview_of_old_data_says_that_an_export_would_be_refused(operator):
    with operator.tables() as tables:
        decided = run.decide(tables, operator.home, {"care": CARE}, ["care"], AS_OF + timedelta(9), AS_OF, "v1", drafts=True)
        found = preview(decided, "care", 1)
    assert found.waterfall["matched"] == 19
    assert found.warnings[0].startswith("an export today would be refused: the data is of 2026-03-31, 9 days before")
    assert len(found.warnings) == 1


def test_a_table_a_day_behind_refuses_no_list(operator):
    operator.change("update core.dim_raw_tables set days_behind = 1 where table_name = 'crm_subscribers'")
    assert operator.run(CARE)["care"].file
    operator.change(
        "update core.dim_raw_tables set days_behind = 4, delivered_to = date '2026-03-27' where table_name = 'crm_subscribers'"
    )
    assert operator.run(CARE)["care"].status == "refused"
