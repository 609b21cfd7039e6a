"""What is doubtful about a list before it runs: conditions that nobody meets, offers that cannot be put.

Reads the published version; writes nothing. What is plainly wrong is refused by definition.check and `faults` here.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from orchestration.base.words import Message, did_you_mean, words_of
from orchestration.catalog.tags import Catalog
from orchestration.engines.tables import Tables
from orchestration.targeting.approval import Size, approval_faults, read_steps
from orchestration.targeting.contact_rules import read_rules
from orchestration.targeting.contradictions import Comparison, comparisons, contradictions
from orchestration.targeting.definition import BEST, Conditions, TargetList
from orchestration.targeting.destination import FileError, check_destination
from orchestration.targeting.expression import Condition, parse
from orchestration.targeting.matching import lines_given
from orchestration.targeting.plan import Version
from orchestration.targeting.templates import quoted, sql
from orchestration.targeting.why import parts

_NAMED = 5  # values that a warning names


def faults(definition: TargetList, conditions: Conditions, tables: Tables, version: Version, today: date) -> list[str]:
    """Why the list would fail when it runs though its conditions can be read, and which approvals it lacks; each with its key."""
    found = []
    try:
        version.caps.tightened(definition.caps)
    except ValueError as error:
        found.append(words_of(error))
    try:
        if definition.destination:
            check_destination(definition.destination, definition.name)
    except FileError as error:
        found.append(str(error).removeprefix(f"list {definition.name}: "))
    if unknown := unknown_offer(definition, tables):
        found.append(unknown)
    matched = lines_matched(conditions, tables, version.age.as_of, today) if definition.status == "approved" else 0
    size = Size.of(definition, matched, contact_costs(tables))
    return [*found, *approval_faults(read_steps(), definition, size, today)]


def lines_matched(conditions: Conditions, tables: Tables, as_of: date, run_date: date) -> int:
    """How many lines the conditions of a list match, before anybody is left out."""
    given = lines_given([conditions], tables.relations, as_of, run_date)
    query = sql("lines_met", tables.dialect, **given, conditions=[conditions.sql(tables.dialect)])
    return int(tables.rows(query)[0][0] or 0)


def lines_by(
    conditions: Conditions, tags: Sequence[str], tables: Tables, as_of: date, run_date: date
) -> dict[str, list[tuple[str, int]]]:
    """The same by the values of each of these tags, the most first; 'unknown' for lines without one."""
    given = lines_given([conditions], tables.relations, as_of, run_date)
    query = sql("lines_by", tables.dialect, **given, condition=conditions.sql(tables.dialect), tags=tags)
    found: dict[str, list[tuple[str, int]]] = {tag: [] for tag in tags}
    for tag, value, lines in tables.rows(query):
        found[tag].append((value, lines))
    return found


def contact_costs(tables: Tables) -> dict[str, Decimal]:
    """Cost of a contact by channel, local currency."""
    return dict(tables.rows(f"select channel, contact_cost from {tables.relations.channel_costs}"))


def unknown_offer(definition: TargetList, tables: Tables) -> str | None:
    """What is wrong with an offer that the catalogue of offers lacks, in words; nothing where there is no catalogue."""
    if definition.offer is None or definition.takes_best:
        return None
    offers = _offers(tables)
    if not offers or definition.offer in offers:
        return None
    some = Message.of("there_are", "; there are {some}", some=", ".join(offers[:_NAMED]))
    english, hint = "offer: {offer} is not in the offers delivered{hint}", did_you_mean(definition.offer, offers) or some
    return Message.of("unknown_offer", english, offer=definition.offer, hint=hint)


def unseen_offers(definition: TargetList, tables: Tables) -> str | None:
    """What is to be said of a list with an offer where no catalogue of offers was delivered."""
    if definition.offer is None or _offers(tables):
        return None
    return Message.of(
        "unseen_offers",
        "offer: {offer} cannot be looked up, no offers have been delivered; nobody is on the list until they are",
        offer=definition.offer,
    )


def _offers(tables: Tables) -> list[str]:
    return sorted(code for (code,) in tables.rows(f"select offer_code from {tables.relations.offers}"))


def warnings(
    definition: TargetList, conditions: Conditions, tables: Tables, catalog: Catalog, as_of: date, run_date: date
) -> list[str]:
    """What whoever approves the list should know: each warning with its key, the parts at fault in the words of the condition."""
    found: list[str] = [
        Message.of("nobody_can_meet", "where: nobody can meet {part}", part=part)
        for part in contradictions(definition.where, catalog)
    ]
    for number, text in enumerate(definition.exclude, 1):
        english = "exclude, item {number}: nobody can meet {part}"
        found += [Message.of("excludes_nobody", english, number=number, part=part) for part in contradictions(text, catalog)]
    if not found:
        found += _unmet(definition, tables, catalog, as_of, run_date)
    return [*found, *_offer(definition, conditions, tables, as_of, run_date)]


def _unmet(definition: TargetList, tables: Tables, catalog: Catalog, as_of: date, run_date: date) -> Iterator[str]:
    """Comparisons that no line meets, and the part of `where` at which nobody is left."""
    singles = comparisons(definition.where, catalog)
    steps = [parse(part, catalog) for part in parts(definition.where)]
    counts = _counts(
        [[parse(c.text, catalog)] for c in singles] + [steps[:n] for n in range(1, len(steps) + 1)], tables, as_of, run_date
    )
    for single, count in zip(singles, counts, strict=False):
        if not count or (single.texts and not single.tag.values):
            yield from _by_values(single, count, tables)
    met = counts[len(singles) :]
    if not met[-1] and all(counts[: len(singles)]):
        empty = next(n for n, count in enumerate(met) if not count)
        part = " ".join(steps[empty].text.split())
        english = "; {lines:,} lines meet what stands before it"
        before = Message.of("meet_before", english, lines=met[empty - 1]) if empty else ""
        yield Message.of("nobody_left", "where: nobody is left after {part}{before}", part=part, before=before)


def _by_values(single: Comparison, count: int, tables: Tables) -> Iterator[str]:
    """Values of the comparison that no line carries, or where the tag's values lie."""
    column = quoted(single.tag.name, tables.dialect)
    source = f"{tables.relations.tag_values} where {column} is not null"
    if single.texts:
        carried = {value for (value,) in tables.rows(f"select distinct {column} from {source}")}
        for value in (v for v in single.texts if v not in carried):
            some = Message.of("lines_carry", "; lines carry {some}", some=", ".join(sorted(carried)[:_NAMED]))
            hint = did_you_mean(value, carried, quote="'") or (
                some if carried else Message.of("none_any", "; no line carries any")
            )
            english = "where: no line carries {measure} '{value}'{hint}"
            yield Message.of("no_line_carries", english, measure=single.tag.name, value=value, hint=hint)
    elif single.tag.kind in ("number", "date"):
        low, high = tables.rows(f"select min({column}), max({column}) from {source}")[0]
        lies = Message.of("runs_from", "it runs from {low} to {high}", low=low, high=high)
        if low is None:
            lies = Message.of("no_values", "no line has a value")
        yield Message.of("no_line_meets_for", "where: no line meets {part}: {lies}", part=single.text, lies=lies)
    else:
        yield Message.of("no_line_meets", "where: no line meets {part}", part=single.text)


def _counts(groups: Sequence[Sequence[Condition]], tables: Tables, as_of: date, run_date: date) -> list[int]:
    """How many lines meet all conditions of each group, in one scan."""
    given = lines_given([Conditions(c) for group in groups for c in group], tables.relations, as_of, run_date)
    held = [" and ".join(f"({c.sql(tables.dialect)})" for c in group) for group in groups]
    return [int(count or 0) for count in tables.rows(sql("lines_met", tables.dialect, **given, conditions=held))[0]]


def _offer(definition: TargetList, conditions: Conditions, tables: Tables, as_of: date, run_date: date) -> Iterator[str]:
    """Whether the offer can be put to those whom the list matches."""
    if not definition.offer:
        return
    if unseen := unseen_offers(definition, tables):
        yield unseen
        return
    relations = tables.relations
    offers = {offer: rest for offer, *rest in tables.rows(f"select offer_code, valid_to, is_valid from {relations.offers}")}
    if not definition.takes_best:
        if definition.offer not in offers:
            return
        valid_to, is_valid = offers[definition.offer]
        if valid_to is not None and valid_to < run_date:
            english = "offer: {offer} ran out on {day}; name another, or leave the key out"
            yield Message.of("offer_ran_out", english, offer=definition.offer, day=valid_to)
            return
        if not is_valid:
            english = "offer: {offer} is not valid on {day}; name another, or leave the key out"
            yield Message.of("offer_not_valid", english, offer=definition.offer, day=as_of)
            return
    offer = None if definition.takes_best else definition.offer
    given = lines_given([conditions], relations, as_of, run_date)
    given |= {"condition": conditions.sql(tables.dialect), "offer": offer, "run_date": run_date}
    ((matched, eligible),) = tables.rows(sql("lines_eligible", tables.dialect, **given))
    if eligible < matched * read_rules(tables)["eligible_share"]:
        yield Message.of(
            "offer_open_to_few",
            "offer: {offer} is open to {eligible:,} of {matched:,} lines matched ({share:.0%}); the "
            "others are left out: match whom the offer is for, name another, or say offer: {best}",
            offer=offer or Message.of("any_offer", "any offer"),
            eligible=eligible,
            matched=matched,
            share=eligible / matched,
            best=BEST,
        )
