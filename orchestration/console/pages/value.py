"""Value: what lines and customers are worth, by tier, fee, layer and region, and how lines moved between tiers."""

from orchestration.console.context import Context, Values
from orchestration.console.figures import bar, flow, split


def value(context: Context) -> Values:
    months = context.months("value.value_pyramid")
    month = context.month(months)
    pyramid = f"""select value_tier, subscribers, subscriber_share, revenue_amount, revenue_share
from value.value_pyramid
where month = {month}"""
    history = """select month, value_tier, subscribers, revenue_amount
from value.value_pyramid
order by month"""
    composition = f"""select value_tier, fee_class, revenue_amount, revenue_share
from value.value_composition
where month = {month} and revenue_amount <> 0
order by fee_class"""
    migration = f"""select from_tier, to_tier, subscribers
from value.value_migration
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
    return {
        "months": months,
        "own": [
            context.figure("regions", regions, "value", split("bar", "region_name", "value_tier", "subscribers", stacked=True)),
            context.figure("quadrants", quadrants, "value", bar("value_quadrant", "subscribers")),
            context.figure("classes", classes, "value", bar("value_class", "subscribers")),
        ],
        "whole": [
            context.figure("pyramid", pyramid, "tables-of-tiers", bar("value_tier", "subscriber_share", "revenue_share")),
            context.figure(
                "history", history, "tables-of-tiers", split("bar", "month", "value_tier", "subscribers", stacked=True)
            ),
            context.figure(
                "composition",
                composition,
                "tables-of-tiers",
                split("bar", "value_tier", "fee_class", "revenue_share", stacked=True),
            ),
            context.figure("migration", migration, "tables-of-tiers", flow("from_tier", "to_tier", "subscribers")),
            context.figure("layers", layers, "customers-by-value", bar("service_layer", "customer_share", "revenue_share")),
            context.figure("levels", levels, "tariffs"),
        ],
    }
