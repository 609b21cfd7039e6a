"""What the synthetic operator is like: the figures of a published monthly report that it is held to, and its own habits.

Only numbers belong here. Figures under `Published` are those the calibration compares; the others are assumptions that make
the tables agree with each other.
"""

from dataclasses import dataclass, field

NEVER = 2**30
"""NEVER: a day, counted from 1970, that does not come; a null date where a table has one."""


@dataclass(frozen=True)
class Published:
    """A city operator's report. Rates are churned in a quarter / lines on-net at its end; shares are of lost lines, 0-1."""

    tenure_bands: tuple[str, ...] = ("1-3", "4-6", "7-12", "13-24", "25-36", "37-60", "61+")
    band_starts: tuple[int, ...] = (1, 4, 7, 13, 25, 37, 61)
    quarterly_rates: tuple[float, ...] = (0.019, 0.263, 0.205, 0.104, 0.061, 0.048, 0.033)
    quarterly_rate: float = 0.096
    lost_share_by_tenure: tuple[tuple[str, float], ...] = (("4-6", 0.24), ("7-12", 0.31), ("13-24", 0.21))
    churned_to_new: float = 0.65
    arpu_classes: tuple[str, ...] = ("<30", "30-50", ">=50")
    lost_share_by_arpu: tuple[float, ...] = (0.55, 0.24, 0.21)
    lost_share_in_groups: float = 0.08
    valued_reasons: tuple[tuple[str, float], ...] = (("left_region", 0.73), ("left_employer", 0.16))


@dataclass(frozen=True)
class Settings:
    """Habits of the synthetic operator. Shares and probabilities 0-1, money in yuan, spans in days unless a name says months."""

    published: Published = field(default_factory=Published)

    # Lines: those that left before the first month held stay in the register, as a share of all lines.
    old_terminated_share: float = 0.08
    earlier_churn: float = 0.70  # churn a year before the end against that of the last quarter: competition has grown
    reinstated_share: float = 0.02
    future_months: int = 3  # who leaves within them shows it beforehand
    community_sizes: tuple[int, int] = (12, 32)
    group_share: float = 0.13  # of communities; a group joins one to six neighbouring ones
    enterprise_share: float = 0.3  # of a group's customers

    # Money: the bill that a line tends to.
    arpu_median: float = 37.0
    arpu_sigma: float = 0.78
    within_plan_share: float = 0.75  # of lines; the others use more than their plan includes
    arpu_range: tuple[float, float] = (12.0, 300.0)
    bill_bounds: tuple[float, float] = (33.0, 52.0)  # classes of what lines tend to be billed, and their shares of lost lines:
    lost_share_by_bill: tuple[float, ...] = (0.474, 0.301, 0.225)  # the last bills fade, which gives the published shares by ARPU

    # Leaving: factors on the chance to leave, relative within tenure band, bill class and group.
    loyalty_weight: float = 0.6
    pull_weight: float = 0.7
    contract_lock: float = 0.25
    contract_release: float = 2.5
    contract_release_months: int = 3
    signs_share: float = 0.8  # of those who leave show it before
    signs_days: tuple[int, int] = (30, 100)
    false_signs_share: float = 0.03  # of those who stay look for a while as if they left

    # Outlets that sell lines nobody uses.
    bad_outlet_share: float = 0.03  # of dealers
    bad_outlet_sales: float = 0.015  # of new lines, beside what any outlet sells
    bad_outlet_pull: float = 20.0

    # Campaigns: who may be put on the retention list, and what a contact does to a responder.
    holdout_share: float = 0.1  # never contacted
    responder_share: float = 0.35
    responder_factor: float = 0.2
    responder_months: int = 3

    # Deliveries
    billing_days: tuple[int, int] = (
        2,
        6,
    )  # of the next month, a part each day; (0, 0): on the last day of their own
    call_pair_months: int = 6
    late_usage_share: float = 0.004
    corrected_bill_share: float = 0.003
    lines_per_part: int = 100_000
