"""Simpler rules on the same rows: what a model must beat to be worth its keep. Pure."""

from typing import Any

import numpy as np
import pandas as pd

from orchestration.scoring.metrics import auc, lift
from orchestration.scoring.model import Model

Array = np.ndarray[Any, np.dtype[Any]]


def baselines(
    model: Model, features: pd.DataFrame, label: Array, train: Array, test: Array, rules: dict[str, str]
) -> dict[str, dict[str, float | None]]:
    """AUC and lift at a tenth on the rows of `test`: of each rule (a column that ranks by itself), and of naive Bayes and a
    logistic regression learnt from the rows of `train` on the numbers that the model goes by.

    Unknown figures count as the median, figures are brought to equal scales, for these two cannot do it by themselves.
    """
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import QuantileTransformer, StandardScaler

    numbers = [name for name in model.features if name not in model.categories]
    known = features[numbers].astype(np.float64)
    quantiles = min(1000, int(train.sum()))
    learners = {
        "naive_bayes": make_pipeline(
            SimpleImputer(strategy="median"), QuantileTransformer(n_quantiles=quantiles, random_state=1), GaussianNB()
        ),
        "logistic_regression": make_pipeline(
            SimpleImputer(strategy="median", add_indicator=True), StandardScaler(), LogisticRegression(max_iter=300)
        ),
    }
    scores: dict[str, Array] = {name: features.loc[test, column].fillna(0).to_numpy(float) for name, column in rules.items()}
    for name, learner in learners.items():
        learner.fit(known[train], label[train])
        scores[name] = learner.predict_proba(known[test])[:, 1]
    return {name: {"auc": auc(score, label[test]), "lift_10": lift(score, label[test], 0.1)} for name, score in scores.items()}
