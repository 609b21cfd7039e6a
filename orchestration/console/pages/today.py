"""Today: the base by month beside the year before, tiers, zones, alerts, what is late, what the last run made."""

from dataclasses import replace

from orchestration.console.context import Context, Values
from orchestration.console.figures import Figure, bar, line
from orchestration.pipeline.run_log import last_runs

MONTHS_SHOWN = 13
TILES = {
    "on_net_end": "the-monthly-report", "activations": "the-monthly-report", "churned": "the-monthly-report",
    "revenue_amount": "months-of-a-line", "arpu_amount": "months-of-a-line",
}  # fmt: skip
"""Columns whose last month stands above all, each with the anchor of its definition."""

PAGES = {
    "on_net_end": "churn", "activations": "churn", "churned": "churn", "revenue_amount": "value", "arpu_amount": "value",
}  # fmt: skip
"""The page that tells more of each of them."""


def today(context: Context) -> Values:
    months = f"""with monthly as (
    select months.month,
        count(*) filter (months.is_on_net_end) as on_net_end,
        count(*) filter (months.is_new) as activations,
        count(*) filter (months.is_churned) as churned,
        sum(months.arpu_amount) filter (dates.is_billed) as revenue_amount,
        round(sum(months.arpu_amount) filter (dates.is_billed) / nullif(count(*) filter (months.is_on_net_end), 0), 2)
            as arpu_amount
    from core.fct_subscriber_months as months
    inner join core.dim_months as dates using (month)
    {context.joined}
    where months.is_complete_month and not months.is_after_churn
        and {context.filtered("lines.region_code", "lines.manager_id")}
    group by months.month
)
select monthly.*, before.on_net_end as on_net_end_year_before, before.revenue_amount as revenue_amount_year_before,
    before.arpu_amount as arpu_amount_year_before
from monthly
left join monthly as before on before.month = monthly.month - interval 12 month
order by monthly.month desc
limit {MONTHS_SHOWN}"""
    tiers = f"""select value_tier, count(*) as subscribers, sum(realised_value) as realised_value
from tags.subscriber_360
where is_on_net and {context.filtered()}
group by value_tier
order by subscribers desc"""
    zones = f"""select warning_zone, count(*) as subscribers
from tags.subscriber_360
where is_on_net and warning_zone is not null and {context.filtered()}
group by warning_zone
order by subscribers desc"""
    alerts = f"""select alerts.severity, alerts.alert_code, count(*) as subscribers
from churn.alerts as alerts
{context.joined}
where {context.filtered("lines.region_code", "lines.manager_id")}
group by alerts.severity, alerts.alert_code
order by subscribers desc"""
    late = """select table_name, delivered_to, days_behind, is_last_rejected
from core.dim_raw_tables
where is_late or is_last_rejected
order by days_behind desc"""
    last = next((run.facts for run in reversed(last_runs(context.home)) if "lists" in run.facts), {})
    exported = [(name, rows) for name, rows in last.get("lists", {}).items()]
    base = context.figure("base", months, "the-monthly-report", line(*year("on_net_end")), "churn")
    return {
        "tiles": tiles(base),
        "definition_of": TILES,
        "page_of": PAGES,
        "charts": [
            base,
            context.figure("movement", months, "the-monthly-report", bar("month", "activations", "churned"), "churn"),
            context.figure("revenue", months, "months-of-a-line", bar(*year("revenue_amount")), "value"),
            context.figure("arpu", months, "months-of-a-line", line(*year("arpu_amount")), "value"),
            context.figure("tiers", tiers, "value", bar("value_tier", "subscribers"), "value"),
            context.figure("zones", zones, "value-loss-warning", bar("warning_zone", "subscribers"), "churn"),
        ],
        "alerts": context.figure("alerts", alerts, "alerts", more="churn"),
        "late": context.figure("late", late, "customers-catalogues-places", more="quality"),
        "lists": replace(context.table("lists", ("list_name", "exported"), exported, "marketing"), more="lists"),
        "accepted": f"{last.get('deliveries_accepted', 0):,}",
        "rejected": f"{last.get('deliveries_rejected', 0):,}",
        "is_run_known": bool(last),
        "rows_published": sum(table.rows for table in context.version.version.contents.tables.values()),
        "tables_published": len(context.version.version.contents.tables),
    }


def tiles(months: Figure) -> list[tuple[str, object, object, float | None]]:
    """The figures of the last month that has them, since the last is not billed yet: column, month, value, change on the month
    before as a share of that. Pure."""
    found: list[tuple[str, object, object, float | None]] = []
    for column in TILES:
        known = [each for each in zip(months.column("month"), months.column(column), strict=True) if each[1] is not None]
        (month, now), (_, before) = [*known[:2], (None, None), (None, None)][:2]
        found.append((column, month, now, float(now) / float(before) - 1 if now is not None and before else None))
    return found


def year(column: str) -> tuple[str, str, str]:
    """The columns of a chart of months beside those of the year before. Pure."""
    return "month", column, f"{column}_year_before"
