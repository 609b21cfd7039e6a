"""The benchmark of lists' files, at a size that costs nothing."""

import pytest

from benchmarks.list_files import made_rows, measure, table
from orchestration.targeting.files import FORMATS


@pytest.mark.parametrize("format", FORMATS)
def test_it_writes_what_it_measures(tmp_path, format):
    made_rows(tmp_path / "rows.duckdb", 50)
    found = measure(tmp_path / "rows.duckdb", format, tmp_path)
    assert (found["rows"], found["bytes"]) == (50, (tmp_path / f"list.{format}").stat().st_size)
    assert found["query_seconds"] > 0 and found["peak_rss_bytes"] > 10_000_000
    assert f"| {format} | 50 | 0.0 |" in table([found])
