"""Exposures of the console and the site: who reads what, by the code of the pages."""

import yaml

from orchestration.warehouse.manifest import Model
from reference import readers

LINES = Model(name="dim_lines", schema="core", table="lines", meta={"public": True})
WORTH = Model(name="worth", schema="value", table="worth", meta={"public": True})
TAGS = Model(name="all_tags", schema="tags", table="lines_360", meta={"public": True, "serves": "tag_values"})
STAGED = Model(name="stg_lines", schema="staging", table="stg_lines")
MODELS = (LINES, WORTH, TAGS, STAGED)


def told(pages: dict[str, str], shared: str) -> dict[str, dict]:
    return {one["name"]: one for one in yaml.safe_load(readers.exposures(MODELS, pages, shared))["exposures"]}


def test_a_page_reads_what_its_module_names_or_asks_for_by_a_role():
    page = '"""Value: what lines are worth."""\nquery = "select * from value.worth join staging.stg_lines using (id)"\n'
    found = told({"value": page, "tags": 'x = require_serving(context.models, "tag_values").relation', "definitions": ""}, "")
    assert found["console_value"]["depends_on"] == ["ref('worth')"]  # a private table is none that a page may read
    assert (found["console_value"]["label"], found["console_value"]["description"]) == (
        "Console: Value",
        "Value: what lines are worth.",
    )
    assert found["console_tags"]["depends_on"] == ["ref('all_tags')"]
    assert "console_definitions" not in found  # it reads no table


def test_what_any_page_may_read_and_the_site_stand_as_one_each():
    found = told({}, "rows = ask('select 1 from core.lines')")
    assert found["console"]["depends_on"] == ["ref('dim_lines')", "ref('all_tags')"]  # named, and by a role of lists
    assert found["site"]["depends_on"] == ["ref('dim_lines')", "ref('all_tags')", "ref('worth')"]
