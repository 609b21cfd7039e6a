"""Campaign effect: whom lists, offers and channels reached, and what they did beyond what would have happened anyway."""

from orchestration.console.context import Context, Values
from orchestration.console.figures import interval

DIMENSIONS = {"list": "list_name", "offer": "offer_code", "channel": "channel", "manager": "manager_id"}
"""By what effects are told, each with the column that its codes are of."""


def campaigns(context: Context) -> Values:
    dimension = context.given.get("by")
    chosen = dimension if dimension in DIMENSIONS else "list"
    code = DIMENSIONS[chosen]
    effect = f"""select code as {code}, targeted_treated, targeted_control, contacted_treated, contacted_control,
    connected_treated, ordered_treated, success_rate_treated, uplift, uplift_low, uplift_high, retention_uplift,
    retention_uplift_low, retention_uplift_high
from marketing.campaign_effect
where dimension = '{chosen}'
order by uplift desc nulls last"""
    kept = f"""select code as {code}, retention_uplift, retention_uplift_low, retention_uplift_high
from marketing.campaign_effect
where dimension = '{chosen}' and retention_uplift is not null
order by retention_uplift desc"""
    orders = f"""select code as {code}, uplift, uplift_low, uplift_high
from marketing.campaign_effect
where dimension = '{chosen}' and uplift is not null
order by uplift desc"""
    runs = """select list_name, run_date, channel, targeted_treated, targeted_control, contacted_treated, connection_rate,
    ordered_treated, success_rate_treated, uplift, uplift_low, uplift_high, retention_uplift
from marketing.list_effect
order by run_date desc, list_name"""
    returns = """select list_name, run_date, offer_code, contacts, cost_amount, orders_gained, lines_saved,
    cost_per_line_saved_amount, return_amount
from marketing.list_returns
order by run_date desc, list_name"""
    library = """select rank, list_name, offer_code, channel, segment, runs, targeted_treated, measure, effect, effect_low,
    effect_high, is_proven
from marketing.plan_library
order by rank"""
    members = f"""select list_name, run_date, count(*) filter (arm = 'treated') as treated,
    count(*) filter (arm = 'control') as control, count(*) filter (arm = 'universal_control') as universal_control
from marketing.target_list_members
where arm is not null and {context.filtered()}
group by list_name, run_date
order by run_date desc, list_name"""
    return {
        "dimensions": DIMENSIONS,
        "chosen": chosen,
        "own": [context.figure("members", members, "marketing")],
        "whole": [
            context.figure("orders", orders, "marketing", interval(code, "uplift", "uplift_low", "uplift_high")),
            context.figure(
                "kept", kept, "marketing", interval(code, "retention_uplift", "retention_uplift_low", "retention_uplift_high")
            ),
            context.figure("effect", effect, "marketing"),
            context.figure("runs", runs, "marketing"),
            context.figure("returns", returns, "marketing"),
            context.figure("library", library, "marketing"),
        ],
    }
