"""A tag is one column and one entry: tried on a copy of the project, as docs/adding-a-tag.md has it."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.base.settings import PROJECT_DIR, Home
from orchestration.catalog.published import read_tags
from orchestration.catalog.tags import one
from orchestration.catalog.written import written
from orchestration.tags.catalogue import described
from orchestration.warehouse.build import reading
from orchestration.warehouse.figures import show_figures
from orchestration.warehouse.manifest import descriptions, load_models, read_manifest
from orchestration.warehouse.reading import DuckDBReader

COPIED = ("dbt_project.yml", "docs", "macros", "models", "orchestration", "seeds", "target_lists", "tests/dbt")
COLUMN, NEIGHBOUR = "is_prepaid_line", "payment_type"
ENTRY = f"""      - name: {COLUMN}
        data_type: boolean
        description: "Does the line pay before use?"
        config:
          meta:
            tag: {{label_zh: 预付费, description_zh: 付费方式为预付费, group: GROUP, kind: flag, evidence: [{NEIGHBOUR}]}}
"""


class Copy:
    """A copy of the project with commands of its own."""

    def __init__(self, root: Path):
        self.root, self.home, self.target = root, root / "home", root / "target"
        for name in COPIED:
            source = PROJECT_DIR / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, root / name)
        shutil.copy(PROJECT_DIR / "profiles.yml.example", root / "profiles.yml")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TELCO360_", "DBT_"))}
        own = {"TELCO360_HOME": str(self.home), "DBT_TARGET_PATH": str(self.target), "DBT_LOG_PATH": str(self.target)}
        self.environment = kept | own | {"PYTHONPATH": str(root)}

    def run(self, *command: str) -> subprocess.CompletedProcess:
        return subprocess.run(command, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False)

    def tags(self, *arguments: str) -> subprocess.CompletedProcess:
        code = "from orchestration.cli.main import app; app()"
        return self.run(sys.executable, "-c", code, "tags", *arguments)

    def dbt(self, *arguments: str) -> subprocess.CompletedProcess:
        # Builds parse to a place of their own: dbt parses anew where variables are others than the last time.
        own = ["--profiles-dir", ".", "--target-path", str(self.root / "built"), "--vars", "{as_of_date: 2026-03-31}"]
        return self.run(str(Path(sys.executable).with_name("dbt")), *arguments, *own)

    def models(self):
        return load_models(read_manifest(self.target / "manifest.json"))

    def models_as_parsed(self):
        """The models with their descriptions as written."""
        return load_models(json.loads((self.target / "manifest.json").read_text()))


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Copy:
    return Copy(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def added(copy) -> str:
    """The family that the tag was added to, beside a tag that it is made of."""
    checked = copy.tags("check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    family = next(m for m in copy.models() if NEIGHBOUR in m.tags)
    sql, yml = (copy.root / "models" / "marts" / "tags" / f"{family.name}.{kind}" for kind in ("sql", "yml"))
    column = re.compile(rf"^( +)((?:\w+\.)?{NEIGHBOUR}),\n", re.MULTILINE)
    sql.write_text(column.sub(rf"\g<0>\1\2 = 'prepaid' as {COLUMN},\n", sql.read_text()))
    entry = ENTRY.replace("GROUP", family.tags[NEIGHBOUR]["group"])
    yml.write_text(yml.read_text().replace(f"      - name: {NEIGHBOUR}\n", f"{entry}      - name: {NEIGHBOUR}\n"))
    return family.name


def test_the_check_takes_it_and_the_page_asks_to_be_written(copy, added):
    page = copy.root / "docs" / "tags.md"
    before = page.read_text()
    checked = copy.tags("check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert copy.tags("docs").returncode == 0
    (new,) = set(page.read_text().splitlines()) - set(before.splitlines()) - {line for line in counts(page.read_text())}
    assert f"`{COLUMN}` | 预付费 | flag | Does the line pay before use? | 付费方式为预付费" in new


def test_it_is_built_and_catalogued(copy, added):
    relations = lay_parents(copy, added)
    selected = [added, *(m.name for m in copy.models() if m.meta.get("serves") == "tag_catalog")]
    seeded = copy.dbt("seed")
    assert seeded.returncode == 0, seeded.stdout[-3000:]
    built = copy.dbt("run", "--select", *selected)
    assert built.returncode == 0, built.stdout[-3000:]
    with reading(Home(copy.home)) as db:
        assert db.execute(f"select {COLUMN} from tags.{added}").fetchall() == [(None,)], relations
        row = db.execute(f"select entity, kind, label_zh, owner, status from tags.tag_catalog where tag_name = '{COLUMN}'")
        assert row.fetchone()[:3] == ("subscriber", "flag", "预付费")


def test_texts_follow_the_seeds(copy, added):
    """What the catalogue, `tags show`, the page and the comments on columns say changes with the figure in the seed."""
    lay_parents(copy, added)
    seed, page = copy.root / "seeds" / "alert_rules.csv", copy.root / "docs" / "tags.md"
    seed.write_text(re.sub(r"^(low_balance,daily,\w+),10,", r"\g<1>,17.5,", seed.read_text(), flags=re.MULTILINE))
    assert copy.tags("docs").returncode == 0
    assert "Balance under 17.5 in" in page.read_text()
    raw = json.loads((copy.target / "manifest.json").read_text())
    show_figures(raw, copy.root)
    models = load_models(raw)
    assert any("Balance under 17.5 in" in text for m in models for text in descriptions(m, models).values())
    seeded = copy.dbt("seed")
    assert seeded.returncode == 0, seeded.stdout[-3000:]
    built = copy.dbt("run", "--select", *(m.name for m in models if m.meta.get("serves") == "tag_catalog"))
    assert built.returncode == 0, built.stdout[-3000:]
    with reading(Home(copy.home)) as db:
        entries = read_tags(DuckDBReader(db), models)
    shown = "\n".join(described(one(entries, "has_alert_low_balance", "subscriber")))
    assert "Balance under 17.5 in" in shown
    as_written = {(tag.entity, tag.name): (tag.description, tag.description_zh) for tag in written(models)}
    assert {(e.entity, e.name): (e.description.strip(), e.description_zh) for e in entries} == as_written


def test_a_figure_that_no_seed_has_passes_nowhere(copy, added):
    lay_parents(copy, added)
    yml = copy.root / "models" / "marts" / "tags" / f"{added}.yml"
    whole = yml.read_text()
    yml.write_text(whole.replace("Does the line pay before use?", "Under {alert_rules.lowbalance}?"))
    checked = copy.tags("check")
    built = copy.dbt("run", "--select", *(m.name for m in copy.models_as_parsed() if m.meta.get("serves") == "tag_catalog"))
    yml.write_text(whole)
    assert checked.returncode == 1
    assert (
        f"{added}.{COLUMN}: no seed has a figure alert_rules.lowbalance; did you mean alert_rules.low_balance?" in checked.stderr
    )
    assert built.returncode == 1
    assert "{alert_rules.lowbalance}" in built.stdout


def test_an_entry_without_its_column_does_not_build(copy, added):
    sql = copy.root / "models" / "marts" / "tags" / f"{added}.sql"
    whole = sql.read_text()
    sql.write_text(re.sub(rf"^.* as {COLUMN},\n", "", whole, flags=re.MULTILINE))
    built = copy.dbt("run", "--select", added)
    sql.write_text(whole)
    assert built.returncode == 1
    assert "contract" in built.stdout and COLUMN in built.stdout


def test_withdrawn_it_must_be_gone_in_time(copy, added):
    yml = copy.root / "models" / "marts" / "tags" / f"{added}.yml"
    whole = yml.read_text()
    yml.write_text(whole.replace("label_zh: 预付费,", "label_zh: 预付费, status: withdrawn, withdrawn_on: 2020-01-01,"))
    checked = copy.tags("check")
    yml.write_text(whole)
    assert checked.returncode == 1
    assert f"{added}.{COLUMN}: withdrawn on 2020-01-01" in checked.stdout


def counts(text: str) -> list[str]:
    """The lines of the page's table of counts."""
    return text[: text.index("\n## ")].splitlines()


def lay_parents(copy: Copy, family: str) -> list[str]:
    """Makes the tables that the family and the catalogue read, of one row that holds nothing, as their contracts have them."""
    by_name = {m.name: m for m in copy.models()}
    manifest = read_manifest(copy.target / "manifest.json")["nodes"]
    types = {n["name"]: {c["name"]: c["data_type"] for c in n["columns"].values()} for n in manifest.values()}
    catalogue = next(m for m in by_name.values() if m.meta.get("serves") == "tag_catalog")
    parents = [by_name[p] for p in dict.fromkeys((*by_name[family].parents, *catalogue.parents)) if types.get(p)]
    (copy.home / "warehouse").mkdir(parents=True, exist_ok=True)
    home = Home(copy.home)
    for parent in parents:
        with duckdb.connect(str(home.public_database if parent.is_public else home.build_database)) as db:
            columns = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in types[parent.name].items())
            db.execute(f"create schema if not exists {parent.schema}")
            db.execute(f"create or replace table {parent.relation} as select {columns}")
    return [parent.relation for parent in parents]
