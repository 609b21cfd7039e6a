"""The history of runs that a run writes: Dagster's own storage reads it, and its files are not opened for each event."""

from pathlib import Path

import dagster as dg
from sqlalchemy import event

from orchestration.base.settings import Home
from orchestration.pipeline.nightly import dagster_home
from orchestration.pipeline.run_history import FILES_OPEN, RunEvents


@dg.asset
def made() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"rows": 3})


def run(folder: Path) -> str:
    """Materialises an asset there; the id of the run."""
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        return dg.materialize([made], instance=instance).run_id


def test_a_history_is_read_by_dagsters_own_storage_and_goes_on(tmp_path):
    folder = dagster_home(Home(tmp_path / 'it\'s a "home": {here}'))
    first, second = run(folder), run(folder)
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n")  # Dagster's own, in the same place
    with dg.DagsterInstance.from_config(str(folder)) as plain:
        assert not isinstance(plain.event_log_storage, RunEvents)
        assert [r.run_id for r in plain.get_runs()] == [second, first]
        for run_id in (first, second):
            stored = [record.dagster_event.event_type_value for record in plain.all_logs(run_id) if record.is_dagster_event]
            assert stored[-1] == "PIPELINE_SUCCESS" and "ASSET_MATERIALIZATION" in stored
        assert plain.get_latest_materialization_event(dg.AssetKey("made")).run_id == second


def test_few_files_are_open_and_none_is_opened_for_each_event(tmp_path, monkeypatch):
    opened = []
    original = RunEvents._opened

    def counting(self, shard):
        engine = original(self, shard)
        event.listen(engine, "connect", lambda *_: opened.append(shard))
        return engine

    monkeypatch.setattr(RunEvents, "_opened", counting)
    with dg.DagsterInstance.from_config(str(dagster_home(Home(tmp_path)))) as instance:
        runs = [dg.materialize([made], instance=instance).run_id for _ in range(3)]
        storage = instance.event_log_storage
        assert len(storage._engines) <= FILES_OPEN
        assert all(instance.all_logs(run_id) for run_id in runs)
        assert len(storage._engines) <= FILES_OPEN
    assert len(opened) < 30
    assert storage._engines == {}
