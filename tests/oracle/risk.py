"""What a line on-net at M risks, by rules: the group-rate score, four health scores and the naive Bayes tenure.

`{subscriber_id: {column: value}}` of one public table. The score of the trained model is no part of this.

Choices where the definitions leave one:
- A churner's minutes are those of the months that its arpu_3m is of. No minutes at all is a band with no off-net ones.
- The three months of an on-net line, and of a line on-net at D, are those to M.
- An add-on service that runs counts once, be it in two rows. A peer is in a circle once, under however many keys.
- Lines that are off-net at D, or not in the training's reach, have no tenure probability.
"""

from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction

from oracle.book import Book, add_months
from oracle.figures import ZERO, arpu_band, billed_months, complete_months, mean_over, plan_at, ratio, rounded, tenure_months
from oracle.known import Line, day_of, month_end
from oracle.retention import members
from oracle.tiers import Values
from oracle.worth import CIRCLE, WEIGHTS

CELL_MINIMUM = 30
TENURE = 30
SIGNAL_AUC, SIGNAL_LINES = Decimal("0.6"), 30
INCOMES = (
    (Decimal("-Infinity"), "<30000"),
    (30000, "30000-60000"),
    (60000, "60000-120000"),
    (120000, "120000-300000"),
    (300000, ">=300000"),
)
RISK_ATTRIBUTES = ("plan_code", "brand_code", "offnet_band", "number_class")


def subscriber_risk(book: Book, values: Values) -> dict[str, dict]:
    """One row a line on-net at M."""
    rates = group_rate_scores(book, values)
    probabilities = tenure_probabilities(book)
    health = health_scores(book)
    return {
        key: {
            "group_rate_score": rates[key],
            **{name: ranks.get(key) for name, ranks in health.items()},
            "tenure_30_probability": probabilities.get(key),
        }
        for key in book.lines_at(book.at)
    }


def group_rate_scores(book: Book, values: Values) -> dict[str, Fraction]:
    """100 x the sum of the churn rates of a line's plan, brand, off-net band and number class, of lines on-net at M."""
    found = members(book, values)
    for key, row in found.items():
        row["offnet_band"] = offnet_band(book, book.known.lines[key], row["day"])
        row["brand_code"] = book.code(key, "brand_code")
        row["number_class"] = book.code(key, "number_class")
    churned = Counter((name, row[name]) for row in found.values() for name in RISK_ATTRIBUTES if row["is_churned"])
    on_net = Counter((name, row[name]) for row in found.values() for name in RISK_ATTRIBUTES if not row["is_churned"])
    gone = sum(row["is_churned"] for row in found.values())
    base = ratio(gone, len(found) - gone)

    def rate(cell: tuple[str, str]) -> Fraction:
        return ratio(churned[cell], on_net[cell]) if on_net[cell] >= CELL_MINIMUM else base

    return {
        key: 100 * sum(rate((name, row[name])) for name in RISK_ATTRIBUTES) for key, row in found.items() if not row["is_churned"]
    }


def offnet_band(book: Book, line: Line, day: date) -> str:
    """The band of off-net minutes in all minutes, over the last three months complete at the day with a day on-net."""
    rows = [
        book.rows[line.subscriber_id, m] for m in complete_months(book.known, day)[-3:] if line.is_on_net_within(m, month_end(m))
    ]
    share = ratio(sum((r["offnet_minutes"] for r in rows), ZERO), sum((r["mou_minutes"] for r in rows), ZERO))
    if not share:
        return "none"
    return "low" if share < Fraction(1, 5) else "mid" if share <= Fraction(1, 2) else "high"


def health_scores(book: Book) -> dict[str, dict[str, Fraction]]:
    """The four scores by column, 0 to 100; a line is missing where it is not ranked."""
    on_net = book.lines_at(book.at)
    measures = {
        "health_tariff": {key: -abs(s - 1) for key in on_net if (s := saturation(book, key)) is not None},
        "health_service_use": running_add_ons(book, on_net),
        "health_service_quality": {key: -count for key, count in troubles(book, on_net).items()},
        "health_call_circle": circle_sizes(book, on_net),
    }
    return {name: health(numbers) for name, numbers in measures.items()}


def health(numbers: dict[str, Fraction]) -> dict[str, Fraction]:
    """From 0 for the least to 100 for the greatest, by mean ranks; 100 for all where all are equal."""
    places: dict[Fraction, list[int]] = defaultdict(list)
    for place, number in enumerate(sorted(rounded(n, 9) for n in numbers.values()), start=1):
        places[number].append(place)
    ranks = {number: Fraction(sum(found), len(found)) for number, found in places.items()}
    least, greatest = min(ranks.values(), default=0), max(ranks.values(), default=0)
    return {
        key: 100 * (ranks[rounded(n, 9)] - least) / (greatest - least) if greatest > least else Fraction(100)
        for key, n in numbers.items()
    }


def saturation(book: Book, key: str, used: str = "outgoing_minutes", included: str = "included_minutes") -> Fraction | None:
    """What was used in M's month of what the plan at M includes; null where it includes none."""
    plan = book.catalogue.get(plan_at(book.known, key, book.at), {})
    row = book.rows.get((key, book.months[-1]))
    return ratio(row[used], plan[included]) if row and plan.get(included) else None


def running_add_ons(book: Book, lines: dict[str, Line]) -> dict[str, int]:
    """Add-ons that run on the day of M; the end date is the last day."""
    running: dict[str, set[str]] = {key: set() for key in lines}
    for row in book.add_ons:
        if row["subscriber_id"] in running and row["start_date"] <= book.at <= (row["end_date"] or date.max):
            running[row["subscriber_id"]].add(row["service_code"])
    return {key: len(services) for key, services in running.items()}


def troubles(book: Book, lines: dict[str, Line]) -> dict[str, int]:
    """Complaints opened and surveys answered with 6 or less in the six months to M, of no more than are held."""
    first = book.months[-6:][0]
    moments = [(c["subscriber_id"], c["opened_at"]) for c in book.complaints]
    moments += [(s["subscriber_id"], s["surveyed_at"]) for s in book.surveys if s["score"] <= 6]
    counts = dict.fromkeys(lines, 0)
    for key, moment in moments:
        if key in counts and first <= day_of(moment) <= book.at:
            counts[key] += 1
    return counts


def circle_sizes(book: Book, lines: dict[str, Line]) -> dict[str, int]:
    """Other lines on-net at M in each line's effective circle."""
    sums: dict[str, dict[str, dict]] = defaultdict(lambda: defaultdict(lambda: dict.fromkeys(WEIGHTS, 0)))
    owners = defaultdict(set)
    for pair in book.known.pairs:
        if pair["call_month"] in book.months[-3:] and pair["subscriber_id"] in lines:
            owners[pair["subscriber_id"], pair["peer_key"]].add(pair["peer_subscriber_id"])
            for name in WEIGHTS:
                sums[pair["subscriber_id"]][pair["peer_key"]][name] += pair[name]
    sizes = dict.fromkeys(lines, 0)
    for key, peers in sums.items():
        totals = {name: sum(peer[name] for peer in peers.values()) for name in WEIGHTS}
        circle = set()
        for peer_key, peer in peers.items():
            if rounded(sum(w * (ratio(peer[n], totals[n]) or 0) for n, w in WEIGHTS.items()), 9) >= CIRCLE:
                circle |= owners[key, peer_key]
        sizes[key] = len((circle - {key}) & lines.keys())
    return sizes


def tenure_probability(book: Book) -> dict[str, dict]:
    """One row a line on-net at D."""
    learnt = learnt_from(book)
    auc = signal_auc(learnt)
    counts = Counter(label for label, _ in learnt)
    has_signal = auc is not None and auc >= SIGNAL_AUC and min(counts[True], counts[False]) >= SIGNAL_LINES
    found = {}
    for key, line in book.lines_at(book.known.as_of).items():
        reaching, leaving = products(learnt, attributes(book, key, line))
        found[key] = {
            "tenure_30_probability": combined(reaching, leaving),
            "is_expected_to_reach_30": reaching > leaving if has_signal else None,
            "signal_auc": auc,
            "has_signal": has_signal,
        }
    return found


def tenure_probabilities(book: Book) -> dict[str, Fraction | None]:
    """The probability that the tenure reaches 30 months, of lines on-net at M and at D; null where nobody can be learnt from."""
    on_net = book.lines_at(book.at)
    return {key: row["tenure_30_probability"] for key, row in tenure_probability(book).items() if key in on_net}


def learnt_from(book: Book) -> list[tuple[bool, dict]]:
    """The lines begun 30 months before D or earlier: whether they reached that tenure, and what is known of them."""
    today, learnt = book.known.as_of, []
    for key, line in book.known.lines.items():
        if add_months(line.activation_date, TENURE) <= today:
            stay = line.stay_at(today)
            day = today if stay.is_on_net else stay.first_day
            learnt.append((tenure_months(line, day) >= TENURE, attributes(book, key, line)))
    return learnt


def attributes(book: Book, key: str, line: Line) -> dict[str, str | None]:
    """What the tenure is told from, at the churn date or at D."""
    stay = line.stay_at(book.known.as_of)
    day = book.known.as_of if stay.is_on_net else stay.first_day
    arpu_3m = mean_over(book.known, book.rows, line, "arpu_amount", billed_months(book.known, day)[-3:])
    income = book.customers.get(book.subscribers[key]["customer_id"], {}).get("annual_income")
    return {
        "plan_code": plan_at(book.known, key, day),
        "arpu_band": arpu_band(arpu_3m),
        "income_band": None if income is None else [name for least, name in INCOMES if income >= least][-1],
        **{name: book.subscribers[key][name] for name in ("brand_code", "payment_type", "number_class")},
    }


def naive_bayes(learnt: list[tuple[bool, dict]], row: dict, without: bool | None = None) -> Fraction | None:
    """The probability of the true class; `without`: the class in which the row itself was learnt, to leave it out."""
    return combined(*products(learnt, row, without))


def products(learnt: list[tuple[bool, dict]], row: dict, without: bool | None = None) -> tuple[Fraction, Fraction]:
    """Prior x likelihoods (n + 1) / (lines of the class with a value + values seen) of the true class and of the other.

    A null says nothing, nor does an attribute of which no value was ever seen.
    """
    found = []
    for label in (True, False):
        less = int(without == label)
        size = sum(other == label for other, _ in learnt)
        product = ratio(size, len(learnt)) or Fraction(0)
        for name, value in row.items():
            seen = Counter((other[name], own) for own, other in learnt if other[name] is not None)
            values = {other for other, _ in seen}
            known = sum(n for (_, own), n in seen.items() if own == label)
            if value is not None and values:
                product *= Fraction(seen[value, label] - less + 1, known - less + len(values))
        found.append(product)
    return found[0], found[1]


def signal_auc(learnt: list[tuple[bool, dict]]) -> Decimal | None:
    """Chance that a line that reached is held more probable than one that did not, each judged without itself."""
    kinds: dict[tuple, Decimal | None] = {}
    places = Counter()
    for label, row in learnt:
        kind = label, tuple(sorted(row.items()))
        if kind not in kinds:
            chance = naive_bayes(learnt, row, without=label)
            kinds[kind] = None if chance is None else rounded(chance, 12)
        places[label, kinds[kind]] += 1
    reaching = {chance: n for (label, chance), n in places.items() if label and chance is not None}
    leaving = {chance: n for (label, chance), n in places.items() if not label and chance is not None}
    pairs = reaching.items(), leaving.items()
    won = sum(n * m * (Fraction(a > b) + Fraction(a == b) / 2) for a, n in pairs[0] for b, m in pairs[1])
    auc = ratio(won, sum(reaching.values()) * sum(leaving.values()))
    return None if auc is None else rounded(auc, 6)


def combined(reaching: Fraction | Decimal, leaving: Fraction | Decimal) -> Fraction | None:
    """The share of the first product in both; null where both are 0."""
    return ratio(reaching, reaching + leaving)
