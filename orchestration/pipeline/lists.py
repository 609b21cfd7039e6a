"""Target lists as assets: what decides those that are due, each list's own file, and what tells of definitions at fault."""

from collections.abc import Iterator, Sequence

import dagster as dg

from orchestration.pipeline.assets import PUBLICATION, owner_name
from orchestration.pipeline.run import Night
from orchestration.targeting.definition import DefinitionError, TargetList
from orchestration.targeting.folder import Definitions

DECIDED = dg.AssetKey("decided_lists")


def decided_lists(definitions: Sequence[TargetList]) -> dg.AssetsDefinition:
    """Who is on each list that is due: decided for all of them together, so that nobody is on two."""

    @dg.asset(key=DECIDED, deps=[PUBLICATION], group_name="target_lists", required_resource_keys={"night"})
    def decided_lists(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """Members of the target lists that are due, decided together from the version just published."""
        night: Night = context.resources.night
        with night.step("lists") as step:
            if not night.exports_lists:
                step.result = f"none exported: {night.as_of} is {'before the published day' if night.is_earlier else 'long past'}"
                return dg.MaterializeResult()
            decided = night.decide_lists(night.due_lists(definitions))
            aside = f", {len(decided.plan.set_aside)} set aside" * bool(decided.plan.set_aside)
            step.result = f"{len(decided.plan.decided)} decided{aside}"
        return dg.MaterializeResult(
            metadata={name: dg.MetadataValue.json(decided.waterfall(name)) for name in decided.plan.decided}
        )

    return decided_lists


def list_asset(definition: TargetList) -> dg.AssetsDefinition:
    """One approved target list: its file, on the days that it is due. It fails alone."""

    @dg.asset(
        key=dg.AssetKey(["target_lists", definition.name]),
        deps=[PUBLICATION, DECIDED],
        description=f"{definition.title.en} ({definition.title.zh}): {definition.purpose}",
        group_name="target_lists",
        owners=[owner_name(definition.owner)],
        required_resource_keys={"night"},
        output_required=False,
    )
    def target_list(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        night: Night = context.resources.night
        if not night.exports_lists:
            return
        with night.step(f"list {definition.name}") as step:
            made = night.export_list(definition.name)
            step.result = f"{made.rows:,} rows" if made else f"not due ({definition.schedule})"
        if made:
            yield dg.MaterializeResult(metadata={**made.waterfall, "file": dg.MetadataValue.path(made.file)})

    return target_list


def list_assets(found: Definitions) -> list[dg.AssetsDefinition]:
    """The approved target lists, what decides them together, and what tells of definitions at fault."""
    lists = [definition for definition in found.sound.values() if definition.status == "approved"]
    return [decided_lists(lists), *map(list_asset, lists), *lists_at_fault(found.problems)]


def lists_at_fault(problems: Sequence[str]) -> list[dg.AssetsDefinition]:
    """A step that fails with what is wrong in definitions of lists, behind the publication; none where nothing is."""

    @dg.asset(deps=[PUBLICATION], group_name="target_lists")
    def lists_at_fault() -> None:
        """Definitions in target_lists/ that cannot be read: their lists are not exported until they are mended."""
        raise DefinitionError("\n".join(problems))

    return [lists_at_fault] if problems else []
