"""What tables hold of personal values: cell by cell, by joins in DuckDB. What may be personal is `values`'."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from orchestration.base.sql import identifier, literal, one_row
from orchestration.privacy.text import Tokens
from orchestration.privacy.values import BIRTH, NAME, NUMBER, grams
from orchestration.quality import privacy
from orchestration.quality.limits import ReleaseLimits


@dataclass(frozen=True)
class Found:
    """Personal values of one kind in one place: how many different ones, and one of them, masked."""

    place: str
    kind: str
    count: int
    example: str


def found_in_cells(
    db: duckdb.DuckDBPyConnection,
    relation: str,
    place: str,
    owners: Collection[str],
    limits: ReleaseLimits,
    looks: privacy.Looks,
    allowed: Collection[str] = (),
) -> Iterator[Found]:
    """What the columns of a table hold. `owners`: columns that may name a customer or a line; `looks`: of the numbers searched
    for; `allowed`: columns whose purpose is to hold phones."""
    columns = {name: kind for name, kind, *_ in db.execute(f"describe select * from {relation}").fetchall()}
    here = sorted(set(owners) & columns.keys())
    dates = [name for name, kind in columns.items() if kind == "DATE" or kind.startswith("TIMESTAMP")]
    for name in (name for name, kind in columns.items() if privacy.may_hold(kind)):
        may_be = _looks_like(db, relation, name, limits)
        if may_be.number and name not in allowed:
            verdict = privacy.column_verdict(db, relation, name, here, limits, looks)
            if verdict.found or verdict.by_chance > verdict.most_by_chance:
                yield Found(f"{place}.{name}", NUMBER, max(verdict.found, verdict.by_chance), verdict.detail.split(";")[0])
        if may_be.name:
            yield from _names(db, relation, name, f"{place}.{name}")
        if may_be.date:
            dates.append(name)
    if dates:
        for owner in here:
            yield from _births(db, relation, dates, owner, place)


def found_in_text(db: duckdb.DuckDBPyConnection, tokens: Tokens, place: str, limits: ReleaseLimits) -> Iterator[Found]:
    """What tokens of a place are personal values. A few numbers too short to be sure are coincidence, as in columns."""
    numbers = [n for (n,) in _looked_up(db, pa.table({"number": _texts(tokens.numbers)}), "semi join identifiers using (number)")]
    sure = [number for number in numbers if len(number) >= limits.sure_identifier_length]
    if sure or len(numbers) > limits.max_chance_matches:
        yield Found(place, NUMBER, len(sure) or len(numbers), privacy.masked((sure or numbers)[0]))
    names = [n for (n,) in _looked_up(db, pa.table({"name": _texts(tokens.names)}), "semi join names using (name)")]
    if names:
        yield Found(place, NAME, len(names), masked_name(names[0]))
    beside = sorted(tokens.births)
    pairs = pa.table({"owner": _texts(who for who, _ in beside), "day": _texts(day for _, day in beside)})
    joined = "semi join births on births.owner = given.owner and strftime(births.birth, '%Y%m%d') = given.day"
    births = _looked_up(db, pairs, joined)
    if births:
        yield Found(place, BIRTH, len({day for _, day in births}), f"{births[0][1][:3]}*-**-** beside its {_whose(births[0][0])}")


def masked_name(name: str) -> str:
    """A name as a message may show it: how it begins."""
    return name[0] + "**"


@dataclass(frozen=True)
class _Looks:
    """What any value of a column may be, by its looks."""

    number: bool
    name: bool
    date: bool


def _looks_like(db: duckdb.DuckDBPyConnection, relation: str, column: str, limits: ReleaseLimits) -> _Looks:
    name = r"[\p{Han}]{2}|\pL \pL"
    plain, digits = f"translate(value, {literal(privacy.SEPARATORS)}, '')", f"[0-9]{{{limits.identifier_length}}}"
    query = f"""select bool_or(regexp_matches({plain}, '{digits}')), bool_or(regexp_matches(value, '{name}')),
            bool_or(regexp_matches(value, '[12][0-9]{{3}}-?[01][0-9]-?[0-3][0-9]'))
        from (select distinct {identifier(column)}::varchar as value from {relation}) as held"""
    return _Looks(*map(bool, one_row(db.execute(query))))


def _names(db: duckdb.DuckDBPyConnection, relation: str, column: str, place: str) -> Iterator[Found]:
    """Names as whole cells, or as words in them."""
    # Signs and digits end a word: what is left between them is cut in Python, of which there is little that differs.
    query = f"""select distinct unnest(list_append(
            regexp_extract_all(value, '[\\p{{Han}}]{{2,}}|[\\pL.-]+ [\\pL. -]+'), value)) as part
        from (select distinct {identifier(column)}::varchar as value from {relation}) as held
        where regexp_matches(value, '[\\p{{Han}}]{{2}}|\\pL \\pL')"""
    parts = [part for (part,) in db.execute(query).fetchall()]
    if not parts:
        return
    held = {part.strip().lower() for part in parts} | set(grams("\n".join(parts)))
    names = _looked_up(db, pa.table({"name": _texts(held)}), "semi join names using (name)")
    if names:
        yield Found(place, NAME, len(names), masked_name(names[0][0]))


def _births(db: duckdb.DuckDBPyConnection, relation: str, columns: list[str], owner: str, place: str) -> Iterator[Found]:
    """Columns in which rows tell the date of birth of their own customer or line."""
    texts = [f"held.{identifier(column)}::varchar" for column in columns]
    tells = [f"contains({text}, births.birth::varchar) or contains({text}, strftime(births.birth, '%Y%m%d'))" for text in texts]
    counts = ", ".join(f"count(*) filter ({told}), any_value(held.{identifier(owner)}) filter ({told})" for told in tells)
    query = f"""select {counts} from {relation} as held
        inner join births on births.owner_column = {literal(owner)} and births.owner = held.{identifier(owner)}::varchar"""
    found = one_row(db.execute(query))
    for column, rows, example in zip(columns, found[::2], found[1::2], strict=True):
        if rows:
            yield Found(f"{place}.{column}", BIRTH, rows, f"the row of {owner} {example} has its own")


def _looked_up(db: duckdb.DuckDBPyConnection, given: pa.Table, joined: str) -> list[tuple[str, ...]]:
    db.register("given", given)
    try:
        return db.execute(f"select * from given {joined} order by all").fetchall()
    finally:
        db.unregister("given")


def _texts(values) -> pa.Array:  # type: ignore[no-untyped-def]  # any texts
    return pa.array(list(values), pa.string())


def _whose(owner: str) -> str:
    return "name" if not owner[-1:].isdigit() else "customer or line"
