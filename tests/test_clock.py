"""A clock that is set back, between runs and while one works, loses nothing and does nothing twice."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from fusionaudio_assets.graph import STAGES, profile_needs
from fusionaudio_assets.ingest import collect
from fusionaudio_assets.instance import open_instance
from fusionaudio_assets.run import Progress, run_lake
from fusionaudio_assets.shards import add_clips
from fusionaudio_assets.workspace import Workspace
from tests.doubles import double_profile
from tests.recovery.lakes import write_profile, write_tones

HOUR_S = 3600.0


@pytest.fixture
def set_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Set the clock of this process, as Python and Dagster read it, back by an hour."""
    right, behind_s = time.time, [0.0]

    def wrong() -> float:
        return right() - behind_s[0]

    def step() -> None:
        behind_s[0] += HOUR_S

    monkeypatch.setattr(time, "time", wrong)
    monkeypatch.setattr("dagster._time._mockable_get_current_datetime", lambda: datetime.fromtimestamp(wrong(), UTC))
    yield step
    assert behind_s[0], "the clock was never set back"


def test_runs_do_the_same_when_the_clock_is_set_back(tmp_path: Path, set_back: Callable[[], None]) -> None:
    profile = tmp_path / "doubles.yaml"
    profile.write_text(double_profile(profile_needs()))
    workspace = Workspace.create(tmp_path / "lake", str(profile))
    stages = ["raw_clips", "tags"]
    old, new = ({stage: [shard] for stage in stages} for shard in ("shard-000001", "shard-000002"))
    media = tmp_path / "media"
    media.mkdir()
    write_tones(media, 3)
    add_clips(workspace.lake, collect(media).rows)
    while_working = Progress(clips=lambda stage, shard, done, todo: set_back())
    first = run_lake(workspace, select=stages, progress=while_working)
    assert first.finished
    assert first.materialized == old
    set_back()
    again = run_lake(workspace, select=stages, progress=while_working)
    assert (again.finished, again.materialized) == (True, {})
    write_tones(media, 5)
    add_clips(workspace.lake, collect(media).rows)
    more = run_lake(workspace, select=stages, progress=while_working)
    assert (more.finished, more.materialized) == (True, new)
    assert more.passed == old


def test_the_last_release_is_the_last_one_that_was_made(tmp_path: Path, set_back: Callable[[], None]) -> None:
    workspace = Workspace.create(tmp_path / "lake", str(write_profile(tmp_path, "doubles")))
    media = tmp_path / "media"
    media.mkdir()

    def released(clips: int) -> str:
        write_tones(media, clips)
        add_clips(workspace.lake, collect(media).rows)
        return run_lake(workspace, select=[*STAGES, "dataset_release"]).written["dataset_release"]

    first = released(1)
    set_back()
    second = released(2)
    assert second != first
    set_back()
    with open_instance(workspace.lake) as instance:
        instance.wipe_assets([dg.AssetKey("dataset_release")])
    set_back()
    assert released(2) == second
