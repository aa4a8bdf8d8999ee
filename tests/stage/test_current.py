"""The mark that spares a shard its planning: it must never hide that something is to do."""

from pathlib import Path

import pytest

from fusionaudio_assets.stage import run_shard
from fusionaudio_assets.stage.current import inputs_of, is_current
from resources.lake import Lake
from tests.stage.conftest import LENGTHS, manifest, stage_profile

SHARD = "shard-000001"


@pytest.fixture
def made(lake: Lake) -> Lake:
    lake.write_table("manifest", SHARD, manifest(["a.wav", "bb.wav"]))
    run_shard(LENGTHS, SHARD, lake, stage_profile())
    assert _is_current(lake)
    return lake


def test_a_table_that_was_deleted_is_not_current(made: Lake) -> None:
    made.delete(f"lengths/{SHARD}.parquet")
    assert not _is_current(made)


@pytest.mark.parametrize("asset", ["manifest", "lengths"])
def test_a_table_that_another_program_wrote_is_not_current(made: Lake, asset: str) -> None:
    path = Path(made.root) / asset / f"{SHARD}.parquet"
    frame = made.read_table(asset, SHARD)
    assert frame is not None
    frame.write_parquet(path)
    assert not _is_current(made)
    run_shard(LENGTHS, SHARD, made, stage_profile())
    frame.reverse().write_parquet(path)
    assert not _is_current(made)


def test_a_lost_mark_only_costs_time(made: Lake) -> None:
    made.delete(f".work/lengths/{SHARD}.current")
    assert not _is_current(made)
    assert run_shard(LENGTHS, SHARD, made, stage_profile()).account.computed == 0
    assert _is_current(made)


def _is_current(lake: Lake) -> bool:
    inputs = inputs_of(LENGTHS, SHARD, lake, stage_profile())
    return is_current(LENGTHS, SHARD, lake, inputs=inputs, content=lake.content_of("lengths", SHARD))
