"""Facts of what deliveries hold, of a made lake: no check is judged here, the rows of facts tell."""

from datetime import UTC, date, datetime

import duckdb
import pytest

from orchestration.base import settings
from orchestration.base.contract import Column, Table
from orchestration.quality.contents import content_facts
from orchestration.quality.profiles import profile, profiles_of

LINES = Table(
    "crm_subscribers", "crm", "snapshot", True, ("subscriber_id",), None,
    (
        Column("subscriber_id", "string"), Column("account_id", "string"),
        Column("msisdn", "string", pii=True, pii_kind="phone"),
    ),
)  # fmt: skip
BILLS = Table(
    "billing_charges", "billing", "append", True, ("subscriber_id", "bill_month"), "bill_month",
    (Column("subscriber_id", "string"), Column("bill_month", "date"), Column("amount", "decimal(12,2)")),
)  # fmt: skip
CONTRACT = {"crm_subscribers": LINES, "billing_charges": BILLS}


@pytest.fixture
def lake(tmp_path):
    """Puts deliveries into a lake and gives the facts of the last ones."""
    home, ledger = settings.Home(tmp_path), {}

    class Lake:
        contract = CONTRACT

        def deliver(self, table: str, dt: str, select: str) -> dict:
            folder = home.raw / table / f"dt={dt}"
            folder.mkdir(parents=True, exist_ok=True)
            with duckdb.connect() as db:
                db.execute(f"copy ({select}) to '{folder}/part-0.parquet' (format parquet)")
            sha = f"{select}"
            row = {"table_name": table, "dt": date.fromisoformat(dt), "rows_sha256": sha, "recorded_at": datetime.now(UTC)}
            ledger[table, dt] = row
            return row

        def facts(self, *fresh: dict, as_of=date(2026, 12, 31)) -> dict[str, list[tuple]]:
            with duckdb.connect() as db:
                content_facts(db, home, list(fresh), list(ledger.values()), self.contract, as_of)
                return {name: db.execute(f"from {name}").fetchall() for name in ("ids", "lines", "levels")}

    made = Lake()
    made.home, made.ledger = home, ledger
    return made


def lines(prefix="S", ids="n", phones="13800000000 + n", count=30) -> str:
    columns = f"'{prefix}' || {ids} as subscriber_id, null::varchar as account_id, ({phones})::varchar as msisdn"
    return f"select {columns} from range({count}) as r(n)"


def bills(id="'S' || n", month="2026-09-01", amount="60 + n", count=30) -> str:
    columns = f"{id} as subscriber_id, date '{month}' as bill_month, ({amount})::decimal(12,2) as amount"
    return f"select {columns} from range({count}) as r(n)"


@pytest.mark.parametrize(
    ("select", "is_told"),
    [
        (lines(), False),
        (lines(prefix="", ids="13800000000 + n"), True),
        (lines(prefix="L-", ids="13800000000 + n"), True),
        (lines(prefix="86", ids="13800000000 + n"), True),
        (lines(prefix="", ids="13800000001 + n"), False),  # a phone, but not its own
        (lines().replace("null::varchar", "(13800000000 + n)::varchar"), True),  # account_id
        (lines(phones="100 + n", ids="100 + n"), False),  # too short for a phone
    ],
)
def test_an_id_that_is_its_own_phone_is_told(lake, select, is_told):
    found = lake.facts(lake.deliver("crm_subscribers", "2026-09-30", select))["ids"]
    assert bool(found) == is_told
    if found:
        table, column, detail, share, most = found[0]
        assert (table, share) == ("crm_subscribers dt=2026-09-30", 1.0) and share > most
        assert column in ("subscriber_id", "account_id")
        assert detail.startswith("30 of 30 rows hold their own msisdn, for example 138******")


@pytest.mark.parametrize(
    ("register", "id", "hint"),
    [
        (lines(), "'s' || n", "letter case is ignored"),
        (lines(prefix="000"), "n::varchar", "without leading zeros"),
        (lines(prefix="7"), "'7' || n || '.0'", "without an ending .0"),
        (lines(), "'CRM-' || n", "where the register has ids like S0, S1, S10"),
        (lines(), "(13800000000 + n)::varchar", "they are phone numbers"),
    ],
)
def test_rows_of_nobody_block_and_show_ids_of_both_sides(lake, register, id, hint):
    lake.deliver("crm_subscribers", "2026-09-30", register)
    ((table, column, detail, share, warn, most),) = lake.facts(lake.deliver("billing_charges", "2026-09-30", bills(id)))["lines"]
    assert (table, column) == ("billing_charges dt=2026-09-30", "subscriber_id")
    assert share > 0.9 and warn is None and share > most
    assert hint in detail
    assert "1380000000" not in detail


@pytest.mark.parametrize(("unknown", "outcome"), [(0, None), (2, None), (3, "warned"), (20, "warned"), (21, "blocked")])
def test_a_part_of_the_rows_warns_and_a_larger_one_blocks(lake, unknown, outcome):
    lake.deliver("crm_subscribers", "2026-09-30", lines(count=100))
    found = lake.facts(lake.deliver("billing_charges", "2026-09-30", bills(f"if(n < {unknown}, 'x', 'S') || n", count=100)))[
        "lines"
    ]
    if outcome is None:
        assert found == []
    else:
        ((*_, share, warn, most),) = found
        assert share == unknown / 100
        assert (warn is None, most is None) == (outcome == "blocked", outcome == "warned")


@pytest.mark.parametrize(("as_of", "is_told"), [(date(2026, 8, 31), False), (date(2026, 9, 1), True)])
def test_months_after_the_business_date_are_left_out(lake, as_of, is_told):
    lake.deliver("crm_subscribers", "2026-09-30", lines())
    assert bool(lake.facts(lake.deliver("billing_charges", "2026-09-30", bills("'x' || n")), as_of=as_of)["lines"]) == is_told


def test_a_small_correction_of_an_unknown_line_is_weighed_within_its_month(lake):
    lake.deliver("crm_subscribers", "2026-09-30", lines())
    assert lake.facts(lake.deliver("billing_charges", "2026-09-30", bills("'x' || n", count=19)))["lines"] == []
    lake.deliver("billing_charges", "2026-09-30", bills())
    late = lake.deliver("billing_charges", "2026-10-01", bills("'x'", count=1))
    ((*_, share, warn, _),) = lake.facts(late)["lines"]
    assert share == pytest.approx(1 / 31) and warn is not None


def test_a_register_that_is_delivered_again_is_looked_at_again(lake):
    lake.deliver("crm_subscribers", "2026-09-30", lines(prefix="s"))
    wrong = lake.deliver("billing_charges", "2026-09-30", bills())
    assert lake.facts(wrong)["lines"]
    lake.deliver("crm_subscribers", "2026-09-30", lines())
    assert lake.facts(wrong)["lines"] == []


def test_fen_for_yuan_blocks_and_double_the_level_does_not(lake):
    lake.deliver("billing_charges", "2026-08-31", bills(month="2026-08-01"))
    ((*where, _, times, warn, block),) = lake.facts(
        lake.deliver("billing_charges", "2026-09-30", bills(amount="6000 + 100 * n"))
    )["levels"]
    assert where == ["billing_charges dt=2026-09-30", "amount"]
    assert times == pytest.approx(100) and warn is None and times > block
    ((*_, times, warn, block),) = lake.facts(lake.deliver("billing_charges", "2026-09-30", bills(amount="120 + 2 * n")))["levels"]
    assert times == pytest.approx(2) and times < warn and block is None


def test_months_within_one_first_delivery_are_compared(lake):
    both = f"{bills(month='2026-08-01')} union all {bills(amount='6000 + 100 * n')}"
    ((*_, times, _, block),) = lake.facts(lake.deliver("billing_charges", "2026-09-30", both))["levels"]
    assert times == pytest.approx(100) and times > block


def test_the_level_of_a_table_that_is_not_required_is_judged_by_the_same_ratio(lake):
    lake.contract = CONTRACT | {"billing_charges": Table(**{**vars(BILLS), "required": False})}
    lake.deliver("billing_charges", "2026-08-31", bills(month="2026-08-01"))
    facts = lake.facts(lake.deliver("billing_charges", "2026-09-30", bills(amount="6000 + 100 * n")))
    ((*_, times, warn, block),) = facts["levels"]
    assert times > block and warn is None, "it is withheld, where a required table stops the run"


def test_a_delivery_without_rows_has_no_level(lake):
    lake.deliver("billing_charges", "2026-08-31", bills(month="2026-08-01"))
    assert lake.facts(lake.deliver("billing_charges", "2026-09-30", bills(count=0)))["levels"] == []


def test_a_profile_is_worked_out_once_for_what_a_delivery_holds(lake):
    known = lake.deliver("billing_charges", "2026-08-31", bills(month="2026-08-01"))

    def profiles():
        with duckdb.connect() as db:
            return profiles_of(db, lake.home, BILLS, [known], None, 0.02)

    first = profiles()
    assert [(p.column_name, p.rows) for p in first] == [("", 30), ("amount", 30)]
    (file,) = (lake.home.raw / "billing_charges").rglob("*.parquet")
    file.unlink()
    assert profiles() == first  # not read again
    known = lake.deliver("billing_charges", "2026-08-31", bills(month="2026-08-01", count=40))
    assert [p.rows for p in profiles()] == [40, 40]


def test_of_many_rows_a_sample_gives_the_quantiles_and_all_rows_the_rest(lake, monkeypatch):
    lake.deliver("billing_charges", "2026-10-01", bills(amount="(n % 100) + 1", count=20_000))
    with duckdb.connect() as db:
        (_, whole) = profile(db, lake.home, BILLS, date(2026, 10, 1), None)
        monkeypatch.setattr("orchestration.quality.profiles.QUANTILE_ROWS", 1_000)
        (_, sampled) = profile(db, lake.home, BILLS, date(2026, 10, 1), None)
    assert (whole.rows, whole.count, whole.total, whole.mean) == (sampled.rows, sampled.count, sampled.total, sampled.mean)
    assert whole.middle == pytest.approx(50.5, abs=2) and whole.high == pytest.approx(90.5, abs=2)
    assert sampled.middle == pytest.approx(50.5, abs=10) and sampled.high == pytest.approx(90.5, abs=5)
    assert (sampled.middle, sampled.high) != (whole.middle, whole.high)
