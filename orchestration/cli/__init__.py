"""The command `telco360`: arguments, the call of the package that does the work, what the terminal shows. No rule belongs here.

Heavy imports stand within the commands, so that help comes at once.
"""

from orchestration.cli.main import app

__all__ = ["app"]
