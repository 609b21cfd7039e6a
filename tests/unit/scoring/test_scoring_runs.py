"""A run's models on a made build: each purpose trained, scored and checked by itself, and all of it scored."""

from datetime import date

import pandas as pd
import pytest
from made_rows import CLASSES, NEW, MadeRows

from orchestration.base.settings import Home
from orchestration.scoring import ledger
from orchestration.scoring.cards import store_with, stores
from orchestration.scoring.check import figures, with_outcome
from orchestration.scoring.nightly import score_all, train_all
from orchestration.scoring.plots import draw_all, reason_rows
from orchestration.scoring.purposes import HANDSET_BRAND, HANDSET_CHANGE, NAMES, SERVICE_UPTAKE, VALUE_LOSS, purpose_of
from orchestration.scoring.show import all_listed, shown
from orchestration.scoring.train import store_of, train

AUGUST = date(2026, 8, 1)


def quiet(text: str) -> None:
    """Progress that nobody hears."""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A home after the first run, and what its two steps scored."""
    home = Home(tmp_path_factory.mktemp("nights"))
    ledger.ensure_empty_tables(home)
    return home, train_all(MadeRows(), home, quiet), score_all(MadeRows(), home, quiet)


def files(home: Home) -> dict[str, bytes]:
    return {str(path.relative_to(home.root)): path.read_bytes() for path in sorted(home.lake.rglob("*")) if path.is_file()}


def scores(home: Home, purpose) -> pd.DataFrame:
    return ledger.read(ledger.scores_file(home, AUGUST, purpose))


def test_every_purpose_is_trained_and_scored_at_once(run):
    home, trained, scored = run
    assert (trained.problems, scored.problems, trained.waiting) == ([], [], [])
    assert [text.partition(":")[0] for text in trained.done] == list(NAMES)
    assert [text.partition(":")[0] for text in scored.done] == list(NAMES)
    assert all(store.champion() for store in stores(home).values())


def test_a_night_that_changes_nothing_writes_nothing(run):
    home, _, _ = run
    before = files(home)
    trained, scored = train_all(MadeRows(), home, quiet), score_all(MadeRows(), home, quiet)
    assert (trained.in_short, scored.in_short) == ("none due", "none due")
    assert files(home) == before


def test_two_homes_get_the_same_files(run, tmp_path):
    home, _, _ = run
    ledger.ensure_empty_tables(Home(tmp_path))
    train_all(MadeRows(), Home(tmp_path), quiet)
    score_all(MadeRows(), Home(tmp_path), quiet)
    assert files(Home(tmp_path)) == files(home)


def test_lines_too_new_are_not_scored_nor_those_never_seen_in_a_handset(run):
    home, _, _ = run
    rows = MadeRows().frame(MadeRows().last)
    asked = rows[~rows["is_too_new"] & rows["months_of_handset"].notna()]
    assert set(scores(home, HANDSET_CHANGE)["subscriber_id"]) == set(asked["subscriber_id"])
    warned = scores(home, VALUE_LOSS)
    assert warned["probability"].isna().sum() == NEW


def test_the_three_likeliest_services_of_a_line_are_kept_in_order(run):
    home, _, _ = run
    found = scores(home, SERVICE_UPTAKE)
    of_one = found[found["subscriber_id"] == "L00001"].sort_values("place")
    assert of_one["item"].tolist() == ["music", "video", "cloud"]
    assert of_one["probability"].is_monotonic_decreasing
    assert found[found["subscriber_id"] == "L00000"]["item"].tolist() == ["cloud"]  # it has the others


def test_a_choice_is_told_with_its_chance(run):
    home, _, _ = run
    found = scores(home, HANDSET_BRAND).merge(MadeRows().frame(MadeRows().last), on="subscriber_id")
    assert ((found["spend"] > 30) == (found["item"] == "dear")).mean() > 0.99
    assert found["probability"].between(0.5, 1).all()


def test_scores_are_checked_once_their_outcome_is_known_as_they_were_given(run, tmp_path):
    home = Home(tmp_path)
    ledger.ensure_empty_tables(home)
    june = MadeRows(date(2026, 6, 1))
    train_all(june, home, quiet)
    score_all(june, home, quiet)
    path = ledger.CHECKS.file(home, date(2026, 6, 1), "value_loss")
    assert not path.exists()
    given = ledger.scores_file(home, date(2026, 6, 1)).read_bytes()
    train_all(MadeRows(), home, quiet)
    scored = score_all(MadeRows(), home, quiet)
    assert "value_loss: scores of 2026-06 checked" in scored.done
    assert ledger.scores_file(home, date(2026, 6, 1)).read_bytes() == given
    checks = ledger.read(path)
    everything = checks[checks["kind"] == "all"].iloc[0]
    assert everything["scores"] == 900 - NEW
    assert everything["auc"] > 0.65
    assert abs(everything["mean_probability"] - everything["came_true_share"]) < 0.1
    assert checks["kind"].value_counts()["tenth"] == 10
    tiers = checks[checks["kind"] == "value_tier"]
    assert tiers["part"].tolist() == ["gold", "unknown"]
    assert tiers["scores"].sum() == everything["scores"]
    drift = ledger.read(ledger.CHECKS.file(home, date(2026, 6, 1), "value_loss_drift"))
    assert set(drift["part"]) == set(MadeRows.features.names)
    assert drift["psi"].max() < 0.25


def test_equal_scores_fall_into_tenths_by_line_whatever_the_order_of_the_file():
    lines = [f"L{at:02}" for at in range(20)]
    scores = pd.DataFrame({"subscriber_id": lines[::-1], "item": None, "probability": 0.5})
    outcomes = pd.DataFrame({"subscriber_id": lines, "item": None, "label": [at < 3 for at in range(20)]})
    joined = with_outcome(scores, outcomes, VALUE_LOSS).assign(value_tier=None, region_code=None, payment_type=None)
    assert [row["positive"] for row in figures(joined) if row["kind"] == "tenth"] == [2, 1, 0, 0, 0, 0, 0, 0, 0, 0]


def test_purposes_that_fail_leave_the_others_as_they_are(tmp_path):
    rows = MadeRows()
    rows.fails = {"value_loss", "handset_change", "service_uptake"}
    trained = train_all(rows, Home(tmp_path), quiet)
    assert trained.problems == [f"{name}: RuntimeError: the table is gone" for name in NAMES if name in rows.fails]
    assert [text.partition(":")[0] for text in trained.done] == [name for name in NAMES if name not in rows.fails]


def test_a_damaged_model_fails_alone_and_the_scores_that_stand_stay(run, tmp_path):
    home = Home(tmp_path)
    ledger.ensure_empty_tables(home)
    july = MadeRows(date(2026, 7, 1))
    train_all(july, home, quiet)
    score_all(july, home, quiet)
    store = stores(home)["service_uptake"]
    (store.folder / store.champion().version / "model.txt").write_text("tree")
    scored = score_all(MadeRows(), home, quiet)
    assert len(scored.problems) == 1
    assert "service_uptake" in scored.problems[0] and "is not what was written" in scored.problems[0]
    assert ledger.scored_months(home, SERVICE_UPTAKE) == [date(2026, 7, 1)]
    assert ledger.scored_months(home, HANDSET_CHANGE) == [date(2026, 7, 1), AUGUST]


def test_with_few_months_no_model_is_made_and_one_sentence_says_from_when(tmp_path):
    home = Home(tmp_path)
    trained = train_all(MadeRows(date(2026, 5, 1)), home, quiet)
    assert any(text.startswith("value_loss: 2026-03_") for text in trained.done)
    assert trained.in_short == "3 done, 1 without a model yet"
    lacking = "no model yet: 2 of 3 months have a known outcome, 1 more to come; after 3"
    assert trained.waiting == [f"handset_change, handset_band, handset_brand, service_uptake: {lacking}"]


def test_an_operator_that_does_not_deliver_what_a_model_learns_from_has_none_and_no_warning(tmp_path):
    class WithoutHandsets(MadeRows):
        def is_told(self, purpose, month):
            return not purpose.name.startswith("handset")

        def labelled(self, purpose, months):
            assert not purpose.name.startswith("handset"), "months are read though nothing tells what happened"
            return super().labelled(purpose, months)

    trained = train_all(WithoutHandsets(), Home(tmp_path), quiet)
    assert trained.problems == []
    told = "nothing that is delivered tells what happened after 2026-05"
    assert trained.waiting == [f"handset_change, handset_band, handset_brand: no model: {told}"]


def test_a_model_stands_where_nothing_is_delivered_any_more_that_tells_what_happened(run):
    home, _, _ = run
    champion = store_of(home, HANDSET_CHANGE).champion()
    rows = MadeRows(date(2026, 9, 1))
    rows.is_told = lambda purpose, month: False
    told = train(rows, home, HANDSET_CHANGE, quiet)
    assert told.why == "not due: nothing that is delivered tells what happened after 2026-06"
    assert store_of(home, HANDSET_CHANGE).champion() == champion


def test_with_few_lines_nothing_is_grouped_and_no_model_is_made(tmp_path):
    home = Home(tmp_path)
    trained = train_all(MadeRows(lines=60), home, quiet)
    assert "segment: no segments yet: 55 lines can be grouped, 500 are needed" in trained.waiting
    assert any("handset_change: the months for" in problem for problem in trained.problems)
    assert ledger.scored_months(home, HANDSET_CHANGE) == []


def test_a_clock_set_back_scores_nothing_by_a_model_that_knows_what_came_after(run):
    home, _, _ = run
    before = files(home)
    scored = score_all(MadeRows(date(2026, 7, 1)), home, quiet)
    assert len(scored.problems) == len(NAMES)
    assert all("knows what came after 2026-07" in problem for problem in scored.problems)
    assert files(home) == before


def test_cards_hold_every_model_with_its_status_and_follow_a_pin(run):
    home, _, _ = run
    cards = ledger.read(ledger.cards_file(home)).set_index("purpose")
    assert list(cards.index) == list(NAMES)
    assert set(cards["status"]) == {"champion"}
    assert cards.loc["service_uptake", "features"].endswith("service_class")
    assert cards.loc["segment", "silhouette"] > 0.3
    assert cards.loc["handset_brand", "right_share"] > 0.9
    version = cards.loc["handset_change", "model_version"]
    store_with(home, version).pin(version)
    score_all(MadeRows(), home, quiet)
    assert ledger.read(ledger.cards_file(home)).set_index("purpose").loc["handset_change", "is_pinned"]


def test_all_models_are_listed_and_shown_in_words(run):
    home, _, _ = run
    listed = "\n".join(all_listed(stores(home)))
    for name, store in stores(home).items():
        assert f"{name}\n* {store.champion().version}" in listed
        assert store.champion().version in "\n".join(shown(store, None))
    assert "rate of the class" in "\n".join(shown(stores(home)["service_uptake"], None))
    assert "took it up" in "\n".join(shown(stores(home)["service_uptake"], None))


def test_models_are_drawn(run, tmp_path):
    home, _, _ = run
    drawn = list(draw_all(home, tmp_path, "svg"))
    assert {path.name for path in drawn} >= {"value_loss_reasons.svg", "handset_brand_lift.svg", "service_uptake_features.svg"}
    assert all(path.read_text().startswith("<svg") for path in drawn)
    assert reason_rows(scores(home, VALUE_LOSS))["share"].max() <= 1


def test_a_purpose_that_is_none_is_refused_by_name():
    with pytest.raises(Exception, match="'handset' is no purpose of a model; there are value_loss, handset_change"):
        purpose_of("handset")
    assert len(CLASSES) > SERVICE_UPTAKE.places
