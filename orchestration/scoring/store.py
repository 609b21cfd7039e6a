"""Models on disk: LightGBM's text and a card of JSON each, and which of them scores. No pickles: nothing here can run.

    <lake>/models/value_loss/<version>/model.txt, card.json
    <lake>/models/value_loss/champion.json

A version is the month that a model was tested on and a checksum of both files: one that was changed is refused.
"""

import hashlib
import json
import shutil
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.base.files import replace_text, sync_folder
from orchestration.scoring.errors import ScoringError
from orchestration.scoring.model import Model

SCORE = "value_loss"
_TEXT, _CARD, _CHAMPION, _DRAFT = "model.txt", "card.json", "champion.json", ".draft"


@dataclass(frozen=True)
class Champion:
    """Which model scores: `version`, those that did before it (`before`, the latest last), and whether somebody pinned it, so
    that no other takes its place."""

    version: str
    before: tuple[str, ...] = ()
    is_pinned: bool = False


@dataclass(frozen=True)
class Kept:
    """A model as it is kept. `trained_for`: last complete month when it was trained; `card`: what else is told of it."""

    version: str
    model: Model
    trained_for: date
    card: Mapping[str, Any]

    @property
    def tested_on(self) -> date:
        return self.model.months["test"][0]

    def goes_by(self, features: Collection[str]) -> bool:
        """Whether all that the model goes by is among these features: it can score them."""
        return set(self.model.features) <= set(features)


class Store:
    """The models of one score in a folder."""

    def __init__(self, folder: Path):
        self.folder = folder

    def save(self, model: Model, trained_for: date, card: Mapping[str, Any]) -> Kept:
        """Keeps a model, whole or not at all; the same model again changes nothing. `card`: JSON values."""
        facts = {name: value for name, value in asdict(model).items() if name != "booster"}
        text = (
            json.dumps({"trained_for": trained_for, "model": facts, "card": card}, indent=1, sort_keys=True, default=str) + "\n"
        )
        version = f"{model.months['test'][0]:%Y-%m}_{_checksum(model.booster, text)}"
        place = self.folder / version
        if not place.exists():
            draft = self.folder / _DRAFT
            shutil.rmtree(draft, ignore_errors=True)  # of a training that was killed
            replace_text(draft / _TEXT, model.booster)
            replace_text(draft / _CARD, text)
            draft.rename(place)
            sync_folder(self.folder)
        return self.load(version)

    def load(self, version: str) -> Kept:
        """A model by its version. Raises ScoringError where there is none, or a file of it was changed."""
        place = self.folder / version
        try:
            booster, text = ((place / name).read_text(encoding="utf-8") for name in (_TEXT, _CARD))
        except OSError as error:
            raise ScoringError(
                f"{place}: there is no such model ({error.strerror}); `telco360 scoring list` shows all"
            ) from error
        if not version.endswith(f"_{_checksum(booster, text)}"):
            raise ScoringError(
                f"{place}: model.txt or card.json is not what was written. Put it back from a backup, or "
                f"`telco360 scoring rollback`."
            )
        read = json.loads(text)
        return Kept(version, _model(booster, read["model"]), date.fromisoformat(read["trained_for"]), read["card"])

    def versions(self) -> list[str]:
        """All versions kept, the earliest month first."""
        return sorted(path.name for path in self.folder.glob("*_*") if path.is_dir())

    def champion(self) -> Champion | None:
        """Which model scores; None before the first."""
        try:
            read = json.loads((self.folder / _CHAMPION).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise ScoringError(f"{self.folder / _CHAMPION} is damaged; `telco360 scoring pin VERSION` writes it anew") from error
        return Champion(read["version"], tuple(read["before"]), read["is_pinned"])

    def crown(self, version: str) -> None:
        """Has a model score from now on, as long as no other is better."""
        now = self.champion()
        before = (*now.before, now.version) if now and now.version != version else now.before if now else ()
        self._choose(Champion(version, before))

    def pin(self, version: str) -> None:
        """Has a model score until another is pinned, or `rollback`. Raises ScoringError for one that cannot be read."""
        self.load(version)
        try:
            self.crown(version)
        except ScoringError:
            self._choose(Champion(version))
        now = self.champion()
        assert now is not None
        self._choose(replace(now, is_pinned=True))

    def rollback(self) -> str:
        """Has the model before score, which stays until `pin` or a better one; gives its version. Raises ScoringError for
        none."""
        now = self.champion()
        if now is None or not now.before:
            raise ScoringError("there is no model before the present one; `telco360 scoring list` shows all")
        *rest, last = now.before
        self.load(last)
        self._choose(Champion(last, tuple(rest)))
        return last

    def _choose(self, champion: Champion) -> None:
        replace_text(self.folder / _CHAMPION, json.dumps(asdict(champion), indent=1) + "\n")


def _checksum(booster: str, card: str) -> str:
    return hashlib.sha256(f"{booster}\0{card}".encode()).hexdigest()[:12]


def _model(booster: str, read: Mapping[str, Any]) -> Model:
    slope, intercept = read["calibration"]
    return Model(
        booster=booster,
        features=tuple(read["features"]),
        categories={name: tuple(values) for name, values in read["categories"].items()},
        calibration=(slope, intercept),
        left_out=read["left_out"],
        months={name: [date.fromisoformat(month) for month in months] for name, months in read["months"].items()},
        rows={name: (rows, positive) for name, (rows, positive) in read["rows"].items()},
        figures=read["figures"],
    )
