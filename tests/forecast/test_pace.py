"""Times are told from what earlier runs took, and from nothing else."""

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from fusionaudio_assets.forecast.pace import Seconds, besides, pace_of
from fusionaudio_assets.forecast.rows import Amount, Rows
from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.stage.history import ShardRun, record_overhead, served_by
from fusionaudio_assets.workspace import Workspace
from resources.load_time import loads
from resources.recognizer import Transcript
from tests.doubles import FloatArray
from tests.forecast.world import Words, World

STAGE = STAGES["transcripts"]
LOADING_S, CLIP_S = 0.6, 0.06


class Slow(Words):
    """Takes its time, most of all at the start."""

    def transcribe(self, clips: Sequence[FloatArray]) -> list[Transcript]:
        _load_once()
        _clock.now_s += CLIP_S * len(clips)
        return super().transcribe(clips)

    def close(self) -> None:
        _LOADED.clear()


class Clock:
    """Stands still while nobody works, so that the machine has no part in what is measured."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


_clock = Clock()
_LOADED: list[bool] = []


def _load_once() -> None:
    if not _LOADED:
        _load()


@loads
def _load() -> None:
    _LOADED.append(True)
    _clock.now_s += LOADING_S


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return World(tmp_path).workspace


def wrote(workspace: Workspace, shard: str, *runs: ShardRun) -> None:
    lines = ",".join(run.model_dump_json() for run in runs)
    workspace.lake.write_text(f"accounts/transcripts/{shard}.json", f"[{lines}]")


def a_run(workspace: Workspace, **figures: float | str) -> ShardRun:
    models, settings = served_by(STAGE, workspace.stage_profile(STAGE))
    told: dict[str, float | str] = {"at": "2026-11-23T00:00:00+00:00", "models": models, "settings": settings}
    told |= {"clips": 100, "skipped": 50, "computed": 50, "heard_s": 500.0}
    told |= {"models_s": 0.0, "plan_s": 1.0, "work_s": 100.0}
    return ShardRun.model_validate(told | figures)


def test_nothing_is_known_without_a_run(workspace: Workspace) -> None:
    pace = pace_of(STAGE, workspace.lake, workspace.stage_profile(STAGE))
    assert (pace.runs, pace.share) == (0, None)
    assert pace.seconds(Rows(certain=Amount(3, 30.0)), written=3, touched=3, table_s=1.0) == Seconds(None, None, None)
    assert pace.seconds(Rows(settled=3), written=3, touched=3, table_s=1.0) == Seconds(0.0, 1.0, 1.0)
    assert besides(workspace.lake).runs == 0


def test_time_follows_the_seconds_of_sound_where_they_are_known(workspace: Workspace) -> None:
    wrote(workspace, "shard-000001", a_run(workspace, models_s=7.0))
    wrote(workspace, "shard-000002", a_run(workspace, work_s=200.0))
    pace = pace_of(STAGE, workspace.lake, workspace.stage_profile(STAGE))
    assert (pace.runs, pace.clips, pace.share, pace.models_s) == (2, 100, 0.5, 7.0)
    # 300 s for 1,000 s of sound, 10 s a clip; planning takes 0.01 s a clip of the shard
    rows = Rows(certain=Amount(2, 40.0, 1), likely=Amount(1, 10.0), spared=Amount(1, 10.0), new=Amount(4, 0.0, 4))
    found = pace.seconds(rows, written=100, touched=200, table_s=3.0)
    assert found.low == pytest.approx(7 + 0.3 * 50 + 1)
    assert found.expected == pytest.approx(7 + 0.3 * 80 + 2 + 3)
    assert found.high == pytest.approx(7 + 0.3 * 110 + 2 + 3)


def test_time_follows_the_clips_where_nothing_is_heard(workspace: Workspace) -> None:
    wrote(workspace, "shard-000001", a_run(workspace, heard_s=0.0))
    pace = pace_of(STAGE, workspace.lake, workspace.stage_profile(STAGE))
    assert pace.seconds(Rows(certain=Amount(5, 1000.0)), written=0, touched=0, table_s=0.0) == Seconds(10, 10, 10)


def test_runs_of_other_models_tell_nothing_of_time(workspace: Workspace) -> None:
    wrote(workspace, "shard-000001", a_run(workspace, models="other"))
    pace = pace_of(STAGE, workspace.lake, workspace.stage_profile(STAGE))
    assert (pace.runs, pace.clip_s, pace.share) == (0, None, 0.5)


def test_runs_of_other_settings_are_taken_when_there_are_no_others(workspace: Workspace) -> None:
    other = a_run(workspace, settings="other", work_s=50.0)
    wrote(workspace, "shard-000001", other)
    pace = pace_of(STAGE, workspace.lake, workspace.stage_profile(STAGE))
    assert (pace.clip_s, pace.same_settings) == (1.0, False)
    wrote(workspace, "shard-000001", other, a_run(workspace))
    pace = pace_of(STAGE, workspace.lake, workspace.stage_profile(STAGE))
    assert (pace.clip_s, pace.same_settings, pace.runs) == (2.0, True, 1)


def test_the_share_is_that_of_the_last_run_of_each_shard(workspace: Workspace) -> None:
    wrote(workspace, "shard-000001", a_run(workspace), a_run(workspace, computed=0, skipped=90))
    wrote(workspace, "shard-000002", a_run(workspace, skipped=10))
    assert pace_of(STAGE, workspace.lake, workspace.stage_profile(STAGE)).share == 0.5


def test_loading_is_the_least_that_was_seen(workspace: Workspace) -> None:
    """The first time weights may also have been fetched and converted."""
    runs = [a_run(workspace, models_s=seconds) for seconds in (90.0, 3.0, 0.0)]
    wrote(workspace, "shard-000001", *runs)
    assert pace_of(STAGE, workspace.lake, workspace.stage_profile(STAGE)).models_s == 3.0


def test_what_runs_take_besides_is_the_median_of_the_last(workspace: Workspace) -> None:
    for start_s in (1.0, 50.0, 2.0):
        record_overhead(workspace.lake, 11, start_s=start_s, table_s=start_s / 10)
    assert (besides(workspace.lake).start_s, besides(workspace.lake).table_s) == (2.0, 0.2)


def test_the_second_run_takes_what_it_was_told_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its models are loaded again, and it has four times the clips; the stage is needed for three fifths of them."""
    monkeypatch.setattr(time, "perf_counter", _clock)
    world = World(tmp_path)
    world.model("transcripts", "recognizer", Slow)
    world.record()
    world.ingest(5)
    world.run()
    _LOADED.clear()
    world.ingest(20)
    told = world.forecast().stages["transcripts"]
    assert told.pace.expected(told.rows).clips == 12
    world.run()
    (run,) = (
        ShardRun.model_validate_json(line.strip(" [],\n"))
        for line in world.workspace.lake.read_text("accounts/transcripts/shard-000002.json").splitlines()
    )
    taken_s = run.plan_s + run.models_s + run.work_s
    assert taken_s == pytest.approx(LOADING_S + 12 * CLIP_S)
    assert told.seconds.expected == pytest.approx(taken_s)
