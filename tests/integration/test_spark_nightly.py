"""The same nightly job on Spark: builds, is judged, publishes, exports the lists; readers get the tables that DuckDB publishes.

It starts a cluster and takes minutes, so it runs where TELCO360_SPARK_TESTS is set, as `make spark-parity` sets it.
"""

import json
import os
import subprocess
import sys

import duckdb
import pytest
from oracle.operator import make_operator, write_deliveries

from benchmarks import cluster
from benchmarks.compare import compare
from orchestration.base.settings import PROJECT_DIR, Home
from orchestration.engines.spark.thrift import connect
from orchestration.warehouse.manifest import varying_columns

if not os.environ.get("TELCO360_SPARK_TESTS"):
    pytest.skip("set TELCO360_SPARK_TESTS=1 to run what starts a Spark cluster", allow_module_level=True)
if lack := cluster.missing():
    pytest.skip(lack, allow_module_level=True)


def telco360(home: Home, *arguments: str) -> str:
    entry = "from orchestration.cli.main import app; app()"
    command = [sys.executable, "-c", entry, *arguments]
    environment = os.environ | {"TELCO360_HOME": str(home.root)}
    done = subprocess.run(command, cwd=PROJECT_DIR, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def test_a_night_on_spark_publishes_and_exports_what_one_on_duckdb_does(tmp_path, monkeypatch):
    operator = make_operator(seed=5, lines=80, months=5)
    homes = {name: Home(tmp_path / name) for name in ("duckdb", "spark")}
    for home in homes.values():
        write_deliveries(operator.deliveries, home.landing, 5)
    as_of = str(operator.days[-1])
    with cluster.running(tmp_path / "cluster") as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        told = telco360(homes["spark"], "nightly", "--target", "spark", "--as-of", as_of)
        assert "readers open   databases telco360_<schema>" in told
        telco360(homes["duckdb"], "nightly", "--as-of", as_of)
        assert "* telco360__" in telco360(homes["spark"], "--target", "spark", "publish", "list")

        models = json.loads((PROJECT_DIR / "target" / "manifest.json").read_text(encoding="utf-8"))["nodes"].values()
        public = [m for m in models if m["resource_type"] == "model" and m["config"]["meta"].get("public")]
        assert public
        with connect() as session, duckdb.connect() as db:
            db.execute(f"attach '{homes['duckdb'].current.resolve()}' as published (read_only)")
            for model in public:
                table, export = f"{model['schema']}.{model['alias']}", tmp_path / "export" / model["alias"]
                session.run(f"insert overwrite directory '{export}' using parquet select * from telco360_{table}")
                spark, grain = f"read_parquet('{export}/*.parquet')", model["config"]["meta"]["grain"]
                found = compare(db, table, f"published.{table}", spark, grain, varying_columns(model))
                assert found.is_equal, found

    files = {name: {f.name: f.read_bytes() for f in home.exports.rglob("*.csv")} for name, home in homes.items()}
    assert files["spark"] == files["duckdb"]
    assert files["spark"]
