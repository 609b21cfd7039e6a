"""The release checks find what must not be published, and a clean candidate passes."""

import pytest
from made_warehouse import CONTRACT, MODELS, PHONE, made_candidate, made_home, made_version

from orchestration.base.errors import WarehouseError
from orchestration.base.settings import Home
from orchestration.engines.duckdb import DuckDBEngine
from orchestration.quality import data_docs
from orchestration.quality.release_checks import check_candidate, leaks
from orchestration.warehouse.manifest import Model


def judged(root, *changes, models=MODELS):
    home = made_home(root, *changes)
    made_candidate(home, models=models)
    return check_candidate(DuckDBEngine(home), models, CONTRACT)


def where(findings):
    return [(f.table, f.column) for f in findings]


def test_a_clean_candidate_passes_and_its_pages_open_offline(tmp_path):
    result = judged(tmp_path)
    assert result.passed and not result.warnings and result.checks > 5
    pages = list((tmp_path / "warehouse" / "data_docs").rglob("*.html"))
    assert result.data_docs in map(str, pages)
    assert len(pages) > 4
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert 'src="http' not in text and '<link rel="stylesheet" href="http' not in text
        assert text.count(data_docs.STYLE) == 1 and "table { border-collapse" in data_docs.STYLE, page


@pytest.mark.parametrize(
    "planted",
    [
        f"update core.dim_people set remark = '{PHONE}' where person_id = 'p7'",
        f"update core.dim_people set remark = 'call {PHONE} after six' where person_id = 'p7'",
        f"alter table core.dim_people alter remark type bigint using case person_id when 'p7' then {PHONE} end",
        f"alter table core.dim_people alter remark type varchar[] using [remark, '{PHONE}']",
    ],
)
def test_a_phone_in_a_public_table_is_found_however_it_is_written(tmp_path, planted):
    result = judged(tmp_path, planted)
    assert where(result.failures) == [("core.dim_people", "remark")]
    pages = "".join(p.read_text(encoding="utf-8") for p in (tmp_path / "warehouse" / "data_docs").rglob("*.html"))
    assert PHONE not in pages and PHONE not in str(result)


def test_a_pii_column_by_name_is_found_even_when_empty(tmp_path):
    result = judged(tmp_path, "alter table core.dim_people add column msisdn varchar")
    assert where(result.failures) == [("core.dim_people", "msisdn")]


def test_a_value_outside_the_catalogue_is_found(tmp_path):
    view = "create or replace table tags.tags_basic as select person_id, '{}' as tier, {} as points from core.dim_people"
    assert where(judged(tmp_path / "a", view.format("Gold", 0)).failures) == [("tags.tags_basic", "tier")]
    assert where(judged(tmp_path / "b", view.format("gold", 30)).failures) == [("tags.tags_basic", "points")]
    assert where(judged(tmp_path / "c", view.format("gold", -1)).failures) == [("tags.tags_basic", "points")]
    assert judged(tmp_path / "d", view.format("gold", 29)).passed


def test_a_catalogued_tag_without_its_column_is_found(tmp_path):
    result = judged(tmp_path, """insert into tags.tag_catalog values ('lost', 'tags.tags_basic', '["a"]', null, null)""")
    assert where(result.failures) == [("tags.tags_basic", "lost")]


@pytest.mark.parametrize("residual", ["0.01", "-0.01", "null"])
def test_an_unreconciled_residual_is_found(tmp_path, residual):
    result = judged(tmp_path, f"update core.reconciliation set residual = {residual}")
    assert where(result.failures) == [("charges", "")]


@pytest.mark.parametrize(
    ("unallocated", "outcome"), [(2, "passed"), (2.01, "warned"), (20, "warned"), (20.01, "failed"), (100, "failed")]
)
def test_money_of_no_line_is_warned_of_and_much_of_it_fails(tmp_path, unallocated, outcome):
    values = f"raw_value = 100, mart_value = 100 - {unallocated}, unallocated_value = {unallocated}"
    result = judged(tmp_path, f"update core.reconciliation set {values}")
    found = {"failed": result.failures, "warned": result.warnings, "passed": []}[outcome]
    assert len(result.failures) + len(result.warnings) == len(found) == (outcome != "passed")
    if found:
        assert where(found) == [("charges", "")]
        assert f"{unallocated:.2f} of 100.00 are of lines that the register lacks" in str(found[0])
        assert "deliver" in str(found[0]).lower()


def test_a_failure_names_rows_and_the_delivery_that_they_came_from(tmp_path):
    more = "alter table tags.tag_catalog add column sources varchar"
    sources = """update tags.tag_catalog set sources = '[{"table": "crm_subscribers", "delivered": "2026-03-01"}]'"""
    wrong = """create or replace table tags.tags_basic as
        select person_id, if(grade = 0, 'Gold', 'mass') as tier, 0 as points from core.dim_people"""
    (finding,) = judged(tmp_path / "a", more, sources, wrong).failures
    assert (finding.table, finding.column) == ("tags.tags_basic", "tier")
    assert "rows_outside is 10" in str(finding)
    assert "For example person_id p0 (Gold), p12 (Gold), p15 (Gold); made from crm_subscribers dt=2026-03-01" in str(finding)
    (leak,) = judged(tmp_path / "b", f"update core.dim_people set remark = '{PHONE}' where person_id = 'p7'").failures
    assert "For example 138******00, the msisdn of crm_subscribers dt=2026-03-01 of subscriber_id p1" in str(leak)
    assert "pii kind in models/staging" in str(leak)


def test_a_table_that_must_have_rows_and_has_none_is_found(tmp_path):
    result = judged(tmp_path, "delete from core.dim_people")
    assert where(result.failures) == [("core.dim_people", "")]


@pytest.mark.parametrize(("kept", "is_warned"), [(21, False), (20, True)])
def test_a_table_that_shrank_is_a_warning_only(tmp_path, kept, is_warned):
    home = made_home(tmp_path)
    made_version(home)
    result = judged(tmp_path, f"delete from core.dim_people where rowid >= {kept}")
    assert result.passed
    assert where(result.warnings) == ([("core.dim_people", ""), ("tags.tag_history", "")] if is_warned else [])


def test_a_check_whose_model_is_gone_does_not_pass_in_silence(tmp_path):
    unserved = tuple(Model(m.name, m.schema, m.table, meta={"public": True}) if m.name == "tag_catalog" else m for m in MODELS)
    with pytest.raises(WarehouseError, match="serves: tag_catalog"):
        judged(tmp_path, models=unserved)


def test_what_leaked_leaves_no_block_in_the_file_of_public_tables(tmp_path):
    """A public table that held a phone is made anew without it; in the old file, its block would stay."""
    leaked = judged(tmp_path / "a", f"update core.dim_people set remark = '{PHONE}' where person_id = 'p7'")
    assert leaks(leaked)
    assert leaks(judged(tmp_path / "b", "alter table core.dim_people add column msisdn varchar"))
    assert not leaks(judged(tmp_path / "c", "update core.reconciliation set residual = 1"))
    assert not leaks(judged(tmp_path / "d"))
    engine = DuckDBEngine(Home(tmp_path / "a"))
    engine.discard_public()
    assert not engine.home.public_database.exists() and engine.home.build_database.exists()
