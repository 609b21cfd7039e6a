"""Lists made elsewhere, taken into the ledger: who was treated and who held back, so that their effect is counted too.

Nothing is exported here, and no tag is read: what is known of the members is what the file says.
"""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from orchestration.base.errors import ListError
from orchestration.base.files import sha256_of
from orchestration.base.roles import person
from orchestration.base.settings import Home
from orchestration.base.sql import identifier, literal
from orchestration.targeting import ledger
from orchestration.targeting.definition import SCHEMA
from orchestration.targeting.ledger import CONTROL, EXPORTED, LIST_MEMBERS, TREATED

READERS = {".csv": "read_csv({}, all_varchar = true)", ".parquet": "read_parquet({})"}
TAKEN = ("arm", "manager_id", "value_tier", "region_code", "tenure_band", "is_at_risk")
"""Columns of the file beside subscriber_id that the ledger keeps; a file without arms holds treated members alone."""


def import_list(home: Home, file: Path, name: str, run_date: date, channel: str, offer: str | None = None) -> dict:
    """Records the file (CSV or Parquet, one row a subscriber_id) as the list's run of that day, and gives the row of the ledger.

    Raises ListError, naming the file and what to change, for a file that is no list, or a run that the ledger has already.
    """
    known = SCHEMA["properties"]
    if not re.fullmatch(known["name"]["pattern"], name):
        raise ListError(f"'{name}' is no name of a list. {known['name']['description']}")
    if channel not in known["channel"]["enum"]:
        raise ListError(f"'{channel}' is no channel; choose one of {', '.join(known['channel']['enum'])}")
    if file.suffix.lower() not in READERS:
        raise ListError(f"{file}: must end in {' or '.join(READERS)}")
    if not file.is_file():
        raise ListError(f"{file}: there is no such file")
    with ledger.only_one(home), duckdb.connect() as connection:
        ledger.clear_leftovers(home)
        if any(r["list_name"] == name and r["run_date"] == run_date for r in ledger.current_runs(home)):
            raise ListError(f"list {name}: the ledger has a run of {run_date} already; import under another name or day")
        treated, control = _lay_members(connection, file, (ledger.next_run_id(home, run_date), name, run_date, offer, channel))
        run = {
            "run_id": ledger.next_run_id(home, run_date), "list_name": name, "run_date": run_date, "as_of_date": run_date,
            "channel": channel, "offer_code": offer, "control_share": control / (treated + control), "status": EXPORTED,
            **dict.fromkeys(ledger.COUNTS, 0), "matched": treated + control, "control": control, "exported": treated,
            "file": file.name, "sha256": sha256_of(file), "exported_at": datetime.now(UTC).replace(tzinfo=None),
            "exported_by": person(home).user, "warnings": "imported: made elsewhere, not decided here",
        }  # fmt: skip
        kept = ledger.keep_members(
            home,
            run,
            lambda path: connection.execute(f"copy (select * from members) to {literal(path)} (format parquet)"),
        )
        return ledger.record(home, run | {"members_sha256": kept})


def _lay_members(connection: duckdb.DuckDBPyConnection, file: Path, run: tuple) -> tuple[int, int]:
    """Makes `members` of the file, in the ledger's form; gives how many were treated and held back."""
    try:
        connection.execute(f"create temp table given as select * from {READERS[file.suffix.lower()].format(literal(file))}")
    except duckdb.Error as error:
        raise ListError(f"{file}: cannot be read: {str(error).splitlines()[0]}") from error
    columns = [row[0] for row in connection.execute("describe given").fetchall()]
    if "subscriber_id" not in columns:
        raise ListError(f"{file}: the column subscriber_id is missing; there are {', '.join(columns)}")
    arm = "arm" if "arm" in columns else f"'{TREATED}'"
    rows, lacking, ids, odd = connection.execute(
        f"""
        select count(*), count(*) - count(nullif(trim(subscriber_id::varchar), '')), count(distinct subscriber_id),
            min({arm}) filter ({arm} is null or {arm} not in ('{TREATED}', '{CONTROL}')) from given
        """
    ).fetchone()
    (unarmed,) = connection.execute(f"select count(*) from given where {arm} is null").fetchone()
    if not rows:
        raise ListError(f"{file}: holds no row")
    if lacking:
        raise ListError(f"{file}: {lacking:,} rows have no subscriber_id")
    if ids < rows:
        raise ListError(f"{file}: {rows - ids:,} rows repeat a subscriber_id; each is there once")
    if odd is not None or unarmed:
        raise ListError(f"{file}: arm '{odd or ''}' is neither {TREATED} nor {CONTROL}")
    run_id, name, run_date, offer, channel = run
    facts = {
        "run_id": literal(run_id), "list_name": literal(name), "run_date": f"date '{run_date}'", "arm": arm,
        "position": f"case when {arm} = '{TREATED}' then row_number() over (partition by {arm} order by subscriber_id) end",
        "offer_code": literal(offer) if offer else "null", "channel": literal(channel), "lost_to": "null",
        "reason": f"nullif({arm}, '{TREATED}')", "subscriber_id": "subscriber_id",
    }  # fmt: skip
    facts |= {column: identifier(column) if column in columns else "null" for column in TAKEN if column != "arm"}
    kinds = {"date32[day]": "date", "int64": "bigint", "bool": "boolean"}
    cells = ", ".join(f"({facts[f.name]})::{kinds.get(str(f.type), 'varchar')} as {f.name}" for f in LIST_MEMBERS)
    connection.execute(f"create temp table members as select {cells} from given order by position, subscriber_id")
    counts = dict(connection.execute("select arm, count(*) from members group by arm").fetchall())
    return counts.get(TREATED, 0), counts.get(CONTROL, 0)
