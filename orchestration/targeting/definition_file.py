"""One definition file: read by ruamel.yaml, checked by pydantic, and what is wrong with it in words that name key and remedy; and
approvals written into it."""

import math
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import YAMLError
from yaml import safe_dump

from orchestration.base.words import Message, did_you_mean, words_of
from orchestration.targeting.definition import AT_KEY, MODEL, SCHEMA, DefinitionError, TargetList, shown
from orchestration.targeting.schedule import AFTER_BILLING, ScheduleError, read_schedule, require_days_alone
from orchestration.targeting.yaml_fault import yaml_fault


def load_definition(path: Path) -> TargetList:
    """The list of one file. Raises DefinitionError, naming every key at fault and, where it has one, its line."""
    raw = _read(path)
    problems: list[tuple[str, str]] = [
        (Message.of(AT_KEY, "{key}: {problem}", key=key, problem=_EMPTY), _line(raw, (key,)))
        for key, value in raw.items()
        if value is None and key in _MAY_NOT_BE_EMPTY
    ]
    try:
        definition = MODEL.validate_python(raw)
        problems += [(problem, "") for problem in _between_keys(definition, path)]
    except ValidationError as error:
        problems += [(_problem(fault), _line(raw, fault["loc"])) for fault in error.errors()]
    if problems:
        said = [Message.of(OF_FILE, "{file}: {problem}{line}", file=path, problem=what, line=line) for what, line in problems]
        raise DefinitionError(Message.joined(said, "\n"))
    return definition


def write_approvals(path: Path, definition: TargetList) -> None:
    """Writes status and approvals of the definition into its file, and leaves all else there as it is, comments too.

    Raises DefinitionError where the file would not say the same as the definition; then it is as it was."""
    also = [f"  - {_flow(asdict(approval))}\n" for approval in definition.also_approved]
    values = {"status": f"status: {definition.status}\n"}
    if definition.approved:
        values["approved"] = f"approved: {_flow(asdict(definition.approved))}\n"
    if also:
        values["also_approved"] = "".join(["also_approved:\n", *also])
    text = _with_keys(path.read_text(encoding="utf-8"), values)
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / path.name
        draft.write_text(text, encoding="utf-8")
        if load_definition(draft) != definition:
            by_hand = "".join(values.values())
            english = "the approval cannot be written into the file; write it by hand:\n{lines}"
            raise _fault(path, Message.of("approval_by_hand", english, lines=by_hand))
    path.write_text(text, encoding="utf-8")


def _with_keys(text: str, values: Mapping[str, str]) -> str:
    """The YAML with these keys, whose lines are given, in place of what they said; a new one stands after the one before it."""
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    after = len(lines)
    for key, given in values.items():
        begin = next((n for n, line in enumerate(lines) if re.match(rf"{key}\s*:", line)), None)
        end = after if begin is None else begin + 1
        while begin is not None and end < len(lines) and re.match(r"[ \t-]+\S", lines[end]):
            end += 1
        lines[begin if begin is not None else after : end] = [given]
        after = (after if begin is None else begin) + 1
    return "".join(lines)


def _flow(values: Mapping[str, Any]) -> str:
    """A mapping on one line, its keys as they are: `on` is a word here."""

    def scalar(value: Any) -> str:
        return str(safe_dump([value], default_flow_style=True, allow_unicode=True, width=math.inf)).strip()[1:-1]

    return "{" + ", ".join(f"{key}: {scalar(value)}" for key, value in values.items()) + "}"


def _read(path: Path) -> Mapping[str, Any]:
    yaml = YAML(typ="rt", pure=True)  # a round trip keeps comments, and where each key stands
    yaml.max_depth = _DEEPEST
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"))
    except DuplicateKeyError as error:
        twice = ", ".join(re.findall(r'duplicate key "(.*?)" with', str(error.problem)))
        problem = Message.of("key_twice", "key {name} is there twice", name=twice)
        raise _fault(path, problem, _line_words(error.problem_mark.line)) from error
    except (YAMLError, ValueError) as error:  # ValueError: no UTF-8, or a day that no calendar has
        problem, line = yaml_fault(error)
        raise _fault(path, problem, _line_words(line)) from error
    except OSError as error:
        raise _fault(path, Message.of("file_unreadable", "cannot be read: {why}", why=error.strerror)) from error
    if not isinstance(raw, dict):
        english = "a list is a set of keys, starting with name: {name}"
        raise _fault(path, Message.of("no_keys", english, name=path.stem))
    return raw


def _fault(path: Path, problem: str, line: str = "") -> DefinitionError:
    """What is wrong with the file as a whole."""
    return DefinitionError(Message.of(OF_FILE, "{file}: {problem}{line}", file=path, problem=problem, line=line))


def _line_words(line: int | None) -> str:
    """The line, counted from 0, as messages end with it; nothing where none is known."""
    return "" if line is None else Message.of("on_line", " (line {number})", number=line + 1)


def _between_keys(definition: TargetList, path: Path) -> Iterator[str]:
    """What is wrong between keys, each of which is right by itself."""
    if definition.name != path.stem:
        english = "is '{name}', but the file is called {file}; make them the same"
        problem = Message.of("name_of_file", english, name=definition.name, file=path.name)
        yield Message.of(AT_KEY, "{key}: {problem}", key="name", problem=problem)
    if definition.status == "approved" and definition.approved is None:
        yield _missing("", "approved", ("approved",))
    try:
        if definition.schedule != AFTER_BILLING:
            read_schedule(definition.schedule)
            require_days_alone(definition.schedule)
    except ScheduleError as error:
        yield Message.of(AT_KEY, "{key}: {problem}", key="schedule", problem=words_of(error))


_EMPTY = Message.of("empty_key", "must not be empty; give a value, or leave the key out")
OF_FILE = "of_file"
"""Code of the message that names a file and says what is wrong in it."""

_DEEPEST = 100  # levels; a list has three
_MAY_NOT_BE_EMPTY = {
    key for key, part in SCHEMA["properties"].items() if key not in SCHEMA["required"] and "null" not in part.get("type", ())
}
_KINDS = {
    "string_type": Message.of("kind_text", "text"), "int_type": Message.of("kind_whole", "a whole number"),
    "float_type": Message.of("kind_number", "a number"), "tuple_type": Message.of("kind_list", "a list"),
    "dataclass_type": Message.of("kind_keys", "a set of keys"), "dict_type": Message.of("kind_keys", "a set of keys"),
}  # fmt: skip


def _problem(fault: Mapping[str, Any]) -> str:
    """One of pydantic's errors in our words: key, what is wrong, what to write."""
    kind, loc, given, facts = fault["type"], fault["loc"], fault["input"], fault.get("ctx", {})
    *inside, last = loc
    if kind == "invalid_key":
        said = "unknown key" if isinstance(given, int | float) else "cannot be read as YAML: unhashable key"
        return Message.of("key_no_word", "{place}{said} {name}; a key is a word", place=_at(inside), said=said, name=last)
    if kind in ("unexpected_keyword_argument", "extra_forbidden"):
        hint = did_you_mean(str(last), _part(inside)["properties"])
        return Message.of("unknown_key", "{place}unknown key {name}{hint}", place=_at(inside), name=last, hint=hint)
    if kind == "missing":
        return _missing(_at(inside), last, loc)
    words: dict[str, Callable[[], str]] = {
        "literal_error": lambda: _none_of(given, _part(loc)["enum"]),
        "greater_than_equal": lambda: Message.of(
            "at_least", "must be at least {least:g}, not {given}", least=facts["ge"], given=given
        ),
        "less_than_equal": lambda: Message.of("at_most", "must be at most {most:,}, not {given}", most=facts["le"], given=given),
        "string_too_short": lambda: Message.of("empty", "must not be empty"),
        "string_pattern_mismatch": lambda: _misfit(loc, given),
        "value_error": lambda: words_of(facts["error"]),
    }
    problem = words.get(kind, lambda: _of_kind(_KINDS[kind], given))()
    return Message.of(AT_KEY, "{key}: {problem}", key=_at(loc).removesuffix(": "), problem=problem) if loc else problem


def _missing(place: str, name: object, loc: Iterable[str | int]) -> Message:
    english = "{place}key {name} is missing: {described}"
    return Message.of("key_missing", english, place=place, name=name, described=_described(loc))


def _misfit(loc: tuple[str | int, ...], given: object) -> Message:
    english, described = "{given!r} does not fit. {described}", _described(loc)
    if loc == ("schedule",):
        return Message.of("schedule_does_not_fit", english, given=given, described=described)
    return Message.of("does_not_fit", english, given=given, described=described)


def _of_kind(kind: str, given: object) -> Message:
    return Message.of("of_kind", "must be {kind}, not {given}", kind=kind, given=shown(given))


def _none_of(given: object, known: list[str]) -> str:
    hint = did_you_mean(given, known) if isinstance(given, str) else ""
    return Message.of("none_of", "{given} is not one of {known}{hint}", given=shown(given), known=", ".join(known), hint=hint)


def _at(loc: Iterable[str | int]) -> str:
    """Where a problem is, as messages name it: 'title.zh: ', 'columns, item 2: '."""
    words = "".join(f", item {step + 1}" if isinstance(step, int) else f".{step}" for step in loc)
    return f"{words.removeprefix('.')}: " if words else ""


def _line(raw: Any, loc: Iterable[str | int]) -> str:
    """The line on which a problem's key stands, as messages end with it; nothing where the key is missing."""
    line = None
    for step in loc:
        if isinstance(raw, dict) and step not in raw:
            return ""
        places = raw.lc
        line = places.key(step)[0] if isinstance(raw, dict) else places.item(step)[0]
        raw = raw[step]
    return _line_words(line)


def _part(loc: Iterable[str | int], resolved: bool = True) -> Mapping[str, Any]:
    """The part of the schema that a problem is about; with `resolved`, what it refers to."""
    part = SCHEMA
    for step in loc:
        part = _resolved(part)["items"] if isinstance(step, int) else _resolved(part)["properties"][step]
    return _resolved(part) if resolved else part


def _resolved(part: Mapping[str, Any]) -> Mapping[str, Any]:
    return SCHEMA["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part


def _described(loc: Iterable[str | int]) -> str:
    return str(_part(loc, resolved=False).get("description", "give a text"))
