"""What a run came to, from what its steps reported."""

from orchestration.pipeline.outcome import whole_build
from orchestration.pipeline.reports import BuildFound
from orchestration.warehouse.dbt_results import DbtResults


def test_both_steps_of_dbt_are_counted_together_as_far_as_they_came():
    first = BuildFound(changed=["core.fct"], dbt=DbtResults(3, 2, ["test a: 1 row"]))
    whole = whole_build(first, BuildFound(dbt=DbtResults(1, 1, [], ["test b: 2 rows"], 4)))
    assert whole == BuildFound(changed=["core.fct"], dbt=DbtResults(4, 3, ["test a: 1 row"], ["test b: 2 rows"], 4))
    assert whole_build(first, None) == first
    assert whole_build(first, BuildFound()) == first
    assert whole_build(None, None) is None
