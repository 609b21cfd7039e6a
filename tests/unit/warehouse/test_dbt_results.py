"""What a dbt run says of itself."""

import json

from orchestration.base.files import replace_text
from orchestration.base.settings import Home
from orchestration.warehouse.dbt_results import compiled_sql, last_results, results


def told(*nodes):
    return results(
        {"results": [{"unique_id": f"{kind}.telco360.{name}", "status": s, "message": m} for kind, name, s, m in nodes]}
    )


def test_models_and_tests_are_counted_apart_and_trouble_is_told():
    found = told(
        ("model", "a", "success", None),
        ("seed", "b", "success", "INSERT 3"),
        ("test", "t", "pass", None),
        ("unit_test", "u", "pass", None),
        ("test", "w", "warn", "Got 2 results, configured to warn if != 0"),
        ("test", "f", "fail", "Got 1 result"),
        ("model", "e", "error", " Binder Error: no such column \n"),
        ("model", "s", "skipped", None),
    )
    assert (found.models, found.tests_passed, found.skipped) == (2, 2, 1)
    assert found.warnings == ["test w: Got 2 results, configured to warn if != 0"]
    assert found.failures == ["test f: Got 1 result", "model e: Binder Error: no such column"]
    assert str(found) == "2 tables and views, 2 tests passed, 1 warned, 2 failed, 1 skipped"


def test_a_quiet_run_says_only_what_there_was():
    assert str(told(("model", "a", "success", None))) == "1 tables and views, 0 tests passed"


def test_the_sql_that_ran_is_told_by_model():
    ran = [
        {"unique_id": "model.telco360.tags_a", "status": "success", "compiled_code": "select 1"},
        {"unique_id": "model.telco360.other", "status": "success", "compiled_code": "select 2"},
        {"unique_id": "model.telco360.tags_b", "status": "skipped", "compiled_code": None},
        {"unique_id": "test.telco360.tags_a.123", "status": "pass", "compiled_code": "select 3"},
    ]
    assert compiled_sql({"results": ran}, {"tags_a", "tags_b"}) == {"tags_a": "select 1"}


def test_both_steps_of_a_build_are_told_together(tmp_path):
    home = Home(tmp_path)
    assert last_results(home) == []
    for folder, name in ((home.dbt_artefacts, "tags_a"), (home.dbt_artefacts / "scores", "tags_b")):
        ran = [{"unique_id": f"model.telco360.{name}", "status": "success", "message": None}]
        replace_text(folder / "run_results.json", json.dumps({"results": ran}))
    assert [one["unique_id"] for one in last_results(home)] == ["model.telco360.tags_a", "model.telco360.tags_b"]
    first, then = told(("model", "a", "success", None), ("test", "w", "warn", "two")), told(("test", "t", "pass", None))
    assert str(first + then) == "1 tables and views, 1 tests passed, 1 warned"
    assert (first + then).warnings == ["test w: two"]
