"""Lists sent to a real OpenSSH server on this machine: they arrive whole, a broken upload leaves no file, the next fixes it."""

import contextlib
import getpass
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest
from fsspec import config

from orchestration.targeting import destination
from orchestration.targeting.destination import FileError
from orchestration.targeting.file_title import FileTitle
from orchestration.targeting.files import write_list

SSHD = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
pytestmark = pytest.mark.skipif(SSHD is None, reason="no sshd here; Debian has it in openssh-server")

CARE = FileTitle("care", "Care", "关怀", date(2026, 4, 1))
SECONDS_TO_START = 10
ROWS = 100_000  # some 2 MB, more than the limits below let pass


@dataclass
class Server:
    """A server of this user on 127.0.0.1, with keys made for the test."""

    root: Path
    port: int
    process: subprocess.Popen | None = None

    def make(self) -> None:
        for key in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.root / key], check=True)
        self.root.joinpath("config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.root}/host\nPidFile none\nUsePAM no\nStrictModes no\n"
            f"AuthorizedKeysFile {self.root}/user.pub\nPasswordAuthentication no\nSubsystem sftp internal-sftp\n"
        )

    def start(self, limits: str = "") -> None:
        """Starts the server, under limits of the shell where some are given, and waits until it listens."""
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where Debian's sshd shuts its unprivileged half in
        with self.root.joinpath("log").open("ab") as log:
            command = ["bash", "-c", f"{limits} exec '{SSHD}' -D -e -f '{self.root}/config'"]
            self.process = subprocess.Popen(command, stderr=log)
        until = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        pytest.fail(f"sshd did not start: {self.root.joinpath('log').read_text()}")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


@contextlib.contextmanager
def link_that_breaks(to: int, after: int) -> Iterator[int]:
    """A port of 127.0.0.1 that leads to another until so many bytes have gone through, then breaks the connection."""

    def pump(source: socket.socket, target: socket.socket, left: int) -> None:
        with contextlib.suppress(OSError):
            while left > 0 and (data := source.recv(4096)):
                target.sendall(data)
                left -= len(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with contextlib.suppress(OSError):
            client, _ = listener.accept()
            with client, socket.create_connection(("127.0.0.1", to)) as server:
                back = threading.Thread(target=pump, args=(server, client, 1 << 40))
                back.start()
                pump(client, server, after)
                back.join()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(SECONDS_TO_START)
        serving = threading.Thread(target=serve)
        serving.start()
        yield listener.getsockname()[1]
        serving.join()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def server(tmp_path, monkeypatch) -> Iterator[Server]:
    """A running server that this user's ssh knows; user and key are told as the environment tells them."""
    root = tmp_path / "server"
    root.mkdir(mode=0o700)
    made = Server(root, free_port())
    made.make()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(config, "conf", config.conf)
    monkeypatch.setitem(config.conf, "sftp", {})
    environment = {"FSSPEC_SFTP_USERNAME": getpass.getuser(), "FSSPEC_SFTP_KEY_FILENAME": str(root / "user")}
    config.set_conf_env(config.conf, environment)
    known(made, made.port)
    made.start()
    yield made
    made.stop()


def known(server: Server, port: int) -> None:
    """Adds the server's key to those that this user's ssh knows, at this port."""
    hosts = Path.home() / ".ssh" / "known_hosts"
    hosts.parent.mkdir(mode=0o700, exist_ok=True)
    with hosts.open("a") as file:
        file.write(f"[127.0.0.1]:{port} {(server.root / 'host.pub').read_text()}")


@pytest.fixture
def send(tmp_path):
    """Writes a list of so many rows to a folder of the server."""

    def send(port: int, rows: int = ROWS):
        with duckdb.connect() as connection:
            connection.execute(
                f"create table made as select 'S' || n as subscriber_id, '1380' || n as phone from range({rows}) as t(n)"
            )
            url, scratch = f"sftp://127.0.0.1:{port}{tmp_path}/incoming", tmp_path / "scratch"
            return write_list(connection, "from made order by 1", "care_x", "csv", url, CARE, scratch=scratch)

    return send


def arrived(tmp_path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in (tmp_path / "incoming").glob("*")}


def test_the_file_arrives_whole_with_its_manifest_and_nothing_stays_here(server, send, tmp_path):
    written = send(server.port)
    there = arrived(tmp_path)
    assert sorted(there) == ["care_x.csv", "care_x.json"]
    assert (
        hashlib.sha256(there["care_x.csv"]).hexdigest()
        == written.sha256
        == json.loads(there["care_x.json"])["files"][0]["sha256"]
    )
    assert written.files == tuple(f"sftp://127.0.0.1:{server.port}{tmp_path}/incoming/care_x.{end}" for end in ("csv", "json"))
    assert not list((tmp_path / "scratch").iterdir())


def test_a_link_that_breaks_half_way_leaves_no_file_and_the_next_run_mends_it(server, send, tmp_path):
    with link_that_breaks(server.port, after=1_000_000) as port:
        known(server, port)
        with pytest.raises(FileError) as caught:
            send(port)
    assert str(caught.value).startswith(f"list care: sftp://127.0.0.1:{port}{tmp_path}/incoming: ")
    assert "export the list again" in str(caught.value)
    half = arrived(tmp_path)
    assert list(half) == [".care_x.csv.partial"] and 0 < len(half[".care_x.csv.partial"]) < 1_000_000
    written = send(server.port)
    there = arrived(tmp_path)
    assert sorted(there) == ["care_x.csv", "care_x.json"] and len(there["care_x.csv"]) == written.bytes


def test_a_server_without_room_keeps_the_earlier_file_and_the_next_run_replaces_it(server, send, tmp_path):
    send(server.port, rows=10)
    before = arrived(tmp_path)
    server.stop()
    server.start("trap '' XFSZ; ulimit -f 500;")  # no file larger than 500 KB, as a quota would have it
    with pytest.raises(FileError, match="list care: sftp://.*export the list again"):
        send(server.port)
    assert arrived(tmp_path) == before
    server.stop()
    server.start()
    assert len(arrived(tmp_path)["care_x.csv"]) < send(server.port).bytes == len(arrived(tmp_path)["care_x.csv"])


def test_what_arrives_changed_is_not_taken(server, send, tmp_path, monkeypatch):
    from fsspec.implementations.sftp import SFTPFileSystem

    put = SFTPFileSystem.put_file

    def put_and_change(self, local, remote, **options):
        put(self, local, remote, **options)
        with open(remote, "r+b") as file:
            file.write(b"x")

    monkeypatch.setattr(SFTPFileSystem, "put_file", put_and_change)
    with pytest.raises(FileError, match="care_x.csv arrived with another SHA-256"):
        send(server.port)
    assert arrived(tmp_path) == {}


def test_a_host_that_ssh_does_not_know_gets_nothing(server, send, tmp_path):
    (tmp_path / ".ssh" / "known_hosts").unlink()
    with pytest.raises(FileError, match="key is not in ~/.ssh/known_hosts"):
        send(server.port)
    assert not (tmp_path / "incoming").exists()


def test_a_host_that_is_not_there_is_named_and_credentials_are_not(server, send, tmp_path, monkeypatch):
    server.stop()
    config.conf["sftp"]["password"] = "hush"
    with pytest.raises(FileError, match=f"list care: sftp://127.0.0.1:{server.port}/.*See that the host answers") as caught:
        send(server.port)
    assert "hush" not in str(caught.value) and str(server.root / "user") not in str(caught.value)
    server.start()


def test_a_host_that_does_not_answer_is_given_up(server, send, monkeypatch):
    monkeypatch.setattr(destination, "SECONDS_TO_ANSWER", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(FileError, match="list care: sftp://"):
        send(silent.getsockname()[1])
