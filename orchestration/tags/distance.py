"""How far a figure is from where the tag would change: to the bounds of bands, to the figure of a rule. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from orchestration.base.words import plain

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
        return f"{measure} is not known"
    reached = [band for band in found if band.lower is None or figure >= band.lower]
    above = found[len(reached) : len(reached) + 1]
    said = [f"{measure} {plain(figure)}"]
    lower = reached[-1].lower if reached else None
    if lower is not None:
        said.append(f"{_away(figure - lower)} the lower bound of {reached[-1].name} ({plain(lower)})")
    said += [f"needs {plain(band.lower - figure)} more for {band.name}" for band in above if band.lower is not None]
    lies_in = reached[-1].name if reached else "no band"
    if lies_in != present:
        said.append(f"by this figure alone {lies_in}, not {present or 'unknown'}: the rule looks at more than it")
    return "; ".join(filter(None, [", ".join(said[:2]), *said[2:]]))


def to_threshold(measure: str, value: object, rule: str, limit: Decimal) -> str:
    """How far the figure is from the one that the rule compares it with: 'days_since_use 31, 1 above inactive_days (30)'."""
    figure = number(value)
    if figure is None:
        return f"{measure} is not known"
    return f"{measure} {plain(figure)}, {_away(figure - limit)} {rule} ({plain(limit)})"


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


def _away(by: Decimal) -> str:
    return f"{plain(abs(by))} {'above' if by > 0 else 'below'}" if by else "exactly at"
