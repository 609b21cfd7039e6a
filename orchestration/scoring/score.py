"""Scoring of the last complete month. Thin: chances are `model`'s, words are `reasons`', files are `ledger`'s."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from orchestration.base.settings import Home
from orchestration.scoring import ledger
from orchestration.scoring.drift import psi
from orchestration.scoring.errors import ScoringError
from orchestration.scoring.features import Features
from orchestration.scoring.model import Model, contributions, predict
from orchestration.scoring.purposes import Purpose
from orchestration.scoring.reasons import COLUMNS, reasons
from orchestration.scoring.rows import Rows
from orchestration.scoring.store import Kept
from orchestration.scoring.train import Note, store_of

ROWS_AT_ONCE = 100_000
PLACES = 6
"""Decimals of a chance: more say nothing, and engines differ in the sixteenth."""


@dataclass(frozen=True)
class Scored:
    """What became of scoring: month, lines and model of the scores that stand; `is_new`: they differ from those of before."""

    why: str
    month: date | None = None
    version: str | None = None
    lines: int = 0
    is_new: bool = False


def score(rows: Rows, home: Home, purpose: Purpose, note: Note) -> Scored:
    """Scores the lines on-net at the end of the last complete month, unless the same model has scored the same features.

    Raises ScoringError where a model is damaged or knows months after this one; the scores that stand stay.
    """
    store = store_of(home, purpose)
    champion, month = store.champion(), rows.last
    if champion is None or month is None:
        return Scored("no model yet")
    kept = store.load(champion.version)
    require_known(kept, month)
    made_from = {"features": rows.last_fingerprint, "model": kept.version}
    if purpose.has_reasons:
        made_from["texts"] = _texts(rows.features)
    if ledger.made_from(home, month, purpose) == made_from:
        return Scored(f"{month:%Y-%m} is scored already", month, kept.version)
    note(f"{purpose.name}: reading")
    counts = []

    def scored() -> Iterator[pd.DataFrame]:
        for scores in _scores(kept, rows, purpose):
            counts.append(scores.loc[scores["probability"].notna(), "subscriber_id"].nunique())
            yield scores.assign(purpose=purpose.name, month=month)

    ledger.write_scores(home, month, purpose, scored(), made_from)
    ledger.write(home, ledger.CHECKS.file(home, month, f"{purpose.name}_drift"), ledger.CHECKS, drift(kept, rows, purpose))
    lines = sum(counts)
    return Scored(f"{lines:,} lines of {month:%Y-%m} by {kept.version}", month, kept.version, lines, True)


def _scores(kept: Kept[Model], rows: Rows, purpose: Purpose) -> Iterator[pd.DataFrame]:
    """The scores of the last complete month, frame after frame; a line's all in one."""
    if purpose.has_reasons:
        yield from (with_reasons(kept, lines, rows.features) for lines in rows.of_last())
    elif purpose.item:
        for lines, items in rows.of_last_with_items(purpose):
            yield from places(kept, lines, purpose, items)
    else:
        for lines in rows.of_last():
            yield from places(kept, lines, purpose, None)


def require_known(kept: Kept[Any], month: date) -> None:
    """Raises ScoringError for a model that was trained after the month: it knows what came then."""
    if kept.trained_for > month:
        raise ScoringError(
            f"{kept.version} was trained in {kept.trained_for:%Y-%m} and knows what came after {month:%Y-%m}: it does not score "
            f"that month. Pin an earlier model (`telco360 scoring list`), or build a later date."
        )


def with_reasons(kept: Kept[Model], rows: pd.DataFrame, features: Features) -> pd.DataFrame:
    """Chance and reasons of the rows, in their order; lines too new have neither."""
    scores = pd.DataFrame({"subscriber_id": rows["subscriber_id"], "probability": np.nan, "model_version": None}, dtype=object)
    scores[COLUMNS] = None
    for at in batches(rows):
        part = rows.iloc[at]
        told = reasons(contributions(kept.model, part), part, features)
        scores.loc[at, COLUMNS] = told.to_numpy()
        scores.loc[at, "probability"] = predict(kept.model, part).round(PLACES)
        scores.loc[at, "model_version"] = kept.version
    scores["probability"] = scores["probability"].astype(float)
    return scores


def places(kept: Kept[Model], rows: pd.DataFrame, purpose: Purpose, items: pd.DataFrame | None) -> Iterator[pd.DataFrame]:
    """The likeliest items or choices of the rows, at most `purpose.places` a line, with their chances; lines too new have none.

    `items`: line and item of all that is asked, where the purpose has items.
    """
    columns = ["subscriber_id", "place", "item", "probability", "model_version"]
    yield pd.DataFrame(columns=columns)
    asked = None if items is None else pd.Index(rows["subscriber_id"]).get_indexer(items["subscriber_id"])
    order = None if asked is None else np.argsort(asked, kind="stable")
    of_a_line = 1 if items is None else max(1, round(len(items) / max(len(rows), 1)))
    for at in batches(rows, ROWS_AT_ONCE // of_a_line):
        if items is not None and asked is not None and order is not None:
            span = order[slice(*np.searchsorted(asked, [at[0], at[-1] + 1], sorter=order))]
            span = span[np.isin(asked[span], at)]
            part = rows.iloc[asked[span]].assign(**{purpose.item: items["item"].to_numpy()[span]})
        else:
            part = rows.iloc[at]
        if purpose.needs:
            part = part[part[purpose.needs].notna()]
        chance = predict(kept.model, part)
        if kept.model.classes:
            best = chance.argmax(axis=1)
            named, chance = np.array(kept.model.classes, dtype=object)[best], np.take_along_axis(chance, best[:, None], 1)[:, 0]
        else:
            named = part[purpose.item].to_numpy() if purpose.item else None
        told = pd.DataFrame(
            {"subscriber_id": part["subscriber_id"].to_numpy(), "item": named, "probability": chance.round(PLACES)}
        )
        told = told.sort_values(["subscriber_id", "probability", "item"], ascending=[True, False, True], kind="stable")
        told["place"] = told.groupby("subscriber_id").cumcount() + 1
        told["model_version"] = kept.version
        yield told.loc[told["place"] <= purpose.places, columns]


def drift(kept: Kept[Model], rows: Rows, purpose: Purpose) -> pd.DataFrame:
    """How far each feature of the lines scored lies from what the model learnt from: rows of the checks."""
    # An item is no figure of a line.
    known = {name: spread for name, spread in kept.model.spread.items() if name != purpose.item}
    index, scored = psi(known, (lines[~lines["is_too_new"].to_numpy(bool)] for lines in rows.of_last()))
    return checks_frame(
        purpose,
        kept.version,
        rows.last,
        [{"kind": "drift", "part": name, "scores": scored, "psi": value} for name, value in index.items()],
    )


def checks_frame(purpose: Purpose, version: str | None, month: date | None, found: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows of the checks of a model and month, all columns in place."""
    frame = pd.DataFrame(found, columns=ledger.CHECKS.form.names)
    frame["purpose"], frame["model_version"], frame["month"] = purpose.name, version, month
    for name in ("scores", "positive"):
        frame[name] = frame[name].astype("Int64")
    return frame


def batches(rows: pd.DataFrame, size: int = ROWS_AT_ONCE) -> Iterator[np.ndarray]:
    """Positions of the rows that are scored, so many at a time."""
    old = np.flatnonzero(~rows["is_too_new"].to_numpy(bool))
    for start in range(0, len(old), size):
        yield old[start : start + size]


def _texts(features: Features) -> str:
    return hashlib.sha256(repr(features.columns).encode()).hexdigest()[:12]
