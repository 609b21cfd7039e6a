"""Scores through the nightly job: trained, scored, shown as tags, and a night that goes on when a model is not to be used."""

from datetime import date
from types import SimpleNamespace

import duckdb
import pandas as pd
import pytest
from figures_kit import LAST_DELIVERED as LATER
from figures_kit import NIGHT as DAY
from figures_kit import run_nightly
from made_ledger import record_run

from orchestration.base.settings import Home
from orchestration.scoring.cards import stores
from orchestration.scoring.grouping import group, segment_store
from orchestration.scoring.ledger import scores_file
from orchestration.scoring.purposes import NAMES, UPLIFT
from orchestration.scoring.rows import Rows
from orchestration.scoring.segments import assign
from orchestration.scoring.train import store_of
from orchestration.warehouse.manifest import load_models

MONTH = date(2026, 6, 1)


def rows(home: Home, query: str) -> list[tuple]:
    with duckdb.connect(str(home.current.resolve()), read_only=True) as db:
        return db.execute(query).fetchall()


def test_the_first_night_trains_and_its_tags_show_scores_of_the_same_night(night):
    home, told = night
    (version,) = store_of(home).versions()
    assert f"{version}, AUC" in told
    zones = dict(rows(home, "select warning_zone, count(*) from tags.subscriber_360 where is_on_net group by 1"))
    assert zones["red"] > 5 and zones["blue"] > 500 and zones["white"] > 50
    assert None not in zones  # every line on-net at the month's end is scored, and that is the business date
    assert rows(home, "select distinct warning_zone from tags.subscriber_360 where not is_on_net") == [(None,)]
    assert rows(
        home, "select distinct model_version, score_month from scoring.value_loss_warning where warning_zone <> 'white'"
    ) == [(version, MONTH)]


def test_a_model_tells_the_months_that_it_was_made_of(night):
    home, _ = night
    store = store_of(home)
    model = store.load(store.champion().version).model
    assert model.months["test"] == [
        date(2026, 3, 1)
    ]  # June is not billed yet, so May is the last month that an outcome may reach
    assert model.figures["auc"] > 0.7
    assert model.left_out["balance_amount"] == "is null in every row"


def test_lines_of_the_red_zone_have_reasons_with_figures(night):
    home, _ = night
    red = rows(
        home, "select warning_reason_1, warning_reasons, warning_reasons_zh from tags.subscriber_360 where warning_zone = 'red'"
    )
    assert all(reason and english and chinese for reason, english, chinese in red)
    new = rows(
        home, "select distinct value_loss_probability, warning_reasons from tags.subscriber_360 where warning_zone = 'white'"
    )
    assert new == [(None, None)]


def test_scores_know_the_value_that_lines_lost_already(night):
    home, _ = night
    (ranks,) = rows(
        home,
        """select avg(value_loss_probability) filter (where s.has_alert_zero_usage),
            avg(value_loss_probability) filter (where not s.has_alert_zero_usage) from tags.subscriber_360 as s""",
    )
    assert ranks[0] > 3 * ranks[1]


def test_every_purpose_has_a_model_that_scores_and_its_card_and_tags(night):
    home, told = night
    for name, store in stores(home).items():
        assert bool(store.champion()) == (name != UPLIFT), f"{name}: {told}"
    assert "uplift: no uplift yet: no offer's lists have 100 members of each arm" in told
    assert rows(home, "select count(*), count(uplift), count(distinct worth_by) from marketing.next_best_offers")[0][1:] == (0, 1)
    cards = rows(home, "select purpose, status, first_month_learnt from scoring.model_cards order by purpose")
    assert sorted(name for name, *_ in cards) == sorted({*NAMES} - {UPLIFT})
    assert {status for _, status, _ in cards} == {"champion"}
    # Lines of tenure enough, on-net at the month's end, which is the business date, are in a segment and asked of services.
    ((lines, grouped, asked, handset),) = rows(
        home,
        """select count(*), count(segment), count(preferred_service_3), count(handset_change_probability)
            from tags.subscriber_360 where is_on_net and warning_zone <> 'white'""",
    )
    assert lines == grouped > 500
    assert asked > 0.9 * lines and handset > 0.9 * lines
    assert rows(
        home, "select count(segment), count(preferred_service_1) from tags.subscriber_360 where warning_zone = 'white'"
    ) == [(0, 0)]


def test_a_preferred_service_is_one_that_the_line_has_none_of(night):
    home, _ = night
    flags = ["data_pack", "voice_pack", "messaging_pack", "roaming_pack", "broadband", "music", "video", "cloud"]
    has = " or ".join(f"preferred_service_{place} = '{name}' and has_{name}" for name in flags for place in (1, 2, 3))
    assert rows(home, f"select count(*) from tags.subscriber_360 where {has}") == [(0,)]
    assert rows(
        home,
        """select count(*) from scoring.line_predictions where preferred_service_1_probability < preferred_service_2_probability
            or preferred_service_2_probability < preferred_service_3_probability""",
    ) == [(0,)]


def test_segments_hold_all_lines_and_say_what_stands_out(night):
    home, _ = night
    found = rows(home, "select segment, profile, profile_zh, lines from scoring.segments")
    assert 4 <= len(found) <= 8
    assert all(profile and chinese and lines > 10 for _, profile, chinese, lines in found)
    assert rows(
        home, "select segment, count(*) from scoring.line_predictions where segment is not null group by 1 order by 1"
    ) == sorted((segment, lines) for segment, _, _, lines in found)


def test_drift_is_told_of_every_feature_and_no_score_is_checked_before_its_outcome_is_known(night):
    home, _ = night
    drift = dict(rows(home, "select purpose, count(distinct part) from scoring.model_checks where kind = 'drift' group by 1"))
    assert drift.keys() == {*NAMES} - {"segment", UPLIFT}
    assert min(drift.values()) > 50
    assert rows(home, "select count(*) from scoring.model_checks where kind <> 'drift'") == [(0,)]


def test_lines_whose_features_keep_their_quartiles_keep_their_segment_in_the_next_month(night, tmp_path, manifest):
    home, trial = night[0], Home(tmp_path)
    placed = {}
    with duckdb.connect(str(home.build_database), read_only=True) as db:
        for month in (date(2026, 5, 1), MONTH):
            read = Rows(SimpleNamespace(frame=lambda query: db.execute(query).df()), load_models(manifest))
            read.__dict__["last"] = month
            group(read, trial, lambda text: None)
            names = list(read.features.of_segments)
            lines = read.sample_of_last(names, 10_000).set_index("subscriber_id")
            store = segment_store(trial)
            placed[month] = (lines, pd.Series(assign(store.load(store.champion().version).model, lines), lines.index))
    (may, before), (june, after) = placed.values()
    both = may.index.intersection(june.index)
    quarter = [(frame.loc[both, names].rank(pct=True) * 4).clip(upper=3.999).fillna(-1).astype(int) for frame in (may, june)]
    same = (quarter[0] == quarter[1]).all(axis=1)
    assert same.sum() > 30
    assert (before[both] == after[both])[same].mean() >= 0.85


def test_a_second_night_changes_no_score_and_a_changed_model_is_refused_while_the_night_goes_on(night):
    home, _ = night
    before = rows(home, "select * from scoring.value_loss_warning order by subscriber_id")
    written = scores_file(home, MONTH).read_bytes()
    path = store_of(home).folder / store_of(home).champion().version / "card.json"
    card = path.read_text()
    path.write_text(card + " ")
    code, told = run_nightly(home.root, DAY)
    assert code == 0, told
    assert "is not what was written" in told
    assert rows(home, "select * from scoring.value_loss_warning order by subscriber_id") == before
    assert scores_file(home, MONTH).read_bytes() == written
    path.write_text(card)


LATE = {
    "billing_usage_daily": "usage_date", "billing_payments": "cast(paid_at as date)",
    "channel_surveys": "cast(surveyed_at as date)", "channel_complaints": "cast(opened_at as date)",
    "channel_contacts": "cast(contacted_at as date)", "crm_subscriber_events": "cast(event_at as date)",
    "billing_charges": "bill_month + interval 1 month",
}  # fmt: skip
"""Tables whose rows may come after the day that they tell of, and that day; of bills, the day from which features know them."""
OF_OTHERS = (
    "plan_churn_rate",
    "offnet_band_churn_rate",
    "group_rate_score",
    "peers_lost",
    "peers_lost_share",
    "source_fingerprint",
)
"""Features that go by other lines, whose rows may come late too."""


def features(home: Home) -> dict[str, tuple]:
    with duckdb.connect(str(home.build_database), read_only=True) as db:
        kept = f"* exclude (subscriber_id, {', '.join(OF_OTHERS)})"
        found = db.execute(f"select subscriber_id, {kept} from scoring.line_features where month = date '{MONTH}'").fetchall()
    return {line: figures for line, *figures in found}


def told_late(home: Home) -> set[str]:
    """Lines of which a row of the month's last day or before came after it."""
    seen = "select subscriber_id from read_parquet('{0}/*/*.parquet', hive_partitioning = true) where dt > '{1}' and {2} <= '{1}'"
    queries = [seen.format(home.raw / table, DAY, day) for table, day in LATE.items()]
    with duckdb.connect() as db:
        return {line for (line,) in db.execute(" union ".join(queries)).fetchall()}


def record_lists(home: Home) -> str:
    """Records a run of a list every other day from January to May that put the offer most ordered, and gives its code.

    Members are a fifth of the lines and those that ordered within 30 days; of these the young ones were mostly asked and the old
    ones mostly held back, so that asking wins the young and hardly the old.
    """
    with duckdb.connect(str(home.build_database), read_only=True) as db:
        db.execute(f"attach '{home.current.resolve()}' as shown (read_only)")
        ((offer,),) = db.execute(
            """select offer_code from shown.core.fct_orders where is_completed and order_date >= date '2026-01-01'
                and offer_code in (select offer_code from shown.marketing.next_best_offers)
                group by offer_code order by count(*) desc, offer_code limit 1"""
        ).fetchall()
        for run_date in pd.date_range("2026-01-02", "2026-05-29", freq="2D").date:
            members = db.execute(
                """with ordered as (
                    select distinct subscriber_id from shown.core.fct_orders
                    where is_completed and offer_code = $1 and order_date between $2 and $2 + interval 30 day
                ), lines as (
                    select subscriber_id, tenure_months < median(tenure_months) over () as is_young,
                        subscriber_id in (from ordered) as has_ordered,
                        ('0x' || left(md5(subscriber_id || $2), 6))::integer % 100 as draw
                    from scoring.line_features where month = date_trunc('month', cast($2 as date)) - interval 1 month
                )
                select subscriber_id, $1 as offer_code, case
                    when draw < case when not has_ordered then 50 when is_young then 80 else 20 end then 'treated' else 'control'
                    end as arm
                from lines where has_ordered or left(md5(subscriber_id), 1) in ('0', '1', '2') order by subscriber_id""",
                [offer, run_date],
            ).df()
            record_run(home, "spring", run_date, members.to_dict("records"))
    return offer


@pytest.fixture(scope="module")
def later(night) -> tuple[Home, str, str, dict[str, tuple]]:
    """The home after a run four days later, before which lists of an offer were recorded; the offer, what the run told, and the
    features of June as they were before."""
    home, _ = night
    before, offer = features(home), record_lists(home)
    code, told = run_nightly(home.root, LATER)
    assert code == 0, told
    return home, offer, told, before


def test_lists_that_held_members_back_tell_the_uplift_that_the_worth_goes_by(later):
    home, offer, told, _ = later
    (version,) = stores(home)[UPLIFT].versions()
    assert f"uplift of {offer} (Qini " in told
    by_line = rows(
        home,
        f"""select tenure_months < median(tenure_months) over (), uplift from marketing.next_best_offers
            inner join tags.subscriber_360 using (subscriber_id) where offer_code = '{offer}' and uplift is not null""",
    )
    young, old = ([uplift for is_young, uplift in by_line if is_young == wanted] for wanted in (True, False))
    assert len(by_line) > 300
    assert sum(young) / len(young) > 0.01 > sum(old) / len(old)
    assert rows(
        home,
        """select offer_code, bool_or(worth_reason like '%asking adds%') from marketing.next_best_offers where worth_by = 'uplift'
            group by offer_code""",
    ) == [(offer, True)]
    assert ("uplift", version, "champion") in rows(home, "select purpose, model_version, status from scoring.model_cards")


def test_features_of_a_month_are_the_same_when_they_are_built_later(later):
    home, _, _, at_its_end = later
    later_on, late = features(home), told_late(home)
    differ = {line for line in at_its_end.keys() | later_on.keys() if at_its_end.get(line) != later_on.get(line)}
    assert differ <= late
    assert len(differ) < 0.1 * len(later_on)
