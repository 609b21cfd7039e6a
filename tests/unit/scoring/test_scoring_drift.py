"""How far features lie from those that a model learnt from."""

import numpy as np
import pandas as pd
import pytest

from orchestration.scoring.drift import psi, reference


def frame(mean: float = 0.0, seed: int = 1, prepaid: float = 0.5, unknown: float = 0.1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    figures = rng.normal(mean, size=5000)
    figures[rng.random(5000) < unknown] = np.nan
    return pd.DataFrame({"spend": figures, "type": np.where(rng.random(5000) < prepaid, "prepaid", "postpaid")})


def test_the_same_rows_have_not_drifted():
    assert psi(reference(frame()), [frame()])[0] == {"spend": 0.0, "type": 0.0}


def test_other_rows_of_the_same_kind_have_drifted_next_to_nothing():
    assert max(psi(reference(frame()), [frame(seed=2)])[0].values()) < 0.01


@pytest.mark.parametrize(
    ("moved", "name"), [({"mean": 1.0}, "spend"), ({"unknown": 0.5}, "spend"), ({"prepaid": 0.9}, "type")], ids=str
)
def test_figures_unknown_ones_and_texts_that_shift_are_seen(moved, name):
    found = psi(reference(frame()), [frame(seed=2, **moved)])[0]
    assert found.pop(name) > 0.25
    assert max(found.values()) < 0.01


def test_a_text_never_seen_counts_as_unknown():
    found = psi(reference(frame()), [frame().assign(type="new")])[0]
    assert 1 < found["type"] < 100


def test_half_the_rows_in_each_of_two_bins_against_a_quarter():
    known = {"type": {"values": ["a", "b"], "shares": [0.5, 0.5, 0.0]}}
    now = pd.DataFrame({"type": ["a", "b", "b", "b"]})
    assert psi(known, [now])[0]["type"] == pytest.approx(-0.25 * np.log(0.5) + 0.25 * np.log(1.5))


def test_a_column_of_nothing_known_or_gone_stops_nothing():
    known = reference(pd.DataFrame({"empty": [np.nan, np.nan], "gone": [1.0, 2.0]}))
    assert psi(known, [pd.DataFrame({"empty": [1.0, 2.0]})])[0]["empty"] > 1


def test_frames_one_after_the_other_are_as_one():
    known, now = reference(frame()), frame(seed=3)
    assert psi(known, [now.iloc[:7], now.iloc[7:]]) == psi(known, [now]) and psi(known, [now])[1] == len(now)
