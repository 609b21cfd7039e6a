"""Runs of lists on a small published version and private warehouse: who is in, who is out and why, who is held back."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from jinja2 import Environment
from list_kit import CARE, FIRST, IN_ORDER, Operator, care, cells, exported, left_out
from made_lists import RUN_DATE

from orchestration.base.settings import PROJECT_DIR
from orchestration.targeting import ledger
from orchestration.targeting.decisions import MACRO
from orchestration.targeting.definition import SAID, Order
from orchestration.targeting.files import ALWAYS_TEXT
from orchestration.targeting.ledger import COUNTS


@pytest.fixture
def operator(tmp_path) -> Operator:
    return Operator(tmp_path / "o'home")


def test_the_waterfall_counts_everyone_once_and_the_file_holds_the_rest(operator):
    made = operator.run(CARE)["care"]
    assert tuple(made.waterfall) == COUNTS and left_out(made) == FIRST
    assert made.waterfall["matched"] == sum(made.waterfall.values()) - made.waterfall["matched"]
    assert cells(made.file)[0] == [*ALWAYS_TEXT, "plan_name", "realised_value", *SAID]
    assert exported(made) == IN_ORDER and made.rows == len(IN_ORDER)
    assert Path(made.file) == operator.home.exports / "2026-04-01" / "care_2026-03-31_2026-04-01_001.csv"


def test_each_left_out_subscriber_has_its_reason_in_the_ledger(operator):
    operator.run(CARE)
    members = operator.members("care")
    reasons = {subscriber: row["reason"] for subscriber, row in members.items()}
    assert {s for s, reason in reasons.items() if reason == "capped"} == {"015", "016", "018"}
    assert {s for s, reason in reasons.items() if reason == "suppressed"} == {"005", "006", "007", "012"}
    assert {s for s, reason in reasons.items() if reason == "no_valid_phone"} == {"009", "010", "011"}
    assert members["021"]["arm"] == members["021"]["reason"] == "universal_control"
    assert [members[s]["position"] for s in IN_ORDER] == list(range(1, 9))
    one = members["002"]
    assert (one["arm"], one["reason"], one["channel"], one["run_id"]) == ("treated", None, "outbound_call", "2026-04-01_001")
    assert (one["value_tier"], one["region_code"], one["manager_id"], one["is_at_risk"]) == ("gold", "R1", None, None)


def test_a_list_may_be_tighter_than_the_caps_and_never_looser(operator):
    assert left_out(operator.run(care(caps={"days_30": 3}))["care"])["capped"] == 4  # 019 has three in 30 days
    looser = operator.run(care(caps={"days_7": 3}))["care"]
    assert looser.status == "failed"
    assert "caps: days_7 is 3, but seed contact_rules allows 2; a list may be tighter only" in looser.reason


def test_a_list_may_go_by_the_worth_of_its_offer(operator):
    worth = [("002", "A", 5.25), ("008", "A", 40.0), ("019", "A", 5.5), ("003", "B", 99.0), ("015", "A", 99.0)]
    operator.change("insert into core.dim_offers (offer_code, is_valid) values ('A', true), ('B', true)")
    for subscriber, offer, amount in worth:
        operator.change(f"insert into marketing.next_best_offers values ('{subscriber}', '{offer}', 1, true, {amount})")
    by_worth = (Order("offer_worth", descending=True), Order("realised_value", descending=True))
    made = operator.run(care(offer="A", order_by=by_worth), care(name="other", priority=60))["care"]
    assert exported(made) == ["008", "019", "002"] and made.waterfall["not_eligible"] == 8
    best = operator.run(care(offer="best", order_by=by_worth), care(name="other", priority=60))["care"]
    assert exported(best) == ["003", "008", "019", "002"]
    assert {s: row["offer_code"] for s, row in operator.members("care").items() if row["arm"]} == {
        "003": "B", "008": "A", "019": "A", "002": "A"
    }  # fmt: skip


def test_suppressions_are_those_of_the_channel(operator):
    assert set(exported(operator.run(care(channel="sms"))["care"])) == {*IN_ORDER, "006", "007"} - {"008"}


def test_who_is_eligible_for_several_goes_to_the_first_by_priority_then_name(operator):
    made = operator.run(care(name="b", where="value_tier = 'diamond'"), care(name="a", priority=60), care(name="c", priority=60))
    assert exported(made["b"]) == ["003"]
    assert exported(made["a"]) == [s for s in IN_ORDER if s != "003"]
    assert exported(made["c"]) == [] and made["c"].waterfall["lost_to_priority"] == 9
    assert operator.members("a")["003"]["lost_to"] == "b"
    assert {row["lost_to"] for row in operator.members("c").values()} == {"a", "b", None}


def test_who_cannot_be_contacted_by_the_first_list_is_free_for_the_next(operator):
    made = operator.run(care(name="a"), care(name="b", channel="sms", priority=60))
    assert set(exported(made["b"])) == {"006", "007"}


def test_control_is_drawn_by_the_formula_and_cut_where_the_file_is_cut(operator):
    whole = operator.run(care(control_share=0.5, salt="s"))["care"]
    with duckdb.connect() as connection:
        connection.execute(MACRO)
        drawn = [s for s in IN_ORDER if connection.execute("select hash_share('s', ?)", [s]).fetchone()[0] < 0.5]
    assert 0 < len(drawn) < 8 and set(exported(whole)) == set(IN_ORDER) - set(drawn)
    cut = operator.run(care(control_share=0.5, salt="s", limit=1))["care"]
    place = IN_ORDER.index(exported(cut)[0])
    assert cut.waterfall["control"] == len([s for s in drawn if IN_ORDER.index(s) < place])
    assert cut.waterfall["over_limit"] == 8 - place - 1


def test_lists_draw_as_dbt_does():
    """The formula stands twice, in dbt's macro and in what decides lists: both give the same share, that of its definition."""
    formulas = Environment().from_string((PROJECT_DIR / "macros" / "hash_share.sql").read_text(encoding="utf-8"))
    of_duckdb = SimpleNamespace(dispatch=lambda name, project: getattr(macros, f"default__{name}"))
    quoted = SimpleNamespace(escape_single_quotes=lambda text: text.replace("'", "''"))
    macros = formulas.make_module({"adapter": of_duckdb, "dbt": quoted, "return": lambda value: value})
    with duckdb.connect() as connection:
        connection.execute(MACRO)
        for salt, subscriber in (("telco360", "001"), ("it's", "行 7"), ("", "")):
            by_dbt = connection.execute(f"select {macros.hash_share(salt, '$1')}", [subscriber]).fetchone()
            by_lists = connection.execute("select hash_share($1, $2)", [salt, subscriber]).fetchone()
            digits = hashlib.md5(f"{salt}:{subscriber}".encode()).hexdigest()[:8]
            assert by_dbt == by_lists == (int(digits, 16) / 2**32,)


def many(operator: Operator, lines: int = 2000) -> None:
    operator.change(
        "insert into tags.subscriber_360 select 'm' || n, true, 'mass', 'p', 'R' || n % 5, n, n % 97, n % 60, null, false, 9, 's'"
        f" from range({lines}) t (n)"
    )
    operator.change(
        f"insert into private.subscriber_phones select 'm' || n, '1390000' || n, true from range({lines}) t (n)", private=True
    )


def test_a_balanced_salt_is_sought_once_and_kept(operator):
    many(operator)
    mass = care(where="value_tier = 'mass'", control_share=None, cool_down_days=0)
    made = operator.run(mass)["care"]
    first = operator.members("care")
    (report,) = (operator.home.exports / "2026-04-01").glob("*.balance.json")
    said = json.loads(report.read_text())
    assert said["control_share"] == 0.1
    names = [row["covariate"] for row in said["balance"]]
    assert names == [
        "region_code R0",
        "region_code R1",
        "region_code R2",
        "region_code R3",
        "region_code R4",
        "tenure_months",
        "value_score",
    ]
    assert max(abs(row["difference"]) for row in said["balance"]) < 0.15
    treated = [row["subscriber_id"] for row in first.values() if row["arm"] == "treated"]
    score = next(row for row in said["balance"] if row["covariate"] == "value_score")
    assert score["treated"] == pytest.approx(sum(int(s[1:]) % 97 for s in treated if s[0] == "m") / len(treated), abs=0.05)
    assert 0.06 < made.waterfall["control"] / 2000 < 0.14

    next_day = RUN_DATE + timedelta(1)
    operator.change("update tags.subscriber_360 set value_score = hash(subscriber_id) % 100, tenure_months = 1")
    operator.run(mass, on=next_day)
    after = operator.members("care", next_day)
    assert {s: row["arm"] for s, row in first.items()} == {s: row["arm"] for s, row in after.items()}
    operator.run(replace(mass, salt="own"), on=next_day)
    assert ledger.runs(operator.home)["salt"].to_pylist() == [said["salt"], said["salt"], "own"]


def test_the_sought_salt_is_better_than_most(operator):
    many(operator)
    mass = care(where="value_tier = 'mass'", control_share=0.1)

    def worst(salt: str | None) -> float:
        with operator.open(replace(mass, salt=salt)) as decided:
            return max(abs(row["difference"]) for row in decided.balance("care"))

    others = [worst(f"other-{n}") for n in range(20)]
    assert worst(None) < min(others) * 1.1


def test_who_an_excluded_list_matches_or_last_exported_stays_out(operator):
    gone = care(name="gone", where="value_tier = 'diamond' or realised_value = -5.5", status="draft")
    assert exported(operator.run(care(exclude_lists=("gone",)), gone, names=["care"])["care"]) == [
        s for s in IN_ORDER if s not in ("001", "003")
    ]
    past = RUN_DATE - timedelta(40)
    operator.run(replace(gone, where="realised_value = 300", status="approved"), on=past)
    later = operator.run(care(exclude_lists=("gone",)), gone, names=["care"])["care"]
    assert exported(later) == [s for s in IN_ORDER if s not in ("001", "002", "003")]


def test_a_list_that_includes_another_takes_whom_its_last_run_exported(operator):
    first = care(name="first", limit=2)
    again = care(name="again", include_lists=("first",))
    assert operator.run(first, again, names=["again"])["again"].waterfall["matched"] == 0
    operator.run(first, on=RUN_DATE - timedelta(40))
    assert exported(operator.run(first, again, names=["again"])["again"]) == IN_ORDER[:2]


def test_conditions_that_exclude_take_out_whom_they_hold_for(operator):
    made = operator.run(care(exclude=("realised_value >= 300", "tenure_months > 100")))["care"]
    assert exported(made) == [s for s in IN_ORDER if s not in ("002", "003")]  # 004 has no value: not known to be excluded


def test_the_past_is_asked_for_by_month_and_by_days(operator):
    assert exported(operator.run(care(where="was(value_tier, '2026-02') <> value_tier"))["care"]) == ["002"]
    assert exported(operator.run(care(where="changed(value_tier, 30)"))["care"]) == ["002", "003"]
    assert exported(operator.run(care(where="changed(value_tier, 29) or changed(plan_name, 1)"))["care"]) == ["002", "008"]
    unknown = operator.run(care(where="was(value_tier, '2026-01') = 'gold'"))["care"]
    assert "the past of tags is kept for 2026-02 to 2026-02, not for 2026-01" in unknown.reason


def test_a_suppression_that_becomes_known_after_the_decision_counts(operator, monkeypatch):
    with operator.open(CARE) as decided:
        # what the private warehouse shows at the second of export: the view reads the lake anew
        connection = decided.tables.connection
        connection.execute("create table later as select * from telco360.staging.stg_channel__suppressions_now")
        connection.execute("insert into later values ('003', 'all', 'other', null, null)")
        monkeypatch.setattr(decided.tables, "relations", replace(decided.tables.relations, suppressions="later"))
        made = decided.export("care")
    assert exported(made) == [s for s in IN_ORDER if s != "003"]
    assert left_out(made) == FIRST | {"suppressed": 5, "exported": 7}
    member = operator.members("care")["003"]
    assert (member["reason"], member["arm"], member["position"]) == ("suppressed", None, None)  # not treated: not in the file
    assert operator.members("care")["017"]["position"] == 2


def test_a_list_exported_alone_takes_nobody_whom_another_has_on_that_day(operator):
    first, second = care(name="zz", priority=90, limit=2, control_share=0.3, salt="s"), care(name="aa", priority=1)
    held = operator.run(first, second, names=["zz"])["zz"]
    alone = operator.run(first, second, names=["aa"])["aa"]
    assert alone.waterfall["lost_to_priority"] == held.rows + held.waterfall["control"]
    assert not set(exported(alone)) & set(exported(held))
    assert operator.run(first, second, names=["aa"], on=RUN_DATE + timedelta(1))["aa"].waterfall["lost_to_priority"] == 0
