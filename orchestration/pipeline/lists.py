"""Target lists as assets: what decides those that are due, each list's own file, and what tells of definitions at fault."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext

import dagster as dg

from orchestration.base.errors import ListError
from orchestration.pipeline.assets import PUBLICATION, owner_name
from orchestration.pipeline.reports import step
from orchestration.pipeline.run import Run
from orchestration.targeting.calendar import read_calendar
from orchestration.targeting.definition import DefinitionError, TargetList
from orchestration.targeting.export import DecidedRun
from orchestration.targeting.feeds import write_feeds
from orchestration.targeting.folder import Definitions
from orchestration.targeting.lists import channel_feeds as write_channel_feeds
from orchestration.targeting.lists import due_lists

DECIDED = dg.AssetKey("decided_lists")


class InProcess(dg.IOManager):
    """Hands the decided lists, which are open tables, to the lists' own steps in the same process. A list that runs without that
    step gets None and is decided by itself."""

    decided: DecidedRun | None = None

    def handle_output(self, context: dg.OutputContext, obj: DecidedRun) -> None:
        self.decided = obj

    def load_input(self, context: dg.InputContext) -> DecidedRun | None:
        return self.decided


@dg.io_manager
def in_process(context: dg.InitResourceContext) -> InProcess:
    return InProcess()


def decided_lists(definitions: Sequence[TargetList], days: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """Who is on each list that is due: decided for all of them together, so that nobody is on two."""

    @dg.asset(
        key=DECIDED,
        deps=[PUBLICATION],
        group_name="target_lists",
        required_resource_keys={"run"},
        io_manager_key="in_process",
        partitions_def=days,
    )
    def decided_lists(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """Members of the target lists that are due, decided together from the version just published."""
        run: Run = context.resources.run
        with step(context, "lists") as current:
            if not run.exports_lists:
                current.result = f"none exported: {run.day} is {'before the published day' if run.is_earlier else 'long past'}"
                return dg.MaterializeResult()
            due = due_lists(run.engine, run.models, definitions, run.today)
            decided = run.held.enter_context(run.open_lists(due))
            aside = f", {len(decided.plan.rejected)} rejected" * bool(decided.plan.rejected)
            current.result = f"{len(decided.plan.decided)} decided{aside}"
        members = {name: dg.MetadataValue.json(decided.waterfall(name)) for name in decided.plan.decided}
        return dg.MaterializeResult(value=decided, metadata=members)

    return decided_lists


def list_asset(definition: TargetList, days: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """One approved target list: its file, on the days that it is due. It fails alone."""
    name = definition.name

    @dg.asset(
        key=dg.AssetKey(["target_lists", name]),
        deps=[PUBLICATION],
        ins={"decided": dg.AssetIn(DECIDED, input_manager_key="in_process")},
        description=f"{definition.title.en} ({definition.title.zh}): {definition.purpose}",
        group_name="target_lists",
        owners=[owner_name(definition.owner)],
        required_resource_keys={"run"},
        output_required=False,
        partitions_def=days,
    )
    def target_list(context: dg.AssetExecutionContext, decided) -> Iterator[dg.MaterializeResult]:
        run: Run = context.resources.run
        if not run.exports_lists:
            return
        with step(context, f"list {name}") as current, nullcontext(decided) if decided else run.open_lists([name]) as opened:
            if name not in opened.names:
                closed = read_calendar().blackout(definition.channel, run.today)
                current.result = f"not due ({closed.name_en if closed else definition.schedule})"
                return
            try:
                current.report = made = opened.export(name)
            except ListError as error:
                current.report = opened.without_file(name, opened.status(name), str(error))
                raise
            current.result = f"{made.rows:,} rows"
        yield dg.MaterializeResult(metadata={**made.waterfall, "file": dg.MetadataValue.path(made.file)})

    return target_list


def channel_feeds(days: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """The feed of each channel on which customers come by."""

    @dg.asset(
        deps=[PUBLICATION],
        ins={"decided": dg.AssetIn(DECIDED, input_manager_key="in_process")},
        group_name="target_lists",
        required_resource_keys={"run"},
        output_required=False,
        partitions_def=days,
        # The lists of the run first, whether they fail or are not due: what they exported is in the feeds.
        op_tags={"dagster/priority": "-1"},
    )
    def channel_feeds(context: dg.AssetExecutionContext, decided) -> Iterator[dg.MaterializeResult]:
        """What each channel is to say to each line, as files for hotline, store, web and app."""
        run: Run = context.resources.run
        if not run.exports_lists:
            return
        with step(context, "feeds") as current:
            made = (
                write_feeds(decided.tables, run.home, decided.as_of, decided.run_date, decided.publication)
                if decided
                else write_channel_feeds(run.engine, run.models, run.today)
            )
            current.result = f"{len(made)} of {max((one.rows for one in made.values()), default=0):,} lines each"
        yield dg.MaterializeResult(metadata={channel: dg.MetadataValue.path(one.files[0]) for channel, one in made.items()})

    return channel_feeds


def list_assets(found: Definitions, days: dg.PartitionsDefinition) -> list[dg.AssetsDefinition]:
    """The approved target lists, what decides them together, the channels' feeds, and what tells of definitions at fault."""
    lists = [definition for definition in found.sound.values() if definition.status == "approved"]
    exports = [list_asset(one, days) for one in lists]
    return [decided_lists(lists, days), *exports, channel_feeds(days), *lists_at_fault(found.problems, days)]


def lists_at_fault(problems: Sequence[str], days: dg.PartitionsDefinition) -> list[dg.AssetsDefinition]:
    """A step that fails with what is wrong in definitions of lists, behind the publication; none where nothing is."""

    @dg.asset(deps=[PUBLICATION], group_name="target_lists", partitions_def=days)
    def lists_at_fault() -> None:
        """Definitions in target_lists/ that cannot be read: their lists are not exported until they are fixed."""
        raise DefinitionError("\n".join(problems))

    return [lists_at_fault] if problems else []
