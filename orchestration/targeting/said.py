"""What a list says of each line beside its tags, as templates take it: scripts, reasons, offer, what the channel sends back.

How it is filled in is sql/macros/said.sql; what a script may hold is `script`'s.
"""

from datetime import date

from orchestration.catalog.tags import Catalog, Tag
from orchestration.targeting.definition import Conditions, TargetList
from orchestration.targeting.script import given_pieces, is_whole

_HARDLY_A_REASON = ("is_on_net",)
"""Tags that nearly every condition names: they tell a channel nothing."""

MEANINGS = {
    "list_name": "The list; the channel sends it back with each contact.",
    "list_run_date": "Day that the list is for; the channel sends it back with each contact.",
    "purpose": "Why these lines are contacted, and what is to happen.",
    "owner": "Team that answers for the list.",
    "offer_code": "Offer to put to the line; empty where the list puts none.",
    "offer_name": "Name of the offer, as the customer hears it.",
    "offer_pay_amount": "What the customer pays for the offer, local currency.",
    "script_en": "What to say, in English; the offer's own words where the list has none.",
    "script_zh": "What to say, in Chinese; the offer's own words where the list has none.",
    "reason": "Why the line is on the list, in words.",
    "reason_zh": "Why the line is on the list, in Chinese.",
}
"""What the columns of definition.SAID mean."""


def reason_tags(conditions: Conditions) -> tuple[str, ...]:
    """The tags of who is on the list, by which a line's reason is told."""
    return tuple(tag for tag in conditions.where.tags if tag not in _HARDLY_A_REASON)


def said_tags(definition: TargetList, conditions: Conditions) -> tuple[str, ...]:
    """The tags that the list's scripts and reasons are made of."""
    return tuple(dict.fromkeys((*definition.script_tags, *reason_tags(conditions))))


def said(definition: TargetList, conditions: Conditions, catalog: Catalog, run_date: date) -> dict[str, object]:
    """What templates are given for the columns of definition.SAID."""
    tags = {name: catalog.tag(name) for name in said_tags(definition, conditions)}
    return {
        "list_name": definition.name,
        "run_date": run_date,
        "purpose": " ".join(definition.purpose.split()),
        "owner": definition.owner,
        "title_en": definition.title.en,
        "title_zh": definition.title.zh,
        "script_en": given_pieces(definition.script_en, tags),
        "script_zh": given_pieces(definition.script_zh, tags),
        "tags": [_told(tags[name]) for name in reason_tags(conditions)],
    }


def _told(tag: Tag) -> dict[str, object]:
    words = tag.name.removeprefix("is_").removeprefix("has_") if tag.kind == "flag" else tag.name
    return {
        "name": tag.name,
        "is_flag": tag.kind == "flag",
        "is_whole": is_whole(tag),
        "en": words.replace("_", " "),
        "en_values": {},
        "zh": tag.label_zh or words.replace("_", " "),
        "zh_values": {value: label for value, label in tag.values.items() if label},
    }
