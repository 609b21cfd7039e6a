"""The cards of all models as rows of the ledger: what each was learnt from, how good it was found to be, which one scores."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pandas as pd

from orchestration.base.settings import Home
from orchestration.scoring import ledger
from orchestration.scoring.errors import ScoringError
from orchestration.scoring.grouping import segment_store
from orchestration.scoring.model import Model
from orchestration.scoring.offers import Uplifts, uplift_store
from orchestration.scoring.purposes import PURPOSES, SEGMENTS, UPLIFT
from orchestration.scoring.segments import Segments
from orchestration.scoring.store import Kept, Store
from orchestration.scoring.train import store_of


def stores(home: Home) -> dict[str, Store[Any]]:
    """The models of all purposes, by the purpose's name, segments and uplift last."""
    of_purposes: dict[str, Store[Any]] = {purpose.name: store_of(home, purpose) for purpose in PURPOSES}
    return {**of_purposes, SEGMENTS: segment_store(home), UPLIFT: uplift_store(home)}


def store_with(home: Home, version: str) -> Store[Any]:
    """The store that keeps a version. Raises ScoringError where none does."""
    found = [store for store in stores(home).values() if version in store.versions()]
    if not found:
        raise ScoringError(f"{version}: there is no such model; `telco360 scoring list` shows all")
    return found[0]


def write_cards(home: Home) -> None:
    """Writes the cards of all models that can be read, where they say anything new."""
    frame = pd.DataFrame(list(_rows(home)), columns=ledger.CARDS.form.names)
    for name, kind in zip(ledger.CARDS.form.names, ledger.CARDS.form.types, strict=True):
        if str(kind) == "int64":
            frame[name] = frame[name].astype("Int64")
        elif str(kind) == "date32[day]":  # where no model has such a month, pandas takes the column for numbers
            frame[name] = frame[name].astype(object).where(frame[name].notna(), None)
    ledger.write(home, ledger.cards_file(home), ledger.CARDS, frame)


def _rows(home: Home) -> Iterator[dict[str, Any]]:
    for purpose, store in stores(home).items():
        try:
            champion = store.champion()
        except ScoringError:
            champion = None
        for version in store.versions():
            try:
                kept = store.load(version)
            except ScoringError:
                continue
            is_champion = champion is not None and champion.version == version
            yield {
                "purpose": purpose,
                "model_version": version,
                "status": "champion" if is_champion else "challenger",
                "is_pinned": is_champion and champion is not None and champion.is_pinned,
                "trained_for": kept.trained_for,
                "features": ", ".join(kept.model.features),
                "left_out": "; ".join(f"{name} {why}" for name, why in kept.model.left_out.items()) or None,
                "most_rows": kept.card.get("most_rows"),
                "challenged": kept.card.get("challenged"),
                **_facts_of(kept),
            }


def _facts_of(kept: Kept[Any]) -> dict[str, Any]:
    """What is known of a model of its kind."""
    if isinstance(kept.model, Segments):
        return _of_segments(kept)
    return _of_uplift(kept) if isinstance(kept.model, Uplifts) else _of_chances(kept)


def _of_chances(kept: Kept[Model]) -> dict[str, Any]:
    model, figures = kept.model, kept.model.figures
    (learnt, positive), (tested, positive_tested) = model.rows["train"], model.rows["test"]
    lifts: dict[str, float] = figures["lift"]
    return {
        "first_month": model.months["train"][0],
        "last_month": model.months["train"][-1],
        "calibration_month": model.months["calibration"][0],
        "test_month": model.months["test"][0],
        "rows_learnt": learnt,
        "positive_learnt": positive,
        "rows_tested": tested,
        "positive_tested": positive_tested,
        "learner": json.dumps(kept.card.get("learner", {}), sort_keys=True),
        **{name: figures[name] for name in ("auc", "average_precision", "brier", "worst_gap")},
        **{f"lift_{round(float(share) * 100)}": value for share, value in lifts.items()},
        "right_share": figures.get("right"),
        "standard_errors_better": kept.card.get("standard_errors_better"),
    }


def _of_segments(kept: Kept[Segments]) -> dict[str, Any]:
    month: date = kept.model.month
    return {
        "first_month": month,
        "last_month": month,
        "rows_learnt": kept.model.rows,
        "learner": json.dumps({"small groups": "BIRCH", "merging": "agglomerative (Ward)", "segments": len(kept.model.names)}),
        "silhouette": kept.model.silhouette,
        "moved_share": kept.card.get("moved_share"),
    }


def _of_uplift(kept: Kept[Uplifts]) -> dict[str, Any]:
    offers = kept.model.offers
    uplifts = {code: {"way": found.way, "qini": found.qini, "members": found.members} for code, found in offers.items()}
    return {
        "rows_learnt": sum(sum(found.members) for found in offers.values()),
        "learner": json.dumps({"offers": uplifts, **kept.card.get("learner", {})}, sort_keys=True),
    }
