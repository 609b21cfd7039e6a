"""Before a run of lists: which are due, which can be decided, and why the others cannot.

A list that cannot is rejected with its reason, and the others go on. What the lists match is not asked here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from orchestration.base.billed import BilledMonths
from orchestration.base.words import Message, words_of
from orchestration.catalog.tags import Catalog
from orchestration.targeting.age import DataAge
from orchestration.targeting.calendar import Calendar
from orchestration.targeting.contact_rules import Caps, Repeats
from orchestration.targeting.definition import OF_LIST, Conditions, DefinitionError, TargetList, check
from orchestration.targeting.expression import Past
from orchestration.targeting.ledger import FAILED, REFUSED
from orchestration.targeting.matching import Asked
from orchestration.targeting.schedule import AFTER_BILLING, read_schedule

GONE = Message.of(
    "definition_gone", "its file in target_lists/ is gone or cannot be read; `telco360 lists check` says what is wrong"
)


@dataclass(frozen=True)
class Rejected:
    """Why a list is not decided: `status` is REFUSED (its data is old or late) or FAILED."""

    status: str
    reason: str

    def said(self, name: str) -> Message:
        """The same of the list of that name."""
        return Message.of("set_aside", "list {name}: {status}: {reason}", name=name, status=self.status, reason=self.reason)


@dataclass(frozen=True)
class Plan:
    """The lists of a run, by name. `asked` has those that are decided first, in the order of precedence, and then those that are
    only matched, because one of the others names them; `rejected` says why the rest is neither."""

    asked: dict[str, Asked] = field(default_factory=dict)
    decided: tuple[str, ...] = ()
    rejected: dict[str, Rejected] = field(default_factory=dict)


@dataclass(frozen=True)
class Version:
    """What a plan must know of the published version: its tags, the columns that hold them, the months of their past, the caps,
    when a line may be on a list again, how old the data is.

    `billed`: the month that money stands for. `late`: raw tables that are late or whose newest delivery was rejected, each with
    why and to which date it is delivered.
    `share`: what is held back where a list names nothing.
    """

    catalog: Catalog
    columns: frozenset[str]
    months: Callable[[], frozenset[date]]
    caps: Caps
    repeats: Repeats
    age: DataAge
    share: float
    billed: BilledMonths
    late: Mapping[str, str] = field(default_factory=dict)

    def asked(self, number: int, definition: TargetList, conditions: Conditions) -> Asked:
        """The list as the query asks for it. Raises ValueError for caps that the seed refuses."""
        own = definition.cool_down_days
        repeats = replace(
            self.repeats,
            cool_down_days=self.repeats.cool_down_days if own is None else own,
            only_new=definition.members == "new",
        )
        return Asked(number, definition, conditions, self.caps.tightened(definition.caps), repeats)


@dataclass(frozen=True)
class Days:
    """What a schedule is held against: the day of the run, the business date of the data, the day on which the last billed month
    closed, run date and business date of each list's last export, and days on which no list goes out."""

    run_date: date
    as_of: date
    closed_on: date | None = None
    last_runs: Mapping[str, tuple[date, date]] = field(default_factory=dict)
    calendar: Calendar = field(default_factory=Calendar)


def due(definitions: Iterable[TargetList], days: Days) -> tuple[str, ...]:
    """Names of the approved lists that go out on the day."""
    return tuple(d.name for d in definitions if not_due(d, days) is None)


def not_due(definition: TargetList, days: Days) -> str | None:
    """Why the list does not go out on the day, in words; None where it does.

    A list `after_billing` is due once after the last billed month closed, on the next day or the first run from then on. A list
    that went out on an earlier day for the same business date waits for newer data.
    """
    if definition.status != "approved":
        return f"its status is {definition.status}; only approved lists go out"
    channel, last = definition.channel, days.last_runs.get(definition.name)
    if closed := days.calendar.blackout(channel, days.run_date):
        return f"no list of {channel} goes out on {days.run_date}, {closed.name_en} (seed blackout_days)"
    if last and last[1] == days.as_of and last[0] < days.run_date:
        return f"it went out on {last[0]} for the same data, of {days.as_of}; it waits for newer data"
    if definition.schedule == AFTER_BILLING:
        last_day = last[0] if last else date.min
        if days.closed_on is None:
            return "its schedule is after_billing, and no month is billed yet"
        if not last_day <= days.closed_on < days.run_date:
            return f"its schedule is after_billing, and the last billed month closed on {days.closed_on}"
        return None
    schedule = read_schedule(definition.schedule)
    if days.calendar.is_due(schedule, channel, days.run_date):
        return None
    return f"its schedule is {definition.schedule}; it goes out on {days.calendar.next_day(schedule, channel, days.run_date)}"


def plan(
    definitions: Mapping[str, TargetList],
    names: Sequence[str],
    version: Version,
    drafts: bool = False,
    accept_old_data: bool = False,
) -> Plan:
    """What becomes of the named lists; with `drafts` also of such as are not approved, for a preview that exports nothing
    and takes data of any age."""
    checked: dict[str, Conditions] = {}
    rejected: dict[str, Rejected] = {}
    for name in names:
        if name not in definitions:
            rejected[name] = Rejected(FAILED, GONE)
            continue
        try:
            checked[name] = _conditions(definitions, name, version, drafts)
            refusal = version.age.refusal(definitions[name].max_data_age_days)
            if refusal and not (drafts or accept_old_data):
                raise _Refused(refusal)
        except _Refused as error:
            rejected[name] = Rejected(REFUSED, words_of(error))
        except ValueError as error:
            rejected[name] = Rejected(FAILED, _without_name(words_of(error), name))
    decided = tuple(sorted(checked, key=lambda name: (definitions[name].priority, name)))
    others = sorted({other for name in decided for other in definitions[name].exclude_lists} - set(decided))
    asked = {}
    for number, name in enumerate((*decided, *others), start=1):
        definition = definitions[name]
        conditions = checked.get(name) or check(definition, version.catalog)
        asked[name] = version.asked(number, definition if name in checked else replace(definition, caps={}), conditions)
    return Plan(asked, decided, rejected)


def _without_name(words: str, name: str) -> str:
    """What is wrong with the list, whose name is known."""
    if isinstance(words, Message) and words.code == OF_LIST:
        problem: str = words.facts["problem"]
        return problem
    return words if isinstance(words, Message) else words.removeprefix(f"list {name}: ")


class _Refused(ValueError):
    """A list whose data is too old, or whose tags stand on late data."""


def _conditions(definitions: Mapping[str, TargetList], name: str, version: Version, drafts: bool) -> Conditions:
    """The list's conditions. Raises _Refused or ValueError, saying why the list cannot be decided."""
    definition = definitions[name]
    if definition.status != "approved" and not drafts:
        english = "its status is {status}; only approved lists are exported"
        raise ValueError(Message.of("not_approved", english, status=definition.status))
    if definition.approved and not drafts and definition.approved.on > version.age.today:
        english = "approved: on {day} lies after the run date, {today}"
        raise ValueError(Message.of("approved_later", english, day=definition.approved.on, today=version.age.today))
    version.caps.tightened(definition.caps)
    conditions = check(definition, version.catalog)
    used = dict.fromkeys((*conditions.tags, *definition.columns, *definition.order_tags, *definition.script_tags))
    months = [m for c in conditions.all for m in c.moments if isinstance(m, Past)]
    for other in definition.exclude_lists:
        try:
            excluded = check(definitions[other], version.catalog)
        except DefinitionError as error:
            raise ValueError(Message.of("other_at_fault", "exclude_lists: {problem}", problem=words_of(error))) from error
        used.update(dict.fromkeys((*excluded.tags, *definitions[other].order_tags)))
        months += [m for c in excluded.all for m in c.moments if isinstance(m, Past)]
    if missing := sorted(used.keys() - version.columns):
        english = "{tags}: a tag, but no column of the published tags; build and publish again"
        raise ValueError(Message.of("no_column", english, tags=", ".join(missing)))
    if months and (unknown := sorted({past.month for past in months} - version.months())):
        held = Message.of("no_month", "no month")
        if kept := version.months():
            held = Message.of("months_kept", "{first:%Y-%m} to {last:%Y-%m}", first=min(kept), last=max(kept))
        english = "the past of tags is kept for {held}, not for {months}"
        raise ValueError(Message.of("past_not_kept", english, held=held, months=", ".join(f"{m:%Y-%m}" for m in unknown)))
    if definition.stale_tags == "refuse":
        _require_fresh(used, version)
    return conditions


def _require_fresh(tags: Iterable[str], version: Version) -> None:
    """Raises _Refused where a raw table that one of the tags stands on is late: one sentence, each table once."""
    needed: dict[str, list[str]] = {}
    for tag in map(version.catalog.tag, tags):
        for source in tag.sources:
            if source.table in version.late:
                needed.setdefault(source.table, []).append(tag.name)
    if needed:
        tables = [Message.of("late_table", "{table} {why}", table=table, why=version.late[table]) for table in needed]
        names = list(dict.fromkeys(name for names in needed.values() for name in names))
        more = Message.of("and_more", " and {more} more", more=len(names) - _TAGS_NAMED) if len(names) > _TAGS_NAMED else ""
        english = "{tables}; needed for {tags}{more}. Deliver and run again, or set stale_tags: accept"
        named, late = ", ".join(names[:_TAGS_NAMED]), Message.joined(tables, ", ")
        raise _Refused(Message.of("refused_late", english, tables=late, tags=named, more=more))


_TAGS_NAMED = 3
