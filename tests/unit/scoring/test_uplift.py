"""Uplift on made members: planted responders are found, arms that differ by nothing show none, what is too little is refused."""

import numpy as np
import pandas as pd
import pytest

from orchestration.scoring.errors import ScoringError
from orchestration.scoring.uplift import TRANSFORMED, TWO_MODELS, Least, fit, predict, qini

LEAST = Least(100, 10)


def made(rows: int = 12_000, seed: int = 1, effect: float = 0.25, treated_share: float = 0.7):
    """Members: (features, is treated, has ordered, key, true uplift). Young lines of plan P2 are persuaded by `effect`, lines
    with many complaints put off by half of it; who orders anyhow goes by spend, which says nothing of uplift."""
    rng = np.random.default_rng(seed)
    features = pd.DataFrame(
        {
            "tenure": rng.integers(1, 60, rows).astype(float),
            "complaints": rng.poisson(0.6, rows).astype(float),
            "spend": rng.gamma(2, 30, rows),
            "noise": rng.normal(size=rows),
            "plan": rng.choice(["P1", "P2"], rows),
        }
    )
    features.loc[rng.random(rows) < 0.05, "noise"] = np.nan
    base = 0.08 + 0.3 / (1 + np.exp(-(features["spend"] - 90) / 15))
    uplift = effect * ((features["tenure"] < 24) & (features["plan"] == "P2")) - effect / 2 * (features["complaints"] >= 2)
    uplift = np.maximum(uplift, 0.01 - base).to_numpy()
    treated = rng.random(rows) < treated_share
    ordered = rng.random(rows) < base + uplift * treated
    key = pd.Series([f"m{seed}-{n}" for n in range(rows)])
    return features, pd.Series(treated), pd.Series(ordered), key, uplift


@pytest.fixture(scope="module")
def model():
    return fit(*made()[:4], LEAST)


def test_planted_responders_are_found_on_members_never_seen(model):
    features, treated, ordered, _, truth = made(20_000, seed=2)
    told = predict(model, features)
    best = qini(truth, treated.to_numpy(), ordered.to_numpy())
    assert best > 0.02
    assert qini(told, treated.to_numpy(), ordered.to_numpy()) >= 0.7 * best
    persuaded = truth > 0.2
    assert told[persuaded].mean() > 0.1 > told[~persuaded].mean()


def test_the_better_way_on_members_held_out_is_kept(model):
    assert set(model.qini) == {TWO_MODELS, TRANSFORMED}
    assert model.qini[model.way] == max(model.qini.values()) > 0
    assert len(model.boosters) == (2 if model.way == TWO_MODELS else 1)
    learnt = sum(model.members)
    assert 0.65 * 12_000 < learnt < 0.75 * 12_000


def test_where_asking_changes_nothing_no_order_is_better_than_chance(model):
    assert model.is_better_than_chance and model.by_chance > 0
    none = [fit(*made(4_000, seed=seed, effect=0)[:4], LEAST).is_better_than_chance for seed in range(5, 11)]
    assert sum(none) <= 1


def test_who_orders_anyhow_is_no_responder(model):
    """A chance of acceptance ranks by spend, which says nothing of what asking changes."""
    features, treated, ordered, _, _ = made(20_000, seed=3)
    by_spend = qini(features["spend"].to_numpy(), treated.to_numpy(), ordered.to_numpy())
    assert qini(predict(model, features), treated.to_numpy(), ordered.to_numpy()) > 3 * abs(by_spend)


def test_the_same_members_give_the_same_model_in_any_order(model):
    features, treated, ordered, key, _ = made()
    assert fit(features, treated, ordered, key, LEAST) == model
    turned = features.iloc[::-1]
    assert fit(turned, treated.iloc[::-1], ordered.iloc[::-1], key.iloc[::-1], LEAST).members == model.members


def test_a_value_never_seen_and_a_null_are_scored_and_a_missing_feature_is_refused(model):
    features = made(50, seed=4)[0].assign(plan="P9", complaints=np.nan)
    assert np.isfinite(predict(model, features)).all()
    with pytest.raises(ScoringError, match="goes by plan, which the features lack"):
        predict(model, features.drop(columns="plan"))


def test_too_few_members_or_orders_of_an_arm_are_refused():
    features, treated, ordered, key, _ = made(900, treated_share=0.97)
    with pytest.raises(ScoringError, match="control members"):
        fit(features, treated, ordered, key, LEAST)
    features, treated, ordered, key, _ = made(3_000)
    with pytest.raises(ScoringError, match="of either outcome are needed"):
        fit(features, treated, ordered & treated, key, LEAST)


def test_qini_by_hand():
    """Two treated and two control; the first two rows are one of each, and only the treated one orders."""
    treated, ordered = np.array([True, False, True, False]), np.array([True, False, False, False])
    # Won after each row 1, 1, 1, 1 (control never orders): area under it 0.875, under the line 0.5; over two treated.
    assert qini(np.array([4.0, 3.0, 2.0, 1.0]), treated, ordered) == pytest.approx((0.875 - 0.5) / 2)
    assert qini(np.array([1.0, 2.0, 3.0, 4.0]), treated, ordered) == pytest.approx((0.125 - 0.5) / 2)
    # Equal scores say nothing.
    assert qini(np.zeros(4), treated, ordered) == 0
    # The control orders as often as the treated: nothing is won by any order.
    assert qini(np.array([2.0, 2.0, 1.0, 1.0]), treated, np.array([True, True, False, False])) == 0
