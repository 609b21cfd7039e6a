"""Defects in the SQL of models: a line changed, and dbt's unit test that must fail."""

from benchmarks.mutations.project import UNIT_TEST, Mutation

_INTERMEDIATE, _MARTS = "models/intermediate", "models/marts"


def _sql(file: str, before: str, after: str, test: str, rule: str) -> Mutation:
    return Mutation(rule, f"{file}.sql", before, after, f"{UNIT_TEST}{test}")


SQL = (
    _sql(
        "macros/churn", "lowest_score <= threshold", "lowest_score < threshold",
        "alerts_at_both_sides_of_their_thresholds", "a survey at the threshold raises the alert",
    ),
    _sql(
        f"{_MARTS}/tags/tags_risk", "alerts.gravest >=", "alerts.gravest >",
        "risk_of_lines_with_alerts_and_without", "an alert of severity high puts a line at risk",
    ),
    _sql(
        f"{_MARTS}/churn/exception_pool",
        ">= {{ rule('churn_rules', 'exception_suspended_days') }}", "> {{ rule('churn_rules', 'exception_suspended_days') }}",
        "exceptions_by_the_gravest_of_a_month", "a suspension is an exception from its last day of grace on",
    ),
    _sql(
        f"{_INTERMEDIATE}/subscribers/int_subscribers__months",
        "closing_from_date >= month as is_churned", "closing_from_date > month as is_churned",
        "months_of_a_life", "a line that leaves on the first of a month churned in it",
    ),
    _sql(
        f"{_MARTS}/core/fct_bill_closings",
        "counted.lines_billed_so_far >= {{ closed_share }}", "counted.lines_billed_so_far > {{ closed_share }}",
        "a_month_is_billed_when_enough_lines_are_billed_again", "a month is billed at the share that closes it",
    ),
    _sql(
        f"{_INTERMEDIATE}/deliveries/int_deliveries__latest", "latest_first <= 3 then", "latest_first <= 2 then",
        "the_usual_gap_is_the_longest_of_the_last_three", "a table's rhythm is the longest of its last three gaps",
    ),
    _sql(
        f"{_INTERMEDIATE}/network/int_network__circle_windows", "dateadd('month', -2, 'months.month')",
        "dateadd('month', -3, 'months.month')", "a_window_is_three_complete_months_held", "a circle looks at three months",
    ),
    _sql(
        f"{_INTERMEDIATE}/network/int_network__close_peers",
        ">= {{ rule('value_rules', 'effective_circle_index') }}", "> {{ rule('value_rules', 'effective_circle_index') }}",
        "close_peers_at_the_threshold", "a peer at the index stands close enough",
    ),
    _sql(
        f"{_INTERMEDIATE}/network/int_network__close_peers", "'contact_days_weight') }} * days_share",
        "'contact_minutes_weight') }} * days_share",
        "contact_index_weighs_shares_of_three_months", "days weigh most in the contact index",
    ),
    _sql(
        f"{_INTERMEDIATE}/network/int_network__effective_circles",
        "where stays.is_on_net and peers.subscriber_id <> peers.peer_subscriber_id", "where stays.is_on_net",
        "circles_of_on_net_lines", "nobody stands in a circle of their own",
    ),
    _sql(
        f"{_INTERMEDIATE}/revenue/int_revenue__charges_monthly",
        "coalesce(fee_codes.counts_to_arpu, true)", "coalesce(fee_codes.counts_to_arpu, false)",
        "charges_count_to_arpu_by_their_fee_code", "a charge whose code the catalogue lacks counts to ARPU",
    ),
    _sql(
        f"{_INTERMEDIATE}/revenue/int_revenue__charges_monthly",
        "coalesce(fee_codes.fee_class, 'other')", "coalesce(fee_codes.fee_class, 'rent')",
        "charges_count_to_arpu_by_their_fee_code", "a charge whose code the catalogue lacks is of class other",
    ),
    _sql(
        f"{_INTERMEDIATE}/revenue/int_revenue__payments_by_channel", "when is_reversal then -size else size end",
        "when is_reversal then size else size end", "reversals_count_against_payments", "a reversal counts against payments",
    ),
    _sql(
        f"{_INTERMEDIATE}/revenue/int_revenue__payments_by_channel",
        "when is_reversal then 0 else 1 end", "when is_reversal then 1 else 1 end",
        "reversals_count_against_payments", "a reversal is no payment more",
    ),
    _sql(
        f"{_INTERMEDIATE}/revenue/int_revenue__services_running", "months.last_day <= periods.end_date",
        "months.last_day < periods.end_date", "a_service_runs_from_its_first_day_to_its_last", "a service runs on its last day",
    ),
    _sql(
        f"{_INTERMEDIATE}/revenue/int_revenue__services_running", "count(distinct periods.service_code)",
        "count(periods.service_code)", "a_service_runs_from_its_first_day_to_its_last", "a service in two rows counts once",
    ),
    _sql(
        f"{_INTERMEDIATE}/subscribers/int_subscribers__status_changes",
        "order by events.event_at desc, events.event_id desc", "order by events.event_at, events.event_id",
        "on_net_is_decided_by_the_last_event_of_a_day", "the last event of a day decides it",
    ),
    _sql(
        f"{_INTERMEDIATE}/subscribers/int_subscribers__status_changes",
        "overruled.status_from <= told_by_events.change_date", "overruled.status_from < told_by_events.change_date",
        "a_snapshot_that_disagrees_wins_from_its_status_date", "a snapshot that disagrees wins from its status date on",
    ),
    _sql(
        f"{_INTERMEDIATE}/subscribers/int_subscribers__plan_periods",
        "partition by subscriber_id, start_date order by plan_code)",
        "partition by subscriber_id, start_date order by plan_code desc)",
        "plan_periods_by_start_date", "of two plans that begin on a day the lower code counts",
    ),
    _sql(
        f"{_INTERMEDIATE}/subscribers/int_subscribers__status_periods",
        "cast(events.event_at as date) >= lines.activation_date", "true",
        "a_status_older_than_the_activation_is_none_of_the_line", "a status older than the activation is none of the line",
    ),
    _sql(
        f"{_MARTS}/churn/tenure_likelihoods", "cast((filled.lines + 1) / (", "cast((filled.lines) / (",
        "likelihoods_count_one_more_than_seen", "no value of an attribute is impossible",
    ),
    _sql(
        f"{_MARTS}/churn/tenure_probability",
        "signal_auc >= {{ rule('churn_rules', 'tenure_signal_auc') }}", "signal_auc >= 0",
        "an_auc_under_the_least_is_no_signal", "a model that tells nothing apart has no signal",
    ),
    _sql(
        f"{_MARTS}/churn/tenure_probability",
        "smaller_class >= {{ rule('churn_rules', 'tenure_signal_lines') }}",
        "smaller_class + 1 >= {{ rule('churn_rules', 'tenure_signal_lines') }}",
        "of_29_lines_the_model_says_nothing", "of too few lines the model says nothing",
    ),
    _sql(
        f"{_MARTS}/churn/churn_attributes", "memberships.left_on > base.state_date", "memberships.left_on >= base.state_date",
        "attributes_of_churn_at_their_edges", "who left a group on the day is not in it",
    ),
    _sql(
        f"{_MARTS}/churn/inactivity", "coalesce(days_since_use, N) >= N and", "coalesce(days_since_use, N) > N and",
        "inactive_for_whole_days", "a line is inactive from its 30th day without use on",
    ),
    _sql(
        f"{_MARTS}/churn/snapshot_members",
        ">= {{ rule('churn_rules', 'retention_low_months') }}", "> {{ rule('churn_rules', 'retention_low_months') }}",
        "a_retention_cohort_loses_who_is_off_or_low_three_times", "a cohort loses who was low three times",
    ),
    _sql(
        f"{_MARTS}/churn/churn_monthly",
        "months.churned / nullif(months.on_net_end, 0)", "months.churned / nullif(months.on_net_opening, 0)",
        "the_year_to_date_is_one_period", "churn is a share of those on-net at the end",
    ),
    _sql(
        f"{_MARTS}/churn/sales_quality", "second_payment_day <= {{", "second_payment_day < {{",
        "a_second_payment_on_the_last_day_is_in_time", "a second payment on the last day counts",
    ),
    _sql(
        f"{_MARTS}/core/fct_call_closures", "coalesce(effective_to, {{ open_end() }})",
        "coalesce(effective_to, cast('1900-01-01' as date))",
        "a_phone_is_closed_by_whoever_has_or_had_it", "a suppression without an end lasts",
    ),
    _sql(
        f"{_MARTS}/core/fct_complaints",
        "<= {{ rule('service_rules', 'repeat_complaint_days') }}", "< {{ rule('service_rules', 'repeat_complaint_days') }}",
        "a_complaint_repeats_within_ninety_days", "a complaint repeats on the last of the days",
    ),
    _sql(
        f"{_MARTS}/core/fct_surveys",
        "score >= {{ rule('service_rules', 'promoter_score') }}", "score > {{ rule('service_rules', 'promoter_score') }}",
        "survey_classes_by_score", "a promoter begins at the score",
    ),
    _sql(
        f"{_MARTS}/core/fct_surveys",
        "score <= {{ rule('service_rules', 'detractor_score') }}", "score < {{ rule('service_rules', 'detractor_score') }}",
        "survey_classes_by_score", "a detractor ends at the score",
    ),
    _sql(
        f"{_MARTS}/core/fct_contracts", "end_date >= {{ as_of_date() }} as is_running",
        "end_date > {{ as_of_date() }} as is_running", "contracts_run_to_their_last_day", "a contract runs on its last day",
    ),
    _sql(
        f"{_MARTS}/core/fct_device_use", "last_month_days desc", "last_month_days",
        "the_present_handset_is_that_of_the_latest_month", "the present handset is the one most used",
    ),
    _sql(
        f"{_MARTS}/core/fct_payment_channels", "last_complete_month(-2)", "last_complete_month(-3)",
        "payments_of_three_and_six_complete_months", "three months are three",
    ),
    _sql(
        f"{_MARTS}/core/fct_plan_periods",
        "qualify plan_code is distinct from lag(plan_code) over (partition by subscriber_id order by start_date)", "",
        "a_plan_taken_again_is_one_period", "a plan taken again is one period",
    ),
    _sql(
        f"{_MARTS}/core/fct_circles", "count(distinct peers.peer_subscriber_id)\n", "count(peers.peer_subscriber_id)\n",
        "circles_count_peers_once", "a peer of several keys counts once",
    ),
    _sql(
        f"{_MARTS}/core/fct_subscriber_averages", "rows between 11 preceding", "rows between 12 preceding",
        "realised_value_comes_of_twelve_months", "realised value is that of twelve months",
    ),
    _sql(
        f"{_MARTS}/core/fct_subscriber_averages", "case when is_billed then arpu_sum end", "arpu_sum",
        "of_a_month_not_billed_use_is_known_and_money_is_not", "of a month not billed no money is known",
    ),
    _sql(
        f"{_MARTS}/core/fct_churn", "plans.next_start_date > churned.churn_date", "plans.next_start_date >= churned.churn_date",
        "a_churner_keeps_what_it_was_at_its_churn_date", "a churner has the plan of its churn date",
    ),
    _sql(
        f"{_MARTS}/core/fct_expected_lifetimes", "when on_net >= {{ enough }}", "when on_net > {{ enough }}",
        "a_cell_with_too_few_lines_takes_its_bands_rate", "a cell with just enough lines has a rate of its own",
    ),
    _sql(
        f"{_MARTS}/core/fct_value_potential", "arpu_3m * (1 + held_trend)", "arpu_3m * (1 + coalesce(arpu_trend, 0))",
        "value_comes_of_a_held_trend_and_the_circles", "a trend counts to its limit only",
    ),
    _sql(
        f"{_MARTS}/core/dim_months", "current row and unbounded following", "current row and current row",
        "a_month_is_billed_once_each_group_or_the_source_says_so", "a month is billed once a later one is",
    ),
    _sql(
        f"{_MARTS}/core/dim_raw_tables", "days_behind > limit_days", "days_behind >= limit_days",
        "a_table_is_late_from_its_usual_gap_on_or_past_its_limit", "a table at its limit is not late",
    ),
    _sql(
        f"{_MARTS}/marketing/task_triggers", "where late.tables = 0", "where late.tables >= 0",
        "nothing_is_raised_while_contacts_are_late", "no task is raised while contacts are late",
    ),
    _sql(
        f"{_MARTS}/marketing/task_triggers", "and not held.is_universal_control", "",
        "tasks_are_raised_for_lines_that_may_be_contacted", "no task is raised for the universal control",
    ),
    _sql(
        f"{_MARTS}/marketing/tasks", "when place > capacity then 'waiting'", "when place >= capacity then 'waiting'",
        "the_dearest_are_at_hand_and_the_rest_waits", "as many tasks are at hand as a manager can take",
    ),
    _sql(
        f"{_MARTS}/marketing/manager_assignment", "lines.is_on_net\n", "true\n",
        "who_gets_a_manager", "a line that left gets no manager",
    ),
    _sql(
        f"{_MARTS}/service/line_contacts", "case when direction = 'outbound' then {{", "case when true then {{",
        "contacts_in_windows_and_caps", "only outbound contacts count in caps",
    ),
    _sql(
        f"{_MARTS}/service/line_contacts", "days_to_order <= {{", "days_to_order < {{",
        "what_followed_the_last_contact", "an order on the last of the days was signed",
    ),
    _sql(
        f"{_MARTS}/tags/tags_moments", "billed.bills_before = 3 and", "billed.bills_before >= 2 and",
        "moments_of_bills", "a bill is high against three before it",
    ),
    _sql(
        f"{_MARTS}/value/customer_value", "ordered.place <= layers.upper_share", "ordered.place < layers.upper_share",
        "layers_cut_customers_at_shares_of_their_number", "the last customer of a share is in its layer",
    ),
    _sql(
        f"{_MARTS}/tags/tag_drift", "sum(shares.share_before) / totals.dates_before", "avg(shares.share_before)",
        "a_tag_drifts_from_the_index_on", "a value that a date lacks had nobody on it",
    ),
)  # fmt: skip
