"""A home for runs of lists, for the tests of these: twenty-one lines, each left out or exported for a reason of its own."""

import csv
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
from made_lists import AS_OF, RELATIONS, RUN_DATE, days_before, export_all, made_files

from orchestration.base.settings import Home
from orchestration.engines.duckdb import duckdb_tables
from orchestration.targeting import export, ledger, run
from orchestration.targeting.definition import Order, TargetList, Title


def line(subscriber, tier="gold", value=10.0, on_net=True, held_out=False, tenure=12, region="R1"):
    return (subscriber, on_net, tier, "plain", region, value, 50.0, tenure, date(2021, 1, 1), held_out, 9, "S1")


LINES = [
    line("001", value=-5.5),
    line("002", value=300),  # ties with 003
    line("003", tier="diamond", value=300),
    line("004", value=None),  # no value: last
    line("005"),  # suppressed on all channels
    line("006"),  # suppressed on calls, from the run date on
    line("007"),  # suppressed on calls, to the run date
    line("008", value=20),  # suppressions of another channel, past, and to come
    line("009"),  # phone off the pattern
    line("010"),  # no phone at all
    line("011"),  # a "valid" phone that a spreadsheet would calculate
    line("012"),  # suppressed and without a phone: counts once, as suppressed
    line("013", tier="mass"),
    line("014", on_net=None),
    line("015", value=30),  # called today
    line("016", value=30),  # two contacts in the 7 days that end today
    line("017", value=30),  # two, the first 7 days before: outside
    line("018", value=30),  # four in 30 days
    line("019", value=30),  # four, the first 30 days before: outside
    line("020", value=30),  # an inbound contact today, and an outbound one tomorrow
    line("021", value=30, held_out=True),
]
CONTACTS = [
    ("015", 0, "outbound"),
    *[("016", days, "outbound") for days in (6, 1)],
    *[("017", days, "outbound") for days in (7, 1)],
    *[("018", days, "outbound") for days in (29, 20, 15, 10)],
    *[("019", days, "outbound") for days in (30, 20, 15, 10)],
    ("020", 0, "inbound"),
    ("020", -1, "outbound"),
]
ROWS = {
    "tags.subscriber_360": LINES,
    "tags.tag_history": [(date(2026, 2, 1), "002", "mass", 1.0), (date(2026, 2, 1), "003", "diamond", 1.0)],
    "tags.tag_changes": [
        (AS_OF, "002", "value_tier", "mass", "gold"),
        (AS_OF - timedelta(29), "003", "value_tier", "gold", "diamond"),
        (AS_OF - timedelta(30), "004", "value_tier", "mass", "gold"),
        (AS_OF, "008", "plan_name", "x", "plain"),
    ],
    "core.fct_contacts": [
        (f"c{n}", s, days_before(days), direction, None, None, None, None) for n, (s, days, direction) in enumerate(CONTACTS)
    ],
    "private.subscriber_phones": [
        (f"{n:03}", "+8613800000011" if n == 11 else f"1380000{n:04}", n != 9) for n in range(1, 22) if n not in (10, 12)
    ],
    "staging.stg_channel__suppressions_now": [
        ("005", "all", "protected", date(2026, 1, 1), None),
        ("006", "outbound_call", "do_not_contact", RUN_DATE, None),
        ("007", "outbound_call", "other", None, RUN_DATE),
        ("008", "sms", "do_not_contact", date(2026, 1, 1), None),
        ("008", "outbound_call", "other", date(2026, 1, 1), days_before(1)),
        ("008", "outbound_call", "other", days_before(-1), None),
        ("012", "all", "deceased", date(2026, 1, 1), None),
    ],
}
CARE = TargetList(
    name="care",
    title=Title("Care", "关怀"),
    owner="customer-value",
    purpose="A call.",
    channel="outbound_call",
    where="is_on_net and value_tier in ('diamond', 'gold')",
    columns=("plan_name", "realised_value"),
    status="approved",
    order_by=(Order("realised_value", descending=True),),
    control_share=0.0,
)
FIRST = {"matched": 19, "suppressed": 4, "no_valid_phone": 3, "capped": 3, "universal_control": 1, "exported": 8}
IN_ORDER = ["002", "003", "017", "019", "020", "008", "001", "004"]


class Operator:
    """A home with its two databases, and runs of lists on it."""

    def __init__(self, folder: Path):
        self.home = Home(folder)
        self.published, self.private = made_files(folder, ROWS)

    def change(self, statement: str, private: bool = False) -> None:
        with duckdb.connect(str(self.private if private else self.published)) as connection:
            connection.execute(statement)

    @contextmanager
    def tables(self):
        with duckdb_tables(RELATIONS, self.published, self.private, self.home.exports / ".spill") as tables:
            yield tables

    @contextmanager
    def open(self, *lists: TargetList, names=None, on=RUN_DATE):
        definitions = {definition.name: definition for definition in lists}
        names = list(definitions) if names is None else names
        with self.tables() as tables, run.open_run(tables, self.home, definitions, names, on, AS_OF, "v1", "tester") as decided:
            yield decided

    def run(self, *lists: TargetList, names=None, on=RUN_DATE) -> dict[str, export.ListRun]:
        with self.open(*lists, names=names, on=on) as decided:
            return export_all(decided)

    def members(self, name: str, on=RUN_DATE) -> dict[str, dict]:
        return {row["subscriber_id"]: row for row in ledger.members(self.home, name, on).to_pylist()}


def care(**changes) -> TargetList:
    return replace(CARE, **changes)


def cells(path: str) -> list[list[str]]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def exported(made: export.ListRun) -> list[str]:
    return [row[0] for row in cells(made.file)[1:]]


def left_out(made: export.ListRun) -> dict[str, int]:
    return {step: count for step, count in made.waterfall.items() if count}
