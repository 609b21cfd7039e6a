"""Files of lists: what each format holds, to the byte where it matters, and that nothing is left half done."""

import csv
import hashlib
import json
import re
import stat
import zipfile
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest

from orchestration.targeting import files, workbook
from orchestration.targeting.destination import FileError
from orchestration.targeting.file_title import FileTitle
from orchestration.targeting.files import write_list
from tests.read_workbook import sheets

TITLE = FileTitle("care", "High-value care", "高价值客户关怀", date(2026, 4, 1), {"plan": "The plan."}, {"as_of": "2026-03-31"})
HOSTILE = ("=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠1")


@pytest.fixture
def rows():
    """A table `made` of all kinds of columns, in an order that is not its keys'."""
    with duckdb.connect() as connection:
        connection.execute(
            "create table made (subscriber_id varchar, phone varchar, plan varchar, amount decimal(18,2), share double,"
            " begun date, seen timestamp, is_on_net boolean, manager_id bigint, place integer)"
        )
        connection.executemany(
            "insert into made values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                ("003", "013800000003", "=cmd|'/c calc'!A1", -5.5, float("nan"), None, None, None, None, 2),
                (
                    "001",
                    "013800000001",
                    'say "hi", 关怀 <&>',
                    300,
                    0.25,
                    "2020-01-31",
                    "2020-01-31 12:00:00",
                    True,
                    12345678901234567,
                    1,
                ),
                ("002", "013800000002", "", None, float("inf"), "1999-12-31", None, False, 7, 3),
            ],
        )
        yield connection


QUERY = "select * exclude place from made order by place"


def write(connection, directory: Path, format: str = "csv", query: str = QUERY, **changes):
    return write_list(connection, query, "care_x", format, directory, TITLE, ("subscriber_id", "phone", "manager_id"), **changes)


def test_csv_to_the_byte(rows, tmp_path):
    written = write(rows, tmp_path)
    content = Path(written.files[0]).read_bytes()
    assert content.decode() == (
        '\ufeff"subscriber_id","phone","plan",amount,share,begun,seen,is_on_net,"manager_id"\r\n'
        '"001","013800000001","say ""hi"", 关怀 <&>",300.00,0.25,2020-01-31,2020-01-31 12:00:00,true,"12345678901234567"\r\n'
        '"003","013800000003","\'=cmd|\'/c calc\'!A1",-5.50,,,,,\r\n'
        '"002","013800000002","",,,1999-12-31,,false,"7"\r\n'
    )
    assert (written.rows, written.bytes, written.sha256) == (3, len(content), hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_csv_begins_as_a_formula(rows, tmp_path, text):
    rows.execute("update made set plan = ?", [text])
    written = write(rows, tmp_path)
    with open(written.files[0], encoding="utf-8-sig", newline="") as file:
        assert {row["plan"] for row in csv.DictReader(file)} == {f"'{text}"}


def test_the_workbook_tells_of_itself_first_then_holds_the_rows(rows, tmp_path):
    found = sheets(Path(write(rows, tmp_path, "xlsx").files[0]))
    summary = [tuple(row.values()) for row in found["summary"]]
    assert summary[:6] == [
        ("list", "care"), ("title", "High-value care"), ("标题", "高价值客户关怀"), ("run date", "2026-04-01"), ("rows", "3"),
        ("sheets", "1"),
    ]  # fmt: skip
    assert ("plan", "The plan.") in summary and summary[6] == ("column", "meaning") and len(summary) == 16
    header, *body = found["list"]
    assert list(header.values()) == [name for name, _ in COLUMNS]
    assert body == [
        {"A": "001", "B": "013800000001", "C": 'say "hi", 关怀 <&>', "D": "300.00", "E": "0.25", "F": "43861", "G": "43861.5",
         "H": "1", "I": "12345678901234567"},
        {"A": "003", "B": "013800000003", "C": "=cmd|'/c calc'!A1", "D": "-5.50"},
        {"A": "002", "B": "013800000002", "C": "", "F": "36525", "H": "0", "I": "7"},
    ]  # fmt: skip


COLUMNS = [
    ("subscriber_id", "text"), ("phone", "text"), ("plan", "text"), ("amount", "number"), ("share", "number"), ("begun", "date"),
    ("seen", "timestamp"), ("is_on_net", "flag"), ("manager_id", "text"),
]  # fmt: skip


def test_the_workbook_holds_no_formula_no_link_and_ids_as_text(rows, tmp_path):
    rows.execute("update made set plan = 'https://example.org' where place = 1")
    with zipfile.ZipFile(write(rows, tmp_path, "xlsx").files[0]) as book:
        sheet = book.read("xl/worksheets/sheet2.xml").decode()
        styles = book.read("xl/styles.xml").decode()
    assert "<f>" not in sheet and "hyperlink" not in sheet
    assert sheet.count('t="inlineStr"') == 3 * 3 + 2  # ids, phones and plans, two managers
    style = re.search(r'<c r="B2" s="(\d+)" t="inlineStr">', sheet)[1]
    assert re.findall(r'<xf numFmtId="(\d+)"', styles.split("<cellXfs")[1])[int(style)] == "49"  # 49 is text, @
    assert '<pane ySplit="1"' in sheet and '<autoFilter ref="A1:I4"/>' in sheet and '<dimension ref="A1:I4"/>' in sheet


@pytest.mark.parametrize(
    ("text", "xml"),
    [
        ("a\x00b\x1bc", "a\ufffdb\ufffdc"),  # XML has no place for them
        ("a\rb\nc\td", "a&#13;b\nc\td"),
        (" edges ", " edges "),
        ("_x0041_", "_x005F_x0041_"),  # a spreadsheet would show an A
        ("_xylophone", "_xylophone"),
        ("]]><f>1</f>", "]]&gt;&lt;f&gt;1&lt;/f&gt;"),
        ("长" * 40_000, "长" * 32_767),
    ],
)
def test_any_text_is_a_text_of_the_workbook(rows, tmp_path, text, xml):
    rows.execute("update made set plan = ?", [text])
    with zipfile.ZipFile(write(rows, tmp_path, "xlsx").files[0]) as book:
        sheet = book.read("xl/worksheets/sheet2.xml").decode()
    ElementTree.fromstring(sheet)
    assert sheet.count(f'<is><t xml:space="preserve">{xml}</t></is>') == 3


@pytest.mark.parametrize("count", [0, 4, 5, 10, 11])
def test_more_rows_than_a_sheet_holds_go_on_the_next(rows, tmp_path, monkeypatch, count):
    monkeypatch.setattr(workbook, "SHEET_ROWS", 5)
    monkeypatch.setattr(workbook, "BATCH_ROWS", 3)
    rows.execute(f"create table many as select 'S' || n as subscriber_id, n from range({count}) as t(n)")
    written = write(rows, tmp_path, "xlsx", "select * from many order by n")
    summary, *lists = sheets(Path(written.files[0])).values()
    assert [len(sheet) - 1 for sheet in lists] == {0: [0], 4: [4], 5: [5], 10: [5, 5], 11: [5, 5, 1]}[count]
    assert [row["B"] for sheet in lists for row in sheet[1:]] == [str(n) for n in range(count)]
    assert {"A": "sheets", "B": str(len(lists))} in summary


def test_parquet_keeps_types_and_order(rows, tmp_path):
    path = write(rows, tmp_path, "parquet").files[0]
    table = rows.execute(f"select * from '{path}'")
    assert [str(c[1]) for c in table.description][:4] == ["VARCHAR", "VARCHAR", "VARCHAR", "DECIMAL(18,2)"]
    assert [row[0] for row in table.fetchall()] == ["001", "003", "002"]


@pytest.mark.parametrize("format", files.FORMATS)
def test_the_same_rows_give_the_same_bytes_and_the_manifest_says_which(rows, tmp_path, format):
    first, again = (write(rows, tmp_path / place, format) for place in ("a", "b"))
    assert first.sha256 == again.sha256
    data, note = map(Path, first.files)
    assert note.read_bytes() == Path(again.files[1]).read_bytes()
    manifest = json.loads(note.read_text())
    assert manifest["files"] == [
        {"name": f"care_x.{format}", "bytes": data.stat().st_size, "sha256": hashlib.sha256(data.read_bytes()).hexdigest()}
    ]
    assert (manifest["list"], manifest["as_of"], manifest["rows"]) == ("care", "2026-03-31", 3)
    assert manifest["columns"]["plan"] == {"kind": "text", "meaning": "The plan."}


def test_files_are_for_their_owner_and_nothing_else_is_left(rows, tmp_path):
    written = write(rows, tmp_path)
    assert [stat.S_IMODE(Path(f).stat().st_mode) for f in written.files] == [0o600, 0o600]
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["care_x.csv", "care_x.json"]


@pytest.mark.parametrize("step", ["sha256_of", "deliver"])
def test_a_failure_half_way_leaves_the_earlier_file_and_nothing_more(rows, tmp_path, monkeypatch, step):
    before = Path(write(rows, tmp_path).files[0]).read_bytes()
    rows.execute("delete from made where place = 1")

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(files, step, full)
    with pytest.raises(FileError, match="list care: No space left on device; nothing is exported"):
        write(rows, tmp_path)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["care_x.csv", "care_x.json"]
    assert (tmp_path / "care_x.csv").read_bytes() == before


@pytest.mark.parametrize("format", files.FORMATS)
def test_rows_other_than_counted_are_no_file(rows, tmp_path, monkeypatch, format):
    monkeypatch.setattr(files, "_count", lambda *_: 2)
    with pytest.raises(FileError, match="list care: 3 rows were written, 2 expected"):
        write(rows, tmp_path, format)
    assert not list(tmp_path.iterdir())


def test_what_a_killed_run_left_goes_with_the_next_and_other_lists_are_left_alone(rows, tmp_path):
    own, other = (tmp_path / "2026-03-30" / f".{name}.abc.partial" for name in ("care", "care_more"))
    for left in (own, other):
        left.mkdir(parents=True)
        (left / "body.csv").write_text("half")
    write(rows, tmp_path / "2026-04-01")
    assert not own.exists() and other.exists()


def test_an_unknown_format_is_named(rows, tmp_path):
    with pytest.raises(FileError, match="list care: format 'xls' is none of csv, xlsx, parquet"):
        write(rows, tmp_path, "xls")
