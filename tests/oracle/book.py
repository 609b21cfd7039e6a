"""Everything that is known at a business date D, with the tables that known.py leaves out, and what many figures ask of it.

No figure of a public table belongs here. Statuses, groups, months and populations do.

Choices where the definitions leave one:
- The status of a line is, day by day: active from its activation; what its events before the snapshot's status_date say; from
  the status_date on what the snapshot says; and what events after the snapshot's own dt say. Its first day is that of the
  oldest of the entries that say the same, without another between.
- A line counts in a customer, outlet, region or manager as the latest snapshot at D has it, in past months too.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from oracle import figures
from oracle.billing import known_at, late_tables
from oracle.known import Known, Line, appended, day_of, latest, month_add, month_end, month_start

STATUS_OF = {"activated": "active", "ported_in": "active", "resumed": "active", "reinstated": "active"}
NO_STATUS = ("transferred", "sim_changed")
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Book:
    """What a build for D may use. `subscribers`: the snapshot rows of lines activated by D; `points` by line and year."""

    known: Known
    snapshot_dt: date
    subscribers: dict[str, dict]
    customers: dict[str, dict]
    catalogue: dict[str, dict]
    contracts: list[dict]
    add_ons: list[dict]
    points: dict[tuple[str, int], int]
    events: dict[str, list[dict]]
    complaints: list[dict]
    surveys: list[dict]
    late: set[str]

    @cached_property
    def rows(self) -> dict:
        """fct_subscriber_months."""
        return figures.fct_subscriber_months(self.known)

    @cached_property
    def months(self) -> list[date]:
        """The complete months held."""
        return figures.complete_months(self.known, self.known.as_of)

    @cached_property
    def billed(self) -> list[date]:
        """The complete months held up to the last billed one."""
        return figures.billed_months(self.known, self.known.as_of)

    @cached_property
    def at(self) -> date:
        """M: the end of the last complete month."""
        return month_end(self.months[-1])

    @cached_property
    def use_days(self) -> dict[str, list[date]]:
        """The days with a row of usage, by line."""
        days = defaultdict(list)
        for row in self.known.usage:
            days[row["subscriber_id"]].append(row["usage_date"])
        return days

    def lines_at(self, day: date) -> dict[str, Line]:
        """The lines on-net at the end of the day."""
        return {key: line for key, line in self.known.lines.items() if line.is_on_net(day)}

    def arpu(self, key: str, month: date) -> Decimal:
        """A line's ARPU amount of a month; 0 where it has no row, or only was billed after its churn."""
        row = self.rows.get((key, month))
        return row["arpu_amount"] if row and not row["is_after_churn"] else Decimal(0)

    def arpu_3m(self, key: str) -> Decimal | None:
        """A line's mean ARPU of the three months to the last billed one; null where it was on-net in none of them."""
        return figures.mean_over(self.known, self.rows, self.known.lines[key], "arpu_amount", self.billed[-3:])

    def code(self, key: str, name: str) -> str:
        """A code of the line as the snapshot has it; 'unknown' for null."""
        return self.subscribers[key][name] or UNKNOWN

    def churners(self, first: date, last: date) -> dict[str, dict]:
        """The lines churned in one period, with what figures.churn_row says of them at its end."""
        gone = {key: line for key, line in self.known.lines.items() if line.churn_within(first, last)}
        return {key: figures.churn_row(self.known, self.rows, line, last) for key, line in gone.items()}


def book_at(deliveries: dict[str, dict[date, list[dict]]], as_of: date) -> Book:
    """What `deliveries` tell at `as_of`; a table that never came is empty."""
    known = known_at(deliveries, as_of)

    def rows(table: str) -> list[dict]:
        return latest(deliveries.get(table, {}), as_of)[1]

    def history(table: str, key: str, moment: str) -> list[dict]:
        return appended(deliveries.get(table, {}), (key,), moment, as_of)

    events = defaultdict(list)
    for event in sorted(history("crm_subscriber_events", "event_id", "event_at"), key=lambda e: (e["event_at"], e["event_id"])):
        events[event["subscriber_id"]].append(event)
    return Book(
        known=known,
        snapshot_dt=latest(deliveries["crm_subscribers"], as_of)[0],
        subscribers={r["subscriber_id"]: r for r in rows("crm_subscribers") if r["subscriber_id"] in known.lines},
        customers={r["customer_id"]: r for r in rows("crm_customers")},
        catalogue={r["plan_code"]: r for r in rows("crm_tariff_plans")},
        contracts=rows("crm_contracts"),
        add_ons=rows("crm_service_subscriptions"),
        points={(r["subscriber_id"], r["points_year"]): r["points_earned"] for r in rows("crm_loyalty_points")},
        events=events,
        complaints=history("channel_complaints", "complaint_id", "opened_at"),
        surveys=history("channel_surveys", "survey_id", "surveyed_at"),
        late=late_tables(deliveries, as_of),
    )


def looking_back(known: Known, day: date) -> Known:
    """The same knowledge asked about an earlier day: what was delivered since then still counts. Without plans."""
    lines = {key: line for key, line in known.lines.items() if line.activation_date <= day}
    return replace(known, as_of=day, lines=lines, plans=[], balances={})


def status_at(book: Book, key: str, day: date) -> tuple[str, date]:
    """A line's status at the end of the day, and that status's first day."""
    past = [change for change in status_changes(book, key) if change[0] <= day]
    since, status = past[-1] if past else (None, None)
    return status, since


def status_changes(book: Book, key: str) -> list[tuple[date, str]]:
    """The statuses of a line with the first day of each, of several of a day the last."""
    told: dict[date, str] = {}
    for at, status in status_history(book, key):
        told[at] = status
    changes: list[tuple[date, str]] = []
    for at, status in sorted(told.items()):
        if not changes or changes[-1][1] != status:
            changes.append((at, status))
    return changes


def status_history(book: Book, key: str) -> list[tuple[date, str]]:
    """What events and register told of a line's status, oldest first."""
    row = book.subscribers[key]
    told = [(day_of(e["event_at"]), STATUS_OF.get(e["event_type"], e["event_type"])) for e in book.events.get(key, [])
            if e["event_type"] not in NO_STATUS and day_of(e["event_at"]) >= row["activation_date"]]  # fmt: skip
    history = [(row["activation_date"], "active")]
    history += [(at, status) for at, status in told if at < row["status_date"]]
    history += [(row["status_date"], row["status_code"])]
    history += [(at, status) for at, status in told if at > book.snapshot_dt]
    return history


def group_at(known: Known, day: date) -> dict[str, str]:
    """The group that each line shows on the day: best level, then role, then id."""
    standing = figures.memberships_at(known, day)
    return {key: min(m, key=lambda g: (g[0], figures.ROLES.index(g[1]), g[2]))[2] for key, m in standing.items()}


def median(values: list[Decimal]) -> Fraction:
    """The middle value, or the mean of the two in the middle."""
    ordered = sorted(values)
    return Fraction(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def add_months(day: date, months: int) -> date:
    """The same day of the month so many months later, or that month's last day where it has no such day."""
    month = month_add(month_start(day), months)
    return min(month + timedelta(days=day.day - 1), month_end(month))
