"""What follows a run: its end in the log, figures for monitoring, a notice for each cause. None of it can fail the run."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from prometheus_client import generate_latest

from orchestration.base.errors import HomeBusy, WarehouseError
from orchestration.base.settings import Home
from orchestration.cli.nightly import exit_code
from orchestration.pipeline import after, metrics
from orchestration.pipeline.notices import notices
from orchestration.pipeline.outcome import Failure, Outcome
from orchestration.pipeline.run import Run
from orchestration.pipeline.run_log import RunLog, RunRecord, last_runs
from orchestration.quality.validation import Finding, ValidationResult

DAY = date(2026, 10, 31)


def outcome(home: Home, **parts) -> Outcome:
    return Outcome(Run(home, DAY), **parts)


def version(**stale: str) -> SimpleNamespace:
    return SimpleNamespace(name="telco360_2026-10-31_a", contents=SimpleNamespace(stale=stale, tables={}, as_of="2026-10-31"))


def delivery(table: str, dt: str, reason: str | None) -> SimpleNamespace:
    return SimpleNamespace(table_name=table, dt=date.fromisoformat(dt), reason=reason, is_accepted=reason is None)


def value(text: str, name: str) -> float:
    (line,) = [line for line in text.splitlines() if line.startswith(f"{name} ")]
    return float(line.split()[1])


@pytest.fixture(autouse=True)
def _no_channels(monkeypatch):
    for name in ("NOTIFY_COMMAND", "NOTIFY_WEBHOOK", "NOTIFY_FORMAT", "METRICS_FILE"):
        monkeypatch.delenv(f"TELCO360_{name}", raising=False)


def test_a_run_with_nothing_to_see_to_sends_nothing(tmp_path):
    assert notices(outcome(Home(tmp_path), version=version(), deliveries=[delivery("crm_subscribers", "2026-10-31", None)])) == []


def test_lists_that_failed_for_one_reason_are_one_notice_and_a_warning_where_all_else_is_published(tmp_path):
    failed = [Failure(f"target_lists__{name}", f"list {name}: refused: too old") for name in ("a", "b")]
    (told,) = notices(outcome(Home(tmp_path), failures=failed, version=version()))
    assert (told.kind, told.severity, told.cause) == ("failure", "warning", "2 lists: refused: too old")
    assert "published all the same" in told.text
    (told,) = notices(outcome(Home(tmp_path), failures=[Failure("dbt", "a test failed")]))
    assert (told.severity, told.cause) == ("critical", "dbt: a test failed") and "keep the version before" in told.text


def test_deliveries_rejected_for_one_reason_are_one_notice_and_late_ones_another(tmp_path):
    rejected = [
        delivery("billing_charges", "2026-10-30", "no column amount"),
        delivery("billing_charges", "2026-10-31", "no column amount"),
        delivery("crm_customers", "2026-10-31", "not a Parquet file"),
        delivery("crm_plans", "2026-10-31", None),
    ]
    told = notices(outcome(Home(tmp_path), deliveries=rejected, version=version(crm_subscribers="2026-10-30")))
    assert [(n.kind, n.cause) for n in told] == [
        ("delivery", "billing_charges was rejected: 2026-10-30, 2026-10-31"),
        ("delivery", "crm_customers was rejected: 2026-10-31"),
        ("delivery", "deliveries are late"),
    ]
    assert "crm_subscribers (last 2026-10-30)" in told[2].text


def moved(tag: str, owner: str, severity: str) -> Finding:
    says = f"values of a tag of severity {severity} stay"
    return Finding(says, "E", "tags of subscribers", tag, "it moved", owner=owner, kind="drift", severity=severity)


def test_warnings_of_checks_are_notices_of_their_kind_and_severity_one_for_each_owner_and_cause_the_worst_first(tmp_path):
    warned = [
        Finding("is an unusual level", "E", "billing_charges", "amount", "900"),
        Finding("is an unusual level", "E", "billing_charges", "fee", "3"),
        moved("plan_code", "product", "warning"),
        moved("brand_code", "product", "warning"),
        moved("gender", "care", "warning"),
        moved("value_tier", "product", "critical"),
    ]
    found = ValidationResult("release", "2026-11-01T02:00:00", 2, [], warned, "docs/index.html")
    told = notices(outcome(Home(tmp_path), release_checks=found))
    assert [(n.severity, n.kind, n.owner) for n in told] == [
        ("critical", "drift", "product"),
        ("warning", "quality", ""),
        ("warning", "drift", "product"),
        ("warning", "drift", "care"),
    ]
    assert "amount" in told[1].text and "fee" in told[1].text
    assert "plan_code" in told[2].text and "brand_code" in told[2].text and told[2].cause.endswith("(product)")
    assert len({notice.key for notice in told}) == 4


def test_the_end_of_a_run_is_in_the_log_and_in_the_figures(tmp_path):
    home = Home(tmp_path)
    (tmp_path / "kept.parquet").write_text("five!")
    log = RunLog(home, "a", DAY)
    failed = outcome(home, failures=[Failure("dbt", "a test failed")])
    assert after.ended(failed, log) == []
    (run,) = last_runs(home)
    assert not run.is_well and run.facts["causes"] == ["dbt: a test failed"] and run.facts["home_bytes"] == 5
    text = metrics.metrics_file(home).read_text()
    assert "telco360_run_success 0.0" in text and "telco360_failures 1.0" in text
    assert "telco360_run_last_success_timestamp_seconds" not in text


def test_figures_are_of_the_last_run_and_the_last_that_ended_well(tmp_path):
    well = RunRecord("a", datetime(2026, 10, 30, 2, tzinfo=UTC), "2026-10-29", datetime(2026, 10, 30, 3, tzinfo=UTC), True)
    works = RunRecord("b", datetime(2026, 10, 31, 2, tzinfo=UTC), steps={"intake": 12.5}, facts={})
    text = generate_latest(metrics.registry(Home(tmp_path), [well, works], date(2026, 10, 29))).decode()
    assert value(text, "telco360_run_last_success_timestamp_seconds") == well.ended.timestamp()
    assert value(text, "telco360_published_business_date_timestamp_seconds") == datetime(2026, 10, 29, tzinfo=UTC).timestamp()
    assert 'telco360_step_duration_seconds{step="intake"} 12.5' in text
    assert "telco360_run_ended_timestamp_seconds" not in text and "telco360_run_success 0.0" in text


def test_a_run_that_found_another_at_work_is_none_of_its_own_in_the_log(tmp_path):
    home = Home(tmp_path)
    home.warehouse.mkdir(parents=True)
    after.could_not_start(home, HomeBusy("at work already"), RunLog(home, "a"))
    assert last_runs(home) == []
    after.could_not_start(home, WarehouseError("does not parse"), RunLog(home, "b"))
    assert [(run.run, run.facts["causes"]) for run in last_runs(home)] == [("b", ["does not parse"])]


def test_a_notice_that_cannot_be_sent_is_told_and_fails_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("TELCO360_NOTIFY_COMMAND", "no-such-program")
    (problem,) = after.ended(outcome(Home(tmp_path), failures=[Failure("dbt", "x")]), RunLog(Home(tmp_path), "a", DAY))
    assert "no-such-program" in problem


def test_the_exit_code_tells_whether_readers_have_the_new_version(tmp_path):
    home, failed = Home(tmp_path), [Failure("target_lists__a", "x")]
    assert exit_code(outcome(home, version=version())) == 0
    assert exit_code(outcome(home, version=version(), failures=failed)) == 3
    assert exit_code(outcome(home, failures=failed)) == 1
