"""Models of chances on made rows: what is learnt, what is refused, and that nothing depends on chance."""

from datetime import date

import lightgbm
import numpy as np
import pandas as pd
import pytest

from orchestration.scoring import fit, predict
from orchestration.scoring.baselines import baselines
from orchestration.scoring.errors import ScoringError
from orchestration.scoring.metrics import beats, by_tenth, lift
from orchestration.scoring.model import LEAST_CHANCE, contributions, importance, of_what_happened

MONTHS = [date(2026, month, 1) for month in range(1, 6)]


def made(rows: int = 600, seed: int = 1) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Rows of five months: `drop` tells the label, `noise` nothing, `plan` a little."""
    rng = np.random.default_rng(seed)
    drop, plan = rng.normal(size=5 * rows), rng.choice(["P1", "P2"], 5 * rows)
    chance = 1 / (1 + np.exp(-(2 * drop + (plan == "P2") - 2)))
    frame = pd.DataFrame({"drop": drop, "noise": rng.normal(size=5 * rows), "plan": plan})
    return frame, pd.Series(rng.random(5 * rows) < chance), pd.Series(np.repeat(MONTHS, rows))


@pytest.fixture(scope="module")
def model():
    return fit(*made())


def test_learns_on_early_months_and_is_tested_on_the_last(model):
    assert model.months == {"train": MONTHS[:3], "calibration": [MONTHS[3]], "test": [MONTHS[4]]}
    assert model.figures["auc"] > 0.8
    assert model.figures["worst_gap"] < 0.15
    assert next(iter(importance(model))) == "drop"


def test_the_test_month_is_never_learnt_from(model):
    features, label, month = made()
    turned = label.where(month != MONTHS[4], ~label)
    assert fit(features, turned, month).booster == model.booster
    assert fit(features, turned, month).calibration == model.calibration


def test_same_rows_give_the_same_model_and_the_same_scores(model):
    again = fit(*made())
    assert again == model
    features, _, _ = made(seed=2)
    assert (predict(again, features) == predict(model, features)).all()


def test_contributions_add_up_to_the_log_odds(model):
    features, _, _ = made(seed=3)
    chance = predict(model, features)
    added = contributions(model, features).sum(axis=1)
    base = np.log(chance / (1 - chance)) - added
    assert np.ptp(base) < 1e-6  # the same for every row: the mean line's


def test_contributions_are_those_that_lightgbm_tells_of_each_row():
    rng = np.random.default_rng(5)
    features, label, month = made()
    features["plan"] = rng.choice(["P1", "P2", "P3", "P4"], len(features))
    features["steps"] = rng.integers(0, 4, len(features)).astype(float)
    features.loc[rng.random(len(features)) < 0.2, ["drop", "plan"]] = None
    model = fit(features, label | (features["plan"] == "P3") | (features["steps"] == 2), month)
    asked = features.assign(drop=features["drop"].round(1)).tail(500)  # values that recur
    asked.iloc[0] = ["P9" if name == "plan" else np.nan for name in asked.columns]
    codes = {value: code for code, value in enumerate(model.categories["plan"])}
    rows = asked.assign(plan=asked["plan"].map(codes))[list(model.features)].to_numpy(float)
    told = lightgbm.Booster(model_str=model.booster).predict(rows, pred_contrib=True)[:, :-1] * model.calibration[0]
    np.testing.assert_allclose(contributions(model, asked), told, rtol=1e-12, atol=1e-15)
    assert contributions(model, asked).index.equals(asked.index)


def test_a_category_never_seen_counts_as_unknown(model):
    features, _, _ = made(rows=2, seed=4)
    unseen, unknown = features.assign(plan="P9"), features.assign(plan=None)
    assert (predict(model, unseen) == predict(model, unknown)).all()


def test_no_rows_give_no_chances(model):
    assert len(predict(model, made()[0].head(0))) == 0


def test_a_constant_or_unknown_feature_is_left_out_with_its_reason():
    features, label, month = made()
    model = fit(features.assign(same=1.0, nothing=np.nan), label, month)
    assert model.left_out == {"same": "has one value in every row", "nothing": "is null in every row"}
    assert model.features == ("drop", "noise", "plan")


def test_without_a_usable_feature_nothing_is_learnt():
    features, label, month = made()
    with pytest.raises(ScoringError, match="no feature can be learnt from: same has one value"):
        fit(features.assign(same=1.0)[["same"]], label, month)


@pytest.mark.parametrize("value", [True, False])
def test_one_class_only_is_refused(value):
    features, label, month = made()
    with pytest.raises(ScoringError, match="of each class are needed"):
        fit(features, pd.Series([value] * len(label)), month)


def test_one_class_only_in_the_month_to_calibrate_on_is_refused():
    features, label, month = made()
    with pytest.raises(ScoringError, match="the months for calibration hold 600 rows, 0 of them positive"):
        fit(features, label & (month != MONTHS[3]), month)


def test_two_months_are_too_few():
    features, label, month = made()
    few = month >= MONTHS[3]
    with pytest.raises(ScoringError, match="2 months have a known outcome; 3 are needed"):
        fit(features[few], label[few], month[few])


def test_rows_without_a_feature_of_the_model_are_refused(model):
    with pytest.raises(ScoringError, match="the model goes by noise, plan, which the features lack"):
        predict(model, made()[0][["drop"]])


def test_segments_are_reported_apart():
    features, label, month = made()
    is_second = features["plan"] == "P2"
    told = fit(features, label, month, segments={"second": is_second}).figures["segments"]["second"]
    assert told["rows"] == int((is_second & (month == MONTHS[4])).sum())
    assert told["auc"] > 0.7


def test_simpler_rules_are_compared_on_the_rows_of_the_test(model):
    features, label, month = made()
    train, test = (month < MONTHS[3]).to_numpy(), (month == MONTHS[4]).to_numpy()
    found = baselines(model, features, label.to_numpy(float), train, test, {"by noise": "noise"})
    assert set(found) == {"by noise", "naive_bayes", "logistic_regression"}
    assert abs(found["by noise"]["auc"] - 0.5) < 0.1 < 0.7 < found["logistic_regression"]["auc"]


def test_lift_shares_equal_chances():
    label = np.array([1.0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    assert lift(np.zeros(10), label, 0.1) == pytest.approx(1)
    assert lift(np.arange(10.0), label, 0.1) == pytest.approx(5)


def test_the_highest_scores_are_so_many_to_the_nearest_whole_number():
    # 5 % of 50 are 2.5 scores, so 3: two came true among them, of two in all.
    label = np.zeros(50)
    label[[47, 49]] = 1
    assert lift(np.arange(50.0), label, 0.05) == pytest.approx(2 / 3 / (2 / 50))
    assert lift(np.arange(9.0), np.ones(9), 0.05) == pytest.approx(1)


def test_tenths_hold_all_rows():
    tenths = by_tenth(np.linspace(0, 1, 25), np.ones(25))
    assert sum(t["rows"] for t in tenths) == 25
    assert [t["came_true"] for t in tenths] == [1.0] * 10


def test_a_challenger_wins_by_more_than_chance_alone():
    rng = np.random.default_rng(1)
    label = (rng.random(2000) < 0.3).astype(float)
    good, poor = np.where(label > 0, 0.6, 0.2), np.full(2000, 0.3)
    assert beats(good, poor, label)[0]
    assert not beats(poor, good, label)[0]
    assert beats(poor, poor, label) == (False, 0.0)


def chosen() -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Rows that choose by `drop`: the three kinds often, one of them twice alone."""
    features, _, month = made()
    label = pd.Series(np.select([features["drop"] > 0.7, features["drop"] < -0.7], ["high", "low"], "middle"), dtype=object)
    label.iloc[:2] = "rare"
    return features, label, month


def test_choices_are_learnt_with_chances_that_add_up():
    features, label, month = chosen()
    model = fit(features, label, month)
    assert model.classes == ("high", "low", "middle")
    assert model.left_out == {"rare": "was chosen 2 times"}
    assert model.figures["right"] > 0.9 > 0.6 > model.figures["commonest_right"]
    chance = predict(model, features)
    assert chance.shape == (len(features), 3)
    assert np.allclose(chance.sum(axis=1), 1)
    assert fit(*chosen()) == model


def test_a_choice_that_the_model_does_not_know_was_next_to_impossible():
    features, label, month = chosen()
    given = of_what_happened(fit(features, label, month), features, label)
    assert given[0] == given[1] == LEAST_CHANCE
    assert given[2:].mean() > 0.7


def test_one_choice_alone_is_none():
    features, label, month = chosen()
    with pytest.raises(ScoringError, match="1 choices were made by 20 rows or more; at least 2 are needed"):
        fit(features, pd.Series(["high"] * len(label), dtype=object), month)


def test_few_rows_of_choices_are_refused():
    features, label, month = chosen()
    some = (month != MONTHS[4]) | (np.arange(len(month)) < 2410)
    with pytest.raises(ScoringError, match="the months for test hold 10 rows; at least 20 are needed"):
        fit(features[some], label[some], month[some])


def test_choices_that_nobody_makes_later_are_refused():
    features, label, month = chosen()
    with pytest.raises(ScoringError, match="nobody of the months for test chose any of high, low, middle"):
        fit(features, label.where(month != MONTHS[4], "new"), month)
