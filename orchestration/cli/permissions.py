"""Which roles each command of `telco360` takes. What a role is, and who has it, is told in `base.roles`."""

import contextlib
from functools import wraps
from typing import Any

import typer

from orchestration.base import audit, settings
from orchestration.base.exit_codes import ExitCode
from orchestration.base.roles import ALL, APPROVER, DRAFTS, LINES, STEWARD, TAKES_BACK, NotPermitted, Role, require

NEEDS = {
    "nightly": STEWARD,
    "sample": STEWARD,
    "tour": ALL,
    "status": ALL,
    "doctor": ALL,
    "backup": STEWARD,
    "restore": STEWARD,
    "dev": STEWARD,
    "console": ALL,
    "export-table": LINES,
    "customer": LINES,
    "audit list": STEWARD,
    "audit verify": ALL,
    "dependencies licences": STEWARD,
    "dependencies sbom": STEWARD,
    "dependencies check": ALL,
    "intake run": STEWARD,
    "intake show": frozenset((Role.ANALYST, Role.STEWARD)),
    "intake check": STEWARD,
    "publish list": ALL,
    "publish rollback": TAKES_BACK,
    "tags list": ALL,
    "tags search": ALL,
    "tags show": ALL,
    "tags why": LINES,
    "tags diff": LINES,
    "tags overlaps": ALL,
    "tags check": ALL,
    "tags docs": STEWARD,
    "scoring list": ALL,
    "scoring show": ALL,
    "scoring plots": STEWARD,
    "scoring pin": TAKES_BACK,
    "scoring rollback": TAKES_BACK,
    "privacy scan": STEWARD,
    "privacy key": STEWARD,
    "privacy erase": STEWARD,
    "privacy hold": STEWARD,
    "privacy restrict": STEWARD,
    "privacy export": STEWARD,
    "lists list": ALL,
    "lists show": ALL,
    "lists new": DRAFTS,
    "lists check": ALL,
    "lists preview": LINES,
    "lists approve": APPROVER,
    "lists export": STEWARD,
    "lists run": STEWARD,
    "lists members": DRAFTS | STEWARD,
    "lists diff": LINES,
    "lists overlap": ALL,
    "lists why": LINES,
    "lists rebuild": STEWARD,
    "lists import": TAKES_BACK,
    "lists feeds": STEWARD,
    "lists verify": ALL,
    "lists schema": ALL,
    "lists exposures": STEWARD,
}
"""By command, as it is typed: any of these roles will do; the account that owns the home may use all."""


def guarded(command: str, function: Any) -> Any:
    """The function of a command, which first looks whether this person may use it. What is refused is written down, too."""

    @wraps(function)
    def permitted(*args: Any, **options: Any) -> Any:
        home = settings.home()
        try:
            require(home, command, NEEDS[command])
        except NotPermitted as error:
            with contextlib.suppress(NotPermitted, OSError):  # a home that is closed to this account
                if home.root.exists():
                    audit.record(home, "refused", command, result="refused")
            typer.secho(str(error), fg=typer.colors.RED, err=True)
            raise typer.Exit(ExitCode.NOT_PERMITTED) from error
        except settings.SettingsError as error:
            typer.secho(str(error), fg=typer.colors.RED, err=True)
            raise typer.Exit(ExitCode.SETTING) from error
        return function(*args, **options)

    return permitted
