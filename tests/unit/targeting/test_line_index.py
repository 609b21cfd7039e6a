"""Counts from memory are those of the engine, whatever a condition asks and whatever lines lack."""

from datetime import date, timedelta

import duckdb
import pytest
from made_lists import AS_OF, RELATIONS, RUN_DATE, TABLES, insert, lay_tables

from orchestration.engines.duckdb import DuckDBTables
from orchestration.engines.tables import Relations
from orchestration.targeting import index
from orchestration.targeting.advice import lines_matched
from orchestration.targeting.definition import Conditions
from orchestration.targeting.expression import parse
from orchestration.targeting.index import LineIndex
from orchestration.targeting.run import read_catalog

FLAGS, TIERS, PLANS = (True, False, None), ("diamond", "gold", "mass", None), ("plain", "it's", "套餐", "", None)
FIGURES = (None, 79.99, 80, 80.01)
EACH = [(flag, tier, plan) for flag in FLAGS for tier in TIERS for plan in PLANS]
LINES = [  # every flag with every tier and plan, and figures around a limit
    (f"S{n:03}", flag, tier, plan, "R1", FIGURES[n % 4], 50.0, n % 7 or None, date(2026, 3, 1) + timedelta(n % 40), False, None,
     "it's")
    for n, (flag, tier, plan) in enumerate(EACH)
]  # fmt: skip
CONDITIONS = [
    "is_on_net",
    "not is_on_net",
    "is_on_net = false",
    "is_on_net is null",
    "value_tier = 'gold'",
    "value_tier <> 'gold'",
    "value_tier in ('gold', 'mass')",
    "value_tier not in ('gold', 'mass')",
    "not (value_tier in ('gold', 'mass') and is_on_net)",
    "value_tier is null or not is_on_net",
    "value_tier is not null and plan_name is null",
    "plan_name = 'it''s' or plan_name = ''",
    "plan_name in ('套餐', 'nowhere')",
    "plan_name <> 'nowhere'",
    "plan_name = last_store or plan_name = 'plain'",
    "realised_value >= 80",
    "realised_value = 80",
    "realised_value <> 80",
    "realised_value in (80, 79.99, 1)",
    "realised_value not in (80, 1)",
    "realised_value < 80 or realised_value > 80",
    "realised_value <= 79.99",
    "realised_value > -1 and tenure_months <> 3",
    "realised_value is null",
    "not realised_value is null and tenure_months is not null",
    "activation_date = '2026-03-05'",
    "activation_date <> '2026-03-05' and is_on_net",
    "activation_date < today and activation_date >= today - 3",
    "realised_value between 79.995 and 80.005 or tenure_months is null",
    "realised_value / tenure_months > 20 and is_on_net",
    "activation_date >= today - 10",
    "activation_date between '2026-03-25' and '2026-04-05' and not is_on_net",
    "was(value_tier, '2026-02') = 'gold' and is_on_net",
    "changed(value_tier, 30) or value_tier = 'mass'",
    "nps_score > 5",
    "is_on_net and (value_tier = 'gold' or (plan_name = 'plain' and not realised_value < 80)) and tenure_months >= 1",
]


@pytest.fixture(scope="module")
def tables():
    with duckdb.connect() as connection:
        lay_tables(connection, TABLES)
        insert(connection, "tags.subscriber_360", LINES)
        insert(connection, "tags.tag_history", [(date(2026, 2, 1), f"S{n:03}", TIERS[n % 4], 1.0) for n in range(40)])
        insert(connection, "tags.tag_changes", [(AS_OF - timedelta(n), f"S{n:03}", "value_tier", "a", "b") for n in range(50)])
        yield DuckDBTables(connection, Relations(**RELATIONS))


@pytest.fixture(scope="module")
def catalog(tables):
    return read_catalog(tables)


def counts(tables, catalog, conditions: Conditions, kept: LineIndex) -> tuple[int, int]:
    return kept.count(conditions, tables, RUN_DATE), lines_matched(conditions, tables, AS_OF, RUN_DATE)


@pytest.mark.parametrize("text", CONDITIONS)
def test_a_count_from_memory_is_the_engines(text, tables, catalog):
    kept = LineIndex(catalog.tags(), AS_OF)
    for _ in range(2):  # asked for, then kept
        mine, engines = counts(tables, catalog, Conditions(parse(text, catalog)), kept)
        assert mine == engines


def test_the_conditions_meet_some_and_not_all(tables, catalog):
    met = [lines_matched(Conditions(parse(text, catalog)), tables, AS_OF, RUN_DATE) for text in CONDITIONS]
    assert sum(0 < each < len(LINES) for each in met) == len(CONDITIONS) - 1, "all but nps_score, which nobody has"


def test_one_index_answers_all_also_warmed_and_with_little_room(tables, catalog):
    for room in (0, 1_000, index.KEPT_BYTES):
        kept = LineIndex(catalog.tags(), AS_OF, room)
        kept.warm(tables)
        for text in CONDITIONS * 2:
            mine, engines = counts(tables, catalog, Conditions(parse(text, catalog)), kept)
            assert mine == engines, text


@pytest.mark.parametrize("text", ["realised_value between 90 and 70", "nps_score < 5 or nps_score >= 5", "tenure_months in (99)"])
def test_what_nobody_meets_is_nobody(text, tables, catalog):
    assert counts(tables, catalog, Conditions(parse(text, catalog)), LineIndex(catalog.tags(), AS_OF)) == (0, 0)


def test_figures_are_no_longer_asked_of_the_engine_once_they_are_read(tables, catalog, monkeypatch):
    kept = LineIndex(catalog.tags(), AS_OF)
    kept.warm(tables)
    monkeypatch.setattr(index, "sql", lambda *given, **more: pytest.fail("asked"))
    kept.count(
        Conditions(parse("realised_value >= 80 and activation_date < today - 3 and value_tier = 'gold'", catalog)),
        tables,
        RUN_DATE,
    )
    with pytest.raises(pytest.fail.Exception):
        kept.count(Conditions(parse("realised_value / tenure_months > 20", catalog)), tables, RUN_DATE)


def test_who_is_excluded_is_not_counted_and_an_unknown_excludes_nobody(tables, catalog):
    conditions = Conditions(
        parse("value_tier = 'gold'", catalog), (parse("is_on_net", catalog), parse("plan_name = ''", catalog))
    )
    mine, engines = counts(tables, catalog, conditions, LineIndex(catalog.tags(), AS_OF))
    assert mine == engines == 8, "two flags and four plans that are not empty"


def test_a_text_of_many_values_is_left_to_the_engine(tables, catalog, monkeypatch):
    monkeypatch.setattr(index, "MOST_VALUES", 3)
    kept = LineIndex(catalog.tags(), AS_OF)
    mine, engines = counts(tables, catalog, Conditions(parse("plan_name in ('plain', '')", catalog)), kept)
    assert mine == engines and "plan_name" not in kept._kept
    assert counts(tables, catalog, Conditions(parse("value_tier = 'mass'", catalog)), kept) == (15, 15)
    assert "value_tier" in kept._kept


def test_another_run_date_is_another_answer(tables, catalog):
    kept, conditions = LineIndex(catalog.tags(), AS_OF), Conditions(parse("activation_date >= today - 10", catalog))
    days = [RUN_DATE, RUN_DATE + timedelta(5)]
    assert [kept.count(conditions, tables, day) for day in days] == [
        lines_matched(conditions, tables, AS_OF, day) for day in days
    ]
    assert len({kept.count(conditions, tables, day) for day in days}) == 2
