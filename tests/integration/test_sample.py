"""The synthetic operator as a whole: it passes the source checks, agrees with itself, shows its planted truths, repeats."""

import hashlib
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.base.contract import load_contract
from orchestration.base.settings import Home
from orchestration.intake import take_in
from orchestration.targeting import ledger
from sample import SampleError, make_operator
from sample.calibration import TABLES, as_text, calibration
from sample.catalogues import PLANS, RATES
from sample.touchpoints import LISTS

LINES, MONTHS, SEED, DAILY = 6_000, 7, 11, 2
AS_OF = date(2026, 6, 30)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A small operator, with its truth beside it."""
    home = tmp_path_factory.mktemp("made")
    make_operator(home, LINES, MONTHS, AS_OF, SEED, DAILY, truth=home / "truth.parquet")
    return home


@pytest.fixture(scope="module")
def con(made):
    """A connection with every table: appends with the latest row of each key, snapshots as of the last day."""
    with duckdb.connect() as con:
        for table in load_contract().values():
            source = f"read_parquet('{made}/landing/{table.name}/*/*.parquet', hive_partitioning = true)"
            if table.delivery == "snapshot":
                con.execute(f"create view {table.name} as from {source} where dt = date '{AS_OF}'")
            else:
                key = ", ".join(table.key)
                con.execute(
                    f"create table {table.name} as from {source} "
                    f"qualify row_number() over (partition by {key} order by dt desc) = 1"
                )
        con.execute(f"create view truth as from '{made}/truth.parquet'")
        yield con


def _digests(landing: Path) -> dict[str, str]:
    return {str(p.relative_to(landing)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(landing.glob("*/*/*"))}


def test_every_table_passes_the_door_with_no_row_aside_and_no_warning(made):
    report = take_in(Home(made), load_contract())
    outcomes = report.outcomes
    assert {(o.table_name, o.outcome) for o in outcomes} == {(name, "accepted") for name in load_contract()}
    assert len(outcomes) == len(load_contract()) * (DAILY + 1)
    assert sum(o.rows_set_aside + o.rows_collapsed for o in outcomes) == 0
    assert [w for o in outcomes for w in o.warnings if "usual" not in w] == []
    assert {o.table_name for o in outcomes if o.rows_accepted} == set(load_contract())


def test_the_same_seed_gives_the_same_files_and_another_one_does_not(made, tmp_path):
    whole = _digests(made / "landing")
    make_operator(tmp_path / "again", LINES, MONTHS, AS_OF, SEED, DAILY)
    assert _digests(tmp_path / "again" / "landing") == whole
    one, other = (
        {path: digest for path, digest in _digests(root / "lake" / "ledger").items() if path.startswith("list_members")}
        for root in (made, tmp_path / "again")
    )
    assert one == other and len(one) == MONTHS * len(LISTS)

    tables = ("crm_subscribers", "billing_usage_daily", "billing_charges", "channel_contacts")
    make_operator(tmp_path / "part", LINES, MONTHS, AS_OF, SEED, DAILY, tables=tables)
    part = _digests(tmp_path / "part" / "landing")
    assert part == {path: digest for path, digest in whole.items() if path.split("/")[0] in tables}

    make_operator(tmp_path / "other", LINES, MONTHS, AS_OF, SEED + 1, DAILY, tables=tables)
    other = _digests(tmp_path / "other" / "landing")
    assert [p for p in part.keys() & other.keys() if part[p] == other[p] and p.endswith(".parquet")] == []


def test_lists_of_before_are_in_the_ledger_as_contacts_tell_of_them(made, con):
    home, (first_load,) = Home(made), con.execute("select min(dt) from channel_contacts").fetchone()
    runs = ledger.current_runs(home)
    assert ledger.verify(home) is None and {run["list_name"] for run in runs} == set(LISTS)
    assert max(run["run_date"] for run in runs) < first_load
    assert {run["run_date"].day for run in runs} == {5} and len(runs) == MONTHS * len(LISTS)
    files = f"'{home.list_members}/*/*.parquet'"
    con.execute(f"create or replace temp view members as from read_parquet({files}, hive_partitioning = false)")
    named = "join channel_contacts as c on c.list_name = m.list_name and c.list_run_date = m.run_date and c.subscriber_id"
    found = dict(
        con.execute(f"select arm, count(distinct c.contact_id) from members as m {named} = m.subscriber_id group by 1").fetchall()
    )
    taken, held, twice = con.execute(
        "select count(*) filter (arm = 'treated'), count(*) filter (arm = 'control'),"
        " count(*) - count(distinct (list_name, run_date, subscriber_id)) from members"
    ).fetchone()
    assert found.keys() == {"treated"} and found["treated"] > 0.97 * taken and twice == 0
    assert 0.05 < held / (taken + held) < 0.15
    odd = con.execute(
        "select count(*) from members join crm_subscribers using (subscriber_id)"
        " where run_date < activation_date or arm = 'control' and reason <> 'control'"
    ).fetchone()[0]
    assert odd == 0
    ((lines, tiers, risks),) = con.execute(
        "select count(*) filter (value_tier is null or tenure_band is null or region_code is null), count(distinct value_tier),"
        " count(*) filter (is_at_risk) from members"
    ).fetchall()
    assert (lines, tiers) == (0, 5) and risks > 0


def test_an_operator_made_again_adds_no_list_and_takes_none_from_a_run(tmp_path):
    given = (tmp_path, 1_000, 3, date(2026, 5, 20), 5, 1)
    make_operator(*given, tables=("channel_contacts",))
    home = Home(tmp_path)
    runs = ledger.runs(home).num_rows
    assert runs == 3 * len(LISTS)
    make_operator(*given, tables=("channel_contacts",))
    assert ledger.runs(home).num_rows == runs
    own = {"list_name": LISTS[0], "run_date": date(2026, 5, 5), "definition": "{}", "status": ledger.EXPORTED}
    ledger.record(home, own | {"run_id": "2026-05-05_009"})
    make_operator(*given[:4], 6, 1, tables=("channel_contacts",))  # another operator, in the same place
    last = {(run["list_name"], run["run_date"]): run for run in ledger.current_runs(home)}
    assert last[LISTS[0], date(2026, 5, 5)]["run_id"] == "2026-05-05_009"
    assert ledger.runs(home).num_rows == 2 * runs and ledger.verify(home) is None


def test_csv_deliveries_hold_the_same_rows_and_pass_the_door(tmp_path):
    for form in ("parquet", "csv"):
        make_operator(tmp_path / form, 1_000, 3, date(2026, 5, 20), 5, 1, form)
    reports = [take_in(Home(tmp_path / form), load_contract()) for form in ("parquet", "csv")]
    parquet, csv = ({(o.table_name, o.dt): (o.outcome, o.rows_accepted, o.rows_sha256) for o in r.outcomes} for r in reports)
    assert parquet == csv
    assert {outcome for outcome, *_ in csv.values()} == {"accepted"}


def test_nothing_happens_after_the_last_day_or_before_a_line_was_there(con):
    for table in load_contract().values():
        if table.event_time and not table.event_time.endswith("_month") and "subscriber_id" in [c.name for c in table.columns]:
            late, early = con.execute(
                f"select count(*) filter (e.{table.event_time}::date > date '{AS_OF}'), "
                f"count(*) filter (e.{table.event_time}::date < activation_date) "
                f"from {table.name} as e join crm_subscribers using (subscriber_id)"
            ).fetchone()
            assert (table.name, late, early) == (table.name, 0, 0)


def test_a_line_that_left_does_nothing_more(con):
    left = "status_code in ('terminated_forced', 'terminated_cancelled', 'ported_out')"
    for table, day in (
        ("billing_usage_daily", "usage_date"),
        ("channel_visits", "visited_at"),
        ("channel_contacts", "contacted_at"),
    ):
        after = con.execute(
            f"select count(*) from {table} join crm_subscribers using (subscriber_id) where {left} and {day}::date >= status_date"
        ).fetchone()[0]
        assert (table, after) == (table, 0)


def test_status_agrees_with_the_events(con):
    odd = con.execute(
        """
        with last as (
            select subscriber_id, max_by(event_type, event_at) as event_type, max(event_at)::date as day
            from crm_subscriber_events
            where event_type not in ('transferred', 'sim_changed') group by 1
        )
        select count(*) from crm_subscribers join last using (subscriber_id)
        where status_date <> day
            or case event_type when 'activated' then 'active' when 'ported_in' then 'active' when 'resumed' then 'active'
                when 'reinstated' then 'active' else event_type end <> status_code
        """
    ).fetchone()[0]
    assert odd == 0


def test_bills_follow_from_usage_by_the_plans_own_rates(con):
    """Rental and what was used beyond it, worked out anew for lines that were there all month and never changed plans,
    in a month whose usage has all come and whose bills are not corrected any more."""
    rates = " union all ".join(f"select '{p.code}' as plan_code, {p.minute_rate} as a_minute, {p.mb_rate} as a_mb" for p in PLANS)
    wrong, lines = con.execute(
        f"""
        with used as (
            select subscriber_id, sum(outgoing_minutes - roaming_minutes)::double as minutes, sum(data_mb)::double as mb
            from billing_usage_daily where usage_date between date '2026-03-01' and date '2026-03-31' group by 1
        ), billed as (
            select subscriber_id, coalesce(sum(amount) filter (fee_code = 'F100'), 0)::double as rental,
                coalesce(sum(amount) filter (fee_code in ('F200', 'F210')), 0)::double as voice,
                coalesce(sum(amount) filter (fee_code = 'F400'), 0)::double as data
            from billing_charges where bill_month = date '2026-03-01' group by 1
        ), one_plan as (
            select subscriber_id, any_value(plan_code) as plan_code from crm_tariff_subscriptions group by 1 having count(*) = 1
        )
        select count(*) filter (
            abs(rental - monthly_fee) > 0.01
            or abs(voice - greatest(minutes - included_minutes, 0) * a_minute) > 0.02
            or abs(data - greatest(mb - included_mb, 0) * a_mb) > 0.02
        ), count(*)
        from crm_subscribers join one_plan using (subscriber_id) join crm_tariff_plans using (plan_code)
        join ({rates}) using (plan_code) join used using (subscriber_id) join billed using (subscriber_id)
        where status_code = 'active' and status_date < date '2026-03-01'
        """
    ).fetchone()
    assert lines > LINES / 3
    assert wrong == 0


def test_the_catalogue_tells_the_rates_that_lines_are_billed_by_but_for_a_few_that_nobody_tells(con):
    columns = "overage_fee_per_minute, overage_fee_per_mb, overage_fee_per_message"
    told = {code: rates for code, *rates in con.execute(f"select plan_code, {columns} from crm_tariff_plans").fetchall()}
    assert told == {
        plan.code: [None if name in plan.untold else Decimal(str(getattr(plan, name))) for name in RATES] for plan in PLANS
    }
    untold = [plan for plan in PLANS if plan.untold]
    assert {plan.is_on_sale for plan in untold} == {True, False}


def test_call_pairs_are_told_the_same_from_both_sides_and_communities_have_hubs(con):
    one_sided = con.execute(
        """
        select count(*) from billing_call_pairs as a left join billing_call_pairs as b
            on a.subscriber_id = b.peer_subscriber_id and b.subscriber_id = a.peer_subscriber_id and a.call_month = b.call_month
        where a.peer_subscriber_id is not null and (b.subscriber_id is null or a.call_minutes <> b.call_minutes)
        """
    ).fetchone()[0]
    assert one_sided == 0
    hubs, others = con.execute(
        "select avg(peers) filter (is_hub), avg(peers) filter (not is_hub) from (select subscriber_id, count(*) as peers "
        "from billing_call_pairs where call_month = date '2026-06-01' and peer_operator = 'own' group by 1) "
        "join truth using (subscriber_id)"
    ).fetchone()
    assert hubs > 1.5 * others


def test_bills_are_corrected_and_complaints_closed_by_later_deliveries(made):
    with duckdb.connect() as con:
        for table, key in (("billing_charges", "subscriber_id, bill_month, fee_code"), ("channel_complaints", "complaint_id")):
            source = f"read_parquet('{made}/landing/{table}/*/*.parquet', hive_partitioning = true)"
            query = f"select count(*) from (select {key} from {source} group by {key} having count(distinct dt) > 1)"
            assert con.execute(query).fetchone()[0] > 0, table
        late = f"read_parquet('{made}/landing/billing_usage_daily/*/*.parquet', hive_partitioning = true)"
        assert con.execute(f"select count(*) from {late} where usage_date < dt and dt > date '2026-06-28'").fetchone()[0] > 0


def test_every_kind_of_line_and_event_is_there(con):
    """Every closed value of the contract comes, but for those that this operator has no use for."""
    unused = {
        "channel_offers.offer_type": {"other"},
        "crm_device_models.network_generation": {"2g"},
        "crm_tariff_plans.network_generation": {"2g"},
        "channel_suppressions.channel": {"store", "hotline", "web"},
        "channel_suppressions.reason_code": {"restricted"},  # restrictions are asked of telco360 itself
    }
    for table in load_contract().values():
        for column in table.columns:
            if column.values:
                seen = {v for (v,) in con.execute(f"select distinct {column.name} from {table.name}").fetchall()}
                missing = set(column.values) - seen
                assert missing == unused.get(f"{table.name}.{column.name}", set()), f"{table.name}.{column.name}"
    unlisted = "select count(*) from billing_charges anti join billing_fee_codes using (fee_code)"
    assert con.execute(unlisted).fetchone()[0] > 0


def test_who_is_about_to_leave_and_shows_it_uses_less_and_talks_to_others_more(con):
    """Lines that leave in the month after the last day, against those that stay: their June over their April."""
    trend = dict(
        con.execute(
            """
            with used as (
                select subscriber_id, coalesce(sum(data_mb) filter (usage_date >= date '2026-06-10'), 0) / 21 as now,
                    coalesce(sum(data_mb) filter (usage_date < date '2026-05-01'), 0) / 30 as before,
                    sum(competitor_hotline_calls) filter (usage_date >= date '2026-06-01') as hotline
                from billing_usage_daily where usage_date >= date '2026-04-01' group by 1
            )
            select coalesce(leaves_on < date '2026-08-01', false), median(now / before) from used join truth using (subscriber_id)
            where (leaves_on is null or leaves_on > date '2026-06-30' and shows_signs) and before > 0 group by 1
            """
        ).fetchall()
    )
    assert trend[True] < 0.75 * trend[False]


def test_true_hazards_tell_who_leaves(con):
    """Lines in the upper half of the true hazard leave at least twice as often in the month after as those in the lower."""
    upper, lower = con.execute(
        """
        select avg(leaves::int) filter (half = 2), avg(leaves::int) filter (half = 1) from (
            select coalesce(leaves_on < date '2026-08-01', false) as leaves, ntile(2) over (order by monthly_hazard) as half
            from truth where monthly_hazard is not null
        )
        """
    ).fetchone()
    assert upper > 2 * lower


def test_lines_of_bad_outlets_are_topped_up_once_and_hardly_used(con):
    payments = dict(
        con.execute(
            """
            select is_bad_outlet, avg((payments >= 2)::int) from (
                select t.is_bad_outlet, s.subscriber_id, count(p.payment_id) as payments
                from crm_subscribers as s join truth as t using (subscriber_id) left join billing_payments as p
                    on p.subscriber_id = s.subscriber_id and p.paid_at < s.activation_date + interval 60 day and not p.is_reversal
                where s.activation_date between date '2025-12-01' and date '2026-04-30' and s.payment_type = 'prepaid'
                group by all
            ) group by 1
            """
        ).fetchall()
    )
    assert payments[True] == 0
    assert payments[False] > 0.7


def test_the_truth_is_no_delivery(made, tmp_path):
    assert not list((made / "landing").rglob("*truth*"))
    with pytest.raises(SampleError, match="within landing"):
        make_operator(tmp_path, 1_000, 3, truth=tmp_path / "landing" / "truth.parquet")
    with pytest.raises(SampleError, match=r"\.parquet or \.csv"):
        make_operator(tmp_path, 1_000, 3, truth=tmp_path / "truth.txt")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"subscribers": 999}, "subscribers = 999: must be 1,000 to"),
        ({"months": 2}, "months = 2: must be 3 to 36"),
        ({"daily": 63}, "daily = 63: must be 0 to 62"),
        ({"seed": -1}, "seed = -1"),
        ({"format": "xml"}, "'xml' is unknown"),
    ],
)
def test_arguments_that_make_no_operator_are_refused(tmp_path, arguments, told):
    with pytest.raises(SampleError, match=told):
        make_operator(tmp_path, **arguments)


def test_100_000_lines_come_out_as_the_published_report(tmp_path):
    make_operator(tmp_path, 100_000, 15, AS_OF, 1, tables=TABLES)
    figures = calibration(tmp_path)
    print(as_text(figures))
    assert [f for f in figures if not f.is_near] == []
    assert len(figures) == 19
