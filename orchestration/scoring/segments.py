"""Groups of like lines: many small groups by BIRCH, merged into a few, each with a name that lasts and a profile in words. Pure.

Lines lie by their value, use, trends and likings: each figure on a logarithmic scale, standardised, what is unknown at the mean
and what is far out drawn in. A line belongs to the centre that is nearest. A new grouping takes over the names of the one before:
centres are matched so that the matched ones lie nearest in all (Hungarian assignment); one without a match gets a new name.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from orchestration.scoring.errors import ScoringError

Array = np.ndarray[Any, np.dtype[Any]]

FEWEST, MOST = 4, 8
"""Segments that there may be."""
LEAST_LINES = 500
"""Lines that a grouping is learnt from at least."""
LEAST_SHARE = 0.02
"""Share of the lines that a segment has at least: fewer are none that anybody would work with."""
FAR = 3.0
"""Standard deviations beyond which a figure counts as so far."""
GROUPS = 60
"""Small groups that there must be before they are merged."""
WIDEST, NARROWEST = 1.5, 0.1
"""Standard deviations that a small group spans: at first, and when no narrower ones are looked for."""
ROUNDS = 20
"""Times that centres are moved to the mean of their lines, at most."""
JUDGED = 4_000
"""Lines that the silhouette is reckoned from: its cost is their square."""
BETTER_BY = 0.02
"""Silhouette by which a new grouping must be better than the one that stands: lines are not moved for less."""
STANDS_OUT, TOLD = 0.4, 3
"""Standard deviations from which a segment's figure is told, and how many are."""


@dataclass(frozen=True)
class Segments:
    """A grouping. `features`: the columns it goes by; `means`, `scales`: of each on its logarithmic scale; `names`, `centres`: of
    each segment, in standard deviations; `month`: the one that it was learnt on; `silhouette`: on lines of that month;
    `left_out`: why a feature was not learnt from."""

    month: date
    features: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    names: tuple[str, ...]
    centres: tuple[tuple[float, ...], ...]
    silhouette: float
    rows: int
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What is kept as the model itself."""
        return json.dumps(dict(zip(self.names, self.centres, strict=True)), indent=1) + "\n"

    @property
    def known_by(self) -> date:
        """The month that its version is named after."""
        return self.month

    def facts(self) -> dict[str, Any]:
        """All but the text, as JSON values."""
        return {name: value for name, value in asdict(self).items() if name not in ("names", "centres")}

    @classmethod
    def read(cls, text: str, facts: Mapping[str, Any]) -> "Segments":
        """The grouping of a text and its facts."""
        centres = json.loads(text)
        return cls(
            month=date.fromisoformat(facts["month"]),
            features=tuple(facts["features"]),
            means=tuple(facts["means"]),
            scales=tuple(facts["scales"]),
            names=tuple(centres),
            centres=tuple(tuple(centre) for centre in centres.values()),
            silhouette=facts["silhouette"],
            rows=facts["rows"],
            left_out=facts["left_out"],
        )


def fit_segments(frame: pd.DataFrame, month: date, before: Segments | None = None) -> Segments:
    """The grouping of lines, a row each, by the frame's columns of numbers; named after `before` where that is given.

    The number of segments, FEWEST to MOST, is that of the best silhouette; the segments of before, moved to where their lines are
    now, stay where no others are better by BETTER_BY. Raises ScoringError for fewer than LEAST_LINES lines, or where they do not
    fall into groups.
    """
    from sklearn.cluster import AgglomerativeClustering

    if len(frame) < LEAST_LINES:
        raise ScoringError(f"{len(frame)} lines are too few to be grouped; {LEAST_LINES} are needed")
    scaled = _logarithmic(frame)
    left_out = {str(n): "is the same in every row" for n in frame.columns if not scaled[n].nunique() > 1}
    names = [str(name) for name in frame.columns if name not in left_out]
    means, scales = scaled[names].mean(), scaled[names].std(ddof=0)
    points = _drawn_in(((scaled[names] - means) / scales).to_numpy(float))
    small = _small_groups(points)
    starts = []
    for count in range(FEWEST, min(MOST, len(small) - 1) + 1):
        merged = AgglomerativeClustering(n_clusters=count).fit_predict(small)
        starts.append((np.array([small[merged == at].mean(axis=0) for at in range(count)]), 0.0))
    if before and set(before.features) == set(names):
        starts.append(((_figures(before, names) - means.to_numpy()) / scales.to_numpy(), BETTER_BY))
    found = []
    for start, ahead in starts:
        centres = _settled(points, start)
        if np.bincount(_nearest(points, centres), minlength=len(centres)).min() >= LEAST_SHARE * len(points):
            found.append((_silhouette(points, centres), ahead, centres))
    if not found:
        raise ScoringError(f"the lines do not fall into {FEWEST} to {MOST} groups of {LEAST_SHARE:.0%} of them or more")
    # Of equal ones the fewest.
    silhouette, _, centres = max(found, key=lambda one: (one[0] + one[1], -len(one[2])))
    made = Segments(
        month,
        tuple(names),
        tuple(means.tolist()),
        tuple(scales.tolist()),
        tuple(f"S{at}" for at in range(1, len(centres) + 1)),
        tuple(tuple(round(figure, 6) for figure in centre) for centre in centres[_by_size(points, centres)].tolist()),
        silhouette,
        len(frame),
        left_out,
    )
    return named_after(made, before) if before else made


def assign(model: Segments, frame: pd.DataFrame) -> Array:
    """The segment of each row. Raises ScoringError where the frame lacks a column of the grouping."""
    return np.array(model.names, dtype=object)[_nearest(_points(model, frame), np.array(model.centres))]


def silhouette_of(model: Segments, frame: pd.DataFrame) -> float:
    """How well the rows, as the grouping has them, lie within their segments: -1 to 1."""
    return _silhouette(_points(model, frame), np.array(model.centres))


def named_after(model: Segments, before: Segments) -> Segments:
    """The same grouping with the names of the segments of `before` that its own lie nearest to; others get names never used."""
    from scipy.optimize import linear_sum_assignment

    shared = [name for name in model.features if name in before.features]
    ours, theirs = (_figures(one, shared) for one in (model, before))
    scale = np.array([model.scales[model.features.index(name)] for name in shared])
    apart = np.linalg.norm((ours[:, None, :] - theirs[None, :, :]) / scale, axis=2)
    matched = {int(row): before.names[column] for row, column in zip(*linear_sum_assignment(apart), strict=True)}
    last = max(int(name[1:]) for name in before.names)
    fresh = iter(range(last + 1, last + 1 + len(model.names)))
    names = [matched.get(at) or f"S{next(fresh)}" for at in range(len(model.names))]
    order = sorted(range(len(names)), key=lambda at: int(names[at][1:]))
    return replace(model, names=tuple(names[at] for at in order), centres=tuple(model.centres[at] for at in order))


def profiles(model: Segments, words: Mapping[str, Mapping[str, Mapping[str, str]]]) -> dict[str, dict[str, str]]:
    """Each segment in words, by language, from the figures that stand out most. `words`: of each feature, by `high` and `low`."""
    told = {}
    for name, centre in zip(model.names, model.centres, strict=True):
        out = sorted(zip(model.features, centre, strict=True), key=lambda one: -abs(one[1]))
        named = [words[f]["high" if z > 0 else "low"] for f, z in out if abs(z) >= STANDS_OUT and f in words][:TOLD]
        plain = {"en": "near the mean in all", "zh": "各项接近平均"}
        told[name] = {lang: sep.join(w[lang] for w in named) or plain[lang] for lang, sep in {"en": ", ", "zh": "、"}.items()}
    return told


def _logarithmic(frame: pd.DataFrame) -> pd.DataFrame:
    figures = frame.astype(float)
    return np.sign(figures) * np.log1p(figures.abs())


def _drawn_in(points: Array) -> Array:
    return np.asarray(np.nan_to_num(np.clip(points, -FAR, FAR), nan=0.0))


def _points(model: Segments, frame: pd.DataFrame) -> Array:
    if missing := [name for name in model.features if name not in frame.columns]:
        raise ScoringError(f"the segments go by {', '.join(missing)}, which the features lack: group anew")
    scaled = _logarithmic(frame[list(model.features)])
    return _drawn_in(((scaled - np.array(model.means)) / np.array(model.scales)).to_numpy(float))


def _figures(model: Segments, names: Sequence[str]) -> Array:
    """Centres on the features' logarithmic scales, a column a name."""
    at = [model.features.index(name) for name in names]
    return np.asarray((np.array(model.centres) * np.array(model.scales) + np.array(model.means))[:, at])


def _small_groups(points: Array) -> Array:
    """Centres of GROUPS small groups or more, as wide as that allows; those of next to no line are left out."""
    from sklearn.cluster import Birch

    width = WIDEST
    while True:
        found = np.asarray(Birch(threshold=width, n_clusters=None).fit(points).subcluster_centers_)
        if len(found) >= GROUPS or width < NARROWEST:
            break
        width *= 0.7
    counts = np.bincount(_nearest(points, found), minlength=len(found))
    return np.asarray(found[counts >= len(points) * LEAST_SHARE / 100])


def _settled(points: Array, centres: Array) -> Array:
    """Centres moved to the mean of the lines nearest to them until none moves."""
    for _ in range(ROUNDS):
        nearest = _nearest(points, centres)
        moved = np.array(
            [points[nearest == at].mean(axis=0) if (nearest == at).any() else centre for at, centre in enumerate(centres)]
        )
        if np.allclose(moved, centres, atol=1e-4):
            break
        centres = moved
    return centres


def _nearest(points: Array, centres: Array) -> Array:
    apart = (centres**2).sum(axis=1) - 2 * points @ centres.T
    return np.asarray(apart.argmin(axis=1))


def _by_size(points: Array, centres: Array) -> Array:
    return np.argsort(-np.bincount(_nearest(points, centres), minlength=len(centres)), kind="stable")


def _silhouette(points: Array, centres: Array) -> float:
    """Of the first JUDGED rows, which are in no order that matters: rows come by a hash of the line."""
    from sklearn.metrics import silhouette_score

    some = points[:JUDGED]
    nearest = _nearest(some, centres)
    return round(float(silhouette_score(some, nearest)), 6) if len(np.unique(nearest)) > 1 else -1.0
