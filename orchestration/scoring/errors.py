"""The error of scoring: the run goes on with the scores that stand."""

from orchestration.base.errors import Telco360Error


class ScoringError(Telco360Error, RuntimeError):
    """A model that cannot be trained, read or used. The message says why and what to do; scores that stand stay."""
