"""Dagster's way in: assembles assets, the nightly job, its schedule and its sensor. What a step does stands in its room.

Nothing is read at import but dbt's manifest, the raw contract and the target lists' definitions.
"""

import dagster as dg

from orchestration import settings
from orchestration.contract import load_contract
from orchestration.targeting.folder import read_definitions
from orchestration.warehouse import arrivals, assets
from orchestration.warehouse.build import is_locked
from orchestration.warehouse.dbt import target_dir
from orchestration.warehouse.manifest import load_models, read_manifest

MANIFEST = target_dir() / "manifest.json"
manifest = read_manifest(MANIFEST)
models = load_models(manifest)
translator = assets.Translator()
dbt_models = assets.dbt_models(MANIFEST, translator)
found = read_definitions(settings.TARGET_LISTS)
lists = [definition for definition in found.sound.values() if definition.status == "approved"]

nightly = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    description="Takes in what was delivered, builds and tests all tables, publishes them, exports the lists that are due. For "
    "another day than the latest, launch it with this config: `resources: {night: {config: {as_of: '2026-10-31'}}}`",
)
switch, zone = ("RUNNING" if settings.environment() == "production" else "STOPPED"), settings.timezone().key
at_two = dg.ScheduleDefinition(
    job=nightly,
    cron_schedule="0 2 * * *",
    execution_timezone=zone,
    default_status=dg.DefaultScheduleStatus(switch),
    description="Starts the job every night, whatever was delivered.",
)


@dg.sensor(
    job=nightly,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus(switch),
    description="Starts the job once all required deliveries of a day are there, once more for each that is delivered anew.",
)
def deliveries_complete(context):
    home = settings.home()
    if is_locked(home):
        return dg.SkipReason(f"{home.root} is at work")
    due = arrivals.due_day(arrivals.complete_folders(home), arrivals.judged(home), load_contract())
    return dg.RunRequest(run_key=due.key, tags={"business_date": str(due.day)}) if due else dg.SkipReason("no day is due")


intake, door = assets.intake_assets(manifest, translator)
candidate, gate, publication = assets.release_assets(models, assets.model_keys(manifest, translator))

list_assets = [assets.decided_lists(lists), *map(assets.list_asset, lists), *assets.lists_at_fault(found.problems)]

defs = dg.Definitions(
    assets=[intake, dbt_models, candidate, publication, *list_assets],
    asset_checks=[door, gate],
    jobs=[nightly],
    schedules=[at_two],
    sensors=[deliveries_complete],
    resources={"night": assets.night},
    executor=dg.in_process_executor,
)
