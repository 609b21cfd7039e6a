"""Bills on the days on which real billing brings them: half a run, a correction, the source's word, months without any."""

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from figures_kit import run_nightly
from intake_kit import CHARGES_HEADER, Operator, customers

LINES = [f"S{n:02}" for n in range(40)]
APRIL, MAY, JUNE, JULY, AUGUST, SEPTEMBER = (date(2026, month, 1) for month in range(4, 10))


def bills(month: date, lines: list[str], amount: str = "30.00") -> str:
    return "".join(f"{line},{month},rent,{amount}\n" for line in lines)


class Days:
    """One operator of 40 postpaid lines on one plan, delivered to and run day by day."""

    def __init__(self, root: Path):
        self.operator = Operator(root)
        self.home = self.operator.home

    def bill(self, day: str, charges: str, success: str = "") -> None:
        self.operator.deliver("billing_charges", day, {"part-0.csv": CHARGES_HEADER + charges}, success)

    def run(self, day: str, use_from: str | None = None) -> tuple[int, str]:
        """Delivers the register and the use up to the day, and runs the nightly job."""
        header = "subscriber_id,customer_id,activation_date,status_code,status_date,payment_type\n"
        register = header + "".join(f"{line},C{line},2025-01-01,active,2025-01-01,postpaid\n" for line in LINES)
        plans = "subscriber_id,plan_code,start_date,is_primary\n" + "".join(f"{line},P1,2025-01-01,true\n" for line in LINES)
        used, last = date.fromisoformat(use_from or day), date.fromisoformat(day)
        use = "subscriber_id,usage_date,outgoing_minutes,incoming_minutes,offnet_minutes\n"
        for n in range((last - used).days + 1):
            use += "".join(f"{line},{used + timedelta(days=n)},10.00,5.00,1.00\n" for line in LINES)
        tables = {
            "crm_customers": customers(*(f"C{line}" for line in LINES)), "crm_subscribers": register,
            "crm_tariff_subscriptions": plans, "billing_usage_daily": use,
        }  # fmt: skip
        for table, text in tables.items():
            self.operator.deliver(table, day, {"part-0.csv": text})
        return run_nightly(self.home.root, last)

    def ask(self, sql: str) -> list[tuple]:
        with duckdb.connect(str(self.home.current.resolve()), read_only=True) as db:
            return db.execute(sql).fetchall()

    def months(self) -> list[tuple]:
        return self.ask("""select month, is_billed, closed_on, is_told_by_source, deliveries_after_closing from core.dim_months
            where is_complete_month order by month""")

    def revenue(self) -> list[tuple]:
        """Of the last billed month; no row where none is billed."""
        return self.ask("""select month, sum(revenue_amount) from value.value_pyramid
            where month = (select max(month) from core.dim_months where is_billed) group by month""")

    def alerts(self) -> list[tuple]:
        return self.ask("""select alert_code, count(*) from churn.alerts where alert_code in ('no_charges', 'arpu_drop')
            group by alert_code order by alert_code""")


@pytest.fixture(scope="module")
def days(tmp_path_factory) -> Days:
    return Days(tmp_path_factory.mktemp("billing"))


def test_bills_come_as_billing_brings_them(days):
    # The first month held, half billed: there is no value yet, and no line without charges is blamed for it.
    days.bill("2026-05-03", bills(APRIL, LINES[:20]))
    code, told = days.run("2026-05-03", use_from="2026-04-01")
    assert code == 0, told
    assert "no month is billed yet, so there is no value" in told
    assert days.months() == [(APRIL, False, None, False, 0)]
    assert (days.revenue(), days.alerts()) == ([], [])

    # The other half; a month later May's bills but two, then a correction of April. A closed month stays closed.
    days.bill("2026-05-05", bills(APRIL, LINES[20:]))
    days.bill("2026-06-04", bills(MAY, LINES[2:]))
    days.bill("2026-06-09", bills(APRIL, LINES[:1], "12.00"))
    code, told = days.run("2026-06-10", use_from="2026-05-04")
    assert code == 0, told
    assert "value as of 2026-05" in told
    assert days.months() == [(APRIL, True, date(2026, 5, 5), False, 1), (MAY, True, date(2026, 6, 4), False, 0)]
    assert days.revenue() == [(MAY, 38 * 30)]
    assert days.ask(
        "select arpu_amount from core.fct_subscriber_months where subscriber_id = 'S00' and month = '2026-04-01'"
    ) == [(12,)]
    assert days.alerts() == [("no_charges", 2)]

    # Half of June's run, which the source says is all.
    days.bill("2026-07-03", bills(JUNE, LINES[:20]), '{"closed_bill_months": ["2026-06"]}')
    code, told = days.run("2026-07-03", use_from="2026-06-11")
    assert code == 0, told
    assert days.months()[-1] == (JUNE, True, date(2026, 7, 3), True, 0)
    assert (days.revenue(), days.alerts()) == ([(JUNE, 20 * 30)], [("no_charges", 20)])

    # No bills for three months: nothing is published on them, and what stands stays.
    code, told = days.run("2026-10-02", use_from="2026-07-04")
    assert code == 1 and "billing_charges" in told
    assert days.revenue() == [(JUNE, 20 * 30)]

    # They come together; the source's word counts for each.
    days.bill(
        "2026-10-03", bills(JULY, LINES) + bills(AUGUST, LINES) + bills(SEPTEMBER, LINES),
        '{"closed_bill_months": ["2026-07", "2026-08", "2026-09"]}',
    )  # fmt: skip
    code, told = days.run("2026-10-03")
    assert code == 0, told
    assert [row[:3] for row in days.months()[-3:]] == [(month, True, date(2026, 10, 3)) for month in (JULY, AUGUST, SEPTEMBER)]
    assert (days.revenue(), days.alerts()) == ([(SEPTEMBER, 40 * 30)], [])
