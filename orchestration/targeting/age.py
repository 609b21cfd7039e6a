"""How old the data of a version, and the scores in it, are on the day on which lists go out, and in which words that is said.
Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from orchestration.base.words import Message
from orchestration.catalog.tags import Catalog

SCORE_MONTH = "_score_month"
"""How the name of a tag ends that tells which month scores are of. Tags that stand on these scores have it in their evidence."""


@dataclass(frozen=True)
class DataAge:
    """The business date of the data, the day of the run, and the days between them past which a list warns or is refused."""

    as_of: date
    today: date
    warning_days: int = 1
    max_days: int = 1

    @property
    def days(self) -> int:
        return data_age(self.as_of, self.today)

    @property
    def warning(self) -> str:
        """One sentence where the data is older than a list takes without a word; empty otherwise."""
        return Message.of("old_data", "{age}.", age=self._sentence) if self.days > self.warning_days else ""

    def refusal(self, own_limit: int | None = None) -> str:
        """Why a list is refused, and what to do; empty where its own limit, else max_days, allows the age."""
        limit = self.max_days if own_limit is None else own_limit
        if self.days <= limit:
            return ""
        return Message.of(
            "refused_old",
            "{age}; this list takes at most {limit}. Deliver the days that are missing and run again. To export it "
            "all the same, set max_data_age_days in the list, or run `telco360 lists export NAME --accept-old-data`",
            age=self._sentence,
            limit=limit,
        )

    @property
    def _sentence(self) -> Message:
        days = "1 day" if self.days == 1 else f"{self.days:,} days"
        english = "the data is of {as_of}, {in_words} before the run of {today}"
        return Message.of("data_age", english, as_of=self.as_of, today=self.today, days=self.days, in_words=days)


def data_age(as_of: date, today: date) -> int:
    """Days from the business date of the data to the day of the run; 0 where the data is of that day or a later one."""
    return max((today - as_of).days, 0)


def score_months(names: Iterable[str], catalog: Catalog) -> dict[str, tuple[str, ...]]:
    """The tags among these that stand on scores, directly or by their evidence, under the tag that tells the month of these."""
    tags, found = catalog.tags(), dict[str, list[str]]()
    for name in dict.fromkeys(names):
        seen, waiting = set[str](), [name]
        while waiting:
            tag = waiting.pop()
            if tag in seen or tag not in tags:
                continue
            seen.add(tag)
            waiting += tags[tag].evidence
        for tag in sorted(seen):
            if tag.endswith(SCORE_MONTH) and tag != name:
                found.setdefault(tag, []).append(name)
    return {month: tuple(tags) for month, tags in found.items()}


def old_scores(used: Mapping[str, tuple[str, ...]], months: Mapping[str, date | None], last: date | None) -> str:
    """One sentence where scores that tags stand on are of a month before the last complete one; empty otherwise. `used`: see
    `score_months`; `months`: the month of each, None where nothing is scored."""
    old = {tag: month for tag in used if (month := months.get(tag)) and last and month < last}
    if not old or last is None:
        return ""
    told = [
        Message.of(
            "on_scores", "{tags} {stand} on scores of {month:%Y-%m}",
            tags=", ".join(used[tag]), stand="stands" if len(used[tag]) == 1 else "stand", month=month,
        )
        for tag, month in old.items()
    ]  # fmt: skip
    english = "{told}, though {last:%Y-%m} is complete: scoring has failed since; `telco360 nightly` says why."
    return Message.of("old_scores", english, told=Message.joined(told, "; "), last=last)
