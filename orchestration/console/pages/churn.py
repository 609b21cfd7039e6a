"""Churn and retention: who leaves, where and why, who may be next, and what alerts are worth."""

from orchestration.base.roles import LINES
from orchestration.console.context import Context, Values
from orchestration.console.figures import bar, heat, line, pareto, split

SHOWN = 200
"""Rows of the list of lines; all of them are in the published table."""


def churn(context: Context) -> Values:
    months = context.months("churn.churn_monthly")
    month = context.month(months)
    own = context.filtered("lines.region_code", "lines.manager_id")
    monthly = f"""select month, on_net_opening, activations, reinstated, churned, on_net_end, churn_rate, net_additions
from {_monthly(context) if context.region or context.manager else "churn.churn_monthly"}
order by month"""
    plans = """select plan_code, tenure_band, churned, on_net_end, churn_rate, is_high_churn_cell
from churn.churn_by_plan_tenure
where not is_plan_total and not is_tenure_total
order by plan_code"""
    reasons = """select reason_code, churned, share, cumulative_share
from churn.churn_reasons
where scope = 'all' and is_told
order by rank"""
    cohorts = """select activation_month, months_since, activated, surviving, survival_rate
from churn.new_subscriber_cohorts
order by activation_month, months_since"""
    # No snapshot of the running month, nor of one that is not billed.
    retained_in = f"retained.month = (select max(month) from churn.snapshot_retention where month <= {month})"
    regions = f"""select retained.month, retained.cohort_month,
    coalesce(regions.region_name, retained.region_code) as region_name, retained.cohort_subscribers, retained.lost,
    retained.retention_rate
from churn.snapshot_retention as retained
left join (select distinct region_code, region_name from core.dim_regions) as regions using (region_code)
where {retained_in} and retained.is_manager_total and not retained.is_region_total
order by retained.cohort_month, region_name"""
    managers = f"""select retained.month, retained.manager_id, retained.cohort_month, retained.cohort_subscribers,
    retained.lost, retained.retention_rate
from churn.snapshot_retention as retained
inner join core.dim_managers as managers using (manager_id)
where {retained_in} and {context.filtered("managers.region_code", "retained.manager_id")}
order by retained.cohort_month, retained.manager_id"""
    pool = f"""select pool.month, pool.kind, count(*) as subscribers
from churn.exception_pool as pool
{context.joined}
where {context.filtered("lines.region_code", "pool.manager_id")}
group by pool.month, pool.kind
order by pool.month, pool.kind"""
    pool_lines = f"""select pool.subscriber_id, pool.kind, pool.since_date, pool.value_tier, pool.manager_id
from churn.exception_pool as pool
{context.joined}
where pool.month = (select max(month) from churn.exception_pool) and {context.filtered("lines.region_code", "pool.manager_id")}
order by pool.since_date desc, pool.subscriber_id
limit {SHOWN}"""
    zones = f"""select scores.warning_zone, count(*) as subscribers
from scoring.value_loss_warning as scores
{context.joined}
where {own}
group by scores.warning_zone"""
    zone_reasons = f"""select scores.warning_zone, scores.warning_reason_1, count(*) as subscribers
from scoring.value_loss_warning as scores
{context.joined}
where scores.warning_reason_1 is not null and {own}
group by scores.warning_zone, scores.warning_reason_1"""
    sales = """select entity, code, new_subscribers, no_second_topup_share, low_activity_share, gone_by_month_6_share, flagged_by
from churn.sales_quality
where is_flagged
order by new_subscribers desc"""
    alerts = """select alert_code, raised, raised_leavers, precision_share, recall_share, lift, mean_days_ahead, has_worth
from churn.alert_effect
where is_in_force and is_replayed and value_class = 'all'
order by lift desc nulls last"""
    return {
        "months": months,
        "own": [
            context.figure("rate", monthly, "the-monthly-report", line("month", "churn_rate")),
            context.figure("movement", monthly, "the-monthly-report", bar("month", "activations", "churned")),
            context.figure("zones", zones, "value-loss-warning", bar("warning_zone", "subscribers")),
            context.figure("pool", pool, "exception-pool", split("bar", "month", "kind", "subscribers", stacked=True)),
            context.figure(
                "zone_reasons", zone_reasons, "value-loss-warning", heat("warning_zone", "warning_reason_1", "subscribers")
            ),
            *([context.figure("pool_lines", pool_lines, "exception-pool")] if context.may(LINES) else []),
            context.figure("managers", managers, "snapshot-retention", heat("cohort_month", "manager_id", "retention_rate")),
        ],
        "whole": [
            context.figure("reasons", reasons, "reasons", pareto("reason_code", "churned", "cumulative_share")),
            context.figure("regions", regions, "snapshot-retention", heat("cohort_month", "region_name", "retention_rate")),
            context.figure("plans", plans, "rates-by-group-of-lines", heat("tenure_band", "plan_code", "churn_rate")),
            context.figure("cohorts", cohorts, "new-lines", heat("months_since", "activation_month", "survival_rate")),
            context.figure("sales", sales, "sales-quality"),
            context.figure("alerts", alerts, "what-alerts-are-worth"),
        ],
    }


def _monthly(context: Context) -> str:
    """The monthly report of the lines that are looked at, as a query of the columns of churn.churn_monthly."""
    return f"""(
    select counted.*, churned / nullif(on_net_end, 0) as churn_rate, on_net_end - on_net_opening as net_additions
    from (
        select months.month, count(*) filter (months.is_on_net_opening) as on_net_opening,
            count(*) filter (months.is_new) as activations, count(*) filter (months.is_reinstated) as reinstated,
            count(*) filter (months.is_churned) as churned, count(*) filter (months.is_on_net_end) as on_net_end
        from core.fct_subscriber_months as months
        {context.joined}
        where months.is_complete_month and {context.filtered("lines.region_code", "lines.manager_id")}
        group by months.month
    ) as counted
)"""
