"""A small published version and private warehouse for target lists, as tables of one DuckDB connection or as two files."""

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.base.errors import ListError
from orchestration.targeting.export import DecidedRun, ListRun

AS_OF, RUN_DATE = date(2026, 3, 31), date(2026, 4, 1)

RELATIONS = {
    "tag_values": "tags.subscriber_360",
    "tag_catalog": "tags.tag_catalog",
    "tag_history": "tags.tag_history",
    "tag_changes": "tags.tag_changes",
    "raw_tables": "core.dim_raw_tables",
    "months": "core.dim_months",
    "contacts": "core.fct_contacts",
    "orders": "core.fct_orders",
    "offers": "core.dim_offers",
    "open_offers": "marketing.next_best_offers",
    "offer_chances": "marketing.offer_chances",
    "channel_costs": "seeds.channel_costs",
    "plan_library": "marketing.plan_library",
    "contact_rules": "seeds.contact_rules",
    "tasks": "marketing.tasks",
    "task_purposes": "seeds.task_purposes",
    "phones": "private.phones_held",
    "phone_holders": "private.phone_holders",
    "suppressions": "staging.stg_channel__suppressions_now",
    "phone_suppressions": "private.phone_suppressions",
}
CATALOGUE = [  # tag_name, kind, data_type, allowed_values, status, is_historic, raw table
    ("is_on_net", "flag", "boolean", None, "active", False, "crm_subscribers"),
    ("value_tier", "tier", "varchar", '["diamond", "gold", "mass"]', "active", True, "crm_subscribers"),
    ("plan_name", "code", "varchar", None, "active", False, "crm_subscribers"),
    ("region_code", "code", "varchar", None, "active", False, "crm_subscribers"),
    ("realised_value", "number", "decimal(18,2)", None, "active", True, "crm_subscribers"),
    ("value_score", "number", "decimal(9,6)", None, "active", False, "crm_subscribers"),
    ("tenure_months", "number", "integer", None, "active", False, "crm_subscribers"),
    ("activation_date", "date", "date", None, "active", False, "crm_subscribers"),
    ("is_universal_control", "flag", "boolean", None, "active", False, "crm_subscribers"),
    ("nps_score", "number", "integer", None, "stale", False, "channel_surveys"),
    ("last_store", "code", "varchar", None, "failed", False, "channel_visits"),
    ("not_built", "number", "double", None, "active", False, "crm_subscribers"),
]
RULES = {
    "short_cap_days": 1, "short_cap_contacts": 1, "mid_cap_days": 7, "mid_cap_contacts": 2, "long_cap_days": 30,
    "long_cap_contacts": 4, "control_share": 0.1, "size_jump_share": 0.3, "cool_down_days": 14, "eligible_share": 0.5,
    "refused_days": 90, "data_age_warning_days": 1, "max_data_age_days": 3, "detection_power": 0.8,
    "detection_confidence": 0.95,
}  # fmt: skip
TABLES = {
    "tags.subscriber_360": "subscriber_id varchar, is_on_net boolean, value_tier varchar, plan_name varchar, region_code varchar,"
    " realised_value decimal(18,2), value_score decimal(9,6), tenure_months integer, activation_date date,"
    " is_universal_control boolean, nps_score integer, last_store varchar",
    "tags.tag_catalog": "tag_name varchar, entity varchar, model_name varchar, kind varchar, data_type varchar,"
    " allowed_values varchar, description varchar, label_zh varchar, status varchar, is_historic boolean, is_tracked boolean,"
    " sources varchar",
    "tags.tag_history": "month date, subscriber_id varchar, value_tier varchar, realised_value decimal(18,2)",
    "tags.tag_changes": "as_of_date date, subscriber_id varchar, tag_name varchar, old_value varchar, new_value varchar",
    "core.dim_raw_tables": "table_name varchar, delivered_to date, days_behind integer, limit_days integer,"
    " is_last_rejected boolean",
    "core.dim_months": "month date, is_complete_month boolean, is_billed boolean, closed_on date, billed_share double,"
    " deliveries_after_closing bigint",
    "core.fct_contacts": "contact_id varchar, subscriber_id varchar, contact_date date, direction varchar, list_name varchar,"
    " list_run_date date, offer_code varchar, outcome varchar",
    "core.fct_orders": "order_id varchar, subscriber_id varchar, offer_code varchar, order_date date, is_completed boolean",
    "core.dim_offers": "offer_code varchar, offer_name varchar, pay_amount decimal(12,2), gift_amount decimal(12,2),"
    " script varchar, valid_to date, is_valid boolean",
    "marketing.next_best_offers": "subscriber_id varchar, offer_code varchar, rank bigint, is_best boolean,"
    " worth_amount decimal(18,2)",
    "marketing.offer_chances": "offer_code varchar, acceptance_chance decimal(9,6), gift_cost_amount decimal(12,2)",
    "marketing.plan_library": "list_name varchar, offer_code varchar, channel varchar, segment varchar, runs bigint,"
    " targeted_treated bigint, measure varchar, effect double, effect_low double, effect_high double, rank bigint",
    "marketing.tasks": "subscriber_id varchar, task_id varchar, purpose varchar, due_date date, priority_amount decimal(18,2),"
    " is_open boolean",
    "seeds.task_purposes": "purpose varchar, name_en varchar, name_zh varchar",
    "seeds.channel_costs": "channel varchar, contact_cost decimal(12,2)",
    "seeds.contact_rules": "rule varchar, value decimal(18,6), description varchar",
}
PRIVATE_TABLES = {
    "private.subscriber_phones": "subscriber_id varchar, msisdn varchar, is_valid_msisdn boolean",
    "private.earlier_phones": "subscriber_id varchar, phone_key varchar",
    "private.phone_suppressions": "phone_key varchar, channel varchar, reason_code varchar, effective_from date,"
    " effective_to date",
    "staging.stg_channel__suppressions_now": "subscriber_id varchar, channel varchar, reason_code varchar, effective_from date,"
    " effective_to date",
}
VIEWS = """
    create view private.phones_held as
    select *, max(subscriber_id) over (partition by phone_key) as holder_id
    from (select *, right(msisdn, 11) as phone_key from private.subscriber_phones);

    create view private.phone_holders as
    select phone_key, subscriber_id from private.phones_held where phone_key is not null
    union
    select phone_key, subscriber_id from private.earlier_phones
"""
"""Of several lines with one phone the last by id holds it now; the models say by life and activation."""


def lay_tables(connection: duckdb.DuckDBPyConnection, tables: dict[str, str]) -> None:
    """The tables, empty but for what stands in this module."""
    for schema in sorted({name.split(".")[0] for name in tables}):
        connection.execute(f"create schema {schema}")
    for name, columns in tables.items():
        connection.execute(f"create table {name} ({columns})")
    if "tags.tag_catalog" in tables:
        connection.executemany(
            "insert into tags.tag_catalog values ($1, 'subscriber', 'tags_basic', $2, $3, $4, 'What ' || $1 || ' means.', '',"
            ' $5, $6, $2 <> \'number\', \'[{"table": "\' || $7 || \'", "delivered": "2026-03-31"}]\')',
            CATALOGUE,
        )
        connection.executemany("insert into seeds.contact_rules values (?, ?, '')", list(RULES.items()))
        raw = [("crm_subscribers", AS_OF, 0, 3, False), ("channel_surveys", date(2026, 2, 1), 58, 35, False)]
        connection.execute("insert into core.dim_months values (date '2026-03-01', true, true, date '2026-03-31', 1, 0)")
        raw.append(("channel_visits", date(2026, 3, 1), 30, 35, True))
        connection.executemany("insert into core.dim_raw_tables values (?, ?, ?, ?, ?)", raw)
    if "private.subscriber_phones" in tables:
        connection.execute(VIEWS)


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[tuple]) -> None:
    """Adds the rows to the table. Through Arrow, which takes a tenth of the time of as many statements."""
    if rows:
        given = pa.table([pa.array(column) for column in zip(*rows, strict=True)], names=[f"c{n}" for n in range(len(rows[0]))])
        connection.register("given", given)
        connection.execute(f"insert into {table} select * from given")
        connection.unregister("given")


def made_files(folder: Path, rows: dict[str, list[tuple]]) -> tuple[Path, Path]:
    """The published version behind its link and the private warehouse, which must be called so."""
    version = folder / "published" / "made_2026-03-31_r1.duckdb"
    private = folder / "warehouse" / "telco360.duckdb"
    for path, tables in ((version, TABLES), (private, PRIVATE_TABLES)):
        path.parent.mkdir(parents=True)
        with duckdb.connect(str(path)) as connection:
            lay_tables(connection, tables)
            for name in tables.keys() & rows.keys():
                insert(connection, name, rows[name])
    return version, private


def export_all(decided: DecidedRun) -> dict[str, ListRun]:
    """Every list of a run exported, by name; one that fails is there with its reason, and the others go on."""
    made = {}
    for name in decided.names:
        try:
            made[name] = decided.export(name)
        except ListError as error:
            made[name] = decided.without_file(name, decided.status(name), str(error))
    return made


def days_before(days: int) -> date:
    return RUN_DATE - timedelta(days)
