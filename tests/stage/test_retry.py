"""Failures that are tried again on demand: those that match, and nothing else."""

from pathlib import Path

import pytest

from fusionaudio_assets.stage import look, plan_shard, run_shard
from resources.lake import Lake
from tests.stage.conftest import LENGTHS, TEXTS, Ruler, manifest, stage_profile

GOOD, PERMANENT, TRANSIENT = "good.wav", "unreadable.wav", "bad.wav"
CORRUPT, MODEL_ERROR = "corrupt", "model_error"


@pytest.fixture
def failed(lake: Lake) -> Lake:
    """One clip is good, one failed for good (`corrupt`), one did not (`model_error`)."""
    lake.write_table("manifest", "s", manifest([GOOD, PERMANENT, TRANSIENT]))
    run_shard(LENGTHS, "s", lake, stage_profile())
    return lake


@pytest.mark.parametrize(
    ("retry", "computed"),
    [
        (None, [TRANSIENT]),
        ([], []),
        ([CORRUPT], [PERMANENT]),
        ([MODEL_ERROR], [TRANSIENT]),
        ([CORRUPT, MODEL_ERROR], [PERMANENT, TRANSIENT]),
        (["timeout"], []),
    ],
    ids=str,
)
def test_exactly_the_matching_clips_are_computed(failed: Lake, retry: list[str] | None, computed: list[str]) -> None:
    assert look(LENGTHS, "s", failed, stage_profile(), retry).changed == bool(computed)
    before = failed.read_frame("lengths/s.parquet")
    ruler = Ruler()
    outcome = run_shard(LENGTHS, "s", failed, stage_profile(ruler), retry)
    assert sorted({path for batch in ruler.seen for path in batch}, key=[GOOD, PERMANENT, TRANSIENT].index) == computed
    assert outcome.account.computed == len(computed)
    assert outcome.account.reused == 3 - len(computed)
    assert outcome.table.equals(before)


def test_a_mark_does_not_hide_failures_for_good(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest([GOOD, PERMANENT]))
    run_shard(LENGTHS, "s", lake, stage_profile())
    assert not look(LENGTHS, "s", lake, stage_profile()).changed
    assert look(LENGTHS, "s", lake, stage_profile(), [CORRUPT]).changed
    assert not look(LENGTHS, "s", lake, stage_profile(), [MODEL_ERROR]).changed
    assert not look(LENGTHS, "s", lake, stage_profile(), []).changed


def test_what_was_not_to_be_tried_again_leaves_no_mark(failed: Lake) -> None:
    """Else the next ordinary run would pass over a failure that it must try again."""
    assert not look(LENGTHS, "s", failed, stage_profile(), []).changed
    run_shard(LENGTHS, "s", failed, stage_profile(), [CORRUPT])
    assert look(LENGTHS, "s", failed, stage_profile()).changed
    assert not (Path(failed.root) / ".work/lengths/s.current").exists()


def test_a_changed_input_is_computed_whatever_is_tried_again(failed: Lake) -> None:
    failed.write_table("manifest", "s", manifest(["better.wav", PERMANENT, TRANSIENT]))
    plan = plan_shard(LENGTHS, "s", failed, stage_profile(), [])
    assert [pending.work.inputs["path"] for pending in plan.todo] == ["better.wav"]


def test_what_follows_is_computed_for_mended_clips_only(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest([GOOD, PERMANENT]))
    run_shard(LENGTHS, "s", lake, stage_profile())
    run_shard(TEXTS, "s", lake, stage_profile())
    table = lake.read_frame("lengths/s.parquet")
    run_shard(LENGTHS, "s", lake, stage_profile(), [CORRUPT])
    assert not look(TEXTS, "s", lake, stage_profile(), []).changed, "it failed again: nothing follows"
    lake.write_table("manifest", "s", manifest([GOOD, "readable.wav"]))
    run_shard(LENGTHS, "s", lake, stage_profile(), [])
    assert not lake.read_frame("lengths/s.parquet").equals(table)
    assert run_shard(TEXTS, "s", lake, stage_profile(), []).account.computed == 1
