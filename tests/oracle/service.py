"""How lines are served: surveys and complaints by month, the running one included, and the detractors.

Choices where the definitions leave one:
- Surveys and complaints of lines that no snapshot knows count, in the months and as detractors, then without a manager.
- Of surveys at the same time the greater survey_id is the later. Days are calendar days.
- A complaint that is said to be closed after D is open.
- The share of a driver is of the month's detractors that name one, null where none does; drivers that no detractor
  names have rows too, ranked by detractors and then code.
- The last score is that of the last answer; the driver is the last one that an answer of the run names, null if none does.
- A complaint closed before it was opened is closed, after a number of days that nobody knows.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date

from oracle.book import UNKNOWN, Book, median
from oracle.figures import ratio
from oracle.known import day_of, month_start
from oracle.tiers import Values, value_before

BAD, GOOD = 6, 9
REPEAT_DAYS = 90


def nps_monthly(book: Book) -> dict[tuple, dict]:
    """One row a month and touchpoint, and one of all: the key ends with whether it is that."""
    scores = defaultdict(list)
    for survey in book.surveys:
        for touchpoint in (("all", True), (survey["touchpoint_code"] or UNKNOWN, False)):
            scores[month_start(day_of(survey["surveyed_at"])), *touchpoint].append(survey["score"])
    return {cell: nps(found) for cell, found in scores.items()}


def nps_by_group(book: Book, values: Values) -> dict[tuple, dict]:
    """One row a month and group: region, county, class of value before the month, brand."""
    scores = defaultdict(list)
    for survey in book.surveys:
        key, day = survey["subscriber_id"], day_of(survey["surveyed_at"])
        known = book.subscribers.get(key, {})
        region, county, brand = (known.get(name) or UNKNOWN for name in ("region_code", "county_code", "brand_code"))
        before = value_before(book, values, key, day)
        groups = [("region_code", region, region), ("county_code", region, county), ("brand_code", "all", brand)]
        for group in (*groups, ("value_class", "all", before["value_class"] if before else UNKNOWN)):
            scores[month_start(day), *group].append(survey["score"])
    return {cell: nps(found) for cell, found in scores.items()}


def nps(scores: list[int]) -> dict:
    """Answers by class and the score that they come to."""
    promoters, detractors = sum(s >= GOOD for s in scores), sum(s <= BAD for s in scores)
    return {
        "responses": len(scores),
        "promoters": promoters,
        "passives": len(scores) - promoters - detractors,
        "detractors": detractors,
        "nps": 100 * ratio(promoters - detractors, len(scores)),
    }


def nps_drivers(book: Book) -> dict[tuple, dict]:
    """One row a month and driver named in it."""
    bad, good = named(book, lambda score: score <= BAD), named(book, lambda score: score >= GOOD)
    rows = {}
    for month, drivers in named(book, lambda score: True).items():
        for rank, driver in enumerate(sorted(drivers, key=lambda d: (-bad[month][d], d)), start=1):
            rows[month, driver] = {
                "detractors": bad[month][driver],
                "promoters": good[month][driver],
                "share": ratio(bad[month][driver], bad[month].total()),
                "rank": rank,
            }
    return rows


def named(book: Book, counts: Callable[[int], bool]) -> dict[date, Counter]:
    """How often each driver is named in answers whose score counts, by month."""
    found = defaultdict(Counter)
    for survey in book.surveys:
        if counts(survey["score"]) and survey["driver_code"] is not None:
            found[month_start(day_of(survey["surveyed_at"]))][survey["driver_code"]] += 1
    return found


def detractors(book: Book) -> dict[str, dict]:
    """One row a line that ever answered 6 or less: its last run of such answers."""
    answers = defaultdict(list)
    for survey in sorted(book.surveys, key=lambda s: (s["surveyed_at"], s["survey_id"])):
        answers[survey["subscriber_id"]].append(survey)
    rows = {}
    for key, told in answers.items():
        run, repair = last_run(told)
        if run:
            opened = run[0]["surveyed_at"]
            until = day_of(repair["surveyed_at"]) if repair else book.known.as_of
            rows[key] = {
                "last_score": told[-1]["score"],
                "driver_code": next((a["driver_code"] for a in reversed(run) if a["driver_code"] is not None), None),
                "manager_id": book.subscribers.get(key, {}).get("manager_id"),
                "days_open": (until - day_of(opened)).days,
                "is_repaired": repair is not None,
                "opened_at": opened,
                "repaired_at": repair and repair["surveyed_at"],
            }
    return rows


def last_run(answers: list[dict]) -> tuple[list[dict], dict | None]:
    """The last unbroken run of answers of 6 or less, and the better one that ended it, if any; answers oldest first."""
    run, repair = [], None
    for answer in answers:
        if answer["score"] > BAD:
            repair = repair or (answer if run else None)
        else:
            run = [answer] if repair else [*run, answer]
            repair = None
    return run, repair


def complaints_monthly(book: Book) -> dict[tuple, dict]:
    """One row a month and category of the complaints opened in it."""
    last, cells = {}, defaultdict(list)
    for complaint in sorted(book.complaints, key=lambda c: (c["opened_at"], c["complaint_id"])):
        opened, closed = day_of(complaint["opened_at"]), complaint["closed_at"] and day_of(complaint["closed_at"])
        cell = complaint["subscriber_id"], complaint["category_code"] or UNKNOWN
        is_repeat = cell in last and (opened - last[cell]).days <= REPEAT_DAYS
        last[cell] = opened
        is_closed = bool(closed and closed <= book.known.as_of)
        days = (closed - opened).days if is_closed and complaint["closed_at"] >= complaint["opened_at"] else None
        cells[month_start(opened), cell[1]].append((is_closed, days, is_repeat))
    rows = {}
    for key, found in cells.items():
        days = [d for _, d, _ in found if d is not None]
        rows[key] = {
            "opened": len(found),
            "closed": sum(is_closed for is_closed, _, _ in found),
            "median_days_to_close": median(days) if days else None,
            "repeat_share": ratio(sum(is_repeat for _, _, is_repeat in found), len(found)),
        }
    return rows
