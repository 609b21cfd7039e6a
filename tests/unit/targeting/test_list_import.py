"""Lists made elsewhere in the ledger: what is recorded, and what is refused with a message."""

from datetime import date

import pytest

from orchestration.base.errors import ListError
from orchestration.base.settings import Home
from orchestration.targeting import ledger
from orchestration.targeting.imports import import_list

DAY = date(2026, 3, 1)


def test_a_list_made_elsewhere_is_in_the_ledger_like_any_other(tmp_path):
    home, file = Home(tmp_path / "home"), tmp_path / "spring.csv"
    file.write_text("subscriber_id,arm,region_code,note\n007,treated,R1,x\n005,control,R2,y\n001,treated,,z\n")
    run = import_list(home, file, "spring", DAY, "sms", "O1")
    assert (run["exported"], run["control"], run["matched"], run["run_id"]) == (2, 1, 3, "2026-03-01_001")
    members = {row["subscriber_id"]: row for row in ledger.members(home, "spring", DAY).to_pylist()}
    assert [members[s]["position"] for s in ("001", "007", "005")] == [1, 2, None]
    assert [members[s]["arm"] for s in ("001", "007", "005")] == ["treated", "treated", "control"]
    assert (members["007"]["region_code"], members["007"]["offer_code"], members["007"]["channel"]) == ("R1", "O1", "sms")
    assert ledger.verify(home) is None
    with pytest.raises(ListError, match="the ledger has a run of 2026-03-01 already"):
        import_list(home, file, "spring", DAY, "sms")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("id,arm\n1,treated\n", "the column subscriber_id is missing; there are id, arm"),
        ("subscriber_id,arm\n1,treatd\n", "arm 'treatd' is neither treated nor control"),
        ("subscriber_id,arm\n1,treated\n2,\n", "arm '' is neither treated nor control"),
        ("subscriber_id,arm\n1,treated\n1,control\n", "1 rows repeat a subscriber_id"),
        ("subscriber_id,arm\n,treated\n", "1 rows have no subscriber_id"),
        ("subscriber_id,arm\n", "holds no row"),
    ],
)
def test_what_is_no_list_is_refused_and_nothing_recorded(tmp_path, content, said):
    home, file = Home(tmp_path / "home"), tmp_path / "spring.csv"
    file.write_text(content)
    with pytest.raises(ListError, match=said):
        import_list(home, file, "spring", DAY, "sms")
    assert ledger.runs(home).num_rows == 0 and not list(home.list_members.rglob("*.parquet"))
    with pytest.raises(ListError, match="is no channel; choose one of"):
        import_list(home, file, "spring", DAY, "pigeon")
