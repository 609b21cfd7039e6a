"""The scan finds a planted value of each kind in each place, and nothing else."""

import gzip
import json
import sqlite3
from contextlib import closing

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from intake_kit import CONTRACT
from privacy_kit import write
from typer.testing import CliRunner

from orchestration.base.settings import Home
from orchestration.cli.main import app
from orchestration.privacy.scan import scan

PHONE, DOCUMENT, NAME, WESTERN, BIRTH = "13800138003", "11010119800203123X", "欧阳明慧", "Jane Fairfax", "1980-02-03"


@pytest.fixture
def home(persons_home) -> Home:
    return persons_home


def found(home: Home) -> set[tuple[str, str]]:
    return {(one.place, one.kind) for one in scan(home, CONTRACT).found}


def in_version(home: Home, *statements: str) -> str:
    path = home.current.resolve()
    path.chmod(0o600)
    with duckdb.connect(str(path)) as db:
        for statement in statements:
            db.execute(statement)
    return f"published/{path.name} "


def test_a_home_as_a_run_leaves_it_has_no_finding(persons_kept):
    came_to = scan(persons_kept, CONTRACT)
    assert came_to.found == []
    assert came_to.looked_at["versions"] == 1 and came_to.looked_at["exports"] == 1


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (f"'{PHONE}'", "number"),
        ("'+86 138 0013 8003'", "number"),
        (f"'call {PHONE} at noon'", "number"),
        (f"'{DOCUMENT.lower()}'", "number"),
        (f"'{NAME}'", "name"),
        (f"'客户：{NAME}，投诉'", "name"),
        (f"'{WESTERN.upper()}'", "name"),
        (f"'complained: {WESTERN}, at noon'", "name"),
        (f"'born {BIRTH}'", "birth date"),
        ("'19800203'", "birth date"),
    ],
)
def test_each_kind_is_found_in_a_cell_of_a_published_table(home, value, kind):
    place = in_version(home, f"update core.dim_subscribers set status = {value} where subscriber_id = 'L1'")
    assert (f"{place}core.dim_subscribers.status", kind) in found(home)


def test_a_date_column_tells_a_birth_beside_its_own_customer_and_no_other(home):
    add = "alter table core.dim_subscribers add column born date"
    place = in_version(home, add, f"update core.dim_subscribers set born = date '{BIRTH}' where subscriber_id = 'L3'")
    assert found(home) == set()
    in_version(home, f"update core.dim_subscribers set born = date '{BIRTH}' where subscriber_id = 'L2'")
    assert found(home) == {(f"{place}core.dim_subscribers.born", "birth date")}


@pytest.mark.parametrize(
    "text", ["2026-10-13 80:01:38.003", "0.13800138003", "a13800138003f", "99913800138003999", "L99 born 1980-02-03"]
)
def test_what_only_looks_like_it_is_not_found(home, text):
    write(home.warehouse / "dbt" / "dbt.log", text)
    assert found(home) == set()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"row {PHONE} failed", "number"),
        ("row 138-0013-8003 failed", "number"),
        (f"document {DOCUMENT}", "number"),
        (f"the name {NAME}", "name"),
        (json.dumps({"name": NAME}), "name"),
        (f"<td>{WESTERN}</td>", "name"),
        (f"C1,personal,{BIRTH}", "birth date"),
    ],
)
@pytest.mark.parametrize(
    "place",
    ["warehouse/dbt/dbt.log", "warehouse/dbt/run_results.json", "warehouse/data_docs/index.html",
     "exports/2026-03-02/care.json", "published/telco360_2026-03-02_20260303T000000Z-abcd.json",
     "lake/models/value_loss/v/card.json", "warehouse/month_sums.json"],
)  # fmt: skip
def test_each_kind_is_found_in_each_kind_of_file(home, place, text, kind):
    path = home.root / place
    before = path.read_text() if path.exists() else ""
    is_json = before.endswith("}")  # a version is read by it
    write(path, f'{before[:-1]}, "said": {json.dumps(text, ensure_ascii=False)}}}' if is_json else before + text)
    assert (place, kind) in found(home)


@pytest.mark.parametrize("text", [PHONE, DOCUMENT, NAME, f"C1 {BIRTH}"])
def test_dagsters_store_and_packed_files_are_looked_into(home, text):
    store = home.warehouse / "dagster" / "history" / "runs.db"
    with closing(sqlite3.connect(store)) as events, events:
        events.execute("insert into events values (2, ?, null)", [f"trace of {text} there"])
    (home.warehouse / "dagster" / "trace.gz").write_bytes(gzip.compress(f"trace of {text} there".encode()))
    places = {place for place, _ in found(home)}
    assert places == {"warehouse/dagster/history/runs.db", "warehouse/dagster/trace.gz"}


def test_quarantine_ledger_and_exports_are_looked_into_and_phones_of_lists_are_no_finding(home):
    aside = home.quarantine / "crm_customers" / "dt=2026-03-02" / "accepted.parquet"
    aside.parent.mkdir(parents=True)
    pq.write_table(pa.table({"value": [PHONE], "faults": [[{"value": NAME}]]}), aside)
    pq.write_table(pa.table({"warnings": [[f"the first is {DOCUMENT}"]]}), home.ledger / "profiles.parquet")
    write(home.ledger / "profiles" / "a.txt", "")
    pq.write_table(pa.table({"warnings": [[f"the first is {DOCUMENT}"]]}), home.ledger / "profiles" / "a.parquet")
    write(home.exports / "2026-03-02" / "feed.csv", f"subscriber_id,phone,said\r\nL3,{PHONE},{WESTERN}\r\nL1,,{PHONE}\r\n")
    assert found(home) == {
        ("lake/quarantine/crm_customers.value", "number"),
        ("lake/quarantine/crm_customers.faults", "name"),
        ("lake/ledger/profiles.warnings", "number"),
        ("exports/2026-03-02/feed.csv.said", "name"),
        ("exports/2026-03-02/feed.csv.said", "number"),
    }


def test_a_name_that_is_a_word_of_the_operator_proves_nothing(home):
    regions = home.raw / "crm_regions" / "dt=2026-03-02"
    regions.mkdir(parents=True)
    pq.write_table(pa.table({"region_code": ["R1"], "region_name": [NAME]}), regions / "part-0.parquet")
    in_version(home, f"update core.dim_subscribers set status = '{NAME}'")
    assert found(home) == set()


def test_a_home_without_a_lake_is_no_clean_one(tmp_path):
    told = CliRunner().invoke(app, ["privacy", "scan", "--home", str(tmp_path / "typo")])
    assert told.exit_code == 1 and "nothing tells what to look for. Name the home with --home" in told.output


def test_the_command_says_what_where_and_ends_with_one(home, persons_kept):
    told = CliRunner().invoke(app, ["privacy", "scan", "--home", str(persons_kept.root)])
    assert told.exit_code == 0 and "No phone, document number, name or birth date of the lake was found" in told.output
    in_version(home, f"update core.dim_subscribers set status = '{PHONE}' where subscriber_id = 'L3'")
    told = CliRunner().invoke(app, ["privacy", "scan", "--home", str(home.root)])
    assert told.exit_code == 1
    assert "core.dim_subscribers.status" in told.output and "138******03" in told.output
    assert PHONE not in told.output and "take it out of its model" in told.output
