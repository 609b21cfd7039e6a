"""Training and scoring of the value-loss warning on a build: what is read, what is kept, when it is due. Thin: the learning is
`model`'s, the words are `reasons`', files are `store`'s and `ledger`'s.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from orchestration.base.settings import Home
from orchestration.scoring import ledger
from orchestration.scoring.baselines import baselines
from orchestration.scoring.errors import ScoringError
from orchestration.scoring.features import Features, features_of
from orchestration.scoring.metrics import beats
from orchestration.scoring.model import LEAST_MONTHS, contributions, day_of, fit, importance, predict
from orchestration.scoring.reasons import COLUMNS, reasons
from orchestration.scoring.store import SCORE, Kept, Store
from orchestration.warehouse.manifest import Models, relation_for

LABEL, MID_HIGH_END = "is_value_lost", "is_mid_high_end"
MOST_ROWS = 300_000
"""Rows that are learnt from, and of each month to calibrate and test on: more cost time and change no figure."""
ROWS_AT_ONCE = 100_000
PLACES = 6
"""Decimals of a chance: more say nothing, and engines differ in the sixteenth."""
RULES = {"alerts": "alerts_raised", "group_rate_score": "group_rate_score"}
"""Rules that rank lines by themselves, and the features that hold them."""

Ask = Callable[[str], pd.DataFrame]


@dataclass(frozen=True)
class Trained:
    """What became of training. `why`: in words, also where none was due; `version`: the model trained; `scores`: whether it is
    the one that scores from now on."""

    why: str
    version: str | None = None
    scores: bool = False


@dataclass(frozen=True)
class Scored:
    """What became of scoring: month, lines and model of the scores that stand; `is_new`: they differ from those of before."""

    why: str
    month: date | None = None
    version: str | None = None
    lines: int = 0
    is_new: bool = False


def store_of(home: Home) -> Store:
    """The models of the value-loss warning."""
    return Store(home.models / SCORE)


def train(ask: Ask, models: Models, home: Home, note: Callable[[str], None]) -> Trained:
    """Trains a model where a month's outcome has become known since the last one; it scores where it beats the one that does.

    `ask` gives the rows of a query on the build. Raises ScoringError where the rows do not suffice, or a model is damaged.
    """
    months = _known_months(ask, models)
    store = store_of(home)
    if len(months) < LEAST_MONTHS:
        lacking = LEAST_MONTHS - len(months)
        return Trained(f"no model yet: {len(months)} of {LEAST_MONTHS} months have a known outcome, {lacking} more to come")
    features = features_of(models)
    for version in store.versions():
        if version.startswith(f"{months[-1]:%Y-%m}_") and store.load(version).goes_by(features.names):
            return Trained(f"not due: {version} was tested on {months[-1]:%Y-%m}, the last month whose outcome is known")
    note(f"reading {len(months)} months")
    rows = pd.concat([_labelled(ask, models, features, month, months) for month in months], ignore_index=True)
    label = rows[LABEL].astype(bool)
    note(f"learning from {len(rows):,} rows")
    model = fit(rows[features.names], label, rows["month"], segments={"mid_high_end": rows[MID_HIGH_END].astype(bool)})
    test = (rows["month"] == rows["month"].max()).to_numpy()
    learnt = (rows["month"] < sorted(rows["month"].unique())[-2]).to_numpy()
    note("comparing")
    labels = label.to_numpy(float)
    compared = baselines(model, rows[features.names], labels, learnt, test, RULES)
    champion = store.champion()
    standing = store.load(champion.version) if champion else None
    is_better, z = True, None
    if standing and standing.goes_by(features.names):
        tested = rows.loc[test, features.names]
        is_better, z = beats(predict(model, tested), predict(standing.model, tested), labels[test])
    card = {
        "baselines": compared,
        "importance": importance(model),
        "challenged": champion.version if champion else None,
        "standard_errors_better": z,
    }
    kept = store.save(model, _complete_month(ask, models), card)
    return _decide(store, kept, is_better, z)


def score(ask: Ask, models: Models, home: Home, note: Callable[[str], None]) -> Scored:
    """Scores the lines on-net at the end of the last complete month, unless the same model has scored the same features.

    Raises ScoringError where a model is damaged or knows months after this one; the scores that stand stay.
    """
    store = store_of(home)
    champion = store.champion()
    if champion is None:
        return Scored("no model yet")
    features, month = features_of(models), _complete_month(ask, models)
    kept = store.load(champion.version)
    if kept.trained_for > month:
        raise ScoringError(
            f"{kept.version} was trained in {kept.trained_for:%Y-%m} and knows what came after {month:%Y-%m}: it does not score "
            f"that month. Pin an earlier model (`telco360 scoring list`), or build a later date."
        )
    found = ask(f"select min(source_fingerprint) as told from {features.relation} where month = date '{month}'")
    made_from = {"features": str(found["told"].iloc[0]), "model": kept.version, "texts": _texts(features)}
    if ledger.made_from(home, month) == made_from:
        return Scored(f"{month:%Y-%m} is scored already", month, kept.version)
    rows = ask(
        f"select subscriber_id, is_too_new, {', '.join(features.names)} from {features.relation} "
        f"where month = date '{month}' order by subscriber_id"
    )
    scores = _scores(kept, rows, features, note)
    scores["month"] = month
    ledger.write_scores(home, month, scores, made_from)
    return Scored(f"{len(scores):,} lines of {month:%Y-%m} by {kept.version}", month, kept.version, len(scores), True)


def _scores(kept: Kept, rows: pd.DataFrame, features: Features, note: Callable[[str], None]) -> pd.DataFrame:
    """Scores and reasons of the rows, in their order; lines too new have neither."""
    scores = pd.DataFrame({"subscriber_id": rows["subscriber_id"], "probability": np.nan, "model_version": None}, dtype=object)
    scores[COLUMNS] = None
    old = np.flatnonzero(~rows["is_too_new"].to_numpy(bool))
    for start in range(0, len(old), ROWS_AT_ONCE):
        at = old[start : start + ROWS_AT_ONCE]
        part = rows.iloc[at]
        told = reasons(contributions(kept.model, part), part, features)
        scores.loc[at, COLUMNS] = told.to_numpy()
        scores.loc[at, "probability"] = predict(kept.model, part).round(PLACES)
        scores.loc[at, "model_version"] = kept.version
        note(f"{start + len(at):,} lines")
    scores["probability"] = scores["probability"].astype(float)
    return scores


def _decide(store: Store, kept: Kept, is_better: bool, z: float | None) -> Trained:
    champion = store.champion()
    auc = f"AUC {kept.model.figures['auc']:.3f} on {kept.tested_on:%Y-%m}"
    if champion and champion.is_pinned:
        return Trained(f"{kept.version}, {auc}; {champion.version} is pinned and scores", kept.version)
    if champion and not is_better:
        return Trained(
            f"{kept.version}, {auc}; not better than {champion.version} by more than chance, which scores", kept.version
        )
    store.crown(kept.version)
    return Trained(f"{kept.version}, {auc}; it scores from now on", kept.version, True)


def _labelled(ask: Ask, models: Models, features: Features, month: date, months: list[date]) -> pd.DataFrame:
    """Rows of a month with their outcome, a sample by a hash of the line where they are many."""
    learnt_from = len(months) - LEAST_MONTHS + 1
    most = MOST_ROWS // learnt_from if month < months[-2] else MOST_ROWS
    columns = ", ".join(f"features.{name}" for name in features.names)
    return ask(
        f"select features.month, {columns}, outcomes.{LABEL}, outcomes.{MID_HIGH_END} from {features.relation} as features "
        f"inner join {relation_for(models, 'scoring_outcomes')} as outcomes "
        f"on features.subscriber_id = outcomes.subscriber_id and features.month = outcomes.month "
        f"where features.month = date '{month}' and outcomes.month = date '{month}' and not features.is_too_new "
        f"order by md5(features.subscriber_id) limit {most}"
    )


def _known_months(ask: Ask, models: Models) -> list[date]:
    """Months with features whose outcome is known: the two months after them are complete and billed."""
    told = ask(f"select month from {relation_for(models, 'months')} where is_complete_month and is_billed order by month")
    known = {day_of(month) for month in told["month"][:-2]}
    there = ask(f"select distinct month from {relation_for(models, 'scoring_features')} order by month")
    return [day for month in there["month"] if (day := day_of(month)) in known]


def _complete_month(ask: Ask, models: Models) -> date:
    found = ask(f"select max(month) as month from {relation_for(models, 'months')} where is_complete_month")
    return day_of(found["month"].iloc[0])


def _texts(features: Features) -> str:
    return hashlib.sha256(repr(features.columns).encode()).hexdigest()[:12]
