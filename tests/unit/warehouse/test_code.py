"""Which kept tables a change of the code makes anew."""

import json
from copy import deepcopy

import pytest

from orchestration.warehouse.code import code_of


def node(name, kind="model", above=(), macros=(), **given):
    return {
        "unique_id": name, "resource_type": kind, "schema": "s", "alias": name, "name": name, "raw_code": f"-- {name}",
        "checksum": {"name": "sha256", "checksum": name}, "columns": {},
        "depends_on": {"nodes": list(above), "macros": list(macros)},
        "config": {"materialized": "table", "column_types": None, "meta": {}},
    } | given  # fmt: skip


def macro(name, path, uses=(), package="p"):
    return {
        "name": name, "package_name": package, "original_file_path": path, "macro_sql": f"-- {name}",
        "depends_on": {"macros": list(uses)},
    }  # fmt: skip


KEPT = {"materialized": "incremental", "column_types": None, "meta": {}}
MANIFEST = {
    "metadata": {"project_name": "p"},
    "nodes": {
        n["unique_id"]: n
        for n in (
            node("staged", above=["raw"], macros=["clean"]),
            node("rules", "seed"),
            node("months", above=["staged", "rules"], macros=["by_month"], config=KEPT),
            node("values", above=["months"], config=KEPT),
            node("tags", above=["values", "tag_rules"], macros=["band"]),
            node("tag_rules", "seed"),
            node("of_one_build", above=["months"], config=KEPT | {"full_refresh": True}),
        )
    },
    "sources": {"raw": node("raw", "source")},
    "macros": {
        "clean": macro("clean", "clean.sql", uses=["trim"]),
        "trim": macro("trim", "trim.sql"),
        "spark__trim": macro("spark__trim", "trim.sql"),
        "by_month": macro("by_month", "months.sql", uses=["theirs"]),
        "band": macro("band", "bands.sql"),
        "theirs": macro("theirs", "dbt.sql", package="dbt"),
        "materialization_incremental_duckdb": macro("materialization_incremental_duckdb", "incremental.sql"),
    },
}


@pytest.mark.parametrize(
    ("kind", "name", "change", "rebuilt"),
    [
        ("nodes", "tags", {"raw_code": "other"}, []),
        ("nodes", "tag_rules", {"checksum": {"checksum": "other"}}, []),
        ("macros", "band", {"macro_sql": "other"}, []),
        ("macros", "theirs", {"macro_sql": "other"}, []),  # dbt's own come with its version
        ("nodes", "values", {"raw_code": "other"}, ["s.values"]),
        ("nodes", "values", {"columns": {"one": {"name": "one", "data_type": "integer"}}}, ["s.values"]),
        ("nodes", "values", {"columns": {}, "description": "other"}, []),
        ("nodes", "months", {"raw_code": "other"}, ["s.months", "s.values"]),
        ("nodes", "staged", {"raw_code": "other"}, ["s.months", "s.values"]),
        ("nodes", "rules", {"checksum": {"checksum": "other"}}, ["s.months", "s.values"]),
        ("macros", "trim", {"macro_sql": "other"}, ["s.months", "s.values"]),
        ("macros", "spark__trim", {"macro_sql": "other"}, ["s.months", "s.values"]),
        ("macros", "materialization_incremental_duckdb", {"macro_sql": "other"}, ["s.months", "s.values"]),
        ("sources", "raw", {"config": {"meta": {"external_location": "elsewhere"}}}, ["s.months", "s.values"]),
    ],
)
def test_a_change_makes_anew_what_is_made_from_it(kind, name, change, rebuilt):
    before = code_of(MANIFEST, "before")
    changed = deepcopy(MANIFEST)
    changed[kind][name] |= change
    assert code_of(changed, "after").changed(before.kept) == rebuilt


def test_the_code_says_all_that_it_makes_and_stays_where_nothing_changes():
    code = code_of(MANIFEST, "whole")
    assert code.private == {f"s.{name}" for name in MANIFEST["nodes"]}
    shown = deepcopy(MANIFEST)
    shown["nodes"]["values"]["config"] = KEPT | {"meta": {"public": True}}
    assert code_of(shown, "whole").public == {"s.values"}
    assert code_of(shown, "whole").private == code.private - {"s.values"}
    assert code == code_of(json.loads(json.dumps(MANIFEST)), "whole")
