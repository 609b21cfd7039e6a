"""A real Spark cluster on this machine, for comparing engines and for trying out: a Thrift server and two executor processes.

No one's production belongs here: an operator has a cluster of its own and names it in the environment (docs/spark.md).
"""

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestration.base.errors import WarehouseError

JAVA = 17
MASTER = "local-cluster[2,1,1024]"
"""Two workers of one core and 1 GB each. Executors are processes of their own; one that dies is started anew."""

JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Many small statements in a short life: compiling code well costs more here than it saves."""

SECONDS_TO_START = 180
INSTALL = "pip install --require-hashes -r requirements-spark.lock"


@dataclass(frozen=True)
class Cluster:
    """A running cluster: where its Thrift server listens, its process (and process group), its folder."""

    host: str
    port: int
    pid: int
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the dbt target `spark` reads to find it."""
        return {"TELCO360_SPARK_HOST": self.host, "TELCO360_SPARK_PORT": str(self.port)}

    def executors(self) -> list[int]:
        """Process ids of the executors."""
        listed = subprocess.run(["ps", "-A", "-ww", "-o", "pid=,pgid=,command="], capture_output=True, text=True, check=True)
        found = (line.split(None, 2) for line in listed.stdout.splitlines())
        return [int(pid) for pid, group, command in found if int(group) == self.pid and "CoarseGrainedExecutorBackend" in command]


def missing() -> str | None:
    """What this machine lacks for a cluster, in words that say what to do; None where nothing."""
    if importlib.util.find_spec("pyspark") is None or importlib.util.find_spec("pyhive") is None:
        return f"pyspark is not installed: {INSTALL}"
    java = _java()
    if java is None:
        return f"Spark needs Java {JAVA}, and there is none: install it (Debian: openjdk-{JAVA}-jre-headless) or set JAVA_HOME"
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    version = java_version(said.stderr + said.stdout)
    if version is None or version < JAVA:
        return f"Spark needs Java {JAVA} or later, {java} is {version or 'of no known version'}: set JAVA_HOME to a Java {JAVA}"
    return None


def java_version(said: str) -> int | None:
    """The major version in what `java -version` says; None where it says none. 1.8 is 8."""
    match = re.search(r'version "(\d+)(?:\.(\d+))?', said)
    return match and int(match[2] if match[1] == "1" and match[2] else match[1])


@contextlib.contextmanager
def running(folder: Path, master: str = MASTER, driver_memory: str = "1g") -> Iterator[Cluster]:
    """A cluster whose metastore and tables lie in `folder`; they stay there, and the next cluster on it finds them.

    It ends with this block, or with this process, however that dies. Raises WarehouseError where the machine lacks something, or
    where it does not come up.
    """
    if lack := missing():
        raise WarehouseError(lack)
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    port, log = _free_port(), folder / "thrift_server.log"
    with open(log, "wb") as output:
        server = subprocess.Popen(
            command(folder, master, port, driver_memory),
            cwd=folder,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    with _guarded(server.pid):
        try:
            _await(server, port, log)
            yield Cluster("127.0.0.1", port, server.pid, folder)
        finally:
            _end(server)


def command(folder: Path, master: str, port: int, driver_memory: str) -> list[str]:
    """How the Thrift server is started: every file it writes lies in `folder`."""
    options = {
        "spark.sql.warehouse.dir": folder / "tables",
        "spark.sql.catalogImplementation": "hive",
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={folder / 'metastore'};create=true",
        "spark.driver.extraJavaOptions": f"{JVM} -Dderby.stream.error.file={folder}/derby.log -Djava.io.tmpdir={folder}/tmp",
        "spark.executor.extraJavaOptions": JVM,
        "spark.driver.memory": driver_memory,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": folder / "tmp",
        "spark.ui.enabled": "false",
        "spark.scheduler.mode": "FAIR",
        "spark.sql.shuffle.partitions": "4",
        "spark.hadoop.hive.server2.thrift.port": port,
        "spark.hadoop.hive.server2.thrift.bind.host": "127.0.0.1",
        "spark.hadoop.hive.exec.scratchdir": folder / "tmp" / "hive",
    }
    settings = [part for name, value in options.items() for part in ("--conf", f"{name}={value}")]
    server = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"
    return [str(spark_home() / "bin" / "spark-submit"), "--master", master, "--class", server, *settings, "spark-internal"]


def spark_home() -> Path:
    """Where the pip package has Spark's programs."""
    return Path(importlib.util.find_spec("pyspark").origin).parent


def _environment(folder: Path) -> dict[str, str]:
    (folder / "tmp").mkdir(exist_ok=True)
    return os.environ | {
        "SPARK_HOME": str(spark_home()),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_WORKER_DIR": str(folder / "work"),
        "SPARK_NO_DAEMONIZE": "1",
    }


def _java() -> str | None:
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def _guarded(group: int) -> Iterator[None]:
    """A guard that kills the process group when this process is gone: it waits on a pipe that only this process holds open."""
    script = 'read _; kill -KILL "-$0"'
    guard = subprocess.Popen(
        ["sh", "-c", script, str(group)], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield
    finally:
        guard.kill()  # the group is ended by now; the guard must not strike at whoever gets its number next
        guard.communicate()


def _await(server: subprocess.Popen, port: int, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.25)
    said = log.read_text(encoding="utf-8", errors="replace")[-3000:]
    raise WarehouseError(f"the Spark cluster did not come up; {log} ends with:\n{said}")


def _end(server: subprocess.Popen) -> None:
    """Ends the server and every executor: asked first, killed after some seconds."""
    for sign, seconds in ((signal.SIGTERM, 15), (signal.SIGKILL, 15)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(seconds)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:  # executors are not ours to wait for, but they are to be gone
        try:
            os.killpg(server.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
