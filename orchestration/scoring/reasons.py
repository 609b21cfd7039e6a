"""Why a chance is as high as it is: the families of features that raise it most, in words with figures. Pure.

A feature's text names how its figure is told: `{change}` (-0.48 is down 48 %), `{points}` (0.12 is up 12 points), `{share}`
(0.34 is 34 %), `{days}` (32 is ends in 32 days, -32 is ended 32 days ago), `{number}`, `{text}`. A figure of 0 has a text of its
own where "0 of them" would read poorly.
"""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from orchestration.scoring.features import Features

MOST = 3
"""Reasons of a line."""

COLUMNS = [*(f"reason_{place}" for place in range(1, MOST + 1)), "reasons_en", "reasons_zh"]
_FORM = re.compile(r"\{(\w+)\}")


def reasons(contributions: pd.DataFrame, figures: pd.DataFrame, features: Features) -> pd.DataFrame:
    """The strongest reasons of each row.

    `contributions`: what each feature adds to the log-odds, a column a feature; `figures`: the features themselves, the same
    rows. Gives COLUMNS: the families that raise the chance, the strongest first, null where fewer do; and one text for all of
    them in each language, each told by the feature of the family that raises the chance most and whose figure is known.
    """
    known = {feature.name: feature for feature in features.columns if feature.name in contributions}
    families = list(dict.fromkeys(feature.family for feature in known.values()))
    members = {family: [n for n, f in known.items() if f.family == family] for family in families}
    added = np.column_stack([contributions[names].sum(axis=1) for names in members.values()])
    best = np.argsort(-added, axis=1, kind="stable")[:, :MOST]
    raises = np.take_along_axis(added, best, axis=1) > 0
    codes = np.full(best.shape, None, dtype=object)
    texts = [np.full(best.shape, "", dtype=object) for _ in ("en", "zh")]
    for at, (family, names) in enumerate(members.items()):
        rows, places = np.nonzero((best == at) & raises)
        codes[rows, places] = family
        told = _told(contributions[names].iloc[rows], figures[names].iloc[rows], known)
        for language, sentences in zip(texts, told, strict=True):
            language[rows, places] = sentences
    found = pd.DataFrame(index=contributions.index, columns=COLUMNS, dtype=object)
    found[COLUMNS[: best.shape[1]]] = codes
    for name, language in zip(COLUMNS[MOST:], texts, strict=True):
        found[name] = ["; ".join(filter(None, row)) or None for row in language.tolist()]
    return found.where(found.notna(), None)


def _told(contributions: pd.DataFrame, figures: pd.DataFrame, known: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """(English, Chinese) text of a family for each row: that of its strongest feature with a known figure, '' without one."""
    names = list(contributions.columns)
    strength = np.where(figures.notna().to_numpy(), contributions.to_numpy(), -np.inf)
    strongest = strength.argmax(axis=1)
    texts = [np.full(len(figures), "", dtype=object) for _ in ("en", "zh")]
    for at, name in enumerate(names):
        rows = np.flatnonzero((strongest == at) & np.isfinite(strength[:, at]))
        place, values = pd.factorize(figures[name].iloc[rows])  # many rows share a figure
        feature = known[name]
        for language, (template, zero) in enumerate(((feature.en, feature.zero_en), (feature.zh, feature.zero_zh))):
            tell = _teller(template, zero, language)
            texts[language][rows] = np.array([tell(value) for value in values.tolist()], dtype=object)[place]
    return texts[0], texts[1]


def _teller(template: str, zero: str, language: int) -> Callable[[Any], str]:
    found = _FORM.search(template)
    if found is None:
        return lambda value: zero if zero and value == 0 else template
    before, after, form = template[: found.start()], template[found.end() :], FORMS[found[1]][language]
    return lambda value: zero if zero and value == 0 else f"{before}{form(value)}{after}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 or float(value).is_integer() else f"{value:.1f}"


def _percent(value: float, unit: str) -> str:
    return f"{abs(value) * 100:.0f}{unit}"


FORMS: dict[str, tuple[Callable[[Any], str], Callable[[Any], str]]] = {
    "change": (
        lambda v: f"{'down' if v < 0 else 'up'} {_percent(v, ' %')}",
        lambda v: f"{'下降' if v < 0 else '上升'}{_percent(v, '%')}",
    ),
    "points": (
        lambda v: f"{'down' if v < 0 else 'up'} {_percent(v, ' points')}",
        lambda v: f"{'下降' if v < 0 else '上升'}{_percent(v, '个百分点')}",
    ),
    "days": (
        lambda v: f"ended {_number(-v)} days ago" if v < 0 else f"ends in {_number(v)} days",
        lambda v: f"已到期{_number(-v)}天" if v < 0 else f"还有{_number(v)}天到期",
    ),
    "share": (lambda v: _percent(v, " %"), lambda v: _percent(v, "%")),
    "number": (_number, _number),
    "text": (str, str),
}
"""How a figure is told, in English and Chinese."""
