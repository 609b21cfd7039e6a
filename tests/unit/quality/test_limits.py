"""The seeds of limits are read as they stand, and a fault in them is told with file, row and cause."""

import shutil
from datetime import date

import pytest

from orchestration.base.contract import load_contract
from orchestration.base.errors import SeedError
from orchestration.base.settings import PROJECT_DIR
from orchestration.quality.limits import DriftLimit, drift_limit, load_drift_limits, load_release_limits


@pytest.fixture
def project(tmp_path):
    (tmp_path / "seeds").mkdir()
    for name in ("release_limits", "drift_limits"):
        shutil.copy(PROJECT_DIR / "seeds" / f"{name}.csv", tmp_path / "seeds")
    return tmp_path


def test_the_seeds_of_the_project_are_sound():
    assert load_release_limits().identifier_length > 1
    assert drift_limit(load_drift_limits(load_contract()), "billing_charges", "amount").warn_ratio > 1


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("min_kept_share,0.7", "min_kept_share,70", "row 2: min_kept_share is a share from 0 to 1, not 70; write 0.05 for 5 %"),
        ("min_kept_share,0.7", "min_kept_share,most", "row 2: min_kept_share 'most' is no number"),
        ("min_kept_share,", "least_kept_share,", "row 2: there is no rule 'least_kept_share'"),
        ("least_rows,20", "least_rows,2.5", "least_rows must be a whole number of 1 or more"),
        (
            'usual_periods,6,"Earlier months or deliveries that the level of a column is compared with"\n',
            "",
            "usual_periods is missing",
        ),
    ],
)
def test_a_release_limit_that_is_none_is_refused(project, old, new, told):
    path = project / "seeds" / "release_limits.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(SeedError, match=told):
        load_release_limits(project)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("billing_charges,amuont,3,8,", "row 3: billing_charges.amuont is no numeric column of the contract"),
        ("billing_charges,fee_code,3,8,", "row 3: billing_charges.fee_code is no numeric column"),
        ("billing_charges,amount,8,3,", "row 3: warn_ratio must be more than 1 and block_ratio at least warn_ratio"),
        ("billing_charges,amount,3,8,31.10.2026", "row 3: confirmed_from '31.10.2026' is no date"),
    ],
)
def test_a_drift_limit_that_is_none_is_refused(project, row, told):
    with (project / "seeds" / "drift_limits.csv").open("a") as file:
        file.write(f"{row}\n")
    with pytest.raises(SeedError, match=told):
        load_drift_limits(load_contract(), project)


def test_a_column_goes_by_its_own_row_and_all_others_by_the_default(project):
    with (project / "seeds" / "drift_limits.csv").open("a") as file:
        file.write("billing_charges,amount,2,4,2026-10-31\n")
    limits = load_drift_limits(load_contract(), project)
    assert drift_limit(limits, "billing_charges", "amount") == DriftLimit(2, 4, date(2026, 10, 31))
    assert drift_limit(limits, "billing_usage_daily", "data_mb") == DriftLimit(3, 8)
