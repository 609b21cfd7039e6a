"""Work in a process of its own, so that its memory is its own too, and what came of it brought back.

What is watched and figured belongs to `bench` and `costs`. The process is a plain `python -m`, as a run from the command line
is: DuckDB takes children of multiprocessing for a notebook and draws progress bars in them.
"""

import os
import pickle
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from datetime import date
from pathlib import Path

from benchmarks.costs import Span
from orchestration.base.settings import PROJECT_DIR, Home
from orchestration.pipeline.reports import Progress


class ChildError(RuntimeError):
    """The process ended without bringing a result."""


class Marks(Progress):
    """Keeps when each step began and ended."""

    def __init__(self):
        self.spans: list[Span] = []

    def end(self, step: str, text: str, seconds: float) -> None:
        now = time.time()
        self.spans.append(Span(step, now - seconds, now))


def run(work: Callable, *given):
    """The result of `work(*given)`, a function of some module, in a process of its own; what it prints is dropped.

    Raises what it raises, with its trace as a note, and ChildError where the process was killed.
    """
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer"
        command = [sys.executable, "-m", "benchmarks.child", str(answer)]
        done = subprocess.run(command, check=False, input=pickle.dumps((work, given)), stdout=subprocess.DEVNULL, cwd=PROJECT_DIR)
        if not answer.is_file():
            raise ChildError(
                f"{work.__name__} ended with code {done.returncode} and no result. Code -9: it was killed, maybe for memory; "
                f"TELCO360_MEMORY bounds what DuckDB takes"
            )
        result, error = pickle.loads(answer.read_bytes())
    if error is not None:
        raise error
    return result


def nightly(home: Home, as_of: date, dbt_paths: dict[str, str]) -> dict:
    """Runs the nightly job as the command line does, with dbt's own paths as given.

    Gives the spans of its steps, failures in words, why the build was discarded if it was, deliveries and rows taken in.
    """
    os.environ.update(dbt_paths)
    from orchestration.pipeline.nightly import run_nightly

    marks = Marks()
    outcome = run_nightly(home, as_of, marks)
    return {
        "spans": marks.spans,
        "failures": [f"{failure.step}: {failure.message}" for failure in outcome.failures],
        "discarded": outcome.build and (outcome.build.discarded or ", ".join(outcome.build.changed)),
        "deliveries": len(outcome.deliveries),
        "rows": sum(o.rows_read for o in outcome.deliveries),
    }


def _main(answer: Path) -> None:
    work, given = pickle.load(sys.stdin.buffer)
    try:
        told = work(*given), None
    except Exception as error:
        error.add_note(traceback.format_exc())
        told = None, error
    answer.write_bytes(pickle.dumps(told))


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
