"""The personal values of the lake as tables to be searched for: numbers, names, dates of birth with whose they are.

Names that are words too are left out: a name that the project or the operator's catalogues use as a word, such as 高峰, proves
nothing where it is found. A date of birth says nothing by itself either: it counts beside its own customer, line or name.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.base.contract import Column, Table
from orchestration.base.settings import PROJECT_DIR
from orchestration.base.sql import from_files, identifier
from orchestration.quality import privacy
from orchestration.quality.limits import ReleaseLimits

NUMBER, NAME, BIRTH = "number", "name", "birth date"
LONGEST_NAME = 4
"""Characters of a Chinese name, or words of another, that are searched for at most."""

_HAN = re.compile(r"[\u4e00-\u9fff]{2,}")
_WORDS = re.compile(
    r"(?=(?<![^\W\d_])([^\W\d_\u4e00-\u9fff][\w.'-]* [^\W\d_\u4e00-\u9fff][\w.'-]*(?: [^\W\d_\u4e00-\u9fff][\w.'-]*){0,2}))"
)
_VOCABULARY = (
    "models/**/*.yml",
    "seeds/*.csv",
    "seeds/*.yml",
    "target_lists/**/*.yml",
    "orchestration/**/*.py",
    "models/**/*.sql",
)


def create_values(db: duckdb.DuckDBPyConnection, raw: Path, contract: dict[str, Table], limits: ReleaseLimits) -> None:
    """Fills `identifiers` as the release checks do, but of all deliveries; `names` (name); `births` (owner_column, owner, birth),
    the owner being a customer, a line or a name."""
    privacy.create_identifiers(db, raw, contract, limits, sampled=None)
    db.execute("create temp table names (name varchar)")
    db.execute("create temp table births (owner_column varchar, owner varchar, birth date)")
    for table, column in _columns(contract, "name"):
        if source := _source(raw, table):
            name = f"lower(trim({identifier(column.name)}))"
            db.execute(f"insert into names select distinct {name} from {source} where length({name}) >= 2")
    for table, column in _columns(contract, "birth_date"):
        if source := _source(raw, table):
            _add_births(db, raw, contract, table, column, source)
    words = pa.table({"name": pa.array(sorted(_vocabulary(db, raw, contract)), pa.string())})
    db.register("vocabulary", words)
    db.execute("create or replace temp table names as select distinct name from names anti join vocabulary using (name)")
    db.execute("delete from births where owner_column = 'name' and owner not in (select name from names)")
    db.unregister("vocabulary")


def grams(text: str) -> Iterator[str]:
    """What may be a name in a text: each two to LONGEST_NAME characters of Chinese, each two to four words, in lower case."""
    for found in set(_HAN.findall(text)):
        for length in range(2, LONGEST_NAME + 1):
            yield from (found[start : start + length] for start in range(len(found) - length + 1))
    for found in set(_WORDS.findall(text)):
        words = found.lower().split(" ")
        yield from (" ".join(words[:length]) for length in range(2, len(words) + 1))


def _add_births(
    db: duckdb.DuckDBPyConnection, raw: Path, contract: dict[str, Table], table: Table, column: Column, source: str
) -> None:
    """The dates of birth of a table by its key, by the names in it, and by the lines that refer to it; without those that another
    date of the row has too, as where 1900-01-01 stands for all."""
    key, birth = table.key[0], identifier(column.name)
    others = [f"{birth} is distinct from {identifier(c.name)}" for c in table.columns if c.data_type == "date" and c != column]
    own = f"from {source} where {' and '.join([f'{birth} is not null', *others])}"
    db.execute(f"insert into births select distinct '{key}', {identifier(key)}, {birth} {own}")
    for name in (c for c in table.columns if c.pii_kind == "name"):
        db.execute(f"insert into births select distinct 'name', lower(trim({identifier(name.name)})), {birth} {own}")
    for other in contract.values():
        referring = [c for c in other.columns if c.references == (table.name, key)]
        if len(other.key) == 1 and referring and (lines := _source(raw, other)):
            dates = [f"births.birth is distinct from lines.{identifier(c.name)}" for c in other.columns if c.data_type == "date"]
            db.execute(
                f"""insert into births
                    select distinct '{other.key[0]}', lines.{identifier(other.key[0])}, births.birth
                    from {lines} as lines
                    inner join births on births.owner_column = '{key}' and births.owner = lines.{identifier(referring[0].name)}
                    where {" and ".join(["true", *dates])}"""
            )


def _vocabulary(db: duckdb.DuckDBPyConnection, raw: Path, contract: dict[str, Table]) -> set[str]:
    """Words of the project, and of catalogues in the lake: tables that no person is named in."""
    texts = []
    persons = {t.key[0] for t in contract.values() if any(c.pii for c in t.columns)}
    for table in contract.values():
        is_catalogue = table.delivery == "snapshot" and not persons & {c.name for c in table.columns}
        if is_catalogue and (source := _source(raw, table)):
            for column in (c for c in table.columns if c.data_type == "string" and not c.values):
                rows = db.execute(f"select distinct {identifier(column.name)} from {source}").fetchall()
                texts += [text for (text,) in rows if text]
    return set(grams("\n".join(texts))) | words_of_project()


@cache
def words_of_project() -> frozenset[str]:
    """What the project's own texts use as words: no proof of a person where it is found."""
    paths = [path for pattern in _VOCABULARY for path in PROJECT_DIR.glob(pattern)]
    return frozenset(grams("\n".join(path.read_text(encoding="utf-8") for path in paths)))


def _columns(contract: dict[str, Table], kind: str) -> Iterable[tuple[Table, Column]]:
    return [(table, column) for table in contract.values() for column in table.columns if column.pii_kind == kind]


def _source(raw: Path, table: Table) -> str | None:
    """A FROM item of all deliveries of a table; None where there is none."""
    files = sorted((raw / table.name).glob("dt=*/*.parquet"))
    return from_files(files) if files else None
