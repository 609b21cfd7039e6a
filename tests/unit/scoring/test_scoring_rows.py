"""Rows of a build as models take them: which months are known, what is learnt from, which of many rows."""

from datetime import date

import duckdb
import pandas as pd
import pytest

from orchestration.scoring import rows as rows_module
from orchestration.scoring.purposes import HANDSET_BAND, HANDSET_CHANGE, SERVICE_UPTAKE, VALUE_LOSS
from orchestration.scoring.rows import Rows, beside
from orchestration.warehouse.manifest import Model

FEATURES = {"spend": {"family": "spend", "en": "{number}", "zh": "{number}"}}
MODELS = (
    Model("f", "main", "features", meta={"serves": "scoring_features", "families": {"spend": {}}}, features=FEATURES),
    Model("o", "main", "losses", meta={"serves": "scoring_outcomes"}),
    Model("h", "main", "handsets", meta={"serves": "handset_outcomes"}),
    Model("s", "main", "services", meta={"serves": "service_outcomes"}),
    Model("m", "main", "months", meta={"serves": "months"}),
    Model("r", "main", "lines", meta={"serves": "lines"}),
    Model("v", "main", "worth", meta={"serves": "value_months"}),
    Model("l", "main", "list_outcomes", meta={"serves": "list_outcomes"}),
    Model("e", "main", "rules", meta={"serves": "effect_rules"}),
)
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


class Asked:
    """An engine's answers out of an open file."""

    def __init__(self, db):
        self.db = db

    def frame(self, query):
        return self.db.execute(query).df()

    def frames(self, query, rows):
        found = self.frame(query)
        yield from (found.iloc[at : at + rows].reset_index(drop=True) for at in range(0, len(found), rows))


@pytest.fixture
def made():
    """Ten months from January, of which the last runs and the two before are not billed; features from March. Line `new` is too
    new, `listed` is not of the sample; `a` changed its handset, that of `b` is not known yet."""
    with duckdb.connect() as db:
        db.execute(
            """create table months as select cast(make_date(2026, m, 1) as date) as month, m < 10 as is_complete_month,
                m < 8 as is_billed from range(1, 11) as t(m);
            create table features as select line as subscriber_id, month, line = 'new' as is_too_new, 1.5 as spend,
                line <> 'listed' as is_sampled, 'hash' as source_fingerprint
                from months, (values ('b'), ('a'), ('new'), ('listed')) as l(line)
                where month >= date '2026-03-01' and is_complete_month;
            create table losses as select subscriber_id, month, true as is_value_lost, false as is_mid_high_end from features;
            create table handsets as select subscriber_id, month, case subscriber_id when 'a' then true when 'new' then false end
                as is_handset_changed, 'dear' as next_price_band, 'Alpha' as next_brand from features;
            create table services as select subscriber_id, month, class as service_class, true as is_taken_up
                from features, (values ('video'), ('music')) as c(class);
            create table lines as select distinct subscriber_id, 'prepaid' as payment_type from features;
            create table worth as
                select 'a' as subscriber_id, date '2026-03-01' as month, 'gold' as value_tier, 'R1' as region_code;
            create table rules as from (values ('uplift_members', 7.0), ('uplift_orders', 2.0), ('z', 1.96)) as r(rule, value);
            create table list_outcomes as select 'l' as list_name, date '2026-05-09' as run_date, line as subscriber_id, arm,
                offer as offer_code, has as has_ordered, known as is_order_known, month as features_month
                from (values ('a', 'treated', 'A', true, true, date '2026-04-01'),
                    ('b', 'control', 'A', false, true, date '2026-04-01'),
                    ('a', 'treated', 'A', false, true, date '2026-03-01'),
                    ('new', 'treated', 'A', true, true, date '2026-04-01'),
                    ('gone', 'control', 'A', true, true, date '2026-04-01'),
                    ('b', 'control', 'A', false, true, date '2026-02-01'),
                    ('b', 'treated', 'A', true, false, date '2026-04-01'),
                    ('b', 'treated', 'it''s', true, true, date '2026-04-01'),
                    ('b', 'treated', null, null, false, date '2026-04-01')) as m(line, arm, offer, has, known, month)
            """
        )
        yield Rows(Asked(db), MODELS)


def test_an_outcome_is_known_once_the_months_after_are_complete_or_billed(made):
    assert made.last == date(2026, 9, 1)
    assert made.known(VALUE_LOSS) == [date(2026, month, 1) for month in (3, 4, 5)]  # July is the last billed month
    assert made.known(HANDSET_CHANGE) == [date(2026, month, 1) for month in (3, 4, 5, 6)]


def test_a_month_is_told_of_where_a_row_of_it_has_an_outcome(made):
    assert made.is_told(HANDSET_CHANGE, MARCH)
    assert not made.is_told(HANDSET_CHANGE, date(2026, 10, 1))  # no row
    made.ask("update handsets set is_handset_changed = null where month = date '2026-03-01'")
    assert not made.is_told(HANDSET_CHANGE, MARCH)
    made.ask("update handsets set is_handset_changed = false where month = date '2026-03-01'")
    assert made.is_told(HANDSET_CHANGE, MARCH)
    assert not made.is_told(HANDSET_BAND, MARCH)  # nobody changed


def test_when_the_first_model_is_trained_is_told_by_the_months_held(made):
    assert made.first_trained(VALUE_LOSS) == "the first is trained once 2026-07 is billed"
    assert made.first_trained(HANDSET_CHANGE) == "the first is trained once 2026-08 is complete"
    made.__dict__["_with_features"] = set()
    assert made.first_trained(HANDSET_CHANGE) == "the first is trained once 2026-08 is complete"
    made.__dict__["months"] = made.months.head(0)
    assert made.first_trained(HANDSET_CHANGE) == "no month is complete yet"


def test_rows_too_new_or_without_a_known_outcome_are_not_learnt_from(made):
    found = made.labelled(HANDSET_CHANGE, made.known(HANDSET_CHANGE))
    assert found["label"].tolist() == [True] * 4
    assert found["spend"].tolist() == [1.5] * 4
    assert set(made.labelled(VALUE_LOSS, [MARCH, APRIL, date(2026, 5, 1)])["is_mid_high_end"]) == {False}


def test_lines_that_only_a_list_brought_are_not_learnt_from(made):
    months = made.known(VALUE_LOSS)
    assert len(made.labelled(VALUE_LOSS, months)) == 2 * len(months)  # `a` and `b`


def test_choices_are_learnt_from_lines_that_made_one(made):
    found = made.labelled(HANDSET_BAND, made.known(HANDSET_BAND))
    assert found["label"].tolist() == ["dear"] * 4


def test_of_many_rows_the_same_ones_are_taken_each_time(made, monkeypatch):
    monkeypatch.setattr(rows_module, "MOST_ROWS", 3)
    months = made.known(SERVICE_UPTAKE)
    found = made.labelled(SERVICE_UPTAKE, months)
    assert found.groupby("month").size().tolist() == [1, 1, 3, 3]  # those learnt from share the three
    assert found.equals(made.labelled(SERVICE_UPTAKE, months))


def test_what_is_asked_of_the_last_month_comes_in_order(made):
    (lines,) = made.of_last()
    assert lines["subscriber_id"].tolist() == ["a", "b", "listed", "new"]
    assert made._held is not None
    ((_, items),) = made.of_last_with_items(SERVICE_UPTAKE)
    assert items["item"].tolist() == ["music", "video"] * 4
    assert set(made.sample_of_last(["spend"], 10)["subscriber_id"]) == {"a", "b", "listed"}
    assert made.last_fingerprint == "hash"


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_lines_that_are_too_many_to_be_held_come_a_few_at_a_time_each_beside_its_own_items(made, monkeypatch, at_once):
    monkeypatch.setattr(rows_module, "LINES_AT_ONCE", at_once)
    monkeypatch.setattr(rows_module, "MOST_HELD", 3)
    found = list(made.of_last_with_items(SERVICE_UPTAKE))
    assert made._held is None
    assert max(len(lines) for lines, _ in found) == at_once
    assert [line for lines, _ in found for line in lines["subscriber_id"]] == ["a", "b", "listed", "new"]
    for lines, items in found:
        assert items["subscriber_id"].tolist() == [line for line in lines["subscriber_id"] for _ in range(2)]


def test_items_of_lines_that_have_no_features_are_left_out():
    lines = [pd.DataFrame({"subscriber_id": ["b", "d"]}), pd.DataFrame({"subscriber_id": ["e"]})]
    asked = pd.DataFrame({"subscriber_id": list("abbf"), "item": list("xyzx")})
    items = [asked.iloc[:3], asked.iloc[3:]]
    found = [told["item"].tolist() for _, told in beside(iter(lines), iter(items))]
    assert found == [["y", "z"], []]


def test_outcomes_and_groups_of_a_month(made):
    told = made.outcomes(HANDSET_CHANGE, MARCH)
    assert dict(zip(told["subscriber_id"], told["label"], strict=True)) == {"a": True, "new": False}
    assert told["item"].isna().all()
    groups = made.groups(MARCH).set_index("subscriber_id")
    assert groups.loc["a", ["value_tier", "region_code", "payment_type"]].tolist() == ["gold", "R1", "prepaid"]
    assert made.groups(APRIL).empty


def test_members_count_once_their_days_to_order_are_over_and_their_line_had_features(made):
    """Neither the line too new nor the one that was gone, nor who has no features of the month or days still to come."""
    told = [tuple(row) for row in made.members.itertuples(index=False)]
    assert told == [("A", "control", 1, 0), ("A", "treated", 2, 1), ("it's", "treated", 1, 1)]
    found = made.members_of("A")
    assert sorted(zip(found["subscriber_id"], found["is_treated"], found["has_ordered"], strict=True)) == [
        ("a", True, False),
        ("a", True, True),
        ("b", False, False),
    ]
    assert found["spend"].tolist() == [1.5] * 3
    assert made.members_of("it's")["subscriber_id"].tolist() == ["b"]


def test_from_how_many_members_uplift_is_learnt_says_the_seed(made):
    assert (made.least.members, made.least.taken) == (7, 2)
