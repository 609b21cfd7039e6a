"""A small home with persons in it and something of everything that a run leaves: for tests of privacy."""

import json
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import duckdb
from intake_kit import CONTRACT, Operator
from made_ledger import record_run

from orchestration.base.settings import Home
from orchestration.intake import ensure_empty_tables
from orchestration.warehouse.candidate import Contents
from orchestration.warehouse.checksums import table_facts
from orchestration.warehouse.manifest import Model

DAYS = ("2026-03-01", "2026-03-02")
LINES = {"L1": ("C1", "13800138001"), "L2": ("C1", "13800138002"), "L3": ("C3", "13800138003"), "L4": ("C4", "13800138004")}
PERSONS = {
    "C1": ("欧阳明慧", "1980-02-03", "11010119800203123X"),
    "C3": ("Jane Fairfax", "1991-07-08", "110101199107081234"),
    "C4": ("上官婉儿", "1975-11-12", "110101197511121234"),
}
PUBLIC = """
create schema core; create schema churn; create schema tags;
create table core.dim_subscribers (subscriber_id varchar not null, customer_id varchar not null, status varchar);
insert into core.dim_subscribers values ('L1','C1','active'),('L2','C1','active'),('L3','C3','active'),('L4','C4','active');
create table churn.churn_monthly as select date '2026-02-01' as month, 4 as lines;
create table tags.tag_changes as select 'L1' as subscriber_id, 'value_tier' as tag, 'of line L1, not L10' as said;
comment on table core.dim_subscribers is 'Lines.'; comment on column core.dim_subscribers.status is 'Its status.';
create view core.lines as select subscriber_id from core.dim_subscribers;
"""
MODELS = tuple(
    Model(name.split(".")[1], *name.split(".")) for name in ("core.dim_subscribers", "churn.churn_monthly", "tags.tag_changes")
)


def deliver_persons(operator: Operator, day: str) -> None:
    """Snapshots of all persons and lines, as the source system writes them each day."""
    people = "".join(f"{c},personal,{n},{b},{d}\n" for c, (n, b, d) in PERSONS.items())
    operator.deliver(
        "crm_customers", day, {"a.csv": "customer_id,customer_type,full_name,birth_date,id_document_number\n" + people}
    )
    lines = "".join(f"{s},{c},A{s},{phone},2025-01-01,active,2025-01-01\n" for s, (c, phone) in LINES.items())
    header = "subscriber_id,customer_id,account_id,msisdn,activation_date,status_code,status_date\n"
    operator.deliver("crm_subscribers", day, {"a.csv": header + lines})


def made_home(root: Path) -> Home:
    """Deliveries taken in, a published version, a list run with its file, a page, a log, a store of Dagster."""
    operator = Operator(root)
    home = operator.home
    for day in DAYS:
        deliver_persons(operator, day)
    charges = "".join(f"{line},2026-02-01,rent,10.00\n" for line in LINES) + "L1,2026-02-01,calls,abc\n"
    operator.deliver("billing_charges", DAYS[0], {"a.csv": "subscriber_id,bill_month,fee_code,amount\n" + charges})
    operator.take(max_set_aside_share=1.0)
    ensure_empty_tables(home, CONTRACT)
    record_run(home, "care", date(2026, 3, 2), [{"subscriber_id": line, "arm": "treated"} for line in LINES])
    publish(home)
    folder = home.exports / "2026-03-02"
    write(
        folder / "care.csv",
        '\ufeff"subscriber_id","phone",tier\r\n' + "".join(f'"{s}","{p}",gold\r\n' for s, (_, p) in LINES.items()),
    )
    write(
        folder / "care.json", json.dumps({"list": "care", "rows": 4, "files": [{"name": "care.csv", "bytes": 1, "sha256": "x"}]})
    )
    write(home.warehouse / "data_docs" / "index.html", "<html>subscriber_id L1: 1 row</html>")
    write(home.warehouse / "dbt" / "dbt.log", "12:00 row of L1\n12:01 row of L10\n")
    with closing(sqlite3.connect(_made(home.warehouse / "dagster" / "history" / "runs.db"))) as store, store:
        store.execute('create table events (id integer primary key, body text, "limit" text)')
        store.execute("insert into events values (1, 'warned of L1', null)")
    for path in (home.build_database, home.public_database):
        duckdb.connect(str(path)).close()
    return home


def publish(home: Home) -> Path:
    """A published version of PUBLIC, with its description."""
    path = _made(home.published / "telco360_2026-03-02_20260303T000000Z-abcd.duckdb")
    with duckdb.connect(str(path)) as db:
        db.execute(PUBLIC)
    with duckdb.connect() as db:
        db.execute(f"attach '{path}' as candidate (read_only)")
        tables = {model.relation: table_facts(db, model) for model in MODELS}
    contents = Contents("2026-03-02", "c0de", {}, [], tables, is_approved=True)
    facts = {"version": path.stem, "run": "20260303T000000Z-abcd", "made_at": "2026-03-03T00:00:00+00:00"}
    path.with_suffix(".json").write_text(json.dumps(facts | contents.to_json()))
    home.current.symlink_to(path.name)
    path.chmod(0o400)
    return path


def write(path: Path, text: str) -> None:
    _made(path).write_bytes(text.encode())


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
