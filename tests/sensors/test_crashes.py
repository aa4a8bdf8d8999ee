"""A model that takes a run's process with it under Dagster's own daemon: tried again until the clip is found."""

from pathlib import Path

import dagster as dg
import pytest
import yaml

from fusionaudio_assets import ledger
from fusionaudio_assets.workspace import PROFILE_FILE
from tests.sensors.test_daemon import World, home, write_tone

__all__ = ["home"]


@pytest.mark.slow
def test_a_clip_of_which_a_model_dies_costs_two_runs_and_itself(tmp_path: Path, home: None) -> None:
    world = World(tmp_path, seal_after_s=0)
    profile = yaml.safe_load(world.lake.read_text(PROFILE_FILE))
    tagger = {"adapter": "tests.deadly.DeadlyTags", "dies_at_samples": 4000}
    profile["stages"]["tags"]["models"]["tagger"] = tagger
    world.lake.write_text(PROFILE_FILE, yaml.safe_dump(profile))
    for number in range(3):
        write_tone(world.folder / f"tone {number}.wav", 200 + 100 * number, num_samples=4000 if number == 1 else 8000)
    with world.daemon():
        world.wait_for("two dead runs", lambda: sum(world.runs(dg.DagsterRunStatus.FAILURE).values()) == 2)
        world.wait_for("the clip that is found", lambda: world.lake.has_table("tags", "shard-000001"))
        world.wait_for("a finished run", lambda: sum(world.runs(dg.DagsterRunStatus.SUCCESS).values()) > 0)
    assert world.runs(dg.DagsterRunStatus.FAILURE) == {"shard-000001": 2}
    assert world.runs(dg.DagsterRunStatus.SUCCESS) == {"shard-000001": 1}
    found = ledger.query(world.lake, "SELECT status, reason, count(*) FROM ledger WHERE stage = 'tags' GROUP BY ALL")
    assert set(found.iter_rows()) == {("ok", None, 2), ("failed", "model_crashed", 1)}
    assert len(world.clips("filtered_dataset")) == 3
