"""Events after the business date are counted by table: on the day itself they are not future ones, the day before they are."""

from datetime import date

from intake_kit import CONTRACT, Operator

from orchestration.cli.summary import summary
from orchestration.intake.future_dated import future_rows
from orchestration.pipeline.assets import left_out
from orchestration.pipeline.outcome import Outcome
from orchestration.pipeline.reports import BuildFound, IntakeFound
from orchestration.pipeline.run import Run, ledger_dates

USAGE = "subscriber_id,usage_date\n"
PAYMENTS = "payment_id,subscriber_id,paid_at,amount\n"


def test_rows_of_later_events_are_counted(tmp_path):
    operator = Operator(tmp_path)
    operator.deliver("billing_usage_daily", "2026-02-27", {"a.csv": USAGE + "s1,2026-02-28\ns1,2026-03-01\ns2,2026-03-02\n"})
    operator.deliver("billing_usage_daily", "2026-02-28", {"a.csv": USAGE + "s3,2026-03-01\n"})
    operator.deliver("billing_usage_daily", "2026-03-01", {"a.csv": USAGE + "s4,2026-03-01\n"})
    paid = "p1,s1,2026-02-28 23:59:59,1.00\np2,s1,2026-03-01 00:00:00,1.00\n"
    operator.deliver("billing_payments", "2026-02-28", {"a.csv": PAYMENTS + paid})
    operator.take()
    assert future_rows(operator.home, CONTRACT, date(2026, 2, 28)) == {"billing_usage_daily": 3, "billing_payments": 1}
    assert future_rows(operator.home, CONTRACT, date(2026, 2, 27)) == {"billing_usage_daily": 3}
    assert future_rows(operator.home, CONTRACT, date(2026, 3, 2)) == {}


def test_future_rows_and_deliveries_are_told_at_the_end_of_a_run(tmp_path):
    operator = Operator(tmp_path)
    for dt in ("2026-02-27", "2026-03-01", "2062-03-01"):
        operator.deliver("billing_usage_daily", dt, {"a.csv": USAGE + "s1,2026-03-01\n"})
    report, run = operator.take(), Run(operator.home, date(2026, 2, 27))
    build = BuildFound(**left_out(run.home, run.contract, ledger_dates(run.home), run.day))
    came_to = Outcome(run, intake=IntakeFound(report.intake_id), deliveries=report.outcomes, build=build)
    told = [" ".join(line.plain.split()) for line in summary(came_to) if line.plain.startswith("future")]
    assert told == [
        "future billing_usage_daily: 1 rows of events after 2026-02-27, kept in the lake, left out of the build",
        "future deliveries of later dates: 2, the last billing_usage_daily 2062-03-01; kept in the lake, left out of the build",
    ]
