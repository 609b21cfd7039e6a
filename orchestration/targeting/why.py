"""Why a subscriber is on a list or not: the step it is at, and the parts of the condition that hold and that fail.

Read from lists decided for a preview; the words of a run already exported are `history`'s.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot.tokens import Tokenizer, TokenType

from orchestration.base.errors import ListError
from orchestration.base.words import Message
from orchestration.targeting import ledger
from orchestration.targeting.definition import Conditions
from orchestration.targeting.export import DecidedRun
from orchestration.targeting.expression import Condition, parse
from orchestration.targeting.matching import lines_given
from orchestration.targeting.templates import sql

WORDS = {
    "suppressed": "must not be contacted on {channel}: a suppression is in force on {run_date}",
    "no_valid_phone": "has no valid phone",
    "phone_suppressed": "has a phone that must not be contacted on {channel}: the phone itself, or a line that has or had it",
    "phone_of_another": "has a phone that another line holds now",
    "already_ordered": "has ordered {offer} already",
    "not_eligible": "is closed to {offer}: the line doesn't meet its condition, or the offer is not valid",
    "offer_refused": "has refused the list or its offer",
    "capped": "has been contacted as often as the caps allow",
    "on_list_before": "was on the list in an earlier run: {repeats}",
    "lost_to_priority": "goes to the list {lost_to}",
    "universal_control": "is of those whom no campaign reaches",
    "control": "is held back as control",
    "over_limit": "stands beyond the limit, at place {place:,}",
}
"""What each step that leaves out says of a subscriber."""


def parts(text: str) -> list[str]:
    """The parts of a condition that must all hold, as they are written; one where an `or` joins the whole."""
    depth, between, cuts = 0, False, []
    for token in Tokenizer().tokenize(text):
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(token.token_type, 0)
        if depth:
            continue
        if token.token_type == TokenType.OR:
            return [text.strip()]
        if token.token_type == TokenType.BETWEEN:
            between = True
        elif token.token_type == TokenType.AND:
            if not between:
                cuts.append((token.start, token.end + 1))
            between = False
    starts, ends = [0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(text)]
    return [text[start:end].strip() for start, end in zip(starts, ends, strict=True)]


@dataclass(frozen=True)
class Part:
    """A part of the condition, or a condition of `exclude`, as it is written: whether it holds, and the values that it reads."""

    text: str
    holds: bool
    excludes: bool
    values: str


@dataclass(frozen=True)
class Standing:
    """How a subscriber stands to a list. `step`: the one of WORDS that leaves out one who matches, empty where none does;
    `place`: among those who match, where they are ordered; `lost_to`: the list that has it instead."""

    matches: bool
    step: str
    place: int | None
    lost_to: str
    parts: tuple[Part, ...]

    @property
    def meets_condition(self) -> bool:
        """Whether all parts hold and nothing excludes it: if it still does not match, other lists that this one names decide."""
        return all(part.holds != part.excludes for part in self.parts)


def standing(decided: DecidedRun, name: str, subscriber: str) -> Standing:
    """How the subscriber stands to the named list, of those decided. Raises ListError for one that the version lacks."""
    row = decided.tables.connection.execute(
        "select reason, lost_to, place from decisions where list_name = ? and subscriber_id = ?", [name, subscriber]
    ).fetchone()
    step, lost_to, place = row or (None, None, None)
    return Standing(row is not None, step or "", place, lost_to or "", tuple(_parts(decided, name, subscriber)))


def why(decided: DecidedRun, name: str, subscriber: str) -> list[str]:
    """Lines that say whether the subscriber is in the named list, of those decided, and at which step it is not.

    Raises ListError for a subscriber that the published version lacks.
    """
    definition, found = decided.definitions[name], standing(decided, name, subscriber)
    parts = [f"{_SAID[part.excludes, part.holds]}{part.text}   [{part.values}]" for part in found.parts]
    if not found.matches:
        others = _by_other_lists(decided, name, subscriber) if found.meets_condition else ""
        return [f"{subscriber} is not in {name}: {others or 'it does not match'}.", *parts]
    if not found.step:
        return [f"{subscriber} is in {name}, at place {found.place:,} of those who match.", *parts]
    said = WORDS[found.step].format(
        channel=definition.channel, run_date=decided.run_date, lost_to=found.lost_to, place=found.place,
        repeats=_repeats(decided, name), offer="every offer" if definition.takes_best else f"the offer {definition.offer}",
    )  # fmt: skip
    return [f"{subscriber} matches {name}, but is left out at {found.step}: it {said}.", *parts]


def _repeats(decided: DecidedRun, name: str) -> str:
    """Why an earlier run of the list keeps the subscriber out, in words."""
    repeats = decided.plan.asked[name].repeats
    if repeats.only_new:
        return "the list takes new members only (members: new)"
    return f"its cool-down is {repeats.cool_down_days} days"


_SAID = {(False, True): "  holds    ", (False, False): "  fails    ", (True, True): "  excludes ", (True, False): "  spares   "}
"""How a line on a part begins, by whether it excludes and whether it holds."""


def _parts(decided: DecidedRun, name: str, subscriber: str) -> Iterator[Part]:
    """Each part of the condition and of what is excluded."""
    where = [parse(part, decided.catalog) for part in parts(decided.definitions[name].where)]
    conditions = [*where, *decided.plan.asked[name].conditions.exclude]
    holds, values = _values(decided, conditions, subscriber)
    for at, (condition, held) in enumerate(zip(conditions, holds, strict=True)):
        yield Part(" ".join(condition.text.split()), held, at >= len(where), ", ".join(_shown(condition, values)))


def _values(decided: DecidedRun, conditions: Sequence[Condition], subscriber: str) -> tuple[list[bool], dict[str, object]]:
    """Whether each condition holds for the subscriber, and the values of all that they read."""
    tables = decided.tables
    read = dict.fromkeys(column for condition in conditions for column in _columns(condition))
    given = lines_given([Conditions(c) for c in conditions], tables.relations, decided.as_of, decided.run_date)
    met = [condition.sql(tables.dialect) for condition in conditions]
    rows = tables.rows(sql("line_values", tables.dialect, **given, conditions=met, columns=list(read), subscriber=subscriber))
    if not rows:
        raise ListError(Message.of("not_in_version", "subscriber {id}: the published version has none such", id=subscriber))
    return [held is True for held in rows[0][: len(conditions)]], dict(zip(read, rows[0][len(conditions) :], strict=True))


def _columns(condition: Condition) -> tuple[str, ...]:
    return (*condition.tags, *(moment.column for moment in condition.moments))


def _shown(condition: Condition, values: dict[str, object]) -> Iterator[str]:
    for column in _columns(condition):
        value = values[column]
        shown = "null" if value is None else str(value).lower() if isinstance(value, bool) else f"{value}"
        unit = " days ago" if column.endswith("@changed") and value is not None else ""
        yield f"{column.replace('@changed', ' changed').replace('@', ' in ')} {shown}{unit}"


def _by_other_lists(decided: DecidedRun, name: str, subscriber: str) -> str:
    """Which lists named by this one keep the subscriber out, in words."""
    definition = decided.definitions[name]
    included = [other for other in definition.include_lists if subscriber in _exported(decided, other)]
    if definition.include_lists and not included:
        return f"it matches, but none of include_lists ({', '.join(definition.include_lists)}) exported it before"
    return f"it matches, but one of exclude_lists ({', '.join(definition.exclude_lists)}) has it"


def _exported(decided: DecidedRun, name: str) -> set[str]:
    members = ledger.members(decided.home, name)
    return {
        s for s, arm in zip(*(members[c].to_pylist() for c in ("subscriber_id", "arm")), strict=True) if arm == ledger.TREATED
    }
