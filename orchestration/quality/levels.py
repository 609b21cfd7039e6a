"""Whether a delivered figure stands on another level than before: other units, mostly. Pure; profiles are given.

Three figures tell the level: median, 90th percentile, mean. It counts as moved as far as two of them moved the same way, so
that one heavy user, who moves the mean alone, is no alarm, and a third of the rows in another unit is one.
"""

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from orchestration.quality.limits import DriftLimit
from orchestration.quality.profiles import Profile

FIGURES = (("median", "middle"), ("90th percentile", "high"), ("mean", "mean"))


@dataclass(frozen=True)
class Move:
    """How far a column moved: `times` the usual level, up or down, 1 or more; `detail` says so in figures."""

    profile: Profile
    times: float
    detail: str


def move(now: Profile, past: Iterable[Profile], limit: DriftLimit, least_rows: int, periods: int) -> Move | None:
    """How far `now` is from the last periods before it; None where either side is too small to tell, or has no past.

    `past`: profiles of the same column. Later periods, and this one, are left out of them; so are deliveries before a confirmed
    new level where `now` is not.
    """
    if now.count < least_rows:
        return None
    earlier = [p for p in past if (p.month, p.dt) < (now.month, now.dt) and p.count >= least_rows]
    if limit.confirmed_from and now.dt >= limit.confirmed_from:
        earlier = [p for p in earlier if p.dt >= limit.confirmed_from]
    earlier = sorted(earlier, key=lambda p: (p.month, p.dt))[-periods:]
    if not earlier:
        return None
    usual = {name: statistics.median(getattr(p, name) for p in earlier) for _, name in FIGURES}
    moved = {name: math.log(getattr(now, name) / usual[name]) for _, name in FIGURES}
    up, down = sorted(moved.values())[1:], sorted(moved.values())[:2]
    furthest = max(0.0, up[0], -down[1])  # as far as two of the three moved
    told = ", ".join(f"{words} {_shown(getattr(now, name))} after {_shown(usual[name])}" for words, name in FIGURES)
    spread = f"{len(earlier)} earlier period{'s' * (len(earlier) > 1)}"
    return Move(now, math.exp(furthest), f"{now.month:%Y-%m}: {told} in {spread}; sum {_shown(now.total)} in {now.rows:,} rows")


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
