"""The calibration table: figures of the published report against the same figures of a synthetic operator's deliveries.

Worked out with SQL over the deliveries themselves, by the business definitions but apart from the warehouse, so that a fault of
one does not hide in the other. `python -m sample.calibration HOME` prints it.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.base.settings import Home
from orchestration.base.sql import one_row
from sample.delivery import SampleError
from sample.settings import Published

TABLES = (
    "crm_subscribers",
    "crm_subscriber_events",
    "crm_group_members",
    "billing_fee_codes",
    "billing_charges",
    "billing_usage_daily",
)
"""What it reads; an operator of these tables alone can be calibrated."""


@dataclass(frozen=True)
class Figure:
    """A figure of the report (a fraction), what the deliveries give, and how far they may lie apart at 100,000 lines."""

    name: str
    cell: str
    published: float
    made: float
    tolerance: float

    @property
    def is_near(self) -> bool:
        return abs(self.made - self.published) <= self.tolerance


_RATE_TOLERANCES = (0.005, 0.025, 0.018, 0.011, 0.009, 0.009, 0.008)  # about three standard deviations of a draw

_VIEWS = """
create temp table at_end as
select (select max(dt) from crm_subscribers) as d,
    last_day(((select max(dt) from crm_subscribers) + 1 - interval 1 month)::date) as m;

create temp table lines as
select subscriber_id, region_code, county_code, activation_date, date_trunc('month', activation_date)::date as first_month,
    case when status_code in ('terminated_forced', 'terminated_cancelled', 'ported_out') then status_date end as churned,
    date_trunc('month', churned)::date as churn_month
from crm_subscribers where dt = (select d from at_end);

create temp table lost as
select *, tenure(first_month, churn_month) as tenure_months from lines
where churned between date_trunc('month', (select m from at_end) - interval 2 month) and (select m from at_end);

create temp table bills as
select subscriber_id, bill_month, sum(amount) filter (coalesce(fees.counts_to_arpu, true)) as amount
from (
    from billing_charges where bill_month >= (select m from at_end) - interval 7 month
    qualify row_number() over (partition by subscriber_id, bill_month, fee_code order by dt desc) = 1
) left join (select distinct fee_code, counts_to_arpu from billing_fee_codes) as fees using (fee_code)
group by all;

create temp table talk as
select subscriber_id, date_trunc('month', usage_date)::date as month, sum(outgoing_minutes + incoming_minutes) as minutes
from billing_usage_daily where usage_date >= (select m from at_end) - interval 7 month
group by all;

create temp table monthly as
select subscriber_id, month, amount, minutes
from (select subscriber_id, bill_month as month, amount from bills) full join talk using (subscriber_id, month);

-- Lines on-net at the end of each month before a month of the quarter, with their means of three months.
create temp table worth as
select lines.subscriber_id, region_code, county_code, ends.next_month,
    coalesce(sum(amount), 0) / any_value(least(3, tenure(first_month, ends.month))) as arpu,
    coalesce(sum(minutes), 0) / any_value(least(3, tenure(first_month, ends.month))) as mou
from lines
join (
    select (date_trunc('month', m) - to_months(n))::date as month, (date_trunc('month', m) - to_months(n - 1))::date as next_month
    from at_end, range(1, 4) as r(n)
) as ends on first_month <= ends.month and (churn_month is null or churn_month > ends.month)
left join monthly
    on monthly.subscriber_id = lines.subscriber_id and monthly.month between ends.month - interval 2 month and ends.month
group by all;

create temp table lost_worth as
select lost.subscriber_id, lost.churned, worth.arpu, worth.arpu >= 120 and worth.mou >= 100 or worth.place >= 0.9 as is_valued
from lost join (
    select *, percent_rank() over (partition by next_month, region_code, county_code order by arpu) as place from worth
) as worth on worth.subscriber_id = lost.subscriber_id and worth.next_month = lost.churn_month;
"""


def calibration(home: Home | Path | str, published: Published | None = None) -> list[Figure]:
    """All figures of the report, from the deliveries in the home's landing (Parquet).

    Raises SampleError where a table is missing.
    """
    published = published or Published()
    home = home if isinstance(home, Home) else Home(Path(home))
    with duckdb.connect() as con:
        _open(con, home, published)
        con.execute(_VIEWS)
        return [
            *_rates(con, published),
            _churned_to_new(con, published),
            *_shares(
                con,
                "share of lost lines by ARPU",
                _BY_ARPU,
                dict(zip(published.arpu_classes, published.lost_share_by_arpu, strict=True)),
                0.03,
            ),
            *_shares(
                con,
                "share of lost lines by tenure",
                "select band(tenure_months), 1 from lost",
                dict(published.lost_share_by_tenure),
                0.025,
            ),
            *_shares(con, "share of reasons, lost valued lines", _BY_REASON, _with_rest(dict(published.valued_reasons)), 0.05),
            *_shares(con, "share of lost lines in groups", _BY_GROUP, {"in a group": published.lost_share_in_groups}, 0.02),
        ]


_BY_ARPU = "select case when arpu < 30 then '<30' when arpu < 50 then '30-50' else '>=50' end, 1 from lost_worth"
_BY_REASON = """
select case when reason_code in ('left_region', 'left_employer') then reason_code else 'rest' end, 1
from lost_worth join crm_subscriber_events as e
    on e.subscriber_id = lost_worth.subscriber_id and e.event_at::date = lost_worth.churned and e.reason_code is not null
where is_valued
"""
_BY_GROUP = """
select case when exists (
    from crm_group_members as g where g.dt = (select d from at_end) and g.subscriber_id = lost.subscriber_id
        and coalesce(g.joined_on <= churned, true) and coalesce(g.left_on > churned, true)
) then 'in a group' else 'in none' end, 1 from lost
"""


def _open(con: duckdb.DuckDBPyConnection, home: Home, published: Published) -> None:
    con.execute("set memory_limit = '3GB'")
    con.execute("create macro tenure(a, b) as datediff('month', a, b) + 1")
    cases = " ".join(
        f"when months >= {start} then '{band}'"
        for start, band in reversed(list(zip(published.band_starts, published.tenure_bands, strict=True)))
    )
    con.execute(f"create macro band(months) as case {cases} end")
    for table in TABLES:
        files = home.landing / table / "*" / "*.parquet"
        if not list(home.landing.glob(f"{table}/*/*.parquet")):
            raise SampleError(f"{home.landing / table}: no Parquet delivery to calibrate; make the operator first")
        con.execute(
            f"create view {table} as from read_parquet('{str(files).replace(chr(39), chr(39) * 2)}', hive_partitioning = true)"
        )


def _rates(con: duckdb.DuckDBPyConnection, published: Published) -> list[Figure]:
    churned = dict(con.execute("select band(tenure_months), count(*) from lost group by 1").fetchall())
    on_net = dict(
        con.execute(
            "select band(tenure(first_month, m)), count(*) from lines, at_end "
            "where activation_date <= m and (churned is null or churned > m) group by 1"
        ).fetchall()
    )
    rates = [
        Figure("quarterly churn rate by tenure", band, rate, churned.get(band, 0) / max(on_net.get(band, 0), 1), tolerance)
        for band, rate, tolerance in zip(published.tenure_bands, published.quarterly_rates, _RATE_TOLERANCES, strict=True)
    ]
    overall = sum(churned.values()) / sum(on_net.values())
    return [*rates, Figure("quarterly churn rate", "all", published.quarterly_rate, overall, 0.005)]


def _churned_to_new(con: duckdb.DuckDBPyConnection, published: Published) -> Figure:
    counted = con.execute(
        "select count(*) filter (churned > m - interval 12 month and churned <= m) / "
        "count(*) filter (activation_date > last_day(m - interval 12 month) and activation_date <= m) from lines, at_end"
    )
    made = one_row(counted)[0]
    return Figure("churned / new lines in a year", "all", published.churned_to_new, made, 0.03)


def _shares(con: duckdb.DuckDBPyConnection, name: str, query: str, published: dict[str, float], tolerance: float) -> list[Figure]:
    counted = dict(con.execute(f"select c, sum(n) from ({query}) as t(c, n) group by c").fetchall())
    total = max(sum(counted.values()), 1)
    return [Figure(name, cell, share, float(counted.get(cell, 0) / total), tolerance) for cell, share in published.items()]


def _with_rest(shares: dict[str, float]) -> dict[str, float]:
    return {**shares, "rest": 1 - sum(shares.values())}


def as_text(figures: list[Figure]) -> str:
    """The table, published against made, in percent."""
    lines = [f"{'figure':<38}{'cell':<15}{'published':>10}{'made':>9}{'may differ':>12}"]
    lines += [
        f"{f.name:<38}{f.cell:<15}{f.published:>9.1%}{f.made:>9.1%}{f.tolerance:>11.1%}{'' if f.is_near else '  off'}"
        for f in figures
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(as_text(calibration(sys.argv[1])))
