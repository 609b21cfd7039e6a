"""A model of chances: gradient-boosted trees and a calibration, learnt on early months and tested on a month not seen.

Pure: frames in, a model or figures out. Where rows come from, and where models are kept, is no matter here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from orchestration.scoring.errors import ScoringError
from orchestration.scoring.metrics import calibrated, metrics, platt

Array = np.ndarray[Any, np.dtype[Any]]

LEAST_MONTHS = 3
"""Months with a known label: one or more to learn from, one to calibrate on, one to test on."""

LEAST_OF_A_CLASS = 20
"""Rows of each class that each part needs: fewer say nothing."""

LEARNER: Mapping[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.15,
    # Small trees: TreeSHAP, of which reasons are made, costs leaves x depth squared a row and tree.
    "num_leaves": 8,
    "max_depth": 3,
    "min_data_in_leaf": 40,
    "lambda_l2": 5.0,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    # One thread and one order of sums: the same rows give the same file.
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
ROUNDS = 100


@dataclass(frozen=True)
class Model:
    """What `fit` learnt. `booster`: LightGBM's own text. `categories`: values of each text feature, in the order of their codes.
    `calibration`: slope and intercept on the trees' log-odds. `left_out`: why a feature was not learnt from, by name. `months`:
    which months it learnt from, was calibrated and tested on. `rows`: rows and positive ones of each of these. `figures`:
    metrics of the test month."""

    booster: str
    features: tuple[str, ...]
    categories: dict[str, tuple[str, ...]]
    calibration: tuple[float, float]
    left_out: dict[str, str]
    months: dict[str, list[date]]
    rows: dict[str, tuple[int, int]]
    figures: dict[str, Any] = field(default_factory=dict)


def fit(
    features: pd.DataFrame,
    label: pd.Series,
    month: pd.Series,
    *,
    segments: Mapping[str, pd.Series] | None = None,
    rounds: int = ROUNDS,
) -> Model:
    """Learns the chance that `label` is true.

    `features`: one row a line and month, numbers (null is unknown) or text; `label`: true or false, `month`: the row's month,
    both in the same order. The last month is for the test, the one before for calibration, all earlier ones are learnt from.
    `segments`: flags of rows, by name, for which the test is also reported apart.

    Raises ScoringError for fewer than three months, fewer than LEAST_OF_A_CLASS rows of a class in a part, or no usable feature.
    """
    parts = _parts(np.asarray(label, dtype=bool), pd.Series(np.asarray(month)))
    learn = parts["train"]
    usable, left_out = _usable(features.loc[learn])
    if not usable:
        raise ScoringError(f"no feature can be learnt from: {'; '.join(f'{n} {why}' for n, why in left_out.items())}")
    categories = {n: tuple(sorted(features.loc[learn, n].dropna().unique())) for n in usable if not _is_number(features[n])}
    rows, labels = _encoded(features, usable, categories), np.asarray(label, dtype=np.float64)
    booster = _boosted(rows[learn], labels[learn], usable, categories, rounds)
    raw = _log_odds(booster, rows[~learn])
    held = {name: part[~learn] for name, part in parts.items()}
    known = labels[~learn]
    calibration = platt(raw[held["calibration"]], known[held["calibration"]])
    chance = calibrated(raw[held["test"]], calibration)
    flags = {name: np.asarray(flag, dtype=bool)[parts["test"]] for name, flag in (segments or {}).items()}
    return Model(
        booster=booster,
        features=tuple(usable),
        categories=categories,
        calibration=calibration,
        left_out=left_out,
        months={name: sorted({day_of(m) for m in np.asarray(month)[part]}) for name, part in parts.items()},
        rows={name: (int(part.sum()), int(labels[part].sum())) for name, part in parts.items()},
        figures=metrics(chance, known[held["test"]], flags),
    )


def predict(model: Model, features: pd.DataFrame) -> Array:
    """The calibrated chance of each row, 0 to 1, in the order of the frame. A text that the model never saw counts as unknown.

    Raises ScoringError where the frame lacks a feature of the model.
    """
    return calibrated(_log_odds(model.booster, _rows(model, features)), model.calibration)


def contributions(model: Model, features: pd.DataFrame) -> pd.DataFrame:
    """How much each feature raises (above 0) or lowers each row's calibrated log-odds against the mean line; a column a feature.

    LightGBM's own (`pred_contrib`, TreeSHAP). Raises ScoringError where the frame lacks a feature of the model.
    """
    import lightgbm

    found = lightgbm.Booster(model_str=model.booster).predict(_rows(model, features), pred_contrib=True)
    return pd.DataFrame(np.asarray(found)[:, :-1] * model.calibration[0], columns=list(model.features), index=features.index)


def importance(model: Model) -> dict[str, float]:
    """Share of the gain of all splits that each feature made, the greatest first; they add up to 1."""
    import lightgbm

    gain = lightgbm.Booster(model_str=model.booster).feature_importance("gain")
    shares = dict(zip(model.features, (gain / max(gain.sum(), 1e-12)).tolist(), strict=True))
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def _parts(label: Array, month: pd.Series) -> dict[str, Array]:
    months = sorted(month.unique())
    if len(months) < LEAST_MONTHS:
        raise ScoringError(
            f"{len(months)} months have a known outcome; {LEAST_MONTHS} are needed, to learn, calibrate and test on"
        )
    last, before = months[-1], months[-2]
    parts = {
        "train": (month < before).to_numpy(),
        "calibration": (month == before).to_numpy(),
        "test": (month == last).to_numpy(),
    }
    for name, part in parts.items():
        positive = int(label[part].sum())
        if min(positive, int(part.sum()) - positive) < LEAST_OF_A_CLASS:
            raise ScoringError(
                f"the months for {name} hold {int(part.sum())} rows, {positive} of them positive; at least {LEAST_OF_A_CLASS} of "
                f"each class are needed"
            )
    return parts


def _usable(learnt_from: pd.DataFrame) -> tuple[list[str], dict[str, str]]:
    left_out = {}
    for name in learnt_from.columns:
        distinct = learnt_from[name].nunique(dropna=True)
        if distinct == 0:
            left_out[str(name)] = "is null in every row"
        elif distinct == 1 and not learnt_from[name].hasnans:
            left_out[str(name)] = "has one value in every row"
    return [str(name) for name in learnt_from.columns if name not in left_out], left_out


def _is_number(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column))


def _rows(model: Model, features: pd.DataFrame) -> Array:
    if missing := [name for name in model.features if name not in features.columns]:
        raise ScoringError(f"the model goes by {', '.join(missing)}, which the features lack: train it anew")
    return _encoded(features, model.features, model.categories)


def _encoded(features: pd.DataFrame, names: Sequence[str], categories: Mapping[str, Sequence[str]]) -> Array:
    rows = np.empty((len(features), len(names)), dtype=np.float64)
    for at, name in enumerate(names):
        if name in categories:
            codes = {value: code for code, value in enumerate(categories[name])}
            rows[:, at] = features[name].map(codes).astype(np.float64)
        else:
            rows[:, at] = features[name].astype(np.float64)
    return rows


def _boosted(rows: Array, labels: Array, names: Sequence[str], categories: Mapping[str, Any], rounds: int) -> str:
    import lightgbm

    texts = [at for at, name in enumerate(names) if name in categories]
    learnt = lightgbm.Dataset(rows, labels, feature_name=list(names), categorical_feature=texts, params=dict(LEARNER))
    return str(lightgbm.train(dict(LEARNER), learnt, rounds).model_to_string())


def _log_odds(booster: str, rows: Array) -> Array:
    import lightgbm

    # Read back from its text: what is kept is what was tested.
    if not len(rows):
        return np.empty(0)
    return np.asarray(lightgbm.Booster(model_str=booster).predict(rows, raw_score=True), dtype=np.float64)


def day_of(value: Any) -> date:
    """A month as a date, whatever an engine gives it as."""
    day: date = pd.Timestamp(value).date()
    return day
