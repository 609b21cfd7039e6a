"""The documentation site: the pages of docs/ and those that are made, set by MkDocs; dbt's own docs among them.

Nothing is fetched: scripts and styles come from packages and from docs/assets. dbt's docs and the lineage of columns come from a
build on nothing, in a folder that goes afterwards: no home is touched. Answers of example queries need a published version; where
the home has none they are left out, and the command says so.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.base import settings
from orchestration.base.contract import load_contract
from orchestration.base.errors import Telco360Error, WarehouseError
from orchestration.base.settings import PROJECT_DIR, Home
from orchestration.catalog.written import written
from orchestration.intake import load_limits
from orchestration.pipeline.deliveries import take_in_all
from orchestration.warehouse import reading
from orchestration.warehouse.dbt import dbt_environment, ensure_manifest, executable, target_dir
from orchestration.warehouse.manifest import load_models, read_manifest
from reference import commands, reach, tables
from reference.column_lineage import made_from

SITE = PROJECT_DIR / "site"
PAGES = SITE / "pages"
"""What MkDocs reads; laid out as the project is, so that links between pages hold."""
HTML = SITE / "html"
WRITTEN = ("README.md", "README.zh-CN.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "docs")
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")
TAG_ROW = re.compile(r"^\| `([a-z0-9_]+)` \|", re.MULTILINE)


def main() -> int:
    """Builds the site in site/html. Ends with 1 where a page leads nowhere, or a public column is too far from the start."""
    home = settings.home()
    try:
        ensure_manifest(home)
        shutil.rmtree(SITE, ignore_errors=True)
        print("building on nothing, for dbt's docs and the lineage of columns", flush=True)
        compiled = dbt_docs()
        project = write_pages(home, compiled)
        print("setting pages", flush=True)
        if wrong := set_pages(PROJECT_DIR / "mkdocs.yml"):
            print(wrong, file=sys.stderr)
            return 1
        columns = ((f"tables/{model.relation}.html", name) for model in project.public for name in project.columns(model))
        if far := reach.too_far(HTML, columns):
            print(f"docs: more than {reach.CLICKS} clicks from the start: {', '.join(far)}", file=sys.stderr)
            return 1
    except Telco360Error as error:
        print(f"docs: {error}", file=sys.stderr)
        return 1
    print(f"open {HTML / 'index.html'}")
    return 0


def write_pages(home: Home, compiled: Mapping[str, Any]) -> tables.Project:
    """All pages as Markdown, in PAGES; gives what those of tables are made from. `compiled`: a manifest with compiled SQL."""
    for name in WRITTEN:
        path = PROJECT_DIR / name
        if path.is_dir():
            shutil.copytree(path, PAGES / name)
        elif path.exists():
            shutil.copy2(path, PAGES / name)
    for page in list(PAGES.rglob("*.md")):
        for linked in linked_files(page):
            linked.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT_DIR / linked.relative_to(PAGES), linked)
    manifest = read_manifest(target_dir() / "manifest.json")
    models = load_models(manifest)
    glossary = (PROJECT_DIR / "docs" / "glossary.md").read_text(encoding="utf-8")
    terms = chinese_terms(glossary, *(tag.label_zh for tag in written(models)))
    (SITE / "terms.txt").write_text("".join(f"{term} 100000\n" for term in terms), encoding="utf-8")
    tags = PAGES / "docs" / "tags.md"
    tags.write_text(TAG_ROW.sub(r'| <a id="\1"></a>`\1` |', tags.read_text(encoding="utf-8")), encoding="utf-8")
    definitions = (PROJECT_DIR / "docs" / "definitions.md").read_text(encoding="utf-8")
    project = tables.project_of(manifest, models, definitions, made_from(compiled))
    folder = PAGES / "tables"
    folder.mkdir()
    with asked(home) as ask:
        if ask is None:
            print(f"{home.published} holds no version: examples go without answers. `make demo` makes one")
        for model in project.public:
            (folder / f"{model.relation}.md").write_text(tables.table_page(project, model, ask), encoding="utf-8")
    (folder / "index.md").write_text(tables.index_page(project), encoding="utf-8")
    (folder / "columns.md").write_text(tables.columns_page(project), encoding="utf-8")
    (PAGES / "commands.md").write_text(commands.page(), encoding="utf-8")
    return project


def set_pages(settings_file: Path) -> str:
    """Has MkDocs set the pages that its settings name; gives what is wrong, such as links that lead nowhere, else ''."""
    # With --quiet MkDocs counts no warnings, and --strict would let everything pass.
    mkdocs = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", str(settings_file)]
    done = subprocess.run(mkdocs, cwd=settings_file.parent, capture_output=True, text=True, check=False)
    told = (line for line in done.stderr.splitlines() if not line.startswith("INFO"))
    return "\n".join(told) if done.returncode else ""


def chinese_terms(*texts: str) -> list[str]:
    """The Chinese terms of glossary and tags, which the search takes as words: a dictionary of everyday Chinese splits them."""
    return sorted({term for text in texts for term in re.findall(r"[\u4e00-\u9fff]{2,8}", text)})


def linked_files(page: Path) -> Iterator[Path]:
    """Files of the project that a page links and that are no pages: seeds, models, code."""
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        linked = (page.parent / link).resolve()
        if not linked.exists() and linked.is_relative_to(PAGES) and (PROJECT_DIR / linked.relative_to(PAGES)).is_file():
            yield linked


@contextmanager
def asked(home: Home) -> Iterator[tables.Ask | None]:
    """Queries on the version of the home; None where there is none."""
    if not home.current.exists():
        yield None
        return
    with reading.published(home) as db:

        def ask(query: str) -> tuple[list[str], list[tuple[object, ...]]]:
            found = db.execute(query)
            return [column[0] for column in found.description or ()], found.fetchall()

        yield ask


def dbt_docs() -> dict[str, Any]:
    """Writes dbt's own docs, one file, to PAGES and gives the manifest behind them. Raises WarehouseError where dbt fails."""
    with tempfile.TemporaryDirectory() as scratch:
        empty, target = Home(Path(scratch).resolve()), Path(scratch).resolve() / "dbt"
        contract = load_contract()
        take_in_all(empty, contract, load_limits(contract), lambda text: None)
        empty.warehouse.mkdir(parents=True, exist_ok=True)
        variables = os.environ | dbt_environment(empty) | {"DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(target)}
        for command in (["build", "--exclude-resource-type", "test", "unit_test"], ["docs", "generate", "--static"]):
            given = [executable(), "--quiet", *command, "--vars", f"{{as_of_date: {date.today()}}}"]
            if subprocess.run(given, env=variables, cwd=PROJECT_DIR, check=False).returncode:
                raise WarehouseError("dbt's docs could not be made, see above")
        page = (target / "static_index.html").read_text(encoding="utf-8")
        manifest: dict[str, Any] = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    (PAGES / "dbt").mkdir(parents=True)
    (PAGES / "dbt" / "index.html").write_text(
        page.replace(str(empty.root), "data").replace(str(PROJECT_DIR), "."), encoding="utf-8"
    )
    return manifest
