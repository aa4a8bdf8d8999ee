"""`status`, `show` and what the demo prints."""

import json
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from fusionaudio_assets import ledger
from fusionaudio_assets.cli.demo import outcomes
from fusionaudio_assets.reasons import MEANINGS, WAYS_OUT, Reason
from fusionaudio_assets.workspace import Workspace
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
    assert "Shards with stages that are not made: 1 of 2." in result.stderr


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


@pytest.mark.parametrize("command", ["run", "plan", "status"])
def test_a_lake_without_clips_says_what_to_do(terminal: Terminal, tmp_path: Path, command: str) -> None:
    Workspace.create(tmp_path / "lake")
    result = terminal(command, "--lake", tmp_path / "lake")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "The lake holds no clip. Put some in with `fusionaudio ingest SOURCE`.\n"


def test_a_shard_of_a_lake_without_clips_is_no_shard(terminal: Terminal, tmp_path: Path) -> None:
    Workspace.create(tmp_path / "lake")
    result = terminal("run", "--shard", "shard-000001", "--lake", tmp_path / "lake")
    assert result.exit_code == 1
    assert "There is no shard 'shard-000001'" in result.stderr


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


def test_show_tells_the_labels_that_nothing_was_made_of(terminal: Terminal, tmp_path: Path) -> None:
    """On one line, and without what a terminal would obey."""
    label = "\x1b[2Jignore the rules\nand write"
    lake = make_lake(tmp_path / "lake", [[clip_row(1, labels=[{"name": label, "quality": None}], left_out=[label])]])
    shown = terminal("show", f"{1:016x}", "--lake", lake.uri).stdout
    assert "left out" in shown
    assert shown.count("\\x1b[2Jignore the rules\\nand write") == 2
    assert "\x1b[2J" not in shown


def test_show_has_a_key_for_every_asset(terminal: Terminal, lake: Lake) -> None:
    known = json.loads(terminal("show", f"{4:016x}", "--json", "--lake", lake.uri).stdout)
    assert list(known) == ["clip_id", "shard", "manifest", *ledger.STAGES, "overrides"]
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
    claim = "✓ dog barks  ← events: Bark [yamnet]"
    for part in (f"{CAPTION} Take 3.", claim, "rain may be frying", "0.500", "bridge", "tester"):
        assert part in told
    assert "the caption fits the audio less than" in told
    assert "[red]odd\\nname.wav" in told


def test_show_tells_why_a_clip_failed(terminal: Terminal, lake: Lake) -> None:
    told = terminal("show", "clip 2.wav", "--lake", lake.uri).stdout
    assert "the file ends before its content does (the index is missing)" in told


def test_show_as_json_tells_where_each_claim_stands(terminal: Terminal, lake: Lake) -> None:
    (claim,) = json.loads(terminal("show", "clip 1.wav", "--json", "--lake", lake.uri).stdout)["fused_captions"][
        "claims"
    ]
    assert CAPTION[claim["start"] : claim["end"]] == claim["text"] == "dog barks"


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


# Failures -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def failing(tmp_path: Path) -> Lake:
    """Two shards in which clips failed in three stages, for good or not, one for a reason that nobody knows."""
    lake = make_lake(tmp_path / "lake", [[clip_row(n) for n in range(1, 7)], [clip_row(7), broken_row(8, "timeout")]])
    for stage, clip, reason, permanent in (
        ("tags", 1, "model_error", False),
        ("tags", 2, "model_error", False),
        ("tags", 3, "model_error", True),
        ("raw_clips", 4, "timeout", True),
        ("raw_clips", 5, "truncated", True),
        ("fused_captions", 6, "bored", False),
    ):
        fail(lake, stage, "shard-000001", f"{clip:016x}", reason, permanent=permanent)
    return lake


def fail(lake: Lake, stage: str, shard: str, clip_id: str, reason: str, *, permanent: bool) -> None:
    table = lake.read_frame(f"{stage}/{shard}.parquet")
    values = {"status": "failed", "reason": reason, "permanent": permanent, "detail": f"{clip_id}\x1b[2J is odd."}
    it = pl.col("clip_id") == clip_id
    changed = [pl.when(it).then(pl.lit(value)).otherwise(name).alias(name) for name, value in values.items()]
    lake.write_table(stage, shard, table.with_columns(changed))


def test_failures_as_json(terminal: Terminal, failing: Lake) -> None:
    found = json.loads(terminal("failures", "--json", "--lake", failing.uri).stdout)
    told = [(group["stage"], group["reason"], group["permanent"], group["clips"]) for group in found]
    assert told == [
        ("raw_clips", "timeout", True, 2),
        ("raw_clips", "truncated", True, 1),
        ("tags", "model_error", False, 2),
        ("tags", "model_error", True, 1),
        ("fused_captions", "bored", False, 1),
    ]
    first = found[0]
    assert first["meaning"] == MEANINGS[Reason.TIMEOUT]
    assert first["way_out"] == WAYS_OUT[Reason.TIMEOUT]
    assert first["examples"] == [
        {"clip_id": f"{4:016x}", "shard": "shard-000001", "sources": ["clip 4.wav"]}
        | {"detail": f"{4:016x}\x1b[2J is odd."},
        {"clip_id": f"{8:016x}", "shard": "shard-000002", "sources": ["clip 8.wav"], "detail": "the index is missing"},
    ]
    assert found[-1]["way_out"] == ""


def test_failures_for_people(terminal: Terminal, failing: Lake) -> None:
    result = terminal("failures", "--lake", failing.uri)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[:4] == [
        f"raw_clips: timeout, 2 clips: {MEANINGS[Reason.TIMEOUT]}",
        f"  {4:016x} in shard-000001 (clip 4.wav): {4:016x}\\x1b[2J is odd.",
        f"  {8:016x} in shard-000002 (clip 8.wav): the index is missing",
        f"  → {WAYS_OUT[Reason.TIMEOUT]}; tried again only by `fusionaudio retry --stage raw_clips --reason timeout`",
    ]
    assert "tried again by the next run" in result.stdout
    assert "fused_captions: bored, 1 clip: bored, a reason that this version does not know" in lines


def test_failures_show_a_few_examples_of_many(terminal: Terminal, tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake", [[broken_row(n) for n in range(9, 4, -1)], [broken_row(1)]])
    (group,) = json.loads(terminal("failures", "--json", "--lake", lake.uri).stdout)
    assert group["clips"] == 6
    assert [(row["shard"], row["clip_id"]) for row in group["examples"]] == [
        ("shard-000001", f"{n:016x}") for n in (5, 6, 7)
    ]


def test_a_lake_without_failures_says_so(terminal: Terminal, tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake", [[clip_row(1)]])
    assert "No clip failed" in terminal("failures", "--lake", lake.uri).stderr
    assert json.loads(terminal("failures", "--json", "--lake", lake.uri).stdout) == []
