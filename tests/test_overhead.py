"""The measurement of the platform's overhead, on a few clips: so that it works when it is needed."""

from pathlib import Path

from benchmarks.overhead import ACTIVITIES, PROFILE, fixed_costs, measure, report
from fusionaudio_assets.graph import STAGES, profile_needs
from fusionaudio_assets.workspace import Workspace
from resources.profile import Profile


def test_the_stub_profile_serves_every_stage() -> None:
    Profile.parse(PROFILE.read_text(), origin="stub.yaml").check(profile_needs())


def test_every_stage_is_measured_and_computes_every_clip(tmp_path: Path) -> None:
    """But for the pictures, which sounds do not have."""
    measured = measure(tmp_path, clips=4, shard_size=2)
    assert (measured.clips, measured.shards) == (4, 2)
    for name in STAGES:
        cost = measured.stages[name]
        assert cost.wall_s > cost.parts_s["compute"]
        assert len(cost.memory_mb) == 2
        for shard in ("shard-000001", "shard-000002"):
            table = Workspace.open(tmp_path / "lake").lake.read_frame(f"{name}/{shard}.parquet")
            assert set(table["status"]) == {"skipped" if name == "visual_captions" else "ok"}, name
    for name in (*STAGES, *ACTIVITIES):
        assert name in report(measured)
    assert "per shard" in fixed_costs(measured, measured.__class__(**{**vars(measured), "shards": 4}))
