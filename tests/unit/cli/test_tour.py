"""What the tour tells to call: what a terminal finds, whether or not the environment is on its path."""

import sys
from pathlib import Path

from orchestration.base.settings import Home
from orchestration.cli import tour

HERE = Path(sys.executable).parent


def told(home: Path) -> str:
    return tour._places(Home(home)).plain


def test_a_program_that_the_path_has_is_called_by_its_name(tmp_path, monkeypatch):
    for name in ("telco360", "duckdb"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "  duckdb -readonly " in told(tmp_path)
    assert "  telco360 tags show" in told(tmp_path)


def test_one_that_it_lacks_is_called_by_its_path_and_a_client_is_installed_first(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    assert f"  {tmp_path}/bin/pip install duckdb-cli, then {tmp_path}/bin/duckdb -readonly {tmp_path}/published" in told(tmp_path)
    assert f"  {tmp_path}/bin/telco360 tags show" in told(tmp_path)
