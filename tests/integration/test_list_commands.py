"""The commands `telco360 lists …` on a made version: what they print, what they write, and how they end."""

import csv
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from list_operator import CARE, MODELS, OTHER, cells
from made_lists import RUN_DATE
from typer.testing import CliRunner

from orchestration.base.exit_codes import ExitCode
from orchestration.base.settings import PROJECT_DIR
from orchestration.cli import customer


def test_a_preview_shows_what_an_export_would_hold_and_hides_who_they_are(operator):
    before = sorted(operator.home.root.rglob("*"))
    shown = operator.call("preview", "care", "--rows", "2")
    assert sorted(p for p in operator.home.root.rglob("*") if p.name != ".spill") == before
    lines = cells(shown)
    steps = {"matched": "19", "suppressed": "1", "no_valid_phone": "1", "capped": "1", "lost_to_priority": "0", "exported": "16"}
    assert all([step, count] in lines for step, count in steps.items())
    assert ["*****", "138******00", "gold", "plain"] in lines
    assert sum("138" in line for line in shown.splitlines()) == 2 and "S0000" not in shown and "13800000000" not in shown
    assert ["gold", "16"] in lines and ["R1", "16"] in lines
    assert operator.export("care")["care"].waterfall["exported"] == 16


def test_a_preview_tells_other_lists_and_who_gets_whom(operator):
    operator.write("first", CARE.replace("name: care", "name: first\npriority: 1").replace("82 and 200", "95 and 200"))
    lines = cells(operator.call("preview", "care"))
    assert ["lost_to_priority", "3"] in lines and ["first", "3"] in lines  # S0000, S0004 and S0005 of six matched
    assert ["first", "6"] in lines and ["exported", "13"] in lines


def test_a_preview_counts_lists_that_are_not_due_as_overlap_alone(operator):
    first = CARE.replace("name: care", "name: first\npriority: 1\nschedule: monthly")
    operator.write("first", first)
    operator.today = RUN_DATE + timedelta(1)
    operator.change("delete from core.fct_contacts")
    lines = cells(operator.call("preview", "care"))
    assert ["lost_to_priority", "0"] in lines and ["first", "19"] in lines


def test_a_preview_takes_drafts_and_warns_where_the_size_jumped(operator):
    operator.export()
    operator.write("care", CARE.replace("approved\n", "draft\n").replace("82", "92"))
    operator.today = RUN_DATE + timedelta(1)
    operator.change("delete from core.fct_contacts")
    assert "list care: its size jumped: 7 now, 16 on 2026-04-01" in operator.call("preview", "care")
    operator.write("care", CARE.replace("82", "86"))
    assert "jumped" not in operator.call("preview", "care")


def test_a_list_that_cannot_be_decided_says_why(operator):
    operator.write("care", CARE.replace("value_tier in", "nps_score > 3 and value_tier in"))
    assert "list care: refused: channel_surveys ends on 2026-02-01; needed for nps_score. Deliver" in operator.call(
        "preview", "care", code=1
    )
    assert "the lists are: care, every" in operator.call("preview", "cares", code=ExitCode.SETTING)


def test_check_names_every_fault(operator):
    operator.write("care", CARE.replace("value_tier in", "vlue_tier in"))
    operator.write("every", OTHER + "destination: sftp://me:hush@host/in\n")
    said = operator.call("check", code=1)
    assert "unknown tag vlue_tier; did you mean value_tier?" in said
    assert "list every: destination: sftp://host/in has credentials" in said and "hush" not in said
    operator.write("care", CARE)
    assert operator.call("check", "care") == "care: approved, good to run\n"


def test_diff_tells_who_came_and_went_and_why(operator):
    operator.export()
    assert "one run is in the ledger" in operator.call("diff", "care", code=1)
    operator.today = RUN_DATE + timedelta(1)
    operator.change("delete from core.fct_contacts where subscriber_id = 'S0003'")
    operator.change("update tags.subscriber_360 set value_tier = 'mass' where subscriber_id = 'S0004'")
    operator.change("update tags.subscriber_360 set value_tier = 'gold', realised_value = 90 where subscriber_id = 'S0020'")
    operator.change("insert into staging.stg_channel__suppressions_now values ('S0005', 'all', 'x', null, null)", private=True)
    operator.export()
    lines = cells(operator.call("diff", "care"))
    assert ["stayed", "14"] in lines
    assert ["entered", "capped", "1"] in lines and ["entered", "did", "not", "match", "1"] in lines
    assert ["left", "no", "longer", "matches", "1"] in lines and ["left", "suppressed", "1"] in lines
    assert "left S0005: suppressed" in operator.call("diff", "care", "--members")


def test_overlap_is_a_matrix_of_last_runs(operator):
    assert "no list has been exported yet" in operator.call("overlap", code=1)
    operator.write("every", OTHER.replace("not realised_value is null", "realised_value >= 95"))
    operator.export()
    lines = cells(operator.call("overlap"))
    assert ["1", "care", "2026-04-01", "19", "6"] in lines and ["2", "every", "2026-04-01", "6", "6"] in lines


@pytest.mark.parametrize(
    ("subscriber", "said"),
    [
        ("S0000", "S0000 is in care, at place 1 of those who match."),
        ("S0001", "S0001 matches care, but is left out at no_valid_phone: it has no valid phone."),
        ("S0002", "a suppression is in force on 2026-04-01"),
        ("S0003", "left out at capped"),
        ("S0019", "S0019 is not in care: it does not match."),
        ("S0020", "  fails    value_tier in ('diamond', 'gold')   [value_tier mass]"),
        ("S0020", "  holds    is_on_net   [is_on_net true]"),
        ("S0019", "  fails    realised_value between 82 and 200   [realised_value 81.00]"),
    ],
)
def test_why(operator, subscriber, said):
    assert said in operator.call("why", subscriber, "care")


def test_why_tells_what_the_last_run_made_of_it_and_who_else_has_it(operator):
    operator.write("first", CARE.replace("name: care", "name: first\npriority: 1\nexclude: [region_code = 'R2']"))
    operator.export("care", "first")
    assert "left out at lost_to_priority: it goes to the list first" in operator.call("why", "S0000", "care")
    assert "as last exported: on 2026-04-01 (run 2026-04-01_001): left out: lost_to_priority (first)" in operator.call(
        "why", "S0000", "care"
    )
    assert "exported, position 1" in operator.call("why", "S0000", "first")
    assert "  spares   region_code = 'R2'   [region_code R1]" in operator.call("why", "S0000", "first")
    assert "subscriber S9999: the published version has none such" in operator.call("why", "S9999", "care", code=1)


def test_why_knows_the_lists_that_a_list_names(operator):
    operator.export()
    operator.today = RUN_DATE + timedelta(1)
    operator.change("delete from core.fct_contacts")
    operator.write("again", CARE.replace("name: care", "name: again\npriority: 1\ninclude_lists: [care]"))
    operator.write("never", CARE.replace("name: care", "name: never\npriority: 2\nexclude_lists: [care]"))
    assert "none of include_lists (care) exported it before" in operator.call("why", "S0003", "again")
    assert "S0000 is in again" in operator.call("why", "S0000", "again")
    assert "one of exclude_lists (care) has it" in operator.call("why", "S0000", "never")


@pytest.mark.parametrize("format", ["csv", "xlsx", "parquet"])
def test_a_file_is_made_again_byte_for_byte(operator, format):
    operator.write("care", CARE + f"format: {format}\n")
    made = operator.export()["care"]
    kept = [Path(made.file), Path(made.file).with_suffix(".json")]
    before = [path.read_bytes() for path in kept]
    for path in kept:
        path.unlink()
    operator.write("care", CARE.replace("82", "92"))  # what the list says today does not matter
    assert f"SHA-256 {made.sha256}" in operator.call("rebuild", "care", f"{RUN_DATE}")
    assert [path.read_bytes() for path in kept] == before


@pytest.mark.parametrize("change", ["set msisdn = '13999999999'", "set is_valid_msisdn = false"])
def test_a_file_that_cannot_be_made_again_is_left_as_it_is(operator, change):
    made = operator.export()["care"]
    before = Path(made.file).read_bytes()
    operator.change(f"update private.subscriber_phones {change} where subscriber_id = 'S0000'", private=True)
    assert "phones have changed since" in operator.call("rebuild", "care", f"{RUN_DATE}", code=1)
    assert Path(made.file).read_bytes() == before
    assert "the dates in the ledger are: 2026-04-01" in operator.call("rebuild", "care", "2026-01-01", code=1)
    operator.engine.standing = []
    assert f"the version {operator.engine.published.stem} is gone" in operator.call("rebuild", "care", f"{RUN_DATE}", code=1)


def test_the_ledger_is_verified(operator):
    operator.export()
    assert operator.call("verify") == "2 runs, all as they were written\n"
    next(operator.home.list_members.rglob("care_2026*.parquet")).unlink()
    assert "list care, run 2026-04-01_001: its members" in operator.call("verify", code=1)


def test_a_new_list_is_asked_for_and_each_answer_checked(operator):
    answers = [
        "Care",
        "care",
        "fresh",
        "Fresh",
        "新",
        "retention",
        "A call.",
        "smss",
        "sms",
        "vlue_tier = 'gold'",
        "value_tier = 'gold'",
    ]
    said = operator.call("new", answers="\n".join(answers) + "\n")
    assert "'Care' does not fit" in said and "there is a list care already" in said
    assert "did you mean sms?" in said and "unknown tag vlue_tier; did you mean value_tier?" in said
    assert (operator.folder / "fresh.yml").read_text(encoding="utf-8") == (
        f"# yaml-language-server: $schema={PROJECT_DIR / 'target_lists' / 'target_list.schema.json'}\n"
        "name: fresh\ntitle:\n  en: Fresh\n  zh: 新\nowner: retention\npurpose: A call.\nchannel: sms\n"
        "where: value_tier = 'gold'\ncolumns:\n- value_tier\nstatus: draft\n"
    )
    assert ["matched", "20"] in cells(operator.call("preview", "fresh"))


def test_a_preview_says_why_a_list_is_not_due(operator):
    operator.write("care", CARE + "schedule: weekly\n")
    assert "not due today: its schedule is weekly; it goes out on 2026-04-06" in operator.call("preview", "care")
    operator.write("care", CARE)
    assert "not due" not in operator.call("preview", "care")


def test_today_is_the_day_on_which_the_list_goes_out(operator):
    days = (RUN_DATE - date(2021, 1, 1)).days  # all lines were activated on that day
    operator.write("care", CARE.replace("between 82 and 200", f"> 0 and activation_date <= today - {days}"))
    assert ["matched", "20"] in cells(operator.call("preview", "care"))
    assert f"today - {days} 2021-01-01" in operator.call("why", "S0000", "care")
    operator.write("care", CARE.replace("between 82 and 200", f"> 0 and activation_date <= today - {days + 1}"))
    assert ["matched", "0"] in cells(operator.call("preview", "care"))
    operator.today += timedelta(days=1)
    assert ["matched", "20"] in cells(operator.call("preview", "care"))


def test_a_file_in_chinese_keeps_what_systems_find_it_by_and_can_be_made_again(operator):
    operator.write("care", CARE + "language: zh\n")
    made = operator.export("care")["care"]
    with open(made.file, encoding="utf-8-sig", newline="") as file:
        header = next(csv.reader(file))
    assert header[:2] == ["subscriber_id", "phone"] and {"list_name", "list_run_date", "优惠编码", "入选原因"} <= set(header)
    note = json.loads(Path(made.file).with_suffix(".json").read_text(encoding="utf-8"))
    assert note["language"] == "zh" and note["headers"]["入选原因"] == "reason_zh"
    assert note["columns"]["入选原因"]["meaning"] == "用户为什么在清单上。"
    Path(made.file).unlink()
    assert "16 rows, the same bytes as exported" in operator.call("rebuild", "care", f"{RUN_DATE}")


def test_a_list_split_by_a_tag_has_a_file_for_each_value_beside_the_whole(operator):
    whole = CARE.replace("value_tier in ('diamond', 'gold') and realised_value between 82 and 200", "tenure_months > 0")
    operator.write("care", whole + "split_by: plan_name\nlanguage: zh\n")
    operator.change("update tags.subscriber_360 set plan_name = null where subscriber_id = 'S0005'")
    made = operator.export("care")["care"]
    note = json.loads(Path(made.file).with_suffix(".json").read_text(encoding="utf-8"))
    first, *parts = note["files"]
    assert first["name"] == Path(made.file).name and "part" not in first
    assert {part["part"]: part["rows"] for part in parts} == {"plain": 16, "no.value": 1, "套餐": 10}
    assert sum(part["rows"] for part in parts) == made.rows == note["rows"]
    stem = Path(made.file).stem
    with open(Path(made.file).with_name(f"{stem}.no.value.csv"), encoding="utf-8-sig", newline="") as file:
        assert [row[0] for row in csv.reader(file)] == ["subscriber_id", "S0005"]
    Path(made.file).unlink()
    assert "the same bytes as exported" in operator.call("rebuild", "care", f"{RUN_DATE}")
    operator.write("care", CARE + "split_by: region_code\n")
    assert "split_by: region_code is not among columns" in operator.call("check", "care", code=1)
    operator.write("care", CARE.replace("[value_tier, plan_name]", "[tenure_months]") + "split_by: tenure_months\n")
    assert "split_by: tenure_months is a number" in operator.call("check", "care", code=1)


def test_parts_of_a_condition():
    from orchestration.targeting.why import parts

    assert parts("a and b between 1 and 2 and (c or d)") == ["a", "b between 1 and 2", "(c or d)"]
    assert parts("a = 'x and y' and\n not (b and c)") == ["a = 'x and y'", "not (b and c)"]
    assert parts("a and b or c") == ["a and b or c"]


def test_the_view_of_a_line_is_what_its_feed_says(operator, monkeypatch):
    monkeypatch.setattr(customer, "models", lambda: MODELS)
    monkeypatch.setattr(customer, "engine", lambda home: operator.engine)
    monkeypatch.setattr(customer, "today", lambda: RUN_DATE)
    operator.change(
        "insert into core.dim_offers (offer_code, offer_name, pay_amount, script, is_valid)"
        " values ('O1', '存100送60', 100, 'Take it.', true)"
    )
    operator.change(
        "insert into marketing.next_best_offers values ('S0000', 'O1', 1, true, null), ('S0002', 'O1', 1, true, null)"
    )
    operator.write("care", CARE + "offer: best\n")
    operator.call("export", "care")
    assert "hotline: 30 lines" in operator.call("feeds")
    said = CliRunner().invoke(customer.app, ["S0000"])
    assert said.exit_code == 0 and "on list       care, run date 2026-04-01: A call." in said.output
    assert "offer         O1 存100送60, costs 100.00" in said.output and "may be spoken to on every channel" in said.output
    closed = CliRunner().invoke(customer.app, ["S0002"]).output
    assert "do not disturb on outbound_call (suppressed), sms (suppressed)" in closed and "on list" not in closed
    view = json.loads(CliRunner().invoke(customer.app, ["S0000", "--json"]).output)
    (feed,) = (operator.home.exports / "2026-04-01").glob("feed_app_*.csv")
    with feed.open(encoding="utf-8-sig", newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["subscriber_id"] == "S0000")
    assert all((view[column] or "") == row[column] for column in row if not column.startswith("do_not_disturb"))
    assert (view["do_not_disturb_reason"]["app"], row["do_not_disturb"]) == (None, "false")
    gone = CliRunner().invoke(customer.app, ["none"])
    assert gone.exit_code == 1 and "subscriber none is not in the published version" in gone.output


def test_a_list_exported_twice_with_the_same_rows_says_so_and_how_to_get_a_lost_file(operator):
    operator.write("care", CARE)
    first = operator.call("export", "care")
    again = operator.call("export", "care")
    assert again.startswith(first) and "Nothing new is exported: run " in again
    assert f"If the file is lost: telco360 lists rebuild care {RUN_DATE}" in again
