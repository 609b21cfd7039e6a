"""What asking changes: how much likelier each line is to take an offer because it was asked, learnt from both arms of lists.

Pure: frames in, a model or figures out. Two ways are learnt on the same members and the better one on others is kept: two models,
the chance of the asked less that of the held back; and one of the transformed outcome (Athey and Imbens 2016), whose mean is the
uplift wherever the arms were drawn by chance. Which is better, and whether either is, says Qini (Radcliffe 2007).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from orchestration.scoring.errors import ScoringError
from orchestration.scoring.model import REPEATABLE

Array = np.ndarray[Any, np.dtype[Any]]

TWO_MODELS, TRANSFORMED = "two_models", "transformed_outcome"
HELD_OUT = 0.3
"""Share of the members that nothing is learnt from: Qini is told of them alone."""
ROUNDS = 60
SHUFFLES, BETTER_THAN = 200, 0.95
"""Orders by chance of the members held out, and the share of them that an uplift's order must beat."""
LEARNER: Mapping[str, Any] = {
    **REPEATABLE,
    "learning_rate": 0.08,
    # Uplift is a small difference of noisy figures: shallow trees with many members a leaf.
    "num_leaves": 6,
    "max_depth": 3,
    "min_data_in_leaf": 60,
    "lambda_l2": 10.0,
    "feature_fraction": 0.8,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
}


@dataclass(frozen=True)
class Least:
    """Members of each arm, and how many of these with an order and without one, below which nothing is learnt; both of those
    learnt from and of those held out."""

    members: int
    taken: int


@dataclass(frozen=True)
class Uplift:
    """What `fit` learnt. `way`: TWO_MODELS, of which `boosters` holds that of the treated and that of the control, or
    TRANSFORMED, with one; LightGBM's own text. `categories`: values of each text feature, in the order of their codes. `qini`:
    of each way on the members held out; `by_chance`: what BETTER_THAN of the orders by chance of these do not exceed. `members`:
    treated and control learnt from."""

    way: str
    boosters: tuple[str, ...]
    features: tuple[str, ...]
    categories: dict[str, tuple[str, ...]]
    qini: dict[str, float]
    by_chance: float
    members: tuple[int, int]

    @property
    def is_better_than_chance(self) -> bool:
        """Whether it orders members held out better than chance would."""
        return self.qini[self.way] > self.by_chance


def fit(features: pd.DataFrame, is_treated: pd.Series, has_ordered: pd.Series, key: pd.Series, least: Least) -> Uplift:
    """Learns uplift from members of lists whose arms were drawn by chance.

    `features`: one row a member, numbers and texts, what was known at the export. `key`: what the member is called; its hash
    decides who is held out, so that the same members always are. Raises ScoringError where an arm, learnt from or held out, has
    fewer members, or fewer of either outcome, than `least`.
    """
    treated, ordered = is_treated.to_numpy(bool), has_ordered.to_numpy(bool)
    held_out = pd.util.hash_array(key.to_numpy(object)) / 2.0**64 < HELD_OUT
    for part, rows in (("learnt from", ~held_out), ("held out", held_out)):
        _require_enough(part, treated[rows], ordered[rows], least)
    categories = {
        str(name): tuple(sorted(features[name].dropna().unique()))
        for name in features.columns
        if not pd.api.types.is_numeric_dtype(features[name])
    }
    names = tuple(str(name) for name in features.columns)
    rows = _encoded(features, names, categories)
    learnt, asked = ~held_out, treated & ~held_out
    back = learnt & ~asked
    share = float(asked.sum() / learnt.sum())
    outcome = ordered * np.where(treated, 1 / share, -1 / (1 - share))
    boosters = {
        TWO_MODELS: tuple(_boosted("binary", rows[arm], ordered[arm], names, categories) for arm in (asked, back)),
        TRANSFORMED: (_boosted("regression", rows[learnt], outcome[learnt], names, categories),),
    }
    told = {way: _difference(texts, rows[held_out]) for way, texts in boosters.items()}
    found = {way: qini(score, treated[held_out], ordered[held_out]) for way, score in told.items()}
    way = max(found, key=lambda name: found[name])
    chance = _qini_by_chance(told[way], treated[held_out], ordered[held_out])
    return Uplift(way, boosters[way], names, categories, found, chance, (int(asked.sum()), int(back.sum())))


def predict(model: Uplift, features: pd.DataFrame) -> Array:
    """By how much being asked raises the chance that each line orders, -1 to 1; below 0 where it puts off.

    Raises ScoringError where the features lack one that the model goes by.
    """
    if missing := [name for name in model.features if name not in features.columns]:
        raise ScoringError(f"the uplift goes by {', '.join(missing)}, which the features lack: learn it anew")
    return np.clip(_difference(model.boosters, _encoded(features, model.features, model.categories)), -1, 1)


def qini(score: Array, is_treated: Array, has_ordered: Array) -> float:
    """Orders a treated member that an order by score wins over an order by chance, on average over all depths of a list; 0 for
    none.

    At each depth: orders of the treated less those of the control, the latter as many as the treated. The area between this and
    the straight line to its end, over the number of treated. Rows of one score count at once. Arrays, one row a member.
    """
    order = np.argsort(-score, kind="stable")
    treated, ordered = is_treated[order].astype(float), has_ordered[order].astype(float)
    last = np.append(np.diff(score[order]) != 0, True)
    asked, back = np.cumsum(treated), np.cumsum(1 - treated)
    scale = np.divide(asked, back, out=np.zeros_like(asked), where=back > 0)
    won = np.append(0, (np.cumsum(ordered * treated) - np.cumsum(ordered * (1 - treated)) * scale)[last])
    depth = np.append(0, (np.arange(1, len(score) + 1) / len(score))[last])
    area = float(np.sum((won[1:] + won[:-1]) / 2 * np.diff(depth)))
    return (area - float(won[-1]) / 2) / max(float(asked[-1]), 1.0)


def _qini_by_chance(score: Array, is_treated: Array, has_ordered: Array) -> float:
    """Qini that BETTER_THAN of the orders by chance do not exceed."""
    draws = np.random.default_rng(1)
    return float(np.quantile([qini(draws.permutation(score), is_treated, has_ordered) for _ in range(SHUFFLES)], BETTER_THAN))


def _require_enough(part: str, treated: Array, ordered: Array, least: Least) -> None:
    for arm, rows in (("treated", treated), ("control", ~treated)):
        members, taken = int(rows.sum()), int(ordered[rows].sum())
        if members < least.members or not least.taken <= taken <= members - least.taken:
            raise ScoringError(
                f"{part}: {members:,} {arm} members, {taken:,} of them with an order; {least.members} members and "
                f"{least.taken} of either outcome are needed"
            )


def _difference(boosters: Sequence[str], rows: Array) -> Array:
    """Uplift of each row: what the first says, less what the second says where there are two."""
    import lightgbm

    told = [np.asarray(lightgbm.Booster(model_str=text).predict(rows), dtype=np.float64) for text in boosters]
    return told[0] - told[1] if len(told) > 1 else told[0]


def _encoded(features: pd.DataFrame, names: Sequence[str], categories: Mapping[str, Sequence[str]]) -> Array:
    """Rows as numbers: of a text its place among the values learnt, unknown else."""
    columns = [
        features[name].map({value: code for code, value in enumerate(categories[name])}) if name in categories else features[name]
        for name in names
    ]
    return np.column_stack([column.astype(np.float64).to_numpy() for column in columns])


def _boosted(objective: str, rows: Array, labels: Array, names: Sequence[str], categories: Mapping[str, Any]) -> str:
    import lightgbm

    settings = {**LEARNER, "objective": objective}
    texts = [at for at, name in enumerate(names) if name in categories]
    data = lightgbm.Dataset(rows, labels, feature_name=list(names), categorical_feature=texts, params=settings)
    return str(lightgbm.train(settings, data, ROUNDS).model_to_string())
