"""Small helpers of messages. Only words belong here; what is wrong is decided where the message is made."""

import difflib
from collections.abc import Iterable
from decimal import Decimal


def did_you_mean(word: str, known: Iterable[str], quote: str = "") -> str:
    """The end of an error message: '; did you mean <nearest known word>?', or nothing where none is near."""
    by_lower = {k.lower(): k for k in known}
    near = difflib.get_close_matches(word.lower(), by_lower, n=1)
    return f"; did you mean {quote}{by_lower[near[0]]}{quote}?" if near else ""


def plain(figure: Decimal) -> str:
    """A figure for people: thousands apart, no zeros at the end of a fraction."""
    text = f"{figure:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
