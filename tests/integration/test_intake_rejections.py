"""Deliveries that must be turned away as a whole, and the nearest ones that must not."""

import errno
import gzip
import hashlib
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from intake_kit import CHARGES_HEADER, Operator, charges, many_charges

from orchestration.base import machine
from orchestration.base.files import sha256_of
from orchestration.intake import ledger

GOOD = charges("S1,2026-02-01,rent,10.00", "S2,2026-02-01,rent,20.00")


@pytest.fixture
def operator(tmp_path):
    return Operator(tmp_path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(GOOD[:-12], "line 3: 2 fields where the header has 4 fields", id="truncated in the last line"),
        pytest.param(GOOD.replace(",10.00", ""), "line 2: 3 fields", id="a field short"),
        pytest.param(GOOD.replace("10.00", "10,00"), "line 2: 5 fields", id="a field too many"),
        pytest.param(GOOD.replace(",", ";"), "semicolon", id="semicolons"),
        pytest.param(GOOD.replace(",", "\t"), "tab", id="tabs"),
        pytest.param(
            CHARGES_HEADER + GOOD.removeprefix(CHARGES_HEADER).replace(",", ";"), "line 2: 1 field", id="good header only"
        ),
        pytest.param(GOOD.replace("S2", '"S2'), "line 3: a quote that is never closed", id="unclosed quote"),
        pytest.param(GOOD.replace("S2", 'S"2"'), "line 3: a double quote within", id="stray quotes"),
        pytest.param(GOOD.replace("S2", '"S"2'), "line 3: a double quote within", id="text after a closing quote"),
        pytest.param(GOOD + "\n", "line 4: a blank line", id="blank line"),
        pytest.param(GOOD.replace("\n", "\r"), "carriage return", id="CR line ends"),
        pytest.param(GOOD.replace("S2", "Sé").encode("latin-1"), "line 3: not UTF-8", id="Latin-1"),
        pytest.param(GOOD.encode("utf-16"), "UTF-16", id="UTF-16"),
        pytest.param(GOOD.encode("utf-16-le"), "zero byte", id="UTF-16 without mark"),
        pytest.param(GOOD.replace("S2", "S\0"), "line 3: a zero byte", id="zero byte"),
        pytest.param("", "the file is empty", id="empty"),
        pytest.param(GOOD.replace("fee_code", "amount", 1), "columns 3 and 4 have the same name 'amount'", id="name twice"),
        pytest.param(
            GOOD.replace("fee_code", "Amount", 1),
            "columns 3 and 4 (Amount, amount) both may be amount",
            id="name in other case too",
        ),
        pytest.param(GOOD.replace("fee_code", "x", 1), "column fee_code missing", id="key column missing"),
        pytest.param(
            GOOD.removeprefix(CHARGES_HEADER), "columns subscriber_id, bill_month, fee_code, amount missing", id="no header"
        ),
    ],
)
def test_a_broken_csv_is_rejected(operator, content, told):
    outcome = operator.charge(content)
    assert outcome.outcome == "rejected"
    assert outcome.message.startswith("landing/billing_charges/dt=2026-03-02/part-0.csv: ")
    assert told in outcome.reason
    assert operator.raw("billing_charges", "2026-03-02") == []
    assert (outcome.rows_read, outcome.rows_accepted, outcome.rows_set_aside) == (0, 0, 0)


def test_a_missing_header_does_not_leak_the_values_taken_for_it(operator):
    operator.deliver("crm_customers", "2026-03-02", {"a.csv": "1000,personal,Anamaria Bauer\n1001,personal,Anamaria Bauer\n"})
    outcome = operator.take_one()
    assert outcome.outcome == "rejected"
    assert "Anamaria" not in repr(outcome) + "".join(operator.lines)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(GOOD.rstrip("\n"), id="no newline at the end"),
        pytest.param(GOOD.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(GOOD.replace("\n", "\r\n").rstrip("\n"), id="CR at the very end"),
        pytest.param("\ufeff" + GOOD, id="byte order mark"),
        pytest.param(GOOD.replace("S1", '"S1"').replace("subscriber_id", '"subscriber_id"'), id="quoted"),
        pytest.param(
            "amount,fee_code,bill_month,subscriber_id\n10.00,rent,2026-02-01,S1\n20,rent,2026-02-01,S2\n", id="other order"
        ),
    ],
)
def test_dialect_at_its_edges_gives_the_same_rows(operator, content):
    outcome = operator.charge(content)
    assert (outcome.outcome, outcome.rows_accepted, outcome.warnings[1:]) == ("accepted", 2, [])
    assert outcome.rows_sha256 == Operator(operator.home.root / "other").charge(GOOD).rows_sha256


def test_a_gzip_must_keep_its_checksum_and_length(operator):
    packed = gzip.compress(charges(*many_charges(500)).encode())
    for broken in (packed[:-4], packed[:200], packed[:-8] + bytes(4) + packed[-4:], packed + b"x", GOOD.encode(), b""):
        outcome = operator.charge(broken, "part-0.csv.gz")
        assert outcome.outcome == "rejected", len(broken)
    assert operator.charge(packed, "part-0.csv.gz").rows_accepted == 500


def _charges_table(count: int = 1000) -> pa.Table:
    rows = [r.split(",") for r in many_charges(count)]
    table = pa.table(dict(zip(CHARGES_HEADER.strip().split(","), map(list, zip(*rows, strict=True)), strict=True)))
    schema = pa.schema(
        [("subscriber_id", pa.string()), ("bill_month", pa.date32()), ("fee_code", pa.string()), ("amount", pa.decimal128(12, 2))]
    )
    return table.cast(schema)


def test_a_damaged_parquet_is_rejected(operator, tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(_charges_table(), path, write_page_checksum=True, compression="none", use_dictionary=False)
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[whole.index(b"S500")] ^= 1
    for broken in (whole[:-10], whole[: len(whole) // 2], bytes(flipped), b"", b"PAR1PAR1", GOOD.encode()):
        outcome = operator.charge(broken, "part-0.parquet")
        assert outcome.outcome == "rejected", len(broken)
        assert "Parquet file is truncated or corrupt" in outcome.reason
    assert operator.charge(whole, "part-0.parquet").rows_accepted == 1000


def test_parquet_text_must_be_utf8(operator, tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(_charges_table(), path, compression="none", use_dictionary=False)
    assert operator.charge(path.read_bytes().replace(b"S500", b"S\xff00"), "part-0.parquet").outcome == "rejected"


def test_parquet_with_a_name_twice_is_rejected(operator):
    table = _charges_table(2)
    outcome = operator.charge(table.append_column("amount", table["amount"]), "part-0.parquet")
    assert "columns 4 and 5 have the same name 'amount'" in outcome.reason


def _manifest(**files) -> str:
    return json.dumps({"files": {name.replace("_", "-", 1).replace("_", "."): told for name, told in files.items()}})


SHA = hashlib.sha256(GOOD.encode()).hexdigest()


@pytest.mark.parametrize(
    "success",
    [
        "",
        " \n",
        _manifest(part_0_csv={}),
        _manifest(part_0_csv={"rows": 2}),
        _manifest(part_0_csv={"rows": 2, "sha256": SHA.upper()}),
    ],
)
def test_a_manifest_that_fits_is_accepted(operator, success):
    assert operator.charge(GOOD, success=success).outcome == "accepted"


@pytest.mark.parametrize(
    ("success", "told"),
    [
        (_manifest(part_0_csv={"rows": 3}), "part-0.csv: 2 rows, _SUCCESS says 3"),
        (_manifest(part_0_csv={"sha256": "0" * 64}), "its SHA-256 is"),
        (_manifest(), "does not name part-0.csv"),
        (_manifest(part_0_csv={}, part_1_csv={}), "names part-1.csv, which the delivery lacks"),
        ("{", "is no JSON"),
        ("done", "is no JSON"),
        (b"\xff\xfe", "is no JSON"),
        ("null", 'holds no "files"'),
        ("{}", 'holds no "files"'),
        ("[]", 'holds no "files"'),
        ('{"files": ["part-0.csv"]}', 'holds no "files"'),
        ('{"files": {"part-0.csv": 2}}', "neither rows nor sha256"),
        (_manifest(part_0_csv={"rows": "2"}), "no count as rows"),
        (_manifest(part_0_csv={"rows": -1}), "no count as rows"),
        (_manifest(part_0_csv={"rows": True}), "no count as rows"),
        (_manifest(part_0_csv={"sha256": "abc"}), "no SHA-256"),
        ('{"files": {"part-0.csv": {"rows": 2}, "part-0.csv": {"rows": 3}}}', "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ('{"files": {"part-0.csv": {}, "\\ud800": {}}}', "is no JSON"),
    ],
)
def test_a_manifest_that_differs_or_is_none_is_rejected(operator, success, told):
    outcome = operator.charge(GOOD, success=success)
    assert outcome.outcome == "rejected"
    assert told in outcome.reason


def _folder_in(folder: Path) -> None:
    (folder / "more").mkdir()


def _link_in(folder: Path) -> None:
    (folder / "part-1.csv").symlink_to(folder / "part-0.csv")


def _linked_marker(folder: Path) -> None:
    (folder / "_SUCCESS").unlink()
    (folder / "_SUCCESS").symlink_to(folder / "part-0.csv")


def _other_type(folder: Path) -> None:
    (folder / "notes.txt").touch()


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / "part-1.csv")


def _no_data(folder: Path) -> None:
    (folder / "part-0.csv").rename(folder / "_part-0.csv")


def _linked_folder(folder: Path) -> None:
    away = folder.parents[3] / "away"
    folder.rename(away)
    folder.symlink_to(away)


@pytest.mark.parametrize("spoil", [_folder_in, _link_in, _linked_marker, _other_type, _pipe, _no_data, _linked_folder])
def test_what_may_not_lie_in_a_delivery(operator, spoil):
    spoil(operator.deliver("billing_charges", "2026-03-02", {"part-0.csv": GOOD}))
    outcome = operator.take_one()
    assert outcome.outcome == "rejected"
    assert operator.take().unchanged == 1


def _closed(step, folder: Path):
    """The step of os, denied for the folder and what is in it."""

    def act(path, *args, **kwargs):
        if str(path).startswith(str(folder)):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return step(path, *args, **kwargs)

    return act


def _gone(source: Path, *_):
    raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(source))


def test_what_may_not_be_read_is_told_as_that_and_tried_again(operator, monkeypatch):
    folder = operator.deliver("billing_charges", "2026-03-02", {"part-0.csv": GOOD})
    with monkeypatch.context() as closed:
        for step in ("scandir", "lstat"):
            closed.setattr(os, step, _closed(getattr(os, step), folder))
        assert operator.take_one().reason == "cannot be read (Permission denied). It is tried again on the next run"
    with monkeypatch.context() as closed:
        closed.setattr("orchestration.intake.delivery.sha256_of", _closed(sha256_of, folder))
        assert operator.take_one().reason.startswith("part-0.csv: cannot be read (Permission denied). It is tried again")
    with monkeypatch.context() as gone:
        gone.setattr("orchestration.intake.delivery.read_part", _gone)
        assert operator.take_one().reason.startswith("part-0.csv: cannot be read (No such file or directory). It is tried again")
    with monkeypatch.context() as closed:
        closed.setattr(os, "scandir", _closed(os.scandir, operator.home.landing))
        report = operator.take()
        assert report.outcomes == [] and "landing cannot be read (Permission denied): nothing is taken in" in report.warnings[0]
    assert operator.take_one().outcome == "accepted"


def test_a_full_disk_is_not_the_deliverys_fault(operator, monkeypatch):
    operator.deliver("billing_charges", "2026-03-02", {"part-0.parquet": _charges_table()})

    def fill_up(source, target):
        raise OSError(errno.ENOSPC, "No space left on device", str(source), None, str(target))

    with monkeypatch.context() as full:
        full.setattr("orchestration.base.files.shutil.copyfile", fill_up)
        with pytest.raises(OSError) as error:
            operator.take()
    words = machine.describe(error.value, operator.home.root)
    assert words.startswith(f"{operator.home.lake}/.incoming/") and words.endswith(
        ": no space left on device. Make room there and run again"
    )
    assert ledger.history(operator.home).num_rows == 0
    assert operator.take_one().outcome == "accepted"


def test_hidden_names_are_ignored(operator):
    folder = operator.deliver("billing_charges", "2026-03-02", {"part-0.csv": GOOD, ".part-1.csv": "x", "_log": "x"})
    (folder / ".tmp").mkdir()
    (folder / "_link.csv").symlink_to("nowhere")
    assert operator.take_one().rows_accepted == 2


def test_shares_and_ratios_pass_at_their_limit(operator):
    good, bad = many_charges(95), [f"X{i},2026-02-01,rent,abc" for i in range(6)]
    at_limit = operator.charge(charges(*good, *bad[:5]))
    assert (at_limit.outcome, at_limit.rows_set_aside) == ("accepted", 5)
    over = operator.charge(charges(*good[:94], *bad))
    assert (over.outcome, over.rows_read, over.rows_accepted, over.rows_set_aside) == ("rejected", 100, 0, 100)
    assert "6 of 100 rows quarantined" in over.reason
    assert "part-0.csv, line 96, column amount: 'abc' is no decimal(12,2)" in over.reason
    assert len(operator.aside(name="rejected")) == 6
    assert len(operator.aside(name="accepted")) == 5
    assert len(operator.raw("billing_charges", "2026-03-02")) == 95
    exact = operator.charge(
        charges(*many_charges(71), *[f"X{i},2026-02-01,rent,abc" for i in range(29)]), max_set_aside_share=0.29
    )
    assert exact.outcome == "accepted"
    assert operator.aside(name="rejected") == []
