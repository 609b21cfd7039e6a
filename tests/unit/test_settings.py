"""Where things lie, and that an unknown environment or time zone fails at once."""

from pathlib import Path

import pytest
import yaml

from orchestration import settings


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
    assert set(profile["telco360"]["outputs"]) == {*settings.ENVIRONMENTS, "spark"}  # spark is an engine, for any environment


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
