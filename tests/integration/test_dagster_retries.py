"""A run that Dagster started and whose process is killed goes once more, whole, and is told of; one that failed does not."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from orchestration.base.settings import Home
from orchestration.pipeline.nightly import dagster_home
from orchestration.pipeline.run_log import last_runs, logs
from orchestration.warehouse.build import run_lock

DAY = "2026-10-31"
LAUNCH = """mutation ($day: String!) { launchRun(executionParams: {
    selector: {
        repositoryName: "__repository__", repositoryLocationName: "orchestration.pipeline.definitions", jobName: "nightly"},
    runConfigData: {}, executionMetadata: {tags: [{key: "dagster/partition", value: $day}]}
}) { __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""


@dataclass(frozen=True)
class Page:
    """Dagster's page with launching on, over a home to which nothing was delivered."""

    home: Home
    port: int
    instance: dg.DagsterInstance

    def launch(self) -> str:
        """The id of a run that the page is asked to start."""
        started = ask(self.port, LAUNCH, day=DAY)["launchRun"]
        assert started["__typename"] == "LaunchRunSuccess", started
        return started["run"]["runId"]

    def runs(self) -> list[dg.DagsterRun]:
        """The runs, oldest first."""
        return list(reversed(self.instance.get_runs()))

    def process(self, run_id: str) -> int:
        """The process that Dagster started for a run."""
        entries = [entry.dagster_event for entry in self.instance.all_logs(run_id) if entry.dagster_event]
        data = [event.event_specific_data for event in entries if event.message and "Started process for run" in event.message]
        return int(data[0].metadata["pid"].value)


def ask(port: int, query: str, **variables: str) -> dict:
    """What the page answers to a query."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["data"]


def wait(what: Callable[[], object], seconds: float = 300) -> object:
    """What it gives once it is something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if found := what():
                return found
        except (OSError, ValueError, IndexError):
            pass
        time.sleep(0.05)
    raise AssertionError(f"nothing within {seconds} s")


def steps(home: Home, run_id: str) -> list[tuple[str, str]]:
    """(event, step) of what the log of runs tells of a run."""
    lines = [json.loads(line) for path in logs(home).glob("*.jsonl") for line in path.read_text().splitlines()]
    return [(line["event"], line.get("step", "")) for line in lines if line["run"] == run_id]


@pytest.fixture
def page(tmp_path, parsed) -> Iterator[Page]:
    home = Home(tmp_path / "home")
    home.landing.mkdir(parents=True)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TELCO360_")}
    command = [str(Path(sys.executable).with_name("telco360")), "--home", str(home.root), "dev", "--launch", "--port", str(port)]
    with open(tmp_path / "page.out", "wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        wait(lambda: ask(port, "{ version }"))  # by then it has made its history, which two may not make at once
        with dg.DagsterInstance.from_config(str(dagster_home(home))) as instance:
            yield Page(home, port, instance)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def test_a_run_that_is_killed_goes_once_more_from_its_first_step_and_one_whose_step_failed_does_not(page):
    killed = page.launch()
    wait(lambda: ("step_ended", "intake") in steps(page.home, killed))
    os.kill(page.process(killed), signal.SIGKILL)

    wait(lambda: len(page.runs()) == 2 and page.runs()[1].is_finished)
    first, second = page.runs()
    assert first.status == dg.DagsterRunStatus.FAILURE and second.parent_run_id == killed
    told = steps(page.home, second.run_id)
    assert ("step_ended", "intake") in told and ("step_failed", "source checks") in told  # nothing was delivered

    def is_told() -> bool:
        return {run.run: bool(run.ended) for run in last_runs(page.home)} == {killed: True, second.run_id: True}

    wait(is_told)
    causes = {run.run: run.facts["causes"][0] for run in last_runs(page.home)}
    assert causes[killed].startswith("run: it ended before its steps did")
    assert causes[second.run_id].startswith("source_checks: ")
    assert len(page.runs()) == 2
    assert page.runs()[1].tags["dagster/will_retry"] == "false"


def test_a_run_that_meets_another_on_the_home_is_tried_once_more(page):
    with run_lock(page.home):
        page.launch()
        wait(lambda: len(page.runs()) == 2 and page.runs()[1].is_finished)
        first, second = page.runs()
    assert second.parent_run_id == first.run_id
    assert first.tags["dagster/will_retry"] == "true"
    wait(lambda: page.runs()[1].tags.get("dagster/will_retry") == "false")
