"""Small rows for cases worked by hand: lines, bills, use and plans as deliveries have them, and the book that they make.

Made operators belong in operator.py; a row here has what a test names, and the least that makes it valid.
"""

from datetime import date, timedelta
from decimal import Decimal

from oracle.book import Book, add_months, book_at
from orchestration.base.contract import load_contract

D = date(2024, 6, 30)
BEGUN = date(2022, 1, 10)
CONTRACT = load_contract()


def book(as_of: date = D, **tables: list[dict]) -> Book:
    """What a delivery on D tells, with a null in every column that a row leaves out and a customer for every line."""
    tables.setdefault("crm_customers", [{"customer_id": "c1"}])
    complete = {
        name: [{c.name: row.get(c.name) for c in CONTRACT[name].columns} for row in rows] for name, rows in tables.items()
    }
    return book_at({name: {D: rows} for name, rows in complete.items()}, as_of)


def line(key: str = "s1", activated: date = BEGUN, status: str = "active", since: date | None = None, **more: object) -> dict:
    """A row of the latest snapshot; `since`: the date of its status, its activation date if not given."""
    return {"subscriber_id": key, "customer_id": "c1", "activation_date": activated, "status_code": status,
            "status_date": since or activated} | more  # fmt: skip


def gone(key: str, since: date, activated: date = BEGUN, **more: object) -> dict:
    """A line that was ported out on a day."""
    return line(key, activated, "ported_out", since, **more)


def bills(key: str, amounts: list[str]) -> list[dict]:
    """Bills of consecutive months, the last of them that of D."""
    months = [add_months(D.replace(day=1), n - len(amounts) + 1) for n in range(len(amounts))]
    return [
        {"subscriber_id": key, "bill_month": month, "fee_code": "rent", "amount": Decimal(amount)}
        for month, amount in zip(months, amounts, strict=True)
    ]


def use(key: str, day: date, outgoing: int | str = 0, offnet: int | str = 0, **more: object) -> dict:
    """A day's use, in minutes."""
    numbers = {"outgoing_minutes": Decimal(outgoing), "offnet_minutes": Decimal(offnet)}
    return {"subscriber_id": key, "usage_date": day} | numbers | more


def days_ago(n: int) -> date:
    """The day that many days before D."""
    return D - timedelta(days=n)


def plan(key: str, code: str = "P") -> dict:
    """A primary plan from the activation on."""
    return {"subscriber_id": key, "plan_code": code, "start_date": BEGUN, "is_primary": True}
