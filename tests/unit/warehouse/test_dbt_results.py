"""What a dbt run says of itself."""

from orchestration.warehouse.dbt_results import compiled_sql, results


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
