"""One view of a line for every channel: what to say to it, its best offers, last contact, whether it may be disturbed.

The list that a line is on is what the ledger says was exported on the data of the version; so files, feeds and the view of one
line agree. Who is on a list is decided by `run`; how feeds are written is `feeds`'.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.base.errors import ListError
from orchestration.base.settings import Home
from orchestration.base.words import Message
from orchestration.catalog.tags import Catalog
from orchestration.engines.tables import Tables
from orchestration.targeting import ledger
from orchestration.targeting.definition import SAID, Conditions, DefinitionError, TargetList, check
from orchestration.targeting.matching import HELD_OUT
from orchestration.targeting.rebuild import recorded_definition
from orchestration.targeting.run import read_catalog
from orchestration.targeting.said import MEANINGS, said, said_tags
from orchestration.targeting.templates import sql

CHANNELS = ("outbound_call", "sms", "store", "hotline", "web", "app")
PLACES = (1, 2, 3)
"""Places of the offers that a channel sees."""

SEEN = {"last_contact_date": "date", "last_contact_channel": "string", "last_contact_outcome": "string"}
"""Tags that every channel sees, null where the version has none such, and what they are read as."""

VIEW_MEANINGS = {
    "subscriber_id": "The line.",
    **MEANINGS,
    "list_name": "The list that the line is on, exported on the data of the business date; empty where it is on none. The "
    "channel sends it back with each contact.",
    "offer_code": "Offer to put to the line: that of its list, else the first of the offers open to it.",
    **{f"offer_{place}_code": f"Place {place} of the offers open to the line." for place in PLACES},
    **{f"offer_{place}_name": "Name of that offer, as the customer hears it." for place in PLACES},
    "last_contact_date": "Day of the last contact.",
    "last_contact_channel": "Channel of the last contact.",
    "last_contact_outcome": "What came of it, as the channel noted it.",
    "open_task": "What the dearest task that is open for the line is for, and by when; empty without one.",
    "open_task_zh": "The same in Chinese.",
    "do_not_disturb": "Must the line not be spoken to unasked on the channel? Then offers are told only to one who asks.",
    "do_not_disturb_reason": "Why: suppressed (the line is), phone_suppressed (its phone is), universal_control (no campaign "
    "reaches it).",
}
"""What the columns of a feed mean."""


@dataclass(frozen=True)
class _Exported:
    """A list as it was exported, and whom it took."""

    definition: TargetList
    conditions: Conditions
    run_date: date
    members: pa.Table


def create_view(tables: Tables, home: Home, as_of: date, run_date: date, subscribers: Collection[str] | None = None) -> None:
    """Creates the table `channel_view` on the connection: one row a line on the network, or with an open offer, or on a list; of
    the named subscribers alone, if any are. Columns: those of VIEW_MEANINGS, with quiet_<channel>, the reason not to disturb, for
    each of CHANNELS."""
    catalog = read_catalog(tables)
    lists = list(_exported(home, as_of, catalog))
    tags = tuple(dict.fromkeys(tag for one in lists for tag in said_tags(one.definition, one.conditions)))
    given: dict[str, Any] = {"channels": CHANNELS, "places": PLACES, "seen": SEEN}
    query = sql(
        "lines_seen",
        tables.dialect,
        relations=tables.relations,
        run_date=run_date,
        said_tags=tags,
        held_out=HELD_OUT,
        present=frozenset(tables.columns(tables.relations.tag_values)),
        subscribers=subscribers,
        **given,
    )
    tables.read(query, into="lines_seen")
    tables.read(sql("offers", tables.dialect, relations=tables.relations), into="offers")
    tables.connection.register("given", _members(lists))
    tables.connection.execute("create or replace temp table on_lists as select * from given")
    tables.connection.unregister("given")
    words = [said(one.definition, one.conditions, catalog, one.run_date) for one in lists]
    tables.connection.execute(sql("channel_view", exported=words, said_names=SAID, **given))


def line_view(tables: Tables, home: Home, as_of: date, run_date: date, subscriber: str) -> dict[str, object]:
    """What channels see of one line: the columns of a feed; do_not_disturb_reason by channel, None where it may be spoken to.

    Raises ListError for a subscriber that the version lacks."""
    found = line_views(tables, home, as_of, run_date, [subscriber])
    if not found:
        (known,) = tables.connection.execute("select count(*) from lines_seen").fetchone() or (0,)
        if known:
            english = "subscriber {id} left the network, is on no list, and no offer is open to it"
            raise ListError(Message.of("left_network", english, id=subscriber))
        raise ListError(Message.of("not_in_version", "subscriber {id} is not in the published version", id=subscriber))
    return found[subscriber]


def line_views(
    tables: Tables, home: Home, as_of: date, run_date: date, subscribers: Collection[str]
) -> dict[str, dict[str, object]]:
    """The same of several lines, in one reading, by subscriber_id; a line that no channel sees is not there."""
    create_view(tables, home, as_of, run_date, subscribers)
    found = tables.connection.execute("select * from channel_view")
    names = [column[0] for column in found.description or ()]
    views = {}
    for row in found.fetchall():
        view = dict(zip(names, row, strict=True))
        view["do_not_disturb_reason"] = {channel: view.pop(f"quiet_{channel}") for channel in CHANNELS}
        views[f"{view['subscriber_id']}"] = view
    return views


def _exported(home: Home, as_of: date, catalog: Catalog) -> Iterable[_Exported]:
    """The last run of each list on the data of the business date. Lists made elsewhere say nothing; nor does one whose tags the
    version has no more."""
    last: dict[str, dict] = {}
    for run in ledger.current_runs(home):
        if run["as_of_date"] == as_of and run["definition"] and run["run_date"] >= last.get(run["list_name"], run)["run_date"]:
            last[run["list_name"]] = run
    for _, run in sorted(last.items()):
        definition = recorded_definition(run["definition"])
        try:
            conditions = check(definition, catalog)
        except DefinitionError:
            continue
        members = ledger.members_of(home, run)
        treated = members.filter(pc.equal(members["arm"], ledger.TREATED))
        yield _Exported(definition, conditions, run["run_date"], treated)


def _members(lists: Iterable[_Exported]) -> pa.Table:
    """Who is on the lists: list_name, run_date, subscriber_id, offer_code."""
    found = pa.concat_tables([ledger.LIST_MEMBERS.empty_table(), *(one.members for one in lists)])
    return found.select(["list_name", "run_date", "subscriber_id", "offer_code"])
