"""What `make same-answer` tells of two versions, and which tables it lets differ."""

from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from benchmarks.same_answer import compare, made_from, of_memory, table
from orchestration.warehouse.checksums import table_facts
from orchestration.warehouse.manifest import Model

MODELS = (
    Model("lines", "core", "lines", meta={"grain": ["line"]}, varying=frozenset({"made_by"})),
    Model("sizes", "seeds", "sizes"),
)
MANIFEST = {
    "sources": {
        "source.t.ledger.intake": {"source_name": "ledger"},
        "source.t.ledger.tasks": {"source_name": "ledger"},
        "source.t.crm.lines": {"source_name": "crm"},
    },
    "nodes": {
        "model.t.stg": {"schema": "staging", "alias": "stg", "raw_code": ""},
        "model.t.raised": {"schema": "marts", "alias": "raised", "raw_code": "from ledger"},
        "model.t.owed": {"schema": "marts", "alias": "owed", "raw_code": ""},
        "model.t.changes": {"schema": "tags", "alias": "changes", "raw_code": "{% set before = version_before('tags', 'a') %}"},
        "test.t.any": {"schema": "tests"},
    },
    "child_map": {
        "source.t.ledger.intake": ["model.t.stg"],
        "source.t.crm.lines": ["model.t.stg"],
        "source.t.ledger.tasks": ["model.t.raised"],
        "model.t.raised": ["model.t.owed", "test.t.any"],
    },
}


def version(path: Path, *changes: str) -> SimpleNamespace:
    """A version of two tables."""
    with duckdb.connect(str(path)) as db:
        for sql in (
            "create schema core", "create schema seeds",
            "create table core.lines as select i as line, i % 2 as kind, 10 * i as worth, 'a' as made_by from range(4) as t(i)",
            "create table seeds.sizes as select 'small' as size union all select 'large'",
            *changes,
        ):  # fmt: skip
            db.execute(sql)
    with duckdb.connect() as db:
        db.execute(f"attach '{path}' as candidate")
        tables = {model.relation: table_facts(db, model) for model in MODELS}
    return SimpleNamespace(path=path, contents=SimpleNamespace(tables=tables))


@pytest.mark.parametrize(
    ("change", "differing"),
    [
        ("update core.lines set made_by = 'b'", {}),
        ("update core.lines set worth = 11 where line = 1", {"core.lines": ["worth (2)"]}),
        ("insert into core.lines values (9, 0, 0, 'a')", {"core.lines": ["rows (1)"]}),
        ("insert into seeds.sizes values ('small')", {"seeds.sizes": ["size (1)"]}),
    ],
)
def test_tables_are_held_against_each_other_by_checksum_and_told_by_column(tmp_path, change, differing):
    one, other = version(tmp_path / "one.duckdb"), version(tmp_path / "other.duckdb", change)
    found = compare("a way", one, "another", other, MODELS, ["core.lines"])
    assert (found.tables, found.differing) == (2, differing)
    assert found.broken == [name for name in differing if name != "core.lines"]


def test_a_table_that_one_version_lacks_differs(tmp_path):
    one, other = version(tmp_path / "one.duckdb"), version(tmp_path / "other.duckdb")
    del other.contents.tables["seeds.sizes"]
    found = compare("a way", one, "another", other, MODELS)
    assert found.broken == ["seeds.sizes"]
    assert "| a way | another | 2 | 1 | 0 | 1 |" in table([found])


def test_memory_is_what_comes_from_ledgers_and_the_version_before_and_not_from_deliveries():
    assert of_memory(MANIFEST) == ["source.t.ledger.tasks", "model.t.changes"]
    assert made_from(MANIFEST, of_memory(MANIFEST)) == {"marts.raised", "marts.owed", "tags.changes"}
    assert made_from(MANIFEST, ["source.t.crm.lines"]) == {"staging.stg"}
