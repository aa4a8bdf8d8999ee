"""`status`, `show` and what the demo prints."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from fusionaudio_assets import ledger
from fusionaudio_assets.cli.demo import outcomes
from resources.lake import Lake
from tests.cli.conftest import Terminal
from tests.lakes import CAPTION, broken_row, clip_row, make_lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Two shards: one finished with a broken and a dropped clip, one that got no further than tags."""
    dropped = clip_row(3, drop_reasons=["low_similarity"], sources=["deep/[red]odd\nname.wav", "other.wav"])
    segment = clip_row(5, start_s=30.0, end_s=40.0, sources=["long.wav"])
    lake = make_lake(
        tmp_path / "lake", [[clip_row(1), broken_row(2), dropped], [clip_row(4, sources=["long.wav"]), segment]]
    )
    for asset in ledger.STAGES[2:]:
        lake.delete(f"{asset}/shard-000002.parquet")
    return lake


def test_status_counts_by_shard_and_stage(terminal: Terminal, lake: Lake) -> None:
    result = terminal("status", "--lake", lake.uri)
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["shard-000001", "raw_clips", "2", "0", "1"] in lines
    assert ["shard-000001", "tags", "2", "1", "0"] in lines
    assert ["shard-000002", "stems", "not", "made", "(2", "clips)"] in lines
    assert ["total", "tags", "4", "1", "0", "2", "of", "2", "shards"] in lines
    assert "1 of 2 shards have stages that are not made" in result.stderr


def test_a_lake_whose_name_is_a_pattern_is_not_taken_for_one(terminal: Terminal, tmp_path: Path) -> None:
    make_lake(tmp_path / "a[b]*", [[clip_row(1)]])
    make_lake(tmp_path / "ab", [[clip_row(2), clip_row(3)]])
    found = json.loads(terminal("status", "--json", "--lake", tmp_path / "a[b]*").stdout)
    assert found["totals"]["raw_clips"]["ok"] == found["clips"] == 1


def test_status_as_json(terminal: Terminal, lake: Lake) -> None:
    told = json.loads(terminal("status", "--json", "--lake", lake.uri).stdout)
    assert told["clips"] == 5
    first, second = told["shards"]
    assert first["stages"]["raw_clips"] == {"ok": 2, "skipped": 0, "failed": 1}
    assert second["clips"] == 2
    assert second["stages"]["filtered_dataset"] is None
    assert list(second["stages"]) == list(ledger.STAGES)
    assert told["totals"]["raw_clips"] == {"shards": 2, "ok": 4, "skipped": 0, "failed": 1, "reasons": {"truncated": 1}}


def test_status_of_an_empty_lake(terminal: Terminal, tmp_path: Path) -> None:
    make_lake(tmp_path / "lake", [])
    result = terminal("status", "--lake", tmp_path / "lake")
    assert result.exit_code == 0
    assert "holds no clip" in result.stderr
    assert json.loads(terminal("status", "--json", "--lake", tmp_path / "lake").stdout)["shards"] == []


@pytest.mark.parametrize("footer", [False, True], ids=["all of it", "all but the footer"])
def test_a_damaged_table_is_named(terminal: Terminal, lake: Lake, footer: bool) -> None:
    path = Path(lake.root) / "tags" / "shard-000001.parquet"
    content = path.read_bytes()
    pages = pq.read_metadata(path).row_group(0).total_byte_size // 2
    path.write_bytes(content[:4] + b"?" * pages + content[4 + pages :] if footer else b"no parquet")
    result = terminal("status", "--lake", lake.uri)
    assert result.exit_code == 1
    assert "tags/shard-000001.parquet" in result.stderr


@pytest.mark.parametrize("name", [f"{1:016x}", "clip 1.wav", "clip 1", "/media/clip 1.wav"])
def test_show_finds_a_clip_by_id_and_by_names(terminal: Terminal, lake: Lake, name: str) -> None:
    result = terminal("show", name, "--json", "--lake", lake.uri)
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["clip_id"] == f"{1:016x}"


def test_show_finds_a_clip_by_a_unique_prefix(terminal: Terminal, tmp_path: Path) -> None:
    rows = [clip_row(1, clip_id="abcd000000000000"), clip_row(2, clip_id="abce000000000000")]
    lake = make_lake(tmp_path / "lake", [rows])
    assert json.loads(terminal("show", "ABCD", "--json", "--lake", lake.uri).stdout)["clip_id"] == "abcd000000000000"
    assert terminal("show", "abc", "--lake", lake.uri).exit_code == 1


def test_show_has_a_key_for_every_asset(terminal: Terminal, lake: Lake) -> None:
    known = json.loads(terminal("show", f"{4:016x}", "--json", "--lake", lake.uri).stdout)
    assert list(known) == ["clip_id", "shard", "manifest", *ledger.STAGES]
    assert known["shard"] == "shard-000002"
    assert known["tags"]["tags"] == [{"label": "Bark", "score": 0.9}]
    assert known["filtered_dataset"] is None


def test_show_lists_what_a_name_may_mean(terminal: Terminal, lake: Lake) -> None:
    result = terminal("show", "long.wav", "--lake", lake.uri)
    assert result.exit_code == 1
    assert f"{4:016x} (long.wav)" in result.stderr
    assert f"{5:016x} (long.wav from 30 s)" in result.stderr


def test_show_says_that_there_is_no_such_clip(terminal: Terminal, lake: Lake) -> None:
    result = terminal("show", "nobody's'; DROP", "--lake", lake.uri)
    assert result.exit_code == 1
    assert "holds no clip" in result.stderr


def test_show_tells_the_whole_story(terminal: Terminal, lake: Lake) -> None:
    told = terminal("show", "other.wav", "--lake", lake.uri).stdout
    for part in (f"{CAPTION} Take 3.", "a dog barks ← tags", "rain may be frying", "0.500", "bridge", "tester"):
        assert part in told
    assert "the caption fits the audio less than" in told
    assert "[red]odd\\nname.wav" in told


def test_show_tells_why_a_clip_failed(terminal: Terminal, lake: Lake) -> None:
    told = terminal("show", "clip 2.wav", "--lake", lake.uri).stdout
    assert "the file ends before its content does (the index is missing)" in told


def test_the_demo_tells_a_caption_or_a_reason(lake: Lake) -> None:
    ids = {f"{number:016x}" for number in (1, 2, 3, 4)}
    told = dict(outcomes(lake, lake.shards(), ids))
    assert told["clip 1.wav"] == f"{CAPTION} Take 1."
    assert told["clip 2.wav"] == "No caption: the file ends before its content does. the index is missing"
    assert "Not released" in told["deep/[red]odd\\nname.wav, other.wav"]
    assert told["long.wav"] == "not finished"


def test_a_bucket_is_read_without_its_paths(terminal: Terminal, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB cannot open a bucket by itself: the tables are handed to it."""
    local = terminal("status", "--json", "--lake", lake.uri).stdout
    monkeypatch.setattr(Lake, "is_local", False)
    assert terminal("status", "--json", "--lake", lake.uri).stdout == local
    assert terminal("show", "clip 1", "--lake", lake.uri).exit_code == 0


def test_failures_are_grouped_by_reason_with_examples(terminal: Terminal, lake: Lake) -> None:
    told = terminal("failures", "--lake", lake.uri)
    assert told.exit_code == 0
    assert "raw_clips: truncated, 1 clip(s)" in told.stdout
    (group,) = json.loads(terminal("failures", "--json", "--lake", lake.uri).stdout)
    assert (group["stage"], group["reason"], group["clips"]) == ("raw_clips", "truncated", 1)
    assert [example["shard"] for example in group["examples"]] == ["shard-000001"]
