"""Runs of lists before the first load, as the ledger would have them: who was taken, who was held back, as they were known then.

Contacts name these runs (touchpoints.py), so their effect is told from the first night on. Tier and risk are what the operator
could tell: the tier by the rank of the bill that a line tends to, at risk who is on the retention list or shows signs of leaving.
"""

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.base.settings import Home
from orchestration.targeting import ledger
from orchestration.targeting.definition import BEST
from orchestration.warehouse.seeds import read_seed, seed_path
from sample.block import Block, Month, tenure_months
from sample.catalogues import OFFER_CODES
from sample.delivery import Codes, Landing, lake_array
from sample.lifelines import NO_SIGNS
from sample.statics import REGION_CODES
from sample.touchpoints import LIST_DAY, LISTS, Listed, manager_ids

MONTHS = 8
"""Months back from that of the first load whose runs are in the ledger: some of them long enough ago to know who stayed."""
HOUR = time(3)
"""When a run was exported."""


@dataclass(frozen=True)
class Plan:
    """What is told of a list beside its members."""

    channel: str
    offer: str
    owner: str
    purpose: str


PLANS = {
    "retention_call": Plan(
        "outbound_call", BEST, "retention", "A call to lines that look like leaving, with a gift for staying."
    ),
    "high_value_care": Plan("outbound_call", "O08", "customer-value", "A care call to lines with great bills."),
    "new_subscriber_welcome": Plan("sms", "O09", "customer-value", "Welcome in the first three months."),
    "plan_upgrade_sms": Plan("sms", "O04", "marketing", "A greater plan for lines that fill theirs."),
}


@dataclass
class History:
    """Members so far, from all blocks, by run date and list."""

    parts: dict[tuple[date, str], list[pa.Table]] = field(default_factory=lambda: defaultdict(list))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, home: Home) -> None:
        """Adds the runs to the ledger. One that stands there as it is now, or that was made by a run of lists, stays."""
        if not self.parts:
            return
        with ledger.only_one(home):
            ledger.clear_leftovers(home)
            standing = {(run["run_date"], run["list_name"]): run for run in ledger.current_runs(home)}
            for (run_date, name), parts in sorted(self.parts.items()):
                members = _members(parts)
                known = standing.get((run_date, name))
                if known and (known["definition"] or _is_same(ledger.members_of(home, known), members)):
                    continue
                _record(home, name, run_date, members)


def freeze(block: Block, month: Month, listed: Sequence[Listed], history: History, landing: Landing) -> None:
    """Notes the lists that ran in a month, if that was before the first load and not too long ago."""
    window, day = block.window, month.begin + LIST_DAY
    age = int(np.datetime64(window.first_load, "D").astype("M8[M]").astype(int)) - month.number
    if not 0 <= age < MONTHS or day >= window.first_load or "channel_contacts" not in landing.tables:
        return
    run_date = date.fromordinal(date(1970, 1, 1).toordinal() + day)
    for one in listed:
        part = _part(block, month, one, day)
        with history.lock:
            history.parts[run_date, LISTS[one.number]].append(part)


def _part(block: Block, month: Month, listed: Listed, day: int) -> pa.Table:
    """Members in the block, without what the run adds."""
    lives, people = block.lives, block.people
    line = np.concatenate((listed.treated, listed.control))
    is_control = np.arange(len(line)) >= len(listed.treated)
    there = (day < lives.churned[line]) & (day >= people.activated[line])
    line, is_control = line[there], is_control[there]
    offer = np.broadcast_to(listed.offer, len(block))[line]
    has_signs = (lives.signs != NO_SIGNS) & (lives.signs_end > day) & (lives.signs_end - lives.signs_days <= day)
    on_net = (people.activated <= day) & (lives.churned > day)
    rank = 100 * np.searchsorted(np.sort(people.level[on_net]), people.level[line]) / max(int(on_net.sum()), 1)
    tiers, tenures = _bands("value_tiers"), _bands("tenure_bands")
    columns = {
        "subscriber_id": block.subscriber(line),
        "arm": Codes(is_control.astype(np.int64), [ledger.TREATED, ledger.CONTROL]),
        "offer_code": Codes(offer, list(OFFER_CODES)),
        "reason": Codes(np.where(is_control, 0, -1), [ledger.CONTROL]),
        "manager_id": Codes(block.manager[line], manager_ids(len(block.managers))),
        "value_tier": Codes(_place(rank, tiers), list(tiers)),
        "region_code": Codes(block.region[line], list(REGION_CODES)),
        "tenure_band": Codes(_place(tenure_months(block, month)[line], tenures), list(tenures)),
        "is_at_risk": has_signs[line] | (LISTS[listed.number] == "retention_call"),
    }
    kinds = {"is_at_risk": "boolean"}
    arrays = {name: lake_array(column, kinds.get(name, "string")) for name, column in columns.items()}
    return pa.table({name: _plain(array) for name, array in arrays.items()})


def _plain(array: pa.Array) -> pa.Array:
    return array.dictionary_decode() if isinstance(array, pa.DictionaryArray) else array


@cache
def _bands(seed: str) -> dict[str, float]:
    """Lower bound by band of a seed, the least first; a band without one begins below all."""
    rows = read_seed(seed_path(seed))
    found = {row["band"]: float(row["lower_bound"] or "-inf") for row in rows}
    return dict(sorted(found.items(), key=lambda band: band[1]))


def _place(values: np.ndarray, bands: dict[str, float]) -> np.ndarray:
    """The band of each value, an index; -1 below all."""
    return np.searchsorted(list(bands.values()), values, side="right") - 1


def _members(parts: Sequence[pa.Table]) -> pa.Table:
    """Members of all blocks in order, those taken first."""
    found = pa.concat_tables(parts)
    return found.sort_by([("arm", "descending"), ("subscriber_id", "ascending")])


def _is_same(known: pa.Table, members: pa.Table) -> bool:
    return known.select(members.column_names).equals(members)


def _record(home: Home, name: str, run_date: date, members: pa.Table) -> None:
    """Adds one run and its members to the ledger."""
    plan, count = PLANS[name], members.num_rows
    treated = sum(arm == ledger.TREATED for arm in members["arm"].to_pylist())
    run = {
        "run_id": ledger.next_run_id(home, run_date), "list_name": name, "run_date": run_date,
        "as_of_date": run_date - timedelta(days=1), "channel": plan.channel, "offer_code": plan.offer, "owner": plan.owner,
        "purpose": plan.purpose, "control_share": (count - treated) / count if count else 0.0, "status": ledger.EXPORTED,
        **dict.fromkeys(ledger.COUNTS, 0), "matched": count, "control": count - treated, "exported": treated,
        "exported_at": datetime.combine(run_date, HOUR), "exported_by": "synthetic operator",
        "warnings": "made with the synthetic operator, not decided here",
    }  # fmt: skip
    common = {"run_id": run["run_id"], "list_name": name, "run_date": run_date, "channel": plan.channel, "lost_to": None}
    columns = {key: pa.array([value] * count, ledger.LIST_MEMBERS.field(key).type) for key, value in common.items()}
    places = [place if place <= treated else None for place in range(1, count + 1)]
    columns |= {"position": pa.array(places, pa.int64())} | {key: members[key] for key in members.column_names}
    table = pa.table({key: columns[key] for key in ledger.LIST_MEMBERS.names}).cast(ledger.LIST_MEMBERS)
    kept = ledger.keep_members(home, run, lambda path: pq.write_table(table, path))
    ledger.record(home, run | {"members_sha256": kept})
