"""Customer 360: one line or customer by its id, never by phone: tags and why, months, what happened, lists and tasks."""

from dataclasses import dataclass

from orchestration.base.errors import HomeBusy, ListError
from orchestration.base.sql import literal
from orchestration.base.words import words_of
from orchestration.catalog.tags import CatalogError
from orchestration.console.context import Context, Values
from orchestration.console.figures import line
from orchestration.tags.why import Why, why
from orchestration.targeting.channel_view import PLACES
from orchestration.targeting.lists import customer as channel_view
from orchestration.targeting.lists import definitions, preview_lists
from orchestration.targeting.why import Part, Standing, standing
from orchestration.warehouse.manifest import SUBSCRIBER

CUSTOMER = "customer"


@dataclass(frozen=True)
class OnList:
    """A list, and why the line is on it or not: a sentence, and the parts of its condition. `is_on`: it would be exported."""

    name: str
    title: str
    summary: str
    parts: tuple[Part, ...] = ()
    is_on: bool = False


def customer(context: Context) -> Values:
    """All that is known of the line or customer `id`; a page to ask for one where none is named."""
    id = context.given.get("id", "").strip()
    if not id:
        return {"id": "", "entity": "", "problem": "", "groups": {}, "unknown": []}
    entity, found, problem = _found(context, id)
    known = [each for each in found if each.value is not None]
    groups: dict[str, list[Why]] = {}
    for each in known:
        groups.setdefault(context.named(each.entry.category.replace("_", " "), each.entry.category_zh), []).append(each)
    values: Values = {
        "id": id,
        "entity": entity,
        "problem": problem,
        "groups": groups,
        "unknown": [each.entry for each in found if each.value is None],
        "places": PLACES,
    }
    if entity == SUBSCRIBER:
        return values | _events(context, id) | _view(context, id)
    lines = (
        f"select subscriber_id, is_on_net, plan_name, activation_date from core.dim_subscribers where customer_id = {literal(id)}"
    )
    return values | ({"lines": context.figure("lines", f"{lines} order by subscriber_id", "lines")} if entity else {})


def lists(context: Context) -> Values:
    """For each active list, whether the line is on it now, and why."""
    context.require_free()
    id, known = context.given.get("id", ""), definitions(context.home)
    active = [name for name, definition in known.items() if definition.status == "approved"]
    found = []
    with preview_lists(context.engine, context.models, active, context.today) as decided:
        for name in active:
            title = context.named(known[name].title.en, known[name].title.zh)
            if name in decided.plan.rejected:
                found.append(OnList(name, title, context.said(decided.plan.rejected[name].reason)))
            else:
                here = standing(decided, name, id)
                is_on = here.matches and not here.step
                found.append(OnList(name, title, said(context, here), here.parts, is_on))
    return {"lists": sorted(found, key=lambda one: not one.is_on)}


def said(context: Context, found: Standing) -> str:
    """How a line stands to a list, in the reader's language."""
    if not found.matches:
        key = "by_other_lists" if found.meets_condition else "no_match"
        return context.text(f"customer.{key}")
    if not found.step:
        return context.text("customer.is_on", place=f"{found.place:,}")
    words = context.text("customer.left_out", step=context.value("step", found.step))
    goes_to = context.text("customer.goes_to", list=context.value("list_name", found.lost_to))
    return f"{words} {goes_to}" if found.lost_to else words


def _found(context: Context, id: str) -> tuple[str, list[Why], str]:
    """Whose id it is, its tags, and what is wrong where it is nobody's."""
    problems = []
    for entity in (SUBSCRIBER, CUSTOMER):
        try:
            return entity, why(context.version.reader(), context.models, entity, id), ""
        except CatalogError as error:
            problems.append(context.said(words_of(error)))
    return "", [], problems[0]


def _view(context: Context, id: str) -> Values:
    """What every channel sees of the line, or why that cannot be told now."""
    try:
        context.require_free()
        return {"view": channel_view(context.engine, context.models, id, context.today), "no_view": ""}
    except (HomeBusy, ListError) as error:
        return {"view": {}, "no_view": context.said(words_of(error))}


def _events(context: Context, id: str) -> Values:
    own = f"subscriber_id = {literal(id)}"
    months = f"""select month, case when is_billed then arpu_amount end as arpu_amount, mou_minutes, dou_mb, paid_amount,
    plan_code, is_on_net_end
from core.fct_subscriber_months
inner join core.dim_months using (month)
where {own}
order by month"""
    contacts = f"""select contact_date, channel, direction, list_name, offer_code, is_connected, outcome
from core.fct_contacts
where {own}
order by contact_date desc"""
    complaints = f"""select opened_at, closed_at, category_code, is_satisfied, is_repeat
from core.fct_complaints
where {own}
order by opened_at desc"""
    orders = f"""select order_date, offer_code, channel, order_status, amount
from core.fct_orders
where {own}
order by order_date desc"""
    tasks = f"""select raised_on, purpose, due_date, state, owner_id, result_code, ended_on
from marketing.tasks
where {own}
order by raised_on desc"""
    members = f"""select run_date, list_name, arm, exclusion_reason, lost_to
from marketing.target_list_members
where {own}
order by run_date desc, list_name"""
    return {
        "money": context.figure("money", months, "months-of-a-line", line("month", "arpu_amount", "paid_amount")),
        "use": context.figure("use", months, "months-of-a-line", line("month", "mou_minutes")),
        "tables": [
            context.figure("contacts", contacts, "contacts-and-feedback"),
            context.figure("complaints", complaints, "contacts-and-feedback"),
            context.figure("orders", orders, "contacts-and-feedback"),
            context.figure("tasks", tasks, "tasks"),
            context.figure("members", members, "marketing"),
        ],
    }
