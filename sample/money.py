"""What lines are billed, what they pay, what is left: bills follow from usage by the plan's own rates, payments from bills.

Amounts are whole fen.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sample import catalogues
from sample.block import Block, Month
from sample.calendar import day_number, stamps
from sample.catalogues import FEES, UNLISTED_FEE
from sample.delivery import Codes, Landing
from sample.lifelines import FORCED
from sample.population import CONTRACTS
from sample.randomness import STEPS, draws, mixed
from sample.settings import NEVER
from sample.traffic import Totals

FEE_CODES = [code for code, *_ in FEES] + [UNLISTED_FEE]
LONG_DISTANCE_SHARE, ROAMING_RATE = 0.25, 0.20
PAYMENT_CHANNELS = ("outlet", "app", "web", "wechat", "bank", "card", "kiosk", "other")
_PAYMENT_WEIGHTS = np.array([14, 28, 3, 38, 6, 5, 5, 1]) / 100
KEPT = 2_000
"""Fen that prepaid lines like to have left at the end of a month."""
UNPAID_DAYS = 150
"""A line that is forced out has paid no bill for so long."""


@dataclass
class Account:
    """What is carried from month to month, by line of a block: fen at hand (below zero: owed), the last bill, owed since."""

    balance: np.ndarray
    bill: np.ndarray
    owed_since: np.ndarray
    paid: "list[tuple[np.ndarray, np.ndarray, np.ndarray]]" = field(default_factory=list)  # of this month: lines, days, fen


def open_account(block: Block) -> Account:
    """The account of each line before the first month."""
    rng = block.stream("account")
    bill = (block.people.level * 100).astype(np.int64)
    is_new = block.people.activated >= block.window.start
    start = (bill * rng.uniform(0.3, 1.4, len(block))).astype(np.int64)
    balance = np.where(block.people.is_postpaid, -bill, start)
    none = np.zeros(len(block), np.int64)
    return Account(np.where(is_new, none, balance), np.where(is_new, none, bill), np.full(len(block), NEVER, np.int32))


def bills(block: Block, month: Month, totals: Totals, landing: Landing) -> np.ndarray:
    """Delivers the bill items of a complete month and their late corrections; the bill of each line."""
    items = _items(block, month, totals)
    bill: np.ndarray = sum(items.values(), start=np.zeros(len(block), np.int64))
    if month.is_complete:
        line = np.concatenate([np.flatnonzero(amount) for amount in items.values()])
        fee = np.repeat(np.arange(len(items)), [np.count_nonzero(amount) for amount in items.values()])
        amount = np.concatenate([amount[amount != 0] for amount in items.values()])
        known = month.end - 1 + block.billing_day[line]
        landing.add("billing_charges", _charges(block, month, line, fee, amount), block.part(month), known)
        _corrections(block, month, line, fee, amount, landing)
    return bill


def _items(block: Block, month: Month, totals: Totals) -> dict[str, np.ndarray]:
    """Fen by fee code and line."""
    people, traits, rng = block.people, block.traits, block.stream("bills", month.number)
    plan = {
        name: catalogues.plan_column(name)[block.plan(month)] for name in ("fee", "minutes", "mb", "messages", *catalogues.RATES)
    }
    told = totals.days / month.days
    over = np.maximum(totals.outgoing - totals.roaming - plan["minutes"] * told, 0) * plan["minute_rate"]
    in_service = totals.days > 0
    bound = (people.contract_start < month.end) & (people.contract_end >= month.begin) & in_service
    lottery = mixed(people.line.astype(np.int64))
    instalment = (60 + 20 * (lottery % np.uint64(8)).astype(np.int64)) * 100
    rental = plan["fee"] * told * 100
    drawn = draws(rng, (2, len(block)))
    yuan = {
        "F100": rental / 100,
        "F200": over * (1 - LONG_DISTANCE_SHARE),
        "F210": over * LONG_DISTANCE_SHARE,
        "F220": totals.roaming * ROAMING_RATE,
        "F300": np.maximum(totals.messages - plan["messages"] * told, 0) * plan["message_rate"],
        "F400": np.maximum(totals.mb - plan["mb"] * told, 0) * plan["mb_rate"],
        "F500": traits.service_fees(month.begin, month.end) * told / 100,
        "F600": np.where(bound & (people.contract_kind == CONTRACTS.index("handset_subsidy")), instalment, 0) / 100,
        "F700": -np.where(bound & (people.contract_kind == CONTRACTS.index("prepaid_gift")), 0.06 * rental, 0) / 100,
        "F800": np.where(in_service & (drawn[0] < 0.02 * STEPS), 1 + drawn[0] % 4, 0),
        UNLISTED_FEE: np.where(in_service & (drawn[1] < 0.004 * STEPS), 2, 0),
    }
    return {code: np.rint(amount * 100).astype(np.int64) for code, amount in yuan.items()}


def _charges(block: Block, month: Month, line: np.ndarray, fee: np.ndarray, amount: np.ndarray) -> dict[str, Any]:
    return {
        "subscriber_id": block.subscriber(line),
        "bill_month": np.full(len(line), month.begin),
        "fee_code": Codes(fee, FEE_CODES),
        "amount": amount,
    }


def _corrections(block: Block, month: Month, line: np.ndarray, fee: np.ndarray, amount: np.ndarray, landing: Landing) -> None:
    """Some items of the two months before the first load are billed anew, the whole amount, on one of the days after it."""
    window = block.window
    days = window.last_day - window.first_load
    last_bill = month.end - 1 + block.settings.billing_days[1]
    if days == 0 or last_bill > window.first_load or month.end < window.first_load - 62:
        return
    rng = block.stream("corrections", month.number)
    mine = np.flatnonzero(rng.random(len(line)) < block.settings.corrected_bill_share)
    anew = np.rint(amount[mine] * rng.uniform(0.7, 1.1, len(mine))).astype(np.int64)
    known = window.first_load + 1 + rng.integers(0, days, len(mine))
    landing.add("billing_charges", _charges(block, month, line[mine], fee[mine], anew), f"{block.part(month)}-corrected", known)


def payments(block: Block, month: Month, account: Account, landing: Landing) -> None:
    """Delivers the payments of a month and moves the account over it, but for its bill (see `close_month`)."""
    people, lives, rng = block.people, block.lives, block.stream("payments", month.number)
    lines = len(block)
    first = np.maximum(people.activated, month.begin)
    last = np.minimum(np.minimum(lives.churned, lives.suspended), month.end)
    last = np.where(lives.resumed < month.end, np.minimum(lives.churned, month.end), last)
    last = np.where(lives.reinstated < month.begin, month.end, last)
    there = last > first
    day = first + (rng.random(lines) * np.maximum(last - first, 1)).astype(np.int64)
    is_new = people.activated >= month.begin
    day = np.where(is_new, people.activated, day)
    likely = (people.level * 100).astype(np.int64)
    runs_down = (lives.signs > 0) & (lives.signs_end - day < 75) & (lives.signs_end >= day) & (rng.random(lines) < 0.85)
    idle = people.is_bad_outlet & (people.activated >= block.window.start) & ~is_new

    need = np.maximum(likely * 2 + KEPT - account.balance, 0)
    top_up = np.where((account.balance < likely + KEPT) & ~runs_down, _round_up(need, 1_000), 0)
    top_up = np.where(is_new, _round_up(likely * 6 // 5, 1_000), top_up)
    defaults = (lives.churn_status == FORCED) & (lives.churned - day < UNPAID_DAYS)
    owed = np.maximum(-account.balance, 0)
    pays_bill = (rng.random(lines) < 0.96) & ~defaults
    amount = np.where(people.is_postpaid, np.where(pays_bill, owed, 0), top_up)
    amount = np.where(there & ~idle, amount, 0)

    splits = (amount > 3_000) & ~people.is_postpaid & ~is_new & (rng.random(lines) < 0.35)
    half = np.where(splits, amount // 2 // 1_000 * 1_000, 0)
    later = day + 1 + (rng.random(lines) * np.maximum(last - day - 1, 0)).astype(np.int64)
    splits &= (later < last) & (half > 0)
    line = np.concatenate((np.flatnonzero(amount > 0), np.flatnonzero(splits)))
    days = np.concatenate((day[amount > 0], later[splits]))
    fen = np.concatenate((np.where(splits, amount - half, amount)[amount > 0], half[splits]))
    told = days < month.told
    line, days, fen = line[told], days[told], fen[told]
    _deliver_payments(block, month, rng, line, days, fen, landing)
    account.paid = [(line, days, fen)]


def _deliver_payments(
    block: Block, month: Month, rng: np.random.Generator, line: np.ndarray, days: np.ndarray, fen: np.ndarray, landing: Landing
) -> None:
    back = np.flatnonzero(rng.random(len(line)) < 0.001)
    back = back[days[back] + 1 < month.told]
    seconds = rng.integers(7 * 3_600, 22 * 3_600, len(line))
    channel = np.searchsorted(np.cumsum(_PAYMENT_WEIGHTS), rng.random(len(line))).clip(0, len(PAYMENT_CHANNELS) - 1)
    number = len(line) + len(back)
    when = np.concatenate((stamps(days, seconds), stamps(days[back] + 1, seconds[back])))
    frame = {
        "payment_id": block.ids("Y", month, number),
        "subscriber_id": block.subscriber(np.concatenate((line, line[back]))),
        "paid_at": when,
        "amount": np.concatenate((fen, -fen[back])),
        "payment_channel": Codes(np.concatenate((channel, channel[back])), list(PAYMENT_CHANNELS)),
        "is_reversal": np.arange(number) >= len(line),
    }
    known = np.concatenate((days + (rng.random(len(line)) < 0.005), days[back] + 1))
    landing.add("billing_payments", frame, block.part(month), known)


def balances(block: Block, month: Month, bill: np.ndarray, account: Account, landing: Landing) -> None:
    """Delivers what every line has left and owes at the end of each delivery's day in the month."""
    people, lives = block.people, block.lives
    for date in block.window.deliveries:
        day = day_number(date)
        if not month.begin <= day < month.end:
            continue
        balance = account.balance - bill * (day - month.begin + 1) // max(month.told - month.begin, 1)
        for line, days, fen in account.paid:
            np.add.at(balance, line[days <= day], fen[days <= day])
        arrears = np.where(people.is_postpaid, np.maximum(-balance - np.maximum(account.bill, bill), 0), 0)
        left = np.where(people.is_postpaid, np.where(arrears > 0, 0, block.traits.deposit), np.maximum(balance, 0))
        rows = np.flatnonzero((people.activated <= day) & lives.is_on_net(day))
        since = np.where(arrears > 0, np.minimum(account.owed_since, month.begin), NEVER)
        frame = {
            "subscriber_id": block.subscriber(rows),
            "balance_amount": left[rows],
            "arrears_amount": arrears[rows],
            "arrears_since": np.maximum(since, np.where(since < NEVER, people.activated, NEVER))[rows],
        }
        landing.add_state("billing_balances", date, frame, block.part())


def close_month(block: Block, month: Month, bill: np.ndarray, account: Account) -> None:
    """Moves the account to the end of the month. Prepaid lines stop at zero."""
    balance = account.balance - bill
    for line, _, fen in account.paid:
        np.add.at(balance, line, fen)
    account.balance = np.where(block.people.is_postpaid, balance, np.maximum(balance, 0))
    owes = account.balance < -bill
    account.owed_since = np.where(owes, np.minimum(account.owed_since, month.begin), NEVER).astype(np.int32)
    account.bill, account.paid = bill, []


def _round_up(fen: np.ndarray, step: int) -> np.ndarray:
    return -(-fen // step) * step
