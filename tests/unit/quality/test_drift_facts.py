"""What the release checks are told of tags whose values moved."""

import duckdb
import pandas as pd

from orchestration.quality.release_checks import CHECKS
from orchestration.quality.release_facts import drift_rows, drifted_sql
from orchestration.quality.validation import validate

COLUMNS = [
    "table_name", "column_name", "detail", "owner", "stability_index", "has_drifted", "has_drifted_critically",
]  # fmt: skip
ROWS = [("tags of outlets", "kind", "", "sales", 0.9, 1, 0), ("tags of subscribers", "value_tier", "", "value", 0.3, 0, 1)]

TABLE = """create table tag_drift as select * from (values
    ('subscriber', 'value_tier', 'value', 'critical', 7, 0.3, 'gold', 0.1, 0.25, true),
    ('subscriber', 'gender', 'base', 'warning', 7, 0.1, 'f', 0.4, 0.5, false),
    ('outlet', 'kind', 'sales', 'warning', 1, 0.9, 'shop', 0.9, 0.2, true)
) as t(
    entity, tag_name, owner, severity, dates_before, stability_index, moved_value, moved_share_before, moved_share, has_drifted
)"""


def test_tags_that_drifted_are_told_with_owner_and_severity_the_furthest_first():
    with duckdb.connect() as db:
        db.execute(TABLE)
        rows = drift_rows(db.execute(drifted_sql("tag_drift")).fetchall())
    assert [(table, tag, told) for table, tag, told, *_ in rows] == [
        ("tags of outlets", "kind", "'shop' is 20.0% after 90.0% on the date before; sales answers for it"),
        ("tags of subscribers", "value_tier", "'gold' is 25.0% after 10.0% on the 7 dates before; value answers for it"),
    ]
    assert [(owner, float(index), warned, critical) for *_, owner, index, warned, critical in rows] == [
        ("sales", 0.9, 1, 0),
        ("value", 0.3, 0, 1),
    ]


def test_each_check_of_drift_finds_the_tags_of_its_severity_and_neither_blocks(tmp_path):
    facts = {"drift": pd.DataFrame(ROWS, columns=COLUMNS)}
    found = validate("release_checks", facts, [check for check in CHECKS if check.facts == "drift"], tmp_path / "docs")
    assert found.passed
    told = [(one.column, one.owner, one.kind, one.severity) for one in found.warnings]
    assert told == [("kind", "sales", "drift", "warning"), ("value_tier", "value", "drift", "critical")]
    assert str(found.warnings[0]).startswith(
        "tags of outlets, kind: the values of a tag are spread about as on the business dates before, but here they moved. "
        "See tags.tag_drift"
    )


def test_where_nothing_drifted_there_is_nothing_to_tell():
    assert drift_rows([]) == []
