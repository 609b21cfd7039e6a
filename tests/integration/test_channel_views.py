"""What channels are told of a line: files, feeds and the view of one line say the same; scripts and reasons are filled in."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
import sqlglot
from list_kit import Operator, care
from made_lists import AS_OF, RUN_DATE, days_before

from orchestration.base.errors import ListError
from orchestration.targeting import ledger
from orchestration.targeting.channel_view import CHANNELS, PLACES, SEEN, line_view, line_views
from orchestration.targeting.definition import SAID
from orchestration.targeting.feeds import FED, write_feeds
from orchestration.targeting.matching import HELD_OUT
from orchestration.targeting.rebuild import rebuild
from orchestration.targeting.templates import sql

OFFERS = [("A", "存100送60", "100.00", "60.00", "存100元送60元。"), ("B", "=B", "0.50", "null", "'Go on', they said")]
OPEN = [("002", "A", 1), ("003", "B", 1), ("003", "A", 2), ("008", "A", 1), ("001", "B", 1), ("004", "B", 1), ("013", "A", 1)]
SCRIPTS = {
    "script_en": "It's {{yours}}: {offer_name} at {offer_pay_amount}, worth {realised_value}; best {best_offer_name}. "
    "{offer_script}",
    "script_zh": "{value_tier}客户，{offer_name}，送{offer_gift_amount}元",
}
WITH_OFFER = care(offer="best", **SCRIPTS)


@pytest.fixture
def operator(tmp_path) -> Operator:
    made = Operator(tmp_path / "home")
    for code, name, pay, gift, script in OFFERS:
        script = script.replace("'", "''")
        made.change(f"insert into core.dim_offers values ('{code}', '{name}', {pay}, {gift}, '{script}', null, true)")
    for subscriber, offer, rank in OPEN:
        made.change(f"insert into marketing.next_best_offers values ('{subscriber}', '{offer}', {rank}, {rank == 1}, null)")
    return made


def rows(path: str) -> dict[str, dict[str, str]]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        return {row["subscriber_id"]: row for row in csv.DictReader(file)}


def test_a_file_says_what_to_say_and_why(operator):
    made = operator.run(WITH_OFFER)["care"]
    found = rows(made.file)
    assert list(found) == ["002", "003", "008", "001", "004"]
    assert found["003"]["script_en"] == "It's {yours}: =B at 0.50, worth 300; best =B. 'Go on', they said"
    assert found["002"]["script_zh"] == "gold客户，存100送60，送60元"
    assert found["001"]["script_zh"] == "gold客户，=B，送元"  # what is missing leaves nothing
    assert "worth -5.50;" in found["001"]["script_en"]
    assert found["002"]["reason"] == "Care: value tier gold" and found["002"]["reason_zh"] == "关怀: value tier gold"
    assert (found["001"]["offer_code"], found["001"]["offer_name"], found["001"]["offer_pay_amount"]) == ("B", "'=B", "0.50")
    assert (found["002"]["list_name"], found["002"]["list_run_date"], found["002"]["owner"]) == (
        "care",
        "2026-04-01",
        "customer-value",
    )
    manifest = json.loads(Path(made.file).with_suffix(".json").read_text())
    assert manifest["send_back"] == ["list_name", "list_run_date"] and manifest["offer"] == {"code": "best"}
    assert manifest["script"] == {"en": SCRIPTS["script_en"], "zh": SCRIPTS["script_zh"]} and manifest["purpose"] == "A call."
    assert all(manifest["columns"][column]["meaning"] for column in SAID)


def test_without_a_script_the_offer_speaks_for_itself(operator):
    made = operator.run(care(offer="A", where="is_on_net and (value_tier = 'gold' or tenure_months > 3)"))["care"]
    row = rows(made.file)["002"]
    assert row["script_en"] == row["script_zh"] == "存100元送60元。"
    assert row["reason"] == "Care: value tier gold; tenure months 12"
    manifest = json.loads(Path(made.file).with_suffix(".json").read_text())
    assert manifest["offer"] == {"code": "A", "name": "存100送60", "pay_amount": "100.00"}
    none = rows(operator.run(care(name="none", where="is_on_net", priority=1))["none"].file)["020"]
    assert (none["offer_code"], none["script_en"], none["reason"]) == ("", "", "Care")


def test_a_recorded_file_with_scripts_is_made_again(operator):
    made = operator.run(WITH_OFFER)["care"]
    (run,) = ledger.current_runs(operator.home)
    with operator.tables() as tables:
        assert rebuild(tables, operator.home, run).sha256 == made.sha256


def test_file_feed_and_view_agree_for_every_member(operator):
    operator.change("alter table tags.subscriber_360 add column last_contact_date date")
    operator.change(f"update tags.subscriber_360 set last_contact_date = date '{days_before(3)}' where subscriber_id = '002'")
    operator.change(
        "insert into marketing.tasks values ('002', 't1', 'care', date '2026-04-02', 10, true),"
        " ('002', 't2', 'save', date '2026-04-05', 20, true), ('002', 't3', 'repair', date '2026-04-01', 30, false),"
        " ('008', 't4', 'care', date '2026-04-02', 10, true)"
    )
    operator.change("insert into seeds.task_purposes values ('save', 'Save', '挽留')")
    hotline = care(name="hot", channel="hotline", where="value_tier = 'mass'", offer="A", order_by=())
    made = operator.run(WITH_OFFER, hotline)
    exported = rows(made["care"].file) | rows(made["hot"].file)
    assert len(exported) == 6
    with operator.tables() as tables:
        written = write_feeds(tables, operator.home, AS_OF, RUN_DATE, "v1")
        views = {s: line_view(tables, operator.home, AS_OF, RUN_DATE, s) for s in exported}
    assert list(written) == list(FED)
    for channel, feed in written.items():
        assert [Path(file).name for file in feed.files] == [
            f"feed_{channel}_2026-03-31_2026-04-01.{end}" for end in ("parquet", "csv", "json")
        ]
        parquet, text, note = feed.files
        fed = rows(text)
        assert len(fed) == feed.rows == duckdb.sql(f"select count(*) from '{parquet}'").fetchone()[0]
        manifest = json.loads(Path(note).read_text())
        assert [file["name"] for file in manifest["files"]] == [Path(parquet).name, Path(text).name]
        assert all(column["meaning"] for column in manifest["columns"].values())
        for subscriber, row in exported.items():
            assert {column: fed[subscriber][column] for column in SAID} == {column: row[column] for column in SAID}
            for column in set(fed[subscriber]) - {"do_not_disturb", "do_not_disturb_reason"}:
                told = views[subscriber][column]
                assert fed[subscriber][column].removeprefix("'") == ("" if told is None else f"{told}"), column
            reason = views[subscriber]["do_not_disturb_reason"][channel]
            assert fed[subscriber]["do_not_disturb_reason"] == (reason or "")
    assert rows(written["hotline"].files[1])["002"]["last_contact_date"] == f"{days_before(3)}"
    assert not rows(written["hotline"].files[1])["013"]["do_not_disturb_reason"]
    fed = rows(written["hotline"].files[1])
    assert [fed[line]["open_task"] for line in ("002", "003", "008")] == ["Save, due 2026-04-05", "", "care, due 2026-04-02"]
    assert [fed[line]["open_task_zh"] for line in ("002", "003", "008")] == ["挽留，2026-04-05前", "", "care，2026-04-02前"]


def test_without_any_list_feeds_have_their_offers_and_the_same_types(operator):
    def types(file: str) -> dict[str, str]:
        return {name: kind for name, kind, *_ in duckdb.sql(f"describe select * from '{file}'").fetchall()}

    with operator.tables() as tables:
        before = write_feeds(tables, operator.home, AS_OF, RUN_DATE, "v1")["hotline"]
        fed = rows(before.files[1])
        types_before = types(before.files[0])
    assert (fed["002"]["offer_code"], fed["002"]["offer_pay_amount"], fed["002"]["list_name"]) == ("A", "100.00", "")
    operator.run(WITH_OFFER)
    with operator.tables() as tables:
        after = write_feeds(tables, operator.home, AS_OF, RUN_DATE, "v2")["hotline"]
        assert types(after.files[0]) == types_before
        assert types_before["list_run_date"] == "DATE" and types_before["offer_pay_amount"].startswith("DECIMAL")


def test_of_a_thousand_members_of_many_lists_each_is_told_the_same_everywhere(operator):
    lines = "range(1200) as t (n)"
    operator.change(
        "insert into tags.subscriber_360 select 'm' || n, n % 50 > 0, ['gold', 'diamond', 'mass'][1 + n % 3], 'p' || n % 7,"
        f" 'R' || n % 5, n / 4, n % 97, n % 60, date '2021-01-01', n % 41 = 0, 9, 's' from {lines}"
    )
    operator.change(f"insert into private.subscriber_phones select 'm' || n, (13900000000 + n)::varchar, true from {lines}", True)
    operator.change(
        f"insert into marketing.next_best_offers select 'm' || n, ['A', 'B'][1 + n % 2], 1, true, null from {lines} where n % 9"
    )
    operator.change(
        "insert into marketing.tasks select 'm' || n, 't' || n || p, p, date '2026-04-02' + (n % 9)::integer, n % 30, n % 4 > 0"
        f" from {lines} cross join (values ('save'), ('care')) as purposes (p)"
    )
    made = operator.run(
        replace(WITH_OFFER, where="value_tier = 'gold'"),
        care(name="a", channel="sms", where="value_tier = 'diamond'", offer="A", priority=20),
        care(name="none", channel="hotline", where="is_on_net and tenure_months > 9", priority=60),
    )
    exported = {line: row for one in made.values() for line, row in rows(one.file).items()}
    with operator.tables() as tables:
        fed = {
            channel: rows(feed.files[1]) for channel, feed in write_feeds(tables, operator.home, AS_OF, RUN_DATE, "v1").items()
        }
        views = line_views(tables, operator.home, AS_OF, RUN_DATE, sorted(exported))
        alone = {line: line_view(tables, operator.home, AS_OF, RUN_DATE, line) for line in sorted(exported)[::100]}
    assert views.keys() == exported.keys() and len(views) > 900
    assert {line: views[line] for line in alone} == alone
    for line, row in exported.items():
        seen = {column: "" if value is None else f"{value}" for column, value in views[line].items()}
        for channel, feed in fed.items():
            told = {column: value.removeprefix("'") for column, value in feed[line].items()}
            assert {column: told[column] for column in SAID} == {column: row[column].removeprefix("'") for column in SAID}
            reason = views[line]["do_not_disturb_reason"][channel] or ""
            assert (told.pop("do_not_disturb"), told.pop("do_not_disturb_reason")) == ("true" if reason else "false", reason)
            assert told == {column: seen[column] for column in told}


def test_a_line_on_no_list_is_put_its_best_offer_and_some_must_not_be_disturbed(operator):
    operator.run(care(offer="A", where="value_tier = 'mass'"))
    with operator.tables() as tables:
        write_feeds(tables, operator.home, AS_OF, RUN_DATE, "v1")
        views = {s: line_view(tables, operator.home, AS_OF, RUN_DATE, s) for s in ("003", "005", "006", "021", "020")}
        with pytest.raises(ListError, match="subscriber no such is not in the published version"):
            line_view(tables, operator.home, AS_OF, RUN_DATE, "no such")
        with pytest.raises(ListError, match="014 left the network, is on no list, and no offer is open to it"):
            line_view(tables, operator.home, AS_OF, RUN_DATE, "014")
    one = views["003"]
    assert (one["list_name"], one["offer_code"], one["script_zh"]) == (None, "B", "'Go on', they said")
    assert [one[f"offer_{place}_code"] for place in (1, 2, 3)] == ["B", "A", None]
    assert views["020"]["offer_code"] is None
    assert views["005"]["do_not_disturb_reason"] == dict.fromkeys(CHANNELS, "suppressed")
    assert views["006"]["do_not_disturb_reason"] == dict.fromkeys(CHANNELS) | {"outbound_call": "suppressed"}
    assert views["021"]["do_not_disturb_reason"] == dict.fromkeys(CHANNELS, "universal_control")


def test_what_is_ordered_is_gone_from_file_feed_and_view_after_the_next_build(operator):
    operator.run(replace(WITH_OFFER, cool_down_days=0), on=days_before(0))
    # The next build closes what was ordered, and the line's second offer comes first.
    operator.change("delete from marketing.next_best_offers where subscriber_id = '003' and offer_code = 'B'")
    operator.change("update marketing.next_best_offers set rank = 1, is_best = true where subscriber_id = '003'")
    operator.change(f"insert into core.fct_orders values ('o', '003', 'B', date '{RUN_DATE}', true)")
    again = rows(operator.run(replace(WITH_OFFER, cool_down_days=0), care(name="b", offer="B", priority=1))["care"].file)
    assert again["003"]["offer_code"] == "A"
    assert operator.members("b")["003"]["reason"] == "already_ordered"
    with operator.tables() as tables:
        feed = rows(write_feeds(tables, operator.home, AS_OF, RUN_DATE, "v1")["app"].files[1])["003"]
        view = line_view(tables, operator.home, AS_OF, RUN_DATE, "003")
    assert (feed["offer_code"], feed["offer_1_code"], feed["offer_2_code"]) == ("A", "A", "")
    assert (view["offer_code"], view["offer_1_code"], view["offer_2_code"]) == ("A", "A", None)


def test_the_query_of_a_feed_says_the_same_for_spark(operator):
    with operator.tables() as tables:
        given = {
            "relations": tables.relations, "channels": CHANNELS, "places": PLACES, "seen": SEEN, "run_date": RUN_DATE,
            "said_tags": ("value_tier", "realised_value"), "held_out": HELD_OUT, "subscribers": ["002", "o'n"],
            "present": tables.columns(tables.relations.tag_values),
        }  # fmt: skip
        (read,) = sqlglot.transpile(sql("lines_seen", "spark", **given), read="spark", write="duckdb")
        assert sorted(tables.rows(read), key=str) == sorted(tables.rows(sql("lines_seen", **given)), key=str)
