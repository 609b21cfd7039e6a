"""Whom a list may not contact, as parts of the query of `matching`: suppressed lines and phones, phones of others, answers.

Text of SQL for DuckDB and for Spark alike, and nothing that runs it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlglot import exp

HAS_PHONE = "is_valid_msisdn and msisdn <> '' and translate(msisdn, '0123456789', '') = ''"
"""Digits only: whatever else a pattern lets pass could be read as a formula."""

REFUSALS = ("refused", "do_not_contact")
"""Outcomes of a contact by which a line says no to what was offered."""


@dataclass(frozen=True)
class Repeats:
    """When a line may be on a list once more, in days before the run date: after a run that had it (exported or held back as
    control), after an order of the list's offer, after a refusal. `only_new`: never, once a run had it."""

    cool_down_days: int = 0
    ordered_days: int = 0
    refused_days: int = 0
    only_new: bool = False

    @classmethod
    def of(cls, rules: Mapping[str, float]) -> "Repeats":
        """The days that seed contact_rules states."""
        return cls(*(int(rules[rule]) for rule in ("cool_down_days", "ordered_days", "refused_days")))


def reach_ctes(channels: Collection[str], relations, run_date: date) -> str:
    """The CTEs closed and closed_phones (columns closed_<channel>, 1 where none may be made), and phones (valid ones)."""
    flags = ", ".join(f"max(case when channel in ('all', '{c}') then 1 else 0 end) as closed_{c}" for c in channels)
    return f"""
        -- a suppression whose begin is unknown is in force
        closed as (
            select subscriber_id, {flags} from {relations.suppressions} where {in_force(run_date)} group by subscriber_id
        ),

        -- by any line that has or had the phone, or by the phone itself
        closed_phones as (
            select phone_key, {flags}
            from (
                select holders.phone_key, held.channel
                from (select subscriber_id, channel from {relations.suppressions} where {in_force(run_date)}) as held
                inner join {relations.phone_holders} as holders on held.subscriber_id = holders.subscriber_id
                union all
                select phone_key, channel from {relations.phone_suppressions} where {in_force(run_date)}
            ) as either
            group by phone_key
        ),

        phones as (
            select subscriber_id, msisdn as phone, phone_key, holder_id from {relations.phones} where {HAS_PHONE}
        )
    """


def answers_ctes(relations, run_date: date) -> str:
    """The CTEs ordered and refused (list_number, subscriber_id): who took the offer of a list of `asked`, who said no to it."""
    outcomes = ", ".join(text(outcome) for outcome in REFUSALS)
    return f"""
        ordered as (
            select distinct asked.list_number, orders.subscriber_id
            from {relations.orders} as orders
            inner join asked on orders.offer_code = asked.offer_code
            where orders.is_completed and orders.order_date > asked.ordered_after and orders.order_date <= {day(run_date)}
        ),

        refused as (
            select distinct asked.list_number, contacts.subscriber_id
            from (select * from {relations.contacts} where outcome in ({outcomes})) as contacts
            inner join asked on contacts.list_name = asked.list_name or contacts.offer_code = asked.offer_code
            where contacts.contact_date > asked.refused_after and contacts.contact_date <= {day(run_date)}
        )
    """


def suppressed_sql(channel: str, relations, run_date: date) -> str:
    """The query for the subscribers who must not be contacted on the channel on that day: subscriber_id, and as reason suppressed
    (the line is) or phone_suppressed (its phone alone is)."""
    return f"""
        with

        {reach_ctes([channel], relations, run_date)}

        select coalesce(closed.subscriber_id, by_phone.subscriber_id) as subscriber_id,
            case when closed.subscriber_id is not null then 'suppressed' else 'phone_suppressed' end as reason
        from (select subscriber_id from closed where closed_{channel} = 1) as closed
        full outer join (
            select phones.subscriber_id
            from phones
            inner join closed_phones on phones.phone_key = closed_phones.phone_key
            where closed_phones.closed_{channel} = 1
        ) as by_phone on closed.subscriber_id = by_phone.subscriber_id
    """


def worked_sql(relations, since: date) -> str:
    """The query for the runs of lists from that day on which had contacts: list_name, list_run_date."""
    return f"select distinct list_name, list_run_date from {relations.contacts} where list_run_date >= {day(since)}"


def shared_phones_sql(relations) -> str:
    """The query for phones that several lines have or had: phone_key, subscriber_id."""
    return f"""
        select phone_key, subscriber_id from {relations.phone_holders}
        where phone_key in (select phone_key from {relations.phone_holders} group by phone_key having count(*) > 1)
    """


def in_force(on: date) -> str:
    """The condition that a suppression is in force on the day; its first and last day count."""
    first, last = (
        f"(effective_from is null or effective_from <= {day(on)})",
        f"(effective_to is null or effective_to >= {day(on)})",
    )
    return f"{first} and {last}"


def day(on: date, before: int = 0) -> str:
    """A date literal, so many days before."""
    return f"date '{on - timedelta(before):%Y-%m-%d}'"


def text(value: str) -> str:
    """A text literal."""
    return exp.Literal.string(value).sql("duckdb")
