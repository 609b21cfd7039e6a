"""What lines do on the network: usage by day, handsets by month. What it costs is in money.py."""

from dataclasses import dataclass

import numpy as np

from sample.block import Block, Month
from sample.catalogues import DEVICES
from sample.delivery import Codes, Landing
from sample.lifelines import TO_COMPETITOR, TO_REGION
from sample.randomness import STEPS, draws, exponential, mixed, spread


@dataclass(frozen=True)
class Totals:
    """A month's use by line of a block: days in service, and minutes, MB and messages as they were delivered."""

    days: np.ndarray
    outgoing: np.ndarray
    roaming: np.ndarray
    messages: np.ndarray
    mb: np.ndarray


def usage(block: Block, month: Month, landing: Landing) -> Totals:
    """Delivers the usage of a month, day by day; its totals."""
    rng = block.stream("usage", month.number)
    traits, kind = block.traits, block.lives.signs
    present, fading = block.present(month), block.fading(month)
    chance = traits.activity[:, None] * fading * STEPS
    line, day = np.nonzero(present & (draws(rng, present.shape) < chance))
    line, day = line.astype(np.int32), day.astype(np.int32)
    left = fading[line, day]
    gone = 1 - left
    to_competitor, to_region = (np.where(kind == k, 1, 0).astype(np.float32)[line] for k in (TO_COMPETITOR, TO_REGION))
    drawn = draws(rng, (8, len(line)))
    of_month = spread(0.12)[
        (mixed(block.people.line.astype(np.int64) * 4096 + month.number) & np.uint64(0xFFFF)).astype(np.int64)
    ]
    a_day = of_month / (month.days * traits.activity)
    day_of_week = (month.begin + day) % 7
    business = np.array([1.05, 1.02, 0.9, 0.85, 1.05, 1.05, 1.08], np.float32)[day_of_week]  # 1970-01-01 was a Thursday

    outgoing = _hundredths((traits.minutes * a_day)[line] * spread(0.45)[drawn[0]] * left * business)
    incoming = _hundredths(outgoing / 100 * traits.incoming[line] * spread(0.5)[drawn[1]])
    offnet_share = np.clip(traits.offnet[line] * (0.7 + drawn[2] * (0.6 / STEPS)) + 0.4 * gone * to_competitor, 0, 0.95)
    offnet = ((outgoing + incoming) * offnet_share).astype(np.int64)
    is_roaming = drawn[3] < (traits.roaming[line] + 0.45 * gone * to_region) * STEPS
    roaming = np.where(is_roaming, outgoing * 4 // 5, 0)
    messages = (exponential()[drawn[4]] * (traits.messages * a_day)[line] * left + 0.4).astype(np.int64)
    kb = ((traits.mb * a_day)[line] * spread(0.7)[drawn[5]] * left * 1_000).astype(np.int64)
    forwarded = (drawn[6] < (0.002 + 0.25 * gone * to_competitor) * STEPS).astype(np.int64) * (1 + (drawn[0] & 1))
    hotline = (drawn[7] < (0.0015 + 0.12 * gone * to_competitor) * STEPS).astype(np.int64)
    date = month.begin + day
    frame = {
        "subscriber_id": block.subscriber(line),
        "usage_date": date,
        "outgoing_calls": -(-outgoing // 220),
        "outgoing_minutes": outgoing,
        "incoming_calls": -(-incoming // 240),
        "incoming_minutes": incoming,
        "offnet_minutes": offnet,
        "roaming_minutes": roaming,
        "messages_sent": messages,
        "data_mb": kb,
        "roaming_data_mb": np.where(is_roaming, kb * 3 // 5, 0),
        "calls_forwarded_offnet": forwarded,
        "competitor_hotline_calls": hotline,
    }
    landing.add("billing_usage_daily", frame, block.part(month), _known(rng, date, block.settings.late_usage_share))
    count = len(block)
    return Totals(
        present.sum(axis=1),
        np.bincount(line, outgoing, count) / 100,
        np.bincount(line, roaming, count) / 100,
        np.bincount(line, messages, count),
        np.bincount(line, kb, count) / 1_000,
    )


def handsets(block: Block, month: Month, days_present: np.ndarray, landing: Landing) -> None:
    """Delivers the handsets that lines were seen in, at the end of a complete month."""
    if not month.is_complete:
        return
    traits = block.traits
    rng = block.stream("handsets", month.number)
    days = np.minimum((days_present * rng.uniform(0.7, 1.0, len(block))).astype(np.int64), days_present)
    days = np.where(days_present > 0, np.maximum(days, 1), 0)
    before = np.clip(traits.device_change - month.begin, 0, month.days) * days // month.days
    line = np.arange(len(block))
    both = np.concatenate((line, line))
    used = np.concatenate((before, days - before))
    which = np.concatenate((traits.device, traits.later_device))
    kept = used > 0
    frame = {
        "subscriber_id": block.subscriber(both[kept]),
        "usage_month": np.full(int(kept.sum()), month.begin),
        "tac": Codes(which[kept], [d[0] for d in DEVICES]),
        "days_used": used[kept],
    }
    landing.add("billing_device_usage", frame, block.part(month), np.full(int(kept.sum()), month.end - 1))


def _hundredths(minutes: np.ndarray) -> np.ndarray:
    return (minutes * 100).astype(np.int64)


def _known(rng: np.random.Generator, date: np.ndarray, late_share: float) -> np.ndarray:
    """The day by which a row is known: the same evening, a few one to three days late."""
    late = draws(rng, len(date))
    return date + np.where(late < late_share * STEPS, 1 + late % 3, 0)
