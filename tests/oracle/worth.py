"""Customer value at the end of the last billed month, of the lines on-net then: `{subscriber_id: {column: value}}`.

Choices where the definitions leave one:
- Everything is computed from what is known at D: a line that churned between M and D counts as on-net at M.
- Realised value sums the months held of the last 12, months wholly off-net included where charges came.
- The trend's two means are over months held in which the line was on-net on at least one day, as every 3-month mean.
- With fewer than three complete months held, the churn period is those months; its rate is divided by 3 all the same.
- A churner is in the cell of its tenure and ARPU band at the churn date; one with a null ARPU band in the tenure band and in
  all, but in no cell. On-net lines are in the cell of their bands at M.
- A tenure band with fewer than 30 on-net subscribers falls back to all, however few those are.
- Expected remaining months are not rounded; potential value is, to 2 decimals, at the end.
- The peer of a call pair is its peer_key; one subscriber under two keys is two peers, and is in a circle if one of them does.
  The totals that shares are taken of hold every pair, own, foreign and with oneself; a share of a total of 0 is 0.
- Call pairs count in the last three complete months held.
- The 5 for key persons look at all groups of which the line is a member at M, with the level known at D.
"""

from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction

from oracle.figures import (
    ZERO,
    arpu_band,
    billed_months,
    churn_row,
    fct_subscriber_months,
    mean_over,
    memberships_at,
    ratio,
    rounded,
    tenure_band,
    tenure_months,
)
from oracle.known import Known, Line, month_end

CELL_MINIMUM = 30
MONTHS_AT_MOST = 60
TIERS = ((95, "diamond"), (85, "gold"), (70, "silver"), (30, "ordinary"))
CLASSES = {"diamond": "high", "gold": "high", "silver": "high", "ordinary": "mid", "mass": "low"}
CIRCLE = Decimal("0.02")
WEIGHTS = {"call_days": Fraction(6, 10), "call_minutes": Fraction(2, 10), "call_count": Fraction(2, 10)}
KEY_PERSON_SCORE = 5


def subscriber_value(known: Known) -> dict[str, dict]:
    """One row a subscriber on-net at the end of the last billed month; none where no month held is billed."""
    months = billed_months(known, known.as_of)
    if not months:
        return {}
    at = month_end(months[-1])
    rows = fct_subscriber_months(known)
    lines = [line for line in known.lines.values() if line.is_on_net(at)]
    scores = influence_scores(known, months[-3:])
    found = {line.subscriber_id: money(known, rows, line, months) for line in lines}
    rates = monthly_churn_rates(known, rows, months, {line: found[line.subscriber_id]["arpu_band"] for line in lines})
    for line in lines:
        row = found[line.subscriber_id]
        rate = rates(tenure_band(tenure_months(line, at)), row["arpu_band"])
        row["expected_remaining_months"] = min(Fraction(MONTHS_AT_MOST), 1 / rate) if rate else Fraction(MONTHS_AT_MOST)
        trend = min(max(row["arpu_trend"] or ZERO, Decimal("-0.5")), Decimal("0.5"))
        row["potential_value"] = rounded(Fraction(row["arpu_3m"] * (1 + trend)) * row["expected_remaining_months"], 2)
        row["influence_score"] = scores[line.subscriber_id]
    weights = (("realised_value", 50), ("potential_value", 30), ("influence_score", 20))
    ranks = {name: percent_ranks({key: row[name] for key, row in found.items()}) for name, _ in weights}
    for key, row in found.items():
        row["value_score"] = rounded(sum(weight * ranks[name][key] for name, weight in weights), 6)
        row["value_tier"] = next((tier for lower, tier in TIERS if row["value_score"] >= lower), "mass")
        row["value_class"] = CLASSES[row["value_tier"]]
    return found


def money(known: Known, rows: dict, line: Line, months: list[date]) -> dict:
    """A line's means, band, trend and realised value at the end of the last of `months`."""
    now, before = months[-3:], months[-6:-3]
    arpu_3m = mean_over(known, rows, line, "arpu_amount", now)
    earlier = mean_over(known, rows, line, "arpu_amount", before)
    return {
        "arpu_3m": arpu_3m,
        "mou_3m": mean_over(known, rows, line, "mou_minutes", now),
        "dou_3m": mean_over(known, rows, line, "dou_mb", now),
        "outgoing_3m": mean_over(known, rows, line, "outgoing_minutes", now),
        "calls_3m": mean_over(known, rows, line, "call_count", now),
        "messages_3m": mean_over(known, rows, line, "messages_sent", now),
        "arpu_band": arpu_band(arpu_3m),
        "realised_value": sum((rows[key]["arpu_amount"] for m in months[-12:] if (key := (line.subscriber_id, m)) in rows), ZERO),
        "arpu_trend": rounded(Fraction(arpu_3m) / Fraction(earlier) - 1, 6) if earlier is not None and earlier > 0 else None,
    }


def monthly_churn_rates(known: Known, rows: dict, months: list[date], bands: dict[Line, str]):
    """The monthly churn rate of a tenure band x ARPU band as a function, falling back where the cell is small.

    `bands`: ARPU band at M of every line on-net then.
    """
    period = months[-3:]
    at = month_end(period[-1])
    on_net, churned = Counter(), Counter()
    for line, band in bands.items():
        tenure = tenure_band(tenure_months(line, at))
        on_net.update([(tenure, band), (tenure,), ()])
    for line in known.lines.values():
        if line.churn_within(period[0], at):
            row = churn_row(known, rows, line, at)
            churned.update([(row["tenure_band"], row["arpu_band"]), (row["tenure_band"],), ()])

    def rate(tenure: str, band: str) -> Fraction:
        cell = next((c for c in ((tenure, band), (tenure,)) if on_net[c] >= CELL_MINIMUM), ())
        return ratio(churned[cell], on_net[cell]) / 3

    return rate


def influence_scores(known: Known, months: list[date]) -> Counter:
    """In how many circles of on-net lines one is at the end of the last month, and 5 for key persons of graded groups."""
    at = month_end(months[-1])
    sums: dict[str, dict[str, dict]] = defaultdict(dict)
    for pair in known.pairs:
        if pair["call_month"] in months:
            peer = sums[pair["subscriber_id"]].setdefault(pair["peer_key"], dict.fromkeys(WEIGHTS, 0) | {"peers": set()})
            peer["peers"].add(pair["peer_subscriber_id"])
            for name in WEIGHTS:
                peer[name] += pair[name]
    scores = Counter()
    for key, peers in sums.items():
        if key in known.lines and known.lines[key].is_on_net(at):
            totals = {name: sum(peer[name] for peer in peers.values()) for name in WEIGHTS}
            circle = set()
            for peer in peers.values():
                index = sum(weight * (ratio(peer[name], totals[name]) or 0) for name, weight in WEIGHTS.items())
                if rounded(index, 9) >= CIRCLE:
                    circle |= peer["peers"]
            scores.update(circle - {key, None})
    for key, memberships in memberships_at(known, at).items():
        if any(role == "key_person" and level in ("a", "b") for level, role, _ in memberships):
            scores[key] += KEY_PERSON_SCORE
    return scores


def percent_ranks(values: dict[str, Decimal]) -> dict[str, Fraction]:
    """SQL's percent_rank() ascending: ties share the lowest, one row ranks 0."""
    below = {value: sum(other < value for other in values.values()) for value in set(values.values())}
    return {key: Fraction(below[value], max(len(values) - 1, 1)) for key, value in values.items()}
