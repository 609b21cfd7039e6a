"""Phones and document numbers of the lake in public columns: what is searched for, and what a match means. For both engines.

A match is the line's own number (the row names the line or customer that has it), or somebody else's. A longer number of
somebody else is no coincidence either; a few short ones are: eight-digit ids and eight-digit phones do meet. Names are not
searched for, since they may hold any word and any digits.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.base.contract import Column, Table
from orchestration.base.sql import from_files, identifier, literal, one_row
from orchestration.quality.limits import ReleaseLimits

SAMPLED = 20_000
"""Rows of each personal column, of the latest delivery, that public columns are searched for."""

SEPARATORS = " -+()./"
"""Signs that people write within numbers."""

COUNTRY_CODE = "^(00)?86"
"""What may stand before a phone of the lake elsewhere; the lake's are without it, as seeds/msisdn_patterns.csv says."""

MANY = 10_000
"""Different values from which on a column's are remembered: ids stand in most tables, and none is taken apart twice."""

EXAMPLES = 3
REMEDY = (
    "Take it out of the model, or pseudonymise it at the source. If that raw column holds no phone or document numbers, correct "
    "its pii kind in models/staging; if it is a coincidence, see max_chance_matches in seeds/release_limits.csv"
)


@dataclass(frozen=True)
class Match:
    """A value of a public column in which a number of the lake stands. `source` names raw table, delivery and column; `owner`
    the line or customer that has the number, as `subscriber_id S1`, blank where the raw table names nobody; `is_own`: the row is
    of that line or customer."""

    value: str
    number: str
    source: str
    owner: str
    is_own: bool


@dataclass(frozen=True)
class Verdict:
    """What the matches of one column come to: `found` is certain, `by_chance` may be up to `most_by_chance`."""

    found: int = 0
    by_chance: int = 0
    most_by_chance: int = 0
    detail: str = ""


def verdict(matches: Collection[Match], distinct_values: int, limits: ReleaseLimits) -> Verdict:
    """Judges the matches of one column with so many different values. Pure."""
    own = {m.value for m in matches if m.is_own}
    sure = {m.value for m in matches if len(m.number) >= limits.sure_identifier_length} - own
    chance = {m.value for m in matches} - own - sure
    counted_own = own if len(own) > limits.max_own_share * distinct_values else set()
    most = max(limits.max_chance_matches, int(limits.max_chance_share * distinct_values))
    certain = [m for m in matches if m.value in counted_own | sure]
    return Verdict(len(counted_own | sure), len(chance), most, _described(certain or list(matches)))


def masked(number: str) -> str:
    """A number as a message may show it: its ends alone."""
    return number[:3] + "*" * (len(number) - 5) + number[-2:]


def owner_columns(table: Table, contract: dict[str, Table]) -> tuple[str, ...]:
    """Columns of a raw table that say whose a row is: keys of the tables with personal columns."""
    keys = {t.key[0] for t in contract.values() if len(t.key) == 1 and any(c.pii for c in t.columns)}
    return tuple(c.name for c in table.columns if c.name in keys)


def searched(contract: Iterable[Table]) -> list[tuple[Table, Column]]:
    """The raw columns whose values may stand in no public column."""
    return [(table, column) for table in contract for column in table.identifiers]


def may_hold(data_type: str) -> bool:
    """Whether a column of that DuckDB type may hold a number."""
    return data_type.startswith(("VARCHAR", "BIGINT", "HUGEINT", "UBIGINT", "STRUCT", "MAP", "JSON")) or data_type.endswith("]")


def create_identifiers(
    db: duckdb.DuckDBPyConnection, raw: Path, contract: dict[str, Table], limits: ReleaseLimits, sampled: int | None = SAMPLED
) -> None:
    """Fills the table `identifiers`: number, source, and whose it is (owner_column, owner), a row for each owner; one of nobody
    where the raw table names none. `sampled`: rows of the latest delivery that are looked at; None: all of all deliveries."""
    db.execute("create temp table identifiers (number varchar, source varchar, owner_column varchar, owner varchar)")
    db.execute("create temp table looked_at (value varchar)")
    db.execute("create temp table numbers_within (value varchar, number varchar)")
    for table, column in searched(contract.values()):
        deliveries = sorted((raw / table.name).glob("dt=*"))
        if not deliveries:
            continue
        looked_at = [path for folder in (deliveries[-1:] if sampled else deliveries) for path in folder.glob("*.parquet")]
        nobody = {literal(""): literal("")}
        owners = {literal(name): identifier(name) for name in owner_columns(table, contract)} or nobody
        whole = f"translate(upper({identifier(column.name)}), {literal(SEPARATORS)}, '')"
        names, values = (f"[{', '.join(listed)}]::varchar[]" for listed in (owners, owners.values()))
        source = literal(f"{column.name} of {table.name}" + (f" {deliveries[-1].name}" if sampled else ""))
        # One character all through is what people write where there is no number.
        db.execute(
            f"""insert into identifiers
                select number, {source}, unnest({names}), unnest(holders) from (
                    select {"" if sampled else "distinct"} {whole} as number, {values} as holders
                    from {from_files(looked_at)} {f"using sample {sampled} rows" if sampled else ""}
                ) as sampled
                where length(number) >= {limits.identifier_length} and replace(number, number[1], '') <> ''"""
        )


def column_verdict(
    db: duckdb.DuckDBPyConnection, relation: str, column: str, owners: Collection[str], limits: ReleaseLimits
) -> Verdict:
    """What a public column of an attached file holds of `identifiers`. `owners`: columns of the table that may name an owner."""
    name = identifier(column)
    is_long = f"length({name}::varchar) >= {limits.identifier_length}"
    distinct = f"create or replace temp table held as select distinct {name}::varchar as value from {relation} where {is_long}"
    (held,) = one_row(db.execute(distinct))
    if held < MANY:
        created = db.execute(f"create or replace temp table matched as {_within('held', limits)}")
    else:
        db.execute("create or replace temp table fresh as select value from held anti join looked_at using (value)")
        db.execute("insert into looked_at from fresh")
        db.execute(f"insert into numbers_within {_within('fresh', limits)}")
        created = db.execute("create or replace temp table matched as from numbers_within semi join held using (value)")
    if not one_row(created)[0]:
        return Verdict()
    own = [
        f"""select distinct matched.value, matched.number, identifiers.owner_column, identifiers.owner
            from {relation} as public_table
            inner join matched on public_table.{name}::varchar = matched.value
            inner join identifiers on matched.number = identifiers.number
                and identifiers.owner_column = {literal(owner)}
                and identifiers.owner = public_table.{identifier(owner)}::varchar"""
        for owner in owners
    ] or ["select value, number, '' as owner_column, '' as owner from matched where false"]
    rows = db.execute(
        f"""select value, number, arg_max(source, told), max(told)['owner'], bool_or(told['is_own'])
            from (
                select value, number, source,
                    {{'is_own': own.owner is not null, 'owner': owner_column || ' ' || coalesce(owner, '')}} as told
                from matched inner join identifiers using (number)
                left join ({" union ".join(own)}) as own using (value, number, owner_column, owner)
            ) as matches
            group by value, number order by 5 desc, 1"""
    ).fetchall()
    (distinct_values,) = one_row(db.execute(f"select count(distinct {name}) from {relation}"))
    return verdict([Match(*row) for row in rows], distinct_values, limits)


def _within(values: str, limits: ReleaseLimits) -> str:
    """The query of the numbers of `identifiers` that stand in these values."""
    return f"""select distinct value, number
        from (select value, unnest({_numbers("value", limits)}) as number from {values}) as parts
        semi join identifiers using (number)"""


def _numbers(value: str, limits: ReleaseLimits) -> str:
    """A list of what may be a number in a text: the whole without separators, and each run of digits (a document number may end
    in X)."""
    whole = f"translate(upper({value}), {literal(SEPARATORS)}, '')"
    found = f"list_append(regexp_extract_all(upper({value}), '[0-9]{{{limits.identifier_length},}}X?'), {whole})"
    return f"list_concat({found}, list_transform({found}, lambda one: regexp_replace(one, '{COUNTRY_CODE}', '')))"


def _described(matches: list[Match]) -> str:
    if not matches:
        return ""
    examples = [f"{masked(m.number)}, the {m.source}{f' of {m.owner}' * bool(m.owner.strip())}" for m in matches[:EXAMPLES]]
    more = f", and {len(matches) - EXAMPLES:,} more" * (len(matches) > EXAMPLES)
    return f"For example {'; '.join(examples)}{more}"
