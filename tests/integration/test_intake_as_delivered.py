"""Parquet that fits enters the lake as it is, and neither side can change the other."""

import shutil
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from intake_kit import CONTRACT, Operator

from orchestration.intake.values import lake_schema

SCHEMA = lake_schema(CONTRACT["billing_charges"])
FOLDER = ("billing_charges", "2026-03-02")


@pytest.fixture
def operator(tmp_path):
    return Operator(tmp_path)


def _charges(*rows: tuple[str, str]) -> pa.Table:
    """Rows of (line, amount), all with the same month and fee code."""
    table = pa.table({"subscriber_id": [line for line, _ in rows], "amount": [amount for _, amount in rows]})
    table = table.append_column("bill_month", pa.array(["2026-02-01"] * len(rows)))
    table = table.append_column("fee_code", pa.array(["rent"] * len(rows)))
    columns = [table[f.name] if f.name in table.column_names else pa.nulls(len(rows)) for f in SCHEMA]
    return pa.table(columns, names=SCHEMA.names).cast(SCHEMA)


def _delivered(operator: Operator, table: pa.Table, mode: int):
    file = operator.deliver(*FOLDER, {"x.parquet": table}) / "x.parquet"
    file.chmod(mode)
    return file


def _in_lake(operator: Operator):
    return operator.home.raw / "billing_charges" / "dt=2026-03-02" / "part-0.parquet"


def _amounts(operator: Operator) -> dict[str, str]:
    return {row["subscriber_id"]: str(row["amount"]) for row in operator.raw(*FOLDER)}


@pytest.mark.parametrize("mode", [0o644, 0o444])
def test_the_lake_keeps_what_was_accepted_when_landing_is_replaced_or_goes(operator, mode):
    file = _delivered(operator, _charges(("A", "1.00"), ("B", "2.00")), mode)
    operator.take()
    file.unlink()
    pq.write_table(_charges(("A", "9.00")), file)
    assert _amounts(operator) == {"A": "1.00", "B": "2.00"}
    shutil.rmtree(file.parent)
    assert _amounts(operator) == {"A": "1.00", "B": "2.00"} and operator.take().outcomes == []


def test_a_file_written_anew_in_place_leaves_the_lake_alone(operator):
    file = _delivered(operator, _charges(("A", "1.00")), 0o644)
    operator.take()
    pq.write_table(_charges(("A", "9.00")), file)  # opens the old file and writes into it
    assert _amounts(operator) == {"A": "1.00"}
    operator.take()
    assert _amounts(operator) == {"A": "9.00"}


def test_a_file_that_nobody_may_write_has_no_second_copy(operator):
    file = _delivered(operator, _charges(("A", "1.00")), 0o444)
    before = file.read_bytes(), file.stat().st_mode, file.stat().st_mtime_ns
    operator.take()
    assert _in_lake(operator).read_bytes() == before[0]
    assert before == (file.read_bytes(), file.stat().st_mode, file.stat().st_mtime_ns)


def test_a_protection_that_was_overridden_is_seen_by_the_next_run(operator):
    file = _delivered(operator, _charges(("A", "1.00")), 0o444)
    operator.take()
    file.chmod(0o644)
    pq.write_table(_charges(("A", "9.00"), ("B", "2.00")), file)
    assert operator.take_one().rows_accepted == 2
    assert _amounts(operator) == {"A": "9.00", "B": "2.00"}


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        ([("A", "1.00"), (" B", "2.00")], {"A": "1.00", "B": "2.00"}),  # a blank to drop
        ([("A", "1.00"), ("B", "2.00"), ("B", "2.00")], {"A": "1.00", "B": "2.00"}),  # a row that comes twice
        ([("A", "1.00"), ("", "2.00")], {"A": "1.00"}),  # a row to quarantine
    ],
)
def test_a_file_that_must_be_written_anew_is_not_written_into(operator, rows, kept):
    file = _delivered(operator, _charges(*rows), 0o444)
    before = file.read_bytes()
    operator.take(max_set_aside_share=1.0)
    assert _amounts(operator) == kept
    assert file.read_bytes() == before and not _in_lake(operator).samefile(file)


def test_a_rejected_file_stays_in_landing(operator):
    file = _delivered(operator, _charges(("", "1.00")), 0o444)
    before = file.read_bytes()
    assert operator.take_one().outcome == "rejected"
    assert file.read_bytes() == before and file.stat().st_nlink == 1


def test_integers_of_32_bits_stay_as_they_are_and_mean_the_same(operator):
    days = CONTRACT["billing_usage_daily"]
    wide = lake_schema(days)
    narrow = pa.schema([(f.name, pa.int32() if f.type == pa.int64() else f.type) for f in wide])
    given = {"subscriber_id": "A", "usage_date": date(2026, 3, 1), "outgoing_calls": 7}
    row = pa.Table.from_pylist([{f.name: given.get(f.name, 0 if pa.types.is_integer(f.type) else None) for f in wide}], wide)

    file = operator.deliver("billing_usage_daily", "2026-03-02", {"x.parquet": row.cast(narrow)}) / "x.parquet"
    first = operator.take_one()
    kept = operator.home.raw / "billing_usage_daily" / "dt=2026-03-02" / "part-0.parquet"
    assert kept.read_bytes() == file.read_bytes()

    operator.deliver("billing_usage_daily", "2026-03-02", {"x.parquet": row})
    again = operator.take_one()
    assert (first.rows_accepted, first.rows_sha256) == (again.rows_accepted, again.rows_sha256)

    parts = {"x.parquet": row.cast(narrow), "y.parquet": row.set_column(2, "outgoing_calls", pa.array([2**40]))}
    parts["y.parquet"] = parts["y.parquet"].set_column(0, "subscriber_id", pa.array(["B"]))
    operator.deliver("billing_usage_daily", "2026-03-03", parts)
    assert operator.take_one().rows_accepted == 2  # one part of 32 bits beside a value that needs 64
