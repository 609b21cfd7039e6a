"""A home is closed to other accounts, whatever the umask; the group reads what a setting opens."""

import grp
import os
import stat

import pytest

from orchestration.base import modes
from orchestration.base.settings import Home, SettingsError, group_reads


@pytest.fixture(autouse=True)
def _umask_of_before():
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def home(tmp_path) -> Home:
    """A home as the umask 0 makes it, with deliveries of another account."""
    made = Home(tmp_path / "home")
    for name in ("lake/raw/t/dt=2026-01-01/part.parquet", "published/v.duckdb", "exports/2026-01-01/l.csv", "landing/t/x.csv"):
        path = made.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (made.published / "current").symlink_to("v.duckdb")
    return made


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def open_to_others(home: Home) -> list:
    found = [p for p in home.root.rglob("*") if home.landing not in (p, *p.parents) and not p.is_symlink()]
    return [p for p in found if mode(p) & 0o077]


def test_all_but_landing_is_closed_and_the_second_time_nothing_changes(home):
    assert len(open_to_others(home)) == 10
    assert modes.close(home) == 11  # the root too
    assert open_to_others(home) == [] and mode(home.landing) == 0o777
    assert mode(home.root) == 0o711, "a source of another account goes through it to landing"
    assert modes.close(home) == 0


def test_what_is_made_afterwards_is_private(home):
    modes.close(home)
    (home.lake / "new").mkdir()
    (home.lake / "new" / "file").write_text("x")
    assert open_to_others(home) == []


def test_the_group_reads_what_the_setting_opens_and_nothing_else(home, monkeypatch):
    monkeypatch.setenv("TELCO360_GROUP_READS", "published")
    modes.close(home)
    assert sorted(p.name for p in open_to_others(home)) == ["published", "v.duckdb"]
    assert (mode(home.published), mode(home.published / "v.duckdb")) == (0o750, 0o640)
    assert mode(home.root) & 0o010
    assert (modes.file_mode("published"), modes.file_mode("exports")) == (0o640, 0o600)
    modes.make_folder(home.exports / "2026-01-02", "exports")
    assert mode(home.exports / "2026-01-02") == 0o700
    monkeypatch.delenv("TELCO360_GROUP_READS")
    modes.close(home)
    assert open_to_others(home) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="an account gives files to its own groups alone")
def test_versions_and_exports_are_each_for_a_group_of_their_own(home, monkeypatch):
    readers, channels = grp.getgrall()[1:3]
    monkeypatch.setenv("TELCO360_GROUP_READS", f"published:{readers.gr_name},exports:{channels.gr_name}")
    modes.close(home)
    assert {p.stat().st_gid for p in (home.published, home.published / "v.duckdb")} == {readers.gr_gid}
    assert {p.stat().st_gid for p in home.exports.rglob("*")} == {channels.gr_gid}
    assert home.raw.stat().st_gid == home.root.stat().st_gid and mode(home.root) & 0o001, "both pass through the root"
    modes.make_folder(home.exports / "2026-01-02", "exports")
    made = home.exports / "2026-01-02" / "new"
    made.touch()
    made.chmod(modes.file_mode("exports"))
    assert made.stat().st_gid == channels.gr_gid, "what is made afterwards too"
    assert mode(home.lake) == 0o700 and modes.close(home) == 0


def test_a_group_that_the_machine_does_not_know_is_refused(monkeypatch):
    monkeypatch.setenv("TELCO360_GROUP_READS", "exports:no-such-group")
    with pytest.raises(SettingsError, match="no group of the name 'no-such-group'"):
        group_reads()


def test_a_delivered_file_under_a_second_name_keeps_its_mode_in_a_closed_folder(home):
    linked = home.raw / "t" / "dt=2026-01-01" / "linked.parquet"
    os.link(home.landing / "t" / "x.csv", linked)
    modes.close(home)
    assert mode(linked) == 0o666 and mode(linked.parent) == 0o700


def test_a_setting_that_names_another_folder_is_refused(monkeypatch):
    monkeypatch.setenv("TELCO360_GROUP_READS", "published, lake")
    with pytest.raises(SettingsError, match="'lake' cannot be opened to the group; write published or exports"):
        group_reads()
