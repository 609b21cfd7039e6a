"""The one query that matches all lists of a run: text of SQL, for DuckDB and for Spark, and nothing that runs it.

The tags are scanned once, whatever the number of lists. What follows from the matches (who of several lists gets a line, who is
held back, where a limit cuts) is `decisions`'. Which tables hold what is told from outside, by dbt meta.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlglot import exp

from orchestration.engines.tables import Relations
from orchestration.targeting.definition import Conditions, Order, TargetList
from orchestration.targeting.expression import Change, Past
from orchestration.targeting.reach import HAS_PHONE, Repeats, answers_ctes, day, reach_ctes, text

KEPT = ("manager_id", "value_tier", "region_code", "tenure_band", "is_at_risk")
"""Tags that the ledger freezes beside each member, null where the version has none such."""

BALANCED = ("value_score", "tenure_months")
"""Numbers by which two arms are compared, beside region_code."""

HELD_OUT = "is_universal_control"
"""The flag of those whom no campaign reaches; without it nothing is exported."""

TYPES = {"is_at_risk": "boolean"} | dict.fromkeys(BALANCED, "double")
"""What a tag that the version lacks is a null of; text where not named."""


@dataclass(frozen=True)
class Caps:
    """Contacts that a line may have in the days that end with the run date, the export counted: {days: contacts}, by length."""

    by_days: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, rules: Mapping[str, float]) -> "Caps":
        """The caps that seed contact_rules states."""
        spans = [(rules[f"{span}_cap_days"], rules[f"{span}_cap_contacts"]) for span in ("short", "mid", "long")]
        return cls(tuple((int(days), int(contacts)) for days, contacts in spans))

    def tightened(self, own: Mapping[str, int]) -> "Caps":
        """The caps of a list that names its own. Raises ValueError for one that is looser, or of other days."""
        names = {f"days_{days}": contacts for days, contacts in self.by_days}
        for name, contacts in own.items():
            if name not in names:
                raise ValueError(f"caps: seed contact_rules caps {', '.join(names)}, not {name}")
            if contacts > names[name]:
                raise ValueError(
                    f"caps: {name} is {contacts}, but seed contact_rules allows {names[name]}; a list may be tighter only"
                )
        return Caps(tuple((days, own.get(f"days_{days}", contacts)) for days, contacts in self.by_days))


@dataclass(frozen=True)
class Asked:
    """One list as the query asks for it: its number in the run, and what decides who matches, in which order, who is capped, and
    who is on it once more."""

    number: int
    definition: TargetList
    conditions: Conditions
    caps: Caps
    repeats: Repeats


def matches_sql(
    asked: Sequence[Asked], relations: Relations, present: Iterable[str], run_date: date, as_of: date, dialect: str = "duckdb"
) -> str:
    """The query for everyone whom a list matches: one row a list and subscriber.

    Columns: list_number, subscriber_id, reason (one of ledger.STEPS up to capped, or null), place in the list's order from 1,
    HELD_OUT, KEPT and BALANCED. `present` are the columns of tag_values.
    """
    channels = sorted({a.definition.channel for a in asked})
    spans = [days for days, _ in asked[0].caps.by_days]
    extras = [_or_null(name, present, dialect) for name in (HELD_OUT, *KEPT, *BALANCED)]
    ordering = dict.fromkeys(o.tag for a in asked for o in a.definition.order_by)
    keys = [f"{quoted(tag, dialect)} as {quoted(f'order {tag}', dialect)}" for tag in ordering]
    holds = [f"{a.conditions.sql(dialect)} as in_{a.number}" for a in asked]
    return f"""
        with

        asked as (
            {" union all ".join(_asked_row(a, run_date) for a in asked)}
        ),

        {lines_sql([a.conditions for a in asked], relations, as_of, dialect)},

        flagged as (
            select subscriber_id, {", ".join([*extras, *keys, *holds])} from lines
        ),

        matched as (
            select asked.*, flagged.*
            from flagged
            cross join asked
            where case asked.list_number {" ".join(f"when {a.number} then flagged.in_{a.number}" for a in asked)} end
        ),

        {reach_ctes(channels, relations, run_date)},

        {answers_ctes(relations, run_date)},

        contacted as (
            select
                subscriber_id,
                {", ".join(f"sum(case when contact_date > {day(run_date, d)} then 1 else 0 end) as days_{d}" for d in spans)}
            from {relations.contacts}
            where direction = 'outbound' and contact_date > {day(run_date, max(spans))} and contact_date <= {day(run_date)}
            group by subscriber_id
        ),

        judged as (
            select
                matched.*,
                case
                    when {_on_channel("closed", channels)} = 1 then 'suppressed'
                    when phones.subscriber_id is null then 'no_valid_phone'
                    when {_on_channel("closed_phones", channels)} = 1 then 'phone_suppressed'
                    when phones.holder_id <> matched.subscriber_id then 'phone_of_another'
                    when ordered.subscriber_id is not null then 'offer_ordered'
                    when refused.subscriber_id is not null then 'offer_refused'
                    when {" or ".join(f"contacted.days_{d} >= cap_{d}" for d in spans)} then 'capped'
                end as reason
            from matched
            left join closed on matched.subscriber_id = closed.subscriber_id
            left join phones on matched.subscriber_id = phones.subscriber_id
            left join closed_phones on phones.phone_key = closed_phones.phone_key
            left join ordered on matched.subscriber_id = ordered.subscriber_id and matched.list_number = ordered.list_number
            left join refused on matched.subscriber_id = refused.subscriber_id and matched.list_number = refused.list_number
            left join contacted on matched.subscriber_id = contacted.subscriber_id
        )

        select
            list_number, subscriber_id, reason, {", ".join((HELD_OUT, *KEPT, *BALANCED))},
            row_number() over (partition by list_number order by {", ".join([*_order(asked, dialect), "subscriber_id"])}) as place
        from judged
    """


def cells_sql(asked: Asked, relations: Relations, as_of: date, dialect: str = "duckdb") -> str:
    """The query for what a file shows of those who match: subscriber_id, phone and the list's columns, in no order."""
    columns = ", ".join(f"lines.{quoted(c, dialect)}" for c in asked.definition.columns)
    return f"""
        with

        {lines_sql([asked.conditions], relations, as_of, dialect)},

        phones as (
            select subscriber_id, msisdn as phone from {relations.phones} where {HAS_PHONE}
        )

        select lines.subscriber_id, phones.phone, {columns}
        from lines
        inner join phones on lines.subscriber_id = phones.subscriber_id
        where {asked.conditions.sql(dialect)}
    """


def months_sql(relations: Relations) -> str:
    """The query for the months that the past of tags is kept for."""
    return f"select distinct month from {relations.tag_history}"


def late_sql(relations: Relations) -> str:
    """The query for the raw tables that are further behind the business date than they may be, or whose newest delivery was
    rejected: table_name, delivered_to, is_last_rejected."""
    return f"""
        select table_name, delivered_to, is_last_rejected
        from {relations.raw_tables}
        where days_behind > limit_days or is_last_rejected
    """


def lines_sql(conditions: Sequence[Conditions], relations: Relations, as_of: date, dialect: str = "duckdb") -> str:
    """The CTEs that end with `lines`: all tags of each subscriber, and beside them the moments that the conditions ask for."""
    moments = sorted({m for each in conditions for c in each.all for m in c.moments}, key=lambda m: m.column)
    pasts, changes = [m for m in moments if isinstance(m, Past)], [m for m in moments if isinstance(m, Change)]
    beside, joins, ctes = [], [], []
    for month in sorted({past.month for past in pasts}):
        alias = f"month_{month:%Y_%m}"
        columns = [f"{quoted(p.tag, dialect)} as {quoted(p.column, dialect)}" for p in pasts if p.month == month]
        ctes.append(
            f"{alias} as (select subscriber_id, {', '.join(columns)} from {relations.tag_history} where month = {day(month)})"
        )
        joins.append(alias)
        beside += [f"{alias}.{quoted(p.column, dialect)}" for p in pasts if p.month == month]
    if changes:
        last = [f"max(case when tag_name = {text(c.tag)} then as_of_date end) as {quoted(c.tag, dialect)}" for c in changes]
        names = ", ".join(text(c.tag) for c in changes)
        ctes.append(
            f"changes as (select subscriber_id, {', '.join(last)} from {relations.tag_changes} "
            f"where tag_name in ({names}) and as_of_date <= {day(as_of)} group by subscriber_id)"
        )
        joins.append("changes")
        beside += [
            f"{_days_since(f'changes.{quoted(c.tag, dialect)}', as_of, dialect)} as {quoted(c.column, dialect)}" for c in changes
        ]
    joined = " ".join(f"left join {j} on tag_values.subscriber_id = {j}.subscriber_id" for j in joins)
    selected = ", ".join(["tag_values.*", *beside])
    return ", ".join([*ctes, f"lines as (select {selected} from {relations.tag_values} as tag_values {joined})"])


def _asked_row(asked: Asked, run_date: date) -> str:
    definition, repeats = asked.definition, asked.repeats
    caps = ", ".join(f"{contacts} as cap_{days}" for days, contacts in asked.caps.by_days)
    offer = "cast(null as string)" if definition.offer is None else text(definition.offer)
    return (
        f"select {asked.number} as list_number, {text(definition.channel)} as channel, {text(definition.name)} as list_name, "
        f"{offer} as offer_code, {day(run_date, repeats.ordered_days)} as ordered_after, "
        f"{day(run_date, repeats.refused_days)} as refused_after, {caps}"
    )


def _on_channel(closed: str, channels: Sequence[str]) -> str:
    """Whether a line or a phone is closed on the channel of its list."""
    cases = " ".join(f"when '{c}' then {closed}.closed_{c}" for c in channels)
    return f"case matched.channel {cases} end"


def _order(asked: Sequence[Asked], dialect: str) -> list[str]:
    """The order of every list in one: a key that is not a list's own is null for all its rows."""
    numbers: dict[tuple[Order, ...], list[int]] = {}
    for a in asked:
        numbers.setdefault(a.definition.order_by, []).append(a.number)
    return [
        f"case when list_number in ({', '.join(map(str, own))}) then {quoted(f'order {step.tag}', dialect)} end "
        f"{'desc' if step.descending else 'asc'} nulls last"
        for steps, own in numbers.items()
        for step in steps
    ]


def _or_null(column: str, present: Iterable[str], dialect: str) -> str:
    if column in present:
        return quoted(column, dialect) if column not in BALANCED else f"cast({quoted(column, dialect)} as double) as {column}"
    return f"cast(null as {TYPES.get(column, 'string')}) as {column}"


def _days_since(column: str, on: date, dialect: str) -> str:
    return f"datediff({day(on)}, {column})" if dialect == "spark" else f"{day(on)} - {column}"


def quoted(column: str, dialect: str) -> str:
    """A column as a query names it."""
    return exp.to_identifier(column, quoted=True).sql(dialect)
