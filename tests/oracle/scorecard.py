"""The scorecard: measures by operator, region, county, manager and cell, from the book and the desk.

Choices where the definitions leave one:
- What belongs to a line that no snapshot knows counts in region, county and manager `unknown`.
- The first snapshot is that of the first billed month with a later one.
- A member that is lost, and on the network again at the month's end, is lost by its low months.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from oracle import campaign, retention, wholes
from oracle.book import UNKNOWN
from oracle.desk import YELLOW, Desk
from oracle.figures import ratio
from oracle.known import day_of, month_add, month_end, month_start

ALL = "all"
SIZE = "mid_high_end_subscribers"
TARGETS = {
    "snapshot_retention": "0.9", "bundling_rate": "0.4", "retention_rate": "0.98", "warning_coverage": "0.5", "save_rate": "0.85",
    "participation_rate": "0.8", "success_rate": "0.1", "nps": "30", "data_completeness": "0.95", "data_accuracy": "0.98",
}  # fmt: skip
CUTS = ("0.1", "0.2", "0.3", "0.5")
LEVELS = {"operator": (), "region": (0,), "county": (0, 1), "manager": (2,), "cell": (0, 1, 2)}

Scores = dict[date, dict[str, float]]
Part = tuple[date, str, tuple[str, str, str], int, int]


def scorecard(desk: Desk, scores: Scores) -> dict[tuple, dict]:
    """One row a month, measure, level and entity that has something to count. `scores`: chances by month scored and line."""
    sums: dict[tuple, Counter] = defaultdict(Counter)
    for month, measure, cell, numerator, denominator in parts(desk, scores):
        if month_end(month) > desk.today:
            continue
        for entity in entities(cell):
            sums[month, measure, *entity].update({"numerator": numerator, "denominator": denominator})
    sums = {key: found for key, found in sums.items() if found["denominator"]}
    actual = {key: value(key[1], found) for key, found in sums.items()}
    rows = {}
    for key, found in sums.items():
        month, measure, level = key[:3]
        peers = [v for other, v in actual.items() if other[:3] == (month, measure, level)]
        target = TARGETS.get(measure)
        before, year = (actual.get((month_add(month, -back), *key[1:])) for back in (1, 12))
        rows[key] = {
            "numerator": found["numerator"],
            "denominator": None if measure == SIZE else found["denominator"],
            "actual": actual[key],
            "target": target and Fraction(target),
            "attainment": target and actual[key] / Fraction(target),
            "level_rank": 1 + sum(other > actual[key] for other in peers),
            "change_on_month": None if before is None else actual[key] - before,
            "change_on_year": None if year is None else actual[key] - year,
        }
    return rows


def what_if(desk: Desk) -> dict[tuple, dict]:
    """One row a level, entity, reason and cut, of the snapshot of the last billed month."""
    month = desk.book.billed[-1] if desk.book.billed else None
    members = snapshot(desk, month) if month else {}
    sizes, lost = Counter(), defaultdict(Counter)
    for key, is_lost in members.items():
        stay = desk.book.known.lines[key].stay_at(month_end(month))
        reason = "low_use" if stay.is_on_net else stay.reason_code or UNKNOWN
        for entity in entities(cell(desk, key)):
            sizes[entity] += 1
            lost[entity].update([reason] if is_lost else [])
    rows = {}
    for entity, reasons in lost.items():
        kept, size, target = sizes[entity] - reasons.total(), sizes[entity], Fraction(TARGETS["snapshot_retention"])
        for reason, count in reasons.items():
            for cut in CUTS:
                reached = (kept + Fraction(cut) * count) / size
                rows[(*entity, reason, float(cut))] = {
                    "month": month,
                    "members": size,
                    "lost": reasons.total(),
                    "lost_for_reason": count,
                    "saved": Fraction(cut) * count,
                    "actual": Fraction(kept, size),
                    "rate_reached": reached,
                    "gain": reached - Fraction(kept, size),
                    "target": target,
                    "is_target_reached": reached >= target,
                }
    return rows


def entities(cell: tuple[str, str, str]) -> Iterator[tuple[str, str, str, str]]:
    """Each level, and the entity of it that the cell is part of."""
    for level, own in LEVELS.items():
        yield level, *(code if place in own else ALL for place, code in enumerate(cell))


def value(measure: str, found: Counter) -> Fraction:
    """A size, or the rate of what was added up."""
    return Fraction(found["numerator"]) if measure == SIZE else ratio(found["numerator"], found["denominator"])


def parts(desk: Desk, scores: Scores) -> Iterator[Part]:
    """What each measure counts, one thing at a time: month, measure, cell, what it adds above and below."""
    yield from of_mid_high_end(desk)
    yield from of_months(desk, scores)
    yield from of_work(desk)
    yield from of_register(desk)


def cell(desk: Desk, key: str, manager: str | None = None, is_own: bool = True) -> tuple[str, str, str]:
    """Region, county and manager of a line; another manager where it goes by one."""
    known = desk.book.subscribers.get(key, {})
    region, county, own = (known.get(name) or UNKNOWN for name in ("region_code", "county_code", "manager_id"))
    return region, county, own if is_own else manager or UNKNOWN


def of_mid_high_end(desk: Desk) -> Iterator[Part]:
    """The snapshot, the mid/high-end and its contracts."""
    billed = desk.book.billed
    for month in billed:
        members = [key for key, row in desk.values[month].items() if row["is_mid_high_end"]]
        for key in members:
            end = month_end(month)
            bound = any(c["subscriber_id"] == key and c["start_date"] <= end <= c["end_date"] for c in desk.book.contracts)
            yield month, SIZE, cell(desk, key), 1, 1
            yield month, "bundling_rate", cell(desk, key), int(bound), 1
    for month in billed:
        for key, is_lost in snapshot(desk, month).items():
            yield month, "snapshot_retention", cell(desk, key), int(not is_lost), 1


def snapshot(desk: Desk, month: date) -> dict[str, bool]:
    """Members of the snapshot of a billed month, and whether each is lost at its end."""
    cohorts = [m for m in desk.book.billed[:-1] if any(row["is_mid_high_end"] for row in desk.values[m].values())]
    cohort = max(cohorts[0], date(month.year - 1, 12, 1)) if cohorts else None
    if cohort not in cohorts or cohort >= month:
        return {}
    rows = desk.values[cohort].items()
    return {key: retention.is_lost(desk.book, key, cohort, month) for key, row in rows if row["is_mid_high_end"]}


def of_months(desk: Desk, scores: Scores) -> Iterator[Part]:
    """Lines kept, and the warnings of those that left."""
    for (key, month), row in desk.book.rows.items():
        if row["is_after_churn"] or month not in desk.book.months:
            continue
        if row["is_on_net_opening"]:
            yield month, "retention_rate", cell(desk, key), int(row["is_on_net_end"]), 1
        chance = scores.get(month_add(month, -1), {}).get(key)
        if row["is_churned"] and chance is not None:
            yield month, "warning_coverage", cell(desk, key), int(chance >= YELLOW), 1


def of_work(desk: Desk) -> Iterator[Part]:
    """Lists, contacts and answers."""
    for member in campaign.outcomes(desk):
        if member["arm"] != "treated":
            continue
        at = cell(desk, member["subscriber_id"], member["manager"], is_own=False)
        month = month_start(member["run_date"])
        yield month, "participation_rate", at, int(member["is_contacted"]), 1
        if member["is_at_risk"] and member["is_contacted"] and member["is_kept"] is not None:
            yield month, "save_rate", at, int(member["is_kept"]), 1
    succeeded = campaign.successes(desk)
    for contact in desk.contacts:
        if contact["direction"] == "outbound":
            at = cell(desk, contact["subscriber_id"], contact["manager_id"], is_own=False)
            yield month_start(day_of(contact["contacted_at"])), "success_rate", at, int(contact["contact_id"] in succeeded), 1
    for survey in desk.book.surveys:
        points = 100 * ((survey["score"] >= 9) - (survey["score"] <= 6))
        yield month_start(day_of(survey["surveyed_at"])), "nps", cell(desk, survey["subscriber_id"]), points, 1


def of_register(desk: Desk) -> Iterator[Part]:
    """What the register says of lines on-net at D, told with the last complete month."""
    customers = wholes.dim_customers(desk)
    for key in desk.on_net:
        line = desk.book.subscribers[key]
        customer = customers.get(line["customer_id"], {})
        gender = customer.get("gender")
        asked = [
            line["customer_id"], line["region_code"], line["county_code"], line["is_real_name"],
            None if gender == "unknown" else gender, customer.get("age_band"), customer.get("occupation"),
        ]  # fmt: skip
        month = desk.book.months[-1]
        yield month, "data_completeness", cell(desk, key), sum(field is not None for field in asked), len(asked)
        yield month, "data_accuracy", cell(desk, key), int(bool(line["is_real_name"])), 1
