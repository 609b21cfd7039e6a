"""The business date a build stands for, and when what was delivered does not suffice for it."""

from datetime import date

import pytest

from orchestration.base.errors import WarehouseError
from orchestration.warehouse.freshness import NothingDelivered, choose_as_of, latest_by, stale_tables

MARCH_1, MARCH_2, MARCH_3 = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)
REQUIRED = ["people", "bills"]


def test_the_latest_due_delivery_of_any_required_table_gives_the_date():
    deliveries = {"people": [MARCH_1, MARCH_3], "bills": [MARCH_2], "visits": [MARCH_3]}
    assert choose_as_of(deliveries, REQUIRED, today=MARCH_3) == MARCH_3
    assert choose_as_of(deliveries, REQUIRED, today=MARCH_2) == MARCH_2  # a delivery after today is not due yet


def test_tables_that_are_not_required_give_no_date():
    with pytest.raises(NothingDelivered, match="nothing to build"):
        choose_as_of({"visits": [MARCH_1]}, REQUIRED, today=MARCH_3)


def test_a_date_asked_for_wins():
    assert choose_as_of({"people": [MARCH_3]}, REQUIRED, today=MARCH_3, asked=MARCH_1) == MARCH_1


def test_only_deliveries_after_today_build_nothing_by_themselves():
    with pytest.raises(NothingDelivered, match=f"{MARCH_3}.*--as-of"):
        choose_as_of({"people": [MARCH_3]}, REQUIRED, today=MARCH_2)


def test_latest_by_includes_the_day_itself():
    assert latest_by([MARCH_1, MARCH_2, MARCH_3], MARCH_2) == MARCH_2
    assert latest_by([MARCH_3], MARCH_2) is None


def test_tables_of_the_day_are_fresh_and_older_ones_stale():
    deliveries = {"people": [MARCH_3], "bills": [MARCH_1, MARCH_2]}
    assert stale_tables(deliveries, REQUIRED, MARCH_3, {"*": 3}) == {"bills": MARCH_2}
    assert stale_tables({"people": [MARCH_3], "bills": [MARCH_3]}, REQUIRED, MARCH_3, {"*": 3}) == {}


def test_a_required_table_without_a_delivery_by_then_refuses_the_build():
    with pytest.raises(WarehouseError, match=r"2026-03-01.*bills") as refused:
        stale_tables({"people": [MARCH_1], "bills": [MARCH_2]}, REQUIRED, MARCH_1, {"*": 3})
    assert "people" not in str(refused.value)


@pytest.mark.parametrize(("limits", "is_refused"), [({"*": 2}, False), ({"*": 1}, True), ({"*": 9, "bills": 1}, True)])
def test_the_limit_of_staleness_is_the_tables_own_or_the_default(limits, is_refused):
    deliveries = {"people": [MARCH_3], "bills": [MARCH_1]}
    if is_refused:
        with pytest.raises(WarehouseError, match=r"bills \(last 2026-03-01, 2 days; limit 1"):
            stale_tables(deliveries, REQUIRED, MARCH_3, limits)
    else:
        assert stale_tables(deliveries, REQUIRED, MARCH_3, limits) == {"bills": MARCH_1}
