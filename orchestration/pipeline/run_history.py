"""Dagster's history of runs, as a run writes it: in its own SQLite files, which any Dagster reads; and runs that it takes to work
though they died.

Dagster opens and closes a file for each event and waits for the disk each time. A run has some two thousand events; here the
files stay open and a commit does not wait. After a loss of power the last events may be missing, the files are sound.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dagster as dg
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage, SqliteStorageConfig
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event

FILES_OPEN = 2
"""Files kept open at most: a run writes its own and the index of all runs; the page reads the files of many runs."""


LOST = "its process died"
UNDER_WAY = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def end_lost_runs(instance: dg.DagsterInstance, tags: Mapping[str, str]) -> list[str]:
    """Has runs with these tags (none: all runs) that the history takes to be under way count as failed, and gives their ids.

    One run at a time works on a home, and others wait in Dagster's queue for it, so one that died unseen would hold them up. For
    a caller that knows that none of them works.
    """
    lost = instance.get_runs(dg.RunsFilter(statuses=UNDER_WAY, tags=dict(tags)))
    for run in lost:
        instance.report_run_failed(run, LOST)
    return [run.run_id for run in lost]


class RunEvents(SqliteEventLogStorage):
    """Dagster's storage of events with its files kept open."""

    def __init__(self, base_dir: str) -> None:
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engines.pop(shard, None) or self._opened(shard)
            self._engines[shard] = engine  # the last used stands last
            while len(self._engines) > FILES_OPEN:
                self._engines.pop(next(iter(self._engines))).dispose()
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    def _opened(self, shard: str) -> Engine:
        engine = create_engine(self.conn_string_for_shard(shard), connect_args={"timeout": 30})
        event.listen(engine, "connect", lambda connection, _: connection.execute("pragma synchronous = normal").close())
        return engine

    def dispose(self) -> None:
        super().dispose()
        with self._db_lock:
            while self._engines:
                self._engines.popitem()[1].dispose()


class RunHistory(DagsterSqliteStorage):
    """Dagster's storage of runs, events and schedules below one directory, `base_dir`."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = RunEvents(self._event_log_storage._base_dir)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: SqliteStorageConfig) -> "RunHistory":
        return cls.from_local(inst_data=inst_data, **config_value)
