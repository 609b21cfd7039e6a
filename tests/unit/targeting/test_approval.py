"""Which steps of approval a list needs, which it lacks, who may give them, and how they are written into its file."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from orchestration.base.errors import ListError
from orchestration.base.settings import TARGET_LISTS
from orchestration.targeting.approval import Size, Step, approval_faults, approve, needed, read_steps
from orchestration.targeting.definition import Approval, StepApproval, TargetList, Title
from orchestration.targeting.definition_file import load_definition, write_approvals
from orchestration.targeting.rebuild import recorded_definition

TODAY = date(2026, 11, 29)
STEPS = (
    Step("first", "", 0, Decimal(0), "Whoever runs campaigns"),
    Step("calls", "outbound_call", 0, Decimal(0), "Whoever runs the call centre"),
    Step("budget", "", 0, Decimal(400), "Whoever pays"),
    Step("reach", "", 101, Decimal(0), "Head of marketing"),
)
CALLS = TargetList(
    name="care",
    title=Title("Care", "关怀"),
    owner="customer-value",
    purpose="A call.",
    channel="outbound_call",
    where="is_on_net",
    columns=("value_tier",),
    status="approved",
    approved=Approval("Li Lei", date(2026, 11, 20)),
)
BY_SMS = replace(CALLS, channel="sms")
COSTS = {"outbound_call": Decimal(4), "sms": Decimal("0.05")}


def size(definition: TargetList, matched: int) -> Size:
    return Size.of(definition, matched, COSTS)


@pytest.mark.parametrize(
    ("definition", "matched", "steps"),
    [
        (BY_SMS, 0, ["first"]),
        (BY_SMS, 100, ["first"]),
        (BY_SMS, 101, ["first", "reach"]),
        (BY_SMS, 7999, ["first", "reach"]),
        (BY_SMS, 8000, ["first", "budget", "reach"]),
        (CALLS, 99, ["first", "calls"]),
        (CALLS, 100, ["first", "calls", "budget"]),
        (replace(CALLS, limit=99), 5000, ["first", "calls"]),
        (replace(CALLS, channel="app"), 100, ["first"]),
    ],
)
def test_a_list_needs_steps_by_channel_lines_and_cost(definition, matched, steps):
    assert [step.name for step in needed(STEPS, definition, size(definition, matched))] == steps


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "step calls is missing (Whoever runs the call centre): 10 lines matched, their contacts cost 40.00. Next: telco360"),
        (
            {"approved": Approval("Customer-Value ", TODAY)},
            "approved: by Customer-Value , who owns the list; another than the owner",
        ),
        ({"also_approved": (StepApproval("calls", "customer-value", TODAY),)}, "calls by customer-value, who owns the list"),
        (
            {"also_approved": (StepApproval("calls", "li lei", TODAY),)},
            "calls by li lei, who approved first too; another approves",
        ),
        ({"also_approved": (StepApproval("call", "Han", TODAY),)}, "call is no step of seed approval_steps; did you mean calls?"),
        ({"also_approved": (StepApproval("first", "Han", TODAY),)}, "first is the step that approved tells of; leave it out"),
        ({"also_approved": (StepApproval("calls", "Han", TODAY),) * 2}, "also_approved: calls is there twice"),
        ({"also_approved": (StepApproval("calls", "Han", date(2026, 11, 19)),)}, "calls on 2026-11-19 lies before first on"),
        ({"also_approved": (StepApproval("calls", "Han", date(2026, 11, 30)),)}, "calls on 2026-11-30 lies after today"),
        ({"approved": Approval("Li", date(2026, 11, 30))}, "approved: on 2026-11-30 lies after today, 2026-11-29"),
    ],
)
def test_what_is_wrong_with_approvals_is_told(changes, said):
    definition = replace(CALLS, **changes)
    assert any(said in fault for fault in approval_faults(STEPS, definition, size(definition, 10), TODAY))


def test_a_list_with_its_steps_has_no_fault_and_a_draft_lacks_none():
    whole = replace(CALLS, also_approved=(StepApproval("calls", "Han Mei", date(2026, 11, 20)),))
    assert approval_faults(STEPS, whole, size(whole, 99), TODAY) == []
    (fault,) = approval_faults(STEPS, whole, size(whole, 100), TODAY)
    assert fault.startswith("also_approved: step budget is missing")
    assert approval_faults(STEPS, replace(CALLS, status="draft"), size(CALLS, 100), TODAY) == []


def test_steps_are_approved_in_order_and_the_last_makes_the_list_good_to_run():
    draft, large = replace(CALLS, status="draft", approved=None), size(CALLS, 100)
    one, step = approve(STEPS, draft, large, None, "Li Lei", TODAY)
    assert (step, one.status, one.approved) == ("first", "draft", Approval("Li Lei", TODAY))
    two, step = approve(STEPS, one, large, "calls", "Han Mei", TODAY)
    assert (step, two.status) == ("calls", "draft")
    three, step = approve(STEPS, two, large, None, "Wang", TODAY)
    assert (step, three.status) == ("budget", "approved")
    assert [(a.step, a.by, a.on) for a in three.also_approved] == [("calls", "Han Mei", TODAY), ("budget", "Wang", TODAY)]
    assert approval_faults(STEPS, three, large, TODAY) == []
    with pytest.raises(ListError, match=r"every step that it needs is approved \(first, calls, budget\)"):
        approve(STEPS, three, large, None, "Zhao", TODAY)


@pytest.mark.parametrize(
    ("changes", "step", "by", "said"),
    [
        ({"status": "retired"}, None, "Han", "it is retired; set its status to draft first"),
        ({}, None, "Customer-Value", "Customer-Value owns the list; another than the owner approves it"),
        ({}, "first", "Han", "first was approved by Li Lei on 2026-11-20; to approve it anew, take that out of the file"),
        ({}, "call", "Han", "step call: there is no such step; did you mean calls?; the list needs first, calls, budget"),
        ({}, "reach", "Han", "step reach: this list does not need it; the list needs first, calls, budget"),
        ({}, "budget", "Han", "steps are approved in their order; calls comes before budget"),
        ({}, "calls", " LI LEI", "LI LEI approved first already; another approves each step"),
    ],
)
def test_an_approval_against_the_rules_is_refused(changes, step, by, said):
    with pytest.raises(ListError, match=f"list care: .*{said}".replace("(", r"\(").replace("?", r"\?")):
        approve(STEPS, replace(CALLS, **changes), size(CALLS, 100), step, by, TODAY)


def test_approvals_are_written_into_the_file_and_nothing_else_changes(tmp_path):
    for path in sorted(TARGET_LISTS.glob("*.yml")):
        copy = tmp_path / path.name
        copy.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
        known = load_definition(copy)
        write_approvals(copy, known)
        assert copy.read_text(encoding="utf-8") == path.read_text(encoding="utf-8")
        more = replace(
            known, also_approved=(StepApproval("budget", "韩梅: #1, 'x'", TODAY), StepApproval("reach", "null", TODAY))
        )
        write_approvals(copy, more)
        assert load_definition(copy) == more == recorded_definition(more.as_json())
        write_approvals(copy, replace(more, also_approved=more.also_approved[:1]))
        kept = [line for line in copy.read_text(encoding="utf-8").splitlines() if not line.startswith(("also_approved", "  - {"))]
        assert kept == path.read_text(encoding="utf-8").splitlines()


def test_a_draft_gets_the_key_after_its_status_and_comments_stay(tmp_path):
    text = (
        "# care\nname: care\ntitle: {en: C, zh: 关}\nowner: o\npurpose: p\nchannel: sms\nwhere: a\ncolumns: [a]\n"
        "status: draft\n# the end"
    )
    path = tmp_path / "care.yml"
    path.write_text(text, encoding="utf-8")
    draft = load_definition(path)
    write_approvals(path, replace(draft, status="approved", approved=Approval("Li", TODAY)))
    end = "status: approved\napproved: {by: Li, on: 2026-11-29}\n# the end\n"
    assert path.read_text(encoding="utf-8") == text.replace("status: draft\n# the end", end)


def test_without_further_approvals_a_definition_says_what_it_said_before():
    assert "also_approved" not in CALLS.as_json()
    changed = replace(CALLS, also_approved=(StepApproval("calls", "Han", TODAY),))
    assert changed.hash != CALLS.hash


def test_the_first_step_of_the_project_is_needed_by_every_list():
    first, *_ = read_steps()
    assert (first.channel, first.from_lines, first.from_cost) == ("", 0, 0)
