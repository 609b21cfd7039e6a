"""Whether a delivered figure stands on another level than before: other units, mostly. Pure; profiles are given.

Three figures tell the level: median, 90th percentile, mean. It counts as moved as far as two of them moved the same way, so
that one heavy user, who moves the mean alone, is no alarm, and a third of the rows in another unit is one. Of a delivery much
smaller than usual, a correction of a few rows, all three must have moved: its rows are another mix.
"""

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from orchestration.quality.limits import DriftLimit, ReleaseLimits
from orchestration.quality.profiles import Profile

FIGURES = (("median", "middle"), ("90th percentile", "high"), ("mean", "mean"))


@dataclass(frozen=True)
class Move:
    """How far a column moved: `times` the usual level, up or down, 1 or more; `detail` says so in figures."""

    profile: Profile
    times: float
    detail: str


def move(now: Profile, past: Iterable[Profile], limit: DriftLimit, limits: ReleaseLimits) -> Move | None:
    """How far `now` is from the last periods before it; None where either side is too small to tell, or has no past.

    `past`: profiles of the same column. Later periods, and this one, are left out of them; so are deliveries before a confirmed
    new level where `now` is not.
    """
    if now.count < limits.least_rows:
        return None
    earlier = [p for p in past if (p.month, p.dt) < (now.month, now.dt) and p.count >= limits.least_rows]
    if limit.confirmed_from and now.dt >= limit.confirmed_from:
        earlier = [p for p in earlier if p.dt >= limit.confirmed_from]
    earlier = sorted(earlier, key=lambda p: (p.month, p.dt))[-limits.usual_periods :]
    if not earlier:
        return None
    usual = {name: statistics.median(getattr(p, name) for p in earlier) for _, name in FIGURES}
    least, middle, most = sorted(math.log(getattr(now, name) / usual[name]) for _, name in FIGURES)
    is_small = now.count < limits.small_share * statistics.median(p.count for p in earlier)
    furthest = max(0.0, least, -most) if is_small else abs(middle)
    told = ", ".join(f"{words} {_shown(getattr(now, name))} after {_shown(usual[name])}" for words, name in FIGURES)
    spread = f"{len(earlier)} earlier period{'s' * (len(earlier) > 1)}"
    return Move(
        now, math.exp(furthest), f"{now.month:%Y-%m}: {told} in {spread}; sum {_shown(now.total or 0.0)} in {now.rows:,} rows"
    )


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
