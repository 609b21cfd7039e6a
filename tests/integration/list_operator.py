"""Somebody who works with `telco360 lists …` on a made version."""

from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import duckdb
from made_lists import AS_OF, RELATIONS, RUN_DATE, export_all, made_files
from typer.testing import CliRunner

from orchestration import cli
from orchestration.base import settings
from orchestration.base.settings import Home
from orchestration.cli import list_overview
from orchestration.cli import lists as commands
from orchestration.engines.duckdb import duckdb_tables
from orchestration.targeting import lists
from orchestration.warehouse.manifest import Model
from orchestration.warehouse.reading import DuckDBReader

LINES = [  # subscriber_id, on net, tier, plan, region, value, score, tenure, since, held out, nps, store
    *((f"S{n:04}", True, "gold", "plain", "R1", 100 - n, 50.0, 12, date(2021, 1, 1), False, 9, "x") for n in range(20)),
    *((f"S{n:04}", True, "mass", "套餐", "R2", 5, 50.0, 12, date(2021, 1, 1), False, 9, "x") for n in range(20, 30)),
]
ROWS = {
    "tags.subscriber_360": LINES,
    "private.subscriber_phones": [(line[0], f"1380000{line[0][1:]}", line[0] != "S0001") for line in LINES],
    "staging.stg_channel__suppressions_now": [("S0002", "all", "protected", None, None)],
    "core.fct_contacts": [("c1", "S0003", RUN_DATE, "outbound", None, None, None, None)],
}
MODELS = (Model("tag_catalog", "tags", "tag_catalog", meta={"serves": "tag_catalog"}),)
CARE = """
name: care
title: {en: Care, zh: 关怀}
owner: customer-value
purpose: A call.
channel: outbound_call
where: is_on_net and value_tier in ('diamond', 'gold') and realised_value between 82 and 200
order_by: [realised_value desc]
columns: [value_tier, plan_name]
control_share: 0
cool_down_days: 0
status: approved
approved: {by: boss, on: 2026-03-01}
"""
OTHER = (
    CARE.replace("name: care", "name: every")
    .replace("and value_tier in ('diamond', 'gold') and", "and not")
    .replace("between 82 and 200", "is null")
)


class Engine:
    """The made files as an engine has them."""

    def __init__(self, home: Home):
        self.home, self.readers_open = home, "made"
        self.published, self.private = made_files(home.root, ROWS)
        contents = SimpleNamespace(as_of=f"{AS_OF}")
        self.standing = [SimpleNamespace(name=self.published.stem, path=self.published, contents=contents)]

    def current(self):
        return self.standing[0]

    def versions(self):
        return self.standing

    @contextmanager
    def reading(self):
        with duckdb.connect(str(self.published), read_only=True) as db:
            yield DuckDBReader(db)

    @contextmanager
    def list_tables(self, models, version):
        with duckdb_tables(RELATIONS, version.path, self.private, self.home.exports / ".spill") as tables:
            yield tables


class Operator:
    """A home, its lists, and the commands on them; `today` is what they take for today."""

    def __init__(self, folder: Path, monkeypatch):
        self.home, self.today, self.folder = Home(folder), RUN_DATE, folder / "target_lists"
        self.folder.mkdir(parents=True)
        self.engine = Engine(self.home)
        monkeypatch.setenv("TELCO360_HOME", str(folder))
        monkeypatch.setattr(commands, "models", lambda: MODELS)
        monkeypatch.setattr(commands, "_engine", lambda: self.engine)
        monkeypatch.setattr(commands, "_today", lambda: self.today)
        self.shipped = folder.parent / "shipped"
        self.shipped.mkdir()
        monkeypatch.setattr(settings, "TARGET_LISTS", self.shipped)
        monkeypatch.setattr(list_overview, "today", lambda: self.today)
        self.write("care", CARE)
        self.write("every", OTHER)

    def write(self, name: str, text: str) -> None:
        (self.folder / f"{name}.yml").write_text(text, encoding="utf-8")

    def change(self, statement: str, private: bool = False) -> None:
        with duckdb.connect(str(self.engine.private if private else self.engine.published)) as connection:
            connection.execute(statement)

    def export(self, *names: str) -> dict:
        with lists.open_lists(self.engine, (), names or ("care", "every"), self.today) as decided:
            return export_all(decided)

    def call(self, *arguments: str, code: int = 0, answers: str = "") -> str:
        result = CliRunner().invoke(cli.app, ["lists", *arguments], input=answers)
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result.output


def cells(output: str) -> list[list[str]]:
    """The lines of what was printed, each by its words."""
    return [line.split() for line in output.splitlines()]
