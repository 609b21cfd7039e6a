"""How good scores were, once it is known what became of the lines: by the scores as they were given, by no model of today."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from orchestration.base.settings import Home
from orchestration.scoring import ledger
from orchestration.scoring.metrics import auc, by_tenth, lift
from orchestration.scoring.purposes import Purpose
from orchestration.scoring.rows import Rows
from orchestration.scoring.score import checks_frame
from orchestration.scoring.train import Note

GROUPS = ("value_tier", "region_code", "payment_type")
"""Figures are given for each of these."""


CHECKED = ["subscriber_id", "item", "probability", "model_version"]
"""Columns of scores that are read: reasons are long."""


def check(rows: Rows, home: Home, purpose: Purpose, note: Note) -> list[date]:
    """Checks the scores of each month whose outcome is known and that are not checked yet; gives these months."""
    known = set(rows.known(purpose))
    done = []
    for month in ledger.scored_months(home, purpose):
        path, scored = ledger.CHECKS.file(home, month, purpose.name), ledger.scores_file(home, month, purpose)
        made_from = ledger.made_from_of(scored)
        if month not in known or (path.exists() and ledger.made_from_of(path) == made_from):
            continue
        note(f"{purpose.name}: checking {month:%Y-%m}")
        scores = ledger.read(scored, CHECKED)
        given = scores[scores["probability"].notna()]
        joined = with_outcome(given, rows.outcomes(purpose, month), purpose)
        found = figures(joined.merge(rows.groups(month), on="subscriber_id", how="left"))
        version = given["model_version"].iloc[0] if len(given) else None
        ledger.write(home, path, ledger.CHECKS, checks_frame(purpose, version, month, found), made_from)
        done.append(month)
    return done


def with_outcome(scores: pd.DataFrame, outcomes: pd.DataFrame, purpose: Purpose) -> pd.DataFrame:
    """Line, chance and whether it came true, of each score whose outcome is known, by line and item; of a choice, whether it was
    the one made."""
    keys = ["subscriber_id", "item"] if purpose.item else ["subscriber_id"]
    joined = scores[[*keys, *(["item"] if purpose.is_choice else []), "probability"]].merge(outcomes[[*keys, "label"]], on=keys)
    # Equal chances fall into tenths in this order, not in that of a file.
    joined = joined.sort_values(keys, ignore_index=True)
    came_true = joined["label"] == joined["item"] if purpose.is_choice else joined["label"].astype(bool)
    return joined[["subscriber_id", "probability"]].assign(came_true=came_true.astype(float))


def figures(joined: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of the checks: of all, of each tenth by chance, of each group. `joined`: of `with_outcome`, with GROUPS."""
    if joined.empty:
        return []
    chance, came_true = (joined[name].to_numpy(float) for name in ("probability", "came_true"))
    found = [{"kind": "all", "part": "all", **_figures(chance, came_true)}]
    found += [
        {
            "kind": "tenth",
            "part": str(place),
            "scores": tenth["rows"],
            "positive": round(tenth["came_true"] * tenth["rows"]),
            "mean_probability": tenth["chance"],
            "came_true_share": tenth["came_true"],
        }
        for place, tenth in enumerate(by_tenth(chance, came_true), 1)
    ]
    for group in GROUPS:
        codes, parts = pd.factorize(joined[group].fillna("unknown"), sort=True)
        found += [
            {"kind": group, "part": str(part), **_figures(chance[codes == code], came_true[codes == code])}
            for code, part in enumerate(parts)
        ]
    return found


def _figures(chance: np.ndarray, came_true: np.ndarray) -> dict[str, Any]:
    from sklearn.metrics import average_precision_score

    some = came_true.any()
    return {
        "scores": len(chance),
        "positive": int(came_true.sum()),
        "mean_probability": float(chance.mean()),
        "came_true_share": float(came_true.mean()),
        "auc": auc(chance, came_true),
        "average_precision": float(average_precision_score(came_true, chance)) if some else None,
        **{f"lift_{share}": lift(chance, came_true, share / 100) if some else None for share in (5, 10, 20)},
        "brier": float(np.mean((chance - came_true) ** 2)),
    }
