"""A console over a copy of a whole run, for the tests of it: what is asked of it, and how."""

import contextlib
import csv
import io
import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from orchestration.base.settings import Home
from orchestration.console.app import Console, application
from orchestration.console.pages import PAGES
from orchestration.warehouse.reading import published

SEED, KEY = 2, "the-key"
WHERE = "is_on_net and tenure_months >= 3"
PLAN = {
    "name": "loyal", "en": "Loyal lines", "zh": "忠诚用户", "owner": "value-team", "purpose": "A call of thanks.",
    "channel": "outbound_call", "control_share": "0", "priority": "1", "where": WHERE,
}  # fmt: skip


@contextlib.contextmanager
def copied(made, root: Path) -> Iterator[Home]:
    """A copy of a run's home, in which the day after its business date is today."""
    shutil.copytree(made.home, root, symlinks=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("orchestration.console.context.today", lambda: made.as_of + timedelta(1))
        yield Home(root)


def filled(path: str, **parts: str) -> str:
    """A path of PAGES with its parameters filled."""
    return re.sub(r"\{(\w+)(:path)?\}", lambda found: parts[found[1]], path)


def entered(console: Console) -> TestClient:
    """A browser that has shown the key."""
    found = TestClient(application(console), "http://127.0.0.1:3360")
    found.get(f"/?key={KEY}")
    return found


def paths(home: Home) -> list[str]:
    """An address of every page that is opened, its parameters filled."""
    with published(home) as db:
        (line, customer) = db.execute("select subscriber_id, customer_id from core.dim_subscribers where is_on_net").fetchone()
    return [
        *(page.path for page in PAGES if page.method == "GET" and "{" not in page.path),
        *(page.path.format(entity="subscriber", name="value_tier") for page in PAGES if "{entity}" in page.path),
        "/lists/vip_care", "/audience?list=vip_care", f"/customer?id={line}", f"/customer?id={customer}",
        "/definitions?q=churn", "/?region=R1",
    ]  # fmt: skip


def rows_of(text: str) -> list[dict]:
    return list(csv.DictReader(io.StringIO(text)))


def post(browser: TestClient, console: Console, path: str, **fields: str):
    return browser.post(path, data=fields | {"token": console.token(None)})
