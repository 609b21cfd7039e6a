"""Value: what lines and customers are worth, by tier, fee, layer and region, and how lines moved between tiers."""

from orchestration.base.sql import identifier
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
from {_composition(context, month) if is_filtered else "value.value_composition"}
where month = {month} and revenue_amount <> 0
order by sum(abs(revenue_amount)) over (partition by fee_class) desc, fee_class"""
    migration = f"""select from_tier, to_tier, subscribers
from {_moves(context, month) if is_filtered else "value.value_migration"}
where month = {month}
order by subscribers desc"""
    layers = f"""select service_layer, customers, customer_share, revenue_amount, revenue_share
from {_layers(context) if is_filtered else "value.service_layers"}
order by service_layer"""
    levels = f"""select level, subscribers, arpu_from, arpu_to, matched_amount, incentive_amount, plan_code, plan_name
from {_levels(context) if is_filtered else "value.tariff_levels"}
left join (select plan_code, plan_name from core.dim_plans) as plans using (plan_code)
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
    figures = [
        context.figure("pyramid", pyramid, "tables-of-tiers", bar("value_tier", "subscriber_share", "revenue_share")),
        context.figure("history", history, "tables-of-tiers", split("bar", "month", "value_tier", "subscribers", stacked=True)),
        context.figure("migration", migration, "tables-of-tiers", flow("from_tier", "to_tier", "subscribers")),
        context.figure("regions", regions, "value", split("bar", "region_name", "value_tier", "subscribers", stacked=True)),
        context.figure("quadrants", quadrants, "value", bar("value_quadrant", "subscribers")),
        context.figure("classes", classes, "value", bar("value_class", "subscribers")),
        context.figure(
            "composition",
            composition,
            "tables-of-tiers",
            split("bar", "value_tier", "fee_class", "revenue_share", stacked=True),
        ),
        context.figure("layers", layers, "customers-by-value", bar("service_layer", "customer_share", "revenue_share")),
        context.figure("levels", levels, "tariffs"),
    ]
    return {"months": months, "own": figures, "whole": []}


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


def _composition(context: Context, month: str) -> str:
    """What the revenue of the lines that are looked at is made of in the month, as a query of the columns of
    value.value_composition: amounts billed by fee class, of classes that count to ARPU, and as one more what of these does not
    count, below 0."""
    counting = "select distinct fee_class from value.value_composition where revenue_amount <> 0 order by fee_class"
    amounts = {fee_class: f"facts.{identifier(f'{fee_class}_amount')}" for (fee_class,) in context.version.ask(counting)[1]}
    billed = "".join(f"sum({amount}) as {identifier(fee_class)}, " for fee_class, amount in amounts.items())
    return f"""(
    select parts.*, revenue_amount / nullif(sum(revenue_amount) over (partition by month, value_tier), 0) as revenue_share
    from (
        unpivot (
            select months.month, months.value_tier, {billed}
                sum({" - ".join(["facts.arpu_amount", *amounts.values()])}) as not_to_arpu
            from value.subscriber_value_months as months
            inner join core.fct_subscriber_months as facts using (subscriber_id, month)
            {context.joined}
            where months.month = {month} and {context.filtered("lines.region_code", "lines.manager_id")}
            group by months.month, months.value_tier
        ) on {", ".join([*map(identifier, amounts), "not_to_arpu"])} into name fee_class value revenue_amount
    ) as parts
)"""


def _layers(context: Context) -> str:
    """The layers of the customers who hold the lines that are looked at, with the worth of these lines alone, as a query of the
    columns of value.service_layers. Who holds lines of several regions counts in each."""
    return f"""(
    select layers.*, customers / sum(customers) over () as customer_share,
        revenue_amount / nullif(sum(revenue_amount) over (), 0) as revenue_share
    from (
        select customers.service_layer, count(distinct lines.customer_id) as customers,
            sum(months.realised_value) as revenue_amount
        from value.subscriber_value_months as months
        {context.joined}
        inner join value.customer_value as customers on lines.customer_id = customers.customer_id
        where months.month = (select max(month) from value.subscriber_value_months)
            and {context.filtered("lines.region_code", "lines.manager_id")}
        group by customers.service_layer
    ) as layers
)"""


def _levels(context: Context) -> str:
    """The mid/high-end lines that are looked at by the operator's tariff levels, as a query of the columns of
    value.tariff_levels. A line on the border of two counts to the lower."""
    return f"""(
    select levels.* exclude (over_amount) replace (count(*) as subscribers)
    from value.subscriber_value_months as months
    {context.joined}
    inner join (select *, lag(arpu_to, 1, -1) over (order by level) as over_amount from value.tariff_levels) as levels
        on months.arpu_3m > levels.over_amount and months.arpu_3m <= levels.arpu_to
    where months.month = (select max(month) from value.subscriber_value_months) and months.is_mid_high_end
        and {context.filtered("lines.region_code", "lines.manager_id")}
    group by all
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
