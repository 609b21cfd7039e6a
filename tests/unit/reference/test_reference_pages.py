"""Pages that are made: what a table's page tells, where its links lead, and that every public column has a place."""

import re
from dataclasses import replace

import pytest

from orchestration.base.settings import PROJECT_DIR
from orchestration.warehouse.manifest import Model, load_models, read_manifest
from reference import build, commands, tables

DEFINITIONS = """# Definitions
## Value, in money
The `value_score` of a line. See `worth.lines`.
## Elsewhere
`lines`, `lines` again, and `value_score`.
"""
VALUE = Model(
    name="lines",
    schema="worth",
    table="lines",
    description="What a line is worth. As of the last billed month.",
    columns={"subscriber_id": "The line.", "value_score": "Score | 0 to 100."},
    meta={"public": True, "grain": ["subscriber_id"], "as_of": "last_billed_month"},
    parents=("scores",),
    as_of={"value_score": "each_month"},
)
SCORES = Model(name="scores", schema="core", table="scores", parents=("stg_bills", "rules"))
PARTS = Model(name="parts", schema="worth", table="parts", meta={"public": True}, columns={"value_score": ""}, parents=("lines",))
STAGED = Model(name="stg_bills", schema="staging", table="stg_bills")
RULES = Model(name="rules", schema="seeds", table="rules")
PROJECT = tables.Project(
    models=(VALUE, SCORES, PARTS, STAGED, RULES),
    types={
        "stg_bills": {},
        "rules": {},
        "lines": {"subscriber_id": "varchar", "value_score": "double"},
        "parts": {},
        "scores": {},
    },
    sources={"lines": (), "stg_bills": ("billing.bills", "ledger.deliveries"), "scores": (), "parts": (), "rules": ()},
    code={"lines": "models/lines.sql", "parts": "models/parts.sql"},
    sections=tables.sections(DEFINITIONS),
    made={
        ("worth.lines", "subscriber_id"): frozenset({("core.scores", "line")}),
        ("worth.lines", "value_score"): frozenset({("core.scores", "score"), ("core.scores", "line")}),
        ("core.scores", "line"): frozenset({("billing.bills", "line")}),
        ("core.scores", "score"): frozenset(),
        ("worth.parts", "subscriber_id"): frozenset({("worth.lines", "subscriber_id")}),
        ("worth.parts", "value_score"): frozenset({("worth.lines", "value_score"), ("worth.lines", "subscriber_id")}),
    },
)


def test_a_name_is_defined_where_the_page_speaks_of_it_most():
    found = tables.sections(DEFINITIONS)
    assert found["lines"] == ("Elsewhere", "elsewhere")
    assert found["value_score"] == ("Value, in money", "value-in-money")  # the first of equals


def test_the_page_of_a_table_tells_grain_columns_sources_and_neighbours():
    page = tables.table_page(PROJECT, VALUE, None)
    assert page.startswith("# worth.lines\n\nWhat a line is worth.")
    assert "One row: `subscriber_id`." in page
    assert (
        '| <a id="value_score"></a>`value_score` | double | Score \\| 0 to 100. For each month held, the running one up to the '
        "business date. [Definition](../docs/definitions.md#value-in-money).<br>Made from `billing.bills.line`."
    ) in page
    assert "Raw tables that it comes from: `billing.bills`." in page  # through two models; what telco360 wrote itself is none
    assert 'scores["core.scores"] --> lines' in page
    assert 'lines --> parts["worth.parts"]' in page
    assert 'click parts "worth.parts.html"' in page and "click scores" not in page  # private tables have no page
    assert "No version was at hand" in page


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "It is empty on the synthetic operator."),
        ([("a", None), ("b", 1 / 3)], "| `subscriber_id` | a | b |\n| `value_score` |  | 0.333333 |"),
        ([("x" * 61, 2.0)], f"| `subscriber_id` | {'x' * 57}… |"),
    ],
)
def test_the_example_shows_what_its_query_gives(rows, told):
    asked = []

    def ask(query):
        asked.append(query)
        return ["subscriber_id", "value_score"], rows

    assert told in tables.table_page(PROJECT, VALUE, ask)
    assert asked == ["select * from worth.lines order by subscriber_id limit 5;"]


def test_a_column_tells_what_it_is_made_from_and_what_it_goes_into():
    page = tables.table_page(PROJECT, VALUE, None)
    goes = "[`worth.parts.subscriber_id`](worth.parts.md#subscriber_id), [`worth.parts.value_score`](worth.parts.md#value_score)"
    assert f"<br>Made from `billing.bills.line`.<br>Goes into {goes}. |" in page
    (row,) = re.findall(r"^.*<a id=.value_score.*$", tables.table_page(PROJECT, PARTS, None), re.MULTILINE)
    assert "Made from [`worth.lines.subscriber_id`](worth.lines.md#subscriber_id), [`worth.lines.value_score`]" in row
    counted = replace(PROJECT, made={("worth.lines", "value_score"): frozenset()})
    assert "<br>Made from no column: a count of rows, a place among them or a constant. |" in tables.table_page(
        counted, VALUE, None
    )
    many = {("worth.lines", "value_score"): frozenset(("billing.bills", f"part_{place}") for place in range(7))}
    assert "<details><summary>Made from 7 columns</summary>" in tables.table_page(replace(PROJECT, made=many), VALUE, None)


def test_a_table_that_lists_no_columns_has_those_that_its_sql_gives():
    assert PROJECT.columns(PARTS) == {"subscriber_id": VALUE, "value_score": VALUE}
    assert replace(PROJECT, made={("worth.parts", "value_score"): frozenset()}).columns(PARTS) == {"value_score": VALUE}
    assert replace(PROJECT, made={}).columns(PARTS) == {"subscriber_id": VALUE, "value_score": VALUE}  # not known: all


def test_every_public_column_of_the_project_stands_on_the_page_of_columns_and_on_its_tables(parsed):
    manifest = read_manifest(parsed)
    project = tables.project_of(manifest, load_models(manifest), (PROJECT_DIR / "docs" / "definitions.md").read_text())
    columns = tables.columns_page(project)
    links = set(re.findall(r"\]\(([a-z_.0-9]+)\.md#([a-z_0-9]+)\)", columns))
    assert links == {(model.relation, name) for model in project.public for name in project.columns(model)}
    for model in project.public:
        page = tables.table_page(project, model, None)
        assert set(re.findall(r'<a id="([a-z_0-9]+)">', page)) == set(project.columns(model))
        assert f"| [{model.table}]({model.relation}.md) |" in tables.index_page(project)


def test_the_page_of_commands_has_each_with_its_options_and_roles():
    page = commands.page()
    assert "### telco360 lists preview" in page and "## telco360 nightly" in page
    section = page.split("### telco360 tags why")[1].split("###")[0]
    assert "Roles: analyst, approver, marketer, steward." in section
    assert "| `SUBSCRIBER" in section
    assert "`--home`" not in section


def test_chinese_terms_are_words_of_the_search():
    assert build.chinese_terms("| churn rate | 离网率（流失率） | `churn_rate` |", "用户状态", "A类") == [
        "流失率",
        "用户状态",
        "离网率",
    ]


@pytest.mark.parametrize(("link", "is_told"), [("there.md#part", False), ("nowhere.md", True), ("there.md#nothing", True)])
def test_a_link_that_leads_nowhere_fails_the_site(tmp_path, link, is_told):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "there.md").write_text("# There\n\n## Part\n")
    (tmp_path / "docs" / "index.md").write_text(f"# Start\n\n[a link]({link})\n")
    config = tmp_path / "mkdocs.yml"
    config.write_text("site_name: a\nvalidation:\n  links: {not_found: warn, anchors: warn}\n")
    wrong = build.set_pages(config)
    assert (link.partition("#")[0] in wrong) if is_told else wrong == ""
