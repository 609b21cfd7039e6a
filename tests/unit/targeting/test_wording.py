"""Headers and values of a file in its readers' language."""

import duckdb

from orchestration.catalog.tags import Catalog, Tag
from orchestration.targeting.definition import ALWAYS_EXPORTED, SAID
from orchestration.targeting.export import part_name
from orchestration.targeting.said import MEANINGS
from orchestration.targeting.templates import sql
from orchestration.targeting.wording import worded

CATALOG = Catalog.of(
    [
        Tag(
            "value_tier",
            "subscriber",
            "m",
            "tier",
            label_zh="价值等级",
            description_zh="等级。",
            values={"gold": "金", "new": ""},
        ),
        Tag("is_on_net", "subscriber", "m", "flag", label_zh="在网"),
        Tag("has_data", "subscriber", "m", "flag", label_zh="在网"),
        Tag("arpu_3m", "subscriber", "m", "number"),
    ]
)
TAGS = ("value_tier", "is_on_net", "has_data", "arpu_3m")


def headers(language: str) -> dict[str, str]:
    return {one.name: one.header for one in worded((*ALWAYS_EXPORTED, *TAGS, *SAID), CATALOG, language, MEANINGS)}


def test_headers_are_the_labels_of_the_catalogue_and_tell_two_of_one_label_apart():
    chinese, english = headers("zh"), headers("en")
    assert (chinese["value_tier"], chinese["offer_name"], chinese["reason_zh"]) == ("价值等级", "优惠名称", "入选原因")
    assert (chinese["is_on_net"], chinese["has_data"]) == ("在网 (is_on_net)", "在网 (has_data)")
    assert (english["value_tier"], english["is_on_net"], english["arpu_3m"]) == ("Value tier", "On net", "Arpu 3m")
    assert chinese["arpu_3m"] == "Arpu 3m"  # no label: its name in words
    for found in (chinese, english):
        assert all(found[name] == name for name in ("subscriber_id", "phone", "list_name", "list_run_date"))
        assert len(set(found.values())) == len(found)


def test_the_names_of_parts_are_safe_and_no_two_are_one():
    values = [None, "no.value", "M-01", "张三", "a/b", "a%2Fb", "../x", " ", "%"]
    assert [part_name(v) for v in values[2:5]] == ["M-01", "张三", "a%2Fb"]
    assert len({part_name(v) for v in values}) == len(values) and not any("/" in part_name(v) for v in values)


def test_every_column_of_every_file_has_a_chinese_header_and_meaning():
    for one in worded((*ALWAYS_EXPORTED, *SAID), CATALOG, "zh", MEANINGS):
        assert one.meaning.endswith("。"), one


def test_values_are_their_labels_and_what_has_none_stays():
    with duckdb.connect() as connection:
        connection.execute(
            "create table file_rows as select * from (values ('gold', true, null, 1.5, 1), ('new', false, true, null, 2),"
            ' (null, null, false, 0, 3)) as t (value_tier, is_on_net, has_data, arpu_3m, "position in file")'
        )
        chinese, english = (
            connection.execute(sql("file_in_words", worded=worded(TAGS, CATALOG, language, {}))).fetchall()
            for language in ("zh", "en")
        )
    assert [row[:3] for row in chinese] == [("金", "是", None), ("new", "否", "是"), (None, None, "否")]
    assert [row[:3] for row in english] == [("gold", "yes", None), ("new", "no", "yes"), (None, None, "no")]
    assert [float(row[3]) if row[3] is not None else None for row in chinese] == [1.5, None, 0]
