"""What was done about persons is a chain: an entry that is changed, left out or put in is noticed."""

import json

import pytest

from orchestration.base import chain, journal
from orchestration.base.settings import Home


@pytest.fixture
def home(tmp_path) -> Home:
    made = Home(tmp_path)
    for number in range(3):
        journal.record(made, "hold" if number else "erase", f"R-{number}", digests=[f"d{number}"])
    return made


def files(home: Home):
    return sorted((home.ledger / "privacy").glob("*.json"))


def test_entries_are_read_in_their_order_and_by_action(home):
    assert [entry["request"] for entry in journal.entries(home)] == ["R-0", "R-1", "R-2"]
    assert [entry["request"] for entry in journal.entries(home, "erase")] == ["R-0"]
    assert journal.verify(home) is None


def test_a_changed_entry_is_noticed(home):
    entry = json.loads(files(home)[1].read_text())
    files(home)[1].write_text(json.dumps(entry | {"request": "other"}))
    assert "content was changed" in journal.verify(home)


def test_an_entry_that_is_gone_is_noticed(home):
    files(home)[1].unlink()
    assert "entry 2 of the chain is missing" in journal.verify(home)


def test_an_entry_put_in_is_noticed(home):
    forged = {"action": "hold", "request": "X", "at": "", "previous_hash": chain.BEGINNING}
    files(home)[2].write_text(json.dumps(forged | {"hash": chain.entry_hash(forged)}))
    assert "does not follow the entry before" in journal.verify(home)


def test_what_an_erasure_made_of_a_file_is_found_by_its_checksum_of_before(home):
    journal.record(home, "files_erased", "R-9", files=[{"path": "lake/a", "before": "1", "after": "2"}])
    assert journal.replaced_files(home) == {("lake/a", "1"): "2"}
