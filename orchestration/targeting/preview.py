"""What a list would come to, before its export: counts, masked rows, who they are, other lists, a size that jumped.

All is read from lists decided for a preview (`run.decide` with drafts) and from the ledger; nothing is written, and no phone or
id is shown whole. How it is printed belongs to `orchestration.cli`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from orchestration.base.words import Message
from orchestration.targeting import advice, ledger
from orchestration.targeting.contact_rules import read_rules
from orchestration.targeting.expected import expected
from orchestration.targeting.export import DecidedRun
from orchestration.targeting.files import ALWAYS_TEXT
from orchestration.targeting.templates import sql

GROUPED = ("value_tier", "region_code")
_BEGIN, _END = 3, 2  # characters of an id or a phone that stay


@dataclass(frozen=True)
class Preview:
    """One list as it would be exported now: subscribers by step, by GROUPED's values, in other lists; some rows, masked. `says`:
    what the channel says to the first of them, in English and Chinese, and why the line is on the list."""

    waterfall: dict[str, int]
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    says: tuple[str, ...]
    groups: dict[str, list[tuple[str, int]]]
    lost_to: list[tuple[str, int]]
    jump: str
    warnings: tuple[str, ...]
    shows: str
    expects: tuple[str, ...]


def preview(decided: DecidedRun, name: str, rows: int) -> Preview:
    """The named list of the decided ones, with so many rows of its file."""
    waterfall, last = decided.waterfall(name), ledger.last_before(ledger.current_runs(decided.home), name, decided.run_date)
    rules = read_rules(decided.tables)
    shown, says = _rows(decided, name, rows)
    return Preview(
        waterfall=waterfall,
        columns=(*ALWAYS_TEXT, *decided.definitions[name].columns, "offer_code"),
        rows=shown,
        says=says,
        groups={column: _counts(decided, name, column) for column in GROUPED},
        lost_to=_counts(decided, name, "lost_to", reason="lost_to_priority"),
        jump=jump(waterfall["exported"], last, rules["size_jump_share"]),
        warnings=_warnings(decided, name),
        expects=tuple(expected(decided, name)),
        shows=shown_difference(
            waterfall["exported"], waterfall["control"], rules["detection_power"], rules["detection_confidence"]
        ),
    )


def overlaps(decided: DecidedRun, name: str) -> list[tuple[str, int]]:
    """How many of those whom the list matches each other decided list matches too, left out or not; the most first."""
    number = decided.plan.asked[name].number
    return decided.tables.connection.execute(sql("overlaps", list_number=number)).fetchall()


def jump(exported: int, last: Mapping[str, object] | None, share: float) -> str:
    """A warning where the list has grown or shrunk by more than that share of its last run; nothing otherwise."""
    if last is None or abs(exported - last["exported"]) <= share * last["exported"]:
        return ""
    return (
        f"its size jumped: {exported:,} now, {last['exported']:,} on {last['run_date']}. See what was delivered, and by "
        f"`telco360 lists why` who is in, before you export it"
    )


def shown_difference(treated: int, control: int, power: float, confidence: float) -> str:
    """The least difference of two rates that arms of these sizes show with that power and confidence, in words; empty without
    control. Rates near a half, where chance plays most, are taken: others show a smaller one (two-proportion z-test)."""
    if not (treated and control):
        return ""
    z = NormalDist().inv_cdf(0.5 + confidence / 2) + NormalDist().inv_cdf(power)
    points = 100 * z * sqrt(0.25 * (1 / treated + 1 / control))
    if points >= 100:
        english = "{treated:,} treated and {control:,} control are too few to show any difference"
        return Message.of("too_few", english, treated=treated, control=control)
    return Message.of(
        "shows_difference",
        "{treated:,} treated and {control:,} control would show a difference of rates from {points:.1f} percentage points on "
        "({power:.0%} power, {confidence:.0%} confidence, rates around 50%)",
        treated=treated,
        control=control,
        points=points,
        power=power,
        confidence=confidence,
    )


def _warnings(decided: DecidedRun, name: str) -> tuple[str, ...]:
    """What an export would say of the list; why it would be refused goes before the age of the data alone."""
    refusal = decided.age.refusal(decided.definitions[name].max_data_age_days)
    rest = tuple(words for words in decided.warnings[name] if words != decided.age.warning) if refusal else decided.warnings[name]
    conditions = decided.plan.asked[name].conditions
    doubts = advice.warnings(
        decided.definitions[name], conditions, decided.tables, decided.catalog, decided.as_of, decided.run_date
    )
    first = [Message.of("would_be_refused", "an export today would be refused: {refusal}.", refusal=refusal)] if refusal else []
    return tuple(dict.fromkeys([*first, *rest, *doubts]))


def masked(text: str | None) -> str:
    """An id or a phone of which only the ends are left."""
    if text is None:
        return ""
    hidden = len(text) - _BEGIN - _END
    return "*" * len(text) if hidden < _BEGIN else f"{text[:_BEGIN]}{'*' * hidden}{text[-_END:]}"


def _rows(decided: DecidedRun, name: str, rows: int) -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
    """The first rows of the file, masked, and what is said to the first of them."""
    asked = decided.plan.asked[name]
    decided.read_cells(name)
    first = sql("preview_rows", list_number=asked.number, columns=asked.definition.columns, rows=rows, said=decided.said(name))
    found = decided.tables.connection.execute(first).fetchall()
    shown = [(masked(subscriber), masked(phone), *(text or "" for text in rest[:-3])) for subscriber, phone, *rest in found]
    return shown, tuple(text for text in found[0][-3:] if text) if found else ()


def _counts(decided: DecidedRun, name: str, column: str, reason: str | None = None) -> list[tuple[str, int]]:
    """The list's lines by the values of a column: those exported, or left out for that reason."""
    number = decided.plan.asked[name].number
    return decided.tables.connection.execute(sql("preview_counts", list_number=number, column=column, reason=reason)).fetchall()
