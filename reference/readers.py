"""The console and this site as dbt's exposures, so that its lineage shows which pages a changed table reaches.

    python -m reference.readers

Writes reference/exposures/exposures.yml. It is not in models/, which decides how tables look. Lists have a file of their own
(`telco360 lists exposures`).
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import yaml

from orchestration.base import settings
from orchestration.base.settings import PROJECT_DIR
from orchestration.console.texts import text
from orchestration.engines.tables import ROLES
from orchestration.warehouse.dbt import ensure_manifest
from orchestration.warehouse.manifest import Model, Models, load_models, read_manifest

PAGE = PROJECT_DIR / "reference" / "exposures" / "exposures.yml"
PAGES = PROJECT_DIR / "orchestration" / "console" / "pages"
SHARED = (PROJECT_DIR / "orchestration" / "console", PROJECT_DIR / "orchestration" / "tags")
"""What reads published tables for several pages."""
OWNER = "data engineering"
ASKED = re.compile(r"(?:serving|relation_for)\([^\")]*\"(\w+)\"")
NAMED = re.compile(r"\b[a-z]+\.[a-z_0-9]+\b")
_HEAD = "# Written by `python -m reference.readers` from the code of the console; don't edit.\n"


def exposures(models: Models, pages: Mapping[str, str], shared: str) -> str:
    """The YAML: an exposure for each page that reads tables of its own, one for what any page may read, one for this site.

    `pages`: the code of each page's module, by its name; `shared`: that of all other modules that read for pages.
    """
    public = sorted((model for model in models if model.is_public), key=lambda model: model.relation)
    told = [
        _exposure("console", "Console", "application", "What any page of the console may read.", read_by(shared, public, ROLES)),
        *_pages(public, pages),
        _exposure("site", "Documentation site", "application", "A page for each public table, with an example.", public),
    ]
    return _HEAD + yaml.safe_dump({"exposures": told}, sort_keys=False, width=130)


def read_by(code: str, models: Iterable[Model], roles: Iterable[str] = ()) -> list[Model]:
    """The models that code names as schema.table or asks for by a role; and those that play one of these roles."""
    asked, named = {*ASKED.findall(code), *roles}, set(NAMED.findall(code))
    return [model for model in models if model.relation in named or model.meta.get("serves") in asked]


def console_code() -> tuple[dict[str, str], str]:
    """The code of the console as `exposures` takes it: of each page, and of the modules that pages share."""
    pages = {path.stem: _read(path) for path in sorted(PAGES.glob("*.py"))}
    others = [path for folder in SHARED for path in sorted(folder.rglob("*.py")) if PAGES not in path.parents]
    return pages, "\n".join(map(_read, others))


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _pages(public: list[Model], pages: Mapping[str, str]) -> Iterator[dict[str, object]]:
    for name, code in pages.items():
        if read := read_by(code, public):
            about = (ast.get_docstring(ast.parse(code)) or name).splitlines()[0]
            yield _exposure(f"console_{name}", f"Console: {text(f'{name}.title', 'en')}", "dashboard", about, read)


def _exposure(name: str, label: str, kind: str, description: str, read: Iterable[Model]) -> dict[str, object]:
    return {
        "name": name,
        "label": label,
        "type": kind,
        "owner": {"name": OWNER},
        "description": description,
        "depends_on": [f"ref('{model.name}')" for model in read],
    }


def main() -> int:
    """Writes the file, from the project as it lies on disk."""
    models = load_models(read_manifest(ensure_manifest(settings.home())))
    PAGE.write_text(exposures(models, *console_code()), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(PROJECT_DIR)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
