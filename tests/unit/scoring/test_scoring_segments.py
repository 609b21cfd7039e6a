"""Segments on made lines: how many are found, who is in them, that names and lines stay from month to month, their words."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from orchestration.base.settings import Home
from orchestration.scoring.cards import write_cards
from orchestration.scoring.errors import ScoringError
from orchestration.scoring.grouping import segment_store
from orchestration.scoring.ledger import cards_file
from orchestration.scoring.segments import FEWEST, MOST, Segments, assign, fit_segments, named_after, profiles, silhouette_of

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)
NAMES = [f"f{at}" for at in range(6)]


def lines(count: int = 3000, groups: int = 5, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray]:
    """Lines of so many groups on a logarithmic scale, and the group of each."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, groups, count)
    centres = np.random.default_rng(9).normal(size=(groups, len(NAMES))) * 1.5
    return pd.DataFrame(np.exp(centres[group] + rng.normal(size=(count, len(NAMES))) * 0.5) * 50, columns=NAMES), group


def quartiles(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.apply(lambda column: pd.qcut(column, 4, labels=False))


@pytest.fixture(scope="module")
def may() -> Segments:
    return fit_segments(lines()[0], MAY)


def test_the_groups_that_are_there_are_found(may):
    found = pd.crosstab(assign(may, lines()[0]), lines()[1])
    assert len(may.names) == 5
    assert found.max().sum() / found.to_numpy().sum() > 0.9


@pytest.mark.parametrize("groups", [2, 12])
def test_there_are_never_fewer_or_more_than_may_be(groups):
    assert FEWEST <= len(fit_segments(lines(groups=groups)[0], MAY).names) <= MOST


def test_same_lines_give_the_same_segments(may):
    assert fit_segments(lines()[0], MAY) == may


def test_lines_whose_figures_keep_their_quartiles_keep_their_segment_in_a_month_grouped_anew(may):
    before, _ = lines()
    rng = np.random.default_rng(3)
    moved = rng.random(len(before)) < 0.2  # a fifth of the lines do something else altogether
    noise = np.where(moved[:, None], rng.normal(size=before.shape) * 2, rng.normal(size=before.shape) * 0.1)
    after = before * np.exp(noise)
    june = fit_segments(after, JUNE, may)
    kept = (quartiles(before) == quartiles(after)).all(axis=1).to_numpy()
    assert kept.sum() > 500
    assert (assign(may, before) == assign(june, after))[kept].mean() >= 0.85


def test_a_grouping_that_finds_its_centres_in_another_order_keeps_the_names(may):
    turned = replace(may, names=tuple(reversed(may.names)))
    assert named_after(turned, may) == may


def test_a_segment_without_one_before_gets_a_name_never_used(may):
    fewer = replace(may, names=("S1", "S2", "S7"), centres=may.centres[:3])
    names = named_after(may, fewer).names
    assert {"S1", "S2", "S7"} < set(names)
    assert set(names) - {"S1", "S2", "S7"} == {"S8", "S9"}


def test_a_segmentation_is_read_back_as_it_was_kept(may):
    assert Segments.read(may.text, may.facts() | {"month": str(may.month)}) == may


def test_the_cards_of_a_home_that_has_segments_alone_are_written(may, tmp_path):
    segment_store(Home(tmp_path)).save(may, MAY, {})
    write_cards(Home(tmp_path))
    (card,) = pq.read_table(cards_file(Home(tmp_path)), partitioning=None).to_pylist()
    assert (card["first_month"], card["calibration_month"], card["rows_learnt"]) == (MAY, None, 3000)


def test_unknown_figures_count_as_the_mean_and_wild_ones_move_nothing(may):
    frame, _ = lines(50)
    unknown = frame.assign(f0=np.nan)
    assert set(assign(may, unknown)) <= set(may.names)
    wild = frame.assign(f0=1e12)
    assert set(assign(may, wild)) <= set(may.names)
    assert silhouette_of(may, frame) > 0


def test_a_feature_that_is_the_same_everywhere_is_left_out():
    made = fit_segments(lines()[0].assign(same=1.0, nothing=np.nan), MAY)
    assert made.left_out == {"same": "is the same in every row", "nothing": "is the same in every row"}
    assert made.features == tuple(NAMES)


def test_too_few_lines_are_refused():
    with pytest.raises(ScoringError, match="499 lines are too few to be grouped; 500 are needed"):
        fit_segments(lines(499)[0], MAY)


def test_lines_that_are_all_alike_are_refused():
    with pytest.raises(ScoringError, match="do not fall into 4 to 8 groups"):
        fit_segments(pd.DataFrame({"f0": [1.0] * 999 + [2.0]}), MAY)


def test_rows_without_a_figure_of_the_segments_are_refused(may):
    with pytest.raises(ScoringError, match="the segments go by f5, which the features lack"):
        assign(may, lines(10)[0][NAMES[:5]])


def test_a_segment_is_told_by_what_stands_out_most():
    words = {
        name: {"high": {"en": f"high {name}", "zh": f"{name}高"}, "low": {"en": f"low {name}", "zh": f"{name}低"}}
        for name in "abcd"
    }
    centres = ((0.5, -2.0, 1.0, 3.0), (0.39, -0.39, 0.0, 0.0))
    model = Segments(MAY, tuple("abcd"), (0.0,) * 4, (1.0,) * 4, ("S1", "S2"), centres, 0.5, 100)
    assert profiles(model, words) == {
        "S1": {"en": "high d, low b, high c", "zh": "d高、b低、c高"},
        "S2": {"en": "near the mean in all", "zh": "各项接近平均"},
    }
