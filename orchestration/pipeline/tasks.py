"""Tasks as a step behind the publication: what the date raised is written down, so that the next one knows it, and the open ones
are exported for the managers' tool. It fails alone."""

from typing import Any

import dagster as dg

from orchestration.pipeline.assets import PUBLICATION
from orchestration.pipeline.reports import step
from orchestration.pipeline.run import Run
from orchestration.targeting.tasks import export_tasks, record_tasks


def raised_tasks(days: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """The step that writes the ledger of tasks and their file."""

    @dg.asset(deps=[PUBLICATION], group_name="tasks", required_resource_keys={"run"}, partitions_def=days)
    def raised_tasks(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """Tasks that were raised on the business date, in the ledger, for the dates after it."""
        run: Run = context.resources.run
        with step(context, "tasks") as current:
            if not run.publishes:
                current.result = f"none recorded: {run.day} is before the published day"
                return dg.MaterializeResult()
            counts = record_tasks(run.home, run.engine.ask, run.models, run.day)
            current.result = counts.in_short
            metadata: dict[str, Any] = {"raised": counts.raised, "open": counts.open_tasks, "waiting": counts.waiting}
            if run.exports_lists:
                written = export_tasks(run.home, run.engine.ask, run.models, run.day, run.today)
                metadata["file"] = dg.MetadataValue.path(written.files[0])
                current.result += f"; {written.rows:,} at hand in {written.files[0]}"
        return dg.MaterializeResult(metadata=metadata)

    return raised_tasks
