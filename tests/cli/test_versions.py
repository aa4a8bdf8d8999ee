"""A table that another version wrote is read where nothing could be misread, else refused with a way to go on."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from fusionaudio_assets.release import write_export
from fusionaudio_assets.workspace import Workspace
from resources.errors import LakeError
from tests.cli.conftest import Terminal
from tests.lakes import broken_row, clip_row, make_lake

SHARD = "shard-000001"
COLUMN = {"manifest": "sources", "fused_captions": "caption", "filtered_dataset": "drop_reasons", "qa_pairs": "pairs"}
CHANGES: dict[str, Callable[[pl.DataFrame, str], pl.DataFrame]] = {
    "a column less": lambda frame, column: frame.drop(column),
    "a column more": lambda frame, column: frame.with_columns(mood=pl.lit("calm")),
    "another type": lambda frame, column: frame.with_columns(pl.lit(7).alias(column)),
}
TOLD = {
    "a column less": "The column {} is missing.",
    "a column more": "The column mood is not declared.",
    "another type": "The column {} is Int32, declared is",
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("asset", COLUMN)
def test_looking_reads_or_refuses(terminal: Terminal, tmp_path: Path, asset: str, change: str) -> None:
    lake = make_lake(tmp_path / "lake", [[clip_row(1), broken_row(2)]])
    sound = {command: terminal(command, "--lake", lake.uri).stdout for command in ("status", "failures")}
    lake.write_table(asset, SHARD, CHANGES[change](lake.read_frame(f"{asset}/{SHARD}.parquet"), COLUMN[asset]))
    way_on = "ingest the clips into a new one" if asset == "manifest" else "`fusionaudio run` makes it anew"

    shown = terminal("show", f"{1:016x}", "--lake", lake.uri)
    assert shown.exit_code == 1
    assert f"{asset} of shard {SHARD} was written by another version" in shown.stderr
    assert TOLD[change].format(COLUMN[asset]) in shown.stderr
    assert way_on in shown.stderr

    for command, stdout in sound.items():
        result = terminal(command, "--lake", lake.uri)
        if command == "failures" and asset == "manifest" and change != "a column more":  # it tells names of clips
            assert result.exit_code == 1
            assert way_on in result.stderr
        else:
            assert (result.exit_code, result.stdout) == (0, stdout)

    def export() -> None:
        write_export(lake, Workspace.open(lake.uri).profile, tmp_path / "out", "jsonl", with_audio=False)

    if asset == "manifest" or change == "a column more":
        export()
    else:
        with pytest.raises(LakeError, match="was written by another version") as refusal:
            export()
        assert way_on in str(refusal.value)
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("change", ["a column less", "another type"])
def test_a_run_refuses_a_manifest_of_another_version(terminal: Terminal, tmp_path: Path, change: str) -> None:
    lake = make_lake(tmp_path / "lake", [[clip_row(1)]])
    lake.write_table("manifest", SHARD, CHANGES[change](lake.read_frame(f"manifest/{SHARD}.parquet"), "labels"))
    result = terminal("run", "--select", "raw_clips", "--lake", lake.uri)
    assert result.exit_code == 1
    assert "was written by another version" in result.stderr
    assert "ingest the clips into a new one" in result.stderr
