"""What models say of lines: one entry a purpose, which is all that sets them apart. How they learn, are kept, score and are
checked is the same for all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestration.scoring.errors import ScoringError


@dataclass(frozen=True)
class Purpose:
    """A question that a model answers of each line on-net at a month's end.

    `role`: what the model of outcomes serves; `label`: its column that tells what happened, true or false, or with `is_choice`
    one of several texts. `months_after`: complete months until that is known, billed ones where `is_billed`. `item`: a column of
    outcomes that the question is asked for beside the line. `where`: which outcomes it learns from; `needs`: a
    feature that a line must have to be asked about. `places`: how many of the
    likeliest items, or choices, are kept for a line. `rules`: features that rank lines by themselves, by the rule's name.
    `flags`: columns of outcomes for whose rows the test is reported apart. `has_reasons`: scores tell them. `happened`: what is
    said of rows whose label is true.
    """

    name: str
    role: str
    label: str
    months_after: int
    happened: str
    is_billed: bool = False
    is_choice: bool = False
    item: str = ""
    where: str = ""
    needs: str = ""
    places: int = 1
    rules: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    has_reasons: bool = False


VALUE_LOSS = Purpose(
    "value_loss",
    "scoring_outcomes",
    "is_value_lost",
    2,
    "lost value",
    is_billed=True,
    rules={"alerts": "alerts_raised", "group_rate_score": "group_rate_score"},
    flags={"mid_high_end": "is_mid_high_end"},
    has_reasons=True,
)
_HANDSET = "months_of_handset"
HANDSET_CHANGE = Purpose(
    "handset_change",
    "handset_outcomes",
    "is_handset_changed",
    3,
    "changed",
    needs=_HANDSET,
    rules={"age of the handset": _HANDSET},
)
HANDSET_BAND, HANDSET_BRAND = (
    Purpose(name, "handset_outcomes", label, 3, "right", is_choice=True, where="is_handset_changed", needs=_HANDSET)
    for name, label in {"handset_band": "next_price_band", "handset_brand": "next_brand"}.items()
)
SERVICE_UPTAKE = Purpose("service_uptake", "service_outcomes", "is_taken_up", 3, "took it up", item="service_class", places=3)

PURPOSES = (VALUE_LOSS, HANDSET_CHANGE, HANDSET_BAND, HANDSET_BRAND, SERVICE_UPTAKE)
"""In the order in which they are trained and score."""

SEGMENTS = "segment"
"""The name under which lines are grouped: no question with an answer, so no purpose, but kept, shown and pinned like one."""

UPLIFT = "uplift"
"""The name under which it is learnt what asking changes, offer by offer, from lists that held members back; kept, shown and
pinned like the others."""

NAMES = (*(purpose.name for purpose in PURPOSES), SEGMENTS, UPLIFT)


def purpose_of(name: str) -> Purpose:
    """The purpose of that name. Raises ScoringError for none."""
    found = next((purpose for purpose in PURPOSES if purpose.name == name), None)
    if found is None:
        raise ScoringError(f"'{name}' is no purpose of a model; there are {', '.join(NAMES)}")
    return found
