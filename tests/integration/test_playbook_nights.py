"""The playbook over sixty nights: each moment, planted on one line, starts its list once, on the first run after it, and not
again within the list's interval, though the moment lasts.

Moments are told by the model's own SQL over rows of a few lines, compiled once; the lists are those that are shipped, decided and
exported night by night from a small published version.
"""

import csv
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from list_kit import Operator
from made_lists import RELATIONS, insert

from orchestration.base.settings import PROJECT_DIR, Home
from orchestration.catalog.tags import Catalog
from orchestration.catalog.written import written_catalog
from orchestration.engines.duckdb import duckdb_tables
from orchestration.targeting import ledger, run
from orchestration.targeting.definition import Approval, TargetList, check
from orchestration.targeting.folder import load_definitions
from orchestration.targeting.plan import Days, due
from orchestration.warehouse.dbt import PARSED, dbt_environment, executable
from orchestration.warehouse.manifest import load_models, read_manifest

FIRST, NIGHTS = date(2026, 4, 6), 60
SOME_DAY = date(1999, 12, 31)
"""The business date that the model is compiled for; each night puts its own in its place."""
SOME_MONTH = date(1999, 11, 1)
"""Likewise the last billed month."""
CLOSED = {date(2026, 3, 1): date(2026, 4, 6), date(2026, 4, 1): date(2026, 5, 6)}
"""Days on which the bills of a month were in."""
MONTHS = [date(2026, month, 1) for month in range(1, 7)]

ACTIVATED = {
    "first_bill": date(2026, 4, 10), "second_topup": date(2026, 3, 20), "near_mid_high_end": date(2026, 1, 15),
    "anniversary": date(2024, 5, 12),
}  # fmt: skip
BILLS = {"first_bill": {4: 40}, "high_bill": {1: 30, 2: 30, 3: 30, 4: 46}}
"""Billed amount by month of 2026."""
SINCE = date(2026, 5, 12)
"""The day on which a moment begins that is not of the model, or of a date of the line."""
LASTS = 12
"""Days that it lasts: longer than a night, shorter than any interval."""

TOLD = {
    "pre_termination_save": {"status_code": "pre_terminated"},
    "new_subscriber_welcome": {"days_since_activation": 20, "days_since_use": 1},
    "renewal_window": {"is_contract_ending": True},
    "value_loss_red_zone": {"value_class": "mid", "warning_zone": "red"},
    "competitor_contact": {"has_alert_competitor_hotline": True},
    "zero_use": {"has_alert_zero_usage": True},
    "detractor_repair": {"is_detractor": True},
    "low_balance": {"has_alert_low_balance": True, "payment_type": "prepaid"},
    "device_upgrade": {"value_tier": "gold", "device_age_months": 36},
    "plan_switch": {"is_plan_on_sale": False, "months_on_plan": 3},
    "high_value_care": {"value_tier": "gold", "device_age_months": 1, "has_5g_device": True},
    "win_back": {"is_on_net": False, "days_since_churn": 30, "churn_type": "ported_out", "was_mid_high_end": True},
    "birthday": {"has_alert_birthday": True, "value_class": "high"},
}
"""By list: tags of its line that families beside the moments tell, for LASTS days since SINCE."""
ALWAYS = {"festival_greeting": {"value_class": "high"}}
"""Likewise, on every night."""

PLANTED = {
    "first_bill": date(2026, 5, 7), "high_bill": date(2026, 5, 7),  # the day after April's bills were in
    "second_topup": date(2026, 4, 20),  # the first Monday after 30 days
    "near_mid_high_end": date(2026, 5, 11),  # the first Monday after April's bills
    "vip_care": date(2026, 5, 18),  # the first Monday after 90 days without a contact
    "suspension_care": date(2026, 5, 13), "repair_thanks": date(2026, 5, 13), "anniversary": date(2026, 5, 13),
    "festival_greeting": date(2026, 4, 29),  # three days before Labour Day
    "birthday": date(2026, 6, 1),  # on the first of a month
    "device_upgrade": SINCE + timedelta(days=2),  # high_value_care, which goes before it, has the line on the night before
}  # fmt: skip
"""By list: the run date on which its line is taken; the day after SINCE where none is named."""


def first_run(name: str) -> date:
    return PLANTED.get(name, SINCE + timedelta(days=1))


def compiled(home: Home, parsed: Path) -> str:
    """The model's SQL for SOME_DAY and SOME_MONTH."""
    target = home.root / "target"
    target.mkdir(parents=True)
    shutil.copy(parsed.parent / PARSED, target)
    home.warehouse.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(home.public_database)) as db:
        db.execute("create schema core")
        db.execute("create table core.dim_months as select ?::date as month, true as is_billed", [SOME_MONTH])
    own = os.environ | dbt_environment(home) | {"DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(target)}
    command = [executable(), "compile", "--select", "tags_moments", "--project-dir", str(PROJECT_DIR)]
    done = subprocess.run(
        [*command, "--vars", f"{{as_of_date: {SOME_DAY}}}"], env=own, capture_output=True, text=True, check=False, cwd=PROJECT_DIR
    )
    assert done.returncode == 0, done.stdout[-3000:]
    (path,) = (target / "compiled").rglob("tags_moments.sql")
    return path.read_text(encoding="utf-8")


def world(lines: list[str], day: date) -> Iterator[tuple[str, str, list[tuple]]]:
    """What the model reads on a night: table, columns, rows."""
    since = (day >= SINCE, day < SINCE + timedelta(days=LASTS))
    billed = [month for month, closed in CLOSED.items() if closed <= day]
    yield (
        "core.dim_subscribers",
        "subscriber_id varchar, is_on_net boolean, payment_type varchar, status_code varchar, tenure_months integer,"
        " activation_date date",
        [
            (
                name, name != "win_back", "prepaid" if name == "second_topup" else "postpaid", "active",
                (day.year - begun.year) * 12 + day.month - begun.month + 1, begun,
            )
            for name in lines
            if (begun := ACTIVATED.get(name, date(2020, 8, 15))) <= day
        ],
    )  # fmt: skip
    is_near = date(2026, 4, 1) in billed
    yield (
        "value.subscriber_value",
        "subscriber_id varchar, vip_level varchar, value_class varchar, is_mid_high_end boolean, arpu_3m double",
        [
            (name, "gold" if name in ("vip_care", "suspension_care") else None, "low", False,
             96.0 if name == "near_mid_high_end" and is_near else 20.0)
            for name in lines
        ],
    )  # fmt: skip
    paid = {3: 30, 4: 30 if day >= date(2026, 4, 25) else 0}
    yield (
        "core.fct_subscriber_months",
        "subscriber_id varchar, month date, has_charges boolean, is_after_churn boolean, billed_amount double,"
        " paid_amount double",
        [
            (name, month, month.month in BILLS.get(name, {}), False, BILLS.get(name, {}).get(month.month),
             paid.get(month.month, 0) if name == "second_topup" else 0)
            for name in lines
            for month in MONTHS
            if month <= day
        ],
    )  # fmt: skip
    yield (
        "core.dim_months",
        "month date, closed_on date",
        [(m, CLOSED.get(m) if m in billed else None) for m in MONTHS if m <= day],
    )
    calls = [("vip_care", date(2026, 2, 15)), ("suspension_care", FIRST)]
    yield "core.fct_contacts", "subscriber_id varchar, contact_date date, is_connected boolean", [(*call, True) for call in calls]
    yield "core.fct_complaints", "subscriber_id varchar, closed_at timestamp", [("repair_thanks", SINCE if since[0] else None)]
    yield "core.fct_balances", "subscriber_id varchar, arrears_amount double", [("suspension_care", 5.0 if all(since) else 0.0)]


def moments(db: duckdb.DuckDBPyConnection, model: str, lines: list[str], day: date) -> dict[str, dict[str, object]]:
    """The moments of each line on a night, by the model."""
    for table, columns, rows in world(lines, day):
        db.execute(f"create or replace table telco360_public.{table} ({columns})")
        db.executemany(f"insert into telco360_public.{table} values ({', '.join('?' * len(columns.split(', ')))})", rows)
    last_billed = max(month for month, closed in CLOSED.items() if closed <= day)
    found = db.sql(model.replace(f"{SOME_DAY}", f"{day}").replace(f"{SOME_MONTH}", f"{last_billed}"))
    return {row[0]: dict(zip(found.columns[1:], row[1:], strict=True)) for row in found.fetchall()}


def tags_on(name: str, day: date) -> dict[str, object]:
    """The tags of a list's line that other families tell."""
    first = date(2026, 5, 25) if name == "birthday" else SINCE
    is_so = first <= day < first + timedelta(days=LASTS)
    # Nothing of what a list asks for holds, but that of its own line.
    none = {
        "is_on_net": True,
        "status_code": "active",
        "is_universal_control": False,
        "has_5g_device": True,
        "is_plan_on_sale": True,
    }
    none |= {"days_since_activation": 900, "has_handset_contract": False}
    off = {"is_on_net": False, "days_since_churn": 900} if name == "win_back" else {}
    return none | off | ALWAYS.get(name, {}) | (TOLD.get(name, {}) if is_so else {})


class Nights:
    """A home whose published version is laid anew each night, and the lists that go out from it."""

    def __init__(self, folder: Path, parsed: Path):
        shipped = load_definitions(PROJECT_DIR / "target_lists")
        self.lists = {one.name: replace(one, control_share=0.0, approved=Approval("boss", FIRST)) for one in shipped}
        self.names = sorted(self.lists)
        self.catalog = written_catalog(load_models(read_manifest(parsed)))
        self.operator, self.model = Operator(folder / "home"), compiled(Home(folder / "build"), parsed)
        self.tags = sorted({tag for one in self.lists.values() for tag in used(one, self.catalog)})
        kinds = {"flag": "boolean", "number": "double", "date": "date"}
        self.types = {tag: kinds.get(self.catalog.tag(tag).kind, "varchar") for tag in self.tags}
        self.db = duckdb.connect()
        self.db.execute("attach ':memory:' as telco360_public")
        for schema in ("core", "value", "seeds"):
            self.db.execute(f"create schema telco360_public.{schema}")
        for seed in ("moment_rules", "value_rules", "festivals"):
            self.db.execute(f"create table telco360_public.seeds.{seed} as from read_csv('{PROJECT_DIR / 'seeds' / seed}.csv')")
        self.taken: dict[str, list[tuple[date, str]]] = {name: [] for name in self.names}
        self.lay()

    def lay(self) -> None:
        """What stays: the catalogue, offers open to all lines, a phone for each."""
        columns = ", ".join(f'"{tag}" {kind}' for tag, kind in self.types.items())
        rows = [
            (one.name, "subscriber", one.model, one.kind, self.types[tag], json.dumps(list(one.values)) if one.values else None)
            for tag in self.tags
            if (one := self.catalog.tag(tag))
        ]
        with duckdb.connect(str(self.operator.published)) as db:
            db.execute(f"create or replace table tags.subscriber_360 (subscriber_id varchar, {columns})")
            db.execute("delete from tags.tag_catalog")
            db.executemany(
                "insert into tags.tag_catalog (tag_name, entity, model_name, kind, data_type, allowed_values, description,"
                " label_zh, status, is_historic, is_tracked, sources)"
                " values (?, ?, ?, ?, ?, ?, 'x', '', 'active', false, false, '[]')",
                rows,
            )
            offers = sorted({one.offer for one in self.lists.values() if one.offer and one.offer != "best"})
            insert(db, "core.dim_offers", [(code, code, 0, 0, code, None, True) for code in offers])
            is_open = [(name, code, rank, rank == 1, 1.0) for name in self.names for rank, code in enumerate(offers, 1)]
            insert(db, "marketing.next_best_offers", is_open)
        with duckdb.connect(str(self.operator.private)) as db:
            insert(db, "private.subscriber_phones", [(name, f"139000000{n:02}", True) for n, name in enumerate(self.names)])

    def night(self, day: date) -> None:
        """Lays the tags of the day, and exports the lists that are due the day after."""
        told, run_date = moments(self.db, self.model, self.names, day), day + timedelta(days=1)
        rows = [(name, *(({**tags_on(name, day), **told.get(name, {})}).get(tag) for tag in self.types)) for name in self.names]
        last_month = max(month for month, closed in CLOSED.items() if closed <= day)
        with duckdb.connect(str(self.operator.published)) as db:
            db.execute("delete from tags.subscriber_360")
            db.executemany(f"insert into tags.subscriber_360 values (?{', ?' * len(self.types)})", rows)
            db.execute("delete from core.dim_months")
            db.execute("insert into core.dim_months values (?, true, true, ?, 1, 0)", [last_month, CLOSED[last_month]])
        home = self.operator.home
        last = {row["list_name"]: (row["run_date"], row["as_of_date"]) for row in ledger.current_runs(home)}
        names = due(self.lists.values(), Days(run_date, day, CLOSED[last_month], last))
        with (
            duckdb_tables(RELATIONS, self.operator.published, self.operator.private, home.exports / ".spill") as tables,
            run.open_run(tables, home, self.lists, names, run_date, day, "v1", "tester") as decided,
        ):
            assert not decided.plan.rejected, decided.plan.rejected
            # A list that nobody matches writes an empty file: left out here, but where the run itself counts.
            gone = [n for n in names if decided.waterfall(n)["matched"] or self.lists[n].schedule == "after_billing"]
            for name in gone:
                decided.export(name)
        for exported in ledger.current_runs(home):
            if exported["run_date"] == run_date:
                members = ledger.members_of(home, exported).to_pylist()
                taken = [(run_date, row["subscriber_id"]) for row in members if row["arm"] == ledger.TREATED]
                self.taken[exported["list_name"]] += sorted(taken)


def used(definition: TargetList, catalog: Catalog) -> set[str]:
    """The tags that a list asks for, shows, orders by or says, and what decides beside them."""
    asked = check(definition, catalog).tags
    return {*asked, *definition.columns, *definition.order_tags, *definition.script_tags, "is_universal_control", "is_on_net"}


@pytest.fixture(scope="module")
def nights(tmp_path_factory, parsed) -> Nights:
    found = Nights(tmp_path_factory.mktemp("playbook"), parsed)
    for n in range(NIGHTS):
        found.night(FIRST + timedelta(days=n))
    return found


def intervals() -> dict[str, int | None]:
    """Days of the playbook by list; None for one that is once in a line's life."""
    with open(PROJECT_DIR / "seeds" / "playbook.csv", encoding="utf-8", newline="") as file:
        return {row["list_name"]: int(row["interval_days"]) if row["interval_days"] else None for row in csv.DictReader(file)}


def test_every_moment_starts_its_list_once_on_its_day(nights):
    expected = {name: [(first_run(name), name)] for name in intervals()}
    expected["high_value_care"].insert(0, (first_run("high_value_care"), "device_upgrade"))
    assert nights.taken == expected


def test_no_line_is_taken_twice_within_the_interval(nights):
    """The moments last: without an interval lists would take their lines again, night after night."""
    for name, days in intervals().items():
        matched = [row for row in ledger.runs(nights.operator.home).to_pylist() if row["list_name"] == name and row["matched"]]
        held = [row["run_date"] for row in matched if row["on_list_before"]]
        assert all((day - first_run(name)).days <= (days or NIGHTS) for day in held)
        assert held or len(matched) == 1, name
