"""How lines were contacted and what they answered: pressure, follow-up, suppressions, satisfaction, offers, purchases.

Figures of `{subscriber_id: {column: value}}`, one row a line of the snapshot, activated by D; and the facts behind them, by id.

Choices where the definitions leave one:
- Any order signs, whatever became of it, at the time of the last contact or after it; day 7 is the seventh after the contact's.
- The last contact may be outbound or inbound. One that does not say whether it was connected was not.
- Facts of lines that no snapshot knows stand among the facts. What was not told of one, such as is_connected, is null there.
- A suppression's last day is in force. A line without a survey is no detractor, nor anything else.
"""

import hashlib
from collections import Counter
from datetime import date

from oracle.desk import Desk, band, by_line
from oracle.figures import ratio
from oracle.known import day_of
from oracle.service import BAD, GOOD, detractors

CHANNELS = ("outbound_call", "sms", "store", "hotline", "web", "app")
CAPS = {1: 1, 7: 2, 30: 4}
CAP_NAMES = {1: "short", 7: "mid", 30: "long"}
SIGNED_DAYS = 7
SALT, CONTROL_SHARE, CONTROL_MONTHS = "telco360", 0.02, 6
COLD, WARM = ("refused", "do_not_contact"), ("interested", "considering", "accepted")
PURCHASES = ((1, "one_time"), (2, "repeat"), (4, "loyal"))


def facts(desk: Desk) -> dict[str, dict[str, dict]]:
    """The tables of contacts, orders and visits, by name."""
    return {
        "core.fct_contacts": {
            c["contact_id"]: {name: c[name] for name in c if name != "contact_id"}
            | {"contact_date": day_of(c["contacted_at"]), "contact_hour": c["contacted_at"].hour}
            for c in desk.contacts
        },
        "core.fct_orders": {
            o["order_id"]: {name: o[name] for name in o if name != "order_id"}
            | {"order_date": day_of(o["ordered_at"]), "is_completed": o["order_status"] == "completed"}
            for o in desk.orders
        },
        "core.fct_visits": {
            v["visit_id"]: {name: v[name] for name in v if name != "visit_id"} | {"visit_date": day_of(v["visited_at"])}
            for v in desk.visits
        },
    }


def contact_pressure(desk: Desk) -> dict[str, dict]:
    """contact_pressure: every line."""
    found = {}
    contacts = by_line(desk.contacts)
    orders = by_line(desk.orders)
    for key in desk.lines:
        counts = outbound(contacts[key], desk.today)
        rooms = {days: max(most - counts[days], 0) for days, most in CAPS.items()}
        last = contacts[key][-1] if contacts[key] else None
        found[key] = {
            **{f"contacts_{days}d": counts[days] for days in CAPS},
            **{f"{CAP_NAMES[days]}_cap_room": room for days, room in rooms.items()},
            "remaining_contacts": min(rooms.values()),
            "last_contact_date": last and day_of(last["contacted_at"]),
            "last_contact_channel": last and last["channel"],
            "last_contact_direction": last and last["direction"],
            "last_contact_outcome": last and last["outcome"],
            "follow_up_class": last and follow_up(last, orders[key]),
        }
    return found


def outbound(contacts: list[dict], today: date) -> Counter:
    """Outbound contacts by how many days to D are looked at, D being the first."""
    ages = [(today - day_of(c["contacted_at"])).days for c in contacts if c["direction"] == "outbound"]
    return Counter({days: sum(age < days for age in ages) for days in CAPS})


def follow_up(contact: dict, orders: list[dict]) -> str:
    """What followed a contact, the first class that holds."""
    at = contact["contacted_at"]
    if any(at <= o["ordered_at"] and (day_of(o["ordered_at"]) - day_of(at)).days <= SIGNED_DAYS for o in orders):
        return "signed"
    if contact["outcome"] in COLD:
        return "cold"
    if contact["outcome"] in WARM:
        return "warm"
    return "informed" if contact["is_connected"] else "unreached"


def contact_tags(desk: Desk) -> dict[str, dict]:
    """The tags of the family contact."""
    contacts, surveys, complaints = by_line(desk.contacts), answers(desk), opened(desk)
    bad = detractors(desk.book)
    found = {}
    for key, row in contact_pressure(desk).items():
        last = contacts[key][-1] if contacts[key] else None
        told = surveys[key][-1] if surveys[key] else None
        score = told and told["score"]
        found[key] = {
            **{f"outbound_contacts_{days}d": row[f"contacts_{days}d"] for days in CAPS},
            **{name: row[name] for name in row if name.startswith("last_") or name == "follow_up_class"},
            "is_contact_capped": row["remaining_contacts"] == 0,
            "is_last_contact_connected": bool(last["is_connected"]) if last else None,
            **{f"is_suppressed_{channel}": desk.in_force(key, channel, "all") for channel in CHANNELS},
            "is_suppressed_all": desk.in_force(key, "all"),
            "has_suppression": desk.in_force(key),
            "last_survey_score": score,
            "last_survey_date": told and day_of(told["surveyed_at"]),
            "nps_class": nps_class(score),
            "is_detractor": score is not None and score <= BAD,
            "detractor_days_open": bad[key]["days_open"] if key in bad and not bad[key]["is_repaired"] else None,
            "complaints_6m": sum(day_of(c["opened_at"]) >= desk.since(6) for c in complaints[key]),
            "open_complaints": sum(is_open(c, desk.today) for c in complaints[key]),
            "last_complaint_category": complaints[key][-1]["category_code"] if complaints[key] else None,
        }
    return found


def answers(desk: Desk) -> dict[str, list[dict]]:
    """Surveys by line, oldest first."""
    return by_line(sorted(desk.book.surveys, key=lambda s: (s["surveyed_at"], s["survey_id"])))


def opened(desk: Desk) -> dict[str, list[dict]]:
    """Complaints by line, oldest first."""
    return by_line(sorted(desk.book.complaints, key=lambda c: (c["opened_at"], c["complaint_id"])))


def is_open(complaint: dict, today: date) -> bool:
    """Not closed by the end of D."""
    return complaint["closed_at"] is None or day_of(complaint["closed_at"]) > today


def nps_class(score: int | None) -> str | None:
    """Promoter, passive or detractor."""
    return band(score, ((None, "detractor"), (BAD + 1, "passive"), (GOOD, "promoter")))


def marketing_tags(desk: Desk) -> dict[str, dict]:
    """The tags of the family marketing."""
    contacts, visits = by_line(desk.contacts), by_line(desk.visits)
    found = {}
    for key in desk.lines:
        put = [c for c in contacts[key] if c["offer_code"] is not None and day_of(c["contacted_at"]) >= desk.since(12)]
        accepted = sum(c["outcome"] == "accepted" for c in put)
        orders = desk.completed[key]
        counts = {n: sum(day_of(o["ordered_at"]) >= desk.since(n) for o in orders) for n in (12, 24)}
        visited = sum(day_of(v["visited_at"]) >= desk.since(24) for v in visits[key])
        last = orders[-1] if orders else None
        found[key] = {
            "offers_put_12m": len(put),
            "offers_accepted_12m": accepted,
            "offer_acceptance_share": ratio(accepted, len(put)),
            "orders_completed_12m": counts[12],
            "orders_completed_24m": counts[24],
            "visits_24m": visited,
            "purchase_type": band(counts[24], ((None, "visitor" if visited else "none"), *PURCHASES)),
            "last_ordered_offer_code": last and last["offer_code"],
            "last_ordered_offer_type": last and desk.offers.get(last["offer_code"], {}).get("offer_type"),
            "is_universal_control": is_universal_control(key, desk.today),
            "days_since_last_order": last and (desk.today - day_of(last["ordered_at"])).days,
        }
    return found


def is_universal_control(key: str, day: date) -> bool:
    """Whether no campaign reaches the line in the half year of the day."""
    period = (12 * day.year + day.month - 1) // CONTROL_MONTHS
    return int(hashlib.md5(f"{SALT}:{period}:{key}".encode()).hexdigest()[:8], 16) / 2**32 < CONTROL_SHARE
