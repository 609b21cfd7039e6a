"""Seeds of intake: the ones of the project, and ones that must be refused by file and row."""

import pytest

from orchestration.base.contract import load_contract
from orchestration.base.errors import SeedError
from orchestration.intake.limits import limits_of, load_limits, load_patterns

TABLES = load_contract()
HEADER = (
    "table_name,max_set_aside_share,min_snapshot_ratio,warn_snapshot_ratio,min_append_ratio,max_append_ratio,max_stale_days,"
    "max_unknown_share,max_missing_share,min_concerned_rows\n"
)
DEFAULT = "*,0.05,0.70,1.50,0.3333,3,3,0.20,0.05,10\n"


def _load(tmp_path, text: str):
    path = tmp_path / "intake_limits.csv"
    path.write_text(text, encoding="utf-8")
    return load_limits(TABLES, path)


def test_the_seeds_of_the_project():
    limits = limits_of(load_limits(TABLES), "billing_charges")
    assert (limits.max_set_aside_share, limits.min_snapshot_ratio, limits.warn_snapshot_ratio) == (0.05, 0.7, 1.5)
    assert (limits.max_unknown_share, limits.max_missing_share, limits.min_concerned_rows) == (0.2, 0.05, 10)
    assert (
        limits_of(load_limits(TABLES), "channel_suppressions").max_missing_share == 1
    )  # kept, so never a reason to refuse new ones
    assert load_patterns() == ["^1[0-9]{10}$"]


def test_a_table_of_its_own_takes_empty_fields_from_the_default(tmp_path):
    limits = _load(tmp_path, HEADER + "billing_charges,0.01,,,,,,,,\n" + DEFAULT)
    own, other = limits_of(limits, "billing_charges"), limits_of(limits, "crm_customers")
    assert (own.max_set_aside_share, own.max_append_ratio) == (0.01, 3)
    assert other.max_set_aside_share == 0.05


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEADER, r"no row \*"),
        (HEADER + DEFAULT + "billing_charge,0.1,,,,,,,,\n", "row 3: no table is named 'billing_charge'"),
        (HEADER + DEFAULT + DEFAULT, r"row 3: \* has a row already"),
        (HEADER + DEFAULT.replace("0.70", "70%"), "row 2: min_snapshot_ratio: '70%' is no number"),
        (HEADER + DEFAULT.replace("0.70", "-1"), "row 2: min_snapshot_ratio: '-1' is no number"),
        (HEADER + DEFAULT.replace("0.70", "nan"), "row 2: min_snapshot_ratio: 'nan' is no number"),
        (HEADER + DEFAULT.replace("0.70", ""), "row 2: min_snapshot_ratio is empty"),
        (HEADER + DEFAULT.replace("0.70", "0_7"), "row 2: min_snapshot_ratio: '0_7' is no number"),
        (HEADER + DEFAULT.replace("0.05", "5"), "row 2: max_set_aside_share: '5' is over 1; write 0.05 for 5 %"),
        (HEADER + DEFAULT.replace("0.20", "20"), "row 2: max_unknown_share: '20' is over 1; write 0.05 for 5 %"),
        (HEADER + "*,0.05\n", "row 2: must have 10 fields"),
        (HEADER.replace("max_stale_days", "stale") + DEFAULT, "row 1: the columns must be"),
        ("", "row 1: the columns must be"),
    ],
)
def test_a_bad_seed_is_refused_by_file_and_row(tmp_path, text, told):
    with pytest.raises(SeedError, match=f"intake_limits.csv: {told}"):
        _load(tmp_path, text)


def test_a_seed_that_is_no_utf8_is_told(tmp_path):
    path = tmp_path / "intake_limits.csv"
    path.write_bytes((HEADER + DEFAULT).encode("utf-16"))
    with pytest.raises(SeedError, match="cannot be read .*; save it as CSV in UTF-8"):
        load_limits(TABLES, path)


def test_a_seed_that_is_gone_is_told(tmp_path):
    with pytest.raises(SeedError, match="cannot be read"):
        load_limits(TABLES, tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("pattern", "told"), [("[0-9", "row 3: .* no regular expression"), ("(?=a)b", "row 3"), ("", "row 3: pattern is empty")]
)
def test_a_pattern_that_is_none_is_refused(tmp_path, pattern, told):
    path = tmp_path / "msisdn_patterns.csv"
    path.write_text(f"country,pattern,description\nChina,^1[0-9]{{10}}$,mobile\nChina,{pattern},x\n", encoding="utf-8")
    with pytest.raises(SeedError, match=told):
        load_patterns(path)
