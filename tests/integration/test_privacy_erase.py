"""An erased person is found nowhere and does not come back; all else is what it was."""

import json
import re
import sqlite3
from contextlib import closing
from datetime import date

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from intake_kit import CONTRACT, Operator
from privacy_kit import DAYS, LINES, MODELS, PERSONS, deliver_persons, write
from typer.testing import CliRunner

from orchestration.base import journal
from orchestration.base.files import sha256_of
from orchestration.base.keys import KeyFileError, add_key, load_keys
from orchestration.base.settings import Home
from orchestration.cli.main import app
from orchestration.intake.erased import words
from orchestration.privacy.erase import erase
from orchestration.privacy.holds import LIFT, hold_person
from orchestration.privacy.scan import scan
from orchestration.privacy.subject import PersonError, find
from orchestration.privacy.text import texts
from orchestration.targeting import ledger
from orchestration.warehouse.publishing import current

ALL_OF_C1 = ("L1", "L2", "C1", "AL1", "AL2", "13800138001", "13800138002", *(PERSONS["C1"][i] for i in (0, 2)))


@pytest.fixture
def home(keyed_home) -> Home:
    return keyed_home


def erased(home: Home, who: str, request: str = "R-1"):
    return erase(home, CONTRACT, MODELS, load_keys(home), who, request)


def places_of(home: Home, values, but=("landing",)) -> list[str]:
    """Files of the home in which one of the values stands as a word, tables by their cells."""
    found = []
    for path in sorted(p for p in home.root.rglob("*") if p.is_file() and p.relative_to(home.root).parts[0] not in but):
        if path.suffix == ".parquet":
            held = repr(pq.read_table(path, partitioning=None).to_pylist())
        elif path.suffix == ".duckdb":
            with duckdb.connect(str(path), read_only=True) as db:
                tables = db.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
                held = "".join(repr(db.execute(f"from {name}").fetchall()) for (name,) in tables)
        else:
            held = "\n".join(texts(path))
        found += [f"{path.relative_to(home.root)}: {v}" for v in values if words(held, {v: "\0"}) != held]
    return found


def rows(home: Home, table: str) -> list[dict]:
    files = sorted((home.raw / table).glob("dt=2*/*.parquet"))
    return pa.concat_tables([pq.read_table(file, partitioning=None) for file in files]).to_pylist()


def test_a_customer_is_found_nowhere_afterwards(home):
    assert {place.split(":")[0].split("/")[0] for place in places_of(home, ALL_OF_C1)} == {
        "lake",
        "published",
        "exports",
        "warehouse",
    }
    report = erased(home, "C1")
    assert places_of(home, ALL_OF_C1) == []
    assert scan(home, CONTRACT).found == []
    assert report.changed["exports"] == "2 rows" and report.changed["published versions"] == "1 of 1 versions, 2 tables"
    assert any("deliveries in landing" in text for text in report.stays)


def test_all_that_is_not_of_the_person_is_as_before(home):
    before = current(home).contents.tables
    raw = {name: rows(home, name) for name in ("crm_customers", "crm_subscribers", "billing_charges")}
    with duckdb.connect(str(home.current), read_only=True) as db:
        shape = db.execute(
            "select table_name, column_name, comment, is_nullable from duckdb_columns() where not internal"
        ).fetchall()
    erased(home, "C1")
    after = current(home).contents.tables
    assert after["churn.churn_monthly"] == before["churn.churn_monthly"]
    assert after["core.dim_subscribers"].rows == 4 and after["core.dim_subscribers"] != before["core.dim_subscribers"]
    for name, kept in raw.items():
        now = rows(home, name)
        assert len(now) == len(kept)
        mine = [old for old in kept if {"L1", "L2", "C1"} & set(map(str, old.values()))]
        assert [new for new, old in zip(now, kept, strict=True) if old not in mine] == [old for old in kept if old not in mine]
    assert sum(row["amount"] for row in rows(home, "billing_charges")) == 40
    with duckdb.connect(str(home.current), read_only=True) as db:
        assert (
            db.execute("select table_name, column_name, comment, is_nullable from duckdb_columns() where not internal").fetchall()
            == shape
        )
        assert db.execute("select count(*) from core.lines").fetchone() == (4,)
        said = db.execute("select said from tags.tag_changes").fetchone()[0]
        assert re.fullmatch(r"of line erased-[0-9a-f]{16}, not L10", said)
    facts = json.loads(current(home).path.with_suffix(".json").read_text())
    with duckdb.connect() as db:
        from orchestration.warehouse.checksums import table_facts

        db.execute(f"attach '{current(home).path}' as candidate (read_only)")
        assert {m.relation: vars(table_facts(db, m)) for m in MODELS} == facts["tables"]


def test_a_line_goes_alone_where_its_customer_has_another(home):
    erased(home, "13800138001")
    assert places_of(home, ("L1", "AL1", "13800138001")) == []
    assert places_of(home, ("L2",)) and places_of(home, (PERSONS["C1"][0],)), "customer and other line stay"


def test_chains_stay_checkable_and_notice_what_was_no_erasure(home):
    erased(home, "L1")
    erased(home, "L3", "R-2")
    assert ledger.verify(home) is None and journal.verify(home) is None
    members = next(home.list_members.glob("*/care_*.parquet"))
    table = pq.read_table(members, partitioning=None)
    pq.write_table(table.slice(1), members)
    assert "are not what was written" in ledger.verify(home)
    first = next(home.ledger.glob("privacy/000001_*.json"))
    first.write_text(first.read_text().replace("R-1", "R-9"))
    assert "content was changed" in journal.verify(home)


def test_the_journal_names_nobody(home):
    erased(home, "C1")
    held = "".join(path.read_text() for path in (home.ledger / "privacy").glob("*.json"))
    assert not [value for value in ALL_OF_C1 if re.search(rf"\b{value}\b", held)] and '"R-1"' in held


def test_the_next_delivery_does_not_bring_the_person_back(home):
    erased(home, "C1")
    before = {name: rows(home, name)[-4:] for name in ("crm_subscribers",)}
    operator = Operator(home.root)
    deliver_persons(operator, "2026-03-03")
    bad = "subscriber_id,bill_month,fee_code,amount\nL1,2026-02-01,rent,abc\nL1,2026-02-01,calls,5.00\nL3,2026-02-01,calls,5.00\n"
    operator.deliver("billing_charges", "2026-03-03", {"a.csv": bad})
    report = operator.take(max_set_aside_share=1.0)
    assert [o.outcome for o in report.outcomes] == ["accepted"] * 3
    assert places_of(home, ALL_OF_C1) == []
    assert rows(home, "crm_subscribers")[-4:] == before["crm_subscribers"], "the line goes on under the name that it has"
    assert not any("their last values are kept" in warning for o in report.outcomes for warning in o.warnings)
    told = "".join(operator.lines)
    assert "L1" not in re.findall(r"\w+", told) and "13800138001" not in told


def test_a_rotated_key_still_recognises_whom_the_old_one_erased_and_a_lost_one_stops_intake(home, tmp_path, monkeypatch):
    erased(home, "C1")
    add_key(tmp_path / "key", home)
    erased(home, "L3", "R-2")
    assert {one["key"] for entry in journal.entries(home, "erasure_begun") for one in entry["tombstones"]} == {"k1", "k2"}
    operator = Operator(home.root)
    deliver_persons(operator, "2026-03-03")
    operator.take()
    assert places_of(home, (*ALL_OF_C1, "L3", "13800138003")) == []
    (tmp_path / "key").write_text((tmp_path / "key").read_text().split("\n")[1] + "\n")
    with pytest.raises(KeyFileError, match="the key file lacks k1, by which erased persons are recognised"):
        operator.take()
    monkeypatch.delenv("TELCO360_PSEUDONYM_KEY_FILE")
    with pytest.raises(KeyFileError, match="is not set, and persons were erased from .* put it back from its backup"):
        operator.take()


def test_an_erasure_that_was_killed_is_run_again(home, monkeypatch):
    with monkeypatch.context() as killed:
        killed.setattr("orchestration.privacy.places.sqlite_file", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            erased(home, "C1")
    assert places_of(home, ALL_OF_C1) != []
    erased(home, "C1")
    assert places_of(home, ALL_OF_C1) == []
    assert ledger.verify(home) is None and journal.verify(home) is None


def test_manifests_of_exports_tell_the_new_file(home):
    erased(home, "C1")
    note = json.loads((home.exports / "2026-03-02" / "care.json").read_text())
    data = home.exports / "2026-03-02" / "care.csv"
    assert note["files"] == [{"name": "care.csv", "bytes": data.stat().st_size, "sha256": sha256_of(data)}]
    assert (note["rows"], note["rows_erased"], note["erased_by"]) == (2, 2, ["R-1"])
    assert (
        data.read_bytes() == b'\xef\xbb\xbf"subscriber_id","phone",tier\r\n"L3","13800138003",gold\r\n"L4","13800138004",gold\r\n'
    )


def test_what_stands_elsewhere_in_stores_and_lists_stays(home):
    with closing(sqlite3.connect(home.warehouse / "dagster" / "history" / "runs.db")) as store, store:
        store.execute("insert into events values (2, 'of L10 and L3', null)")
    erased(home, "L1")
    with closing(sqlite3.connect(home.warehouse / "dagster" / "history" / "runs.db")) as store:
        (first,), (second,) = store.execute("select body from events order by id").fetchall()
    assert first.startswith("warned of erased-") and second == "of L10 and L3"
    assert (home.warehouse / "dbt" / "dbt.log").read_text().endswith("12:01 row of L10\n")


def test_a_phone_that_objected_stays_on_its_list_and_the_report_says_why(home):
    operator = Operator(home.root)
    rows = f"msisdn,channel,reason_code,effective_from\n{LINES['L3'][1]},all,do_not_contact,2025-01-01\n"
    operator.deliver("channel_phone_suppressions", DAYS[1], {"a.csv": rows})
    assert operator.take().outcomes[-1].is_accepted
    report = erased(home, "L3")
    assert any("who objected to being contacted" in text for text in report.stays)


def test_whom_a_hold_protects_is_erased_only_when_it_is_lifted(home):
    keys = load_keys(home)
    hold_person(home, keys, find(home.raw, CONTRACT, "L1"), "COURT-7")
    with pytest.raises(PersonError, match="held for request COURT-7"):
        erased(home, "C1")
    assert rows(home, "crm_subscribers")[0]["subscriber_id"] == "L1"
    hold_person(home, keys, find(home.raw, CONTRACT, "L1"), "COURT-8", LIFT)
    erased(home, "C1")


@pytest.mark.parametrize(
    ("asked", "message"), [("L9", "'L9' is no subscriber_id"), ("13900000000", "'139******00' is no subscriber_id")]
)
def test_nobody_is_told_without_the_number(home, asked, message):
    with pytest.raises(PersonError) as caught:
        erased(home, asked)
    assert str(caught.value).startswith(message) and "13900000000" not in str(caught.value)


def test_the_command_needs_a_key_and_tells_what_it_did(home, tmp_path, monkeypatch, parsed):
    runner, at = CliRunner(), ["--home", str(home.root)]
    monkeypatch.delenv("TELCO360_PSEUDONYM_KEY_FILE")
    told = runner.invoke(app, ["privacy", "erase", "C1", "--request", "R-1", *at])
    assert told.exit_code == 1 and "telco360 privacy key FILE" in told.output
    told = runner.invoke(app, ["privacy", "key", str(home.root / "key"), *at])
    assert told.exit_code == 1 and "lies within" in told.output
    told = runner.invoke(app, ["privacy", "key", str(tmp_path / "other"), *at])
    assert told.exit_code == 0 and "Keep a backup" in told.output
    monkeypatch.setenv("TELCO360_PSEUDONYM_KEY_FILE", str(tmp_path / "other"))
    told = runner.invoke(app, ["privacy", "erase", "C1", "--request", "R-1", *at])
    assert told.exit_code == 0, told.output
    assert "Request R-1 is done" in told.output and "What stays:" in told.output
    write(home.warehouse / "note.txt", f"{date(2026, 3, 1)}")
    assert places_of(home, ALL_OF_C1) == []
