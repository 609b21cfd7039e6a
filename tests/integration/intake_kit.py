"""A home to deliver into, for the tests of intake: writes deliveries, takes them in, reads back what became of them."""

import gzip
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.base.contract import load_contract
from orchestration.base.settings import Home
from orchestration.intake import IntakeReport, load_limits, take_in

CONTRACT = load_contract()
CHARGES_HEADER = "subscriber_id,bill_month,fee_code,amount\n"


def charges(*rows: str) -> str:
    """A CSV of billing_charges."""
    return CHARGES_HEADER + "".join(f"{row}\n" for row in rows)


def many_charges(count: int, start: int = 0) -> list[str]:
    """Good rows of billing_charges, each with a key of its own."""
    return [f"S{i},2026-02-01,rent,{i}.50" for i in range(start, start + count)]


def customers(*ids: str) -> str:
    return "customer_id,customer_type\n" + "".join(f"{i},personal\n" for i in ids)


def subscribers(*pairs: tuple[str, str]) -> str:
    header = "subscriber_id,customer_id,activation_date,status_code,status_date\n"
    return header + "".join(f"{s},{c},2025-01-01,active,2025-01-01\n" for s, c in pairs)


def plans_held(*ids: str) -> str:
    header = "subscriber_id,plan_code,start_date,is_primary\n"
    return header + "".join(f"{s},P1,2025-01-01,true\n" for s in ids)


class Operator:
    """One home. Files to deliver are text, bytes, or Arrow tables; text under a name ending in .gz is packed."""

    def __init__(self, root: Path):
        self.home = Home(root)
        self.lines: list[str] = []

    def deliver(self, table: str, dt: str, files: dict[str, str | bytes | pa.Table], success: str | bytes | None = "") -> Path:
        folder = self.home.landing / table / f"dt={dt}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, content in files.items():
            if isinstance(content, pa.Table):
                pq.write_table(content, folder / name)
            else:
                data = content.encode() if isinstance(content, str) else content
                (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") and isinstance(content, str) else data)
        if success is not None:
            (folder / "_SUCCESS").write_bytes(success.encode() if isinstance(success, str) else success)
        return folder

    def take(self, contract=CONTRACT, progress=None, **limits) -> IntakeReport:
        """An intake run; keyword arguments change limits of all tables."""
        self.lines.clear()
        own = load_limits(CONTRACT)
        if limits:
            own = {"*": type(own["*"])(**(vars(own["*"]) | limits))}
        return take_in(self.home, contract, own, progress or self.lines.append)

    def take_one(self, **limits):
        """An intake run that has one outcome."""
        (outcome,) = self.take(**limits).outcomes
        return outcome

    def charge(self, content, name: str = "part-0.csv", success: str = "", **limits):
        """Delivers one file of charges, and gives the outcome."""
        self.deliver("billing_charges", "2026-03-02", {name: content}, success)
        return self.take_one(**limits)

    def raw(self, table: str, dt: str) -> list[dict]:
        """The rows that are in the lake."""
        files = sorted((self.home.raw / table / f"dt={dt}").glob("*.parquet"))
        return pa.concat_tables([pq.read_table(f, partitioning=None) for f in files]).to_pylist() if files else []

    def aside(self, table: str = "billing_charges", dt: str = "2026-03-02", name: str = "accepted") -> list[dict]:
        """The rows in quarantine of the delivery that stands, or of the last attempt that was rejected."""
        path = self.home.quarantine / table / f"dt={dt}" / f"{name}.parquet"
        return pq.read_table(path, partitioning=None).to_pylist() if path.exists() else []

    def tree(self) -> dict[str, bytes]:
        """Every file of the lake that holds data, with its bytes; the ledger left out, which tells times."""
        roots = (self.home.raw, self.home.quarantine)
        return {str(p.relative_to(self.home.lake)): p.read_bytes() for r in roots for p in sorted(r.rglob("*")) if p.is_file()}
