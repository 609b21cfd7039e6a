"""Best plans of the synthetic operator, worked out anew from what was delivered: raw use, the catalogue, bills.

The operator is as unkind as life: plans whose rates nobody tells, plans off sale, lines that changed plans, came or were
suspended within the months, bills that were corrected.
"""

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import duckdb
import pytest
from figures_kit import nightly

from orchestration.base.settings import Home
from sample import make_operator

IN_SERVICE = ("activated", "ported_in", "resumed", "reinstated")
DAY, MONTHS = date(2026, 6, 20), (date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1))


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    """A run over a small synthetic operator on the 20th of its sixth month: the five before are billed."""
    home = Home(tmp_path_factory.mktemp("tariffs"))
    make_operator(home.root, 2_000, 6, DAY, seed=3, daily=4)
    nightly(home.root, DAY)
    return home


def published(home: Home, query: str) -> list[tuple]:
    with duckdb.connect(str(home.current.resolve()), read_only=True) as db:
        return db.execute(query).fetchall()


def delivered(home: Home, table: str, columns: str, key: str) -> list[tuple]:
    """Rows as delivered, of each key the latest."""
    files = f"read_parquet('{home.landing}/{table}/*/*.parquet', hive_partitioning = true)"
    with duckdb.connect() as db:
        latest = f"qualify row_number() over (partition by {key} order by dt desc) = 1"
        return db.execute(f"select {columns} from {files} {latest}").fetchall()


def used(home: Home) -> dict[tuple[str, date], list[Decimal]]:
    """Minutes without roaming, MB and messages by line and month, from raw use."""
    found: dict[tuple[str, date], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
    columns = "subscriber_id, usage_date, outgoing_minutes, roaming_minutes, data_mb, messages_sent"
    for key, day, *measures in delivered(home, "billing_usage_daily", columns, "subscriber_id, usage_date"):
        sums = found[key, day.replace(day=1)]
        found[key, day.replace(day=1)] = [total + Decimal(value) for total, value in zip(sums, measures, strict=True)]
    return {cell: [max(out - roaming, Decimal(0)), mb, texts] for cell, (out, roaming, mb, texts) in found.items()}


def whole_months(home: Home) -> dict[str, list[date]]:
    """Of each line on-net, the months of the three at whose opening and end it was on-net, by its stays, and on no day of which
    it was out of service, by its events as delivered."""
    stays, events = defaultdict(list), defaultdict(list)
    for key, first, last in published(home, "select subscriber_id, from_date, to_date from core.fct_stays where is_on_net"):
        stays[key].append((first, last))
    told = delivered(home, "crm_subscriber_events", "subscriber_id, event_at, event_type", "event_id")
    for key, at, kind in sorted(told, key=lambda row: row[1]):
        if kind not in ("transferred", "sim_changed"):
            events[key].append((at.date(), kind))

    def is_whole(key: str, month: date) -> bool:
        after = (month + timedelta(days=31)).replace(day=1)
        days = [month + timedelta(days=n) for n in range((after - month).days)]
        is_on = all(any(first <= day < last for first, last in stays[key]) for day in (month - timedelta(days=1), days[-1]))
        status = [[kind for at, kind in events[key] if at <= day][-1:] for day in days] if events[key] else []
        return is_on and all(kind in ([], *([name] for name in IN_SERVICE)) for kind in status)

    on_net = {key for (key,) in published(home, "select subscriber_id from core.dim_subscribers where is_on_net")}
    found = {key: [month for month in MONTHS if is_whole(key, month)] for key in on_net}
    return {key: months for key, months in found.items() if months}


def cost(plan: dict, months: list[list[Decimal]]) -> Decimal | None:
    """The mean of the months on a plan, to the cent; None where a rate is needed that nobody tells."""
    total = Fraction(plan["monthly_fee"]) * len(months)
    for n, (included, rate) in enumerate(
        (("included_minutes", "overage_fee_per_minute"), ("included_mb", "overage_fee_per_mb"),
         ("included_messages", "overage_fee_per_message"))
    ):  # fmt: skip
        beyond = sum(max(Fraction(month[n]) - plan[included], Fraction(0)) for month in months)
        if beyond and plan[rate] is None:
            return None
        total += beyond * Fraction(plan[rate] or 0)
    mean = total / len(months)
    return (Decimal(mean.numerator) / Decimal(mean.denominator)).quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.fixture(scope="module")
def by_hand(home) -> dict[str, tuple]:
    """Present plan, months, its cost, best plan and its cost of each line, from raw."""
    names = ("plan_code", "monthly_fee", "included_minutes", "included_mb", "included_messages", "is_on_sale",
             "overage_fee_per_minute", "overage_fee_per_mb", "overage_fee_per_message")  # fmt: skip
    rows = delivered(home, "crm_tariff_plans", ", ".join(names), "plan_code")
    plans = {row[0]: dict(zip(names, row, strict=True)) for row in rows}
    present = dict(published(home, "select subscriber_id, plan_code from core.dim_subscribers"))
    use, found = used(home), {}
    for key, months in whole_months(home).items():
        measured = [use.get((key, month), [Decimal(0)] * 3) for month in months]
        costs = {c: cost(p, measured) for c, p in plans.items() if p["is_on_sale"] or c == present[key]}
        known = {c: amount for c, amount in costs.items() if amount is not None}
        best = min(known, key=lambda c: (known[c], c != present[key], plans[c]["monthly_fee"], c))
        found[key] = (present[key], len(months), known.get(present[key]), best, known[best])
    return found


def test_every_best_plan_is_that_of_raw_use_and_the_catalogue(home, by_hand):
    rows = published(
        home,
        "select subscriber_id, plan_code, months_counted, plan_cost_amount, best_plan_code, best_plan_cost_amount "
        "from value.plan_fit",
    )
    assert {key: tuple(row) for key, *row in rows} == by_hand
    # Of each kind of line there are some: a change pays, it does not, nobody can price the present plan, there are few months.
    kinds = Counter(
        "unpriced" if own is None else "best" if best == present else "dearer" for present, _, own, best, _ in by_hand.values()
    )
    assert min(kinds["unpriced"], kinds["best"], kinds["dearer"]) >= 10
    assert sum(months < 3 for _, months, *_ in by_hand.values()) >= 10
    off_sale = {"P48", "P78"}
    assert sum(present in off_sale for present, *_ in by_hand.values()) >= 10
    assert not off_sale & {best for present, _, _, best, _ in by_hand.values() if best != present}


def test_savings_are_never_negative_and_revenue_moves_from_what_was_billed(home):
    (row,) = published(
        home,
        """
        select min(saving_amount), count(*) filter (saving_amount <> plan_cost_amount - best_plan_cost_amount),
            count(*) filter (best_plan_code = plan_code and (saving_amount <> 0 or revenue_effect_amount <> 0)),
            count(*) filter (best_plan_code <> plan_code and revenue_effect_amount <> best_plan_cost_amount - billed_use_amount),
            count(*) filter ((saving_amount is null) <> (plan_cost_amount is null)), max(saving_amount) > 5
        from value.plan_fit
        """,
    )
    assert row == (0, 0, 0, 0, 0, True)


def test_what_the_present_plan_would_have_cost_is_within_a_hundredth_of_what_was_billed(home):
    (row,) = published(
        home,
        "select sum(plan_cost_amount * months_counted), sum(billed_use_amount * months_counted), count(*), "
        "count(*) filter (abs(plan_cost_amount - billed_use_amount) <= 0.03) from value.plan_fit "
        "where plan_cost_amount is not null",
    )
    rated, billed, lines, equal = row
    assert abs(rated / billed - 1) < Decimal("0.01")
    assert equal > 0.9 * lines  # the others changed plans, or had a bill corrected
    changed = published(
        home,
        f"select count(*) from value.plan_fit join core.fct_plan_periods using (subscriber_id) "
        f"where fct_plan_periods.start_date between '{MONTHS[0]}' and '{DAY}' and plan_fit.months_counted = 3",
    )
    assert changed[0][0] >= 10
    assert published(home, "select sum(deliveries_after_closing) > 0 from core.dim_months")[0][0]


def test_tags_tell_the_best_plan_of_lines_on_the_network(home):
    (row,) = published(
        home,
        """
        select count(*) filter (tags.best_plan_code is distinct from fit.best_plan_code),
            count(*) filter (tags.saving_on_best_plan is distinct from fit.saving_amount),
            count(*) filter (not tags.is_on_net and (tags.best_plan_code is not null or tags.bundle_fee_level is not null)),
            count(distinct tags.bundle_fee_level)
        from tags.subscriber_360 as tags left join value.plan_fit as fit using (subscriber_id)
        """,
    )
    assert row == (0, 0, 0, 6)


def test_levels_of_bundles_rise_and_hold_every_line_that_has_one(home):
    levels = published(home, "select level, commitment_amount, fee_lines from scoring.bundle_levels order by level")
    assert [level for level, *_ in levels] == [1, 2, 3, 4, 5]
    amounts = [amount for _, amount, _ in levels]
    assert amounts == sorted(set(amounts)) and all(amount % 5 == 0 for amount in amounts)
    (lines,) = published(home, "select count(*) from scoring.line_bundles where bundle_fee_level > 0")
    assert sum(count for *_, count in levels) == lines[0] > 500
