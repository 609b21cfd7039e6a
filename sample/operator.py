"""Makes an operator: draws its lines and their lives, then delivers block by block. Only the order of the work belongs here."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from orchestration.base.contract import load_contract
from orchestration.base.settings import Home
from sample import (
    catalogues,
    circles,
    lifelines,
    lists,
    money,
    population,
    register,
    statics,
    tasks,
    tenure,
    touchpoints,
    traffic,
)
from sample import truth as _truth
from sample.block import Block, Month, blocks
from sample.calendar import Window, day_number
from sample.delivery import Landing, SampleError
from sample.settings import Settings

LEAST_LINES, MOST_LINES = 1_000, 100_000_000
LEAST_MONTHS, MOST_MONTHS = 3, 36
WORKERS = 2


def make_operator(
    home: Home | Path | str,
    subscribers: int = 20_000,
    months: int = 15,
    as_of: date | None = None,
    seed: int = 1,
    daily: int = 7,
    format: str = "parquet",
    truth: Path | str | None = None,
    progress: Callable[[str], None] | None = None,
    tables: Iterable[str] | None = None,
    settings: Settings | None = None,
) -> int:
    """Writes the deliveries of a synthetic operator to the home's landing, and tasks and lists of before to its ledger; the rows
    delivered.

    `subscribers`: lines in the register at `as_of`, those that left included (about two thirds are on-net then).
    `months`: months held, the month of `as_of` being the last; yesterday where that is not given. `daily`: days with a delivery
    of their own after the first load.
    `truth`: a .parquet or .csv file for the hidden state. `tables`: deliver these alone, with the same bytes as ever.
    `progress`: told each step.

    Same arguments, same files, byte for byte. Deliveries of an earlier synthetic operator in the home are replaced.
    Raises SampleError for arguments that make no operator, and where landing holds other deliveries.
    """
    settings, say = settings or Settings(), progress or (lambda text: None)
    _check(subscribers, months, seed, daily)
    home = home if isinstance(home, Home) else Home(Path(home))
    truth = Path(truth) if truth else None
    if truth:
        _truth.check(truth, home.landing)
    as_of = as_of or date.today() - timedelta(days=1)
    last = day_number(as_of)
    window = Window(months, last, last - daily)
    landing = Landing(home.landing, load_contract(), window.deliveries, format, tables)

    say(f"drawing {subscribers:,} lines and their lives over {months} months to {as_of}")
    renewal = tenure.solve(settings, months)
    outlets = catalogues.outlets(subscribers, settings, seed, window.start)
    managers = catalogues.manager_regions(subscribers)
    people = population.draw(subscribers, window, renewal, outlets, settings, seed)
    lives, retention = lifelines.live(people, window, renewal, settings, seed)
    if truth:
        _truth.write(truth, people, lives, retention)
    statics.deliver(statics.catalogue_frames(people, outlets, managers, window, seed), landing)
    work = list(blocks(people, lives, retention, managers, window, settings, seed))
    done, history = 0, (tasks.History(), lists.History())
    for count in _side_by_side(lambda block: _deliver(block, len(outlets.kind), landing, *history, say, len(work)), work):
        done += count
        say(f"{done:,} of {subscribers:,} lines delivered")
    rows = landing.finish()
    for kept in history:
        kept.write(home)
    say(f"{rows:,} rows delivered to {home.landing}, first load {window.deliveries[0]}, then {daily} daily deliveries")
    return rows


def _check(subscribers: int, months: int, seed: int, daily: int) -> None:
    for name, value, least, most in (
        ("subscribers", subscribers, LEAST_LINES, MOST_LINES),
        ("months", months, LEAST_MONTHS, MOST_MONTHS),
        ("seed", seed, 0, 2**32 - 1),
        ("daily", daily, 0, 62),
    ):
        if not least <= value <= most:
            raise SampleError(f"{name} = {value:,}: must be {least:,} to {most:,}")


def _deliver(
    block: Block,
    outlets: int,
    landing: Landing,
    raised: tasks.History,
    listed: lists.History,
    say: Callable[[str], None],
    blocks_in_all: int,
) -> int:
    """Delivers all tables of a block; its lines."""
    window = block.window
    account, complaints = money.open_account(block), touchpoints.Complaints()
    register.events(block, outlets, landing)
    for number in range(window.first_month, window.last_month + 1):
        month = Month(number, window)
        totals = traffic.usage(block, month, landing)
        bill = money.bills(block, month, totals, landing)
        money.payments(block, month, account, landing)
        money.balances(block, month, bill, account, landing)
        money.close_month(block, month, bill, account)
        circles.call_pairs(block, month, totals.outgoing, totals.days, landing)
        traffic.handsets(block, month, totals.days, landing)
        ran = touchpoints.touch(block, month, totals.days > 0, complaints, landing)
        lists.freeze(block, month, ran, listed, landing)
        tasks.work(block, month, totals.days > 0, raised, landing)
        say(f"block {block.number + 1} of {blocks_in_all}: {month.label}")
    register.snapshots(block, outlets, complaints, landing)
    return len(block)


def _side_by_side(work: Callable[[Block], int], items: list[Block]) -> Iterator[int]:
    """Results in order. Arrow's own threads rest meanwhile: blocks are what runs side by side."""
    threads = pa.cpu_count()
    pa.set_cpu_count(1)
    try:
        with ThreadPoolExecutor(WORKERS) as pool:
            waiting: deque[Future[int]] = deque()
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > WORKERS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
    finally:
        pa.set_cpu_count(threads)
