"""Target lists as dbt's exposures, so that its lineage shows whom a changed table reaches.

The file is beside the lists and not in models/: what is there decides how tables look, and a new list changes none.
"""

from collections.abc import Callable, Iterable

import yaml

from orchestration.base import settings
from orchestration.targeting.definition import TargetList

PAGE = settings.TARGET_LISTS / "exposures" / "exposures.yml"
_HEAD = "# Written by `telco360 lists exposures` from the lists; don't edit.\n"
_ALWAYS = ("tag_values", "contacts", "orders", "offers", "open_offers")
"""Roles of the public tables that each list reads."""


def exposures(lists: Iterable[TargetList], model_of: Callable[[str], str]) -> str:
    """The YAML of one exposure for each approved list, by name. `model_of` gives the name of the model of a role."""
    told = [_exposure(d, model_of) for d in sorted(lists, key=lambda d: d.name) if d.status == "approved"]
    return _HEAD + yaml.safe_dump({"exposures": told}, allow_unicode=True, sort_keys=False, width=130)


def _exposure(definition: TargetList, model_of: Callable[[str], str]) -> dict:
    return {
        "name": f"list_{definition.name}",
        "label": definition.title.en,
        "type": "application",
        "owner": {"name": definition.owner},
        "description": definition.purpose.strip(),
        "depends_on": [f"ref('{model_of(role)}')" for role in _ALWAYS],
    }
