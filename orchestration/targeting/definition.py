"""A list's definition: one YAML file, read strictly, and held against the tag catalogue.

SCHEMA is the one place that says which keys there are. A folder of files is for `folder`, running a list for `run`.
"""

import hashlib
import json
import re
import reprlib
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path

import yaml

from orchestration.base.errors import Telco360Error
from orchestration.base.words import did_you_mean
from orchestration.catalog.tags import Catalog, CatalogError
from orchestration.targeting.expression import Condition, ExpressionError, parse
from orchestration.targeting.schedule import AFTER_BILLING, PATTERN, ScheduleError, read_schedule

_TEXT = {"type": "string", "minLength": 1}
_NAMES = {"type": "array", "items": {**_TEXT, "pattern": "^[a-z][a-z0-9_]*$", "description": "A list's name."}}
_CAP = {"type": "integer", "minimum": 1}

SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "telco360 target list",
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "title", "owner", "purpose", "channel", "where", "columns", "status"],
    "properties": {
        "name": {
            **_TEXT,
            "pattern": "^[a-z][a-z0-9_]*$",
            "description": "Lower-case words joined by _; the file's name without .yml.",
        },
        "title": {
            "type": "object",
            "additionalProperties": False,
            "required": ["en", "zh"],
            "properties": {"en": _TEXT, "zh": _TEXT},
            "description": "The title that people see, in English and Chinese.",
        },
        "owner": {**_TEXT, "description": "The team that answers for the list."},
        "purpose": {**_TEXT, "description": "Why these subscribers are contacted, and what is to happen."},
        "channel": {
            "enum": ["outbound_call", "sms", "store", "hotline", "web", "app"],
            "description": "The channel that works the list; suppressions of this channel apply.",
        },
        "where": {**_TEXT, "description": "A condition over tags; see docs/target-lists.md."},
        "exclude": {
            "type": "array",
            "items": {**_TEXT, "description": "A condition over tags."},
            "description": "Who matches one of these conditions is not in, whatever where says.",
        },
        "include_lists": {
            **_NAMES,
            "description": "Only those whom the last run of one of these lists, before this run date, exported.",
        },
        "exclude_lists": {
            **_NAMES,
            "description": "None of those whom one of these lists matches today, or whom its last run exported.",
        },
        "order_by": {
            "type": "array",
            "items": {**_TEXT, "pattern": "^[a-z][a-z0-9_]*( (asc|desc))?$", "description": "A tag, tag asc or tag desc."},
            "description": "Tags by which the list is sorted, best first: 'realised_value desc'. Ties go by subscriber_id.",
        },
        "limit": {"type": "integer", "minimum": 1, "description": "At most so many rows; none when left out."},
        "columns": {
            "type": "array",
            "items": {**_TEXT, "pattern": "^[a-z][a-z0-9_]*$", "description": "A tag."},
            "description": "Tags in the file, after subscriber_id and phone, which are always there.",
        },
        "format": {"enum": ["csv", "xlsx", "parquet"], "description": "What the file is; csv when left out."},
        "destination": {
            "type": ["string", "null"],
            "minLength": 1,
            "description": "Where the file goes: a directory or an fsspec URL; the home's exports when left out.",
        },
        "offer": {
            "type": ["string", "null"],
            "minLength": 1,
            "description": "The offer_code that the list puts to them; none when left out.",
        },
        "priority": {
            "type": "integer",
            "minimum": 1,
            "maximum": 100,
            "description": "Who is eligible for several lists of a run goes to that of the least number; 50 when left out.",
        },
        "control_share": {
            "type": "number",
            "minimum": 0,
            "maximum": 0.5,
            "description": "Share held back as control, 0 to 0.5; that of seed contact_rules when left out.",
        },
        "salt": {**_TEXT, "description": "Decides who is held back; when left out, one is sought at the first run and kept."},
        "caps": {
            "type": "object",
            "additionalProperties": False,
            "required": [],
            "properties": {"days_1": _CAP, "days_7": _CAP, "days_30": _CAP},
            "description": "Contacts that a line may have in so many days with the export; only tighter than seed contact_rules.",
        },
        "cool_down_days": {
            "type": "integer",
            "minimum": 0,
            "description": "Days after a run in which nobody whom it exported or held back is on the list again; that of seed "
            "contact_rules when left out, 0 for none.",
        },
        "members": {
            "enum": ["all", "new"],
            "description": "all (when left out), or new: nobody whom an earlier run of the list exported or held back.",
        },
        "max_data_age_days": {
            "type": "integer",
            "minimum": 0,
            "description": "Days from the business date of the data to the run date past which the list is refused; that of seed "
            "contact_rules when left out.",
        },
        "stale_tags": {
            "enum": ["refuse", "accept"],
            "description": "What to do where a tag stands on late data: refuse the whole list (when left out), or accept it.",
        },
        "schedule": {
            **_TEXT,
            "pattern": PATTERN,
            "description": "When the list runs: nightly, weekly (Mondays), monthly (1st), after_billing, cron ('0 2 * * 1,4').",
        },
        "status": {"enum": ["draft", "approved", "retired"], "description": "Only approved lists are exported."},
        "approved": {
            "type": "object",
            "additionalProperties": False,
            "required": ["by", "on"],
            "properties": {"by": {**_TEXT, "description": "Who approved it."}, "on": {"type": "date", "description": "The day."}},
            "description": "Who approved the list, and when; a list with status approved needs it.",
        },
    },
}
"""The keys of a definition as JSON Schema; `date` is YAML's own, a text with that format to editors."""

ALWAYS_EXPORTED = ("subscriber_id", "phone")

_TYPES = {
    "string": (str, "text"),
    "integer": (int, "a whole number"),
    "array": (list, "a list"),
    "object": (dict, "a set of keys"),
    "number": (int | float, "a number"),
    "date": (date, "a date such as 2026-11-21"),
}


class DefinitionError(Telco360Error, ValueError):
    """A definition file that is no list; the message names file, key and what to write instead, one line a problem."""


@dataclass(frozen=True)
class Order:
    """One step of the order: a tag, ascending or descending. Nulls come last either way."""

    tag: str
    descending: bool = False


@dataclass(frozen=True)
class Title:
    """The title of a list, in English and Chinese."""

    en: str
    zh: str


@dataclass(frozen=True)
class Approval:
    """Who approved a list, and on which day (ISO)."""

    by: str
    on: str


@dataclass(frozen=True)
class TargetList:
    """One list as defined. `limit` in rows, None for no limit; `columns` are tags, without ALWAYS_EXPORTED.

    `control_share`, `cool_down_days`, `max_data_age_days` None: those of the seed; `caps`: contacts by days, only where tighter
    than the seed's; `salt` None: sought.
    """

    name: str
    title: Title
    owner: str
    purpose: str
    channel: str
    where: str
    columns: tuple[str, ...]
    status: str
    order_by: tuple[Order, ...] = ()
    limit: int | None = None
    schedule: str = "nightly"
    exclude: tuple[str, ...] = ()
    include_lists: tuple[str, ...] = ()
    exclude_lists: tuple[str, ...] = ()
    offer: str | None = None
    priority: int = 50
    control_share: float | None = None
    caps: dict[str, int] = field(default_factory=dict)
    cool_down_days: int | None = None
    members: str = "all"
    max_data_age_days: int | None = None
    format: str = "csv"
    destination: str | None = None
    stale_tags: str = "refuse"
    salt: str | None = None
    approved: Approval | None = None

    @property
    def hash(self) -> str:
        """SHA-256 of what the definition says: comments, layout and the order of keys don't change it."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()

    def as_json(self) -> str:
        """All that the definition says, as JSON with its keys in order."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)


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


def load_definition(path: Path) -> TargetList:
    """The list of one file. Raises DefinitionError, naming every key at fault."""
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: no UTF-8, or a day that no calendar has
        raise DefinitionError(f"{path}: cannot be read as YAML: {error}") from error
    except OSError as error:
        raise DefinitionError(f"{path}: cannot be read: {error.strerror}") from error
    if not isinstance(raw, dict):
        raise DefinitionError(f"{path}: a list is a set of keys, starting with name: {path.stem}")
    problems = [f"{path}: {problem}" for problem in _problems(raw, SCHEMA)]
    if not problems and raw["name"] != path.stem:
        problems = [f"{path}: name: is '{raw['name']}', but the file is called {path.name}; make them the same"]
    if not problems:
        problems = [f"{path}: {problem}" for problem in _sense_problems(raw)]
    if problems:
        raise DefinitionError("\n".join(problems))
    return _target_list(raw)


def check(definition: TargetList, catalog: Catalog) -> Conditions:
    """The list's conditions, once all its tags are known.

    Raises DefinitionError, naming list and key, for an unknown tag, a column given twice, or a condition that cannot be read.
    """
    for key, tags in (("order_by", [o.tag for o in definition.order_by]), ("columns", definition.columns)):
        for tag in tags:
            if key == "columns" and tag in ALWAYS_EXPORTED:
                raise DefinitionError(f"list {definition.name}: columns: {tag} is in every file; leave it out")
            if list(tags).count(tag) > 1:
                raise DefinitionError(f"list {definition.name}: {key}: {tag} stands there twice")
            try:
                catalog.tag(tag)
            except CatalogError as error:
                raise DefinitionError(f"list {definition.name}: {key}: {error}") from error
    parsed = []
    for key, text in (("where", definition.where), *((f"exclude, item {n}", t) for n, t in enumerate(definition.exclude, 1))):
        try:
            parsed.append(parse(text, catalog))
        except ExpressionError as error:
            raise DefinitionError(f"list {definition.name}: {key}: {error}") from error
    return Conditions(parsed[0], tuple(parsed[1:]))


def schema_text() -> str:
    """The content of the schema file for editors."""
    return json.dumps(_for_editors(SCHEMA), indent=2, ensure_ascii=False) + "\n"


def _for_editors(schema: object) -> object:
    """The schema with YAML's dates as the texts that JSON Schema takes them for."""
    if isinstance(schema, dict):
        said = {key: _for_editors(value) for key, value in schema.items()}
        return said | {"type": "string", "format": "date"} if said.get("type") == "date" else said
    return [_for_editors(value) for value in schema] if isinstance(schema, list) else schema


class _Loader(yaml.SafeLoader):
    """Safe YAML that refuses a key given twice, where plain YAML silently keeps the last, and that knows no truth but true and
    false: `on` is a key of ours."""

    def construct_mapping(self, node, deep=False):
        seen = []
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key.value} stands there twice", key.start_mark)
            seen.append(key.value)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [resolver for resolver in resolvers if resolver[0] != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), list("tf"))


def _problems(value: object, schema: dict, key: str = "") -> Iterator[str]:
    """What is wrong with the value by this part of the schema: as many of JSON Schema's rules as SCHEMA uses."""
    at = f"{key}: " if key else ""
    if "enum" in schema:
        if value not in schema["enum"]:
            hint = did_you_mean(value, schema["enum"]) if isinstance(value, str) else ""
            yield f"{at}{reprlib.repr(value)} is not one of {', '.join(schema['enum'])}{hint}"
        return
    types = schema["type"]
    if isinstance(types, list):  # [type, "null"]
        if value is None:
            return
        types = types[0]
    kind, words = _TYPES[types]
    if not isinstance(value, kind) or isinstance(value, bool | datetime):
        yield f"{at}must be {words}, not {'empty' if value is None else reprlib.repr(value)}"
    elif kind is dict:
        known = schema["properties"]
        for name in value:
            if name not in known:
                yield f"{at}unknown key {name}{did_you_mean(str(name), known)}"
        for name in schema["required"]:
            if name not in value:
                yield f"{at}key {name} is missing: {known[name].get('description', 'give a text')}"
        for name in known.keys() & value.keys():
            yield from _problems(value[name], known[name], f"{key}.{name}" if key else name)
    elif kind is list:
        for number, item in enumerate(value, 1):
            yield from _problems(item, schema["items"], f"{key}, item {number}")
    elif types in ("integer", "number") and value < schema["minimum"]:
        yield f"{at}must be at least {schema['minimum']}, not {value}"
    elif types in ("integer", "number") and not value <= schema.get("maximum", value):
        yield f"{at}must be at most {schema['maximum']}, not {value}"
    elif kind is str and (hidden := [c for c in value if unicodedata.category(c) == "Cc" and c not in "\n\t"]):
        yield f"{at}holds the character U+{ord(hidden[0]):04X}, which cannot be seen; delete it"
    elif kind is str and len(value.strip()) < schema["minLength"]:
        yield f"{at}must not be empty"
    elif kind is str and "pattern" in schema and not re.fullmatch(schema["pattern"], value):
        yield f"{at}{value!r} does not fit. {schema['description']}"


def _sense_problems(raw: dict) -> Iterator[str]:
    """What is wrong between keys, each of which is right by itself."""
    if raw["status"] == "approved" and "approved" not in raw:
        yield f"key approved is missing: {SCHEMA['properties']['approved']['description']}"
    try:
        if raw.get("schedule") != AFTER_BILLING:
            read_schedule(raw.get("schedule", "nightly"))
    except ScheduleError as error:
        yield f"schedule: {error}"


def _target_list(raw: dict) -> TargetList:
    orders = (text.split() for text in raw.get("order_by", ()))
    optional = (
        "offer", "priority", "control_share", "format", "destination", "stale_tags", "salt", "schedule", "limit",
        "cool_down_days", "members", "max_data_age_days",
    )  # fmt: skip
    approved = raw.get("approved")
    return TargetList(
        **{key: raw[key] for key in ("name", "owner", "purpose", "channel", "status")},
        **{key: raw[key] for key in optional if key in raw},
        **{key: tuple(raw.get(key, ())) for key in ("include_lists", "exclude_lists")},
        title=Title(**raw["title"]),
        where=raw["where"].strip(),
        columns=tuple(raw["columns"]),
        order_by=tuple(Order(tag, direction == ["desc"]) for tag, *direction in orders),
        exclude=tuple(text.strip() for text in raw.get("exclude", ())),
        caps=raw.get("caps", {}),
        approved=Approval(approved["by"], approved["on"].isoformat()) if approved else None,
    )
