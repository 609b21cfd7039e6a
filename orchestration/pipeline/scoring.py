"""Training and scoring as steps between the build and the candidate, of all purposes together.

Neither stops the run: what fails is reported, and the scores of before stand. Tables that read scores are built anew where these
changed, so that tags of a run go by the scores of the same run.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.base.errors import WarehouseError
from orchestration.pipeline.assets import dbt_build
from orchestration.pipeline.reports import ScoringFound, step
from orchestration.pipeline.run import Run
from orchestration.warehouse import dbt
from orchestration.warehouse.manifest import Models, require_serving

if TYPE_CHECKING:
    from orchestration.scoring.nightly import ScoringRun

MODEL, SCORES = (dg.AssetKey(["scoring", what]) for what in ("line_models", "line_scores"))
READ = ("scoring_features", "scoring_outcomes", "handset_outcomes", "service_outcomes", "lines", "value_months", "list_outcomes")


def reads_scores() -> str:
    """What dbt builds anew when scores have changed: all that reads them, as one argument, for dagster-dbt keeps no more."""
    from orchestration.scoring.ledger import TABLES

    return " ".join(f"source:ledger.{table.name}+" for table in TABLES)


def scoring_assets(models: Models, keys: dict[str, dg.AssetKey], days: dg.PartitionsDefinition) -> list[dg.AssetsDefinition]:
    """The models that score, and the scores of the last complete month."""
    read = [keys[require_serving(models, role).name] for role in READ]

    @dg.asset(key=MODEL, deps=read, group_name="scoring", required_resource_keys={"run"}, partitions_def=days)
    def line_models(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """Models of lines, each trained when a month's outcome becomes known, and their grouping into segments."""
        from orchestration.scoring.nightly import train_all
        from orchestration.scoring.rows import Rows

        run: Run = context.resources.run
        with step(context, "training") as current:
            current.report = found = _found(run, lambda: train_all(Rows(run.engine, run.models), run.home, current.note))[0]
            current.result = found.in_short
        return dg.MaterializeResult(metadata=_metadata(found))

    @dg.asset(key=SCORES, deps=[MODEL], group_name="scoring", required_resource_keys={"run"}, partitions_def=days)
    def line_scores(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """What the models say of each line, checks of what they said before, and the tables that read it."""
        from orchestration.scoring.nightly import score_all
        from orchestration.scoring.rows import Rows

        run: Run = context.resources.run
        with step(context, "scoring") as current:
            rows = Rows(run.engine, run.models)
            current.report, is_new = found, _ = _found(run, lambda: score_all(rows, run.home, current.note))
            if is_new:
                current.note("tables that read scores")
                build_readers(run)
            current.result = found.in_short
        return dg.MaterializeResult(metadata=_metadata(found))

    return [line_models, line_scores]


def _found(run: Run, work: Callable[[], "ScoringRun"]) -> tuple[ScoringFound, bool]:
    """What the work came to, and whether scores have changed. Of an earlier day nothing is trained or scored."""
    if run.is_earlier:
        return ScoringFound("none: an earlier day goes by the scores that stand"), False
    made = work()
    return ScoringFound(made.in_short, [*made.done, *made.waiting], made.problems), made.is_new


def _metadata(found: ScoringFound) -> dict[str, str]:
    return {"told": "\n".join([*found.told, *found.problems]) or found.in_short}


def build_readers(run: Run) -> None:
    """Builds and tests what reads scores, in the build that stands. Raises WarehouseError where dbt fails."""
    # Artefacts of its own: those of the build tell of all tables.
    artefacts = run.engine.home.dbt_artefacts / "scores"
    called = dbt_build(run, dbt.code_hash(), artefacts, "--select", reads_scores()).wait()
    if not called.is_successful():
        raise WarehouseError(f"dbt could not build the tables that read scores; its own words are in {artefacts / 'dbt.log'}")
