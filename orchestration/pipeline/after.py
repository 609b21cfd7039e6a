"""What follows a run, well or not, in whichever process it ran: its end in the log, figures for monitoring, notices.

None of it can fail a run: what could not be written or sent is told in the log, and given back in words.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from orchestration.base.errors import HomeBusy, Telco360Error
from orchestration.base.files import bytes_below
from orchestration.base.notify import Notice, channels, send
from orchestration.base.settings import Home
from orchestration.engines.choose import engine
from orchestration.pipeline import metrics
from orchestration.pipeline.notices import not_started, notices
from orchestration.pipeline.outcome import Outcome, grouped
from orchestration.pipeline.run import today
from orchestration.pipeline.run_log import ENDED, RunLog, last_runs
from orchestration.quality import discrepancies

TOLD = "telco360/told"
"""Tag of a run whose own process notes its end; for all others a sensor does."""


def ended(outcome: Outcome, log: RunLog) -> list[str]:
    """Notes the end of a run. Gives in words what could not be written or sent."""
    size = bytes_below(outcome.run.home.root)
    log.write(ENDED, "info" if outcome.is_well else "error", **facts(outcome), home_bytes=size)
    return [*_sources_told(outcome, log), *_tell(outcome.run.home, notices(outcome), log)]


def _sources_told(outcome: Outcome, log: RunLog) -> list[str]:
    """Writes what is wrong with deliveries for the systems that made them; why not, in words."""
    checks = outcome.source_checks
    found = (*checks.failures, *checks.warnings) if checks else ()
    try:
        for path in discrepancies.write(outcome.run.home, outcome.run.contract, outcome.run.day, found):
            log.write("discrepancies_written", file=str(path))
    except (OSError, Telco360Error) as error:
        log.write("not_told", "error", text=str(error))
        return [f"discrepancies of deliveries were not written: {error}"]
    return []


def could_not_start(home: Home, error: Telco360Error, log: RunLog) -> list[str]:
    """The same of a run that could not begin. One that found another at work is no run of its own in the log."""
    if not isinstance(error, HomeBusy):
        log.write(ENDED, "error", is_well=False, causes=[str(error)])
    return _tell(home, [not_started(str(error), str(today()))], log)


def facts(outcome: Outcome) -> dict[str, Any]:
    """What the log says of a run's end. Pure."""
    version = outcome.version
    return {
        "is_well": outcome.is_well,
        "causes": list(grouped(outcome.failures)),
        "failures": len(outcome.failures),
        "deliveries_accepted": sum(1 for one in outcome.deliveries if one.is_accepted),
        "deliveries_rejected": sum(1 for one in outcome.deliveries if not one.is_accepted),
        "tables_late": len(version.contents.stale) if version else None,
        "tests_warned": len(outcome.build.dbt.warnings) if outcome.build and outcome.build.dbt else None,
        "version": version.name if version else None,
        "published_rows": sum(table.rows for table in version.contents.tables.values()) if version else None,
        "lists": {made.name: made.rows for made in outcome.lists if made.file},
    }


def _tell(home: Home, told: Iterable[Notice], log: RunLog) -> list[str]:
    problems: list[str] = []
    try:
        published = engine(home).current()
        metrics.write(home, last_runs(home), date.fromisoformat(published.contents.as_of) if published else None)
    except (OSError, Telco360Error) as error:
        problems.append(f"figures for monitoring were not written: {error}")
    try:
        sent, unsent = send(home, told, channels(), today())
        problems += unsent
        for notice in sent:
            log.write("notice_sent", notice=notice.kind, cause=notice.cause)
    except (OSError, Telco360Error) as error:
        problems.append(f"notices were not sent: {error}")
    for problem in problems:
        log.write("not_told", "error", text=problem)
    return problems
