"""Eligibility of offers: what is accepted as SQL of both engines, what is rejected, and what the ledger then holds."""

from datetime import date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.base.settings import Home
from orchestration.catalog.written import written_catalog
from orchestration.intake import ledger
from orchestration.targeting.offers import SCHEMA, judge, record_offers
from orchestration.warehouse.manifest import Model

DELIVERED = date(2026, 6, 30)
TAGS = {
    "is_on_net": {"kind": "flag"},
    "arpu_3m": {"kind": "number"},
    "value_tier": {"kind": "tier", "values": {"gold": "金", "mass": "大众"}},
    "arpu_band": {"kind": "band", "values_from": "arpu_bands"},
    "old": {"kind": "flag", "status": "withdrawn"},
}
MODELS = (
    Model("family", "tags", "family", columns=dict.fromkeys(TAGS, "What it says."), meta={"entity": "subscriber"}, tags=TAGS),
)


def judged(text):
    return judge("O1", text, DELIVERED, written_catalog(MODELS))


@pytest.mark.parametrize("text", [None, "", "  \n"])
def test_no_text_is_for_everybody(text):
    found = judged(text)
    assert (found.is_accepted, found.tags, found.sql_duckdb, found.eligibility) == (True, None, None, text)


def test_a_condition_becomes_sql_of_both_engines():
    found = judged("value_tier = 'gold' and arpu_3m < 50 and arpu_band in ('30-50')")
    assert found.is_accepted and found.tags == "value_tier,arpu_3m,arpu_band"
    assert found.sql_duckdb.startswith('"value_tier" = \'gold\' AND "arpu_3m" < 50')
    assert found.sql_spark.startswith("`value_tier` = 'gold' AND `arpu_3m` < 50")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("arpu < 50", "unknown tag arpu"),
        ("value_tier = 'golden'", "did you mean 'gold'?"),
        ("arpu_band = '40-50'", "has no value '40-50'"),
        ("old", "withdrawn"),
        ("1 = 1; drop table x", "not part of the language"),
        ("arpu_3m <", "cannot be read"),
    ],
)
def test_a_bad_condition_is_set_aside_with_its_reason(text, said):
    found = judged(text)
    assert not found.is_accepted and said in found.reason and found.sql_duckdb is None
    assert found.message.startswith("channel_offers of 2026-06-30, offer O1, eligibility: ") and "deliver again" in found.message


def deliver(home: Home, dt: date, offers: dict[str, str | None]) -> None:
    folder = home.raw / "channel_offers" / f"dt={dt}"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"offer_code": list(offers), "eligibility": list(offers.values())}), folder / "part.parquet")
    outcome = ledger.Outcome(
        "i", datetime(2026, 7, 1, dt.day % 24), "channel_offers", dt, "accepted", [], len(offers), len(offers), 0, 0,
        None, None, [], None, None, [], "f",
    )  # fmt: skip
    home.intake_ledger.mkdir(parents=True, exist_ok=True)
    pq.write_table(ledger.as_table(outcome), home.intake_ledger / f"{dt}.parquet")


def test_the_latest_delivery_is_judged_and_kept(tmp_path):
    home = Home(tmp_path)
    assert record_offers(home, MODELS, DELIVERED) == []
    deliver(home, date(2026, 6, 29), {"O9": "is_on_net"})
    deliver(home, DELIVERED, {"O2": "arpu < 50", "O1": None})
    deliver(home, date(2026, 7, 1), {"O3": None})

    found = record_offers(home, MODELS, DELIVERED)
    assert [(one.offer_code, one.outcome) for one in found] == [("O1", "accepted"), ("O2", "set_aside")]
    record_offers(home, MODELS, date(2026, 6, 29))
    record_offers(home, MODELS, DELIVERED)
    files = sorted(path.name for path in (home.lake / "ledger" / "offers").glob("*.parquet"))
    assert files == ["none.parquet", "offers-2026-06-29.parquet", "offers-2026-06-30.parquet"]
    kept = pq.read_table(home.lake / "ledger" / "offers" / files[-1])
    assert kept.schema == SCHEMA and kept["reason"].to_pylist() == [None, found[1].reason]
