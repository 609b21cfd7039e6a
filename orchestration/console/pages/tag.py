"""One tag: what is written of it, how many carry which value, what it stands on, which lists use it, which tags say the same."""

from collections.abc import Iterator

from orchestration.base.sql import identifier, literal
from orchestration.catalog.tags import ENTITIES, CatalogError, Tag
from orchestration.console.context import Context, Values
from orchestration.console.figures import bar, line, split
from orchestration.tags.catalogue import VALUES_SHOWN, bounds
from orchestration.tags.overlaps import Members, Overlap, sets_of
from orchestration.targeting.definition import DefinitionError, TargetList, check
from orchestration.targeting.folder import list_folders, read_definitions
from orchestration.warehouse.manifest import SUBSCRIBER, require_serving

VALUES_DRAWN = 8
"""Values whose share is drawn over time, the commonest."""

NEARLY, FEWEST = 0.98, 30
"""Share of members from which a tag holds nearly the same as another, and members below which that is chance."""


def tag(context: Context) -> Values:
    """Raises CatalogError where there is no tag of the name."""
    entry = asked(context)
    name, column = entry.name, identifier(entry.name)
    relation = require_serving(context.models, "tag_coverage").relation
    coverage = f"""select value as {column}, members, share
from {relation}
where entity = {literal(entry.entity)} and tag_name = {literal(name)}
    and as_of_date = (select max(as_of_date) from {relation})
order by members desc, value
limit {VALUES_SHOWN}"""
    history = f"""with counts as (
    select *, max(members) over (partition by value) as most
    from {relation}
    where entity = {literal(entry.entity)} and tag_name = {literal(name)}
)
select as_of_date, value as {column}, members, share
from counts
qualify dense_rank() over (order by most desc, value) <= {VALUES_DRAWN}
order by as_of_date, members desc, value"""
    figures = [context.figure("coverage", coverage, "tags", bar(name, "members") if entry.values else None)]
    shares = context.figure("history", history, "tags", split("line", "as_of_date", name, "share"))
    if len(set(shares.column("as_of_date"))) > 1:
        figures.append(shares)
    if entry.is_historic:
        billed = "where is_billed\n" if entry.as_of == "last_billed_month" else ""
        months = f"""select month, count({column}) / count(*) as known_share
from {require_serving(context.models, "tag_history").relation}
inner join core.dim_months using (month)
{billed}group by month
order by month"""
        figures.append(context.figure("months", months, "tags", line("month", "known_share")))
    return {
        "tag": entry,
        "column": f"{require_serving(context.models, 'tag_values', entry.entity).relation}.{name}",
        "evidence": [context.heading(each) for each in entry.evidence],
        "bounds": bounds(entry).removeprefix(", "),
        "figures": figures,
        "lists": list(uses(context, name)) if entry.entity == SUBSCRIBER else [],
    }


def near(context: Context) -> Values:
    """The tags that hold the same members, lie within this one, or hold it. All tags are looked at, so it comes by itself."""
    entry = asked(context)
    found = context.version.near(entry, NEARLY, FEWEST)
    told = [(each, relation_of(each)) for each in found]
    return {
        "tag": entry,
        "overlaps": told,
        "named": lambda one: named(context, one),
        "compared": bool(sets_of([entry])),
        "nearly": f"{NEARLY:.0%}",
        "fewest": FEWEST,
    }


def named(context: Context, one: Members) -> str:
    """A set of members in the reader's language."""
    tag = context.tag(one.tag)
    label = context.tag_label(tag) if tag else one.tag
    if one.is_known:
        return context.text("near.known", tag=label)
    return f"{label} = {context.value(one.tag, one.value)}" if one.value else label


def asked(context: Context) -> Tag:
    """The tag that the address names. Raises CatalogError where there is none."""
    entity, name = context.given["entity"], context.given["name"]
    known = context.version.catalog.tags(entity) if entity in ENTITIES else {}
    if name not in known:
        raise CatalogError(context.text("tag.unknown", name=name, entity=entity))
    return known[name]


def uses(context: Context, name: str) -> Iterator[tuple[TargetList, str]]:
    """The lists that name the tag, each with the key that does so first."""
    for definition in read_definitions(*list_folders(context.home)).sound.values():
        try:
            conditions = check(definition, context.version.catalog)
        except DefinitionError:  # `lists check` says what is wrong with it
            continue
        named = {
            "where": conditions.tags,
            "order_by": definition.order_tags,
            "columns": definition.columns,
            "script": definition.script_tags,
        }
        key = next((key for key, tags in named.items() if name in tags), None)
        if key:
            yield definition, key


def relation_of(overlap: Overlap) -> str:
    """How the part stands to the whole. Pure."""
    if not overlap.is_mutual:
        return "within"
    return "equals" if overlap.within == 1 else "nearly_equals"
