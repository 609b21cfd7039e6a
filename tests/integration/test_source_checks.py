"""The source checks finds a lake that is not what the ledger says, and required tables that are missing or too old."""

from dataclasses import replace
from datetime import date

import duckdb
import pyarrow.parquet as pq
import pytest

from orchestration.base import settings
from orchestration.base.contract import Column, Table
from orchestration.intake import IntakeReport, ledger, take_in
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


OPTIONAL = {**CONTRACT, "crm_extras": replace(CONTRACT["crm_plans"], name="crm_extras", required=False)}


def deliver_extras(home, dt: str, fee: str = "1.00") -> IntakeReport:
    folder = home.landing / "crm_extras" / f"dt={dt}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "part-0.csv").write_text("plan_code,fee\n" + "".join(f"p{n},{fee}\n" for n in range(20)))
    (folder / "_SUCCESS").touch()
    return take_in(home, OPTIONAL, LIMITS)


def spoil(home, dt: str) -> None:
    (file,) = (home.raw / "crm_extras" / f"dt={dt}").glob("*.parquet")
    pq.write_table(pq.read_table(file, partitioning=None).slice(1), file)


def judged_all(home):
    return check_deliveries(home, OPTIONAL, LIMITS, ledger_dates(home), DAY)


def standing(home) -> list[tuple[str, str]]:
    return [(row["table_name"], str(row["dt"])) for row in ledger.current(home).to_pylist()]


def test_a_delivery_of_a_table_that_is_not_required_fails_alone(home):
    deliver_extras(home, "2026-03-01")
    assert judged_all(home).passed
    deliver_extras(home, "2026-03-02")
    spoil(home, "2026-03-02")
    result = judged_all(home)
    (told,) = result.warnings
    assert result.passed and told.table == "crm_extras dt=2026-03-02" and "is withheld: tags that stand on its table" in str(told)
    assert standing(home) == [("crm_plans", "2026-03-02"), ("crm_extras", "2026-03-01")], "the delivery before stands"
    assert [path.name for path in sorted((home.raw / "crm_extras").glob("dt=2026-*"))] == ["dt=2026-03-01"]
    last = ledger.history(home).to_pylist()[-1]
    assert (last["outcome"], last["rows_accepted"]) == ("rejected", 0) and "rows that the ledger says" in last["reason"]


def test_what_was_withheld_is_tried_again_on_the_next_run(home):
    deliver_extras(home, "2026-03-02")
    spoil(home, "2026-03-02")
    assert judged_all(home).warnings
    assert [str(o.dt) for o in take_in(home, OPTIONAL, LIMITS).accepted] == ["2026-03-02"]
    assert judged_all(home).passed and not judged_all(home).warnings
    assert ("crm_extras", "2026-03-02") in standing(home)


def test_several_bad_deliveries_are_withheld_each(home):
    for dt in ("2026-03-01", "2026-03-02"):
        deliver_extras(home, dt)
        spoil(home, dt)
    assert len(judged_all(home).warnings) == 2 and standing(home) == [("crm_plans", "2026-03-02")]


def test_where_a_required_table_fails_too_nothing_is_withheld_and_the_run_stops(home):
    deliver_extras(home, "2026-03-02")
    spoil(home, "2026-03-02")
    rewrite(home, "from held limit 19")
    result = judged_all(home)
    assert {finding.table for finding in result.failures} == {"crm_plans dt=2026-03-02", "crm_extras dt=2026-03-02"}
    assert ("crm_extras", "2026-03-02") in standing(home)
