"""How far features of a month lie from those that a model learnt from: the population stability index. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

BINS = 10
FLOOR = 1e-4
"""Least share of a bin: an empty one would make the index endless."""
UNKNOWN = "unknown"


def reference(frame: pd.DataFrame) -> dict[str, Any]:
    """How each column is spread: of numbers the inner bounds of tenths and the share of rows in each and of unknown ones, of
    texts the share of each. JSON values."""
    return {str(name): _spread(frame[name]) for name in frame.columns}


def psi(known: Mapping[str, Any], frames: Iterable[pd.DataFrame]) -> tuple[dict[str, float], int]:
    """The index of each column of `known` that the frames have: the sum of (now - then) x ln(now / then) over the bins. Under 0.1
    is little, over 0.25 much. Beside it the number of their rows, which are looked at frame after frame."""
    counts: dict[str, np.ndarray] = {}
    rows = 0
    for frame in frames:
        rows += len(frame)
        for name in known.keys() & set(frame.columns):
            counts[name] = counts.get(name, 0) + _counts(frame[name], known[name])
    return {name: _index(known[name], counts[name] / max(rows, 1)) for name in known if name in counts}, rows


def _spread(column: pd.Series) -> dict[str, Any]:
    if pd.api.types.is_numeric_dtype(column):
        figures = column.dropna().to_numpy(float)
        inner = np.unique(np.quantile(figures, np.arange(1, BINS) / BINS)) if len(figures) else np.empty(0)
        spread: dict[str, Any] = {"bounds": inner.tolist()}
    else:
        spread = {"values": sorted(column.dropna().unique().tolist())}
    return spread | {"shares": (_counts(column, spread) / max(len(column), 1)).tolist()}


def _counts(column: pd.Series, spread: Mapping[str, Any]) -> np.ndarray:
    """Rows in each bin; the last is of unknown figures, or of texts never seen and none."""
    if "bounds" in spread:
        figures = column.astype(float).to_numpy()
        known = figures[~np.isnan(figures)]
        counts = np.bincount(np.searchsorted(spread["bounds"], known, side="right"), minlength=len(spread["bounds"]) + 1)
        return np.append(counts, len(figures) - len(known))
    found = column.value_counts()
    listed = [int(found.get(value, 0)) for value in spread["values"]]
    return np.array([*listed, len(column) - sum(listed)])


def _index(spread: Mapping[str, Any], now: np.ndarray) -> float:
    then, there = (np.maximum(np.asarray(shares), FLOOR) for shares in (spread["shares"], now))
    return float(((there - then) * np.log(there / then)).sum())
