"""Random numbers that depend on nothing but their names, and fast ways to shape many of them.

Only tools belong here. A stream is named by the seed and what it is for, so that files come out the same whatever was made
before them, or beside them in another thread.
"""

from functools import cache
from statistics import NormalDist
from zlib import crc32

import numpy as np
import numpy.typing as npt

STEPS = 65_536


def stream(seed: int, *names: object) -> np.random.Generator:
    """The generator of that name."""
    words = [seed, *(crc32(str(name).encode()) for name in names)]
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(words)))


def draws(rng: np.random.Generator, shape: int | tuple[int, ...]) -> np.ndarray:
    """Uniform 16-bit numbers, to look up in a table of quantiles or to hold against a chance times STEPS."""
    return rng.integers(0, STEPS, shape, dtype=np.uint16)


@cache
def normal() -> np.ndarray:
    """Quantiles of the standard normal at (i + 0.5) / STEPS (float32)."""
    inverse = NormalDist().inv_cdf
    return np.array([inverse((i + 0.5) / STEPS) for i in range(STEPS)], np.float32)


@cache
def spread(sigma: float) -> np.ndarray:
    """Quantiles of a lognormal of mean 1 (float32)."""
    values = np.exp(sigma * normal())
    return (values / values.mean()).astype(np.float32)


@cache
def exponential() -> np.ndarray:
    """Quantiles of an exponential of mean 1 (float32)."""
    return (-np.log1p(-(np.arange(STEPS) + 0.5) / STEPS)).astype(np.float32)


def mixed(values: np.ndarray) -> np.ndarray:
    """A well mixed uint64 of each integer (splitmix64): equal in, equal out."""
    x = values.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def choose(rng: np.random.Generator, weights: npt.ArrayLike, size: int) -> np.ndarray:
    """Indices drawn with these weights (int16)."""
    edges = np.cumsum(np.asarray(weights, np.float64))
    return np.searchsorted(edges / edges[-1], rng.random(size), side="right").clip(0, len(edges) - 1).astype(np.int16)


def runs(rng: np.random.Generator, total: int, lengths: npt.ArrayLike, weights: np.ndarray | None = None) -> np.ndarray:
    """For each of `total` places in a row, the number of its run; run lengths are drawn from `lengths` with `weights`."""
    choices = np.asarray(lengths)
    drawn = []
    left = total
    while left > 0:
        some = rng.choice(choices, max(16, int(left / choices.mean()) + 1), p=weights)
        drawn.append(some)
        left -= int(some.sum())
    return np.repeat(np.arange(sum(map(len, drawn)), dtype=np.int32), np.concatenate(drawn))[:total]
