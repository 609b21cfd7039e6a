"""Eligibility of delivered offers: text -> checked condition -> the ledger, from which dbt reads it as SQL.

Every condition of a delivery is checked against the tags that the project describes; one that cannot be read is rejected with its
reason, and its offer is put to nobody. Who meets a condition, and which offer is best, is said by the models.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from orchestration.base.files import write_atomically
from orchestration.base.settings import Home
from orchestration.catalog.tags import Catalog
from orchestration.catalog.written import written_catalog
from orchestration.intake import ledger
from orchestration.targeting.expression import Condition, ExpressionError, parse
from orchestration.warehouse.manifest import Model

OFFERS = "channel_offers"
ACCEPTED, SET_ASIDE = "accepted", "set_aside"

SCHEMA = pa.schema(
    [
        ("offer_code", pa.string()),
        ("delivered", pa.date32()),
        *[(name, pa.string()) for name in ("eligibility", "outcome", "reason", "tags", "sql_duckdb", "sql_spark")],
    ]
)


@dataclass(frozen=True)
class Judged:
    """What became of one offer's eligibility. `tags`: those it names, commas between; SQL and tags are None without a text."""

    offer_code: str
    delivered: date
    eligibility: str | None
    outcome: str = ACCEPTED
    reason: str | None = None
    tags: str | None = None
    sql_duckdb: str | None = None
    sql_spark: str | None = None

    @property
    def is_accepted(self) -> bool:
        return self.outcome == ACCEPTED

    @property
    def message(self) -> str:
        """Why it was rejected, where, and what to do next; empty where it was accepted."""
        if self.is_accepted:
            return ""
        where = f"{OFFERS} of {self.delivered}, offer {self.offer_code}, eligibility"
        return f"{where}: {self.reason}\nThe offer is put to nobody; fix the text and deliver again."


def record_offers(home: Home, models: Iterable[Model], as_of: date) -> list[Judged]:
    """Judges the offers of the latest accepted delivery up to `as_of` and writes them to the ledger, one file a delivery.

    Needs no build: tags are those that the project's YAML describes. Judging a delivery again replaces its file, so that a tag
    that has come or gone since counts. Gives what became of each offer, by offer code; none where offers were never delivered.
    """
    rows = ledger.current(home).select(["table_name", "dt"]).to_pylist()
    delivered = max((row["dt"] for row in rows if row["table_name"] == OFFERS and row["dt"] <= as_of), default=None)
    ensure_empty_table(home)
    if delivered is None:
        return []
    folder = ds.dataset(home.raw / OFFERS / f"dt={delivered}", format="parquet")
    offers = folder.to_table(columns=["offer_code", "eligibility"]).sort_by("offer_code").to_pylist()
    catalog = written_catalog(models)
    judged = [judge(offer["offer_code"], offer["eligibility"], delivered, catalog) for offer in offers]
    _write(home, f"offers-{delivered}.parquet", pa.Table.from_pylist([asdict(one) for one in judged], schema=SCHEMA))
    return judged


def judge(offer_code: str, eligibility: str | None, delivered: date, catalog: Catalog) -> Judged:
    """The condition as SQL of each engine, or why it was rejected. An empty text is no condition, and accepted."""
    if not (eligibility or "").strip():
        return Judged(offer_code, delivered, eligibility)
    try:
        condition = parse(eligibility, catalog)
        _require_present(condition)
    except ExpressionError as error:
        return Judged(offer_code, delivered, eligibility, SET_ASIDE, str(error))
    return Judged(
        offer_code,
        delivered,
        eligibility,
        tags=",".join(condition.tags) or None,
        sql_duckdb=condition.sql("duckdb"),
        sql_spark=condition.sql("spark"),
    )


def ensure_empty_table(home: Home) -> None:
    """Gives the ledger's table of conditions a file of no rows where it has none, so that every model builds."""
    if not any(_folder(home).glob("*.parquet")):
        _write(home, "none.parquet", SCHEMA.empty_table())


def _require_present(condition: Condition) -> None:
    """Offers go by the tags of the day: SQL over one table is all that the build takes in."""
    if getattr(condition, "moments", ()):
        raise ExpressionError(
            "offers go by the tags of the day; was, changed and today stand in target lists alone", condition.text, 0
        )


def _folder(home: Home):
    return home.lake / "ledger" / "offers"


def _write(home: Home, name: str, table: pa.Table) -> None:
    write_atomically(_folder(home) / name, _folder(home) / ".drafts", lambda path: pq.write_table(table, path))
