"""The SQL of lists: files in sql/, Jinja templates that are rendered with tables, names and values, for DuckDB or for Spark.

Names and values go in by the filters that quote them; conditions go in as `expression` has built them. Macros of dbt that are
plain Jinja are read from its own files, so that lists and marts go by the same text. Nothing here runs SQL.
"""

from datetime import date, timedelta
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlglot import exp

from orchestration.base import settings

_FOLDERS = (Path(__file__).parent / "sql", settings.PROJECT_DIR / "macros")


def sql(template: str, dialect: str = "duckdb", **given: object) -> str:
    """The SQL of sql/<template>.sql. Raises jinja2.UndefinedError where the template asks for what is not given."""
    return _ENVIRONMENT.get_template(f"{template}.sql").render(dialect=dialect, **given)


def day(on: date, before: int = 0) -> str:
    """A date literal, so many days before."""
    return f"date '{on - timedelta(before):%Y-%m-%d}'"


def text(value: str | None, dialect: str = "duckdb") -> str:
    """A text literal; a null of text for None."""
    return "cast(null as string)" if value is None else str(exp.Literal.string(value).sql(dialect))


def quoted(column: str, dialect: str = "duckdb") -> str:
    """A column as a query names it."""
    return str(exp.to_identifier(column, quoted=True).sql(dialect))


FILTERS = {"day": day, "text": text, "quoted": quoted}
_ENVIRONMENT = Environment(loader=FileSystemLoader(_FOLDERS), undefined=StrictUndefined)
_ENVIRONMENT.filters.update(FILTERS)
