"""The table of pages: each a module beside this one with one function, and a template of its name."""

from dataclasses import dataclass

from orchestration.base.roles import ALL, APPROVER, DRAFTS, LINES, STEWARD, TAKES_BACK, Role
from orchestration.console.context import View
from orchestration.console.pages import audience, customer, lists, quality
from orchestration.console.pages.campaigns import campaigns
from orchestration.console.pages.churn import churn
from orchestration.console.pages.definitions import definitions
from orchestration.console.pages.service import service
from orchestration.console.pages.tag import near, tag
from orchestration.console.pages.tags import tags
from orchestration.console.pages.tasks import tasks
from orchestration.console.pages.today import today
from orchestration.console.pages.value import value


@dataclass(frozen=True)
class Page:
    """`name`: of its texts in texts.yml, and of its template where `template` names no other. `needs`: who may open it.
    `filters`: which of region, manager and month it takes. `is_in_menu`: others are reached by links. What changes something is
    POST."""

    name: str
    path: str
    view: View
    needs: frozenset[Role] = ALL
    filters: tuple[str, ...] = ()
    is_in_menu: bool = True
    method: str = "GET"
    template: str = ""


PAGES = (
    Page("today", "/", today, filters=("region", "manager")),
    Page("audience", "/audience", audience.audience, LINES),
    Page("audience", "/audience/tags", audience.tags, LINES, is_in_menu=False, template="audience_tags.html"),
    Page("audience", "/audience/build", audience.build, LINES, is_in_menu=False, method="POST", template="audience_work.html"),
    Page("audience", "/audience/text", audience.text, LINES, is_in_menu=False, method="POST", template="audience_work.html"),
    Page("audience", "/audience/reach", audience.reach, LINES, is_in_menu=False, method="POST", template="audience_reach.html"),
    Page("audience", "/audience/save", audience.save, DRAFTS, is_in_menu=False, method="POST"),
    Page("lists", "/lists", lists.lists),
    Page("lists", "/lists/{name}", lists.one, is_in_menu=False, template="list.html"),
    Page("lists", "/lists/{name}/reach", lists.reach, LINES, is_in_menu=False, method="POST", template="audience_reach.html"),
    Page("lists", "/lists/{name}/ask", lists.ask, DRAFTS, is_in_menu=False, method="POST"),
    Page("lists", "/lists/{name}/approve", lists.approve, APPROVER, is_in_menu=False, method="POST"),
    Page("lists", "/lists/{name}/retire", lists.retire, TAKES_BACK, is_in_menu=False, method="POST"),
    Page("lists", "/lists/{name}/export", lists.export, STEWARD, is_in_menu=False, method="POST"),
    Page("lists", "/lists/{name}/file", lists.file, STEWARD, is_in_menu=False, method="POST"),
    Page("lists", "/lists/{name}/members", lists.members, DRAFTS | STEWARD, is_in_menu=False, method="POST"),
    Page("customer", "/customer", customer.customer, LINES),
    Page("customer", "/customer/lists", customer.lists, LINES, is_in_menu=False, method="POST", template="customer_lists.html"),
    Page("tags", "/tags", tags),
    Page("tag", "/tags/{entity}/{name}", tag, is_in_menu=False),
    Page("near", "/tags/{entity}/{name}/near", near, is_in_menu=False),
    Page("value", "/value", value, filters=("region", "manager", "month"), template="figures.html"),
    Page("churn", "/churn", churn, filters=("region", "manager", "month"), template="figures.html"),
    Page("service", "/service", service, filters=("region", "manager", "month"), template="figures.html"),
    Page("tasks", "/tasks", tasks, filters=("region", "manager", "month"), template="figures.html"),
    Page("campaigns", "/campaigns", campaigns, filters=("region", "manager")),
    Page("quality", "/quality", quality.quality),
    Page("quality", "/quality/docs/{file:path}", quality.docs, LINES, is_in_menu=False),
    Page("definitions", "/definitions", definitions),
)
