"""`check`: the rules over what stands."""

import json
from pathlib import Path

import pytest

from resources.lake import Lake
from tests.checks.shards import SHARD, Shard
from tests.cli.conftest import Terminal


@pytest.fixture
def shard() -> Shard:
    return Shard(20)


def written(shard: Shard, folder: Path) -> Lake:
    lake = Lake(folder)
    lake.create()
    for asset in shard.rows:
        lake.write_table(asset, SHARD, shard.frame(asset))
    return lake


def test_a_sound_lake_passes(terminal: Terminal, shard: Shard, tmp_path: Path) -> None:
    result = terminal("check", "--lake", written(shard, tmp_path).uri)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "0 of" in result.stderr


def test_a_lake_without_tables_has_nothing_to_judge(terminal: Terminal, tmp_path: Path) -> None:
    Lake(tmp_path).create()
    result = terminal("check", "--lake", tmp_path)
    assert result.exit_code == 0
    assert "No table stands" in result.stderr


def test_a_broken_rule_is_named_with_figure_and_example(terminal: Terminal, shard: Shard, tmp_path: Path) -> None:
    for clip in range(3):
        shard.item("tags", clip, "tags", label="Barking, sort of")
    lake = written(shard, tmp_path)
    result = terminal("check", "--lake", lake.uri)
    assert result.exit_code == 1
    line, example, *_ = result.stdout.splitlines()
    assert line.startswith(f"ERROR {SHARD} tags/labels_in_audioset: ")
    assert "Barking, sort of" in example
    (broken,) = json.loads(terminal("check", "--json", "--lake", lake.uri).stdout)["broken"]
    assert broken["rule"] == "tags/labels_in_audioset"
    assert broken["severity"] == "ERROR"


def test_a_rule_to_look_at_does_not_fail(terminal: Terminal, shard: Shard, tmp_path: Path) -> None:
    for clip in range(20):
        shard.edit("music_captions", clip, description="")
    result = terminal("check", "--lake", written(shard, tmp_path).uri)
    assert result.stdout.startswith(f"WARN {SHARD} music_captions/empty_descriptions: ")
    assert result.exit_code == 0


def test_no_lake_is_told(terminal: Terminal, tmp_path: Path) -> None:
    result = terminal("check", "--lake", tmp_path / "none")
    assert result.exit_code == 1
    assert "fusionaudio init" in result.stderr
