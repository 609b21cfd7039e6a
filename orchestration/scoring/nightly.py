"""A nightly run for all purposes: each by itself, so that one that fails leaves the others and its own scores as they are."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from orchestration.base.errors import Telco360Error
from orchestration.base.settings import Home
from orchestration.scoring.cards import write_cards
from orchestration.scoring.check import check
from orchestration.scoring.grouping import group, put_into_segments
from orchestration.scoring.offers import learn, predict_lines
from orchestration.scoring.purposes import PURPOSES, SEGMENTS, UPLIFT
from orchestration.scoring.rows import Rows
from orchestration.scoring.score import Scored, score
from orchestration.scoring.train import Note, Trained, train

Made = TypeVar("Made")


@dataclass
class ScoringRun:
    """What came of one step. `done`: what is new, in words; `waiting`: purposes without a model, and why; `problems`: why others
    failed."""

    done: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def in_short(self) -> str:
        """How much of each."""
        counts = {"done": self.done, "without a model yet": self.waiting, "failed": self.problems}
        return ", ".join(f"{len(found)} {what}" for what, found in counts.items() if found) or "none due"


def train_all(rows: Rows, home: Home, note: Note) -> ScoringRun:
    """Trains what is due. Raises nothing of a model's own."""
    run = ScoringRun()
    works: dict[str, Callable[[], Trained]] = {
        **{purpose.name: partial(train, rows, home, purpose, note) for purpose in PURPOSES},
        SEGMENTS: partial(group, rows, home, note),
        UPLIFT: partial(learn, rows, home, note),
    }
    waiting: dict[str, list[str]] = {}
    for name, work in works.items():
        made = _alone(run, name, work)
        if made and made.version:
            run.done.append(f"{name}: {made.why}")
        elif made and made.why.startswith("no "):
            waiting.setdefault(made.why, []).append(name)
    run.waiting = [f"{', '.join(names)}: {why}" for why, names in waiting.items()]
    return run


def score_all(rows: Rows, home: Home, note: Note) -> ScoringRun:
    """Scores the last complete month where that is due, checks earlier scores whose outcome has become known, and writes the
    cards of all models. Raises nothing of a model's own."""
    run = ScoringRun()
    for purpose in PURPOSES:
        checked = _alone(run, purpose.name, partial(check, rows, home, purpose, note))
        if checked:
            run.done.append(f"{purpose.name}: scores of {', '.join(f'{month:%Y-%m}' for month in checked)} checked")
    works: dict[str, Callable[[], Scored]] = {
        **{purpose.name: partial(score, rows, home, purpose, note) for purpose in PURPOSES},
        SEGMENTS: partial(put_into_segments, rows, home, note),
        UPLIFT: partial(predict_lines, rows, home, note),
    }
    for name, work in works.items():
        made = _alone(run, name, work)
        if made and made.is_new:
            run.done.append(f"{name}: {made.why}")
    _alone(run, "cards", partial(write_cards, home))
    return run


def _alone(run: ScoringRun, name: str, work: Callable[[], Made]) -> Made | None:
    try:
        return work()
    except Telco360Error as error:
        run.problems.append(f"{name}: {error}")
    except Exception as error:  # of a library: the run must not hang on a score
        run.problems.append(f"{name}: {type(error).__name__}: {error}")
    return None
