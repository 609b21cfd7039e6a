"""Campaign effect: whom lists, offers and channels reached, and what they did beyond what would have happened anyway."""

from orchestration.base.sql import literal
from orchestration.console.context import Context, Values
from orchestration.console.figures import interval

DIMENSIONS = {
    "list": "list_name", "offer": "offer_code", "channel": "channel", "region": "region_code", "manager": "manager_id",
}  # fmt: skip
"""By what effects are told, each with the column that its codes are of."""


def campaigns(context: Context) -> Values:
    dimension = context.given.get("by")
    chosen = dimension if dimension in DIMENSIONS else "list"
    code = DIMENSIONS[chosen]
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
order by segment <> 'all', segment, rank"""
    members = f"""select list_name, run_date, count(*) filter (arm = 'treated') as treated,
    count(*) filter (arm = 'control') as control, count(*) filter (arm = 'universal_control') as universal_control
from marketing.target_list_members
where arm is not null and {context.filtered()}
group by list_name, run_date
order by run_date desc, list_name"""
    looked_at = (("of_region", "region", context.region), ("of_manager", "manager", context.manager))
    return {
        "dimensions": DIMENSIONS,
        "chosen": chosen,
        "own": [
            *(context.figure(name, _effect(by, one), "marketing") for name, by, one in looked_at if one),
            context.figure("members", members, "marketing"),
        ],
        "whole": [
            context.figure("orders", orders, "marketing", interval(code, "uplift", "uplift_low", "uplift_high")),
            context.figure(
                "kept", kept, "marketing", interval(code, "retention_uplift", "retention_uplift_low", "retention_uplift_high")
            ),
            context.figure("effect", _effect(chosen), "marketing"),
            context.figure("runs", runs, "marketing"),
            context.figure("returns", returns, "marketing"),
            context.figure("library", library, "marketing"),
        ],
    }


def _effect(dimension: str, code: str = "") -> str:
    """The query of all runs together, by the values of a dimension; `code`: of one of them alone."""
    alone = f" and code = {literal(code)}" if code else ""
    return f"""select code as {DIMENSIONS[dimension]}, targeted_treated, targeted_control, contacted_treated, contacted_control,
    connected_treated, ordered_treated, success_rate_treated, uplift, uplift_low, uplift_high, retention_uplift,
    retention_uplift_low, retention_uplift_high
from marketing.campaign_effect
where dimension = '{dimension}'{alone}
order by uplift desc nulls last"""
