"""Who talks to whom: call pairs of a month, from communities.

Each line talks to its neighbours in its community, all to its hub (the key person, in a group), and to numbers of other
operators. A pair is told from both sides with the same figures, as the source has them.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sample.block import Block, Month
from sample.delivery import Codes, Landing
from sample.randomness import mixed

REACH = 4
"""A line talks to so many lines on each side of it; communities are larger than twice this."""
OUTSIDE = 9
"""Numbers of other operators that a line may talk to."""
OWN, COMPETITOR, FIXED, OTHER = range(4)
OPERATORS = ["own", "competitor", "fixed", "other"]


def call_pairs(block: Block, month: Month, outgoing: np.ndarray, days_present: np.ndarray, landing: Landing) -> None:
    """Delivers the pairs of a complete month, the last ones told alone (see settings.call_pair_months)."""
    if not month.is_complete or month.number <= block.window.last_complete - block.settings.call_pair_months:
        return
    talks = (outgoing > 0) & (days_present > 0)
    one, other = _own_pairs(block)
    together = talks[one] & talks[other] & (_lottery(block, one, other, month.number) < 0.85)
    one, other = one[together], other[together]
    weight = _strength(block, one, other) * np.sqrt(np.minimum(outgoing[one], 2_000) * np.minimum(outgoing[other], 2_000)) / 12
    line, peer = np.concatenate((one, other)), np.concatenate((other, one))
    minutes = np.concatenate((weight, weight))
    far_line, number, kind, far_minutes = _outside(block, month, talks, outgoing)
    line = np.concatenate((line, far_line)).astype(np.int32)
    minutes = np.maximum(np.concatenate((minutes, far_minutes)), 0.3)
    calls = np.maximum(1, (minutes / 2.6).astype(np.int64))
    days = np.minimum(np.maximum(1, (calls * 0.8).astype(np.int64)), np.minimum(days_present[line], month.days))
    lines = len(block)
    frame = {
        "subscriber_id": block.subscriber(line),
        "call_month": np.full(len(line), month.begin),
        "peer_key": Codes(np.concatenate((peer, lines + number)), _pseudonyms(block)),
        "peer_subscriber_id": block.subscriber(np.concatenate((peer, np.full(len(number), -1)))),
        "peer_operator": Codes(np.concatenate((np.full(len(peer), OWN), kind)), OPERATORS),
        "call_days": days,
        "call_count": np.maximum(calls, days),
        "call_minutes": (minutes * 100).astype(np.int64),
    }
    order = np.argsort(line, kind="stable")
    frame = {name: Codes(c.index[order], c.values) if isinstance(c, Codes) else c[order] for name, c in frame.items()}
    landing.add("billing_call_pairs", frame, block.part(month), np.full(len(line), month.end - 1))


def _own_pairs(block: Block) -> tuple[np.ndarray, np.ndarray]:
    """Each pair of a community once, as lines of the block: neighbours within REACH around a ring, then all with the hub."""
    size = block.people.community_size.astype(np.int64)
    hub = block.people.hub.astype(np.int64) - block.start
    line = np.arange(len(block))
    place = line - hub
    ones, others = [], []
    for step in range(1, REACH + 1):
        ones.append(line)
        others.append(hub + (place + step) % size)
    far = np.minimum(place, size - place) > REACH
    ones.append(line[far])
    others.append(hub[far])
    return np.concatenate(ones), np.concatenate(others)


def _outside(
    block: Block, month: Month, talks: np.ndarray, outgoing: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(line, number within the block's outside numbers, operator, minutes): neighbouring numbers of the community's own pool."""
    size = block.people.community_size.astype(np.int64)
    hub = block.people.hub.astype(np.int64) - block.start
    drawn = mixed(block.people.line.astype(np.int64) + 77)
    place = (drawn % (2 * size).astype(np.uint64)).astype(np.int64)
    wanted = np.clip((block.traits.offnet * 24).astype(np.int64), 2, OUTSIDE)
    slot = np.arange(OUTSIDE)
    row, nth = np.nonzero((slot[None, :] < wanted[:, None]) & talks[:, None])
    number = 2 * hub[row] + (place[row] + nth) % (2 * size[row])
    drawn = mixed(number + block.start * 3)
    kind = np.where(drawn % np.uint64(10) < 8, COMPETITOR, np.where(drawn % np.uint64(10) == 8, FIXED, OTHER))
    seldom = mixed(row * 1_000 + nth * 37 + month.number * 1_000_003 + block.start * 7) >> np.uint64(40)
    share = (seldom.astype(np.float32) / 2**24 + 0.2) * 2 * block.traits.offnet[row] / wanted[row]
    return row, number, kind, (outgoing[row] * share).astype(np.float32)


def _lottery(block: Block, one: np.ndarray, other: np.ndarray, salt: int) -> np.ndarray:
    """A number in 0-1 of each pair, the same from both sides."""
    low, high = np.minimum(one, other) + block.start, np.maximum(one, other) + block.start
    return (mixed(mixed(low * 4_294_967_291 + high) + np.uint64(salt)) >> np.uint64(40)).astype(np.float32) / 2**24


def _strength(block: Block, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return 0.15 + 1.4 * _lottery(block, one, other, 0) ** 2


def _pseudonyms(block: Block) -> pa.Array:
    """Keys of the block's lines, then of its outside numbers: hashes that show neither."""
    lines = len(block)
    number = np.concatenate((np.arange(lines) + block.start, np.arange(2 * lines) + 2 * block.start + (1 << 40)))
    salted = mixed(number ^ int(mixed(np.array([block.seed]))[0] >> np.uint64(20)))
    return pc.binary_join_element_wise("K", pa.array(salted).cast(pa.string()), "")
