"""Published versions of a made tag library of a few lines, as a run would leave them: for tests of what is asked of tags."""

import json
from pathlib import Path

import duckdb

from orchestration.base.settings import Home
from orchestration.warehouse.manifest import Model

PUBLIC = {"public": True, "grain": ["subscriber_id"]}
WORTH_TAGS = {"value_tier": {"kind": "tier"}, "value_score": {"kind": "number"}}
CARE_TAGS = {"is_idle": {"kind": "flag"}, "idle_days": {"kind": "number"}}

MODELS = (
    Model("lines", "core", "lines", columns={"subscriber_id": "", "score": "", "last_used": ""}, meta=PUBLIC),
    Model("line_months", "core", "line_months", columns={"spend": ""}, meta=PUBLIC | {"grain": ["subscriber_id", "month"]}),
    Model("hidden", "core", "hidden", columns={"secret": ""}, meta={"grain": ["subscriber_id"]}, parents=("far",)),
    Model("far", "core", "far", columns={"trend": ""}, meta=PUBLIC, as_of={"trend": "last_complete_month"}),
    Model(
        "tags_worth", "tags", "tags_worth", columns={"subscriber_id": "", "value_tier": "Tier by score.", "value_score": ""},
        meta=PUBLIC | {"entity": "subscriber", "category": "value"}, tags=WORTH_TAGS, parents=("hidden", "line_months", "lines"),
    ),
    Model(
        "tags_care", "tags", "tags_care", columns={"subscriber_id": "", "is_idle": "", "idle_days": ""},
        meta=PUBLIC | {"entity": "subscriber", "category": "care"}, tags=CARE_TAGS, parents=("lines", "tags_worth"),
    ),
    Model(
        "subscriber_360", "tags", "subscriber_360", parents=("tags_care", "tags_worth"),
        meta=PUBLIC | {"entity": "subscriber", "serves": "tag_values"},
    ),
    Model(
        "customer_360", "tags", "customer_360", columns={"customer_id": "", "service_layer": ""},
        meta={"public": True, "grain": ["customer_id"], "entity": "customer", "serves": "tag_values"},
        tags={"service_layer": {"kind": "tier"}},
    ),
    Model("months", "core", "months", meta={"public": True, "serves": "months"}),
    *(Model(seed, "seeds", seed, meta={"public": True}) for seed in ("rules", "tiers")),
    *(Model(role, "tags", role, meta={"public": True, "serves": role})
      for role in ("tag_catalog", "tag_coverage", "tag_changes", "tag_history")),
)  # fmt: skip

WORTH = """
-- What a line is worth.
select subscriber_id, score as value_score,
    case when score >= (select max(value) from "telco360"."seeds"."rules" where rule = 'gold_from') then 'gold' else 'mass' end as value_tier
from "telco360"."core"."lines"
"""  # noqa: E501
CARE = """
select l.subscriber_id, date_diff('day', last_used, cast('{as_of}' as date)) as idle_days,
    date_diff('day', last_used, cast('{as_of}' as date)) > 30 and value_tier = 'mass' as is_idle
from "telco360"."core"."lines" as l
left join "telco360"."tags"."tags_worth" using (subscriber_id)
"""

CATALOGUE = {
    "tag_name": "", "entity": "subscriber", "model_name": "tags_worth", "category": "value", "category_zh": "价值",
    "tag_group": "", "tag_group_zh": "", "kind": "number",
    "data_type": "varchar", "description": "", "description_zh": "", "label_zh": "",
    "unit": None, "allowed_values": None, "value_labels_zh": None, "values_from": None, "least": None, "greatest": None,
    "refresh": "daily", "owner": "customer-value", "sensitivity": "internal", "severity": "warning", "evidence": "[]",
    "measure": None,
    "threshold_seed": None, "threshold_rule": None, "version": 1, "status": "active", "since": "2026-01-01",
    "as_of": "business_date", "withdrawn_on": None, "leaves_on": None, "is_historic": False, "is_tracked": True,
    "fresh_as_of": "2026-03-31", "sources": None,
}  # fmt: skip

TAGS = (
    {"tag_name": "value_tier", "kind": "tier", "label_zh": "价值等级", "description": "Tier by score.",
     "description_zh": "按评分分级", "values_from": "tiers",
     "allowed_values": '["gold", "mass"]', "value_labels_zh": '{"gold": "金", "mass": "大众"}',
     "measure": "value_score", "evidence": '["value_score", "last_used", "trend", "gone"]', "is_historic": True,
     "as_of": "last_billed_month",
     "sources": '[{"table": "billing_charges", "delivered": "2026-03-31"}, {"table": "billing_bills", "delivered": null}]'},
    {"tag_name": "value_score", "label_zh": "价值评分", "unit": "points", "evidence": '["value_score"]',
     "as_of": "last_billed_month", "is_tracked": False, "description": "Points of worth.", "least": "0", "greatest": "100"},
    {"tag_name": "is_idle", "kind": "flag", "model_name": "tags_care", "category": "care", "category_zh": "关怀",
     "label_zh": "闲置", "description": "Unused for longer than idle_after days.", "evidence": '["idle_days"]',
     "measure": "idle_days", "threshold_seed": "rules", "threshold_rule": "idle_after",
     "status": "stale", "fresh_as_of": "2026-03-28"},
    {"tag_name": "idle_days", "model_name": "tags_care", "category": "care", "category_zh": "关怀", "unit": "days",
     "label_zh": "闲置天数", "evidence": '["last_used"]', "description": "Days since last use."},
    {"tag_name": "service_layer", "entity": "customer", "model_name": "customer_360", "kind": "tier", "label_zh": "服务层级",
     "allowed_values": '["A", "B"]', "evidence": '["service_layer"]', "description": "Layer of service."},
)  # fmt: skip

LINES = {"L1": (96.2, "2026-03-30"), "L2": (81.9, "2026-03-01"), "L3": (12.0, "2026-02-01"), "L4": (None, None)}
"""Score and day of last use by line."""


def made_tag_version(
    home: Home,
    as_of: str = "2026-03-31",
    lines: dict = LINES,
    gold_from: int = 85,
    worth: str = WORTH,
    tags: tuple = TAGS,
    keeps_definitions: bool = True,
) -> str:
    """Publishes a version of these lines and rules, makes it the current one, and gives its name."""
    home.published.mkdir(parents=True, exist_ok=True)
    number = len(list(home.published.glob("telco360_*.duckdb")))
    name = f"telco360_{as_of}_run{number}"
    definitions = {"tags_worth": worth, "tags_care": CARE.format(as_of=as_of)}
    draft = home.published / "telco360.draft" / "telco360.duckdb"  # dbt knows the build by this name, and so does its SQL
    draft.parent.mkdir()
    with duckdb.connect(str(draft)) as db:
        for statement in statements(as_of, lines, gold_from, tags, definitions):
            db.execute(statement)
    path = home.published / f"{name}.duckdb"
    draft.rename(path)
    draft.parent.rmdir()
    facts = {"version": name, "run": f"run{number}", "made_at": f"2026-04-01T00:00:{number:02}", "as_of": as_of, "code": "c0de"}
    facts |= {"stale": {}, "notes": [], "is_approved": True, "tables": {}}
    facts |= {"definitions": definitions} if keeps_definitions else {}
    path.with_suffix(".json").write_text(json.dumps(facts))
    home.current.unlink(missing_ok=True)
    home.current.symlink_to(path.name)
    return name


def statements(as_of: str, lines: dict, gold_from: int, tags: tuple, definitions: dict[str, str]) -> list[str]:
    """The SQL that makes the tables of a version."""
    rows = ", ".join(f"({_sql(line)}, {_sql(score)}, {_sql(used)})" for line, (score, used) in lines.items())
    catalogue = [CATALOGUE | tag for tag in tags]
    return [
        "create schema core", "create schema tags", "create schema seeds",
        f"""create table core.lines as select subscriber_id, score::decimal(9, 4) as score, last_used::date as last_used
            from (values {rows}) as t(subscriber_id, score, last_used)""",
        """create table core.months as select * from (values (date '2026-01-01', true, true), (date '2026-02-01', true, false),
            (date '2026-03-01', false, false)) as t(month, is_complete_month, is_billed)""",
        "create table core.far as select subscriber_id, 0.5 as trend from core.lines",
        "create table seeds.tiers(band varchar, lower_bound varchar)",
        f"insert into seeds.tiers values ('gold', '{gold_from}'), ('mass', '')",
        "create table seeds.rules(rule varchar, value decimal(18, 6))",
        f"insert into seeds.rules values ('gold_from', {gold_from}), ('idle_after', 30)",
        *(f"create table tags.{name} as {sql}" for name, sql in definitions.items()),
        "create table tags.subscriber_360 as from tags.tags_worth join tags.tags_care using (subscriber_id)",
        "create table tags.customer_360 as select 'C1' as customer_id, 'A' as service_layer",
        f"""create table tags.tag_catalog as select * from (values {", ".join(_row(tag.values()) for tag in catalogue)})
            as t({", ".join(CATALOGUE)})""",
        f"""create table tags.tag_coverage as select date '{as_of}' as as_of_date, 'subscriber' as entity,
            'value_tier' as tag_name, coalesce(value_tier, 'unknown') as value,
            count(*) as members, count(*) / {len(lines)} as share
            from tags.subscriber_360 group by all
            union all select date '2026-03-01', 'subscriber', unnest(['value_tier', 'is_idle']), 'unknown', 1, 1""",
        """create table tags.tag_changes as select date '2026-03-20' as as_of_date, 'L1' as subscriber_id,
            'value_tier' as tag_name, 'mass' as old_value, 'gold' as new_value""",
        "create table tags.tag_history(month date, subscriber_id varchar, value_tier varchar)",
        """insert into tags.tag_history values
            ('2026-01-01', 'L2', 'gold'), ('2026-02-01', 'L2', 'mass'), ('2026-03-01', 'L2', 'mass')""",
    ]  # fmt: skip


def _row(values) -> str:
    return "(" + ", ".join(map(_sql, values)) + ")"


def _sql(value: object) -> str:
    return "null" if value is None else str(value) if isinstance(value, bool | int | float) else f"'{value}'"


def made_home(root: Path) -> Home:
    """A home with one version."""
    home = Home(root)
    made_tag_version(home)
    return home
