"""Models as pictures: calibration, lift, what they go by, and which reasons they gave. Files of SVG or PNG, from what is kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from orchestration.base.files import replace_text
from orchestration.base.settings import Home
from orchestration.scoring import ledger
from orchestration.scoring.errors import ScoringError
from orchestration.scoring.metrics import LIFTS
from orchestration.scoring.model import Model
from orchestration.scoring.purposes import PURPOSES, Purpose
from orchestration.scoring.store import Kept
from orchestration.scoring.train import store_of

FORMATS = ("svg", "png")
TOP = 15
"""Features that are drawn."""
WIDTH, HEIGHT = 480, 320


def draw_all(home: Home, folder: Path, form: str) -> Iterator[Path]:
    """Writes the pictures of all models that score, gives their files. `form`: one of FORMATS.

    Raises ScoringError where no model scores, one is damaged, or the format is another.
    """
    if form not in FORMATS:
        raise ScoringError(f"'{form}' is no format of a picture; choose one of {', '.join(FORMATS)}")
    champions = [(purpose, store_of(home, purpose).champion()) for purpose in PURPOSES]
    if not any(champion for _, champion in champions):
        raise ScoringError("no model scores yet: one is trained when three months have a known outcome")
    folder.mkdir(parents=True, exist_ok=True)
    for purpose, champion in champions:
        if champion is None:
            continue
        kept = store_of(home, purpose).load(champion.version)
        for name, chart in _charts(home, kept, purpose).items():
            path = folder / f"{purpose.name}_{name}.{form}"
            _write(chart, path, form)
            yield path


def _charts(home: Home, kept: Kept[Model], purpose: Purpose) -> dict[str, Any]:
    title = f"{purpose.name}, {kept.version}"
    charts = {"calibration": _calibration(kept, title), "lift": _lift(kept, title)}
    charts["features"] = _bars(feature_rows(kept), "share of the gain", f"What it goes by: {title}")
    scored = ledger.scored_months(home, purpose) if purpose.has_reasons else []
    if scored:
        given = ledger.read(ledger.scores_file(home, scored[-1], purpose))
        charts["reasons"] = _bars(reason_rows(given), "share of the lines", f"Reasons of {scored[-1]:%Y-%m}: {title}")
    return charts


def calibration_rows(kept: Kept[Model]) -> pd.DataFrame:
    """Mean chance and share that came true of each tenth of the rows of the test."""
    return pd.DataFrame(kept.model.figures["tenths"])[["chance", "came_true", "rows"]]


def lift_rows(kept: Kept[Model]) -> pd.DataFrame:
    """Lift among the likeliest shares of the rows, of the model and, at a tenth, of simpler rules."""
    figures = kept.model.figures["lift"]
    rows = [{"share": share, "lift": figures[f"{share:g}"], "of": "the model"} for share in LIFTS]
    rows += [
        {"share": 0.1, "lift": rule["lift_10"], "of": name.replace("_", " ")} for name, rule in kept.card["baselines"].items()
    ]
    return pd.DataFrame(rows)


def feature_rows(kept: Kept[Model]) -> pd.DataFrame:
    """Share of the gain of the features that matter most."""
    most = sorted(kept.card["importance"].items(), key=lambda item: -item[1])[:TOP]
    return pd.DataFrame(most, columns=["name", "share"])


def reason_rows(scores: pd.DataFrame) -> pd.DataFrame:
    """Share of the scored lines that have each family among their reasons."""
    scored = scores[scores["probability"].notna()]
    named = pd.concat([scored[f"reason_{place}"] for place in (1, 2, 3)]).value_counts()
    return (named / max(len(scored), 1)).rename_axis("name").reset_index(name="share")


def _calibration(kept: Kept[Model], title: str) -> Any:
    import altair as alt

    rows = calibration_rows(kept)
    most = float(rows[["chance", "came_true"]].max().max()) or 1.0
    even = pd.DataFrame({"chance": [0.0, most], "came_true": [0.0, most]})
    axes = {
        "x": alt.X("chance:Q", title="mean chance of the tenth", axis=alt.Axis(format="~%")),
        "y": alt.Y("came_true:Q", title="came true", axis=alt.Axis(format="~%")),
    }
    line = alt.Chart(even).mark_line(strokeDash=[4, 4], color="grey").encode(**axes)
    points = alt.Chart(rows).mark_line(point=True).encode(**axes)
    return (line + points).properties(title=f"Calibration: {title}", width=WIDTH, height=HEIGHT)


def _lift(kept: Kept[Model], title: str) -> Any:
    import altair as alt

    return (
        alt.Chart(lift_rows(kept))
        .mark_line(point=True)
        .encode(
            x=alt.X("share:Q", title="the likeliest share of the rows", axis=alt.Axis(format="~%")),
            y=alt.Y("lift:Q", title="times as many that came true as among all"),
            color=alt.Color("of:N", title=None),
        )
        .properties(title=f"Lift: {title}", width=WIDTH, height=HEIGHT)
    )


def _bars(rows: pd.DataFrame, axis: str, title: str) -> Any:
    import altair as alt

    return (
        alt.Chart(rows)
        .mark_bar()
        .encode(
            x=alt.X("share:Q", title=axis, axis=alt.Axis(format="~%")),
            y=alt.Y("name:N", sort="-x", title=None),
        )
        .properties(title=title, width=WIDTH, height=HEIGHT)
    )


def _write(chart: Any, path: Path, form: str) -> None:
    import vl_convert

    spec = chart.to_json()
    if form == "svg":
        replace_text(path, vl_convert.vegalite_to_svg(spec))
    else:
        path.write_bytes(vl_convert.vegalite_to_png(spec, scale=2))
