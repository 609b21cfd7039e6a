"""Files of lists as LibreOffice takes them: no formula alive, phones and ids unchanged, Chinese readable.

It opens the file and saves it as CSV: a formula that it had taken for one would come out as its result.
"""

import csv
import shutil
import subprocess
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.targeting.file_title import FileTitle
from orchestration.targeting.files import FORMULA_STARTS, write_list

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
pytestmark = pytest.mark.skipif(OFFICE is None, reason="no soffice here; Debian has it in libreoffice-calc-nogui")

SECONDS = 120
TEXTS = [
    *(f"{start}1+1" for start in FORMULA_STARTS),
    '=HYPERLINK("http://example.org/"&A1;"open")', "=cmd|'/c calc'!A1", "@SUM(1;1)", " =1+1", "\u00a0=1+1", "\u200b=1+1",
    "{=1+1}", "'=1+1", "of:=1+1",
    '"=1+1', ';=1+1', 'x\n=1+1', "1/2", "2026-03-01", "1E5", "0012",
]  # fmt: skip
TITLE = FileTitle("care", "Care", "关怀", date(2026, 4, 1))
OTHERS = [([f"00{n:04}", f"138{n:08}"], ["畅享套餐，“高价值”客户", "-1.5"]) for n in range(len(TEXTS))]
RESULTS = {"2", "0", "-2", "open", "1", "#NAME?", "#REF!", "Err:508", "Err:509", "Err:510"}  # what the formulas come to

# Commas, quotes, UTF-8, from line 1, any language; whether quoted fields are text; special numbers are found.
QUOTED_AS_TEXT, QUOTED_AS_ANY = "44,34,76,1,,0,true,true,false", "44,34,76,1,,0,false,true,false"
OUT = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"  # every sheet, as it is shown


@pytest.fixture(scope="module")
def rows():
    with duckdb.connect() as connection:
        columns = "place integer, subscriber_id varchar, phone varchar, said varchar, plan varchar, amount double"
        connection.execute(f"create table made ({columns})")
        connection.executemany(
            "insert into made values (?, ?, ?, ?, '畅享套餐，“高价值”客户', -1.5)",
            [(n, f"00{n:04}", f"138{n:08}", text) for n, text in enumerate(TEXTS)],
        )
        yield connection


def opened(file: str, tmp_path: Path, options: str = "") -> list[list[str]]:
    """The cells of the file's list, as LibreOffice shows them."""
    command = [OFFICE, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"]
    command += [f"--infilter=Text - txt - csv (StarCalc):{options}"] if options else []
    command += ["--convert-to", OUT, "--outdir", str(tmp_path / "out"), file]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    found = list((tmp_path / "out").glob("*list.csv")) or list((tmp_path / "out").glob("*.csv"))
    assert found, done.stdout + done.stderr
    with found[0].open(encoding="utf-8", newline="") as shown:
        return list(csv.reader(shown))


def written(rows, tmp_path: Path, format: str) -> str:
    query = "select * exclude place from made order by place"
    return write_list(rows, query, "care_x", format, tmp_path, TITLE).files[0]


def test_a_workbook_shows_every_text_as_it_is(rows, tmp_path):
    header, *shown = opened(written(rows, tmp_path, "xlsx"), tmp_path)
    assert header == ["subscriber_id", "phone", "said", "plan", "amount"]
    assert [row[2].replace("\r", "\n") for row in shown] == [text.replace("\r", "\n") for text in TEXTS]
    assert [(row[:2], row[3:]) for row in shown] == OTHERS


def test_a_csv_taken_as_text_shows_every_text_as_it_is_but_for_the_mark_before_formulas(rows, tmp_path):
    _, *shown = opened(written(rows, tmp_path, "csv"), tmp_path, QUOTED_AS_TEXT)
    marked = [f"'{text}" if text[0] in FORMULA_STARTS else text for text in TEXTS]
    assert [row[2].replace("\r", "\n") for row in shown] == [text.replace("\r", "\n") for text in marked]
    assert [(row[:2], row[3:]) for row in shown] == OTHERS


@pytest.mark.parametrize("options", [QUOTED_AS_ANY, ""])
def test_a_csv_opened_carelessly_has_no_formula_alive(rows, tmp_path, options):
    _, *shown = opened(written(rows, tmp_path, "csv"), tmp_path, options)
    assert not {row[2] for row in shown} & RESULTS
    assert [row[2][1] for row in shown[: len(FORMULA_STARTS)]][:4] == ["=", "+", "-", "@"]
    assert [row[1] for row in shown] == [phone[0][1] for phone in OTHERS]
