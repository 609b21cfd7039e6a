"""Data Docs that open without a network: an index of the results, and the pages of Great Expectations freed of outside links."""

import html
import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

from orchestration.base.files import replace_text

RESULTS_KEPT = 60
"""Results listed in the index, two a run."""

PAGES_KEPT = 300

STYLE = f"<style>{Path(__file__).with_suffix('.css').read_text(encoding='utf-8')}</style>"

# Whatever a browser would fetch from elsewhere: style sheets, scripts, images, style rules with an address.
_OUTSIDE = re.compile(
    r"<link\b[^>]*href=\"https?://[^>]*>|<script\b[^>]*src=\"https?://[^>]*>\s*</script>|<img\b[^>]*src=\"https?://[^>]*>"
    r"|url\(['\"]?https?://[^)]*\)",
    re.IGNORECASE,
)


class NoIndex:
    """In place of Great Expectations' own index of pages: none, since `index` makes ours."""

    def __init__(self, **_: object) -> None:
        pass

    def build(self, **_: object) -> tuple[None, dict[str, Any]]:
        return None, {}


def results(docs: Path) -> list[dict[str, Any]]:
    """The results kept, oldest first; none before the first run."""
    kept = docs / "results.jsonl"
    return [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()] if kept.exists() else []


def add(docs: Path, result: str) -> None:
    """Adds a ValidationResult, as JSON, to the index and cuts outside links out of the pages."""
    results = docs / "results.jsonl"
    lines = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
    kept = [*lines, result][-RESULTS_KEPT:]
    docs.mkdir(parents=True, exist_ok=True)
    replace_text(results, "\n".join(kept) + "\n")  # whole or not at all: half a line would fail every run to come
    pages = sorted((docs / "validations").rglob("*.html"), key=lambda page: (page.parts[-2], page.name))
    for page in pages[:-PAGES_KEPT]:
        page.unlink()
        _remove_empty(page.parent, docs)
    pages = pages[-PAGES_KEPT:]
    for page in [*pages, *(docs / "expectations").rglob("*.html")]:
        text = page.read_text(encoding="utf-8")
        if _OUTSIDE.search(text):
            page.write_text(offline(text), encoding="utf-8")
    names = [page.relative_to(docs).as_posix() for page in pages]
    replace_text(docs / "index.html", index([json.loads(line) for line in reversed(kept)], names))


def offline(page: str) -> str:
    """The page without anything that a browser would fetch from elsewhere, in the style of data_docs.css."""
    return _OUTSIDE.sub("", page).replace("</head>", STYLE + "</head>", 1)


def index(results: list[dict[str, Any]], pages: list[str]) -> str:
    """The index page: results newest first, each with what it found, then the detailed pages newest first."""
    rows = "".join(_row(result) for result in results)
    links = "".join(f'<li><a href="{html.escape(page)}">{html.escape(_titled(page))}</a></li>' for page in reversed(pages))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>telco360: quality</title>{STYLE}</head><body><main>'
        f"<h1>Quality checks</h1><table><tr><th>When (UTC)</th><th>Checks</th><th>Result</th><th>Number</th><th>Found</th></tr>"
        f"{rows}</table><h2>In detail</h2><ul>{links}</ul></main></body></html>"
    )


def _titled(page: str) -> str:
    """What a detailed page is called: its checks and its run, of a path as Great Expectations makes it."""
    path = PurePosixPath(page)
    return f"{path.stem.replace('-', ': ')}, {path.parts[-3]}" if len(path.parts) > 3 else page


def _remove_empty(folder: Path, root: Path) -> None:
    """Removes a folder, and those above it within `root`, as far as they are empty."""
    while folder != root and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _row(result: dict[str, Any]) -> str:
    found = [("failed", f) for f in result["failures"]] + [("warned", f) for f in result["warnings"]]
    state = found[0][0] if found else "passed"
    items = "".join(
        f'<div class="{kind}">{html.escape(".".join(p for p in (f["table"], f["column"]) if p))}: {html.escape(f["says"])}, '
        f"but {html.escape(f['observed'])}{html.escape('. ' + f['detail']) if f.get('detail') else ''}</div>"
        for kind, f in found
    )
    cells = [
        result["validated_at"][:19].replace("T", " "),
        result["checks_of"],
        f'<b class="{state}">{state}</b>',
        result["checks"],
    ]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in [*cells, items or "nothing"]) + "</tr>"
