"""What lines like best, and the handsets that they use: `{subscriber_id: {column: value}}`, one row a line activated by D.

Choices where the definitions leave one:
- Preferences are of the last six complete months, on-net or not. Of codes used equally often the one used last, by day or
  by month, is liked best, then the lower code. What was used 0 days was not used; a null code is no code.
- A contact is answered when it was connected, outbound or inbound. An offer is taken by a completed order.
- A day on which an add-on service runs counts once, be it in two rows.
- The present handset is the one used on most days of the latest month held in which the line was seen in any; of equal ones the
  one first seen last, then the lower code. Months on it run from its first month to that month, both counted.
- A change of handset is a month in which one was seen for the first time, the first such month left out.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from oracle.desk import Desk, band
from oracle.figures import months_held, rounded
from oracle.known import day_of

PRICES = ((None, "<1000"), (1000, "1000-2000"), (2000, "2000-4000"), (4000, "4000-6000"), (6000, ">=6000"))
HOURS = ((None, "night"), (8, "morning"), (12, "midday"), (14, "afternoon"), (18, "evening"), (21, "late"))
KINDS = {
    "device_brand": "preferred_device_brand", "device_price_band": "preferred_device_price_band",
    "channel": "preferred_channel", "contact_hours": "preferred_contact_hours", "service_class": "preferred_service_class",
    "offer_type": "preferred_offer_type", "payment_channel": "preferred_payment_channel",
}  # fmt: skip
Use = tuple[str, str, str | None, int, date]


def preference_tags(desk: Desk) -> dict[str, dict]:
    """The tags of the family preference."""
    uses: dict[tuple, dict[str, list]] = defaultdict(lambda: defaultdict(lambda: [0, date.min]))
    for kind, key, code, times, day in [*device_uses(desk), *moments(desk), *service_days(desk)]:
        if code is not None and times > 0:
            use = uses[kind, key][code]
            use[0] += times
            use[1] = max(use[1], day)
    found = {}
    for key in desk.lines:
        row = {}
        for kind, name in KINDS.items():
            codes = uses[kind, key]
            best = min(codes, key=lambda c: (-codes[c][0], -codes[c][1].toordinal(), c)) if codes else None
            row |= {name: best, f"{name}_uses": codes[best][0] if best else None}
        found[key] = row
    return found


def moments(desk: Desk) -> Iterator[Use]:
    """Visits, connected contacts, completed orders and payments of the six months, each once."""
    events = [("channel", v["subscriber_id"], v["channel"], v["visited_at"]) for v in desk.visits]
    for contact in desk.contacts:
        if contact["is_connected"]:
            events.append(("channel", contact["subscriber_id"], contact["channel"], contact["contacted_at"]))
            hours = band(contact["contacted_at"].hour, HOURS)
            events.append(("contact_hours", contact["subscriber_id"], hours, contact["contacted_at"]))
    for orders in desk.completed.values():
        for order in orders:
            kind = desk.offers.get(order["offer_code"], {}).get("offer_type")
            events.append(("offer_type", order["subscriber_id"], kind, order["ordered_at"]))
    for payment in desk.book.known.payments:
        if not payment["is_reversal"]:
            events.append(("payment_channel", payment["subscriber_id"], payment["payment_channel"], payment["paid_at"]))
    first, last = desk.six_months
    for kind, key, code, moment in events:
        if first <= day_of(moment) <= last:
            yield kind, key, code, 1, day_of(moment)


def device_uses(desk: Desk) -> Iterator[Use]:
    """Days by brand and price band, a month at a time."""
    first, last = desk.six_months
    held = months_held(desk.book.known)
    for use in desk.device_use:
        if first <= use["usage_month"] <= last and use["usage_month"] in held and use["tac"] in desk.devices:
            device = desk.devices[use["tac"]]
            for kind, code in (("brand", device["device_brand"]), ("price_band", band(device["list_price"], PRICES))):
                yield f"device_{kind}", use["subscriber_id"], code, use["days_used"], use["usage_month"]


def service_days(desk: Desk) -> Iterator[Use]:
    """Days that add-on services ran in the six months, by their class."""
    first, last = desk.six_months
    ran: dict[tuple[str, str], set[int]] = defaultdict(set)
    for row in desk.book.add_ons:
        begin, end = max(row["start_date"], first), min(row["end_date"] or last, last)
        ran[row["subscriber_id"], row["service_code"]] |= set(range(begin.toordinal(), end.toordinal() + 1))
    for (key, code), days in ran.items():
        if days:
            yield "service_class", key, desk.services.get(code, {}).get("service_class"), len(days), date.fromordinal(max(days))


def predicted_tags(desk: Desk) -> dict[str, dict]:
    """What models say that a line will like: the likeliest of each, as the scores have it."""
    items = {
        ("handset_band", 1): "next_handset_price_band",
        ("handset_brand", 1): "next_handset_brand",
        ("segment", 1): "segment",
        **{("service_uptake", place): f"preferred_service_{place}" for place in (1, 2, 3)},
    }
    months = ("handset_score_month", "service_score_month", "segment_score_month")
    names = ("handset_change_probability", *months, *items.values())
    found = {key: dict.fromkeys(names) for key in desk.lines}
    for row in desk.told:
        line = found[row["subscriber_id"]]
        month = f"{row['purpose'].partition('_')[0]}_score_month"
        line[month] = min(filter(None, (line[month], row["month"])))
        if row["purpose"] == "handset_change":
            line["handset_change_probability"] = row["probability"]
        else:
            line[items[row["purpose"], row["place"]]] = row["item"]
    return found


def handset_tags(desk: Desk) -> dict[str, dict]:
    """How many handsets, which one now, since when, and how often they change."""
    held = set(months_held(desk.book.known))
    seen: dict[str, dict[str, dict[date, int]]] = defaultdict(lambda: defaultdict(dict))
    for use in desk.device_use:
        if use["usage_month"] in held:
            seen[use["subscriber_id"]][use["tac"]][use["usage_month"]] = use["days_used"]
    found = {}
    for key in desk.lines:
        handsets = seen[key]
        first = {tac: min(months) for tac, months in handsets.items()}
        found[key] = {"handsets_used": len(handsets)} | no_handset()
        if handsets:
            latest = max(month for months in handsets.values() for month in months)
            now = [tac for tac, months in handsets.items() if latest in months]
            tac = min(now, key=lambda t: (-handsets[t][latest], -first[t].toordinal(), t))
            device = desk.devices.get(tac, {})
            begun = sorted(set(first.values()))
            changes = Fraction(months_between(begun[0], begun[-1]), len(begun) - 1) if len(begun) > 1 else None
            price = device.get("list_price")
            found[key] |= {
                "device_seen_month": latest,
                "device_brand": device.get("device_brand"),
                "device_list_price": price,
                "device_price_band": band(price, PRICES),
                "months_on_device": months_between(first[tac], latest) + 1,
                "replacement_cycle_months": rounded(changes, 2) if changes is not None else None,
            }
    return found


def no_handset() -> dict:
    """What a line shows that was never seen in one."""
    names = ("device_seen_month", "device_brand", "device_list_price", "device_price_band")
    return dict.fromkeys((*names, "months_on_device", "replacement_cycle_months"))


def months_between(first: date, last: date) -> int:
    """Calendar months from one month to another."""
    return (last.year - first.year) * 12 + last.month - first.month
