"""Rows of a build as models take them: months, features, outcomes. Reads; learns and writes nothing."""

import hashlib
from collections.abc import Iterator
from datetime import date
from functools import cached_property
from typing import Protocol

import pandas as pd

from orchestration.scoring.features import Features, features_of
from orchestration.scoring.model import LEAST_MONTHS, day_of
from orchestration.scoring.purposes import Purpose
from orchestration.scoring.uplift import Least
from orchestration.warehouse.manifest import Models, relation_for

MONTHS_BEFORE = 2
"""Months that must be held before one that has features."""

MOST_ROWS = 300_000
"""Rows that are learnt from, and of each month to calibrate and test on: more cost time and change no figure. Which of more is
told by a hash of the line; a month holds no more lines than the seed says."""

LINES_AT_ONCE = 200_000
"""Lines of the last complete month that are scored at once: memory follows this number, not that of all lines."""

MOST_HELD = 1_000_000
"""Lines up to which those of the last complete month are held for all purposes; more are read for each."""


class Build(Protocol):
    """A build that can be asked: an engine."""

    def frame(self, query: str) -> pd.DataFrame:
        """The rows of a query."""

    def frames(self, query: str, rows: int) -> Iterator[pd.DataFrame]:
        """The same as frames of about so many rows."""


class Rows:
    """What a build holds for models. Each thing is read once, when first asked for."""

    def __init__(self, build: Build, models: Models):
        self._build, self._models = build, models
        self.ask = build.frame

    @cached_property
    def features(self) -> Features:
        return features_of(self._models)

    @cached_property
    def months(self) -> pd.DataFrame:
        """The complete months, the earliest first."""
        return self.ask(
            f"select month, is_billed from {relation_for(self._models, 'months')} where is_complete_month order by month"
        )

    @cached_property
    def last(self) -> date | None:
        """The last complete month; None before the first."""
        return day_of(self.months["month"].iloc[-1]) if len(self.months) else None

    @cached_property
    def _with_features(self) -> set[date]:
        found = self.ask(f"select distinct month from {self.features.relation}")
        return {day_of(month) for month in found["month"]}

    def known(self, purpose: Purpose) -> list[date]:
        """Months with features whose outcome is known, the earliest first: those after it are complete, or billed."""
        months = self.months[self.months["is_billed"]] if purpose.is_billed else self.months
        told = [day_of(month) for month in months["month"][: -purpose.months_after]]
        return [month for month in told if month in self._with_features]

    def is_told(self, purpose: Purpose, month: date) -> bool:
        """Whether anything that is delivered tells what happened after the month."""
        told = f"where month = date '{month}' and {self._told(purpose, '')}"
        return not self.ask(f"select 1 as told from {self._outcomes(purpose)} {told} limit 1").empty

    def first_trained(self, purpose: Purpose) -> str:
        """When the first model of the purpose is trained, in words: when so many months have features and what came after."""
        if self._with_features:
            first = pd.Period(min(self._with_features), "M")
        elif len(self.months):
            first = pd.Period(day_of(self.months["month"].iloc[0]), "M") + MONTHS_BEFORE
        else:
            return "no month is complete yet"
        needed = first + LEAST_MONTHS - 1 + purpose.months_after
        return f"the first is trained once {needed} is {'billed' if purpose.is_billed else 'complete'}"

    @cached_property
    def last_fingerprint(self) -> str:
        """Of what the features of the last complete month are made from."""
        found = self.ask(f"select min(source_fingerprint) as told from {self.features.relation} where month = date '{self.last}'")
        return str(found["told"].iloc[0])

    def of_last(self) -> Iterator[pd.DataFrame]:
        """Line, is_too_new and features of the last complete month, in the order of lines, LINES_AT_ONCE a frame."""
        yield from self._held if self._held is not None else self._read_last()

    @cached_property
    def _held(self) -> list[pd.DataFrame] | None:
        found = self.ask(f"select count(*) as lines from {self.features.relation} where month = date '{self.last}'")
        return list(self._read_last()) if int(found["lines"].iloc[0]) <= MOST_HELD else None

    def _read_last(self) -> Iterator[pd.DataFrame]:
        return self._build.frames(
            f"select subscriber_id, is_too_new, {', '.join(self.features.names)} from {self.features.relation} "
            f"where month = date '{self.last}' order by subscriber_id",
            LINES_AT_ONCE,
        )

    def of_last_with_items(self, purpose: Purpose) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
        """The same frames, each beside line and item of all that the purpose asks of its lines."""
        asked = self._build.frames(
            f"select subscriber_id, {purpose.item} as item from {self._outcomes(purpose)} where month = date '{self.last}' "
            f"order by subscriber_id, item",
            LINES_AT_ONCE,
        )
        return beside(self.of_last(), asked)

    def outcomes(self, purpose: Purpose, month: date) -> pd.DataFrame:
        """Line, item (None without one) and label of a month whose outcome is known."""
        item = purpose.item or "cast(null as varchar(1))"
        return self.ask(
            f"select subscriber_id, {item} as item, {purpose.label} as label from {self._outcomes(purpose)} "
            f"where month = date '{month}' and {self._told(purpose, '')}"
        )

    def groups(self, month: date) -> pd.DataFrame:
        """Line, value tier, region and payment type at the month's end."""
        return self.ask(
            f"select worth.subscriber_id, worth.value_tier, worth.region_code, lines.payment_type "
            f"from {relation_for(self._models, 'value_months')} as worth "
            f"inner join {relation_for(self._models, 'lines')} as lines on worth.subscriber_id = lines.subscriber_id "
            f"where worth.month = date '{month}'"
        )

    def labelled(self, purpose: Purpose, months: list[date]) -> pd.DataFrame:
        """Rows of the months with what became of them: `month`, features, `label`, the item and flags by their own names."""
        return pd.concat([self._labelled(purpose, month, months) for month in months], ignore_index=True)

    def sample_of_last(self, columns: list[str], most: int) -> pd.DataFrame:
        """Line and columns of so many lines of the last complete month that are not too new, by a hash of the line."""
        return self.ask(
            f"select subscriber_id, {', '.join(columns)} from {self.features.relation} "
            f"where month = date '{self.last}' and not is_too_new order by md5(subscriber_id), subscriber_id limit {most}"
        )

    @cached_property
    def least(self) -> Least:
        """From how many members of lists the uplift of an offer is learnt, as the seed says."""
        found = self.ask(f"select rule, value from {relation_for(self._models, 'effect_rules')}")
        value = dict(zip(found["rule"], found["value"], strict=True))
        return Least(int(value["uplift_members"]), int(value["uplift_orders"]))

    @cached_property
    def members(self) -> pd.DataFrame:
        """Members of lists by offer and arm that uplift may be learnt from (see `members_of`): how many, and how many ordered."""
        return self.ask(
            f"select outcomes.offer_code, outcomes.arm, count(*) as members, "
            f"sum(case when outcomes.has_ordered then 1 else 0 end) as ordered {self._members()} "
            f"group by outcomes.offer_code, outcomes.arm order by outcomes.offer_code, outcomes.arm"
        )

    def members_of(self, offer: str) -> pd.DataFrame:
        """Members of an offer's lists, treated or held back, whose days to order are over: line, `is_treated`, `has_ordered` and
        features of the last complete month before the run. Those without features then, or too new, are not among them."""
        names = ", ".join(f"features.{name}" for name in self.features.names)
        # A hash of the code stands in a query whatever the code holds, on either engine.
        code = hashlib.md5(offer.encode(), usedforsecurity=False).hexdigest()
        return self.ask(
            f"select outcomes.subscriber_id, outcomes.arm = 'treated' as is_treated, outcomes.has_ordered, {names} "
            f"{self._members()} and md5(outcomes.offer_code) = '{code}' order by md5(outcomes.subscriber_id), "
            f"outcomes.subscriber_id, outcomes.run_date, outcomes.list_name limit {MOST_ROWS}"
        )

    def _members(self) -> str:
        return (
            f"from {relation_for(self._models, 'list_outcomes')} as outcomes inner join {self.features.relation} as features "
            f"on outcomes.subscriber_id = features.subscriber_id and outcomes.features_month = features.month "
            f"where outcomes.is_order_known and not features.is_too_new"
        )

    def _labelled(self, purpose: Purpose, month: date, months: list[date]) -> pd.DataFrame:
        learnt_from = len(months) - LEAST_MONTHS + 1
        most = MOST_ROWS // learnt_from if month < months[-2] else MOST_ROWS
        columns = [f"features.{name}" for name in self.features.names]
        columns += [f"outcomes.{name}" for name in (purpose.item, *purpose.flags.values()) if name]
        key = f"concat(features.subscriber_id, outcomes.{purpose.item})" if purpose.item else "features.subscriber_id"
        return self.ask(
            f"select features.month, {', '.join(columns)}, outcomes.{purpose.label} as label "
            f"from {self.features.relation} as features inner join {self._outcomes(purpose)} as outcomes "
            f"on features.subscriber_id = outcomes.subscriber_id and features.month = outcomes.month "
            f"where features.month = date '{month}' and outcomes.month = date '{month}' and features.is_sampled "
            f"and not features.is_too_new and {self._told(purpose, 'outcomes.')} order by md5({key}), {key} limit {most}"
        )

    def _outcomes(self, purpose: Purpose) -> str:
        return relation_for(self._models, purpose.role)

    @staticmethod
    def _told(purpose: Purpose, alias: str) -> str:
        told = f"{alias}{purpose.label} is not null"
        return f"{told} and {alias}{purpose.where}" if purpose.where else told


def beside(frames: Iterator[pd.DataFrame], others: Iterator[pd.DataFrame]) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Each frame with the rows of `others` for its lines; both come in the order of lines, and others of no line are left out."""
    rest = next(others, None)
    for frame in frames:
        last, found = frame["subscriber_id"].iloc[-1], [pd.DataFrame(columns=["subscriber_id", "item"], dtype=str)]
        while rest is not None:
            is_within = (rest["subscriber_id"] <= last).to_numpy(bool)
            found.append(rest[is_within])
            if not is_within.all():
                rest = rest[~is_within]
                break
            rest = next(others, None)
        told = pd.concat(found, ignore_index=True)
        yield frame, told[told["subscriber_id"].isin(frame["subscriber_id"])]
