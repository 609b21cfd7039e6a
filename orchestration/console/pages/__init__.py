"""The table of pages: each a module beside this one with one function, and a template of its name."""

from dataclasses import dataclass

from orchestration.base.roles import ALL, DRAFTS, LINES, Role
from orchestration.console.context import View
from orchestration.console.pages import audience
from orchestration.console.pages.definitions import definitions
from orchestration.console.pages.today import today


@dataclass(frozen=True)
class Page:
    """`name`: of its texts in texts.yml, and of its template where `template` names no other. `needs`: who may open it.
    `filters`: which of region and manager it takes. `is_in_menu`: others are reached by links. What changes something is POST."""

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
    Page("definitions", "/definitions", definitions),
)
