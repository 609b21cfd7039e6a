"""The steps of a night as Dagster assets and checks: intake, door, dbt, candidate, gate, publication. Lists stand in `lists`.

Each is a thin call of the package that does the work. Groups, owners and descriptions of tables come from dbt's manifest.
"""

import json
import signal
from collections.abc import Iterator
from datetime import date

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliInvocation, DbtCliResource, dbt_assets

from orchestration.base import machine, settings
from orchestration.base.contract import load_contract
from orchestration.base.errors import WarehouseError
from orchestration.intake import IntakeReport
from orchestration.pipeline.run import Night
from orchestration.quality.release_checks import judge_candidate
from orchestration.quality.source_checks import judge_deliveries
from orchestration.quality.validation import GateResult
from orchestration.warehouse import build, dbt, manifest
from orchestration.warehouse.dbt_results import DbtResults, results
from orchestration.warehouse.seeds import check_seeds

CANDIDATE, PUBLICATION = dg.AssetKey("release_candidate"), dg.AssetKey("publication")


@dg.resource(
    config_schema={
        "as_of": dg.Field(str, default_value="", description="Business date, YYYY-MM-DD; empty: the latest due"),
        "publish": dg.Field(bool, default_value=False, description="Publish also for an earlier day than the published one"),
        "export_lists": dg.Field(bool, default_value=False, description="Export lists also for an earlier day"),
    }
)
def night(context) -> Iterator[Night]:
    """One run's way to its home, which it holds for itself alone. `telco360 nightly` gives its own instead."""
    home, config = settings.home(), context.resource_config
    asked = date.fromisoformat(config["as_of"]) if config["as_of"] else None
    with build.run_lock(home):
        night = Night(home, asked, publishes_earlier=config["publish"], exports_earlier=config["export_lists"])
        try:
            yield night
        finally:
            night.close()


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
    """Intake as one step that makes every raw table and its own ledger, with the door's check on each raw table."""
    contract = load_contract()
    sources = [s for s in raw_manifest["sources"].values() if s["name"] in contract or s["source_name"] == "ledger"]
    keys = {s["name"]: translator.get_asset_key(s) for s in sources}
    specs = [
        dg.AssetSpec(keys[s["name"]], description=s["description"], group_name="raw", kinds={"parquet"}, skippable=True)
        for s in sources
    ]

    @dg.multi_asset(specs=specs, name="intake", required_resource_keys={"night"}, can_subset=False)
    def intake(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        night: Night = context.resources.night
        with night.step("intake") as step:
            report = night.take_in(step.note)
            step.result = (
                f"{len(report.accepted)} accepted, {len(report.rejected)} rejected, {report.unchanged} known and unchanged"
            )
        for name, key in keys.items():
            yield dg.MaterializeResult(asset_key=key, metadata=intake_facts(report, name))

    says = "What was accepted lies in the lake whole and keyed, in usual volume, fresh enough to build from."
    checks = [dg.AssetCheckSpec("door", asset=keys[name], description=says, blocking=True) for name in contract if name in keys]

    @dg.multi_asset_check(specs=checks, name="door", required_resource_keys={"night"})
    def door(context) -> Iterator[dg.AssetCheckResult]:
        night: Night = context.resources.night
        with night.step("door") as step:
            night.door = judge_deliveries(night.home, night.contract, night.limits, night.deliveries, night.as_of)
            step.result = verdict(night.door)
        for spec in checks:
            yield _check_result(night.door, spec.asset_key, "door", spec.asset_key.path[-1])

    return [intake, door]


def intake_facts(report: IntakeReport, table: str) -> dict:
    """What this run took in of a table, for its page."""
    outcomes = [o for o in report.outcomes if o.table_name == table]
    facts = {"deliveries": len(outcomes), "rejected": sum(not o.is_accepted for o in outcomes)}
    facts |= {name: sum(getattr(o, name) for o in outcomes) for name in ("rows_read", "rows_accepted", "rows_set_aside")}
    reasons = [f"{o.dt}: {o.reason}" for o in outcomes if o.reason]
    return facts | ({"reasons": dg.MetadataValue.md("\n\n".join(reasons))} if reasons else {})


def dbt_models(raw_manifest: dict, translator: Translator):
    """All dbt models as assets, their tests as checks. dbt's unit tests are no part of a night; `make test` runs them."""

    @dbt_assets(manifest=raw_manifest, dagster_dbt_translator=translator, name="dbt", required_resource_keys={"night"})
    def models(context: dg.AssetExecutionContext) -> Iterator:
        night: Night = context.resources.night
        with night.step("dbt") as step:
            check_seeds()
            dbt.require_profiles()
            dbt.require_current_manifest()
            night.record_offers()
            night.discarded = night.engine.prepare(night.as_of, dbt.code_hash(), night.stale())
            client = DbtCliResource(
                project_dir=str(settings.PROJECT_DIR),
                profiles_dir=str(settings.PROJECT_DIR),
                target=settings.target(),
                dbt_executable=dbt.executable(),
            )
            # Of the run before: a dbt that is killed writes none, and must not be taken for that one.
            artefacts = night.engine.home.dbt_artefacts
            (artefacts / dbt.RUN_RESULTS).unlink(missing_ok=True)
            before = night.current_engine.version_before(night.as_of)
            arguments = dbt.arguments("build", night.as_of, before, dbt.code_hash())
            arguments += ["--exclude-resource-type", "unit_test", "exposure"]
            with dbt.building_in(night.engine.home):
                run = client.cli(arguments, context=context, target_path=artefacts, raise_on_error=False)
            for number, event in enumerate(run.stream(), start=1):
                step.note(f"{number} done")
                yield event
            night.dbt = _dbt_results(run)
            night.engine.ended()
            step.result = str(night.dbt)
            if not run.is_successful():
                faults = "\n".join(night.dbt.failures)
                raise WarehouseError(machine.out_of_memory(faults) or f"dbt could not build the tables:\n{faults}")
            night.read_rebuilt_months()
            night.read_billed_months()
            night.count_rows_ahead()

    return models


def model_keys(raw_manifest: dict, translator: Translator) -> dict[str, dg.AssetKey]:
    """Asset keys of the models and seeds by name."""
    return {
        n["name"]: translator.get_asset_key(n) for n in raw_manifest["nodes"].values() if n["resource_type"] in ("model", "seed")
    }


def release_assets(models: tuple[manifest.Model, ...], keys: dict[str, dg.AssetKey]) -> list:
    """The candidate (a copy of all public tables), the gate's check on it, and the publication behind that."""

    @dg.asset(
        key=CANDIDATE, deps=[keys[m.name] for m in models if m.is_public], group_name="release", required_resource_keys={"night"}
    )
    def release_candidate(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """The public tables of the build, copied and described, not yet published."""
        night: Night = context.resources.night
        with night.step("candidate") as step:
            night.engine.clear_leftovers()
            contents = night.engine.make_candidate(models, night.deliveries)
            rows = sum(table.rows for table in contents.tables.values())
            step.result = f"{len(contents.tables)} public tables, {rows:,} rows"
        return dg.MaterializeResult(metadata={"as_of": contents.as_of, "tables": len(contents.tables), "rows": rows})

    @dg.asset_check(asset=CANDIDATE, name="gate", blocking=True, required_resource_keys={"night"})
    def gate(context) -> dg.AssetCheckResult:
        """What is about to be published reconciles with raw, holds no pii, and only values of the catalogue."""
        night: Night = context.resources.night
        with night.step("gate") as step:
            night.gate = judge_candidate(night.engine, models, night.contract)
            if night.gate.passed:
                night.engine.approve()
            step.result = verdict(night.gate)
        return _check_result(night.gate, CANDIDATE, "gate")

    @dg.asset(key=PUBLICATION, deps=[CANDIDATE], group_name="release", required_resource_keys={"night"})
    def publication(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """The current published version, which readers open; of a run for an earlier day, a version beside it."""
        night: Night = context.resources.night
        with night.step("publication") as step:
            night.version = night.engine.publish()
            step.result = night.version.name
        return dg.MaterializeResult(
            metadata={"version": night.version.name, "path": dg.MetadataValue.path(str(night.version.path))}
        )

    return [release_candidate, gate, publication]


def verdict(result: GateResult) -> str:
    """A gate's result in a few words."""
    counts = f"{result.checks} checks"
    found = [f"{len(result.failures)} failed"] * bool(result.failures) + [f"{len(result.warnings)} warned"] * bool(
        result.warnings
    )
    return ", ".join([counts, *found]) if found else f"{counts} passed"


def _check_result(result: GateResult, key: dg.AssetKey, name: str, table: str | None = None) -> dg.AssetCheckResult:
    failures = [str(f) for f in result.failures if table is None or f.table.split(" ")[0] == table]
    warnings = [str(w) for w in result.warnings if table is None or w.table.split(" ")[0] == table]
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
