"""Service: what lines say in surveys, whom to win back, and complaints."""

from orchestration.base.roles import LINES
from orchestration.base.sql import literal
from orchestration.console.context import Context, Values
from orchestration.console.figures import bar, line, split

SHOWN = 200
"""Rows of a list of lines; all of them are in the published table."""


def service(context: Context) -> Values:
    months = context.months("service.nps_monthly")
    month = context.month(months)
    overall = f"""select month, responses, promoters, passives, detractors, nps
from {_of_region(context) if context.region else "service.nps_monthly where is_touchpoint_total"}
order by month"""
    touchpoints = """select month, touchpoint_code, responses, nps
from service.nps_monthly
where not is_touchpoint_total
order by month, touchpoint_code"""
    drivers = f"""select driver_code, detractors, promoters, share
from service.nps_drivers
where month = {month}
order by rank"""
    regions = f"""select coalesce(regions.region_name, groups.value) as region_name, groups.responses, groups.nps
from service.nps_by_group as groups
left join (select distinct region_code, region_name from core.dim_regions) as regions on groups.value = regions.region_code
where groups.month = {month} and groups.attribute = 'region_code'
order by groups.nps"""
    is_filtered = bool(context.region or context.manager)
    complaints = f"""select month, category_code, opened, closed, median_days_to_close, repeat_share
from {_complaints(context) if is_filtered else "service.complaints_monthly"}
order by month, category_code"""
    detractors = f"""select detractors.subscriber_id, detractors.last_score, detractors.driver_code, detractors.days_open,
    lines.value_tier, lines.region_name, detractors.manager_id
from service.detractors as detractors
inner join tags.subscriber_360 as lines using (subscriber_id)
where not detractors.is_repaired and {context.filtered("lines.region_code", "detractors.manager_id")}
order by detractors.days_open desc
limit {SHOWN}"""
    repair = f"""select detractors.is_repaired, count(*) as subscribers
from service.detractors as detractors
{context.joined}
where {context.filtered("lines.region_code", "detractors.manager_id")}
group by detractors.is_repaired
order by detractors.is_repaired"""
    score = context.figure("overall", overall, "service", line("month", "nps"))
    is_of_whole = bool(context.manager and not context.region)  # of a manager's lines no table has the score
    return {
        "months": months,
        "own": [
            *([] if is_of_whole else [score]),
            context.figure("complaints", complaints, "service", split("bar", "month", "category_code", "opened", stacked=True)),
            context.figure("repair", repair, "service"),
            *([context.figure("detractors", detractors, "service")] if context.may(LINES) else []),
        ],
        "whole": [
            *([score] if is_of_whole else []),
            context.figure("touchpoints", touchpoints, "service", split("line", "month", "touchpoint_code", "nps")),
            context.figure("drivers", drivers, "service", bar("driver_code", "detractors", "promoters")),
            context.figure("regions", regions, "service", bar("region_name", "nps")),
        ],
    }


def _of_region(context: Context) -> str:
    """The score of the region that is looked at, by month."""
    return f"service.nps_by_group where attribute = 'region_code' and value = {literal(context.region)}"


def _complaints(context: Context) -> str:
    """Complaints of the lines that are looked at, as a query of the columns of service.complaints_monthly."""
    return f"""(
    select date_trunc('month', complaints.opened_at)::date as month,
        coalesce(complaints.category_code, 'unknown') as category_code, count(*) as opened,
        count(complaints.closed_at) as closed, median(complaints.days_to_close) as median_days_to_close,
        avg(complaints.is_repeat::int) as repeat_share
    from core.fct_complaints as complaints
    {context.joined}
    where {context.filtered("lines.region_code", "lines.manager_id")}
    group by all
)"""
