"""What failed is read once: lists that failed for one reason share a line of the summary."""

from orchestration.cli.summary import grouped
from orchestration.pipeline.outcome import Failure


def test_lists_refused_for_one_reason_share_a_line():
    late = "refused: crm_subscribers ends on 2026-11-01; needed for {}. Deliver and run again"
    failures = [
        Failure("target_lists__a", f"list a: {late.format('is_on_net')}"),
        Failure("build", "dbt could not build"),
        Failure("target_lists__b", f"list b: {late.format('arpu_3m, x and 2 more')}"),
    ]
    assert list(grouped(failures)) == [
        "2 lists: refused: crm_subscribers ends on 2026-11-01. Deliver and run again\na, b",
        "build: dbt could not build",
    ]
    assert list(grouped(failures[:1])) == [f"target_lists__a: list a: {late.format('is_on_net')}"]
