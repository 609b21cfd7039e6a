"""Where things lie, and that an unknown environment or time zone fails at once."""

from pathlib import Path

import pytest
import yaml

from orchestration.base import settings


def test_home_is_absolute_and_named_by_the_argument_before_the_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("TELCO360_HOME", str(tmp_path / "from_variable"))
    assert settings.home().root == tmp_path / "from_variable"
    assert settings.home(tmp_path / "given").root == tmp_path / "given"
    monkeypatch.chdir(tmp_path)
    assert settings.home("relative").root == tmp_path / "relative"
    monkeypatch.delenv("TELCO360_HOME")
    assert settings.home().root == settings.PROJECT_DIR / "data"


def test_everything_lies_within_the_home():
    home = settings.Home(Path("/somewhere"))
    paths = [getattr(home, name) for name, kind in vars(settings.Home).items() if isinstance(kind, property)]
    assert len(paths) >= 10
    assert all(path.is_relative_to(home.root) for path in paths)


def test_environments_are_a_total_map_of_the_profiles_targets():
    profile = yaml.safe_load((settings.PROJECT_DIR / "profiles.yml.example").read_text(encoding="utf-8"))
    assert set(profile["telco360"]["outputs"]) == {*settings.ENVIRONMENTS, "spark", "published"}  # no environments


@pytest.mark.parametrize("name", settings.ENVIRONMENTS)
def test_known_environments_pass(monkeypatch, name):
    monkeypatch.setenv("TELCO360_ENV", name)
    assert settings.environment() == name


@pytest.mark.parametrize("name", ["prod", "Production", "local "])
def test_an_unknown_environment_fails_and_names_the_known_ones(monkeypatch, name):
    monkeypatch.setenv("TELCO360_ENV", name)
    with pytest.raises(settings.SettingsError, match="choose one of local, ci, production"):
        settings.environment()


def test_unset_means_local_and_shanghai(monkeypatch):
    monkeypatch.delenv("TELCO360_ENV", raising=False)
    monkeypatch.delenv("TELCO360_TIMEZONE", raising=False)
    assert settings.environment() == "local"
    assert settings.timezone().key == "Asia/Shanghai"


def test_an_unknown_time_zone_fails(monkeypatch):
    monkeypatch.setenv("TELCO360_TIMEZONE", "Mars/Olympus")
    with pytest.raises(settings.SettingsError, match="Mars/Olympus"):
        settings.timezone()


@pytest.mark.parametrize("given", ["6GB", "800MB", "1.5 GiB", "12gb"])
def test_an_amount_of_memory_is_taken_as_it_is(monkeypatch, given):
    monkeypatch.setenv("TELCO360_MEMORY", given)
    assert settings.memory_limit() == given


@pytest.mark.parametrize("given", ["lots", "6", "0GB", "-1GB", "6 gigs", "80%", "6GB;"])
def test_what_is_no_amount_of_memory_fails_and_shows_how_to_write_one(monkeypatch, given):
    monkeypatch.setenv("TELCO360_MEMORY", given)
    with pytest.raises(settings.SettingsError, match="TELCO360_MEMORY: .* such as 6GB"):
        settings.memory_limit()


def test_the_default_follows_the_machine_and_leaves_room(monkeypatch):
    monkeypatch.setenv("TELCO360_MEMORY", "")
    monkeypatch.setattr(settings, "machine_memory", lambda: 24 * 2**30)
    assert settings.memory_limit() == "7577MiB"
    assert settings.default_memory(2 * 2**30) == 2**30


@pytest.mark.parametrize(
    ("given", "count"), [("6GB", 6_000_000_000), ("800 MB", 800_000_000), ("1.5GiB", 1_610_612_736), ("2tib", 2_199_023_255_552)]
)
def test_the_limit_in_bytes(given, count, monkeypatch):
    monkeypatch.setenv("TELCO360_MEMORY", given)
    assert settings.memory_bytes() == count


@pytest.mark.parametrize(
    ("name", "text", "is_bound"),
    [
        ("memory.max", "1073741824", True),
        ("memory.max", "max", False),
        ("memory/memory.limit_in_bytes", "1073741824", True),
        ("memory/memory.limit_in_bytes", "9223372036854771712", False),
    ],
)
def test_a_container_has_the_memory_of_its_control_group(tmp_path, name, text, is_bound):
    path = tmp_path / "sys" / "fs" / "cgroup" / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert settings.machine_memory(tmp_path) == (2**30 if is_bound else settings.machine_memory(tmp_path / "none"))


def test_a_home_that_is_a_file_or_lies_in_one_is_refused(tmp_path):
    file = tmp_path / "file"
    file.touch()
    for root in (file, file / "below"):
        with pytest.raises(settings.SettingsError, match=f"{file} is a file"):
            settings.require_home(settings.Home(root))
    settings.require_home(settings.Home(tmp_path / "new" / "home"))


def test_full_tests_come_every_so_many_days(monkeypatch):
    monkeypatch.delenv("TELCO360_FULL_TESTS_DAYS", raising=False)
    assert settings.full_tests_days() == 7
    monkeypatch.setenv("TELCO360_FULL_TESTS_DAYS", "1")
    assert settings.full_tests_days() == 1
    for wrong in ("0", "-1", "weekly", "1.5", "²"):
        monkeypatch.setenv("TELCO360_FULL_TESTS_DAYS", wrong)
        with pytest.raises(settings.SettingsError, match=r"TELCO360_FULL_TESTS_DAYS: .* is no number of days"):
            settings.full_tests_days()
