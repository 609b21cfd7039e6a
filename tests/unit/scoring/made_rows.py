"""A made build as models read it: lines of five months, with what became of them. Stands in for `rows.Rows`."""

from collections.abc import Iterator
from datetime import date

import numpy as np
import pandas as pd

from orchestration.scoring.features import Feature, Features
from orchestration.scoring.purposes import Purpose
from orchestration.scoring.uplift import Least

MONTHS = [date(2026, month, 1) for month in range(1, 9)]
NEW = 5
"""Lines that are too new, the last of each month."""

AT_ONCE = 350
"""Lines of a frame."""

HIGH = {"high": {"en": "high spend", "zh": "消费高"}, "low": {"en": "low spend", "zh": "消费低"}}
FEATURES = Features(
    "scoring.made",
    (
        Feature("spend", "spend", "a bill of {number}", "账单{number}", segment=HIGH),
        Feature("minutes", "minutes", "minutes {number}", "通话{number}", segment=HIGH),
        Feature("data", "data", "data {number}", "流量{number}", segment=HIGH),
        Feature("months_of_handset", "handset", "for {number} months", "已用{number}个月"),
        Feature("alerts_raised", "alerts", "{number} alerts", "{number}条预警"),
        Feature("group_rate_score", "group_rates", "score {number}", "评分{number}"),
        Feature("payment_type", "plan", "{text}", "{text}"),
    ),
    {},
)
RUNS = MONTHS[:5]
"""Months whose lines a list of each offer took or held back."""
CLASSES = ("music", "video", "cloud", "broadband")


class MadeRows:
    """What a build of `last` holds, of `lines` lines a month."""

    features = FEATURES
    last_fingerprint = "made"
    least = Least(100, 10)
    offers: tuple[str, ...] = ("A",)

    def __init__(self, last: date = date(2026, 8, 1), lines: int = 900, first: date = MONTHS[0]):
        self.last, self.lines, self.first = last, lines, first
        self.fails: set[str] = set()

    def frame(self, month: date) -> pd.DataFrame:
        """Line, is_too_new and features of a month; its lines fall into four groups by spend and use."""
        rng = np.random.default_rng(month.month)
        group = np.arange(self.lines) % 4
        return pd.DataFrame(
            {
                "subscriber_id": [f"L{at:05}" for at in range(self.lines)],
                "is_too_new": np.arange(self.lines) >= self.lines - NEW,
                "spend": np.exp(np.where(group % 2, 5, 2) + rng.normal(size=self.lines) * 0.2),
                "minutes": np.exp(np.where(group < 2, 6, 3) + rng.normal(size=self.lines) * 0.2),
                "data": np.exp(np.where(group == 3, 9, 6) + rng.normal(size=self.lines) * 0.2),
                "months_of_handset": np.where(rng.random(self.lines) < 0.1, np.nan, rng.integers(0, 36, self.lines)),
                "alerts_raised": rng.integers(0, 3, self.lines).astype(float),
                "group_rate_score": rng.random(self.lines),
                "payment_type": rng.choice(["prepaid", "postpaid"], self.lines),
            }
        )

    def known(self, purpose: Purpose) -> list[date]:
        behind = purpose.months_after
        return [m for m in MONTHS if self.first <= m and m.month + behind <= self.last.month]

    def first_trained(self, purpose: Purpose) -> str:
        return f"after {purpose.months_after}"

    def became(self, purpose: Purpose, month: date) -> pd.DataFrame:
        """The month's frame with item and label."""
        if purpose.name in self.fails:
            raise RuntimeError("the table is gone")
        frame, rng = self.frame(month), np.random.default_rng(100 + month.month)
        if purpose.item:
            frame = pd.concat([frame.assign(**{purpose.item: name}) for name in CLASSES], ignore_index=True)
            rate = frame[purpose.item].map({"music": 0.4, "video": 0.2, "cloud": 0.1, "broadband": 0.05})
            return frame.assign(label=rng.random(len(frame)) < rate)
        if purpose.is_choice:
            return frame.assign(label=np.where(frame["spend"] > 30, "dear", "cheap"))
        old = frame["months_of_handset"].fillna(0) > 18
        return frame.assign(label=rng.random(len(frame)) < np.where(old, 0.6, 0.1), is_mid_high_end=frame["spend"] > 30)

    def is_told(self, purpose: Purpose, month: date) -> bool:
        return True

    def labelled(self, purpose: Purpose, months: list[date]) -> pd.DataFrame:
        told = [self.became(purpose, month).assign(month=month) for month in months]
        found = pd.concat(told, ignore_index=True)
        return found[~found["is_too_new"]].reset_index(drop=True)

    def of_last(self) -> Iterator[pd.DataFrame]:
        lines = self.frame(self.last)
        yield from (lines.iloc[at : at + AT_ONCE].reset_index(drop=True) for at in range(0, len(lines), AT_ONCE))

    def of_last_with_items(self, purpose: Purpose) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
        for lines in self.of_last():
            asked = pd.concat([pd.DataFrame({"subscriber_id": lines["subscriber_id"], "item": name}) for name in CLASSES])
            yield lines, asked[~((asked["subscriber_id"] == "L00000") & (asked["item"] != "cloud"))]

    def outcomes(self, purpose: Purpose, month: date) -> pd.DataFrame:
        found = self.became(purpose, month)
        return pd.DataFrame(
            {
                "subscriber_id": found["subscriber_id"],
                "item": found[purpose.item] if purpose.item else None,
                "label": found["label"],
            }
        )

    def groups(self, month: date) -> pd.DataFrame:
        frame = self.frame(month)
        tier = np.where(frame["spend"] > 30, "gold", None)
        return frame[["subscriber_id", "payment_type"]].assign(value_tier=tier, region_code="north")

    def members_of(self, offer: str) -> pd.DataFrame:
        """Members of the lists of an offer; asking wins those of high spend, and some order anyhow. Nobody orders `none`, asking
        changes nothing of `chance`."""
        found = pd.concat([self.frame(month) for month in RUNS], ignore_index=True).drop(columns="is_too_new")
        rng = np.random.default_rng(7)
        treated = rng.random(len(found)) < 0.6
        won = 0.4 * ((found["spend"] > 30) & treated) if offer in ("A", "B") else 0
        ordered = rng.random(len(found)) < (0.0 if offer == "none" else 0.1 + won)
        return found.assign(is_treated=treated, has_ordered=ordered)

    @property
    def members(self) -> pd.DataFrame:
        if "uplift" in self.fails:
            raise RuntimeError("the table is gone")
        columns = ["offer_code", "arm", "members", "ordered"]
        told = []
        for offer in self.offers:
            found = self.members_of(offer)
            for arm, rows in (("control", ~found["is_treated"]), ("treated", found["is_treated"])):
                told.append((offer, arm, int(rows.sum()), int(found.loc[rows, "has_ordered"].sum())))
        return pd.DataFrame(told, columns=columns)

    def sample_of_last(self, columns: list[str], most: int) -> pd.DataFrame:
        lines = self.frame(self.last)
        return lines[~lines["is_too_new"]][["subscriber_id", *columns]].head(most)
