"""Many users of the console at once: how long each kind of request takes them, which of them failed, what the server needs.

`python -m benchmarks.console_users --home DIR` starts the console of that home on a free port of this machine and has 50 users
read and count there for two minutes, each with a pause between requests. Users run in a process of their own, so the memory told
is the server's alone.
"""

import argparse
import http.client
import os
import random
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from benchmarks.counts import conditions
from orchestration.base import settings
from orchestration.base.settings import PROJECT_DIR
from orchestration.cli.common import models
from orchestration.console.pages import PAGES
from orchestration.console.versions import Versions
from orchestration.targeting.lists import definitions

USERS, SECONDS, PAUSE, CONDITIONS, LINES = 50, 120, 3.0, 400, 200
TOKEN = re.compile(r'"X-CSRF-Token": "([^"]+)"')


@dataclass(frozen=True)
class Wish:
    """One request: its kind, as the table names it, and where it goes; `where` is the condition that it counts, if it does."""

    kind: str
    path: str
    where: str = ""


@dataclass
class Seen:
    """What users met, by kind of request: seconds of each, and what went wrong in words."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, wish: Wish, seconds: float, fault: str = "") -> None:
        with self.lock:
            self.seconds.setdefault(wish.kind, []).append(seconds)
            if fault:
                self.faults.append(f"{wish.kind} {wish.path}: {fault}")


def wishes(home: settings.Home) -> dict[str, list[Wish]]:
    """What a user may ask for, by kind: pages of the menu with their filters, tags, lines, lists, counts."""
    version = Versions(home, models()).current()
    regions = [code for (code,) in version.ask("select distinct region_code from core.dim_regions")[1]]
    lines = [line for (line,) in version.ask(f"select subscriber_id from tags.subscriber_360 order by 1 limit {LINES}")[1]]
    menu = [page for page in PAGES if page.is_in_menu and page.name != "customer"]
    filtered = [f"{page.path}?{urlencode({'region': code})}" for page in menu if "region" in page.filters for code in regions]
    tags = version.catalog.tags()
    found = {
        "page": [Wish("page", page.path) for page in menu],
        "page of a region": [Wish("page of a region", path) for path in filtered],
        "tag": [Wish("tag", f"/tags/subscriber/{name}") for name in tags],
        "line": [Wish("line", f"/customer?id={line}") for line in lines],
        "list": [Wish("list", f"/lists/{name}") for name in definitions(home)],
        "count": [Wish("count", "/audience/text", where) for where in conditions(version, version.catalog, CONDITIONS)],
    }
    return {kind: those for kind, those in found.items() if those}


def use(port: int, key: str, all_wishes: dict[str, list[Wish]], until: float, pause: float, seed: int, seen: Seen) -> None:
    """One user: asks, reads for a while, asks again. Kinds are as likely as each other."""
    drawn = random.Random(seed)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Cookie": f"telco360_console={key}", "Accept-Language": drawn.choice(("en", "zh"))}
    connection.request("GET", "/audience", headers=headers)
    token = TOKEN.search(connection.getresponse().read().decode())
    time.sleep(drawn.uniform(0, pause))
    while time.monotonic() < until:
        wish = drawn.choice(all_wishes[drawn.choice(list(all_wishes))])
        began = time.perf_counter()
        try:
            if wish.where:
                form = {"Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true"}
                body = urlencode({"where": wish.where, "token": token.group(1) if token else ""})
                connection.request("POST", wish.path, body, headers | form)
            else:
                connection.request("GET", wish.path, headers=headers)
            answer = connection.getresponse()
            text = answer.read()
            is_well = answer.status == 200 and (not wish.where or b'id="matched"' in text)
            seen.add(wish, time.perf_counter() - began, "" if is_well else f"status {answer.status}")
        except (OSError, http.client.HTTPException) as error:
            seen.add(wish, time.perf_counter() - began, repr(error))
            connection.close()
        time.sleep(drawn.uniform(0.5, 1.5) * pause)
    connection.close()


@contextmanager
def console(home: settings.Home) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """The console of the home in a process of its own: that process, its port and its key."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("telco360")), "console", "--port", str(port), "--home", str(home.root)]
    unbuffered = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT_DIR, env=unbuffered) as server:
        try:
            assert server.stdout is not None
            key = urlsplit(server.stdout.readline().split()[-1]).query.partition("=")[2]
            while True:
                with socket.socket() as probe:
                    if not probe.connect_ex(("127.0.0.1", port)):
                        break
                time.sleep(0.1)
            yield server, port, key
        finally:
            server.terminate()


def memory_mb(process: int, what: str) -> int:
    """Memory of a process, MB: `VmRSS` of now, `VmHWM` the most it had."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(re.findall(rf"{what}:\s+(\d+) kB", status)[0]) // 1024


def row(kind: str, seconds: Sequence[float]) -> str:
    """A row of the table: how many, and milliseconds at the median, the 95th percentile and the most."""
    ordered = sorted(seconds)
    figures = [ordered[int(share * (len(ordered) - 1))] * 1e3 for share in (0.5, 0.95, 1)]
    return f"| {kind} | {len(ordered):,} | " + " | ".join(f"{figure:,.0f}" for figure in figures) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--home", help="a home with a published version; else $TELCO360_HOME")
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--pause", type=float, default=PAUSE, help="seconds between two requests of a user, on average")
    given = parser.parse_args()
    home = settings.home(given.home)
    asked, seen = wishes(home), Seen()
    with console(home) as (server, port, key):
        before = memory_mb(server.pid, "VmRSS")
        until = time.monotonic() + given.seconds
        users = [
            threading.Thread(target=use, args=(port, key, asked, until, given.pause, seed, seen)) for seed in range(given.users)
        ]
        for user in users:
            user.start()
        for user in users:
            user.join()
        most, after = memory_mb(server.pid, "VmHWM"), memory_mb(server.pid, "VmRSS")
    every = [second for seconds in seen.seconds.values() for second in seconds]
    print(f"{given.users} users, {given.seconds} s, {len(every) / given.seconds:.0f} requests a second\n")
    print("| request | how many | p50, ms | p95, ms | most, ms |\n|---|---|---|---|---|")
    for kind in asked:
        if seen.seconds.get(kind):
            print(row(kind, seen.seconds[kind]))
    print(row("all", every))
    print(f"\nMemory of the server: {before:,} MB when it began, {most:,} MB at most, {after:,} MB at the end.")
    print(f"{len(seen.faults)} failed{':' if seen.faults else '.'}")
    print("\n".join(seen.faults[:20]))
    raise SystemExit(bool(seen.faults))


if __name__ == "__main__":
    main()
