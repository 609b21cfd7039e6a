"""The tag families hold what the seeds and the contract name: a rule or code that is added there gets its tag here.

Read from the YAML, without dbt; what every tag must say is in test_structure.
"""

import csv

import yaml

from orchestration.base.contract import load_contract
from orchestration.base.settings import PROJECT_DIR
from orchestration.warehouse.seeds import check_seeds

TAGS = PROJECT_DIR / "models" / "marts" / "tags"


def columns(model: str) -> dict[str, dict]:
    """The columns of a tag model by name."""
    (described,) = yaml.safe_load((TAGS / f"{model}.yml").read_text(encoding="utf-8"))["models"]
    return {column["name"]: column for column in described.get("columns", [])}


def tag(model: str, name: str) -> dict:
    """What the YAML of one tag says of it."""
    return columns(model)[name]["config"]["meta"]["tag"]


def test_every_alert_rule_has_its_flag_and_every_severity_its_value():
    with (PROJECT_DIR / "seeds" / "alert_rules.csv").open(encoding="utf-8", newline="") as file:
        rules = list(csv.DictReader(file))
    flags = {name.removeprefix("has_alert_") for name in columns("tags_risk") if name.startswith("has_alert_")}
    assert flags == {rule["alert_code"] for rule in rules}
    assert {rule["severity"] for rule in rules} <= set(tag("tags_risk", "alert_severity")["values"])


def test_every_channel_of_a_suppression_has_its_flag():
    flags = {name.removeprefix("is_suppressed_") for name in columns("tags_contact") if name.startswith("is_suppressed_")}
    assert flags == set(load_contract()["channel_suppressions"].column("channel").values)


def test_codes_of_the_contract_are_the_values_of_their_tags():
    contract = load_contract()
    for model, name, table, column in (
        ("tags_basic", "status_code", "crm_subscribers", "status_code"),
        ("tags_basic", "payment_type", "crm_subscribers", "payment_type"),
        ("tags_basic", "number_class", "crm_subscribers", "number_class"),
        ("tags_basic", "customer_type", "crm_customers", "customer_type"),
        ("tags_basic", "gender", "crm_customers", "gender"),
        ("tags_basic", "group_level", "crm_groups", "group_level"),
        ("tags_basic", "member_role", "crm_group_members", "member_role"),
        ("tags_product", "plan_generation", "crm_tariff_plans", "network_generation"),
        ("tags_product", "contract_type", "crm_contracts", "contract_type"),
        ("tags_product", "device_generation", "crm_device_models", "network_generation"),
        ("tags_preference", "preferred_offer_type", "channel_offers", "offer_type"),
        ("tags_preference", "preferred_payment_channel", "billing_payments", "payment_channel"),
        ("tags_contact", "last_contact_channel", "channel_contacts", "channel"),
        ("tags_contact", "last_contact_direction", "channel_contacts", "direction"),
        ("tags_contact", "last_contact_outcome", "channel_contacts", "outcome"),
        ("tags_marketing", "last_ordered_offer_type", "channel_offers", "offer_type"),
        ("customer_360", "customer_type", "crm_customers", "customer_type"),
        ("outlet_tags", "outlet_type", "channel_outlets", "outlet_type"),
        ("plan_tags", "network_generation", "crm_tariff_plans", "network_generation"),
    ):
        assert set(tag(model, name)["values"]) == set(contract[table].column(column).values), name


def test_a_preferred_channel_is_one_of_visits_or_contacts():
    contract = load_contract()
    channels = {c for table in ("channel_visits", "channel_contacts") for c in contract[table].column("channel").values}
    assert set(tag("tags_preference", "preferred_channel")["values"]) == channels


def test_tags_of_bands_are_the_bands_of_their_seed():
    for model in (path.stem for path in TAGS.glob("*.yml") if not path.name.startswith("_")):
        for name, column in columns(model).items():
            said = column.get("config", {}).get("meta", {}).get("tag", {})
            if "values" in said and "values_from" in said:
                with (PROJECT_DIR / "seeds" / f"{said['values_from']}.csv").open(encoding="utf-8", newline="") as file:
                    bands = {row["band"] for row in csv.DictReader(file)}
                # A tier may have values without a bound, such as the zone of lines that are too new for a figure.
                assert bands == set(said["values"]) or (said["kind"] == "tier" and bands < set(said["values"])), name


def test_the_seeds_are_as_they_are_declared():
    check_seeds()
