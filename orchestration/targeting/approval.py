"""Who must approve a list before it goes out: the steps of seed approval_steps, which of them a list needs, and what is missing.

Four eyes: no step is approved by the owner of the list, nor two of them by one person. Where an approval is written belongs to
`definition_file`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise

from orchestration.base.errors import ListError
from orchestration.base.words import Message, did_you_mean
from orchestration.targeting.definition import Approval, StepApproval, TargetList
from orchestration.warehouse.seeds import read_seed, seed_path


@dataclass(frozen=True)
class Step:
    """One step: which lists need it, by channel ('' for every one), lines matched and cost of their contacts, both at least."""

    name: str
    channel: str
    from_lines: int
    from_cost: Decimal
    description: str


@dataclass(frozen=True)
class Size:
    """What the steps of a list go by: lines matched, at most its limit, and what contacting them all costs, local currency."""

    lines: int
    cost: Decimal

    @classmethod
    def of(cls, definition: TargetList, matched: int, costs: Mapping[str, Decimal]) -> "Size":
        """`costs`: of a contact, by channel; one that is not there costs nothing."""
        lines = matched if definition.limit is None else min(matched, definition.limit)
        return cls(lines, lines * Decimal(costs.get(definition.channel, 0)))


def read_steps() -> tuple[Step, ...]:
    """The steps of the project in their order, the first of which every list needs."""
    rows = sorted(read_seed(seed_path("approval_steps")), key=lambda row: int(row["place"]))
    return tuple(
        Step(row["step"], row["channel"], int(row["from_lines"]), Decimal(row["from_cost"]), row["description"]) for row in rows
    )


def needed(steps: Sequence[Step], definition: TargetList, size: Size) -> list[Step]:
    """The steps that the list needs, in order."""
    first, *more = steps
    return [first] + [
        step
        for step in more
        if step.channel in ("", definition.channel) and size.lines >= step.from_lines and size.cost >= step.from_cost
    ]


def given(steps: Sequence[Step], definition: TargetList) -> dict[str, Approval | StepApproval]:
    """The approvals of a definition by step."""
    first = {steps[0].name: definition.approved} if definition.approved else {}
    return first | {approval.step: approval for approval in definition.also_approved}


def approval_faults(steps: Sequence[Step], definition: TargetList, size: Size, today: date) -> list[str]:
    """What is wrong with the approvals of a list, or missing, each with its key and what to do."""
    found = [*_unknown(steps, definition), *owner_faults(definition)]
    approvals = given(steps, definition)
    later = [(step.name, approvals[step.name]) for step in steps if step.name in approvals]
    for name, approval in later:
        if approval.on > today:
            english = "{key} on {day} lies after today, {today}; write the day on which it was approved"
            found.append(Message.of("approved_after_today", english, key=_key(steps, name), day=approval.on, today=today))
    for (before, old), (name, new) in pairwise(later):
        if new.on < old.on:
            english = "also_approved: {step} on {day} lies before {before} on {day_before}; steps are approved in their order"
            found.append(Message.of("out_of_order", english, step=name, day=new.on, before=before, day_before=old.on))
    by: dict[str, str] = {}
    for name, approval in later:
        if (person := _person(approval.by)) in by:
            english = "also_approved: {step} by {by}, who approved {before} too; another approves each step"
            found.append(Message.of("both_by_one", english, step=name, by=approval.by, before=by[person]))
        by.setdefault(person, name)
    if definition.status == "approved":
        found += missing(steps, definition, size)
    return found


def missing(steps: Sequence[Step], definition: TargetList, size: Size) -> list[str]:
    """Further steps that an approved list needs and has not, in words; without the first none is approved."""
    approvals = given(steps, definition)
    return [
        Message.of(
            "step_missing",
            "also_approved: step {step} is missing ({description}): {lines:,} lines matched, their contacts cost "
            "{cost:,.2f}. Next: telco360 lists approve {name} --as WHO --step {step}",
            step=step.name,
            description=step.description,
            lines=size.lines,
            cost=size.cost,
            name=definition.name,
        )
        for step in needed(steps, definition, size)[1:]
        if step.name not in approvals
    ]


def owner_faults(definition: TargetList) -> Iterator[str]:
    """What is wrong with approvals by the list's own owner: four eyes see more than two."""
    if definition.approved and _is_owner(definition.approved.by, definition):
        english = "approved: by {by}, who owns the list; another than the owner approves it"
        yield Message.of("approved_by_owner", english, by=definition.approved.by)
    for more in definition.also_approved:
        if _is_owner(more.by, definition):
            english = "also_approved: {step} by {by}, who owns the list; another than the owner approves it"
            yield Message.of("step_by_owner", english, step=more.step, by=more.by)


def approve(
    steps: Sequence[Step], definition: TargetList, size: Size, step: str | None, by: str, today: date
) -> tuple[TargetList, str]:
    """The definition with the step approved (the next one where none is named), and that step. With the last that it needs, its
    status is approved.

    Raises ListError for an approval that the rules do not allow."""
    name = definition.name
    if definition.status == "retired":
        raise ListError(Message.of("is_retired", "list {name}: it is retired; set its status to draft first", name=name))
    if _is_owner(by, definition):
        english = "list {name}: {by} owns the list; another than the owner approves it"
        raise ListError(Message.of("owner_approves", english, name=name, by=by))
    wanted, approvals = [one.name for one in needed(steps, definition, size)], given(steps, definition)
    open_steps = [one for one in wanted if one not in approvals]
    if step is not None and step in approvals:
        english = (
            "list {name}: {step} was approved by {by} on {day}; to approve it anew, take that out of the file and set "
            "status: draft"
        )
        approval = approvals[step]
        raise ListError(Message.of("step_approved", english, name=name, step=step, by=approval.by, day=approval.on))
    if step is not None and step not in wanted:
        why, known = Message.of("step_not_needed", "this list does not need it"), {one.name for one in steps}
        if step not in known:
            why = Message.of("no_such_step", "there is no such step{hint}", hint=did_you_mean(step, known))
        english = "list {name}: step {step}: {why}; the list needs {needed}"
        raise ListError(Message.of("step_does_not_fit", english, name=name, step=step, why=why, needed=", ".join(wanted)))
    if not open_steps:
        english = "list {name}: every step that it needs is approved ({steps})"
        raise ListError(Message.of("all_approved", english, name=name, steps=", ".join(wanted)))
    chosen = step or open_steps[0]
    if chosen != open_steps[0]:
        english = "list {name}: steps are approved in their order; {before} comes before {step}"
        raise ListError(Message.of("another_step_first", english, name=name, before=open_steps[0], step=chosen))
    if other := next((one for one, approval in approvals.items() if _person(approval.by) == _person(by)), None):
        english = "list {name}: {by} approved {step} already; another approves each step"
        raise ListError(Message.of("approved_another", english, name=name, by=by, step=other))
    changed = _with_approval(steps, definition, chosen, by, today)
    return (replace(changed, status="approved") if open_steps == [chosen] else changed), chosen


def _with_approval(steps: Sequence[Step], definition: TargetList, step: str, by: str, today: date) -> TargetList:
    if step == steps[0].name:
        return replace(definition, approved=Approval(by, today))
    return replace(definition, also_approved=(*definition.also_approved, StepApproval(step, by, today)))


def _unknown(steps: Sequence[Step], definition: TargetList) -> Iterator[str]:
    known, named = [step.name for step in steps], [approval.step for approval in definition.also_approved]
    for name in dict.fromkeys(named):
        if name == known[0]:
            yield Message.of("step_is_first", "also_approved: {step} is the step that approved tells of; leave it out", step=name)
        elif name not in known:
            hint = did_you_mean(name, known) or Message.of("steps_are", "; the steps are {known}", known=", ".join(known))
            yield Message.of("no_step", "also_approved: {step} is no step of seed approval_steps{hint}", step=name, hint=hint)
        if named.count(name) > 1:
            yield Message.of("step_twice", "also_approved: {step} is there twice", step=name)


def _key(steps: Iterable[Step], name: str) -> str:
    return "approved:" if name == next(iter(steps)).name else f"also_approved: {name}"


def _is_owner(by: str, definition: TargetList) -> bool:
    return _person(by) == _person(definition.owner)


def _person(name: str) -> str:
    return name.strip().casefold()
