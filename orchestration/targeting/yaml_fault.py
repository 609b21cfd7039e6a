"""What a YAML parser says of a file that it cannot read, with what to do about it. Pure."""

from ruamel.yaml.error import MarkedYAMLError

from orchestration.base.words import Message

_OPENED = ("found unexpected end of stream", "expected ',' or")
"""Problems that begin where something was opened, not where the parser noticed."""

_ALIAS = Message.of("yaml_alias", "; put a text that begins with * or & in quotes")
_DAY = Message.of("yaml_day", "; write a day that the calendar has, such as 2026-11-21")
_REMEDIES = {
    "mapping values are not allowed": Message.of("yaml_colon", "; put a text with a colon in quotes, or mend the line's indent"),
    "found character '\\t'": Message.of("yaml_tab", "; indent by spaces, not by tabs"),
    "cannot start any token": Message.of("yaml_sign", "; put a text that begins with @, ` or % in quotes"),
    "found unexpected end of stream": Message.of("yaml_quote", "; a quote is opened there and never closed"),
    "could not find expected ':'": Message.of("yaml_no_colon", "; a key is followed by a colon and a space"),
    "expected ',' or": Message.of("yaml_bracket", "; a bracket is opened there and never closed, or a comma is missing"),
    "expected <block end>": Message.of(
        "yaml_indent", "; begin the keys of one group at the same column, and put a text with quotes in it in quotes as a whole"
    ),
    "expected alphabetic or numeric character": _ALIAS,
    "found undefined alias": _ALIAS,
    "found unhashable key": Message.of("yaml_key", "; a key is a word"),
    "special characters are not allowed": Message.of("yaml_unseen", "; delete the character that cannot be seen"),
    "codec can't decode": Message.of("yaml_utf8", "; save the file as UTF-8"),
    "day is out of range": _DAY,
    "month must be in": _DAY,
    "maximum depth": Message.of("yaml_depth", "; nothing in a list is nested so deep"),
}
"""What to do, by what the parser says."""


def yaml_fault(error: Exception) -> tuple[Message, int | None]:
    """What is wrong and what to do, and its line, counted from 0; None where the parser names none."""
    line, problem = None, str(error).splitlines()[0]
    if isinstance(error, MarkedYAMLError):
        problem = str(error.problem or error.context).partition(", if necessary")[0]
        is_opened = error.context_mark is not None and problem.startswith(_OPENED)
        mark = error.context_mark if is_opened else error.problem_mark or error.context_mark
        line = mark.line if mark else None
    remedy = next((words for said, words in _REMEDIES.items() if said in problem), "")
    return Message.of("no_yaml", "cannot be read as YAML: {problem}{remedy}", problem=problem, remedy=remedy), line
