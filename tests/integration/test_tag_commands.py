"""The commands `telco360 tags …` on a made version: what they print, and how they end."""

import json

import pytest
from made_tags import LINES, MODELS, made_tag_version
from typer.testing import CliRunner

from orchestration import cli
from orchestration.base.exit_codes import ExitCode
from orchestration.base.settings import Home


@pytest.fixture
def tags(monkeypatch, tmp_path):
    """Calls a command on a home with two versions."""
    monkeypatch.setenv("TELCO360_HOME", str(tmp_path))
    monkeypatch.setattr("orchestration.cli.tags.models", lambda: MODELS)
    made_tag_version(Home(tmp_path))
    made_tag_version(Home(tmp_path), lines=LINES | {"L2": (88.0, "2026-03-01")})

    def call(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(cli.app, ["tags", *arguments])
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result.output

    return call


def test_tags_are_listed_as_lines_or_json(tags):
    assert tags("list", "--entity", "customer").split()[:3] == ["customer", "value", "service_layer"]
    assert [tag["name"] for tag in json.loads(tags("list", "--category", "care", "--json"))] == ["idle_days", "is_idle"]
    assert "did you mean care" in tags("list", "--category", "car", code=1)
    assert "[stale]" in tags("list")


def test_one_is_shown_or_searched_for(tags):
    assert "按评分分级" in tags("show", "value_tier")
    assert "did you mean value_tier" in tags("show", "vlue_tier", code=1)
    assert "服务层级" in tags("show", "service_layer", "--entity", "customer")
    assert tags("search", "等级").split()[2] == "value_tier"
    assert "No tag fits 'xyz qqq'" in tags("search", "xyz", "qqq", code=1)


def test_why_is_answered_now_and_by_month(tags):
    now = tags("why", "L2", "value_tier")
    assert now.startswith("value_tier (价值等级) = gold (金)\n")
    assert "value_score 88, 3 above the lower bound of gold (85)" in now
    assert "as at 2026-01-31" in tags("why", "L2", "--month", "2026-01")
    assert "write it as 2026-03" in tags("why", "L2", "--month", "January", code=1)
    assert "there is no subscriber L77" in tags("why", "L77", code=1)
    assert len(tags("why", "L1").splitlines()) > 12


def test_versions_are_compared(tags):
    told = tags("diff", "run0")
    assert "value_tier: 1 changed: 1 by data, 0 by definition" in told
    assert "mass -> gold 1" in told
    assert "there are: telco360_2026-03-31_run1, telco360_2026-03-31_run0" in tags("diff", "run9", code=1)


def test_overlaps_are_listed(tags):
    assert "is_idle" in tags("overlaps", "--members", "1", "--at-least", "0.6")
    assert "No tag equals another" in tags("overlaps")


@pytest.mark.parametrize("arguments", [("diff", "run0"), ("overlaps",)])
def test_what_needs_duckdb_says_so(tags, monkeypatch, arguments):
    monkeypatch.setenv("TELCO360_TARGET", "spark")
    assert "needs DuckDB" in tags(*arguments, code=ExitCode.SETTING)
