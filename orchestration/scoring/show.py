"""Models as the terminal shows them. Words only."""

from collections.abc import Iterator, Mapping
from typing import Any

from orchestration.scoring.errors import ScoringError
from orchestration.scoring.offers import Uplifts
from orchestration.scoring.purposes import UPLIFT, purpose_of
from orchestration.scoring.segments import Segments
from orchestration.scoring.store import Kept, Store

TOP = 12
"""Features that are shown."""
NONE_YET = {UPLIFT: "it is learnt once the lists of an offer have enough members of both arms"}
"""When the first model comes, where that is not when three months have a known outcome."""


def listed(store: Store[Any]) -> Iterator[str]:
    """A line a model, one that cannot be read with its reason; one line where there is none."""
    versions, champion = store.versions(), store.champion()
    if not versions:
        yield f"No model yet: {_first(store)}."
    for version in versions:
        is_champion = champion is not None and version == champion.version
        mark = "*" if is_champion else " "
        try:
            kept = store.load(version)
        except ScoringError as error:
            yield f"{mark} {version}  {error}"
            continue
        pinned = ", pinned" if champion and is_champion and champion.is_pinned else ""
        yield f"{mark} {version}  trained for {kept.trained_for:%Y-%m}, {_in_short(kept)}{pinned}"


def all_listed(stores: Mapping[str, Store[Any]]) -> Iterator[str]:
    """The models of each purpose under its name."""
    for name, store in stores.items():
        yield name
        try:
            yield from listed(store)
        except ScoringError as error:
            yield f"  {error}"


def shown(store: Store[Any], version: str | None) -> Iterator[str]:
    """All that is told of a model, the one that scores where none is named. Raises ScoringError where there is none."""
    if version is None:
        champion = store.champion()
        if champion is None:
            raise ScoringError(f"no model scores yet: {_first(store)}")
        version = champion.version
    kept = store.load(version)
    yield f"{kept.version}, trained for {kept.trained_for:%Y-%m}"
    if isinstance(kept.model, Segments):
        yield from _segments(kept)
    elif isinstance(kept.model, Uplifts):
        yield from _uplifts(kept.model)
    else:
        yield from _chances(kept, store.folder.name)
    yield from (f"left out: {name} {why}" for name, why in kept.model.left_out.items())


def _first(store: Store[Any]) -> str:
    return NONE_YET.get(store.folder.name, "one is trained when three months have a known outcome")


def _in_short(kept: Kept[Any]) -> str:
    if isinstance(kept.model, Uplifts):
        return kept.model.in_short
    if isinstance(kept.model, Segments):
        moved = kept.card.get("moved_share")
        told = f"{len(kept.model.names)} segments, silhouette {kept.model.silhouette:.3f}"
        return told if moved is None else f"{told}, moved {moved:.1%} of the lines"
    figures, tested = kept.model.figures, f"tested on {kept.tested_on:%Y-%m}"
    if kept.model.classes:
        return f"{tested}: right {figures['right']:.1%}, the commonest {figures['commonest_right']:.1%}"
    return f"{tested}: AUC {figures['auc']:.3f}, lift at 10 % {figures['lift']['0.1']:.1f}, worst gap {figures['worst_gap']:.3f}"


def _segments(kept: Kept[Segments]) -> Iterator[str]:
    yield f"learnt on {kept.model.month:%Y-%m}: {kept.model.rows:,} lines; {_in_short(kept)}"
    yield "centres, in standard deviations from the mean line"
    for name, centre in zip(kept.model.names, kept.model.centres, strict=True):
        most = sorted(zip(kept.model.features, centre, strict=True), key=lambda one: -abs(one[1]))[:TOP]
        yield f"  {name:<4} {', '.join(f'{feature} {figure:+.1f}' for feature, figure in most)}"


def _uplifts(model: Uplifts) -> Iterator[str]:
    for code, found in model.offers.items():
        ways = ", ".join(f"{way.replace('_', ' ')} {figure:.4f}" for way, figure in found.qini.items())
        treated, control = found.members
        yield f"{code}: learnt from {treated:,} treated and {control:,} control, by {found.way.replace('_', ' ')}"
        yield f"  Qini on the members held out: {ways}; by chance up to {found.by_chance:.4f}"


def _chances(kept: Kept[Any], purpose: str) -> Iterator[str]:
    happened = purpose_of(purpose).happened
    for part, months in kept.model.months.items():
        rows, positive = kept.model.rows[part]
        span = f"{months[0]:%Y-%m}" if len(months) == 1 else f"{months[0]:%Y-%m} to {months[-1]:%Y-%m}"
        told = f", {positive:,} {happened} ({positive / rows:.1%})" if not kept.model.classes else ""
        yield f"{part:<12} {span}: {rows:,} rows{told}"
    yield from _figures(kept, happened)
    yield "features (share of the gain)"
    most = sorted(kept.card["importance"].items(), key=lambda item: -item[1])[:TOP]
    yield from (f"  {name:<24} {share:.1%}" for name, share in most)


def _figures(kept: Kept[Any], happened: str) -> Iterator[str]:
    figures = kept.model.figures
    yield f"on the month of the test: average precision {figures['average_precision']:.3f}, Brier {figures['brier']:.4f}"
    if kept.model.classes:
        right, commonest = figures["right"], figures["commonest_right"]
        yield f"  the likeliest of {len(kept.model.classes)} right: {right:.1%}; the commonest: {commonest:.1%}"
    yield f"  {'':<22} {'AUC':>6} {'lift at 10 %':>13}"
    compared = {"this model": {"auc": figures["auc"], "lift_10": figures["lift"]["0.1"]}, **kept.card["baselines"]}
    for name, told in compared.items():
        yield f"  {name.replace('_', ' '):<22} {told['auc']:>6.3f} {told['lift_10']:>13.2f}"
    for name, told in figures["segments"].items():
        auc = f"{told['auc']:.3f}" if told["auc"] is not None else "not known"
        yield f"  {name.replace('_', ' ')} alone: {told['rows']:,} rows, {told['positive']:,} {happened}, AUC {auc}"
    yield f"calibration by tenth, worst gap {figures['worst_gap']:.3f}"
    yield from (f"  {t['rows']:>8,} rows  chance {t['chance']:.3f}  came true {t['came_true']:.3f}" for t in figures["tenths"])
