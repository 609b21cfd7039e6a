"""A list from its draft over requests and approvals to its end, by `telco360 lists …`, and what the audit trail has of it."""

import csv
from pathlib import Path

import pytest
from list_operator import CARE, Operator, cells
from made_lists import RUN_DATE

from orchestration.base import audit
from orchestration.base.errors import ListError
from orchestration.base.exit_codes import ExitCode
from orchestration.base.roles import person
from orchestration.targeting import signing


def test_whoever_drafted_a_list_cannot_approve_it(operator):
    answers = ["fresh", "Fresh", "新", "retention", "A call.", "sms", "value_tier = 'gold'"]
    operator.call("new", answers="\n".join(answers) + "\n")
    me = person(operator.home).user
    assert f"{me} drafted it; another approves it" in operator.call("approve", "fresh", "--as", me, code=1)
    assert "status: draft" in (operator.folder / "fresh.yml").read_text(encoding="utf-8")
    assert "campaign is approved by boss" in operator.call("approve", "fresh", "--as", "boss")
    acts = [(row["action"], row["result"]) for row in audit.trail(operator.home).entries()]
    assert acts == [("list_draft", "done"), ("list_approval", "failed: ListError"), ("list_approval", "done")]


def test_requests_for_approval_stand_until_one_is_given(operator):
    answers = ["fresh", "Fresh", "新", "retention", "A call.", "sms", "value_tier = 'gold'"]
    operator.call("new", answers="\n".join(answers) + "\n")
    signing.ask(operator.home, "fresh")
    assert set(signing.asked_for(operator.home)) == {"fresh"}
    operator.call("approve", "fresh", "--as", person(operator.home).user, code=1)
    assert set(signing.asked_for(operator.home)) == {"fresh"}, "an approval that failed is none"
    operator.call("approve", "fresh", "--as", "boss")
    assert signing.asked_for(operator.home) == {}
    assert [row["action"] for row in signing.acts_on(operator.home, "fresh")][:2] == ["list_approval", "list_approval"]


def test_a_list_that_another_changed_meanwhile_is_not_approved(operator, monkeypatch):
    answers = ["fresh", "Fresh", "新", "retention", "A call.", "sms", "value_tier = 'gold'"]
    operator.call("new", answers="\n".join(answers) + "\n")
    path, look = operator.folder / "fresh.yml", signing.preview.preview

    def looked_at_while_another_writes(*asked):
        path.write_text(path.read_text(encoding="utf-8").replace("'gold'", "'mass'"), encoding="utf-8")
        return look(*asked)

    monkeypatch.setattr(signing.preview, "preview", looked_at_while_another_writes)
    assert "its file was changed meanwhile" in operator.call("approve", "fresh", "--as", "boss", code=1)
    assert "status: draft" in path.read_text(encoding="utf-8") and "'mass'" in path.read_text(encoding="utf-8")


def test_a_list_is_retired_once_and_keeps_all_else(operator):
    path = operator.folder / "care.yml"
    before = path.read_text(encoding="utf-8")
    signing.retire(operator.home, path)
    assert path.read_text(encoding="utf-8") == before.replace("status: approved", "status: retired")
    with pytest.raises(ListError, match="retired already"):
        signing.retire(operator.home, path)
    assert "its status is retired" in operator.call("export", "care", code=1)


def test_lists_are_shown_with_their_next_run_and_their_last(operator):
    (operator.shipped / "gold.yml").write_text(CARE.replace("name: care", "name: gold") + "schedule: monthly\n", encoding="utf-8")
    operator.write("idea", CARE.replace("name: care", "name: idea").replace("status: approved", "status: draft"))
    operator.export("care")
    shown = operator.call("list")
    assert ["care", "approved", "customer-value", "outbound_call", "2026-04-02", "2026-04-01", "16"] in cells(shown)
    assert ["gold", "approved", "customer-value", "outbound_call", "2026-04-01"] in cells(shown)
    assert ["idea", "draft", "customer-value", "outbound_call", "once", "it", "is", "approved"] in cells(shown)
    assert f"1 lie in {operator.shipped}, 3 in {operator.folder}" in shown
    told = operator.call("show", "care")
    assert "approved   by boss on 2026-03-01" in told and "next run   2026-04-02" in told
    assert ["2026-04-01", "2026-03-31", "exported", "19", "0", "16"] in [line[:6] for line in cells(told)]
    assert "It has not run yet." in operator.call("show", "gold")
    assert "did you mean care?" in operator.call("show", "cre", code=ExitCode.SETTING)
    operator.write("broken", "name: broken\n")
    assert "broken.yml: key title is missing" in operator.call("list", code=1)


def test_a_list_of_the_home_goes_before_a_shipped_one_of_its_name(operator):
    (operator.shipped / "care.yml").write_text(CARE.replace("channel: outbound_call", "channel: sms"), encoding="utf-8")
    assert "channel    outbound_call" in operator.call("show", "care")
    assert operator.export("care")["care"].rows == 16
    (operator.folder / "care.yml").unlink()
    assert "channel    sms" in operator.call("show", "care")


def audited(operator: Operator) -> list[tuple]:
    return [(row["action"], row["of"], row["rows"], row["result"]) for row in audit.trail(operator.home).entries()]


def test_exports_downloads_and_approvals_are_in_the_audit_trail_without_a_phone(operator):
    operator.write(
        "late", CARE.replace("name: care", "name: late").replace("approved\napproved: {by: boss, on: 2026-03-01}", "draft")
    )
    made = operator.export("care")["care"]
    members = list(csv.DictReader(operator.call("members", "care").splitlines()))
    assert len(members) == made.waterfall["exported"] == 16 and "138" not in str(members)
    with Path(made.file).open(encoding="utf-8-sig", newline="") as file:
        assert {row["subscriber_id"] for row in members} == {row["subscriber_id"] for row in csv.DictReader(file)}
    operator.call("rebuild", "care", f"{RUN_DATE}")
    operator.call("feeds")
    assert "approved by" in operator.call("approve", "late", "--as", "boss")
    operator.call("approve", "late", "--as", "customer-value", code=1)
    assert "no such run was exported" in operator.call("members", "late", code=1)
    run = f"run {RUN_DATE}_001"
    assert [row for row in audited(operator) if row[0] != "feed_export"] == [
        ("list_export", f"list care, {run}", 16, "done"),
        ("list_members", f"list care, {run}", 16, "done"),
        ("list_rebuild", f"list care, {run}", 16, "done"),
        ("list_approval", "list late", 0, "done"),
        ("list_approval", "list late", None, "failed: ListError"),
    ]
    assert len([row for row in audited(operator) if row[0] == "feed_export"]) == 4
    assert audit.trail(operator.home).verify() is None
