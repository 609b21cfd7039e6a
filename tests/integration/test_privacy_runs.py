"""Privacy over whole runs: modes whatever the umask, no finding in what a run leaves, and a night after an erasure."""

import os
import shutil
import stat

import pytest
from figures_kit import nightly
from intake_kit import CONTRACT

from orchestration.base.keys import add_key, load_keys
from orchestration.base.settings import Home
from orchestration.privacy.erase import erase
from orchestration.privacy.restrict import restrict
from orchestration.privacy.scan import scan
from orchestration.privacy.subject import find
from orchestration.targeting import ledger
from orchestration.warehouse.manifest import load_models
from orchestration.warehouse.publishing import current
from orchestration.warehouse.reading import published

SEED = 2


@pytest.fixture(scope="module")
def run(oracle_run, tmp_path_factory):
    """A copy of a run's home, made with the umask 0, and its date; a key for digests beside it."""
    made = oracle_run(SEED)
    root = tmp_path_factory.mktemp("privacy")
    shutil.copytree(made.home, root / "home", symlinks=True)
    home = Home(root / "home")
    add_key(root / "key", home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TELCO360_PSEUDONYM_KEY_FILE", str(root / "key"))
        before = os.umask(0)
        nightly(home.root, made.as_of)
        os.umask(before)
        yield home, made.as_of


def test_no_other_account_reads_anything_whatever_the_umask(run):
    home, _ = run
    found = [
        f"{path.relative_to(home.root)} {stat.S_IMODE(path.stat().st_mode):o}"
        for path in home.root.rglob("*")
        if home.landing not in (path, *path.parents) and not path.is_symlink()
        if stat.S_IMODE(path.stat().st_mode) & 0o077 and not (path.is_file() and path.stat().st_nlink > 1)
    ]
    assert found == []


def test_a_run_leaves_no_personal_value_where_none_may_be(run):
    home, _ = run
    assert scan(home, CONTRACT, all_versions=True).found == []


def test_the_night_after_an_erasure_changes_nothing_but_the_person(run, manifest):
    home, as_of = run
    with published(home) as db:
        line, customer = db.execute(
            """select subscriber_id, customer_id from tags.subscriber_360 join core.dim_customers using (customer_id)
               where is_on_net order by subscriber_id limit 1"""
        ).fetchone()
        other = db.execute("select max(subscriber_id) from tags.subscriber_360 where is_on_net").fetchone()[0]
    before = current(home).contents.tables
    restrict(home, load_keys(home), find(home.raw, CONTRACT, other), "X-1", as_of)
    values = find(home.raw, CONTRACT, customer)
    erase(home, CONTRACT, load_models(manifest), load_keys(home), customer, "R-1")
    erased = current(home).contents.tables
    nightly(home.root, as_of)
    after = current(home).contents.tables
    assert ledger.verify(home) is None
    with published(home) as db:
        assert db.execute("select count(*) from tags.subscriber_360 where subscriber_id = ?", [line]).fetchone() == (0,)
        assert db.execute("select count(*) from tags.subscriber_360 where subscriber_id like 'erased-%'").fetchone()[0] >= 1
        for table in ("scoring.line_predictions", "scoring.value_loss_warning"):
            assert db.execute(f"select count(*) from {table} where subscriber_id = ?", [other]).fetchone() == (0,)
    for table in ("churn.churn_monthly", "value.value_pyramid", "core.reconciliation", "core.dim_months", "service.nps_monthly"):
        assert before[table] == erased[table] == after[table], table
    assert {table: facts.rows for table, facts in erased.items()} == {table: facts.rows for table, facts in before.items()}
    assert values.lines and scan(home, CONTRACT, all_versions=True).found == []
