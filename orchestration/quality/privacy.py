"""Phones and document numbers of the lake in public columns: what is searched for, and what a match means. For both engines.

A match is the line's own number (the row names the line or customer that has it), or somebody else's. A longer number of
somebody else is no coincidence either; a few short ones are: eight-digit ids and eight-digit phones do meet. Names are not
searched for, since they may hold any word and any digits.

Few public values look like any number that is searched for. On DuckDB only those that do (`Looks`) are taken apart.
"""

import string
from collections.abc import Collection, Iterable, Mapping
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

COUNTRY_DIGITS = (0, 2, 4)
"""How many more digits that makes."""

LONGEST = 100
"""Digits from which on a number is as long as any longer one: an expression counts no further than to a thousand."""

MANY = 10_000
"""Different values from which on a column's are remembered: ids stand in most tables, and none is taken apart twice."""

FIRST_ROWS, FEW = 10_000, 1_000
"""Rows from which is told whether a column has few different values, and below how many they are few."""

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


@dataclass(frozen=True)
class Looks:
    """How a value looks in which a number of `identifiers` stands, as `_numbers` takes it apart. Any other holds none.

    `digits`: how many digits the numbers of digits alone have, an X at their end apart. Of all others, such as a passport's:
    `firsts`, the characters that they begin with, and `least`, the characters of the shortest.
    """

    digits: tuple[int, ...] = ()
    firsts: tuple[str, ...] = ()
    least: int = 0

    def of_column(self, column: str, data_type: str) -> str:
        """The condition for values of a column of that DuckDB type. Pure."""
        name = identifier(column)
        if not data_type.endswith("INT"):
            return self.of_text(name if data_type == "VARCHAR" else f"{name}::varchar")
        if not self.digits:
            return "false"
        bound = 10 ** (min(self.digits) - 1)
        return f"coalesce({name} >= {bound} or {name} <= -{bound}, false)"

    def of_text(self, value: str) -> str:
        """The condition for a text, an expression of SQL. Pure."""
        # Lengths first, in cases: an expression is looked for in few of the texts then.
        cases = []
        if self.digits:
            found = f"regexp_matches({value}, {literal(self._digits_pattern())})"
            cases.append(f"when length({value}) >= {min(self.digits)} and {found} then true")
        if self.firsts:
            cases.append(f"when length({value}) >= {self.least} then regexp_matches({value}, {literal(self._firsts_pattern())})")
        return f"case {' '.join(cases)} else false end" if cases else "false"

    def _digits_pattern(self) -> str:
        """So many digits with none before and after them, or in all of a text but separators."""
        counts = sorted({min(count + more, LONGEST) for count in self.digits for more in COUNTRY_DIGITS})
        within = "|".join(f"[0-9]{{{count}{',' * (count == LONGEST)}}}" for count in counts)
        between = f"{_any_of(SEPARATORS)}*"
        alone = "|".join(f"(?:[0-9]{between}){{{count}{',' * (count == LONGEST)}}}" for count in counts)
        return f"(?:^|[^0-9])(?:{within})(?:[^0-9]|$)|^{between}(?:{alone})[Xx]?{between}$"

    def _firsts_pattern(self) -> str:
        """A text that begins so, whichever case, or with a country code."""
        separators, firsts = f"{_any_of(SEPARATORS)}*", {first for first in self.firsts if first.isascii()}
        # Of two letters beyond ASCII upper() makes one of ASCII. Where a number begins beyond ASCII, so may the text with any.
        first = _any_of(sorted(firsts | {one.lower() for one in firsts} | {"ı", "ſ"}))
        beyond = r"|[^\x00-\x7F]" * (len(firsts) < len(self.firsts))
        code = "".join(f"{one}{separators}" for one in "86")
        return f"^{separators}(?:(?:0{separators}0{separators})?{code})?(?:{first}{beyond})"


def _any_of(characters: Iterable[str]) -> str:
    """A class of a regular expression."""
    return f"[{''.join(chr(92) * (one in string.punctuation) + one for one in characters)}]"


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
) -> Looks:
    """Fills the table `identifiers`: number, source, and whose it is (owner_column, owner), a row for each owner; one of nobody
    where the raw table names none. `sampled`: rows of the latest delivery that are looked at; None: all of all deliveries.

    Gives how they look."""
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
    return looks_of(db)


def looks_of(db: duckdb.DuckDBPyConnection) -> Looks:
    """How the numbers of `identifiers` look."""
    is_digits = "regexp_full_match(number, '[0-9]+X?')"
    query = f"""select list(distinct length(rtrim(number, 'X'))) filter ({is_digits}),
            list(distinct number[1]) filter (not {is_digits}), min(length(number)) filter (not {is_digits})
        from identifiers"""
    digits, firsts, least = one_row(db.execute(query))
    return Looks(tuple(sorted(digits or ())), tuple(sorted(firsts or ())), least or 0)


def suspects(db: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, str], looks: Looks) -> list[str]:
    """Those of a table's columns, given with their DuckDB types, in which a value looks as a number of `identifiers` does."""
    if not columns:
        return []
    # Of few values, each is looked at once; to gather the values of an id would cost more than to look at them.
    counted = ", ".join(f"approx_count_distinct({identifier(name)})" for name in columns)
    counts = one_row(db.execute(f"select {counted} from (from {relation} limit {FIRST_ROWS})"))
    looked = []
    for (name, data_type), count in zip(columns.items(), counts, strict=True):
        values = f"(select distinct {identifier(name)} from {relation})" if count < FEW else relation
        looked.append(f"select {literal(name)} from {values} having bool_or({looks.of_column(name, data_type)})")
    return [name for (name,) in db.execute(" union all ".join(looked)).fetchall()]


def column_verdict(
    db: duckdb.DuckDBPyConnection,
    relation: str,
    column: str,
    owners: Collection[str],
    limits: ReleaseLimits,
    looks: Looks,
) -> Verdict:
    """What a public column of an attached file holds of `identifiers`. `owners`: columns of the table that may name an owner;
    `looks`: of the numbers of `identifiers`."""
    name = identifier(column)
    db.execute(f"create or replace temp table cells as select distinct {name}::varchar as value from {relation}")
    (held,) = one_row(db.execute(f"create or replace temp table held as from cells where {looks.of_text('value')}"))
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
