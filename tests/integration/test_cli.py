"""The command: quick to help, plain in its errors, and at home where it is told to be."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from datetime import date

import pytest
from made_warehouse import made_home, made_version
from typer.testing import CliRunner

from orchestration import cli
from orchestration.base import settings
from orchestration.base.errors import WarehouseError
from orchestration.base.exit_codes import ExitCode
from orchestration.base.settings import Home
from orchestration.warehouse.freshness import choose_as_of
from orchestration.warehouse.publishing import current


@pytest.fixture
def run(monkeypatch):
    """Calls the command in this process; the home it takes is forgotten afterwards."""
    monkeypatch.setenv("TELCO360_HOME", "/nowhere")  # so that what a call sets is undone
    monkeypatch.setenv("TELCO360_TARGET", "")

    def call(*arguments: str):
        return CliRunner().invoke(cli.app, list(arguments))

    return call


def test_help_names_every_command_and_imports_nothing_heavy():
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom orchestration.cli.main import app\n"
        "out = CliRunner().invoke(app, ['--help']).output\n"
        "heavy = {'dagster', 'dbt', 'duckdb', 'great_expectations', 'pandas', 'pyarrow', 'sqlglot'} & set(sys.modules)\n"
        "import json; print(json.dumps([out, sorted(heavy)]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    text, heavy = json.loads(done.stdout)
    assert heavy == []
    for command in ("nightly", "dev", "intake", "publish", "tags", "lists"):
        assert re.search(rf"\b{command}\b", text)


def test_versions_are_listed_and_gone_back_to(run, tmp_path):
    home = made_home(tmp_path)
    first, second = made_version(home), made_version(home)
    listed = run("--home", str(tmp_path), "publish", "list")
    assert listed.output.splitlines() == [f"* {second.name}  5 tables, 94 rows", f"  {first.name}  5 tables, 94 rows"]
    assert first.name in run("--home", str(tmp_path), "publish", "rollback").output
    assert current(home).name == first.name
    refused = run("--home", str(tmp_path), "publish", "rollback")
    assert refused.exit_code == 1
    assert "oldest version" in refused.output and "Traceback" not in refused.output
    assert run("--home", str(tmp_path), "publish", "rollback", second.run).exit_code == 0
    assert current(home).name == second.name


@pytest.mark.parametrize("arguments", [("tags", "list"), ("tags", "show", "tenure_band"), ("lists", "check")])
def test_before_the_first_publication_commands_say_what_to_do(run, tmp_path, arguments):
    result = run("--home", str(tmp_path), *arguments)
    assert result.exit_code == 1
    assert "telco360 nightly" in result.output and "Traceback" not in result.output


def test_an_unknown_list_names_the_known_ones(run, tmp_path):
    result = run("--home", str(tmp_path), "lists", "preview", "no_such_list")
    assert result.exit_code == ExitCode.SETTING
    known = sorted(path.stem for path in settings.TARGET_LISTS.glob("*.yml"))
    assert ", ".join(known) in result.output


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device", "/lake/x"), "/lake/x: no space left on device. Make room there and run again"),
        (sqlite3.OperationalError("database or disk is full"), "{home}: no space left on device. Make room there and run again"),
        (
            PermissionError(13, "Permission denied", "/lake"),
            "/lake: permission denied. Let the user who runs telco360 read",
        ),
    ],
)
def test_a_fault_of_the_machine_is_told_in_words(run, monkeypatch, tmp_path, error, words):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("orchestration.pipeline.deliveries.take_in", fail)
    result = run("--home", str(tmp_path), "intake", "run")
    assert result.exit_code == 1
    assert words.format(home=tmp_path) in result.output and "Traceback" not in result.output


def test_other_errors_keep_their_trace(run, monkeypatch, tmp_path):
    monkeypatch.setattr("orchestration.pipeline.deliveries.take_in", lambda *_, **__: {}["gone"])
    assert isinstance(run("--home", str(tmp_path), "intake", "run").exception, KeyError)


def test_intake_alone_takes_in_and_tells(run, tmp_path):
    folder = tmp_path / "landing" / "crm_tariff_plans" / "dt=2026-03-01"
    folder.mkdir(parents=True)
    (folder / "part-0.csv").write_text(
        "plan_code,plan_name,brand_code,monthly_fee,included_minutes,included_mb,included_messages,network_generation,is_on_sale\n"
        "p1,Plan,b,20.00,100,1000,10,5g,true\np2,Plan,b,20.123,100,1000,10,5g,true\n"
    )
    (folder / "_SUCCESS").touch()
    taken = run("--home", str(tmp_path), "intake", "run")
    assert taken.exit_code == 1  # half of its rows are at fault: rejected
    assert "0 accepted, 1 rejected" in taken.output
    shown = run("--home", str(tmp_path), "intake", "show", "crm_tariff_plans", "2026-03-01")
    assert shown.exit_code == 0
    assert "rejected" in shown.output and "monthly_fee" in shown.output


def test_the_home_may_stand_before_the_command_or_after_it(run, monkeypatch, tmp_path):
    taken = []
    monkeypatch.setattr(
        "orchestration.cli.nightly.run_nightly", lambda home, as_of, progress, **_: taken.append((home, as_of)) or _stop()
    )
    run("--home", str(tmp_path), "nightly", "--as-of", "2026-03-01")
    run("nightly", "--home", str(tmp_path))
    assert [(home, str(as_of)) for home, as_of in taken] == [(Home(tmp_path), "2026-03-01"), (Home(tmp_path), "None")]


@pytest.mark.parametrize(
    "arguments",
    [
        ("publish", "list", "--home"), ("publish", "--home"), ("tags", "list", "--home"), ("lists", "check", "--home"),
        ("intake", "show", "crm_customers", "2026-03-01", "--home"),
    ],
)  # fmt: skip
def test_every_command_takes_the_home_at_its_end_too(run, tmp_path, arguments):
    more = ("list",) if arguments == ("publish", "--home") else ()
    result = run(*arguments, str(tmp_path), *more)
    assert result.exit_code != 2, result.output
    assert os.environ["TELCO360_HOME"] == str(tmp_path)


def test_the_target_is_taken_at_the_end_too(run, tmp_path):
    result = run("publish", "list", "--home", str(tmp_path), "--target", "nowhere")
    assert result.exit_code == ExitCode.SETTING and "'nowhere' is no target" in result.output


def test_the_version_is_told(run):
    assert re.fullmatch(r"telco360 \d+\.\d+\.\d+\n", run("--version").output)


@pytest.mark.parametrize("text", ["2026-02-30", "2026/10/31", "31.10.2026"])
def test_a_date_that_is_none_is_refused(run, text):
    for command in (("nightly", "--as-of", text), ("intake", "show", "crm_customers", text), ("sample", "--as-of", text)):
        refused = run(*command)
        assert refused.exit_code == 2
        assert "write it as" in refused.output


def test_a_day_after_today_that_nothing_was_delivered_for_is_refused():
    with pytest.raises(WarehouseError, match="2026-03-09 lies after today .2026-03-03. and after the last delivery"):
        choose_as_of({"people": [date(2026, 3, 1)]}, ["people"], date(2026, 3, 3), date(2026, 3, 9))


def test_a_misspelt_table_is_told_with_the_nearest(run, tmp_path):
    shown = run("intake", "show", "crm_subscriber", "2026-03-01", "--home", str(tmp_path))
    assert shown.exit_code == ExitCode.SETTING and "did you mean crm_subscribers?" in shown.output


def test_a_home_that_is_a_file_is_told(run, tmp_path):
    (tmp_path / "file").touch()
    refused = run("publish", "list", "--home", str(tmp_path / "file"))
    assert refused.exit_code == ExitCode.SETTING and f"{tmp_path}/file is a file" in refused.output


def test_ctrl_c_ends_with_130_and_says_what_stands(run, monkeypatch, tmp_path):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("orchestration.pipeline.deliveries.take_in", stop)
    stopped = run("--home", str(tmp_path), "intake", "run")
    assert stopped.exit_code == 130
    assert stopped.output.startswith("Stopped. The deliveries taken in so far stand")


def test_the_only_version_is_told_as_that(run, tmp_path):
    made_version(made_home(tmp_path))
    refused = run("publish", "rollback", "--home", str(tmp_path))
    assert refused.exit_code == 1 and "is the only version that stands" in refused.output


def test_an_unknown_environment_stops_before_anything_is_done(run, monkeypatch, tmp_path):
    monkeypatch.setenv("TELCO360_ENV", "prod")
    result = run("--home", str(tmp_path / "new"), "nightly")
    assert result.exit_code == ExitCode.SETTING
    assert "choose one of local, ci, production" in result.output
    assert not (tmp_path / "new").exists()


def test_the_page_binds_to_this_machine_alone_and_keeps_its_history_in_the_home(run, monkeypatch, tmp_path):
    called = {}
    monkeypatch.setattr(os, "execve", lambda path, command, environment: called.update(command=command, environment=environment))
    monkeypatch.setattr("orchestration.cli.dev.ensure_manifest", lambda home: None)
    assert run("--home", str(tmp_path), "dev").exit_code == 0
    assert called["command"][called["command"].index("-h") + 1] == "127.0.0.1"
    assert called["environment"]["DAGSTER_HOME"] == str(tmp_path / "warehouse" / "dagster")
    assert called["environment"]["TELCO360_HOME"] == str(tmp_path)
    assert "enabled: false" in (tmp_path / "warehouse" / "dagster" / "dagster.yaml").read_text()
    assert "--read-only" in called["command"]
    assert run("--home", str(tmp_path), "dev", "--launch").exit_code == 0
    assert called["command"][1:4] == ["-m", "dagster", "dev"] and "127.0.0.1" in called["command"]


def _stop():
    raise settings.SettingsError("stopped here by the test")
