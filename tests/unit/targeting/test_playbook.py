"""The playbook and the lists that are shipped say the same of each other."""

import csv

from orchestration.base.settings import PROJECT_DIR
from orchestration.targeting.folder import load_definitions

COOL_DOWN_DAYS = 14
"""That of seed contact_rules."""


def test_each_moment_starts_a_list_that_says_the_same():
    with open(PROJECT_DIR / "seeds" / "playbook.csv", encoding="utf-8", newline="") as file:
        told = {row["list_name"]: (row["channel"], row["offer"], row["interval_days"]) for row in csv.DictReader(file)}
    said = {}
    for each in load_definitions(PROJECT_DIR / "target_lists"):
        days = COOL_DOWN_DAYS if each.cool_down_days is None else each.cool_down_days
        said[each.name] = each.channel, each.offer or "", "" if each.members == "new" else str(days)
    assert told == said
