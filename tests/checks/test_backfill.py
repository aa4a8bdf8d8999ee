"""Gates under the real daemon: a backfill over a bad shard builds nothing on it, whatever its own colour says.

Dagster alone does not give this. Its blocking checks hold within one run; in backfills the downstream of a failed check
was seen to be built, and the backfill to end as a success.
"""

from pathlib import Path

import dagster as dg
import numpy as np
import pytest
import soundfile
from dagster._core.execution.backfill import PartitionBackfill

from fusionaudio_assets.definitions import build_definitions
from fusionaudio_assets.ingest import collect
from fusionaudio_assets.instance import open_instance
from fusionaudio_assets.shards import add_clips
from tests.sensors.test_daemon import World, home

__all__ = ["home"]

GOOD, BAD = "shard-000001", "shard-000002"
SELECTED = ["raw_clips", "tags", "stems"]


def _backfill(world: World) -> None:
    graph = build_definitions(world.lake.uri).resolve_asset_graph()
    world.instance.add_backfill(
        PartitionBackfill.from_asset_partitions(
            backfill_id="bad",
            asset_graph=graph,
            partition_names=[GOOD, BAD],
            asset_selection=[dg.AssetKey(name) for name in SELECTED],
            backfill_timestamp=1_700_000_000.0,
            tags={},
            dynamic_partitions_store=world.instance,
            all_partitions=False,
            title=None,
            description=None,
            run_config=None,
        )
    )


def _write_shards(folder: Path, world: World) -> None:
    """One shard of tones, one in which twelve of fourteen media are text."""
    good, bad = folder / "good", folder / "bad"
    for place, tones in ((good, 3), (bad, 2)):
        place.mkdir()
        for number in range(tones):
            time_s = np.arange(8000) / 16_000
            pitch_hz = 200 + 100 * number + (50 if place is bad else 0)
            soundfile.write(place / f"tone {number}.wav", 0.1 * np.sin(2 * np.pi * pitch_hz * time_s), 16_000)
    for number in range(12):
        (bad / f"text {number}.wav").write_text(f"no sound {number}")
    for place in (good, bad):
        add_clips(world.lake, collect(place).rows)
    open_instance(world.lake).dispose()  # registers the shards


def test_a_backfill_builds_nothing_on_a_bad_shard(
    tmp_path: Path, home: None, capfd: pytest.CaptureFixture[str]
) -> None:
    world = World(tmp_path)
    _write_shards(tmp_path, world)
    _backfill(world)
    with world.daemon():

        def ended() -> bool:
            backfill = world.instance.get_backfill("bad")
            return backfill is not None and backfill.status.value not in {"REQUESTED", "CANCELING", "FAILING"}

        world.wait_for("the end of the backfill", ended)
    assert world.lake.has_table("raw_clips", BAD), "the bad shard's own table stands, for people to look at"
    assert world.lake.shards("tags") == [GOOD]
    assert world.lake.shards("stems") == [GOOD]
    assert world.instance.get_materialized_partitions(dg.AssetKey("tags")) == {GOOD}

    definitions = build_definitions(world.lake.uri)
    refused = definitions.resolve_job_def("caption_clips").execute_in_process(
        partition_key=BAD, asset_selection=[dg.AssetKey("tags")], instance=world.instance, raise_on_error=False
    )
    (failure,) = [event for event in refused.all_events if event.is_step_failure]
    user_failure = failure.step_failure_data.user_failure_data
    assert user_failure is not None
    assert user_failure.description is not None
    for told in ("tags", BAD, "raw_clips/mostly_broken_media", "0.857"):
        assert told in user_failure.description
