"""The semantic layer: what `mf query` answers on a published version is what the marts say, to the last digit."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.base.settings import PROJECT_DIR, Home
from orchestration.warehouse.dbt import dbt_environment

# Metrics with what they are grouped by, and the query on the marts that must give the same rows.
ASKED = {
    "the base by month": (
        "churned,activations,on_net_end,churn_rate,opening_churn_rate,net_additions",
        ["metric_time__month"],
        "select month, churned, activations, on_net_end, churn_rate, opening_churn_rate, net_additions from churn.churn_monthly",
    ),
    "money and lines by tier": (
        "revenue,lines",
        ["metric_time__month", "subscriber_month__value_tier"],
        "select month, value_tier, revenue_amount, subscribers from value.value_pyramid",
    ),
    "NPS by month": (
        "survey_answers,nps",
        ["metric_time__month"],
        "select month, responses, nps from service.nps_monthly where is_touchpoint_total",
    ),
    "cohorts by region": (
        "cohort_lines,snapshot_retention_rate",
        ["cohort_row__cohort_month__month", "metric_time__month", "cohort_row__region_code"],
        "select cohort_month, month, region_code, cohort_subscribers, (cohort_subscribers - lost) / cohort_subscribers "
        "from churn.snapshot_retention where not is_region_total and is_manager_total",
    ),
    "retention by region": (
        "retention_rate",
        ["metric_time__month", "subscriber__region_code"],
        "select month, region_code, numerator / denominator from marketing.scorecard "
        "where measure = 'retention_rate' and level = 'region'",
    ),
    "saves by region": (
        "save_rate",
        ["metric_time__month", "scorecard_row__region_code"],
        "select month, region_code, actual from marketing.scorecard where measure = 'save_rate' and level = 'region'",
    ),
    "uplift by run": (
        "uplift",
        ["list_run__list_name", "list_run__run_date__day"],
        "select list_name, run_date, uplift from marketing.list_effect",
    ),
}


@pytest.fixture(scope="module")
def asked(night, parsed, tmp_path_factory):
    """Asks `mf query` for metrics by dimensions, on the version of a night; the rows by their dimensions."""
    home: Home = night[0]
    target = tmp_path_factory.mktemp("metrics")
    variables = os.environ | dbt_environment(home)
    variables |= {"TELCO360_ENV": "published", "DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(target)}
    shutil.copy2(parsed.with_name("semantic_manifest.json"), target)
    shutil.copy2(PROJECT_DIR / "profiles.yml.example", target / "profiles.yml")
    variables["DBT_PROFILES_DIR"] = str(target)

    def ask(metrics: str, by: list[str]) -> list[dict[str, str]]:
        file = target / "answer.csv"
        command = [
            str(Path(sys.executable).parent / "mf"),
            "query",
            "--metrics",
            metrics,
            "--group-by",
            ",".join(by),
            "--csv",
            file,
        ]
        done = subprocess.run(command, cwd=PROJECT_DIR, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        with file.open(encoding="utf-8") as answer:
            return list(csv.DictReader(answer))

    return ask


@pytest.mark.parametrize("name", ASKED)
def test_metrics_are_what_the_marts_say(asked, night, name):
    metrics, by, query = ASKED[name]
    answered = {
        tuple(row[key].removesuffix(" 00:00:00") for key in by): [_figure(row[metric]) for metric in metrics.split(",")]
        for row in asked(metrics, by)
    }
    with duckdb.connect(str(night[0].current.resolve()), read_only=True) as db:
        told = {
            tuple(map(str, row[: len(by)])): [_figure(value) for value in row[len(by) :]] for row in db.execute(query).fetchall()
        }
    assert told, f"{name}: the marts say nothing, so nothing is compared"
    assert {key: answered.get(key) for key in told} == told
    # Groups that the mart leaves out have nothing to tell: no tier of lines without a score, say.
    assert all(None in key or "" in key or not any(values) for key, values in answered.items() if key not in told), name


def _figure(value: object) -> float | None:
    return None if value in (None, "", "None", "nan") else float(str(value))
