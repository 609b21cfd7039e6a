"""Today: the base by month beside the year before, tiers, zones, alerts, what is late, what the last run made."""

from orchestration.console.context import Context, Values
from orchestration.console.figures import bar, line


def today(context: Context) -> Values:
    months = f"""select months.month,
    count(*) filter (months.is_on_net_end) as on_net_end,
    count(*) filter (months.is_new) as activations,
    count(*) filter (months.is_churned) as churned,
    sum(months.arpu_amount) as revenue_amount,
    round(sum(months.arpu_amount) / nullif(count(*) filter (months.is_on_net_end), 0), 2) as arpu_amount
from core.fct_subscriber_months as months
inner join core.dim_subscribers as lines using (subscriber_id)
where months.is_complete_month and not months.is_after_churn and {context.filtered("lines.region_code", "lines.manager_id")}
group by months.month
order by months.month"""
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
inner join core.dim_subscribers as lines using (subscriber_id)
where {context.filtered("lines.region_code", "lines.manager_id")}
group by alerts.severity, alerts.alert_code
order by subscribers desc"""
    late = """select table_name, delivered_to, days_behind, is_last_rejected
from core.dim_raw_tables
where is_late or is_last_rejected
order by days_behind desc"""
    return {
        "charts": [
            context.figure("base", months, "the-monthly-report", line("month", "on_net_end")),
            context.figure("movement", months, "the-monthly-report", bar("month", "activations", "churned")),
            context.figure("revenue", months, "months-of-a-line", bar("month", "revenue_amount")),
            context.figure("arpu", months, "months-of-a-line", line("month", "arpu_amount")),
            context.figure("tiers", tiers, "value", bar("value_tier", "subscribers")),
            context.figure("zones", zones, "value-loss-warning", bar("warning_zone", "subscribers")),
        ],
        "alerts": context.figure("alerts", alerts, "alerts"),
        "late": context.figure("late", late, "customers-catalogues-places"),
        "rows_published": sum(table.rows for table in context.version.version.contents.tables.values()),
        "tables_published": len(context.version.version.contents.tables),
    }
