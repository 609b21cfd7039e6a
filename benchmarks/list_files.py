"""What the file of a list costs beyond the query that decides it: seconds and memory of each format, at any number of rows.

Each format is written by a process of its own from rows that lie in a DuckDB file, as those of a list do; the same query, its
rows read and thrown away, is what is left out. The rows are made up: ten columns, with Chinese, nulls and all kinds of values.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb

from orchestration.targeting.file_title import FileTitle
from orchestration.targeting.files import FORMATS, write_list

MB = 1e6
MEMORY = "250MB"
"""DuckDB's limit while it writes; what it keeps of the table in memory counts to the process."""

ROWS = """
    select
        'S' || lpad(i::varchar, 10, '0') as subscriber_id, '138' || lpad(i::varchar, 8, '0') as phone,
        ['diamond', 'gold', 'silver', 'ordinary', 'mass'][1 + i % 5] as value_tier,
        (hash(i) % 100000 / 100)::decimal(18, 2) as realised_value, (hash(i + 1) % 50000 / 100)::decimal(18, 2) as arpu_3m,
        case when i % 40 <> 3 then '畅享套餐' || (i % 40) end as plan_name, (hash(i + 2) % 200)::integer as tenure_months,
        'R' || (i % 30) as region_code, date '2020-01-01' + (i % 900)::integer as activation_date, i % 3 = 0 as is_on_net,
        hash(i) as place
    from range({rows}) as t(i)
"""
QUERY = "select * exclude (place) from made order by place"


def made_rows(path: Path, rows: int) -> None:
    """A DuckDB file with the table `made` of so many rows."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"create table made as {ROWS.format(rows=rows)}")


def measure(database: Path, format: str, directory: Path) -> dict:
    """Writes the list once and tells: rows, bytes, seconds of the query and of the writing beyond it, CPU, peak of memory."""
    with duckdb.connect(str(database), read_only=True, config={"memory_limit": MEMORY}) as connection:
        connection.execute(f"set temp_directory = '{directory}/spill'")
        started = time.monotonic()
        for _ in connection.execute(QUERY).to_arrow_reader(50_000):
            pass
        query, began, cpu = time.monotonic() - started, time.monotonic(), time.process_time()
        written = write_list(connection, QUERY, "list", format, directory, FileTitle("list", "List", "名单", date(2026, 6, 30)))
        seconds, cpu = time.monotonic() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"format": format, "rows": written.rows, "bytes": written.bytes, "query_seconds": query,
            "seconds": max(seconds - query, 0), "cpu_seconds": cpu, "peak_rss_bytes": peak}  # fmt: skip


def table(results: Sequence[dict]) -> str:
    """The results as Markdown."""
    lines = [
        "| format | rows | MB | query, s | beyond it, s | CPU s, with the query | RSS, MB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for r in results:
        lines.append(
            f"| {r['format']} | {r['rows']:,} | {r['bytes'] / MB:.1f} | {r['query_seconds']:.1f} | {r['seconds']:.1f} "
            f"| {r['cpu_seconds']:.1f} | {r['peak_rss_bytes'] / MB:,.0f} |"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--child", nargs=3, metavar=("DATABASE", "FORMAT", "DIRECTORY"), help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.child:
        database, format, directory = given.child
        print(json.dumps(measure(Path(database), format, Path(directory))))
        return
    with tempfile.TemporaryDirectory() as folder:
        database, results = Path(folder) / "rows.duckdb", []
        made_rows(database, given.rows)
        for format in FORMATS:
            command = [sys.executable, "-m", "benchmarks.list_files", "--child", str(database), format, folder]
            results.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout))
    print(table(results))


if __name__ == "__main__":
    main()
