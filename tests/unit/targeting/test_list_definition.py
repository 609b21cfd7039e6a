"""List definitions: what is read, what is refused and how it is said."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.base.settings import PROJECT_DIR
from orchestration.cli.lists import app
from orchestration.targeting.definition import (
    Approval,
    DefinitionError,
    Order,
    Title,
    check,
    schema_text,
)
from orchestration.targeting.definition_file import load_definition
from orchestration.targeting.folder import load_definitions, read_definitions
from orchestration.targeting.rebuild import recorded_definition

CARE = """\
name: care
title: {en: Care, zh: 关怀}
owner: customer-value
purpose: A call.
channel: sms
where: >
  is_on_net
  and value_tier = 'gold'
order_by: [arpu_3m desc, plan_code, tenure_months asc]
limit: 10
columns: [value_tier, arpu_3m]
status: approved
approved: {by: 李雷, on: 2026-03-01}
"""
MORE = """\
exclude: ["arpu_3m < 0", is_prepaid]
include_lists: [first]
exclude_lists: [second]
offer: OF-1
priority: 3
control_share: 0.25
salt: s1
caps: {days_7: 1}
format: xlsx
destination: sftp://host/folder
schedule: 0 2 * * 1,4
stale_tags: accept
"""


def written(directory: Path, text: str = CARE, name: str = "care") -> Path:
    path = directory / f"{name}.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_definition_is_read_whole(tmp_path):
    care = load_definition(written(tmp_path))
    assert care.title == Title("Care", "关怀")
    assert care.where == "is_on_net and value_tier = 'gold'"
    assert care.order_by == (Order("arpu_3m", True), Order("plan_code"), Order("tenure_months"))
    assert (care.limit, care.columns, care.schedule) == (10, ("value_tier", "arpu_3m"), "nightly")
    assert care.approved == Approval("李雷", "2026-03-01")
    assert (care.priority, care.control_share, care.offer, care.stale_tags, care.format) == (50, None, None, "refuse", "csv")


def test_every_other_key_is_read(tmp_path):
    care = load_definition(written(tmp_path, CARE + MORE))
    assert care.exclude == ("arpu_3m < 0", "is_prepaid")
    assert (care.include_lists, care.exclude_lists, care.offer, care.priority) == (("first",), ("second",), "OF-1", 3)
    assert (care.control_share, care.salt, care.caps, care.format) == (0.25, "s1", {"days_7": 1}, "xlsx")
    assert (care.destination, care.schedule, care.stale_tags) == ("sftp://host/folder", "0 2 * * 1,4", "accept")
    none = load_definition(written(tmp_path, CARE + "offer: null\ndestination: null\n"))
    assert (none.offer, none.destination) == (None, None)


def test_the_hash_follows_the_meaning_not_the_layout(tmp_path):
    first = load_definition(written(tmp_path)).hash
    reordered = "# a comment\nstatus: approved\n" + CARE.replace("status: approved\n", "") + "priority: 50\n"
    assert load_definition(written(tmp_path, reordered)).hash == first
    assert load_definition(written(tmp_path, CARE.replace("limit: 10", "limit: 11"))).hash != first


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("owner:", "ownr:", "care.yml: unknown key ownr; did you mean owner?"),
        ("owner:", "ownr:", "care.yml: key owner is missing: The team that answers"),
        ("owner: customer-value", "owner: ''", "owner: must not be empty"),
        ("owner: customer-value", "owner: 7", "owner: must be text, not 7"),
        ("owner: customer-value", "owner:", "owner: must be text, not empty"),
        ("zh: 关怀", "cn: 关怀", "title: key zh is missing"),
        ("{en: Care, zh: 关怀}", "Care", "title: must be a set of keys, not 'Care'"),
        ("channel: sms", "channel: smss", "channel: 'smss' is not one of outbound_call, .*; did you mean sms?"),
        ("limit: 10", "limit: 0", "limit: must be at least 1, not 0"),
        ("limit: 10", "limit: true", "limit: must be a whole number, not True"),
        ("limit: 10", "limit: 1.5", "limit: must be a whole number, not 1.5"),
        ("[value_tier, arpu_3m]", "value_tier", "columns: must be a list, not 'value_tier'"),
        ("arpu_3m]", "arpu-3m]", "columns, item 2: 'arpu-3m' does not fit"),
        ("arpu_3m desc,", "arpu_3m down,", "order_by, item 1: 'arpu_3m down' does not fit. A tag, tag asc or tag desc"),
        ("name: care", "name: Care", "name: 'Care' does not fit"),
        ("name: care", "name: |\n  care", "name: 'care\\\\n' does not fit"),
        ("name: care", "name: cure", "name: is 'cure', but the file is called care.yml"),
        ("status: approved", "status: approved\nstatus: draft", "key status is there twice"),
        ("where: >", "where: [", "cannot be read as YAML: .* a bracket is opened there .* .line 6."),
        ("{by: 李雷", "{by: '李雷", "a quote is opened there and never closed .line 13."),
        ("owner: customer-value", "owner: team: value", "not allowed here; put a text with a colon in quotes, .* .line 3."),
        ("owner: customer-value", "owner: @value", "put a text that begins with @, ` or % in quotes .line 3."),
        ("owner: customer-value", "owner: *value", "put a text that begins with . or & in quotes .line 3."),
        ("owner: customer-value", "owner: 'value' team", "put a text with quotes in it in quotes as a whole .line 3."),
        ("owner: customer-value", "owner\t: value\n\tteam", "indent by spaces, not by tabs .line 3."),
        ("owner: customer-value", "owner customer-value", "a key is followed by a colon and a space"),
        ("owner: customer-value", "owner: a\ab", "delete the character that cannot be seen"),
        (
            "approved: {by: 李雷, on: 2026-03-01}\n",
            "",
            "key approved is missing: Who approved the list, another than its owner, and when",
        ),
        ("on: 2026-03-01", "on: 2026-02-30", "care.yml: cannot be read as YAML: day is out of range.*; write a day that"),
        ("on: 2026-03-01", "on: 2026-03-01 10:00:00", "approved.on: must be a date such as 2026-11-21, not "),
        ("limit: 10", "? [limit, offer]\n: 10", "(?s)care.yml: cannot be read as YAML: .*unhashable key"),
        ("limit: 10", f"limit: {'[' * 3000}{']' * 3000}", "care.yml: cannot be read as YAML: maximum depth of .*; nothing in"),
        ("on: 2026-03-01", "on: soon", "approved.on: must be a date such as 2026-11-21, not 'soon'"),
        ("limit: 10", "limit: 1000000001", "limit: must be at most 1,000,000,000, not 1000000001"),
        ("limit: 10", "limit: 10\ncool_down_days: 36501", "cool_down_days: must be at most 36,500, not 36501"),
        ("limit: 10", "limit: 10\npriority: 101", "priority: must be at most 100, not 101"),
        ("limit: 10", "limit: 10\ncontrol_share: 0.6", "control_share: must be at most 0.5, not 0.6"),
        ("limit: 10", "limit: 10\ncontrol_share: ten", "control_share: must be a number, not 'ten'"),
        ("limit: 10", "limit: 10\ncontrol_share: .nan", "control_share: must be at most 0.5, not nan"),
        ("limit: 10", "limit: 10\ncaps: {day_7: 1}", "caps: unknown key day_7; did you mean days_7?"),
        ("limit: 10", "limit: 10\ncaps: {days_7: 0}", "caps.days_7: must be at least 1, not 0"),
        ("limit: 10", "limit: 10\nformat: xls", "format: 'xls' is not one of csv, xlsx, parquet; did you mean xlsx?"),
        ("limit: 10", "limit: 10\nschedule: nightli", "schedule: 'nightli' does not fit. When the list runs"),
        ("limit: 10", "limit: 10\nschedule: 0 2 32 * *", "schedule: day of the month: '32' is not within 1 to 31"),
        ("limit: 10", "limit: 10\nschedule: 0 14 * * 1", "schedule: '0 14 \\* \\* 1' names a time, .* Name the days alone"),
        ("limit: 10", "limit: 10\nschedule: '* * R * *'", "schedule: '\\* \\* R \\* \\*' does not fit"),
        ("limit: 10", "limit:", "limit: must not be empty; give a value, or leave the key out .line 10."),
        ("limit: 10", "limit: 10\ncaps: [7]", "caps: must be a set of keys, not .7. .line 11."),
        ("limit: 10", "limit: 10\n7: 3", "care.yml: unknown key 7; a key is a word .line 11."),
        ("channel: sms", "channel: smss", "did you mean sms. .line 5."),
        ("limit: 10", "limit: 10\nstale_tags: take", "stale_tags: 'take' is not one of refuse, accept"),
        ("limit: 10", "limit: 10\noffer: ''", "offer: must not be empty"),
        ("limit: 10", "limit: 10\ninclude_lists: [A]", "include_lists, item 1: 'A' does not fit. A list's name."),
    ],
)
def test_a_wrong_definition_names_file_key_and_remedy(tmp_path, old, new, message):
    assert old in CARE
    with pytest.raises(DefinitionError, match=message):
        load_definition(written(tmp_path, CARE.replace(old, new)))


def test_an_empty_file_is_no_definition(tmp_path):
    with pytest.raises(DefinitionError, match="starting with name: care"):
        load_definition(written(tmp_path, ""))


def test_all_wrong_files_are_named_at_once(tmp_path):
    written(tmp_path, CARE)
    written(tmp_path, "name: one", "one")
    written(tmp_path, "name: two", "two")
    with pytest.raises(DefinitionError) as caught:
        load_definitions(tmp_path)
    assert "one.yml: key owner" in str(caught.value) and "two.yml: key owner" in str(caught.value)


def test_a_file_at_fault_takes_along_those_that_name_it_and_no_others(tmp_path):
    written(tmp_path, CARE)
    written(tmp_path, "name: broken", "broken")
    for name, other in (("second", "broken"), ("third", "second"), ("fourth", "care")):
        written(tmp_path, CARE.replace("name: care", f"name: {name}") + f"exclude_lists: [{other}]\n", name)
    written(tmp_path, CARE).rename(tmp_path / "fifth.yaml")
    written(tmp_path, CARE)
    found = read_definitions(tmp_path)
    assert list(found.sound) == ["care", "fourth"]
    told = "\n".join(found.problems)
    assert "broken.yml: key owner is missing" in told
    assert "second.yml: exclude_lists: the definition of broken is at fault; fix that first" in told
    assert "third.yml: exclude_lists: the definition of second is at fault" in told
    assert "fifth.yaml: definitions end in .yml; rename it" in told


def test_lists_named_by_others_must_be_there(tmp_path):
    written(tmp_path, CARE + "include_lists: [secnd]\nexclude_lists: [care]\n")
    written(tmp_path, CARE.replace("name: care", "name: second"), "second")
    with pytest.raises(DefinitionError) as caught:
        load_definitions(tmp_path)
    assert "care.yml: include_lists: unknown list secnd; did you mean second?" in str(caught.value)
    assert "care.yml: exclude_lists: care is the list itself" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("value_tier = ", "vlue_tier = ", "list care: where: character 15: unknown tag vlue_tier; did you mean value_tier?"),
        ("[value_tier,", "[vlue_tier,", "list care: columns: unknown tag vlue_tier; did you mean value_tier?"),
        ("[arpu_3m desc", "[arpu desc", "list care: order_by: unknown tag arpu; did you mean arpu_3m?"),
        ("[value_tier,", "[old_score,", "list care: columns: tag old_score is withdrawn; choose another"),
        ("[value_tier,", "[arpu_3m,", "list care: columns: arpu_3m is there twice"),
        (
            "limit: 10",
            "exclude: [is_on_net, arpu > 1]",
            "list care: exclude, item 2: character 1: unknown tag arpu; did you mean arpu_3m?",
        ),
        ("[value_tier,", "[phone,", "list care: columns: phone is in every file; leave it out"),
    ],
)
def test_tags_are_held_against_the_catalogue(tmp_path, catalog, old, new, message):
    care = load_definition(written(tmp_path, CARE.replace(old, new)))
    with pytest.raises(DefinitionError) as caught:
        check(care, catalog)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("order", "more", "message"),
    [
        ("[offer_worth desc]", "", "list care: order_by: offer_worth is the worth of the list's offer; name the offer"),
        ("[offer_worth desc, plan_code, offer_worth]", "offer: A\n", "list care: order_by: offer_worth is there twice"),
    ],
)
def test_a_list_goes_by_the_worth_of_an_offer_that_it_names(tmp_path, catalog, order, more, message):
    text = CARE.replace("[arpu_3m desc, plan_code, tenure_months asc]", order) + more
    with pytest.raises(DefinitionError) as caught:
        check(load_definition(written(tmp_path, text)), catalog)
    assert message in str(caught.value)
    sound = load_definition(written(tmp_path, CARE.replace("[arpu_3m desc,", "[offer_worth desc,") + "offer: A\n"))
    assert check(sound, catalog) and sound.is_by_worth and sound.order_tags == ("plan_code", "tenure_months")


def test_a_right_list_gives_its_condition(tmp_path, catalog):
    assert check(load_definition(written(tmp_path)), catalog).tags == ("is_on_net", "value_tier")
    both = check(load_definition(written(tmp_path, CARE + "exclude: [arpu_3m < 0 or is_prepaid]\n")), catalog)
    assert both.tags == ("is_on_net", "value_tier", "arpu_3m", "is_prepaid")
    assert both.sql("spark") == ("(`is_on_net` AND `value_tier` = 'gold') and not coalesce(`arpu_3m` < 0 OR `is_prepaid`, false)")


def test_the_lists_of_the_project_are_read_and_their_schema_is_current():
    directory = PROJECT_DIR / "target_lists"
    assert load_definitions(directory)
    assert (directory / "target_list.schema.json").read_text(encoding="utf-8") == schema_text()
    schema = json.loads(schema_text())
    assert schema["additionalProperties"] is False
    assert schema["properties"]["name"]["pattern"] == "^[a-z][a-z0-9_]*$" and "pattern" in schema["properties"]["schedule"]
    assert "null" not in str(schema["properties"]["limit"]) and schema["properties"]["offer"]["type"] == ["string", "null"]
    assert CliRunner().invoke(app, ["schema"]).output == schema_text()


def test_what_a_definition_says_is_recorded_as_ever(tmp_path):
    """Ledgers hold this text and its hash: a change of either makes every list look changed."""
    text = load_definition(written(tmp_path, CARE + MORE.replace("control_share: 0.25", "control_share: 0"))).as_json()
    assert text == (
        '{"approved": {"by": "李雷", "on": "2026-03-01"}, "caps": {"days_7": 1}, "channel": "sms", '
        '"columns": ["value_tier", "arpu_3m"], '
        '"control_share": 0, "cool_down_days": null, "destination": "sftp://host/folder", '
        '"exclude": ["arpu_3m < 0", "is_prepaid"], '
        '"exclude_lists": ["second"], "format": "xlsx", "include_lists": ["first"], "limit": 10, "max_data_age_days": null, '
        '"members": "all", "name": "care", "offer": "OF-1", "order_by": [{"descending": true, "tag": "arpu_3m"}, '
        '{"descending": false, "tag": "plan_code"}, {"descending": false, "tag": "tenure_months"}], "owner": "customer-value", '
        '"priority": 3, "purpose": "A call.", "salt": "s1", "schedule": "0 2 * * 1,4", "stale_tags": "accept", '
        '"status": "approved", "title": {"en": "Care", "zh": "关怀"}, "where": "is_on_net and value_tier = \'gold\'"}'
    )
    assert recorded_definition(text).as_json() == text
    assert recorded_definition(text.replace('"0 2 * * 1,4"', '"30 14 * * 1"')).schedule == "30 14 * * 1"  # of an older run
