"""The dbt that a run starts: dbt itself, spared from reading the project again.

dbt uses what it has parsed only under the same variables and environment, and a run has others each day: the business date. Here
nothing parsed depends on them, for they are read when a model is compiled: a run builds from what `ensure_manifest` parsed. The
caller has made sure that it is of the code as it lies on disk.
"""

import ctypes
import gc
import signal
import sys

from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt.parser.manifest import extended_mashumuro_decoder

from orchestration.base.modes import private_umask
from orchestration.warehouse.dbt import PARSED, target_dir

_PR_SET_PDEATHSIG = 1
"""Linux's number for what `prctl` is asked."""


def parsed() -> Manifest:
    """What `dbt parse` has kept, in this process's target directory. Raises FileNotFoundError where it has kept nothing."""
    kept = (target_dir() / PARSED).read_bytes()
    manifest = Manifest.from_msgpack(kept, decoder=extended_mashumuro_decoder)
    manifest.build_flat_graph()  # type: ignore[no-untyped-call]  # dbt's own
    return manifest


def end_with_parent() -> None:
    """Has this process be killed when the one that started it ends, however that dies: a dbt left alone holds the files of the
    build, and the next run cannot begin. On Linux; elsewhere nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    """Runs dbt with the arguments of this process, e.g. `build`, exits as dbt does: 1 where a node failed, 2 where dbt did."""
    end_with_parent()
    private_umask()
    manifest = parsed()
    gc.freeze()  # it stays to the end: looked through for garbage again and again, its objects cost a tenth of a small build
    result = dbtRunner(manifest=manifest).invoke(sys.argv[1:])
    sys.exit(0 if result.success else 1 if result.exception is None else 2)
