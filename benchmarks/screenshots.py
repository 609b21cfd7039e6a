"""Pictures of every page of the console, for docs/screenshots and for looking at: `python -m benchmarks.screenshots --home DIR`.

Serves the console of a home on a free port of this machine and opens it in Debian's Chromium; tests of pages in a browser use the
same.
"""

import argparse
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from orchestration.base import settings
from orchestration.cli.common import models
from orchestration.console.app import Console, application
from orchestration.console.pages import PAGES

CHROMIUM = os.environ.get("TELCO360_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
WIDTHS = (1280, 390)
LANGUAGES = ("en", "zh")


@contextmanager
def served(console: Console) -> Iterator[str]:
    """The console of a home at an address, with its key, for as long as the context is open."""
    server = uvicorn.Server(uvicorn.Config(application(console), host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/?key={console.key}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


def entered(opened: Browser, address: str, width: int, language: str, height: int = 900) -> BrowserContext:
    """A browser of its own that has shown the key and chosen the language."""
    context = opened.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(address)
    page.goto(f"{address.partition('?')[0]}?lang={language}")
    page.close()
    return context


def paths(console: Console) -> dict[str, str]:
    """Address of every page that the menu names, and of one line, list and tag, by the page's name."""
    of_line = "select min(subscriber_id) from tags.subscriber_360 where is_on_net and value_tier = 'gold'"
    ((line,),) = console.versions.current().ask(of_line)[1]
    ones = {"customer": f"/customer?id={line}", "list": "/lists/high_value_care", "tag": "/tags/subscriber/value_tier"}
    return {page.name: page.path for page in PAGES if page.is_in_menu} | ones


def settled(page: Page) -> None:
    """Waits until what a page loads by itself is there, and its charts are drawn."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(200)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", help="directory of all data; else TELCO360_HOME")
    parser.add_argument("--out", type=Path, default=settings.PROJECT_DIR / "docs" / "screenshots")
    parser.add_argument("--pages", nargs="*", help="names of pages; else all")
    parser.add_argument("--widths", nargs="*", type=int, default=WIDTHS)
    parser.add_argument("--languages", nargs="*", default=LANGUAGES)
    parser.add_argument("--whole", action="store_true", help="whole pages, not what a window shows")
    given = parser.parse_args()
    if given.home:
        os.environ["TELCO360_HOME"] = given.home
    if not CHROMIUM:
        raise SystemExit("No Chromium is here: apt-get install chromium, or name one in TELCO360_CHROMIUM.")
    given.out.mkdir(parents=True, exist_ok=True)
    console = Console(settings.home(), models())
    with served(console) as address, browser() as opened:
        for width in given.widths:
            for language in given.languages:
                context = entered(opened, address, width, language)
                for name, path in paths(console).items():
                    if not given.pages or name in given.pages:
                        page = context.new_page()
                        page.goto(address.partition("/?")[0] + path)
                        settled(page)
                        page.screenshot(path=given.out / f"{name}_{width}_{language}.png", full_page=given.whole)
                        page.close()
                context.close()
    print(f"{given.out} holds the pictures")


if __name__ == "__main__":
    main()
