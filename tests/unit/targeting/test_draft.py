"""A draft from answers: what may be answered besides, and what is told of a fault before anything is written."""

import duckdb
import pytest
from made_lists import AS_OF, RELATIONS, RUN_DATE, TABLES, insert, lay_tables

from orchestration.base import audit
from orchestration.base.settings import Home
from orchestration.engines.duckdb import DuckDBTables
from orchestration.engines.tables import Relations
from orchestration.targeting.advice import lines_by
from orchestration.targeting.definition import Conditions, DefinitionError
from orchestration.targeting.draft import drafted, require_answers, write_draft
from orchestration.targeting.expression import parse
from orchestration.targeting.run import read_catalog

ANSWERS = {
    "name": "fresh", "en": "Fresh", "zh": "新", "owner": "retention", "purpose": "A call.", "channel": "sms",
    "where": "value_tier = 'gold'",
}  # fmt: skip


@pytest.fixture(scope="module")
def tables():
    with duckdb.connect() as connection:
        lay_tables(connection, TABLES)
        rows = [("gold", "R1"), ("gold", "R2"), ("gold", None), ("mass", "R1"), (None, "R1")]
        insert(
            connection,
            "tags.subscriber_360",
            [(f"S{n}", True, tier, None, region, 1, 1, 1, AS_OF, False, None, None) for n, (tier, region) in enumerate(rows)],
        )
        yield DuckDBTables(connection, Relations(**RELATIONS))


@pytest.fixture(scope="module")
def catalog(tables):
    return read_catalog(tables)


def test_what_is_answered_besides_stands_in_the_list_and_what_is_empty_does_not(catalog):
    more = {"offer": "O1", "schedule": "weekly", "control_share": "0.2", "limit": "500", "priority": "3"}
    made = drafted(ANSWERS | more, catalog)
    assert (made.offer, made.schedule, made.control_share, made.limit, made.priority) == ("O1", "weekly", 0.2, 500, 3)
    plain = drafted(ANSWERS | dict.fromkeys(more, " "), catalog)
    assert (plain.offer, plain.schedule, plain.control_share, plain.limit, plain.priority) == (None, "nightly", None, None, 50)
    assert plain.status == "draft" and plain.columns == ("value_tier",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schedule": "sometimes"}, "schedule: 'sometimes' does not fit"),
        ({"control_share": "0.6"}, "control_share: must be at most 0.5, not 0.6"),
        ({"control_share": "much"}, "control_share: must be a number, not 'much'"),
        ({"limit": "0"}, "limit: must be at least 1, not 0"),
        ({"limit": "1.5"}, "limit: must be a whole number"),
        ({"priority": "101"}, "priority: must be at most 100, not 101"),
    ],
)
def test_a_fault_is_told_by_its_key_without_a_file_or_line(change, said, catalog, tmp_path):
    with pytest.raises(DefinitionError) as fault:
        write_draft(Home(tmp_path), ANSWERS | change, catalog)
    assert str(fault.value).startswith(said) and "(line" not in str(fault.value) and "/" not in str(fault.value)
    assert not (tmp_path / "target_lists").exists()


@pytest.mark.parametrize("name", ["../fresh", "/tmp/fresh", "fresh/../../x", "Fresh", "fresh.yml", ""])
def test_a_name_that_is_no_name_never_becomes_a_file(name, catalog, tmp_path, monkeypatch):
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    for make in (
        lambda: drafted(ANSWERS | {"name": name}, catalog),
        lambda: write_draft(Home(folder), ANSWERS | {"name": name}, catalog),
    ):
        with pytest.raises(DefinitionError, match="does not fit"):
            make()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_all_faults_of_the_answers_are_told_at_once(catalog):
    with pytest.raises(DefinitionError) as fault:
        require_answers(ANSWERS | {"name": "Fresh List", "zh": " ", "channel": "smss"}, catalog, {})
    assert [line.partition(":")[0] for line in str(fault.value).splitlines()] == ["name", "zh", "channel"]
    with pytest.raises(DefinitionError, match="there is a list fresh already"):
        require_answers(ANSWERS, catalog, {"fresh": None})
    require_answers(ANSWERS, catalog, {"other": None})


def test_a_draft_never_replaces_a_list_and_its_author_is_kept(catalog, tmp_path):
    home = Home(tmp_path)
    path = write_draft(home, ANSWERS, catalog)
    before = path.read_text(encoding="utf-8")
    with pytest.raises(FileExistsError):
        write_draft(home, ANSWERS | {"purpose": "Another."}, catalog)
    assert path.read_text(encoding="utf-8") == before
    assert [(row["action"], row["of"]) for row in audit.trail(home).entries()] == [("list_draft", "list fresh")]


def test_lines_are_counted_by_the_values_of_tags_the_most_first(tables, catalog):
    met = lines_by(Conditions(parse("value_tier = 'gold'", catalog)), ["region_code", "value_tier"], tables, AS_OF, RUN_DATE)
    assert met == {"region_code": [("R1", 1), ("R2", 1), ("unknown", 1)], "value_tier": [("gold", 3)]}
    everyone = lines_by(Conditions(parse("is_on_net", catalog)), ["region_code"], tables, AS_OF, RUN_DATE)
    assert everyone == {"region_code": [("R1", 3), ("R2", 1), ("unknown", 1)]}
