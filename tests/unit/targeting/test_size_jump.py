"""When a list that grew or shrank is warned of: by more than its share, not at it."""

from datetime import date

import pytest

from orchestration.targeting.preview import jump

LAST = {"exported": 100, "run_date": date(2026, 3, 1)}


@pytest.mark.parametrize(("now", "is_told"), [(130, False), (131, True), (70, False), (69, True), (100, False)])
def test_a_jump_is_more_than_the_share(now, is_told):
    assert bool(jump(now, LAST, 0.3)) == is_told


def test_a_first_run_has_nothing_to_jump_from():
    assert jump(1000, None, 0.3) == ""
