"""What is wrong with deliveries goes back to the systems that made them: counted, dated, and without a value of a row."""

import csv
from datetime import date

import pytest

from orchestration.base.contract import Column, Table
from orchestration.base.settings import Home
from orchestration.intake import take_in
from orchestration.intake.limits import TableLimits
from orchestration.quality import discrepancies
from orchestration.quality.discrepancies import CHECKED, Discrepancy, counted, csv_text, of_checks, said, without_values
from orchestration.quality.validation import Finding

LIMITS = {"*": TableLimits(0.5, 0.1, 9.0, 1 / 9, 9, 3, 0.9, 0.5, 10)}
COLUMNS = (
    Column("customer_id", "string", nullable=False),
    Column("fee", "decimal(12,2)"),
    Column("phone", "string", pii="phone"),
)
CONTRACT = {
    name: Table(name, system, "snapshot", False, ("customer_id",), None, COLUMNS)
    for name, system in (("crm_fees", "crm"), ("billing_fees", "billing"))
}
DAY = date(2026, 3, 3)


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path)


def deliver(home: Home, dt: str, *fees: str, table: str = "crm_fees") -> None:
    folder = home.landing / table / f"dt={dt}"
    folder.mkdir(parents=True, exist_ok=True)
    rows = "".join(f"C{n},{fee},13800000000\n" for n, fee in enumerate(fees))
    (folder / "part-0.csv").write_text(f"customer_id,fee,phone\n{rows}")
    (folder / "_SUCCESS").touch()
    take_in(home, CONTRACT, LIMITS)


def told(home: Home, system: str = "crm") -> list[dict[str, str]]:
    discrepancies.write(home, CONTRACT, DAY)
    path = home.exports / "quality" / system / f"{DAY}.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_rows_quarantined_are_told_by_reason_with_how_often_since_when_and_where(home):
    deliver(home, "2026-03-01", "1.00", "x", "2.00", "3.00")
    deliver(home, "2026-03-02", "1.00", "2.00", "y", "z", "3.00")
    (row,) = told(home)
    assert (row["table"], row["column"], row["kind"], row["rows"]) == ("crm_fees", "fee", "rows quarantined", "3")
    assert (row["deliveries"], row["since"], row["last"]) == ("2", "2026-03-01", "2026-03-02")
    assert row["example"] == "part-0.csv, line 4"
    assert told(home, "billing") == []
    later = discrepancies.of_intake(home, CONTRACT, date(2026, 3, 2))
    assert [(one.dt, one.rows) for one in later] == [(date(2026, 3, 2), 2)]


def test_a_delivery_that_was_made_good_is_told_no_more(home):
    deliver(home, "2026-03-01", "1.00", "x", "2.00")
    assert told(home)
    deliver(home, "2026-03-01", "1.00", "4.00", "2.00")
    assert told(home) == []


def test_a_rejected_delivery_is_told_and_no_value_with_it(home):
    deliver(home, "2026-03-01", "x", "secret", "1.00", table="billing_fees")
    rows = told(home, "billing")
    assert [row["kind"] for row in rows] == ["delivery rejected", "rows quarantined"]
    assert "rows quarantined" in rows[0]["reason"] and rows[1]["rows"] == "2"
    assert not any(value in str(rows) for value in ("secret", "13800000000", "C0", "C1"))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("3 rows where a is after b; accepted. The first: subscriber_id=S1: a, b 1, 2", "3 rows where a is after b; accepted"),
        ("4 rows of subscribers that crm_subscribers does not know (S1, S2); kept",
         "4 rows of subscribers that crm_subscribers does not know; kept"),
        ("p.csv: line 3: 'Li Lei' is no number. Deliver it again", "p.csv: line 3: '…' is no number"),
        ("2 rows with key line_id=S1 twice", "2 rows with key line_id=… twice"),
    ],
)  # fmt: skip
def test_only_the_rule_is_left_of_what_intake_said(text, left):
    assert without_values(text) == left


def test_counts_are_taken_out_so_that_deliveries_of_one_fault_meet():
    assert counted("1,204 rows where a is after b") == (1204, "rows where a is after b")
    assert counted("3 of 9 rows are late") == (3, "rows are late")
    assert counted("not checked against x") == (None, "not checked against x")


def test_a_fault_of_many_files_is_one_row_with_one_of_them_as_its_example():
    texts = [f"part-{n}.csv.gz: unknown column dt dropped" for n in range(3)]
    (_, row) = csv_text([said("t", "warning", text, None, DAY) for text in texts]).splitlines()
    assert row == "t,,warning,unknown column dt dropped,,1,2026-03-03,2026-03-03,part-0.csv.gz"


def test_findings_of_checks_are_told_for_their_delivery_else_for_the_day():
    found = [
        Finding(
            "about the usual level", "X", "crm_fees dt=2026-03-01", "fee", "times_usual is 100", detail="such as 13800000000"
        ),
        Finding("a delivery is there", "X", "billing_fees", "", "age_days is missing"),
        Finding("the expectation broke", "X", "deliveries", "", "no column"),
    ]
    first, second = of_checks(found, CONTRACT, DAY)
    assert first == Discrepancy(
        "crm_fees", "fee", CHECKED, "expected: about the usual level; times_usual is 100", None, date(2026, 3, 1)
    )
    assert (second.table, second.dt) == ("billing_fees", DAY)


def test_what_concerns_most_rows_comes_first():
    rows = [Discrepancy("t", "a", "k", "r", count, DAY) for count in (1,)] + [Discrepancy("t", "b", "k", "r", 9, DAY)]
    assert [line.split(",")[1] for line in csv_text(rows).splitlines()] == ["column", "b", "a"]
