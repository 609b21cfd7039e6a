"""Reading profiles: what their file may say, and what they make of single values."""

from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from orchestration.base.contract import load_contract
from orchestration.base.settings import Home
from orchestration.intake.errors import Rejected
from orchestration.intake.profile import load_profile, parse_profile, unused
from orchestration.intake.reading import Reading
from orchestration.intake.values import typed

CONTRACT = load_contract()
CHARGES, USAGE, SUBSCRIBERS = CONTRACT["billing_charges"], CONTRACT["billing_usage_daily"], CONTRACT["crm_subscribers"]


def _read(table, column: str, given: dict, *values, kind=None):
    """What the values become in the lake; 'bad' for those that the profile refuses, 'none' for those that the contract does."""
    profile = parse_profile(given, table)
    found = Reading(table.name, profile).column(table.column(column), pa.array(values, kind or pa.string()))
    kept = typed(found.values, table.column(column).data_type, is_code=False)
    bad = found.bad.to_pylist() if found.bad else [False] * len(values)
    none = kept.bad.to_pylist() if kept.bad else [False] * len(values)
    return ["bad" if b else "none" if n else v for b, n, v in zip(bad, none, kept.values.to_pylist(), strict=True)]


@pytest.mark.parametrize(
    ("form", "texts", "expected"),
    [
        ("%Y%m%d", ["20260801", "2026-08-01", "", None, "20261301"], [date(2026, 8, 1), "bad", None, None, "none"]),
        ("%d.%m.%Y", ["01.08.2026", "1.8.2026", "32.08.2026"], [date(2026, 8, 1), date(2026, 8, 1), "none"]),
        ("%Y-%m-%d %H:%M:%S", ["2026-08-01 00:00:00", "2026-08-01 00:00:01"], [date(2026, 8, 1), "bad"]),
        ("%Y%m", ["202608", "2026081"], [date(2026, 8, 1), "bad"]),
        ("%Y年%m月%d日", ["2026年8月1日"], [date(2026, 8, 1)]),
    ],
)
def test_dates_are_read_in_the_stated_form_alone(form, texts, expected):
    assert _read(CHARGES, "bill_month", {"date_format": form}, *texts) == expected


def test_times_are_read_in_the_stated_form_alone():
    table = CONTRACT["billing_payments"]
    form = {"timestamp_format": "%Y/%m/%dT%H:%M:%S.%f"}
    assert _read(table, "paid_at", form, "2026/08/01T07:05:09.5", "2026-08-01 07:05:09") == [
        datetime(2026, 8, 1, 7, 5, 9, 500_000),
        "bad",
    ]
    assert _read(table, "paid_at", {"timestamp_format": "%Y%m%d%H%M%S"}, "20260801070509") == [datetime(2026, 8, 1, 7, 5, 9)]


def test_numbers_are_read_with_the_stated_separators_alone():
    given = {"decimal_separator": ",", "thousands_separator": "."}
    assert _read(CHARGES, "amount", given, "1.234,50", "1234,5", "-0,01", "12.34", "1,234.50", "1.23,00", "1,005", "") == [
        *(Decimal("1234.50"), Decimal("1234.50"), Decimal("-0.01"), "bad", "bad", "bad", "none", None)
    ]


def test_units_are_converted_exactly_or_not_at_all():
    assert _read(CHARGES, "amount", {"units": {"amount": "fen"}}, "1250", "-1", "0", "12.5", "1e3", "", None) == [
        *(Decimal("12.50"), Decimal("-0.01"), Decimal("0.00"), "bad", "bad", None, None)
    ]
    assert _read(CHARGES, "amount", {"units": {"amount": "fen"}}, 1250, None, kind=pa.int64()) == [Decimal("12.50"), None]
    assert _read(USAGE, "outgoing_minutes", {"units": {"outgoing_minutes": "seconds"}}, "90", "61") == [Decimal("1.50"), "bad"]
    assert _read(USAGE, "data_mb", {"units": {"data_mb": "kb"}}, "1024", "128", "1") == [
        Decimal("1.000"),
        Decimal("0.125"),
        "bad",
    ]


def test_what_is_named_in_rounded_is_rounded_with_halves_away_from_zero():
    given = {"units": {"outgoing_minutes": "seconds"}, "rounded": ["outgoing_minutes"]}
    assert _read(USAGE, "outgoing_minutes", given, "61", "0.3", "-0.3", "-0.1", "x") == [
        *(Decimal("1.02"), Decimal("0.01"), Decimal("-0.01"), Decimal("0.00"), "bad")
    ]


def test_codes_nulls_and_flags():
    assert _read(SUBSCRIBERS, "status_code", {"values": {"status_code": {"A": "active", "1": "active"}}}, "A", "1", "B") == [
        *("active", "active", "B")
    ]
    assert _read(SUBSCRIBERS, "region_code", {"null_values": ["\\N", "NULL"]}, "\\N", "NULL", "null", "north") == [
        *(None, None, "null", "north")
    ]
    flags = {"true_values": ["Y", "1"], "false_values": ["N"]}
    assert _read(SUBSCRIBERS, "is_real_name", flags, "Y", "1", "N", "true", "0") == [True, True, False, True, "none"]
    ids = {"numbers_as_text": ["subscriber_id"]}
    assert _read(CHARGES, "subscriber_id", ids, 1001, None, kind=pa.int64()) == ["1001", None]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("delimeter: ';'", "unknown key delimeter; did you mean delimiter?"),
        ("delimiter: xx", "delimiter: 'xx' is none of"),
        ("encoding: gkb", "encoding: 'gkb' is not known"),
        ("encoding: base64", "encoding: 'base64' is not known"),
        ("header: maybe", "header: "),
        ("header: false", "columns: is missing"),
        ("columns: [a]", "columns: are for files without a header"),
        ("rename: {A: amount, B: amount}", "rename: amount comes twice"),
        ("rename: {A: amuont}", "rename: amuont is no column of billing_charges; did you mean amount?"),
        ("date_format: '%d/%m/%y'", "date_format: '%d/%m/%y': %y is not known"),
        ("date_format: {amount: '%Y%m%d'}", "date_format: amount: is no date but decimal(12,2)"),
        ("decimal_separator: ','\nthousands_separator: ','", "they must differ"),
        ("units: {amount: cent}", "units: amount: 'cent' is no unit"),
        ("units: {amount: kb}", "units: amount is not counted in kb"),
        ("rounded: [amount]", "rounded: amount has no unit"),
        ("numbers_as_text: [amount]", "numbers_as_text: amount is no text"),
        ("true_values: [Y]\nfalse_values: [Y]", "Y stands in false_values too"),
        ("null_values: NULL", "null_values: "),
        ("units: {amount: fen}\nunits: {amount: li}", "line 1: is no YAML (units comes twice)"),
        ("units: {amount: fen", "is no YAML"),
        ("", "holds no keys"),
        ("- a", "holds no keys"),
    ],
)
def test_a_fault_of_a_profile_is_told_with_file_and_key(tmp_path, text, told):
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "billing_charges.yml").write_text(text)
    with pytest.raises(Rejected) as error:
        load_profile(Home(tmp_path), CHARGES)
    assert str(error.value).startswith("profiles/billing_charges.yml: ")
    assert told in str(error.value)


def test_all_faults_of_a_profile_are_told_at_once():
    with pytest.raises(Rejected, match=r"delimiter: .*; encoding: .*; units: "):
        parse_profile({"delimiter": "x", "encoding": "y", "units": {"amount": "z"}}, CHARGES)


def test_a_profile_tells_what_it_changes(tmp_path):
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "billing_charges.yml").write_text(
        "delimiter: ';'\nencoding: gbk\nrename: {ACCT: subscriber_id}\nnull_values: [\\N, NULL, no]\nunits: {amount: fen}\n"
    )
    assert load_profile(Home(tmp_path), CHARGES).described() == (
        "delimiter ';', encoding gbk, rename ACCT as subscriber_id, null values \\N, NULL, no, amount in fen"
    )
    assert load_profile(Home(tmp_path), USAGE) is None


def test_files_among_the_profiles_that_belong_to_no_table_are_told(tmp_path):
    (tmp_path / "profiles").mkdir()
    for name in ("billing_charges.yml", "billing_chargez.yml", "billing_charges.yaml", ".swp"):
        (tmp_path / "profiles" / name).touch()
    assert unused(Home(tmp_path), set(CONTRACT)) == [
        *(
            f"profiles/{name}: belongs to no table; not used. Name it <table>.yml; did you mean billing_charges?"
            for name in ("billing_charges.yaml", "billing_chargez.yml")
        )
    ]
