"""What a loss of power could leave: everything that must last is on the disk before it gets its name, and its name before what
stands on it. Read from a trace of the system's calls."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from fnmatch import fnmatch
from itertools import pairwise
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace, a package of Debian")

WRITES = ("write", "pwrite64", "writev", "pwritev", "ftruncate", "sendfile", "copy_file_range")
RENAMES = ("rename", "renameat", "renameat2")
SYNCS, GONE = ("fsync", "fdatasync"), ("unlink", "unlinkat")
CALLS = ",".join((*WRITES, *RENAMES, *SYNCS, *GONE, "openat"))
PREPARED = "*/lake/.incoming/next/*"
"""Where intake prepares an outcome: what lies there is none yet."""
CALL = re.compile(r"^(\d+)\s+(?:(\w+)\((.*)|<\.\.\. (\w+) resumed>(.*))$")

PUBLISH = """
import made_warehouse
made_warehouse.made_version(made_warehouse.made_home(root))
"""
LISTS = """
from list_kit import Operator, care
Operator(root).run(care(control_share=0.3))
"""
INTAKE = """
from intake_kit import Operator, charges, many_charges
assert Operator(root).charge(charges(*many_charges(40), "X,2026-02-01,rent,x")).is_accepted
"""
TASKS = """
from datetime import date
from orchestration.base.settings import Home
from orchestration.targeting import tasks
tasks.write(Home(root), date(2026, 3, 1), [])
"""
AUDIT = """
from orchestration.base import audit
from orchestration.base.settings import Home
audit.record(Home(root), "list_export", "list care", 3)
"""


@dataclass(frozen=True)
class Call:
    """A call that went well: its name, the paths that it was given or that its files have, and whether a file was made anew."""

    name: str
    paths: tuple[str, ...]
    creates: bool = False


def traced(folder: Path, code: str) -> list[Call]:
    """The calls of a piece of code that works on the home `root`, in the order in which they ended."""
    tests = Path(__file__).parent
    begin = (
        f"import sys; sys.path[:0] = {[str(tests.parent), str(tests)]!r}\nfrom pathlib import Path\nroot = Path(sys.argv[1])\n"
    )
    trace = folder / "trace"
    command = ["strace", "-f", "-y", "-s", "0", "-e", f"trace={CALLS}", "-o", str(trace), sys.executable, "-c", begin + code]
    done = subprocess.run([*command, str(folder / "home")], capture_output=True, text=True, check=False)
    if "ptrace" in done.stderr:
        pytest.skip("this system lets no process be traced")
    assert done.returncode == 0, done.stderr
    return list(calls(trace.read_text(encoding="utf-8", errors="replace").splitlines(), f"{folder / 'home'}/"))


def calls(lines, below: str):
    """The calls of a trace that concern paths below a folder; of one that another interrupts, its two lines are joined."""
    begun: dict[str, str] = {}
    for line in lines:
        found = CALL.match(line)
        if not found:
            continue
        process, name, rest, resumed, end = found.groups()
        if name and rest.endswith("<unfinished ...>"):
            begun[process] = rest
            continue
        rest = begun.pop(process, "") + (end or "") if resumed else rest
        if not re.search(r"= \d+", rest):
            continue
        of = name or resumed
        paths = re.findall(r'"([^"]*)"' if of in (*RENAMES, "unlink") else r"<([^<>]+)>", rest)
        if of == "unlinkat":
            paths = [os.path.join(paths[0] if paths else "", re.findall(r'"([^"]*)"', rest)[0])]
        if of == "openat":
            paths = paths[-1:]  # what was opened, not the folder that its name is seen from
        if of in ("sendfile", "copy_file_range"):
            paths = paths[:1] if of == "sendfile" else paths[1:]
        if kept := tuple(path for path in paths if f"{path}/".startswith(below)):
            yield Call(of, kept, of == "openat" and "O_CREAT" in rest)


def problems(found: list[Call]) -> list[str]:
    """Each rename of what is not on the disk by then, or whose own folder is not brought there behind it. What is still in
    preparation may be moved about."""
    wrong, changed = [], {}
    for at, call in enumerate(found):
        path = call.paths[0]
        if call.name in GONE:
            changed.pop(path, None)
        elif call.name in WRITES or call.creates:
            changed[path] = True
        elif call.name in SYNCS:
            changed[path] = False
        elif call.name in RENAMES:
            target, is_final = call.paths[1], not fnmatch(call.paths[1], PREPARED)
            for name in [name for name in changed if name == path or name.startswith(f"{path}/")]:
                is_changed = changed.pop(name)
                changed[target + name.removeprefix(path)] = is_changed
                if is_changed and is_final:
                    wrong.append(f"{name} is not on the disk when it becomes {target}")
            if is_final and name_is_on_disk(found, at) is None:
                wrong.append(f"{target}: its folder is not brought to the disk after the rename")
    return wrong


def name_is_on_disk(found: list[Call], at: int) -> int | None:
    """When the folder of what a rename made is brought to the disk; None if never."""
    folder = os.path.dirname(found[at].paths[-1])
    return next((n for n in range(at, len(found)) if found[n].name == "fsync" and folder in found[n].paths), None)


def renamed(found: list[Call], pattern: str) -> int:
    """When the last file whose path is like the pattern got its name."""
    return max(n for n, call in enumerate(found) if call.name in RENAMES and fnmatch(call.paths[-1], pattern))


@pytest.mark.parametrize(
    ("code", "order"),
    [
        (PUBLISH, ("*/published/telco360_*.json", "*/published/telco360_*.duckdb", "*/published/telco360.duckdb")),
        (LISTS, ("*/list_members/*.parquet", "*/exports/*/care_*.csv", "*/exports/*/care_*_001.json", "*/list_runs/*.parquet")),
        (INTAKE, ("*/.incoming/ready-*", "*/raw/billing_charges/dt=*", "*/ledger/intake/*.parquet")),
        (TASKS, ("*/task_reasons/*/reasons.parquet",)),
        (AUDIT, ("*/audit/000001_list_export.json",)),
    ],
    ids=["publication", "list", "delivery", "tasks", "audit trail"],
)
def test_what_must_last_is_on_the_disk_before_it_is_named_and_named_before_what_stands_on_it(tmp_path, code, order):
    found = traced(tmp_path, code)
    assert problems(found) == []
    moments = [renamed(found, pattern) for pattern in order]
    for first, then in pairwise(moments):
        on_disk = name_is_on_disk(found, first)
        assert on_disk is not None and on_disk < then, (found[first].paths[-1], found[then].paths[-1])


@pytest.mark.parametrize(
    "code",  # the file is not on the disk; its name is not; it was brought there too early
    [
        "(root / 'a').write_text('x'); (root / 'a').rename(root / 'b'); d()",
        "f = open(root / 'a', 'w'); f.write('x'); f.flush(); os.fsync(f.fileno()); (root / 'a').rename(root / 'b')",
        "f = open(root / 'a', 'w'); os.fsync(f.fileno()); f.write('x'); f.close(); (root / 'a').rename(root / 'b'); d()",
    ],
)
def test_a_wrong_order_is_noticed(tmp_path, code):
    folder = "def d():\n    h = os.open(root, os.O_RDONLY); os.fsync(h)\n"
    assert problems(traced(tmp_path, f"import os\nroot.mkdir()\n{folder}{code}"))
