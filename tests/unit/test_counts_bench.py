"""The benchmark of counts: its rows tell the median and the 99th percentile."""

from benchmarks.counts import measured, row


def test_a_row_tells_median_and_99th_percentile_in_milliseconds():
    walls, cpus = [n / 1000 for n in range(1, 102)], [0.002] * 101
    assert row("x", walls, cpus) == "| x | 51.0 | 100.0 | 2.0 | 2.0 |"


def test_it_counts_what_it_measures():
    counts, walls, cpus = measured(lambda each: each * 2, [1, 2])
    assert counts == [2, 4] and len(walls) == len(cpus) == 2
