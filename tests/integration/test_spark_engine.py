"""On a real cluster of this machine: what differs between engines gives the same, and publishing shows readers whole versions.

These start a Spark cluster and take minutes, so they run where TELCO360_SPARK_TESTS is set, as `make spark-parity` sets it.
"""

import json
import os
import signal
import subprocess
import threading
import time

import pytest

from benchmarks import cluster
from orchestration.base.contract import Column
from orchestration.base.contract import Table as RawTable
from orchestration.base.errors import WarehouseError
from orchestration.base.settings import PROJECT_DIR
from orchestration.engines.spark import versions
from orchestration.engines.spark.thrift import connect
from orchestration.engines.spark.versions import Table
from orchestration.quality.limits import load_release_limits
from orchestration.quality.release_facts_spark import RAW, hits_sql, identifiers_sql, matches_sql
from orchestration.warehouse.dbt import executable

if not os.environ.get("TELCO360_SPARK_TESTS"):
    pytest.skip("set TELCO360_SPARK_TESTS=1 to run what starts a Spark cluster", allow_module_level=True)
if lack := cluster.missing():
    pytest.skip(lack, allow_module_level=True)

A, B = (f"telco360__20260{n}01_20260{n}02t000000z_000{n}" for n in (1, 2))
ONE, TWO = (Table("core", name, f"Table {name}.") for name in ("one", "two"))

EXPRESSIONS = {
    "months between": "{{ dbt.datediff(\"cast('2024-01-31' as date)\", \"cast('2024-02-01' as date)\", 'month') }}",
    "days between": "{{ dbt.datediff(\"cast('2024-02-28' as date)\", \"cast('2024-03-01' as date)\", 'day') }}",
    "weeks between": "{{ dbt.datediff(\"cast('2024-02-03' as date)\", \"cast('2024-02-05' as date)\", 'week') }}",
    "no date": "{{ dbt.datediff('cast(null as date)', \"cast('2024-02-05' as date)\", 'day') }}",
    "a month later": "cast({{ dbt.dateadd('month', 1, \"cast('2024-01-31' as date)\") }} as date)",
    "no date later": "cast({{ dbt.dateadd('day', 1, 'cast(null as date)') }} as date)",
    "month end": "{{ month_end(\"cast('2024-02-01' as date)\") }}",
    "match": "{{ adapter.dispatch('matches', 'telco360')(\"'13800138000'\", '^1[0-9]{10}$') }}",
    "no match": "{{ adapter.dispatch('matches', 'telco360')(\"'1380'\", '^1[0-9]{10}$') }}",
    "ratio": "{{ ratio('cast(1 as decimal(38, 2))', 'cast(3 as decimal(38, 2))') }}",
    "ratio by nothing": "{{ ratio('cast(1 as decimal(18, 2))', '0') }}",
    "a half": "{{ rounded('cast(0.00025 as double)', 4) }}",
    "below a half": "{{ rounded('cast(1.0049 as double)', 2) }}",
    "a negative half": "{{ rounded('-cast(2.5 as double)', 0) }}",
    "a half of many digits": "{{ rounded('cast(1234567890.5 as double)', 0) }}",
    "an unknown one": "{{ rounded('cast(null as double)', 2) }}",
    "in order": "(select {{ dbt.listagg('x', \"','\", 'order by x desc') }} from "
    "(select 'a' as x union all select 'c' union all select 'b') as t)",
}
"""What a macro dispatches, or dbt's own does otherwise: asked on both engines, by one statement each."""


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    with cluster.running(tmp_path_factory.mktemp("cluster") / "spark") as running, pytest.MonkeyPatch.context() as patch:
        for name, value in running.environment.items():
            patch.setenv(name, value)
        yield running


def shown(target: str, folder) -> dict:
    columns = ",\n".join(
        f"cast({sql} as {{{{ dbt.type_string() }}}}) as {name.replace(' ', '_')}" for name, sql in EXPRESSIONS.items()
    )
    (folder / "profiles.yml").write_text((PROJECT_DIR / "profiles.yml.example").read_text(encoding="utf-8"))
    (folder / "warehouse").mkdir(exist_ok=True)
    environment = os.environ | {
        "DBT_PROFILES_DIR": str(folder),
        "TELCO360_HOME": str(folder),
        "DBT_TARGET_PATH": str(folder / target),
    }
    command = [executable(), "--quiet", "show", "--target", target, "--output", "json", "--inline", f"select {columns}"]
    done = subprocess.run(command, cwd=PROJECT_DIR, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)["show"][0]


def test_macros_give_the_same_on_both_engines(spark, tmp_path):
    found = shown("spark", tmp_path)
    assert found == shown("local", tmp_path)
    assert found["in_order"] == "c,b,a"
    assert found["a_month_later"] == "2024-02-29"
    assert found["no_date"] is None


def made_version(session, name: str, *tables: Table, more: str = "") -> None:
    session.run(f"create database `{name}`")
    for table in tables:
        session.run(f"create table `{name}`.`{table.within_version}` using parquet as select '{name}' as v{more}")


def test_every_statement_reads_one_whole_version_while_versions_are_switched(spark):
    with connect() as session:
        made_version(session, A, ONE, TWO)
        made_version(session, B, ONE, TWO, more=", 1 as added")
        assert versions.pointed_at(session) is None
        versions.lay_views(session, (ONE, TWO), A, None)
        assert session.rows(f"select * from {ONE.view}") == []  # laid, and not yet shown
        versions.point(session, A)
        versions.lay_views(session, (ONE, TWO), B, A)
        assert session.rows(f"select v, added from {ONE.view}") == [(A, None)]  # laying changes nothing but the new column

        read, failed, stop = [], [], threading.Event()

        def reader() -> None:
            with connect() as own:
                while not stop.is_set():
                    try:
                        read.append(own.rows(f"select one.v, two.v from {ONE.view} as one cross join {TWO.view} as two"))
                    except WarehouseError as error:
                        failed.append(str(error))

        readers = [threading.Thread(target=reader) for _ in range(3)]
        for thread in readers:
            thread.start()
        for _ in range(15):
            for name in (B, A):
                versions.point(session, name)
                versions.lay_views(session, (ONE, TWO), B, A)  # views are laid anew under the readers' eyes, too
        stop.set()
        for thread in readers:
            thread.join()
        assert not failed, failed[0]
        assert {tuple(rows) for rows in read} == {((A, A),), ((B, B),)}

        versions.point(session, B)
        versions.drop_views(session, (ONE,))
        assert session.rows(f"select v, added from {ONE.view}") == [(B, 1)]
        with pytest.raises(WarehouseError, match="TWO|two"):
            session.rows(f"select * from {TWO.view}")


def test_the_gate_finds_a_phone_alone_and_within_a_text_and_no_other_number(spark):
    limits = load_release_limits()
    with connect() as session:
        session.run("create or replace temporary view raw_phones as select '138 0013 8000' as msisdn, date '2026-03-01' as dt")
        phone, key = Column("msisdn", "string", pii=True), ("msisdn", "channel")
        contract = {"raw_phones": RawTable("raw_phones", "x", "snapshot", True, key, None, (phone,))}
        identifiers = identifiers_sql(contract, limits).replace(f"{RAW}.", "")
        session.run(f"create or replace temporary view identifiers as {identifiers}")
        session.run(
            """create or replace temporary view public_table as
            select 'p1' as id, 'call 13800138000 now' as remark, 13800138000L as number, '+86 13800138000' as abroad,
                '13800138001' as other"""
        )
        found = session.rows(hits_sql("public_table", ["id", "remark", "number", "abroad", "other"], limits))
        assert sorted(found) == [("abroad",), ("number",), ("remark",)]
        matches = session.rows(matches_sql("public_table", "remark", {"id"}, limits))
    assert matches == [("call 13800138000 now", "13800138000", "msisdn of raw_phones dt=2026-03-01", " ", False)]


def test_a_wrong_statement_and_a_silent_server_are_told_in_words(spark):
    with connect() as session, pytest.raises(WarehouseError, match="nothing_of_the_kind"):
        session.rows("select * from nothing_of_the_kind")
    with (
        pytest.raises(WarehouseError, match="no Spark Thrift server answers at 127.0.0.1:1 "),
        connect({"TELCO360_SPARK_PORT": "1"}),
    ):
        pass


def test_a_killed_executor_is_started_anew(spark):
    before = spark.executors()
    assert len(before) == 2
    os.kill(before[0], signal.SIGKILL)
    with connect() as session:
        assert session.rows("select sum(id) from range(1000)") == [(499500,)]
    for _ in range(120):
        now = spark.executors()
        if len(now) == 2 and before[0] not in now:
            return
        time.sleep(0.5)
    pytest.fail(f"executors are {now}, they were {before}")
