"""Dagster's way in: assembles assets, the nightly job, its schedule and its sensor. What a step does stands in its room.

Nothing is read at import but dbt's manifest and the target lists' definitions.
"""

import dagster as dg

from orchestration import settings
from orchestration.contract import load_contract
from orchestration.targeting.definition import load_definitions
from orchestration.warehouse import arrivals, assets
from orchestration.warehouse.build import is_locked, run_lock
from orchestration.warehouse.dbt import target_dir
from orchestration.warehouse.manifest import load_models, read_manifest
from orchestration.warehouse.night import Night

MANIFEST = target_dir() / "manifest.json"
manifest = read_manifest(MANIFEST)
models = load_models(manifest)
translator = assets.Translator()
dbt_models = assets.dbt_models(MANIFEST, translator)
lists = [definition for definition in load_definitions(settings.PROJECT_DIR / "target_lists") if definition.status == "approved"]

nightly = dg.define_asset_job("nightly", selection=dg.AssetSelection.all(), executor_def=dg.in_process_executor)
switch = dg.DefaultScheduleStatus.RUNNING if settings.environment() == "production" else dg.DefaultScheduleStatus.STOPPED
watch = dg.DefaultSensorStatus(switch.value)


@dg.resource(
    config_schema={"as_of": dg.Field(str, default_value="", description="Business date, YYYY-MM-DD; empty: the latest due")}
)
def night(context):
    """One run's way to its home, which it holds for itself alone."""
    home = settings.home()
    with run_lock(home):
        yield Night(home, asked=arrivals.parse_day(context.resource_config["as_of"]))


@dg.sensor(job=nightly, minimum_interval_seconds=60, default_status=watch)
def deliveries_complete(context):
    """Starts the job once all required deliveries of a day are there, once more for each that is delivered anew."""
    home = settings.home()
    if is_locked(home):
        return dg.SkipReason(f"{home.root} is at work")
    due = arrivals.due_days(
        arrivals.complete_folders(home), arrivals.judged(home), [t.name for t in load_contract().values() if t.required]
    )
    return [dg.RunRequest(run_key=key, tags={"business_date": day.isoformat()}) for day, key in due]


intake, door = assets.intake_assets(manifest, translator)
candidate, gate, publication = assets.release_assets(models, assets.model_keys(manifest, translator))

defs = dg.Definitions(
    assets=[intake, dbt_models, candidate, publication, *(assets.list_asset(definition, models) for definition in lists)],
    asset_checks=[door, gate],
    jobs=[nightly],
    schedules=[
        dg.ScheduleDefinition(
            job=nightly, cron_schedule="0 2 * * *", execution_timezone=settings.timezone().key, default_status=switch
        )
    ],
    sensors=[deliveries_complete],
    resources={"night": night},
    executor=dg.in_process_executor,
)
