"""Files in other shapes than the contract's: named, read where nothing is guessed, read by a profile, tried before."""

import gzip
from decimal import Decimal

import pyarrow as pa
import pytest
from intake_kit import CHARGES_HEADER, CONTRACT, Operator, charges, many_charges, subscribers
from typer.testing import CliRunner

from orchestration.base.exit_codes import ExitCode
from orchestration.base.settings import PROJECT_DIR
from orchestration.cli import app
from orchestration.cli.show import show
from orchestration.intake.check import check

LOOSE = {"max_set_aside_share": 1.0}
GOOD = charges("S1,2026-02-01,rent,10.00", "S2,2026-02-01,rent,20.00")
PROFILE = "profiles/billing_charges.yml"


@pytest.fixture
def operator(tmp_path):
    return Operator(tmp_path)


def _profile(operator: Operator, text: str, table: str = "billing_charges") -> None:
    path = operator.home.root / "profiles" / f"{table}.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (
            "SUBSCRIBER_ID,BILL_MONTH,FEE_CODE,AMOUNT",
            "columns SUBSCRIBER_ID, BILL_MONTH, FEE_CODE, AMOUNT are there in capitals",
        ),
        ("subscriber_id,bill_month,fee_code,Amount", "column Amount is there with capitals or blanks"),
        ("subscriber_id, bill_month,fee_code,AMOUNT ", "are there"),
    ],
)
def test_a_header_in_another_case_is_read_with_a_warning(operator, header, told):
    outcome = operator.charge(GOOD.replace(CHARGES_HEADER.strip(), header))
    assert (outcome.outcome, outcome.rows_accepted) == ("accepted", 2)
    assert any(told in warning for warning in outcome.warnings), outcome.warnings


def test_capitals_of_a_column_that_may_be_empty_do_not_lose_it(operator):
    operator.deliver("crm_tariff_plans", "2026-03-02", {"a.csv": "plan_code,plan_name,MONTHLY_FEE\nP1,x,5.00\n"})
    operator.take()
    assert operator.raw("crm_tariff_plans", "2026-03-02")[0]["monthly_fee"] == Decimal("5.00")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            "S1,2026-02-01,rent,10.00\nS2,2026-02-01,rent,20.00\n",
            "no header: the first line holds data, and columns subscriber_id",
        ),
        ("用户,月份,科目,金额\nS1,2026-02-01,rent,10.00\n", "none of the 4 names in the header is the contract's"),
        (GOOD.replace("amount", "amuont"), "column amount missing ('amuont'; did you mean amount?)"),
        (GOOD.replace("rent", "月租").encode("gbk"), "not UTF-8; the bytes read as GBK"),
        (GOOD.replace("rent", "月租费用").encode("gb18030").replace(b"\n", b"\r\n"), f"give encoding: gb18030 in {PROFILE}"),
        (GOOD.encode("utf-16"), f"give encoding: utf-16 in {PROFILE}"),
        (GOOD.encode("utf-16-le"), f"give encoding: utf-16-le in {PROFILE}"),
        (GOOD.replace(",", "|"), f"give delimiter: '|' in {PROFILE}"),
        (GOOD.replace(",", "\x01"), "divided by a control-A"),
    ],
)
def test_the_cause_is_named(operator, content, told):
    outcome = operator.charge(content)
    assert (outcome.outcome, outcome.rows_read) == ("rejected", 0)
    assert told in outcome.reason


def test_all_faults_of_a_file_come_in_one_round(operator):
    rows = "S1;2026-02-01 00:00:00;月租;10.00\nS2;2026-02-01;月租;10,00\nS3;NULL;月租;1.00\n"
    outcome = operator.charge(("subscriber_id;bill_month;fee_code;amount;amount\n" + rows).encode("gbk"))
    assert outcome.outcome == "rejected"
    for told in ("GBK", "semicolon", "columns 4 and 5 have the same name"):
        assert told in outcome.reason
    outcome = operator.charge(("subscriber_id;bill_month;fee_code;AMOUNT\n" + rows).encode("gbk"))
    for told in (
        "GBK",
        "semicolon",
        "it is a date with midnight",
        "'10,00' is no decimal(12,2): a comma stands in it",
        "a null written out",
    ):
        assert told in outcome.reason, told
    outcome = operator.charge("subscriber_id,bill_month,fee_code\nS1,2026-02-01 00:00:00,rent\n")
    assert "column amount missing" in outcome.reason and "date with midnight" in outcome.reason


def test_faults_of_all_files_come_in_one_round(operator):
    operator.deliver(
        "billing_charges", "2026-03-02", {"a.csv": GOOD.replace(",", ";"), "b.csv": GOOD, "c.csv": GOOD.replace("amount", "x")}
    )
    reason = operator.take_one().reason
    assert (
        "a.csv: line 1: the fields are divided" in reason and "c.csv: column amount missing" in reason and "b.csv" not in reason
    )


@pytest.mark.parametrize("name", ["CHARGES_202602.CSV", "part-0.Csv.GZ"])
def test_suffixes_count_in_any_case(operator, name):
    content = gzip.compress(GOOD.encode()) if name.endswith("GZ") else GOOD
    assert operator.charge(content, name).rows_accepted == 2


def test_an_empty_part_beside_others_is_no_rows(operator):
    operator.deliver(
        "billing_charges", "2026-03-02", {"a.csv": GOOD, "b.csv": "", "c.csv.gz": gzip.compress(b""), "d.csv": "\ufeff"}
    )
    outcome = operator.take_one()
    assert (outcome.outcome, outcome.rows_accepted) == ("accepted", 2)
    assert [w.split(":")[0] for w in outcome.warnings if "an empty part file" in w] == ["b.csv", "c.csv.gz", "d.csv"]
    operator.deliver("billing_charges", "2026-03-02", {"a.csv": "", "b.csv": ""})
    assert "a.csv: the file is empty" in operator.take_one().reason
    operator.deliver("billing_charges", "2026-03-02", {"a.csv": GOOD, "b.csv.gz": b""})
    assert "the gzip file is truncated" in operator.take_one().reason
    success = '{"files": {"a.csv": {"rows": 2}, "b.csv": {"rows": 1}}}'
    operator.deliver("billing_charges", "2026-03-02", {"a.csv": GOOD, "b.csv": ""}, success)
    assert "b.csv: 0 rows, _SUCCESS says 1" in operator.take_one().reason


@pytest.mark.parametrize(
    ("values", "kind", "told"),
    [
        ([1, 2], pa.int64(), "is int64 in the Parquet file; the contract says string"),
        ([1, 2], pa.int32(), "is int32 in the Parquet file; the contract says string"),
        ([1.0, 2.0], pa.float64(), "is double in the Parquet file; the contract says string"),
    ],
)
def test_a_parquet_column_of_another_type_is_named_and_ids_can_be_taken_as_text(operator, values, kind, told):
    table = pa.table(
        {
            "subscriber_id": pa.array(values, kind),
            "bill_month": ["2026-02-01"] * 2,
            "fee_code": ["rent"] * 2,
            "amount": ["1.00"] * 2,
        }
    )
    assert told in operator.charge(table, "part-0.parquet").reason
    _profile(operator, "numbers_as_text: [subscriber_id]")
    outcome = operator.take_one()
    assert (outcome.outcome == "accepted") == pa.types.is_integer(kind)
    if pa.types.is_integer(kind):
        assert [row["subscriber_id"] for row in operator.raw("billing_charges", "2026-03-02")] == ["1", "2"]


NULLS = ["\\N", "NULL", "null", "(null)", "NaN", "nan", "None", "N/A", "#N/A"]


def test_nulls_written_out_are_warned_of_in_text_and_key_columns(operator):
    rows = "".join(f"P{i},{text},x\n" for i, text in enumerate(NULLS)) + "NULL,big,none\n"
    operator.deliver("crm_tariff_plans", "2026-03-02", {"a.csv": "plan_code,plan_name,brand_code\n" + rows})
    outcome = operator.take_one()
    assert outcome.rows_accepted == 10
    (names,) = [w for w in outcome.warnings if "column plan_name" in w]
    assert "9 values look like a null written out" in names and "\\N 1, NULL 1" in names and "the first in line 2" in names
    assert "name them in null_values of profiles/crm_tariff_plans.yml" in names
    (keys,) = [w for w in outcome.warnings if "column plan_code" in w]
    assert "1 values look like a null written out (NULL 1; the first in line 11)" in keys
    assert not any("column brand_code" in w for w in outcome.warnings)


def test_nulls_written_out_in_parquet_are_warned_of_too(operator):
    table = pa.table({"manager_id": ["G1", "G2"], "team": ["None", "b"], "region_code": [None, "\\N"]})
    operator.deliver("channel_managers", "2026-03-02", {"a.parquet": table})
    warnings = operator.take_one().warnings
    assert [w.split(":")[1] for w in warnings if "null written out" in w] == [" column team", " column region_code"]


def test_a_null_written_out_in_a_column_of_closed_values_is_named(operator):
    rows = "C1,personal,None\nC2,personal,x\nC3,personal,female\n"
    operator.deliver("crm_customers", "2026-03-02", {"a.csv": "customer_id,customer_type,gender\n" + rows})
    operator.take(**LOOSE)
    null, other = operator.aside("crm_customers")
    assert (
        null["reason"] == "is a null written out: leave the field empty, or name it in null_values of profiles/crm_customers.yml"
    )
    assert other["reason"].startswith("is none of ")


def test_null_values_of_a_profile_are_null(operator):
    rows = "".join(f"P{i},name,{text}\n" for i, text in enumerate(NULLS)) + "P9,NULL,b\n"
    operator.deliver("crm_tariff_plans", "2026-03-02", {"a.csv": "plan_code,plan_name,brand_code\n" + rows})
    _profile(operator, "null_values: ['\\N', NULL, 'null', (null), NaN, nan, None, N/A, '#N/A']", "crm_tariff_plans")
    outcome = operator.take_one(**LOOSE)
    assert (outcome.rows_accepted, outcome.rows_set_aside) == (9, 1)  # plan_name must have a value
    assert [row["brand_code"] for row in operator.raw("crm_tariff_plans", "2026-03-02")] == [None] * 9
    assert not any("null written out" in w for w in outcome.warnings)


MANAGERS = "manager_id,manager_name,team,outlet_id,region_code\n"


@pytest.mark.parametrize(
    "again",
    [
        MANAGERS,
        MANAGERS.upper(),
        MANAGERS.title(),
        "\ufeff" + MANAGERS,
        MANAGERS.replace(",", " ,"),
        '"' + MANAGERS[:10] + '"' + MANAGERS[10:],
    ],
)
def test_a_repeated_header_is_rejected_with_its_line(operator, again):
    rows = [f"G{i},,a,,north\n" for i in range(3)]
    operator.deliver("channel_managers", "2026-03-02", {"a.csv": MANAGERS + rows[0] + again + rows[1] + again + rows[2]})
    outcome = operator.take_one(**LOOSE)
    assert (outcome.rows_read, outcome.rows_accepted, outcome.rows_set_aside) == (5, 3, 2)
    aside = operator.aside("channel_managers")
    assert [a["line"] for a in aside] == [3, 5]
    assert all("is the header again" in a["reason"] and len(a["faults"]) == 1 for a in aside)


def test_a_repeated_header_in_typed_tables_and_after_renaming(operator):
    _profile(operator, "rename: {ACCT: subscriber_id, MON: bill_month}")
    header = "ACCT,MON,fee_code,amount\n"
    outcome = operator.charge(
        header + "S1,2026-02-01,rent,1.00\n" + header.lower() + CHARGES_HEADER + "S2,2026-02-01,rent,1.00\n", **LOOSE
    )
    assert (outcome.rows_accepted, outcome.rows_set_aside) == (2, 2)
    assert {a["line"] for a in operator.aside() if "is the header again" in a["reason"]} == {3, 4}


def test_a_header_in_the_middle_with_another_order_rejects_the_file(operator):
    other = "region_code,manager_id,manager_name,team,outlet_id\nnorth,G2,,a,\n"
    operator.deliver("channel_managers", "2026-03-02", {"a.csv": MANAGERS + "G1,,a,,north\n" + other})
    assert "a.csv: line 3: the header is there again, with its columns in another order" in operator.take_one().reason


ORACLE = """\
delimiter: ';'
encoding: gbk
rename: {ACCT_NO: subscriber_id, 账期: bill_month, FEE: fee_code}
date_format: {bill_month: '%Y%m'}
decimal_separator: ','
thousands_separator: '.'
null_values: [\\N]
values: {fee_code: {月租: rent}}
units: {amount: fen}
"""


def test_a_profile_reads_a_foreign_file(operator):
    _profile(operator, ORACLE)
    outcome = operator.charge("ACCT_NO;账期;FEE;AMOUNT\nS1;202602;月租;1.250\nS2;202602;流量;5\n".encode("gbk"))
    assert (outcome.outcome, outcome.rows_accepted) == ("accepted", 2), outcome.reason
    rows = operator.raw("billing_charges", "2026-03-02")
    assert [(r["subscriber_id"], str(r["bill_month"]), r["fee_code"], r["amount"]) for r in rows] == [
        ("S1", "2026-02-01", "rent", Decimal("12.50")),
        ("S2", "2026-02-01", "流量", Decimal("0.05")),
    ]
    told = "read by profile profiles/billing_charges.yml: delimiter ';', encoding gbk, rename ACCT_NO as subscriber_id"
    assert outcome.warnings[0].startswith(told) and "amount in fen" in outcome.warnings[0]
    assert told in show(operator.home, "billing_charges", "2026-03-02")


def test_utf8_is_not_taken_for_the_encoding_of_the_profile(operator):
    _profile(operator, "encoding: gbk")
    told = "part-0.csv: the bytes read as UTF-8, not as gbk. Correct the encoding in profiles/billing_charges.yml"
    assert operator.charge(GOOD.replace("rent", "月租")).reason.startswith(told)
    assert operator.charge(GOOD.replace("rent", "月租").encode("gbk")).outcome == "accepted"
    assert (
        operator.charge(GOOD.replace("rent", "联通").encode("gbk")).outcome == "accepted"
    )  # is UTF-8 too, but of no Chinese text


def test_the_example_of_the_docs_is_read(operator):
    section = (PROJECT_DIR / "docs" / "deliveries.md").read_text(encoding="utf-8").split("## Reading profiles")[1]
    rows, profile = section.split("```\n")[1], section.split("```yaml\n")[1].split("```")[0]
    _profile(operator, profile)
    outcome = operator.charge(rows.encode("gbk"))
    assert (outcome.outcome, outcome.rows_accepted) == ("accepted", 3), outcome.reason
    assert [(r["fee_code"], r["amount"]) for r in operator.raw("billing_charges", "2026-03-02")] == [
        *(("RENTAL", Decimal("96.00")), ("DATA", Decimal("12.50")), ("RENTAL", Decimal("30.00")))
    ]


def test_a_row_that_the_profile_cannot_read_shows_what_was_delivered(operator):
    _profile(operator, "units: {amount: fen}\ndate_format: '%Y%m%d'")
    operator.charge(CHARGES_HEADER + "S1,20260201,rent,12.5\nS2,2026-02-01,rent,1\nS3,20260201,rent,1\n", **LOOSE)
    assert [(a["line"], a["column"], a["value"]) for a in operator.aside()] == [
        (2, "amount", "12.5"),
        (3, "bill_month", "2026-02-01"),
    ]
    assert "in fen is no decimal(12,2) without rounding" in operator.aside()[0]["reason"]
    assert "is not written as %Y%m%d, the date_format of profiles/billing_charges.yml" in operator.aside()[1]["reason"]


def test_a_file_without_a_header_is_read_by_its_columns(operator):
    _profile(operator, "header: false\ncolumns: [bill_month, subscriber_id, note, fee_code, amount]")
    outcome = operator.charge("2026-02-01,S1,x,rent,1.00\n2026-02-01,S2,x,rent,abc\n", **LOOSE)
    assert (outcome.rows_read, outcome.rows_accepted) == (2, 1)
    assert operator.aside()[0]["line"] == 2
    assert "where the columns of the profile have 5 fields" in operator.charge("2026-02-01,S1,rent,1.00\n").reason


def test_units_of_a_parquet_file(operator):
    table = pa.table({"ACCT": ["S1"], "bill_month": ["2026-02-01"], "fee_code": ["rent"], "amount": pa.array([1250], pa.int64())})
    _profile(operator, "rename: {ACCT: subscriber_id}\nunits: {amount: fen}")
    assert operator.charge(table, "part-0.parquet").outcome == "accepted"
    assert operator.raw("billing_charges", "2026-03-02")[0]["amount"] == Decimal("12.50")


def test_a_changed_profile_judges_anew_and_one_at_fault_rejects_its_table_alone(operator):
    assert operator.charge(GOOD.replace(",", ";")).outcome == "rejected"
    assert operator.take().unchanged == 1
    _profile(operator, "delimiter: ';'")
    assert operator.take_one().outcome == "accepted"
    assert operator.take().unchanged == 1
    _profile(operator, "delimitter: ';'")
    operator.deliver("crm_tariff_plans", "2026-03-02", {"a.csv": "plan_code,plan_name\nP1,x\n"})
    outcomes = {o.table_name: o for o in operator.take().outcomes}
    assert outcomes["crm_tariff_plans"].outcome == "accepted"
    assert outcomes["billing_charges"].reason == (
        "profiles/billing_charges.yml: unknown key delimitter; did you mean delimiter?. Correct the profile and run again"
    )
    assert len(operator.raw("billing_charges", "2026-03-02")) == 2


def _files(root) -> dict:
    return {str(p): (p.stat().st_mtime_ns, p.stat().st_size) for p in sorted(root.rglob("*"))}


def test_check_tells_what_would_happen_and_writes_nothing(operator, tmp_path):
    away = Operator(tmp_path / "away")
    operator.deliver("crm_customers", "2026-03-01", {"a.csv": "customer_id,customer_type\nC1,personal\n"})
    operator.take()
    before = _files(operator.home.lake)
    tree = away.deliver("crm_subscribers", "2026-03-02", {"a.csv": subscribers(("S1", "C1"), ("S2", "C9"))}, success=None)
    away.deliver("billing_charges", "2026-03-02", {"a.csv": charges(*many_charges(100), "X,2026-02-01,rent,abc")})
    found = check(operator.home, CONTRACT, tree)
    text = "\n".join(found.lines)
    assert not found.is_well
    assert "crm_subscribers 2026-03-02: would be REJECTED" in text
    assert (
        "column customer_id, line 3: 'C9' is no customer_id of crm_customers dt=2026-03-01" in text
    )  # checked against the home's lake
    assert "no _SUCCESS is there yet" in text and "billing_charges" not in text
    found = check(operator.home, CONTRACT, away.home.landing / "billing_charges")
    assert found.is_well and "column amount, line 102: 'abc' is no decimal(12,2)" in "\n".join(found.lines)
    assert "1 would be accepted, 1 would be rejected" in check(operator.home, CONTRACT, away.home.landing).lines[-1]
    assert _files(operator.home.lake) == before and not (away.home.root / "lake").exists()


def test_check_tries_again_what_is_in_the_lake_already_and_uses_the_profiles(operator):
    folder = operator.deliver("billing_charges", "2026-03-02", {"a.csv": GOOD})
    operator.take()
    _profile(operator, "date_format: '%Y%m%d'")
    found = check(operator.home, CONTRACT, folder)
    assert not found.is_well and "is not written as %Y%m%d" in "\n".join(found.lines)


def test_check_compares_with_the_snapshot_before(operator):
    first = [(f"S{i}", "C1") for i in range(40)]
    operator.deliver("crm_customers", "2026-03-01", {"a.csv": "customer_id,customer_type\nC1,personal\n"})
    operator.deliver("crm_subscribers", "2026-03-01", {"a.csv": subscribers(*first)})
    operator.take()
    before = _files(operator.home.lake)
    again = check(operator.home, CONTRACT, operator.home.landing)
    assert again.is_well and again.lines[-1].startswith("2 would be accepted")
    short = operator.deliver("crm_subscribers", "2026-03-02", {"a.csv": subscribers(*first[:39])})
    found = check(operator.home, CONTRACT, short)
    assert found.is_well and "1 rows of dt=2026-03-01 are missing" in "\n".join(found.lines)
    (short / "a.csv").write_text(subscribers(*first[:20]))
    assert "20 rows, under 70 % of the 40 of dt=2026-03-01" in "\n".join(check(operator.home, CONTRACT, short).lines)
    assert _files(operator.home.lake) == before


def test_the_command_check_exits_with_1_where_something_would_be_rejected(operator):
    good, away = operator.deliver("billing_charges", "2026-03-02", {"a.csv": GOOD}), operator.home.root / "nothing"
    home = ["--home", str(operator.home.root)]
    assert CliRunner().invoke(app, ["intake", "check", str(good), *home]).exit_code == 0
    (good / "a.csv").write_text(GOOD.replace("amount", "x"))
    rejected = CliRunner().invoke(app, ["intake", "check", str(good), *home])
    assert rejected.exit_code == 1 and "a.csv: column amount missing" in rejected.output
    assert CliRunner().invoke(app, ["intake", "check", str(away), *home]).exit_code == ExitCode.SETTING
    (good.parent / "dt=2026-02-30").mkdir()
    misnamed = CliRunner().invoke(app, ["intake", "check", str(good.parent / "dt=2026-02-30"), *home])
    assert misnamed.exit_code == 1 and "no folder named dt=<valid date>" in misnamed.output
    assert not operator.home.lake.exists()
