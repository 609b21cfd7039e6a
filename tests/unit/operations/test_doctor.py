"""What `telco360 doctor` finds, each at its edge."""

import grp
from datetime import UTC, date, datetime, timedelta

from orchestration.base import audit
from orchestration.base.roles import Role
from orchestration.base.settings import Home
from orchestration.operations import doctor
from orchestration.operations.doctor import PROBLEM, WARNING, WELL, Finding, days_left, late, run_state
from orchestration.pipeline.run_log import RunRecord

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)


def run(hours_ago: float, *, minutes: float | None = 10, is_well: bool = True, **facts: object) -> RunRecord:
    started = NOW - timedelta(hours=hours_ago)
    ended = started + timedelta(minutes=minutes) if minutes is not None else None
    return RunRecord(f"run {hours_ago}", started, "2026-10-31", ended, is_well, {}, "dbt", facts)


def states(found) -> list[tuple[str, str]]:
    return [(finding.subject, finding.state) for finding in found]


def test_a_run_that_ended_well_last_night_is_in_order():
    assert states(run_state([run(6)], False, NOW)) == [("last run", WELL)]


def test_a_run_that_was_killed_is_a_problem_with_its_step_and_one_at_work_is_not():
    (killed, *_) = run_state([run(30), run(2, minutes=None)], False, NOW)
    assert killed.state == PROBLEM and "killed at dbt" in killed.text and "telco360 nightly" in killed.remedy
    assert states(run_state([run(30), run(2, minutes=None)], True, NOW)) == [("last run", WELL)]


def test_a_run_that_failed_says_why():
    (failed,) = run_state([run(6, is_well=False, causes=["dbt: no room"])], False, NOW)
    assert failed.state == PROBLEM and "dbt: no room" in failed.text


def test_the_schedule_is_missed_after_26_hours_and_not_before():
    just, over = run(26 + 10 / 60), run(26 + 11 / 60)
    assert states(run_state([just], False, NOW)) == [("last run", WELL)]
    assert states(run_state([over], False, NOW)) == [("last run", WELL), ("schedule", WARNING)]
    assert states(run_state([], False, NOW)) == [("last run", WARNING)]


def test_room_is_told_by_the_growth_from_the_first_run_to_the_last():
    grows = [run(48, home_bytes=100), run(24, home_bytes=900), run(0, home_bytes=300)]
    assert days_left(grows, 1000) == 10
    assert days_left(grows[:1], 1000) is None
    assert days_left([run(48, home_bytes=300), run(0, home_bytes=300)], 1000) is None  # it does not grow
    assert days_left([run(23, home_bytes=100), run(0, home_bytes=900)], 1000) is None  # less than a day


def test_a_required_table_is_late_two_days_after_its_last_delivery():
    today = date(2026, 11, 3)
    dates = {"a": [date(2026, 11, 2)], "b": [date(2026, 10, 30), date(2026, 11, 1)], "unasked": [date(2020, 1, 1)]}
    assert list(late(dates, ["a"], today)) == [
        Finding("deliveries", WELL, "all 1 required tables have one of yesterday or today")
    ]
    found = list(late(dates, ["a", "b", "c"], today))
    assert [(f.state, f.text) for f in found] == [
        (PROBLEM, "never accepted, and required: c"),
        (WARNING, "late: b (last 2026-11-01)"),
    ]


def test_an_empty_home_is_looked_at_in_whole_and_every_fault_has_its_remedy(tmp_path):
    found = doctor.examine(Home(tmp_path))
    assert {"versions", "settings", "disk", "permissions", "deliveries", "last run", "published", "list ledger", "backup"} <= {
        finding.subject for finding in found
    }
    assert all(finding.remedy for finding in found if finding.state != WELL)


def test_a_home_that_any_account_may_read_is_a_problem(tmp_path):
    home = Home(tmp_path)
    home.lake.mkdir()
    home.lake.chmod(0o700)
    assert states(doctor.permissions(home)) == [("permissions", WELL)]
    home.lake.chmod(0o705)
    (finding,) = doctor.permissions(home)
    assert finding.state == PROBLEM and str(home.lake) in finding.text and "chmod o-rwx" in finding.remedy


def test_a_look_that_fails_hides_no_other(tmp_path, monkeypatch):
    def breaks(home: Home):
        raise OSError("no such device")
        yield

    monkeypatch.setattr(doctor, "LOOKS", (breaks, doctor.room))
    found = doctor.examine(Home(tmp_path))
    assert [finding.subject for finding in found] == ["breaks", "disk"]
    assert found[0].state == PROBLEM and "no such device" in found[0].text


def test_only_what_is_not_in_order_is_sent():
    findings = [
        Finding("disk", WELL, "x"),
        Finding("deliveries", WARNING, "late", "ask"),
        Finding("last run", PROBLEM, "killed", "again"),
    ]
    sent = doctor.notices(findings, date(2026, 11, 1))
    assert [(n.kind, n.severity, n.cause, n.remedy) for n in sent] == [
        ("delivery", "warning", "deliveries: late", "ask"),
        ("failure", "critical", "last run: killed", "again"),
    ]


def test_folders_are_held_against_the_setting_of_groups(tmp_path, monkeypatch):
    home = Home(tmp_path)
    for folder in (home.root, home.lake, home.exports, home.published):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)
    home.exports.chmod(0o750)
    (finding,) = doctor.permissions(home)
    assert finding.state == PROBLEM and str(home.exports) in finding.text and str(home.lake) not in finding.text
    monkeypatch.setenv("TELCO360_GROUP_READS", "exports")
    assert states(doctor.permissions(home)) == [("permissions", WELL)]
    other = next(group.gr_name for group in grp.getgrall() if group.gr_gid != home.exports.stat().st_gid)
    monkeypatch.setenv("TELCO360_GROUP_READS", f"exports:{other}")
    assert states(doctor.permissions(home)) == [("permissions", WARNING)]


def test_who_reads_more_than_their_role_gives_is_told():
    given = {Role.STEWARD: {"users": ("anna",)}, Role.VIEWER: {"groups": ("readers",)}}

    def known(user: str) -> frozenset[str]:
        return frozenset(("readers",) if user == "li.wei" else ())

    readers = {"published": frozenset(("anna", "li.wei")), "exports": frozenset(("anna", "dialler"))}
    assert list(doctor.unlike_roles(given, readers, known)) == [], "a channel's account needs no role"
    readers = {"published": frozenset(("stranger",)), "exports": frozenset(("anna", "li.wei"))}
    no_role, phones = doctor.unlike_roles(given, readers, known)
    assert "have no role: stranger" in no_role
    assert "phones in exports" in phones and phones.endswith(": li.wei")


def test_an_audit_trail_that_was_changed_is_a_problem(tmp_path):
    home = Home(tmp_path)
    audit.record(home, "backup", "/mnt/a")
    assert states(doctor.ledgers(home)) == [("list ledger", WELL), ("audit trail", WELL), ("journal", WELL)]
    (path,) = audit.trail(home).folder.glob("*.json")
    path.write_text(path.read_text().replace("/mnt/a", "/mnt/b"))
    assert states(doctor.ledgers(home))[1] == ("audit trail", PROBLEM)
