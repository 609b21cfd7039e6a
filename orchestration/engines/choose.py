"""Which engine a command or a run works with: the one place that says."""

from orchestration.base import settings
from orchestration.engines.duckdb import DuckDBEngine
from orchestration.engines.protocol import Engine
from orchestration.engines.spark.engine import SparkEngine


def engine(home: settings.Home) -> Engine:
    """The engine that the running target names."""
    return SparkEngine(home) if settings.target() == settings.SPARK else DuckDBEngine(home)
