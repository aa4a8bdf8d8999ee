"""How a shard is processed: reuse, isolation, checkpoints, atomic commit."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fusionaudio_assets.stage import Job, Models, PayloadRef, Upstream, Work, plan_shard, progress_listener, run_shard
from fusionaudio_assets.stage.checkpoint import Checkpoint
from resources.errors import LakeError, ModelUnavailable
from resources.lake import Lake
from resources.profile import Settings
from tests.stage.conftest import LENGTHS, TEXTS, Ruler, manifest, stage_profile

PATHS = [f"clip-{'x' * i}.wav" for i in range(10)]


def statuses(frame: pl.DataFrame) -> dict[str, int]:
    return dict(frame.group_by("status").len().iter_rows())


def test_every_clip_has_a_row_and_a_payload(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest(PATHS))
    outcome = run_shard(LENGTHS, "s", lake, stage_profile())
    table = lake.read_table("lengths", "s")
    assert table is not None
    assert table["length"].to_list() == [len(path) for path in PATHS]
    assert table["model"].unique().to_list() == ["ruler"]
    assert outcome.account.computed == 10
    reader = lake.open_payload("lengths", "audio", table["audio_file"][7])
    assert reader.read("0007")["bytes"] == PATHS[7].encode()


def test_a_second_run_computes_nothing_and_would_change_nothing(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest(PATHS))
    first = run_shard(LENGTHS, "s", lake, stage_profile())
    assert not plan_shard(LENGTHS, "s", lake, stage_profile()).changed
    ruler = Ruler()
    second = run_shard(LENGTHS, "s", lake, stage_profile(ruler))
    assert ruler.seen == []
    assert (second.account.reused, second.account.computed) == (10, 0)
    assert second.data_version == first.data_version
    assert second.table.equals(first.table)


@pytest.mark.parametrize(
    ("changed", "computed"),
    [({"plus": 1}, 10), ({"ruler": Ruler(scale=2)}, 10), ({"min_length": 12}, 0), ({"batch_size": 3}, 0)],
    ids=["params", "model", "gate", "batch size"],
)
def test_what_a_change_redoes(lake: Lake, changed: dict[str, Any], computed: int) -> None:
    """Parameters and models redo a stage; a gate redoes only what it decides anew; a batch size nothing."""
    lake.write_table("manifest", "s", manifest(PATHS))
    run_shard(LENGTHS, "s", lake, stage_profile())
    outcome = run_shard(LENGTHS, "s", lake, stage_profile(**changed))
    assert outcome.account.computed == computed


def test_a_gate_turns_rows_into_skips_and_back(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest(PATHS))
    table = run_shard(LENGTHS, "s", lake, stage_profile(min_length=12)).table
    assert statuses(table) == {"skipped": 3, "ok": 7}
    assert table["reason"][0] == "too_short"
    assert table["detail"][0] == "9 characters"
    back = run_shard(LENGTHS, "s", lake, stage_profile())
    assert back.account.computed == 3


def test_new_labels_are_carried_without_computing(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest(PATHS))
    run_shard(LENGTHS, "s", lake, stage_profile())
    lake.write_table("manifest", "s", manifest(PATHS, split="train"))
    assert plan_shard(LENGTHS, "s", lake, stage_profile()).changed
    outcome = run_shard(LENGTHS, "s", lake, stage_profile())
    assert outcome.account.computed == 0
    assert outcome.table["split"].unique().to_list() == ["train"]


def test_one_bad_clip_costs_itself(lake: Lake) -> None:
    """A batch that raises is bisected; the model is probed before a clip is blamed."""
    lake.write_table("manifest", "s", manifest([*PATHS, "bad.wav", "unreadable.wav"]))
    table = run_shard(LENGTHS, "s", lake, stage_profile(batch_size=12)).table
    assert statuses(table) == {"ok": 10, "failed": 2}
    failed = {row["reason"]: row for row in table.filter(pl.col("status") == "failed").to_dicts()}
    assert failed["model_error"]["detail"] == "ValueError: cannot measure"
    assert not failed["model_error"]["permanent"]
    assert failed["corrupt"]["permanent"]


def test_only_transient_failures_are_tried_again(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest([*PATHS, "bad.wav", "unreadable.wav"]))
    run_shard(LENGTHS, "s", lake, stage_profile())
    ruler = Ruler()
    outcome = run_shard(LENGTHS, "s", lake, stage_profile(ruler))
    assert ruler.seen == [["bad.wav"]]
    assert outcome.account.reused == 11


def test_a_broken_model_stops_the_stage_and_blames_no_clip(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest(PATHS))
    with pytest.raises(ModelUnavailable, match="ruler is broken"):
        run_shard(LENGTHS, "s", lake, stage_profile(Ruler(broken=True)))
    assert not lake.has_table("lengths", "s")


def killed_after(batches: int) -> Callable[[str, str, int, int], None]:
    """A listener that ends the run from within, as a kill would, once so many batches are done."""
    calls = iter(range(batches + 1))

    def listen(stage: str, shard: str, done: int, todo: int) -> None:
        if next(calls) == batches:
            raise KeyboardInterrupt

    return listen


def test_a_killed_run_resumes_from_its_last_batch(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest(PATHS))
    token = progress_listener.set(killed_after(2))
    with pytest.raises(KeyboardInterrupt):
        run_shard(LENGTHS, "s", lake, stage_profile())
    progress_listener.reset(token)
    assert not lake.has_table("lengths", "s")
    ruler = Ruler()
    outcome = run_shard(LENGTHS, "s", lake, stage_profile(ruler))
    assert (outcome.account.resumed, outcome.account.computed) == (8, 2)
    assert ruler.seen == [PATHS[8:]]
    assert outcome.table["length"].to_list() == [len(path) for path in PATHS]
    reader = lake.open_payload("lengths", "audio", outcome.table["audio_file"][0])
    assert [reader.read(f"{i:04d}")["bytes"].decode() for i in range(10)] == PATHS
    assert lake.files(".work/lengths/s") == []


@pytest.mark.parametrize("suffix", [".rows.arrow", ".audio.arrow"])
@pytest.mark.parametrize("size", [None, 0, 300], ids=["missing", "empty", "cut off"])
def test_a_batch_that_a_power_cut_damaged_is_made_again(lake: Lake, suffix: str, size: int | None) -> None:
    lake.write_table("manifest", "s", manifest(PATHS))
    token = progress_listener.set(killed_after(2))
    with pytest.raises(KeyboardInterrupt):
        run_shard(LENGTHS, "s", lake, stage_profile())
    progress_listener.reset(token)
    victim = min(Path(lake.root).glob(f".work/lengths/s/*{suffix}"))
    if size is None:
        victim.unlink()
    else:
        victim.write_bytes(victim.read_bytes()[:size])
    outcome = run_shard(LENGTHS, "s", lake, stage_profile())
    assert (outcome.account.resumed, outcome.account.computed) == (4, 6)
    reader = lake.open_payload("lengths", "audio", outcome.table["audio_file"][0])
    assert [reader.read(f"{i:04d}")["bytes"].decode() for i in range(10)] == PATHS


def test_batches_of_an_older_profile_are_not_resumed(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest(PATHS))
    token = progress_listener.set(killed_after(2))
    with pytest.raises(KeyboardInterrupt):
        run_shard(LENGTHS, "s", lake, stage_profile())
    progress_listener.reset(token)
    outcome = run_shard(LENGTHS, "s", lake, stage_profile(plus=1))
    assert (outcome.account.resumed, outcome.account.computed) == (0, 10)
    assert outcome.table["length"].to_list() == [len(path) + 1 for path in PATHS]


def test_two_runs_of_a_shard_do_not_mix(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest(PATHS))
    with Checkpoint(LENGTHS, "s", lake), pytest.raises(LakeError, match="another run"):
        run_shard(LENGTHS, "s", lake, stage_profile())


def test_payloads_of_reused_rows_stay_where_they_are(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest(PATHS[:4]))
    first = run_shard(LENGTHS, "s", lake, stage_profile()).table
    lake.write_table("manifest", "s", manifest(PATHS))
    second = run_shard(LENGTHS, "s", lake, stage_profile()).table
    assert second["audio_file"][:4].to_list() == first["audio_file"].to_list()
    assert second["audio_file"].n_unique() == 2
    downstream = run_shard(TEXTS, "s", lake, stage_profile()).table
    assert downstream["length"].to_list() == [len(path) for path in PATHS]


def test_payloads_that_nothing_refers_to_any_more_are_swept_one_commit_later(lake: Lake) -> None:
    """A reader that opened the table before a commit still finds its payloads."""
    lake.write_table("manifest", "s", manifest(PATHS))
    for plus, files in [(0, 1), (1, 2), (2, 2)]:
        run_shard(LENGTHS, "s", lake, stage_profile(plus=plus))
        assert len(lake.payload_files("lengths", "audio", "s")) == files


def test_a_table_of_an_older_version_is_made_anew(lake: Lake) -> None:
    """A column that was added since cannot be made up for rows that stand."""
    lake.write_table("manifest", "s", manifest(PATHS))
    table = run_shard(LENGTHS, "s", lake, stage_profile()).table
    lake.write_table("lengths", "s", table.drop("length"))
    outcome = run_shard(LENGTHS, "s", lake, stage_profile())
    assert (outcome.account.reused, outcome.account.computed) == (0, 10)
    assert outcome.table.equals(table)


def test_rows_that_depend_on_each_other_are_resumed_all_together_or_not_at_all(lake: Lake) -> None:
    stage = replace(LENGTHS, together=True)
    lake.write_table("manifest", "s", manifest(PATHS))
    token = progress_listener.set(killed_after(1))
    with pytest.raises(KeyboardInterrupt):
        run_shard(stage, "s", lake, stage_profile())
    progress_listener.reset(token)
    lake.write_table("manifest", "s", manifest([*PATHS[:-1], "changed.wav"]))
    ruler = Ruler()
    run_shard(stage, "s", lake, stage_profile(ruler))
    assert ruler.seen == [[*PATHS[:-1], "changed.wav"]]


def test_rows_that_depend_on_each_other_are_never_halved(lake: Lake) -> None:
    ruler = Ruler()
    lake.write_table("manifest", "s", manifest([*PATHS, "bad.wav"]))
    with pytest.raises(ValueError, match="cannot measure"):
        run_shard(replace(LENGTHS, together=True), "s", lake, stage_profile(ruler))
    assert len(ruler.seen) == 1


def test_a_fault_of_the_stage_met_while_loading_blames_no_clip(lake: Lake) -> None:
    def prepare(payloads: Mapping[str, Any], job: Job, models: Models) -> Any:
        raise ModelUnavailable("the rate of the model is not known")

    lake.write_table("manifest", "s", manifest(PATHS))
    with pytest.raises(ModelUnavailable, match="not known"):
        run_shard(replace(LENGTHS, prepare=prepare), "s", lake, stage_profile())


def test_a_damaged_payload_is_named_with_the_way_out(lake: Lake) -> None:
    def prepare(payloads: Mapping[str, Any], job: Job, models: Models) -> Any:
        raise ValueError("lost sync.")

    lake.write_table("manifest", "s", manifest(PATHS[:1]))
    run_shard(LENGTHS, "s", lake, stage_profile())
    table = run_shard(replace(TEXTS, prepare=prepare), "s", lake, stage_profile()).table
    assert table["reason"].to_list() == ["corrupt"]
    assert re.fullmatch(
        r"ValueError: lost sync. It was read from lengths/audio/s-\w+.parquet. Is that damaged\? Then delete .*",
        table["detail"][0],
    )


def test_long_clips_go_fewer_at_a_time(lake: Lake) -> None:
    """A batch of so many ten-minute clips would not fit into the memory of a laptop."""

    def derive(rows: Upstream, gate: Settings, models: Models) -> Work:
        return Work({}, {"audio": PayloadRef("lengths", "audio", rows["lengths"]["audio_file"], "")}, audio_s=50.0)

    lake.write_table("manifest", "s", manifest(PATHS))
    run_shard(LENGTHS, "s", lake, stage_profile())
    seen: list[int] = []
    token = progress_listener.set(lambda stage, shard, done, todo: seen.append(done))
    run_shard(replace(TEXTS, derive=derive), "s", lake, stage_profile(batch_size=4))
    progress_listener.reset(token)
    assert seen == [0, 2, 4, 6, 8, 10]


def test_downstream_of_a_failed_row_is_skipped(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest([*PATHS, "unreadable.wav"]))
    run_shard(LENGTHS, "s", lake, stage_profile())
    table = run_shard(TEXTS, "s", lake, stage_profile()).table
    last = table.row(10, named=True)
    assert (last["status"], last["reason"], last["detail"]) == ("skipped", "upstream_failed", "lengths: corrupt")


def test_a_missing_upstream_table_is_named(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest(PATHS))
    with pytest.raises(LakeError, match="texts of shard s needs lengths"):
        run_shard(TEXTS, "s", lake, stage_profile())


def test_an_upstream_table_of_other_clips_is_refused(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest(PATHS))
    run_shard(LENGTHS, "s", lake, stage_profile())
    lake.write_table("other", "s", manifest(PATHS[:4]).with_columns(status=pl.lit("ok"), reason=pl.lit(None)))
    stage = LENGTHS.__class__(**{**TEXTS.__dict__, "reads": {**TEXTS.reads, "other": ()}})
    with pytest.raises(LakeError, match="other of shard s holds 4 clips, lengths holds 10"):
        run_shard(stage, "s", lake, stage_profile())


def test_the_last_batch_counts_even_when_it_is_short(lake: Lake) -> None:
    seen: list[tuple[int, int]] = []
    token = progress_listener.set(lambda stage, shard, done, todo: seen.append((done, todo)))
    lake.write_table("manifest", "s", manifest(PATHS))
    run_shard(LENGTHS, "s", lake, stage_profile())
    progress_listener.reset(token)
    assert seen == [(0, 10), (4, 10), (8, 10), (10, 10)]
