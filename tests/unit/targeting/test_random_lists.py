"""10,000 random lists in runs of many: what must hold of every run, whatever the lists and whoever is on them."""

import random
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from math import sqrt

import duckdb
import pytest
import sqlglot
from made_ledger import record_run
from made_lists import AS_OF, PRIVATE_TABLES, RELATIONS, RUN_DATE, TABLES, insert, lay_tables

from orchestration.base.settings import Home
from orchestration.engines.duckdb import DuckDBTables
from orchestration.engines.tables import Relations
from orchestration.targeting import matching, run
from orchestration.targeting.definition import Order, TargetList, Title
from orchestration.targeting.ledger import COUNTS, STEPS

LISTS, A_RUN, SUBSCRIBERS = 10_000, 80, 300
CHANNELS = ("outbound_call", "sms", "store", "app")
CAPS = {1: 1, 7: 2, 30: 4}
A_LIST = TargetList("x", Title("X", "X"), "o", "p", "sms", "is_on_net", ("value_tier", "realised_value"), "approved")


BEFORE = {f"l{n:02}": {f"s{s:04}" for s in range(n, SUBSCRIBERS, 3)} for n in range(0, A_RUN, 4)}
"""Whom lists had ten days before."""


def random_rows(chance: random.Random) -> dict[str, list[tuple]]:
    """Subscribers with everything null now and then, contacts around the edges of the caps, suppressions around the run date."""
    ids = [f"s{n:04}" for n in range(SUBSCRIBERS)]

    def some(values, nulls=0.1):
        return None if chance.random() < nulls else chance.choice(values)

    def near(days: int) -> date:
        return RUN_DATE + timedelta(chance.randint(-days, 3))

    lines = [
        (
            s, some([True, True, False]), some(["diamond", "gold", "mass"]), some(["a", "b"]), some(["R1", "R2", "R3"]),
            some([round(chance.uniform(-50, 500), 2)]), some([round(chance.uniform(0, 100), 6)]), some(range(90)),
            some([date(2024, 1, 1) + timedelta(chance.randint(0, 700))]), some([True] + [False] * 40), 5, "x",
        )
        for s in ids
    ]  # fmt: skip
    return {
        "tags.subscriber_360": lines,
        "tags.tag_history": [(date(2026, 2, 1), s, some(["diamond", "gold", "mass"]), some([1.0, 99.0])) for s in ids[::2]],
        "tags.tag_changes": [(AS_OF - timedelta(chance.randint(0, 40)), s, "value_tier", "a", "b") for s in ids[::3]],
        "core.fct_contacts": [
            (
                f"c{n}",
                chance.choice(ids),
                near(40),
                chance.choice(["outbound", "outbound", "inbound"]),
                None,
                None,
                some(["o1", "o2"], 0.8),
                some(["refused", "do_not_contact", "accepted"], 0.7),
            )
            for n in range(500)
        ],
        "core.fct_orders": [
            (f"o{n}", chance.choice(ids), chance.choice(["o1", "o2"]), near(400), chance.random() < 0.7) for n in range(30)
        ],
        "marketing.next_best_offers": [
            (s, offer, rank, rank == 1, some([round(chance.uniform(-9, 50), 2)]))
            for s in ids
            for rank, offer in enumerate(chance.sample(["o1", "o2", "o3"], chance.randint(0, 3)), 1)
        ],
        "core.dim_offers": [
            (offer, offer, None, None, None, last, True)
            for offer, last in (("o1", RUN_DATE), ("o2", None), ("o3", RUN_DATE - timedelta(1)))
        ],
        # now and then two lines have one phone
        "private.subscriber_phones": [
            (s, f"138{int(s[1:]) // (2 if chance.random() < 0.1 else 1):04}", chance.random() < 0.95)
            for s in ids
            if chance.random() < 0.97
        ],
        "private.earlier_phones": [(chance.choice(ids), f"138{chance.randrange(SUBSCRIBERS):04}") for _ in range(40)],
        "private.phone_suppressions": [
            (
                f"138{chance.randrange(SUBSCRIBERS):04}",
                chance.choice(["all", *CHANNELS]),
                "other",
                some([near(20)]),
                some([near(3)]),
            )
            for _ in range(10)
        ],
        "staging.stg_channel__suppressions_now": [
            (chance.choice(ids), chance.choice(["all", *CHANNELS]), "other", some([near(20)]), some([near(3)], 0.5))
            for _ in range(40)
        ],
    }


def random_list(chance: random.Random, name: str, others: list[str]) -> TargetList:
    condition = [
        "is_on_net", "not is_on_net", "value_tier in ('diamond', 'gold')", f"realised_value > {chance.randint(0, 400)}",
        f"tenure_months between {chance.randint(0, 40)} and 80", "plan_name is null", "was(value_tier, '2026-02') <> value_tier",
        f"changed(value_tier, {chance.randint(1, 40)})", f"value_score / tenure_months > {chance.randint(1, 3)}",
        f"activation_date < today - {chance.randint(0, 2000)}",
    ]  # fmt: skip
    where = f" {chance.choice(['and', 'or'])} ".join(chance.sample(condition, chance.randint(1, 3)))
    orders = [Order("realised_value", True), Order("activation_date"), Order("value_tier"), Order("tenure_months", True)]
    return replace(
        A_LIST,
        name=name,
        channel=chance.choice(CHANNELS),
        where=where,
        exclude=tuple(chance.sample(condition, chance.choice([0, 0, 1]))),
        exclude_lists=tuple(chance.sample(others, 1)) if others and chance.random() < 0.05 else (),
        order_by=tuple(chance.sample(orders, chance.randint(0, 2))),
        limit=chance.choice([None, None, 1, 5, 40]),
        priority=chance.randint(1, 100),
        control_share=chance.choice([None, 0.0, 0.3]),
        salt=chance.choice([None, "s"]),
        caps=chance.choice([{}, {"days_7": 1}, {"days_30": 2}]),
        status=chance.choice(["approved"] * 9 + ["draft"]),
        offer=chance.choice([None, None, "o1", "o2", "o3", "best"]),
        members=chance.choice(["all"] * 4 + ["new"]),
        cool_down_days=chance.choice([None, 0, 5]),
    )


@pytest.fixture(scope="module")
def tables():
    with duckdb.connect(config={"threads": 2}) as connection:
        lay_tables(connection, TABLES | PRIVATE_TABLES)
        yield DuckDBTables(connection, Relations(**RELATIONS))


def a_run(tables: DuckDBTables, home: Home, chance: random.Random) -> tuple[run.DecidedRun, dict[str, list[tuple]]]:
    rows = random_rows(chance)
    for name in rows:
        tables.connection.execute(f"delete from {name}")
        insert(tables.connection, name, rows[name])
    lists = {}
    for n in range(A_RUN):
        lists[f"l{n:02}"] = random_list(chance, f"l{n:02}", list(lists))
    return run.decide(tables, home, lists, list(lists), RUN_DATE, AS_OF, "v1"), rows


def check(decided: run.DecidedRun, rows: dict[str, list[tuple]]) -> Counter:
    """Holds a run against the rows that it was made of. Gives the treated and the control of lists that hold 30 % back."""
    fetched = decided.tables.connection.execute("select list_name, subscriber_id, reason, lost_to, arm from decisions").fetchall()
    put = decided.tables.connection.execute("select list_name, subscriber_id, offer_code from decisions").fetchall()
    offer_of = {(name, s): offer for name, s, offer in put}
    assert len({(name, s) for name, s, *_ in fetched}) == len(fetched)
    closed = {
        (s, channel)
        for s, channel, _, first, last in rows["staging.stg_channel__suppressions_now"]
        if (first is None or first <= RUN_DATE) and (last is None or last >= RUN_DATE)
    }
    phones = {s: phone for s, phone, is_valid in rows["private.subscriber_phones"] if is_valid}
    now = [(s, phone) for s, phone, _ in rows["private.subscriber_phones"]]
    holder = dict((phone, s) for s, phone in sorted(now))
    closed_phones = {(phone, channel) for s, phone in [*now, *rows["private.earlier_phones"]] for o, channel in closed if s == o}
    closed_phones |= {
        (phone, channel)
        for phone, channel, _, first, last in rows["private.phone_suppressions"]
        if (first is None or first <= RUN_DATE) and (last is None or last >= RUN_DATE)
    }
    ordered = {(s, o) for _, s, o, _, done in rows["core.fct_orders"] if done}
    is_open = {(s, o) for s, o, *_ in rows["marketing.next_best_offers"] if o != "o3"}  # o3 ended the day before
    by_place = sorted((rank, s, o) for s, o, rank, *_ in rows["marketing.next_best_offers"] if (s, o) in is_open)
    best = {s: o for _, s, o in reversed(by_place)}
    refused = {
        (s, offer)
        for _, s, on, *_, offer, outcome in rows["core.fct_contacts"]
        if outcome in ("refused", "do_not_contact") and RUN_DATE - timedelta(90) < on <= RUN_DATE
    }
    made = {days: Counter() for days in CAPS}
    for _, s, day, direction, *_ in rows["core.fct_contacts"]:
        for days in CAPS:
            made[days][s] += direction == "outbound" and RUN_DATE - timedelta(days) < day <= RUN_DATE
    held_out = {row[0] for row in rows["tags.subscriber_360"] if row[9]}

    exported = [(name, s) for name, s, reason, _, _ in fetched if reason is None]
    for name, s, reason, _, _ in fetched:
        definition, offer = decided.definitions[name], offer_of[name, s]
        assert offer == (best.get(s) if definition.offer == "best" else definition.offer)
        assert reason is not None or definition.offer is None or ((s, offer) in is_open and (s, offer) not in ordered)
        is_closed = bool({(s, definition.channel), (s, "all")} & closed)
        is_capped = any(made[days][s] + 1 > min(cap, definition.caps.get(f"days_{days}", cap)) for days, cap in CAPS.items())
        was_on = s in BEFORE.get(name, ()) and (definition.members == "new" or definition.cool_down_days is None)
        steps = {
            "suppressed": is_closed,
            "no_valid_phone": s not in phones,
            "phone_suppressed": {(phones.get(s), definition.channel), (phones.get(s), "all")} & closed_phones,
            "phone_of_another": holder.get(phones.get(s)) != s,
            "already_ordered": (s, offer) in ordered,
            "not_eligible": definition.offer and (s, offer) not in is_open,
            "offer_refused": offer and (s, offer) in refused,
            "capped": is_capped,
            "on_list_before": was_on,
        }
        first = next((step for step, holds in steps.items() if holds), None)
        assert (reason if reason in steps else None) == first
        assert reason is not None or s not in held_out
    assert max(Counter(s for _, s in exported).values(), default=0) <= 1
    assert max(Counter(phones[s] for _, s in exported).values(), default=0) <= 1

    arms = Counter()
    for name in decided.plan.decided:
        own = [row for row in fetched if row[0] == name]
        waterfall, definition = decided.waterfall(name), decided.definitions[name]
        assert tuple(waterfall) == COUNTS
        assert waterfall["matched"] == len(own) == sum(waterfall[step] for step in (*STEPS, "exported"))
        treated, control = ({s for _, s, *_, arm in own if arm == wanted} for wanted in ("treated", "control"))
        assert not treated & control
        assert len(treated) == waterfall["exported"] <= (definition.limit or SUBSCRIBERS)
        assert all((reason is None) == (arm == "treated") for _, _, reason, _, arm in own)
        assert all((lost_to is not None) == (reason == "lost_to_priority") for _, _, reason, lost_to, _ in own)
        if definition.control_share == 0:
            assert not control
        if definition.control_share == 0.3 and definition.limit is None:
            arms += Counter(treated=len(treated), control=len(control))
    return arms


@pytest.mark.slow
def test_what_holds_of_a_run_holds_of_ten_thousand_random_lists(tables, tmp_path):
    for name, members in BEFORE.items():
        arms = [{"subscriber_id": s, "arm": "control" if n % 5 == 0 else "treated"} for n, s in enumerate(sorted(members))]
        record_run(Home(tmp_path), name, RUN_DATE - timedelta(10), arms)
    arms, steps, lists, chance = Counter(), Counter(), 0, random.Random(7)
    while lists < LISTS:
        decided, rows = a_run(tables, Home(tmp_path), chance)
        arms += check(decided, rows)
        lists += len(decided.names)
        for name in decided.plan.decided:
            steps += Counter(decided.waterfall(name))
    assert min(steps[step] for step in COUNTS) > 100  # no step went untried
    drawn = arms["treated"] + arms["control"]
    assert drawn > 2_000
    assert abs(arms["control"] / drawn - 0.3) < 4 * sqrt(0.3 * 0.7 / drawn)


@pytest.mark.slow
def test_the_query_for_spark_says_the_same(tables, tmp_path):
    decided, _ = a_run(tables, Home(tmp_path), random.Random(11))
    connection, relations = tables.connection, tables.relations
    columns = tables.columns(relations.tag_values)
    asked = list(decided.plan.asked.values())
    spark = matching.matches_sql(asked, relations, columns, RUN_DATE, AS_OF, "spark")
    (read,) = sqlglot.transpile(spark, read="spark", write="duckdb")
    own = matching.matches_sql(asked, relations, columns, RUN_DATE, AS_OF)
    assert "`value_tier@2026-02`" in spark and "datediff" in spark
    assert sorted(connection.execute(read).fetchall(), key=str) == sorted(connection.execute(own).fetchall(), key=str)
