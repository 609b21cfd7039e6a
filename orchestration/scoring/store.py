"""Models on disk: a text and a card of JSON each, and which of them scores. No pickles: nothing here can run.

    <lake>/models/<purpose>/<version>/model.txt, card.json
    <lake>/models/<purpose>/champion.json

A version is the month that a model was tested on and a checksum of both files: one that was changed is refused.
"""

import hashlib
import json
import shutil
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

from orchestration.base.files import replace_text, sync_folder
from orchestration.scoring.errors import ScoringError

_TEXT, _CARD, _CHAMPION, _DRAFT = "model.txt", "card.json", "champion.json", ".draft"


class Kind(Protocol):
    """What can be kept: a text, and facts of JSON beside it that make it again."""

    @property
    def text(self) -> str: ...
    @property
    def known_by(self) -> date: ...
    @property
    def features(self) -> tuple[str, ...]: ...
    def facts(self) -> dict[str, Any]: ...
    @classmethod
    def read(cls, text: str, facts: Mapping[str, Any]) -> Self: ...


Of = TypeVar("Of", bound=Kind)


@dataclass(frozen=True)
class Champion:
    """Which model scores: `version`, those that did before it (`before`, the latest last), and whether somebody pinned it, so
    that no other takes its place."""

    version: str
    before: tuple[str, ...] = ()
    is_pinned: bool = False


@dataclass(frozen=True)
class Kept(Generic[Of]):
    """A model as it is kept. `trained_for`: last complete month when it was trained; `card`: what else is told of it."""

    version: str
    model: Of
    trained_for: date
    card: Mapping[str, Any]

    @property
    def tested_on(self) -> date:
        return self.model.known_by

    def goes_by(self, features: Collection[str]) -> bool:
        """Whether all that the model goes by is among these features: it can score them."""
        return set(self.model.features) <= set(features)


class Store(Generic[Of]):
    """The models of one purpose in a folder, all of one kind."""

    def __init__(self, folder: Path, kind: type[Of]):
        self.folder = folder
        self._kind = kind

    def save(self, model: Of, trained_for: date, card: Mapping[str, Any]) -> Kept[Of]:
        """Keeps a model, whole or not at all; the same model again changes nothing. `card`: JSON values."""
        text = (
            json.dumps({"trained_for": trained_for, "model": model.facts(), "card": card}, indent=1, sort_keys=True, default=str)
            + "\n"
        )
        version = f"{model.known_by:%Y-%m}_{_checksum(model.text, text)}"
        place = self.folder / version
        if not place.exists():
            draft = self.folder / _DRAFT
            shutil.rmtree(draft, ignore_errors=True)  # of a training that was killed
            replace_text(draft / _TEXT, model.text)
            replace_text(draft / _CARD, text)
            draft.rename(place)
            sync_folder(self.folder)
        return self.load(version)

    def load(self, version: str) -> Kept[Of]:
        """A model by its version. Raises ScoringError where there is none, or a file of it was changed."""
        place = self.folder / version
        try:
            body, text = ((place / name).read_text(encoding="utf-8") for name in (_TEXT, _CARD))
        except OSError as error:
            raise ScoringError(
                f"{place}: there is no such model ({error.strerror}); `telco360 scoring list` shows all"
            ) from error
        if not version.endswith(f"_{_checksum(body, text)}"):
            raise ScoringError(
                f"{place}: model.txt or card.json is not what was written. Put it back from a backup, or "
                f"`telco360 scoring rollback`."
            )
        read = json.loads(text)
        return Kept(version, self._kind.read(body, read["model"]), date.fromisoformat(read["trained_for"]), read["card"])

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


def _checksum(text: str, card: str) -> str:
    return hashlib.sha256(f"{text}\0{card}".encode()).hexdigest()[:12]
