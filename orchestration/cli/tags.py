"""The commands `telco360 tags …`. Reads arguments, asks the package, prints."""

import datetime
from collections.abc import Iterable
from typing import Annotated

import typer

from orchestration.base import settings
from orchestration.catalog.published import read_tags
from orchestration.catalog.tags import Tag, one
from orchestration.cli.common import models, plain_errors
from orchestration.engines.choose import engine
from orchestration.engines.protocol import Engine
from orchestration.tags import diff, overlaps, why
from orchestration.tags.catalogue import chosen, described, json_text, read_coverage, search
from orchestration.tags.document import PAGE, page
from orchestration.tags.rules import faults, usable
from orchestration.targeting.folder import list_folders, load_definitions, unusable
from orchestration.warehouse.manifest import SUBSCRIBER

app = typer.Typer(no_args_is_help=True, add_completion=False)
EntityOption = Annotated[str, typer.Option("--entity", help="Whose tag: subscriber, customer, outlet, manager or plan.")]


@app.command("list")
def tags_list(
    entity: Annotated[str | None, typer.Option(help="Tags of this entity alone.")] = None,
    category: Annotated[str | None, typer.Option(help="Tags of this category alone.")] = None,
    json: Annotated[bool, typer.Option("--json", help="All that is written of them, as JSON.")] = False,
) -> None:
    """List the tags of the published version, by entity and category."""
    with plain_errors():
        found = chosen(_entries(), entity, category)
    _say([json_text(found)] if json else map(_line, found))


@app.command("show")
def tags_show(name: str, entity: EntityOption = SUBSCRIBER) -> None:
    """Tell all that is written of one tag, and how many carry it."""
    with plain_errors(), _engine().reading() as reader:
        known = models()
        entry = one(read_tags(reader, known), name, entity)
        _say(described(entry, read_coverage(reader, known, entry)))


@app.command("search")
def tags_search(
    words: Annotated[list[str], typer.Argument(help="Words in English or Chinese, all of which are to fit.")],
) -> None:
    """Find tags by name, label, values, category or meaning, the best first."""
    with plain_errors():
        found = search(_entries(), " ".join(words))
    _say(map(_line, found))
    if not found:
        typer.echo(f"No tag fits '{' '.join(words)}'; `telco360 tags list` has them all.", err=True)
        raise typer.Exit(1)


@app.command("why")
def tags_why(
    subscriber: Annotated[str, typer.Argument(help="Its id, or that of another entity's member.")],
    tag: Annotated[str | None, typer.Argument(help="A tag; else all.")] = None,
    entity: EntityOption = SUBSCRIBER,
    month: Annotated[str | None, typer.Option(help="As at the end of this month, YYYY-MM: tags that are kept by month.")] = None,
) -> None:
    """Tell why a member carries a tag: value, rule, evidence, distance to the next value, since when, from which deliveries."""
    with plain_errors(), _engine().reading() as reader:
        known = models()
        if month:
            found = why.why_in_month(reader, known, entity, subscriber, why.month_of(month), tag)
        else:
            found = why.why(reader, known, entity, subscriber, tag)
        _say(why.described(found))


@app.command("diff")
def tags_diff(
    old: Annotated[str, typer.Argument(help="Name or run of a version, as `telco360 publish list` shows it.")],
    new: Annotated[str | None, typer.Argument(help="Another; else the current one.")] = None,
) -> None:
    """Tell what changed between two published versions: tags, texts, and values by data or by definition."""
    with plain_errors():
        _require_duckdb("tags diff runs the old definitions on the new version's file")
        _say(diff.described(diff.compare(settings.home(), models(), old, new)))


@app.command("overlaps")
def tags_overlaps(
    at_least: Annotated[float, typer.Option(min=0.5, max=1, help="Share of a tag's members that the other must hold.")] = 0.98,
    members: Annotated[int, typer.Option(min=1, help="Leave out what holds fewer: few lie within others by chance.")] = 30,
    entity: EntityOption = SUBSCRIBER,
) -> None:
    """List tags whose members equal those of another tag, or lie within them."""
    with plain_errors():
        _require_duckdb("tags overlaps counts in memory")
        _say(overlaps.described(overlaps.read_overlaps(settings.home(), models(), entity, at_least, members)))


@app.command("docs")
def tags_docs() -> None:
    """Write docs/tags.md from the YAML of the tags."""
    with plain_errors():
        PAGE.write_text(page(models()), encoding="utf-8")
    typer.echo(f"{PAGE} is written")


@app.command("check")
def tags_check() -> None:
    """Check the YAML of all tags, and that no list uses a withdrawn one. Needs no published version."""
    with plain_errors():
        known, today = models(), datetime.datetime.now(settings.timezone()).date()
        lists = load_definitions(*list_folders(settings.home()))
        found = [*faults(known, today), *unusable(lists, usable(known))]
    _say(found or ["All tags are as they should be."])
    raise typer.Exit(1 if found else 0)


def _line(entry: Tag) -> str:
    status = "" if entry.status == "active" else f"  [{entry.status}]"
    return f"{entry.entity}  {entry.category:<10} {entry.name:<28} {entry.kind:<7} {entry.label_zh}  {entry.description}{status}"


def _entries() -> list[Tag]:
    with _engine().reading() as reader:
        return read_tags(reader, models())


def _engine() -> Engine:
    return engine(settings.home())


def _require_duckdb(what: str) -> None:
    if settings.target() == settings.SPARK:
        raise settings.SettingsError(f"{what}, which needs DuckDB: leave out --target spark and use a version built there")


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)
