"""The steps of a run as Dagster assets and checks: intake, source checks, dbt, candidate, release checks, publication.

Each is a thin call of the package that does the work. Lists stand in `lists`. Groups, owners and descriptions of tables come from
dbt's manifest. What is built for a business date has it as its partition.
"""

import json
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliInvocation, DbtCliResource, dbt_assets
from packaging.version import Version

from orchestration.base import machine, settings
from orchestration.base.billed import billed_months, months_sql
from orchestration.base.contract import Table, load_contract
from orchestration.base.damage import damaged
from orchestration.base.errors import WarehouseError
from orchestration.intake import IntakeReport, ledger
from orchestration.intake.future_dated import future_rows
from orchestration.intake.run import SUBSCRIBERS
from orchestration.pipeline.reports import BuildFound, IntakeFound, Step, step
from orchestration.pipeline.run import Run, ledger_dates
from orchestration.quality.release_checks import check_candidate, leaks
from orchestration.quality.source_checks import check_deliveries, not_passed
from orchestration.quality.validation import Finding, ValidationResult
from orchestration.targeting.offers import record_offers
from orchestration.warehouse import dbt, full_tests, manifest
from orchestration.warehouse.code import code_of
from orchestration.warehouse.dbt_results import DbtResults, results
from orchestration.warehouse.freshness import Deliveries
from orchestration.warehouse.manifest import serving
from orchestration.warehouse.seeds import check_seeds

CANDIDATE, PUBLICATION = dg.AssetKey("release_candidate"), dg.AssetKey("publication")
SOURCE_CHECKS, RELEASE_CHECKS = "source_checks", "release_checks"
DBT, SCORED = "dbt", "scored tables"
"""The two steps of dbt, as they are told."""
TESTS_OF_SEEDS = "resource_type:test,path:seeds"
"""As dbt selects them. A run leaves them out: `check_seeds` applies the same declarations to the files before dbt starts."""
READS_SCORES = f"tag:{dbt.SCORES}+"
"""As dbt selects them: all that reads what scoring writes. It is built once scores are made, and so once a night."""
A_RUN_A_DAY = dg.BackfillPolicy.multi_run(1)
"""A build holds one business date, so a backfill makes a run of each."""


class Dbt(DbtCliResource):
    """dbt as Dagster starts it, less what costs seconds and is known or unused here: a start of dbt that asks for its version,
    and dbt's adapter in this process, by which Dagster could count rows."""

    @cached_property
    def _cli_version(self) -> Version:
        return Version(metadata.version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: object) -> None:
        return None


class Translator(DagsterDbtTranslator):
    """What the page says of dbt's tables: groups after their names, owners of tags, descriptions of the YAML."""

    def get_group_name(self, dbt_resource_props) -> str:
        """stg_crm, int_usage and so on; of a mart the schema that readers know."""
        if dbt_resource_props["resource_type"] != "model":
            return {"source": "raw", "seed": "seeds"}[dbt_resource_props["resource_type"]]
        layer, subject = dbt_resource_props["fqn"][1:3]
        return {"staging": "stg_", "intermediate": "int_"}.get(layer, "") + subject

    def get_owners(self, dbt_resource_props) -> list[str]:
        owner = _meta(dbt_resource_props).get("tag_defaults", {}).get("owner")
        return [owner_name(owner)] if owner else []

    def get_description(self, dbt_resource_props) -> str:
        """What it is, and of a model its grain and SQL."""
        if dbt_resource_props["resource_type"] != "model":
            return dbt_resource_props["description"]
        grain = ", ".join(f"`{column}`" for column in _meta(dbt_resource_props)["grain"])
        sql = f"```sql\n{dbt_resource_props['raw_code'].strip()}\n```"
        return f"{dbt_resource_props['description'].strip()}\n\nOne row a {grain}.\n\n{sql}"


def _meta(dbt_resource_props) -> dict:
    return dbt_resource_props.get("config", {}).get("meta") or {}


def owner_name(owner: str) -> str:
    """An owner as Dagster takes it: an address as it is, anything else as the name of a team."""
    return owner if "@" in owner else "team:" + "".join(c if c.isalnum() else "_" for c in owner)


def intake_assets(raw_manifest: dict, translator: Translator) -> list:
    """Intake as one step that makes every raw table and its own ledger, with the source checks on each raw table.

    It takes in all that is there, of whichever day: raw tables have no partition."""
    contract = load_contract()
    sources = [s for s in raw_manifest["sources"].values() if s["name"] in contract or s["source_name"] == "ledger"]
    sources = [source for source in sources if dbt.SCORES not in source["tags"]]
    keys = {s["name"]: translator.get_asset_key(s) for s in sources}
    specs = [
        dg.AssetSpec(keys[s["name"]], description=s["description"], group_name="raw", kinds={"parquet"}, skippable=True)
        for s in sources
    ]

    @dg.multi_asset(specs=specs, name="intake", required_resource_keys={"run"}, can_subset=False)
    def intake(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        run: Run = context.resources.run
        with step(context, "intake") as current:
            before = not_passed(run.home)
            report = run.take_in(current.note)
            current.report = IntakeFound(
                report.intake_id, report.unchanged, report.incomplete, report.warnings, repeated(before, report)
            )
            current.result = (
                f"{len(report.accepted)} accepted, {len(report.rejected)} rejected, {report.unchanged} known and unchanged"
            )
        for name, key in keys.items():
            yield dg.MaterializeResult(asset_key=key, metadata=intake_facts(report, name))

    says = "Accepted deliveries are complete, their keys unique, their volume usual, and fresh enough to build from."
    checks = [
        dg.AssetCheckSpec(SOURCE_CHECKS, asset=keys[name], description=says, blocking=True) for name in contract if name in keys
    ]

    @dg.multi_asset_check(specs=checks, name=SOURCE_CHECKS, required_resource_keys={"run"})
    def source_checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        run: Run = context.resources.run
        with step(context, "source checks") as current:
            deliveries = ledger_dates(run.home)
            found = check_deliveries(run.home, run.contract, run.limits, deliveries, run.require_day(deliveries))
            current.report, current.result = found, verdict(found)
        tables = {spec.asset_key.path[-1]: spec.asset_key for spec in checks}
        for table, key in tables.items():
            # What is about no single table, such as a check that itself broke, stops all of them.
            others = tables.keys() - {table}
            yield _check_result(found, key, SOURCE_CHECKS, lambda of, others=others: of.table.split(" ")[0] not in others)

    return [intake, source_checks]


def repeated(before: Iterable[dict], report: IntakeReport) -> list[str]:
    """Warnings of deliveries taken in before this run, rows of the ledger, unless this run has taken them in again. Pure."""
    again = {(o.table_name, o.dt) for o in report.outcomes}
    return [
        f"{d['table_name']} {d['dt']}, taken in on {d['recorded_at']:%Y-%m-%d}: {text}"
        for d in before
        if (d["table_name"], d["dt"]) not in again
        for text in d["warnings"]
    ]


def intake_facts(report: IntakeReport, table: str) -> dict:
    """What this run took in of a table, for its page."""
    outcomes = [o for o in report.outcomes if o.table_name == table]
    facts = {"deliveries": len(outcomes), "rejected": sum(not o.is_accepted for o in outcomes)}
    facts |= {name: sum(getattr(o, name) for o in outcomes) for name in ("rows_read", "rows_accepted", "rows_set_aside")}
    reasons = [f"{o.dt}: {o.reason}" for o in outcomes if o.reason]
    return facts | ({"reasons": dg.MetadataValue.md("\n\n".join(reasons))} if reasons else {})


def dbt_models(raw_manifest: dict, translator: Translator, days: dg.PartitionsDefinition) -> list[dg.AssetsDefinition]:
    """All dbt models as assets, their tests as checks, in two steps: scores are made between them. dbt's unit tests are no part
    of a run; `make test` runs them."""
    made: dict[str, Any] = {
        "manifest": raw_manifest,
        "dagster_dbt_translator": translator,
        "required_resource_keys": {"run"},
        "partitions_def": days,
        "backfill_policy": A_RUN_A_DAY,
    }

    @dbt_assets(name="dbt", exclude=f"{TESTS_OF_SEEDS} {READS_SCORES}", **made)
    def models(context: dg.AssetExecutionContext) -> Iterator:
        run: Run = context.resources.run
        with step(context, DBT) as current:
            check_seeds()
            dbt.require_profiles()
            dbt.require_current_manifest()
            offers = record_offers(run.home, run.models, run.day)
            found = BuildFound(rejected_offers=[judged.message for judged in offers if not judged.is_accepted])
            deliveries = ledger_dates(run.home)
            code = code_of(raw_manifest, dbt.code_hash())
            prepared = run.engine.prepare(run.day, code, run.stale(deliveries))
            current.report = replace(found, discarded=prepared.discarded, changed=prepared.changed)
            full_tests.begun(run.engine.home, is_changed=bool(prepared.discarded or prepared.changed))
            yield from _passed_on(run, current, dbt_build(run, code.hash, run.engine.home.dbt_artefacts, context))
            current.report = replace(current.report, **_built(run, deliveries))

    @dbt_assets(name="scored_tables", select=READS_SCORES, exclude=TESTS_OF_SEEDS, **made)
    def scored_tables(context: dg.AssetExecutionContext) -> Iterator:
        run: Run = context.resources.run
        with step(context, SCORED) as current:
            current.report = BuildFound()
            called = dbt_build(run, dbt.code_hash(), run.engine.home.dbt_artefacts / dbt.SCORES, context)
            yield from _passed_on(run, current, called)
            full_tests.passed(run.engine.home, run.day, were_full=_tests_all(run))

    return [models, scored_tables]


def _passed_on(run: Run, current: Step, called: DbtCliInvocation) -> Iterator:
    """What dbt tells while it builds; what it came to is noted in the step's report. Raises WarehouseError where a table or test
    fails."""
    for number, event in enumerate(called.stream(), start=1):
        current.note(f"{number} done")
        yield event
    found = _dbt_results(called)
    current.report, current.result = replace(current.report, dbt=found), str(found)
    run.engine.ended()
    if not called.is_successful():
        code, log = called.process.returncode, called.target_path / "dbt.log"
        faults = "\n".join(found.failures) or f"dbt ended with code {code}; its own words are in {log}"
        told = machine.out_of_memory(faults) or damaged(faults, run.home)
        raise WarehouseError(told or f"dbt could not build the tables:\n{faults}")


def _tests_all(run: Run) -> bool:
    """Whether dbt's tests look at all of history."""
    return run.full_tests or full_tests.are_due(run.engine.home, run.day, settings.full_tests_days())


def dbt_build(run: Run, code: str, artefacts: Path, context: dg.AssetExecutionContext) -> DbtCliInvocation:
    """Starts `dbt build` for the run's day, of what the step is to build; what it tells goes to the folder `artefacts`."""
    client = Dbt(
        project_dir=str(settings.PROJECT_DIR),
        profiles_dir=str(settings.PROJECT_DIR),
        target=settings.target(),
        dbt_executable=dbt.executable("telco360-dbt"),
    )
    # Of the run before: a dbt that is killed writes no results, and what it was given as parsed may be of other code.
    for name in (dbt.RUN_RESULTS, dbt.PARSED):
        (artefacts / name).unlink(missing_ok=True)
    before = run.current_engine.version_before(run.day)
    lines = 0 if settings.target() == settings.SPARK else ledger.most_rows(run.home, SUBSCRIBERS)
    threads = dbt.threads_for(lines, settings.memory_bytes())
    arguments = dbt.arguments("build", run.day, before, code, _tests_all(run), threads)
    arguments += ["--exclude-resource-type", "unit_test", "exposure"]
    with dbt.building_in(run.engine.home):
        started = client.cli(arguments, context=context, target_path=artefacts, raise_on_error=False)
    if (parsed := artefacts / dbt.PARSED).exists():  # Dagster has copied it with the mode that it has in the project
        parsed.chmod(0o600)
    return started


def _built(run: Run, deliveries: Deliveries) -> dict:
    """What the build tells of itself, where a model does: the months that it rebuilt, the month that its money stands for."""
    rebuilt, months = (serving(run.models, role) for role in ("rebuilt_months", "months"))
    found = left_out(run.home, run.contract, deliveries, run.day)
    if rebuilt is not None:
        rows = run.engine.ask(f"select distinct month from {rebuilt.relation} order by month")
        found["rebuilt_months"] = [month for (month,) in rows]
    if months is not None:
        found["billed"] = billed_months(run.engine.ask(months_sql(months.relation)))
    return found


def left_out(home: settings.Home, contract: dict[str, Table], deliveries: Deliveries, day: date) -> dict:
    """What was delivered but lies after the business date, as BuildFound tells it: the build leaves it out."""
    later = sorted((dt, table) for table, dates in deliveries.items() for dt in dates if dt > day)
    last = f"{later[-1][1]} {later[-1][0]}" if later else ""
    return {"future_rows": future_rows(home, contract, day), "later": len(later), "last_later": last}


def model_keys(raw_manifest: dict, translator: Translator) -> dict[str, dg.AssetKey]:
    """Asset keys of the models and seeds by name."""
    return {
        n["name"]: translator.get_asset_key(n) for n in raw_manifest["nodes"].values() if n["resource_type"] in ("model", "seed")
    }


def release_assets(
    models: tuple[manifest.Model, ...], keys: dict[str, dg.AssetKey], days: dg.PartitionsDefinition
) -> list[dg.AssetsDefinition]:
    """The candidate (a copy of all public tables), the release checks on it, and the publication behind them."""
    made = {
        "group_name": "release",
        "required_resource_keys": {"run"},
        "partitions_def": days,
    }

    @dg.asset(key=CANDIDATE, deps=[keys[m.name] for m in models if m.is_public], **made)
    def release_candidate(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """The public tables of the build, copied and described, not yet published."""
        run: Run = context.resources.run
        with step(context, "candidate") as current:
            run.engine.clear_leftovers()
            contents = run.engine.make_candidate(models, ledger_dates(run.home))
            rows = sum(table.rows for table in contents.tables.values())
            current.result = f"{len(contents.tables)} public tables, {rows:,} rows"
        return dg.MaterializeResult(metadata={"as_of": contents.as_of, "tables": len(contents.tables), "rows": rows})

    @dg.asset_check(asset=CANDIDATE, name=RELEASE_CHECKS, blocking=True, required_resource_keys={"run"})
    def release_checks(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        """What is about to be published reconciles with raw, holds no pii, and only values of the catalogue."""
        run: Run = context.resources.run
        with step(context, "release checks") as current:
            found = check_candidate(run.engine, models, run.contract)
            if found.passed:
                run.engine.approve()
            if leaks(found):
                run.engine.discard_public()
            current.report, current.result = found, verdict(found)
        return _check_result(found, CANDIDATE, RELEASE_CHECKS)

    @dg.asset(key=PUBLICATION, deps=[CANDIDATE], **made)
    def publication(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """The current published version, which readers open; of a run for an earlier day, a version beside it."""
        run: Run = context.resources.run
        with step(context, "publication") as current:
            version = run.engine.publish()
            current.report = current.result = version.name
        return dg.MaterializeResult(metadata={"version": version.name, "path": dg.MetadataValue.path(str(version.path))})

    return [release_candidate, release_checks, publication]


def verdict(result: ValidationResult) -> str:
    """The result of checks in a few words."""
    counts = f"{result.checks} checks"
    found = [f"{len(result.failures)} failed"] * bool(result.failures) + [f"{len(result.warnings)} warned"] * bool(
        result.warnings
    )
    return ", ".join([counts, *found]) if found else f"{counts} passed"


def _check_result(
    result: ValidationResult, key: dg.AssetKey, name: str, concerns: Callable[[Finding], bool] = lambda finding: True
) -> dg.AssetCheckResult:
    failures, warnings = ([str(f) for f in found if concerns(f)] for found in (result.failures, result.warnings))
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=name,
        passed=not failures,
        description="\n".join(failures + warnings) or None,
        metadata={"warnings": len(warnings), "data_docs": dg.MetadataValue.path(result.data_docs)},
    )


def _dbt_results(run: DbtCliInvocation) -> DbtResults:
    path = run.target_path / dbt.RUN_RESULTS
    try:
        return results(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        code = run.process.returncode
        ended = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        if code == -signal.SIGKILL:
            ended += f" (often by a machine that is out of memory: lower TELCO360_MEMORY, now {settings.memory_limit()})"
        raise WarehouseError(
            f"dbt {ended} before it told its results; its own words are in {run.target_path / 'dbt.log'}"
        ) from error
