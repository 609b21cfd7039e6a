"""Why a delivery is turned away, and why a seed cannot be used. Only the exceptions belong here."""

TRIED_AGAIN = "It is tried again on the next run"
"""Ends the reason of a rejection that lies in the moment, not in the files; such a delivery is read again, unchanged or not."""


class Rejected(Exception):
    """The delivery breaks the contract as a whole: nothing of it enters. The text says what, where, and what to do next."""

    def within(self, file: str) -> "Rejected":
        """The same rejection, naming the file it arose in."""
        return Rejected(f"{file}: {self}")


class SeedError(ValueError):
    """A seed of intake that cannot be used; the text names file, row and what is wrong."""
