"""Exit codes of the command `telco360`: what whoever started it can go by. docs/operations.md says what to do for each.

Where the system has a number of its own for a case (sysexits.h), it is that one; 2 is for a command line that is not understood.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """Each with what it means for readers of the warehouse."""

    WELL = 0
    """All was done."""
    FAILED = 1
    """A step failed; what was published before stays."""
    INCOMPLETE = 3
    """Published; something after it failed: a target list, tasks, scores."""
    BUSY = 75
    """Another run uses the home; the same command works later."""
    NOT_PERMITTED = 77
    """Whoever called may not use the command: docs/roles.md."""
    SETTING = 78
    """A setting or an argument names something that does not exist; the same command fails again."""
    STOPPED = 130
    """Stopped by Ctrl-C."""
