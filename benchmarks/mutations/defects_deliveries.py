"""Defects in deliveries: the last delivery of a table with something wrong in it, and the check that must tell of it.

`Trial` takes in the deliveries of a small synthetic operator, puts one at fault in the place of a good one, and asks intake and
the source checks what they say.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from orchestration.base.contract import load_contract
from orchestration.base.settings import Home
from orchestration.base.sql import literal
from orchestration.intake import load_limits, take_in
from orchestration.intake.landing import SUCCESS
from orchestration.pipeline.run import ledger_dates
from sample.operator import LEAST_LINES, make_operator

DAY, MONTHS, DAILY = date(2026, 3, 31), 4, 21
REJECTED, QUARANTINED, WARNED, SOURCE_CHECKS = "intake rejects", "intake quarantines", "intake warns", "source checks"
USAGE, LINES, PAYMENTS = "billing_usage_daily", "crm_subscribers", "billing_payments"

Change = Callable[[Path], None]
"""What is done to the folder of a delivery."""


@dataclass(frozen=True)
class Defect:
    """`change`: SQL over the delivery's rows, `rows`, or what is done to its folder. `check`: who must tell of it; `says`: a part
    of what it says."""

    rule: str
    table: str
    change: str | Change
    check: str
    says: str


def cut_in_half(folder: Path) -> None:
    for path in folder.glob("*.parquet"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def told_otherwise(text: str) -> Change:
    """Has _SUCCESS say something of the delivery's first file that it does not hold."""

    def change(folder: Path) -> None:
        name = min(folder.glob("*.parquet")).name
        (folder / SUCCESS).write_text(f'{{"files": {{"{name}": {text}}}}}', encoding="utf-8")

    return change


def as_csv(change: Callable[[bytes], bytes]) -> Change:
    """Delivers the rows as a CSV file whose bytes are changed."""

    def changed(folder: Path) -> None:
        with duckdb.connect() as db:
            rows = f"select * from read_parquet({literal(folder / '*.parquet')}, hive_partitioning = false)"
            db.execute(f"copy ({rows}) to {literal(folder / 'part.csv')} (format csv, header)")
        for path in folder.glob("*.parquet"):
            path.unlink()
        (folder / "part.csv").write_bytes(change((folder / "part.csv").read_bytes()))

    return changed


def with_a_link(folder: Path) -> None:
    path = min(folder.glob("*.parquet"))
    path.rename(folder.parent / "_elsewhere")
    path.symlink_to(folder.parent / "_elsewhere")


DELIVERIES = (
    Defect("a file that was cut off", USAGE, cut_in_half, REJECTED, "part-"),
    Defect("a text file that was cut off", LINES, as_csv(lambda text: text[: len(text) // 2 - 7]), REJECTED, "part.csv: line"),
    Defect("a file that is not the one that was sent", USAGE, told_otherwise(f'{{"sha256": "{"0" * 64}"}}'), REJECTED, "SHA-256"),
    Defect("a file with fewer rows than were sent", USAGE, told_otherwise('{"rows": 999999}'), REJECTED, "rows, _SUCCESS says"),
    Defect("a link in place of a file", USAGE, with_a_link, REJECTED, "a link"),
    Defect("a text file in GBK", LINES, as_csv(lambda text: text.replace(b"active", "正常".encode("gbk"))), REJECTED, "UTF-8"),
    Defect("a text file with semicolons", LINES, as_csv(lambda text: text.replace(b",", b";")), REJECTED, "part.csv"),
    Defect("days written otherwise", USAGE, as_csv(lambda text: text.replace(b"2026-03-", b"3/2026/")), REJECTED, "usage_date"),
    Defect("a column that is missing", USAGE, "select * exclude data_mb from rows", WARNED, "data_mb missing"),
    Defect("a column of another name", LINES, "select * rename (status_code as state) from rows", REJECTED, "status_code"),
    Defect(
        "a key that is empty", USAGE,
        "select * replace (case when nr % 50 = 0 then null else subscriber_id end as subscriber_id) from rows",
        QUARANTINED, "must have a value",
    ),
    Defect(
        "a key that comes twice with different rows", USAGE,
        "select * from rows union all select * replace (data_mb + 1 as data_mb) from rows where nr % 50 = 0",
        QUARANTINED, "comes more than once",
    ),
    Defect(
        "a code that the contract does not know", LINES,
        "select * replace (case when nr % 50 = 0 then 'frozen' else status_code end as status_code) from rows",
        QUARANTINED, "is none of",
    ),
    Defect(
        "a negative balance", "billing_balances",
        "select * replace (case when nr % 50 = 0 then -1 else balance_amount end as balance_amount) from rows",
        QUARANTINED, "below the minimum",
    ),
    Defect(
        "a payment of nothing that is no reversal", PAYMENTS,
        "select * replace (case when nr = 1 then 0 else amount end as amount, false as is_reversal) from rows",
        QUARANTINED, "above 0",
    ),
    Defect(
        "more minutes to other operators than minutes", USAGE,
        "select * replace (case when nr % 50 = 0 then 100000 else offnet_minutes end as offnet_minutes) from rows",
        QUARANTINED, "offnet_minutes",
    ),
    Defect(
        "a customer that is not there", LINES,
        "select * replace (case when nr % 50 = 0 then 'nobody' else customer_id end as customer_id) from rows",
        QUARANTINED, "is no customer_id of crm_customers",
    ),
    Defect(
        "a status older than the line", LINES,
        "select * replace (case when nr % 50 = 0 then date '1999-01-01' else status_date end as status_date) from rows",
        QUARANTINED, "status_date",
    ),
    Defect(
        "most rows at fault", LINES, "select * replace ('frozen' as status_code) from rows", REJECTED, "rows quarantined",
    ),
    Defect("a third of the register", LINES, "select * from rows where nr % 3 = 0", REJECTED, "under 70 %"),
    Defect("a tenth of the register missing", LINES, "select * from rows where nr % 8 > 0", REJECTED, "are missing"),
    Defect("a few lines missing", LINES, "select * from rows where nr > 3", WARNED, "are missing"),
    Defect("a day with a tenth of its rows", USAGE, "select * from rows where nr % 10 = 0", WARNED, "of the weekday's usual"),
    Defect(
        "ids written otherwise", USAGE, "select * replace ('00' || subscriber_id as subscriber_id) from rows",
        REJECTED, "does not know",
    ),
    Defect(
        "some ids written otherwise", USAGE,
        "select * replace (case when nr % 10 = 0 then '00' || subscriber_id else subscriber_id end as subscriber_id) from rows",
        WARNED, "does not know",
    ),
    Defect(
        "KB in place of MB", USAGE, "select * replace (data_mb * 1024 as data_mb) from rows",
        SOURCE_CHECKS, "about the level of earlier deliveries",
    ),
    Defect(
        "seconds in place of minutes", USAGE,
        "select * replace (outgoing_minutes * 60 as outgoing_minutes, incoming_minutes * 60 as incoming_minutes) from rows",
        SOURCE_CHECKS, "about the level of earlier deliveries",
    ),
    Defect(
        "phones in place of ids", LINES, "select * replace (msisdn as subscriber_id) from rows",
        REJECTED, "are missing",
    ),
    Defect(
        "times with a zone", PAYMENTS, "select * replace (paid_at::varchar || '+08:00' as paid_at) from rows",
        REJECTED, "it has a zone",
    ),
)  # fmt: skip


class Trial:
    """A home with good deliveries taken in, in `folder`, and copies of it, each with one at fault."""

    def __init__(self, folder: Path):
        self.folder, self.contract = folder, load_contract()
        self.limits = load_limits(self.contract)
        self.good = Home(folder / "good")
        make_operator(self.good, LEAST_LINES, MONTHS, DAY, daily=DAILY)
        take_in(self.good, self.contract, self.limits)

    def catches(self, defect: Defect) -> str:
        """What is said of the defect by the check that must tell of it; empty where it does not."""
        home = Home(self.folder / "at fault")
        shutil.rmtree(home.root, ignore_errors=True)
        shutil.copytree(self.good.root, home.root)
        self._deliver(home, defect)
        return next((text for text in judged(home, defect.check) if defect.says in text), "")

    def _deliver(self, home: Home, defect: Defect) -> None:
        folder = max((home.landing / defect.table).glob("dt=*"))
        (folder / SUCCESS).write_text("", encoding="utf-8")  # no checksums: most sources send none
        if callable(defect.change):
            defect.change(folder)
            return
        with duckdb.connect() as db:
            files = literal(folder / "*.parquet")
            read = f"select *, row_number() over () as nr from read_parquet({files}, hive_partitioning = false)"
            db.execute(f"create table rows as {read}")
            db.execute(f"create table changed as {defect.change}")
            for path in folder.glob("*.parquet"):
                path.unlink()
            db.execute(f"copy (select * exclude nr from changed) to {literal(folder / 'part.parquet')} (format parquet)")


def judged(home: Home, check: str) -> list[str]:
    """What the check says of the delivery that is new in the home."""
    from orchestration.quality.source_checks import check_deliveries

    contract = load_contract()
    limits = load_limits(contract)
    outcome = take_in(home, contract, limits).outcomes[0]  # deliveries that are held against it come behind it
    if check == REJECTED:
        return [outcome.reason or ""]
    if not outcome.is_accepted:
        return []
    if check in (QUARANTINED, WARNED):
        return [text for text in outcome.warnings if ("quarantined" in text) is (check == QUARANTINED)]
    found = check_deliveries(home, contract, limits, ledger_dates(home), DAY)
    return [str(finding) for finding in (*found.failures, *found.warnings)]
