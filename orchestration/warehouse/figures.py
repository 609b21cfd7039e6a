"""Figures of seeds in descriptions: a text names a figure, `{churn_rules.second_topup_day}`, and readers see what the seed says.

So no description repeats a number that a seed holds. macros/tags.sql does the same for the tag catalogue.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from orchestration.base.errors import WarehouseError
from orchestration.base.settings import PROJECT_DIR
from orchestration.base.words import did_you_mean, plain
from orchestration.warehouse.seeds import read_seed, seed_path

NAMED = re.compile(r"\{([^{}\s.]+\.[^{}\s]+)\}")
"""The name of a figure in a text: seed and row, the row by the seed's first column."""

TEXTS = ("description", "description_zh")
"""Keys of the manifest whose texts may name figures."""


def show_figures(manifest: dict[str, Any], project_dir: Path = PROJECT_DIR) -> None:
    """Puts the seeds' figures into the descriptions of a manifest, wherever they are named.

    Raises WarehouseError, a line each, for names that no seed has, SeedError for a seed that cannot be read.
    """
    figures, unknown = seed_figures(manifest, project_dir), []
    for where, holder, key in _texts(manifest):
        names = NAMED.findall(holder[key])
        unknown += [f"{where}: no seed has a figure {name}{did_you_mean(name, figures)}" for name in names if name not in figures]
        holder[key] = with_figures(holder[key], figures)
    if unknown:
        raise WarehouseError("\n".join(dict.fromkeys(unknown)) + "\nName seed and row, as in {churn_rules.second_topup_day}.")


def seed_figures(manifest: Mapping[str, Any], project_dir: Path = PROJECT_DIR) -> dict[str, str]:
    """Every figure by its name, as texts show it, of the manifest's seeds that hold one a row: in the column `ranges_of` of the
    seed's meta, else in `value`."""
    found = {}
    for node in manifest["nodes"].values():
        columns = (node["config"].get("column_types") or {}) if node["resource_type"] == "seed" else {}
        column = (node["config"].get("meta") or {}).get("ranges_of", "value")
        if column in columns:
            key = next(iter(node["columns"]))
            for row in read_seed(seed_path(node["name"], project_dir)):
                if (figure := _figure(row[column])) is not None:
                    found[f"{node['name']}.{row[key]}"] = plain(figure)
    return found


def with_figures(text: str, figures: Mapping[str, str]) -> str:
    """The text with the figures that it names; a name that is not known stays."""
    return NAMED.sub(lambda named: figures.get(named[1], named[0]), text)


def _texts(manifest: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Every text of models, seeds and sources that may name figures: what it is about, the mapping that holds it, its key."""
    for node in (*manifest["nodes"].values(), *manifest.get("sources", {}).values()):
        for column in (None, *node.get("columns", {}).values()):
            about = f"{node['name']}.{column['name']}" if column else node["name"]
            said = column or node
            metas = (said.get("meta"), said.get("config", {}).get("meta"))
            for holder in (said, *((meta or {}).get("tag") or {} for meta in metas)):
                yield from ((about, holder, key) for key in TEXTS if holder.get(key))


def _figure(text: str) -> Decimal | None:
    # What is no number is check_seeds' to tell.
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
