"""A model of chances: gradient-boosted trees and a calibration, learnt on early months and tested on a month not seen. Of an
event that happens or not, or of which of several choices it will be.

Pure: frames in, a model or figures out. Where rows come from, and where models are kept, is no matter here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from orchestration.scoring.drift import reference
from orchestration.scoring.errors import ScoringError
from orchestration.scoring.metrics import calibrated, metrics, of_choices, platt

Array = np.ndarray[Any, np.dtype[Any]]

LEAST_MONTHS = 3
"""Months with a known label: one or more to learn from, one to calibrate on, one to test on."""

LEAST_OF_A_CLASS = 20
"""Rows of each class that each part needs: fewer say nothing."""

LEAST_CHANCE = 1e-3
"""Counted for a choice that a model does not know, where models are compared."""

REPEATABLE: Mapping[str, Any] = {
    # One thread and one order of sums: the same rows give the same file.
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
"""Settings of LightGBM that all that is learnt shares."""

LEARNER: Mapping[str, Any] = {
    **REPEATABLE,
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
}
ROUNDS = 100


@dataclass(frozen=True)
class Model:
    """What `fit` learnt. `booster`: LightGBM's own text. `categories`: values of each text feature, in the order of their codes.
    `calibration`: slope and intercept on the trees' log-odds. `left_out`: why a feature was not learnt from, by name. `months`:
    which months it learnt from, was calibrated and tested on. `rows`: rows and positive ones of each of these. `figures`:
    metrics of the test month. `classes`: the choices, of a model of choices; none of one of an event. `spread`: how the features
    that it learnt from are spread, by name (see `drift`)."""

    booster: str
    features: tuple[str, ...]
    categories: dict[str, tuple[str, ...]]
    calibration: tuple[float, float]
    left_out: dict[str, str]
    months: dict[str, list[date]]
    rows: dict[str, tuple[int, int]]
    figures: dict[str, Any] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    spread: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What is kept as the model itself."""
        return self.booster

    @property
    def known_by(self) -> date:
        """The month that its version is named after: that of its test."""
        return self.months["test"][0]

    def facts(self) -> dict[str, Any]:
        """All but the text, as JSON values."""
        return {name: value for name, value in asdict(self).items() if name != "booster"}

    @classmethod
    def read(cls, text: str, facts: Mapping[str, Any]) -> "Model":
        """The model of a text and its facts."""
        slope, intercept = facts["calibration"]
        return cls(
            booster=text,
            features=tuple(facts["features"]),
            categories={name: tuple(values) for name, values in facts["categories"].items()},
            calibration=(slope, intercept),
            left_out=facts["left_out"],
            months={name: [date.fromisoformat(month) for month in months] for name, months in facts["months"].items()},
            rows={name: (rows, positive) for name, (rows, positive) in facts["rows"].items()},
            figures=facts["figures"],
            classes=tuple(facts.get("classes", ())),
            spread=facts.get("spread", {}),
        )


def fit(
    features: pd.DataFrame,
    label: pd.Series,
    month: pd.Series,
    *,
    segments: Mapping[str, pd.Series] | None = None,
    rounds: int = ROUNDS,
) -> Model:
    """Learns the chance that `label` is true; or, where it is text, the chance of each text that it may be.

    `features`: one row a line and month, numbers (null is unknown) or text; `label`: true or false, or text, `month`: the row's
    month, both in the same order. The last month is for the test, the one before for calibration, all earlier ones are learnt
    from. `segments`: flags of rows, by name, for which the test is also reported apart.

    Of choices, one that fewer than LEAST_OF_A_CLASS rows learnt from made is left out, and figures are of rows and choices: did
    the row make this one?

    Raises ScoringError for fewer than three months, fewer than LEAST_OF_A_CLASS rows of a class in a part, or no usable feature.
    """
    is_choice = not (pd.api.types.is_bool_dtype(label) or pd.api.types.is_numeric_dtype(label))
    truth, months = np.asarray(label, dtype=object if is_choice else bool), pd.Series(np.asarray(month))
    parts = _parts(None if is_choice else truth, months)
    learn = parts["train"]
    usable, left_out = _usable(features.loc[learn])
    if not usable:
        raise ScoringError(f"no feature can be learnt from: {'; '.join(f'{n} {why}' for n, why in left_out.items())}")
    classes, rare = _choices(truth[learn]) if is_choice else ((), {})
    categories = {n: tuple(sorted(features.loc[learn, n].dropna().unique())) for n in usable if not _is_number(features[n])}
    rows = _encoded(features, usable, categories)
    happened = truth[:, None] == np.array(classes, dtype=object) if is_choice else truth[:, None]
    labels = happened.astype(np.float64)
    if barren := [name for name, part in parts.items() if not labels[part].any()]:
        raise ScoringError(f"nobody of the months for {barren[0]} chose any of {', '.join(classes)}")
    taught = learn & happened.any(axis=1) if is_choice else learn
    booster = _boosted(
        rows[taught], labels[taught].argmax(axis=1) if is_choice else labels[taught, 0], usable, categories, rounds, classes
    )
    raw = _log_odds(booster, rows[~learn], len(classes))
    held, known = {name: part[~learn] for name, part in parts.items()}, labels[~learn]
    calibration = platt(raw[held["calibration"]].ravel(), known[held["calibration"]].ravel())
    chance = _chances(raw[held["test"]], calibration)
    flags = {name: np.asarray(flag, dtype=bool)[parts["test"]] for name, flag in (segments or {}).items()}
    figures = metrics(chance.ravel(), known[held["test"]].ravel(), {n: flag.repeat(labels.shape[1]) for n, flag in flags.items()})
    if is_choice:
        figures |= of_choices(chance, known[held["test"]], labels[learn])
    return Model(
        booster=booster,
        features=tuple(usable),
        categories=categories,
        calibration=calibration,
        left_out=left_out | rare,
        months={name: sorted({day_of(m) for m in np.asarray(month)[part]}) for name, part in parts.items()},
        rows={name: (int(part.sum()), int(labels[part].sum())) for name, part in parts.items()},
        figures=figures,
        classes=classes,
        spread=reference(features.loc[learn, usable]),
    )


def predict(model: Model, features: pd.DataFrame) -> Array:
    """The calibrated chance of each row, 0 to 1, in the order of the frame; of a model of choices a column each, which add up to
    1 in a row. A text that the model never saw counts as unknown.

    Raises ScoringError where the frame lacks a feature of the model.
    """
    found = _chances(_log_odds(model.booster, _rows(model, features), len(model.classes)), model.calibration)
    return found if model.classes else found[:, 0]


def of_what_happened(model: Model, features: pd.DataFrame, label: pd.Series) -> Array:
    """The chance that the model gave to what became of each row; of a choice that it does not know, next to none."""
    chance = predict(model, features)
    if not model.classes:
        return np.where(label.astype(bool), chance, 1 - chance)
    codes = {name: at for at, name in enumerate(model.classes)}
    at = label.map(codes).to_numpy(float)
    known = np.take_along_axis(chance, np.nan_to_num(at).astype(int)[:, None], axis=1)[:, 0]
    return np.where(np.isnan(at), LEAST_CHANCE, np.maximum(known, LEAST_CHANCE))


def contributions(model: Model, features: pd.DataFrame) -> pd.DataFrame:
    """How much each feature raises (above 0) or lowers each row's calibrated log-odds against the mean line; a column a feature.
    Of a model of an event.

    LightGBM's own (`pred_contrib`, TreeSHAP). What a tree adds to a row follows from the sides of the tree's few splits on which
    the row lies: it is asked for once for each case that there is. Raises ScoringError where the frame lacks a feature of the
    model.
    """
    import lightgbm

    rows, booster = _rows(model, features), lightgbm.Booster(model_str=model.booster)
    columns, unknown = np.ascontiguousarray(rows.T), np.isnan(rows.T)
    added = np.zeros(columns.shape)
    for tree, splits in enumerate(_splits(model, booster)):
        case, cases = np.zeros(len(rows), dtype=np.int64), 1
        for at, cuts in splits.items():
            side = sum((columns[at] > cut for cut in cuts), (len(cuts) + 1) * unknown[at].astype(np.int64))
            case, cases = case * (len(cuts) + 2) + side, cases * (len(cuts) + 2)
        example = np.full(cases, -1)
        example[case] = np.arange(len(rows))
        there = np.flatnonzero(example >= 0)
        # One thread: more take longer to begin than so few rows take.
        asked: dict[str, Any] = {"pred_contrib": True, "start_iteration": tree, "num_iteration": 1, "num_threads": 1}
        told = np.asarray(booster.predict(rows[example[there]], **asked))
        of_case = np.zeros(cases)
        for at in splits:
            of_case[there] = told[:, at]
            added[at] += of_case[case]
    return pd.DataFrame(added.T * model.calibration[0], columns=list(model.features), index=features.index)


def importance(model: Model) -> dict[str, float]:
    """Share of the gain of all splits that each feature made, the greatest first; they add up to 1."""
    import lightgbm

    gain = lightgbm.Booster(model_str=model.booster).feature_importance("gain")
    shares = dict(zip(model.features, (gain / max(gain.sum(), 1e-12)).tolist(), strict=True))
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def _parts(label: Array | None, month: pd.Series) -> dict[str, Array]:
    """The rows of each part, where there are enough of them: of each class of `label`, where it is given."""
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
        rows = int(part.sum())
        if label is None and rows < LEAST_OF_A_CLASS:
            raise ScoringError(f"the months for {name} hold {rows} rows; at least {LEAST_OF_A_CLASS} are needed")
        positive = int(label[part].sum()) if label is not None else rows
        if label is not None and min(positive, rows - positive) < LEAST_OF_A_CLASS:
            raise ScoringError(
                f"the months for {name} hold {rows} rows, {positive} of them positive; at least {LEAST_OF_A_CLASS} of "
                f"each class are needed"
            )
    return parts


def _choices(made: Array) -> tuple[tuple[str, ...], dict[str, str]]:
    """The choices that rows made often enough, and why others are left out."""
    counts = pd.Series(made).value_counts()
    often = tuple(sorted(str(name) for name, count in counts.items() if count >= LEAST_OF_A_CLASS))
    if len(often) < 2:
        raise ScoringError(f"{len(often)} choices were made by {LEAST_OF_A_CLASS} rows or more; at least 2 are needed")
    rare = {str(name): f"was chosen {count} times" for name, count in sorted(counts.items()) if count < LEAST_OF_A_CLASS}
    return often, rare


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


def _splits(model: Model, booster: Any) -> Iterator[dict[int, list[float]]]:
    """Of each tree, by the place of a feature, the figures at which it splits; of a text all codes but the last."""

    def of(node: dict[str, Any]) -> Iterator[tuple[int, Any]]:
        if "split_feature" in node:
            yield node["split_feature"], node["threshold"]
            yield from of(node["left_child"])
            yield from of(node["right_child"])

    codes = {at: list(range(len(model.categories[name]))) for at, name in enumerate(model.features) if name in model.categories}
    for tree in booster.dump_model()["tree_info"]:
        splits: dict[int, set[float]] = {}
        for at, cut in of(tree["tree_structure"]):
            splits.setdefault(at, set()).update(codes[at][:-1] if at in codes else [cut])
        yield {at: sorted(cuts) for at, cuts in splits.items()}


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


def _boosted(
    rows: Array, labels: Array, names: Sequence[str], categories: Mapping[str, Any], rounds: int, classes: Sequence[str]
) -> str:
    import lightgbm

    texts = [at for at, name in enumerate(names) if name in categories]
    learner = dict(LEARNER) | ({"objective": "multiclass", "num_class": len(classes)} if classes else {})
    learnt = lightgbm.Dataset(rows, labels, feature_name=list(names), categorical_feature=texts, params=learner)
    # Of choices each round grows a tree a choice.
    return str(lightgbm.train(learner, learnt, max(rounds // max(len(classes), 1), 10)).model_to_string())


def _log_odds(booster: str, rows: Array, choices: int) -> Array:
    """Log-odds of each row, one column, or one a choice."""
    import lightgbm

    # Read back from its text: what is kept is what was tested.
    if not len(rows):
        return np.empty((0, choices or 1))
    raw = np.asarray(lightgbm.Booster(model_str=booster).predict(rows, raw_score=True), dtype=np.float64)
    if not choices:
        return raw[:, None]
    shifted = np.exp(raw - raw.max(axis=1, keepdims=True))
    share = np.clip(shifted / shifted.sum(axis=1, keepdims=True), 1e-9, 1 - 1e-9)
    return np.asarray(np.log(share) - np.log1p(-share))


def _chances(log_odds: Array, calibration: tuple[float, float]) -> Array:
    chance = calibrated(log_odds, calibration)
    return chance if chance.shape[1] == 1 else chance / chance.sum(axis=1, keepdims=True)


def day_of(value: Any) -> date:
    """A month as a date, whatever an engine gives it as."""
    day: date = pd.Timestamp(value).date()
    return day
