"""List definitions: one YAML file a list, read strictly, and held against the tag catalogue.

SCHEMA is the one place that says which keys there are; reading and the schema file for editors both follow it. Running a list
is for export.py.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from orchestration.targeting.catalog import Catalog, CatalogError, did_you_mean
from orchestration.targeting.expression import Condition, ExpressionError, parse

_TEXT = {"type": "string", "minLength": 1}

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
        "status": {"enum": ["draft", "approved", "retired"], "description": "Only approved lists are exported."},
        "schedule": {"enum": ["nightly"], "description": "When the list runs."},
    },
}
"""The keys of a definition as JSON Schema."""

ALWAYS_EXPORTED = ("subscriber_id", "phone")

_TYPES = {
    "string": (str, "text"),
    "integer": (int, "a whole number"),
    "array": (list, "a list"),
    "object": (dict, "a set of keys"),
}


class DefinitionError(ValueError):
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
class TargetList:
    """One list as defined. `limit` in rows, None for no limit; `columns` are tags, without ALWAYS_EXPORTED."""

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

    @property
    def hash(self) -> str:
        """SHA-256 of what the definition says: comments, layout and the order of keys don't change it."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def load_definitions(directory: Path) -> list[TargetList]:
    """The lists of all *.yml in the directory, by name. Raises DefinitionError with the problems of every file that has some."""
    lists, problems = [], []
    for path in sorted(directory.glob("*.yml")):
        try:
            lists.append(load_definition(path))
        except DefinitionError as error:
            problems.append(str(error))
    if problems:
        raise DefinitionError("\n".join(problems))
    return lists


def load_definition(path: Path) -> TargetList:
    """The list of one file. Raises DefinitionError, naming every key at fault."""
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DefinitionError(f"{path}: cannot be read as YAML: {error}") from error
    if not isinstance(raw, dict):
        raise DefinitionError(f"{path}: a list is a set of keys, starting with name: {path.stem}")
    problems = [f"{path}: {problem}" for problem in _problems(raw, SCHEMA)]
    if not problems and raw["name"] != path.stem:
        problems = [f"{path}: name: is '{raw['name']}', but the file is called {path.name}; make them the same"]
    if problems:
        raise DefinitionError("\n".join(problems))
    return _target_list(raw)


def check(definition: TargetList, catalog: Catalog) -> Condition:
    """The list's condition, once all its tags are known.

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
    try:
        return parse(definition.where, catalog)
    except ExpressionError as error:
        raise DefinitionError(f"list {definition.name}: where: {error}") from error


def schema_text() -> str:
    """The content of the schema file for editors."""
    return json.dumps(SCHEMA, indent=2, ensure_ascii=False) + "\n"


class _Loader(yaml.SafeLoader):
    """Safe YAML that refuses a key given twice, where plain YAML silently keeps the last."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key.value} stands there twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _problems(value: object, schema: dict, key: str = "") -> Iterator[str]:
    """What is wrong with the value by this part of the schema: as many of JSON Schema's rules as SCHEMA uses."""
    at = f"{key}: " if key else ""
    if "enum" in schema:
        if value not in schema["enum"]:
            yield f"{at}'{value}' is not one of {', '.join(schema['enum'])}{did_you_mean(str(value), schema['enum'])}"
        return
    kind, words = _TYPES[schema["type"]]
    if not isinstance(value, kind) or isinstance(value, bool):
        yield f"{at}must be {words}, not {'empty' if value is None else repr(value)}"
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
    elif kind is int and value < schema["minimum"]:
        yield f"{at}must be at least {schema['minimum']}, not {value}"
    elif kind is str and len(value.strip()) < schema["minLength"]:
        yield f"{at}must not be empty"
    elif kind is str and "pattern" in schema and not re.fullmatch(schema["pattern"], value):
        yield f"{at}{value!r} does not fit. {schema['description']}"


def _target_list(raw: dict) -> TargetList:
    orders = (text.split() for text in raw.get("order_by", ()))
    return TargetList(
        **{key: raw[key] for key in ("name", "owner", "purpose", "channel", "status")},
        title=Title(**raw["title"]),
        where=raw["where"].strip(),
        columns=tuple(raw["columns"]),
        order_by=tuple(Order(tag, direction == ["desc"]) for tag, *direction in orders),
        limit=raw.get("limit"),
        schedule=raw.get("schedule", "nightly"),
    )
