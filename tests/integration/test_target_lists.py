"""Runs of lists on a small published version and private warehouse: who is in, who is out and why, the files and the ledger."""

import csv
import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from made_lists import AS_OF, RELATIONS, RUN_DATE, days_before, insert, made_files

from orchestration.settings import Home
from orchestration.targeting import export, ledger, run
from orchestration.targeting.decisions import MACRO
from orchestration.targeting.definition import Order, TargetList, Title
from orchestration.targeting.files import ALWAYS_TEXT
from orchestration.targeting.ledger import COUNTS
from orchestration.targeting.tables import ListError, duckdb_tables


def line(subscriber, tier="gold", value=10.0, on_net=True, held_out=False, tenure=12, region="R1"):
    return (subscriber, on_net, tier, "plain", region, value, 50.0, tenure, date(2021, 1, 1), held_out, 9, "S1")


LINES = [
    line("001", value=-5.5),
    line("002", value=300),  # ties with 003
    line("003", tier="diamond", value=300),
    line("004", value=None),  # no value: last
    line("005"),  # suppressed on all channels
    line("006"),  # suppressed on calls, from the run date on
    line("007"),  # suppressed on calls, to the run date
    line("008", value=20),  # suppressions of another channel, past, and to come
    line("009"),  # phone off the pattern
    line("010"),  # no phone at all
    line("011"),  # a "valid" phone that a spreadsheet would calculate
    line("012"),  # suppressed and without a phone: counts once, as suppressed
    line("013", tier="mass"),
    line("014", on_net=None),
    line("015", value=30),  # called today
    line("016", value=30),  # two contacts in the 7 days that end today
    line("017", value=30),  # two, the first 7 days before: outside
    line("018", value=30),  # four in 30 days
    line("019", value=30),  # four, the first 30 days before: outside
    line("020", value=30),  # an inbound contact today, and an outbound one tomorrow
    line("021", value=30, held_out=True),
]
CONTACTS = [
    ("015", 0, "outbound"),
    *[("016", days, "outbound") for days in (6, 1)],
    *[("017", days, "outbound") for days in (7, 1)],
    *[("018", days, "outbound") for days in (29, 20, 15, 10)],
    *[("019", days, "outbound") for days in (30, 20, 15, 10)],
    ("020", 0, "inbound"),
    ("020", -1, "outbound"),
]
ROWS = {
    "tags.subscriber_360": LINES,
    "tags.tag_history": [(date(2026, 2, 1), "002", "mass", 1.0), (date(2026, 2, 1), "003", "diamond", 1.0)],
    "tags.tag_changes": [
        (AS_OF, "002", "value_tier", "mass", "gold"),
        (AS_OF - timedelta(29), "003", "value_tier", "gold", "diamond"),
        (AS_OF - timedelta(30), "004", "value_tier", "mass", "gold"),
        (AS_OF, "008", "plan_name", "x", "plain"),
    ],
    "core.fct_contacts": [(f"c{n}", s, days_before(days), direction) for n, (s, days, direction) in enumerate(CONTACTS)],
    "private.subscriber_phones": [
        (f"{n:03}", "+8613800000011" if n == 11 else f"1380000{n:04}", n != 9) for n in range(1, 22) if n not in (10, 12)
    ],
    "staging.stg_channel__suppressions_now": [
        ("005", "all", "protected", date(2026, 1, 1), None),
        ("006", "outbound_call", "do_not_contact", RUN_DATE, None),
        ("007", "outbound_call", "other", None, RUN_DATE),
        ("008", "sms", "do_not_contact", date(2026, 1, 1), None),
        ("008", "outbound_call", "other", date(2026, 1, 1), days_before(1)),
        ("008", "outbound_call", "other", days_before(-1), None),
        ("012", "all", "deceased", date(2026, 1, 1), None),
    ],
}
CARE = TargetList(
    name="care",
    title=Title("Care", "关怀"),
    owner="customer-value",
    purpose="A call.",
    channel="outbound_call",
    where="is_on_net and value_tier in ('diamond', 'gold')",
    columns=("plan_name", "realised_value"),
    status="approved",
    order_by=(Order("realised_value", descending=True),),
    control_share=0.0,
)
FIRST = {"matched": 19, "suppressed": 4, "no_valid_phone": 3, "capped": 3, "universal_control": 1, "exported": 8}
IN_ORDER = ["002", "003", "017", "019", "020", "008", "001", "004"]


class Operator:
    """A home with its two databases, and runs of lists on it."""

    def __init__(self, folder: Path):
        self.home = Home(folder)
        self.published, self.private = made_files(folder, ROWS)

    def change(self, statement: str, private: bool = False) -> None:
        with duckdb.connect(str(self.private if private else self.published)) as connection:
            connection.execute(statement)

    @contextmanager
    def tables(self):
        with duckdb_tables(RELATIONS, self.published, self.private, self.home.exports / ".spill") as tables:
            yield tables

    @contextmanager
    def open(self, *lists: TargetList, names=None, on=RUN_DATE):
        definitions = {definition.name: definition for definition in lists}
        names = list(definitions) if names is None else names
        with self.tables() as tables, run.open_run(tables, self.home, definitions, names, on, AS_OF, "v1", "tester") as decided:
            yield decided

    def run(self, *lists: TargetList, names=None, on=RUN_DATE) -> dict[str, export.ListRun]:
        with self.open(*lists, names=names, on=on) as decided:
            return {made.name: made for made in run.run_lists(decided)}

    def members(self, name: str, on=RUN_DATE) -> dict[str, dict]:
        return {row["subscriber_id"]: row for row in ledger.members(self.home, name, on).to_pylist()}


@pytest.fixture
def operator(tmp_path) -> Operator:
    return Operator(tmp_path / "o'home")


def care(**changes) -> TargetList:
    return replace(CARE, **changes)


def cells(path: str) -> list[list[str]]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def exported(made: export.ListRun) -> list[str]:
    return [row[0] for row in cells(made.file)[1:]]


def left_out(made: export.ListRun) -> dict[str, int]:
    return {step: count for step, count in made.waterfall.items() if count}


def test_the_waterfall_counts_everyone_once_and_the_file_holds_the_rest(operator):
    made = operator.run(CARE)["care"]
    assert tuple(made.waterfall) == COUNTS and left_out(made) == FIRST
    assert made.waterfall["matched"] == sum(made.waterfall.values()) - made.waterfall["matched"]
    assert cells(made.file)[0] == [*ALWAYS_TEXT, "plan_name", "realised_value"]
    assert exported(made) == IN_ORDER and made.rows == len(IN_ORDER)
    assert Path(made.file) == operator.home.exports / "2026-04-01" / "care_2026-03-31_2026-04-01_001.csv"


def test_each_left_out_subscriber_has_its_reason_in_the_ledger(operator):
    operator.run(CARE)
    members = operator.members("care")
    reasons = {subscriber: row["reason"] for subscriber, row in members.items()}
    assert {s for s, reason in reasons.items() if reason == "capped"} == {"015", "016", "018"}
    assert {s for s, reason in reasons.items() if reason == "suppressed"} == {"005", "006", "007", "012"}
    assert {s for s, reason in reasons.items() if reason == "no_valid_phone"} == {"009", "010", "011"}
    assert members["021"]["arm"] == members["021"]["reason"] == "universal_control"
    assert [members[s]["position"] for s in IN_ORDER] == list(range(1, 9))
    one = members["002"]
    assert (one["arm"], one["reason"], one["channel"], one["run_id"]) == ("treated", None, "outbound_call", "2026-04-01_001")
    assert (one["value_tier"], one["region_code"], one["manager_id"], one["is_at_risk"]) == ("gold", "R1", None, None)


def test_a_list_may_be_tighter_than_the_caps_and_never_looser(operator):
    assert left_out(operator.run(care(caps={"days_30": 3}))["care"])["capped"] == 4  # 019 has three in 30 days
    looser = operator.run(care(caps={"days_7": 3}))["care"]
    assert looser.status == "failed"
    assert "caps: days_7 is 3, but seed contact_rules allows 2; a list may be tighter only" in looser.reason


def test_suppressions_are_those_of_the_channel(operator):
    assert set(exported(operator.run(care(channel="sms"))["care"])) == {*IN_ORDER, "006", "007"} - {"008"}


def test_who_is_eligible_for_several_goes_to_the_first_by_priority_then_name(operator):
    made = operator.run(care(name="b", where="value_tier = 'diamond'"), care(name="a", priority=60), care(name="c", priority=60))
    assert exported(made["b"]) == ["003"]
    assert exported(made["a"]) == [s for s in IN_ORDER if s != "003"]
    assert exported(made["c"]) == [] and made["c"].waterfall["lost_to_priority"] == 9
    assert operator.members("a")["003"]["lost_to"] == "b"
    assert {row["lost_to"] for row in operator.members("c").values()} == {"a", "b", None}


def test_who_cannot_be_contacted_by_the_first_list_is_free_for_the_next(operator):
    made = operator.run(care(name="a"), care(name="b", channel="sms", priority=60))
    assert set(exported(made["b"])) == {"006", "007"}


def test_control_is_drawn_by_the_formula_and_cut_where_the_file_is_cut(operator):
    whole = operator.run(care(control_share=0.5, salt="s"))["care"]
    with duckdb.connect() as connection:
        connection.execute(MACRO)
        drawn = [s for s in IN_ORDER if connection.execute("select hash_share('s', ?)", [s]).fetchone()[0] < 0.5]
    assert 0 < len(drawn) < 8 and set(exported(whole)) == set(IN_ORDER) - set(drawn)
    cut = operator.run(care(control_share=0.5, salt="s", limit=1))["care"]
    place = IN_ORDER.index(exported(cut)[0])
    assert cut.waterfall["control"] == len([s for s in drawn if IN_ORDER.index(s) < place])
    assert cut.waterfall["over_limit"] == 8 - place - 1


def test_the_macro_draws_as_dbt_does(operator):
    text = Path("macros/hash_share.sql").read_text()
    assert "cast(cast(concat('0x', {{ hex }}) as bigint) as double) / 4294967296" in text
    assert 'substr(md5(concat(\'" ~ dbt.escape_single_quotes(salt) ~ ":\', " ~ key ~ ")), 1, 8)' in text
    with duckdb.connect() as connection:
        connection.execute(MACRO)
        assert connection.execute("select hash_share('telco360', '001')").fetchone()[0] == pytest.approx(
            0x0 + _share("telco360:001")
        )


def _share(text: str) -> float:
    import hashlib

    return int(hashlib.md5(text.encode()).hexdigest()[:8], 16) / 2**32


def many(operator: Operator, lines: int = 2000) -> None:
    operator.change(
        "insert into tags.subscriber_360 select 'm' || n, true, 'mass', 'p', 'R' || n % 5, n, n % 97, n % 60, null, false, 9, 's'"
        f" from range({lines}) t (n)"
    )
    operator.change(
        f"insert into private.subscriber_phones select 'm' || n, '1390000' || n, true from range({lines}) t (n)", private=True
    )


def test_a_balanced_salt_is_sought_once_and_kept(operator):
    many(operator)
    mass = care(where="value_tier = 'mass'", control_share=None)
    made = operator.run(mass)["care"]
    first = operator.members("care")
    (report,) = (operator.home.exports / "2026-04-01").glob("*.balance.json")
    said = json.loads(report.read_text())
    assert said["control_share"] == 0.1
    names = [row["covariate"] for row in said["balance"]]
    assert names == [
        "region_code R0",
        "region_code R1",
        "region_code R2",
        "region_code R3",
        "region_code R4",
        "tenure_months",
        "value_score",
    ]
    assert max(abs(row["difference"]) for row in said["balance"]) < 0.15
    treated = [row["subscriber_id"] for row in first.values() if row["arm"] == "treated"]
    score = next(row for row in said["balance"] if row["covariate"] == "value_score")
    assert score["treated"] == pytest.approx(sum(int(s[1:]) % 97 for s in treated if s[0] == "m") / len(treated), abs=0.05)
    assert 0.06 < made.waterfall["control"] / 2000 < 0.14

    next_day = RUN_DATE + timedelta(1)
    operator.change("update tags.subscriber_360 set value_score = hash(subscriber_id) % 100, tenure_months = 1")
    operator.run(mass, on=next_day)
    after = operator.members("care", next_day)
    assert {s: row["arm"] for s, row in first.items()} == {s: row["arm"] for s, row in after.items()}
    operator.run(replace(mass, salt="own"), on=next_day)
    assert ledger.runs(operator.home)["salt"].to_pylist() == [said["salt"], said["salt"], "own"]


def test_the_sought_salt_is_better_than_most(operator):
    many(operator)
    mass = care(where="value_tier = 'mass'", control_share=0.1)

    def worst(salt: str | None) -> float:
        with operator.open(replace(mass, salt=salt)) as decided:
            return max(abs(row["difference"]) for row in decided.balance("care"))

    others = [worst(f"other-{n}") for n in range(20)]
    assert worst(None) < min(others) * 1.1


def test_a_list_on_late_tags_is_refused_whole_and_the_others_go_on(operator):
    late = care(name="late", where="nps_score <= 6 or is_on_net", columns=("last_store",))
    made = operator.run(late, care())
    assert made["late"].status == "refused" and made["late"].file is None and not any(made["late"].waterfall.values())
    assert made["late"].reason == (
        "list late: refused: tag nps_score is stale: channel_surveys is delivered to 2026-02-01 and late; tag last_store is"
        " failed: channel_visits is delivered to 2026-03-01, and its newest delivery was rejected. Deliver what is late and build"
        " again, or let the list say stale_tags: accept"
    )
    assert made["care"].rows == 8  # nobody is lost to a list that is refused
    assert ledger.runs(operator.home)["status"].to_pylist() == ["exported", "refused"]
    assert operator.run(replace(late, stale_tags="accept"))["late"].status == "exported"


def test_a_list_that_excludes_one_on_late_tags_is_as_late(operator):
    late = care(name="late", where="nps_score <= 6")
    made = operator.run(late, care(exclude_lists=("late",)), names=["care"])
    assert made["care"].status == "refused" and "nps_score" in made["care"].reason


def test_who_an_excluded_list_matches_or_last_exported_stays_out(operator):
    gone = care(name="gone", where="value_tier = 'diamond' or realised_value = -5.5", status="draft")
    assert exported(operator.run(care(exclude_lists=("gone",)), gone, names=["care"])["care"]) == [
        s for s in IN_ORDER if s not in ("001", "003")
    ]
    past = RUN_DATE - timedelta(40)
    operator.run(replace(gone, where="realised_value = 300", status="approved"), on=past)
    later = operator.run(care(exclude_lists=("gone",)), gone, names=["care"])["care"]
    assert exported(later) == [s for s in IN_ORDER if s not in ("001", "002", "003")]


def test_a_list_that_includes_another_takes_whom_its_last_run_exported(operator):
    first = care(name="first", limit=2)
    again = care(name="again", include_lists=("first",))
    assert operator.run(first, again, names=["again"])["again"].waterfall["matched"] == 0
    operator.run(first, on=RUN_DATE - timedelta(40))
    assert exported(operator.run(first, again, names=["again"])["again"]) == IN_ORDER[:2]


def test_conditions_that_exclude_take_out_whom_they_hold_for(operator):
    made = operator.run(care(exclude=("realised_value >= 300", "tenure_months > 100")))["care"]
    assert exported(made) == [s for s in IN_ORDER if s not in ("002", "003")]  # 004 has no value: not known to be excluded


def test_the_past_is_asked_for_by_month_and_by_days(operator):
    assert exported(operator.run(care(where="was(value_tier, '2026-02') <> value_tier"))["care"]) == ["002"]
    assert exported(operator.run(care(where="changed(value_tier, 30)"))["care"]) == ["002", "003"]
    assert exported(operator.run(care(where="changed(value_tier, 29) or changed(plan_name, 1)"))["care"]) == ["002", "008"]
    unknown = operator.run(care(where="was(value_tier, '2026-01') = 'gold'"))["care"]
    assert "the past of tags is kept for 2026-02 to 2026-02, not for 2026-01" in unknown.reason


def test_a_suppression_that_becomes_known_after_the_decision_counts(operator, monkeypatch):
    with operator.open(CARE) as decided:
        # what the private warehouse shows at the second of export: the view reads the lake anew
        connection = decided.tables.connection
        connection.execute("create table later as select * from telco360.staging.stg_channel__suppressions_now")
        connection.execute("insert into later values ('003', 'all', 'other', null, null)")
        monkeypatch.setattr(decided.tables, "relations", replace(decided.tables.relations, suppressions="later"))
        made = decided.export("care")
    assert exported(made) == [s for s in IN_ORDER if s != "003"]
    assert left_out(made) == FIRST | {"suppressed": 5, "exported": 7}
    assert operator.members("care")["003"]["reason"] == "suppressed"
    assert operator.members("care")["017"]["position"] == 2


def test_a_list_exported_alone_takes_nobody_whom_another_has_on_that_day(operator):
    first, second = care(name="zz", priority=90, limit=2, control_share=0.3, salt="s"), care(name="aa", priority=1)
    held = operator.run(first, second, names=["zz"])["zz"]
    alone = operator.run(first, second, names=["aa"])["aa"]
    assert alone.waterfall["lost_to_priority"] == held.rows + held.waterfall["control"]
    assert not set(exported(alone)) & set(exported(held))
    assert operator.run(first, second, names=["aa"], on=RUN_DATE + timedelta(1))["aa"].waterfall["lost_to_priority"] == 0


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
    for _ in range(3):
        operator.run(CARE)
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
