"""The strict CSV reader against Python's own, whatever the block it is read in."""

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.intake import csv_file
from orchestration.intake.csv_file import CsvFile
from orchestration.intake.errors import Rejected

FIELDS = st.text(st.sampled_from('ab é\n\r,"中'), max_size=5)
ROWS = st.lists(st.lists(FIELDS, min_size=3, max_size=3), max_size=6)


def _read(path, data: bytes, block_bytes: int) -> tuple[list[list[str | None]], list[int]]:
    path.write_bytes(data)
    file = CsvFile(path, block_bytes)
    rows, lines = [], []
    for batch, numbers in file.batches(file.names):
        rows += [list(row.values()) for row in batch.to_pylist()]
        lines += numbers.tolist()
    return rows, lines


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=ROWS,
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    end=st.sampled_from(["\n", "\r\n"]),
    block=st.integers(1, 64),
)
def test_reads_what_pythons_writer_wrote(tmp_path, rows, quoting, end, block):
    if quoting == csv.QUOTE_MINIMAL:  # Python's writer leaves a carriage return unquoted then
        rows = [[field.replace("\r", "") for field in row] for row in rows]
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=quoting, lineterminator=end)
    writer.writerow("xyz")
    starts = []
    for row in rows:
        starts.append(text.getvalue().count("\n") + 1)
        writer.writerow(row)
    found, lines = _read(tmp_path / "x.csv", text.getvalue().encode(), block)
    assert found == [[field or None for field in row] for row in rows]
    assert lines == starts


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(body=st.text(st.sampled_from('a,"\n\r'), max_size=30), block=st.integers(1, 40))
def test_takes_a_file_whole_or_not_at_all(tmp_path, body, block):
    """What is accepted reads the same in any block and by Python's strict reader."""
    data = b"x,y\n" + body.encode()
    try:
        found, _ = _read(tmp_path / "x.csv", data, block)
    except Rejected:
        with pytest.raises(Rejected):
            _read(tmp_path / "x.csv", data, 1 << 20)
        return
    expected = list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))[1:]
    assert found == [[field or None for field in row] for row in expected]


@pytest.mark.parametrize("block", [1, 7, 1 << 20])
def test_the_line_at_fault_does_not_depend_on_blocks(tmp_path, block):
    for data, told in (
        (b'x,y\n"a\nb",1\n2\n', "line 4: 1 field where"),
        (b'x,y\n1,2\n"a\nb"c,1\n', "line 4: a double"),
        (b"x,y\n1,2\n3,\xff\n", "line 3: not"),
    ):
        with pytest.raises(Rejected, match=told):
            _read(tmp_path / "x.csv", data, block)


def test_an_unclosed_quote_does_not_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_file, "MAX_RECORD_BYTES", 1000)
    with pytest.raises(Rejected, match="line 2: a quote that is never closed"):
        _read(tmp_path / "x.csv", b'x,y\n"1,2\n' + b"3,4\n" * 1000, 64)


def test_a_file_of_one_column_may_have_blank_lines(tmp_path):
    assert _read(tmp_path / "x.csv", b"x\na\n\nb\n", 64) == ([["a"], [None], ["b"]], [2, 3, 4])
