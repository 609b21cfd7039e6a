"""What goes by age, on either side of its days, and what stays whatever its age."""

import os
import shutil
from datetime import date, datetime, timedelta

import dagster as dg
import pytest
from intake_kit import Operator
from privacy_kit import write

from orchestration.base.settings import Home
from orchestration.cli.summary import summary
from orchestration.pipeline.outcome import Outcome
from orchestration.pipeline.reports import RetentionFound
from orchestration.pipeline.retention import remove_runs
from orchestration.pipeline.run import Run
from orchestration.privacy.holds import LIFT, hold_kind
from orchestration.privacy.retention import KINDS, apply_retention, days_kept
from orchestration.warehouse.publishing import versions

NOW = datetime(2026, 6, 30, 3, 0)
NEVER = dict.fromkeys(KINDS, 100_000)


@pytest.fixture
def home(persons_home) -> Home:
    return persons_home


def aged(path, days: int) -> None:
    """Has a file, or all files of a folder, be written so many days before NOW, and a minute."""
    then = (NOW - timedelta(days=days, minutes=1)).timestamp()
    for one in (path, *path.rglob("*")) if path.is_dir() else (path,):
        os.utime(one, (then, then))


def kept(home: Home, **days: int):
    return apply_retention(home, NOW, days=NEVER | days).gone


def test_the_seed_has_days_for_each_kind():
    assert set(days_kept()) == set(KINDS)


def test_judged_deliveries_go_from_landing_and_others_stay(home):
    for folder in home.landing.glob("*/dt=*"):
        aged(folder, 10)
    aged(home.landing / "crm_customers" / "dt=2026-03-02", 9)
    new = Operator(home.root).deliver("crm_customers", "2026-03-03", {"a.csv": "customer_id\n1\n"})
    aged(new, 10)
    late = Operator(home.root).deliver("crm_subscribers", "2026-03-02", {"a.csv": "x\n"}, success=None)
    aged(late, 10)
    assert kept(home, landing=10)["landing"] == 3
    left = {str(path.relative_to(home.landing)) for path in home.landing.glob("*/dt=*")}
    assert left == {"crm_customers/dt=2026-03-02", "crm_customers/dt=2026-03-03", "crm_subscribers/dt=2026-03-02"}


def test_days_of_raw_tables_go_but_for_the_last_and_those_in_landing(home):
    age = (NOW.date() - date(2026, 3, 1)).days
    assert kept(home, raw=age - 1)["raw"] == 0, "landing has them still: they would be taken in again"
    shutil.rmtree(home.landing)
    assert kept(home, raw=age)["raw"] == 0
    assert kept(home, raw=age - 1)["raw"] == 2  # of customers and subscribers; of charges it is the last
    assert sorted(path.name for path in (home.raw / "crm_customers").iterdir()) == ["dt=1900-01-01", "dt=2026-03-02"]
    assert (home.raw / "billing_charges" / "dt=2026-03-01").exists()


def test_quarantine_exports_and_logs_go(home):
    aside = next(home.quarantine.rglob("*.parquet"))
    log = home.warehouse / "dbt" / "dbt.log"
    for path in (aside, log):
        aged(path, 9)
    age = (NOW.date() - date(2026, 3, 2)).days
    assert not any(kept(home, quarantine=10, exports=age, logs=10).values())
    assert kept(home, quarantine=9, exports=age - 1, logs=9) == dict.fromkeys(KINDS, 0) | {
        "quarantine": 1, "exports": 1, "logs": 1,
    }  # fmt: skip
    assert not aside.parent.exists() and not log.exists() and list(home.exports.iterdir()) == []
    assert any(home.list_members.rglob("care_*")), "the ledger of the lists stays"


def test_versions_go_but_the_current_one_and_the_memory_of_the_date_before(home):
    current = home.current.resolve()
    for as_of in ("2026-02-28", "2026-02-27"):
        name = current.name.replace("2026-03-02", as_of)
        shutil.copy(current, home.published / name)
        facts = current.with_suffix(".json").read_text().replace('"2026-03-02"', f'"{as_of}"').replace(current.stem, name[:-7])
        facts = facts.replace("2026-03-03T00:00:00", f"{as_of}T23:00:00")
        write((home.published / name).with_suffix(".json"), facts)
    age = (NOW - datetime(2026, 2, 27, 23)).days
    assert kept(home, versions=age + 1)["versions"] == 0
    assert kept(home, versions=1)["versions"] == 1
    assert {version.contents.as_of for version in versions(home)} == {"2026-03-02", "2026-02-28"}


def test_a_held_kind_stays_until_the_hold_is_lifted(home):
    aged(next(home.quarantine.rglob("*.parquet")), 10)
    hold_kind(home, "quarantine", "COURT-1")
    found = apply_retention(home, NOW, days=NEVER | {"quarantine": 9})
    assert "quarantine" not in found.gone and found.held == {"quarantine": "COURT-1"}
    hold_kind(home, "quarantine", "COURT-2", LIFT)
    assert kept(home, quarantine=9)["quarantine"] == 1


def test_old_runs_go_from_dagsters_store_with_their_events():
    @dg.op
    def work() -> None:
        pass

    @dg.job
    def nightly() -> None:
        work()

    with dg.DagsterInstance.ephemeral() as instance:
        run_id = nightly.execute_in_process(instance=instance).run_id
        assert remove_runs(instance)(datetime.now() - timedelta(days=1)) == 0
        assert instance.get_run_by_id(run_id) is not None
        assert remove_runs(instance)(datetime.now() + timedelta(days=1)) == 1
        assert instance.get_run_by_id(run_id) is None


def test_the_summary_tells_what_went_and_what_is_held(home):
    outcome = Outcome(Run(home, date(2026, 3, 2)), retention=RetentionFound({"exports": 3, "logs": 0}, {"raw": "COURT-1"}))
    told = "\n".join(line.plain for line in summary(outcome))
    assert "retention      removed by age: 3 of exports; seeds/retention.csv says why" in told
    assert "held           raw, for request COURT-1" in told
