"""A public table as a file: by its name, in each format, some of it, and what is refused with which words."""

import csv
import json
import re
import zipfile
from dataclasses import replace

import duckdb
import pytest

from orchestration.targeting import table_file
from orchestration.targeting.destination import FileError
from orchestration.targeting.table_file import public_table, write_table
from orchestration.warehouse.manifest import Model
from tests.made_warehouse import MODELS, made_home, made_version
from tests.read_workbook import sheets

PEOPLE = replace(MODELS[0], meta=MODELS[0].meta | {"grain": ["person_id"]})
MADE = (PEOPLE, *MODELS[1:])


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    made = made_home(tmp_path_factory.mktemp("tables"))
    made_version(made)
    return made


def test_all_of_a_table_in_the_order_of_its_grain(home, tmp_path):
    written = write_table(home, MADE, "core.dim_people", tmp_path / "people.csv")
    assert written.rows == 30
    with (tmp_path / "people.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["person_id"] for row in rows] == sorted(f"p{n}" for n in range(30))
    assert rows[1] == {"person_id": "p1", "grade": "1", "amount": "1.50", "remark": "said 1"}
    told = json.loads((tmp_path / "people.json").read_text(encoding="utf-8"))
    assert told["table"] == "core.dim_people" and told["rows"] == 30
    assert told["columns"]["person_id"]["meaning"] == "Who."


def test_some_columns_and_rows_of_it(home, tmp_path):
    assert write_table(home, MADE, "dim_people", tmp_path / "people.parquet", ["remark", "amount"], limit=2).rows == 2
    found = duckdb.sql(f"select * from '{tmp_path}/people.parquet'")
    assert found.columns == ["remark", "amount"] and found.fetchall()[0][0] == "said 0"
    assert write_table(home, MADE, "dim_people", tmp_path / "none.csv", limit=0).rows == 0
    assert write_table(home, MADE, "dim_people", tmp_path / "all.csv", limit=31).rows == 30


def test_a_workbook_keeps_figures_as_figures_and_ids_as_text(home, tmp_path):
    write_table(home, MADE, "dim_people", tmp_path / "people.xlsx")
    found = sheets(tmp_path / "people.xlsx")
    assert list(found["summary"][0].values()) == ["table", "core.dim_people"]
    head, first, *_ = (list(row.values()) for row in found["table"])
    assert dict(zip(head, first, strict=True)) == {"person_id": "p0", "grade": "0", "amount": "0.00", "remark": "said 0"}
    with zipfile.ZipFile(tmp_path / "people.xlsx") as book:
        cells = book.read("xl/worksheets/sheet2.xml").decode()
    assert re.search(r'<c r="A2"[^>]* t="inlineStr">', cells) and re.search(r'<c r="B2"(?![^>]*t=)[^>]*><v>0</v>', cells)


def test_a_workbook_takes_no_more_rows_than_a_sheet_opens_with(home, tmp_path, monkeypatch):
    monkeypatch.setattr(table_file, "SHEET_ROWS", 29)
    with pytest.raises(FileError, match=r"table core.dim_people: 30 rows, and a sheet takes 29; write .csv or .parquet"):
        write_table(home, MADE, "dim_people", tmp_path / "people.xlsx")
    assert write_table(home, MADE, "dim_people", tmp_path / "people.xlsx", limit=29).rows == 29


@pytest.mark.parametrize(
    ("table", "file", "columns", "words"),
    [
        ("dim_people", "people.txt", [], "a file ends in .csv, .xlsx, .parquet"),
        ("dim_people", "people.csv", ["phone"], "table core.dim_people has no column phone; it has person_id, grade"),
        ("people", "people.csv", [], "no public table has that name; did you mean core.dim_people?"),
        ("private.int_phones", "phones.csv", [], "no public table has that name; docs/analysts.md lists them all"),
    ],
)
def test_what_is_not_there_is_told_and_nothing_written(home, tmp_path, table, file, columns, words):
    with pytest.raises(FileError, match=words):
        write_table(home, MADE, table, tmp_path / file, columns)
    assert list(tmp_path.iterdir()) == []


def test_a_name_in_two_schemas_is_asked_for_with_its_schema():
    twin = Model("other", "tags", "dim_people", meta={"public": True})
    with pytest.raises(FileError, match=r"there are core.dim_people and tags.dim_people; name one with its schema"):
        public_table((*MADE, twin), "dim_people")
    assert public_table((*MADE, twin), "tags.dim_people") is twin
