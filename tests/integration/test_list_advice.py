"""What `lists check` and `lists preview` say before a list runs: nobody can meet it, nobody does, caps, offers, days, folders."""

from decimal import Decimal

import pytest
from list_operator import CARE, OTHER

from orchestration.targeting import advice, ledger, run, signing
from orchestration.targeting.approval import Step
from orchestration.targeting.preview import shown_difference


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("tenure_months between 12 and 4", "where: nobody can meet tenure_months between 12 and 4"),
        ("activation_date between '2026-01-31' and '2026-01-01'", "where: nobody can meet activation_date between '2026-01-31'"),
        ("realised_value > 80 and realised_value < 30", "where: nobody can meet realised_value > 80 and realised_value < 30"),
        ("region_code = 'no such'", "where: no line carries region_code 'no such'; lines carry R1, R2"),
        ("region_code in ('R1', 'R3')", "where: no line carries region_code 'R3'; lines carry R1, R2"),
        ("value_score > 100", "where: no line meets value_score > 100: it runs from 50.000000 to 50.000000"),
        ("value_tier = 'diamond'", "where: no line carries value_tier 'diamond'; lines carry gold, mass"),
        ("not is_on_net", "where: nobody is left after not is_on_net"),
        (
            "is_on_net and value_tier = 'mass' and region_code = 'R1'",
            "where: nobody is left after region_code = 'R1'; 10 lines meet what stands before it",
        ),
    ],
)
def test_a_condition_that_nobody_meets_is_named_by_check_and_preview(operator, where, said):
    text = CARE.splitlines()
    operator.write("care", "\n".join(f"where: {where}" if line.startswith("where:") else line for line in text) + "\n")
    assert f"list care: {said}" in operator.call("check", "care")
    assert f"list care: {said}" in operator.call("preview", "care")


def test_a_sound_list_is_good_to_run(operator):
    assert operator.call("check", "care") == "care: approved, good to run\n"
    operator.write("every", OTHER.replace("status: approved", "status: retired"))
    assert "every: retired, not exported any more" in operator.call("check", "every")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("caps: {days_7: 9}", "caps: days_7 is 9, but seed contact_rules allows 2"),
        ("offer: O9", "offer: O9 is not in the offers delivered; there are O1, O2"),
        ("schedule: 0 0 30 2 *", "schedule: no day of any year fits '0 0 30 2 *'"),
        ("destination: /no such/folder", "destination: the folder /no such/folder does not exist"),
        ("destination: s3://bucket/x", "destination: s3 needs a package that is not installed"),
        (
            "approved: {by: Customer-Value, on: 2026-03-01}",
            "approved: by Customer-Value, who owns the list; another than the owner",
        ),
        ("script_en: '{value_teir}'\nscript_zh: x", "script_en: unknown field {value_teir}; did you mean value_tier?"),
        ("script_en: Hello", "script_en and script_zh go together; write both, or leave both out"),
        ("approved: {by: boss, on: 2026-04-02}", "approved: on 2026-04-02 lies after today, 2026-04-01"),
        ('purpose: "a\\0b"', "purpose: holds the character U+0000"),
    ],
)
def test_what_would_fail_is_refused_before(operator, change, said):
    key = change.split(":")[0]
    operator.change("insert into core.dim_offers (offer_code, is_valid) values ('O1', true), ('O2', true)")
    operator.write("care", "\n".join([*(row for row in CARE.splitlines() if not row.startswith(f"{key}:")), change]) + "\n")
    shown = operator.call("check", "care", code=1)
    assert said in shown and "good to run" not in shown


def test_a_fault_of_shape_in_one_file_hides_none_in_others(operator):
    operator.write("care", CARE.replace("owner:", "ownr:"))
    operator.write("every", OTHER.replace("is_on_net", "is_onnet"))
    said = operator.call("check", code=1)
    assert "unknown key ownr; did you mean owner?" in said and "unknown tag is_onnet; did you mean is_on_net?" in said


def test_an_offer_that_is_over_or_closed_to_lines_is_warned_of(operator):
    operator.change(
        "insert into core.dim_offers (offer_code, valid_to, is_valid) values ('O1', null, true), ('O2', date '2026-03-31', true)"
    )
    is_open = "select 'S' || lpad(n::varchar, 4, '0'), 'O1', 1, true, null from range({}, {}) t (n)"
    operator.change(f"insert into marketing.next_best_offers {is_open.format(0, 9)}")
    for offer in ("O1", "best"):
        operator.write("care", CARE + f"offer: {offer}\n")
        said = operator.call("check", "care")
        assert f"offer: {'any offer' if offer == 'best' else 'O1'} is open to 9 of 19 lines matched (47%); the others are" in said
    operator.change(f"insert into marketing.next_best_offers {is_open.format(9, 10)}")
    assert operator.call("check", "care") == "care: approved, good to run\n"  # 53 %
    operator.write("care", CARE + "offer: O2\n")
    assert "list care: offer: O2 ran out on 2026-03-31" in operator.call("check", "care")


def test_without_a_catalogue_an_offer_is_not_refused_but_nobody_is_on_the_list(operator):
    for offer in ("O9", "best"):
        operator.write("care", CARE + f"offer: {offer}\n")
        said = (
            f"list care: offer: {offer} cannot be looked up, no offers have been delivered; nobody is on the list until they are"
        )
        assert said in operator.call("check", "care")
        assert said in operator.call("export", "care") and ledger.runs(operator.home)["not_eligible"].to_pylist()[-1] > 0


def test_a_preview_says_what_a_control_group_could_show(operator):
    operator.write("care", CARE.replace("control_share: 0", "control_share: 0.3"))
    assert "would show a difference of rates from" in operator.call("preview", "care")
    # 2.8016 * sqrt(0.25 * (1 / 900 + 1 / 100)): the textbook's two-proportion test
    assert "from 14.8 percentage points on (80% power, 95% confidence" in shown_difference(900, 100, 0.8, 0.95)
    assert shown_difference(9, 1, 0.8, 0.95) == "9 treated and 1 control are too few to show any difference"
    assert shown_difference(9, 0, 0.8, 0.95) == ""


def test_a_preview_says_what_a_list_will_cost_and_what_was_tried(operator):
    assert "expected effect: not known; no run of the list, or of its offer on this channel" in operator.call("preview", "care")
    operator.change("insert into core.dim_offers (offer_code, offer_name, is_valid) values ('O1', 'Gift', true)")
    is_open = "select 'S' || lpad(n::varchar, 4, '0'), 'O1', 1, true, null from range(20) t (n)"
    operator.change(f"insert into marketing.next_best_offers {is_open}")
    operator.change("insert into seeds.channel_costs values ('outbound_call', 4.00), ('sms', 0.05)")
    operator.change("insert into marketing.offer_chances values ('O1', 0.1, 30.00)")
    rows = [
        ("other", "O1", "outbound_call", "all", 0.05, 2), ("care", "O9", "sms", "all", -0.01, 3),
        ("care", "O9", "sms", "gold", 0.5, 1), ("third", "O1", "sms", "all", 0.5, 1),
    ]  # fmt: skip
    for name, offer, channel, segment, effect, rank in rows:
        operator.change(
            f"insert into marketing.plan_library values ('{name}', '{offer}', '{channel}', '{segment}', 2, 1200, 'orders',"
            f" {effect}, {effect} - 0.02, {effect} + 0.02, {rank})"
        )
    operator.write("care", CARE + "offer: O1\nscript_en: Take {offer_name}.\nscript_zh: 请用{offer_name}。\n")
    said = operator.call("preview", "care")
    assert "says: Take Gift." in said and "says: 请用Gift。" in said and "says: Care: value tier gold; realised value 100" in said
    lines = int(said.split(" rows, as it would be exported")[0].split()[-1])
    assert f"expected cost: {7 * lines:.2f} ({4 * lines:.2f} for contacts, {3 * lines:.2f} for gifts) for {lines} lines" in said
    assert f"expected orders: {lines / 10:.1f}, asked or not" in said
    first, second = (line for line in said.splitlines() if line.startswith("tried:"))
    assert first.startswith("tried: care with O9, 2 runs, 1,200 exported: -1.0 points of orders (-3.0 to +1.0)")
    assert second.startswith("tried: other with O1, 2 runs, 1,200 exported: +5.0 points of orders (+3.0 to +7.0)")


def test_a_list_is_approved_step_by_step_after_what_it_costs_is_shown(operator, monkeypatch):
    steps = (
        Step("campaign", "", 0, Decimal(0), "Campaign management"),
        Step("budget", "", 0, Decimal(76), "Whoever pays"),  # the list matches 19 lines, of 4.00 each
        Step("reach", "", 20, Decimal(0), "Head of marketing"),
    )
    for module in (signing, advice, run):
        monkeypatch.setattr(module, "read_steps", lambda: steps)
    operator.change("insert into seeds.channel_costs values ('outbound_call', 4.00)")
    said = operator.call("check", "care", code=1)
    assert "list care: also_approved: step budget is missing (Whoever pays): 19 lines matched, their contacts cost 76.00" in said
    assert "step budget is missing" in operator.call("export", "care")  # it goes out, with a warning
    operator.write("care", CARE.replace("status: approved\napproved: {by: boss, on: 2026-03-01}", "status: draft"))
    assert "Customer-Value owns the list" in operator.call("approve", "care", "--as", "Customer-Value", code=1)
    assert "there is no such step; did you mean budget?" in operator.call(
        "approve", "care", "--as", "x", "--step", "bugdet", code=1
    )
    first = operator.call("approve", "care", "--as", "Li Lei")
    assert "care: 16 rows, as it would be exported today" in first and "expected cost: 64.00 (64.00 for contacts)" in first
    assert "expected effect: not known" in first and "campaign is approved by Li Lei" in first
    assert "Next: telco360 lists approve care --as WHO --step budget (Whoever pays)" in first
    assert operator.call("check", "care") == "care: a draft, good to run once it is approved\n"
    assert "li lei approved campaign already" in operator.call("approve", "care", "--as", "li lei", code=1)
    last = operator.call("approve", "care", "--as", "Han Mei", "--step", "budget")
    assert last.endswith("care is approved in every step, good to run.\n")
    assert operator.call("check", "care") == "care: approved, good to run\n"
    approvals = "approved: {by: Li Lei, on: 2026-04-01}\nalso_approved:\n  - {step: budget, by: Han Mei, on: 2026-04-01}\n"
    assert (operator.folder / "care.yml").read_text(encoding="utf-8").endswith(f"status: approved\n{approvals}")
