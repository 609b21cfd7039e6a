"""The console in a browser, Debian's Chromium: no page has an error, is wider than its window, or bars anybody's way."""

import logging
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="Playwright is not installed: pip install playwright")
from benchmarks.screenshots import CHROMIUM, LANGUAGES, WIDTHS, browser, entered, paths, served, settled
from orchestration.base import settings
from orchestration.console.app import Console
from orchestration.warehouse.manifest import load_models

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="No Chromium is here: apt-get install chromium")

AXE = Path(__file__).parents[1] / "axe" / "axe.min.js"
BARRIERS = """async () => (await axe.run(document, { runOnly: ["wcag2a", "wcag2aa"] })).violations
    .filter((each) => ["serious", "critical"].includes(each.impact))
    .map((each) => `${each.id}: ${each.nodes.map((node) => node.target.join(" ")).slice(0, 5).join(", ")}`)"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def site(night_shown, manifest):
    patch = pytest.MonkeyPatch()
    patch.setenv("TELCO360_HOME", str(night_shown.root))
    console = Console(settings.home(), load_models(manifest))
    with served(console) as found:
        yield found, paths(console)
    patch.undo()


@pytest.fixture(scope="module")
def chromium():
    with browser() as opened:
        yield opened


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_pages_open_without_an_error_fit_their_window_and_bar_nobodys_way(chromium, site, width, language, caplog):
    caplog.set_level(logging.WARNING)
    address, pages = site
    context, faults = entered(chromium, address, width, language), []
    for name, path in pages.items():
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message, said=said: said.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error, said=said: said.append(str(error)))
        answer = page.goto(address.partition("/?")[0] + path)
        settled(page)
        faults += [f"{name}: {text}" for text in said]
        if answer.status != 200:
            faults.append(f"{name}: {answer.status}")
        if wider := page.evaluate(OVERFLOW):
            faults.append(f"{name}: {wider} pixels wider than its window")
        empty = page.locator(".chart[data-option]:not(:has(canvas))").count()
        if empty:
            faults.append(f"{name}: {empty} charts are not drawn")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        faults += [f"{name}: {barrier}" for barrier in page.evaluate(BARRIERS)]
        page.close()
    context.close()
    assert faults == []
    assert [record.getMessage() for record in caplog.records if record.name.startswith(("uvicorn", "asyncio"))] == []


def test_a_tag_is_found_by_the_keyboard_alone(chromium, site):
    address, _ = site
    context = entered(chromium, address, 1280, "en")
    page = context.new_page()
    page.goto(address.partition("/?")[0] + "/tags")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("input[name=q]").focus()
    page.keyboard.type("value tier")
    page.wait_for_selector("#found ul.tags li")
    page.keyboard.press("Tab")  # the button
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tags/subscriber/**")
    settled(page)
    assert page.locator("h1").inner_text().startswith("Value tier")
    page.locator("details.card > summary").press("Enter")
    page.wait_for_selector(".near ul, .near p:not([role=status])", timeout=60_000)
    context.close()
