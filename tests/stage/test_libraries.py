"""Which versions of which libraries made a row is recorded, and redoes nothing."""

import importlib.metadata
from typing import ClassVar

import pytest

from fusionaudio_assets.stage import run_shard
from resources.decoder import MediaDecoder
from resources.lake import Lake
from tests.stage.conftest import LENGTHS, Ruler, manifest, stage_profile

PATHS = ["one.wav", "another.wav"]


class Built(Ruler):
    """A ruler that stands on libraries."""

    libraries: ClassVar[tuple[str, ...]] = ("polars", "numpy")

    @property
    def model_name(self) -> str:
        return "built"


def test_another_version_redoes_nothing_and_is_told_by_the_rows_it_made(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A patch that redid every lake would cost days, and machines of different patches each other's rows."""
    lake.write_table("manifest", "s", manifest(PATHS))
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.0")
    first = run_shard(LENGTHS, "s", lake, stage_profile(Built())).table
    assert first["libraries"].to_list() == ["numpy 1.0, polars 1.0"] * 2
    lake.write_table("manifest", "s", manifest([*PATHS, "new.wav"]))
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.1")
    outcome = run_shard(LENGTHS, "s", lake, stage_profile(Built()))
    assert (outcome.account.reused, outcome.account.computed) == (2, 1)
    assert outcome.table["libraries"].to_list() == ["numpy 1.0, polars 1.0"] * 2 + ["numpy 1.1, polars 1.1"]


def test_a_row_without_a_model_stands_on_none(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest(PATHS))
    assert run_shard(LENGTHS, "s", lake, stage_profile()).table["libraries"].to_list() == [None, None]


def test_the_decoder_tells_of_ffmpeg() -> None:
    names = [one.split()[0] for one in MediaDecoder().library_versions]
    assert names == ["av", "soundfile", "soxr", "ffmpeg"]
    assert all(one.split()[1][0].isdigit() or "ffmpeg" in one for one in MediaDecoder().library_versions)
