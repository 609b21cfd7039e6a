"""Training and scoring as steps between the build and the candidate.

Neither stops the night: what fails is told, and the scores of before stand. Tables that read scores are built anew where these
changed, so that tags of a run go by the scores of the same run.
"""

from collections.abc import Callable

import dagster as dg

from orchestration.base.errors import Telco360Error, WarehouseError
from orchestration.pipeline.assets import dbt_build
from orchestration.pipeline.reports import ScoringFound, step
from orchestration.pipeline.run import Run
from orchestration.warehouse import dbt
from orchestration.warehouse.manifest import Models, require_serving

MODEL, SCORES = (dg.AssetKey(["scoring", f"value_loss_{what}"]) for what in ("model", "scores"))
READS_SCORES = "source:ledger.value_loss_scores+"
"""What dbt builds anew when scores have changed: all that reads them."""


def scoring_assets(models: Models, keys: dict[str, dg.AssetKey], days: dg.PartitionsDefinition) -> list[dg.AssetsDefinition]:
    """The model that scores, and the scores of the last complete month."""
    read = [keys[require_serving(models, role).name] for role in ("scoring_features", "scoring_outcomes")]

    @dg.asset(key=MODEL, deps=read, group_name="scoring", required_resource_keys={"run"}, partitions_def=days)
    def value_loss_model(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """A model of the value-loss warning, trained when a month's outcome becomes known."""
        from orchestration.scoring.run import train

        run: Run = context.resources.run
        with step(context, "training") as current:
            current.report = found = _alone(run, lambda: train(run.engine.frame, run.models, run.home, current.note).why)
            current.result = found.problem.partition("\n")[0] or found.why
        return dg.MaterializeResult(metadata={"told": found.problem or found.why})

    @dg.asset(key=SCORES, deps=[MODEL], group_name="scoring", required_resource_keys={"run"}, partitions_def=days)
    def value_loss_scores(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """Chance of each line to lose value, with reasons, and the tables that read it."""
        from orchestration.scoring.run import score

        run: Run = context.resources.run
        with step(context, "scoring") as current:
            is_new = False

            def scored() -> str:
                nonlocal is_new
                made = score(run.engine.frame, run.models, run.home, current.note)
                is_new = made.is_new
                return made.why

            current.report = found = _alone(run, scored)
            if is_new:
                current.note("tables that read scores")
                build_readers(run)
            current.result = found.problem.partition("\n")[0] or found.why
        return dg.MaterializeResult(metadata={"told": found.problem or found.why})

    return [value_loss_model, value_loss_scores]


def _alone(run: Run, work: Callable[[], str]) -> ScoringFound:
    """What the work says, or why it failed: nothing of it stops the night. Of an earlier day nothing is trained or scored."""
    if run.is_earlier:
        return ScoringFound("none: an earlier day goes by the scores that stand")
    try:
        return ScoringFound(work())
    except Telco360Error as error:
        return ScoringFound(problem=str(error))
    except Exception as error:  # of a library: the night must not hang on a score
        return ScoringFound(problem=f"{type(error).__name__}: {error}")


def build_readers(run: Run) -> None:
    """Builds and tests what reads scores, in the build that stands. Raises WarehouseError where dbt fails."""
    # Artefacts of its own: those of the build tell of all tables.
    artefacts = run.engine.home.dbt_artefacts / "scores"
    called = dbt_build(run, dbt.code_hash(), artefacts, "--select", READS_SCORES).wait()
    if not called.is_successful():
        raise WarehouseError(f"dbt could not build the tables that read scores; its own words are in {artefacts / 'dbt.log'}")
