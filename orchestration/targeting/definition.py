"""A list's definition: which keys there are and what each may hold, and whether its tags are known.

TargetList is the one place that says so: pydantic checks it and makes the schema for editors. Reading a file is for
`definition_file`, a folder of them for `folder`, running a list for `run`.
"""

import hashlib
import json
import re
import reprlib
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, Strict, TypeAdapter, WithJsonSchema, WrapValidator
from pydantic.dataclasses import dataclass as model
from pydantic.json_schema import GenerateJsonSchema
from typing_extensions import TypedDict

from orchestration.base.errors import Telco360Error
from orchestration.base.words import Message, words_of
from orchestration.catalog.tags import Catalog, CatalogError
from orchestration.targeting.expression import Condition, ExpressionError, parse
from orchestration.targeting.schedule import PATTERN
from orchestration.targeting.script import BEST_FIELDS, ScriptError, check_script, pieces, tags_of

ALWAYS_EXPORTED = ("subscriber_id", "phone")
"""Columns of every file, before those of the list."""

SAID = (
    "list_name", "list_run_date", "purpose", "owner", "offer_code", "offer_name", "offer_pay_amount", "script_en", "script_zh",
    "reason", "reason_zh",
)  # fmt: skip
"""Columns of every file, after those of the list: what the channel says, why, and what it sends back."""

BEST = "best"
"""What stands in `offer` where each line is put the first of the offers that are open to it."""

SPLIT_KINDS = ("code", "band", "tier")
"""Kinds of tags by which a file may be split."""

OFFER_WORTH = "offer_worth"
"""What stands in `order_by` for the worth of the list's offer to each line; it is no tag."""


AT_KEY = "at_key"
"""Code of the message that names a key and says what is wrong with it."""

OF_LIST = "of_list"
"""Code of the message that names a list and says what is wrong with it."""


class DefinitionError(Telco360Error, ValueError):
    """A definition file that is no list; the message names file, key and what to write instead, one line a problem."""


def _visible(text: str) -> str:
    if hidden := [c for c in text if unicodedata.category(c) == "Cc" and c not in "\n\t"]:
        english = "holds the character U+{code:04X}, which cannot be seen; delete it"
        raise ValueError(Message.of("unseen_character", english, code=ord(hidden[0])))
    if not text.strip():
        raise ValueError(Message.of("empty", "must not be empty"))
    return text


def _order(given: object) -> object:
    """An Order from its text."""
    if not isinstance(given, str):
        return given
    if not re.fullmatch(_ORDER, given):
        english = "{given!r} does not fit. {described}"
        raise ValueError(Message.of("no_order_of_tag", english, given=given, described=_ORDER_WORDS))
    tag, *direction = given.split()
    return Order(tag, direction == ["desc"])


def _day(given: object) -> date:
    """A day of YAML's own, or its ISO text, as the ledger keeps it."""
    try:
        if isinstance(given, date) and not isinstance(given, datetime):
            return given
        return date.fromisoformat(given)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ValueError(Message.of("no_date", "must be a date such as 2026-11-21, not {given}", given=shown(given))) from None


def _as_written(given: object, check: Any) -> float:
    """A number that keeps its kind: a share of 0 is not 0.0 in the hash of a definition."""
    number = check(given)
    return int(number) if isinstance(given, int) else number


def shown(given: object) -> str:
    """A value as messages show it."""
    return Message.of("left_empty", "empty") if given is None else reprlib.repr(given)


_WORD, _ORDER, _ORDER_WORDS = r"^[a-z][a-z0-9_]*$", r"^[a-z][a-z0-9_]*( (asc|desc))?$", "A tag, tag asc or tag desc."
_LATER_KEYS = ("script_en", "script_zh", "also_approved", "language", "split_by")
_STRICT = ConfigDict(extra="forbid", use_attribute_docstrings=True)
Text = Annotated[str, Field(min_length=1), AfterValidator(_visible)]
Word = Annotated[str, Field(min_length=1, pattern=_WORD), AfterValidator(_visible)]
Name = Annotated[Word, Field(description="A list's name.")]
ColumnName = Annotated[Word, Field(description="A tag.")]
Due = Annotated[str, Field(min_length=1, pattern=PATTERN), AfterValidator(_visible)]
ConditionText = Annotated[Text, AfterValidator(str.strip), Field(description="A condition over tags.")]
Whole = Annotated[int, Strict()]
Contacts = Annotated[Whole, Field(ge=1, le=1_000_000_000)]
Days = Annotated[Whole, Field(ge=0, le=36_500)]
Share = Annotated[float, Strict(), Field(ge=0, le=0.5), WrapValidator(_as_written)]
TextOrNull = Annotated[Text | None, WithJsonSchema({"type": ["string", "null"], "minLength": 1})]


class OwnCaps(TypedDict, total=False):
    """Contacts that a list allows in so many days."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]
    days_1: Contacts
    days_7: Contacts
    days_30: Contacts


@model(frozen=True, config=_STRICT)
class Order:
    """One step of the order: a tag, ascending or descending. Nulls come last either way."""

    tag: str
    descending: bool = False


@model(frozen=True, config=_STRICT)
class Title:
    """The title of a list, in English and Chinese."""

    en: Text
    zh: Text


@model(frozen=True, config=_STRICT)
class Approval:
    """Who approved a list, and on which day."""

    by: Text
    """Who approved it: another than the owner."""
    on: Annotated[date, BeforeValidator(_day)]
    """The day."""


@model(frozen=True, config=_STRICT)
class StepApproval:
    """Who approved a further step, and on which day."""

    step: Word
    """The step, of seed approval_steps."""
    by: Text
    """Who approved it: another than the owner, and than who approved the other steps."""
    on: Annotated[date, BeforeValidator(_day)]
    """The day."""


OrderStep = Annotated[
    Order, BeforeValidator(_order, json_schema_input_type=Annotated[str, Field(pattern=_ORDER, description=_ORDER_WORDS)])
]


@model(frozen=True, config=ConfigDict(**_STRICT, title="telco360 target list"))
class TargetList:
    """One list as defined; the words below its keys are what editors and messages say.

    `limit` in rows, None for no limit; `columns` are tags, without ALWAYS_EXPORTED and SAID. `control_share`, `cool_down_days`,
    `max_data_age_days` None: those of the seed; `caps`: contacts by days, only where tighter than the seed's; `salt` None: one is
    sought.
    """

    name: Word
    """Lower-case words joined by _; the file's name without .yml."""
    title: Title
    """The title that people see, in English and Chinese."""
    owner: Text
    """The team that answers for the list."""
    purpose: Text
    """Why these subscribers are contacted, and what is to happen."""
    channel: Literal["outbound_call", "sms", "store", "hotline", "web", "app"]
    """The channel that works the list; suppressions of this channel apply."""
    where: ConditionText
    """A condition over tags; see docs/target-lists.md."""
    columns: tuple[ColumnName, ...]
    """Tags in the file, after subscriber_id and phone, which are always there."""
    status: Literal["draft", "approved", "retired"]
    """Only approved lists are exported."""
    order_by: tuple[OrderStep, ...] = ()
    """Tags by which the list is sorted, best first: 'realised_value desc'; with an offer also 'offer_worth desc', what it is
    worth to put it to the line. Ties go by subscriber_id."""
    limit: Contacts | None = None
    """At most so many rows; none when left out."""
    schedule: Due = "nightly"
    """When the list runs: nightly, weekly (Mondays), monthly (1st), after_billing, or days as in cron ('* * * * mon,thu')."""
    exclude: tuple[ConditionText, ...] = ()
    """Who matches one of these conditions is left out, whatever where says."""
    include_lists: tuple[Name, ...] = ()
    """Only those whom the last run of one of these lists, before this run date, exported."""
    exclude_lists: tuple[Name, ...] = ()
    """None of those whom one of these lists matches today, or whom its last run exported."""
    offer: TextOrNull = None
    """The offer_code that the list puts to them, or best: the first of the offers open to each of them; none when left out. Only
    those are on the list to whom the offer is open."""
    script_en: Text | None = None
    """What the channel says, in English, with fields in braces: tags, {offer_name}, {best_offer_name}; the offer's own words when
    left out. With script_zh, or neither."""
    script_zh: Text | None = None
    """The same in Chinese."""
    priority: Annotated[Whole, Field(ge=1, le=100)] = 50
    """Who is eligible for several lists of a run goes to that of the least number; 50 when left out."""
    control_share: Share | None = None
    """Share held back as control, 0 to 0.5; that of seed contact_rules when left out."""
    caps: OwnCaps = Field(default_factory=OwnCaps)
    """Contacts that a line may have in so many days with the export; only tighter than seed contact_rules."""
    cool_down_days: Days | None = None
    """Days after a run in which nobody whom it exported or held back is on the list again; that of seed contact_rules when left
    out, 0 for none."""
    members: Literal["all", "new"] = "all"
    """all (when left out), or new: nobody whom an earlier run of the list exported or held back."""
    max_data_age_days: Days | None = None
    """Days from the business date of the data to the run date past which the list is refused; that of seed contact_rules when
    left out."""
    format: Literal["csv", "xlsx", "parquet"] = "csv"
    """What the file is; csv when left out."""
    language: Literal["en", "zh"] | None = None
    """The language of headers and values in the file, for people who read it; names of tags and their values, as systems have
    them, when left out. subscriber_id, phone, list_name and list_run_date keep their names."""
    split_by: ColumnName | None = None
    """A tag of columns: beside the whole file there is one for each of its values, as for each manager; none when left out."""
    destination: TextOrNull = None
    """Where the file goes: a directory or an fsspec URL; the home's exports when left out."""
    stale_tags: Literal["refuse", "accept"] = "refuse"
    """What to do where a tag stands on late data: refuse the whole list (when left out), or accept it."""
    salt: Text | None = None
    """Random seed that decides who is held back; when left out, one is sought at the first run and kept."""
    approved: Approval | None = None
    """Who approved the list, another than its owner, and when; a list with status approved needs it."""
    also_approved: tuple[StepApproval, ...] = ()
    """Further steps that it needs by seed approval_steps, because it is large or dear: who approved each, and when."""

    @property
    def order_tags(self) -> tuple[str, ...]:
        """The tags of `order_by`."""
        return tuple(step.tag for step in self.order_by if step.tag != OFFER_WORTH)

    @property
    def is_by_worth(self) -> bool:
        """Whether the worth of its offer decides where a line stands."""
        return len(self.order_tags) < len(self.order_by)

    @property
    def takes_best(self) -> bool:
        """Whether each line is put its own offer."""
        return self.offer == BEST

    @property
    def scripts(self) -> tuple[str, ...]:
        """The scripts that it has."""
        return tuple(script for script in (self.script_en, self.script_zh) if script is not None)

    @property
    def script_tags(self) -> tuple[str, ...]:
        """The tags that its scripts name."""
        return tuple(dict.fromkeys(tag for script in self.scripts for tag in tags_of(script)))

    @property
    def says_best(self) -> bool:
        """Whether its scripts name the first of the offers open to each line."""
        return any(field in BEST_FIELDS for script in self.scripts for _, field in pieces(script))

    @property
    def hash(self) -> str:
        """SHA-256 of what the definition says: comments, layout and the order of keys don't change it."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()

    def as_json(self) -> str:
        """All that the definition says, as JSON with its keys in order. Keys that came later stand there where they have a
        value: without, it says what it said before lists had any."""
        said = {key: value for key, value in asdict(self).items() if key not in _LATER_KEYS or value}
        return json.dumps(said, sort_keys=True, ensure_ascii=False, default=str)


class _EditorSchema(GenerateJsonSchema):
    """What a file may say: a key that has no value is left out of it, not empty, and needs no default."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def nullable_schema(self, schema: Any) -> Any:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: Any) -> Any:
        found = super().default_schema(schema)
        return found if found.get("default", "") is not None else {k: v for k, v in found.items() if k != "default"}


MODEL = TypeAdapter(TargetList)
SCHEMA: Mapping[str, Any] = MODEL.json_schema(schema_generator=_EditorSchema)
"""The keys of a definition as JSON Schema."""


@dataclass(frozen=True)
class Conditions:
    """A list's conditions, checked: who matches (`where`), less who matches one of `exclude`."""

    where: Condition
    exclude: tuple[Condition, ...] = ()

    @property
    def all(self) -> tuple[Condition, ...]:
        return (self.where, *self.exclude)

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags used, in the order of first use."""
        return tuple(dict.fromkeys(tag for condition in self.all for tag in condition.tags))

    def sql(self, dialect: str = "duckdb") -> str:
        """One condition for them all. A condition of `exclude` that is unknown excludes nobody."""
        excluded = [f"and not coalesce({condition.sql(dialect)}, false)" for condition in self.exclude]
        return " ".join([f"({self.where.sql(dialect)})", *excluded])


def check(definition: TargetList, catalog: Catalog) -> Conditions:
    """The list's conditions, once all its tags are known.

    Raises DefinitionError, naming list and key, for an unknown tag, a column given twice, or a condition that cannot be read.
    """
    if definition.is_by_worth and definition.offer is None:
        english = "{worth} is the worth of the list's offer; name the offer"
        raise _fault(definition, "order_by", Message.of("worth_without_offer", english, worth=OFFER_WORTH))
    if len(definition.order_by) - len(definition.order_tags) > 1:
        raise _fault(definition, "order_by", Message.of("is_twice", "{tag} is there twice", tag=OFFER_WORTH))
    for key, tags in (("order_by", definition.order_tags), ("columns", definition.columns)):
        for tag in tags:
            if key == "columns" and tag in (*ALWAYS_EXPORTED, *SAID):
                raise _fault(definition, key, Message.of("in_every_file", "{tag} is in every file; leave it out", tag=tag))
            if list(tags).count(tag) > 1:
                raise _fault(definition, key, Message.of("is_twice", "{tag} is there twice", tag=tag))
            try:
                catalog.tag(tag)
            except CatalogError as error:
                raise _fault(definition, key, words_of(error)) from error
    if definition.split_by is not None and definition.split_by not in definition.columns:
        english = "{tag} is not among columns; add it there: each file then tells whose it is"
        raise _fault(definition, "split_by", Message.of("split_not_among", english, tag=definition.split_by))
    if definition.split_by is not None and (kind := catalog.tag(definition.split_by).kind) not in SPLIT_KINDS:
        english = "{tag} is a {kind}; name a code, a band or a tier"
        raise _fault(definition, "split_by", Message.of("split_kind", english, tag=definition.split_by, kind=kind))
    if len(definition.scripts) == 1:
        together = Message.of("scripts_together", "script_en and script_zh go together; write both, or leave both out")
        raise DefinitionError(Message.of(OF_LIST, "list {name}: {problem}", name=definition.name, problem=together))
    for key, script in (("script_en", definition.script_en), ("script_zh", definition.script_zh)):
        try:
            check_script(script or "", catalog, definition.offer is not None)
        except ScriptError as error:
            raise _fault(definition, key, words_of(error)) from error
    parsed = []
    items = [Message.of("exclude_item", "exclude, item {number}", number=number + 1) for number in range(len(definition.exclude))]
    for key, text in (("where", definition.where), *zip(items, definition.exclude, strict=True)):
        try:
            parsed.append(parse(text, catalog))
        except ExpressionError as error:
            raise _fault(definition, key, words_of(error)) from error
    return Conditions(parsed[0], tuple(parsed[1:]))


def _fault(definition: TargetList, key: str, problem: str) -> DefinitionError:
    """What is wrong with a key of the list."""
    at_key = Message.of(AT_KEY, "{key}: {problem}", key=key, problem=problem)
    return DefinitionError(Message.of(OF_LIST, "list {name}: {problem}", name=definition.name, problem=at_key))


def schema_text() -> str:
    """The content of the schema file for editors."""
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **SCHEMA}, indent=2, ensure_ascii=False) + "\n"
