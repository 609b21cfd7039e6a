"""Tariffs, incentives and the scores behind them go by what lines use and spend: never by region, gender or age.

Held by dbt's lineage: of all models above them, only those named here so much as name such a column, and none that reads these
takes one over.
"""

import re

import pytest

FORBIDDEN = {
    "region_code", "region_name", "county_code", "county_name", "gender", "birth_date", "birth_month", "age_band", "age_years",
}  # fmt: skip
CARRIERS = {
    "dim_regions": "names of places",
    "int_subscribers__region_names": "names of regions",
    "dim_subscribers": "attributes as the register has them",
}
HASHES = "fct_month_hashes"
"""Tells by one hash a month whether it is to be built again, and nothing of a line."""
TARIFFS = ("plan_fit", "bundle_commitments", "line_bundles", "bundle_levels", "tags_tariff", "line_features")
"""The models of tariffs and bundles, and the features of the score that incentives go by."""


def sql_of(node: dict) -> str:
    """The model's SQL without comments."""
    return re.sub(r"--.*", "", re.sub(r"\{#.*?#\}", "", node["raw_code"], flags=re.DOTALL))


def above(manifest: dict, *names: str) -> dict[str, dict]:
    """The models of these names and all that they are made of, down to staging, which reads raw as it comes."""
    by_name = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    found, waiting = {}, list(names)
    while waiting:
        node = by_name[waiting.pop()]
        if node["name"] not in found and not node["original_file_path"].startswith("models/staging/"):
            found[node["name"]] = node
            waiting += [parent.split(".")[-1] for parent in node["depends_on"]["nodes"] if parent.startswith("model.")]
    return found


def naming(models: dict[str, dict]) -> set[str]:
    """Those of the models that name a forbidden column."""
    return {name for name, node in models.items() if FORBIDDEN & set(re.findall(r"\w+", sql_of(node)))}


def taking_all(models: dict[str, dict]) -> set[tuple[str, str]]:
    """(model, carrier) where a model takes all columns of a carrier, named or not."""
    found = set()
    for name, node in models.items():
        sql = sql_of(node)
        for carrier in CARRIERS if name not in CARRIERS else ():
            read = rf"\{{\{{ ref\('{carrier}'\) \}}\}}"
            aliases = re.findall(rf"{read} as (\w+)", sql)
            if re.search(rf"\*\s+from {read}", sql) or any(re.search(rf"\b{alias}\.\*", sql) for alias in aliases):
                found.add((name, carrier))
    return found


def test_neither_tariffs_nor_incentives_go_by_region_gender_or_age(manifest):
    models = above(manifest, *TARIFFS)
    assert {"fct_subscriber_months", "dim_plans", "value_loss_warning"} <= models.keys()
    assert naming(models) <= CARRIERS.keys() | {HASHES}
    assert {"subscriber_id", *FORBIDDEN}.isdisjoint(models[HASHES]["columns"])
    assert taking_all(models) == set()
    assert "dim_customers" not in models  # of gender and age nothing else tells
    for name in TARIFFS:
        assert not FORBIDDEN & models[name]["columns"].keys(), name


@pytest.mark.parametrize("name", ["fct_value_months", "churn_by_region", "tags_basic"])
def test_a_model_that_goes_by_them_is_found(manifest, name):
    models = above(manifest, name)
    assert naming(models) - CARRIERS.keys() - {HASHES} or taking_all(models)
