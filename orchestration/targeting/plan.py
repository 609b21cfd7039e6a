"""Before a run of lists: which are due, which can be decided, and why the others cannot.

A list that cannot is set aside with its reason, and the others go on. What the lists match is not asked here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from orchestration.targeting.catalog import Catalog, Tag
from orchestration.targeting.definition import Conditions, DefinitionError, TargetList, check
from orchestration.targeting.expression import Past
from orchestration.targeting.ledger import FAILED, REFUSED
from orchestration.targeting.matching import Asked, Caps
from orchestration.targeting.schedule import read_schedule


@dataclass(frozen=True)
class SetAside:
    """Why a list is not decided: `status` is REFUSED (its tags are late) or FAILED."""

    status: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """The lists of a run, by name. `asked` has those that are decided first, in the order of precedence, and then those that are
    only matched, because one of the others names them; `set_aside` says why the rest is neither."""

    asked: dict[str, Asked] = field(default_factory=dict)
    decided: tuple[str, ...] = ()
    set_aside: dict[str, SetAside] = field(default_factory=dict)


@dataclass(frozen=True)
class Version:
    """What a plan must know of the published version: its tags, the columns that hold them, the months of their past, the caps.

    `late`: raw tables that are late or whose newest delivery was rejected, each with why and to which date it is delivered.
    """

    catalog: Catalog
    columns: frozenset[str]
    months: Callable[[], frozenset[date]]
    caps: Caps
    late: Mapping[str, str] = field(default_factory=dict)


def due(definitions: Iterable[TargetList], run_date: date) -> tuple[str, ...]:
    """Names of the approved lists whose schedule falls on the day."""
    return tuple(d.name for d in definitions if d.status == "approved" and read_schedule(d.schedule).is_due(run_date))


def plan(definitions: Mapping[str, TargetList], names: Sequence[str], version: Version, drafts: bool = False) -> Plan:
    """What becomes of the named lists; with `drafts` also of such as are not approved, for a look that exports nothing."""
    checked: dict[str, Conditions] = {}
    set_aside: dict[str, SetAside] = {}
    for name in names:
        try:
            checked[name] = _conditions(definitions, name, version, drafts)
        except _Refused as error:
            set_aside[name] = SetAside(REFUSED, str(error))
        except ValueError as error:
            set_aside[name] = SetAside(FAILED, str(error).removeprefix(f"list {name}: "))
    decided = tuple(sorted(checked, key=lambda name: (definitions[name].priority, name)))
    others = sorted({other for name in decided for other in definitions[name].exclude_lists} - set(decided))
    asked = {}
    for number, name in enumerate((*decided, *others), start=1):
        definition = definitions[name]
        conditions = checked.get(name) or check(definition, version.catalog)
        caps = version.caps.tightened(definition.caps) if name in checked else version.caps
        asked[name] = Asked(number, definition, conditions, caps)
    return Plan(asked, decided, set_aside)


class _Refused(ValueError):
    """A list whose tags stand on late data."""


def _conditions(definitions: Mapping[str, TargetList], name: str, version: Version, drafts: bool) -> Conditions:
    """The list's conditions. Raises _Refused or ValueError, saying why the list cannot be decided."""
    definition = definitions[name]
    if definition.status != "approved" and not drafts:
        raise ValueError(f"its status is {definition.status}; only approved lists are exported")
    version.caps.tightened(definition.caps)
    conditions = check(definition, version.catalog)
    used = dict.fromkeys((*conditions.tags, *definition.columns, *(o.tag for o in definition.order_by)))
    months = [m for c in conditions.all for m in c.moments if isinstance(m, Past)]
    for other in definition.exclude_lists:
        try:
            excluded = check(definitions[other], version.catalog)
        except DefinitionError as error:
            raise ValueError(f"exclude_lists: {error}") from error
        used.update(dict.fromkeys((*excluded.tags, *(o.tag for o in definitions[other].order_by))))
        months += [m for c in excluded.all for m in c.moments if isinstance(m, Past)]
    if missing := sorted(used.keys() - version.columns):
        raise ValueError(f"{', '.join(missing)}: a tag, but no column of the published tags; build and publish again")
    if months and (unknown := sorted({past.month for past in months} - version.months())):
        held = f"{min(version.months()):%Y-%m} to {max(version.months()):%Y-%m}" if version.months() else "no month"
        raise ValueError(f"the past of tags is kept for {held}, not for {', '.join(f'{m:%Y-%m}' for m in unknown)}")
    if definition.stale_tags == "refuse":
        _require_fresh(used, version)
    return conditions


def _require_fresh(tags: Iterable[str], version: Version) -> None:
    alike: dict[str, list[str]] = {}
    for tag in map(version.catalog.tag, tags):
        if tag.is_late:
            alike.setdefault(_late(tag, version.late), []).append(tag.name)
    late = [
        f"tag {names[0]} is {why}" if len(names) == 1 else f"tags {', '.join(names)} are {why}" for why, names in alike.items()
    ]
    if late:
        raise _Refused(f"{'; '.join(late)}. Deliver what is late and build again, or let the list say stale_tags: accept")


def _late(tag: Tag, late: Mapping[str, str]) -> str:
    """How late the tag is, which raw tables make it so, and to which date they are delivered."""
    tables = [f"{table} {late[table]}" for table, _ in tag.delivered if table in late]
    return f"{tag.status}: {', '.join(tables) or 'the catalogue does not say why'}"
