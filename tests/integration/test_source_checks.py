"""The source checks finds a lake that is not what the ledger says, and required tables that are missing or too old."""

from datetime import date

import duckdb
import pytest

from orchestration.base import settings
from orchestration.base.contract import Column, Table
from orchestration.intake import take_in
from orchestration.intake.limits import TableLimits
from orchestration.pipeline.run import ledger_dates
from orchestration.quality.source_checks import check_deliveries

DAY = date(2026, 3, 2)
LIMITS = {"*": TableLimits(0.05, 0.7, 1.5, 1 / 3, 3, 3, 0.2, 0.05, 10)}
CONTRACT = {
    "crm_plans": Table(
        name="crm_plans",
        system="crm",
        delivery="snapshot",
        required=True,
        key=("plan_code",),
        event_time=None,
        columns=(Column("plan_code", "string", nullable=False), Column("fee", "decimal(12,2)")),
    )
}


def deliver(home, rows: int, dt: str = "2026-03-02"):
    folder = home.landing / "crm_plans" / f"dt={dt}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "part-0.csv").write_text("plan_code,fee\n" + "".join(f"p{n},{n}.00\n" for n in range(rows)))
    (folder / "_SUCCESS").touch()
    report = take_in(home, CONTRACT, LIMITS)
    assert not report.rejected


def judged(home, as_of=DAY):
    return check_deliveries(home, CONTRACT, LIMITS, ledger_dates(home), as_of)


def rewrite(home, select: str, dt: str = "2026-03-02"):
    """Changes the lake behind the ledger's back."""
    (file,) = (home.raw / "crm_plans" / f"dt={dt}").glob("*.parquet")
    with duckdb.connect() as db:
        db.execute(f"create table held as select * from read_parquet('{file}', hive_partitioning = false)")
        db.execute(f"copy ({select}) to '{file}' (format parquet)")


@pytest.fixture
def home(tmp_path):
    home = settings.Home(tmp_path)
    deliver(home, 20)
    return home


def test_an_accepted_delivery_passes(home):
    result = judged(home)
    assert result.passed and not result.warnings


@pytest.mark.parametrize(
    ("select", "says"),
    [
        ("from held limit 19", "rows that the ledger says"),
        ("select * replace (nullif(plan_code, 'p3') as plan_code) from held", "every row has its key"),
        ("select * replace (replace(plan_code, 'p3', 'p4') as plan_code) from held", "holds a key once"),
    ],
)
def test_a_lake_that_is_not_what_the_ledger_says_fails_until_it_is_mended(home, select, says):
    rewrite(home, select)
    for _ in range(2):  # judged again on the next run, since it has not passed
        (finding,) = judged(home).failures
        assert finding.table == "crm_plans dt=2026-03-02"
        assert says in finding.says
    rewrite(home, "select 'p' || n as plan_code, 1::decimal(12,2) as fee from range(20) as r(n)")
    assert judged(home).passed


def test_what_has_passed_is_not_read_again(home):
    assert judged(home).passed
    rewrite(home, "from held limit 1")
    assert judged(home).passed
    deliver(home, 21)
    rewrite(home, "from held limit 1")
    assert not judged(home).passed


def test_volume_is_a_warning(home):
    deliver(home, 31, "2026-03-03")
    result = judged(home)
    assert result.passed
    assert [w.table for w in result.warnings] == ["crm_plans dt=2026-03-03"]


@pytest.mark.parametrize(("as_of", "passes"), [(date(2026, 3, 5), True), (date(2026, 3, 6), False), (date(2026, 3, 1), False)])
def test_a_required_table_is_there_and_within_its_limit_of_staleness(home, as_of, passes):
    result = judged(home, as_of)
    assert result.passed == passes
    assert all(f.table == "crm_plans" and "Deliver it" in str(f) for f in result.failures)
