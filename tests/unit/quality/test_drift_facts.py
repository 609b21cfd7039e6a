"""What the release checks are told of tags whose values moved."""

import duckdb

from orchestration.quality.release_facts import drift_rows, drifted_sql

TABLE = """create table tag_drift as select * from (values
    ('subscriber', 'value_tier', 'value', 7, 0.3, 'gold', 0.1, 0.25, true),
    ('subscriber', 'gender', 'base', 7, 0.1, 'f', 0.4, 0.5, false),
    ('outlet', 'kind', 'sales', 2, 0.9, 'shop', 0.9, 0.2, true)
) as t(entity, tag_name, owner, dates_before, stability_index, moved_value, moved_share_before, moved_share, has_drifted)"""


def test_tags_that_drifted_are_told_with_their_owner_the_furthest_first():
    with duckdb.connect() as db:
        db.execute(TABLE)
        rows = drift_rows(db.execute(drifted_sql("tag_drift")).fetchall())
    assert [(table, tag, told) for table, tag, told, *_ in rows] == [
        ("tags of outlets", "kind", "'shop' is 20.0% after 90.0% on the 2 dates before; sales answers for it"),
        ("tags of subscribers", "value_tier", "'gold' is 25.0% after 10.0% on the 7 dates before; value answers for it"),
    ]
    assert [(float(index), drifted) for *_, index, drifted in rows] == [(0.9, 1), (0.3, 1)]


def test_where_nothing_drifted_there_is_nothing_to_tell():
    assert drift_rows([]) == []
