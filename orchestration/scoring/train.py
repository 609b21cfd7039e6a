"""Training: when a model is due, which rows it takes, and whether it scores from then on. Thin: the learning is `model`'s."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from orchestration.base.settings import Home
from orchestration.scoring.baselines import baselines
from orchestration.scoring.metrics import beats
from orchestration.scoring.model import LEARNER, LEAST_MONTHS, Model, fit, importance, of_what_happened
from orchestration.scoring.purposes import VALUE_LOSS, Purpose
from orchestration.scoring.rows import MOST_ROWS, Rows
from orchestration.scoring.store import Kept, Store

Note = Callable[[str], None]


@dataclass(frozen=True)
class Trained:
    """What became of training. `why`: in words, also where none was due; `version`: the model trained; `scores`: whether it is
    the one that scores from now on."""

    why: str
    version: str | None = None
    scores: bool = False


def store_of(home: Home, purpose: Purpose = VALUE_LOSS) -> Store[Model]:
    """The models of a purpose."""
    return Store(home.models / purpose.name, Model)


def inputs(rows: Rows, purpose: Purpose) -> list[str]:
    """The columns that a model of the purpose may learn from."""
    return [*rows.features.names, *([purpose.item] if purpose.item else [])]


def train(rows: Rows, home: Home, purpose: Purpose, note: Note) -> Trained:
    """Trains a model where a month's outcome has become known since the last one; it scores where it beats the one that does.

    Raises ScoringError where the rows do not suffice, or a model is damaged.
    """
    months, store, names = rows.known(purpose), store_of(home, purpose), inputs(rows, purpose)
    if (lacking := LEAST_MONTHS - len(months)) > 0:
        known = f"{len(months)} of {LEAST_MONTHS} months have a known outcome, {lacking} more to come"
        return Trained(f"no model yet: {known}; {rows.first_trained(purpose)}")
    for version in store.versions():
        if version.startswith(f"{months[-1]:%Y-%m}_") and store.load(version).goes_by(names):
            return Trained(f"not due: {version} was tested on {months[-1]:%Y-%m}, the last month whose outcome is known")
    if not rows.is_told(purpose, months[-1]):
        stands = "not due" if store.champion() else "no model"
        return Trained(f"{stands}: nothing that is delivered tells what happened after {months[-1]:%Y-%m}")
    note(f"{purpose.name}: reading {len(months)} months")
    found = rows.labelled(purpose, months)
    label = found["label"] if purpose.is_choice else found["label"].astype(bool)
    note(f"{purpose.name}: learning from {len(found):,} rows")
    flags = {name: found[column].astype(bool) for name, column in purpose.flags.items()}
    model = fit(found[names], label, found["month"], segments=flags)
    note(f"{purpose.name}: comparing")
    test = (found["month"] == found["month"].max()).to_numpy()
    learnt = (found["month"] < sorted(found["month"].unique())[-2]).to_numpy()
    champion = store.champion()
    is_better, z = _compared(store, model, found.loc[test, names], label[test])
    card: dict[str, Any] = {
        "baselines": {} if purpose.is_choice else _rules(purpose, model, found, label.to_numpy(float), learnt, test),
        "importance": importance(model),
        "challenged": champion.version if champion else None,
        "standard_errors_better": z,
        "learner": dict(LEARNER),
        "most_rows": MOST_ROWS,
    }
    assert rows.last is not None
    return decide(store, store.save(model, rows.last, card), is_better, figure(model))


def figure(model: Model) -> str:
    """How good a model is, in the one figure that its kind goes by."""
    figures, month = model.figures, model.known_by
    if model.classes:
        return f"right {figures['right']:.1%} (the commonest: {figures['commonest_right']:.1%}) on {month:%Y-%m}"
    return f"AUC {figures['auc']:.3f} on {month:%Y-%m}"


def decide(store: Store[Any], kept: Kept[Any], is_better: bool, told: str) -> Trained:
    """Has a new model score where it may; says so."""
    champion = store.champion()
    if champion and champion.is_pinned:
        return Trained(f"{kept.version}, {told}; {champion.version} is pinned and scores", kept.version)
    if champion and champion.version != kept.version and not is_better:
        return Trained(
            f"{kept.version}, {told}; not better than {champion.version} by more than chance, which scores", kept.version
        )
    store.crown(kept.version)
    return Trained(f"{kept.version}, {told}; it scores from now on", kept.version, True)


def _compared(store: Store[Model], model: Model, tested: pd.DataFrame, label: pd.Series) -> tuple[bool, float | None]:
    """Whether the model is better than the one that scores on the rows of its test, and by how many standard errors."""
    champion = store.champion()
    standing = store.load(champion.version) if champion else None
    if standing is None or not standing.goes_by(tested.columns):
        return True, None
    new, old = (of_what_happened(one, tested, label) for one in (model, standing.model))
    return beats(new, old, np.ones(len(tested)))


def _rules(
    purpose: Purpose, model: Model, found: pd.DataFrame, label: np.ndarray, learnt: np.ndarray, test: np.ndarray
) -> dict[str, dict[str, float | None]]:
    """Simpler rules on the rows of the test; of items also how often each was taken."""
    rules, frame = dict(purpose.rules), found
    if purpose.item:
        rate = pd.Series(label[learnt]).groupby(found.loc[learnt, purpose.item].to_numpy()).mean()
        rules["rate of the class"] = "rate_of_class"
        frame = found.assign(rate_of_class=found[purpose.item].map(rate))
    columns = [*model.features, *(name for name in rules.values() if name not in model.features)]
    return baselines(model, frame[columns], label, learnt, test, rules)
