"""From a checked list to its file: who matches, who is left out and why, and the CSV with its manifest.

Membership is decided by one SQL statement on the engine, and the file holds exactly the rows that it decided on. When lists run,
and which ones, is decided elsewhere; so is which tables hold tags, phones and suppressions.
"""

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
from sqlglot import exp

from orchestration.targeting.catalog import CatalogError, read_catalog
from orchestration.targeting.definition import ALWAYS_EXPORTED, DefinitionError, TargetList, check
from orchestration.targeting.expression import Condition

PUBLIC, PRIVATE = "published", "telco360"
"""What the attached files are called. Views of the private warehouse name their own catalog, telco360: it must be called so."""

REASONS = ("suppressed", "no_valid_phone", "over_limit")
"""Why a matching subscriber is left out, in the order in which the steps apply."""

FORMULA_STARTS = "=+-@\t\r\n＝＋－＠"
"""A text that begins so is a formula to a spreadsheet; Chinese and Japanese ones take the wide signs too."""

BOM = b"\xef\xbb\xbf"
FILE_MODE = 0o640  # the files hold phones: for the owner and the group that hands them on


class ListError(RuntimeError):
    """A list that could not be exported. The message names it; no file of this run is left behind."""


@dataclass(frozen=True)
class Relations:
    """schema.table of what a list reads: the first two from the published version, the others from the private warehouse.

    tag_values: one row a subscriber_id, a column a tag. tag_catalog: see catalog.COLUMNS. phones: subscriber_id, msisdn,
    is_valid_msisdn. suppressions: subscriber_id, channel, effective_from, effective_to (both days inclusive, null is open).
    """

    tag_values: str
    tag_catalog: str
    phones: str
    suppressions: str


@dataclass(frozen=True)
class ListRun:
    """What one run of a list gave. `waterfall`, in subscribers: matched, those left out by each of REASONS, exported."""

    name: str
    as_of: date
    run_date: date
    publication: str
    definition_hash: str
    waterfall: dict[str, int]
    columns: tuple[str, ...]
    file: Path
    sha256: str

    @property
    def rows(self) -> int:
        return self.waterfall["exported"]

    @property
    def manifest(self) -> Path:
        return self.file.with_suffix(".json")


def run_list(
    definition: TargetList,
    *,
    published: Path,
    private: Path | None,
    relations: Relations,
    run_date: date,
    as_of: date,
    exports_dir: Path,
) -> ListRun:
    """Export an approved list to `exports_dir/<run_date>/<list>_<as_of>_<run_date>.csv`, a manifest (.json) beside it.

    Left out are subscribers suppressed on the list's channel (or all) on `run_date`, those without a valid phone, and those over
    the limit. The same inputs give the same bytes; a file of the same name is replaced. Neither database may be open for writing.
    Raises ListError, naming the list, for whatever goes wrong; files appear whole or not at all, the manifest last.
    """
    try:
        require_approved(definition)
        if private is None or not private.exists():
            raise ListError("the private warehouse is not there, and with it phones and suppressions; run telco360 nightly first")
        if not published.exists():
            raise ListError(f"{published} is not there; run telco360 nightly first")
        publication = published.resolve()  # the link may move meanwhile; this run stays on one version
        with _connect(publication, private, exports_dir) as connection:
            condition = check(definition, read_catalog(connection, _table(PUBLIC, relations.tag_catalog)))
            _check_columns(connection, definition, condition, relations)
            connection.execute(f"create temp table members as {members_sql(definition, condition, relations, run_date)}")
            return write_members(connection, definition, publication.name, run_date, as_of, exports_dir)
    except (ListError, DefinitionError, CatalogError, duckdb.Error, OSError) as error:
        own = f"list {definition.name}: "
        raise ListError(own + str(error).removeprefix(own)) from error


def member_columns(definition: TargetList) -> tuple[str, ...]:
    """The columns of the members' tags, subscriber_id among them: those of the file and those that order it."""
    tags = dict.fromkeys((*definition.columns, *(o.tag for o in definition.order_by)))
    return tuple(dict.fromkeys(tags if "subscriber_id" in tags else ("subscriber_id", *tags)))


def members_sql(
    definition: TargetList, condition: Condition, relations: Relations, run_date: date, dialect: str = "duckdb"
) -> str:
    """The query for the table `members`: all who match, with phone, place and, when left out, why.

    On Spark the relations are database.table; on DuckDB they lie in the two attached files.
    """
    selected = ", ".join(_name(c, dialect) for c in member_columns(definition))
    steps = [f"{_name(o.tag, dialect)} {'desc' if o.descending else 'asc'} nulls last" for o in definition.order_by]
    over_limit = f"_place > {definition.limit}" if definition.limit else "false"
    public, private = (PUBLIC, PRIVATE) if dialect == "duckdb" else (None, None)
    return f"""
        with

        matched as (
            select {selected} from {_table(public, relations.tag_values, dialect)}
            where {condition.sql(dialect)}
        ),

        -- a suppression whose begin is unknown is in force
        suppressed as (
            select distinct subscriber_id from {_table(private, relations.suppressions, dialect)}
            where channel in ('all', {_text(definition.channel)})
                and (effective_from is null or effective_from <= date '{run_date:%Y-%m-%d}')
                and (effective_to is null or effective_to >= date '{run_date:%Y-%m-%d}')
        ),

        -- digits only: whatever else a pattern lets pass could be read as a formula
        phones as (
            select subscriber_id, msisdn as _phone from {_table(private, relations.phones, dialect)}
            where is_valid_msisdn and msisdn <> '' and translate(msisdn, '0123456789', '') = ''
        ),

        judged as (
            select
                matched.*,
                phones._phone,
                case
                    when suppressed.subscriber_id is not null then 'suppressed'
                    when phones._phone is null then 'no_valid_phone'
                end as _reason
            from matched
            left join suppressed on matched.subscriber_id = suppressed.subscriber_id
            left join phones on matched.subscriber_id = phones.subscriber_id
        ),

        placed as (
            select *, row_number() over (partition by _reason is null order by {", ".join([*steps, "subscriber_id"])}) as _place
            from judged
        )

        select
            {selected}, _phone, _place,
            case when _reason is null and {over_limit} then 'over_limit' else _reason end as _reason
        from placed
    """


def _connect(publication: Path, private: Path, exports_dir: Path) -> duckdb.DuckDBPyConnection:
    # Spilled rows hold phones: they go where the files go, not to the working directory.
    connection = duckdb.connect(config={"temp_directory": str(exports_dir / ".spill")})
    try:
        for path, alias in ((publication, PUBLIC), (private, PRIVATE)):
            connection.execute(f"attach {_text(str(path))} as {alias} (read_only)")
    except BaseException:
        connection.close()
        raise
    return connection


def _check_columns(connection, definition: TargetList, condition: Condition, relations: Relations) -> None:
    table = _table(PUBLIC, relations.tag_values)
    present = {row[0] for row in connection.execute(f"describe {table}").fetchall()}
    used = (*condition.tags, *definition.columns, *(o.tag for o in definition.order_by))
    if missing := sorted(set(used) - present):
        raise ListError(f"{', '.join(missing)}: a tag, but no column of {relations.tag_values}; build and publish again")


def require_approved(definition: TargetList) -> None:
    """Raises ListError for a list that is not approved."""
    if definition.status != "approved":
        raise ListError(f"its status is {definition.status}; only approved lists are exported")


def write_members(
    connection: duckdb.DuckDBPyConnection,
    definition: TargetList,
    publication: str,
    run_date: date,
    as_of: date,
    exports_dir: Path,
) -> ListRun:
    """Writes the file and its manifest from the table `members` of the connection, and gives what came of it."""
    return _write(connection, definition, _waterfall(connection), publication, run_date, as_of, exports_dir)


def _waterfall(connection) -> dict[str, int]:
    counts = dict(connection.execute("select coalesce(_reason, 'exported'), count(*) from members group by 1").fetchall())
    matched, distinct = connection.execute("select count(*), count(distinct subscriber_id) from members").fetchone()
    if matched != distinct:
        raise ListError(f"{matched - distinct} rows too many: the tag table or the phone table holds a subscriber twice")
    return {"matched": matched, **{reason: counts.get(reason, 0) for reason in REASONS}, "exported": counts.get("exported", 0)}


def _write(
    connection,
    definition: TargetList,
    waterfall: dict[str, int],
    publication: str,
    run_date: date,
    as_of: date,
    exports_dir: Path,
) -> ListRun:
    directory = exports_dir / f"{run_date:%Y-%m-%d}"
    directory.mkdir(parents=True, exist_ok=True)
    stem = f"{definition.name}_{as_of:%Y-%m-%d}_{run_date:%Y-%m-%d}"
    for left_by_a_kill in exports_dir.glob(f"*/.{definition.name}_[0-9][0-9][0-9][0-9]-*.partial"):
        shutil.rmtree(left_by_a_kill, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=directory, prefix=f".{stem}.", suffix=".partial") as partial:
        body, whole, note = (Path(partial) / name for name in ("body.csv", "whole.csv", "manifest.json"))
        (rows,) = connection.execute(_copy_sql(connection, definition, body)).fetchone()
        if rows != waterfall["exported"]:
            raise ListError(f"{rows} rows were written, {waterfall['exported']} expected; nothing is exported")
        run = ListRun(
            name=definition.name,
            as_of=as_of,
            run_date=run_date,
            publication=publication,
            definition_hash=definition.hash,
            waterfall=waterfall,
            columns=(*ALWAYS_EXPORTED, *definition.columns),
            file=directory / f"{stem}.csv",
            sha256=_with_bom(body, whole),
        )
        note.write_text(manifest_text(run), encoding="utf-8")
        for source, target in ((whole, run.file), (note, run.manifest)):
            _settle(source, target)
    return run


def _copy_sql(connection, definition: TargetList, path: Path) -> str:
    """The statement that writes the rows: text in quotes and harmless to spreadsheets, the rest bare, null as an empty cell."""
    types = {name: kind for name, kind, *_ in connection.execute("describe members").fetchall()}
    texts = [c for c in ("subscriber_id", *definition.columns) if types[c] == "VARCHAR"]
    harmless = "case when contains({signs}, left({c}, 1)) and {c} <> '' then '''' || {c} else {c} end as {c}"
    cells = {c: harmless.format(signs=_text(FORMULA_STARTS), c=_name(c)) for c in texts}
    selected = [cells.get(c, _name(c)) for c in definition.columns]
    return f"""
        copy (
            select {", ".join([cells.get("subscriber_id", "subscriber_id"), "_phone as phone", *selected])}
            from members where _reason is null order by _place
        ) to {_text(str(path))} (format csv, header, new_line '\\r\\n', force_quote ({", ".join(["phone", *map(_name, texts)])}))
    """


def manifest_text(run: ListRun) -> str:
    """The manifest of a run. It holds no time of day, so that the same run gives the same bytes."""
    content = {
        "list": run.name,
        "definition_hash": run.definition_hash,
        "publication": run.publication,
        "as_of": run.as_of.isoformat(),
        "run_date": run.run_date.isoformat(),
        "waterfall": run.waterfall,
        "file": run.file.name,
        "rows": run.rows,
        "sha256": run.sha256,
        "columns": run.columns,
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _with_bom(body: Path, whole: Path) -> str:
    """Copy the body behind a byte-order mark, by which spreadsheets know UTF-8. Gives the SHA-256 of the whole."""
    with body.open("rb") as source, whole.open("wb") as target:
        target.write(BOM)
        shutil.copyfileobj(source, target, 1 << 20)
    with whole.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _settle(source: Path, target: Path) -> None:
    """Move a finished file to its place in one step, on disk before it can be seen."""
    os.chmod(source, FILE_MODE)
    with source.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(source, target)
    directory = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _table(catalog: str | None, relation: str, dialect: str = "duckdb") -> str:
    schema, table = relation.split(".")
    return exp.table_(table, db=schema, catalog=catalog, quoted=True).sql(dialect)


def _name(column: str, dialect: str = "duckdb") -> str:
    return exp.to_identifier(column, quoted=True).sql(dialect)


def _text(value: str) -> str:
    return exp.Literal.string(value).sql("duckdb")
