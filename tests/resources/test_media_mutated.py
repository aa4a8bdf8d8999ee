"""Hundreds of damaged media files through ingest and the stage that decodes: each costs itself and nothing else."""

import logging
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from fusionaudio_assets.ingest import collect
from fusionaudio_assets.raw_clips import STAGE
from fusionaudio_assets.reasons import OF_THE_MEDIUM, Reason
from fusionaudio_assets.shards import add_clips
from fusionaudio_assets.stage import run_shard
from fusionaudio_assets.workspace import Workspace
from resources.audio import decode_flac
from resources.decoder import MediaDecoder
from resources.lake import Lake
from resources.media import MediaSettings, decode_clip
from resources.profile import Settings, StageProfile
from tests.resources.mutations import BASE_S, Base, Mutant, bases, mutants

MEMORY_MB = 1024
SEGMENT = (0.4, 1.1)
TAKES_SOUND = {"bit_flips", "truncated", "cut_out", "zero_run"}
"""After which a clip may be shorter, but not by much unless it says so."""


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> list[Base]:
    return bases(tmp_path_factory.mktemp("bases"))


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 8))])
def test_each_of_300_damaged_files_costs_itself_alone(
    seed: int, originals: list[Base], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """No crash, no hang, one row each, memory within its limit, and what is ok is sound."""
    damaged = {mutant.name: mutant for mutant in mutants(originals, 300, seed)}
    lake, table, peaks_mb = _decoded(tmp_path, list(damaged.values()), caplog)
    assert "decoder died" not in caplog.text
    assert all(peak_mb < MEMORY_MB for peak_mb in peaks_mb)
    assert sorted(name for names in table["sources"] for name in names) == sorted(damaged)
    assert table["clip_id"].is_unique().all()
    assert set(table["status"]) == {"ok", "failed"}
    failed = table.filter(pl.col("status") == "failed")
    assert set(failed["reason"]) <= OF_THE_MEDIUM - {Reason.TIMEOUT, Reason.CRASHED, Reason.MISSING, Reason.UNREADABLE}
    for sources, detail in failed.select("sources", "detail").iter_rows():
        assert any(name in detail for name in sources)
    for row, audio, rate in _sounds(table, lake):
        _check_sound(row, audio, rate, damaged[row["sources"][0]])
    assert 75 < failed.height < 225


def test_a_name_says_nothing_of_what_is_inside(originals: list[Base], tmp_path: Path) -> None:
    """Each file under the suffix of another."""
    for base, other in zip(originals, [*originals[1:], originals[0]], strict=True):
        path = tmp_path / f"{Path(base.name).stem}_{base.suffix}.{other.suffix}"
        path.write_bytes(base.data)
        assert decode_clip(path).duration_s == pytest.approx(BASE_S, abs=0.1)


def _decoded(
    folder: Path, damaged: Collection[Mutant], caplog: pytest.LogCaptureFixture
) -> tuple[Lake, pl.DataFrame, list[float]]:
    """Ingest the files, of every other one a segment, decode them, and measure the workers."""
    media = folder / "media"
    media.mkdir()
    lines = ["file,start_s,end_s"]
    for index, mutant in enumerate(damaged):
        (media / mutant.name).write_bytes(mutant.data)
        # Ten kinds of damage in turn: each of them meets whole files and segments.
        lines += [f"{mutant.name},{SEGMENT[0]},{SEGMENT[1]}"] if index // 10 % 2 else []
    (folder / "labels.csv").write_text("\n".join(lines))
    lake = Workspace.create(str(folder / "lake")).lake
    (shard,) = add_clips(lake, collect(media, folder / "labels.csv").rows).made
    settings = MediaSettings(timeout_s=20, worker_memory_mb=MEMORY_MB, workers=2)
    with closing(MediaDecoder(media=settings)) as decoder, caplog.at_level(logging.WARNING):
        table = run_shard(STAGE, shard, lake, StageProfile({"decoder": decoder}, Settings(), Settings(), 64)).table
        return lake, table, _peaks_mb(decoder)


def _peaks_mb(decoder: MediaDecoder) -> list[float]:
    """Highest resident memory of each worker so far, in MiB."""
    assert decoder._pool._pool is not None
    peaks = []
    for pid in decoder._pool._pool._pool_manager.worker_manager.workers:
        status = Path(f"/proc/{pid}/status").read_text()
        peaks += [int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")]
    assert len(peaks) == 2
    return peaks


def _sounds(table: pl.DataFrame, lake: Lake) -> Iterator[tuple[dict[str, Any], np.ndarray, int]]:
    ok = table.filter(pl.col("status") == "ok")
    (file,) = set(ok["audio_file"])
    with closing(lake.open_payload("raw_clips", "audio", file)) as reader:
        for row in ok.to_dicts():
            yield row, *decode_flac(reader.read(row["clip_id"])["bytes"])


def _check_sound(row: dict[str, Any], audio: np.ndarray, rate: int, mutant: Mutant) -> None:
    """The sound is finite and as long as the row says, and no part of the file went missing unsaid."""
    duration_s = audio.shape[1] / rate
    assert duration_s >= 0.1
    assert row["duration_s"] == pytest.approx(duration_s)
    assert 1 <= row["channels"] == len(audio) <= 2
    assert row["sample_rate_hz"] == rate <= 48_000
    assert np.isfinite(row["peak_db"])
    assert row["loudness_lufs"] is None or np.isfinite(row["loudness_lufs"])
    if mutant.kind in TAKES_SOUND:
        expected_s = BASE_S if row["end_s"] is None else row["end_s"] - row["start_s"]
        assert row["note"] or duration_s > 0.6 * expected_s, mutant.name
