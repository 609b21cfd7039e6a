"""How phones are compared: dbt's macro on DuckDB, for each way of writing one number."""

from types import SimpleNamespace

import duckdb
import pytest
from jinja2 import Environment

from orchestration.base.settings import PROJECT_DIR


@pytest.mark.parametrize(
    ("written", "key"),
    [
        *(
            (way, "13811110001")
            for way in (
                "13811110001", "+8613811110001", "008613811110001", "013811110001", " 138 1111 0001 ", "+86 (138) 1111-0001",
                "138.1111.0001", "１３８１１１１０００１", "13811110001.0",
            )
        ),
        ("138.1111.0000", "13811110000"), ("13811110002", "13811110002"), ("10086", "10086"),
        ("", None), ("n/a", None), ("0000", None), (None, None),
    ],
)  # fmt: skip
def test_one_number_has_one_key_however_it_is_written(written, key):
    macros = Environment().from_string((PROJECT_DIR / "macros" / "phones.sql").read_text(encoding="utf-8"))
    dispatched = SimpleNamespace(dispatch=lambda name, project: getattr(made, f"default__{name}"))
    made = macros.make_module({"adapter": dispatched, "return": lambda value: value})
    with duckdb.connect() as connection:
        assert connection.execute(f"select {made.phone_key('$1::varchar', 11)}", [written]).fetchone() == (key,)
