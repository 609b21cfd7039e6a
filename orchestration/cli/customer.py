"""The command `telco360 customer`: one view of a line, the same that every channel's feed has."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated

import typer

from orchestration.base import settings
from orchestration.cli.common import models, plain_errors
from orchestration.engines.choose import engine
from orchestration.pipeline.run import today
from orchestration.targeting.channel_view import PLACES
from orchestration.targeting.lists import customer as customer_of

app = typer.Typer(add_completion=False)


@app.command()
def customer(
    subscriber: Annotated[str, typer.Argument(help="A subscriber_id.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, keys as the columns of a feed.")] = False,
) -> None:
    """Show what every channel sees of a line: what to say, its offers, its last contact, whether to disturb it."""
    with plain_errors():
        view = customer_of(engine(settings.home()), models(), subscriber, today())
    typer.echo(json.dumps(view, ensure_ascii=False, indent=2, default=_plain) if as_json else "\n".join(_lines(view)))


def _lines(view: dict[str, object]) -> Iterator[str]:
    """The view in words, a line a fact; nothing of what is not there."""
    yield f"{view['subscriber_id']}"
    if view["list_name"]:
        yield f"  on list       {view['list_name']}, run date {view['list_run_date']}: {view['purpose']}"
        yield f"  because       {view['reason']}"
    cost = view["offer_pay_amount"]
    if view["offer_code"]:
        yield f"  offer         {view['offer_code']} {view['offer_name']}{'' if cost is None else f', costs {cost}'}"
    for key, label in (("script_en", "say"), ("script_zh", "say (zh)")):
        if view[key]:
            yield f"  {label:<13} {view[key]}"
    for place in PLACES:
        if view[f"offer_{place}_code"]:
            yield f"  open offer {place}  {view[f'offer_{place}_code']} {view[f'offer_{place}_name']}"
    if view["last_contact_date"]:
        yield f"  last contact  {view['last_contact_date']}, {view['last_contact_channel']}: {view['last_contact_outcome']}"
    if view["open_task"]:
        yield f"  open task     {view['open_task']} ({view['open_task_zh']})"
    reasons = view["do_not_disturb_reason"]
    closed = [f"{channel} ({reason})" for channel, reason in reasons.items() if reason] if isinstance(reasons, dict) else []
    yield f"  do not disturb on {', '.join(closed)}" if closed else "  may be spoken to on every channel"


def _plain(value: object) -> str:
    if isinstance(value, date | Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON")
