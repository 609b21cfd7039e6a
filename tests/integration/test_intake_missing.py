"""What a snapshot lacks of the one before: kept, counted, told, limited, and gone once the source confirms it."""

import json
from datetime import date

import pyarrow.parquet as pq
import pytest
from intake_kit import CONTRACT, Operator

from orchestration.cli.show import show
from orchestration.cli.summary import summary
from orchestration.intake import ledger, load_limits
from orchestration.pipeline.assets import repeated
from orchestration.pipeline.outcome import Outcome
from orchestration.pipeline.reports import IntakeFound
from orchestration.pipeline.run import Run
from orchestration.quality.source_checks import check_deliveries, not_passed

CONFIRMED = json.dumps({"removals_confirmed": True})
DAYS = ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"]
TABLE = "crm_subscribers"


@pytest.fixture
def operator(tmp_path):
    operator = Operator(tmp_path)
    for day in DAYS:
        operator.deliver("crm_customers", day, {"a.csv": "customer_id,customer_type,full_name\nC1,personal,Jane Doe\n"})
    return operator


def _lines(numbers, left=(), bad=()) -> str:
    header = "subscriber_id,customer_id,msisdn,activation_date,status_code,status_date\n"
    rows = ""
    for n in numbers:
        status = "ported_out" if n in left else "active"
        rows += f"S{n:03d},C1,138{n:08d},{'2025-02-30' if n in bad else '2025-01-01'},{status},2025-06-01\n"
    return header + rows


def _register(operator, day: str, numbers, success: str = "", **kinds):
    operator.deliver(TABLE, day, {"a.csv": _lines(numbers, **kinds)}, success)


def _ids(operator, day: str, table: str = TABLE) -> list[str]:
    return sorted(row["subscriber_id"] for row in operator.raw(table, day))


def _outcome(report, table: str = TABLE):
    return [o for o in report.outcomes if o.table_name == table][-1]


def test_lines_that_a_snapshot_lacks_keep_their_last_row(operator):
    _register(operator, DAYS[0], range(40), left=[7])
    _register(operator, DAYS[1], [n for n in range(40) if n not in (7, 20, 21)])
    outcome = _outcome(operator.take())
    assert (outcome.rows_read, outcome.rows_accepted, outcome.rows_carried) == (37, 37, 3)
    assert outcome.warnings[-1] == (
        "3 rows of dt=2026-03-01 are missing, 2 of them on-net (S020; S021; S007); their last values are kept. Deliver them "
        'again; if they were removed on purpose, write {"removals_confirmed": true} into _SUCCESS'
    )
    carried = pq.read_table(operator.home.raw / TABLE / "dt=2026-03-02" / "carried.parquet", partitioning=None).to_pylist()
    assert [(r["subscriber_id"], r["status_code"], r["msisdn"]) for r in carried] == [
        ("S007", "ported_out", "13800000007"),
        ("S020", "active", "13800000020"),
        ("S021", "active", "13800000021"),
    ]
    assert "37 read, 37 accepted, 0 deduplicated, 0 quarantined, 3 carried over" in show(operator.home, TABLE, DAYS[1])


def test_a_snapshot_that_lacks_nothing_carries_nothing(operator):
    _register(operator, DAYS[0], range(40))
    _register(operator, DAYS[1], range(41))
    outcome = _outcome(operator.take())
    assert (outcome.rows_carried, outcome.warnings[2:]) == (0, [])
    assert not (operator.home.raw / TABLE / "dt=2026-03-02" / "carried.parquet").exists()


def test_missing_lines_stay_until_they_are_back_over_skipped_days(operator):
    _register(operator, DAYS[0], range(40))
    _register(operator, DAYS[1], range(38))
    _register(operator, DAYS[3], range(37))  # DAYS[2] brings no register
    operator.take()
    assert len(_ids(operator, DAYS[3])) == 40
    kept = _outcome_of(operator, DAYS[3])
    assert kept["rows_carried"] == 3
    assert kept["warnings"][-1] == "2 rows that were missing before dt=2026-03-02 already are kept"
    assert kept["warnings"][-2].startswith("1 rows of dt=2026-03-02 are missing, 1 of them on-net (S037)")
    _register(operator, DAYS[3], range(40))
    assert _outcome(operator.take()).rows_carried == 0
    assert _ids(operator, DAYS[3]) == [f"S{n:03d}" for n in range(40)]


def _outcome_of(operator, day: str, table: str = TABLE) -> dict:
    rows = ledger.current(operator.home).to_pylist()
    return next(r for r in rows if (r["table_name"], r["dt"]) == (table, date.fromisoformat(day)))


@pytest.mark.parametrize(("missing", "enters"), [(10, True), (11, False)])
def test_the_limit_counts_lines_on_net_on_both_sides_of_its_edge(operator, missing, enters):
    _register(operator, DAYS[0], range(240), left=range(40))
    _register(operator, DAYS[1], range(40 + missing, 240))  # the 40 that had left are purged, and 10 of 200 on-net are missing
    outcome = _outcome(operator.take())
    assert outcome.is_accepted is enters
    if not enters:
        assert outcome.reason == (
            "51 rows of dt=2026-03-01 are missing, 11 of them on-net (S040; S041; S042): 5.5% of the 200 on-net rows, more than "
            '5 %. Deliver it whole; if they were removed on purpose, write {"removals_confirmed": true} into _SUCCESS'
        )
        assert _ids(operator, DAYS[1]) == []


def test_a_few_missing_lines_never_reject(operator):
    _register(operator, DAYS[0], range(30))
    _register(operator, DAYS[1], range(9, 30))
    assert _outcome(operator.take()).rows_carried == 9


def test_a_confirmed_removal_takes_lines_on_net_away_and_keeps_those_that_left_without_their_phone(operator):
    _register(operator, DAYS[0], range(40), left=range(5))
    _register(operator, DAYS[1], range(10, 40), CONFIRMED)
    outcome = _outcome(operator.take())
    assert outcome.warnings[-1] == (
        "10 rows of dt=2026-03-01 are removed, as _SUCCESS confirms; 5 of them stay for past figures, without personal values"
    )
    rows = {r["subscriber_id"]: r for r in operator.raw(TABLE, DAYS[1])}
    assert sorted(rows) == [f"S{n:03d}" for n in [*range(5), *range(10, 40)]]
    assert {rows[f"S{n:03d}"]["msisdn"] for n in range(5)} == {None}
    assert rows["S010"]["msisdn"] == "13800000010"


def test_a_row_at_fault_leaves_the_line_its_last_row(operator):
    _register(operator, DAYS[0], range(100))
    _register(
        operator, DAYS[1], range(100), bad=[3, 4], success=CONFIRMED
    )  # a confirmation is not about rows that were delivered
    outcome = _outcome(operator.take())
    assert (outcome.rows_accepted, outcome.rows_set_aside, outcome.rows_carried) == (98, 2, 2)
    assert outcome.warnings[-2:] == [
        "2 of 100 rows quarantined. The first: a.csv, line 5, column activation_date: '2025-02-30' is no date (YYYY-MM-DD). "
        "For all of them: telco360 intake show crm_subscribers 2026-03-02",
        "2 rows that are quarantined here keep their last values, of dt=2026-03-01 (S003; S004)",
    ]
    assert {r["msisdn"] for r in operator.raw(TABLE, DAYS[1]) if r["subscriber_id"] == "S003"} == {"13800000003"}


def test_one_lake_whatever_the_order_of_arrival(operator, tmp_path):
    deliveries = {DAYS[0]: range(40), DAYS[1]: range(1, 39), DAYS[2]: range(2, 40), DAYS[3]: range(3, 38)}
    for day in (DAYS[3], DAYS[0], DAYS[2], DAYS[1]):
        _register(operator, day, deliveries[day])
        operator.take()
    operator.take()
    at_once = Operator(tmp_path / "other")
    for day, numbers in deliveries.items():
        at_once.deliver("crm_customers", day, {"a.csv": "customer_id,customer_type,full_name\nC1,personal,Jane Doe\n"})
        _register(at_once, day, numbers)
    at_once.take()
    assert operator.tree() == at_once.tree()
    assert all(len(_ids(operator, day)) == 40 for day in DAYS)


def test_a_corrected_snapshot_corrects_what_later_ones_kept(operator):
    _register(operator, DAYS[0], range(41))
    _register(operator, DAYS[1], range(40))
    operator.take()
    assert len(_ids(operator, DAYS[1])) == 41
    _register(operator, DAYS[0], range(40))
    report = operator.take()
    assert {o.dt.isoformat() for o in report.outcomes if o.table_name == TABLE} == {DAYS[0], DAYS[1]}
    assert len(_ids(operator, DAYS[1])) == 40
    assert operator.take().outcomes == []


def test_the_content_of_a_delivery_covers_what_it_carries(operator):
    _register(operator, DAYS[0], range(40))
    _register(operator, DAYS[1], range(39))
    _register(operator, DAYS[2], range(40))
    operator.take()
    assert _outcome_of(operator, DAYS[1])["rows_sha256"] == _outcome_of(operator, DAYS[2])["rows_sha256"]


def test_suppressions_hold_until_their_end_is_confirmed(operator):
    header = "subscriber_id,channel,reason_code,effective_from\n"
    rows = [f"S{n:03d},all,do_not_contact,2026-01-01\n" for n in range(40)]
    operator.deliver("channel_suppressions", DAYS[0], {"a.csv": header + "".join(rows)})
    operator.deliver("channel_suppressions", DAYS[1], {"a.csv": header + "S999,sms,other,2026-03-02\n"})
    outcome = _outcome(operator.take(), "channel_suppressions")
    assert (outcome.rows_accepted, outcome.rows_carried) == (1, 40)
    assert outcome.warnings[-1].startswith("40 rows of dt=2026-03-01 are missing (S000 all do_not_contact 2026-01-01; S001 all")
    operator.deliver("channel_suppressions", DAYS[1], {"a.csv": header + "".join(rows[1:])}, CONFIRMED)
    operator.take()
    assert _ids(operator, DAYS[1], "channel_suppressions") == [f"S{n:03d}" for n in range(1, 40)]


def test_plan_rows_of_a_line_that_is_there_are_not_kept(operator):
    header = "subscriber_id,plan_code,start_date,is_primary\n"
    _register(operator, DAYS[0], range(3))
    operator.deliver(
        "crm_tariff_subscriptions",
        DAYS[0],
        {"a.csv": header + "".join(f"S{n:03d},{p},2025-01-01,true\n" for n in range(3) for p in ("P1", "P2"))},
    )
    rows = "S000,P1,2025-01-01,true\nS001,P1,2025-01-01,false\nS001,P2,2025-01-01,maybe\n"
    operator.deliver("crm_tariff_subscriptions", DAYS[1], {"a.csv": header + rows})
    operator.take(max_set_aside_share=1.0, min_snapshot_ratio=0.0)
    held = {(r["subscriber_id"], r["plan_code"]) for r in operator.raw("crm_tariff_subscriptions", DAYS[1])}
    # S000 lost P2, a correction; P2 of S001 is at fault and keeps its last row; S002 is missing as a whole.
    assert held == {("S000", "P1"), ("S001", "P1"), ("S001", "P2"), ("S002", "P1"), ("S002", "P2")}


def test_a_purge_of_lines_that_left_takes_no_other_table_with_it(operator):
    """40 of 100 lines are purged with plans and customers: nothing is rejected, and all of it stays."""
    customers = "customer_id,customer_type\n"
    for day, numbers in ((DAYS[0], range(100)), (DAYS[1], range(40, 100))):
        operator.deliver("crm_customers", day, {"a.csv": customers + "C1,personal\n"})
        _register(operator, day, numbers, left=range(40))
        for table, header, rest in (
            ("crm_tariff_subscriptions", "subscriber_id,plan_code,start_date,is_primary\n", "P1,2025-01-01,true"),
            ("crm_group_members", "subscriber_id,group_id,member_role\n", "G1,member"),
        ):
            operator.deliver(table, day, {"a.csv": header + "".join(f"S{n:03d},{rest}\n" for n in numbers)})
        operator.deliver("crm_groups", day, {"a.csv": "group_id\nG1\n"})
    report = operator.take(min_snapshot_ratio=0.0)
    assert [o.reason for o in report.rejected] == []
    for table in (TABLE, "crm_tariff_subscriptions", "crm_group_members"):
        assert len(_ids(operator, DAYS[1], table)) == 100


def test_a_line_that_leaves_its_group_is_no_member_any_more(operator):
    members = "subscriber_id,group_id,member_role\nS000,G1,member\n"
    for day in DAYS[:2]:
        _register(operator, day, range(3))
        operator.deliver("crm_groups", day, {"a.csv": "group_id\nG1\n"})
    operator.deliver("crm_group_members", DAYS[0], {"a.csv": members + "S001,G1,member\n"})
    operator.deliver("crm_group_members", DAYS[1], {"a.csv": members})
    operator.take(min_snapshot_ratio=0.0)
    assert _ids(operator, DAYS[1], "crm_group_members") == ["S000"]


def test_a_row_whose_key_moved_to_another_line_is_not_kept(operator):
    _register(operator, DAYS[0], range(3))
    header = "contract_id,subscriber_id,contract_type,start_date,end_date\n"
    operator.deliver("crm_contracts", DAYS[0], {"a.csv": header + "K1,S000,other,2025-01-01,2026-01-01\n"})
    operator.deliver("crm_contracts", DAYS[1], {"a.csv": header + "K1,S001,other,2025-01-01,2026-01-01\n"})
    operator.take()
    assert _ids(operator, DAYS[1], "crm_contracts") == ["S001"]


def test_the_summary_of_a_run_also_shows_what_an_intake_run_before_it_warned_of(operator):
    _register(operator, DAYS[0], range(100))
    _register(operator, DAYS[1], range(99), bad=[3])
    operator.take()
    run, before = Run(operator.home), not_passed(operator.home)
    report = run.take_in(lambda line: None)
    assert report.outcomes == []
    told = "\n".join(
        line.plain for line in summary(Outcome(run, intake=IntakeFound(report.intake_id, repeated=repeated(before, report))))
    )
    taken_in = f"crm_subscribers 2026-03-02, taken in on {before[0]['recorded_at']:%Y-%m-%d}: "
    assert f"{taken_in}1 of 99 rows quarantined. The first: a.csv, line 5, column activation_date: '2025-02-30'" in told
    assert "For all of them: telco360 intake show crm_subscribers 2026-03-02" in told
    assert f"{taken_in}1 rows of dt=2026-03-01 are missing, 1 of them on-net (S099)" in told


def test_a_ledger_from_before_the_column_is_read_on(operator):
    _register(operator, DAYS[0], range(40))
    operator.take()
    for path in operator.home.intake_ledger.glob("*.parquet"):
        pq.write_table(pq.read_table(path, partitioning=None).drop_columns("rows_carried"), path)
    _register(operator, DAYS[1], range(39))
    report = operator.take()
    assert [(o.table_name, o.rows_carried) for o in report.outcomes] == [(TABLE, 1)]
    assert _outcome_of(operator, DAYS[0])["rows_carried"] is None
    assert pq.read_schema(operator.home.intake_ledger / "intake-none.parquet") == ledger.SCHEMA
    assert "40 read, 40 accepted, 0 deduplicated, 0 quarantined" in show(operator.home, TABLE, DAYS[0])


def test_the_source_checks_know_what_was_carried(operator):
    _register(operator, DAYS[0], range(40))
    _register(operator, DAYS[1], range(39))
    operator.take()
    contract = {name: table for name, table in CONTRACT.items() if name in (TABLE, "crm_customers")}
    result = check_deliveries(operator.home, contract, load_limits(CONTRACT), _dates(contract), date(2026, 3, 2))
    assert not [f for f in result.failures if "rows_in_lake" in str(f)]


def _dates(contract) -> dict:
    return {name: [date.fromisoformat(day) for day in DAYS] for name in contract}
