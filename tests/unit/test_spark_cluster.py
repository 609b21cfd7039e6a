"""What a machine lacks is said in words; a cluster's processes end with whoever started them."""

import os
import signal
import subprocess
import sys
import time

import pytest

from benchmarks import cluster
from orchestration.base.errors import WarehouseError


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_402"', 8),
        ('openjdk version "21" 2023-09-19', 21),
        ("bash: java: command not found", None),
    ],
)
def test_the_java_version_is_read_from_what_java_says(said, version):
    assert cluster.java_version(said) == version


def test_without_java_the_message_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert "Java 17" in cluster.missing()
    assert "openjdk-17" in cluster.missing()


def test_an_older_java_is_named_with_its_version(monkeypatch, tmp_path):
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert f"{java} is 11" in cluster.missing()


def test_without_pyspark_nothing_is_started_and_the_command_is_given(monkeypatch, tmp_path):
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(WarehouseError, match="requirements-spark.lock"), cluster.running(tmp_path / "cluster"):
        pass
    assert not (tmp_path / "cluster").exists()


def test_processes_end_with_whoever_started_them_even_when_that_is_killed(tmp_path):
    """A process that guards a sleeping group is killed outright: the group must go, too."""
    script = (
        "import subprocess, time; from benchmarks.cluster import _guarded\n"
        "server = subprocess.Popen(['sleep', '60'], start_new_session=True)\n"
        "with _guarded(server.pid):\n    print(server.pid, flush=True)\n    time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as starter:
        server = int(starter.stdout.readline())
        os.kill(starter.pid, signal.SIGKILL)
    for _ in range(100):
        if not _runs(server):
            return
        time.sleep(0.05)
    os.kill(server, signal.SIGKILL)
    pytest.fail("the guarded process outlived the one that started it")


def _runs(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout.strip()
    return bool(state) and not state.startswith("Z")
