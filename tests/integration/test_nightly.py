"""The job as a whole: what blocks what, and one run after another on real deliveries."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from made_warehouse import CONTRACT, MODELS, PHONE, STAMP, made_home, made_version

from orchestration.base.errors import WarehouseError
from orchestration.base.exit_codes import ExitCode
from orchestration.base.files import replace_text
from orchestration.base.settings import Home
from orchestration.cli.summary import summary
from orchestration.pipeline import assets, lists
from orchestration.pipeline.outcome import Failure, Outcome, outcome, was_interrupted
from orchestration.pipeline.reports import Progress
from orchestration.pipeline.run import PARTITION, Run, business_days
from orchestration.warehouse import build
from orchestration.warehouse.dbt import PARSED
from orchestration.warehouse.dbt import STAMP as STAMP_OF_PARSE
from orchestration.warehouse.publishing import current, versions

DAY = date.fromisoformat(STAMP.as_of)
DAYS = business_days(DAY)


class Steps(Progress):
    """Keeps the names of the steps that ended well."""

    def __init__(self):
        self.ended = []

    def end(self, step, text, seconds):
        self.ended.append(step)


def run_release(home: Home, *more_assets, day: date = DAY, **asked) -> Outcome:
    """Candidate, release checks and publication over a made build, as the job runs them; `asked`: what else the run was told."""
    run = Run(home, day, Steps(), **asked)
    vars(run).update(models=MODELS, contract=CONTRACT, today=day)
    if run.is_earlier:
        made_home(run.engine.home.root)
    replace_text(build.stamp_path(run.engine.home), json.dumps(asdict(STAMP)))
    steps = assets.release_assets(MODELS, {m.name: dg.AssetKey([m.schema, m.name]) for m in MODELS}, DAYS)
    made = dg.materialize([*steps, *more_assets], resources={"run": run}, raise_on_error=False, partition_key=str(day))
    return outcome(run, made.all_events)


def list_that(name: str, result):
    @dg.asset(key=dg.AssetKey(["target_lists", name]), deps=[assets.PUBLICATION])
    def made() -> None:
        result()

    return made


def told(outcome: Outcome) -> str:
    return "\n".join(line.plain for line in summary(outcome))


def test_a_good_candidate_is_published(tmp_path):
    came_to = run_release(made_home(tmp_path))
    assert came_to.is_well
    assert came_to.version.name == current(came_to.run.home).name
    assert came_to.run.progress.ended == ["candidate", "release checks", "publication"]


def test_what_the_release_checks_find_is_not_published_and_the_last_version_stays(tmp_path):
    home = made_home(tmp_path)
    before = made_version(home)
    came_to = run_release(made_home(tmp_path, f"update core.dim_people set remark = '{PHONE}' where person_id = 'p7'"))
    (failure,) = came_to.failures
    assert failure.step == "release_checks"
    assert "core.dim_people.remark" in failure.message and "data_docs/index.html" in failure.message
    assert [v.name for v in versions(home)] == [before.name]
    assert f"The published version stays as it was: {before.name}." in told(came_to)


@pytest.mark.parametrize("publishes", [False, True])
def test_an_earlier_day_is_built_beside_the_published_one_and_published_only_if_asked(tmp_path, publishes):
    home = made_home(tmp_path)
    before = made_version(home, replace(STAMP, as_of="2026-03-02"))
    kept = build.stamp_path(home)
    replace_text(kept, "of the current build")
    came_to = run_release(home, publishes_earlier=publishes)
    assert came_to.is_well
    assert kept.read_text() == "of the current build"
    standing = [version.name for version in versions(home)]
    if publishes:
        assert standing == [came_to.version.name, before.name]
        assert current(home).contents.as_of == "2026-03-01"
        assert f"published      {came_to.version.name}" in told(came_to)
    else:
        assert standing == [before.name] and current(home).name == before.name
        assert "2026-03-01 lies before the published 2026-03-02: built beside it, not published, no list exported" in told(
            came_to
        )
        assert str(home.warehouse / "aside" / "published" / "telco360.duckdb") in told(came_to)


def test_a_list_that_fails_fails_alone_and_loudly(tmp_path):
    exported = []

    def fail():
        raise WarehouseError("list bad: no such tag")

    made = [list_that("bad", fail), list_that("good", lambda: exported.append("good"))]
    came_to = run_release(made_home(tmp_path), *made)
    assert came_to.failures == [Failure("target_lists__bad", "list bad: no such tag")]
    assert exported == ["good"]
    assert f"{current(came_to.run.home).name} is published all the same" in told(came_to)


def test_a_definition_at_fault_fails_alone_and_loudly(tmp_path):
    exported = []
    made = [
        list_that("good", lambda: exported.append("good")),
        *lists.lists_at_fault(["target_lists/bad.yml: key owner is missing"], DAYS),
    ]
    came_to = run_release(made_home(tmp_path), *made)
    assert came_to.failures == [Failure("lists_at_fault", "target_lists/bad.yml: key owner is missing")]
    assert exported == ["good"]
    assert f"{current(came_to.run.home).name} is published all the same" in told(came_to)
    assert lists.lists_at_fault([], DAYS) == []


def test_a_full_disk_is_told_in_words(tmp_path, monkeypatch):
    def fill_up(*_, **__):
        raise duckdb.IOException("IO Error: Could not write: No space left on device")

    home = made_home(tmp_path)
    monkeypatch.setattr("orchestration.warehouse.candidate.table_facts", fill_up)
    came_to = run_release(home)
    assert not list(home.published.glob(".candidate*"))
    assert came_to.failures == [
        Failure("release_candidate", f"{tmp_path}: no space left on device. Make room there and run again")
    ]


@pytest.mark.parametrize(("error", "is_interrupted"), [(KeyboardInterrupt, True), (WarehouseError, False)])
def test_ctrl_c_within_a_step_is_told_from_its_failures(error, is_interrupted):
    def stop():
        raise error

    result = dg.materialize([list_that("any", stop)], raise_on_error=False, selection="target_lists/any")
    assert was_interrupted(result.all_events) == is_interrupted


def test_errors_of_others_keep_their_class(tmp_path):
    def fail():
        raise KeyError("phone")

    came_to = run_release(made_home(tmp_path), list_that("bad", fail))
    assert came_to.failures[0].message == "KeyError: 'phone'"


@dataclass(frozen=True)
class Command:
    """A run of the command: its home, exit code and output."""

    home: Home
    code: int
    output: str


@pytest.fixture(scope="session")
def telco360_environment(tmp_path_factory, parsed) -> dict:
    """Environment with dbt's artefacts in a directory of the test session's own, where the project is parsed already."""
    dbt = tmp_path_factory.mktemp("dbt")
    (dbt / "target").mkdir()
    for made in (parsed, parsed.with_name(STAMP_OF_PARSE), parsed.with_name(PARSED)):
        shutil.copy(made, dbt / "target")
    own = {"DBT_TARGET_PATH": str(dbt / "target"), "DBT_LOG_PATH": str(dbt / "logs"), "TELCO360_ENV": "ci"}
    return {name: value for name, value in os.environ.items() if not name.startswith("TELCO360_")} | own


@pytest.fixture(scope="session")
def telco360(telco360_environment):
    """Calls the command."""

    def call(home: Home, *arguments: str) -> Command:
        command = [str(Path(sys.executable).with_name("telco360")), "--home", str(home.root), *arguments]
        done = subprocess.run(command, env=telco360_environment, capture_output=True, text=True, check=False)
        return Command(home, done.returncode, done.stdout + done.stderr)

    return call


@pytest.fixture(scope="session")
def first_run(telco360, megaline_landing, tmp_path_factory) -> Command:
    """The first run on the Megaline deliveries, run once a session."""
    home = Home(tmp_path_factory.mktemp("megaline"))
    shutil.copytree(megaline_landing, home.landing, copy_function=shutil.copy)
    return telco360(home, "nightly", "--as-of", "2018-12-31", "--export-lists")


@pytest.fixture(scope="session")
def second_run(telco360, first_run) -> tuple[Command, dict, dict]:
    """The same run again; with the tables' checksums before and after."""
    before = current(first_run.home).contents.tables
    again = telco360(first_run.home, "nightly", "--as-of", "2018-12-31")
    return again, before, current(first_run.home).contents.tables


@pytest.fixture(scope="session")
def third_run(telco360, second_run) -> Command:
    """Late usage of one month, and a broken delivery of a required table for the next day."""
    home = second_run[0].home
    late, broken = home.landing / "billing_usage_daily" / "dt=2018-12-30", home.landing / "crm_subscribers" / "dt=2019-01-01"
    for folder in (late, broken):
        folder.mkdir()
    source = home.landing / "billing_usage_daily" / "dt=2018-12-31" / "*.parquet"
    with duckdb.connect() as db:
        rows = f"from read_parquet('{source}', hive_partitioning = false)"
        # An earlier dt gives way to the later one for keys that both hold: a day on which these lines were silent.
        silent = f"subscriber_id not in (select subscriber_id {rows} where usage_date = date '2018-11-05')"
        new = f"select * replace (date '2018-11-05' as usage_date) {rows} where usage_date = date '2018-11-06' and {silent}"
        db.execute(f"copy ({new}) to '{late}/part-0.parquet' (format parquet)")
    whole = (home.landing / "crm_subscribers" / "dt=2018-12-31" / "part-0.csv").read_bytes()
    (broken / "part-0.csv").write_bytes(whole[: len(whole) // 2 - 7])
    for folder in (late, broken):
        (folder / "_SUCCESS").touch()
    return telco360(home, "nightly", "--as-of", "2019-01-01", "--export-lists")


def query(home: Home, sql: str):
    with duckdb.connect(str(home.current.resolve()), read_only=True) as db:
        return db.execute(sql).fetchall()


def test_the_first_run_publishes_the_known_figures(first_run):
    assert first_run.code == 0, first_run.output
    per_plan = """select plan_code, count(*), round(avg(arpu_amount), 4), sum(arpu_amount) from core.fct_subscriber_months
        where arpu_amount > 0 group by 1 order by 1"""
    figures = {plan: (count, float(mean), float(total)) for plan, count, mean, total in query(first_run.home, per_plan)}
    assert figures == {"surf": (1573, 60.7064, 95491.18), "ultimate": (720, 72.3139, 52066.00)}
    assert query(first_run.home, "select sum(churned) from churn.churn_monthly") == [(34,)]


def test_the_first_run_says_what_it_did_and_where_it_is(first_run):
    out = first_run.output
    assert f"published      {current(first_run.home).name}" in out
    assert re.search(r"accepted +crm_subscribers +2018-12-31  500 read, 500 accepted", out)
    assert re.search(r"tests +\d{2,} passed, 0 warned, 0 failed", out)
    assert out.count("2018-") > 12
    for path in re.findall(r"^(?:data docs +|list +.* rows, )(\S+)$", out, re.MULTILINE):
        assert Path(path).is_file()
    assert re.search(r"^list +\S+: [\d,]+ rows, ", out, re.MULTILINE)


def test_a_run_of_the_command_line_stands_in_the_page_under_its_job(first_run):
    from dagster._core.remote_origin import RemoteRepositoryOrigin
    from dagster._core.workspace.load_target import ModuleTarget

    # By this label the page asks for the runs of a job.
    (location,) = ModuleTarget("orchestration.pipeline.definitions", None, None, None).create_origins()
    label = RemoteRepositoryOrigin(location, "__repository__").get_label()
    with dg.DagsterInstance.from_config(str(first_run.home.warehouse / "dagster")) as instance:
        (run,) = instance.get_runs(dg.RunsFilter(job_name="nightly", tags={".dagster/repository": label}), limit=1)
    assert run.is_finished and run.tags["business_date"] in ("2018-12-31", "2019-01-01")
    assert run.tags[PARTITION] == run.tags["business_date"]


def test_the_same_partition_ran_twice(second_run):
    home = second_run[0].home
    with dg.DagsterInstance.from_config(str(home.warehouse / "dagster")) as instance:
        runs = instance.get_runs(dg.RunsFilter(job_name="nightly", tags={PARTITION: "2018-12-31"}))
        assert [run.status for run in runs] == [dg.DagsterRunStatus.SUCCESS] * 2
        assert "2018-12-31" in instance.get_materialized_partitions(assets.PUBLICATION)


def test_everything_lies_in_the_home(first_run):
    assert {p.name for p in first_run.home.root.iterdir()} == {"landing", "lake", "warehouse", "published", "exports"}


def test_what_dbt_tells_of_a_build_lies_in_its_home_so_that_several_homes_build_at_once(first_run, telco360_environment):
    assert {"run_results.json", "dbt.log"} <= {p.name for p in first_run.home.dbt_artefacts.iterdir()}
    assert not (Path(telco360_environment["DBT_TARGET_PATH"]) / "run_results.json").exists()


def test_the_same_run_again_gives_equal_tables_and_rebuilds_no_month(second_run):
    run, before, after = second_run
    assert run.code == 0, run.output
    assert "none exported: 2018-12-31 is long past" in run.output
    assert {name for name in before if before[name] != after[name]} == set()
    assert before.keys() == after.keys()
    assert "8 known and unchanged" in run.output
    assert re.search(r"months rebuilt +none", run.output)


def test_a_late_delivery_rebuilds_its_month_only_and_a_broken_one_makes_the_version_stale(third_run):
    assert re.search(r"why rejected +crm_subscribers 2019-01-01: part-0.csv: line \d+", third_run.output)
    assert re.search(r"months rebuilt +2018-11, 2019-01$", third_run.output, re.MULTILINE)
    assert current(third_run.home).contents.stale["crm_subscribers"] == "2018-12-31"
    assert current(third_run.home).contents.as_of == "2019-01-01"


REFUSED = "crm_subscribers ends on 2018-12-31 because its newest delivery was rejected"


def test_lists_whose_tags_stand_on_the_broken_delivery_are_refused_loudly(third_run):
    assert third_run.code == ExitCode.INCOMPLETE
    assert re.search(r"^list +high_value_care: refused$", third_run.output, re.MULTILINE)
    assert third_run.output.count(REFUSED) == 1  # one sentence for all lists
    assert f"{current(third_run.home).name} is published all the same" in third_run.output


def test_tags_and_lists_can_be_asked_of_the_published_version(telco360, third_run):
    home = third_run.home
    tags = telco360(home, "tags", "list")
    assert (tags.code, "value_tier" in tags.output) == (0, True)
    shown = telco360(home, "tags", "show", "value_tier")
    assert "diamond" in shown.output
    assert "did you mean value_tier" in telco360(home, "tags", "show", "vlue_tier").output
    checked = telco360(home, "lists", "check")
    assert checked.code == 0, checked.output
    name = re.search(r"^(\S+): approved", checked.output, re.MULTILINE)[1]
    for command in ("preview", "export"):
        refused = telco360(home, "lists", command, name)
        assert refused.code == 1 and f"list {name}: refused: " in refused.output and REFUSED in refused.output.replace("\n", " ")
    telco360(home, "publish", "rollback")  # to the version before the broken delivery
    preview = telco360(home, "lists", "preview", name)
    assert re.search(rf"{name}: [\d,]+ rows, as it would be exported today", preview.output), preview.output
    exported = telco360(home, "lists", "export", name, "--accept-old-data")
    assert exported.code == 0, exported.output
    assert any(Path(line).is_file() for line in exported.output.splitlines())


def test_nothing_delivered_says_where_and_how_to_deliver(telco360, tmp_path):
    run = telco360(Home(tmp_path), "nightly")
    assert run.code == 1
    assert f"{tmp_path}/landing/<table>/dt=" in run.output and "docs/deliveries.md" in run.output
    assert "The published version stays as it was: there is none yet." in run.output


def test_a_second_run_at_once_is_refused(telco360, tmp_path):
    home = Home(tmp_path)
    with build.run_lock(home):
        run = telco360(home, "nightly")
    assert run.code == ExitCode.BUSY
    assert "at work already" in run.output and "Traceback" not in run.output


DESCRIBE = """
import dagster as dg, json
from orchestration.base.contract import load_contract
from orchestration.pipeline.definitions import defs as load
from orchestration.scoring.ledger import TABLES
defs = load()
dg.Definitions.validate_loadable(defs)
graph = defs.resolve_asset_graph()
raw = {dg.AssetKey([t.system, t.name]) for t in load_contract().values()}
publication = dg.AssetKey("publication")
above = graph.get_ancestor_asset_keys(publication)
lists = [key for key in graph.materializable_asset_keys if key.path[0] == "target_lists"]
(schedule,) = defs.schedules
print(json.dumps({
    "raw is made": raw <= graph.materializable_asset_keys,
    "scores are made between what they are learnt from and what reads them": all(
        key in above and dg.AssetKey(["scoring", "line_features"]) in graph.get_ancestor_asset_keys(key)
        for key in (dg.AssetKey(["ledger", table.name]) for table in TABLES)
    ),
    "required raw reaches it": all(dg.AssetKey([t.system, t.name]) in above for t in load_contract().values() if t.required),
    "lists stand on the publication": bool(lists) and all(publication in graph.get(key).parent_keys for key in lists),
    "job holds all": set(defs.resolve_job_def("nightly").asset_layer.executable_asset_keys) == set(graph.executable_asset_keys),
    "gates block": {k.name for k in graph.asset_check_keys if graph.get(k).blocking} >= {"source_checks", "release_checks"},
    "dbt tests are checks": len(graph.asset_check_keys) > 80,
    "all is described": all(graph.get(key).description for key in graph.materializable_asset_keys)
    and all(one.description for one in (defs.resolve_job_def("nightly"), schedule, *defs.sensors)),
    "families of tags have owners": graph.get(dg.AssetKey(["tags", "tags_value"])).owners == ["team:customer_value"],
    "groups are the rooms": graph.get(dg.AssetKey(["tags", "tags_value"])).group_name == "tags"
    and graph.get(dg.AssetKey(["staging", "stg_crm__contracts"])).group_name == "stg_crm",
    "schedule": [schedule.cron_schedule, schedule.execution_timezone],
    "sensors": [sensor.name for sensor in defs.sensors],
}))
"""


def test_definitions_load_and_stand_as_one_graph(telco360_environment, tmp_path):
    command = [sys.executable, "-W", "ignore", "-c", DESCRIBE]
    done = subprocess.run(command, env=telco360_environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    described = json.loads(done.stdout.splitlines()[-1])
    assert described.pop("schedule") == ["0 2 * * *", "Asia/Shanghai"]
    assert described.pop("sensors") == ["deliveries_complete", "nightly_success", "nightly_failure"]
    assert [what for what, holds in described.items() if not holds] == []
