"""The audit trail: a row an act, also of one that failed, and none that could be changed unseen."""

import json

import pytest

from orchestration.base import audit
from orchestration.base.settings import Home


@pytest.fixture
def home(tmp_path, monkeypatch) -> Home:
    monkeypatch.delenv("SUDO_USER", raising=False)
    return Home(tmp_path)


def test_an_act_is_written_down_when_it_has_ended(home):
    with audit.recorded(home, "list_rebuild", "list care") as act:
        assert not list(audit.trail(home).entries())
        act.rows = 3
    (row,) = audit.trail(home).entries()
    assert (row["action"], row["of"], row["rows"], row["result"], row["role"]) == (
        "list_rebuild",
        "list care",
        3,
        "done",
        "owner",
    )


def test_an_act_that_failed_is_too_without_the_words_of_its_error(home):
    with pytest.raises(ValueError), audit.recorded(home, "erase", "request R-1"):
        raise ValueError("nobody has the phone 13800000000")
    (row,) = audit.trail(home).entries()
    assert row["result"] == "failed: ValueError" and "138" not in json.dumps(row)


def test_a_row_that_is_changed_or_gone_is_noticed(home):
    for number in range(3):
        audit.record(home, "backup", f"/mnt/{number}")
    trail = audit.trail(home)
    assert trail.verify() is None
    path = sorted(trail.folder.glob("*.json"))[1]
    text = path.read_text()
    path.write_text(text.replace("/mnt/1", "/mnt/9"))
    assert "content was changed" in trail.verify()
    path.write_text("{")
    assert "cannot be read" in trail.verify()
    path.unlink()
    assert "entry 2 of the chain is missing" in trail.verify()
