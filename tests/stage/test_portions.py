"""Stages that yield their rows: a batch of long clips is saved in portions, and is isolated like any other."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from fusionaudio_assets.stage import Job, Models, Row, finishing, run_shard
from fusionaudio_assets.stage.checkpoint import Checkpoint
from resources.errors import ClipError
from resources.lake import Lake
from tests.stage.conftest import LENGTHS, Offset, Ruler, manifest, stage_profile

PATHS = [f"clip-{'x' * i}.wav" for i in range(10)]


def sized(payload: int) -> Any:
    """A stage that yields rows one by one, each with a payload of so many bytes."""

    def one_by_one(jobs: Sequence[Job], models: Models, params: Offset) -> Iterator[Row | ClipError]:
        for row in LENGTHS.compute(jobs, models, params):
            if not isinstance(row, ClipError):
                row["audio"] = {"bytes": bytes(payload), "path": "a.flac"}
            yield row

    return replace(LENGTHS, compute=one_by_one)


def test_rows_are_saved_before_their_payloads_fill_the_memory(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finishing, "PORTION_BYTES", 2500)
    lake.write_table("manifest", "s", manifest([*PATHS, "bad.wav"]))
    saved: list[int] = []
    save = Checkpoint.save

    def noted(checkpoint: Checkpoint, rows: list[Row]) -> None:
        saved.append(len(rows))
        save(checkpoint, rows)

    monkeypatch.setattr(Checkpoint, "save", noted)
    table = run_shard(sized(1000), "s", lake, stage_profile(batch_size=11)).table
    assert table["status"].to_list() == ["ok"] * 10 + ["failed"]
    assert saved == [3, 3, 3, 2]


def test_a_stage_that_yields_is_isolated_from_where_it_raised(lake: Lake) -> None:
    def raising(jobs: Sequence[Job], models: Models, params: Offset) -> Iterator[Row | ClipError]:
        for job in jobs:
            yield from LENGTHS.compute([job], models, params)

    lake.write_table("manifest", "s", manifest(["a.wav", "bad.wav", "b.wav", "unreadable.wav", "c.wav"]))
    ruler = Ruler()
    table = run_shard(replace(LENGTHS, compute=raising), "s", lake, stage_profile(ruler, batch_size=5)).table
    assert table["status"].to_list() == ["ok", "failed", "ok", "failed", "ok"]
    good = [paths for paths in ruler.seen if "bad.wav" not in paths]
    assert good == [["a.wav"], ["b.wav"], ["unreadable.wav"], ["c.wav"]]


def test_a_stage_that_loses_a_row_is_stopped(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest(PATHS))
    for compute in (
        lambda jobs, models, params: list(LENGTHS.compute(jobs, models, params))[1:],
        lambda jobs, models, params: iter(list(LENGTHS.compute(jobs, models, params))[1:]),
    ):
        with pytest.raises(RuntimeError, match="returned 9 of 10 rows"):
            run_shard(replace(LENGTHS, compute=compute), "s", lake, stage_profile(batch_size=10))
