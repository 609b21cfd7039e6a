"""What Python must know of the dbt models, read from dbt's manifest: which are public, and which plays which role.

No model is named here or anywhere in Python: a model says in `config.meta` that it is `public`, and what it `serves`.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.warehouse import WarehouseError

ROLES = (
    "tag_values",
    "tag_catalog",
    "tag_coverage",
    "tag_changes",
    "tag_history",
    "phones",
    "suppressions",
    "deliveries",
    "reconciliation",
    "rebuilt_months",
)
"""What a model can serve to Python; one model a role."""


@dataclass(frozen=True)
class Model:
    """One dbt model as it stands in the database: where, what it says of itself, its columns' descriptions by name."""

    name: str
    schema: str
    table: str
    description: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    meta: dict = field(default_factory=dict)

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


def load_models(manifest: dict) -> tuple[Model, ...]:
    """Every model and seed of the manifest, by name. Ephemeral models stand in no database and are left out."""
    nodes = (n for n in manifest["nodes"].values() if n["resource_type"] in ("model", "seed"))
    return tuple(sorted((_model(n) for n in nodes if n["config"]["materialized"] != "ephemeral"), key=lambda m: m.name))


def read_manifest(path: Path) -> dict:
    """The manifest as dbt wrote it. Raises WarehouseError where there is none or it is no JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise WarehouseError(f"{path}: dbt's manifest is missing; `make setup` writes it (so does `dbt parse`)") from error
    except ValueError as error:
        raise WarehouseError(f"{path}: dbt's manifest is damaged; delete it and run again") from error


def serving(models: tuple[Model, ...], role: str) -> Model | None:
    """The model that plays the role, None where none does. Raises WarehouseError for an unknown role or two models."""
    if role not in ROLES:
        raise WarehouseError(f"'{role}' is no role a model can serve; there are {', '.join(ROLES)}")
    found = [m for m in models if m.meta.get("serves") == role]
    if len(found) > 1:
        raise WarehouseError(f"both {' and '.join(m.name for m in found)} say `serves: {role}`; leave it on one")
    return found[0] if found else None


def relation_for(models: tuple[Model, ...], role: str) -> str:
    """'schema.table' of the model that plays the role. Raises WarehouseError where none does."""
    model = serving(models, role)
    if model is None:
        raise WarehouseError(f"no model says `serves: {role}` in its config.meta; set it on the model that plays this part")
    return model.relation


def _model(node: dict) -> Model:
    return Model(
        name=node["name"],
        schema=node["schema"],
        table=node["alias"] or node["name"],
        description=node.get("description") or "",
        columns={c["name"]: c.get("description") or "" for c in node["columns"].values()},
        meta=node["config"].get("meta") or node.get("meta") or {},
    )
