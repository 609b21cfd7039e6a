"""Lists on a small published version and private warehouse: who is in, who is out and why, and what the file is."""

import csv
import hashlib
import json
import os
import stat
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.targeting import export
from orchestration.targeting.definition import Order, TargetList, Title
from orchestration.targeting.export import ListError, Relations, run_list

AS_OF, RUN_DATE = date(2026, 3, 31), date(2026, 4, 1)
RELATIONS = Relations("tags.subscriber_360", "tags.tag_catalog", "private.subscriber_phones", "staging.stg_channel__suppressions")

CATALOGUE = [
    ("is_on_net", "flag", "boolean", None),
    ("value_tier", "tier", "varchar", '["diamond", "gold", "mass"]'),
    ("plan_name", "code", "varchar", None),
    ("realised_value", "number", "decimal(18,2)", None),
    ("activation_date", "date", "date", None),
    ("not_built", "number", "double", None),
]

SUBSCRIBERS = [  # subscriber_id, is_on_net, value_tier, plan_name, realised_value, activation_date, what the case is
    ("001", True, "gold", "=cmd|'/c calc'!A1", -5.50, "2020-01-01"),  # formula in a text, negative number
    ("002", True, "gold", 'say "hi", 关怀', 300, None),  # quotes, comma, Chinese
    ("003", True, "diamond", None, 300, "2021-01-01"),  # ties with 002 on value
    ("004", True, "gold", "plain", None, "2021-01-01"),  # no value: last
    ("005", True, "gold", "plain", 10, "2021-01-01"),  # suppressed on all channels
    ("006", True, "gold", "plain", 10, "2021-01-01"),  # suppressed on this channel, from the run date on
    ("007", True, "gold", "plain", 10, "2021-01-01"),  # suppressed to the run date
    ("008", True, "gold", "", 20, "2021-01-01"),  # suppressions: other channel, past, future
    ("009", True, "gold", "plain", 10, "2021-01-01"),  # phone off the pattern
    ("010", True, "gold", "plain", 10, "2021-01-01"),  # no phone at all
    ("011", True, "gold", "plain", 10, "2021-01-01"),  # a "valid" phone that a spreadsheet would calculate
    ("012", True, "gold", "plain", 10, "2021-01-01"),  # suppressed and without a phone: counts once, as suppressed
    ("013", True, "mass", "plain", 10, "2021-01-01"),
    ("014", None, "gold", "plain", 10, "2021-01-01"),
]

PHONES = [(f"{n:03}", f"1380000{n:04}", n not in (9,)) for n in range(1, 15) if n not in (10, 12)]
PHONES = [(s, "+8613800000011" if s == "011" else phone, ok) for s, phone, ok in PHONES]

SUPPRESSIONS = [
    ("005", "all", "protected", "2026-01-01", None),
    ("006", "outbound_call", "do_not_contact", "2026-04-01", None),
    ("007", "outbound_call", "other", "2026-01-01", "2026-04-01"),
    ("008", "sms", "do_not_contact", "2026-01-01", None),
    ("008", "outbound_call", "other", "2026-01-01", "2026-03-31"),
    ("008", "outbound_call", "other", "2026-04-02", None),
    ("012", "all", "deceased", "2026-01-01", None),
]

CARE = TargetList(
    name="care",
    title=Title("Care", "关怀"),
    owner="customer-value",
    purpose="A call.",
    channel="outbound_call",
    where="is_on_net and value_tier in ('diamond', 'gold')",
    columns=("plan_name", "realised_value", "activation_date", "is_on_net"),
    status="approved",
    order_by=(Order("realised_value", descending=True),),
)


@pytest.fixture
def published(tmp_path) -> Path:
    """A published version behind its link."""
    version = tmp_path / "published" / "telco360_2026-03-31_r1.duckdb"
    version.parent.mkdir()
    with duckdb.connect(str(version)) as connection:
        connection.execute("create schema tags")
        connection.execute(
            "create table tags.tag_catalog (tag_name varchar, entity varchar, model_name varchar, category varchar, kind varchar,"
            " data_type varchar, allowed_values varchar, description varchar, label_zh varchar, status varchar)"
        )
        connection.executemany(
            "insert into tags.tag_catalog values ($1, 'subscriber', 'tags_basic', 'x', $2, $3, $4, '', '', 'active')", CATALOGUE
        )
        connection.execute(
            "create table tags.subscriber_360 (subscriber_id varchar, is_on_net boolean, value_tier varchar, plan_name varchar,"
            " realised_value decimal(18,2), activation_date date)"
        )
        connection.executemany("insert into tags.subscriber_360 values (?, ?, ?, ?, ?, ?)", SUBSCRIBERS)
    link = version.parent / "telco360.duckdb"
    link.symlink_to(version.name)
    return link


@pytest.fixture
def private(tmp_path) -> Path:
    """A private warehouse as dbt leaves it: suppressions are a view, by its own catalog's name, on a view of a lake file."""
    path = tmp_path / "o'warehouse" / "telco360.duckdb"
    path.parent.mkdir()
    lake = tmp_path / "suppressions.parquet"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema private; create schema staging; create schema raw")
        connection.execute(
            "create table private.subscriber_phones (subscriber_id varchar, msisdn varchar, is_valid_msisdn boolean)"
        )
        connection.executemany("insert into private.subscriber_phones values (?, ?, ?)", PHONES)
        connection.execute(
            "create temp table s (subscriber_id varchar, channel varchar, reason_code varchar, effective_from date,"
            " effective_to date)"
        )
        connection.executemany("insert into s values (?, ?, ?, ?, ?)", SUPPRESSIONS)
        connection.execute(f"copy s to '{lake}' (format parquet)")
        connection.execute(f"create view raw.suppressions as select * from read_parquet('{lake}')")
        connection.execute("create view staging.stg_channel__suppressions as select * from telco360.raw.suppressions")
    return path


@pytest.fixture
def run(tmp_path, published, private):
    def run(definition: TargetList = CARE, **changes):
        arguments = {"published": published, "private": private, "relations": RELATIONS, "run_date": RUN_DATE, "as_of": AS_OF}
        return run_list(definition, **{**arguments, "exports_dir": tmp_path / "exports", **changes})

    return run


def care(**changes) -> TargetList:
    return TargetList(**{**{f: getattr(CARE, f) for f in CARE.__dataclass_fields__}, **changes})


def cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def files(directory: Path) -> list[str]:
    return sorted(str(p.relative_to(directory)) for p in directory.rglob("*") if p.is_file())


def test_the_waterfall_counts_everyone_once_and_the_file_holds_the_rest(run):
    result = run()
    assert result.waterfall == {"matched": 12, "suppressed": 4, "no_valid_phone": 3, "over_limit": 0, "exported": 5}
    header, *rows = cells(result.file)
    assert header == ["subscriber_id", "phone", "plan_name", "realised_value", "activation_date", "is_on_net"]
    assert [row[0] for row in rows] == ["002", "003", "008", "001", "004"]  # by value, ties by id, no value last
    assert result.rows == len(rows)


def test_the_bytes_are_what_a_spreadsheet_and_a_machine_can_both_read(run):
    content = run().file.read_bytes().decode("utf-8")
    assert content == (
        '\ufeff"subscriber_id","phone","plan_name",realised_value,activation_date,is_on_net\r\n'
        '"002","13800000002","say ""hi"", 关怀",300.00,,true\r\n'
        '"003","13800000003",,300.00,2021-01-01,true\r\n'
        '"008","13800000008","",20.00,2021-01-01,true\r\n'
        '"001","13800000001","\'=cmd|\'/c calc\'!A1",-5.50,2020-01-01,true\r\n'
        '"004","13800000004","plain",,2021-01-01,true\r\n'
    )


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_text_begins_as_a_formula(run, published, start):
    with duckdb.connect(str(published)) as connection:
        connection.execute("update tags.subscriber_360 set plan_name = ? || '1+1' where subscriber_id = '002'", [start])
    assert cells(run().file)[1][2] == f"'{start}1+1"


def test_the_manifest_says_what_the_file_is(run, published):
    result = run()
    manifest = json.loads(result.manifest.read_text(encoding="utf-8"))
    assert manifest == {
        "list": "care",
        "definition_hash": CARE.hash,
        "publication": published.resolve().name,
        "as_of": "2026-03-31",
        "run_date": "2026-04-01",
        "waterfall": result.waterfall,
        "file": "care_2026-03-31_2026-04-01.csv",
        "rows": 5,
        "sha256": hashlib.sha256(result.file.read_bytes()).hexdigest(),
        "columns": ["subscriber_id", "phone", "plan_name", "realised_value", "activation_date", "is_on_net"],
    }


def test_it_lies_where_it_should_and_not_everyone_may_read_it(run, tmp_path):
    result = run()
    assert files(tmp_path / "exports") == [f"2026-04-01/care_2026-03-31_2026-04-01.{ending}" for ending in ("csv", "json")]
    assert stat.S_IMODE(os.stat(result.file).st_mode) == 0o640


def test_the_same_inputs_give_the_same_bytes(run):
    first = run()
    before = [p.read_bytes() for p in (first.file, first.manifest)]
    again = run()
    assert [p.read_bytes() for p in (again.file, again.manifest)] == before


def test_the_limit_takes_the_first_of_those_who_can_be_contacted(run):
    result = run(care(limit=2))
    assert result.waterfall == {"matched": 12, "suppressed": 4, "no_valid_phone": 3, "over_limit": 3, "exported": 2}
    assert [row[0] for row in cells(result.file)[1:]] == ["002", "003"]


def test_suppressions_are_those_of_the_channel(run):
    assert [row[0] for row in cells(run(care(channel="sms")).file)[1:]] == ["002", "003", "006", "007", "001", "004"]


def test_a_list_that_nobody_matches_is_a_file_with_a_header(run):
    result = run(care(where="value_tier = 'mass' and realised_value > 10"))
    assert result.rows == 0 and result.waterfall["matched"] == 0
    assert result.file.read_bytes().count(b"\r\n") == 1


def test_a_quote_in_a_value_is_only_a_quote(run):
    assert run(care(where="plan_name = 'it''s'' or 1=1 --'")).waterfall["matched"] == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"where": "vlue_tier = 'gold'"}, "list care: where: character 1: unknown tag vlue_tier; did you mean value_tier?"),
        (
            {"columns": ("not_built",)},
            "list care: not_built: a tag, but no column of tags.subscriber_360; build and publish again",
        ),
        ({"status": "draft"}, "list care: its status is draft; only approved lists are exported"),
    ],
)
def test_a_list_that_cannot_run_names_itself_and_leaves_no_file(run, tmp_path, changes, message):
    with pytest.raises(ListError) as caught:
        run(care(**changes))
    assert str(caught.value).startswith(message)
    assert not [f for f in files(tmp_path) if f.startswith("exports")]


def test_without_the_private_warehouse_nothing_is_exported(run, tmp_path):
    for missing in (None, tmp_path / "none.duckdb"):
        with pytest.raises(ListError, match="list care: the private warehouse is not there"):
            run(private=missing)


def test_without_suppressions_nothing_is_exported(run, private, tmp_path):
    with duckdb.connect(str(private)) as connection:
        connection.execute("drop view staging.stg_channel__suppressions")
    with pytest.raises(ListError, match="list care: .*stg_channel__suppressions"):
        run()
    assert not (tmp_path / "exports").exists()


def test_a_subscriber_with_two_phones_stops_the_list(run, private):
    with duckdb.connect(str(private)) as connection:
        connection.execute("insert into private.subscriber_phones values ('001', '13899999999', true)")
    with pytest.raises(ListError, match="list care: 1 rows too many"):
        run()


@pytest.mark.parametrize("step", ["_with_bom", "_settle"])
def test_a_failure_half_way_leaves_the_last_file_as_it_was(run, tmp_path, monkeypatch, step):
    before = run().file.read_bytes()

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(export, step, full)
    with pytest.raises(ListError, match="list care: No space left on device"):
        run(care(limit=1))
    assert len(files(tmp_path / "exports")) == 2
    assert run_file(tmp_path).read_bytes() == before
    assert not [p for p in (tmp_path / "exports").rglob("*.partial")]


def test_a_count_that_differs_from_the_rows_stops_the_list(run, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "_waterfall", lambda _: {"matched": 6, "exported": 6})
    with pytest.raises(ListError, match="list care: 5 rows were written, 6 expected"):
        run()
    assert not files(tmp_path / "exports")


def run_file(tmp_path) -> Path:
    return tmp_path / "exports" / "2026-04-01" / "care_2026-03-31_2026-04-01.csv"


def test_what_a_killed_run_left_is_cleared_by_the_next_and_other_lists_are_left_alone(run, tmp_path):
    own = tmp_path / "exports" / "2026-03-30" / ".care_2026-03-29_2026-03-30.abc.partial"
    other = tmp_path / "exports" / "2026-03-30" / ".care_more_2026-03-29_2026-03-30.abc.partial"
    for left in (own, other):
        left.mkdir(parents=True)
        (left / "body.csv").write_text("half")
    run()
    assert not own.exists() and other.exists()
