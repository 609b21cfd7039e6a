"""What contacts and lists led to: channels by month, each run of a list, all runs together, and the offers open to lines.

`{key: {column: value}}` of one public table. Managers are in care.py.

Choices where the definitions leave one:
- A contact succeeds by a completed order of its own offer at its time or after it, at most 30 days after its day. Contacts
  without an offer never do, and are contacts all the same.
- Months are complete calendar months, held or not; contacts of lines that no snapshot knows count. A channel has a row in a
  month with a contact or a completed order.
- A member is contacted by a contact that names list and run, whenever it was. Orders count from the run date to 30 days after
  it. Success of the treated is of those contacted that have an offer, from any of their contacts; of the control as ordered.
- An offer whose uplift is known for a line wins the line's loss so often; its gift goes to all who take it, by the chance of all.
- Uplift of lists is that of response rates; its interval is Newcombe's, of two Wilson intervals. A rate over nobody is null, and
  so is what is told of it. Save and kept rates are of runs whose 90th day is past: on-net at its end.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from oracle import tariffs
from oracle.book import UNKNOWN
from oracle.desk import Desk, ListRun
from oracle.figures import ZERO, ratio, rounded
from oracle.known import day_of, month_start

SUCCESS_DAYS, SAVE_DAYS, CHANCE_WEIGHT = 30, 90, 100
COSTS = {
    "prepaid_gift": ("2", "1"), "handset_subsidy": ("5", "1"), "plan_upgrade": ("3", "1"), "plan_switch": ("3", "1"),
    "service": ("1", "0.3"), "points": ("1", "0.5"), "care": ("5", "1"), "other": ("2", "1"),
}  # fmt: skip
"""By kind of offer: cost of a contact, cost of a gift as a part of its amount."""
Z = 1.959964
REFUSALS = ("refused", "do_not_contact")
ARMS = ("treated", "control")


def successes(desk: Desk) -> set[str]:
    """The ids of contacts that succeeded."""
    return {c["contact_id"] for c in desk.contacts if is_taken(desk, c["subscriber_id"], c["offer_code"], c["contacted_at"])}


def is_taken(desk: Desk, key: str, offer: str | None, at) -> bool:
    """Whether the line has a completed order of the offer at the moment or after it, up to 30 days after its day."""
    last = day_of(at) + timedelta(days=SUCCESS_DAYS)
    return any(
        o["offer_code"] == offer and at <= o["ordered_at"] and day_of(o["ordered_at"]) <= last for o in desk.completed[key]
    )


def target_lists(desk: Desk) -> dict[str, dict[tuple, dict]]:
    """The tables of runs and of members, by name: the run that counts of each list and day up to D."""
    shown = ("arm", "offer_code", "manager_id", "is_at_risk", "value_tier", "region_code")
    return {
        "marketing.target_list_runs": {
            key: {"channel": run.channel, "status": run.status, "matched": len(run.members)}
            | {
                "exported": sum(m["arm"] == "treated" for m in run.members),
                "control": sum(m["arm"] == "control" for m in run.members),
            }
            for key, run in desk.runs.items()
        },
        "marketing.target_list_members": {
            (*key, m["subscriber_id"]): {name: m[name] for name in shown}
            | {"exclusion_reason": m["reason"], "channel": run.channel}
            for key, run in desk.runs.items()
            for m in run.members
        },
    }


def channel_performance(desk: Desk) -> dict[tuple, dict]:
    """One row a complete month and channel."""
    succeeded = successes(desk)
    orders = [o for own in desk.completed.values() for o in own]
    ordered = Counter((month_start(day_of(o["ordered_at"])), o["channel"]) for o in orders)
    cells = defaultdict(list)
    for contact in desk.contacts:
        cells[month_start(day_of(contact["contacted_at"])), contact["channel"]].append(contact)
    months = desk.complete_months(month for month, _ in cells.keys() | ordered.keys())
    return {
        cell: work(cells[cell], succeeded)
        | {
            "outbound_contacts": sum(c["direction"] == "outbound" for c in cells[cell]),
            "orders": ordered[cell],
            "refusals": sum(c["outcome"] in REFUSALS for c in cells[cell]),
        }
        for cell in [*cells.keys() | ordered.keys()]
        if cell[0] in months
    }


def work(contacts: list[dict], succeeded: set[str]) -> dict:
    """How many contacts, how many connected and successful, and the rates."""
    connected = sum(bool(c["is_connected"]) for c in contacts)
    taken = sum(c["contact_id"] in succeeded for c in contacts)
    return {
        "contacts": len(contacts),
        "connected": connected,
        "connection_rate": ratio(connected, len(contacts)),
        "succeeded": taken,
        "success_rate": ratio(taken, len(contacts)),
    }


def outcomes(desk: Desk) -> list[dict]:
    """What became of everybody whom a run that counts took or held back."""
    named = defaultdict(list)
    for contact in desk.contacts:
        named[contact["list_name"], contact["list_run_date"], contact["subscriber_id"]].append(contact)
    return [
        outcome(desk, run, member, named[run.list_name, run.run_date, member["subscriber_id"]])
        for run in desk.runs.values()
        for member in run.members
        if member["arm"] in ARMS
    ]


def outcome(desk: Desk, run: ListRun, member: dict, contacts: list[dict]) -> dict:
    """One member's."""
    key, offer = member["subscriber_id"], member["offer_code"]
    first, last = run.run_date, run.run_date + timedelta(days=SUCCESS_DAYS)
    codes_by_day = [(o["offer_code"], day_of(o["ordered_at"])) for o in desk.completed[key]]
    has_ordered = None if offer is None else any(code == offer and first <= day <= last for code, day in codes_by_day)
    has_succeeded = has_ordered
    if member["arm"] == "treated":
        is_told = bool(contacts) and offer is not None
        has_succeeded = any(is_taken(desk, key, offer, c["contacted_at"]) for c in contacts) if is_told else None
    end = run.run_date + timedelta(days=SAVE_DAYS)
    line = desk.book.known.lines.get(key)
    return {
        "list_name": run.list_name,
        "run_date": run.run_date,
        "subscriber_id": key,
        "channel": run.channel,
        "manager": member["manager_id"],
        "region": member.get("region_code"),
        "key": key,
        "value_tier": member.get("value_tier"),
        "contacts": len(contacts),
        "arm": member["arm"],
        "offer": offer,
        "is_at_risk": member["is_at_risk"],
        "is_contacted": bool(contacts),
        "is_connected": any(c["is_connected"] for c in contacts),
        "has_ordered": has_ordered,
        "has_succeeded": has_succeeded,
        "is_kept": (line is not None and line.is_on_net(end)) if end <= desk.today else None,
    }


def list_effect(desk: Desk) -> dict[tuple, dict]:
    """One row a list and day on which it was exported to anyone or held anyone back."""
    cells = defaultdict(list)
    for row in outcomes(desk):
        cells[row["list_name"], row["run_date"]].append(row)
    return {cell: effect(rows) | {"channel": rows[0]["channel"]} for cell, rows in cells.items()}


def campaign_effect(desk: Desk) -> dict[tuple, dict]:
    """One row a list, channel, manager, region and offer, over all runs."""
    cells = defaultdict(list)
    for row in outcomes(desk):
        for dimension in ("list", "channel", "manager", "region", "offer"):
            cells[dimension, row["list_name" if dimension == "list" else dimension] or UNKNOWN].append(row)
    return {cell: effect(rows) for cell, rows in cells.items()}


def effect(rows: list[dict]) -> dict:
    """Counts and rates by arm, and the difference that it made."""
    found = {}
    shares = {}
    for arm in ARMS:
        own = [r for r in rows if r["arm"] == arm]
        found[f"targeted_{arm}"] = len(own)
        found[f"contacted_{arm}"] = sum(r["is_contacted"] for r in own)
        found[f"connected_{arm}"] = sum(r["is_connected"] for r in own)
        found[f"ordered_{arm}"] = sum(bool(r["has_ordered"]) for r in own)
        for name, column in (("success_rate", "has_succeeded"), ("response_rate", "has_ordered"), ("retention_rate", "is_kept")):
            shares[name, arm] = counts = told(own, column)
            found[f"{name}_{arm}"] = ratio(*counts)
    saved = [r for r in rows if r["arm"] == "treated" and r["is_contacted"] and r["is_at_risk"]]
    found["connection_rate"] = ratio(found["connected_treated"], found["contacted_treated"])
    found["save_rate"] = ratio(*told(saved, "is_kept"))
    for name, share in (("uplift", "response_rate"), ("retention_uplift", "retention_rate")):
        found |= dict(zip((name, f"{name}_low", f"{name}_high"), uplift(*(shares[share, arm] for arm in ARMS)), strict=True))
    return found


def told(rows: Iterable[dict], column: str) -> tuple[int, int]:
    """How many rows say yes, of how many that say anything."""
    answers = [r[column] for r in rows if r[column] is not None]
    return sum(answers), len(answers)


def uplift(treated: tuple[int, int], control: tuple[int, int]) -> tuple:
    """Difference of two shares and its 95 % interval; Newcombe 1998, method 10."""
    if not treated[1] or not control[1]:
        return None, None, None
    (low, p, high), (other_low, q, other_high) = wilson(*treated), wilson(*control)
    return (
        Fraction(*treated) - Fraction(*control),
        p - q - math.hypot(p - low, other_high - q),
        p - q + math.hypot(high - p, q - other_low),
    )


def wilson(yes: int, of: int) -> tuple[float, float, float]:
    """A share between the ends of its Wilson interval."""
    share = yes / of
    middle = (share + Z**2 / (2 * of)) / (1 + Z**2 / of)
    half = Z / (1 + Z**2 / of) * math.sqrt(share * (1 - share) / of + Z**2 / (4 * of**2))
    return middle - half, share, middle + half


def next_best_offers(desk: Desk, conditions: dict[str, set[str]]) -> dict[tuple, dict]:
    """Offers valid at D by line that meets their condition, those ordered left out. `conditions`: lines by offer_code."""
    own = defaultdict(list)
    for code, offer in desk.offers.items():
        is_valid = (offer["valid_from"] or date.min) <= desk.today <= (offer["valid_to"] or date.max)
        for key in conditions.get(code, ()) if is_valid else ():
            if not any(o["offer_code"] == code for o in desk.completed[key]):
                own[key].append((offer["priority"] is None, offer["priority"] or 0, code))
    return {
        (key, code): {
            "rank": rank,
            "is_best": rank == 1,
            "offer_name": desk.offers[code]["offer_name"],
            "offer_type": desk.offers[code]["offer_type"],
            "script": desk.offers[code]["script"],
            "is_suppressed_all": desk.in_force(key, "all"),
        }
        for key, codes in own.items()
        for rank, (*_, code) in enumerate(sorted(codes), start=1)
    }


def offer_chances(desk: Desk) -> dict[str, dict]:
    """How likely each offer is to be taken, and what it costs."""
    first, last = desk.since(12), desk.today - timedelta(days=SUCCESS_DAYS)
    counted = [c for c in desk.contacts if c["offer_code"] and first <= day_of(c["contacted_at"]) <= last]
    succeeded = successes(desk)
    put = Counter(c["offer_code"] for c in counted)
    taken = Counter(c["offer_code"] for c in counted if c["contact_id"] in succeeded)
    rate = ratio(sum(taken.values()), len(counted))
    found = {}
    for code, offer in desk.offers.items():
        contact, gift = COSTS[offer["offer_type"] or "other"]
        chance = None if rate is None else (taken[code] + CHANCE_WEIGHT * rate) / (put[code] + CHANCE_WEIGHT)
        found[code] = {
            "offer_type": offer["offer_type"],
            "contacts": put[code],
            "accepted": taken[code],
            "acceptance_rate": ratio(taken[code], put[code]),
            "acceptance_chance": chance if chance is None else rounded(chance, 6),
            "contact_cost_amount": Decimal(contact),
            "gift_cost_amount": rounded((offer["gift_amount"] or ZERO) * Decimal(gift), 2),
        }
    return found


def offers_by_worth(desk: Desk, open_offers: dict[tuple, dict]) -> dict[tuple, dict]:
    """What next_best_offers says of worth, beside the rest."""
    chances, losses = offer_chances(desk), tariffs.line_bundles(desk)
    found = {}
    for (key, code), row in open_offers.items():
        told, loss = chances[code], losses.get(key, {}).get("expected_loss_amount")
        chance, contact, worth = told["acceptance_chance"], told["contact_cost_amount"], None
        uplift = desk.uplifts.get((key, code))
        uplift = None if uplift is None else rounded(Fraction(repr(uplift)), 6)
        if chance is not None and loss is not None:
            won = chance if uplift is None else uplift
            gift = Fraction(chance) * Fraction(told["gift_cost_amount"])
            worth = rounded(Fraction(won) * Fraction(loss) - gift - Fraction(contact), 2)
        found[key, code] = row | {
            "value_at_stake_amount": loss,
            "acceptance_chance": chance,
            "uplift": uplift,
            "worth_amount": worth,
            "worth_by": None if worth is None else "chance" if uplift is None else "uplift",
        }
    own = defaultdict(list)
    for (key, code), row in found.items():
        own[key].append((row["worth_amount"] is None, -(row["worth_amount"] or 0), row["rank"], code))
    for key, places in own.items():
        for rank, (*_, code) in enumerate(sorted(places), start=1):
            row = found[key, code]
            row |= {"worth_rank": rank, "is_best_by_worth": rank == 1 and (row["worth_amount"] or 0) > 0}
    return found
