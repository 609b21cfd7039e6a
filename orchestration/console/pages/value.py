"""Value: what lines and customers are worth, by tier, fee, layer and region, and how lines moved between tiers."""

from orchestration.console.context import Context, Values
from orchestration.console.figures import bar, flow, split


def value(context: Context) -> Values:
    months = context.months("value.value_pyramid")
    month = context.month(months)
    is_filtered = bool(context.region or context.manager)
    tiers = _tiers(context) if is_filtered else "value.value_pyramid"
    pyramid = f"""select value_tier, subscribers, subscriber_share, revenue_amount, revenue_share
from {tiers}
where month = {month}"""
    history = f"""select month, value_tier, subscribers, revenue_amount
from {tiers}
order by month"""
    composition = f"""select value_tier, fee_class, revenue_amount, revenue_share
from value.value_composition
where month = {month} and revenue_amount <> 0
order by fee_class"""
    migration = f"""select from_tier, to_tier, subscribers
from {_moves(context, month) if is_filtered else "value.value_migration"}
where month = {month}
order by subscribers desc"""
    layers = """select service_layer, customers, customer_share, revenue_amount, revenue_share
from value.service_layers
order by service_layer"""
    levels = """select level, subscribers, arpu_from, arpu_to, matched_amount, incentive_amount, plan_code
from value.tariff_levels
order by level"""
    lines = f"""from value.subscriber_value_months as months
{context.joined}
where months.month = {month} and {context.filtered("lines.region_code", "lines.manager_id")}"""
    regions = f"""select coalesce(lines.region_name, lines.region_code) as region_name, months.value_tier, count(*) as subscribers
from value.subscriber_value_months as months
inner join core.dim_subscribers as lines using (subscriber_id)
where months.month = {month} and {context.filtered("lines.region_code", "lines.manager_id")}
group by lines.region_name, lines.region_code, months.value_tier
order by region_name"""
    quadrants = f"""select months.value_quadrant, count(*) as subscribers, sum(months.realised_value) as realised_value
{lines} and months.value_quadrant is not null
group by months.value_quadrant"""
    classes = f"""select months.value_class, count(*) as subscribers, sum(months.realised_value) as realised_value
{lines}
group by months.value_class"""
    own = [
        context.figure("pyramid", pyramid, "tables-of-tiers", bar("value_tier", "subscriber_share", "revenue_share")),
        context.figure("history", history, "tables-of-tiers", split("bar", "month", "value_tier", "subscribers", stacked=True)),
        context.figure("migration", migration, "tables-of-tiers", flow("from_tier", "to_tier", "subscribers")),
        context.figure("regions", regions, "value", split("bar", "region_name", "value_tier", "subscribers", stacked=True)),
        context.figure("quadrants", quadrants, "value", bar("value_quadrant", "subscribers")),
        context.figure("classes", classes, "value", bar("value_class", "subscribers")),
    ]
    whole = [
        context.figure(
            "composition",
            composition,
            "tables-of-tiers",
            split("bar", "value_tier", "fee_class", "revenue_share", stacked=True),
        ),
        context.figure("layers", layers, "customers-by-value", bar("service_layer", "customer_share", "revenue_share")),
        context.figure("levels", levels, "tariffs"),
    ]
    return {"months": months} | ({"own": own, "whole": whole} if is_filtered else {"own": [*own, *whole], "whole": []})


def _tiers(context: Context) -> str:
    """The pyramid of the lines that are looked at, as a query of the columns of value.value_pyramid."""
    return f"""(
    select tiers.*, subscribers / sum(subscribers) over (partition by month) as subscriber_share,
        revenue_amount / nullif(sum(revenue_amount) over (partition by month), 0) as revenue_share
    from (
        select months.month, months.value_tier, count(*) as subscribers, sum(facts.arpu_amount) as revenue_amount
        from value.subscriber_value_months as months
        inner join core.fct_subscriber_months as facts using (subscriber_id, month)
        {context.joined}
        where {context.filtered("lines.region_code", "lines.manager_id")}
        group by months.month, months.value_tier
    ) as tiers
)"""


def _moves(context: Context, month: str) -> str:
    """How the lines that are looked at moved between tiers in the month, as a query of the columns of value.value_migration."""
    return f"""(
    select {month} as month,
        case when facts.is_on_net_opening then before.value_tier when facts.is_new then 'new' else 'churned' end as from_tier,
        case when facts.is_on_net_end then after.value_tier else 'churned' end as to_tier, count(*) as subscribers
    from core.fct_subscriber_months as facts
    {context.joined}
    left join value.subscriber_value_months as before
        on facts.subscriber_id = before.subscriber_id and before.month = {month} - interval 1 month
    left join value.subscriber_value_months as after
        on facts.subscriber_id = after.subscriber_id and after.month = facts.month
    where facts.month = {month} and not facts.is_after_churn
        and (facts.is_on_net_opening or facts.is_new or facts.is_reinstated)
        and exists (select 1 from value.value_migration where month = {month})
        and {context.filtered("lines.region_code", "lines.manager_id")}
    group by all
)"""
