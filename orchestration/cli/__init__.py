"""The command `telco360`: arguments, the call of the package that does the work, what the terminal shows. No rule belongs here.

A module a command or group of commands, which `root` imports when it is called.
"""

from orchestration.cli.main import app

__all__ = ["app"]
