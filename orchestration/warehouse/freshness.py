"""Which business date a build stands for, and whether what was delivered suffices for it. Pure; deliveries are given."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from orchestration.base.errors import WarehouseError

Deliveries = Mapping[str, Collection[date]]
"""Business dates (dt) of the accepted deliveries, by table."""


class NothingDelivered(WarehouseError):
    """No required table has an accepted delivery: there is nothing to build."""


def choose_as_of(deliveries: Deliveries, required: Iterable[str], today: date, asked: date | None = None) -> date:
    """The date asked for, else the greatest dt <= today among accepted deliveries of required tables.

    Raises NothingDelivered where no required table has one, or none that old, WarehouseError for a date after today and after all
    deliveries.
    """
    dates = [dt for table in required for dt in deliveries.get(table, ())]
    if not dates:
        raise NothingDelivered("no delivery of a required table has been accepted yet: there is nothing to build")
    if asked is not None:
        if asked > max(today, *dates):
            raise WarehouseError(
                f"{asked} lies after today ({today}) and after the last delivery ({max(dates)}); ask for a day up to then"
            )
        return asked
    due = [dt for dt in dates if dt <= today]
    if not due:
        raise NothingDelivered(
            f"all accepted deliveries of required tables lie after today ({today}), the first is of {min(dates)}; "
            f"--as-of builds for a date of your choice"
        )
    return max(due)


def latest_by(dates: Collection[date], as_of: date) -> date | None:
    """The latest dt <= as_of, None where there is none."""
    return max((dt for dt in dates if dt <= as_of), default=None)


def stale_tables(
    deliveries: Deliveries, required: Iterable[str], as_of: date, max_stale_days: Mapping[str, float]
) -> dict[str, date]:
    """The required tables whose latest dt <= as_of lies before as_of, each with that dt: they make the version stale.

    `max_stale_days` by table, `*` for tables not in it. Raises WarehouseError, naming the tables, where one has no delivery
    by then or one older than its limit.
    """
    found = {table: latest_by(deliveries.get(table, ()), as_of) for table in required}
    latest = {table: dt for table, dt in found.items() if dt is not None}
    missing = sorted(found.keys() - latest.keys())
    if missing:
        raise WarehouseError(
            f"build for {as_of} refused: no delivery with dt <= {as_of} was accepted of {', '.join(missing)}. "
            f"Deliver them to landing/<table>/dt={as_of}/ and run again."
        )
    ages = {table: (as_of - dt).days for table, dt in latest.items()}
    too_old = sorted(table for table, age in ages.items() if age > max_stale_days.get(table, max_stale_days["*"]))
    if too_old:
        names = ", ".join(
            f"{t} (last {latest[t]}, {ages[t]} days; limit {max_stale_days.get(t, max_stale_days['*']):g})" for t in too_old
        )
        raise WarehouseError(
            f"build for {as_of} refused: too stale: {names}. Deliver them, build for an earlier date with --as-of, "
            f"or raise max_stale_days in seeds/intake_limits.csv."
        )
    return {table: dt for table, dt in sorted(latest.items()) if ages[table] > 0}
