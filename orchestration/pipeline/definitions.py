"""Dagster's way in: assembles assets, the nightly job, its schedule and its sensor. What a step does stands in its package.

Nothing is read but dbt's manifest, the raw contract and the target lists' definitions, and that when Dagster asks for them.
"""

from datetime import date

import dagster as dg

from orchestration.base import settings
from orchestration.base.modes import private_umask
from orchestration.pipeline import assets, automation, lists, retention, scoring, tasks
from orchestration.pipeline.reports import run_report
from orchestration.pipeline.run import business_days, run_resource, today
from orchestration.targeting.folder import list_folders, read_definitions
from orchestration.warehouse.dbt import target_dir
from orchestration.warehouse.manifest import load_models, read_manifest

WHOLE_AGAIN = {"dagster/retry_strategy": "ALL_STEPS"}
"""Has a run that is started once more go from its first step: what steps hand on is in the memory of the process that died."""


@dg.definitions
def defs() -> dg.Definitions:
    """All that Dagster knows of telco360, from the manifest as it stands."""
    private_umask()
    return definitions(today())


def definitions(last: date) -> dg.Definitions:
    """The same, with business dates up to `last` where that lies after today."""
    days = business_days(last)
    manifest, translator = read_manifest(target_dir() / "manifest.json"), assets.Translator()
    nightly = dg.define_asset_job(
        "nightly",
        selection=dg.AssetSelection.all(),
        partitions_def=days,
        executor_def=dg.in_process_executor,
        tags=WHOLE_AGAIN,
        description="Takes in what was delivered, builds and tests all tables for a business date, publishes them, exports the "
        "lists that are due. A day before the published one is built beside it and neither published nor exported.",
    )
    switch = "RUNNING" if settings.environment() == "production" else "STOPPED"
    intake, source_checks = assets.intake_assets(manifest, translator)
    models, keys = load_models(manifest), assets.model_keys(manifest, translator)
    candidate, release_checks, publication = assets.release_assets(models, keys, days)
    trained, scored = scoring.scoring_assets(manifest, translator, days)
    exports = lists.list_assets(read_definitions(*list_folders(settings.home())), days)
    released = [
        one.with_attributes(backfill_policy=assets.A_RUN_A_DAY)
        for one in (trained, scored, candidate, publication, tasks.raised_tasks(days), *exports, retention.retention(days))
    ]
    return dg.Definitions(
        assets=[intake, *assets.dbt_models(manifest, translator, days), *released, run_report(days)],
        asset_checks=[source_checks, release_checks],
        jobs=[nightly],
        schedules=[automation.at_two(nightly, switch)],
        sensors=[automation.complete_deliveries(nightly, switch), *automation.run_ends(nightly)],
        resources={"run": run_resource, "in_process": lists.in_process},
        executor=dg.in_process_executor,
    )
