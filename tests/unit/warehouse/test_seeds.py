"""A wrong seed stops the build with a message that names file, row and what is wrong."""

import shutil

import pytest

from orchestration.intake import SeedError
from orchestration.settings import PROJECT_DIR
from orchestration.warehouse.seeds import check_seeds


@pytest.fixture
def project(tmp_path):
    shutil.copytree(PROJECT_DIR / "seeds", tmp_path / "seeds")
    shutil.copytree(PROJECT_DIR / "models", tmp_path / "models")
    return tmp_path


def test_the_project_s_own_seeds_pass(project):
    check_seeds(project)


@pytest.mark.parametrize(
    ("seed", "old", "new", "message"),
    [
        ("value_tiers", "gold,85,high", "gold,96,high", "value_tiers.csv, row 4: lower_bound '70' is out of order"),
        ("value_tiers", "gold,85,high", "gold,95,high", "value_tiers.csv, row 3: lower_bound '95' stands in row 2 already"),
        ("value_tiers", "gold,85,high", "gold,85,higher", "value_tiers.csv, row 3: value_class 'higher' is unknown"),
        ("value_tiers", "gold,85,high", "gold,85", "value_tiers.csv, row 3: 2 fields, but the header has 3"),
        ("tenure_bands", "13-24,13", "13-24,6", "tenure_bands.csv, row 5: lower_bound '6' is out of order"),
        ("tenure_bands", "13-24,13", "13-24,x", "tenure_bands.csv, row 5: lower_bound 'x' is no number"),
        ("tenure_bands", "13-24,13", "7-12,13", "tenure_bands.csv, row 5: band '7-12' stands in row 4 already"),
        ("arpu_bands", "30-50,30", "30-50,", "arpu_bands.csv, row 3: lower_bound '' stands in row 2 already"),
        ("service_layers_shares", "B,0.3", "B,0.05", "service_layers_shares.csv, row 4: upper_share '0.6' is out of order"),
        ("alert_rules", "zero_usage,daily", "zero_usage,hourly", "alert_rules.csv, row 2: cadence 'hourly' is unknown"),
        (
            "alert_rules",
            "zero_usage,daily,high,7",
            "zero_usage,daily,high,week",
            "alert_rules.csv, row 2: threshold 'week' is no number",
        ),
        ("value_rules", "trend_limit,", "trendlimit,", "value_rules.csv: the rule trend_limit is missing"),
        ("value_rules", "trend_limit,", "trendlimit,", "row 5: no model asks for a rule trendlimit"),
        ("value_rules", "trend_limit,0.5", "trend_limit,", "value_rules.csv, row 5: value is empty"),
        ("tenure_bands", "band,lower_bound", "band,lower", "tenure_bands.csv, row 1: columns band, lower"),
    ],
)
def test_a_wrong_seed_is_named_with_row_and_cause(project, seed, old, new, message):
    path = project / "seeds" / f"{seed}.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SeedError) as error:
        check_seeds(project)
    assert message in str(error.value)
