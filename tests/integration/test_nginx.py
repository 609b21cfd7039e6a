"""The example of nginx before a page that knows no users: a real nginx, its addresses and files put into a folder of the test."""

import base64
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from orchestration.base.settings import PROJECT_DIR

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
pytestmark = pytest.mark.skipif(
    not (NGINX and shutil.which("openssl")), reason="nginx and openssl are not installed (Debian: nginx-light, openssl)"
)

KEY_AND_CERTIFICATE = ["-keyout", "telco360.key", "-out", "telco360.crt"]
FRAME = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {server}
}}
"""


class Page(BaseHTTPRequestHandler):
    """Stands for Dagster's page: tells the headers that it was sent, and takes up a WebSocket."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.headers.get("Upgrade") == "websocket" and self.headers.get("Connection") == "upgrade":
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.end_headers()
            self.wfile.write(b"open")
            self.close_connection = True
            return
        told = str(self.headers).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *given: object) -> None:
        pass


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("nginx")
    page = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    Thread(target=page.serve_forever, daemon=True).start()
    port = _free_port()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=telco360.example", *KEY_AND_CERTIFICATE],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    # What `htpasswd` writes, by openssl, which is there anyhow.
    password = subprocess.run(["openssl", "passwd", "-apr1", "right"], check=True, capture_output=True, text=True).stdout.strip()
    (folder / "telco360.htpasswd").write_text(f"anna:{password}\n")
    server = (PROJECT_DIR / "deploy" / "nginx.conf.example").read_text()
    for named, here in {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "http://127.0.0.1:3000": f"http://127.0.0.1:{page.server_port}",
        "/etc/nginx": str(folder),
    }.items():
        assert named in server
        server = server.replace(named, here)
    settings = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""  # else its workers have an account that the test's folder is closed to
    settings.write_text(FRAME.format(user=user, folder=folder, server=server))
    assert NGINX
    started = subprocess.Popen([NGINX, "-c", str(settings), "-p", str(folder)], stderr=subprocess.PIPE)
    try:
        _wait_for(port, started)
        yield port
    finally:
        started.terminate()
        started.wait(timeout=10)
        page.shutdown()


def test_nobody_without_a_password_reaches_the_page(proxy: int) -> None:
    for given in [None, "anna:wrong", "nobody:right"]:
        with pytest.raises(HTTPError) as refused:
            _get(proxy, given)
        assert refused.value.code == 401


def test_who_has_one_reaches_it_and_the_page_never_sees_it(proxy: int) -> None:
    told = _get(proxy, "anna:right")
    assert "host: telco360.example" in told.lower()
    assert "authorization" not in told.lower()
    assert "connection: close" in told.lower()


def test_what_a_run_does_comes_by_websocket(proxy: int) -> None:
    with socket.create_connection(("127.0.0.1", proxy), timeout=10) as plain, _trusting().wrap_socket(plain) as line:
        line.sendall(
            b"GET /graphql HTTP/1.1\r\nHost: telco360.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Authorization: Basic " + base64.b64encode(b"anna:right") + b"\r\n\r\n"
        )
        told = b""
        while b"open" not in told:
            told += line.recv(1000) or pytest.fail(f"the line was closed after {told!r}")
    assert told.startswith(b"HTTP/1.1 101")


def test_without_tls_it_says_so(proxy: int) -> None:
    with pytest.raises(HTTPError) as refused:
        urlopen(f"http://127.0.0.1:{proxy}/", timeout=10)
    assert refused.value.code == 400


def _get(port: int, named: str | None) -> str:
    asked = Request(f"https://127.0.0.1:{port}/", headers={"Host": "telco360.example"})
    if named:
        asked.add_header("Authorization", "Basic " + base64.b64encode(named.encode()).decode())
    with urlopen(asked, timeout=10, context=_trusting()) as answer:
        return str(answer.read().decode())


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # its certificate is the test's own
    return context


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_for(port: int, started: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        if started.poll() is not None:
            assert started.stderr
            pytest.fail(f"nginx ended: {started.stderr.read().decode()}")
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("nginx answers nobody after ten seconds")
