"""How far the columns of public tables are from the start of the site, by its links."""

import posixpath
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path

START = "index.html"
CLICKS = 2
"""From the start to any public column, at most."""


class Page(HTMLParser):
    """What a page of HTML has: `links` to pages, as its text gives them without their anchors, and `anchors`."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and (link := (given.get("href") or "").partition("#")[0]) and "://" not in link:
            self.links.add(link)
        if anchor := given.get("id"):
            self.anchors.add(anchor)


def too_far(site: Path, columns: Iterable[tuple[str, str]]) -> list[str]:
    """Of these columns, each a page of the site and an anchor on it, those that no way of CLICKS leads to: 'page#anchor'."""
    reached: dict[str, Page] = {}
    waiting = {START}
    for _ in range(CLICKS + 1):
        opened = {path: Page((site / path).read_text(encoding="utf-8")) for path in waiting if (site / path).is_file()}
        reached |= opened
        waiting = {
            posixpath.normpath(posixpath.join(posixpath.dirname(path), link))
            for path, page in opened.items()
            for link in page.links
            if link.endswith(".html")
        } - reached.keys()
    return [f"{path}#{name}" for path, name in columns if path not in reached or name not in reached[path].anchors]
