"""What asking changes, of a build: learnt each month offer by offer from lists that held members back, then predicted.
Thin: the learning is `uplift`'s.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from orchestration.base.settings import Home
from orchestration.scoring import ledger
from orchestration.scoring.errors import ScoringError
from orchestration.scoring.purposes import UPLIFT
from orchestration.scoring.rows import MOST_ROWS, Rows
from orchestration.scoring.score import PLACES, Scored, require_known
from orchestration.scoring.store import Store
from orchestration.scoring.train import Note, Trained, decide
from orchestration.scoring.uplift import LEARNER, Least, Uplift, fit, predict


@dataclass(frozen=True)
class Uplifts:
    """Uplift of each offer whose lists tell it, by its code. `month`: the last complete one when it was learnt; `left_out`: of
    other offers that were looked at, why not."""

    month: date
    offers: dict[str, Uplift]
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What is kept as the model itself."""
        return json.dumps({code: found.boosters for code, found in self.offers.items()}, indent=1) + "\n"

    @property
    def known_by(self) -> date:
        """The month that its version is named after."""
        return self.month

    @property
    def features(self) -> tuple[str, ...]:
        """The columns that it goes by, whatever the offer."""
        return tuple(sorted({name for found in self.offers.values() for name in found.features}))

    @property
    def in_short(self) -> str:
        return "uplift of " + ", ".join(f"{code} (Qini {found.qini[found.way]:.4f})" for code, found in self.offers.items())

    def facts(self) -> dict[str, Any]:
        """All but the text, as JSON values."""
        summary = {code: {k: v for k, v in asdict(found).items() if k != "boosters"} for code, found in self.offers.items()}
        return {"month": self.month, "offers": summary, "left_out": self.left_out}

    @classmethod
    def read(cls, text: str, facts: Mapping[str, Any]) -> "Uplifts":
        """The uplift of a text and its facts."""
        offers = {}
        for code, boosters in json.loads(text).items():
            summary = facts["offers"][code]
            categories = {name: tuple(values) for name, values in summary["categories"].items()}
            treated, control = summary["members"]
            members, names = (treated, control), tuple(summary["features"])
            offers[code] = Uplift(
                summary["way"], tuple(boosters), names, categories, summary["qini"], summary["by_chance"], members
            )
        return cls(date.fromisoformat(facts["month"]), offers, facts["left_out"])


def uplift_store(home: Home) -> Store[Uplifts]:
    """The models of uplift that are kept."""
    return Store(home.models / UPLIFT, Uplifts)


def learn(rows: Rows, home: Home, note: Note) -> Trained:
    """Learns the uplift of every offer whose lists have enough members, once a month and when another offer has; lines go by it
    from then on.

    An offer is left out where too few of its members are learnt from or held out, or where its uplift orders those held out no
    better than chance. Raises ScoringError where a model is damaged.
    """
    store, month, names = uplift_store(home), rows.last, rows.features.names
    if month is None:
        return Trained("no uplift yet: no month is complete")
    asked, champion = with_enough(rows.members, rows.least), store.champion()
    none = f"no new uplift, {champion.version} stays" if champion else "no uplift yet"
    if not asked:
        members, taken = rows.least.members, rows.least.taken
        return Trained(f"{none}: no offer's lists have {members} members of each arm, {taken} with and without an order")
    for version in store.versions():
        if version.startswith(f"{month:%Y-%m}_"):
            known = store.load(version)
            if known.goes_by(names) and known.model.offers.keys() | known.model.left_out.keys() >= set(asked):
                return Trained(f"not due: {version} was learnt after {month:%Y-%m}, the last complete month")
    offers: dict[str, Uplift] = {}
    left_out: dict[str, str] = {}
    for code in asked:
        note(f"{UPLIFT}: learning {code}")
        found = rows.members_of(code)
        try:
            model = fit(found[names], found["is_treated"], found["has_ordered"], found["subscriber_id"], rows.least)
        except ScoringError as error:
            left_out[code] = str(error)
            continue
        if model.is_better_than_chance:
            offers[code] = model
        else:
            left_out[code] = "orders the members held out no better than chance"
    if not offers:
        return Trained(f"{none}: " + "; ".join(f"{code}: {why}" for code, why in left_out.items()))
    learnt = Uplifts(month, offers, left_out)
    card = {"challenged": champion.version if champion else None, "learner": {"trees": dict(LEARNER)}, "most_rows": MOST_ROWS}
    # The newest scores: it knows all members that the one before knew, and more, so that no test on others would be fair to it.
    return decide(store, store.save(learnt, month, card), True, learnt.in_short)


def predict_lines(rows: Rows, home: Home, note: Note) -> Scored:
    """Tells the uplift of each offer learnt for the lines on-net at the end of the last complete month, unless that is done for
    the same features.

    Raises ScoringError where the model is damaged or knows months after this one; what stands stays.
    """
    champion, month = uplift_store(home).champion(), rows.last
    if champion is None or month is None:
        return Scored("no uplift yet")
    kept = uplift_store(home).load(champion.version)
    require_known(kept, month)
    path = ledger.UPLIFTS.file(home, month, "uplifts")
    made_from = {"features": rows.last_fingerprint, "model": kept.version}
    if ledger.made_from_of(path) == made_from:
        return Scored(f"{month:%Y-%m} is scored already", month, kept.version)
    note(f"{UPLIFT}: scoring")
    counts = []

    def scored() -> Iterator[pd.DataFrame]:
        for lines in rows.of_last():
            old = lines[~lines["is_too_new"].to_numpy(bool)]
            counts.append(len(old))
            for code, one in kept.model.offers.items():
                uplift = predict(one, old).round(PLACES)
                told = {"subscriber_id": old["subscriber_id"], "offer_code": code, "uplift": uplift, "month": month}
                yield pd.DataFrame(told).assign(model_version=kept.version)

    ledger.write_frames(home, path, ledger.UPLIFTS, scored(), made_from)
    lines = sum(counts)
    return Scored(f"{lines:,} lines of {month:%Y-%m} by {kept.version}", month, kept.version, lines, True)


def with_enough(members: pd.DataFrame, least: Least) -> list[str]:
    """The offers whose members of both arms, and of these with and without an order, are not too few. `members`: offer_code, arm,
    members, ordered."""
    has_enough = (
        (members["members"] >= least.members)
        & (members["ordered"] >= least.taken)
        & (members["members"] - members["ordered"] >= least.taken)
    )
    arms = members[has_enough].groupby("offer_code")["arm"].nunique()
    return sorted(arms[arms == 2].index)
