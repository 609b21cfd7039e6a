"""How deliveries are written: types of the lake, the day of delivery of each row, manifests, and what is refused."""

import hashlib
import json
from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.base.contract import load_contract
from orchestration.intake.values import lake_schema
from sample.calendar import day_number
from sample.delivery import Codes, Landing, SampleError, lake_array
from sample.settings import NEVER

DAYS = [date(2026, 6, 28), date(2026, 6, 29), date(2026, 6, 30)]
CONTRACT = load_contract()


def _charges(fen, months=None):
    count = len(fen)
    return {
        "subscriber_id": Codes(np.arange(count), [f"L{i}" for i in range(count)]),
        "bill_month": np.full(count, day_number(date(2026, 5, 1))),
        "fee_code": Codes(np.zeros(count, int), ["F100"]),
        "amount": np.array(fen),
    }


def _landing(folder, form="parquet", tables=("billing_charges",)):
    return Landing(folder, CONTRACT, DAYS, form, tables)


def _rows(folder, day):
    parts = sorted((folder / "billing_charges" / f"dt={day}").glob("*.parquet"))
    return pa.concat_tables([pq.read_table(p, partitioning=None) for p in parts])


@pytest.mark.parametrize(
    ("column", "data_type", "expected"),
    [
        (np.array([12_345, -1, 0]), "decimal(12,2)", [Decimal("123.45"), Decimal("-0.01"), Decimal("0.00")]),
        (np.array([-(2**40), 2**40]), "decimal(14,3)", [Decimal(-(2**40)) / 1000, Decimal(2**40) / 1000]),
        (np.ma.array([5, 6], mask=[True, False]), "decimal(12,2)", [None, Decimal("0.06")]),
        (np.array([0, NEVER]), "date", [date(1970, 1, 1), None]),
        (np.ma.array([1_000_000, 0], mask=[False, True]), "timestamp", [datetime(1970, 1, 1, 0, 0, 1), None]),
        (np.ma.array([7, 0], mask=[False, True]), "integer", [7, None]),
        (np.array([0, 1]), "boolean", [False, True]),
        (Codes(np.array([1, -1, 0]), ["a", "b"]), "string", ["b", None, "a"]),
    ],
)
def test_columns_come_as_the_contract_types_them(column, data_type, expected):
    assert lake_array(column, data_type).to_pylist() == expected


def test_a_value_listed_twice_is_a_fault_of_the_generator():
    with pytest.raises(ValueError, match="twice among"):
        Codes(np.array([0, 1]), ["a", "a"])


def test_files_have_the_types_of_the_lake(tmp_path):
    landing = _landing(tmp_path / "landing")
    landing.add("billing_charges", _charges([100]), "0")
    landing.finish()
    file = tmp_path / "landing" / "billing_charges" / f"dt={DAYS[0]}" / "part-0.parquet"
    assert pq.ParquetFile(file).schema_arrow.equals(lake_schema(CONTRACT["billing_charges"]), check_metadata=False)


def test_rows_lie_in_the_delivery_of_the_day_they_became_known(tmp_path):
    landing = _landing(tmp_path / "landing")
    first = day_number(DAYS[0])
    landing.add("billing_charges", _charges([1, 2, 3, 4, 5]), "0", np.array([first - 40, first, first + 1, first + 2, first + 3]))
    assert landing.finish() == 4  # the last row is not known yet
    amounts = [[int(a * 100) for a in _rows(tmp_path / "landing", day)["amount"].to_pylist()] for day in DAYS]
    assert amounts == [[1, 2], [3], [4]]


def test_a_day_without_rows_is_delivered_empty_and_complete(tmp_path):
    landing = _landing(tmp_path / "landing")
    landing.add("billing_charges", _charges([1]), "0")
    landing.finish()
    assert len(_rows(tmp_path / "landing", DAYS[2])) == 0
    assert (tmp_path / "landing" / "billing_charges" / f"dt={DAYS[2]}" / "_SUCCESS").exists()


def test_the_manifest_tells_rows_and_digest_of_every_part(tmp_path):
    landing = _landing(tmp_path / "landing")
    landing.add("billing_charges", _charges([1, 2]), "a")
    landing.add("billing_charges", _charges([3]), "b")
    folder = tmp_path / "landing" / "billing_charges" / f"dt={DAYS[0]}"
    assert not (folder / "_SUCCESS").exists()
    landing.finish()
    files = json.loads((folder / "_SUCCESS").read_text())["files"]
    assert {name: f["rows"] for name, f in files.items()} == {"part-a.parquet": 2, "part-b.parquet": 1}
    for name, told in files.items():
        assert told["sha256"] == hashlib.sha256((folder / name).read_bytes()).hexdigest()


def test_a_frame_that_is_not_the_contracts_is_a_fault_of_the_generator(tmp_path):
    frame = _charges([1])
    frame["note"] = frame.pop("amount")
    with pytest.raises(ValueError, match=r"billing_charges: amount, note"):
        _landing(tmp_path / "landing").add("billing_charges", frame, "0")


def test_the_same_part_twice_is_a_fault_of_the_generator(tmp_path):
    landing = _landing(tmp_path / "landing")
    landing.add("billing_charges", _charges([1]), "0")
    with pytest.raises(ValueError, match="twice"):
        landing.add("billing_charges", _charges([1]), "0")


@pytest.mark.parametrize("made_before", [False, True])
def test_deliveries_of_others_are_never_touched(tmp_path, made_before):
    if made_before:
        _landing(tmp_path / "landing").finish()
    theirs = tmp_path / "landing" / "billing_charges" / "dt=2026-06-01" / "part-0.csv"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("subscriber_id,bill_month,fee_code,amount\n")
    before = sorted((tmp_path / "landing").rglob("*"))
    with pytest.raises(SampleError, match=r"dt=2026-06-01.*none of its deliveries"):
        _landing(tmp_path / "landing")
    assert sorted((tmp_path / "landing").rglob("*")) == before


def test_deliveries_of_an_earlier_made_operator_go(tmp_path):
    landing = _landing(tmp_path / "landing")
    landing.add("billing_charges", _charges([1]), "old")
    landing.finish()
    _landing(tmp_path / "landing").finish()
    assert not list((tmp_path / "landing").glob("*/*/part-old.parquet"))


def test_unknown_formats_and_tables_are_refused(tmp_path):
    with pytest.raises(SampleError, match="'xlsx' is unknown; choose one of parquet, csv"):
        _landing(tmp_path / "landing", form="xlsx")
    with pytest.raises(SampleError, match="billing_chargez"):
        _landing(tmp_path / "landing", tables=["billing_chargez"])
    assert not (tmp_path / "landing").exists()


def test_csv_is_written_in_the_contracts_spelling(tmp_path):
    landing = _landing(tmp_path / "landing", "csv", ("channel_complaints",))
    frame = {
        "complaint_id": Codes(np.array([0, 1]), ["Q1", "Q2"]),
        "subscriber_id": Codes(np.array([0, 0]), ["L1"]),
        "opened_at": np.array([1_000_000, 2_000_000]),
        "closed_at": np.ma.array([0, 3_000_000], mask=[True, False]),
        "category_code": Codes(np.array([0, -1]), ["a, b"]),
        "is_satisfied": np.ma.array([0, 1], mask=[True, False]),
    }
    landing.add("channel_complaints", frame, "0")
    landing.finish()
    text = (tmp_path / "landing" / "channel_complaints" / f"dt={DAYS[0]}" / "part-0.csv").read_text()
    first, second = text.splitlines()[1:]
    assert first == '"Q1","L1",1970-01-01 00:00:01.000000,,"a, b",'
    assert second.endswith(",,true")
