"""Approving a list: what it would come to now, the step that is next, and the approval in its file; asking for it; retiring one.

Which steps there are, and who may not approve, is `approval`'s to say; here whoever drafted the list may not either.
"""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from orchestration.base import audit
from orchestration.base.errors import ListError
from orchestration.base.roles import person, require_own_name
from orchestration.base.settings import Home
from orchestration.base.words import Message
from orchestration.engines.protocol import Engine
from orchestration.targeting import preview
from orchestration.targeting.advice import contact_costs
from orchestration.targeting.approval import Size, Step, approve, given, needed, read_steps
from orchestration.targeting.definition import TargetList
from orchestration.targeting.definition_file import load_definition, write_approvals
from orchestration.targeting.draft import DRAFTED
from orchestration.targeting.lists import previewed
from orchestration.warehouse.manifest import Models

ASKED = "list_request"
"""What the audit trail calls the request for an approval."""


@dataclass(frozen=True)
class Signed:
    """A list with one more step approved. `left`: the steps that it still needs, the next one first."""

    definition: TargetList
    step: str
    found: preview.Preview
    left: tuple[Step, ...]


def sign(engine: Engine, models: Models, path: Path, by: str, step: str | None, today: date) -> Signed:
    """Approves a step of the list of this file (the next one where none is named) and writes it there, the audit trail included.

    Raises NotPermitted for another's name, ListError for an approval that the rules do not allow."""
    name, home = path.stem, engine.home
    with audit.recorded(home, "list_approval", f"list {name}") as act:
        require_own_name(person(home), by)
        if by == drafted_by(home, name):
            raise ListError(Message.of("drafter_approves", "list {name}: {by} drafted it; another approves it", name=name, by=by))
        definition = load_definition(path)
        with previewed(engine, models, name, today) as decided:
            found = preview.preview(decided, name, 0)
            size = Size.of(definition, found.waterfall["matched"], contact_costs(decided.tables))
        steps = read_steps()
        approved, done = approve(steps, definition, size, step, by, today)
        if load_definition(path) != definition:  # the preview takes its time
            english = "list {name}: its file was changed meanwhile; look at it again, then approve"
            raise ListError(Message.of("changed_meanwhile", english, name=name))
        write_approvals(path, approved)
        act.rows = found.waterfall["exported"]
    left = tuple(one for one in needed(steps, approved, size) if one.name not in given(steps, approved))
    return Signed(approved, done, found, left)


def ask(home: Home, name: str) -> None:
    """Notes that somebody asks for the approval of the list."""
    audit.record(home, ASKED, f"list {name}")


def retire(home: Home, path: Path) -> None:
    """Has the list exported no more. Raises ListError where it is retired already."""
    definition = load_definition(path)
    if definition.status == "retired":
        raise ListError(Message.of("retired_already", "list {name}: it is retired already", name=path.stem))
    with audit.recorded(home, "list_retirement", f"list {path.stem}"):
        write_approvals(path, replace(definition, status="retired"))


def drafted_by(home: Home, name: str) -> str | None:
    """Who drafted the list, by the audit trail; None of one that came with the project, or was written by hand."""
    return next((str(row["user"]) for row in acts_on(home, name) if row["action"] == DRAFTED), None)


def asked_for(home: Home) -> dict[str, dict[str, object]]:
    """Requests for an approval after which nothing was approved, by the name of the list."""
    found: dict[str, dict[str, object]] = {}
    for row in audit.trail(home).entries():
        name = str(row["of"]).removeprefix("list ")
        if row["action"] == ASKED:
            found[name] = row
        elif row["action"] == "list_approval" and row["result"] == audit.DONE:
            found.pop(name, None)
    return found


def acts_on(home: Home, name: str) -> list[dict[str, object]]:
    """What the audit trail has of the list, the last act first."""
    rows = [row for row in audit.trail(home).entries() if str(row["of"]).split(",")[0] == f"list {name}"]
    return rows[::-1]
