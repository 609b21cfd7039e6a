"""The errors of telco360's own, written for people: the class that all derive from, and those that several packages raise.

An error that one package alone raises is there, beside what raises it. A command that meets one ends with its words.
"""


class Telco360Error(Exception):
    """What is wrong, where, and what to do next."""


class SeedError(Telco360Error, ValueError):
    """A seed that cannot be used; the text names file, row and what is wrong."""


class WarehouseError(Telco360Error, RuntimeError):
    """A build or publication that can't go on. The message says why and what to do; the published version stays."""


class HomeBusy(WarehouseError):
    """Another process works in the home; the message says which, and since when."""


class ListError(Telco360Error, RuntimeError):
    """A list that could not be decided or exported. The message names it; no file of this run is left behind."""
