"""Training and scoring as steps between the two of dbt, of all purposes together: what scoring writes is sources of the second.

Neither stops the run: what fails is reported, and the scores of before stand, which the tables are then built from.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.pipeline.assets import Translator, model_keys
from orchestration.pipeline.reports import ScoringFound, step
from orchestration.pipeline.run import Run
from orchestration.warehouse.dbt import SCORES
from orchestration.warehouse.manifest import load_models, require_serving

if TYPE_CHECKING:
    from orchestration.scoring.nightly import ScoringRun

MODEL = dg.AssetKey(["scoring", "line_models"])
READ = ("scoring_features", "scoring_outcomes", "handset_outcomes", "service_outcomes", "lines", "value_months", "list_outcomes")


def scoring_assets(raw_manifest: dict, translator: Translator, days: dg.PartitionsDefinition) -> list[dg.AssetsDefinition]:
    """The models that score, and all that they write for dbt to read: scores of the last complete month, checks, cards."""
    models, keys = load_models(raw_manifest), model_keys(raw_manifest, translator)
    read = [keys[require_serving(models, role).name] for role in READ]
    written = [
        dg.AssetSpec(
            translator.get_asset_key(source),
            deps=[MODEL],
            description=source["description"],
            group_name="scoring",
            kinds={"parquet"},
        )
        for source in raw_manifest["sources"].values()
        if SCORES in source["tags"]
    ]

    @dg.asset(key=MODEL, deps=read, group_name="scoring", required_resource_keys={"run"}, partitions_def=days)
    def line_models(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """Models of lines, each trained when a month's outcome becomes known, and their grouping into segments."""
        from orchestration.scoring.nightly import train_all
        from orchestration.scoring.rows import Rows

        run: Run = context.resources.run
        with step(context, "training") as current:
            current.report = found = _found(run, lambda: train_all(Rows(run.engine, run.models), run.home, current.note))
            current.result = found.in_short
        return dg.MaterializeResult(metadata=_metadata(found))

    @dg.multi_asset(specs=written, name="line_scores", required_resource_keys={"run"}, partitions_def=days)
    def line_scores(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        """What the models say of each line, and checks of what they said before."""
        from orchestration.scoring.nightly import score_all
        from orchestration.scoring.rows import Rows

        run: Run = context.resources.run
        with step(context, "scoring") as current:
            current.report = found = _found(run, lambda: score_all(Rows(run.engine, run.models), run.home, current.note))
            current.result = found.in_short
        for spec in written:
            yield dg.MaterializeResult(asset_key=spec.key, metadata=_metadata(found))

    return [line_models, line_scores]


def _found(run: Run, work: Callable[[], "ScoringRun"]) -> ScoringFound:
    """What the work came to. Of an earlier day nothing is trained or scored."""
    if run.is_earlier:
        return ScoringFound("none: an earlier day goes by the scores that stand")
    made = work()
    return ScoringFound(made.in_short, [*made.done, *made.waiting], made.problems)


def _metadata(found: ScoringFound) -> dict[str, str]:
    return {"told": "\n".join([*found.told, *found.problems]) or found.in_short}
