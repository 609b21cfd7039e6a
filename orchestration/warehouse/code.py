"""The code that tables are made by: of the whole build as one hash, and of each table that is kept from run to run.

Most tables are made anew in every run. A kept one must be made from nothing where its own code or anything above it has changed:
models, seeds, macros, the types of columns. What stands beside it or below may change as it likes.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Code:
    """`hash`: of all that decides how tables look. `kept`: of what each kept table is made by, by 'schema.table'. `public` and
    `private`: the tables and views that this code makes, named likewise."""

    hash: str
    kept: Mapping[str, str] = field(default_factory=dict)
    public: frozenset[str] = frozenset()
    private: frozenset[str] = frozenset()

    def changed(self, before: Mapping[str, str]) -> list[str]:
        """Kept tables that other code than this has made, going by the codes of `before`, or nobody knows which."""
        return sorted(table for table, made_by in self.kept.items() if before.get(table) != made_by)


def code_of(manifest: Mapping[str, Any], whole: str) -> Code:
    """What the manifest says of the code. `whole`: the hash of all of it."""
    made = [n for n in manifest["nodes"].values() if n["resource_type"] in ("model", "seed")]
    kept = {_relation(n): _hash_above(manifest, n) for n in made if _is_kept(n)}
    public = frozenset(_relation(n) for n in made if (n["config"]["meta"] or {}).get("public"))
    return Code(whole, kept, public, frozenset(map(_relation, made)) - public)


def _is_kept(node: Node) -> bool:
    return node["config"]["materialized"] == "incremental" and not node["config"].get("full_refresh")


def _relation(node: Node) -> str:
    return f"{node['schema']}.{node['alias'] or node['name']}"


def _hash_above(manifest: Mapping[str, Any], node: Node) -> str:
    """Hash over a model and all that it is made from."""
    nodes = [manifest["nodes"].get(one) or manifest["sources"][one] for one in _closure(manifest, [node["unique_id"]])]
    texts = [_text(one) for one in nodes]
    texts += sorted(_macros(manifest, [name for one in nodes for name in one.get("depends_on", {}).get("macros", ())]))
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _closure(manifest: Mapping[str, Any], first: Iterable[str]) -> list[str]:
    """Ids of the nodes and of all nodes and sources above them, in order."""
    found, waiting = set[str](), list(first)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += manifest["nodes"].get(one, {}).get("depends_on", {}).get("nodes", ())
    return sorted(found)


def _text(node: Node) -> str:
    """What decides how a node's rows look: not its descriptions."""
    types = [(column["name"], column.get("data_type")) for column in node["columns"].values()]
    if node["resource_type"] == "source":
        return json.dumps([node["unique_id"], node["config"]["meta"].get("external_location"), types])
    own = node["checksum"] if node["resource_type"] == "seed" else node["raw_code"]
    return json.dumps([node["unique_id"], own, node["config"]["materialized"], node["config"].get("column_types"), types])


def _macros(manifest: Mapping[str, Any], used: Iterable[str]) -> Iterator[str]:
    """SQL of the project's macros that are used, and of those that these use. Whole files: the variants of one macro for each
    engine stand in one, and dbt does not always see which is meant. Materializations are used by all."""
    project = manifest["metadata"]["project_name"]
    own = {name: macro for name, macro in manifest["macros"].items() if macro["package_name"] == project}
    by_file: dict[str, list[str]] = {}
    for name, macro in own.items():
        by_file.setdefault(macro["original_file_path"], []).append(name)
    found = set[str]()
    waiting = [name for name in used if name in own] + [
        name for name, macro in own.items() if "materialization_" in macro["name"]
    ]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += [name for name in own[one]["depends_on"]["macros"] if name in own]
            waiting += by_file[own[one]["original_file_path"]]
    return (own[name]["macro_sql"] for name in found)
