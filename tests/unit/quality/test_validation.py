"""What an expectation's result says in words, and pages that need no network."""

import json
import os
import subprocess
import sys

import pytest

from orchestration.quality.data_docs import add, index, offline
from orchestration.quality.validation import Check, Finding, ValidationResult, findings

CHECK = Check("tables", "ExpectColumnValuesToBeInSet", {"column": "n", "value_set": [0]}, "there is none")


def test_each_row_of_facts_that_fails_is_a_finding():
    rows = [
        {"table_name": "core.a", "column_name": "x", "n": 3},
        {"table_name": "core.b", "column_name": "", "n": 0.12345678, "limit": 2.0},
    ]
    found = findings(CHECK, {"success": False, "result": {"unexpected_index_list": rows}})
    assert list(map(str, found)) == ["core.a.x: there is none, but n is 3", "core.b: there is none, but n is 0.1235, limit is 2"]


def test_a_remedy_ends_the_finding():
    finding = Finding("there is none", "E", "core.a", "", "n is 3", "Take it out")
    assert str(finding) == "core.a: there is none, but n is 3. Take it out"


def test_a_verdict_is_kept_whole_or_not_at_all(tmp_path, monkeypatch):
    result = json.dumps({"validated_at": "2026-03-01", "checks_of": "source checks", "checks": 1, "failures": [], "warnings": []})
    add(tmp_path, result)
    with monkeypatch.context() as dying:
        dying.setattr(os, "replace", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            add(tmp_path, result)
    assert (tmp_path / "results.jsonl").read_text() == f"{result}\n"


def test_success_finds_nothing():
    assert findings(CHECK, {"success": True, "result": {}}) == []


@pytest.mark.parametrize(
    "result", [{"exception_info": {"exception_message": "no such column n"}}, {"result": {"unexpected_count": 1}}]
)
def test_an_expectation_that_breaks_is_a_finding_too(result):
    (found,) = findings(CHECK, {"success": False} | result)
    assert found.table == "tables"
    assert found.observed


@pytest.mark.slow
def test_spark_is_left_alone_where_it_is_installed(tmp_path):
    (tmp_path / "pyspark.py").write_text("raise SystemExit('Spark was imported')")
    code = (
        "import sys; from orchestration.quality import validation; validation._great_expectations(); "
        "assert 'pyspark' not in sys.modules"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_failures_block_and_warnings_do_not():
    finding = Finding("s", "E", "t", "", "o")
    assert not ValidationResult("release checks", "", 1, failures=[finding]).passed
    assert ValidationResult("release checks", "", 1, warnings=[finding]).passed


def test_pages_lose_what_would_be_fetched_and_nothing_else():
    page = (
        '<html><head><link rel="stylesheet" href="https://cdn.example/a.css" integrity="x"><link href="static/own.css">\n'
        '<script src="https://cdn.example/a.js"></script><script>var own = 1</script></head>'
        '<body style="background: url(\'https://cdn.example/logo.png\')"><img alt="x"\n src="https://cdn.example/i.png"/>'
        '<img src="static/i.png"><a href="https://example.org">a link</a></body></html>'
    )
    cleaned = offline(page)
    assert "cdn.example" not in cleaned
    for kept in ("static/own.css", "var own = 1", "static/i.png", "https://example.org"):
        assert kept in cleaned


def test_the_index_tells_verdicts_newest_first_and_escapes_them(tmp_path):
    result = '{"checks_of": "%s", "validated_at": "2026-03-01T02:00:00", "checks": 2, "failures": %s, "warnings": []}'
    add(tmp_path, result % ("source checks", "[]"))
    add(tmp_path, result % ("release checks", '[{"table": "t", "column": "", "says": "a < b", "observed": "a is 3"}]'))
    page = (tmp_path / "index.html").read_text()
    assert page.index(">release checks<") < page.index(">source checks<")
    assert "t: a &lt; b, but a is 3" in page
    assert "failed" in page
    assert index([], []).startswith("<!doctype html>")


def test_old_pages_make_room_for_new_ones(tmp_path, monkeypatch):
    monkeypatch.setattr("orchestration.quality.data_docs.PAGES_KEPT", 2)
    for moment in ("20260301T020000", "20260303T020000", "20260302T020000"):
        page = tmp_path / "validations" / "gate_tables" / moment / moment / "page.html"
        page.parent.mkdir(parents=True)
        page.write_text("<html></html>")
    add(
        tmp_path,
        '{"checks_of": "release checks", "validated_at": "2026-03-03T02:00:00", "checks": 1, "failures": [], "warnings": []}',
    )
    kept = sorted(page.parts[-2] for page in (tmp_path / "validations").rglob("*.html"))
    assert kept == ["20260302T020000", "20260303T020000"]
    text = (tmp_path / "index.html").read_text()
    assert text.index("20260303T020000") < text.index("20260302T020000")
