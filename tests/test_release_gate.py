"""No path around the gate: what is bad or out of date goes into no release and into no export."""

import json
import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from fusionaudio_assets.dataset_release import dataset_release
from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.ingest import collect
from fusionaudio_assets.run import run_lake
from fusionaudio_assets.shards import add_clips
from fusionaudio_assets.workspace import PROFILE_FILE, LakeResource, Workspace
from resources.lake import Lake
from tests.cli.conftest import Terminal, terminal
from tests.recovery.lakes import write_profile, write_tones

__all__ = ["terminal"]

RULE = "filtered_dataset/survivors"
GOOD, BAD = "shard-000001", "shard-000002"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two shards of clips that nearly all get the same caption, so that few are kept: enough of two, not of forty."""
    folder = tmp_path_factory.mktemp("gate")
    workspace = Workspace.create(folder / "lake", str(write_profile(folder, "doubles")))
    for name, count, seconds in (("few", 2, 0.3), ("many", 40, 0.2)):
        (folder / name).mkdir()
        write_tones(folder / name, count, seconds=seconds)
        add_clips(workspace.lake, collect(folder / name).rows)
    assert [(asset, shard) for asset, shard, _ in run_lake(workspace).failures] == [("filtered_dataset", BAD)]
    return folder / "lake"


@pytest.fixture
def lake(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "lake"))


def kept(lake: Path, *shards: str) -> int:
    return sum(int(Lake(lake).read_frame(f"filtered_dataset/{shard}.parquet")["kept"].sum()) for shard in shards)


def record_of(lake: Path) -> dict[str, Any]:
    (folder,) = (path for path in (lake / "releases").iterdir() if path.is_dir())
    record: dict[str, Any] = json.loads((folder / "release.json").read_text())
    assert ("Refused by a gate" in (folder / "README.md").read_text()) == bool(record["refused_shards"])
    return record


def test_a_shard_that_breaks_a_rule_is_kept_out_and_told(lake: Path) -> None:
    summary = run_lake(Workspace.open(str(lake)), select=["dataset_release"])
    assert [(asset, "were left out: 1. Its README.md" in told) for asset, _, told in summary.failures] == [
        ("dataset_release", True)
    ]
    record = record_of(lake)
    assert (record["shards"], record["kept"]) == (1, kept(lake, GOOD))
    assert list(record["refused_shards"]) == [BAD]
    dropped = 40 - kept(lake, BAD)
    assert f"refused by 1 rule. {RULE}: {dropped / 40:.4g} ({dropped} clips)" in record["refused_shards"][BAD]


def test_an_override_lets_it_in_and_stays_visible(lake: Path) -> None:
    overrides = {RULE: "chords sound alike"}
    assert run_lake(Workspace.open(str(lake)), select=["dataset_release"], overrides=overrides).finished
    record = record_of(lake)
    assert (record["shards"], record["kept"]) == (2, kept(lake, GOOD, BAD))
    assert record["overrides"] == {RULE: {"chords sound alike": 1}}


def test_what_is_out_of_date_is_kept_out(lake: Path) -> None:
    profile = yaml.safe_load((lake / PROFILE_FILE).read_text())
    profile["stages"]["filtered_dataset"]["params"] = {"min_words": 5}
    (lake / PROFILE_FILE).write_text(yaml.safe_dump(profile))
    summary = run_lake(Workspace.open(str(lake)), select=["dataset_release"])
    ((_, _, told),) = summary.failures
    assert "No shard of the lake" in told
    assert "filtered_dataset is out of date" in told
    assert not any(Lake(lake).files(f"releases/{path.name}") for path in lake.glob("releases/*"))


def test_an_export_asks_the_same_gate(terminal: Terminal, lake: Path, tmp_path: Path) -> None:
    told = terminal("export", tmp_path / "out", "--format", "jsonl", "--lake", lake)
    assert told.exit_code == 1
    assert f"export of shard {BAD} is refused by 1 rule. {RULE}" in told.stderr
    assert len((tmp_path / "out" / "captions.jsonl").read_text().splitlines()) == kept(lake, GOOD)
    over = terminal("export", tmp_path / "all", "--format", "jsonl", "--lake", lake, "--override", f"{RULE}=alike")
    assert over.exit_code == 0, over.stderr
    assert len((tmp_path / "all" / "captions.jsonl").read_text().splitlines()) == kept(lake, GOOD, BAD)


def test_the_event_tells_the_counts_and_the_version_of_the_data(lake: Path) -> None:
    result = dg.materialize(
        [dataset_release],
        resources={"lake": LakeResource(uri=str(lake))},
        run_config={"ops": {"dataset_release": {"config": {"overrides": {RULE: "chords sound alike"}}}}},
    )
    (event,) = result.asset_materializations_for_node("dataset_release")
    assert event.metadata["dagster/row_count"].value == kept(lake, GOOD, BAD)
    assert event.metadata["refused_shards"].value == 0
    assert event.tags is not None
    assert event.tags["dagster/data_version"] == event.metadata["version"].value == record_of(lake)["version"]


def test_a_release_of_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    for number in range(2):
        (tmp_path / "clips" / f"{number}.wav").write_text(f"no sound {number}")
    workspace = Workspace.create(tmp_path / "lake", str(write_profile(tmp_path, "doubles")))
    add_clips(workspace.lake, collect(tmp_path / "clips").rows)
    ((asset, _, told),) = run_lake(workspace, select=[*STAGES, "dataset_release"]).failures
    assert asset == "dataset_release"
    assert "holds 2 clips and none is kept" in told
