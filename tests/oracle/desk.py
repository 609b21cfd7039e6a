"""The book and what the channels know beside it: contacts, orders, visits, offers, handsets, and the lists that were run.

What many figures of tags and marketing ask of them belongs here; no figure of a public table does.

Choices where the definitions leave one:
- Of contacts, orders and visits at one time the greater id is the later. Days are calendar days.
- "N months to D" begin on the day that D + 1 is N months later: whole calendar months where D is a month's last day.
- The six months of preferences are calendar months, held or not; of handsets the months held alone count.
- The run of a list on a day is the last that was exported, else the last.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from oracle import retention, tiers, watch
from oracle.book import Book, add_months, book_at
from oracle.figures import dim_subscribers
from oracle.known import appended, day_of, latest, month_end

Deliveries = dict[str, dict[date, list[dict]]]


@dataclass(frozen=True)
class ListRun:
    """A list that was run for a day, exported or not, and everybody whom it matched (arm null: left out)."""

    list_name: str
    run_date: date
    channel: str
    members: tuple[dict, ...]
    status: str = "exported"


YELLOW = 0.35
"""The chance from which a line is in the yellow zone or the red one."""


@dataclass(frozen=True)
class Desk:
    """Everything a build for D may use. Dicts are by code; `contacts`, `orders` and `visits` oldest first. `chances`: what the
    model gives each line scored, to lose value; `told`: rows that other models wrote of the last month that each scored;
    `uplifts`: what asking a line for an offer changes, by line and offer, where that was learnt. How they come by them is not
    reckoned here. `recorded`: rows of the ledger of tasks; `days`: dates of deliveries by table."""

    book: Book
    contacts: list[dict]
    orders: list[dict]
    visits: list[dict]
    suppressions: list[dict]
    offers: dict[str, dict]
    services: dict[str, dict]
    devices: dict[str, dict]
    device_use: list[dict]
    outlets: dict[str, dict]
    managers: dict[str, dict]
    runs: dict[tuple[str, date], ListRun]
    chances: dict[str, float]
    told: list[dict]
    uplifts: dict[tuple[str, str], float]
    task_events: list[dict]
    recorded: list[dict]
    days: dict[str, list[date]]

    @property
    def today(self) -> date:
        """D."""
        return self.book.known.as_of

    @cached_property
    def values(self) -> tiers.Values:
        """Value rows of every billed month."""
        return tiers.values_by_month(self.book)

    @cached_property
    def worth(self) -> dict[str, dict]:
        """Value rows at the end of the last billed month."""
        return tiers.last_values(self.book, self.values)

    @cached_property
    def customers(self) -> dict[str, dict]:
        """customer_value."""
        return tiers.customer_value(self.book, self.values)

    @cached_property
    def members(self) -> dict[str, dict]:
        """The lines that churn of the last three months is told of."""
        return retention.members(self.book, self.values)

    @cached_property
    def sales(self) -> dict[tuple, dict]:
        """sales_quality."""
        return retention.sales_quality(self.book)

    @cached_property
    def lines(self) -> dict[str, dict]:
        """dim_subscribers as figures.py has it."""
        return dim_subscribers(self.book.known)

    @cached_property
    def on_net(self) -> set[str]:
        """Lines on-net at D."""
        return set(self.book.lines_at(self.today))

    @cached_property
    def alerts(self) -> dict[str, dict[str, str]]:
        """Alerts at D by line: {code: cadence}."""
        found = defaultdict(dict)
        for (_, key, code), row in watch.alerts(self.book).items():
            found[key][code] = row["cadence"]
        return found

    @cached_property
    def at_risk(self) -> set[str]:
        """Lines at risk at D: those with an alert of severity high or critical, and those on-net in the yellow or red zone."""
        alerted = {key for key, codes in self.alerts.items() if watch.SEVERE & codes.keys()}
        return alerted | {key for key, chance in self.chances.items() if chance >= YELLOW and key in self.on_net}

    @cached_property
    def six_months(self) -> tuple[date, date]:
        """First and last day of the last six complete months, of no more than are held."""
        return self.book.months[-6:][0], self.book.at

    @cached_property
    def completed(self) -> dict[str, list[dict]]:
        """Completed orders by line, oldest first."""
        return by_line(order for order in self.orders if order["order_status"] == "completed")

    def in_force(self, key: str, *channels: str) -> bool:
        """Whether one of the channels is closed to the line at D; any at all where none is named."""
        return any(
            s["effective_from"] <= self.today <= (s["effective_to"] or date.max)
            for s in self.suppressions
            if s["subscriber_id"] == key and (not channels or s["channel"] in channels)
        )

    def since(self, months: int) -> date:
        """The first of the days that count as so many months to D."""
        return add_months(self.today + timedelta(days=1), -months)

    def complete_months(self, moments: Iterable[date]) -> set[date]:
        """The complete months among those that the days fall into."""
        found = {day_of(moment).replace(day=1) for moment in moments}
        return {month for month in found if month_end(month) <= self.today}


def desk_at(
    deliveries: Deliveries,
    as_of: date,
    runs: Iterable[ListRun] = (),
    chances: dict[str, float] | None = None,
    told: Iterable[dict] = (),
    uplifts: dict[tuple[str, str], float] | None = None,
    recorded: Iterable[dict] = (),
) -> Desk:
    """What deliveries, lists and scores tell at `as_of`; a table that never came is empty."""

    def rows(table: str, *key: str) -> dict:
        found = latest(deliveries.get(table, {}), as_of)[1]
        return {row[key[0]]: row for row in found} if key else found

    def history(table: str, key: str, moment: str) -> list[dict]:
        found = appended(deliveries.get(table, {}), (key,), moment, as_of)
        return sorted(found, key=lambda row: (row[moment], row[key]))

    standing = {}
    for run in runs:
        key = run.list_name, run.run_date
        if run.run_date <= as_of and (run.status == "exported" or standing.get(key, run).status != "exported"):
            standing[key] = run
    return Desk(
        book=book_at(deliveries, as_of),
        contacts=history("channel_contacts", "contact_id", "contacted_at"),
        orders=history("channel_orders", "order_id", "ordered_at"),
        visits=history("channel_visits", "visit_id", "visited_at"),
        suppressions=rows("channel_suppressions"),
        offers=rows("channel_offers", "offer_code"),
        services=rows("crm_services", "service_code"),
        devices=rows("crm_device_models", "tac"),
        device_use=appended(
            deliveries.get("billing_device_usage", {}), ("subscriber_id", "usage_month", "tac"), "usage_month", as_of
        ),
        outlets=rows("channel_outlets", "outlet_id"),
        managers=rows("channel_managers", "manager_id"),
        runs=standing,
        chances=chances or {},
        told=list(told),
        uplifts=uplifts or {},
        task_events=history("channel_task_events", "event_id", "event_at"),
        recorded=list(recorded),
        days={table: list(by_dt) for table, by_dt in deliveries.items()},
    )


def by_line(rows: Iterable[dict]) -> dict[str, list[dict]]:
    """Rows by their subscriber_id, in the order in which they come."""
    found = defaultdict(list)
    for row in rows:
        found[row["subscriber_id"]].append(row)
    return found


def band(value: object, names: tuple[tuple[object, str], ...]) -> str | None:
    """The band of a value, its lower bound included; `names` from the lowest, whose bound is null. Null of null."""
    if value is None:
        return None
    return [name for lower, name in names if lower is None or value >= lower][-1]
