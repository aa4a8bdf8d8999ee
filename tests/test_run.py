"""Runs from the terminal."""

import signal
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from fusionaudio_assets.run import Progress, run_lake
from fusionaudio_assets.workspace import Workspace
from tests.lakes import clip_row, make_lake


def test_ctrl_c_stops_the_run_and_not_only_the_shard_that_is_worked_on(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake", [[clip_row(1)], [clip_row(2)]])
    told: list[tuple[str, str]] = []

    def stopped(stage: str, shard: str, done: int, todo: int) -> None:
        told.append((stage, shard))
        signal.raise_signal(signal.SIGINT)

    failures: list[str] = []
    progress = Progress(clips=stopped, failed=lambda stage, shard, message: failures.append(message))
    with pytest.raises(KeyboardInterrupt):
        run_lake(Workspace.open(lake.uri), progress=progress)
    assert told == [("raw_clips", "shard-000001")]
    assert failures == []
    assert signal.set_wakeup_fd(-1) == -1


def test_ctrl_c_is_not_lost_while_dagster_keeps_its_books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = make_lake(tmp_path / "lake", [[clip_row(1)], [clip_row(2)]])
    handle = dg.DagsterInstance.handle_new_event
    told: list[str] = []

    def stopped(instance: dg.DagsterInstance, event: dg.EventLogEntry, **options: Any) -> None:
        if "stop" not in told and event.dagster_event and event.dagster_event.is_job_success:
            told.append("stop")
            signal.raise_signal(signal.SIGINT)
        handle(instance, event, **options)

    monkeypatch.setattr(dg.DagsterInstance, "handle_new_event", stopped)
    progress = Progress(clips=lambda stage, shard, done, todo: told.append(shard) if done == 0 else None)
    with pytest.raises(KeyboardInterrupt):
        run_lake(Workspace.open(lake.uri), progress=progress)
    assert told == ["shard-000001", "stop"]
