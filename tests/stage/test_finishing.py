"""What the models gave of a clip becomes its row behind them: beside the next batch, isolated like all else."""

import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fusionaudio_assets.stage import Job, Models, Row, Stage, finishing, plan_shard, run_shard
from fusionaudio_assets.stage.attempts import Attempts
from resources.errors import ClipError, LakeError, ModelUnavailable
from resources.lake import Lake
from tests.stage.conftest import LENGTHS, Offset, Ruler, manifest, measure, stage_profile

PATHS = ["a.wav", "bb.wav", "ccc.wav", "dddd.wav", "eeeee.wav"]


def doubled(job: Job, found: Row, models: Models) -> Row:
    """Finish with twice the length; some paths cannot be finished."""
    if "unfinishable" in job.inputs["path"]:
        raise ValueError("cannot finish")
    if "refused" in job.inputs["path"]:
        raise ClipError("corrupt", "its end is missing")
    if "full" in job.inputs["path"]:
        raise LakeError("the disk is full")
    return found | {"length": 2 * found["length"]}


FINISHED: Stage[Any, Any] = replace(LENGTHS, finish=doubled)


def test_rows_are_what_finish_makes_of_what_compute_gave(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest(PATHS))
    for batch_size in (1, 2, 5, 50):
        outcome = run_shard(replace(FINISHED, version=str(batch_size)), "s", lake, stage_profile(batch_size=batch_size))
        assert outcome.table["status"].unique().to_list() == ["ok"]
        assert outcome.table["length"].to_list() == [2 * len(path) for path in PATHS]
        payloads = lake.open_payload("lengths", "audio", outcome.table["audio_file"][0])
        assert [payloads.read(clip)["bytes"].decode() for clip in outcome.table["clip_id"]] == PATHS
        payloads.close()


def test_a_batch_is_finished_while_the_next_one_is_computed(lake: Lake) -> None:
    next_begins, is_finished = threading.Event(), threading.Event()

    def finish(job: Job, found: Row, models: Models) -> Row:
        if job.inputs["path"] == PATHS[0]:
            assert next_begins.wait(60)
            is_finished.set()
        return found

    def compute(jobs: Sequence[Job], models: Models, params: Offset) -> list[Row | ClipError]:
        if jobs[0].inputs["path"] == PATHS[1]:
            next_begins.set()
            assert is_finished.wait(60)
        return measure(jobs, models, params)

    lake.write_table("manifest", "s", manifest(PATHS))
    table = run_shard(replace(LENGTHS, compute=compute, finish=finish), "s", lake, stage_profile(batch_size=1)).table
    assert table["status"].unique().to_list() == ["ok"]


def test_an_error_in_it_costs_one_clip(lake: Lake) -> None:
    paths = ["a.wav", "unfinishable.wav", "b.wav", "refused.wav", "unreadable.wav", "bad.wav"]
    lake.write_table("manifest", "s", manifest(paths))
    ruler = Ruler()
    table = run_shard(FINISHED, "s", lake, stage_profile(ruler, batch_size=3)).table
    assert table["status"].to_list() == ["ok", "failed", "ok", "failed", "failed", "failed"]
    assert table["reason"].to_list() == [None, "model_error", None, "corrupt", "corrupt", "model_error"]
    assert table["detail"][1] == "ValueError: cannot finish"
    assert table["permanent"].to_list()[1] is False


def test_a_broken_model_is_no_clips_fault(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(ruler: Ruler) -> None:
        raise ModelUnavailable("the ruler is broken")

    lake.write_table("manifest", "s", manifest(["a.wav", "unfinishable.wav"]))
    monkeypatch.setattr(Ruler, "probe", fail)
    with pytest.raises(ModelUnavailable, match="fails on its own probe"):
        run_shard(FINISHED, "s", lake, stage_profile())
    assert lake.read_table("lengths", "s") is None


def test_other_stages_make_room_before_memory_is_a_clips_fault(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finishing, "make_room_for", lambda models: True)
    tried: list[str] = []
    fits_in_room = {"a.wav": 2, "bb.wav": 3, "ccc.wav": 1}

    def large(job: Job, found: Row, models: Models) -> Row:
        path = job.inputs["path"]
        tried.append(path)
        if tried.count(path) < fits_in_room[path]:
            raise MemoryError
        return found

    lake.write_table("manifest", "s", manifest(PATHS[:3]))
    table = run_shard(replace(LENGTHS, finish=large), "s", lake, stage_profile()).table
    assert table["reason"].to_list() == [None, "out_of_memory", None]
    assert sorted(tried) == ["a.wav", "a.wav", "bb.wav", "bb.wav", "ccc.wav"]


def test_an_error_that_is_no_clips_stops_the_stage(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest(["a.wav", "full.wav", "b.wav"]))
    with pytest.raises(LakeError, match="the disk is full"):
        run_shard(FINISHED, "s", lake, stage_profile(batch_size=1))
    assert lake.read_table("lengths", "s") is None


def test_the_note_of_a_run_names_the_batch_that_is_being_finished(lake: Lake) -> None:
    noted: list[set[str]] = []

    def compute(jobs: Sequence[Job], models: Models, params: Offset) -> list[Row | ClipError]:
        note = json.loads((Path(lake.root) / ".work/lengths/s.begun").read_text())
        noted.append({key.partition(" ")[0] for key in note})
        return measure(jobs, models, params)

    lake.write_table("manifest", "s", manifest(PATHS))
    run_shard(replace(FINISHED, compute=compute), "s", lake, stage_profile(batch_size=1))
    assert [min(names) for names in noted] == ["0000", "0000", "0001", "0002", "0003"]
    noted.clear()
    run_shard(replace(LENGTHS, compute=compute, version="2"), "s", lake, stage_profile(batch_size=1))
    assert [min(names) for names in noted] == ["0000", "0001", "0002", "0003", "0004"]


def test_in_a_process_of_its_own_rows_are_finished_as_well(lake: Lake) -> None:
    paths = [*PATHS, "unfinishable.wav"]
    lake.write_table("manifest", "s", manifest(paths))
    profile = stage_profile(batch_size=4)
    todo = plan_shard(FINISHED, "s", lake, profile).todo
    for _ in range(2):  # what two runs leave that died while all clips were under way
        Attempts(FINISHED, "s", lake, todo).begin([todo])
    table = run_shard(FINISHED, "s", lake, profile).table
    assert table["length"].to_list() == [*(2 * len(path) for path in PATHS), None]
    assert table["detail"][5] == "ValueError: cannot finish"
