"""Models on disk: whole or not at all, refused when changed, and which of them scores."""

from dataclasses import replace
from datetime import date

import pytest

from orchestration.scoring.errors import ScoringError
from orchestration.scoring.model import Model
from orchestration.scoring.show import listed, shown
from orchestration.scoring.store import Champion, Store

FIGURES = {
    "auc": 0.9, "average_precision": 0.5, "brier": 0.03, "lift": {"0.05": 9.0, "0.1": 7.0, "0.2": 4.0}, "worst_gap": 0.01,
    "tenths": [{"rows": 10, "chance": 0.1, "came_true": 0.1}],
    "segments": {"mid_high_end": {"rows": 3, "positive": 0, "auc": None}},
}  # fmt: skip
MODEL = Model(
    booster="tree\nversion=v4\n",
    features=("drop", "plan"),
    categories={"plan": ("P1", "P2")},
    calibration=(1.05, 0.125),
    left_out={"same": "has one value in every row"},
    months={"train": [date(2026, 1, 1)], "calibration": [date(2026, 2, 1)], "test": [date(2026, 3, 1)]},
    rows={"train": (10, 2), "calibration": (10, 3), "test": (10, 1)},
    figures=FIGURES,
)
CARD = {"importance": {"drop": 0.8, "plan": 0.2}, "baselines": {"naive_bayes": {"auc": 0.7, "lift_10": 3.0}}}


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "value_loss", Model)


def test_a_model_is_read_back_as_it_was_kept(store):
    kept = store.save(MODEL, date(2026, 6, 1), CARD)
    assert kept.version.startswith("2026-03_")
    assert store.load(kept.version).model == MODEL
    assert (kept.trained_for, kept.card) == (date(2026, 6, 1), CARD)


def test_the_same_model_is_kept_once(store):
    first, again = (store.save(MODEL, date(2026, 6, 1), CARD) for _ in range(2))
    assert first.version == again.version
    assert store.versions() == [first.version]


@pytest.mark.parametrize("name", ["model.txt", "card.json"])
def test_a_file_that_was_changed_is_refused(store, name):
    version = store.save(MODEL, date(2026, 6, 1), CARD).version
    path = store.folder / version / name
    path.write_text(path.read_text().replace("e", "a", 1))
    with pytest.raises(ScoringError, match="is not what was written"):
        store.load(version)
    assert "is not what was written" in "\n".join(listed(store))


def test_what_a_killed_training_left_is_no_model_and_does_not_stop_the_next(store):
    draft = store.folder / ".draft"
    draft.mkdir(parents=True)
    (draft / "model.txt").write_text("half a tr")
    assert store.versions() == []
    store.save(MODEL, date(2026, 6, 1), CARD)
    assert len(store.versions()) == 1


def test_a_model_that_is_not_there_is_told(store):
    with pytest.raises(ScoringError, match="there is no such model"):
        store.load("2026-01_0")


def two(store: Store) -> tuple[str, str]:
    first = store.save(MODEL, date(2026, 6, 1), CARD).version
    second = store.save(replace(MODEL, calibration=(1.0, 0.0)), date(2026, 7, 1), CARD).version
    return first, second


def test_crowned_rolled_back_and_pinned(store):
    first, second = two(store)
    assert store.champion() is None
    store.crown(first)
    store.crown(second)
    assert store.champion() == Champion(second, (first,))
    assert store.rollback() == first
    store.pin(second)
    assert store.champion() == Champion(second, (first,), True)
    assert store.rollback() == first
    assert store.champion() == Champion(first)
    with pytest.raises(ScoringError, match="no model before"):
        store.rollback()


def test_a_damaged_choice_is_told_and_a_pin_mends_it(store):
    first, _ = two(store)
    (store.folder / "champion.json").write_text("{")
    with pytest.raises(ScoringError, match="is damaged"):
        store.champion()
    store.pin(first)
    assert store.champion() == Champion(first, (), True)


def test_only_a_model_that_can_be_read_is_pinned(store):
    with pytest.raises(ScoringError, match="there is no such model"):
        store.pin("2026-01_0")


def test_models_in_words(store):
    assert list(listed(store)) == ["No model yet: one is trained when three months have a known outcome."]
    with pytest.raises(ScoringError, match="no model scores yet"):
        list(shown(store, None))
    first, second = two(store)
    store.pin(second)
    assert [line[:2] for line in sorted(listed(store))] == ["  ", "* "]
    assert any(line.endswith(", pinned") for line in listed(store))
    text = "\n".join(shown(store, None))
    assert second in text and first not in text
    assert "naive bayes" in text and "left out: same has one value in every row" in text
