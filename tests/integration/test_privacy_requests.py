"""Restriction and access: whom they concern, what they leave as it is, and that each is in the journal."""

import json
import stat
from datetime import date

import pytest
from intake_kit import CONTRACT
from privacy_kit import PERSONS
from typer.testing import CliRunner

from orchestration.base import journal
from orchestration.base.keys import KeyFileError, load_keys
from orchestration.base.settings import Home
from orchestration.cli.main import app
from orchestration.privacy.access import personal_data
from orchestration.privacy.restrict import lift, restrict, restricted
from orchestration.privacy.subject import PersonError, find


@pytest.fixture
def home(keyed_home) -> Home:
    return keyed_home


@pytest.mark.parametrize(
    ("asked", "lines", "customers"),
    [
        ("C1", ("L1", "L2"), ("C1",)),
        ("L1", ("L1",), ()),
        ("L3", ("L3",), ("C3",)),
        ("13800138003", ("L3",), ("C3",)),
        ("+86 138-0013-8003", ("L3",), ("C3",)),
    ],
)
def test_who_is_behind_an_id_or_a_phone(home, asked, lines, customers):
    found = find(home.raw, CONTRACT, asked)
    assert (found.lines, found.customers) == (lines, customers)
    assert ("Jane Fairfax" in found.values) == (customers == ("C3",)), "the name goes only where the customer does"


def test_a_phone_that_two_lines_hold_is_asked_back(home):
    import pyarrow.parquet as pq

    path = next((home.raw / "crm_subscribers" / "dt=2026-03-02").glob("*.parquet"))
    rows = pq.read_table(path, partitioning=None)
    phones = rows["msisdn"].to_pylist()
    pq.write_table(rows.set_column(rows.schema.get_field_index("msisdn"), "msisdn", [[phones[0], phones[0], *phones[2:]]]), path)
    with pytest.raises(PersonError, match=r"138\*\*\*\*\*\*01 is the phone of 2 lines \(L1, L2\): ask by the id"):
        find(home.raw, CONTRACT, "13800138001")


def test_lines_are_restricted_from_a_day_on_until_it_is_lifted(home):
    keys, customer, line = load_keys(home), find(home.raw, CONTRACT, "C1"), find(home.raw, CONTRACT, "L1")
    restrict(home, keys, line, "X-1", date(2026, 3, 1))
    restrict(home, keys, customer, "X-2", date(2026, 3, 5))
    assert restricted(home) == {"L1": date(2026, 3, 1), "L2": date(2026, 3, 5)}
    lift(home, keys, line, "X-3")
    assert restricted(home) == {"L2": date(2026, 3, 5)}
    assert [(e["action"], e["request"]) for e in journal.entries(home)] == [
        ("restrict", "X-1"), ("restrict", "X-2"), ("unrestrict", "X-3"),
    ]  # fmt: skip
    assert journal.verify(home) is None


def test_a_persons_data_is_all_of_it_and_of_nobody_else(home):
    data = personal_data(home, CONTRACT, find(home.raw, CONTRACT, "C3"))
    assert {table: len(rows) for table, rows in data["delivered"].items()} == {
        "crm_customers": 1, "crm_subscribers": 1, "billing_charges": 1,
    }  # fmt: skip
    assert data["delivered"]["crm_customers"][0]["full_name"] == PERSONS["C3"][0]
    assert data["published"]["core.dim_subscribers"][0]["subscriber_id"] == "L3" and len(data["ledger"]["list_members"]) == 1
    assert "L1" not in repr(data) and "13800138001" not in repr(data)


def test_the_commands(home, tmp_path):
    runner, at = CliRunner(), ["--home", str(home.root)]
    to = tmp_path / "access.json"
    told = runner.invoke(app, ["privacy", "export", "L3", "--request", "A-1", "--to", str(to), *at])
    assert told.exit_code == 0, told.output
    assert "rows about L3, C3, request A-1" in told.output and stat.S_IMODE(to.stat().st_mode) == 0o600
    assert json.loads(to.read_text())["request"] == "A-1"
    told = runner.invoke(app, ["privacy", "export", "L3", "--request", "A-1", "--to", str(to), *at])
    assert told.exit_code == 1 and "is there already" in told.output
    told = runner.invoke(app, ["privacy", "restrict", "L3", "--request", "X-1", *at])
    assert told.exit_code == 0 and "L3: restricted, request X-1" in told.output and list(restricted(home)) == ["L3"]
    told = runner.invoke(app, ["privacy", "restrict", "L3", "--request", "X-2", "--lift", *at])
    assert told.exit_code == 0 and "L3: no longer restricted" in told.output and restricted(home) == {}
    told = runner.invoke(app, ["privacy", "hold", "exports", "--request", "COURT-1", *at])
    assert told.exit_code == 0 and "exports is held, request COURT-1" in told.output
    assert [entry["action"] for entry in journal.entries(home)] == ["export", "restrict", "unrestrict", "hold"]


def test_an_unsafe_key_file_is_refused(home, tmp_path, monkeypatch):
    key = tmp_path / "key"
    key.chmod(0o640)
    with pytest.raises(KeyFileError, match=r"can be read by other accounts \(0640\); run chmod 600"):
        load_keys(home)
    key.chmod(0o600)
    key.write_text("k1 abc\n")
    with pytest.raises(KeyFileError, match="does not hold keys"):
        load_keys(home)
    inside = home.root / "key"
    inside.write_text("x")
    monkeypatch.setenv("TELCO360_PSEUDONYM_KEY_FILE", str(inside))
    with pytest.raises(KeyFileError, match="lies within"):
        load_keys(home)
