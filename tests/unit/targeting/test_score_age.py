"""Lists that stand on scores of a month before the last complete one say so."""

from datetime import date
from types import SimpleNamespace

import duckdb
import pytest

from orchestration.catalog.tags import Catalog, Tag
from orchestration.targeting.age import old_scores, score_months
from orchestration.targeting.definition import Conditions
from orchestration.targeting.expression import parse
from orchestration.targeting.run import scores_warnings

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)
MONTH = "value_loss_score_month"
CATALOG = Catalog.of(
    [
        Tag("is_on_net", "subscriber", "tags_basic", "flag", data_type="boolean", evidence=("churn_date",)),
        Tag("is_at_risk", "subscriber", "tags_risk", "flag", data_type="boolean", evidence=("warning_zone", "is_on_net")),
        Tag("warning_zone", "subscriber", "tags_risk", "code", data_type="varchar", evidence=("chance", "model_version", MONTH)),
        Tag("chance", "subscriber", "tags_risk", "number", data_type="double", evidence=("warning_zone", MONTH)),
        Tag(MONTH, "subscriber", "tags_risk", "date", data_type="date", evidence=("model_version",)),
    ]
)


def test_tags_stand_on_scores_directly_or_by_their_evidence():
    assert score_months(["is_on_net", "warning_zone", "is_at_risk"], CATALOG) == {MONTH: ("warning_zone", "is_at_risk")}
    assert score_months(["is_on_net", "unknown"], CATALOG) == {}
    assert score_months([MONTH], CATALOG) == {}


@pytest.mark.parametrize("scored", [JUNE, None])
def test_scores_of_the_last_complete_month_and_none_at_all_are_not_old(scored):
    assert old_scores({MONTH: ("warning_zone",)}, {MONTH: scored}, JUNE) == ""


def test_old_scores_are_told_with_the_tags_that_stand_on_them():
    told = old_scores({MONTH: ("warning_zone",)}, {MONTH: MAY}, JUNE)
    assert told == (
        "warning_zone stands on scores of 2026-05, though 2026-06 is complete: scoring has failed since; "
        "`telco360 nightly` says why."
    )
    assert old_scores({MONTH: ("warning_zone", "chance")}, {MONTH: MAY}, JUNE).startswith("warning_zone, chance stand on scores")


class Tables:
    """The two tables that a list asks, as of June."""

    relations = SimpleNamespace(tag_values="lines", months="months")

    def __init__(self, scored: date):
        self.db = duckdb.connect()
        self.db.execute(
            f"create table lines as select 'a' as subscriber_id, date '{scored}' as {MONTH} union all select 'b', null"
        )
        self.db.execute(f"create table months as select date '{JUNE}' as month, true as is_complete_month")
        self.db.execute("insert into months values (date '2026-07-01', false)")

    def rows(self, query: str) -> list[tuple]:
        return self.db.execute(query).fetchall()

    def columns(self, relation: str) -> tuple[str, ...]:
        return tuple(name for name, *_ in self.db.execute(f"describe {relation}").fetchall())


def decided(scored: date, where: str, columns: tuple[str, ...] = (), order: tuple[str, ...] = ()) -> SimpleNamespace:
    definition = SimpleNamespace(columns=columns, order_by=[SimpleNamespace(tag=tag) for tag in order])
    asked = SimpleNamespace(conditions=Conditions(parse(where, CATALOG)), definition=definition)
    plan = SimpleNamespace(decided=("save",), asked={"save": asked})
    return SimpleNamespace(tables=Tables(scored), plan=plan, catalog=CATALOG)


@pytest.mark.parametrize(
    "given",
    [{"where": "is_at_risk"}, {"where": "is_on_net", "columns": ("chance",)}, {"where": "is_on_net", "order": ("chance",)}],
)
def test_a_list_that_asks_shows_or_orders_by_old_scores_warns(given):
    assert "scores of 2026-05" in scores_warnings(decided(MAY, **given))["save"]
    assert scores_warnings(decided(JUNE, **given)) == {"save": ""}


def test_a_list_that_stands_on_no_scores_says_nothing():
    assert scores_warnings(decided(MAY, "is_on_net")) == {}
