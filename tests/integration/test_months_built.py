"""Tables kept by month: after any change they equal tables made from nothing, and months that it does not touch stay.

One synthetic operator, one build file; change after change is built upon it and compared with the same build made whole.
"""

import json
import os
import shutil
import subprocess
from copy import deepcopy
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from oracle.known import month_add
from oracle.operator import Deliveries, write_deliveries
from oracle.operator_more import make_bigger_operator

from orchestration.base.contract import load_contract
from orchestration.base.settings import PROJECT_DIR, Home
from orchestration.base.settings import home as home_at
from orchestration.intake import ensure_empty_tables, take_in
from orchestration.targeting import ledger
from orchestration.warehouse.build import prepare
from orchestration.warehouse.code import code_of
from orchestration.warehouse.dbt import PARSED, executable

SEED = 6
KEPT = ("--select", "+config.materialized:incremental")
"""Tables kept by month, and what they are made from."""


def files(home: Home) -> tuple[Path, Path]:
    """What a build is in: private tables, public ones."""
    return home.build_database, home.public_database


class Builds:
    """A home whose deliveries are changed and built upon, again and again, for one business date."""

    def __init__(self, root: Path, parsed: Path):
        self.project = PROJECT_DIR
        self.home = home_at(root / "grown")
        self.whole = Home(root / "whole")
        self.targets = {home.root: root / f"target_{home.root.name}" for home in (self.home, self.whole)}
        self.targets[self.home.root].mkdir(parents=True)
        for name in ("manifest.json", PARSED):
            shutil.copy(parsed.with_name(name), self.targets[self.home.root])
        operator, self.as_of = make_bigger_operator(SEED)
        self.deliveries: Deliveries = deepcopy(operator.deliveries)
        self.build_upon(self.deliveries)
        kept = [n for n in self.manifest()["nodes"].values() if n["config"].get("unique_key") == "month"]
        self.tables = {n["name"]: f"{n['database']}.{n['schema']}.{n['alias']}" for n in kept}

    def manifest(self) -> dict:
        return json.loads((self.targets[self.home.root] / "manifest.json").read_text())

    def build_upon(self, changed: Deliveries) -> None:
        """Delivers what has changed and builds it upon the tables that stand."""
        write_deliveries(changed, self.home.landing, SEED)
        take_in(self.home, load_contract())
        ensure_empty_tables(self.home, load_contract())
        ledger.ensure_empty_tables(self.home)
        self.home.warehouse.mkdir(parents=True, exist_ok=True)
        if not self.home.build_database.exists():
            self.dbt(self.home, "seed")
        self.dbt(self.home, "run", *KEPT)

    def dbt(self, home: Home, *arguments: str, **given: float) -> None:
        target = str(self.targets[home.root])
        paths = {"TELCO360_HOME": str(home.root), "DBT_TARGET_PATH": target, "DBT_LOG_PATH": target}
        command = [
            executable("dbt" if arguments == ("parse",) else "telco360-dbt"),  # as a run starts it: from what is parsed
            *arguments,
            "--project-dir",
            self.project,
            "--profiles-dir",
            self.project,
        ]
        done = subprocess.run(
            [*command, "--vars", json.dumps({"as_of_date": self.as_of.isoformat()} | given)],
            env=os.environ | paths, capture_output=True, text=True, cwd=self.project,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-5000:]

    def delivered(self, table: str) -> list[dict]:
        """Rows of the table's last delivery that counts; deliver({table: {dt: rows}}) replaces it."""
        return self.deliveries[table][self.last(table)]

    def last(self, table: str) -> date:
        return max(dt for dt in self.deliveries[table] if dt <= self.as_of)

    def change(self, **tables: list[dict]) -> None:
        """Delivers other rows in place of the last delivery of each table, and builds."""
        changed = {table: {self.last(table): rows} for table, rows in tables.items()}
        for table, by_dt in changed.items():
            self.deliveries[table] |= by_dt
        self.build_upon(changed)

    def ask(self, sql: str) -> list[tuple]:
        with duckdb.connect() as db:
            for path in files(self.home):
                db.execute(f"attach '{path}'")
            return db.execute(sql).fetchall()

    def fingerprints(self, model: str) -> dict[date, str]:
        return dict(self.ask(f"select month, min(source_fingerprint) from {self.tables[model]} group by month"))

    def months(self, model: str, before: dict[date, str]) -> set[date]:
        """Months of a table that were rebuilt since these were its fingerprints."""
        now = self.fingerprints(model)
        return {month for month in now.keys() | before.keys() if now.get(month) != before.get(month)}

    def assert_as_from_nothing(self, **given: float) -> None:
        """Every table kept by month has the rows that it has when all of it is rebuilt, with these variables, and some."""
        shutil.rmtree(self.whole.root, ignore_errors=True)
        self.whole.warehouse.mkdir(parents=True)
        self.targets[self.whole.root].mkdir(exist_ok=True)
        shutil.copy(self.targets[self.home.root] / PARSED, self.targets[self.whole.root])
        self.whole.lake.symlink_to(self.home.lake)
        for own, copied in zip(files(self.home), files(self.whole), strict=True):
            shutil.copy(own, copied)
        self.dbt(self.whole, "run", *KEPT, "--full-refresh", **given)
        with duckdb.connect() as db:
            for own, copied in zip(files(self.home), files(self.whole), strict=True):
                db.execute(f"attach '{own}' as grown_{own.stem} (read_only); attach '{copied}' (read_only)")
            for table in self.tables.values():
                rows = [f"select * from {side}{table}" for side in ("", "grown_")]
                counts = [db.execute(f"select count(*) from ({side})").fetchone()[0] for side in rows]
                assert counts[0] == counts[1] > 0, table
                assert db.execute(f"select count(*) from ({rows[0]} except {rows[1]})").fetchone() == (0,), table


@pytest.fixture(scope="module")
def builds(tmp_path_factory, parsed) -> Builds:
    return Builds(tmp_path_factory.mktemp("months"), parsed)


def test_months_whose_sources_stay_are_not_touched_and_one_that_lacks_its_fingerprint_is_mended(builds):
    """What is in a table tells whether it is built: a figure put in by hand stays, until its month says otherwise."""
    scores = builds.tables["fct_value_months"]
    first, last = builds.ask(f"select min(month), max(month) from {scores}")[0]
    builds.ask(f"update {scores} set value_score = -1 where month in ('{first}', '{last}')")
    builds.ask(f"update {scores} set source_fingerprint = 'of a build that died' where month = '{last}'")
    builds.build_upon({})
    assert builds.ask(f"select distinct month from {scores} where value_score = -1") == [(first,)]
    builds.ask(f"delete from {scores} where month = '{first}'")
    builds.build_upon({})
    builds.assert_as_from_nothing()


def test_a_month_that_does_not_fit_is_made_in_ranges_of_lines(builds):
    """A quarter of a month at once: four statements a month, and sixty for averages, which look back a year."""
    builds.assert_as_from_nothing(months_at_once=0.25)
    log = (builds.targets[builds.whole.root] / "dbt.log").read_text()
    assert log.count("where subscriber_id >=") > 60


def test_what_the_register_says_of_a_line_builds_the_months_in_which_it_stands(builds):
    """Another region and customer, a customer's income, a key person: each in the months of the lines concerned alone."""
    scores = builds.tables["fct_value_months"]
    line, customer = builds.ask(
        f"select subscriber_id, min(customer_id) from {scores} group by 1 having count(*) between 2 and 8 order by count(*), 1"
    )[0]
    stands = {month for (month,) in builds.ask(f"select month from {scores} where subscriber_id = '{line}'")}
    before = builds.fingerprints("fct_value_months")
    moved = [
        row | {"region_code": "elsewhere"} if row["subscriber_id"] == line else row for row in builds.delivered("crm_subscribers")
    ]
    builds.change(crm_subscribers=moved)
    assert builds.months("fct_value_months", before) == stands
    builds.assert_as_from_nothing()

    before = builds.fingerprints("subscriber_value_months")
    rich = [
        row | {"annual_income": 10**7} if row["customer_id"] == customer else row for row in builds.delivered("crm_customers")
    ]
    scored = builds.fingerprints("fct_value_months")
    builds.change(crm_customers=rich)
    assert builds.months("fct_value_months", scored) == set()
    assert builds.months("subscriber_value_months", before) >= stands

    group = builds.delivered("crm_groups")[0] | {"group_id": "graded", "group_level": "a"}
    member = dict.fromkeys(builds.delivered("crm_group_members")[0]) | {
        "group_id": "graded", "subscriber_id": line, "member_role": "key_person"
    }  # fmt: skip
    builds.change(
        crm_groups=[*builds.delivered("crm_groups"), group], crm_group_members=[*builds.delivered("crm_group_members"), member]
    )
    assert builds.months("fct_value_months", scored) == stands
    builds.assert_as_from_nothing()


def test_two_lines_that_change_alike_do_not_cancel_each_other(builds):
    """Both paid the same, late: the month's lives differ by a pair of equal changes."""
    months = builds.tables["fct_subscriber_months"]
    query = f"select month, min(subscriber_id), max(subscriber_id) from {months} where paid_amount = 0 group by 1 order by 1"
    month, *lines = builds.ask(query)[0]
    row = builds.delivered("billing_payments")[0] | {
        "paid_at": datetime(month.year, month.month, 5),
        "amount": 50,
        "is_reversal": False,
    }
    late = [row | {"payment_id": f"late {line}", "subscriber_id": line} for line in lines]
    builds.change(billing_payments=[*builds.delivered("billing_payments"), *late])
    paid = f"select distinct paid_amount from {months} where month = '{month}' and subscriber_id in {tuple(lines)}"
    assert builds.ask(paid) == [(50,)]
    builds.assert_as_from_nothing()


def test_late_call_pairs_build_the_three_months_that_look_at_them(builds):
    """A month that is not held is looked at by none, until a bill has it held."""
    circles = builds.fingerprints("int_network__close_peers")
    months = sorted(builds.fingerprints("fct_value_months"))
    row = next(row for row in builds.delivered("billing_call_pairs") if row["peer_subscriber_id"])
    late = row | {"call_month": months[3], "peer_key": "late", "call_days": 30, "call_count": 300}
    earliest = late | {"call_month": month_add(months[0], -1)}
    scored = builds.fingerprints("fct_value_months")
    builds.change(billing_call_pairs=[*builds.delivered("billing_call_pairs"), late, earliest])
    found = builds.months("int_network__close_peers", circles)
    assert found >= set(months[3:6])
    assert found.isdisjoint(months[:3])
    assert months[2] not in builds.months("fct_value_months", scored)
    builds.assert_as_from_nothing()


def test_a_late_bill_builds_the_year_that_looks_at_it(builds):
    """One of a month before all others, too: with it the months held are more."""
    averages, circles = builds.fingerprints("fct_subscriber_averages"), builds.fingerprints("int_network__close_peers")
    months = sorted(averages)
    rows = [r for by_dt in builds.deliveries["billing_charges"].values() for r in by_dt if r["bill_month"] == months[1]]
    row = rows[0]
    builds.change(billing_charges=[*builds.delivered("billing_charges"), row | {"amount": row["amount"] + 1}])
    assert months[0] not in builds.months("fct_subscriber_averages", averages)
    assert builds.months("fct_subscriber_averages", averages) >= set(months[1:13])
    builds.assert_as_from_nothing()

    earliest = month_add(months[0], -1)
    before_all = [r | {"bill_month": earliest} for r in rows]  # as many as a month has: one stray bill opens none
    builds.change(billing_charges=[*builds.delivered("billing_charges"), *before_all])
    assert builds.months("int_network__close_peers", circles) >= {earliest, *months[:2]}
    builds.assert_as_from_nothing()


def test_points_and_rules_build_what_goes_by_them(builds):
    classed, scored = builds.fingerprints("subscriber_value_months"), builds.fingerprints("fct_value_months")
    year = max(classed).year
    points = [
        row | {"points_earned": 20000} if row["points_year"] == year - 1 else row
        for row in builds.delivered("crm_loyalty_points")
    ]
    builds.change(crm_loyalty_points=points)
    assert builds.months("fct_value_months", scored) == set()
    found = builds.months("subscriber_value_months", classed)
    assert found
    assert all(month.year == year or month.month == 12 for month in found)

    averages = builds.fingerprints("fct_subscriber_averages")
    builds.ask("update telco360_public.seeds.value_rules set value = value + 1 where rule = 'key_person_bonus'")
    builds.build_upon({})
    assert builds.months("fct_value_months", scored) == set(scored)
    builds.ask("update telco360_public.seeds.arpu_bands set lower_bound = '31' where lower_bound = '30'")
    builds.build_upon({})
    assert builds.months("fct_subscriber_averages", averages) == set(averages)
    builds.assert_as_from_nothing()


FACTS = ["fct_bill_closings", "fct_subscriber_averages", "fct_subscriber_months"]
LIVES = ["fct_circles", "fct_expected_lifetimes"]
"""Go by lines' months and, circles or churn being counted by them, by the rules of value too."""
VALUES = ["fct_value_months", "activity_scores", "subscriber_value_months"]
VALUES += ["value_composition", "value_migration", "value_pyramid"]
ALERTS = ["alert_counts", "alert_replays"]
FEATURES = ["line_features", "line_group_rates"]
OF_MONTHS = [*FACTS, *LIVES, *VALUES, *ALERTS, *FEATURES]


@pytest.mark.parametrize(
    ("node", "kept"),
    [
        ("model.telco360.stg_billing__charges", ["int_network__close_peers", "int_revenue__charges_allocated", *OF_MONTHS]),
        ("model.telco360.int_revenue__charges_monthly", OF_MONTHS),
        ("model.telco360.fct_value_months", [*VALUES, *ALERTS]),
        ("model.telco360.value_pyramid", ["value_pyramid"]),
        ("seed.telco360.value_rules", ["int_network__close_peers", *LIVES, *VALUES, *ALERTS, *FEATURES]),
        ("model.telco360.tags_risk", []),
        ("seed.telco360.alert_rules", ["alert_counts", *FEATURES]),
        ("macro.telco360.month_of", ["int_network__close_peers", "int_revenue__charges_allocated", *OF_MONTHS]),
        ("macro.telco360.tag_values", []),
    ],
)
def test_a_change_of_code_makes_anew_only_what_goes_by_it(builds, node, kept):
    manifest = builds.manifest()
    before = code_of(manifest, "before")
    changed = manifest["macros" if node.startswith("macro") else "nodes"][node]
    changed |= {"checksum": {"checksum": "other"}, "raw_code": "other", "macro_sql": "other"}
    names = [table.split(".")[1] for table in code_of(manifest, "after").changed(before.kept)]
    assert sorted(set(names) - {"phone_holders"}) == sorted(kept)


def test_tables_made_upon_others_of_earlier_code_are_as_from_nothing(builds, tmp_path_factory):
    """Income counts double from now on: kept tables that go by it are made anew, and all are as if made from nothing."""
    builds.home.warehouse.joinpath("telco360.build.json").unlink(missing_ok=True)
    prepare(builds.home, builds.as_of, code_of(builds.manifest(), "before"), {})
    builds.dbt(builds.home, "seed")
    builds.dbt(builds.home, "run", *KEPT)
    billed = f"select sum(arpu_amount) from {builds.tables['fct_subscriber_months']}"
    before, circles = builds.ask(billed), builds.fingerprints("int_network__close_peers")

    builds.project = tmp_path_factory.mktemp("changed") / "project"
    ignored = shutil.ignore_patterns(".*", "__pycache__", "target", "logs", "data")
    for part in ("models", "macros", "seeds", "tests/dbt", "target_lists"):
        shutil.copytree(PROJECT_DIR / part, builds.project / part, ignore=ignored)
    for part in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(PROJECT_DIR / part, builds.project / part)
    page = builds.project / "models" / "intermediate" / "revenue" / "int_revenue__charges_monthly.sql"
    page.write_text(f"select * replace (2 * arpu_amount as arpu_amount) from ({page.read_text()}) as charges")
    builds.dbt(builds.home, "parse")
    prepared = prepare(builds.home, builds.as_of, code_of(builds.manifest(), "after"), {})
    assert {"core.fct_subscriber_months", "value.value_pyramid"} <= set(prepared.changed)
    assert "intermediate.int_network__close_peers" not in prepared.changed
    builds.dbt(builds.home, "run", *KEPT)
    assert builds.ask(billed) == [(2 * before[0][0],)]
    assert builds.fingerprints("int_network__close_peers") == circles
    builds.assert_as_from_nothing()
