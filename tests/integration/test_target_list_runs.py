"""What runs of lists write down and how they fail: the ledger's chain, lists that are refused, whole files or none."""

import errno
import json
from dataclasses import replace

import duckdb
import pyarrow.parquet as pq
import pytest
from list_kit import CARE, Operator, care
from made_lists import AS_OF, RUN_DATE, insert

from orchestration.base.errors import ListError
from orchestration.targeting import export, files, ledger, run
from orchestration.targeting.definition import Approval


@pytest.fixture
def operator(tmp_path) -> Operator:
    return Operator(tmp_path / "o'home")


def test_a_list_on_late_tags_is_refused_whole_and_the_others_go_on(operator):
    late = care(name="late", where="nps_score <= 6 or is_on_net", columns=("last_store",))
    made = operator.run(late, care())
    assert made["late"].status == "refused" and made["late"].file is None and not any(made["late"].waterfall.values())
    assert made["late"].reason == (
        "list late: refused: channel_surveys ends on 2026-02-01, channel_visits ends on 2026-03-01 because its newest delivery"
        " was rejected; needed for nps_score, last_store. Deliver and run again, or set stale_tags: accept"
    )
    assert made["care"].rows == 8  # nobody is lost to a list that is refused
    assert ledger.runs(operator.home)["status"].to_pylist() == ["exported", "refused"]
    assert operator.run(replace(late, stale_tags="accept"))["late"].status == "exported"


def test_tags_that_are_late_alike_are_told_together(operator):
    operator.change(
        'update tags.tag_catalog set status = \'stale\', sources = \'[{"table": "channel_surveys", "delivered": null}]\''
    )
    reason = operator.run(care(columns=("plan_name",), order_by=()))["care"].reason
    assert reason.startswith(
        "list care: refused: channel_surveys ends on 2026-02-01; needed for is_on_net, value_tier, plan_name. Deliver and run"
    )


def test_a_list_that_excludes_one_on_late_tags_is_as_late(operator):
    late = care(name="late", where="nps_score <= 6")
    made = operator.run(late, care(exclude_lists=("late",)), names=["care"])
    assert made["care"].status == "refused" and "nps_score" in made["care"].reason


def test_a_list_run_again_for_a_day_adds_to_the_chain_and_its_last_export_stands(operator):
    operator.run(CARE)
    again = operator.run(care(limit=2))["care"]
    assert again.run_id == "2026-04-01_002"
    operator.run(care(where="vlue_tier = 'gold'"))
    rows = ledger.runs(operator.home).to_pylist()
    assert [row["status"] for row in rows] == ["exported", "exported", "failed"]
    assert rows[2]["previous_hash"] == rows[1]["run_hash"] and rows[1]["previous_hash"] == rows[0]["run_hash"]
    assert {row["run_id"] for row in operator.members("care").values()} == {again.run_id}
    assert (rows[0]["exported_by"], rows[0]["publication"], rows[0]["definition_hash"]) == ("tester", "v1", CARE.hash)
    assert json.loads(rows[0]["definition"])["where"] == CARE.where


def test_the_ledger_tells_the_first_row_that_was_meddled_with(operator):
    for limit in (7, 6, 5):
        operator.run(care(limit=limit))
    assert ledger.verify(operator.home) is None
    first, second, third = sorted(operator.home.list_runs.glob("*.parquet"))
    kept = second.read_bytes()
    changed = pq.read_table(second, schema=ledger.LIST_RUNS).to_pylist()[0] | {"exported": 9}
    pq.write_table(ledger.LIST_RUNS.empty_table().from_pylist([changed], schema=ledger.LIST_RUNS), second)
    assert ledger.verify(operator.home).startswith(f"{second}: list care, run 2026-04-01_002: is not what was written")
    forged = changed | {"run_hash": ledger.run_hash(changed)}
    pq.write_table(ledger.LIST_RUNS.empty_table().from_pylist([forged], schema=ledger.LIST_RUNS), second)
    assert ledger.verify(operator.home).startswith(f"{third}: list care, run 2026-04-01_003: does not follow the row before")
    second.unlink()
    assert ledger.verify(operator.home) == f"{third}: row 2 of the chain is missing"
    second.write_bytes(kept)
    assert ledger.verify(operator.home) is None
    members = operator.home.list_members / "run_date=2026-04-01" / "care_2026-04-01_001.parquet"
    members.write_bytes(members.read_bytes() + b"x")
    assert ledger.verify(operator.home).startswith(f"{first}: list care, run 2026-04-01_001: its members, {members}, are not")


def test_the_ledger_can_be_read_before_anything_was_exported_and_after(operator):
    ledger.ensure_empty_tables(operator.home)
    count = "select count(*) from read_parquet('{}/ledger/{}')"
    lake = str(operator.home.lake).replace("'", "''")
    tables = ("list_runs/*.parquet", "list_members/*/*.parquet")
    with duckdb.connect() as connection:
        assert [connection.execute(count.format(lake, name)).fetchone()[0] for name in tables] == [0, 0]
        operator.run(CARE)
        ledger.ensure_empty_tables(operator.home)
        assert [connection.execute(count.format(lake, name)).fetchone()[0] for name in tables] == [1, 19]


def no_space(real, of_care):
    """The function, but for the list `care` there is no space left."""

    def full(*arguments, **options):
        if of_care(*arguments):
            raise OSError("No space left on device")
        return real(*arguments, **options)

    return full


@pytest.mark.parametrize(
    ("place", "step", "of_care"),
    [
        (export, "write_list", lambda *given: given[5].name == "care"),
        (export.DecidedRun, "_write_balance", lambda decided, name: name == "care"),
        (ledger, "keep_members", lambda home, row, write: row["list_name"] == "care"),
    ],
)
def test_a_list_that_fails_half_way_fails_alone_and_counts_nobody(operator, monkeypatch, place, step, of_care):
    monkeypatch.setattr(place, step, no_space(getattr(place, step), of_care))
    made = operator.run(CARE, care(name="other", where="value_tier = 'mass'"))
    assert made["care"].status == "failed" and made["care"].reason == "list care: No space left on device"
    assert made["other"].rows == 1
    assert [(r["list_name"], r["status"], r["matched"]) for r in ledger.runs(operator.home).to_pylist()] == [
        ("care", "failed", 0), ("other", "exported", 1),
    ]  # fmt: skip
    assert not list(operator.home.exports.rglob("*care*"))
    assert [path.name for path in operator.home.list_members.rglob("*.parquet")] == ["other_2026-04-01_001.parquet"]
    assert ledger.verify(operator.home) is None


def test_what_a_killed_run_left_in_the_ledger_never_happened(operator):
    left = operator.home.list_members / "run_date=2026-04-01" / "care_2026-04-01_001.parquet"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    operator.run(care(name="other"))
    assert not left.exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"where": "vlue_tier = 'gold'"}, "list care: where: character 1: unknown tag vlue_tier; did you mean value_tier?"),
        (
            {"columns": ("not_built",)},
            "list care: not_built: a tag, but no column of the published tags; build and publish again",
        ),
        (
            {"approved": Approval("boss", "2026-04-02")},
            "list care: approved: on 2026-04-02 lies after the run date, 2026-04-01",
        ),
        ({"status": "draft"}, "list care: its status is draft; only approved lists are exported"),
        ({"exclude": ("is_on_net", "x = 1")}, "list care: exclude, item 2: character 1: unknown tag x"),
    ],
)
def test_a_list_that_cannot_run_names_itself_and_leaves_no_file(operator, changes, message):
    made = operator.run(care(**changes))["care"]
    assert made.status == "failed" and made.reason.startswith(message.replace("list care: ", "list care: failed: "))
    assert not list(operator.home.exports.rglob("*.*"))


def test_without_the_private_warehouse_nothing_is_decided(operator):
    operator.private.unlink()
    with pytest.raises(ListError, match="the private warehouse is not there"):
        operator.run(CARE)


def test_without_the_universal_control_nothing_is_decided(operator):
    operator.change("alter table tags.subscriber_360 drop column is_universal_control")
    with pytest.raises(ListError, match="the published tags lack is_universal_control"):
        operator.run(CARE)


def test_a_subscriber_with_two_phones_stops_the_run(operator):
    with duckdb.connect(str(operator.private)) as connection:
        insert(connection, "private.subscriber_phones", [("001", "13899999999", True)])
    with pytest.raises(ListError, match="1 rows too many"):
        operator.run(CARE)


def test_the_same_inputs_give_the_same_bytes(operator, tmp_path):
    twin = Operator(tmp_path / "twin")
    lists = (care(control_share=0.3), care(name="b", where="value_tier = 'mass'"))
    both = [sorted(p for p in o.home.exports.rglob("*.*") if p.is_file()) for o in (operator, twin) if o.run(*lists)]
    assert [p.name for p in both[0]] == [p.name for p in both[1]] and len(both[0]) >= 4
    assert [p.read_bytes() for p in both[0]] == [p.read_bytes() for p in both[1]]


def test_a_look_takes_drafts_and_writes_nothing(operator):
    draft = care(status="draft")
    with operator.tables() as tables:
        decided = run.decide(tables, operator.home, {"care": draft}, ["care"], RUN_DATE, AS_OF, "v1", drafts=True)
        assert decided.waterfall("care")["exported"] == 8
    assert not operator.home.exports.exists() and not operator.home.ledger.exists()


def test_a_list_whose_file_is_gone_fails_alone_and_is_written_down(operator):
    made = operator.run(CARE, names=["care", "gone"])
    assert made["care"].file and made["gone"].status == "failed"
    assert made["gone"].reason.startswith("list gone: failed: its file in target_lists/ is gone or cannot be read")
    rows = {row["list_name"]: row for row in ledger.runs(operator.home).to_pylist()}
    assert rows["gone"]["status"] == "failed" and rows["gone"]["definition"] is None and rows["care"]["status"] == "exported"
    assert ledger.verify(operator.home) is None


def test_a_full_disk_is_told_in_the_same_words_whoever_meets_it(operator, monkeypatch):
    def full(*_, **__):
        raise duckdb.IOException('IO Error: Could not write file "/x/.care.partial/care.body": No space left on device')

    def also_full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device", "/x/.care.partial/care.csv")

    for fault, place in ((full, operator.home.root), (also_full, operator.home.exports / "2026-04-01")):
        with monkeypatch.context() as patched:
            patched.setitem(files._WRITERS, "csv", fault)
            made = operator.run(CARE)["care"]
        assert made.reason == f"list care: {place}: no space left on device. Make room there and run again"
    assert operator.run(CARE)["care"].status == "exported"
