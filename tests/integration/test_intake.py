"""Intake runs over time: deliveries again, late, changed, killed halfway; volumes; what ledger and show tell."""

import os
import shutil
import threading
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from intake_kit import CONTRACT, Operator, charges, customers, many_charges, plans_held, subscribers

from orchestration.cli.show import show
from orchestration.intake import ensure_empty_tables, lake, ledger, run

CHARGES = ("billing_charges", "2026-03-02")


@pytest.fixture
def operator(tmp_path):
    return Operator(tmp_path)


def test_the_megaline_deliveries_are_accepted_whole(operator, megaline_landing):
    shutil.copytree(megaline_landing, operator.home.landing)
    report = operator.take()
    assert len(report.accepted) == 8
    assert report.rejected == []
    assert sum(o.rows_set_aside + o.rows_collapsed for o in report.outcomes) == 0
    assert {o.table_name: o.rows_accepted for o in report.outcomes}["billing_usage_daily"] == 61_209
    assert operator.take().unchanged == 8


def test_no_landing_is_told_and_not_raised(operator):
    report = operator.take()
    assert report.outcomes == []
    assert "does not exist" in report.warnings[0]
    assert ledger.history(operator.home).num_rows == 0
    assert ledger.most_rows(operator.home, "crm_subscribers") == 0
    assert pq.read_schema(next(operator.home.intake_ledger.glob("*.parquet"))) == ledger.SCHEMA


def test_what_is_not_complete_or_no_delivery_is_named(operator):
    operator.deliver(*CHARGES, {"a.csv": charges("S1,2026-02-01,rent,1")}, success=None)
    for name in (
        "billing_charges/2026-03-02",
        "billing_charges/dt=2026-02-30",
        "billing_charges/dt=2026-3-2",
        "invoices/dt=2026-03-02",
    ):
        (operator.home.landing / name).mkdir(parents=True)
        (operator.home.landing / name / "_SUCCESS").touch()
    (operator.home.landing / "billing_charges" / "dt=2026-03-04").touch()
    (operator.home.landing / ".hidden").mkdir()
    report = operator.take()
    assert report.incomplete == ["landing/billing_charges/dt=2026-03-02"]
    assert report.outcomes == []
    assert sorted(w.split(":")[0] for w in report.warnings) == [
        "landing/billing_charges/2026-03-02",
        "landing/billing_charges/dt=2026-02-30",
        "landing/billing_charges/dt=2026-03-04",
        "landing/billing_charges/dt=2026-3-2",
        "landing/invoices",
    ]


def test_one_bad_delivery_does_not_hinder_the_others(operator):
    operator.deliver("billing_charges", "2026-03-01", {"a.csv": b"\xff\xfe"})
    operator.deliver("billing_charges", "2026-03-02", {"a.csv": charges("S1,2026-02-01,rent,1")})
    operator.deliver("billing_charges", "2026-03-03", {"a.parquet": b"no"})
    report = operator.take()
    assert [(str(o.dt), o.outcome) for o in report.outcomes] == [
        ("2026-03-01", "rejected"), ("2026-03-02", "accepted"), ("2026-03-03", "rejected"),
    ]  # fmt: skip


def test_a_failure_of_intake_itself_is_tried_again(operator, monkeypatch):
    operator.deliver(*CHARGES, {"a.csv": charges("S1,2026-02-01,rent,1")})
    with monkeypatch.context() as patched:
        patched.setattr("orchestration.intake.part.rows.check", lambda *_: 1 / 0)
        assert "ZeroDivisionError" in operator.take_one().reason
    assert operator.take_one().outcome == "accepted"


def test_known_deliveries_are_not_read_again(operator, monkeypatch):
    operator.deliver(*CHARGES, {"a.csv": charges("S1,2026-02-01,rent,1")})
    operator.deliver("billing_charges", "2026-03-03", {"a.csv": "x"})
    operator.take()
    ledger_files = sorted(operator.home.intake_ledger.iterdir())
    monkeypatch.setattr(run, "validate_delivery", lambda *_: pytest.fail("read again"))
    report = operator.take()
    assert (report.outcomes, report.unchanged) == ([], 2)
    assert sorted(operator.home.intake_ledger.iterdir()) == ledger_files


def test_changed_limits_and_lost_lake_folders_are_validated_again(operator):
    operator.deliver(*CHARGES, {"a.csv": charges("S1,2026-02-01,rent,1", "S2,2026-02-01,rent,x")})
    assert operator.take_one().outcome == "rejected"
    assert operator.take_one(max_set_aside_share=0.5).outcome == "accepted"
    shutil.rmtree(operator.home.raw / "billing_charges" / "dt=2026-03-02")
    assert operator.take_one(max_set_aside_share=0.5).outcome == "accepted"


def test_a_changed_contract_is_validated_again_and_changed_prose_is_not(operator):
    operator.deliver(*CHARGES, {"a.csv": charges("S1,2026-02-01,rent,1")})
    operator.take()
    table = CONTRACT["billing_charges"]
    told = replace(table, description="other words")
    assert operator.take(contract=CONTRACT | {table.name: told}).unchanged == 1
    closed = replace(table, columns=tuple(replace(c, values=("data",)) if c.name == "fee_code" else c for c in table.columns))
    (outcome,) = operator.take(contract=CONTRACT | {table.name: closed}).outcomes
    assert outcome.outcome == "rejected"
    assert "is none of data" in outcome.reason


def test_a_delivery_again_replaces_whole_and_a_rejected_one_leaves_it_standing(operator):
    operator.deliver(
        *CHARGES, {"a.csv": charges(*many_charges(30)), "b.csv": charges(*many_charges(30, 30), "X,2026-02-01,rent,x")}
    )
    first = operator.take_one()
    assert (len(operator.raw(*CHARGES)), len(operator.aside())) == (60, 1)
    operator.deliver(*CHARGES, {"a.csv": charges("S1,2026-02-01,rent,y")})
    assert operator.take_one().outcome == "rejected"
    assert (len(operator.raw(*CHARGES)), len(operator.aside()), len(operator.aside(name="rejected"))) == (60, 1, 1)
    assert ledger.current(operator.home)["rows_sha256"].to_pylist() == [first.rows_sha256]
    operator.deliver(*CHARGES, {"a.csv": charges("S1,2026-02-01,rent,1")})
    last = operator.take_one()
    assert (len(operator.raw(*CHARGES)), operator.aside(), operator.aside(name="rejected")) == (1, [], [])
    assert ledger.current(operator.home)["rows_sha256"].to_pylist() == [last.rows_sha256]
    assert ledger.history(operator.home)["outcome"].to_pylist() == ["accepted", "rejected", "accepted"]


def test_going_back_to_the_files_before_a_rejection_is_taken_in(operator):
    folder = operator.deliver(*CHARGES, {"a.csv": charges("S1,2026-02-01,rent,1")})
    kept = operator.home.root / "kept"
    shutil.copytree(folder, kept)
    operator.take()
    operator.deliver(*CHARGES, {"a.csv": "x"})
    operator.take()
    shutil.rmtree(folder)
    shutil.copytree(kept, folder)
    assert operator.take_one().outcome == "accepted"


def test_what_leaves_landing_stays_in_the_lake(operator):
    folder = operator.deliver(*CHARGES, {"a.csv": charges("S1,2026-02-01,rent,1")})
    operator.take()
    shutil.rmtree(folder)
    assert operator.take().outcomes == []
    assert len(operator.raw(*CHARGES)) == 1


@pytest.mark.parametrize("change", ["grow", "touch", "add", "remove", "marker", "vanish"])
def test_a_folder_that_changes_while_it_is_read_is_tried_again(operator, change):
    folder = operator.deliver(*CHARGES, {"a.csv": charges("S1,2026-02-01,rent,1"), "b.csv": charges("S2,2026-02-01,rent,1")})

    def meddle(line: str) -> None:
        if "reading" in line:
            {
                "grow": lambda: (folder / "b.csv").write_text(charges("S2,2026-02-01,rent,1", "S3,2026-02-01,rent,1")),
                "touch": lambda: os.utime(folder / "b.csv", ns=(1, 1)),
                "add": lambda: (folder / "c.csv").write_text(charges()),
                "remove": (folder / "b.csv").unlink,
                "marker": (folder / "_SUCCESS").unlink,
                "vanish": lambda: shutil.rmtree(folder),
            }[change]()

    (outcome,) = operator.take(progress=meddle).outcomes
    assert outcome.outcome == "rejected"
    assert outcome.reason.startswith("changed while it was read")
    assert operator.raw(*CHARGES) == []
    if change in ("grow", "touch", "add", "remove"):
        assert operator.take_one().outcome == "accepted"


def test_rows_are_validated_again_when_what_they_refer_to_comes_or_changes(operator):
    operator.deliver("crm_subscribers", "2026-03-02", {"a.csv": subscribers(("S1", "C1"))})
    operator.deliver("crm_tariff_subscriptions", "2026-03-02", {"a.csv": plans_held("S1", "S2")})
    operator.deliver("billing_charges", "2026-03-02", {"a.csv": charges("S2,2026-02-01,rent,1")})
    lax = {"max_set_aside_share": 0.5}
    assert {o.table_name: o.rows_set_aside for o in operator.take(**lax).outcomes} == {
        "crm_subscribers": 0, "crm_tariff_subscriptions": 1, "billing_charges": 0,
    }  # fmt: skip
    operator.deliver("crm_customers", "2026-03-02", {"a.csv": customers("C1", "C2")})
    # equal rows stand in crm_subscribers: what refers to them keeps
    assert [o.table_name for o in operator.take(**lax).outcomes] == ["crm_customers", "crm_subscribers"]
    operator.deliver("crm_subscribers", "2026-03-02", {"a.csv": subscribers(("S1", "C1"), ("S2", "C2"))})
    again = operator.take(**lax)
    assert {o.table_name: o.rows_set_aside for o in again.outcomes} == {"crm_subscribers": 0, "crm_tariff_subscriptions": 0}
    assert operator.aside("crm_tariff_subscriptions") == []


@pytest.mark.parametrize(
    ("rows", "outcome", "warned"), [(70, "accepted", 0), (69, "rejected", 0), (150, "accepted", 0), (151, "accepted", 1)]
)
def test_a_snapshot_is_held_against_the_one_before(operator, rows, outcome, warned):
    operator.deliver("crm_customers", "2026-03-01", {"a.csv": customers(*(f"C{i}" for i in range(100)))})
    operator.deliver("crm_customers", "2026-03-03", {"a.csv": customers("C1")})  # later: no measure for the day before it
    operator.take(min_snapshot_ratio=0, max_missing_share=1)
    operator.deliver("crm_customers", "2026-03-02", {"a.csv": customers(*(f"C{i}" for i in range(rows)))})
    (found,) = [o for o in operator.take(max_missing_share=1).outcomes if str(o.dt) == "2026-03-02"]
    assert (found.outcome, len([w for w in found.warnings if "rows, over" in w])) == (outcome, warned)


@pytest.mark.parametrize(("rows", "warned"), [(9, 1), (10, 0), (90, 0), (91, 1)])
def test_append_volume_is_held_against_the_weekdays_usual(operator, rows, warned):
    monday = date(2026, 3, 2)
    for weeks, usual in ((3, 5), (2, 30), (1, 40)):
        operator.deliver("billing_charges", str(monday - timedelta(weeks=weeks)), {"a.csv": charges(*many_charges(usual))})
    operator.deliver("billing_charges", str(monday - timedelta(days=1)), {"a.csv": charges(*many_charges(2000))})
    operator.take()
    outcome = operator.charge(charges(*many_charges(rows)))
    assert outcome.outcome == "accepted"
    assert len([w for w in outcome.warnings if "weekday" in w]) == warned


def test_a_header_alone_is_a_delivery_of_no_rows(operator):
    outcome = operator.charge(charges())
    assert (outcome.outcome, outcome.rows_read, outcome.event_first, outcome.event_months) == ("accepted", 0, None, [])
    assert pq.read_metadata(operator.home.raw / "billing_charges" / "dt=2026-03-02" / "part-0.parquet").num_rows == 0


def test_each_table_has_an_empty_file_in_the_columns_of_the_contract(operator):
    operator.deliver(*CHARGES, {"a.csv": charges("S1,2026-02-01,rent,1")})
    operator.take()
    ensure_empty_tables(operator.home, CONTRACT)
    ensure_empty_tables(operator.home, CONTRACT)
    for name in CONTRACT:
        (file,) = (operator.home.raw / name).glob("dt=1900-01-01/*.parquet")
        assert pq.read_metadata(file).num_rows == 0
        assert pq.read_schema(file).names == [c.name for c in CONTRACT[name].columns]
    query = f"from read_parquet('{operator.home.raw}/billing_payments/*/*.parquet', hive_partitioning = true)"
    types = dict(zip(*(getattr(duckdb.sql(query), a) for a in ("columns", "types")), strict=True))
    assert {n: str(t) for n, t in types.items() if n in ("amount", "paid_at", "is_reversal")} == {
        "paid_at": "TIMESTAMP", "amount": "DECIMAL(12,2)", "is_reversal": "BOOLEAN",
    }  # fmt: skip


def test_the_ledger_reads_by_glob_and_adds_up(operator):
    operator.take()
    operator.deliver(*CHARGES, {"a.csv": charges("S1,2026-02-01,rent,1", "S1,2026-02-01,rent,1")})
    operator.take()
    operator.deliver(*CHARGES, {"a.csv": charges("S1,2026-02-01,rent,x")})
    operator.take()
    rows = duckdb.sql(
        f"select outcome, rows_read, rows_accepted, rows_collapsed, rows_set_aside, files[1].name, files[1].rows "
        f"from read_parquet('{operator.home.intake_ledger}/*.parquet') order by recorded_at"
    ).fetchall()
    assert rows == [("accepted", 2, 1, 1, 0, "a.csv", 2), ("rejected", 1, 0, 0, 1, "a.csv", 1)]


def test_counts_that_do_not_add_up_are_refused(operator):
    outcome = operator.charge(charges("S1,2026-02-01,rent,1"))
    with pytest.raises(ValueError, match="2 rows read"):
        type(outcome)(**(vars(outcome) | {"rows_read": 2}))


def test_show_tells_outcome_faults_and_next_step(operator):
    assert "no record" in show(operator.home, *CHARGES)
    operator.charge(charges(*many_charges(30), "X,2026-02-01,rent,abc"))
    told = show(operator.home, *CHARGES)
    assert "31 read, 30 accepted, 0 deduplicated, 1 quarantined" in told
    assert "part-0.csv: column amount, line 32: 'abc' is no decimal(12,2)" in told
    operator.charge("x")
    told = show(operator.home, "billing_charges", date(2026, 3, 2))
    assert "rejected" in told.splitlines()[0]
    assert "amount missing" in told
    assert "stands, until a better one comes" in told


def test_a_home_with_odd_characters_in_its_path(tmp_path):
    operator = Operator(tmp_path / "o'brien [1] *?")
    assert operator.charge(charges("S1,2026-02-01,rent,1", "S1,2026-02-01,rent,1")).rows_collapsed == 1


def test_a_second_intake_waits_for_the_first(operator):
    operator.deliver(*CHARGES, {"a.csv": charges("S1,2026-02-01,rent,1")})
    told = []
    with lake.only_one(operator.home, told.append):
        waiting = threading.Thread(target=operator.take)
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
    waiting.join(10)
    assert "waiting" in operator.lines[0]
    assert len(operator.raw(*CHARGES)) == 1


def test_a_clock_set_back_does_not_bring_old_rows_to_the_front(operator, monkeypatch):
    operator.deliver(*CHARGES, {"a.csv": charges(*many_charges(3))})
    operator.take()

    class Yesterday(datetime):
        """The clock of a machine, a day behind."""

        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) - timedelta(days=1)

    monkeypatch.setattr(ledger, "datetime", Yesterday)
    operator.deliver(*CHARGES, {"a.csv": charges(*many_charges(5))})
    operator.take()
    assert [row["rows_accepted"] for row in ledger.history(operator.home).to_pylist()] == [3, 5]
    assert ledger.current(operator.home)["rows_accepted"].to_pylist() == [5]
    assert ledger.most_rows(operator.home, CHARGES[0]) == 5


class Killed(BaseException):
    """Stands for the process dying: nothing may catch it."""


def _kill_at(monkeypatch, moment: int) -> list[int]:
    """Lets every step that changes the file system count, and dies at the named one, by turns before and after doing it."""
    count = [0]

    def guarded(step):
        def act(*args, **kwargs):
            count[0] += 1
            if count[0] == moment and moment % 2:
                raise Killed
            result = step(*args, **kwargs)
            if count[0] == moment:
                raise Killed
            return result

        return act

    for holder, name in (
        (Path, "rename"),
        (Path, "unlink"),
        (Path, "mkdir"),
        (os, "replace"),
        (shutil, "rmtree"),
        (pq, "write_table"),
    ):
        monkeypatch.setattr(holder, name, guarded(getattr(holder, name)))
    return count


def _what_stands(operator: Operator) -> tuple:
    columns = ["table_name", "dt", "rows_accepted", "rows_sha256", "fingerprint"]
    rows = sorted(map(repr, ledger.current(operator.home).select(columns).to_pylist()))
    last = {(r["table_name"], r["dt"]): r["outcome"] for r in ledger.history(operator.home).to_pylist()}
    return rows, last, operator.tree(), sorted(p.name for p in lake.incoming(operator.home).iterdir())


def test_a_run_killed_anywhere_ends_as_if_nothing_had_happened(tmp_path, monkeypatch):
    pattern = Operator(tmp_path / "pattern")
    pattern.deliver(*CHARGES, {"a.csv": charges(*many_charges(30), "X,2026-02-01,rent,x")})
    pattern.deliver("crm_customers", "2026-03-02", {"a.csv": customers("C1")})
    pattern.take()
    pattern.deliver(*CHARGES, {"a.csv": charges(*many_charges(40), "Y,2026-02-01,rent,x")})  # to be accepted
    pattern.deliver("crm_customers", "2026-03-02", {"a.csv": "customer_id,customer_type\nC1,x\n"})  # to be rejected
    expected, moment = None, 0
    while True:
        operator = Operator(tmp_path / str(moment))
        shutil.copytree(pattern.home.root, operator.home.root)
        with monkeypatch.context() as patched:
            count = _kill_at(patched, moment)
            try:
                operator.take()
                was_killed = False
            except Killed:
                was_killed = True
        operator.take()
        stands = _what_stands(operator)
        expected = expected or stands  # moment 0 never comes: the run that nobody killed
        assert stands == expected, f"killed at step {moment}"
        if moment and not was_killed:
            break
        shutil.rmtree(operator.home.root)
        moment += 1
    assert moment > 20, count


def test_an_outcome_that_was_decided_is_completed_even_when_landing_is_gone(operator, monkeypatch):
    folder = operator.deliver(*CHARGES, {"a.csv": charges("S1,2026-02-01,rent,1")})
    with monkeypatch.context() as patched:
        patched.setattr(lake, "_complete", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            operator.take()
    assert (operator.raw(*CHARGES), ledger.current(operator.home).num_rows) == ([], 0)
    shutil.rmtree(folder)
    operator.take()
    assert (len(operator.raw(*CHARGES)), ledger.current(operator.home).num_rows) == (1, 1)
