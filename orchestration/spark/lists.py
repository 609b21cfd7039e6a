"""Target lists on Spark: membership is decided there by the query made from the same tree; the file is written as ever.

The members' rows come through the session, phones among them, and lie in memory until the file stands: no phone is left on the
cluster. What a list is and how its file looks belongs to `orchestration.targeting`.
"""

from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.spark.thrift import Session
from orchestration.targeting.catalog import COLUMNS, Catalog, CatalogError
from orchestration.targeting.definition import DefinitionError, TargetList, check
from orchestration.targeting.export import (
    ListError,
    ListRun,
    Relations,
    member_columns,
    members_sql,
    require_approved,
    write_members,
)
from orchestration.warehouse import WarehouseError

TYPES = {
    "string": pa.string(), "boolean": pa.bool_(), "int": pa.int32(), "bigint": pa.int64(), "double": pa.float64(),
    "date": pa.date32(), "timestamp_ntz": pa.timestamp("us"),
}  # fmt: skip


def read_catalog(session: Session, relation: str) -> Catalog:
    """The catalogue held by `relation`. Raises CatalogError as Catalog.from_rows."""
    rows = session.rows(f"select {', '.join(COLUMNS)} from {relation} order by entity, tag_name")
    return Catalog.from_rows(dict(zip(COLUMNS, row, strict=True)) for row in rows)


def run_list(
    session: Session,
    definition: TargetList,
    relations: Relations,
    publication: str,
    run_date: date,
    as_of: date,
    exports_dir: Path,
) -> ListRun:
    """Exports an approved list as `targeting.export.run_list` does, from tables of the metastore named database.table.

    Raises ListError, naming the list, for whatever goes wrong.
    """
    try:
        require_approved(definition)
        condition = check(definition, read_catalog(session, relations.tag_catalog))
        kinds = dict(session.columns(relations.tag_values))
        wanted = (*member_columns(definition), *condition.tags)
        if missing := sorted(set(wanted) - kinds.keys()):
            raise ListError(f"{', '.join(missing)}: a tag, but no column of {relations.tag_values}; build and publish again")
        rows = session.rows(members_sql(definition, condition, relations, run_date, dialect="spark"))
        schema = pa.schema([(name, arrow_type(kinds[name])) for name in member_columns(definition)])
        for name, kind in (("_phone", pa.string()), ("_place", pa.int64()), ("_reason", pa.string())):
            schema = schema.append(pa.field(name, kind))
        with duckdb.connect() as connection:
            connection.register("found", members(rows, schema))
            connection.execute("create temp table members as select * from found")
            return write_members(connection, definition, publication, run_date, as_of, exports_dir)
    except (ListError, DefinitionError, CatalogError, WarehouseError, duckdb.Error, OSError) as error:
        own = f"list {definition.name}: "
        raise ListError(own + str(error).removeprefix(own)) from error


def arrow_type(kind: str) -> pa.DataType:
    """The type of a column in memory that Spark calls so. Raises ListError for one that no file can show."""
    if kind.startswith("decimal("):
        return pa.decimal128(*map(int, kind[len("decimal(") : -1].split(",")))
    if kind not in TYPES:
        raise ListError(f"a column of type {kind} cannot stand in a file")
    return TYPES[kind]


def members(rows: list[tuple], schema: pa.Schema) -> pa.Table:
    """The rows as a table of the schema, in its order."""
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table([pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)], schema=schema)
