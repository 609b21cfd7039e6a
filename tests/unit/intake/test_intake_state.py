"""In which order deliveries are judged, and what their references are."""

from datetime import date
from pathlib import Path

from orchestration.base.contract import load_contract
from orchestration.intake.landing import Folder
from orchestration.intake.state import enforced_references, in_order

CONTRACT = load_contract()


def test_only_references_within_crm_snapshots_are_enforced():
    found = {
        (table.name, column.name, referenced)
        for table in CONTRACT.values()
        for column, referenced, _ in enforced_references(table, CONTRACT)
    }
    assert found == {
        ("crm_subscribers", "customer_id", "crm_customers"),
        ("crm_tariff_subscriptions", "subscriber_id", "crm_subscribers"),
        ("crm_contracts", "subscriber_id", "crm_subscribers"),
        ("crm_service_subscriptions", "subscriber_id", "crm_subscribers"),
        ("crm_group_members", "group_id", "crm_groups"),
        ("crm_group_members", "subscriber_id", "crm_subscribers"),
        ("crm_loyalty_points", "subscriber_id", "crm_subscribers"),
    }


def test_what_others_are_held_against_comes_first():
    days = [date(2026, 3, 1), date(2026, 3, 2)]
    folders = [Folder(name, day, Path(name)) for day in reversed(days) for name in reversed(CONTRACT)]
    order = {(f.table, f.dt): i for i, f in enumerate(in_order(folders, CONTRACT))}
    assert len(order) == 2 * len(CONTRACT)
    for table in CONTRACT.values():
        for _, referenced, _ in enforced_references(table, CONTRACT):
            for day in days:
                assert order[referenced, day] < order[table.name, day]
        assert order[table.name, days[0]] < order[table.name, days[1]]
        if table.delivery == "append":
            assert order["crm_subscribers", days[1]] < order[table.name, days[0]]
