"""How good chances are against what became of the rows, and their calibration. Pure, on arrays."""

from collections.abc import Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

LIFTS = (0.05, 0.1, 0.2)
TENTHS = 10


def platt(log_odds: Array, label: Array) -> tuple[float, float]:
    """Slope and intercept that make chances of log-odds: a logistic regression on them (Platt 1999)."""
    from sklearn.linear_model import LogisticRegression

    found = LogisticRegression(C=1e6).fit(log_odds.reshape(-1, 1), label)
    return float(found.coef_[0, 0]), float(found.intercept_[0])


def calibrated(log_odds: Array, calibration: tuple[float, float]) -> Array:
    """Chances, 0 to 1, of log-odds."""
    slope, intercept = calibration
    return np.asarray(1 / (1 + np.exp(-(slope * log_odds + intercept))))


def auc(score: Array, label: Array) -> float | None:
    """Chance that a positive row has a higher score than a negative one, ties counting a half; None where a class is missing."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(label, score)) if 0 < label.sum() < len(label) else None


def metrics(chance: Array, label: Array, segments: Mapping[str, Array] | None = None) -> dict[str, Any]:
    """Figures of chances on rows whose outcome is known: auc, average precision, lift by share, Brier score, calibration by tenth
    (rows, mean chance and share that came true of each tenth of the rows, the lowest first) and its worst gap. `segments`: rows,
    positive ones and auc of flagged rows."""
    from sklearn.metrics import average_precision_score

    return {
        "auc": auc(chance, label),
        "average_precision": float(average_precision_score(label, chance)),
        "lift": {f"{share:g}": lift(chance, label, share) for share in LIFTS},
        "brier": float(np.mean((chance - label) ** 2)),
        "tenths": (tenths := by_tenth(chance, label)),
        "worst_gap": max(abs(t["chance"] - t["came_true"]) for t in tenths),
        "segments": {
            name: {"rows": int(rows.sum()), "positive": int(label[rows].sum()), "auc": auc(chance[rows], label[rows])}
            for name, rows in (segments or {}).items()
        },
    }


def of_choices(chance: Array, made: Array, learnt: Array) -> dict[str, Any]:
    """Figures of choices, a row each, a column a choice: how often the likeliest one was made, and how often the one that most
    rows learnt from made."""
    rows = np.arange(len(made))
    return {
        "right": float(made[rows, chance.argmax(axis=1)].mean()),
        "commonest_right": float(made[:, int(learnt.sum(axis=0).argmax())].mean()),
    }


def lift(chance: Array, label: Array, share: float) -> float:
    """How many times as many come true among the highest `share` of rows as among all: so many rows, one at least, an exact half
    rounded up. Equal chances share what they hold."""
    most = max(1, int(round(len(chance) * share, 9) + 0.5))
    floor = np.sort(chance)[-most]
    above, at = chance > floor, chance == floor
    held = label[above].sum() + label[at].mean() * (most - above.sum())
    return float(held / most / label.mean())


def by_tenth(chance: Array, label: Array) -> list[dict[str, Any]]:
    """Rows, mean chance and share that came true, of each tenth of the rows by their chance: of as equal numbers of rows as can
    be, the lower tenths one more; equal chances in the order in which they come."""
    parts = np.array_split(np.argsort(chance, kind="stable"), TENTHS)
    return [
        {"rows": len(part), "chance": float(chance[part].mean()), "came_true": float(label[part].mean())}
        for part in parts
        if len(part)
    ]


def beats(challenger: Array, champion: Array, label: Array) -> tuple[bool, float]:
    """Whether the challenger's chances are better than the champion's on the same rows by more than chance, and by how many
    standard errors: a paired one-sided test at 5 % of the log loss."""
    gain = _log_loss(champion, label) - _log_loss(challenger, label)
    error = float(gain.std(ddof=1) / np.sqrt(len(gain)))
    z = float(gain.mean() / error) if error else 0.0
    return z > 1.645, z


def _log_loss(chance: Array, label: Array) -> Array:
    bounded = np.clip(chance, 1e-9, 1 - 1e-9)
    return np.asarray(-np.where(label > 0, np.log(bounded), np.log(1 - bounded)))
