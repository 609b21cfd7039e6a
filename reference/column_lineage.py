"""Which columns each column is made from, read by sqlglot from the SQL that dbt compiled.

What a value itself is worked out from counts, through all steps of a query: arguments, conditions of `case`, order and groups of
windows. Columns by which rows are joined, chosen or grouped do not: they decide which rows there are.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.lineage import Node, lineage
from sqlglot.schema import MappingSchema

DIALECT = "duckdb"

Column = tuple[str, str]
"""A table as 'schema.table' and the name of its column; of what was delivered, the schema is the source system."""

Made = Mapping[Column, frozenset[Column]]
"""Of each column, those that it is made from; none where it is a count or a constant."""


def made_from(manifest: Mapping[str, Any]) -> dict[Column, frozenset[Column]]:
    """Of each column of all models, what its own SQL makes it from: columns of models, seeds and raw tables that it reads.

    The manifest must hold compiled SQL, as `dbt compile` and `dbt docs generate` write it.
    """
    sources = {_named(source): source for source in manifest["sources"].values()}
    known = {name: [*source["columns"], "dt"] for name, source in sources.items()}
    known |= {_named(seed): list(seed["columns"]) for seed in _nodes(manifest, "seed")}
    files = [(_file(source["relation_name"]), name) for name, source in sources.items()]
    made: dict[Column, frozenset[Column]] = {}
    for model in _parents_first({n["unique_id"]: n for n in _nodes(manifest, "model")}):
        query = model["compiled_code"]
        for file, name in files:
            query = file.sub(name, query)
        columns = traced(query, known)
        known[_named(model)] = list(columns)
        made |= {(_named(model), column): found for column, found in columns.items()}
    return made


def traced(query: str, known: Mapping[str, Iterable[str]]) -> dict[str, frozenset[Column]]:
    """Of each column that a query gives, in its order, what it is made from. `known`: columns of the tables that it reads."""
    schema: dict[str, Any] = {}
    for name, columns in known.items():
        place, _, table = name.partition(".")
        schema.setdefault(place, {})[table] = dict.fromkeys(columns, "text")
    tree = sqlglot.parse_one(query, dialect=DIALECT).transform(_without_database)
    nodes = lineage(None, tree, MappingSchema(schema, dialect=DIALECT), dialect=DIALECT, trim_selects=False, copy=False)
    return {column: frozenset(_leaves(node)) for column, node in nodes.items()}


def nearest(made: Made, shown: Iterable[Column]) -> dict[Column, frozenset[Column]]:
    """Of each of these columns, what it is made from, told by what a reader can look up: by each other and by raw columns,
    through all that lies between."""
    wanted = list(shown)
    ends = {*wanted, *(column for found in made.values() for column in found if column not in made)}
    return {column: frozenset(_nearest(made, column, ends)) for column in wanted}


def _nearest(made: Made, column: Column, ends: set[Column]) -> Iterator[Column]:
    seen, waiting = {column}, [*made.get(column, ())]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            if one in ends:
                yield one
            else:
                waiting += made[one]


def _leaves(node: Node) -> Iterator[Column]:
    for one in node.walk():
        if isinstance(one.expression, exp.Table) and one.expression.db:
            yield f"{one.expression.db}.{one.expression.name}", one.name.rpartition(".")[2].strip('"')


def _without_database(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Table):
        node.set("catalog", None)
    return node


def _file(relation: str) -> re.Pattern[str]:
    """How compiled SQL names the files of a source, wherever the lake lies."""
    return re.compile(re.escape(relation).replace(re.escape("{lake}"), "[^']*"))


def _named(node: Mapping[str, Any]) -> str:
    name = node["name"] if node["resource_type"] == "source" else node["alias"]
    return f"{node['source_name'] if node['resource_type'] == 'source' else node['schema']}.{name}"


def _nodes(manifest: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == kind]


def _parents_first(models: Mapping[str, Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    reads = {name: {p for p in node["depends_on"]["nodes"] if p in models} for name, node in models.items()}
    return (models[name] for name in TopologicalSorter(reads).static_order())
