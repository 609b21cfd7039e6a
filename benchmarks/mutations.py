"""Do the fast tests notice a wrong rule? Twelve rules, each with a line changed, and the test that must fail.

`python -m benchmarks.mutations` prints caught or missed for each, and ends with 1 where one is missed. It works on a copy of the
project, on which the tests pass before a rule is changed. Unit tests of SQL need the tables that models read: these are built
first, empty.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.base.contract import load_contract
from orchestration.base.settings import PROJECT_DIR, home
from orchestration.intake import load_limits
from orchestration.pipeline.deliveries import take_in_all

DBT = "unit_test:"
LIST_RULES = "tests/unit/targeting/test_list_rules.py::"
LISTS_SQL = "orchestration/targeting/sql"
NOT_COPIED = (".venv", ".git", "data", "target", "logs", "__pycache__")


@dataclass(frozen=True)
class Mutation:
    """One line of a rule, as it is and changed. `test`: the test that notices, by pytest or, after `unit_test:`, by dbt."""

    rule: str
    file: str
    before: str
    after: str
    test: str


MUTATIONS = (
    Mutation(
        "a member suppressed at the last moment loses its arm",
        f"{LISTS_SQL}/members.sql",
        "case when suppressed_now.subscriber_id is null then decisions.arm end as arm",
        "decisions.arm as arm",
        f"{LIST_RULES}test_a_line_or_phone_suppressed_after_the_decision_is_not_treated",
    ),
    Mutation(
        "no list exports the universal control",
        f"{LISTS_SQL}/prioritised.sql",
        "        when placed.{{ held_out }} then 'universal_control'\n",
        "",
        f"{LIST_RULES}test_the_universal_control_is_never_exported",
    ),
    Mutation(
        "a line at its cap gets no contact more",
        f"{LISTS_SQL}/matches.sql",
        "contacted.days_{{ days }} >= offered.cap_{{ days }}",
        "contacted.days_{{ days }} > offered.cap_{{ days }}",
        f"{LIST_RULES}test_a_cap_is_reached_by_the_contacts_of_its_days",
    ),
    Mutation(
        "no list puts an offer to a line that has taken it",
        f"{LISTS_SQL}/matches.sql",
        "            when ordered.subscriber_id is not null then 'already_ordered'\n",
        "",
        f"{LIST_RULES}test_an_order_of_the_run_date_keeps_the_line_out_before_the_next_build_closes_the_offer",
    ),
    Mutation(
        "an offer is open on its last day",
        f"{LISTS_SQL}/macros/open_offers.sql",
        "offers.valid_to >= {{ run_date | day }}",
        "offers.valid_to > {{ run_date | day }}",
        f"{LIST_RULES}test_an_offer_is_open_to_its_last_day_of_run_dates",
    ),
    Mutation(
        "the control is cut where the file is full",
        f"{LISTS_SQL}/decisions.sql",
        "step = 'control' and treated_to_here >= row_limit",
        "step = 'control' and treated_to_here > row_limit",
        f"{LIST_RULES}test_a_limit_cuts_both_arms_where_the_file_is_full",
    ),
    Mutation(
        "the cool-down counts its last day",
        "orchestration/targeting/run.py",
        ".days <= repeats.cool_down_days",
        ".days < repeats.cool_down_days",
        f"{LIST_RULES}test_a_line_stays_away_for_the_cool_down",
    ),
    Mutation(
        "a list after billing goes out once a month",
        "orchestration/targeting/plan.py",
        "last_day <= closed_on < run_date",
        "closed_on < run_date",
        f"{LIST_RULES}test_a_list_after_billing_is_due_once_after_the_month_closed",
    ),
    Mutation(
        "a suppression holds on its last day",
        "macros/contact_rules.sql",
        "{{ last_day }} >= {{ day }}",
        "{{ last_day }} > {{ day }}",
        "tests/unit/targeting/test_list_templates.py"
        "::test_a_suppression_is_in_force_on_its_first_and_its_last_day_and_open_at_an_unknown_end",
    ),
    Mutation(
        "a survey at the threshold raises the alert",
        "macros/churn.sql",
        "lowest_score <= threshold",
        "lowest_score < threshold",
        f"{DBT}alerts_at_both_sides_of_their_thresholds",
    ),
    Mutation(
        "an alert of severity high puts a line at risk",
        "models/marts/tags/tags_risk.sql",
        "alerts.gravest >=",
        "alerts.gravest >",
        f"{DBT}risk_of_lines_with_alerts_and_without",
    ),
    Mutation(
        "a suspension is an exception from its last day of grace on",
        "models/marts/churn/exception_pool.sql",
        ">= {{ rule('churn_rules', 'exception_suspended_days') }}",
        "> {{ rule('churn_rules', 'exception_suspended_days') }}",
        f"{DBT}exceptions_by_the_gravest_of_a_month",
    ),
    Mutation(
        "a line that leaves on the first of a month churned in it",
        "models/intermediate/subscribers/int_subscribers__months.sql",
        "closing_from_date >= month as is_churned",
        "closing_from_date > month as is_churned",
        f"{DBT}months_of_a_life",
    ),
    Mutation(
        "a month is billed at the share that closes it",
        "models/marts/core/fct_bill_closings.sql",
        ">= {{ closed_share }} * counted.lines_expected",
        "> {{ closed_share }} * counted.lines_expected",
        f"{DBT}a_month_is_billed_when_enough_lines_are_billed_again",
    ),
)


class Copy:
    """The project in a folder of its own, and a home with empty tables."""

    def __init__(self, folder: Path):
        self.project, self.home, self.target = folder / "project", home(folder / "home"), folder / "target"
        shutil.copytree(PROJECT_DIR, self.project, ignore=shutil.ignore_patterns(*NOT_COPIED))
        self.environment = os.environ | {
            "PYTHONPATH": str(self.project),
            "PYTHONDONTWRITEBYTECODE": "1",  # a line changed and restored within a second has Python run what it compiled before
            "TELCO360_HOME": str(folder / "home"),
            "DBT_TARGET_PATH": str(self.target),
            "DBT_LOG_PATH": str(self.target),
        }

    def build(self) -> None:
        """All models on no delivery: what unit tests of SQL take the types of their columns from."""
        contract = load_contract()
        take_in_all(self.home, contract, load_limits(contract), lambda text: None)
        self.home.warehouse.mkdir(parents=True, exist_ok=True)
        done = self._dbt("build", "--empty", "--resource-type", "model", "--resource-type", "seed")
        if done.returncode:
            sys.exit(f"the models cannot be built:\n{done.stdout[-3000:]}")

    def fails(self, tests: Sequence[str]) -> bool:
        """Whether one of the tests fails. Ends the program where they cannot be run at all."""
        of_sql = [test for test in tests if test.startswith(DBT)]
        others = [test for test in tests if test not in of_sql]
        return bool(of_sql and self._dbt_fails(of_sql)) or bool(others and self._pytest_fails(others))

    def catches(self, mutation: Mutation) -> bool:
        """Whether the mutation's test fails once its line is changed; the line is restored."""
        path = self.project / mutation.file
        text = path.read_text(encoding="utf-8")
        if text.count(mutation.before) != 1:
            sys.exit(f"{mutation.file}: '{mutation.before}' stands there {text.count(mutation.before)} times, not once")
        path.write_text(text.replace(mutation.before, mutation.after), encoding="utf-8")
        try:
            return self.fails([mutation.test])
        finally:
            path.write_text(text, encoding="utf-8")

    def _pytest_fails(self, tests: Sequence[str]) -> bool:
        done = self._run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
        if done.returncode not in (0, 1):
            sys.exit(f"pytest cannot run {', '.join(tests)}:\n{done.stdout[-3000:]}")
        return done.returncode == 1

    def _dbt_fails(self, tests: Sequence[str]) -> bool:
        done = self._dbt("test", "--select", *tests)
        results = json.loads((self.target / "run_results.json").read_text(encoding="utf-8"))["results"]
        statuses = [result["status"] for result in results if result["unique_id"].startswith("unit_test.")]
        if len(statuses) != len(tests) or set(statuses) - {"pass", "fail"}:
            sys.exit(f"dbt cannot run {', '.join(tests)}:\n{done.stdout[-3000:]}")
        return "fail" in statuses

    def _dbt(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        dbt = str(Path(sys.executable).with_name("dbt"))
        (self.target / "run_results.json").unlink(missing_ok=True)
        return self._run(dbt, command, *arguments, "--profiles-dir", str(self.project), "--vars", "{as_of_date: 2026-03-31}")

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=self.project, env=self.environment, capture_output=True, text=True)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="telco360-mutations-") as folder:
        copy = Copy(Path(folder))
        copy.build()
        if copy.fails([mutation.test for mutation in MUTATIONS]):
            sys.exit("a test fails though no rule is changed; fix it first")
        missed = 0
        for mutation in MUTATIONS:
            is_caught = copy.catches(mutation)
            missed += not is_caught
            print(f"{'caught' if is_caught else 'MISSED'}  {mutation.rule}  ({mutation.file})", flush=True)
    print(f"{len(MUTATIONS) - missed} of {len(MUTATIONS)} caught")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
