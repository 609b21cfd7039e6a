"""Day by day over month ends: what money, alerts and lists do while bills of the month before are still to come.

A synthetic operator bills from the 2nd to the 6th; in the last month billed, some lines are planted without charges, some with
next to none. Each day is a run of its own in one home. Prints a row per day, then which lists jumped from one day to the next,
and what was found of those planted.

    python -m benchmarks.billing_days --subscribers 3000 --days 2026-10-30,2026-11-03,2026-11-06,2026-11-07
    python -m benchmarks.billing_days --subscribers 5000 --days 2026-09-28..2026-11-09
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from orchestration.base.settings import Home
from sample.operator import make_operator

PLANTED = 20
JUMP = 0.3
"""A list whose matches change by more than this share from one day to the next is named."""

FIGURES = {
    "no_charges": "select count(*) from churn.alerts where alert_code = 'no_charges'",
    "arpu_drop": "select count(*) from churn.alerts where alert_code = 'arpu_drop'",
    "pool": "select count(*) from churn.exception_pool where month = (select max(month) from churn.exception_pool)",
    "revenue": """select round(sum(revenue_amount)) from value.value_pyramid
        where month = (select max(month) from core.dim_months where is_billed)""",
    "billed": "select strftime(max(month), '%Y-%m') from core.dim_months where is_billed",
}


def plant(landing: Path, month: date) -> tuple[list[str], list[str]]:
    """Takes the charges of some postpaid lines of the month away, and two thirds of some others'; gives both."""
    with duckdb.connect() as db:
        files = f"read_parquet('{landing}/billing_charges/*/*.parquet', hive_partitioning = false, filename = true)"
        months = f"select subscriber_id, bill_month, sum(amount) as amount from {files} group by all"
        steady = f"""select subscriber_id from ({months}) group by all having count(*) filter (where amount > 30) >= 8
            and min(amount) filter (where bill_month >= date '{month}' - interval 6 month) > 30
            and max(bill_month) = date '{month}' order by subscriber_id limit {2 * PLANTED}"""
        chosen = [key for (key,) in db.execute(steady).fetchall()]
        none, less = chosen[:PLANTED], chosen[PLANTED:]
        for (path,) in db.execute(f"select distinct filename from {files} where bill_month = date '{month}'").fetchall():
            kept = f"""select * replace (cast(case when subscriber_id in {tuple(less)} and bill_month = date '{month}'
                then amount / 100 else amount end as decimal(12, 2)) as amount)
                from read_parquet('{path}', hive_partitioning = false)
                where not (subscriber_id in {tuple(none)} and bill_month = date '{month}')"""
            table = db.execute(kept).to_arrow_table().cast(pq.read_schema(path))
            pq.write_table(table, path)
            (Path(path).parent / "_SUCCESS").write_text("")
    return none, less


def days(home: Home, chosen: list[date]) -> Iterator[dict]:
    """Runs each day and reads its figures, and how many each list matched."""
    for day in chosen:
        command = [str(Path(sys.executable).with_name("telco360")), "nightly", "--as-of", str(day), "--export-lists"]
        done = subprocess.run([*command, "--home", str(home.root)], capture_output=True, text=True, env=os.environ, check=False)
        if not done.stdout.count("published  "):
            sys.exit(done.stdout[-3000:] + done.stderr[-2000:])
        with duckdb.connect(str(home.current.resolve()), read_only=True) as db:
            row = {name: db.execute(query).fetchone()[0] for name, query in FIGURES.items()}
        runs = pq.read_table(home.root / "lake" / "ledger" / "list_runs").to_pylist()
        lists = {r["list_name"]: r["matched"] for r in runs if r["as_of_date"] == day and r["status"] == "exported"}
        yield {"day": str(day)} | row | {"lists": lists}


def jumps(rows: list[dict]) -> Iterator[str]:
    """Lists whose matches changed by more than JUMP from one row to the next, in words."""
    for before, after in pairwise(rows):
        for name, matched in after["lists"].items():
            was = before["lists"].get(name)
            if was and abs(matched / was - 1) > JUMP:
                yield f"jump: {name} {was} on {before['day']}, {matched} on {after['day']}"


def found(home: Home, none: list[str], less: list[str]) -> Iterator[str]:
    """What the alerts of the last day say of the planted lines that deserve one by definition, in words.

    A drop of one month is no drop of the trend, three months against three, where the two months before it rose.
    """
    fell = """select subscriber_id from (select subscriber_id, arpu_amount,
            dense_rank() over (order by month desc) as back from core.fct_subscriber_months
            where month <= (select max(month) from core.dim_months where is_billed)) where back <= 6 group by 1
        having avg(arpu_amount) filter (where back <= 3) / nullif(avg(arpu_amount) filter (where back > 3), 0) - 1 <= -0.3"""
    with duckdb.connect(str(home.current.resolve()), read_only=True) as db:
        for code, lines, deserve in (("no_charges", none, "from core.dim_subscribers"), ("arpu_drop", less, f"from ({fell})")):
            here = f"""select subscriber_id from core.dim_subscribers where is_on_net and subscriber_id in {tuple(lines)}
                and subscriber_id in (select subscriber_id {deserve})"""
            (due,) = db.execute(f"select count(*) from ({here})").fetchone()
            (hit,) = db.execute(
                f"select count(*) from churn.alerts where alert_code = '{code}' and subscriber_id in ({here})"
            ).fetchone()
            yield f"{code}: {hit} of {due} planted lines that deserve it raised"


def days_of(text: str) -> list[date]:
    """Dates with commas between, or the first and the last of a stretch with two dots between."""
    if ".." in text:
        first, last = (date.fromisoformat(day) for day in text.split(".."))
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [date.fromisoformat(day) for day in text.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, default=3_000)
    parser.add_argument("--days", required=True, help="dates with commas between, in order, or first..last")
    parser.add_argument("--planted", help="month whose bills are planted, YYYY-MM; else the one before the last day's")
    parser.add_argument("--home", type=Path, help="a directory to work in, kept; else a temporary one")
    given = parser.parse_args()
    chosen = days_of(given.days)
    month = date(chosen[-1].year - (chosen[-1].month == 1), (chosen[-1].month - 2) % 12 + 1, 1)
    if given.planted:
        month = date.fromisoformat(f"{given.planted}-01")
    with contextlib.ExitStack() as stack:
        home = Home(given.home or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="telco360-billing-"))))
        daily = (chosen[-1] - chosen[0]).days + 1
        make_operator(home, given.subscribers, 15, chosen[-1], daily=daily)
        none, less = plant(home.landing, month)
        rows = []
        for row in days(home, chosen):
            if not rows:
                print("  ".join(f"{name:>10}" for name in row))
            print("  ".join(f"{value!s:>10}" for value in row.values()), flush=True)
            rows.append(row)
        print(*jumps(rows), *found(home, none, less), sep="\n")


if __name__ == "__main__":
    main()
