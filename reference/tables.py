"""A page for each public table, and one of all columns: what dbt's manifest says, and what a query gives on a version.

Each column tells which columns it is made from (`column_lineage`).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from orchestration.warehouse.manifest import AS_OF, Model, Models, descriptions
from reference.column_lineage import Column, Made, nearest

Ask = Callable[[str], tuple[list[str], list[tuple[object, ...]]]]
"""Gives columns and rows of a query on a published version."""

ROWS = 5
"""Rows that the example of a table shows."""

NAMED_AT_ONCE = 6
"""Columns that a column is made from; more are shown by a click."""


@dataclass(frozen=True)
class Project:
    """What pages of tables are made from. `types`: of columns, by model and name; `sources`: raw tables that a model reads;
    `code`: the file of each model; `sections`: where docs/definitions.md speaks of a name, as heading and anchor; `made`: what
    each column of a model is made from, by the model's own SQL."""

    models: Models
    types: Mapping[str, Mapping[str, str]]
    sources: Mapping[str, tuple[str, ...]]
    code: Mapping[str, str]
    sections: Mapping[str, tuple[str, str]]
    made: Made = field(default_factory=dict)

    @property
    def public(self) -> list[Model]:
        return sorted((model for model in self.models if model.is_public), key=lambda model: model.relation)

    @cached_property
    def by_name(self) -> dict[str, Model]:
        return {model.name: model for model in self.models}

    def columns(self, model: Model) -> dict[str, Model]:
        """The columns of a table, each with the model that describes it.

        One that lists none has columns of the tables that it joins: those that its SQL gives, where that is known, else all.
        """
        if self.types[model.name]:
            return dict.fromkeys(self.types[model.name], model)
        parents = [self.by_name[name] for name in model.parents if name in self.by_name]
        told = {name: told for parent in reversed(parents) for name, told in self.columns(parent).items()}
        given = [name for relation, name in self.made if relation == model.relation]
        return {name: told[name] for name in given or told}

    @cached_property
    def origins(self) -> dict[Column, frozenset[Column]]:
        """What each public column is made from: public columns, and raw ones."""
        return nearest(self.made, ((model.relation, name) for model in self.public for name in self.columns(model)))

    @cached_property
    def uses(self) -> dict[Column, set[Column]]:
        """The public columns that are made from a public column, at the next step."""
        found: dict[Column, set[Column]] = {}
        for column, sources in self.origins.items():
            for source in sources:
                found.setdefault(source, set()).add(column)
        return found


def project_of(manifest: Mapping[str, Any], models: Models, definitions: str, made: Made | None = None) -> Project:
    """Reads dbt's manifest (`read_manifest`), the text of docs/definitions.md and the lineage of columns, where it is known."""
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed")]
    return Project(
        models=models,
        types={n["name"]: {c["name"]: (c.get("data_type") or "") for c in n["columns"].values()} for n in nodes},
        sources={n["name"]: tuple(sorted(_source(p) for p in _parents(n) if p.startswith("source."))) for n in nodes},
        code={n["name"]: n["original_file_path"] for n in nodes},
        sections=sections(definitions),
        made=made or {},
    )


def sections(text: str) -> dict[str, tuple[str, str]]:
    """Of each name in backticks, the section of a page that speaks of it most, the first of equals: heading, anchor."""
    told: dict[str, Counter[tuple[str, str]]] = {}
    heading = ("", "")
    for line in text.splitlines():
        if line.startswith("#"):
            title = line.lstrip("#").strip()
            heading = (title, anchor(title))
        else:
            for name in re.findall(r"`([a-z_0-9.]+)`", line):
                told.setdefault(name.rpartition(".")[2], Counter())[heading] += 1
    return {name: found.most_common(1)[0][0] for name, found in told.items()}


def anchor(title: str) -> str:
    """The anchor that a heading gets, as Markdown's table of contents makes it."""
    plain = re.sub(r"[^\w\s-]", "", title.replace("`", "")).strip().lower()
    return re.sub(r"[-\s]+", "-", plain)


def table_page(project: Project, model: Model, ask: Ask | None) -> str:
    """The page of one table, in Markdown."""
    lines = [f"# {model.relation}", "", _plain(model.description), ""]
    if grain := model.meta.get("grain"):
        lines += [f"One row: {', '.join(f'`{name}`' for name in grain)}.", ""]
    if section := project.sections.get(model.name):
        lines += [f"Defined in [{section[0]}](../docs/definitions.md#{section[1]}).", ""]
    lines += ["## Columns", "", "| column | type | meaning |", "|---|---|---|"]
    columns = project.columns(model)
    lines += [_column_row(project, model, told, name) for name, told in columns.items()]
    lines += ["", "## Lineage", "", *lineage(project, model), ""]
    raw = sorted(raw_tables(project, model.name))
    if raw:
        lines += [f"Raw tables that it comes from: {', '.join(f'`{name}`' for name in raw)}.", ""]
    lines += [f"Made by `{project.code[model.name]}`.", "", "## Example", "", *_example(model, columns, ask)]
    return "\n".join(lines) + "\n"


def columns_page(project: Project) -> str:
    """All columns of public tables, from A to Z, each with the tables that have it."""
    held: dict[str, list[Model]] = {}
    for model in project.public:
        for name in project.columns(model):
            held.setdefault(name, []).append(model)
    lines = ["# Columns", "", "Every column of the public tables, and where it is.", "", "| column | tables |", "|---|---|"]
    lines += [
        f"| `{name}` | {', '.join(f'[{model.relation}]({model.relation}.md#{name})' for model in models)} |"
        for name, models in sorted(held.items())
    ]
    return "\n".join(lines) + "\n"


def index_page(project: Project) -> str:
    """All public tables by schema."""
    lines = [
        "# Tables",
        "",
        "Every table that a version publishes, each with its columns, what they are made from and an example; "
        "[all columns](columns.md) from A to Z. How to connect: [Connect](../docs/connect.md). Every model, private ones too, "
        "with its SQL and lineage: [dbt's own docs](../dbt/index.html).",
        "",
    ]
    for schema in dict.fromkeys(model.schema for model in project.public):
        lines += [f"## {schema}", "", "| table | what it holds |", "|---|---|"]
        own = (model for model in project.public if model.schema == schema)
        lines += [f"| [{model.table}]({model.relation}.md) | {_cell(_plain(model.description))} |" for model in own]
        lines.append("")
    return "\n".join(lines)


def raw_tables(project: Project, name: str) -> set[str]:
    """The raw tables that a model comes from, through all it reads."""
    seen, todo, found = set(), [name], set()
    while todo:
        one = todo.pop()
        if one in seen or one not in project.by_name:
            continue
        seen.add(one)
        found |= {source for source in project.sources.get(one, ()) if not source.startswith("ledger.")}
        todo += project.by_name[one].parents
    return found


def lineage(project: Project, model: Model) -> list[str]:
    """What the table reads and what reads it, one step each way, as a diagram."""
    parents = [project.by_name[name] for name in model.parents if name in project.by_name]
    children = [one for one in project.models if model.name in one.parents]
    lines = ["```mermaid", "flowchart LR"]
    lines += [f'    {one.name}["{one.relation}"] --> {model.name}' for one in parents]
    lines += [f'    raw_{source.replace(".", "_")}[("{source}")] --> {model.name}' for source in project.sources[model.name]]
    lines += [f'    {model.name} --> {one.name}["{one.relation}"]' for one in children]
    lines.append(f'    {model.name}["{model.relation}"]:::own')
    lines += [f'    click {one.name} "{one.relation}.html"' for one in (*parents, *children) if one.is_public]
    return [*lines, "    classDef own stroke-width:3px", "```"]


def _column_row(project: Project, table: Model, model: Model, name: str) -> str:
    """`model`: the one that describes the column, which may be another than the table."""
    told = _cell(_plain(descriptions(model, project.models).get(name, "")))
    if as_of := model.as_of.get(name):
        told += f" {AS_OF[as_of]}"
    if name in model.tags:
        told += f" [Tag](../docs/tags.md#{name})."
    if section := project.sections.get(name):
        told += f" [Definition](../docs/definitions.md#{section[1]})."
    return f'| <a id="{name}"></a>`{name}` | {project.types[model.name][name]} | {told}{_flow(project, (table.relation, name))} |'


def _flow(project: Project, column: Column) -> str:
    """What a column is made from and what is made from it, as the end of its row; nothing for seeds and where it is not known."""
    parts = []
    if column in project.made:
        parts.append(
            _columns(project, "Made from", project.origins[column])
            or "Made from no column: a count of rows, a place among them or a constant."
        )
    if uses := project.uses.get(column):
        parts.append(_columns(project, "Goes into", uses))
    return "".join(f"<br>{part}" for part in parts)


def _columns(project: Project, what: str, columns: Iterable[Column]) -> str:
    links = [_column(project, column) for column in sorted(columns)]
    if len(links) <= NAMED_AT_ONCE:
        return f"{what} {', '.join(links)}." if links else ""
    return f"<details><summary>{what} {len(links)} columns</summary>{', '.join(links)}</details>"


def _column(project: Project, column: Column) -> str:
    relation, name = column
    return f"[`{relation}.{name}`]({relation}.md#{name})" if column in project.origins else f"`{relation}.{name}`"


def _example(model: Model, columns: Mapping[str, Model], ask: Ask | None) -> list[str]:
    order = ", ".join(name for name in model.meta.get("grain", ()) if name in columns)
    query = f"select * from {model.relation}" + (f" order by {order}" if order else "") + f" limit {ROWS};"
    lines = ["```sql", query, "```", ""]
    if ask is None:
        return [*lines, "No version was at hand when this page was made, so the answer is left out."]
    names, rows = ask(query)
    if not rows:
        return [*lines, "It is empty on the synthetic operator."]
    # One row below the other: tables are wider than a page.
    lines += [f"| column | {' | '.join(f'row {place}' for place in range(1, len(rows) + 1))} |", "|---" * (len(rows) + 1) + "|"]
    return lines + [f"| `{name}` | {' | '.join(_cell(_shown(row[place])) for row in rows)} |" for place, name in enumerate(names)]


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def _plain(text: str) -> str:
    return " ".join(text.split())


def _parents(node: Mapping[str, Any]) -> list[str]:
    return list(node.get("depends_on", {}).get("nodes", ()))


def _source(unique_id: str) -> str:
    return ".".join(unique_id.split(".")[-2:])
