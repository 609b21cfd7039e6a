"""Lists in the nightly job: decided in one step, exported each in its own, on the days that they are due."""

from datetime import date
from types import SimpleNamespace

import dagster as dg
import pytest
from list_kit import CARE, IN_ORDER, Operator, care, exported
from made_lists import RUN_DATE

from orchestration.cli.summary import summary
from orchestration.pipeline import assets
from orchestration.pipeline.nightly import Failure, Outcome, failures
from orchestration.pipeline.run import Night
from orchestration.targeting import ledger, lists
from orchestration.targeting.folder import Definitions
from orchestration.warehouse.candidate import Contents
from orchestration.warehouse.publishing import Version


@pytest.fixture
def operator(tmp_path) -> Operator:
    return Operator(tmp_path)


def night_of(operator: Operator, monkeypatch, *definitions, today: date = RUN_DATE) -> Night:
    """A night whose engine is the operator's two files, after the publication."""
    version = Version("v1", "r1", "", operator.published, Contents("2026-03-31", "", {}, []), True)
    night = Night(operator.home)
    engine = SimpleNamespace(home=operator.home, current=lambda: version, list_tables=lambda models, version: operator.tables())
    vars(night).update(engine=engine, models=(), today=today)
    found = Definitions({definition.name: definition for definition in definitions}, ("bad.yml: key owner is missing",))
    monkeypatch.setattr(lists, "read_definitions", lambda folder: found)
    return night


def run_assets(night: Night, *definitions, selection=None) -> tuple[dg.ExecuteInProcessResult, Outcome]:
    made = [assets.decided_lists(definitions), *map(assets.list_asset, definitions)]
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(made, resources={"night": night}, raise_on_error=False, instance=instance, selection=selection)
        outcome = Outcome(night, list(failures(result.all_events, night)))
        night.close()
    return result, outcome


def materialized(result: dg.ExecuteInProcessResult) -> set[str]:
    return {event.asset_key.path[-1] for event in result.all_events if event.is_step_materialization}


def test_each_due_list_is_exported_by_itself_and_one_that_fails_fails_alone(operator, monkeypatch):
    late = care(name="late", where="nps_score > 3", priority=1)
    sunday = care(name="sunday", schedule="0 0 * * 0", priority=2)  # the run date is a Wednesday
    broken = care(name="broken", where="vlue_tier = 'gold'")
    definitions = (CARE, late, sunday, broken)
    night = night_of(operator, monkeypatch, *definitions)
    result, outcome = run_assets(night, *definitions)
    assert materialized(result) == {"decided_lists", "care"}
    assert {made.name: (made.status, made.rows) for made in night.lists} == {
        "care": ("exported", 8), "late": ("refused", 0), "broken": ("failed", 0),
    }  # fmt: skip
    assert exported(next(made for made in night.lists if made.name == "care")) == IN_ORDER
    assert {failure.step for failure in outcome.failures} == {"target_lists__late", "target_lists__broken"}
    told = "\n".join(str(line) for line in summary(Outcome(night_without_engine(night), outcome.failures)))
    assert "care: 8 rows, " in told and "late: refused" in told and "broken: failed" in told
    assert "channel_surveys ends on 2026-02-01; needed for nps_score" in told
    assert {row["list_name"] for row in ledger.runs(operator.home).to_pylist()} == {"care", "late", "broken"}


def night_without_engine(night: Night) -> Night:
    """The same night where nobody asks what is published."""
    vars(night)["engine"] = SimpleNamespace(current=lambda: None)
    return night


def test_a_list_asked_for_by_itself_is_decided_by_itself_on_any_day(operator, monkeypatch):
    sunday = care(name="sunday", schedule="0 0 * * 0")
    night = night_of(operator, monkeypatch, sunday)
    result, outcome = run_assets(night, sunday, selection=[dg.AssetKey(["target_lists", "sunday"])])
    assert outcome.failures == [] and materialized(result) == {"sunday"}
    assert night.lists[0].rows == 8


def test_a_list_whose_definition_went_meanwhile_fails_alone(operator, monkeypatch):
    night = night_of(operator, monkeypatch, CARE)
    _, outcome = run_assets(night, CARE, care(name="gone"))
    (failure,) = outcome.failures
    assert failure.step == "target_lists__gone" and "its file in target_lists/ is gone or cannot be read" in failure.message
    assert {made.name: made.rows for made in night.lists} == {"care": 8, "gone": 0}


def test_where_nothing_can_be_decided_no_list_is_exported(operator, monkeypatch):
    operator.change("alter table tags.subscriber_360 drop column is_universal_control")
    night = night_of(operator, monkeypatch, CARE)
    result, outcome = run_assets(night, CARE)
    assert materialized(result) == set()
    (failure,) = outcome.failures
    assert failure == Failure("decided_lists", failure.message) and "lack is_universal_control" in failure.message
