"""What a channel says to a line: texts with named fields, {offer_name}, which are checked against the tags before a list runs.

How the fields are filled in is the templates' (sql/macros/said.sql); which words a list says is its definition's.
"""

from collections.abc import Iterator, Mapping
from string import Formatter

from orchestration.base.errors import Telco360Error
from orchestration.base.words import Message, did_you_mean
from orchestration.catalog.tags import Catalog, Tag

OFFER_FIELDS = ("offer_code", "offer_name", "offer_pay_amount", "offer_gift_amount", "offer_script")
"""Fields of the offer that is put to the line; without one they cannot be filled in."""

BEST_FIELDS = ("best_offer_code", "best_offer_name")
"""Fields of the first of the offers that are open to the line, whatever the list puts."""

_WHOLE = ("tinyint", "smallint", "integer", "bigint", "hugeint")


class ScriptError(Telco360Error, ValueError):
    """A script that cannot be filled in; the message names the field and what to write instead."""


def pieces(text: str) -> Iterator[tuple[str, str | None]]:
    """The script in order: a text as it stands, and the field after it; None where the script ends.

    Raises ScriptError for a brace without its partner, and for a field that is more than a name.
    """
    try:
        for said, field, form, conversion in Formatter().parse(text):
            if field == "" or form or conversion:
                english = "a field is a name in braces, such as {{offer_name}}; a brace itself is written twice: {{{{"
                raise ScriptError(Message.of("field_is_a_name", english))
            yield said, field
    except ScriptError:
        raise
    except ValueError:
        english = "a brace has no partner; write fields as {{offer_name}}, and a brace itself twice: {{{{"
        raise ScriptError(Message.of("brace_alone", english)) from None


def check_script(text: str, catalog: Catalog, has_offer: bool) -> None:
    """Raises ScriptError for a script that could not be filled in for a line."""
    known = catalog.tags()
    for _, field in pieces(text):
        if field is None or field in BEST_FIELDS:
            continue
        if field in OFFER_FIELDS:
            if not has_offer:
                english = "{{{field}}} needs an offer, and the list has none; name one, or leave the field out"
                raise ScriptError(Message.of("field_needs_offer", english, field=field))
            continue
        if field not in known or not known[field].is_active:
            names = (*OFFER_FIELDS, *BEST_FIELDS, *(name for name, tag in known.items() if tag.is_active))
            hint = did_you_mean(field, names) or Message.of("fields_are", "; fields are tags and what the offer says")
            raise ScriptError(Message.of("unknown_field", "unknown field {{{field}}}{hint}", field=field, hint=hint))
        if known[field].kind == "flag":
            english = "{{{field}}} is a flag: true or false, which nobody says; leave it out"
            raise ScriptError(Message.of("field_is_flag", english, field=field))


def tags_of(text: str | None) -> tuple[str, ...]:
    """The tags that a script names, each once."""
    fields = (field for _, field in pieces(text or "") if field)
    return tuple(dict.fromkeys(field for field in fields if field not in (*OFFER_FIELDS, *BEST_FIELDS)))


def given_pieces(text: str | None, tags: Mapping[str, Tag]) -> list[dict[str, object]] | None:
    """The script as templates take it: parts with a `text`, a `field` of the offer or a `tag`. None without a script."""
    if text is None:
        return None
    found: list[dict[str, object]] = []
    for said, field in pieces(text.strip()):
        if said:
            found.append({"text": said})
        if field in (*OFFER_FIELDS, *BEST_FIELDS):
            found.append({"field": field, "is_whole": not str(field).endswith("_amount")})
        elif field:
            found.append({"tag": field, "is_whole": is_whole(tags[field])})
    return found


def is_whole(tag: Tag) -> bool:
    """Whether the tag's value is told as it is: text, dates and whole numbers. Others are rounded to be told."""
    return tag.kind != "number" or tag.data_type.lower() in _WHOLE
