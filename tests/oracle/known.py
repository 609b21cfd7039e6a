"""What is known at a business date D: the delivery rules, and each line's life at the end of every day.

No measure belongs here. Deliveries come as `{table: {dt: [row]}}`, a row being a dict of Python values (str, int, bool, Decimal,
date, datetime or None) that names every column of the contract.

Choices where the definitions leave one:
- Of two events at the same time the greater event_id is the later. Events before the activation date are ignored.
- The snapshot's word at its own dt is compared with the state that the events alone give at that day's end; a line without a
  terminal event is on by the events. Where they differ the snapshot acts from its status_date, or from the activation date if
  that is later: events from that day to the snapshot's dt change no state, those before it and after the dt do.
- The type and reason of a churn are those of the churn date's last terminal event; where that day has none (the snapshot alone
  says so), the type is the snapshot's status_code and the reason is null.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

Deliveries = dict[str, dict[date, list[dict]]]
TERMINAL = ("terminated_forced", "terminated_cancelled", "ported_out")


@dataclass(frozen=True)
class Stay:
    """An unbroken run of days on-net or off-net, from `first_day` on. An off-net stay carries why the line left."""

    first_day: date
    is_on_net: bool
    churn_type: str | None = None
    reason_code: str | None = None


@dataclass(frozen=True)
class Line:
    """A subscriber and its stays, oldest first; the first begins on the activation date."""

    subscriber_id: str
    activation_date: date
    stays: tuple[Stay, ...]

    def stay_at(self, day: date) -> Stay | None:
        """The stay that covers the end of `day`; None before the activation date."""
        return next((s for s in reversed(self.stays) if s.first_day <= day), None)

    def is_on_net(self, day: date) -> bool:
        """Whether the line is on-net at the end of `day`."""
        stay = self.stay_at(day)
        return stay is not None and stay.is_on_net

    def is_on_net_within(self, first: date, last: date) -> bool:
        """Whether the line is on-net at the end of at least one day from `first` to `last`, both included."""
        return self.is_on_net(first) or any(s.is_on_net and first <= s.first_day <= last for s in self.stays)

    def churn_within(self, first: date, last: date) -> Stay | None:
        """The off-net stay that covers `last` and began within the period; None where the line did not churn in it."""
        stay = self.stay_at(last)
        return stay if stay is not None and not stay.is_on_net and stay.first_day >= first else None


@dataclass(frozen=True)
class Known:
    """Everything that a build for `as_of` may use: lines by id, and the rows left after the delivery rules."""

    as_of: date
    lines: dict[str, Line]
    plans: list[dict]
    members: list[dict]
    group_levels: dict[str, str | None]
    fees: dict[str, dict]
    charges: list[dict]
    payments: list[dict]
    usage: list[dict]
    pairs: list[dict]
    balances: dict[date, dict[str, dict]]  # every delivery up to D: {dt: {subscriber_id: row}}
    arrivals: dict[tuple[str, date], date] = field(default_factory=dict)  # first delivery of a line's charges of a month
    charge_days: dict[date, int] = field(default_factory=dict)  # deliveries within a month that hold charges of it
    billing_groups: dict[str, tuple] = field(default_factory=dict)  # payment type and billing cycle of each line
    last_billed: date | None = None  # the month that money stands for

    @cached_property
    def charged(self) -> set[tuple[str, date]]:
        """Lines and months with charges."""
        return {(charge["subscriber_id"], charge["bill_month"]) for charge in self.charges}


def latest(by_dt: dict[date, list[dict]], as_of: date) -> tuple[date | None, list[dict]]:
    """The snapshot that is at `as_of`: its dt and its rows, or (None, []) where none has come by then."""
    dt = max((d for d in by_dt if d <= as_of), default=None)
    return dt, by_dt[dt] if dt else []


def appended(by_dt: dict[date, list[dict]], key: tuple[str, ...], event_time: str, as_of: date) -> list[dict]:
    """The rows of an append table that stand at `as_of`: the latest delivery of each key, whole, then events up to D.

    In this order: a correction that moves an event past D hides the row it corrects.
    """
    standing = {}
    for dt in sorted(d for d in by_dt if d <= as_of):
        standing.update({tuple(row[k] for k in key): row for row in by_dt[dt]})
    return [row for row in standing.values() if day_of(row[event_time]) <= as_of]


def day_of(moment: date | datetime) -> date:
    """The calendar day of a date or a timestamp."""
    return moment.date() if isinstance(moment, datetime) else moment


def line_of(subscriber: dict, snapshot_dt: date, events: list[dict]) -> Line:
    """The life of one line from its snapshot row and its events (all of them at or before D, in any order)."""
    activated = subscriber["activation_date"]
    days: dict[date, list[dict]] = {}
    for event in sorted(events, key=lambda e: (e["event_at"], e["event_id"])):
        if event["event_type"] in (*TERMINAL, "reinstated") and day_of(event["event_at"]) >= activated:
            days.setdefault(day_of(event["event_at"]), []).append(event)
    states = {activated: True} | {day: found[-1]["event_type"] == "reinstated" for day, found in sorted(days.items())}

    told = subscriber["status_code"] not in TERMINAL
    if states[max((day for day in states if day <= snapshot_dt), default=activated)] != told:
        since = max(subscriber["status_date"], activated)
        states = {day: on for day, on in states.items() if day < since or day > snapshot_dt} | {since: told}

    stays: list[Stay] = []
    for day, on in sorted(states.items()):
        if stays and stays[-1].is_on_net == on:
            continue
        causes = [e for e in days.get(day, []) if e["event_type"] in TERMINAL]
        if on:
            stays.append(Stay(day, True))
        elif causes:
            stays.append(Stay(day, False, causes[-1]["event_type"], causes[-1]["reason_code"]))
        else:
            stays.append(Stay(day, False, subscriber["status_code"], None))
    return Line(subscriber["subscriber_id"], activated, tuple(stays))


def month_start(day: date) -> date:
    """The first day of the day's month: the month's name."""
    return day.replace(day=1)


def month_add(month: date, months: int) -> date:
    """The month that many months later, by its first day."""
    index = month.year * 12 + month.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def month_end(month: date) -> date:
    """The last day of a month named by its first."""
    return month_add(month, 1) - timedelta(days=1)
