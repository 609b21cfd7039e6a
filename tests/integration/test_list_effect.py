"""What lists did, measured from the ledger, against what the synthetic operator is known to have planted.

Its retention list wins responders: they order, and stay. Whom it would have taken among lines that are never contacted is noted
while it is made: they are the control. List and control go into the ledger as an export would have frozen them.
"""

import copy
import json
import math
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from made_ledger import record_run

from orchestration.base.contract import load_contract
from orchestration.base.settings import PROJECT_DIR, Home
from orchestration.intake import ensure_empty_tables, take_in
from orchestration.privacy import restrict
from orchestration.scoring import ledger as scores
from orchestration.targeting import ledger, offers, tasks
from orchestration.warehouse.build import reading
from sample import lifelines, make_operator
from sample.block import names
from sample.settings import Settings

AS_OF, MONTHS = date(2026, 6, 30), 15
LIST = "retention_call"
TABLES = ("crm_subscribers", "crm_subscriber_events", "channel_contacts", "channel_orders")
DAY = 5  # of the month on which the list runs
ORDERED = 0.92  # share of the synthetic operator's orders that are completed
LISTENED, NOT_LISTENED = 0.7 * 0.85, 0.6 * (0.04 * 0.85 + 0.13 * 0.02)  # share that orders, of the two kinds of members


@dataclass(frozen=True)
class Run:
    """One month's list: lines taken, lines held back, chance of each line there to leave in the month."""

    month: date
    treated: np.ndarray
    control: np.ndarray
    there: np.ndarray
    chance: np.ndarray


class Spy:
    """Stands in for the draw of the retention list, and notes it."""

    def __init__(self):
        self.draw, self.drawn, self.people = lifelines._retention_list, [], None

    def __call__(self, rng, people, there, chance, tenure, leaves):
        twin = copy.deepcopy(rng)
        contacted, held_back = self.draw(rng, people, there, chance, tenure, leaves)
        score = np.where((tenure >= 3) & ~leaves, chance * np.exp(0.5 * twin.standard_normal(len(there))), 0)
        floor = score[np.isin(there, contacted)].min()
        self.people = people
        self.drawn.append((contacted, there[people.is_holdout[there] & (score >= floor)], there, chance.copy()))
        return contacted, held_back


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> tuple[Home, list[Run], Spy]:
    """A synthetic operator whose retention lists are in the ledger, with its effect tables built."""
    home = Home(tmp_path_factory.mktemp("effect"))
    spy = Spy()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lifelines, "_retention_list", spy)
        make_operator(home, 20_000, MONTHS, AS_OF, seed=5, daily=0, tables=TABLES)
    shutil.rmtree(home.ledger)  # of the lists of late; here all months count, of one list
    months = [date(2025, 4, 1).replace(year=2025 + (3 + n) // 12, month=(3 + n) % 12 + 1) for n in range(MONTHS)]
    runs = [Run(month, *drawn) for month, drawn in zip(months, spy.drawn, strict=True)]
    take_in(home, load_contract())
    ensure_empty_tables(home, load_contract())
    for run in runs:
        freeze(home, run, spy.people)
    offers.ensure_empty_table(home)
    tasks.ensure_empty_table(home)
    scores.ensure_empty_tables(home)
    restrict.ensure_empty_table(home)
    build(home)
    return home, runs, spy


def freeze(home: Home, run: Run, people) -> None:
    """Writes the list to the ledger, and after it a run of that day that failed."""
    run_date = run.month.replace(day=DAY)
    offer = np.where(people.level < 50, "O01", np.where(people.level < 110, "O02", "O03"))
    members = [
        {"subscriber_id": one, "arm": arm, "offer_code": str(offer[line]), "is_at_risk": True}
        for lines, arm in ((run.treated, "treated"), (run.control, "control"))
        for one, line in zip(names("L", people.line[lines], 9).to_pylist(), lines, strict=True)
    ]
    record_run(home, LIST, run_date, members)
    record_run(home, LIST, run_date, [], status=ledger.FAILED)


def build(home: Home) -> None:
    home.warehouse.mkdir(parents=True)
    target = home.root / "target"
    environment = os.environ | {"TELCO360_HOME": str(home.root), "DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(target)}
    command = [Path(sys.executable).with_name("dbt"), "build", "--project-dir", PROJECT_DIR, "--profiles-dir", PROJECT_DIR]
    selected = ["--select", "+list_effect", "+campaign_effect", "target_list_runs", "--exclude-resource-type", "unit_test"]
    variables = ["--vars", json.dumps({"as_of_date": str(AS_OF)})]
    done = subprocess.run([*command, *selected, *variables], env=environment, capture_output=True, text=True, cwd=PROJECT_DIR)
    assert done.returncode == 0, done.stdout[-3000:]


def rows(home: Home, sql: str) -> list[dict]:
    with reading(home) as db:
        return db.execute(sql).to_arrow_table().to_pylist()


def orders_planted(runs: list[Run], people) -> list[float]:
    """By run: share of the treated that order their offer because of the list."""
    listened = [people.is_responder[run.treated].mean() for run in runs]
    return [ORDERED * (share * LISTENED + (1 - share) * NOT_LISTENED) for share in listened]


def kept_planted(runs: list[Run], people) -> list[float]:
    """By run: share of the treated on-net 90 days later because of the list alone.

    A responder's chance to leave is cut in the three months after; where another run cuts it anyway, this one adds nothing.
    """
    settings, gains = Settings(), []
    for nth, run in enumerate(runs):
        end = run.month.replace(day=DAY).toordinal() + 90
        treated = people.is_responder[run.treated]
        stays, would_stay, last = np.ones(len(treated)), np.ones(len(treated)), np.zeros(len(treated))
        for after in runs[nth + 1 : nth + 1 + settings.responder_months]:
            days = end - after.month.toordinal() + 1
            share = min(1, max(0, days / 30.4))
            chance = dict(zip(after.there.tolist(), after.chance.tolist(), strict=True))
            last = np.array([chance.get(line, before) for line, before in zip(run.treated.tolist(), last, strict=True)])
            others = [r.treated for r in runs if r is not run and 0 < months_from(r, after) <= settings.responder_months]
            by_others = np.isin(run.treated, np.concatenate([[-1], *others]))
            alone = np.where(treated & ~by_others, np.minimum(last / settings.responder_factor, lifelines.MOST), last)
            stays, would_stay = stays * (1 - last * share), would_stay * (1 - alone * share)
        gains.append(float((stays - would_stay).mean()))
    return gains


def months_from(first: Run, second: Run) -> int:
    return (second.month.year - first.month.year) * 12 + second.month.month - first.month.month


def newcombe(hits: int, of: int, other_hits: int, other_of: int, z: float = 1.959964) -> tuple[float, float]:
    """The interval of the difference of two shares, Newcombe 1998, method 10."""

    def wilson(x: int, n: int) -> tuple[float, float]:
        middle, half = 2 * x + z * z, z * math.sqrt(z * z + 4 * x * (1 - x / n))
        return (middle - half) / (2 * (n + z * z)), (middle + half) / (2 * (n + z * z))

    p, q = hits / of, other_hits / other_of
    (low, high), (other_low, other_high) = wilson(hits, of), wilson(other_hits, other_of)
    return p - q - math.hypot(p - low, other_high - q), p - q + math.hypot(high - p, q - other_low)


def test_the_interval_is_the_published_one(planted):
    assert newcombe(56, 70, 48, 80) == (pytest.approx(0.0524, abs=5e-5), pytest.approx(0.3339, abs=5e-5))
    found = rows(planted[0], "select * from marketing.list_effect where uplift is not null")
    assert len(found) == MONTHS
    for row in found:
        expected = newcombe(row["ordered_treated"], row["targeted_treated"], row["ordered_control"], row["targeted_control"])
        assert (row["uplift_low"], row["uplift_high"]) == pytest.approx(expected, abs=1e-12)


def test_the_run_that_was_exported_counts_and_nobody_is_lost(planted):
    home, runs, _ = planted
    found = rows(home, "select * from marketing.list_effect order by run_date")
    standing = rows(home, "select run_id, status from marketing.target_list_runs order by run_date")
    assert {(row["run_id"][-4:], row["status"]) for row in standing} == {("_001", "exported")}
    assert [(r["targeted_treated"], r["targeted_control"]) for r in found] == [(len(r.treated), len(r.control)) for r in runs]
    assert {row["contacted_control"] for row in found} == {0}
    assert all(row["contacted_treated"] > 0.9 * row["targeted_treated"] for row in found)


@pytest.mark.parametrize(("measure", "truth"), [("uplift", orders_planted), ("retention_uplift", kept_planted)])
def test_intervals_cover_what_was_planted(planted, measure, truth):
    home, runs, spy = planted
    found = rows(home, "select * from marketing.list_effect order by run_date")
    known = truth(runs, spy.people)
    judged = [(row, true) for row, true in zip(found, known, strict=True) if row[measure] is not None]
    covered = [row[f"{measure}_low"] <= true <= row[f"{measure}_high"] for row, true in judged]
    assert len(judged) >= MONTHS - 4
    assert sum(covered) >= len(judged) - 2, list(zip(covered, judged, strict=True))

    (all_runs,) = rows(home, "select * from marketing.campaign_effect where dimension = 'list'")
    weights = [row["targeted_treated"] for row, _ in judged]
    true = float(np.average([true for _, true in judged], weights=weights))
    assert all_runs[f"{measure}_low"] <= true <= all_runs[f"{measure}_high"]
    if measure == "uplift":
        assert all_runs["uplift_low"] > 0.1, "an effect of this size is seen"


def test_nobody_is_judged_before_the_time(planted):
    late = [row for row in rows(planted[0], "select * from marketing.list_effect") if (AS_OF - row["run_date"]).days < 90]
    early = [row for row in rows(planted[0], "select * from marketing.list_effect") if (AS_OF - row["run_date"]).days >= 90]
    assert len(late) == 3 and len(early) == MONTHS - 3
    assert {(row["save_rate"], row["retention_rate_control"], row["retention_uplift"]) for row in late} == {(None, None, None)}
    assert all(0 < row["save_rate"] < 1 for row in early)
