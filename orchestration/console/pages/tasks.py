"""Tasks and performance: what managers have to do, what was done and what came of it; channels, and whose lines are whose."""

from orchestration.base.roles import LINES
from orchestration.console.context import Context, Values
from orchestration.console.figures import bar, split

SHOWN = 200
"""Rows of a list of tasks; all of them are in the published table and in the export of tasks."""


def tasks(context: Context) -> Values:
    months = context.months("marketing.manager_performance")
    month = context.month(months)
    own = context.filtered()
    board = f"""select manager_id, open_tasks, at_hand, waiting, overdue, appointments_due, done_today, done,
    succeeded, in_time_share, response_days, open_priority_amount
from marketing.task_board
inner join (select manager_id, region_code as home_region_code from core.dim_managers) as managers using (manager_id)
where entity = 'manager' and {context.filtered("home_region_code")}
order by open_tasks desc, manager_id"""
    regions = """select coalesce(regions.region_name, board.region_code) as region_name, board.open_tasks, board.overdue,
    board.done
from marketing.task_board as board
left join (select distinct region_code, region_name from core.dim_regions) as regions using (region_code)
where board.entity = 'region'
order by board.open_tasks desc"""
    states = f"""select purpose, state, count(*) as tasks
from marketing.tasks
where {own}
group by purpose, state
order by purpose, state"""
    first = f"""select subscriber_id, purpose, reasons, due_date, priority_amount, state, owner_kind, owner_id
from marketing.tasks
where is_open and {own}
order by priority_amount desc nulls last, task_id
limit {SHOWN}"""
    performance = f"""select performance.manager_id, performance.subscribers_held, performance.tasks, performance.done,
    performance.done_in_time, performance.done_with_success, performance.connection_rate, performance.success_rate,
    performance.retention_rate, performance.points
from marketing.manager_performance as performance
inner join core.dim_managers as managers using (manager_id)
where performance.month = {month} and {context.filtered("managers.region_code", "performance.manager_id")}
order by performance.points desc nulls last, performance.manager_id"""
    points = f"""select performance.month, sum(performance.points) as points
from marketing.manager_performance as performance
inner join core.dim_managers as managers using (manager_id)
where {context.filtered("managers.region_code", "performance.manager_id")}
group by performance.month
order by performance.month"""
    channels = """select month, channel, outbound_contacts, connected, connection_rate, succeeded, success_rate, orders, refusals
from marketing.channel_performance
order by month, channel"""
    allotment = f"""select assignment.manager_id, assignment.reason, assignment.is_new_assignment, count(*) as subscribers
from marketing.manager_assignment as assignment
{context.joined}
where {context.filtered("lines.region_code", "assignment.manager_id")}
group by assignment.manager_id, assignment.reason, assignment.is_new_assignment
order by subscribers desc"""
    level = "region" if context.region else "operator"
    scorecard = f"""with scaled as (
    select *, case when denominator is null then 'lines' when measure = 'nps' then 'points' else '%' end as unit,
        case when denominator is null or measure = 'nps' then 1 else 100 end as scale
    from marketing.scorecard
)
select measure, unit, actual * scale as actual, target * scale as target, attainment,
    change_on_month * scale as change_on_month, change_on_year * scale as change_on_year
from scaled
where level = '{level}' and month = {month} and {context.filtered(manager="")}
order by measure"""
    return {
        "months": months,
        "own": [
            context.figure("states", states, "tasks", split("bar", "purpose", "state", "tasks", stacked=True)),
            context.figure("points", points, "tasks", bar("month", "points")),
            context.figure("board", board, "tasks"),
            *([context.figure("first", first, "tasks")] if context.may(LINES) else []),
            context.figure("performance", performance, "tasks"),
            context.figure("scorecard", scorecard, "scorecard"),
            context.figure("allotment", allotment, "marketing"),
        ],
        "whole": [
            context.figure("regions", regions, "tasks", bar("region_name", "open_tasks", "overdue", "done")),
            context.figure("orders", channels, "marketing", split("bar", "month", "channel", "orders", stacked=True)),
            context.figure("channels", channels, "marketing"),
        ],
    }
