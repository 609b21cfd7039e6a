"""What a page gets: the version, opened for reading, who asks, in which language, and what the address says.

A page takes this and gives plain values; it knows neither requests nor templates.
"""

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import ImmutableMultiDict

from orchestration.base.errors import HomeBusy
from orchestration.base.roles import OWNER, Person, Role
from orchestration.base.settings import Home, timezone
from orchestration.base.sql import literal
from orchestration.catalog.tags import ENTITIES, Tag, as_text
from orchestration.console import texts
from orchestration.console.figures import Draw, Figure, is_number, shown
from orchestration.console.versions import Opened
from orchestration.engines.choose import engine
from orchestration.engines.protocol import Engine
from orchestration.pipeline.run import today
from orchestration.targeting.definition import Title
from orchestration.targeting.folder import list_folders, read_definitions
from orchestration.targeting.overview import Overview, overview
from orchestration.warehouse.build import is_locked
from orchestration.warehouse.manifest import SUBSCRIBER, Models

TAG_OF = {"from_tier": "value_tier", "to_tier": "value_tier", "channel": "last_contact_channel"}
"""Tags whose values stand in columns of other names."""

FACTS = ("status", "kind", "key", "channel", "as_of", "field")
"""Facts of messages that are codes: values of the column of that name."""

FLAGGED = re.compile(r"(\w+_share) ([\d.]+) \((\d+) of (\d+), surely over ([\d.]+), of the others ([\d.]+)\)")
"""What is flagged of sales: a share, the lines behind it, its lower bound, the share of the others."""

ITEM = re.compile(r"(\w+), item (\d+)")
"""A key of a list and which of its values is meant."""

NAMES = ("_name", "_id", "code")
"""Endings of columns whose values are names in the database, or codes of the operator: they stay as they are."""


@dataclass(frozen=True)
class Context:
    """One request for a page. `given`: what address and form say, by name; `page`: the page's name, as in PAGES."""

    home: Home
    models: Models
    version: Opened
    person: Person
    language: str
    page: str
    given: ImmutableMultiDict[str, str]

    @property
    def engine(self) -> Engine:
        return engine(self.home)

    @property
    def today(self) -> date:
        return today()

    @property
    def zone(self) -> str:
        """The operator's time zone, in which moments are shown."""
        return str(timezone())

    def moment(self, utc: datetime | str) -> str:
        """A moment of the home's records, to the minute, in the operator's time zone."""
        found = datetime.fromisoformat(utc) if isinstance(utc, str) else utc
        return f"{(found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(timezone()):%Y-%m-%d %H:%M}"

    @property
    def age_days(self) -> int:
        """How many days ago the version's business date was."""
        return (self.today - self.version.as_of).days

    def may(self, roles: frozenset[Role]) -> bool:
        """Whether the person has one of these roles."""
        return OWNER in self.person.roles or bool(self.person.roles & roles)

    @property
    def is_locked(self) -> bool:
        """Whether a run works on the home."""
        return is_locked(self.home)

    def require_free(self) -> None:
        """Raises HomeBusy while a run works on the home: a reader of private tables would be in its way."""
        if self.is_locked:
            raise HomeBusy(self.text("layout.locked"))

    def text(self, key: str, /, **values: object) -> str:
        """The text of a key of texts.yml in the reader's language. Raises KeyError where there is none."""
        return texts.text(key, self.language, **values)

    def roles(self, said: str) -> str:
        """Roles as a person has them (`Person.said`), in the reader's language."""
        return self.joined_words(self.value("role", role) for role in said.split(", "))

    def joined_words(self, words: Iterable[str]) -> str:
        """Words one after the other."""
        return self.text("layout.comma").join(words)

    def said(self, words: str, tag: str = "") -> str:
        """A message in the reader's language, where texts.yml has its code; other words as they are. `tag`: whose values and
        bands it names."""

        def told(name: str, fact: object) -> object:
            if not isinstance(fact, str):  # a figure: the text shows it
                return fact
            if name == "measure":
                return self.heading(fact)
            if name == "key" and (item := ITEM.fullmatch(fact)):
                return self.text("lists.item", key=self.value("key", item[1]), number=item[2])
            if name == "rule":
                return self.value("alert_code", fact)
            if tag and name in ("band", "value"):
                return self.value(tag, fact)
            return self.value(name, fact) if name in FACTS else fact

        return texts.said(words, self.language, told)

    def named(self, english: str, chinese: str) -> str:
        """The one of two texts that is in the reader's language, where there is one."""
        return (self.language == "zh" and chinese) or english

    @property
    def lists(self) -> Overview:
        """The state of each list, and what is wrong with definitions; read anew when a definition or a run came or changed."""
        folders = (*list_folders(self.home), self.home.list_runs)
        return _lists(self.home, self.today, tuple(sorted(_changes(folders))))

    # Figures

    def figure(self, name: str, query: str, definition: str = "", draw: Draw | None = None, more: str = "") -> Figure:
        """Asks the version. The figure's title is the text `<page>.<name>`; with `draw` it is a chart, else a table. `more`: the
        page that tells more of it."""
        columns, rows = self.version.ask(query)
        return replace(self.table(name, tuple(columns), rows, definition, draw), query=query, more=more)

    def table(
        self,
        name: str,
        columns: tuple[str, ...],
        rows: list[tuple[Any, ...]],
        definition: str = "",
        draw: Draw | None = None,
        without: str = "",
    ) -> Figure:
        """The same of rows that are in no published table: of ledgers and logs of the home. `without`: the text of the page for
        where there are none."""
        title, none = self.text(f"{self.page}.{name}"), self.text(f"{self.page}.{without}") if without else ""
        table = Figure(name, title, "", columns, rows, definition, is_chart=draw is not None, without=none)
        return replace(table, option=draw(table, self)) if draw and rows else table

    def heading(self, column: str) -> str:
        """What a column is called: by texts.yml, else by the tag of its name, else the name itself."""
        key = f"columns.{column}"
        if key in texts.catalogue():
            return self.text(key)
        tag = self.tag(column)
        return self.tag_label(tag) if tag else column

    def value(self, column: str, value: object) -> str:
        """A value as people read it: by the labels of the tag of that name, else by texts.yml, else as it is."""
        if isinstance(value, bool):
            return self.text("values.true" if value else "values.false")
        if is_number(value) or isinstance(value, date) or value is None:
            return shown(column, value)
        written = as_text(value)
        if column == "alert_code" and (alert := self.tag(f"has_alert_{written}")):
            return self.named(alert.label_en.removeprefix("Has alert ") or in_words(written), alert.label_zh.rpartition("：")[2])
        if column == "region_code":
            return dict(self.regions).get(written, written)
        if column in ("list_name", "lost_to"):
            return self.list_title(written)
        if column == "flagged_by":
            return self._flagged(written)
        if column == "reasons":  # of a task: alert:usage_drop, zone:red
            return self.joined_words(self._reason(each) for each in written.split(", "))
        tag = self.tag(TAG_OF.get(column, column))
        if tag and tag.values.get(written):
            return self.named(in_words(written), tag.values[written])
        for key in (f"values.{column}.{written}", f"values.{written}"):
            if key in texts.catalogue():
                return self.text(key)
        return written if column.endswith(NAMES) else in_words(written)

    def none(self) -> str:
        """What a chart says where a value is missing."""
        return self.text("layout.none")

    def unit(self, unit: str) -> str:
        """A tag's unit in the reader's language."""
        return self.text(f"units.{unit}") if f"units.{unit}" in texts.catalogue() else unit

    def _flagged(self, shares: str) -> str:
        """Which shares of weak sales are flagged, as `churn.sales_quality` has them; as it is where it has them otherwise."""
        said = [
            self.text(
                "said.flagged", measure=self.heading(share), share=float(value), bad=bad, lines=lines, bound=float(bound),
                others=float(others),
            )
            for share, value, bad, lines, bound, others in FLAGGED.findall(shares)
        ]  # fmt: skip
        return "; ".join(said) or shares

    def _reason(self, code: str) -> str:
        kind, _, what = code.partition(":")
        column = {"alert": "alert_code", "zone": "warning_zone", "list": "list_name"}.get(kind)
        return self.value(column, what) if column else code

    def order(self, column: str) -> list[str]:
        """The values of the tag that a column holds, in their order; none where it has none."""
        tag = self.tag(TAG_OF.get(column, column))
        return list(tag.values) if tag else []

    def tag(self, name: str, entity: str | None = None) -> Tag | None:
        """The tag of that name, of the entity, else of the first that has it."""
        for each in [entity] if entity else ENTITIES:
            if name in self.version.catalog.tags(each):
                return self.version.catalog.tags(each)[name]
        return None

    def tag_label(self, tag: Tag) -> str:
        """What a tag is called in the reader's language."""
        return self.named(tag.label_en or tag.name, tag.label_zh)

    # Filters

    def months(self, relation: str) -> list[date]:
        """The months that a table has rows of, the last first."""
        found = self.version.ask(f"select distinct month from {relation} where month is not null order by month desc")[1]
        return [month for (month,) in found]

    def month(self, months: Sequence[date]) -> str:
        """The month that is looked at, as SQL: the one that the address names, where there is such, else the first of these."""
        asked = next((month for month in months if f"{month:%Y-%m}" == self.given.get("month")), None)
        chosen = asked or next(iter(months), None)
        return f"date '{chosen}'" if chosen else "null::date"

    @property
    def region(self) -> str:
        """Code of the region that is looked at; '' for all."""
        return self.given.get("region", "")

    @property
    def manager(self) -> str:
        """Id of the manager whose lines are looked at; '' for all."""
        return self.given.get("manager", "")

    def filtered(self, region: str = "region_code", manager: str = "manager_id") -> str:
        """The filters as a condition of a query over these columns; 'true' where nothing is filtered."""
        asked = ((region, self.region), (manager, self.manager))
        return " and ".join(f"{column} = {literal(code)}" for column, code in asked if column and code) or "true"

    @property
    def filters(self) -> str:
        """The filters as the end of an address, for links to other pages that take them; empty where nothing is filtered."""
        asked = {name: code for name, code in (("region", self.region), ("manager", self.manager)) if code}
        return f"?{urlencode(asked)}" if asked else ""

    @property
    def joined(self) -> str:
        """The register of lines as `lines`, joined to a query that needs it for the filters alone; empty where nothing is
        filtered."""
        return "inner join core.dim_subscribers as lines using (subscriber_id)" if self.region or self.manager else ""

    @cached_property
    def regions(self) -> list[tuple[str, str]]:
        """Code and name of every region."""
        found = self.version.ask("select distinct region_code, region_name from core.dim_regions order by region_code")[1]
        return [(code, name or code) for code, name in found]

    @cached_property
    def managers(self) -> list[tuple[str, str]]:
        """Id and words of every manager."""
        found = self.version.ask("select manager_id, team, region_name from core.dim_managers order by manager_id")[1]
        return [(id, " · ".join(filter(None, (id, team, region)))) for id, team, region in found]

    def list_title(self, name: str) -> str:
        """What a list is called in the reader's language; its name where it has no file that can be read."""
        title = self._titles.get(name)
        return self.named(title.en, title.zh) if title else name

    @cached_property
    def list_names(self) -> frozenset[str]:
        """Names of the lists that have a page: those that there are, and those that had runs."""
        had_runs = self.version.ask("select distinct list_name from marketing.target_list_runs")[1]
        return frozenset({*self._titles, *(name for (name,) in had_runs)})

    @cached_property
    def _titles(self) -> Mapping[str, Title]:
        folders = list_folders(self.home)
        return _titles_in(folders, tuple(sorted(_changes(folders))))

    @property
    def subscriber_tags(self) -> Mapping[str, Tag]:
        return self.version.catalog.tags(SUBSCRIBER)


def _changes(folders: Iterable[Path]) -> Iterator[tuple[str, int]]:
    """The files of the folders, each with when it was changed; one that goes meanwhile is left out."""
    for folder in folders:
        with contextlib.suppress(FileNotFoundError):
            for path in folder.iterdir():
                with contextlib.suppress(FileNotFoundError):
                    yield str(path), path.stat().st_mtime_ns


@lru_cache(maxsize=2)
def _lists(home: Home, today: date, files: tuple[tuple[str, int], ...]) -> Overview:
    return overview(home, today)


@lru_cache(maxsize=2)
def _titles_in(folders: tuple[Path, ...], files: tuple[tuple[str, int], ...]) -> Mapping[str, Title]:
    return {name: definition.title for name, definition in read_definitions(*folders).sound.items()}


def in_words(code: str) -> str:
    """A code as people read it: its words apart. What is no code of small letters stays as it is. Pure."""
    return code.replace("_", " ") if re.fullmatch("[a-z][a-z_]*", code) else code


Values = dict[str, object]
"""What a page gives its template."""


@dataclass(frozen=True)
class Go:
    """What an action gives: the path of the page that shows what came of it."""

    path: str


@dataclass(frozen=True)
class Download:
    """A file that the browser is to keep: one that lies somewhere, or its content by itself."""

    name: str
    file: Path | None = None
    content: str = ""


@dataclass(frozen=True)
class Document:
    """A page that something else wrote: shown as it is, but barred from running a script or fetching anything."""

    html: str


View = Callable[[Context], Values | Go | Download | Document]
