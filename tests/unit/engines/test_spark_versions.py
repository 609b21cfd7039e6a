"""The statements by which versions are published on Spark: pure text, read here as text."""

import pytest
import yaml

from orchestration.base.settings import PROJECT_DIR
from orchestration.engines.spark import databases, versions
from orchestration.engines.spark.thrift import SESSION
from orchestration.engines.spark.versions import Table, arm, comment, text

PLANS = Table("core", "dim_plans", "Tariff plans.")
NOW = [("plan_code", "string"), ("fee", "decimal(12,2)")]


def test_a_version_is_read_only_while_the_pointer_names_it():
    sql = arm("telco360__a", PLANS, NOW, NOW)
    assert sql.startswith("select `plan_code`, `fee` from `telco360__a`.`core__dim_plans` where ")
    assert sql.endswith("(select version from telco360.current_version) = 'telco360__a'")


@pytest.mark.parametrize(
    ("there", "selected"),
    [
        (NOW, "select `plan_code`, `fee` from"),
        ([("plan_code", "string")], "`plan_code`, cast(null as decimal(12,2)) as `fee` from"),
        ([("plan_code", "string"), ("fee", "double")], "`plan_code`, try_cast(`fee` as decimal(12,2)) as `fee` from"),
    ],
)
def test_a_version_that_lacks_a_column_gives_null_and_one_of_another_type_is_cast(there, selected):
    assert selected in arm("telco360__a", PLANS, NOW, there)


@pytest.mark.parametrize(("said", "literal"), [("it's", "'it\\'s'"), ("a\\b", "'a\\\\b'"), (" two\nlines ", "' two\\nlines '")])
def test_a_literal_stands_for_exactly_its_text(said, literal):
    assert text(said) == literal


def test_a_description_is_one_line():
    assert comment(" it's\ntwo lines ") == "'it\\'s two lines'"


def test_a_version_is_told_from_all_other_databases():
    assert versions.VERSION_NAME.fullmatch("telco360__20260301_20260302t021500z_ab12")
    for other in ("telco360", "telco360_core", "telco360_build_core", "telco360__old"):
        assert not versions.VERSION_NAME.fullmatch(other)


def test_the_profile_names_the_build_and_sets_the_sessions_as_the_code_does():
    profile = yaml.safe_load((PROJECT_DIR / "profiles.yml.example").read_text(encoding="utf-8"))
    spark = profile["telco360"]["outputs"]["spark"]
    assert spark["schema"] == databases.BUILD
    assert spark["server_side_parameters"] == SESSION


def test_public_schemas_are_the_builds_without_its_name():
    assert databases.public_schema("telco360_build_core") == "core"
