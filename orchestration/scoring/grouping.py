"""Segments of a build: a grouping is learnt each month and lines are put into it. Thin: the grouping is `segments`'s."""

from datetime import date

import pandas as pd

from orchestration.base.settings import Home
from orchestration.scoring import ledger
from orchestration.scoring.purposes import SEGMENTS
from orchestration.scoring.rows import Rows
from orchestration.scoring.score import Scored, require_known
from orchestration.scoring.segments import BETTER_BY, LEAST_LINES, Segments, assign, fit_segments, profiles, silhouette_of
from orchestration.scoring.store import Store
from orchestration.scoring.train import Note, Trained, decide

LEARNT_FROM = 50_000
"""Lines that a grouping is learnt from at most, by a hash of the line."""


def segment_store(home: Home) -> Store[Segments]:
    """The groupings that are kept."""
    return Store(home.models / SEGMENTS, Segments)


def group(rows: Rows, home: Home, note: Note) -> Trained:
    """Learns a grouping of the last complete month where there is none of it yet; lines go by it where it is better than the one
    that stands by BETTER_BY, so that nobody is moved for little.

    Raises ScoringError where lines do not fall into groups, or a grouping is damaged.
    """
    store, month, words = segment_store(home), rows.last, rows.features.of_segments
    if month is None:
        return Trained("no segments yet: no month is complete")
    for version in store.versions():
        if version.startswith(f"{month:%Y-%m}_") and store.load(version).goes_by(words):
            return Trained(f"not due: {version} was learnt on {month:%Y-%m}, the last complete month")
    note(f"{SEGMENTS}: grouping")
    sample = rows.sample_of_last(list(words), LEARNT_FROM)
    if len(sample) < LEAST_LINES:
        return Trained(f"no segments yet: {len(sample)} lines can be grouped, {LEAST_LINES} are needed")
    frame, champion = sample[list(words)], store.champion()
    kept = store.load(champion.version) if champion else None
    standing = kept.model if kept and kept.goes_by(words) else None
    model = fit_segments(frame, month, kept.model if kept else None)
    gain = model.silhouette - silhouette_of(standing, frame) if standing else None
    moved = float((assign(model, frame) != assign(standing, frame)).mean()) if standing else None
    card = {
        "challenged": champion.version if champion else None,
        "moved_share": moved,
        "silhouette_better": gain,
        "most_rows": LEARNT_FROM,
    }
    told = f"{len(model.names)} segments, silhouette {model.silhouette:.3f} on {month:%Y-%m}"
    if moved is not None:
        told += f", would move {moved:.1%} of the lines"
    return decide(store, store.save(model, month, card), gain is None or gain > BETTER_BY, told)


def put_into_segments(rows: Rows, home: Home, note: Note) -> Scored:
    """Puts the lines on-net at the end of the last complete month into segments, unless that is done for the same features.

    Raises ScoringError where the grouping is damaged or knows months after this one; the segments that stand stay.
    """
    champion, month = segment_store(home).champion(), rows.last
    if champion is None or month is None:
        return Scored("no segments yet")
    kept = segment_store(home).load(champion.version)
    require_known(kept, month)
    path = ledger.SCORES.file(home, month, SEGMENTS)
    made_from = {"features": rows.last_fingerprint, "model": kept.version, "texts": repr(rows.features.of_segments)}
    if ledger.made_from_of(path) == made_from:
        return Scored(f"{month:%Y-%m} is grouped already", month, kept.version)
    note(f"{SEGMENTS}: assigning")
    placed = [_placed(kept.model, lines[~lines["is_too_new"].to_numpy(bool)]) for lines in rows.of_last()]
    scores = pd.concat(placed, ignore_index=True)
    told = summary(kept.model, scores, _before(home, month), profiles(kept.model, rows.features.of_segments))
    told["month"], told["model_version"] = month, kept.version
    ledger.write(home, ledger.SEGMENTS.file(home, month, "segments"), ledger.SEGMENTS, told)
    same = {"purpose": SEGMENTS, "month": month, "place": 1, "probability": float("nan"), "model_version": kept.version}
    ledger.write_frames(home, path, ledger.SCORES, (lines.assign(**same) for lines in placed), made_from)
    return Scored(f"{len(scores):,} lines of {month:%Y-%m} by {kept.version}", month, kept.version, len(scores), True)


def summary(model: Segments, now: pd.DataFrame, before: pd.DataFrame | None, words: dict[str, dict[str, str]]) -> pd.DataFrame:
    """A row a segment: profile, lines, how many of these were in it the month before, and how many came from another. `now`,
    `before`: line and item (the segment)."""
    moved = now.merge(before, on="subscriber_id", suffixes=("", "_before")) if before is not None else None
    found = []
    for name in model.names:
        there = moved[moved["item"] == name] if moved is not None else None
        stayed = int((there["item_before"] == name).sum()) if there is not None else None
        found.append(
            {
                "segment": name,
                "profile_en": words[name]["en"],
                "profile_zh": words[name]["zh"],
                "lines": int((now["item"] == name).sum()),
                "stayed": stayed,
                "came": len(there) - stayed if there is not None and stayed is not None else None,
            }
        )
    return pd.DataFrame(found).astype({"stayed": "Int64", "came": "Int64"})


def _placed(model: Segments, lines: pd.DataFrame) -> pd.DataFrame:
    """Line and item, its segment."""
    return pd.DataFrame({"subscriber_id": lines["subscriber_id"], "item": pd.Series(assign(model, lines), lines.index, str)})


def _before(home: Home, month: date) -> pd.DataFrame | None:
    """Line and segment of the month before; None where it was not grouped."""
    last = (pd.Timestamp(month) - pd.DateOffset(months=1)).date()
    path = ledger.SCORES.file(home, last, SEGMENTS)
    return ledger.read(path, ["subscriber_id", "item"]) if path.exists() else None
