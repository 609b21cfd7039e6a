"""A wrong seed stops the build with a message that names file, row and what is wrong."""

import shutil

import pytest

from orchestration.base.errors import SeedError
from orchestration.base.settings import PROJECT_DIR
from orchestration.warehouse.seeds import check_seeds


@pytest.fixture
def project(tmp_path):
    shutil.copytree(PROJECT_DIR / "seeds", tmp_path / "seeds")
    shutil.copytree(PROJECT_DIR / "models", tmp_path / "models")
    shutil.copytree(PROJECT_DIR / "macros", tmp_path / "macros")
    return tmp_path


def test_the_project_s_own_seeds_pass(project):
    check_seeds(project)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "seeds/tenure_bands.csv: cannot be read (No such file or directory); put the seed back"),
        (b"", "seeds/tenure_bands.csv: is empty; its first row must name the columns"),
        (b"band,lower_bound\n", "seeds/tenure_bands.csv: no row"),
        ("band,lower_bound\n1-3,1\n".encode("utf-16"), "seeds/tenure_bands.csv: cannot be read ("),
        (b'band,lower_bound\n1-3,"1\n', "seeds/tenure_bands.csv: cannot be read ("),
    ],
)
def test_a_file_that_is_no_seed_is_named_beside_the_others(project, content, message):
    path = project / "seeds" / "tenure_bands.csv"
    path.unlink() if content is None else path.write_bytes(content)
    (project / "seeds" / "arpu_bands.csv").write_text("band,lower_bound\n", encoding="utf-8")
    with pytest.raises(SeedError) as error:
        check_seeds(project)
    assert message in str(error.value) and "seeds/arpu_bands.csv: no row" in str(error.value)


def test_what_a_spreadsheet_saves_is_taken(project):
    for path in (project / "seeds").glob("*.csv"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    check_seeds(project)


@pytest.mark.parametrize(
    ("seed", "old", "new", "message"),
    [
        (
            "value_tiers",
            "gold,85,high",
            "gold,96,high",
            "value_tiers.csv, row 3: lower_bound '96' is out of order; bounds rise or fall from row to row\nFix",
        ),
        ("value_tiers", "gold,85,high", "gold,95,high", "value_tiers.csv, row 3: lower_bound '95' stands in row 2 already"),
        ("value_tiers", "gold,85,high", "gold,85,higher", "value_tiers.csv, row 3: value_class 'higher' is unknown"),
        ("value_tiers", "gold,85,high", "gold,85", "value_tiers.csv, row 3: 2 fields, but the header has 3"),
        ("tenure_bands", "13-24,13", "13-24,6", "tenure_bands.csv, row 5: lower_bound '6' is out of order"),
        ("tenure_bands", "13-24,13", "13-24,x", "tenure_bands.csv, row 5: lower_bound 'x' is no number"),
        ("tenure_bands", "13-24,13", "7-12,13", "tenure_bands.csv, row 5: band '7-12' stands in row 4 already"),
        ("arpu_bands", "30-50,30", "30-50,", "arpu_bands.csv, row 3: lower_bound '' stands in row 2 already"),
        ("service_layers_shares", "B,0.3", "B,0.05", "service_layers_shares.csv, row 3: upper_share '0.05' is out of order"),
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
        ("tenure_bands", "13-24,13", "13-24,1_3", "tenure_bands.csv, row 5: lower_bound '1_3' is no number"),
        ("tenure_bands", "13-24,13", "13-24, 13", "tenure_bands.csv, row 5: lower_bound ' 13' has blanks around it"),
        ("tenure_bands", "13-24,13", "13-24 ,13", "tenure_bands.csv, row 5: band '13-24 ' has blanks around it"),
        ("tenure_bands", "13-24,13", "\n13-24,13", "tenure_bands.csv, row 5: a blank line, but the header has 2"),
        ("tenure_bands", "band,lower_bound", "band,band", "tenure_bands.csv, row 1: column 'band' is there twice"),
        ("value_rules", "trend_limit,0.5", "trend_limit,5e-1", "value_rules.csv, row 5: value '5e-1' is no number"),
        ("value_rules", "trend_limit,0.5", "trend_limit,٥", "value_rules.csv, row 5: value '٥' is no number"),
        (
            "value_rules",
            "trend_limit,0.5",
            "trend_limit,0.1234567",
            "value_rules.csv, row 5: value '0.1234567' has more than 6 dec",
        ),
        ("intake_limits", "3,3,0.20", "3,3.5,0.20", "intake_limits.csv, row 2: max_stale_days '3.5' has more than 0 decimals"),
        (
            "tenure_bands",
            "1-3,1",
            "3-Jan,1",
            "tenure_bands.csv, row 2: band '3-Jan' is a date, such as a spreadsheet makes of 1-3",
        ),
        ("tenure_bands", "7-12,7", "12月7日,7", "tenure_bands.csv, row 4: band '12月7日' is a date"),
        ("inactivity_bands", "30-59,30", "Jan-30,30", "inactivity_bands.csv, row 3: band 'Jan-30' is a date"),
        ("saturation_bands", "0.3-0.7,0.3", "2026/3/7,0.3", "saturation_bands.csv, row 3: band '2026/3/7' is a date"),
        (
            "contact_rules",
            "control_share,0.1,",
            "control_share,10,",
            "row 10: value of control_share is 10; it must be a number from 0 to 0.5",
        ),
        (
            "contact_rules",
            "mid_cap_contacts,2",
            "mid_cap_contacts,-2",
            "value of mid_cap_contacts is -2; it must be a whole number of at least 1",
        ),
        (
            "contact_rules",
            "mid_cap_days,7",
            "mid_cap_days,7.5",
            "value of mid_cap_days is 7.5; it must be a whole number of at least 1",
        ),
        (
            "contact_rules",
            "mid_cap_days,7",
            "mid_cap_days,30",
            "mid_cap_days is 30 and long_cap_days is 30; the first must be the lower one",
        ),
        (
            "value_rules",
            "realised_weight,50",
            "realised_weight,60",
            "value_rules.csv: realised_weight 60, potential_weight 30, influence_weight 20 add up to 110; they must add up",
        ),
        (
            "value_rules",
            "contact_days_weight,0.6",
            "contact_days_weight,0.5",
            "contact_count_weight 0.2 add up to 0.9; they must add up to 1",
        ),
        (
            "value_rules",
            "trend_limit,0.5",
            "trend_limit,-0.5",
            "value_rules.csv, row 5: value of trend_limit is -0.5; it must be a number of at least 0",
        ),
        (
            "service_layers_shares",
            "D,1",
            "D,0.9",
            "service_layers_shares.csv, row 5: upper_share of D is 0.9; the last row must reach 1",
        ),
        (
            "value_tiers",
            "diamond,95,high",
            "diamond,101,high",
            "value_tiers.csv, row 2: lower_bound of diamond is 101; it must be a number from 0 to 100",
        ),
        (
            "hour_bands",
            "late,21",
            "late,24",
            "hour_bands.csv, row 7: lower_bound of late is 24; it must be a whole number from 0 to 23",
        ),
        (
            "alert_rules",
            "usage_drop,weekly,high,0.5",
            "usage_drop,weekly,high,50",
            "row 10: threshold of usage_drop is 50; it must be a number from 0 to 1",
        ),
        (
            "alert_rules",
            "arpu_drop,monthly,high,-0.3",
            "arpu_drop,monthly,high,0.3",
            "threshold of arpu_drop is 0.3; it must be a number from -1 to 0",
        ),
        ("alert_rules", "birthday,monthly,low,0", "birthday,monthly,low,1", "threshold of birthday is 1; it must be 0"),
        (
            "service_rules",
            "detractor_score,6",
            "detractor_score,9",
            "detractor_score is 9 and promoter_score is 9; the first must be the lower one",
        ),
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
