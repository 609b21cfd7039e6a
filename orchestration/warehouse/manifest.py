"""What Python must know of the dbt models, read from dbt's manifest: which are public, and which plays which role.

No model is named here or anywhere in Python: a model says in `config.meta` that it is `public`, and what it `serves`.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestration.base.errors import WarehouseError
from orchestration.warehouse.figures import show_figures

ROLES = (
    "tag_values", "tag_catalog", "tag_coverage", "tag_changes", "tag_history", "phones", "phone_holders", "suppressions",
    "phone_suppressions", "contacts", "orders", "offers", "open_offers", "offer_chances", "channel_costs", "plan_library",
    "contact_rules", "raw_tables", "reconciliation", "rebuilt_months", "months", "scoring_features", "scoring_outcomes",
    "handset_outcomes", "service_outcomes", "lines", "value_months", "list_outcomes", "effect_rules", "tasks", "task_reasons",
    "task_purposes", "tag_drift",
)  # fmt: skip
"""What a model can serve to Python; one model a role, one an entity for BY_ENTITY."""

AS_OF = {
    "business_date": "As of the business date.",
    "last_complete_month": "As of the last complete month.",
    "last_billed_month": "As of the last billed month.",
    "each_month": "For each month held, the running one up to the business date.",
    "each_complete_month": "For each complete month.",
    "each_billed_month": "For each billed month.",
}
"""What a mart or one of its columns may stand for (`meta.as_of`), and the sentence that ends the description of such a mart."""

BY_ENTITY = ("tag_values",)
"""Roles that one model plays for each `meta.entity`."""

SUBSCRIBER = "subscriber"
"""The entity of lists, and of commands where none is named."""


@dataclass(frozen=True)
class Model:
    """One dbt model as it is in the database: where, what it says of itself, its columns' descriptions by name.

    `tags`: what `meta.tag` says, by column, for columns that are tags; `features`: what `meta.feature` says, for columns that
    models of scoring take. `parents`: names of the models that it reads. `varying`: columns that differ from run to run and count
    in no checksum, by their meta `varies_by_run: true`. `as_of`: which of AS_OF a column stands for, by its own meta; the others
    stand for the model's.
    """

    name: str
    schema: str
    table: str
    description: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, dict[str, Any]] = field(default_factory=dict)
    features: dict[str, dict[str, Any]] = field(default_factory=dict)
    parents: tuple[str, ...] = ()
    varying: frozenset[str] = frozenset()
    as_of: dict[str, str] = field(default_factory=dict)

    def as_of_column(self, name: str) -> str:
        """Which of AS_OF the column stands for; '' where nothing is said."""
        return self.as_of.get(name) or self.meta.get("as_of", "")

    @property
    def relation(self) -> str:
        return f"{self.schema}.{self.table}"

    @property
    def is_public(self) -> bool:
        return bool(self.meta.get("public"))

    @property
    def is_published_as_view(self) -> bool:
        """Whether readers get it as a view of other public tables, which costs no copy."""
        return self.meta.get("published_as") == "view"

    @property
    def is_tag_family(self) -> bool:
        """Whether its columns are tags of an entity."""
        return bool(self.tags and self.meta.get("entity"))


Models = tuple[Model, ...]


def load_models(manifest: dict[str, Any]) -> tuple[Model, ...]:
    """Every model and seed of the manifest, by name. Ephemeral models stand in no database and are left out."""
    nodes = (n for n in manifest["nodes"].values() if n["resource_type"] in ("model", "seed"))
    return tuple(sorted((_model(n) for n in nodes if n["config"]["materialized"] != "ephemeral"), key=lambda m: m.name))


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest as dbt wrote it, but for descriptions: they show the figures of seeds that they name.

    Raises WarehouseError where there is none or it is no JSON, or a description names a figure that no seed has.
    """
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise WarehouseError(f"{path}: dbt's manifest is missing; `make setup` writes it (so does `dbt parse`)") from error
    except ValueError as error:
        raise WarehouseError(f"{path}: dbt's manifest is damaged; delete it and run again") from error
    show_figures(manifest)
    return manifest


def descriptions(model: Model, models: tuple[Model, ...]) -> dict[str, str]:
    """What is said of the model's columns, by name; of those that it does not describe itself, what the models it reads say."""
    parents = (other for other in models if other.name in model.parents)
    inherited = {name: text for parent in parents for name, text in parent.columns.items() if text}
    return inherited | {name: text for name, text in model.columns.items() if text}


def serving(models: tuple[Model, ...], role: str, entity: str = SUBSCRIBER) -> Model | None:
    """The model that plays the role (for that entity, where each has its own), None where none does.

    Raises WarehouseError for an unknown role or two models.
    """
    if role not in ROLES:
        raise WarehouseError(f"'{role}' is no role a model can serve; there are {', '.join(ROLES)}")
    found = [m for m in models if m.meta.get("serves") == role]
    if role in BY_ENTITY:
        found = [m for m in found if m.meta.get("entity") == entity]
    if len(found) > 1:
        raise WarehouseError(f"both {' and '.join(m.name for m in found)} say `serves: {role}`; leave it on one")
    return found[0] if found else None


def require_serving(models: tuple[Model, ...], role: str, entity: str = SUBSCRIBER) -> Model:
    """The model that plays the role. Raises WarehouseError where none does."""
    model = serving(models, role, entity)
    if model is None:
        own = f" and `entity: {entity}`" if role in BY_ENTITY else ""
        raise WarehouseError(f"no model says `serves: {role}`{own} in its config.meta; set it on the model that plays this part")
    return model


def relation_for(models: tuple[Model, ...], role: str) -> str:
    """'schema.table' of the model that plays the role, for subscribers. Raises WarehouseError where none does."""
    return require_serving(models, role).relation


def _model(node: dict[str, Any]) -> Model:
    return Model(
        name=node["name"],
        schema=node["schema"],
        table=node["alias"] or node["name"],
        description=node.get("description") or "",
        columns={c["name"]: c.get("description") or "" for c in node["columns"].values()},
        meta=node["config"].get("meta") or node.get("meta") or {},
        tags={c["name"]: tag for c in node["columns"].values() if (tag := _column_meta(c).get("tag"))},
        features={c["name"]: feature for c in node["columns"].values() if (feature := _column_meta(c).get("feature"))},
        parents=tuple(p.split(".")[2] for p in node.get("depends_on", {}).get("nodes", ()) if p.startswith("model.")),
        varying=varying_columns(node),
        as_of={c["name"]: end for c in node["columns"].values() if (end := _column_meta(c).get("as_of"))},
    )


def varying_columns(node: dict[str, Any]) -> frozenset[str]:
    """Columns of a model of the manifest that say `varies_by_run: true`."""
    return frozenset(c["name"] for c in node["columns"].values() if _column_meta(c).get("varies_by_run"))


def _column_meta(column: dict[str, Any]) -> dict[str, Any]:
    return column.get("config", {}).get("meta") or column.get("meta") or {}
