"""Dagster's way in: assembles assets, the nightly job, its schedule and its sensor. What a step does stands in its package.

Nothing is read but dbt's manifest, the raw contract and the target lists' definitions, and that when Dagster asks for them.
"""

import dagster as dg

from orchestration.base import settings
from orchestration.pipeline import assets, lists
from orchestration.pipeline.sensor import complete_deliveries
from orchestration.targeting.folder import read_definitions
from orchestration.warehouse.dbt import target_dir
from orchestration.warehouse.manifest import load_models, read_manifest


@dg.definitions
def defs() -> dg.Definitions:
    """All that Dagster knows of telco360, from the manifest as it stands."""
    manifest = read_manifest(target_dir() / "manifest.json")
    translator = assets.Translator()
    models, keys = load_models(manifest), assets.model_keys(manifest, translator)
    nightly = dg.define_asset_job(
        "nightly",
        selection=dg.AssetSelection.all(),
        executor_def=dg.in_process_executor,
        description="Takes in what was delivered, builds and tests all tables, publishes them, exports the lists that are due. "
        "For another day than the latest, launch it with this config: `resources: {night: {config: {as_of: '2026-10-31'}}}`",
    )
    switch = "RUNNING" if settings.environment() == "production" else "STOPPED"
    at_two = dg.ScheduleDefinition(
        job=nightly,
        cron_schedule="0 2 * * *",
        execution_timezone=settings.timezone().key,
        default_status=dg.DefaultScheduleStatus(switch),
        description="Starts the job every night, whatever was delivered.",
    )
    intake, door = assets.intake_assets(manifest, translator)
    candidate, gate, publication = assets.release_assets(models, keys)
    exports = lists.list_assets(read_definitions(settings.TARGET_LISTS))
    return dg.Definitions(
        assets=[intake, assets.dbt_models(manifest, translator), candidate, publication, *exports],
        asset_checks=[door, gate],
        jobs=[nightly],
        schedules=[at_two],
        sensors=[complete_deliveries(nightly, switch)],
        resources={"night": assets.night},
        executor=dg.in_process_executor,
    )
