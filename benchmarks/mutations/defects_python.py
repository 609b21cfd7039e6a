"""Defects in Python and in the SQL of lists: a line changed, and the test that must fail."""

from benchmarks.mutations.project import Mutation

_INTAKE, _QUALITY, _TARGETING, _WAREHOUSE = (f"orchestration/{room}" for room in ("intake", "quality", "targeting", "warehouse"))
_LISTS_SQL = f"{_TARGETING}/sql"


def _python(file: str, before: str, after: str, test: str, rule: str) -> Mutation:
    path, name = test.split("::")
    return Mutation(rule, file, before, after, f"tests/{path}.py::test_{name}")


PYTHON = (
    _python(
        f"{_LISTS_SQL}/members.sql", "case when suppressed_now.subscriber_id is null then decisions.arm end as arm",
        "decisions.arm as arm",
        "unit/targeting/test_list_rules::a_line_or_phone_suppressed_after_the_decision_is_not_treated",
        "a member suppressed at the last moment loses its arm",
    ),
    _python(
        f"{_LISTS_SQL}/prioritised.sql", "        when placed.{{ held_out }} then 'universal_control'\n", "",
        "unit/targeting/test_list_rules::the_universal_control_is_never_exported",
        "no list exports the universal control",
    ),
    _python(
        f"{_LISTS_SQL}/matches.sql",
        "contacted.days_{{ days }} >= offered.cap_{{ days }}", "contacted.days_{{ days }} > offered.cap_{{ days }}",
        "unit/targeting/test_list_rules::a_cap_is_reached_by_the_contacts_of_its_days",
        "a line at its cap gets no contact more",
    ),
    _python(
        f"{_LISTS_SQL}/matches.sql", "            when ordered.subscriber_id is not null then 'already_ordered'\n", "",
        "unit/targeting/test_list_rules"
        "::an_order_of_the_run_date_keeps_the_line_out_before_the_next_build_closes_the_offer",
        "no list puts an offer to a line that has taken it",
    ),
    _python(
        f"{_LISTS_SQL}/macros/open_offers.sql",
        "offers.valid_to >= {{ run_date | day }}", "offers.valid_to > {{ run_date | day }}",
        "unit/targeting/test_list_rules::an_offer_is_open_to_its_last_day_of_run_dates",
        "an offer is open on its last day",
    ),
    _python(
        f"{_LISTS_SQL}/decisions.sql",
        "step = 'control' and treated_to_here >= row_limit", "step = 'control' and treated_to_here > row_limit",
        "unit/targeting/test_list_rules::a_limit_cuts_both_arms_where_the_file_is_full",
        "the control is cut where the file is full",
    ),
    _python(
        f"{_TARGETING}/run.py", ".days <= repeats.cool_down_days", ".days < repeats.cool_down_days",
        "unit/targeting/test_list_rules::a_line_stays_away_for_the_cool_down", "the cool-down counts its last day",
    ),
    _python(
        f"{_TARGETING}/plan.py", "last_day <= days.closed_on < days.run_date", "days.closed_on < days.run_date",
        "unit/targeting/test_list_rules::a_list_after_billing_is_due_once_after_the_month_closed",
        "a list after billing goes out once a month",
    ),
    _python(
        "macros/contact_rules.sql", "{{ last_day }} >= {{ day }}", "{{ last_day }} > {{ day }}",
        "unit/targeting/test_list_templates"
        "::a_suppression_is_in_force_on_its_first_and_its_last_day_and_open_at_an_unknown_end",
        "a suppression holds on its last day",
    ),
    _python(
        f"{_TARGETING}/plan.py", "if last and last[1] == days.as_of and last[0] < days.run_date:", "if False:",
        "unit/base/test_billed::a_list_waits_for_newer_data_than_it_went_out_on",
        "a list waits for newer data than it went out on",
    ),
    _python(
        f"{_TARGETING}/files.py", '() if facts[0]["sha256"] == standing else deliver', "deliver",
        "integration/test_list_repeats::the_same_file_is_not_exported_twice_on_a_day",
        "the same file is not exported twice on a day",
    ),
    _python(
        f"{_TARGETING}/ledger.py", "next(stem for stem in numbered if stem not in taken)", "next(numbered)",
        "integration/test_list_repeats::the_same_file_is_not_exported_twice_on_a_day",
        "a file that the ledger knows is never overwritten",
    ),
    _python(
        f"{_TARGETING}/files.py", "if written != expected:", "if written < expected:",
        "unit/targeting/test_list_files::rows_other_than_counted_are_no_file",
        "a file has the rows that were decided",
    ),
    _python(
        f"{_TARGETING}/age.py", "if self.days <= limit:", "if self.days <= limit + 1:",
        "unit/targeting/test_list_rules::the_age_of_data_is_warned_of_and_refused_past_its_limits",
        "a list is refused past the age of its data",
    ),
    _python(
        f"{_TARGETING}/approval.py", 'raise ListError(Message.of("owner_approves", english, name=name, by=by))',
        "pass", "unit/targeting/test_approval::an_approval_against_the_rules_is_refused",
        "nobody approves a list of their own",
    ),
    _python(
        f"{_TARGETING}/approval.py", "if chosen != open_steps[0]:", "if False:",
        "unit/targeting/test_approval::an_approval_against_the_rules_is_refused", "steps are approved in their order",
    ),
    _python(
        f"{_WAREHOUSE}/freshness.py", "due = [dt for dt in dates if dt <= today]", "due = list(dates)",
        "unit/warehouse/test_freshness::only_deliveries_after_today_build_nothing_by_themselves",
        "a delivery dated after today builds nothing by itself",
    ),
    _python(
        f"{_WAREHOUSE}/freshness.py", '(dt for dt in dates if dt <= as_of)', '(dt for dt in dates if dt < as_of)',
        "unit/warehouse/test_freshness::latest_by_includes_the_day_itself", "a delivery of the day counts for the day",
    ),
    _python(
        f"{_WAREHOUSE}/freshness.py", 'if age > max_stale_days.get(', 'if age > 1 + max_stale_days.get(',
        "unit/warehouse/test_freshness::the_limit_of_staleness_is_the_tables_own_or_the_default",
        "a build is refused past the limit of staleness",
    ),
    _python(
        f"{_WAREHOUSE}/publishing.py", "sorted(latest, reverse=True)[:VERSIONS_KEPT]", "sorted(latest)[:VERSIONS_KEPT]",
        "unit/warehouse/test_kept_versions::the_last_seven_dates_stay", "the versions of the last seven dates stay",
    ),
    _python(
        f"{_WAREHOUSE}/publishing.py", "*dates, memory]", "*dates]",
        "unit/warehouse/test_kept_versions::the_memory_of_tags_stays_however_many_later_runs_there_are",
        "the version that remembers tags stays",
    ),
    _python(
        f"{_WAREHOUSE}/publishing.py", "if not contents.is_approved:", "if False:",
        "integration/test_publishing::what_the_gate_has_not_passed_is_not_published",
        "nothing is published that the release checks have not passed",
    ),
    _python(
        f"{_WAREHOUSE}/build.py", "if stamp.as_of_date > as_of:", "if False:",
        "unit/warehouse/test_build::when_a_build_is_discarded", "a build of a later date is not built upon",
    ),
    _python(
        f"{_WAREHOUSE}/build.py", "fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)\n\n\ndef _opens", "None\n\n\ndef _opens",
        "unit/warehouse/test_build::two_builds_at_once_are_refused_and_the_lock_ends_with_its_holder",
        "a home is built by one run at a time",
    ),
    _python(
        f"{_WAREHOUSE}/full_tests.py", "(day - last).days < every", "(day - last).days <= every",
        "unit/warehouse/test_full_tests::they_are_due_a_week_after_they_passed", "all of history is tested once a week",
    ),
    _python(
        f"{_INTAKE}/rows.py", "if is_any(is_empty):", "if False:",
        "integration/test_intake_rows::a_row_at_fault_is_set_aside_with_its_place", "a column that must have a value has one",
    ),
    _python(
        f"{_INTAKE}/rows.py", '(column.min, pc.less, "below the minimum")', '(column.min, pc.less_equal, "below the minimum")',
        "unit/intake/test_intake_rules::a_bound_is_the_last_value_allowed", "a value at its bound is good",
    ),
    _python(
        f"{_INTAKE}/state.py", "if d <= dt), key=lambda s: s.dt, default=None)", "if d < dt), key=lambda s: s.dt, default=None)",
        "integration/test_intake::rows_are_validated_again_when_what_they_refer_to_comes_or_changes",
        "a reference is held against the delivery of the same day",
    ),
    _python(
        f"{_INTAKE}/ledger.py", "return now if now > last else last + timedelta(microseconds=1)", "return now",
        "integration/test_intake::a_clock_set_back_does_not_bring_old_rows_to_the_front",
        "a clock set back brings no old row to the front",
    ),
    _python(
        f"{_INTAKE}/lake.py", "            _complete(home, path)\n        elif", "            pass\n        elif",
        "integration/test_intake::a_run_killed_anywhere_ends_as_if_nothing_had_happened",
        "what was decided before a kill is completed",
    ),
    _python(
        f"{_QUALITY}/levels.py", "furthest = max(0.0, least, -most) if is_small else abs(middle)", "furthest = abs(middle)",
        "unit/quality/test_levels::of_a_small_correction_all_three_must_have_moved",
        "a small correction is no other unit",
    ),
    _python(
        f"{_QUALITY}/levels.py", "(p.month, p.dt) < (now.month, now.dt)", "(p.month, p.dt) != (now.month, now.dt)",
        "unit/quality/test_levels::only_earlier_periods_count_and_of_these_the_last", "a level is held against earlier periods",
    ),
    _python(
        f"{_QUALITY}/privacy.py", "and replace(number, number[1], '') <> ''", "",
        "unit/quality/test_privacy::one_character_all_through_is_no_number", "one digit all through is nobody's number",
    ),
    _python(
        "orchestration/base/chain.py", "if names_before != previous:", "if False:",
        "unit/base/test_journal::an_entry_put_in_is_noticed", "an entry put into a chain is noticed",
    ),
    _python(
        "orchestration/base/chain.py", "if own != found:", "if False:",
        "unit/base/test_journal::a_changed_entry_is_noticed", "a changed entry of a chain is noticed",
    ),
    _python(
        "orchestration/base/modes.py", "_PRIVATE = 0o077", "_PRIVATE = 0o022",
        "unit/base/test_modes::what_is_made_afterwards_is_private", "what is made is for its owner alone",
    ),
    _python(
        "orchestration/base/files.py",
        "    sync_file(draft)\n    os.replace(draft, path)\n    sync_folder(path.parent)\n\n\ndef replace",
        "    os.replace(draft, path)\n    sync_folder(path.parent)\n\n\ndef replace",
        "integration/test_power_loss"
        "::what_must_last_is_on_the_disk_before_it_is_named_and_named_before_what_stands_on_it",
        "a ledger's file is on the disk before it has its name",
    ),
    _python(
        "orchestration/privacy/retention.py", "if made < before and not version.is_current and", "if made < before and",
        "integration/test_privacy_retention::versions_go_but_the_current_one_and_the_memory_of_the_date_before",
        "the current version never goes by age",
    ),
    _python(
        "orchestration/privacy/retention.py", "if kind not in held:", "if True:",
        "integration/test_privacy_retention::a_held_kind_stays_until_the_hold_is_lifted", "what is held does not go by age",
    ),
    _python(
        "orchestration/pipeline/arrivals.py", "if None in marks.values():", "if not any(marks.values()):",
        "unit/pipeline/test_arrivals::a_day_is_due_once_all_required_tables_are_there",
        "a day is due once all required tables are there",
    ),
)  # fmt: skip
