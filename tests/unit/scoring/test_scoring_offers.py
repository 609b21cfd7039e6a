"""Uplift of offers on a made build: who is learnt from, when, what is kept and told, and what is left to the chance."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from made_rows import NEW, MadeRows

from orchestration.base.settings import Home
from orchestration.scoring import ledger
from orchestration.scoring.errors import ScoringError
from orchestration.scoring.offers import Uplifts, learn, predict_lines, uplift_store, with_enough
from orchestration.scoring.uplift import Least

AUGUST = date(2026, 8, 1)


def quiet(text: str) -> None:
    """Progress that nobody hears."""


def rows(*offers: str, last: date = AUGUST, least: Least = MadeRows.least) -> MadeRows:
    made = MadeRows(last)
    made.offers, made.least = offers, least
    return made


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home whose lists tell the uplift of A, and of nothing else."""
    place = Home(tmp_path_factory.mktemp("offers"))
    told = learn(rows("A", "chance", "none"), place, quiet)
    assert told.scores, told.why
    return place


def scores(home: Home, month: date = AUGUST) -> pd.DataFrame:
    return ledger.read(ledger.UPLIFTS.file(home, month, "uplifts"))


def test_the_uplift_of_lines_is_written_by_offer_and_says_whom_asking_wins(home):
    told = predict_lines(rows("A"), home, quiet)
    found = scores(home)
    lines = rows("A").frame(rows("A").last)
    assert (told.is_new, told.lines) == (True, len(lines) - NEW)
    assert set(found["model_version"]) == set(uplift_store(home).versions())
    assert set(found["offer_code"]) == {"A"}
    found = found.merge(lines, on="subscriber_id")
    assert len(found) == len(lines) - NEW and not found["is_too_new"].any()
    dear = found["spend"] > 30
    assert found.loc[dear, "uplift"].mean() > 0.3
    assert abs(found.loc[~dear, "uplift"].mean()) < 0.1
    assert found["uplift"].equals(found["uplift"].round(6))
    assert not predict_lines(rows("A"), home, quiet).is_new


def test_offers_that_nobody_orders_or_asking_does_not_change_are_left_out(home):
    (version,) = uplift_store(home).versions()
    model = uplift_store(home).load(version).model
    assert model.offers.keys() == {"A"}
    assert model.left_out == {"chance": "orders the members held out no better than chance"}


@pytest.mark.parametrize(("short", "is_enough"), [((0, 0), True), ((1, 0), False), ((0, 1), False)])
def test_an_offer_is_looked_at_from_the_members_and_orders_of_both_arms_that_the_seed_says(short, is_enough):
    members, ordered = 100 - short[0], 10 - short[1]
    arms = pd.DataFrame(
        [("A", "treated", 500, 250), ("A", "control", members, ordered), ("B", "treated", 900, 90)],
        columns=["offer_code", "arm", "members", "ordered"],
    )
    assert with_enough(arms, Least(100, 10)) == (["A"] if is_enough else [])
    unordered = arms.assign(ordered=arms["members"] - arms["ordered"])
    assert with_enough(unordered, Least(100, 10)) == (["A"] if is_enough else [])


def test_too_few_members_are_no_error_and_one_sentence_says_so(tmp_path):
    assert predict_lines(rows("A"), Home(tmp_path), quiet).why == "no uplift yet"
    told = learn(rows("none"), Home(tmp_path), quiet)
    assert told.why == "no uplift yet: no offer's lists have 100 members of each arm, 10 with and without an order"
    held_out = learn(rows("A", least=Least(1_000, 10)), Home(tmp_path), quiet)
    assert held_out.why.startswith("no uplift yet: A: held out: ") and "1000 members" in held_out.why
    assert learn(rows(), Home(tmp_path), quiet).version is None
    assert uplift_store(Home(tmp_path)).versions() == []
    assert learn(rows("A", last=date(2026, 7, 1)), Home(tmp_path), quiet).scores
    (version,) = uplift_store(Home(tmp_path)).versions()
    assert learn(rows("chance"), Home(tmp_path), quiet).why.startswith(
        f"no new uplift, {version} stays: chance: orders the members"
    )


def test_it_is_learnt_once_a_month_and_when_another_offer_has_enough(home, tmp_path):
    assert learn(rows("A", "chance"), home, quiet).why.startswith("not due: 2026-08_")
    other = Home(tmp_path)
    july = learn(rows("A", last=date(2026, 7, 1)), other, quiet)
    assert july.version.startswith("2026-07_")
    assert learn(rows("A"), other, quiet).version.startswith("2026-08_")
    more = learn(rows("A", "B"), other, quiet)
    assert more.version.startswith("2026-08_") and len(uplift_store(other).versions()) == 3
    assert uplift_store(other).champion().version == more.version
    assert learn(rows("A", "B"), other, quiet).version is None


def test_the_same_members_give_the_same_bytes(home, tmp_path):
    other = Home(tmp_path)
    for place in (home, other):
        learn(rows("A", "chance", "none"), place, quiet)
        predict_lines(rows("A"), place, quiet)
    files = [{path.relative_to(place.root): path for path in place.lake.rglob("*") if path.is_file()} for place in (home, other)]
    assert files[0].keys() == files[1].keys() and len(files[0]) == 4
    assert all(files[0][name].read_bytes() == files[1][name].read_bytes() for name in files[0])


def test_a_model_that_was_changed_is_refused_and_what_stands_stays(tmp_path):
    place = Home(tmp_path)
    learn(rows("A"), place, quiet)
    predict_lines(rows("A"), place, quiet)
    path = ledger.UPLIFTS.file(place, AUGUST, "uplifts")
    before = path.read_bytes()
    (version,) = uplift_store(place).versions()
    (uplift_store(place).folder / version / "model.txt").write_text("{}")
    for work in (learn, predict_lines):
        with pytest.raises(ScoringError, match="is not what was written"):
            work(rows("A"), place, quiet)
    assert path.read_bytes() == before


def test_a_model_is_read_as_it_was_kept(home):
    (version,) = uplift_store(home).versions()
    model = uplift_store(home).load(version).model
    again = Uplifts.read(model.text, replace(model, month=model.month.isoformat()).facts())
    assert again == model
    assert set(model.features) == set(MadeRows.features.names)
