"""How far a figure is from where the tag would change: to the bounds of bands, to the figure of a rule. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from orchestration.base.words import Message, plain

UNKNOWN = Message.of("unknown", "unknown")
"""What is said of a value that is not known."""

RULE_COLUMNS = (("rule", "value"), ("alert_code", "threshold"))
"""How seeds of rules call a rule and its figure."""


@dataclass(frozen=True)
class Band:
    """One band of a seed: it begins at `lower`, in its measure's unit, and ends where the next begins; None: no end below."""

    name: str
    lower: Decimal | None


def bands(rows: Iterable[Mapping[str, object]]) -> list[Band]:
    """The bands of a seed's rows (band, lower_bound), the least first."""
    found = [Band(str(row["band"]), number(row["lower_bound"])) for row in rows]
    return sorted(found, key=lambda band: (band.lower is not None, band.lower or 0))


def to_bands(measure: str, value: object, found: list[Band], present: str) -> str:
    """Where the figure lies in its band, and what the next one needs.

    'value_score 96.2, 1.2 above the lower bound of diamond (95)'
    """
    figure = number(value)
    if figure is None:
        return Message.of("not_known", "{measure} is not known", measure=measure)
    reached = [band for band in found if band.lower is None or figure >= band.lower]
    above = found[len(reached) : len(reached) + 1]
    said = [Message.of("measures", "{measure} {figure}", measure=measure, figure=plain(figure))]
    lower = reached[-1].lower if reached else None
    if lower is not None:
        english = "{away} the lower bound of {band} ({lower})"
        away = Message.of("from_bound", english, away=_away(figure - lower), band=reached[-1].name, lower=plain(lower))
        said.append(away)
    english = "needs {more} more for {band}"
    said += [
        Message.of("needs_more", english, more=plain(band.lower - figure), band=band.name)
        for band in above
        if band.lower is not None
    ]
    lies_in = reached[-1].name if reached else Message.of("no_band", "no band")
    if lies_in != present:
        english = "by this figure alone {band}, not {value}: the rule looks at more than it"
        said.append(Message.of("other_band", english, band=lies_in, value=present or UNKNOWN))
    return Message.joined([Message.joined(said[:2], ", "), *said[2:]], "; ")


def to_threshold(measure: str, value: object, rule: str, limit: Decimal) -> str:
    """How far the figure is from the one that the rule compares it with: 'days_since_use 31, 1 above inactive_days (30)'."""
    figure = number(value)
    if figure is None:
        return Message.of("not_known", "{measure} is not known", measure=measure)
    english = "{measure} {figure}, {away} {rule} ({limit})"
    away = _away(figure - limit)
    return Message.of("from_threshold", english, measure=measure, figure=plain(figure), away=away, rule=rule, limit=plain(limit))


def threshold_of(rows: Iterable[Mapping[str, object]], rule: str) -> Decimal | None:
    """The figure of a rule in the rows of its seed, of either form that seeds of rules have; None where it has none such."""
    for row in rows:
        for name, figure in RULE_COLUMNS:
            if row.get(name) == rule:
                return number(row.get(figure))
    return None


def number(value: object) -> Decimal | None:
    """A figure as a decimal; None for nothing, an empty text, or what is no number."""
    if value is None or isinstance(value, bool):
        return None
    try:
        figure = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return figure if figure.is_finite() else None


def _away(by: Decimal) -> Message:
    if not by:
        return Message.of("exactly_at", "exactly at")
    return Message.of("above", "{by} above", by=plain(by)) if by > 0 else Message.of("below", "{by} below", by=plain(-by))
