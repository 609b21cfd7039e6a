"""Models as the terminal shows them. Words only."""

from collections.abc import Iterator

from orchestration.scoring.errors import ScoringError
from orchestration.scoring.store import Kept, Store

TOP = 12
"""Features that are shown."""


def listed(store: Store) -> Iterator[str]:
    """A line a model, one that cannot be read with its reason; one line where there is none."""
    versions, champion = store.versions(), store.champion()
    if not versions:
        yield "No model yet: one is trained when three months have a known outcome."
    for version in versions:
        is_champion = champion is not None and version == champion.version
        mark = "*" if is_champion else " "
        try:
            kept = store.load(version)
        except ScoringError as error:
            yield f"{mark} {version}  {error}"
            continue
        pinned = ", pinned" if champion and is_champion and champion.is_pinned else ""
        figures = kept.model.figures
        told = (
            f"AUC {figures['auc']:.3f}, lift at 10 % {figures['lift']['0.1']:.1f}, worst gap {figures['worst_gap']:.3f}{pinned}"
        )
        yield f"{mark} {version}  trained for {kept.trained_for:%Y-%m}, tested on {kept.tested_on:%Y-%m}: {told}"


def shown(store: Store, version: str | None) -> Iterator[str]:
    """All that is told of a model, the one that scores where none is named. Raises ScoringError where there is none."""
    if version is None:
        champion = store.champion()
        if champion is None:
            raise ScoringError("no model scores yet: one is trained when three months have a known outcome")
        version = champion.version
    kept = store.load(version)
    yield f"{kept.version}, trained for {kept.trained_for:%Y-%m}"
    for part, months in kept.model.months.items():
        rows, positive = kept.model.rows[part]
        span = f"{months[0]:%Y-%m}" if len(months) == 1 else f"{months[0]:%Y-%m} to {months[-1]:%Y-%m}"
        yield f"{part:<12} {span}: {rows:,} rows, {positive:,} lost value ({positive / rows:.1%})"
    yield from _figures(kept)
    yield "features (share of the gain)"
    most = sorted(kept.card["importance"].items(), key=lambda item: -item[1])[:TOP]
    yield from (f"  {name:<24} {share:.1%}" for name, share in most)
    yield from (f"left out: {name} {why}" for name, why in kept.model.left_out.items())


def _figures(kept: Kept) -> Iterator[str]:
    figures = kept.model.figures
    yield f"on the month of the test: average precision {figures['average_precision']:.3f}, Brier {figures['brier']:.4f}"
    yield f"  {'':<22} {'AUC':>6} {'lift at 10 %':>13}"
    compared = {"this model": {"auc": figures["auc"], "lift_10": figures["lift"]["0.1"]}, **kept.card["baselines"]}
    for name, told in compared.items():
        yield f"  {name.replace('_', ' '):<22} {told['auc']:>6.3f} {told['lift_10']:>13.2f}"
    for name, told in figures["segments"].items():
        auc = f"{told['auc']:.3f}" if told["auc"] is not None else "not known"
        yield f"  {name.replace('_', ' ')} alone: {told['rows']:,} rows, {told['positive']:,} lost value, AUC {auc}"
    yield f"calibration by tenth, worst gap {figures['worst_gap']:.3f}"
    yield from (f"  {t['rows']:>8,} rows  chance {t['chance']:.3f}  came true {t['came_true']:.3f}" for t in figures["tenths"])
