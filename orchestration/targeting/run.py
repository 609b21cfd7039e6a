"""A run of target lists: all that are due on a day are decided together, then each is exported by itself.

Here the steps meet: what can be decided (`plan`), who matches (`matching`), who gets whom (`decisions`), and then `export`. The
engine's part is behind `tables.Tables`; when lists run is Dagster's and the CLI's matter.
"""

import contextlib
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.base.billed import billed_months, months_sql
from orchestration.base.errors import ListError
from orchestration.base.roles import person
from orchestration.base.settings import Home
from orchestration.base.words import Message
from orchestration.catalog.published import catalogued
from orchestration.catalog.tags import Catalog
from orchestration.engines.tables import Tables
from orchestration.targeting import advice, decisions, ledger, matching
from orchestration.targeting.age import DataAge, old_scores, score_months
from orchestration.targeting.approval import Size, missing, owner_faults, read_steps
from orchestration.targeting.contact_rules import Caps, Repeats, read_rules
from orchestration.targeting.definition import TargetList
from orchestration.targeting.export import DecidedRun
from orchestration.targeting.ledger import LIST_MEMBERS
from orchestration.targeting.plan import Version, plan
from orchestration.targeting.templates import sql


@contextlib.contextmanager
def open_run(
    tables: Tables,
    home: Home,
    definitions: Mapping[str, TargetList],
    names: Sequence[str],
    run_date: date,
    as_of: date,
    publication: str,
    exported_by: str | None = None,
    accept_old_data: bool = False,
) -> Iterator[DecidedRun]:
    """Decides the named lists together, ready to be exported; `definitions` are all there are, by name. The ledger is this run's
    alone until it is closed; with `accept_old_data` no list is refused for the age of the data. Raises ListError where no list at
    all can be decided; what is wrong with one is in its `plan`."""
    with ledger.only_one(home):
        ledger.clear_leftovers(home)
        decided = decide(tables, home, definitions, names, run_date, as_of, publication, accept_old_data=accept_old_data)
        decided.exported_by = exported_by or person(home).user
        yield decided


def decide(
    tables: Tables,
    home: Home,
    definitions: Mapping[str, TargetList],
    names: Sequence[str],
    run_date: date,
    as_of: date,
    publication: str,
    drafts: bool = False,
    accept_old_data: bool = False,
) -> DecidedRun:
    """Decides the named lists together and writes nothing: a preview, where `drafts` takes lists that are not approved, too."""
    version = read_version(tables, as_of, run_date)
    planned = plan(definitions, names, version, drafts, accept_old_data)
    decided = DecidedRun(
        tables, home, definitions, planned, version.catalog, ledger.next_run_id(home, run_date), run_date, as_of, publication
    )
    if not planned.decided:
        return decided
    connection = tables.connection
    connection.execute(decisions.MACRO)
    asked = list(planned.asked.values())
    tables.read(matching.matches_sql(asked, tables.relations, version.columns, run_date, as_of, tables.dialect), into="matches")
    (twice,) = connection.execute("select count(*) - count(distinct (list_number, subscriber_id)) from matches").fetchone()
    if twice:
        english = "{twice} rows too many: the tag table or the phone table holds a subscriber twice"
        raise ListError(Message.of("lines_twice", english, twice=twice))
    current = ledger.current_runs(home)
    _create_lists(decided, version.share, current)
    decided.age, decided.billed = version.age, version.billed
    decided.before = {run["list_name"]: run for run in current if _stands(run, decided)}
    decided.stems = ledger.next_stems(home, planned.decided, as_of, run_date)
    decided.warnings = _warnings(decided, version.age, current)
    decisions.prioritise(connection)
    for number, salt in decisions.candidate_salts(connection).items():
        decided.salts[planned.decided[number - 1]] = salt
        connection.execute("update lists set salt = ? where list_number = ?", [salt, number])
    decisions.decide(connection)
    return decided


def read_version(tables: Tables, as_of: date, run_date: date) -> Version:
    """What the published version, of the business date `as_of`, says that a plan goes by."""
    relations = tables.relations
    catalog = read_catalog(tables)
    columns = frozenset(tables.columns(relations.tag_values))
    if matching.HELD_OUT not in columns:
        english = "the published tags lack {tag}, which tells whom no campaign reaches; build and publish again"
        raise ListError(Message.of("no_universal_control", english, tag=matching.HELD_OUT))
    rules = read_rules(tables)
    months = functools.cache(lambda: frozenset(month for (month,) in tables.rows(matching.months_sql(relations))))
    late = dict(map(_late, tables.rows(sql("late_tables", relations=relations))))
    return Version(
        catalog,
        columns,
        months,
        Caps.of(rules),
        Repeats.of(rules),
        DataAge(as_of, run_date, int(rules["data_age_warning_days"]), int(rules["max_data_age_days"])),
        rules["control_share"],
        billed_months(tables.rows(months_sql(relations.months))),
        late,
    )


def _late(row: tuple) -> tuple[str, str]:
    table, delivered_to, is_last_rejected = row
    to = Message.of("ends_on", "ends on {day}", day=delivered_to) if delivered_to else Message.of("never", "was never delivered")
    rejected = Message.of("last_rejected", "{to} because its newest delivery was rejected", to=to)
    return table, rejected if is_last_rejected else to


def _warnings(decided: DecidedRun, age: DataAge, current: Sequence[Mapping]) -> dict[str, tuple[str, ...]]:
    """What is to be said of each list though it is exported: old data, a run before that nobody worked."""
    last = {name: ledger.last_before(current, name, decided.run_date) for name in decided.plan.decided}
    known = [run["run_date"] for run in last.values() if run and run["exported"] and run["run_date"] <= decided.as_of]
    worked = (
        set(decided.tables.rows(sql("contacted_runs", relations=decided.tables.relations, since=min(known)))) if known else set()
    )
    scores, costs = scores_warnings(decided), advice.contact_costs(decided.tables)
    said = {}
    for name, run in last.items():
        is_idle = run and run["exported"] and run["run_date"] <= decided.as_of and (name, run["run_date"]) not in worked
        idle = is_idle and Message.of(
            "nobody_contacted",
            "nobody of the {exported:,} on its run of {run_date} has been contacted for it, by the contacts "
            "delivered: see whether the channel works the list, and sends back list_name and list_run_date.",
            exported=run["exported"],
            run_date=run["run_date"],
        )
        definition = decided.plan.asked[name].definition
        unknown = advice.unknown_offer(definition, decided.tables) or advice.unseen_offers(definition, decided.tables)
        lacks, again = _unapproved(decided, name, costs), _again(current, name, decided.run_date)
        said[name] = tuple(words for words in (age.warning, scores.get(name), *lacks, unknown, idle, again) if words)
    return said


def _unapproved(decided: DecidedRun, name: str, costs: Mapping[str, Decimal]) -> list[str]:
    """What is to be said of a list that its own owner approved, or that lacks a step; a draft previewed lacks none."""
    asked, definition = decided.plan.asked[name], decided.plan.asked[name].definition
    given = "select count(*) from matches where list_number = ?"
    (matched,) = decided.tables.connection.execute(given, [asked.number]).fetchone()
    lacks = missing(read_steps(), definition, Size.of(definition, matched, costs)) if definition.status == "approved" else []
    return [*owner_faults(definition), *lacks]


def scores_warnings(decided: DecidedRun) -> dict[str, str]:
    """What is to be said of lists that stand on scores of a month before the last complete one."""
    relations, used = decided.tables.relations, {}
    present = decided.tables.columns(relations.tag_values)
    for name in decided.plan.decided:
        asked = decided.plan.asked[name]
        named = [*asked.conditions.tags, *(step.tag for step in asked.definition.order_by), *asked.definition.columns]
        found = score_months(named, decided.catalog)
        used[name] = {tag: tags for tag, tags in found.items() if tag in present}
    columns = sorted({tag for found in used.values() for tag in found})
    if not columns:
        return {}
    months_of = ", ".join(f"min({column})" for column in columns)
    (row,) = decided.tables.rows(f"select {months_of} from {relations.tag_values}")
    ((last,),) = decided.tables.rows(f"select max(month) from {relations.months} where is_complete_month")
    months = dict(zip(columns, row, strict=True))
    return {name: old_scores(found, months, last) for name, found in used.items()}


def _again(current: Iterable[Mapping], name: str, run_date: date) -> str:
    """What is to be said where a run of the day has exported the list already; empty otherwise."""
    before = next((run for run in current if run["list_name"] == name and run["run_date"] == run_date), None)
    return before and Message.of(
        "exported_already",
        "run {run} has exported it today already, on the data of {as_of}; this run replaces it: see "
        "that the channel works one of the two files.",
        run=before["run_id"],
        as_of=before["as_of_date"],
    )


def _stands(run: Mapping, decided: DecidedRun) -> bool:
    """Whether the run has exported a list of this one on the same day, by the same definition."""
    name = run["list_name"]
    is_today = name in decided.plan.decided and run["run_date"] == decided.run_date
    return is_today and run["definition_hash"] == decided.definitions[name].hash


def _create_lists(decided: DecidedRun, default_share: float, current: Sequence[Mapping]) -> None:
    """Creates the tables that decisions go by: the lists, and whom the ledger knows of those they name and of this run date."""
    home, connection, planned = decided.home, decided.tables.connection, decided.plan
    salts = ledger.first_salts(home)
    connection.execute(f"create or replace temp table lists ({decisions.LISTS})")
    named, earlier = [], set()
    for name, asked in planned.asked.items():
        definition, is_decided = asked.definition, name in planned.decided
        share = default_share if definition.control_share is None else definition.control_share
        salt = definition.salt or salts.get(name)
        if is_decided:
            decided.shares[name], decided.salts[name] = share, salt
            named += [(asked.number, other, None, True) for other in definition.include_lists]
            named += [(asked.number, other, planned.asked[other].number, False) for other in definition.exclude_lists]
            earlier |= {*definition.include_lists, *definition.exclude_lists}
        connection.execute(
            "insert into lists values (?, ?, ?, ?, ?, ?)", [asked.number, name, is_decided, share, salt, definition.limit]
        )
    before = {r["list_name"]: r for r in current if r["run_date"] < decided.run_date and r["list_name"] in earlier}
    others = [r for r in current if r["run_date"] == decided.run_date and r["list_name"] not in planned.decided]
    decisions.create_scope(
        connection,
        named,
        earlier=_members(home, before.values(), (ledger.TREATED,)),
        taken=_members(home, others, (ledger.TREATED, ledger.CONTROL)),
        before=_members(home, _runs_that_hold(current, decided), (ledger.TREATED, ledger.CONTROL)),
    )
    if others:
        decided.tables.read(sql("shared_phones", relations=decided.tables.relations), into="shared_phones")
        decisions.add_taken_by_phone(connection)


def _runs_that_hold(current: Iterable[Mapping], decided: DecidedRun) -> list[Mapping]:
    """Earlier runs whose members may not be on the same list now. Both arms stay away alike, so that they remain comparable."""
    found = []
    for run in current:
        if run["list_name"] in decided.plan.decided and run["run_date"] < decided.run_date:
            repeats = decided.plan.asked[run["list_name"]].repeats
            if repeats.only_new or (decided.run_date - run["run_date"]).days <= repeats.cool_down_days:
                found.append(run)
    return found


def _members(home: Home, runs: Iterable[Mapping], arms: Sequence[str]) -> pa.Table:
    """Those of these arms in these runs: list_name, subscriber_id."""
    found = pa.concat_tables([LIST_MEMBERS.empty_table(), *(ledger.members_of(home, run) for run in runs)])
    return found.filter(pc.is_in(found["arm"], pa.array(arms))).select(["list_name", "subscriber_id"])


def read_catalog(tables: Tables) -> Catalog:
    """The tags of the version. Raises CatalogError, naming the tag, where a row of its catalogue cannot be used."""
    relation = tables.relations.tag_catalog
    names, rows = tables.columns(relation), tables.rows(f"select * from {relation} order by entity, tag_name")
    return Catalog.of(catalogued(dict(zip(names, row, strict=True)) for row in rows))
