"""Why a delivery is turned away. Only the exceptions belong here."""

from typing import Any

from orchestration.base.errors import Telco360Error

TRIED_AGAIN = "It is tried again on the next run"
"""Ends the reason of a rejection that is in the moment, not in the files; such a delivery is read again, unchanged or not."""


class Rejected(Telco360Error):
    """The delivery breaks the contract as a whole: nothing of it enters. The text says what, where, and what to do next."""

    def within(self, file: str) -> "Rejected":
        """The rejection itself, now naming the file it arose in."""
        self.args = (f"{file}: {self}",)
        return self


class Foreign(Rejected):
    """A CSV in another form than it should have; `form` is what it seems to be written in, by which it can be read to look for
    further faults."""

    def __init__(self, text: str, **form: str):
        super().__init__(text)
        self.form: dict[str, Any] = form


class Empty(Rejected):
    """A file without a single byte."""
