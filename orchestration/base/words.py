"""Small helpers of messages. Only words belong here; what is wrong is decided where the message is made."""

import difflib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Self


class Message(str):
    """A text for people, in English, that knows what it says: whoever has words in another language says it by `code`, with the
    `facts` in it, which may be messages themselves."""

    code: str
    facts: Mapping[str, Any]

    @classmethod
    def of(cls, code: str, english: str, /, **facts: object) -> Self:
        """The message of that code: `english`, its places filled with the facts; facts may be more than it has places for."""
        made = cls(english.format(**facts))
        made.code, made.facts = code, facts
        return made

    @classmethod
    def joined(cls, parts: Iterable[str], between: str) -> Self:
        """Messages one after the other: `parts` among the facts."""
        made = cls(between.join(found := tuple(parts)))
        made.code, made.facts = JOINED, {"parts": found, "between": between}
        return made


JOINED = "joined"
"""Code of messages that are several."""


def words_of(error: BaseException) -> str:
    """What an error says: the Message that it was raised with, else its text."""
    first = error.args[0] if error.args else ""
    return first if isinstance(first, Message) else str(error)


def did_you_mean(word: str, known: Iterable[str], quote: str = "") -> str:
    """The end of an error message: '; did you mean <nearest known word>?', or nothing where none is near."""
    by_lower = {k.lower(): k for k in known}
    near = difflib.get_close_matches(word.lower(), by_lower, n=1)
    return Message.of("did_you_mean", "; did you mean {near}?", near=f"{quote}{by_lower[near[0]]}{quote}") if near else ""


DECIMALS = 6
"""Of a figure that people read: what a quotient has beyond says nothing."""


def plain(figure: Decimal) -> str:
    """A figure for people: thousands apart, at most DECIMALS of a fraction, no zeros at its end."""
    text = f"{round(figure, DECIMALS) + 0:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
