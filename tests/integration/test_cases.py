"""Small inputs that once failed, each with the value that is right. TELCO360_CASES names where they lie, else beside the project.

Other examples of the same kinds are in the tests of each part; here the given ones go the whole way.
"""

import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.base import settings
from orchestration.base.contract import load_contract
from orchestration.base.errors import SeedError
from orchestration.base.settings import PROJECT_DIR, Home
from orchestration.catalog.published import read_tags
from orchestration.catalog.tags import Catalog
from orchestration.cli.common import models
from orchestration.engines.choose import engine
from orchestration.intake import IntakeReport, take_in
from orchestration.targeting.contradictions import contradictions
from orchestration.targeting.lists import open_lists
from orchestration.warehouse.seeds import check_seeds

CASES = Path(os.environ.get("TELCO360_CASES") or PROJECT_DIR.parent / "shared" / "cases")
CONTRACT = load_contract()

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not here; TELCO360_CASES names where they lie")


def laid(case: str, root: Path) -> Home:
    """A home with the deliveries of a case."""
    shutil.copytree(CASES / case / "landing", root / "landing", copy_function=shutil.copy)
    return Home(root)


def taken(case: str, root: Path) -> IntakeReport:
    """What intake makes of them."""
    return take_in(laid(case, root), CONTRACT)


def run(home: Home, as_of: str) -> tuple[int, str]:
    """Exit code and output of a whole run."""
    entry = "from orchestration.cli.main import app; app()"
    command = [sys.executable, "-c", entry, "--home", str(home.root), "nightly", "--as-of", as_of]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def ask(home: Home, sql: str) -> list[tuple]:
    with duckdb.connect(str(home.current.resolve()), read_only=True) as db:
        return db.execute(sql).fetchall()


@pytest.mark.parametrize(
    ("case", "table", "says"),
    [
        ("survey_score_11", "channel_surveys", ["2 of 30 rows quarantined", "score", "11"]),
        ("negative_balance", "billing_balances", ["2 of 30 rows quarantined", "balance_amount", "-5.00"]),
        ("bills_of_nobody", "billing_charges", ["90 of 90 rows", "s001", "S001", "upper and lower case"]),
    ],
)
def test_rows_outside_their_bounds_and_of_nobody_are_named(case, table, says, tmp_path):
    (rejected,) = taken(case, tmp_path).rejected
    assert rejected.table_name == table
    assert all(words in rejected.reason for words in says), rejected.reason


@pytest.mark.parametrize(
    ("case", "table", "says"),
    [
        ("null_spelled_out", "crm_subscribers", ["region_code", r"\N 2", "null_values"]),
        ("header_in_the_middle", "channel_managers", ["line 3", "the header again"]),
    ],
)
def test_what_is_no_value_is_told(case, table, says, tmp_path):
    outcomes = [o for o in taken(case, tmp_path).outcomes if o.table_name == table]
    told = " ".join([*(o.reason or "" for o in outcomes), *(w for o in outcomes for w in o.warnings)])
    assert all(words in told for words in says), told


@pytest.mark.parametrize(
    ("shape", "is_read", "says"),
    [
        ("upper_header", True, "capitals"),
        ("upper_extension", True, ""),
        ("zero_byte_part", True, "an empty part file"),
        ("int_key_parquet", False, "int64"),
        ("date_with_midnight", False, "midnight"),
        ("bool_capital", False, "lower case"),
    ],
)
def test_foreign_shapes_are_read_or_refused_by_cause(shape, is_read, says, tmp_path):
    report = taken(f"foreign_shapes/{shape}", tmp_path)
    assert bool(report.rejected) != is_read
    told = " ".join([*(o.reason or "" for o in report.outcomes), *(w for o in report.outcomes for w in o.warnings)])
    assert says in told, told


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("phone_as_line_id", ["subscriber_id", "138******", "Pseudonymise the id at the source"]),
        ("units_changed", ["billing_charges", "amount", "times_usual is 100", "confirmed_from"]),
    ],
)
def test_a_run_stops_before_a_build_on_ids_that_are_phones_and_on_another_unit(case, says, tmp_path):
    home = laid(case, tmp_path)
    code, output = run(home, "2026-10-31")
    assert code == 1 and not home.current.exists()
    assert all(words in output for words in says), output


def test_a_seed_made_by_a_spreadsheet_stops_with_file_and_row(tmp_path):
    for folder in ("seeds", "models"):
        shutil.copytree(PROJECT_DIR / folder, tmp_path / folder)
    shutil.copy(CASES / "seed_made_by_excel" / "tenure_bands.csv", tmp_path / "seeds" / "tenure_bands.csv")
    with pytest.raises(SeedError, match=r"tenure_bands.csv, row 2: band '3-Jan' is a date"):
        check_seeds(tmp_path)


@pytest.fixture(scope="module")
def edges(tmp_path_factory) -> Home:
    """figures_minimal, with a survey whose touchpoint is called `all`."""
    home = laid("all_code", tmp_path_factory.mktemp("edges"))
    code, output = run(home, "2026-04-10")
    assert code == 0, output
    return home


def test_figures_at_the_edges_of_their_definitions(edges):
    assert ask(edges, "select count(*) from churn.sales_quality") == [(0,)]  # F1 was sold in a month that is not held
    tags = """select preferred_channel, preferred_offer_type, preferred_service_class_uses, is_device_above_plan
        from tags.subscriber_360 where subscriber_id = '{}'"""
    assert ask(edges, tags.format("F2"))[0][:2] == (None, None)
    assert [ask(edges, tags.format(key))[0][2] for key in ("F6", "F7")] == [151, 151]  # a day of a service counts once
    assert ask(edges, tags.format("F12"))[0][3] is None
    risk = """select subscriber_id, health_tariff, health_service_use from churn.subscriber_risk
        where subscriber_id in ('F3', 'F4', 'F6')"""
    assert sorted(ask(edges, risk)) == [("F3", 1100 / 14, 0.0), ("F4", 1100 / 14, 0.0), ("F6", 0.0, 100.0)]
    assert ask(edges, "select on_net_end from churn.group_rates where attribute = 'offnet_band' and value = 'mid'") == [(1,)]
    assert ask(edges, "select alert_code from churn.alerts where subscriber_id = 'F8' and alert_code like '%drop'") == []
    assert ask(edges, "select driver_code from service.detractors where subscriber_id = 'F9'") == [("price",)]
    assert ask(edges, "select closed, median_days_to_close from service.complaints_monthly") == [(1, None)]


def test_a_touchpoint_called_all_is_not_the_total(edges):
    rows = "select is_touchpoint_total, responses from service.nps_monthly where touchpoint_code = 'all' order by 1"
    assert ask(edges, rows) == [(False, 1), (True, 3)]


def test_conditions_nobody_can_meet_are_named(edges):
    lines = (CASES / "between_turned_round" / "conditions.txt").read_text(encoding="utf-8").splitlines()
    with engine(edges).reading() as reader:
        catalog = Catalog.of(read_tags(reader, models()))
    assert [line for line in lines if line and not contradictions(line, catalog)] == []


def test_digits_in_names_are_no_phones(tmp_path):
    home = laid("digits_in_names", tmp_path)
    code, output = run(home, "2026-10-31")
    assert code == 0, output


def test_a_purged_register_changes_no_past(tmp_path):
    home = laid("lines_vanish", tmp_path)
    past = """select on_net_opening, churned, on_net_end, (select count(*) from core.fct_churn),
            (select sum(billed_amount) from core.fct_subscriber_months where month = date '2026-07-01')
        from churn.churn_monthly where month = date '2026-08-01'"""
    _, told = run(home, "2026-09-30")  # takes in what is there, the later register too
    before = ask(home, past)
    code, output = run(home, "2026-10-31")
    assert code == 0, output
    assert before == ask(home, past) and before[0][:4] == (31, 1, 30, 1)
    assert "3 rows of dt=2026-09-30 are missing, 2 of them on-net" in told


def test_a_number_that_went_on_to_another_customer_is_on_no_list(tmp_path, monkeypatch):
    home = laid("recycled_number", tmp_path / "home")
    code, output = run(home, "2026-10-31")
    assert code == 0, output
    (tmp_path / "lists").mkdir()
    shutil.copy(CASES / "recycled_number" / "pub_winback.yml", tmp_path / "lists")
    monkeypatch.setattr(settings, "TARGET_LISTS", tmp_path / "lists")
    with open_lists(engine(home), models(), ["pub_winback"], date(2026, 11, 20), accept_old_data=True) as decided:
        made = decided.export("pub_winback")
    left_out = made.waterfall["phone_suppressed"] + made.waterfall["phone_of_another"]
    assert (made.waterfall["matched"], left_out, made.rows) == (2, 1, 1)  # S115's number went on to nobody
    assert "13811110001" not in Path(made.file).read_text(encoding="utf-8-sig")
