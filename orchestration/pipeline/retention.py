"""What goes by age, as a step behind the publication. It fails alone."""

from collections.abc import Callable
from datetime import datetime

import dagster as dg

from orchestration.base import settings
from orchestration.pipeline.assets import PUBLICATION
from orchestration.pipeline.reports import RetentionFound, step
from orchestration.pipeline.run import Run
from orchestration.privacy.retention import apply_retention


def retention(days: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """The step that removes what is older than seeds/retention.csv lets it be."""

    # Behind all else that the publication starts: the files of this night are there by then.
    @dg.asset(
        deps=[PUBLICATION],
        group_name="release",
        required_resource_keys={"run"},
        partitions_def=days,
        op_tags={"dagster/priority": "-2"},
    )
    def retention(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """Deliveries, quarantine, versions, exports, logs and runs, removed when seeds/retention.csv says so."""
        run: Run = context.resources.run
        with step(context, "retention") as current:
            if not run.publishes:
                current.result = f"not applied: {run.day} is before the published day"
                return dg.MaterializeResult()
            now = datetime.now(settings.timezone()).replace(tzinfo=None)
            kept = apply_retention(run.home, now, remove_runs(context.instance))
            current.report = RetentionFound(kept.gone, kept.held)
            current.result = kept.in_short
        return dg.MaterializeResult(metadata=dict(kept.gone))

    return retention


def remove_runs(instance: dg.DagsterInstance) -> Callable[[datetime], int]:
    """What removes runs that began before a time from Dagster's store, with their events."""

    def remove(before: datetime) -> int:
        began = dg.RunsFilter(created_before=before.replace(tzinfo=settings.timezone()))
        old = [run.run_id for run in instance.get_runs(began) if run.is_finished]
        for run_id in old:
            instance.delete_run(run_id)
        return len(old)

    return remove
