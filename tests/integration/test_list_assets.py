"""Lists in the nightly job: decided in one step, exported each in its own, on the days that they are due."""

from datetime import date
from types import SimpleNamespace

import dagster as dg
import pytest
from list_kit import CARE, IN_ORDER, Operator, care, exported
from made_lists import AS_OF, RUN_DATE

from orchestration.cli.summary import summary
from orchestration.pipeline import lists as list_steps
from orchestration.pipeline.outcome import Failure, Outcome, outcome
from orchestration.pipeline.run import Run, business_days
from orchestration.targeting import ledger, lists
from orchestration.targeting.folder import Definitions
from orchestration.warehouse.candidate import Contents
from orchestration.warehouse.publishing import Version


@pytest.fixture
def operator(tmp_path) -> Operator:
    return Operator(tmp_path)


def run_of(operator: Operator, monkeypatch, *definitions, today: date = RUN_DATE) -> Run:
    """A run whose engine is the operator's two files, after the publication."""
    version = Version("v1", "r1", "", operator.published, Contents("2026-03-31", "", {}, []), True)
    run = Run(operator.home, AS_OF, is_asked=False)
    engine = SimpleNamespace(home=operator.home, current=lambda: version, list_tables=lambda models, version: operator.tables())
    vars(run).update(engine=engine, models=(), today=today)
    found = Definitions({definition.name: definition for definition in definitions}, ("bad.yml: key owner is missing",))
    monkeypatch.setattr(lists, "read_definitions", lambda *folders: found)
    return run


def run_assets(run: Run, *definitions, selection=None) -> tuple[dg.ExecuteInProcessResult, Outcome]:
    days = business_days(AS_OF)
    # The feeds stand first here, and run last all the same.
    made = [list_steps.channel_feeds(days), list_steps.decided_lists(definitions, days)]
    made += [list_steps.list_asset(one, days) for one in definitions]
    resources = {"run": run, "in_process": list_steps.in_process}
    with dg.DagsterInstance.ephemeral() as instance, run.held:
        result = dg.materialize(
            made, resources=resources, raise_on_error=False, instance=instance, selection=selection, partition_key=str(AS_OF)
        )
    return result, outcome(run, result.all_events)


def materialized(result: dg.ExecuteInProcessResult) -> set[str]:
    return {event.asset_key.path[-1] for event in result.all_events if event.is_step_materialization}


def test_each_due_list_is_exported_by_itself_and_one_that_fails_fails_alone(operator, monkeypatch):
    late = care(name="late", where="nps_score > 3", priority=1)
    sunday = care(name="sunday", schedule="0 0 * * 0", priority=2)  # the run date is a Wednesday
    broken = care(name="broken", where="vlue_tier = 'gold'")
    definitions = (CARE, late, sunday, broken)
    run = run_of(operator, monkeypatch, *definitions)
    result, came_to = run_assets(run, *definitions)
    assert materialized(result) == {"decided_lists", "care", "channel_feeds"}
    (feed,) = (operator.home.exports / f"{RUN_DATE}").glob("feed_store_*.csv")
    assert feed.read_text(encoding="utf-8-sig").count('"care"') == 8
    assert {made.name: (made.status, made.rows) for made in came_to.lists} == {
        "care": ("exported", 8), "late": ("refused", 0), "broken": ("failed", 0),
    }  # fmt: skip
    assert exported(next(made for made in came_to.lists if made.name == "care")) == IN_ORDER
    assert {failure.step for failure in came_to.failures} == {"target_lists__late", "target_lists__broken"}
    told = "\n".join(str(line) for line in summary(came_to))
    assert "care: 8 rows, " in told and "late: refused" in told and "broken: failed" in told
    assert "channel_surveys ends on 2026-02-01; needed for nps_score" in told
    assert {row["list_name"] for row in ledger.runs(operator.home).to_pylist()} == {"care", "late", "broken"}


def test_a_list_asked_for_by_itself_is_decided_by_itself_on_any_day(operator, monkeypatch):
    sunday = care(name="sunday", schedule="0 0 * * 0")
    run = run_of(operator, monkeypatch, sunday)
    result, came_to = run_assets(run, sunday, selection=[dg.AssetKey(["target_lists", "sunday"])])
    assert came_to.failures == [] and materialized(result) == {"sunday"}
    assert came_to.lists[0].rows == 8


def test_several_lists_asked_for_by_themselves_are_each_decided_by_itself(operator, monkeypatch):
    definitions = (CARE, care(name="sunday", schedule="0 0 * * 0"))
    run = run_of(operator, monkeypatch, *definitions)
    _, came_to = run_assets(run, *definitions, selection=[dg.AssetKey(["target_lists", one.name]) for one in definitions])
    assert came_to.failures == [] and {made.name for made in came_to.lists if made.file} == {"care", "sunday"}


def test_a_list_whose_definition_went_meanwhile_fails_alone(operator, monkeypatch):
    run = run_of(operator, monkeypatch, CARE)
    _, came_to = run_assets(run, CARE, care(name="gone"))
    (failure,) = came_to.failures
    assert failure.step == "target_lists__gone" and "its file in target_lists/ is gone or cannot be read" in failure.message
    assert {made.name: made.rows for made in came_to.lists} == {"care": 8, "gone": 0}


def test_where_nothing_can_be_decided_no_list_is_exported(operator, monkeypatch):
    operator.change("alter table tags.subscriber_360 drop column is_universal_control")
    run = run_of(operator, monkeypatch, CARE)
    result, came_to = run_assets(run, CARE)
    assert materialized(result) == set()
    (failure,) = came_to.failures
    assert failure == Failure("decided_lists", failure.message) and "lack is_universal_control" in failure.message
