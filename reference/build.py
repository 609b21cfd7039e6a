"""The documentation site: the pages of docs/ and those that are made, set by MkDocs; dbt's own docs beside them.

Nothing is fetched: scripts and styles come from packages and from docs/assets. What needs a published version or a built
warehouse (answers of example queries, types in dbt's docs) is left out where the home has none, and the command says so.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from orchestration.base import settings
from orchestration.base.errors import Telco360Error, WarehouseError
from orchestration.base.settings import PROJECT_DIR, Home
from orchestration.catalog.written import written
from orchestration.warehouse import reading
from orchestration.warehouse.dbt import dbt_environment, ensure_manifest, executable, target_dir
from orchestration.warehouse.manifest import load_models, read_manifest
from reference import commands, tables

SITE = PROJECT_DIR / "site"
PAGES = SITE / "pages"
"""What MkDocs reads; laid out as the project is, so that links between pages hold."""
HTML = SITE / "html"
WRITTEN = ("README.md", "README.zh-CN.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "docs")
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")
TAG_ROW = re.compile(r"^\| `([a-z0-9_]+)` \|", re.MULTILINE)


def main() -> int:
    """Builds the site in site/html. Ends with 1 where a page leads nowhere."""
    home = settings.home()
    try:
        ensure_manifest(home)
        write_pages(home)
        print("setting pages", flush=True)
        mkdocs = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
        if subprocess.run(mkdocs, cwd=PROJECT_DIR, check=False).returncode:
            return 1
        if home.current.exists():
            beside(home)
    except Telco360Error as error:
        print(f"docs: {error}", file=sys.stderr)
        return 1
    print(f"open {HTML / 'index.html'}")
    return 0


def write_pages(home: Home) -> None:
    """All pages as Markdown, in PAGES; what was there goes."""
    shutil.rmtree(SITE, ignore_errors=True)
    PAGES.mkdir(parents=True)
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
    project = tables.project_of(manifest, models, definitions)
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


def beside(home: Home) -> None:
    """dbt's own docs, as one file, beside the pages. Raises WarehouseError where dbt fails."""
    print("dbt's docs", flush=True)
    target = SITE / "dbt"
    variables = os.environ | dbt_environment(home) | {"DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(target)}
    generate = ["docs", "generate", "--static", "--vars", f"{{as_of_date: {date.today()}}}"]
    if subprocess.run([executable(), "--quiet", *generate], env=variables, cwd=PROJECT_DIR, check=False).returncode:
        raise WarehouseError("dbt's docs could not be made, see above; the pages are there")
    (HTML / "dbt").mkdir(exist_ok=True)
    shutil.copy2(target / "static_index.html", HTML / "dbt" / "index.html")
