"""A small tag catalogue, as the published table holds it."""

import pytest

from orchestration.catalog.published import catalogued
from orchestration.catalog.tags import Catalog

TIERS = '["diamond", "gold", "silver", "ordinary", "mass"]'


def catalogue_row(
    name, kind, values=None, data_type="varchar", entity="subscriber", label_zh="", status="active", historic=False, tracked=None
):
    return {
        "tag_name": name,
        "entity": entity,
        "model_name": "tags_basic",
        "kind": kind,
        "data_type": data_type,
        "allowed_values": values,
        "description": f"What {name} means.",
        "label_zh": label_zh,
        "status": status,
        "is_historic": historic,
        "is_tracked": kind != "number" if tracked is None else tracked,
        "sources": '[{"table": "crm_subscribers", "delivered": "2026-03-31"}]',
    }


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return Catalog.of(
        catalogued(
            [
                catalogue_row("is_on_net", "flag", data_type="boolean"),
                catalogue_row("is_prepaid", "flag", data_type="boolean"),
                catalogue_row("value_tier", "tier", TIERS, label_zh="价值等级", historic=True),
                catalogue_row("arpu_band", "band", '["<30", "30-50", ">=50"]'),
                catalogue_row("plan_code", "code"),
                catalogue_row("region_code", "code"),
                catalogue_row("arpu_3m", "number", data_type="decimal(18,4)", historic=True),
                catalogue_row("mou_3m", "number", data_type="double"),
                catalogue_row("tenure_months", "number", data_type="bigint"),
                catalogue_row("activation_date", "date", data_type="date"),
                catalogue_row("date", "date", data_type="date"),  # called like a keyword
                catalogue_row("old_score", "number", data_type="double", status="withdrawn"),
                catalogue_row("service_layer", "tier", '["A", "B", "C", "D"]', entity="customer"),
            ]
        )
    )
