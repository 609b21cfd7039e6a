"""The bench: figures of what was seen of a run, the tables, and the care of its home. No run is run here."""

import json
import os
import subprocess
import sys
from datetime import date

import pytest

from benchmarks import bench, child, costs
from benchmarks.costs import Cost, Made, RunCost, Span
from orchestration.base.settings import Home

DAY = date(2026, 6, 30)


def a_run(seconds: float, **changes) -> RunCost:
    facts = {
        "as_of": "2026-06-30",
        "deliveries": 29,
        "rows_in": 1_000,
        "bytes_in": 2_500_000,
        "whole": Cost(seconds, seconds / 2, 3_000_000_000),
        "steps": {"prepare": Cost(5.0, 4.0), "intake": Cost(20.0, 10.0, 1_000_000_000), "dbt": Cost(30.0, 20.0, 3_000_000_000)},
        "layers": {"core": Cost(22.0, None, 3_000_000_000), costs.IDLE: Cost(8.0)},
        "slowest": {"big": 12.34, "small": 0.5},
        "bare_dbt": Cost(26.0, 19.0, 2_000_000_000),
    }
    return RunCost(**facts | changes)


MADE = Made(2_000, 13, 1, "2026-06-30", "abc", 232, 551_074, 11_500_000, Cost(4.7, 4.0, 248_000_000))


def test_time_of_two_at_once_is_shared_so_that_the_sum_is_wall_time():
    spans = [Span("core", 0, 10), Span("core", 2, 4), Span("tests", 6, 12), Span("tags", 20, 21)]
    seconds = costs.split_seconds(spans)
    assert seconds == {"core": pytest.approx(8), "tests": pytest.approx(4), "tags": pytest.approx(1)}


def test_a_span_that_begins_as_another_ends_shares_nothing():
    assert costs.split_seconds([Span("a", 0, 1), Span("b", 1, 3)]) == {"a": 1, "b": 2}


def test_peak_is_the_most_within_the_spans_their_ends_included():
    samples = [(1.0, 50, 0), (2.0, 10, 0), (3.0, 30, 0), (4.0, 90, 0)]
    assert costs.peak(samples, [Span("a", 2.0, 3.0)]) == 30
    assert costs.peak(samples, [Span("a", 1.5, 2.5), Span("a", 3.5, 4.0)]) == 90


def test_peak_of_a_span_between_two_looks_is_the_look_after_it_or_the_last():
    samples = [(1.0, 50, 0), (2.0, 10, 0)]
    assert costs.peak(samples, [Span("a", 1.2, 1.4)]) == 10
    assert costs.peak(samples, [Span("a", 2.1, 2.2)]) == 10
    assert costs.peak([], [Span("a", 1.2, 1.4)]) is None


def test_cpu_is_what_was_added_while_a_span_ran():
    samples = [(1.0, 0, 2.0), (2.0, 0, 3.0), (3.0, 0, 7.0)]
    assert costs.cpu_used(samples, [Span("a", 0.5, 1.5)]) == 2.0
    assert costs.cpu_used(samples, [Span("a", 1.0, 2.5)]) == 1.0
    assert costs.cpu_used(samples, [Span("a", 0.5, 1.0), Span("a", 2.5, 9.0)]) == 6.0


def test_a_look_that_missed_an_ending_process_takes_no_cpu_away():
    samples = [(1.0, 0, 5.0), (2.0, 0, 1.0), (3.0, 0, 6.0)]
    assert costs.cpu_used(samples, [Span("a", 1.5, 2.5)]) == 0.0
    assert costs.cpu_used(samples, [Span("a", 2.5, 3.5)]) == 1.0


def test_target_lists_are_one_step_and_so_are_both_of_dbt():
    spans = [
        Span("dbt", 0, 3),
        Span("scoring", 3, 4),
        Span("scored tables", 4, 5),
        Span("list one", 5, 6),
        Span("list two", 7, 9),
    ]
    found = costs.step_costs(costs.step_spans(spans), [(5.5, 70, 1.0), (8.0, 40, 2.0)])
    assert list(found) == ["dbt", "scoring", "lists"]
    assert found["dbt"].seconds == 4
    assert found["lists"] == Cost(3, 2.0, 70)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"resource_type": "model", "fqn": ["telco360", "staging", "crm", "stg_crm__customers"]}, "staging"),
        ({"resource_type": "model", "fqn": ["telco360", "intermediate", "usage", "int_usage__monthly"]}, "intermediate"),
        ({"resource_type": "model", "fqn": ["telco360", "marts", "churn", "churn_by_plan"]}, "churn"),
        ({"resource_type": "seed", "fqn": ["telco360", "age_bands"]}, "seeds"),
        ({"resource_type": "test", "fqn": ["telco360", "marts", "core", "not_null_x"]}, "tests"),
        ({"resource_type": "operation", "fqn": ["telco360", "hooks", "telco360-on-run-start-0"]}, "hooks"),
    ],
)
def test_layer_of_a_node(node, expected):
    assert costs.layer(node) == expected


RESULTS = {
    "results": [
        {
            "unique_id": "model.telco360.big",
            "execution_time": 4.0,
            "timing": [
                {"name": "compile", "started_at": "2026-06-30T01:00:00Z", "completed_at": "2026-06-30T01:00:01Z"},
                {"name": "execute", "started_at": "2026-06-30T01:00:01Z", "completed_at": "2026-06-30T01:00:04Z"},
            ],
        },
        {"unique_id": "model.telco360.skipped", "execution_time": 0.0, "timing": []},
        {"unique_id": "model.telco360.small", "execution_time": 0.5, "timing": []},
        {"unique_id": "test.telco360.slow_test.0a1b", "execution_time": 9.0, "timing": []},
    ]
}
MANIFEST = {"nodes": {"model.telco360.big": {"resource_type": "model", "fqn": ["telco360", "marts", "core", "big"]}}}


def test_a_node_is_at_work_from_compiling_to_the_end_and_one_that_never_ran_is_left_out():
    (span,) = costs.node_spans(RESULTS["results"], MANIFEST)
    assert (span.name, span.ended - span.started) == ("core", 4.0)


def test_slowest_models_are_models_slowest_first():
    assert costs.slowest_models(RESULTS["results"], 2) == {"big": 4.0, "small": 0.5}


def test_layers_stand_in_the_order_of_the_build_and_the_rest_of_dbt_is_told():
    nodes = [Span("tests", 5, 6), Span("novel", 6, 7), Span("tags", 4, 5), Span("staging", 1, 4)]
    found = costs.layer_costs(10.0, nodes, [(2.0, 80, 0.0)])
    assert list(found) == ["staging", "tags", "tests", "novel", costs.IDLE]
    assert found[costs.IDLE] == Cost(4.0)
    assert sum(cost.seconds for cost in found.values()) == pytest.approx(10)


def test_overhead_is_getting_ready_between_steps_and_dbt_against_dbt_alone():
    run = a_run(60.0)
    assert (run.between.seconds, run.between.cpu_seconds) == (5.0, -4.0)  # 60 - 5 - 20 - 30; 30 - 4 - 10 - 20
    assert (run.overhead.seconds, run.overhead.cpu_seconds) == (14.0, 1.0)  # 5 + 5 + (30 - 26); 4 - 4 + (20 - 19)
    told = run.to_json()
    assert told["overhead"]["seconds"] == 14.0
    assert told["layers"]["core"]["peak_rss_bytes"] == 3_000_000_000


def cells(lines: list[str], name: str) -> list[str]:
    return next(row for row in ([text.strip() for text in line.strip("|").split("|")] for line in lines) if row[0] == name)[1:]


def test_the_table_holds_both_runs_layers_below_dbt_and_shares():
    first, second = (
        a_run(100.0),
        a_run(60.0, steps={"prepare": Cost(0.0, 0.0), "intake": Cost(1.0, 5.0), "dbt": Cost(3.0, 2.0)}),
    )
    lines = costs.run_table(first, second)
    assert cells(lines, "intake") == ["20.0", "10.0", "1,000", "1.0", "5.0", "", "5%", "50%"]
    assert cells(lines, "whole run") == ["100.0", "50.0", "3,000", "60.0", "30.0", "3,000", "60%", "60%"]
    assert cells(lines, "· core")[:3] == ["22.0", "", "3,000"]
    names = [line.split("|")[1].strip() for line in lines]
    assert names[names.index("dbt") + 1 : names.index("dbt") + 3] == ["· core", f"· {costs.IDLE}"]
    assert len({len(line) for line in lines}) == 1


def test_a_step_of_one_run_only_and_one_of_no_time_have_no_share():
    steps = {"prepare": Cost(0.04, 0.0), "intake": Cost(1.0, 1.0), "dbt": Cost(3.0, 2.0)}
    first, second = a_run(60.0, steps=steps), a_run(60.0, steps=steps | {"lists": Cost(1.0, 1.0)})
    lines = costs.run_table(first, second)
    assert cells(lines, "prepare")[-2:] == ["", ""]
    assert cells(lines, "lists") == ["", "", "", "1.0", "1.0", "", "", ""]


def test_a_report_tells_machine_input_and_slowest_models():
    facts = {"cores": 2, "memory_bytes": 24e9, "system": "Linux", "load_before": 1.0, "environment": "ci", "memory_limit": "6GB"}
    lines = bench.report(facts, {"duckdb": "1.5.6"}, MADE, [a_run(60.0), a_run(6.0)])
    assert cells(lines, "made, once") == ["232", "551,074", "11.5", "4.7", "4.0", "248"]
    assert cells(lines, "taken in, second run")[:3] == ["29", "1,000", "2.5"]
    assert "2 cores, 24 GB" in lines[1]
    assert lines[-1] == "slowest models, second run: big 12.3 s, small 0.5 s"


BUSY = """
import time
held, end = bytearray(60_000_000), time.process_time() + 0.2
while time.process_time() < end:
    pass
print("ready", flush=True)
input()
"""


@pytest.mark.parametrize(("day", "told"), [(None, None), (DAY, "2026-06-30")])
def test_results_are_plain_values_with_the_date_that_was_given(day, told):
    given = bench.results(day, {"cores": 2}, MADE, [a_run(60.0), a_run(6.0)])
    read = json.loads(json.dumps(given))
    assert read["date"] == told
    assert read["second_over_first"] == {"seconds": pytest.approx(0.1), "cpu_seconds": pytest.approx(0.1)}
    assert read["runs"][1]["steps"]["intake"]["peak_rss_bytes"] == 1_000_000_000
    assert Made.from_json(read["made"]) == MADE


@pytest.mark.slow
def test_memory_and_cpu_of_children_of_children_are_seen_and_that_of_the_process_itself_is_not():
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}])"
    own = bytearray(200_000_000)
    with subprocess.Popen([sys.executable, "-c", outer], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        memory, cpu = bench.below(os.getpid())
        process.communicate(b"\n")
    assert 60_000_000 < memory < len(own)
    assert cpu >= 0.2


def delivery(home: Home, day: date, table: str = "crm_subscribers") -> None:
    folder = home.landing / table / f"dt={day}"
    folder.mkdir(parents=True)
    (folder / "part-0.parquet").write_bytes(b"12345")
    (folder / "_SUCCESS").write_text("{}")


def test_the_last_day_is_withheld_and_comes_back_even_after_a_failure(tmp_path):
    home = Home(tmp_path)
    delivery(home, date(2026, 6, 29))
    delivery(home, DAY)
    with pytest.raises(RuntimeError), bench.withheld(home, DAY):
        assert [path.name for path in home.landing.glob("*/*")] == ["dt=2026-06-29"]
        assert bench.delivered_bytes(home) == 5
        raise RuntimeError
    assert bench.delivered_bytes(home) == 10
    assert not list(home.root.glob("withheld/*/*"))


def test_an_operator_is_made_once_and_anew_when_another_is_wanted(tmp_path, monkeypatch):
    asked = []

    def make(work, home, subscribers, *rest):
        asked.append(subscribers)
        if not asked[1:]:
            delivery(home, DAY)
        return 7

    monkeypatch.setattr(child, "run", make)
    home = Home(tmp_path / "bench")
    first = bench.made(home, 2_000, 13, 1, DAY)
    assert (first.rows, first.deliveries, first.bytes) == (7, 1, 5)
    assert bench.made(home, 2_000, 13, 1, DAY) == first
    assert bench.made(home, 3_000, 13, 1, DAY).subscribers == 3_000
    assert bench.made(home, 3_000, 13, 2, DAY).seed == 2
    assert asked == [2_000, 3_000, 3_000]


def test_making_that_was_broken_off_is_done_again(tmp_path, monkeypatch):
    def fail(*given):
        raise RuntimeError

    home = Home(tmp_path / "bench")
    monkeypatch.setattr(child, "run", fail)
    with pytest.raises(RuntimeError):
        bench.made(home, 2_000, 13, 1, DAY)
    monkeypatch.setattr(child, "run", lambda *given: 9)
    assert bench.made(home, 2_000, 13, 1, DAY).rows == 9


def test_deliveries_of_others_are_taken_as_they_are_and_stay(tmp_path):
    home, others = Home(tmp_path / "bench"), Home(tmp_path / "others")
    delivery(others, DAY)
    operator = bench.linked(home, others.landing, DAY)
    assert (operator.deliveries, operator.bytes, operator.source) == (1, 5, str(others.landing))
    with bench.withheld(home, DAY):
        assert not list(home.landing.glob(f"*/dt={DAY}"))
    assert list(home.landing.glob(f"*/dt={DAY}")) and list(others.landing.glob(f"*/dt={DAY}"))
    with pytest.raises(bench.BenchError, match=r"holds no <table>/dt=2020-01-01"):
        bench.linked(home, others.landing, date(2020, 1, 1))
    (tmp_path / "mine" / "lake").mkdir(parents=True)
    with pytest.raises(bench.BenchError, match="not of the bench"):
        bench.linked(Home(tmp_path / "mine"), others.landing, DAY)


def test_another_second_run_has_another_home():
    names = [bench.default_home(2_000, 13, day).name for day in (bench.AS_OF, DAY)]
    assert names == ["2000x13", "2000x13_2026-06-30"]


def test_a_home_that_is_not_the_benchs_is_left_alone(tmp_path, capsys):
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "precious").write_text("x")
    assert bench.main(["--subscribers", "2000", "--home", str(tmp_path)]) == 1
    assert (tmp_path / "lake" / "precious").exists()
    assert f"{tmp_path} holds data that is not of the bench" in capsys.readouterr().err


@pytest.mark.slow
def test_what_work_raises_in_its_process_comes_through():
    assert child.run(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        child.run(divmod, 1, 0)


@pytest.mark.slow
def test_work_whose_process_is_killed_is_told_plainly():
    with pytest.raises(child.ChildError, match="code 9"):
        child.run(os._exit, 9)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"failures": ["release checks: no rows"], "discarded": None}, "release checks: no rows"),
        ({"failures": [], "discarded": "models have changed"}, "no second run: models have changed"),
    ],
)
def test_a_run_that_failed_or_began_anew_is_not_measured(tmp_path, monkeypatch, told, words):
    monkeypatch.setattr(child, "run", lambda *given: told)
    with pytest.raises(bench.BenchError, match=words):
        bench.measured_run(Home(tmp_path), Home(tmp_path / "bare"), DAY, 0, is_anew=False)
