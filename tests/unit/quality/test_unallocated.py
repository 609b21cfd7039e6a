"""Which share of a figure belongs to no line, and in which months that is weighed."""

from decimal import Decimal

from orchestration.quality.limits import load_release_limits
from orchestration.quality.release_facts import unallocated_rows

LIMITS = load_release_limits()


def bills(*months: tuple[float, float]) -> list[tuple]:
    return [("bills", f"bills {n}", Decimal(str(raw)), Decimal(str(lost))) for n, (raw, lost) in enumerate(months)]


def test_the_worst_month_tells_for_all():
    ((name, _, detail, share, warn, most),) = unallocated_rows(bills((100, 30), (100, 50), (100, 1)), LIMITS)
    assert (name, share, warn, most) == ("bills 1", 0.5, None, LIMITS.max_unallocated_share)
    assert detail.startswith("50 of 100 (1 more over the limit) are of lines")


def test_a_month_of_a_few_stray_bills_is_passed_over():
    months = [(1000, 10)] * 5
    ((*_, share, _, _),) = unallocated_rows(bills((99, 99), *months), LIMITS)
    assert share == 0.01
    assert unallocated_rows(bills((100, 100), *months), LIMITS)[0][3] == 1


def test_figures_of_another_kind_say_nothing_of_the_usual_size():
    lines = [("lines", f"lines {n}", 1_000_000, 0) for n in range(9)]
    assert unallocated_rows([*bills((100, 30)), *lines], LIMITS)[0][3] == 0.3


def test_nothing_billed_or_nothing_lost_tells_nothing():
    assert unallocated_rows(bills((0, 0), (100, 0)), LIMITS) == []
    assert unallocated_rows([("bills", "bills", None, None)], LIMITS) == []
